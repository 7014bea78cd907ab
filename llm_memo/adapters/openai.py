"""OpenAI's client and its kin (Azure, and SDKs of the same generator such as Anthropic's)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from llm_memo.adapters import httpx, pydantic
from llm_memo.adapters.headers import counting
from llm_memo.codec import pickled
from llm_memo.codec.frozen import Frozen, Thawer, Unfreezable
from llm_memo.codec.references import reference, resolve

Change = Callable[[Any, Any], Any]
"""Changes an iterator: see `llm_memo.codec.streams.rewire`."""


def canonical_form(value: Any) -> tuple[str, object] | None:
    """A client is where it sends its questions and what it adds, never by which key; a resource is its client's."""
    kind = type(value)
    names = {base.__name__ for base in kind.__mro__}
    if "BaseClient" in names and hasattr(value, "_base_url"):
        return "client", (kind, _destination(value))
    if names & {"SyncAPIResource", "AsyncAPIResource"}:
        return "resource", (kind, value._client)
    if names & {"NotGiven", "Omit"}:
        return "not given", None
    return httpx.canonical_form(value)  # the SDK gives httpx's time-outs out as its own


_SETTINGS = ("organization", "project", "_api_version", "_azure_deployment")
_PLACES = (*_SETTINGS, "_azure_endpoint", "region", "aws_region", "project_id", "workspace_id", "server")
"""Attributes of the clients of SDKs that say where requests go, beside the base URL."""


def steady(value: Any) -> list[tuple[dict[str, Any], str]] | None:
    """Where all that the form of a client, or of a resource's, is made of is kept: dicts, and their keys."""
    resource = bool({base.__name__ for base in type(value).__mro__} & {"SyncAPIResource", "AsyncAPIResource"})
    client = value._client if resource else value
    kind = type(client)
    made_by = _home(kind, lambda base: base.__name__ == "BaseClient")
    if made_by is None or made_by != _home(kind, lambda base: "base_url" in vars(base)):
        return None
    held = getattr(client, "__dict__", {})
    if "_base_url" not in held or client.base_url is not held["_base_url"]:
        return None
    if any(hasattr(kind, name) for name in _SETTINGS):
        return None  # a property of its own says it
    via = [(vars(value), "_client")] if resource else []
    return via + [(held, name) for name in ("_base_url", *_SETTINGS)]


def _home(kind: type, is_it: Callable[[type], bool]) -> str | None:
    """The package of the first of a class's bases that ``is_it``."""
    return next((base.__module__.partition(".")[0] for base in kind.__mro__ if is_it(base)), None)


def _destination(client: Any) -> tuple[object, ...]:
    places = [(name.lstrip("_"), _text(getattr(client, name, None))) for name in _PLACES]
    return (
        httpx.without_user(str(client.base_url)),
        [(name, place) for name, place in places if place is not None],
        counting(getattr(client, "_custom_headers", {}).items()),
        dict(getattr(client, "_custom_query", {})),
        httpx.added(client._client),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def freeze(value: Any) -> Frozen | None:
    """Pages, binary and raw responses, less their client; a client itself is never kept."""
    kind = type(value)
    names = {base.__name__ for base in kind.__mro__}
    if "BasePage" in names:
        return _freeze_page(value)
    if names & {"BaseClient", "SyncAPIResource", "AsyncAPIResource"}:
        raise Unfreezable(f"it holds a client ({kind.__name__}): return what the client answered")
    if names & {"BaseAPIResponse", "ResponseContextManager", "AsyncResponseContextManager"}:
        raise Unfreezable(f"it holds a {kind.__name__}, bound to a connection: return its .parse()")
    if names & {"LegacyAPIResponse", "HttpxBinaryResponseContent"}:
        state = _raw(value) if "LegacyAPIResponse" in names else {"response": _read(value.response)}
        return Frozen(f"openai {reference(kind)}", pickled.dumps(state))
    return None


def thawer(codec: str) -> Thawer:
    """The thawer of ``openai ‹class›``, a raw or binary response."""
    name = codec.partition(" ")[2]

    def thaw_response(payload: bytes) -> Any:
        state = pickled.loads(payload)
        response = httpx.response(state.pop("response"))
        return _raw_again(resolve(name), response, **state) if state else resolve(name)(response)

    return thaw_response


def _freeze_page(page: Any) -> Frozen | None:
    if page.has_next_page():
        raise Unfreezable(f"it holds a {type(page).__name__}, which asks its client for more: return a list")
    without_client = page.model_copy()
    object.__setattr__(without_client, "__pydantic_private__", None)
    return pydantic.freeze(without_client)


def _read(response: Any) -> dict[str, Any]:
    if not response.is_closed:
        raise Unfreezable("its body was not read")
    return httpx.facts(response, response.content)


def _raw(value: Any) -> dict[str, Any]:
    if value._stream:
        raise Unfreezable("it holds a raw response of a stream: return its .parse()")
    return {
        "response": _read(value.http_response),
        "retries_taken": value.retries_taken,
        "cast_to": value._cast_to,
        "parsed": value.parse(),
    }


def _raw_again(kind: Any, response: Any, retries_taken: int, cast_to: Any, parsed: Any) -> Any:
    import openai
    from openai._models import FinalRequestOptions

    offline = object.__new__(openai.OpenAI)  # no key, no connection: all that .parse(to=…) asks of it
    offline._strict_response_validation = False
    made = kind(
        raw=response,
        cast_to=cast_to,
        client=offline,
        stream=False,
        stream_cls=None,
        options=FinalRequestOptions.construct(method=response.request.method, url=str(response.request.url)),
        retries_taken=retries_taken,
    )
    made._parsed_by_type[cast_to] = parsed
    return made


def rewire(stream: Any, change: Change, failed: Callable[[], object] | None) -> None:
    """Change the iterator under a stream of the SDK, now or, for a stream manager, when it is entered."""
    if type(stream).__name__ in ("Stream", "AsyncStream"):
        stream._iterator = change(stream._iterator, stream.response)
    elif type(stream).__name__.endswith("Manager"):
        name = f"_{type(stream).__name__}__api_request"
        kind = _AsyncRequest if type(stream).__name__.startswith("Async") else _Request
        setattr(stream, name, kind(getattr(stream, name), change, failed))
    else:
        rewire(stream._raw_stream, change, failed)


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
    import openai

    asynchronously = kind.__name__.startswith("Async")
    omitted = getattr(openai, "omit", openai.NOT_GIVEN)
    known = _parameters(kind)
    given = {
        name: omitted if item == _OMITTED else item
        for name, item in arguments.items()
        if name in known or item not in (None, _OMITTED)
    }

    def stream() -> Any:
        made: Any = object.__new__(openai.AsyncStream if asynchronously else openai.Stream)
        made.response = httpx.response(response)
        made._iterator = play(asynchronously)
        return made

    if kind.__name__ in ("Stream", "AsyncStream"):
        return stream()
    if kind.__name__.endswith("Manager"):
        return kind(_Ready(stream) if asynchronously else stream, **given)
    return kind(raw_stream=stream(), **given)


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


_OF_STREAMS = ("cast_to", "response", "client", "options")
