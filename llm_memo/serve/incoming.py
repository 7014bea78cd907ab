"""The body of a request as it comes, and the moment when whoever sent it leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx

__all__ = ["ClientLeft", "Incoming"]


class ClientLeft(Exception):
    """The client has closed its connection."""


class Incoming:
    """The body of one request.

    Args:
        receive: ASGI's.
    """

    def __init__(self, receive: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._receive = receive
        self._read: list[bytes] = []
        self._whole = False
        self._end = asyncio.Event()

    async def whole(self, most: int) -> bytes | None:
        """All of the body, or None if that is longer than ``most`` bytes; what was read then comes first in `stream`.

        Raises:
            ClientLeft: The client left before its end.
        """
        size = 0
        while not self._whole:
            piece = await self._next()
            self._read.append(piece)
            size += len(piece)
            if size > most:
                return None
        body = b"".join(self._read)
        self._read.clear()
        return body

    def stream(self) -> httpx.AsyncByteStream:
        """The body, piece by piece, for an upstream."""
        return _Stream(self)

    async def pieces(self) -> AsyncIterator[bytes]:
        """What has been read, and then what comes.

        Raises:
            ClientLeft: The client left before its end.
        """
        read, self._read = self._read, []
        for piece in read:
            yield piece
        while not self._whole:
            if piece := await self._next():
                yield piece

    async def left(self) -> None:
        """Return when the client has left, after its body was read to the end: before, it is the reader who sees it."""
        await self._end.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        if not message.get("more_body", False):
            self._whole = True
            self._end.set()
        return message.get("body", b"")  # type: ignore[no-any-return]


class _Stream(httpx.AsyncByteStream):
    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._incoming.pieces()
