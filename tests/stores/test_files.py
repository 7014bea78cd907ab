"""Files that are read and written as a whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from llm_memo import location
from llm_memo.stores import files


def test_a_file_is_written_in_place_of_another(tmp_path: Path) -> None:
    """All parts are in the file, nothing lies beside it, and its time is exact."""
    path = tmp_path / "file"
    path.write_text("old")
    status = files.write_whole(str(path), [b"one ", b"two"])
    assert "one two" == path.read_text()
    assert [path] == list(tmp_path.iterdir())
    assert (status.st_ino, status.st_mtime_ns) == (path.stat().st_ino, path.stat().st_mtime_ns)


def test_a_file_that_cannot_be_placed_leaves_nothing(tmp_path: Path) -> None:
    """When the last step fails, what was there stays and nothing lies beside it."""
    (tmp_path / "file" / "in it").mkdir(parents=True)
    with pytest.raises(OSError, match="file"):
        files.write_whole(str(tmp_path / "file"), [b"new"])
    assert [tmp_path / "file"] == list(tmp_path.iterdir())


def test_writing_goes_on_where_the_system_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that takes a few bytes at a time gets them all, and one that gives a few gives them all."""
    write, read = os.write, os.read
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    files.write_whole(str(tmp_path / "file"), [b"0123456789"])
    monkeypatch.setattr(os, "read", lambda descriptor, size: read(descriptor, min(size, 3)))
    descriptor = os.open(tmp_path / "file", files.READING)
    assert b"0123456789" == files.read_all(descriptor, 10)
    os.close(descriptor)


def test_a_folder_that_is_cleared_and_made_anew_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that others remove and make again between two looks is no file, wherever it is looked for."""
    look, lstat = os.stat, os.lstat

    def shut(path: Any, **how: Any) -> os.stat_result:
        try:
            return look(path, **how)
        finally:
            if str(path) == str(tmp_path / "root") and os.path.lexists(path):
                os.rmdir(path)

    def gone(path: Any) -> os.stat_result:
        monkeypatch.setattr(os, "lstat", lstat)
        raise FileNotFoundError(path)

    (tmp_path / "root").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", shut)
        assert str(tmp_path / "root") == location.folder(str(tmp_path / "root"))
    monkeypatch.setattr(os, "lstat", gone)
    files.make_folder(str(tmp_path))


def test_looking_leaves_no_trace(tmp_path: Path) -> None:
    """A file that was only looked at keeps its time of use."""
    path = tmp_path / "file"
    path.write_text("text")
    os.utime(path, (1e9, 1.1e9))
    descriptor = files.open_to_look(str(path))
    assert b"text" == files.read_all(descriptor, 4)
    os.close(descriptor)
    assert 1e9 == path.stat().st_atime


def test_a_file_of_another_owner_can_be_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system does not allow looking without a trace, it is looked at all the same."""
    (tmp_path / "file").write_text("text")
    real = os.open

    def only_owners(path: str, flags: int) -> int:
        if flags & os.O_NOATIME:
            raise PermissionError(path)
        return real(path, flags)

    monkeypatch.setattr(os, "open", only_owners)
    descriptor = files.open_to_look(str(tmp_path / "file"))
    assert b"text" == files.read_all(descriptor, 4)
    os.close(descriptor)


def test_removing_what_cannot_be_removed(tmp_path: Path) -> None:
    """Removing tells whether it did."""
    (tmp_path / "file").touch()
    assert files.unlink(str(tmp_path / "file"))
    assert not files.unlink(str(tmp_path / "file"))


def test_folders_and_links_to_folders(tmp_path: Path) -> None:
    """A link to a folder is no folder, nor is a file, nor what is not there."""
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    assert files.is_folder(str(tmp_path))
    assert [False] * 4 == [files.is_folder(str(tmp_path / name)) for name in ("file", "link", "file/in it", "none")]
    assert [] == list(files.scan(str(tmp_path / "file")))


def test_a_link_that_cannot_be_put_in_place_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a link cannot take a file's place, the file is as it was, and nothing is left beside it."""
    for name in ("source", "target"):
        (tmp_path / name).write_text(name)

    def replace(source: str, target: str) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        with pytest.raises(OSError, match="Input/output error"):
            files.link_over(str(tmp_path / "source"), str(tmp_path / "target"))
    assert {"source", "target"} == set(os.listdir(tmp_path))
    assert "target" == (tmp_path / "target").read_text()
    files.link_over(str(tmp_path / "source"), str(tmp_path / "target"))
    assert "source" == (tmp_path / "target").read_text()


def test_rights_are_given_to_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file gets the rights that the umask took; another user's is left as it is, and so is all that is private."""
    path = tmp_path / "file"
    path.touch(0o600)
    group = path.stat().st_gid
    owner = os.geteuid()
    with monkeypatch.context() as patch:
        patch.setattr("llm_memo.stores.files.os.geteuid", lambda: owner + 1)
        files.Rights(0o770, 0o660, group).give(str(path))
    files.PRIVATE.give(str(path))
    assert 0o600 == path.stat().st_mode & 0o777
    files.Rights(0o770, 0o660, group).give(str(path))
    assert 0o660 == path.stat().st_mode & 0o777
