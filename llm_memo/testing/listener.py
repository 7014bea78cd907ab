"""Sockets and threads: connections accepted on loopback, a daemon thread each."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

_BACKLOG = 512
_GRACE = 5.0


class Listener:
    """Accepts connections on a free port of 127.0.0.1 and hands each to `serve` in a thread of its own.

    A connection ends when `serve` returns or raises.
    """

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._closing = False
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self.port: int = self._socket.getsockname()[1]
        self._acceptor = self._thread(self._accept)
        self._acceptor.start()

    @property
    def open_connections(self) -> int:
        """How many sockets to clients are open now."""
        return len(self._connections)

    def close(self) -> None:
        """Close all sockets and join all threads; one still busy after five seconds is left to die alone."""
        self._closing = True
        with socket.create_connection(("127.0.0.1", self.port)):
            self._acceptor.join()
        self._socket.close()
        with self._lock:
            for connection in self._connections:
                _hang_up(connection)
        for thread in self._threads:
            thread.join(_GRACE)

    def _accept(self) -> None:
        while not self._closing:
            with suppress(OSError):
                self._admit(self._socket.accept()[0])

    def _admit(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)
        thread = self._thread(self._attend, connection)
        thread.start()
        self._threads = [*filter(threading.Thread.is_alive, self._threads), thread]

    def _attend(self, connection: socket.socket) -> None:
        try:
            with suppress(Exception):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._serve(connection)
        finally:
            with self._lock:
                self._connections.remove(connection)
                _hang_up(connection)
                connection.close()

    def _thread(self, target: Callable[..., None], *args: object) -> threading.Thread:
        name = f"llm_memo.testing:{self.port}"
        return threading.Thread(target=target, args=args, name=name, daemon=True)


def _hang_up(connection: socket.socket) -> None:
    """End a connection for both sides, even where a forked process holds a copy of the socket."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
