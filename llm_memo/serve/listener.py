"""uvicorn, with limits of our own: for slow and endless senders, for connections, and for how it stops.

h11 is the parser: it shows a request's target as it came, where httptools hides that of ``GET http://… HTTP/1.1``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import stat
import sys
from collections.abc import Iterator
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from llm_memo.serve.application import App
from llm_memo.serve.faults import Fault
from llm_memo.serve.guard import LONGEST_HEAD

__all__ = ["Listener", "tcp_socket", "unix_socket"]

HEAD_SECONDS = 30.0
"""How long a request's first line and headers may take."""
BODY_SECONDS = 60.0
"""How long its body may stand still."""
LEFTOVER_SECONDS = 5.0
"""How long the rest of a body is read that nobody wants."""
IDLE_SECONDS = 60
"""How long a connection is kept that sends no further request; it may be used by an SDK's pool."""
CONNECTIONS = 1_000
_BACKLOG = 2_048

_SILENT = logging.Logger("llm_memo.serve", logging.CRITICAL + 1)
"""What uvicorn would log of a request may have its query, and so a key; `llm_memo.serve.log` says what is to say."""


class Protocol(H11Protocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = _SILENT
        self.access_log = False
        self._timer: asyncio.TimerHandle | None = None
        self._too_many = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._too_many = len(self.connections) > CONNECTIONS
        self._wait(1.0 if self._too_many else HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        if self._too_many:
            self._refuse(Fault(503, "too_many_connections", "there are too many connections"))
            return
        begun = self.conn.their_state is h11.IDLE and self._timer is None
        super().data_received(data)
        if self.conn.their_state is h11.SEND_BODY:
            self._wait(BODY_SECONDS if self.conn.our_state is h11.SEND_RESPONSE else LEFTOVER_SECONDS)
        elif self.conn.their_state is not h11.IDLE:
            self._wait(None)
        elif begun:
            self._wait(HEAD_SECONDS)

    def on_response_complete(self) -> None:
        """Wait for the next request, or what is left of this one."""
        if self.conn.their_state is h11.SEND_BODY and not self.transport.is_closing():
            self._wait(LEFTOVER_SECONDS)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._wait(None)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are no request: h11 has just raised the reason."""
        status = getattr(sys.exception(), "error_status_hint", 400)
        self._refuse(Fault(status, "bad_request", _REASONS.get(status, "this is not a request")))

    def _wait(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._too_slow)

    def _too_slow(self) -> None:
        self._timer = None
        if self.flow.read_paused:  # it is the upstream that is slow
            self._wait(BODY_SECONDS)
        elif self.conn.our_state is h11.IDLE and not self.conn.trailing_data[0] and self.cycle is not None:
            self.transport.close()
        else:
            self._refuse(Fault(408, "too_slow", "the request did not come in time"))

    def _refuse(self, fault: Fault) -> None:
        """Answer with an error, if that is still possible, and close."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = fault.body(b"")
            headers = [*fault.headers(), (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
            for event in (h11.Response(status_code=fault.status, headers=headers), h11.Data(body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event))
        self.transport.close()


_REASONS = {431: "the headers are longer than 64 KiB", 501: "only the transfer coding chunked is known"}


def tcp_socket(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        OSError: The address is in use, or none of this machine's.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
    )[0]
    # With its protocol named: asyncio then sends small pieces at once, which else wait 40 ms for each other.
    made = socket.socket(family, kind, protocol)
    if sys.platform != "win32":
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return _listening(made, address)


def unix_socket(path: str) -> socket.socket:
    """A socket that listens at ``path``, this user's alone from its first moment.

    Raises:
        OSError: There is a file that is no socket, or another process listens there.
    """
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise FileExistsError(0, "it is a file, and no socket")
        with socket.socket(socket.AF_UNIX) as other:
            try:
                other.connect(path)
            except ConnectionRefusedError:  # left behind by a process that was killed
                os.unlink(path)
            else:
                raise OSError(0, "another process listens there")
    before = os.umask(0o177)
    try:
        return _listening(socket.socket(socket.AF_UNIX), path)
    finally:
        os.umask(before)


def _listening(made: socket.socket, address: Any) -> socket.socket:
    try:
        made.bind(address)
        made.listen(_BACKLOG)
    except BaseException:
        made.close()
        raise
    return made


class Listener(uvicorn.Server):
    """Serves an `App`, in a loop that is running, on sockets that are open.

    Args:
        app: The application.
        grace: How long running answers may take once it is to stop, in seconds.
    """

    def __init__(self, app: App, grace: float) -> None:
        self._app = app
        self._grace = grace
        super().__init__(
            uvicorn.Config(
                app,
                http=Protocol,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                h11_max_incomplete_event_size=LONGEST_HEAD,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=grace,  # type: ignore[arg-type]
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the command line, and to whoever has them in a notebook."""
        yield

    async def shutdown(self, sockets: Any = None) -> None:
        """Finish running answers, and keep them."""
        self._app.until = asyncio.get_running_loop().time() + self._grace
        await super().shutdown(sockets)
