"""Transports of httpx and httpx2 that stand in the place of a client's own, and send through it.

Whatever the client has set up stays: its proxies, limits, time-outs, certificates and kept connections belong to
the transport inside.
"""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from llm_memo.errors import MemoError
from llm_memo.requests import multipart
from llm_memo.requests.controls import take
from llm_memo.requests.exchange import Exchange, ServerError
from llm_memo.requests.request import LARGEST_BODY, may_be_cached, read
from llm_memo.requests.response import MARK, Head
from llm_memo.requests.site import Site
from llm_memo.runtime.context import innermost
from llm_memo.shapes import async_generator, generator
from llm_memo.singleflight import WaitedTooLong

log = logging.getLogger("llm_memo")

__all__ = ["Transport", "exchange_of", "wrapped"]


class Transport:
    """Stands in the place of a client's transport, one that waits or one that is awaited.

    Args:
        inner: The transport that it stands in the place of.
        site: What was given for the requests through it.
    """

    def __init__(self, inner: Any, site: Site) -> None:
        self._llm_memo_inner = inner
        self._llm_memo_site = site

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("__", "_llm_memo")):  # looked up on a copy that is being made
            raise AttributeError(name)
        return getattr(self._llm_memo_inner, name)

    def _exchange(self, request: Any, send: Any, *, awaited: bool = False) -> Exchange | Any:
        """The exchange for ``request``; the request to send, less what it says to the cache, if it passes.

        Raises:
            InvalidOption, StoreError: A setting is none.
        """
        running = innermost()
        if running is not None and running.is_request:  # this transport, or one inside of it, has it already
            return request
        headers = dict(request.headers.items())
        endpoint = may_be_cached(request, headers)
        content = _content(request, headers, endpoint is not None)
        controls = take(headers, content)
        model_request = None
        if endpoint is not None and content is not None:
            site = self._llm_memo_site
            body = content if controls.content is None else controls.content
            try:
                model_request = read(
                    request, headers, endpoint, body, site.headers, site.options.ignore, apart=site.apart
                )
            except Exception as fault:  # nothing that goes wrong in here may break a request
                log.info("a request to %s passes: %s", request.url.host, type(fault).__name__)
        if model_request is None:
            return controls.without(request)
        return Exchange(self._llm_memo_site, request, model_request, controls, send, awaited=awaited)

    def handle_request(self, request: Any) -> Any:
        """The response to ``request``: a kept one, or one that is being kept while it is read."""
        inner = self._llm_memo_inner
        try:
            exchange = self._exchange(request, inner.handle_request)
        except MemoError as error:
            return _raised(error, request)
        if not isinstance(exchange, Exchange):
            return inner.handle_request(exchange)
        pieces = generator(exchange)
        try:
            head = next(pieces)
        except Exception as error:
            return _failed(exchange, error)
        return _response(exchange, head, _library(request).stream(pieces))

    def close(self) -> None:
        """Close the transport inside."""
        self._llm_memo_inner.close()

    def __enter__(self) -> Self:
        self._llm_memo_inner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._llm_memo_inner.__exit__(kind, error, trace)

    async def handle_async_request(self, request: Any) -> Any:
        """As `Transport.handle_request`."""
        inner = self._llm_memo_inner
        try:
            exchange = self._exchange(request, inner.handle_async_request, awaited=True)
        except MemoError as error:
            return _raised(error, request)
        if not isinstance(exchange, Exchange):
            return await inner.handle_async_request(exchange)
        pieces = async_generator(exchange)
        try:
            head = await anext(pieces)
        except Exception as error:
            return _failed(exchange, error)
        return _response(exchange, head, _library(request).async_stream(pieces))

    async def aclose(self) -> None:
        """Close the transport inside."""
        await self._llm_memo_inner.aclose()

    async def __aenter__(self) -> Self:
        await self._llm_memo_inner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._llm_memo_inner.__aexit__(kind, error, trace)


def wrapped(transport: Any, site: Site) -> Any:
    """``transport``, or what stands in its place so that requests through it are cached."""
    if isinstance(transport, Transport):
        return transport
    return Transport(transport, site)


def exchange_of(response: Any) -> Exchange | None:
    """The exchange that a response of `Transport` comes from; None of one that passes."""
    return response.extensions.get("llm_memo_exchange")  # type: ignore[no-any-return]


class _Library:
    """Classes of our own over those of httpx, or of httpx2."""

    def __init__(self, name: str) -> None:
        library = sys.modules[name]

        class Stream(library.SyncByteStream):  # type: ignore[name-defined,misc]
            """A body that comes from a generator."""

            def __init__(self, pieces: Any) -> None:
                self._pieces = pieces

            def __iter__(self) -> Iterator[bytes]:
                return self._pieces  # type: ignore[no-any-return]

            def close(self) -> None:
                self._pieces.close()

        class AsyncStream(library.AsyncByteStream):  # type: ignore[name-defined,misc]
            """A body that comes from an asynchronous generator."""

            def __init__(self, pieces: Any) -> None:
                self._pieces = pieces

            def __aiter__(self) -> AsyncIterator[bytes]:
                return self._pieces  # type: ignore[no-any-return]

            async def aclose(self) -> None:
                await self._pieces.aclose()

        class Raising(library.Response):  # type: ignore[name-defined,misc]
            """A response that stands for an error of ours."""

            def raise_for_status(self) -> Any:
                raise self.extensions["llm_memo"]

        self.response = library.Response
        self.bytes = library.ByteStream
        self.read_timeout = library.ReadTimeout
        self.stream = Stream
        self.async_stream = AsyncStream
        self.raising = Raising


_libraries = functools.cache(_Library)


def _library(value: Any) -> _Library:
    return _libraries(_package(value))


def _package(value: Any) -> str:
    return next(
        package
        for package in (base.__module__.partition(".")[0] for base in type(value).__mro__)
        if package in ("httpx", "httpx2")
    )


def _content(request: Any, headers: Mapping[str, str], may_be_cached: bool) -> bytes | None:
    """The body of a request, if it can be read more than once and is not too large.

    A form is read only where it is of use: what passes is not touched.
    """
    length = headers.get("content-length", "0")
    if request.method != "POST" or not length.isdigit() or int(length) > LARGEST_BODY:
        return None
    stream = request.stream
    if isinstance(stream, _library(request).bytes) or (may_be_cached and multipart.is_repeatable(stream)):
        return request.read()  # type: ignore[no-any-return]
    return None


def _response(exchange: Exchange, head: Head, stream: Any) -> Any:
    headers = [*head.headers, (MARK, str(exchange.outcome))]
    served = exchange.served
    if served is not None:
        headers.append(("age", f"{exchange.age:.0f}"))
        if not served.is_stream:
            headers.append(("content-length", str(sum(map(len, served.items[1:])))))
    extensions = {"http_version": b"HTTP/1.1", "llm_memo_exchange": exchange}
    return _library(exchange.request).response(head.status, headers=headers, stream=stream, extensions=extensions)


def _failed(exchange: Exchange, error: Exception) -> Any:
    """Return the response, or raise the error, that stands for a request without a response."""
    exchange.turn.released()
    library = _library(exchange.request)
    if isinstance(error, ServerError):
        return library.response(error.head.status, headers=error.head.headers, content=error.body)
    if isinstance(error, WaitedTooLong):
        raise library.read_timeout(str(error), request=exchange.request) from error
    if isinstance(error, MemoError):
        return _raised(error, exchange.request)
    raise error


def _raised(error: MemoError, request: Any) -> Any:
    """Raise ``error`` so that it reaches the user at once.

    SDKs that Stainless generates take whatever a transport raises for a fault of the network, and try again. All of
    them ask a response for its status outside of that, so for them it is the response that raises.
    """
    if not any(name.startswith("x-stainless-") for name in request.headers):
        raise error
    return _library(request).raising(400, headers={"x-should-retry": "false"}, extensions={"llm_memo": error})
