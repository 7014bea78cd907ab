"""Links, pipes and folders that somebody has put where the store has its files and folders."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from anew import forget
from witness import Counted, leftovers

from llm_memo import Cache, CorruptEntry, MemoWarning, NotStored, UntrustedEntry
from llm_memo.stores import files

pytestmark = pytest.mark.usefixtures("open_files")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder of the user's own, in which nothing may happen."""
    folder = tmp_path / "mine"
    (folder / "ab").mkdir(parents=True)
    for name in (
        "letter.txt",
        f"ab/ab{'0' * 30}.joblib",
        f"ab/ab{'0' * 30}.lock",
        f"ab/.ab{'0' * 30}.joblib.{'0' * 16}.tmp",
    ):
        (folder / name).write_text("mine")
    return folder


def state(folder: Path) -> dict[Path, str]:
    """Everything in a folder."""
    return {path: path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_link_for_an_entry_is_not_followed(counted: Counted, tmp_path: Path) -> None:
    """A link in an entry's place, even to the entry itself, is refused and replaced, its target left as it is."""
    counted.ask("a")
    path, target = counted.path("a"), tmp_path / "target"
    path.rename(target)
    before = target.read_bytes()
    path.symlink_to(target)
    forget()
    assert [UntrustedEntry] == counted.warned("a")
    assert ["a", "a"] == counted.calls
    assert before == target.read_bytes()
    assert [] == counted.warned("a")
    assert not path.is_symlink()


def test_a_link_that_replaces_an_entry_at_hand_is_not_followed(counted: Counted, tmp_path: Path) -> None:
    """A link that takes the place of an entry held in memory is refused as well."""
    counted.ask("a")
    path = counted.path("a")
    path.rename(tmp_path / "target")
    path.symlink_to(tmp_path / "target")
    assert [UntrustedEntry] == counted.warned("a")


def test_a_refresh_replaces_a_link(counted: Counted, mine: Path) -> None:
    """Writing puts the entry in the place of a link, not through it."""
    path = counted.path("a")
    path.parent.mkdir(parents=True)
    path.symlink_to(mine / "letter.txt")
    before = state(mine)
    assert "A" == counted.ask.with_options(policy="writeOnly")("a")
    assert before == state(mine)
    assert [] == counted.warned("a")


def test_a_link_for_a_lock_is_not_followed(counted: Counted, mine: Path) -> None:
    """A link in a lock's place is not opened; the call is made without a lock, and says so."""
    path = counted.path("a").with_suffix(".lock")
    path.parent.mkdir(parents=True)
    path.symlink_to(mine / "letter.txt")
    before = state(mine)
    assert [MemoWarning] == counted.warned("a")
    assert before == state(mine)
    assert [] == counted.warned("a")


def test_a_link_for_a_temporary_is_not_followed(counted: Counted, mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link in a temporary's place, could anybody foretell its name, is not written through."""
    monkeypatch.setattr(files.secrets, "token_hex", lambda size: "0" * 2 * size)
    path = counted.path("a")
    path.parent.mkdir(parents=True)
    (path.parent / f".{path.name}.{'0' * 16}.tmp").symlink_to(mine / "letter.txt")
    before = state(mine)
    assert [NotStored] == counted.warned("a")
    assert before == state(mine)


@pytest.mark.parametrize("depth", [0, 1], ids=["function folder", "shard"])
def test_a_link_for_a_folder_is_not_written_through(depth: int, counted: Counted, mine: Path, cache_dir: Path) -> None:
    """A link in the place of a function's folder or a shard gets no entries, and loses none."""
    path = counted.path("a")
    place = path.parents[1 - depth]
    place.parent.mkdir(parents=True)
    place.symlink_to(mine, target_is_directory=True)
    before = state(mine)
    assert [NotStored] == counted.warned("a")
    assert (0, 0) == Cache().prune(max_bytes=0, max_entries=0)
    assert (0, 0) == Cache().clear()
    assert (0, 0) == Cache().clear("ask")
    assert [] == Cache().functions()
    assert before == state(mine)
    assert place.is_symlink()


def test_a_link_for_quarantine_is_not_followed(counted: Counted, mine: Path, cache_dir: Path) -> None:
    """A link in the place of quarantine gets no refused files, and nothing in it is put back or deleted."""
    counted.ask("a")
    (cache_dir / "quarantine").symlink_to(mine, target_is_directory=True)
    before = state(mine)
    counted.path("a").write_text("damaged")
    assert [CorruptEntry] == counted.warned("a")
    Cache().verify()
    Cache().clear()
    assert before == state(mine)


def test_links_that_look_like_leftovers_are_not_followed(counted: Counted, mine: Path, cache_dir: Path) -> None:
    """Links named like what is cleared or left behind are never swept through."""
    counted.ask("a")
    (cache_dir / f".cleared-{'0' * 16}").symlink_to(mine, target_is_directory=True)
    before = state(mine)
    Cache().prune(max_entries=1_000)
    Cache().clear()
    assert before == state(mine)


def pipe(path: Path) -> None:
    """A pipe that nobody writes into."""
    os.mkfifo(path)


def folder(path: Path) -> None:
    """A folder with something in it."""
    path.mkdir()
    (path / "in it").touch()


def socket_(path: Path) -> None:
    """A socket."""
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(path.parent)  # a socket's path is a short one
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


@pytest.mark.parametrize("make", [pipe, folder, socket_], ids=["pipe", "folder", "socket"])
def test_what_is_no_file_is_refused(make: Callable[[Path], None], counted: Counted) -> None:
    """A pipe, folder or socket in an entry's place is one warning, waited for by nobody, and gone afterwards."""
    path = counted.path("a")
    path.parent.mkdir(parents=True)
    make(path)
    assert [CorruptEntry] == counted.warned("a")
    assert [] == counted.warned("a")
    assert ["a"] == counted.calls
    assert path.is_file()
    assert [] == leftovers(path.parent)


@pytest.mark.parametrize("make", [pipe, folder], ids=["pipe", "folder"])
def test_a_lock_that_is_no_file(make: Callable[[Path], None], counted: Counted) -> None:
    """A pipe or folder in a lock's place breaks no call, and the answer is kept."""
    path = counted.path("a").with_suffix(".lock")
    path.parent.mkdir(parents=True)
    make(path)
    assert counted.warned("a") in ([], [MemoWarning])
    assert [] == counted.warned("a")
    assert ["a"] == counted.calls


def test_a_huge_file_with_holes_is_not_read(counted: Counted) -> None:
    """A file of a terabyte that takes no room is refused by its first bytes."""
    path = counted.path("a")
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(1 << 40)
    assert [CorruptEntry] == counted.warned("a")


def test_folders_of_the_users_are_left_alone(mine: Path) -> None:
    """A cache folder with the user's own files and folders in it loses nothing but entries."""
    counted = Counted(cache_dir=mine)
    for name in ("src", "src/ab", "data", "data/00", "quarantine", ".cleared-notes"):
        (mine / name).mkdir()
        (mine / name / "letter.txt").write_text("mine")
    before = state(mine)
    counted.ask("a")
    cache = Cache(mine)
    assert ["ask"] == cache.functions()
    assert 1 == cache.prune(max_entries=0).entries
    counted.ask("a")
    assert 1 == cache.clear().entries
    assert (0, 0) == cache.clear("src")
    assert before == state(mine)
