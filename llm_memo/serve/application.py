"""The ASGI application: a request is let in, sent on through the second tier, and answered.

It holds no policy and no cache of its own. What it sends goes through a `Transport`, as the requests of a client
that was given to `cached_client` do: so key, entries, policies and flights are the same.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import httpx

from llm_memo.errors import InvalidOption
from llm_memo.options import INHERIT, TTL, Inherit, seconds
from llm_memo.policies import CachePolicy, PolicyLike
from llm_memo.requests.client import cached_client
from llm_memo.requests.exchange import Exchange
from llm_memo.requests.hold import site_of
from llm_memo.requests.request import LARGEST_BODY, may_be_cached
from llm_memo.requests.sending import finishing
from llm_memo.requests.transport import exchange_of
from llm_memo.serve.faults import Refused, fault_of
from llm_memo.serve.guard import Guard, Headers, header, is_loopback
from llm_memo.serve.incoming import ClientLeft, Incoming
from llm_memo.serve.log import Log, Record
from llm_memo.serve.outgoing import Outgoing, Send
from llm_memo.serve.page import page
from llm_memo.serve.upstream import Upstream, addresses, request_headers, response_headers, route, sender
from llm_memo.stats import CacheInfo
from llm_memo.stores.seal import seal_key

__all__ = ["App", "app"]

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class App:
    """An ASGI application that sends requests on to a model API, keeps the answers, and answers again from them.

    For people with a server of their own, which must be one that shows a request's target as it came: uvicorn with
    ``http="h11"``. `cache_server` and ``llm-memo serve`` bring one with limits for slow and endless senders.

    Args:
        upstream: The address of a model API, ``https://api.openai.com``; or several, by the first part of the path
            that requests to them have: ``{"anthropic": "https://api.anthropic.com"}``, "" for all others.
        policy: Whether requests read, send and write: a `CachePolicy`, its name, True or False. A request's own
            header ``op-cache`` comes first.
        ttl: How old an answer may be when it is read; header ``llm-memo-ttl`` comes first.
        cache_dir: The folder that entries live in.
        cache_if: As in `cached_client`.
        stale_if_error: Where the upstream answers with an error, or not at all, and an expired answer is kept,
            answer with that.
        shared: Let callers with different API keys share answers, with each other and with `cached_client`. By
            default each has its own.
        token: What every request must say in the header ``llm-memo-token``, which is not sent on.
        allow_hosts: Names that requests may have in ``Host``, beside those of this machine.
        allow_origins: Pages that may send requests from a browser: ``https://app.example``.
        ca: A file of certificates to trust in place of the known ones.
        timeout: How long the upstream may stay silent, in seconds or as text: then the answer is an error 504.
        log: Called with a `Record` of each request that was answered.

    Raises:
        InvalidOption: A value is not one of its option's.
        StoreError: The key for the digests of credentials cannot be had.
    """

    def __init__(
        self,
        upstream: str | Mapping[str, str],
        *,
        policy: PolicyLike | Inherit = INHERIT,
        ttl: TTL | Inherit | None = INHERIT,
        cache_dir: str | os.PathLike[str] | Inherit = INHERIT,
        cache_if: Callable[[Any], object] | Inherit | None = INHERIT,
        stale_if_error: bool | Inherit = INHERIT,
        shared: bool = False,
        token: str | None = None,
        allow_hosts: Iterable[str] = (),
        allow_origins: Iterable[str] = (),
        ca: str | None = None,
        timeout: TTL = "600s",
        log: Callable[[Record], object] | None = None,
    ) -> None:
        if token is not None and not (token and token.isascii() and token.isprintable()):
            raise InvalidOption("token: it must be a text of letters, digits and signs")
        urls = addresses(upstream)
        self.guard = Guard.of(token, allow_hosts, allow_origins)
        self.log = Log(log)
        self.until: float | None = None
        """When the server stops, on its loop's clock: what is still being read by then is given up."""
        limit = seconds(timeout, "timeout")
        self._timeout = {"connect": min(limit or 30.0, 30.0), "read": limit, "write": limit, "pool": limit}
        self._client = cached_client(
            sender(ca), policy=policy, ttl=ttl, cache_dir=cache_dir, cache_if=cache_if, stale_if_error=stale_if_error
        )
        site = site_of(self._client)
        assert site is not None
        site.way_out = "llm_memo.serve.app(…, cache_if=…)"
        if not shared:
            seal_key()
            site.apart = True
        self._site = site
        self.upstreams = {name: Upstream(url, self._client._transport_for_url(url)) for name, url in urls.items()}

    @property
    def policy(self) -> CachePolicy:
        """The policy of a request that gives none itself."""
        return self._site.settings.now().policy

    def info(self) -> CacheInfo:
        """What became of all requests that may be cached."""
        return self._site.counters.info()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._answer(scope, Incoming(receive), send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        left = None if self.until is None else max(self.until - asyncio.get_running_loop().time(), 0.0)
        await finishing(left)
        await self._client.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, incoming: Incoming, send: Send) -> None:
        target: bytes = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        record = Record(scope["method"], target)
        answer = Outgoing(send, record, self.log)
        try:
            self.guard.check(scope["method"], target, scope["headers"])
            await self._admitted(scope, target, incoming, answer)
        except ClientLeft:
            record.note = "the client left"
        except Exception as error:
            if answer.begun:
                record.note = f"cut off: {type(error).__name__}"
                raise
            fault = fault_of(error)
            record.outcome = record.outcome or ("refused" if fault.status < 500 else "error")
            record.note = fault.code
            await answer.fault(fault, target)
        finally:
            answer.over()

    async def _admitted(self, scope: Scope, target: bytes, incoming: Incoming, answer: Outgoing) -> None:
        headers: Headers = scope["headers"]
        origin = header(headers, b"origin")
        if origin is not None:
            answer.allowed_origin = origin
            if scope["method"] == "OPTIONS" and header(headers, b"access-control-request-method"):
                await answer.preflight(header(headers, b"access-control-request-headers") or b"")
                return
        if scope["method"] == "GET" and target == b"/healthz":
            answer.unnoted()
            await answer.whole(200, [(b"content-type", b"application/json")], b'{"status": "ok"}')
            return
        if scope["method"] == "GET" and target == b"/":
            client = scope.get("client")
            if client and not is_loopback(client[0]):
                raise Refused(404, "not_found", "there is nothing here")
            answer.unnoted()
            await answer.whole(200, *page(self.log, self.upstreams))
            return
        await self._sent_on(scope["method"], target, headers, incoming, answer)

    async def _sent_on(
        self, method: str, target: bytes, headers: Headers, incoming: Incoming, answer: Outgoing
    ) -> None:
        upstream, rest = route(self.upstreams, target)
        url = upstream.to(rest)
        request = await self._request(method, url, request_headers(headers, url), headers, incoming)
        sending = asyncio.ensure_future(self._responded(upstream.transport, request, answer))
        leaving = asyncio.ensure_future(incoming.left())
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not sending.done() and not answer.all_sent:
                raise ClientLeft
            await sending  # whoever has all of the answer may leave: what is left to do is keeping it
        finally:
            leaving.cancel()
            if not sending.done():
                sending.cancel()
                await asyncio.wait((sending,))

    async def _request(
        self, method: str, url: httpx.URL, sent: Headers, headers: Headers, incoming: Incoming
    ) -> httpx.Request:
        """The request to send on, with its body: read whole if it may be cached, else as it comes."""
        extensions = {"timeout": self._timeout}
        length = header(headers, b"content-length")
        request = httpx.Request(method, url, headers=sent, extensions=extensions)
        if length is None and header(headers, b"transfer-encoding") is None:
            await incoming.whole(0)
            return request
        if (length is None or int(length) <= LARGEST_BODY) and may_be_cached(request, dict(request.headers.items())):
            body = await incoming.whole(LARGEST_BODY)
            if body is not None:
                if "accept-encoding" in request.headers:  # what is kept, is kept decoded
                    sent = [pair for pair in sent if pair[0] != b"accept-encoding"]
                    sent.append((b"accept-encoding", b"gzip, deflate"))
                return httpx.Request(method, url, headers=sent, content=body, extensions=extensions)
        framing = (b"transfer-encoding", b"chunked") if length is None else (b"content-length", length)
        return httpx.Request(method, url, headers=[*sent, framing], stream=incoming.stream(), extensions=extensions)

    async def _responded(self, transport: Any, request: httpx.Request, answer: Outgoing) -> None:
        response = await transport.handle_async_request(request)
        error = response.extensions.get("llm_memo")
        if error is not None:
            raise error
        exchange: Exchange | None = exchange_of(response)
        answer.record.of(exchange)
        answer.exchange = exchange
        try:
            await answer.begin(response.status_code, response_headers(response))
            async for piece in response.stream:
                if piece:
                    await answer.piece(piece)
            answer.record.over(exchange)
            await answer.end()
        finally:
            await response.aclose()


app = App
"""What `App` is called in programs: ``llm_memo.serve.app(…)``."""
