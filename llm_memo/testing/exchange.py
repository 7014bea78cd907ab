"""One request's way through the server: understood, recorded, then answered or failed."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal, Protocol

from llm_memo.testing import chat, media, responses, wire
from llm_memo.testing.answer import Body, Script
from llm_memo.testing.connection import Connection

Mode = Literal["drop", "cut"]


@dataclass(frozen=True, slots=True)
class Failure:
    """How a request is to fail: at once, or after some chunks of its stream."""

    status: int | Mode
    after_chunks: int | None


class Model(Script, Protocol):
    """What is answered with, how fast, and who counts it."""

    latency: float
    chunk_delay: float
    compress: bool

    def _record(self, path: str, headers: dict[str, str], body: Body) -> Failure | None: ...

    def _let_go(self, number: int) -> None: ...


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


def answer(connection: Connection, content: bytes, model: Model) -> None:
    """Answer a request, fail as `model` is told to, or say what is wrong with it.

    Raises:
        ConnectionError: the connection is to be closed without a further word.
    """
    try:
        _answer(connection, content, model)
    except _Rejected as rejected:
        connection.send(rejected.status, *wire.written(rejected.body), x_should_retry="false")


def _answer(connection: Connection, content: bytes, model: Model) -> None:
    asked = connection.path.partition("?")[0]
    place = _PATH.fullmatch(asked)
    path = place[1] if place else asked
    if (connection.command, path) == ("GET", "/models"):
        connection.send(200, *wire.written(media.models()), compress=model.compress)
        return
    if connection.command != "POST" or path not in _ROUTES:
        raise _Rejected(404, f"Unknown request URL: {connection.command} {asked}.", code="unknown_url")
    route = _ROUTES[path]
    headers = {name.lower(): value for name, value in connection.headers.items()}
    body = _body(headers, content, route)
    make = route.chunks if route.chunks is not None and body.get("stream") else route.answer

    failure = model._record(asked, headers, body)
    connection.pause(model.latency)
    if failure is not None and failure.status != "cut" and (make is route.answer or failure.after_chunks is None):
        _fail(connection, failure.status)
        return
    try:
        made = make(body, model)
    except Exception as problem:
        raise _Rejected(500, f"{type(problem).__name__}: {problem}") from problem
    if isinstance(made, Iterator):
        _stream(connection, made, model, failure, route.last_event)
    else:
        kind, whole = wire.written(made)
        connection.send(200, kind, whole[: len(whole) // 2] if failure else whole, compress=model.compress)


def _body(headers: dict[str, str], content: bytes, route: _Route) -> Body:
    try:
        body = wire.read(headers.get("content-type", ""), content)
    except ValueError as problem:
        raise _Rejected(400, f"We could not parse the body of your request: {problem}.") from problem
    for name in route.required:
        if body.get(name) is None:
            code = "missing_required_parameter"
            raise _Rejected(400, f"Missing required parameter: '{name}'.", param=name, code=code)
    return body


def _stream(
    connection: Connection, chunks: Iterator[Body], model: Model, failure: Failure | None, last_event: str | None
) -> None:
    connection.begin_events(compress=model.compress)
    for number, chunk in enumerate(islice(chunks, _chunks_before(failure))):
        connection.pause(model.chunk_delay if number else 0)
        model._let_go(number)
        connection.send_event(wire.event(chunk))
    if failure is not None and failure.status == "drop":
        raise ConnectionAbortedError
    if failure is None and last_event is not None:
        connection.send_event(wire.event(last_event))
    elif failure is not None and isinstance(failure.status, int):
        connection.send_event(wire.event(_failed(failure.status)))
    connection.end_events()


def _chunks_before(failure: Failure | None) -> int | None:
    if failure is None:
        return None
    return 1 if failure.after_chunks is None else failure.after_chunks


def _fail(connection: Connection, status: int | Mode) -> None:
    if not isinstance(status, int):
        raise ConnectionAbortedError
    connection.send(status, *wire.written(_failed(status)), retry_after="0", retry_after_ms="5")


def _failed(status: int) -> Body:
    code = {429: "rate_limit_exceeded"}.get(status)
    return wire.error(status, f"The test asked for a failure with status {status}.", code=code)
