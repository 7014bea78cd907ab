"""Keeping a cache folder small and clean."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from anew import forget
from shards import kept, key, pruners, read, write

from llm_memo.settings import Settings
from llm_memo.stores import files, tidy
from llm_memo.stores.disk import Disk
from llm_memo.stores.folder import Owner, entry_files
from llm_memo.stores.slot import Slot

HOUR = 3600


@pytest.fixture
def entries(store: Disk) -> list[Path]:
    """Ten entries of 1 kB; the first was used nine hours ago, the last has just been."""
    return [write(store, number, "x" * 1_000, used=(9 - number) * HOUR) for number in range(10)]


def left(entries: list[Path]) -> list[int]:
    """Which of them are still there."""
    return [number for number, path in enumerate(entries) if path.exists()]


def test_the_least_recently_used_go_first(store: Disk, entries: list[Path]) -> None:
    """Prune leaves what was used last, up to so many entries or bytes."""
    size = entries[0].stat().st_size
    forget()
    read(store, 0)
    assert (2, 2 * size) == tidy.prune(store.root, max_entries=8)
    assert [0, 3, 4, 5, 6, 7, 8, 9] == left(entries)
    assert (3, 3 * size) == tidy.prune(store.root, max_bytes=5 * size + size // 2)
    assert [0, 6, 7, 8, 9] == left(entries)
    assert (2, 2 * size) == tidy.prune(store.root, older_than=1.5 * HOUR)
    assert [0, 8, 9] == left(entries)
    assert (0, 0) == tidy.prune(store.root)
    assert (3, 3 * size) == tidy.prune(store.root, max_entries=0)


def test_a_dry_run_removes_nothing(store: Disk, entries: list[Path], cache_dir: Path) -> None:
    """A dry run tells what would go, and changes nothing at all."""
    old = time.time() - 2 * HOUR
    lock = entries[0].with_suffix(".lock")
    lock.touch()
    os.utime(lock, (old, old))
    before = sorted(cache_dir.rglob("*"))
    assert (9, 9 * entries[0].stat().st_size) == tidy.prune(store.root, max_entries=1, dry_run=True)
    assert before == sorted(cache_dir.rglob("*"))


def test_empty_shards_go_with_their_entries(store: Disk, entries: list[Path], cache_dir: Path) -> None:
    """Where nothing is left, no folder is either."""
    tidy.prune(store.root, max_entries=1)
    assert [entries[9].parent] == [path for path in (cache_dir / "ask").iterdir() if path.is_dir()]
    tidy.prune(store.root, max_entries=0)
    assert not (cache_dir / "ask").exists()


def test_quarantine_counts_as_bytes(store: Disk, entries: list[Path], cache_dir: Path) -> None:
    """What was refused counts towards the bytes of a folder, and goes when its time has come."""
    size = entries[0].stat().st_size
    for number in (0, 9):
        store.quarantine(str(entries[number]))
    assert (0, 0) == tidy.prune(store.root, max_entries=8)
    assert (1, size) == tidy.prune(store.root, max_bytes=9 * size)
    assert [f"ask@{key(9)}"] == [path.name[:36] for path in (cache_dir / "quarantine").iterdir()]
    assert 9 == tidy.prune(store.root, max_bytes=0)[0]
    assert (cache_dir / "quarantine").is_dir() is False


def test_what_cannot_be_removed_is_told_at_the_end(
    store: Disk, entries: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When one entry cannot be removed, the others are, and then it is an error."""
    real = os.unlink

    def unlink(path: str) -> None:
        if path == str(entries[3]):
            raise PermissionError(path)
        real(path)

    monkeypatch.setattr(os, "unlink", unlink)
    with pytest.raises(PermissionError):
        tidy.prune(store.root, max_entries=0)
    assert [3] == left(entries)


def test_clearing_one_function_leaves_the_others(store: Disk, entries: list[Path]) -> None:
    """Clear removes a function's entries and what was refused of them, or everything."""
    other = store.path("other", key(1))
    Slot(store, other, Owner("ask")).write(kept(), Settings(cache_dir=store.root))
    for path in (entries[0], Path(store.path("other", key(2)))):
        if not path.exists():
            Slot(store, str(path), Owner("ask")).write(kept(), Settings(cache_dir=store.root))
        store.quarantine(str(path))
    size = sum(path.stat().st_size for path in entries[1:])
    assert (9, size) == tidy.clear(store.root, "ask")
    assert (0, 0) == tidy.clear(store.root, "ask")
    assert Path(other).exists()
    assert ["other@"] == [path.name[:6] for path in Path(store.root, "quarantine").iterdir()]
    assert (1, Path(other).stat().st_size) == tidy.clear(store.root)
    assert {".gitignore", "CACHEDIR.TAG"} == set(os.listdir(store.root))


def test_clear_moves_away_before_it_deletes(store: Disk, entries: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first file is deleted there is nothing left to be read; what is written then stays."""
    seen: list[list[int]] = []
    real = files.unlink

    def unlink(path: str) -> bool:
        if not seen:
            seen.append(left(entries))
            write(store, 5)
        return real(path)

    monkeypatch.setattr(files, "unlink", unlink)
    assert 10 == tidy.clear(store.root)[0]
    assert [[]] == seen
    assert [5] == left(entries)


def test_a_function_that_cannot_be_cleared_is_told_at_the_end(
    store: Disk, entries: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When one function's folder cannot be moved away, the others are cleared, and then it is an error."""
    for name in ("before", "zafter"):
        Slot(store, store.path(name, key(1)), Owner("ask")).write(kept(), Settings(cache_dir=store.root))
    real = os.rename

    def rename(source: str, target: str) -> None:
        if source.endswith("ask"):
            raise PermissionError(source)
        if source.endswith("before"):
            raise FileNotFoundError(source)
        real(source, target)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(PermissionError):
        tidy.clear(store.root)
    assert {"before", "ask"} == set(os.listdir(store.root)) - {".gitignore", "CACHEDIR.TAG"}


def test_a_lock_that_is_a_link_is_left(store: Disk, entries: list[Path], tmp_path: Path) -> None:
    """What has a lock file's name and cannot be locked is nothing that was left behind."""
    lock = entries[0].with_suffix(".lock")
    lock.symlink_to(tmp_path / "elsewhere")
    assert 0 == tidy.sweep(store.root, time.time() + 2 * HOUR)
    assert lock.is_symlink()
    assert not (tmp_path / "elsewhere").exists()


def test_what_vanishes_is_not_swept(store: Disk, entries: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A leftover that goes by itself while the folder is swept is nobody's trouble."""
    lock = entries[0].with_suffix(".lock")
    lock.touch()
    real = tidy.folder.leftovers

    def leftovers(shard: str) -> Iterator[os.DirEntry[str]]:
        for item in real(shard):
            os.unlink(item.path)
            yield item

    monkeypatch.setattr(tidy.folder, "leftovers", leftovers)
    assert 0 == tidy.sweep(store.root, time.time() + 2 * HOUR)


@pytest.fixture
def cap() -> Iterator[int]:
    """A cap of 200 kB; no thread is left of it when the test ends."""
    yield 200_000
    for thread in pruners():
        thread.join()
    assert [] == pruners()


def fill(store: Disk, numbers: range, cap: int | None) -> None:
    """Write entries of 10 kB."""
    settings = Settings(cache_dir=store.root, max_bytes=cap)
    for number in numbers:
        Slot(store, store.path("ask", key(number)), Owner("ask")).write(kept("x" * 10_000), settings)


def settle() -> None:
    """Wait until what prunes in the background has ended."""
    for thread in pruners():
        thread.join()


def total(store: Disk) -> int:
    """Bytes in the folder."""
    return sum(found.size for found in entry_files(store.root))


def test_there_is_no_cap_by_default(store: Disk) -> None:
    """Without max_bytes nothing is ever pruned, and no thread started."""
    fill(store, range(100), None)
    assert [] == pruners()
    assert 100 == len(list(entry_files(store.root)))
    assert not Path(store.root, ".pruned").exists()


@pytest.mark.slow
def test_writers_keep_the_folder_below_its_cap(store: Disk, cap: int) -> None:
    """With max_bytes the folder stays at it, give or take what is written between two times of pruning."""
    for start in range(0, 100, 5):
        fill(store, range(start, start + 5), cap)
        settle()
        assert total(store) <= cap + 65_536 + 50_000
    fill(store, range(100, 110), cap)
    settle()
    assert total(store) <= cap + 65_536
    assert store.read(store.path("ask", key(109)), key(109), 0)


def test_a_process_of_few_writes_prunes_once_an_hour(store: Disk, cap: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first write of a process prunes, unless another process has within the hour."""
    fill(store, range(100), None)
    fill(Disk(store.root), range(100, 101), cap)
    settle()
    assert total(store) <= cap
    fill(store, range(100), None)
    fill(Disk(store.root), range(101, 102), cap)
    settle()
    assert total(store) > cap
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 2 * HOUR)
    fill(Disk(store.root), range(102, 103), cap)
    settle()
    assert total(store) <= cap


def test_one_thread_prunes_at_a_time(store: Disk, cap: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the folder is pruned no second thread is started for it."""
    go = threading.Event()
    pruned = []

    def prune(root: str, **limits: Any) -> tuple[int, int]:
        go.wait(20)
        pruned.append(limits)
        return 0, 0

    monkeypatch.setattr(tidy, "prune", prune)
    fill(store, range(100), cap)
    assert 1 == len(pruners())
    go.set()
    settle()
    assert [{"max_bytes": cap}] == pruned


def test_pruning_that_fails_is_logged(
    store: Disk, cap: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Trouble in the background is told in the log, and breaks nothing."""

    def prune(root: str, **limits: Any) -> tuple[int, int]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tidy, "prune", prune)
    with caplog.at_level(logging.WARNING, "llm_memo"):
        fill(store, range(1), cap)
        settle()
    assert ["Permission denied" in message for message in caplog.messages] == [True]


def test_no_thread_can_be_had(store: Disk, cap: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no thread can be started, as at the end of a program, entries are written all the same."""

    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        fill(store, range(30), cap)
    assert 30 == len(list(entry_files(store.root)))
    fill(store, range(30, 40), cap)
    settle()
    assert total(store) <= cap + 65_536
