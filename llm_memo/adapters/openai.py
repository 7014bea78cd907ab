"""OpenAI's client and its kin (Azure, and SDKs of the same generator such as Anthropic's)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from llm_memo.adapters import httpx, pydantic
from llm_memo.adapters.headers import counting
from llm_memo.codec import pickled
from llm_memo.codec.frozen import Frozen, Thawer, Unfreezable
from llm_memo.codec.references import reference, resolve
from llm_memo.identity.checks import Check
from llm_memo.identity.quiet import class_has, class_item
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


def watch(value: Any, check: Check) -> bool:
    """Add to a check all that the form of a client, or of a resource of one, is made of.

    False where that takes more than a look: with hooks, with headers that are no texts, where a property says it, where
    a fake stands in the place of a part; and for what merely holds a client, of which more counts than that.
    """
    kind: Any = type(value)
    client = value if "_base_url" in vars(value) else vars(value)["_client"]
    if client is not value and not _is_resource(kind):
        return False
    held = vars(client)
    http = held["_client"]
    added = (held["_custom_headers"], held["_custom_query"])
    if (
        not _is_plain_client(type(client))
        or any(http.event_hooks.values())
        or not all(_TEXT.issuperset(map(type, (*each, *each.values()))) for each in added)
        or not all(map(_is_network, map(type, httpx.transports(http))))
        or replaced.everywhere(value)
        or replaced.everywhere(client)
        or any(map(httpx.fakes, httpx.parts(http)))
    ):
        return False
    check.attribute(type(client), "base_url", type(client).base_url)
    for part in (value, client):
        replaced.watch(part, check)
        check.items(vars(part), ["_client"])
    check.items(held, [name for name in ("_base_url", "_custom_headers", "_custom_query", *_PLACES) if name in held])
    for each in added:
        check.content(each)
    httpx.watch(http, check)
    return True


_TEXT = frozenset({str})


@functools.cache
def _is_network(kind: type) -> bool:
    """Whether transports of a class are httpx's own, to the network, with nothing to tell of them."""
    names = ("HTTPTransport", "AsyncHTTPTransport")
    return kind.__name__ in names and kind.__module__.partition(".")[0] in ("httpx", "httpx2")


def _is_plain_client(kind: Any) -> bool:
    """Whether the clients of a class say where they send their requests as those of the SDKs' generator do."""
    homes = {
        _home(kind, lambda base: base.__name__ == "BaseClient"),
        _home(kind, lambda base: "base_url" in vars(base)),
        kind.base_url.fget.__module__.partition(".")[0],
    }
    parts = [class_item(kind, name) for name in _PLACES if class_has(kind, name)]  # ``client.organization`` of some
    return len(homes) == 1 and None not in homes and all(type(each) is functools.cached_property for each in parts)


def _home(kind: Any, is_it: Callable[[type], bool]) -> str | None:
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
