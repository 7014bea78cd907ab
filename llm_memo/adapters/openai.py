"""OpenAI's client and its kin (Azure, and SDKs of the same generator such as Anthropic's)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from itertools import chain
from typing import Any

from llm_memo.adapters import httpx, pydantic
from llm_memo.adapters.headers import counting
from llm_memo.codec import pickled
from llm_memo.codec.frozen import Frozen, Thawer, Unfreezable
from llm_memo.codec.references import reference, resolve
from llm_memo.identity.scan import replaced


def canonical_form(value: Any) -> tuple[str, object] | None:
    """A client is where it sends its questions and what it adds, never by which key; a resource is its client's."""
    kind: Any = type(value)
    names = {base.__name__ for base in kind.__mro__}
    if "BaseClient" in names and hasattr(value, "_base_url"):
        return "client", (kind, _destination(value), *replaced.everywhere(value))
    if _is_resource(kind):
        return "resource", (kind, value._client, *replaced.everywhere(value))
    if names & {"NotGiven", "Omit"}:
        return "not given", None
    return httpx.canonical_form(value)  # the SDK gives httpx's time-outs out as its own


@functools.cache
def _is_resource(kind: Any) -> bool:
    return not {"SyncAPIResource", "AsyncAPIResource"}.isdisjoint(base.__name__ for base in kind.__mro__)


_SETTINGS = ("organization", "project", "_api_version", "_azure_deployment")
_PLACES = (*_SETTINGS, "_azure_endpoint", "region", "aws_region", "project_id", "workspace_id", "server")
"""Attributes of the clients of SDKs that say where requests go, beside the base URL."""


def witness(client: Any) -> tuple[object, ...] | None:
    """All that the form of a client is made of, read without making it.

    None where that takes more than a look: with hooks, with headers that are no texts, where a property says it.
    """
    held = vars(client)
    http = held["_client"]
    added = (*held["_custom_headers"].items(), *held["_custom_query"].items())
    transports = (http._transport, *filter(None, http._mounts.values()))
    kind: Any = type(client)
    if (
        not _is_plain_client(kind)
        or any(http.event_hooks.values())
        or not _TEXT.issuperset(map(type, chain.from_iterable(added)))
        or not all(map(_is_network, map(type, transports)))
    ):
        return None
    return (
        *(
            client,
            type(client),
            http,
            held["_base_url"],
            http.params.multi_items(),
            http.headers.raw,
            added,
        ),
        *map(held.get, _PLACES),
        *transports,
        *(vars(each).get("_llm_memo_inner") for each in transports),
    )


def watched(value: Any) -> tuple[Any, list[Any]] | None:
    """The client that `witness` tells of, and all parts of the value; None where something stands in one's place.

    None too for what merely holds a client, of which more counts than that.
    """
    client = value if "_base_url" in vars(value) else vars(value)["_client"]
    kind: Any = type(value)
    if client is not value and not _is_resource(kind):
        return None
    requested = httpx.parts(vars(client)["_client"])
    if replaced.everywhere(value) or replaced.everywhere(client) or any(map(httpx.fakes, requested)):
        return None
    return client, [*replaced.parts(value), *replaced.parts(client), *requested]


_TEXT = frozenset({str})


@functools.cache
def _is_network(kind: type) -> bool:
    """Whether transports of a class are httpx's own, to the network, with nothing to tell of them."""
    names = ("HTTPTransport", "AsyncHTTPTransport")
    return kind.__name__ in names and kind.__module__.partition(".")[0] in ("httpx", "httpx2")


@functools.cache
def _is_plain_client(kind: type) -> bool:
    """Whether the clients of a class say where they send their requests as those of the SDKs' generator do."""
    homes = {
        _home(kind, lambda base: base.__name__ == "BaseClient"),
        _home(kind, lambda base: "base_url" in vars(base)),
    }
    return len(homes) == 1 and None not in homes and not any(hasattr(kind, name) for name in _PLACES)


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
