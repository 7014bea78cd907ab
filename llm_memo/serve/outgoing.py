"""The answer to a request as it goes out: its head, its body, and the line of the log that is written at its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from llm_memo.requests.exchange import Exchange
from llm_memo.serve.faults import Fault
from llm_memo.serve.guard import Headers, header
from llm_memo.serve.log import Log, Record

__all__ = ["Outgoing", "Send"]

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Outgoing:
    """The way out of one request.

    Args:
        send: ASGI's.
        record: What is noted of it.
        log: Where that is noted.
    """

    def __init__(self, send: Send, record: Record, log: Log) -> None:
        self._send = send
        self.record = record
        self._log: Log | None = log
        self.begun = False
        self.allowed_origin: bytes | None = None
        self.exchange: Exchange | None = None
        self._unsent: int | None = None
        """Bytes of the announced body; None if its length was not announced."""

    @property
    def all_sent(self) -> bool:
        """Whether all has come and the client may know that; a stream that is left after its last event may go on."""
        exchange = self.exchange
        return self._unsent == 0 or (exchange is not None and exchange.ended and not exchange.last_event)

    async def begin(self, status: int, headers: Headers) -> None:
        """Send the head of a response."""
        self.record.status = status
        self.begun = True
        length = header(headers, b"content-length")
        self._unsent = None if length is None else int(length)
        if self.allowed_origin is not None:
            headers = [
                *headers,
                (b"access-control-allow-origin", self.allowed_origin),
                (b"access-control-expose-headers", b"x-llm-memo, age"),
                (b"vary", b"origin"),
            ]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def piece(self, body: bytes) -> None:
        """Send a piece of its body."""
        if self._unsent is not None:
            self._unsent -= len(body)
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def end(self, body: bytes = b"") -> None:
        """Send the last of it; whoever has that finds the request in the log."""
        self.over()
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    def over(self) -> None:
        """Note the request, once."""
        log, self._log = self._log, None
        if log is not None:
            log.add(self.record)

    def unnoted(self) -> None:
        """Leave the request out of the log: it is one to the proxy itself."""
        self._log = None

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a response in one piece."""
        await self.begin(status, [*headers, (b"content-length", b"%d" % len(body))])
        await self.end(body)

    async def fault(self, fault: Fault, target: bytes) -> None:
        """Send an error; what its request has not sent yet is not waited for."""
        await self.whole(fault.status, fault.headers(), fault.body(target))

    async def preflight(self, headers: bytes) -> None:
        """Tell a browser that a page which is allowed may send any request."""
        allowed = [(b"access-control-allow-methods", b"*"), (b"access-control-max-age", b"600")]
        await self.whole(204, [*allowed, (b"access-control-allow-headers", headers)], b"")
