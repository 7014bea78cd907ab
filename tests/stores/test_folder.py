"""The layout of a cache folder, and what in it is ours."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shards import key, write

from llm_memo import UntrustedEntry
from llm_memo.stores import folder
from llm_memo.stores.disk import Disk, disk
from llm_memo.stores.folder import entry_files, function_folder


@given(st.text())
def test_folders_are_plain_names(name: str) -> None:
    """The folder of any function is a name that every file system takes, visible and not reserved."""
    found = function_folder(name)
    assert found == found.strip(". ") != ""
    assert set(found) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")
    assert len(found) <= 97
    assert found.lower() not in ("quarantine", "con", "nul", "cachedir.tag")


@given(st.text(), st.text())
def test_folders_differ_as_names_do(one: str, other: str) -> None:
    """Two functions share a folder only if they share a name."""
    assert (one == other) == (function_folder(one) == function_folder(other))


def test_plain_names_stay() -> None:
    """A name that every file system takes is its own folder; a name made to look like another's is not."""
    assert "package.module.Class.method" == function_folder("package.module.Class.method")
    odd = function_folder("a b")
    assert function_folder(odd) != odd


def test_all_is_for_the_user_alone(store: Disk, cache_dir: Path) -> None:
    """Folders have mode 0700 and files 0600, whatever the umask."""
    before = os.umask(0)
    try:
        write(store, 1)
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in [cache_dir, *cache_dir.rglob("*")] if path.is_dir()}
    assert {0o700} == modes
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in cache_dir.rglob("*") if path.is_file()}


def test_a_new_folder_is_marked_as_a_cache(store: Disk, cache_dir: Path) -> None:
    """A new folder tells git and backups to leave it alone."""
    write(store, 1)
    assert "*" in (cache_dir / ".gitignore").read_text().split()
    assert (cache_dir / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")


def test_a_half_marked_folder_is_finished(store: Disk, cache_dir: Path) -> None:
    """Where the first writer was killed, the next one marks the folder, and leaves the marks that are there."""
    cache_dir.mkdir()
    (cache_dir / ".gitignore").write_text("mine")
    (cache_dir / "..gitignore.0123456789abcdef.tmp").touch()
    write(store, 1)
    assert "mine" == (cache_dir / ".gitignore").read_text()
    assert (cache_dir / "CACHEDIR.TAG").exists()


def test_a_folder_with_files_is_not_marked(store: Disk, cache_dir: Path) -> None:
    """A folder of the user's with files in it gets entries and nothing more."""
    cache_dir.mkdir()
    (cache_dir / "letter.txt").touch()
    write(store, 1)
    assert {"letter.txt", "ask"} == {path.name for path in cache_dir.iterdir()}


def test_only_entries_are_found(store: Disk, cache_dir: Path) -> None:
    """A listing has the entries, and nothing that merely lies there."""
    path = write(store, 1, "four")
    shard = path.parent
    for name in (f"{key(1)}.lock", f".{key(1)}.joblib.0123456789abcdef.tmp", "letter.joblib", f"{key(1)}.joblib.bak"):
        (shard / name).touch()
    (shard / f"{key(257)}.joblib").mkdir()
    (cache_dir / "ask" / "letter.joblib").touch()
    (cache_dir / "ask" / "other").mkdir()
    (cache_dir / "quarantine" / "01").mkdir(parents=True)
    (cache_dir / "quarantine" / "01" / f"{key(1)}.joblib").touch()
    (cache_dir / "letter").mkdir()
    (found,) = entry_files(store.root)
    assert (str(path), "ask", key(1), path.stat().st_size) == (found.path, found.function, found.key, found.size)
    assert path.stat().st_mtime == found.written
    assert ["ask"] == folder.functions(store.root)
    assert [] == list(entry_files(store.root, "letter"))
    assert [] == list(entry_files(store.root, "nowhere"))


def test_what_goes_away_meanwhile_is_passed_over(store: Disk) -> None:
    """A file that is deleted while the folder is listed is not in the list."""
    for number in (1, 257, 513):
        write(store, number)
    listing = entry_files(store.root)
    next(listing)
    for path in Path(store.root).rglob("*.joblib"):
        path.unlink()
    assert [] == list(listing)


def test_a_folder_that_is_not_there_is_empty(store: Disk) -> None:
    """No folder is an empty one."""
    assert [] == list(entry_files(store.root))
    assert [] == list(folder.quarantined(store.root))


def status(mode: int, owner: int, group: int) -> SimpleNamespace:
    """What `os.stat` might say."""
    return SimpleNamespace(st_mode=stat.S_IFDIR | mode, st_uid=owner, st_gid=group)


ME, MINE, THEIRS = 1000, 1000, 50


@pytest.mark.parametrize(
    ("mode", "owner", "group", "fault"),
    [
        (0o700, ME, MINE, None),
        (0o755, ME, MINE, None),
        (0o755, 0, 0, None),
        (0o775, ME, MINE, None),
        (0o775, ME, THEIRS, "can be written to by other users"),
        (0o775, ME, 77, "can be written to by other users"),
        (0o777, ME, MINE, "can be written to by other users"),
        (0o700, 1001, MINE, "belongs to another user"),
    ],
)
def test_whom_a_folder_belongs_to(
    mode: int, owner: int, group: int, fault: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that others own or can write to is told of; a group with nobody else in it is no other."""
    groups = {MINE: SimpleNamespace(gr_name="me", gr_mem=[]), THEIRS: SimpleNamespace(gr_name="staff", gr_mem=["you"])}
    monkeypatch.setattr(grp, "getgrgid", groups.__getitem__)
    monkeypatch.setattr(pwd, "getpwuid", {ME: SimpleNamespace(pw_name="me")}.__getitem__)
    monkeypatch.setattr(os, "geteuid", lambda: ME)
    monkeypatch.setattr(os, "stat", lambda path: status(mode, owner, group))
    assert fault == folder.distrust("somewhere")


@pytest.mark.parametrize("mode", [0o2770, 0o2775, 0o2700])
def test_a_groups_folder_gives_its_mode(mode: int, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a setgid folder what is made has its mode, and with a key for all nobody is warned."""
    monkeypatch.setenv("LLM_MEMO_KEY", "a long random text")
    cache_dir.mkdir()
    cache_dir.chmod(mode)
    write(disk(str(cache_dir)), 1)
    paths = list(cache_dir.rglob("*"))
    assert {mode} == {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir()}
    assert {mode & 0o666} == {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_file()}


def test_a_folder_for_everybody_gives_nothing_away(cache_dir: Path) -> None:
    """In a folder that everybody can write to, such as /tmp, what is made is for the user alone."""
    cache_dir.mkdir()
    cache_dir.chmod(0o1777)
    with pytest.warns(UntrustedEntry, match="written to by other users"):
        write(disk(str(cache_dir)), 1)
    assert {0o700, 0o600} == {stat.S_IMODE(path.stat().st_mode) for path in cache_dir.rglob("*")}


def test_a_new_folder_in_a_groups_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache folder that is made in a group's folder is the group's where there is a key for all."""
    tmp_path.chmod(0o2775)
    write(disk(str(tmp_path / "mine")), 1)
    assert 0o700 == stat.S_IMODE((tmp_path / "mine").stat().st_mode) & 0o777
    monkeypatch.setenv("LLM_MEMO_KEY", "a long random text")
    write(disk(str(tmp_path / "ours")), 1)
    assert 0o2770 == stat.S_IMODE((tmp_path / "ours").stat().st_mode)
