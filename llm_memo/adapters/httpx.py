"""Values of httpx, and of its successor httpx2: URLs and time-outs in keys, responses inside of answers."""

from __future__ import annotations

import importlib
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from llm_memo.adapters.headers import counting
from llm_memo.adapters.mocks import is_mock
from llm_memo.codec.frozen import UnknownClass
from llm_memo.identity.checks import Check
from llm_memo.identity.guards import is_fixed
from llm_memo.identity.local import is_own_module
from llm_memo.identity.quiet import class_has
from llm_memo.identity.scan import replaced
from llm_memo.identity.scan.own import is_own_function


def canonical_form(value: Any) -> tuple[str, object] | None:
    """A URL is its text, a time-out its four seconds, a client where it sends requests and what was set on it."""
    names = {base.__name__ for base in type(value).__mro__}
    if "URL" in names:
        return "url", str(value)
    if "QueryParams" in names:
        return "query", value.multi_items()
    if "Timeout" in names:
        return "timeout", (value.connect, value.read, value.write, value.pool)
    if "Headers" in names:
        return "headers", counting(value.multi_items())
    if "BaseClient" in names:
        return "http client", (_class_of(value), without_user(str(value.base_url)), *added(value))
    if "Request" in names:
        content = value.content if hasattr(value, "_content") else value.stream
        return "request", (value.method, without_user(str(value.url)), counting(value.headers.multi_items()), content)
    return None


def added(client: Any) -> tuple[object, ...]:
    """What was set on an HTTP client that its requests take with them: headers, query and hooks; and who answers."""
    hooks = {name: functions for name, functions in client.event_hooks.items() if functions}
    others = [other for each in transports(client) if (other := _other_than_network(each)) is not None]
    others += [fake for part in parts(client) for fake in fakes(part)]
    return counting(client.headers.multi_items()), client.params.multi_items(), hooks, others


def transports(client: Any) -> list[Any]:
    """What an HTTP client sends its requests by, those of proxies among them."""
    return [client._transport, *(each for each in client._mounts.values() if each is not None)]


def watch(client: Any, check: Check) -> None:
    """Add to a check what `added` tells of a client that has no hooks and no fakes, and transports of httpx's own.

    Raises:
        ValueError: It does not hold its headers, query and hooks as httpx's clients do.
    """
    for part in parts(client):
        replaced.watch(part, check, depth=1)
    names = {id(item): name for name, item in vars(client).items()}
    held = (client.headers, client.params, client.event_hooks, client._transport, client._mounts)
    if not names.keys() >= set(map(id, held)):
        raise ValueError("a client of another kind")
    check.items(vars(client), [names[id(item)] for item in held])
    for each in (client.headers, client.params):
        _watch_items(check.attributes(each), check)
    for hooks in check.content(client.event_hooks):
        check.content(hooks)
    check.content(client._mounts)
    for transport in transports(client):
        check.items(vars(transport), vars(transport))


def _watch_items(held: Any, check: Check) -> None:
    for item in check.content(held):
        if type(item) is list or type(item) is dict:
            _watch_items(item, check)
        elif not is_fixed(item):
            raise ValueError("headers or a query of another kind")


def parts(client: Any) -> list[Any]:
    """What a request of an HTTP client goes through: the client, its transports, and their pools of connections."""
    pools = [getattr(each, "__dict__", {}).get("_pool") for each in transports(client)]
    return [each for each in (client, *transports(client), *pools) if hasattr(each, "__dict__")]


def fakes(part: Any) -> list[tuple[str, object]]:
    """Fakes and code of the user's own that stand in the place of methods of one of these."""
    return [
        (name, item)
        for name, item in [*vars(part).items()]
        if class_has(type(part), name) and (is_mock(item) or is_own_function(getattr(item, "__func__", item)))
    ]


def _other_than_network(transport: Any) -> object:
    """What answers requests in the place of the network: a test's transport, an application, a class of one's own."""
    while (inner := getattr(transport, "__dict__", {}).get("_llm_memo_inner")) is not None:
        transport = inner
    kind = type(transport)
    if kind.__name__ == "MockTransport":
        return kind, transport.handler
    if kind.__name__ in ("ASGITransport", "WSGITransport"):
        return kind
    return transport if is_mock(transport) or is_own_module(kind.__module__) else None


def _class_of(client: Any) -> object:
    """A class of somebody's own; an SDK's is not."""
    kind = type(client)
    return kind.__name__ if kind.__module__.partition(".")[0] in ("httpx", "httpx2") else kind


def without_user(url: str) -> str:
    """A URL less the name and password in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def facts(response: Any, body: bytes = b"") -> dict[str, Any]:
    """What may be kept of an HTTP response: status, URL and headers less all that is secret, and ``body``."""
    url = urlsplit(str(response.request.url))
    return {
        "package": type(response).__module__.partition(".")[0],
        "status": response.status_code,
        "headers": [pair for pair in response.headers.multi_items() if not _UNKEPT.search(pair[0])],
        "body": body,
        "method": response.request.method,
        "url": urlunsplit(url._replace(netloc=url.netloc.rpartition("@")[2], query="", fragment="")),
        "version": response.http_version,
        "elapsed": _elapsed(response),
    }


def _elapsed(response: Any) -> timedelta:
    try:
        elapsed: timedelta = response.elapsed
    except RuntimeError:  # it is not over yet
        return timedelta()
    return elapsed


_UNKEPT = re.compile(
    r"cookie|auth|api-?key|secret|session|password|credential|signature|token$"  # nobody's business
    r"|^content-(encoding|length)$|^transfer-encoding$",  # of the body as it was on the wire
    re.IGNORECASE,
)


def response(facts: dict[str, Any]) -> Any:
    """A response made of its ``facts``, read and closed; no connection is behind it.

    Raises:
        UnknownClass: Neither the library that it came from nor its kin is installed.
    """
    library = _library(facts["package"])
    made = library.Response(
        facts["status"],
        headers=facts["headers"],
        content=facts["body"],
        request=library.Request(facts["method"], facts["url"]),
        extensions={"http_version": facts["version"].encode("ascii")},
    )
    made.elapsed = facts["elapsed"]
    return made


def _library(name: str) -> Any:
    for each in (name, "httpx2", "httpx"):
        try:
            return importlib.import_module(each)
        except ImportError:
            continue
    raise UnknownClass(f"{name} is not installed")
