"""HTTP/1.1 on a socket: a request read, an answer or a stream of events written."""

import email.parser
import email.policy
import json
import socket
import time
from dataclasses import dataclass
from email.message import MIMEPart
from http.client import parse_headers
from http.client import responses as phrases
from secrets import token_hex
from typing import Any, BinaryIO

Payload = dict[str, Any] | str | bytes

_TYPES = {dict: "application/json", str: "text/plain; charset=utf-8", bytes: "audio/wav"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request: header names in lower case, `path` without the query."""

    method: str
    path: str
    headers: dict[str, str]
    content: bytes

    @property
    def last(self) -> bool:
        """Whether the other side wants the connection closed after the answer."""
        return self.headers.get("connection", "").lower() == "close"

    def body(self) -> dict[str, Any]:
        """The JSON object or the form that was sent; files of a form are bytes.

        Raises:
            ValueError: it is neither.
        """
        kind = self.headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            return _form(kind, self.content)
        body = json.loads(self.content)
        if not isinstance(body, dict):
            raise ValueError("the body is not a JSON object")
        return body


def read_request(stream: BinaryIO) -> Request | None:
    """The next request on a connection, or `None` when the other side has closed it.

    Raises:
        ValueError, http.client.HTTPException: this is not HTTP.
    """
    line = stream.readline(65537)
    if not line:
        return None
    method, target, _ = line.decode("ascii").split()
    headers = {name.lower(): value for name, value in parse_headers(stream).items()}
    content = stream.read(int(headers.get("content-length", 0)))
    return Request(method, target.partition("?")[0], headers, content)


def send(connection: socket.socket, payload: Payload, status: int = 200, **headers: str) -> None:
    """Send a whole answer: an object as JSON, a string as text, bytes as sound."""
    content = payload if isinstance(payload, bytes) else _text(payload).encode()
    head = _head(status, _TYPES[type(payload)], content_length=str(len(content)), **headers)
    connection.sendall(head + content)


def send_events_head(connection: socket.socket) -> None:
    """Begin a stream of server-sent events."""
    connection.sendall(_head(200, "text/event-stream; charset=utf-8", transfer_encoding="chunked"))


def send_event(connection: socket.socket, event: dict[str, Any]) -> None:
    """Send one event, named by its `type` if it has one."""
    connection.sendall(_chunk(event))


def end_events(connection: socket.socket, last: dict[str, Any] | str | None) -> None:
    """End a stream, with a last event if there is one."""
    connection.sendall((_chunk(last) if last is not None else b"") + b"0\r\n\r\n")


def error(status: int, message: str, *, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """The body of an error as the API words it."""
    kind = {429: "rate_limit_error"}.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def pause(connection: socket.socket, seconds: float) -> None:
    """Wait, but no longer than the other side stays.

    Raises:
        ConnectionResetError: the other side has left.
    """
    if seconds <= 0:
        return
    end = time.monotonic() + seconds
    connection.settimeout(seconds)
    try:
        if not connection.recv(1, socket.MSG_PEEK):
            raise ConnectionResetError
        time.sleep(max(0.0, end - time.monotonic()))
    except TimeoutError:
        return
    finally:
        connection.settimeout(None)


def _text(payload: dict[str, Any] | str) -> str:
    if isinstance(payload, str):
        return payload
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def _chunk(event: dict[str, Any] | str) -> bytes:
    name = f"event: {event['type']}\n" if isinstance(event, dict) and "type" in event else ""
    data = f"{name}data: {_text(event)}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(data), data)


def _head(status: int, kind: str, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} {phrases.get(status, '')}", f"content-type: {kind}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += [f"x-request-id: req_{token_hex(16)}", "", ""]
    return "\r\n".join(lines).encode()


def _form(kind: str, content: bytes) -> dict[str, Any]:
    head = f"content-type: {kind}\r\n\r\n".encode()
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + content)
    return {_name(part): _field(part) for part in form.iter_parts()}


def _name(part: MIMEPart) -> str:
    return str(part.get_param("name", header="content-disposition"))


def _field(part: MIMEPart) -> str | bytes:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content if part.get_filename() is not None else content.decode()
