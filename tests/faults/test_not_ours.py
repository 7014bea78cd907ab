"""Files that are not ours, where clear and prune look: they stay."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import joblib
import pytest
from witness import Counted

from llm_memo import Cache
from llm_memo.cli import main
from llm_memo.stores import tidy

KEY = "ab" + "0" * 30


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, and what is in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", [["clear", "-y"], ["prune", "--max-entries", "0", "-y"], ["verify"]])
def test_a_folder_that_never_was_a_cache(command: list[str], tmp_path: Path) -> None:
    """In a folder that never was a cache nothing is removed or moved, however its files are called."""
    mine = tmp_path / "mine"
    for name in ("data/ab", "ab", "quarantine"):
        (mine / name).mkdir(parents=True)
        joblib.dump({"weights": 1}, mine / name / f"{KEY}.joblib")
    (mine / "data" / "ab" / f"{KEY}.lock").touch()
    before = contents(mine)
    main(["--cache-dir", str(mine), *command])
    assert before == contents(mine)
    Cache(mine).clear()
    assert before == contents(mine)
    assert (0, 0) == Cache(mine).info()[1:3]


CLEARS: dict[str, Callable[[Counted], object]] = {
    "function": lambda counted: counted.ask.cache_clear(),
    "everything": lambda counted: Cache().clear(),
    "some": lambda counted: Cache().clear(older_than=0),
    "prune": lambda counted: Cache().prune(max_entries=0),
}


@pytest.mark.parametrize("clear", CLEARS)
def test_a_users_files_among_ours(clear: str, counted: Counted, cache_dir: Path) -> None:
    """Files of the user's in a function's folder stay where they are, also one that is called as an entry is."""
    for text in "abc":
        counted.ask(text)
    shard = counted.path("a").parent
    (cache_dir / "ask" / "notes").mkdir()
    mine = {
        cache_dir / "ask" / "notes" / "letter.txt": b"a letter",
        cache_dir / "ask" / "README": b"read me",
        shard / "figures.csv": b"1,2",
        shard / f"{shard.name}{'1' * 30}.joblib": b"\x80\x04 a model of mine",
    }
    for path, content in mine.items():
        path.write_bytes(content)
    CLEARS[clear](counted)
    assert mine == {path: path.read_bytes() for path in mine}
    for text in "abc":
        assert not counted.path(text).exists()
        assert [] == counted.warned(text)
    assert 3 == len(counted.ask.entries())


def test_what_a_power_cut_has_left_of_an_entry_is_ours(counted: Counted) -> None:
    """Empty files and files of nothing but zeros, under an entry's name, go with the entries."""
    counted.ask("a")
    paths = [counted.path(text) for text in "abcd"]
    for path, content in zip(paths, [b"llm_memo", b"", b"\0" * 5_000, b"llm_"], strict=True):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    counted.ask.cache_clear()
    assert [True] * 3 == [not path.exists() for path in paths[:3]]


def test_an_entry_that_is_written_while_its_folder_is_removed(
    counted: Counted, cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written to a function's folder at the moment at which it seems empty, and goes, stays."""
    counted.ask("a")
    real = tidy.folder.is_empty

    def is_empty(folder: str) -> bool:
        found = real(folder)
        if found and ".cleared" not in folder:
            counted.calls.clear()
            counted.ask("b")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(tidy.folder, "is_empty", is_empty)
        assert 1 == Cache().prune(max_entries=0).entries
    assert counted.path("b").exists()
    assert ["ask"] == Cache(cache_dir).functions()
    assert [] == [name for name in os.listdir(cache_dir) if name.startswith(".cleared")]
