"""One request's way through the server: understood, recorded, then answered or failed."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

from llm_memo.testing import chat, media, responses, wire
from llm_memo.testing.answer import Body, Script

if TYPE_CHECKING:
    from llm_memo.testing.server import ModelServer


@dataclass(frozen=True, slots=True)
class Failure:
    """How a request is to fail: at once, or after some chunks of its stream."""

    status: int | Literal["drop"]
    after_chunks: int | None


@dataclass(frozen=True, slots=True)
class _Route:
    required: tuple[str, ...]
    answer: Callable[[Body, Script], wire.Payload]
    chunks: Callable[[Body, Script], Iterator[Body]] | None = None
    last_event: str | None = None


_ROUTES = {
    "/chat/completions": _Route(("model", "messages"), chat.completion, chat.chunks, "[DONE]"),
    "/responses": _Route(("model",), responses.response, responses.events),
    "/embeddings": _Route(("model", "input"), media.embeddings),
    "/moderations": _Route(("input",), media.moderations),
    "/images/generations": _Route(("prompt",), media.images),
    "/audio/transcriptions": _Route(("model", "file"), media.transcription),
    "/audio/speech": _Route(("model", "input", "voice"), media.speech),
}
_PATH = re.compile(r"/v1(?:/deployments/[^/]+)?(/.+)")


class _Rejected(Exception):
    """A request that gets an error that no retry will mend."""

    def __init__(self, status: int, message: str, **details: str) -> None:
        self.status = status
        self.body = wire.error(status, message, **details)


def serve(connection: socket.socket, server: ModelServer) -> None:
    """Answer the requests of a connection, one after the other, until the other side leaves."""
    with connection.makefile("rb") as stream:
        while (request := wire.read_request(stream)) is not None:
            try:
                _answer(connection, request, server)
            except _Rejected as rejected:
                wire.send(connection, rejected.body, rejected.status, x_should_retry="false")
            if request.last:
                return


def _answer(connection: socket.socket, request: wire.Request, server: ModelServer) -> None:
    place = _PATH.fullmatch(request.path)
    path = place[1] if place else request.path
    if (request.method, path) == ("GET", "/models"):
        wire.send(connection, media.models())
        return
    if request.method != "POST" or path not in _ROUTES:
        raise _Rejected(404, f"Unknown request URL: {request.method} {request.path}.", code="unknown_url")
    route = _ROUTES[path]
    body = _body(request, route)
    make = route.chunks if route.chunks is not None and body.get("stream") else route.answer

    failure = server._record(request, body)
    wire.pause(connection, server.latency)
    if failure is not None and (make is route.answer or failure.after_chunks is None):
        _fail(connection, failure.status)
        return
    try:
        made = make(body, server)
    except Exception as problem:
        raise _Rejected(500, f"{type(problem).__name__}: {problem}") from problem
    if isinstance(made, Iterator):
        _stream(connection, made, server, failure, route.last_event)
    else:
        wire.send(connection, made)


def _body(request: wire.Request, route: _Route) -> Body:
    try:
        body = request.body()
    except ValueError as problem:
        raise _Rejected(400, f"We could not parse the body of your request: {problem}.") from problem
    for name in route.required:
        if body.get(name) is None:
            code = "missing_required_parameter"
            raise _Rejected(400, f"Missing required parameter: '{name}'.", param=name, code=code)
    return body


def _stream(
    connection: socket.socket,
    chunks: Iterator[Body],
    server: ModelServer,
    failure: Failure | None,
    last_event: str | None,
) -> None:
    wire.send_events_head(connection)
    for number, chunk in enumerate(islice(chunks, failure.after_chunks if failure else None)):
        wire.pause(connection, server.chunk_delay if number else 0)
        server._let_go(number)
        wire.send_event(connection, chunk)
    if failure is None:
        wire.end_events(connection, last_event)
    elif failure.status == "drop":
        raise ConnectionAbortedError
    else:
        wire.end_events(connection, _failed(failure.status))


def _fail(connection: socket.socket, status: int | Literal["drop"]) -> None:
    if status == "drop":
        raise ConnectionAbortedError
    wire.send(connection, _failed(status), status, retry_after="0", retry_after_ms="5")


def _failed(status: int) -> Body:
    code = {429: "rate_limit_exceeded"}.get(status)
    return wire.error(status, f"The test asked for a failure with status {status}.", code=code)
