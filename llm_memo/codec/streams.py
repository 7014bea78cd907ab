"""Streams that a function returns: recorded while the caller reads them, and played again on a hit.

A stream is a generator object, or what the adapter of an SDK knows as one. Either way there is an
iterator at its bottom, and `rewire` puts another in its place: one that records, one that plays, one
that takes its time. All else of the stream stays the SDK's own.
"""

from __future__ import annotations

import asyncio
import time
import types
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from functools import partial
from typing import Any

from llm_memo import adapters
from llm_memo.adapters.equipment import class_name
from llm_memo.codec import pickled
from llm_memo.codec.frozen import Frozen, UnknownClass, register, thaw
from llm_memo.codec.recorder import Recorder
from llm_memo.codec.recording import Awaited, Recording
from llm_memo.codec.references import reference, resolve
from llm_memo.errors import MemoWarning, warn
from llm_memo.identity.local import is_own_file

__all__ = ["Recording", "is_stream", "items", "paced", "record"]

_GENERATORS = {types.GeneratorType: "generator", types.AsyncGeneratorType: "asynchronous generator"}
_USED_BY = ("__next__", "__anext__", "__enter__", "__aenter__")
"""A stream has one of these."""


def is_stream(value: object) -> bool:
    """Whether ``value`` gives its answer piece by piece, once: a generator or a stream of an SDK."""
    kind = type(value)
    if kind in _GENERATORS:
        return True
    return any(map(partial(hasattr, kind), _USED_BY)) and bool(adapters.of_streams().is_stream(value))


def items(answer: Any) -> Any:
    """What a recording says: of a generator, the items, as a list; what an awaitable gave; any other answer itself."""
    if isinstance(answer, Awaited):
        answer = answer.value
    return answer.said() if isinstance(answer, Recording) else answer


def record(
    stream: Any,
    on_complete: Callable[[Any], object],
    on_abandon: Callable[[], object],
    on_step: Callable[[bool], object] = lambda waiting_for_reader: None,
) -> Any:
    """What the caller gets in place of ``stream``: the same, used in the same ways, and recorded meanwhile.

    One of the two is called, once: ``on_complete(kept)`` when the stream has ended by itself, before the
    caller hears of it, where ``kept`` is a `Recording` that freezes and thaws as a stream that plays it;
    ``on_abandon()`` when it was closed early, failed, or was dropped, then by the garbage collector.
    """
    plain = None if type(stream) in _GENERATORS else adapters.of_streams().unwrapped(stream)
    if plain is not None:
        warn(
            MemoWarning,
            f"a {class_name(type(stream))} cannot be made anew: the cached function returns a generator of its items",
        )
        stream = plain
    try:
        tape = _Tape(KeptStream(stream), on_complete, on_abandon, on_step)
        recorded = rewire(stream, tape.over, tape.abandon)
    except Exception:  # an SDK built otherwise
        on_abandon()
        return stream
    weakref.finalize(recorded, tape.abandon).atexit = False
    return recorded


def paced(value: Any, delay: float) -> Any:
    """``value`` with ``delay`` seconds between one item and the next, if it is a stream; else as it is."""
    if isinstance(value, Awaited):
        return Awaited(paced(value.value, delay))
    return rewire(value, lambda iterator, _: _slow(iterator, delay)) if is_stream(value) else value


Change = Callable[[Any, Any], Any]
"""Takes an iterator and the HTTP response it reads, or None; gives the iterator to use instead."""


def rewire(stream: Any, change: Change, failed: Callable[[], object] | None = None) -> Any:
    """``stream``, or what to use instead of it, with the iterator at its bottom changed.

    A stream whose request is yet to be made is changed when it is made; ``failed()`` is called if that fails.
    """
    if type(stream) in _GENERATORS:
        return change(stream, None)
    adapters.of_streams().rewire(stream, change, failed)
    return stream


class KeptStream(Recording):
    """A recording that thaws as the kind of stream it was made from."""

    whole: bool

    def __init__(self, stream: Any) -> None:
        super().__init__()
        code = getattr(stream, "gi_code", None) or getattr(stream, "ag_code", None)
        self.whole = code is None or not is_own_file(code.co_filename)
        self.response: dict[str, Any] | None = None
        """What may be kept of the HTTP response."""
        self._kind = type(stream)
        self.type_name = f"{self._kind.__module__}.{self._kind.__qualname__}".removeprefix("builtins.")
        self._arguments: dict[str, Any] = {}
        if code is None:
            self._arguments = adapters.of_streams().stream_arguments(stream)

    def __memo_freeze__(self) -> Frozen:
        state = {
            "kind": _GENERATORS.get(self._kind) or reference(self._kind),
            "items": self.frozen_items(),
            "returned": self.returned,
            "response": self.response,
            "arguments": self._arguments,
        }
        return Frozen("stream", pickled.dumps(state))


def _thaw_stream(payload: bytes) -> Any:
    state = pickled.loads(payload)
    # All at once: what does not thaw must be a miss, not an error in the middle of a stream.
    thawed = [[thaw(frozen) for frozen in state["items"]]]

    def play(asynchronously: bool) -> Any:
        these = thawed.pop() if thawed else [thaw(frozen) for frozen in state["items"]]
        return _play_async(these) if asynchronously else _play(these, state["returned"])

    kind = state["kind"]
    if kind in _GENERATORS.values():
        return play(asynchronously=kind != "generator")
    made_of = resolve(kind)
    try:
        return adapters.of_streams().stream_of(made_of, state["arguments"], state["response"], play)
    except (TypeError, AttributeError) as error:
        raise UnknownClass(f"{kind}, as it is now, cannot be made anew") from error


def _play(these: list[Any], returned: Any) -> Generator[Any, Any, Any]:
    yield from these
    return returned


async def _play_async(these: list[Any]) -> AsyncGenerator[Any, Any]:
    for item in these:
        yield item


class _Tape:
    """Runs along with a stream and says once how it ended."""

    def __init__(
        self,
        kept: KeptStream,
        on_complete: Callable[[Any], object],
        on_abandon: Callable[[], object],
        on_step: Callable[[bool], object],
    ) -> None:
        self.kept = kept
        self.reading = False
        self._on_step = on_step
        self._on_complete = on_complete
        self._on_abandon = on_abandon
        self._ended = False

    def over(self, iterator: Any, response: Any) -> Any:
        """``iterator``, recorded; as it is when the stream was recorded already."""
        if self._ended:
            return iterator
        if response is not None:
            try:
                self.kept.response = adapters.offering(type(response), "facts")(response)
            except Exception:  # a response of another build: the stream goes on without us
                self.abandon()
                return iterator
            self._watch(response)
        recorded: Any = _recorded_async if hasattr(iterator, "__anext__") else _recorded
        return recorded(iterator, self)

    def progress(self, waiting_for_reader: bool) -> None:
        """Note whether the next item is waited for, or whoever reads them."""
        self.reading = not waiting_for_reader
        self._on_step(waiting_for_reader)

    def complete(self) -> None:
        """The stream has ended by itself."""
        if not self._ended:
            self._ended = True
            self._on_complete(self.kept)

    def abandon(self) -> None:
        """The stream will not be read to its end."""
        if not self._ended:
            self._ended = True
            self._on_abandon()

    def _watch(self, response: Any) -> None:
        """Notice ``response`` being closed other than by its being read, as closing a stream does."""
        close, aclose = response.close, response.aclose

        def closing() -> None:
            try:
                close()
            finally:
                self._closed()

        async def aclosing() -> None:
            try:
                await aclose()
            finally:
                self._closed()

        response.close, response.aclose = closing, aclosing

    def _closed(self) -> None:
        if not self.reading:
            self.abandon()


def _recorded(inner: Any, tape: _Tape) -> Generator[Any, Any, Any]:
    """``yield from inner``, each item going to the tape first."""
    recorder = Recorder(inner, tape.kept, tape.progress)
    try:
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
        tape.complete()
        return recorder.recording.returned
    finally:
        try:
            if hasattr(inner, "close"):  # any iterator may be at the bottom of a stream
                inner.close()
        finally:
            tape.abandon()


async def _recorded_async(inner: Any, tape: _Tape) -> AsyncGenerator[Any, Any]:
    """`_recorded` for an asynchronous generator, which has no return value."""
    recorder = Recorder(inner, tape.kept, tape.progress)
    try:
        while True:
            with recorder as resume:
                item = await resume()
            if recorder.at_end:
                break
            item = recorder.passed_on(item)
            try:
                recorder.sent((yield item))
            except BaseException as error:
                recorder.thrown(error)
        tape.complete()
    finally:
        try:
            if hasattr(inner, "aclose"):
                await inner.aclose()
        finally:
            tape.abandon()


def _slow(iterator: Any, delay: float) -> Any:
    return _slow_async(iterator, delay) if hasattr(iterator, "__anext__") else _slow_sync(iterator, delay)


def _slow_sync(iterator: Iterator[Any], delay: float) -> Generator[Any, Any, Any]:
    pause = 0.0
    while True:
        try:
            item = next(iterator)
        except StopIteration as end:
            return end.value
        time.sleep(pause)
        yield item
        pause = delay


async def _slow_async(iterator: AsyncIterator[Any], delay: float) -> AsyncGenerator[Any, Any]:
    pause = 0.0
    async for item in iterator:
        await asyncio.sleep(pause)
        yield item
        pause = delay


register("stream", _thaw_stream)
