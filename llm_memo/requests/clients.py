"""The HTTP clients that an SDK's object sends through, found by where each SDK keeps them.

Nothing is guessed: of a class that is not known here nobody can tell whether all that it sends goes through the
clients that were found, and what goes by unseen is neither cached nor missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from llm_memo.errors import InvalidOption

__all__ = ["http_clients", "is_http_client"]

HTTP_LIBRARIES = ("httpx", "httpx2")

_WAY_OUT = "Pass the object that sends, or its HTTP client; or cache what all of them send: configure(requests=True)"


class Maker(NamedTuple):
    """Where an SDK keeps what makes it another HTTP client later: for each event loop, or once one is closed."""

    owner: Any
    attribute: str
    """Of the owner: a callable that gives an HTTP client, or an SDK's object over one."""
    like: Any
    """The object in whose place those that are made are used."""


def http_clients(client: object) -> tuple[list[Any], list[Maker]]:
    """Every HTTP client, of httpx or httpx2, that ``client`` sends through, each once; and what makes more of them.

    Raises:
        InvalidOption: There is none, or what it sends goes partly through something else.
    """
    found: dict[int, Any] = {}
    _collect(client, client, found, set())
    if not found:
        raise _unknown(client, client)
    makers = [each for each in found.values() if isinstance(each, Maker)]
    return [each for each in found.values() if not isinstance(each, Maker)], makers


def is_http_client(value: object) -> bool:
    """Whether ``value`` is a client of httpx or httpx2."""
    return any(
        base.__name__ in ("Client", "AsyncClient") and _package(base) in HTTP_LIBRARIES for base in type(value).__mro__
    )


def _collect(value: object, client: object, found: dict[int, Any], seen: set[int]) -> None:
    if id(value) in seen:
        return
    seen.add(id(value))
    if is_http_client(value) or isinstance(value, Maker):
        found[id(value)] = value
        return
    inside = _rule(value)
    if inside is None:
        raise _unknown(value, client)
    parts = list(inside(value))
    if not parts or any(part is None for part in parts):
        raise InvalidOption(
            f"cached_client({_name(client)}): {_name(value)} does not show "
            f"{'the' if not parts else 'all the'} HTTP clients that it sends through. {_WAY_OUT}"
        )
    for part in parts:
        _collect(part, client, found, seen)


def _unknown(value: object, client: object) -> InvalidOption:
    inside = "" if value is client else f", inside of it {_name(value)}"
    return InvalidOption(
        f"cached_client({_name(client)}): no HTTP client of httpx or httpx2 was found{inside} (looked at it as an "
        f"HTTP client and as an object of {', '.join(sorted(_RULES))} or of an SDK made by Stainless). {_WAY_OUT}"
    )


def _name(value: object) -> str:
    return f"{type(value).__module__.partition('.')[0]}.{type(value).__qualname__}"


def _package(kind: type) -> str:
    return kind.__module__.partition(".")[0]


Rule = Callable[[Any], Iterator[Any]]
"""Yields all that an object sends through; None in the place of what should be there and is not."""


def _rule(value: object) -> Rule | None:
    kinds = type(value).__mro__
    names = {kind.__name__ for kind in kinds}
    if names & {"BaseClient", "SyncAPIResource", "AsyncAPIResource"} and hasattr(value, "_client"):
        return _stainless
    for kind in kinds:
        package = _package(kind)
        rule = _RULES.get(package) or (_langchain if package.startswith("langchain_") else None)
        if rule is not None:
            return rule
    return None


def _stainless(value: Any) -> Iterator[Any]:
    yield value._client


def _mistral(value: Any) -> Iterator[Any]:
    configuration = value.sdk_configuration
    yield configuration.client
    yield configuration.async_client


def _cohere(value: Any) -> Iterator[Any]:
    yield value._client_wrapper.httpx_client.httpx_client


def _ollama(value: Any) -> Iterator[Any]:
    yield value._client


def _google(value: Any) -> Iterator[Any]:
    api = value._api_client
    if api._use_aiohttp():
        raise InvalidOption(
            f"cached_client({_name(value)}): its asynchronous half sends through aiohttp, which is not cached. Make it "
            "with http_options=HttpOptions(httpx_async_client=httpx.AsyncClient()), and both halves are"
        )
    yield api._httpx_client
    asynchronous = api._async_httpx_client
    if asynchronous is not None:
        yield asynchronous
        if hasattr(asynchronous, "_loop_clients"):  # what sends is a client for each event loop
            yield from asynchronous._loop_clients.values()
            yield Maker(asynchronous, "_inner_client_cls", asynchronous)


def _aiohttp(value: Any) -> Iterator[Any]:
    raise InvalidOption(
        f"cached_client({_name(value)}): what a session of aiohttp sends itself is not cached. Pass a client of httpx, "
        "which may send through aiohttp, as openai's DefaultAioHttpClient does; or send by way of llm-memo serve"
    )


def _instructor(value: Any) -> Iterator[Any]:
    yield value.client


def _langchain(value: Any) -> Iterator[Any]:
    """Both clients; a model without a key for one of them has None there, and cannot send through it."""
    names = ("root_client", "root_async_client", "client", "async_client", "_client", "_async_client")
    held = {name: getattr(value, name, None) for name in names}
    rooted = held["root_client"] is not None or held["root_async_client"] is not None
    shown = [part for name, part in held.items() if part is not None and not (rooted and "root" not in name)]
    yield from shown
    if not any("async" in name for name, part in held.items() if part is not None):
        yield None


def _pydantic_ai(value: Any) -> Iterator[Any]:
    for name in ("models", "wrapped", "model", "client"):
        part = getattr(value, name, None)
        if isinstance(part, (list, tuple)):
            yield from part
            return
        if part is not None and not isinstance(part, str):
            yield part
            break
    provider = getattr(value, "_provider", None)
    if provider is not None and getattr(provider, "_http_client_factory", None) is not None:
        yield Maker(provider, "_http_client_factory", provider._own_http_client)


def _agno(value: Any) -> Iterator[Any]:
    """The models and members of an agent or team; the clients of a model, made now if they have not been."""
    if not hasattr(value, "get_client"):
        for held in vars(value).values():
            for part in held if isinstance(held, (list, tuple)) else [held]:
                if _package(type(part)) == "agno" and (hasattr(part, "get_client") or hasattr(part, "model")):
                    yield part
        return
    for name in ("get_client", "get_async_client"):
        if hasattr(value, name):
            client = getattr(value, name)()
            yield client
            yield Maker(value, name, client)  # another is made once this one is closed, and by copies of the model


_RULES: dict[str, Rule] = {
    "aiohttp": _aiohttp,
    "mistralai": _mistral,
    "cohere": _cohere,
    "ollama": _ollama,
    "google": _google,
    "instructor": _instructor,
    "pydantic_ai": _pydantic_ai,
    "agno": _agno,
}
"""Top-level package of a class → what its objects send through. LangChain's packages have one in common."""
