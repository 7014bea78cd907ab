"""Where requests go: an upstream is given on the command line, never by a request."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from llm_memo.errors import InvalidOption
from llm_memo.requests.response import MARK
from llm_memo.serve.faults import Refused
from llm_memo.serve.guard import TOKEN, Headers

__all__ = ["Upstream", "Upstreams", "addresses", "request_headers", "response_headers", "route", "sender", "shown"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_HOP_BY_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
        b"trailer", b"transfer-encoding", b"upgrade", b"http2-settings",
    }
)  # fmt: skip
"""Headers of one connection (RFC 9110, 7.6.1): each side of a proxy has its own."""
_OURS = frozenset({TOKEN, b"host", b"expect", b"content-length"})
"""Headers of a request that are for the proxy, or made anew."""


@dataclass(frozen=True)
class Upstream:
    """A model API.

    Args:
        url: Its address; its path comes before that of each request.
        transport: What requests to it are sent through.
    """

    url: httpx.URL
    transport: Any

    def to(self, target: bytes) -> httpx.URL:
        """The address of a request whose target is ``target``."""
        return self.url.copy_with(raw_path=self.url.raw_path.rstrip(b"/") + target)


Upstreams = Mapping[str, Upstream]
"""The first part of a path → where it goes; "" for all that has no such part."""


def shown(upstreams: Upstreams) -> list[str]:
    """Each for people: ``/anthropic → https://api.anthropic.com``."""
    return [f"/{name} → {each.url}" if name else str(each.url) for name, each in upstreams.items()]


def addresses(given: str | Mapping[str, str]) -> dict[str, httpx.URL]:
    """The addresses of upstreams as users write them: one, or several by name.

    Raises:
        InvalidOption: An address or a name is none.
    """
    named = {"": given} if isinstance(given, str) else dict(given)
    if not named:
        raise InvalidOption("upstream: there is none; give the address of a model API: https://api.openai.com")
    return {_name(name): _address(address) for name, address in named.items()}


def _name(name: str) -> str:
    if name and (_NAME.fullmatch(name) is None or name == "healthz"):
        raise InvalidOption(f"upstream={name!r}=…: a name is of letters, digits and hyphens: anthropic=https://…")
    return name


def _address(address: object) -> httpx.URL:
    try:
        url = httpx.URL(address)  # type: ignore[arg-type]
    except (httpx.InvalidURL, TypeError):
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise InvalidOption(f"upstream={address!r} is not the address of a model API: https://api.openai.com")
    if url.userinfo or url.query or url.fragment:
        raise InvalidOption(f"upstream={url.copy_with(userinfo=b'')!s}: an address is without user, query and fragment")
    return url


def route(upstreams: Upstreams, target: bytes) -> tuple[Upstream, bytes]:
    """Where a request goes, and its target there.

    Raises:
        Refused: Nowhere.
    """
    path, mark, query = target.partition(b"?")
    first, _, rest = path[1:].partition(b"/")
    named = upstreams.get(first.decode("latin-1")) if first else None
    if named is not None:
        if rest.startswith(b"/"):
            raise Refused(400, "bad_target", "the request's target must be a plain path: /v1/…")
        return named, b"/" + rest + mark + query
    if "" in upstreams:
        return upstreams[""], target
    raise Refused(404, "unknown_upstream", f"the path must begin with one of /{', /'.join(sorted(upstreams))}")


def end_to_end(headers: Headers) -> Headers:
    """The headers of a message less those of its connection, and those that ``Connection`` names."""
    named = {
        name.strip().lower() for key, value in headers if key.lower() == b"connection" for name in value.split(b",")
    }
    return [pair for pair in headers if pair[0].lower() not in _HOP_BY_HOP and pair[0].lower() not in named]


def request_headers(headers: Headers, url: httpx.URL) -> Headers:
    """The headers that go with a request to ``url``."""
    kept = [pair for pair in end_to_end(headers) if pair[0] not in _OURS]
    return [(b"host", url.netloc), *kept]


def response_headers(response: httpx.Response) -> Headers:
    """The headers that a response of the upstream, or a kept one, is passed on with.

    A cookie that comes with an answer to a model's question (a load balancer sets one each time) stays here: the
    client would send it with its next questions, as another caller, to whom no kept answer belongs.
    """
    ours = (b"server", b"set-cookie") if MARK in response.headers else (b"server",)
    headers = [pair for pair in end_to_end(response.headers.raw) if pair[0].lower() not in ours]
    if response.headers.get("content-type", "").lower().startswith("text/event-stream"):
        ours = (b"cache-control", b"x-accel-buffering")
        headers = [pair for pair in headers if pair[0].lower() not in ours]
        headers += [(b"cache-control", b"no-cache, no-transform"), (b"x-accel-buffering", b"no")]
    return headers


def sender(ca: str | None) -> httpx.AsyncClient:
    """What requests are sent with: certificates are checked, redirects not followed.

    Args:
        ca: A file of certificates to trust in place of the known ones.

    Raises:
        InvalidOption: It is none.
    """
    verify: Any = True
    if ca is not None:
        try:
            verify = ssl.create_default_context(cafile=ca)
        except (OSError, ssl.SSLError) as fault:
            raise InvalidOption(f"ca={ca!r} is not a file of certificates: {fault}") from None
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=30)
    return httpx.AsyncClient(verify=verify, limits=limits)
