"""The folder, function or entry that a command line means."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_memo import Cache, cached_completion
from llm_memo.cli import main


@cached_completion(name="other.draft")
def other(topic: str) -> str:
    return topic


def test_names_that_fit_none_or_several(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """Then the error lists the names that there are."""
    other("rain")
    assert 1 == main(["ls", "draft"])
    assert "'draft' can be several functions:\n  other.draft\n  project.reports.draft" in capsys.readouterr().err
    assert 1 == main(["ls", "nobody"])
    assert "no entries of 'nobody'; there are entries of:\n  other.draft" in capsys.readouterr().err
    filled.clear()
    assert 1 == main(["clear", "nobody"])
    assert "no entries of 'nobody'; there are entries of: nothing" in capsys.readouterr().err


def test_show_needs_one_key(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """A beginning that is none's, or that several share, is an error that helps."""
    assert 1 == main(["show", "zz"])
    assert "begins with 'zz'; see llm-memo ls" in capsys.readouterr().err
    assert 1 == main(["show", ""])
    told = capsys.readouterr().err
    assert "the keys of 4 entries begin with ''" in told
    assert filled.entries()[0].key in told


def test_the_folder_can_be_given_on_either_side(filled: Cache, tmp_path: Path, capsys: Any) -> None:
    """--cache-dir before or after the command names the folder; without it, it is the one that calls use."""
    for arguments in (["--cache-dir", str(tmp_path / "a"), "path"], ["path", "--cache-dir", str(tmp_path / "a")]):
        assert 0 == main(arguments)
        assert f"{tmp_path / 'a'}\n" == capsys.readouterr().out
    assert 0 == main(["path"])
    assert f"{filled.path}\n" == capsys.readouterr().out


def test_what_is_not_readable_is_counted(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """A damaged file is no entry; a line says that there is one, and what tells which."""
    Path(filled.entries()[0].path).write_bytes(b"damaged")
    assert 0 == main(["ls"])
    told = capsys.readouterr()
    assert 3 == len(told.out.splitlines())
    assert "llm-memo: 1 file not readable: llm-memo verify tells which\n" == told.err


def test_long_looks_have_a_bar_in_a_terminal(filled: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """With tqdm and a terminal a long look shows how far it is; without tqdm, or in a pipe, it does not."""
    from llm_memo.cli.folder import Folder

    bars: list[dict[str, Any]] = []

    def bar(files: Any, **options: Any) -> Iterator[Any]:
        bars.append(options)
        return iter(files)

    monkeypatch.setattr("tqdm.tqdm", bar)
    assert 4 == len(Folder(None, slow=True).entries())
    assert [] == bars
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert 4 == len(Folder(None, slow=True).entries())
    assert [" entries"] == [options["unit"] for options in bars]
    assert 4 == len(Folder(None).entries())
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert 4 == len(Folder(None, slow=True).entries())
    assert 1 == len(bars)


@pytest.mark.parametrize("command", ["ls", "info", "functions", "verify", "export", "clear", "show aa", "forget aa"])
def test_a_mistyped_folder_is_an_error(command: str, filled: Cache, tmp_path: Path, capsys: Any) -> None:
    """A folder that does not exist is an error that names the one in use and its functions, and is not made."""
    assert 1 == main([*command.split(), "--cache-dir", str(tmp_path / "cahce")])
    told = capsys.readouterr()
    assert f"no cache folder {tmp_path / 'cahce'}" in told.err
    assert "project.reports.draft, project.summarize" in told.err
    assert "" == told.out
    assert not (tmp_path / "cahce").exists()
