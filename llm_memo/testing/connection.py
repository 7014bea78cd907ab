"""`http.server` on loopback: each connection has a thread, answers whole or in chunks, and ends with the server."""

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from secrets import token_hex
from socketserver import ThreadingTCPServer
from typing import Any

_GRACE = 5.0
_GZIP = 16 + zlib.MAX_WBITS


class Connection(BaseHTTPRequestHandler):
    """A client's connection; its requests are answered one after the other, until either side leaves."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Listener"
    _compressor: Any = None

    def do_POST(self) -> None:
        """Answer a request of any method."""
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.answer(self, content)

    do_GET = do_PUT = do_PATCH = do_DELETE = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""

    def send(self, status: int, kind: str, content: bytes, *, compress: bool = False, **headers: str) -> None:
        """Send a whole answer; the names of `headers` have underscores for hyphens."""
        if compress and self._accepts_gzip:
            content = gzip.compress(content)
            headers["content_encoding"] = "gzip"
        self._head(status, kind, content_length=str(len(content)), **headers)
        self.wfile.write(content)

    def begin_events(self, *, compress: bool = False) -> None:
        """Begin a stream of server-sent events."""
        self._compressor = zlib.compressobj(wbits=_GZIP) if compress and self._accepts_gzip else None
        coding = {"content_encoding": "gzip"} if self._compressor else {}
        self._head(200, "text/event-stream; charset=utf-8", transfer_encoding="chunked", **coding)

    def send_event(self, event: bytes) -> None:
        """Send an event; the client can read it now."""
        if self._compressor:
            event = self._compressor.compress(event) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        self._chunk(event)

    def end_events(self) -> None:
        """End a stream; the connection may be used again."""
        if self._compressor:
            self._chunk(self._compressor.flush())
        self._chunk(b"")

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than the client stays.

        Raises:
            ConnectionResetError: the client has left.
        """
        if seconds <= 0:
            return
        end = time.monotonic() + seconds
        self.connection.settimeout(seconds)
        try:
            if not self.connection.recv(1, socket.MSG_PEEK):
                raise ConnectionResetError
            time.sleep(max(0.0, end - time.monotonic()))
        except TimeoutError:
            return
        finally:
            self.connection.settimeout(None)

    @property
    def _accepts_gzip(self) -> bool:
        return "gzip" in self.headers.get("accept-encoding", "")

    def _head(self, status: int, kind: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content_type": kind, **headers, "x_request_id": f"req_{token_hex(16)}"}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))


class Listener(ThreadingTCPServer):
    """Serves on a free port of 127.0.0.1 until it is closed; `answer` gets each request and its content."""

    request_queue_size = 512

    def __init__(self, answer: Callable[[Connection, bytes], None]) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.answer = answer
        self.port: int = self.server_address[1]
        self._connections: dict[Any, threading.Thread] = {}
        self._closing = False
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
        self.server_close()
        for connection, thread in list(self._connections.items()):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(_GRACE)

    def process_request(self, request: Any, client_address: object) -> None:
        """Serve a connection in a thread of its own, which does not keep the process from ending."""
        self._connections[request] = self._thread(self.process_request_thread, request, client_address)
        self._connections[request].start()

    def shutdown_request(self, request: Any) -> None:
        """End a connection for both sides, even where a forked process holds a copy of the socket."""
        with suppress(OSError):
            request.shutdown(socket.SHUT_RDWR)
        request.close()
        self._connections.pop(request, None)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that have left or never spoke HTTP."""

    def _accept(self) -> None:
        while not self._closing:
            self.handle_request()

    def _thread(self, target: Callable[..., None], *args: object) -> threading.Thread:
        name = f"llm_memo.testing:{self.port}"
        return threading.Thread(target=target, args=args, name=name, daemon=True)
