"""Folders that cannot be written, are not ours alone, fill up, or go away."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from anew import forget
from witness import Counted, leftovers

from llm_memo import (
    Cache,
    CorruptEntry,
    MemoWarning,
    NotStored,
    StoreError,
    UntrustedEntry,
    cached_completion,
    configure,
)
from llm_memo.stores import files

Run = Callable[..., str]

NOBODY = 65534
"""A user who is not root."""


@contextlib.contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """What modes forbid is forbidden, also where the tests are run by root."""
    keeper = os.geteuid()
    if keeper == 0:
        for path in takewhile(Path(tempfile.gettempdir()).__ne__, folder.parents):
            path.chmod(0o755)
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(keeper)


@contextlib.contextmanager
def only_read(folder: Path) -> Iterator[None]:
    """Nothing below ``folder`` can be written."""
    inside = [folder, *folder.rglob("*")]
    for path in inside:
        path.chmod(0o555 if path.is_dir() else 0o444)
    with unprivileged(folder):
        yield
    for path in inside:
        path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture
def shared_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that does not depend on who runs the process."""
    monkeypatch.setenv("LLM_MEMO_KEY", "a long random text")


@pytest.mark.usefixtures("shared_key", "open_files")
def test_a_folder_for_reading_only(counted: Counted, cache_dir: Path) -> None:
    """In a folder for reading only hits are hits; a miss gives its answer and one warning, and changes nothing."""
    counted.ask("a")
    forget()
    with only_read(cache_dir):
        before = sorted(cache_dir.rglob("*"))
        assert [] == [each for each in counted.warned("a") if each is not UntrustedEntry]
        assert [] == counted.warned("a")
        assert [NotStored] == counted.warned("b")
        assert ["a", "b"] == counted.calls
        assert before == sorted(cache_dir.rglob("*"))
        with pytest.raises(OSError, match="Permission denied"):
            Cache().clear()
        with pytest.raises(OSError, match="Permission denied"):
            Cache().prune(max_entries=0)
    assert [] == leftovers(cache_dir)
    assert 1 == Cache().info().entries


@pytest.mark.usefixtures("shared_key", "open_files")
def test_a_damaged_entry_in_a_folder_for_reading_only(counted: Counted, cache_dir: Path) -> None:
    """What cannot be put into quarantine is refused where it is, with one warning."""
    counted.ask("a")
    counted.path("a").write_text("damaged")
    forget()
    with only_read(cache_dir):
        counted.ask = counted.ask.with_options(policy="readOnly")
        warned = counted.warned("a")
    assert 1 == len([each for each in warned if each is not UntrustedEntry])


@pytest.mark.usefixtures("shared_key", "open_files")
def test_a_folder_that_cannot_be_read(counted: Counted, cache_dir: Path) -> None:
    """Where nothing of one's own can be read, calls are made, with one warning each, and listing says why it cannot."""
    counted.ask("a")
    forget()
    if os.geteuid() == 0:
        os.chown(cache_dir, NOBODY, -1)
    cache_dir.chmod(0)
    with unprivileged(cache_dir):
        assert 1 == len(counted.warned("a"))
        assert ["a", "a"] == counted.calls
        with pytest.raises(PermissionError):
            Cache().info()
        with pytest.warns(CorruptEntry, match="Permission denied"):
            assert "miss" == counted.ask.explain("z").outcome
    cache_dir.chmod(0o700)


@pytest.mark.parametrize("change", ["writable by all", "writable by a group", "of another user"])
def test_a_folder_that_is_not_ours_alone(
    change: str, counted: Counted, cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that others can write to, or own, is one warning in a process; its entries are read by their seal."""
    if change != "writable by a group":  # that and a key for all are meant to be shared
        monkeypatch.setenv("LLM_MEMO_KEY", "a long random text")
    counted.ask("a")
    forget()
    if change == "of another user":
        monkeypatch.setattr("llm_memo.stores.folder.os.geteuid", lambda: os.getuid() + 1)
        if os.getuid() == 0:
            os.chown(cache_dir, 12345, 12345)
    elif change == "writable by a group":
        if os.getuid() == 0:
            os.chown(cache_dir, 0, 12345)
        monkeypatch.setattr("llm_memo.stores.folder._is_own_group", lambda group: False)
        cache_dir.chmod(0o770)
    else:
        cache_dir.chmod(0o777)
    assert [UntrustedEntry] == counted.warned("a")
    assert [] == counted.warned("b")
    assert ["a", "b"] == counted.calls
    forget()
    with pytest.warns(UntrustedEntry, match="0700"):
        counted.ask("a")


def test_an_entry_planted_in_a_shared_folder(counted: Counted, cache_dir: Path) -> None:
    """In a folder that others can write to, what they put there is refused."""
    counted.ask("a")
    cache_dir.chmod(0o777)
    path = counted.path("a")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    forget()
    assert [UntrustedEntry, UntrustedEntry] == counted.warned("a")
    assert ["a", "a"] == counted.calls


def test_the_folder_goes_away(counted: Counted, cache_dir: Path) -> None:
    """A cache folder that is deleted while calls are made is made again, and nobody is told."""
    for number in range(3):
        assert [] == counted.warned("a")
        assert number + 1 == len(counted.calls)
        shutil.rmtree(cache_dir)
    assert [] == counted.warned("a")
    assert {".code", ".gitignore", "CACHEDIR.TAG", "ask"} == {path.name for path in cache_dir.iterdir()}


def test_the_folder_goes_away_during_the_call(cache_dir: Path) -> None:
    """An answer whose folder was deleted while it was waited for is kept all the same."""

    @cached_completion
    def ask(text: str) -> str:
        shutil.rmtree(cache_dir)
        return text.upper()

    assert "A" == ask("a")
    assert ask.is_cached("a")
    assert [] == leftovers(cache_dir)


def test_a_file_in_the_folders_place(counted: Counted, cache_dir: Path) -> None:
    """Where a file takes the folder's place, calls go on with one warning, and who comes later is told at once."""
    counted.ask("a")
    shutil.rmtree(cache_dir)
    cache_dir.write_text("mine")
    assert [NotStored] == counted.warned("a")
    assert [NotStored] == counted.warned("b")
    assert "mine" == cache_dir.read_text()
    with pytest.raises(StoreError, match="is a file"):
        Cache()


@pytest.mark.parametrize("depth", [0, 1], ids=["shard", "function folder"])
def test_a_file_in_an_inner_folders_place(depth: int, counted: Counted) -> None:
    """A file in the place of a shard or a function's folder is one warning, and stays."""
    place = counted.path("a").parents[depth]
    place.parent.mkdir(parents=True)
    place.write_text("mine")
    assert [NotStored] == counted.warned("a")
    assert "mine" == place.read_text()


FILLED = """
    import json, sys, warnings
    from llm_memo import Cache, CorruptEntry, NotStored, cached_completion

    @cached_completion
    def ask(text):
        return text * 2_000

    stored = refused = 0
    for number in range(400):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert ask(str(number)) == str(number) * 2_000
        assert [each.category for each in caught] in ([], [NotStored]), [str(each.message) for each in caught]
        assert not caught or "No space left" in str(caught[0].message), str(caught[0].message)
        refused += len(caught)
    found = Cache().verify()
    stored = found.entries
    assert (found.quarantined, found.unread) == ((), ()), found
    Cache().prune(max_entries=stored // 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ask("room again") == "room again" * 2_000
    print(json.dumps([stored, refused]))
"""


def mountable() -> bool:
    """Whether this user may mount a file system of its own."""
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/tmp"]
    with contextlib.suppress(OSError):
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    return False


@pytest.mark.slow
def test_a_disk_of_one_megabyte_fills_up(tmp_path: Path) -> None:
    """On a full disk answers are returned, each with one warning; what was kept before stays whole."""
    if not mountable():
        pytest.skip("mounts are refused here; the quota shim in the next test stands in")
    program, disk = tmp_path / "program.py", tmp_path / "disk"
    program.write_text("\n".join(line[4:] for line in FILLED.splitlines()))
    disk.mkdir()
    text = f"mount -t tmpfs -o size=1m tmpfs {disk} && exec {sys.executable} -W error {program}"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", text],
        env={**os.environ, "LLM_MEMO_DIR": str(disk / "cache"), "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    stored, refused = json.loads(done.stdout)
    assert 400 == stored + refused
    assert stored > 10
    assert refused > 10


@pytest.mark.usefixtures("open_files")
def test_a_quota_is_used_up(counted: Counted, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no more than 20 kB can be written, answers are returned, each with one warning, and no part is left."""
    left = [20_000]

    class Quota:
        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

        def write(self, descriptor: int, data: memoryview) -> int:
            took = min(len(data), left[0])
            if not took:
                raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
            left[0] -= took
            return os.write(descriptor, data[:took])

    monkeypatch.setattr(files, "os", Quota())
    warned = [counted.warned(str(number)) for number in range(100)]
    stored = warned.count([])
    assert 100 - stored == warned.count([NotStored])
    assert 10 < stored < 90
    assert (stored, (), (), (), ()) == Cache().verify()
    assert [] == leftovers(cache_dir)


def test_no_more_file_descriptors(run: Run) -> None:
    """Out of file descriptors, calls give their answers with one warning each, and all is well afterwards."""
    printed = run(
        """
        import os, resource, warnings
        from llm_memo import Cache, MemoWarning, cached_completion

        calls = []

        @cached_completion
        def ask(text):
            calls.append(text)
            return text.upper()

        def warned(text):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                assert ask(text) == text.upper()
            assert all(issubclass(each.category, MemoWarning) for each in caught)
            return len(caught)

        ask("kept"), ask("held")
        from llm_memo.stores.memory import MEMORY
        MEMORY.drop(ask.entries()[1].path)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest = os.dup(0)
        os.close(lowest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
        print(warned("new"), warned("kept"), warned("held"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        print(calls, warned("new"), warned("kept"), warned("held"))
        print(Cache().verify()[:2])
        """
    )
    lines = printed.splitlines()
    assert "1 1 0" == lines[0]
    assert "['kept', 'held', 'new', 'kept', 'new'] 0 0 0" == lines[1]
    assert "(3, ())" == lines[2]


def test_a_folder_that_cannot_be_made() -> None:
    """A folder that can be made by nobody is one warning in each call, and no error."""
    with configure(cache_dir="/proc/no/such/place"):
        counted = Counted()
        counted.ask = counted.ask.with_options(cache_dir="/proc/no/such/place")
        assert [NotStored] == counted.warned("a")
        assert [NotStored] == counted.warned("a")
        assert (0, 0) == Cache().clear()


@pytest.mark.parametrize("error", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EIO])
def test_a_file_system_without_locks(error: int, counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no locks a call is made and kept without one, and tells so if that is all that is amiss."""

    def flock(descriptor: int, operation: int) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr("fcntl.flock", flock)
    assert ([] if error == errno.EIO else [MemoWarning]) == counted.warned("a")
    assert [] == counted.warned("a")
    assert ["a"] == counted.calls
