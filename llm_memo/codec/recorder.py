"""Between a generator and its reader: items are recorded on their way, and what comes back goes down.

For a cached generator function, a stream of an SDK and the body of an HTTP response alike. What is
decided is here once; the loop around it is written for generators and for asynchronous generators::

    while (item := recorder.next()) is not END:
        try:
            recorder.sent((yield item))
        except BaseException as error:
            recorder.thrown(error)
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Final

from llm_memo.codec.recording import Recording

END: Final = object()
"""The generator has ended."""


class Recorder:
    """Resumes a generator, synchronous or not, and records what it yields.

    Args:
        inner: The generator, or another iterator that nothing is sent to.
        recording: What its items are added to, each as it is now, whatever the reader does to it.
        progress: Called with whether the reader is at work, and not the generator.
        running: Surrounds the generator's work.
    """

    __slots__ = ("_progress", "_resume", "_running", "inner", "recording")

    def __init__(
        self,
        inner: Any,
        recording: Recording,
        progress: Callable[[bool], object],
        running: AbstractContextManager[Any] | None = None,
    ) -> None:
        self.recording = recording
        self.inner = inner
        self._progress = progress
        self._running = running or nullcontext()
        self._resume: Callable[[], Any] = inner.__anext__ if hasattr(inner, "__anext__") else partial(next, inner)

    def next(self) -> Any:
        """The next item, or `END`."""
        self._progress(False)
        try:
            with self._running:
                item = self._resume()
        except StopIteration as end:
            self.recording.returned = end.value
            return END
        return self._passed_on(item)

    async def anext(self) -> Any:
        """The next item of an asynchronous generator, or `END`."""
        self._progress(False)
        try:
            with self._running:
                item = await self._resume()
        except StopAsyncIteration:
            return END
        return self._passed_on(item)

    def _passed_on(self, item: Any) -> Any:
        self.recording.add(item)
        self._progress(True)
        return item

    def sent(self, value: Any) -> None:
        """The reader has come back for more, or has sent ``value`` into the generator."""
        asynchronous = hasattr(self.inner, "__anext__")
        if value is not None:
            self.recording.answered_back()
            self._resume = partial(self.inner.asend if asynchronous else self.inner.send, value)
        else:
            self._resume = self.inner.__anext__ if asynchronous else partial(next, self.inner)

    def thrown(self, error: BaseException) -> None:
        """The reader has thrown ``error`` into the generator; one that closes it is raised at once."""
        if isinstance(error, GeneratorExit):
            raise error
        self.recording.answered_back()
        self._resume = partial(self.inner.athrow if hasattr(self.inner, "athrow") else self.inner.throw, error)


def recorded(recorder: Recorder) -> Generator[Any, Any, Any]:
    """``yield from`` the generator, recorded; returns what it returns."""
    while (item := recorder.next()) is not END:
        try:
            recorder.sent((yield item))
        except BaseException as error:
            recorder.thrown(error)
    return recorder.recording.returned
