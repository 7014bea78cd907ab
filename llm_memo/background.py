"""Storage work of coroutines, in threads of our own that go when there is nothing left to do.

The loop's own threads may all be waiting for the very call whose answer is to be written.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

_THREADS = 4


class Background:
    """A pool of threads that is there only while it has work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._under_way = 0

    def submit(self, work: Callable[[], Any]) -> Future[Any]:
        """Have ``work`` done in a thread.

        Raises:
            RuntimeError: The interpreter is about to end.
        """
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_THREADS, "llm_memo storage")
            future = self._pool.submit(work)
            self._under_way += 1
        future.add_done_callback(self._done)
        return future

    def _done(self, _: Future[Any]) -> None:
        with self._lock:
            self._under_way -= 1
            if not self._under_way and self._pool is not None:
                self._pool.shutdown(wait=False)
                self._pool = None

    def after_fork(self) -> None:  # pragma: no cover - runs in forked children, where nothing is measured
        """Begin anew in a child process, which has none of its parent's threads."""
        self.__init__()  # type: ignore[misc]


BACKGROUND: Final = Background()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=BACKGROUND.after_fork)
