"""The store on disk: what is written is read, and what cannot be read is told of and left in peace."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from anew import forget
from shards import HOLD, kept, key, read, write

from llm_memo import CorruptEntry, StoreError
from llm_memo.codec.frozen import Frozen
from llm_memo.settings import Settings
from llm_memo.stores import entry, files, resealing, tidy
from llm_memo.stores.disk import Disk, TooBig, disk
from llm_memo.stores.entry import Header, StoredEntry
from llm_memo.stores.folder import Owner
from llm_memo.stores.memory import MEMORY
from llm_memo.stores.slot import Slot

HOUR = 3600


def test_what_is_written_is_read(store: Disk) -> None:
    """An answer is there at once, from memory and from disk; another's is not."""
    write(store, 1, "one")
    assert "one" == read(store, 1)
    forget()
    assert "one" == read(disk(store.root), 1)
    assert None is read(store, 2)


def test_what_another_process_writes_is_seen(store: Disk) -> None:
    """An answer held at hand is not given out once its file is another, or gone."""
    path = write(store, 1, "one")
    held = MEMORY.get(str(path), HOLD)
    other = Disk(store.root)
    write(other, 1, "two")
    MEMORY._held[str(path)] = held  # type: ignore[assignment]
    assert "two" == read(store, 1)
    path.unlink()
    assert None is read(store, 1)
    assert None is MEMORY.get(str(path), HOLD)


def test_nothing_is_made_before_the_first_write(store: Disk, cache_dir: Path) -> None:
    """Looking into a cache that is not there does not make one."""
    assert None is read(store, 1)
    assert None is tidy.remove(store.path("ask", key(1)))
    assert not cache_dir.exists()


def test_a_large_entry_is_left_to_who_can_wait(store: Disk) -> None:
    """A reader that would not be held up is told of an entry that is too large, and does not read it."""
    path = str(write(store, 1, "x" * 10_000))
    forget()
    with pytest.raises(TooBig):
        store.read(path, key(1), HOLD, most=5_000)
    assert store.read(path, key(1), HOLD, most=50_000)


def test_arrays_are_held_at_hand_and_given_out_as_copies(store: Disk) -> None:
    """An array is read from disk once; what is handed out is not shared."""
    path = store.path("ask", key(1))
    content = StoredEntry(Header(function="ask", created=time.time()), Frozen("array", np.arange(5)))
    Slot(store, path, Owner("ask")).write(content, Settings(cache_dir=store.root))
    forget()
    one = store.read(path, key(1), HOLD)
    two = store.read(path, key(1), HOLD)
    assert one is not None
    assert two is not None
    assert one.frozen is two.frozen
    one.thaw()[0] = 9
    assert [0, 1, 2, 3, 4] == two.thaw().tolist()


def test_a_large_array_is_given_away_once(store: Disk) -> None:
    """An array that is not held at hand is handed out as it was read, and as a copy from then on."""
    path = store.path("ask", key(1))
    content = StoredEntry(Header(function="ask", created=time.time()), Frozen("array", np.arange(float(HOLD))))
    Slot(store, path, Owner("ask")).write(content, Settings(cache_dir=store.root))
    forget()
    found = store.read(path, key(1), HOLD)
    assert found is not None
    one, two = found.thaw(), found.thaw()
    assert not np.shares_memory(one, two)
    assert np.array_equal(one, two)
    assert one.flags.writeable


def times(path: Path) -> tuple[float, float]:
    """When a file was last used and written, in seconds ago."""
    status = path.stat()
    return round(time.time() - status.st_atime, -1), round(time.time() - status.st_mtime, -1)


@pytest.mark.parametrize("used", [2 * HOUR, -2 * HOUR], ids=["long ago", "in the future"])
@pytest.mark.parametrize("held", [True, False])
def test_use_is_noted_once_an_hour(used: float, held: bool, store: Disk) -> None:
    """Reading notes when an entry was used, if that was more than an hour off; its time of writing stays."""
    path = write(store, 1, used=3 * HOUR)
    forget()
    read(store, 1)
    then = time.time() - used
    os.utime(path, (then, time.time() - 3 * HOUR))
    if held:
        MEMORY._held[str(path)] = MEMORY._held[str(path)]._replace(signature=entry_signature(path))
    else:
        forget()
    read(store, 1)
    assert (0, 3 * HOUR) == times(path)
    half_an_hour = time.time() - HOUR / 2
    os.utime(path, (half_an_hour, half_an_hour))
    MEMORY._held[str(path)] = MEMORY._held[str(path)]._replace(signature=entry_signature(path))
    read(store, 1)
    assert (HOUR / 2, HOUR / 2) == times(path)


def entry_signature(path: Path) -> tuple[int, int, int]:
    """The signature of a file as it is now."""
    status = path.stat()
    return status.st_mtime_ns, status.st_ino, status.st_size


def test_use_that_cannot_be_noted_is_not_tried_again(store: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where times cannot be set, hits are hits, and set none."""
    tried = []

    def utime(path: str, **times: Any) -> None:
        tried.append(path)
        raise PermissionError(path)

    for number in (1, 2):
        write(store, number, used=2 * HOUR)
    forget()
    reader = Disk(store.root)
    monkeypatch.setattr(os, "utime", utime)
    assert ["answer", "answer"] == [read(reader, 1), read(reader, 2)]
    assert 1 == len(tried)


def test_use_of_what_has_just_gone_is_not_noted(store: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that is cleared while it is read was read all the same."""
    path = write(store, 1, used=2 * HOUR)
    forget()
    real = files.read_all

    def slower(descriptor: int, size: int) -> bytes:
        path.unlink(missing_ok=True)
        return real(descriptor, size)

    monkeypatch.setattr(files, "read_all", slower)
    assert "answer" == read(store, 1)
    write(store, 1, used=2 * HOUR)
    forget()
    assert "answer" == read(store, 1)


def test_looking_is_no_use(store: Disk) -> None:
    """Loading and checking an entry for a listing does not count as use."""
    path = write(store, 1, used=2 * HOUR)
    store.load(str(path), key(1))
    store.check(str(path), key(1))
    assert 2 * HOUR == times(path)[0]


def test_an_entry_that_needs_what_is_missing_is_left_in_place(store: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that is sealed by this user and cannot be unpickled here is told of once, and stays."""
    path = write(store, 1)
    forget()

    def unpack(*parts: object) -> StoredEntry:
        raise ModuleNotFoundError("No module named 'numpy'")

    with monkeypatch.context() as patch:
        patch.setattr(entry, "unpack", unpack)
        with pytest.warns(CorruptEntry, match="No module named 'numpy'.* left in place"):
            assert None is read(store, 1)
        assert None is read(store, 1)
    assert path.exists()
    assert "answer" == read(store, 1)


def test_a_warning_comes_again_after_all_was_well(store: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trouble is one warning for as long as it lasts; many troubles are not remembered for ever."""
    monkeypatch.setattr("llm_memo.stores.disk._WARNED", 2)
    paths = [str(write(store, number)) for number in range(4)]
    for number, path in enumerate(paths):
        with pytest.warns(CorruptEntry, match="Input/output error"):
            store.refuse(path, OSError(5, "Input/output error"))
        store.refuse(path, OSError(5, "Input/output error"))
        assert store.warned(path, OSError(5, "other words"))
        assert not store.warned(path, OSError(28, "No space left on device"))
        assert number % 2 == len(store._warned) - 1
    assert "answer" == read(store, 3)
    assert not store.warned(paths[3], OSError(5, "Input/output error"))


def test_a_good_entry_that_took_the_place_of_a_bad_one_stays(store: Disk) -> None:
    """What is refused is put into quarantine only if it is still there: another may have been written since."""
    path = write(store, 1)
    assert None is store.quarantine(str(path), (1, 2, 3))
    assert path.exists()
    assert store.quarantine(str(path), entry_signature(path))
    assert not path.exists()


def test_causes_are_told_without_the_entrys_name(store: Disk, cache_dir: Path) -> None:
    """Why entries cannot be written is said in the same words for all of them."""
    cache_dir.mkdir()
    (cache_dir / "ask").mkdir()
    for number in range(2):
        (cache_dir / "ask" / key(number)[:2]).mkdir()
        (cache_dir / "ask" / key(number)[:2] / f"{key(number)}.joblib").mkdir()
    said = []
    for number in range(2):
        with pytest.raises(IsADirectoryError) as caught:
            write(store, number)
        said.append(str(caught.value))
    assert 1 == len(set(said))


def test_a_fault_without_number_is_passed_on(store: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of some other kind reaches the caller as it is."""

    def write_whole(*parts: object, **options: object) -> None:
        raise StoreError("of some other kind")

    monkeypatch.setattr(files, "write_whole", write_whole)
    with pytest.raises(StoreError, match="of some other kind"):
        write(store, 1)


def test_a_folder_that_is_cleared_again_and_again(store: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write whose folder goes away begins anew, and gives up when it goes each time."""
    tried = []
    real = files.write_whole

    def write_whole(path: str, *parts: Any, **options: Any) -> os.stat_result:
        if path.endswith(".joblib"):
            tried.append(path)
            if len(tried) < times:
                raise FileNotFoundError(2, "No such file or directory", path)
        return real(path, *parts, **options)

    monkeypatch.setattr(files, "write_whole", write_whole)
    times = 4
    write(store, 1)
    assert 4 == len(tried)
    times = 1_000
    with pytest.raises(FileNotFoundError):
        write(store, 2)
    assert 12 == len(tried)


def test_writing_tells_how_much(store: Disk) -> None:
    """Writing gives the size of the file, and so does removing."""
    path = store.path("ask", key(1))
    size = Slot(store, path, Owner("ask")).write(kept(), Settings(cache_dir=store.root))
    assert Path(path).stat().st_size == size == tidy.remove(path)
    assert None is tidy.remove(path)


def test_only_what_is_named_like_refused_entries_is_put_back(store: Disk, cache_dir: Path) -> None:
    """Other files in quarantine, and what is still no entry of this user's, stay there."""
    path = write(store, 1)
    refused = store.quarantine(str(path))
    assert refused is not None
    others = {"letter@home.txt", f"ask@{key(2)}.01234567.joblib"}
    for name in others:
        (cache_dir / "quarantine" / name).write_text("mine")
    assert [str(path)] == resealing.restore(store)
    assert others == {each.name for each in (cache_dir / "quarantine").iterdir()}


def test_use_of_anothers_file_is_not_noted(store: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file that another user wrote, whose times only they may set, the use is not noted, and nothing is tried."""
    path = write(store, 1, used=2 * HOUR)
    read(store, 1)
    os.utime(path, (time.time() - 2 * HOUR, path.stat().st_mtime))
    owner = os.geteuid()
    monkeypatch.setattr("llm_memo.stores.disk.os.geteuid", lambda: owner + 1)
    assert "answer" == read(store, 1)
    assert 2 * HOUR == times(path)[0]
