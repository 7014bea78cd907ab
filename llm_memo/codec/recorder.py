"""Between a generator and its reader: items are recorded on their way, and what comes back goes down.

For a cached generator function, a stream of an SDK and the body of an HTTP response alike. What is
decided is here once; the loop around it is written where it is driven, for generators and, with ``await``,
for asynchronous generators. Each further frame would make a recursion of generators end earlier::

    while True:
        with recorder as resume:
            item = resume()
        if recorder.at_end:
            break
        item = recorder.passed_on(item)
        try:
            recorder.sent((yield item))
        except BaseException as error:
            recorder.thrown(error)
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from llm_memo.codec.recording import Recording


class Recorder:
    """Resumes a generator, synchronous or not, and records what it yields.

    Args:
        inner: The generator, or another iterator that nothing is sent to.
        recording: What its items are added to, each as it is now, whatever the reader does to it.
        progress: Called with whether the reader is at work, and not the generator.
        running: Surrounds the generator's work.
    """

    __slots__ = ("_end", "_next", "_progress", "_resume", "_running", "at_end", "inner", "recording")

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
        self.at_end = False
        """Whether the generator has ended."""
        asynchronous = hasattr(inner, "__anext__")
        self._end: type[Exception] = StopAsyncIteration if asynchronous else StopIteration
        self._next: Callable[[], Any] = inner.__anext__ if asynchronous else partial(next, inner)
        self._resume = self._next

    def __enter__(self) -> Callable[[], Any]:
        """The generator is about to work: what resumes it, in the frame of whoever drives it."""
        self._progress(False)
        self._running.__enter__()
        return self._resume

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> bool:
        self._running.__exit__(kind, error, trace)
        if kind is not None and issubclass(kind, self._end):
            self.recording.returned = getattr(error, "value", None)
            self.at_end = True
            return True
        return False

    def passed_on(self, item: Any) -> Any:
        """``item``, recorded, as it goes to the reader."""
        self.recording.add(item)
        self._progress(True)
        return item

    def sent(self, value: Any) -> None:
        """The reader has come back for more, or has sent ``value`` into the generator."""
        self._resume = self._next
        if value is not None:
            self.recording.answered_back()
            self._resume = partial(self.inner.asend if hasattr(self.inner, "asend") else self.inner.send, value)

    def thrown(self, error: BaseException) -> None:
        """The reader has thrown ``error`` into the generator; one that closes it is raised at once."""
        if isinstance(error, GeneratorExit):
            raise error
        self.recording.answered_back()
        self._resume = partial(self.inner.athrow if hasattr(self.inner, "athrow") else self.inner.throw, error)
