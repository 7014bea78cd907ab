"""What coroutines leave to threads, which are our own, and go when there is nothing left to do.

The loop's own threads may all be waiting for the very call whose answer is to be written.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, Final

from llm_memo.errors import from_here
from llm_memo.runtime.fork import renewed_in_child
from llm_memo.runtime.loop import turn

_inside: ContextVar[bool] = ContextVar("llm_memo_background", default=False)


class Background:
    """A pool of threads that is there only while it has work.

    Args:
        threads: How many there are, at most.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._under_way = 0

    def submit(self, work: Callable[[], Any]) -> Future[Any]:
        """Have ``work`` done in a thread, in a copy of this context.

        Raises:
            RuntimeError: The interpreter is about to end, or no thread can be had.
        """
        if _inside.get():  # work of ours has started a loop, or waits for one: all our threads may be waiting for this
            return Background(1)._submit(work)
        return self._submit(work)

    def _submit(self, work: Callable[[], Any]) -> Future[Any]:
        context = from_here()
        context.run(_inside.set, True)
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads, "llm_memo storage")
            future = self._pool.submit(context.run, work)
            self._under_way += 1
        future.add_done_callback(self._done)
        return future

    def _done(self, _: Future[Any]) -> None:
        with self._lock:
            self._under_way -= 1
            if not self._under_way and self._pool is not None:
                self._pool.shutdown(wait=False)
                self._pool = None

    def after_fork(self) -> None:
        """Begin anew in a child process, which has none of its parent's threads."""
        self.__init__(self._threads)  # type: ignore[misc]


STORAGE: Final = Background(1)
"""Freezes and writes. Of several such threads each would keep the loop waiting for Python's lock, 5 ms a time."""
JUDGING: Final = Background(4)
"""Does so for functions with a ``cache_if``, which may take its time, or ask a model itself."""
renewed_in_child(STORAGE.after_fork)
renewed_in_child(JUDGING.after_fork)


class Work:
    """A step: storage work, which a task leaves to a thread so as not to hold up its loop."""

    __slots__ = ("threads", "work")

    def __init__(self, work: Callable[[], Any], threads: Background | None = None) -> None:
        self.work = work
        self.threads = threads or STORAGE

    def now(self) -> Any:
        """Do it in this thread."""
        return self.work()

    async def soon(self) -> Any:
        """Have it done in a thread, also if the task is cancelled meanwhile: an answer is paid for."""
        try:
            await turn()  # a thousand answers may come at once
        finally:
            in_thread, done = self._begun()
        return done if in_thread is None else await asyncio.shield(in_thread)

    def _begun(self) -> tuple[asyncio.Future[Any] | None, Any]:
        try:
            asyncio.get_running_loop()
            return asyncio.wrap_future(self.threads.submit(self.work)), None
        except RuntimeError:  # another kind of loop, or an interpreter that is about to end
            return None, self.work()
