"""Streams of SDKs, known by their shape and not by their package, and rebuilt as their own class.

There are four shapes: a stream that reads an HTTP response (``response``, and the iterator over its events); a stream
over such a one (``_raw_stream``); a manager that asks for one when it is entered; and a wrapper over an iterator that
only its own package can make, which is recorded and played as a generator of its items.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from llm_memo.adapters import httpx

Change = Callable[[Any, Any], Any]
"""Changes an iterator: see `llm_memo.codec.streams.rewire`."""

_ITERATORS = ("_iterator", "generator")
"""What a stream calls the iterator over its events."""


def is_stream(value: Any) -> bool:
    """Whether ``value`` is a stream of one of these shapes."""
    kind = type(value)
    held = getattr(value, "__dict__", {})
    if "_raw_stream" in held or _request(kind) in held or _wrapped(value) is not None:
        return True
    return "response" in held and _iterator(kind, held) is not None


def unwrapped(value: Any) -> Any:
    """A generator of the items of a wrapper that only its own package can make; None of any other stream."""
    inner = _wrapped(value)
    if inner is None:
        return None
    awaited = hasattr(inner, "__aiter__") and not hasattr(inner, "__iter__")
    return _all_awaited(value) if awaited else _all(value)


def _wrapped(value: Any) -> Any:
    return getattr(value, "__dict__", {}).get("completion_stream")


def _all(wrapper: Any) -> Generator[Any, None, None]:
    yield from wrapper


async def _all_awaited(wrapper: Any) -> AsyncGenerator[Any, None]:
    async for item in wrapper:
        yield item


def _iterator(kind: type, held: dict[str, Any]) -> str | None:
    iterates = hasattr(kind, "__iter__") or hasattr(kind, "__aiter__")
    return next((name for name in _ITERATORS if iterates and (name in held or hasattr(kind, name))), None)


def _request(kind: type) -> str:
    return f"_{kind.__name__}__api_request"


def rewire(stream: Any, change: Change, failed: Callable[[], object] | None) -> None:
    """Change the iterator under a stream of the SDK, now or, for a stream manager, when it is entered."""
    held, request = vars(stream), _request(type(stream))
    if "_raw_stream" in held:
        rewire(stream._raw_stream, change, failed)
    elif request in held:
        kind = _AsyncRequest if type(stream).__name__.startswith("Async") else _Request
        setattr(stream, request, kind(held[request], change, failed))
    else:
        name = _iterator(type(stream), held)
        if name is None:
            raise AttributeError(f"{type(stream).__name__} has no iterator")
        setattr(stream, name, change(getattr(stream, name), stream.response))


class _Request:
    """The request of a stream manager, made when it is entered."""

    def __init__(self, request: Any, change: Change, failed: Callable[[], object] | None) -> None:
        self._request = request
        self._change = change
        self._failed = failed

    def __call__(self) -> Any:
        with self._noting_failure():
            stream = self._request()
        return self._changed(stream)

    @contextmanager
    def _noting_failure(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            if self._failed is not None:
                self._failed()
            raise

    def _changed(self, stream: Any) -> Any:
        with suppress(AttributeError), self._noting_failure():
            rewire(stream, self._change, self._failed)
        return stream


class _AsyncRequest(_Request):
    def __await__(self) -> Generator[Any, Any, Any]:
        with self._noting_failure():
            stream = yield from self._request.__await__()
        return self._changed(stream)


def stream_arguments(stream: Any) -> dict[str, Any]:
    """What a stream or stream manager was made with, besides its request: its response format and tools."""
    state = getattr(stream, "_state", None)
    held = {**(vars(state) if state is not None else {}), **vars(stream)}
    arguments = {
        name: next(item for attribute, item in held.items() if re.fullmatch(rf"_(\w+__)?{name}", attribute))
        for name in _parameters(type(stream))
    }
    return {
        name: _OMITTED if type(item).__name__ in _NOT_GIVEN else _parsed_tools(item) if name == "input_tools" else item
        for name, item in arguments.items()
    }


def _parsed_tools(tools: Any) -> Any:
    """Those of ``tools`` that have a say in parsing; the others may carry headers and keys, as MCP servers do."""
    if not isinstance(tools, (list, tuple)):
        return tools
    return [tool for tool in tools if tool["type"] in ("function", "namespace")]


_NOT_GIVEN = ("NotGiven", "Omit")
_OMITTED = ("not given",)
"""What is kept in the place of an argument that was not given: SDKs differ in what they write for it."""


def stream_of(kind: Any, arguments: dict[str, Any], response: dict[str, Any], play: Callable[[bool], Any]) -> Any:
    """A stream or stream manager of the class ``kind`` that plays a recording.

    Args:
        kind: One of the SDK's classes.
        arguments: What `stream_arguments` gave.
        response: What was kept of the HTTP response.
        play: Makes an iterator over the recorded items; asynchronous or not.
    """
    sdk = importlib.import_module(kind.__module__.partition(".")[0])
    asynchronously = hasattr(kind, "__anext__") or kind.__name__.startswith("Async")
    omitted = getattr(sdk, "omit", getattr(sdk, "NOT_GIVEN", None))
    known = _parameters(kind)
    given = {
        name: omitted if item == _OMITTED else item
        for name, item in arguments.items()
        if name in known or item not in (None, _OMITTED)
    }

    def stream(of: Any) -> Any:
        made: Any = object.__new__(of)
        name = "generator" if "generator" in getattr(of, "__annotations__", {}) else "_iterator"
        vars(made).update({"response": httpx.response(response), name: play(asynchronously)})
        if name == "generator":
            vars(made).update(client_ref=None, _closed=False)
        return made

    if not {"raw_stream", "api_request"} & inspect.signature(kind).parameters.keys():
        return stream(kind)
    raw = sdk.AsyncStream if asynchronously else sdk.Stream
    if "raw_stream" in inspect.signature(kind).parameters:
        return kind(raw_stream=stream(raw), **given)
    return kind(_Ready(lambda: stream(raw)) if asynchronously else lambda: stream(raw), **given)


class _Ready:
    """Awaited, it makes what it gives."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._make()
        yield


def _parameters(kind: Any) -> list[str]:
    """What the constructor of a stream or manager takes, besides where the chunks come from."""
    names = inspect.signature(kind).parameters
    return [name for name in names if name not in ("api_request", "raw_stream", *_OF_STREAMS)]


_OF_STREAMS = ("cast_to", "response", "client", "options", "decoder", "sentinel", "client_ref", "data_required")
