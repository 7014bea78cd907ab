"""The lock that processes share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from llm_memo.stores.lock import Lock


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "key.lock")


def test_one_takes_it(path: str) -> None:
    """Of two locks on one file, in one process, one is taken; freed, it is the other's."""
    one, other = Lock(path), Lock(path)
    assert (True, False) == (one.take(), other.take())
    one.release()
    assert other.take()
    other.release()


def test_it_excludes_filelock(path: str) -> None:
    """It and a FileLock on the same file exclude each other."""
    lock, theirs = Lock(path), FileLock(path)
    with theirs:
        assert not lock.take()
    assert lock.take()
    with pytest.raises(TimeoutError):
        theirs.acquire(timeout=0)
    lock.release()


def test_it_leaves_no_file(path: str) -> None:
    """Released, even twice, or never taken, it leaves no file."""
    lock = Lock(path)
    lock.release()
    assert lock.take()
    lock.release()
    lock.release()
    assert not os.path.exists(path)


def test_the_next_holders_file_is_left_alone(path: str) -> None:
    """Where the folder was cleared meanwhile, the file of whoever took the lock since stays."""
    one, other = Lock(path), Lock(path)
    assert one.take()
    os.rename(path, f"{path}.cleared")
    assert other.take()
    one.release()
    assert os.path.exists(path)
    other.release()
    assert not os.path.exists(path)


def test_a_file_removed_while_it_is_opened_does_not_count(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who opened a file that its holder then removed takes the lock on the next one."""
    real = os.open

    def open_and_lose(name: str, *args: int) -> int:
        monkeypatch.setattr(os, "open", real)
        descriptor = real(name, *args)
        os.unlink(path)
        return descriptor

    monkeypatch.setattr(os, "open", open_and_lose)
    lock = Lock(path)
    assert lock.take()
    assert os.path.exists(path)
    lock.release()


def test_what_the_system_says_against_freeing_it_is_no_error(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be removed is left, and the lock is free all the same."""
    lock = Lock(path)
    assert lock.take()

    def unlink(path: str) -> None:
        raise PermissionError(13, "no", path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", unlink)
        lock.release()
    assert Lock(path).take()


def test_it_is_freed_when_nobody_holds_on_to_it(path: str) -> None:
    """A lock whose holder an interrupt has torn away is free again."""
    assert Lock(path).take()
    assert Lock(path).take()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_it_dies_with_its_holder_and_not_with_the_holders_children(path: str) -> None:
    """A forked child that lives on does not keep the lock of a holder that was killed, nor free it while it lives."""
    text = (
        "import os, sys, time\nfrom llm_memo.stores.lock import Lock\n"
        "lock = Lock(sys.argv[1])\nassert lock.take()\n"
        "if os.fork() == 0:\n    lock.release()\n    print(os.getpid(), flush=True)\n"
        "time.sleep(60)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", text, path], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    child = int(holder.stdout.readline())
    try:
        lock = Lock(path)
        assert not lock.take()
        holder.kill()
        holder.wait()
        assert lock.take()
        lock.release()
    finally:
        os.kill(child, signal.SIGKILL)
        holder.stdout.close()
