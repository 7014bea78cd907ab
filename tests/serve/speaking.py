"""Ways to speak with the proxy, and to wait for what it does after it has answered."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from llm_memo.serve import CacheServer


def eventually(done: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until something is so; that it takes long is no fault."""
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "it never came to be"
        time.sleep(0.005)


def address(proxy: CacheServer) -> tuple[str, int]:
    """Where a proxy listens."""
    host, _, port = proxy.base_url.removeprefix("http://").partition(":")
    return host, int(port)


def connected(proxy: CacheServer) -> socket.socket:
    """A connection to a proxy."""
    return socket.create_connection(address(proxy), timeout=30)


def answer_on(connection: socket.socket) -> bytes:
    """What comes on a connection, to its end."""
    answer = b""
    try:
        while piece := connection.recv(65_536):
            answer += piece
    except ConnectionResetError:
        pass
    return answer


def spoken(proxy: CacheServer, request: bytes) -> bytes:
    """What a proxy answers to these bytes, to the end of the connection."""
    with connected(proxy) as connection:
        connection.sendall(request)
        return answer_on(connection)


def status(answer: bytes) -> int:
    """The status of an answer; 0 if there is none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def received(connection: socket.socket, end: bytes) -> bytes:
    """What comes on a connection, to these bytes."""
    connection.settimeout(30)
    came = bytearray()
    while not came.endswith(end):
        piece = connection.recv(1_000_000)
        assert piece, bytes(came)
        came += piece
    return bytes(came)
