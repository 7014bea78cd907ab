"""A response of a model: what is kept of it, and a response of httpx made of that."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from llm_memo.codec.frozen import Frozen, Thawer
from llm_memo.codec.recording import Recording
from llm_memo.requests import events

__all__ = ["MARK", "Head", "Response", "head_of"]

MARK = "x-llm-memo"
"""The header that says what became of a request."""

_KEPT = frozenset(
    {
        "content-type", "content-disposition",
        "request-id", "x-request-id", "anthropic-request-id", "apim-request-id", "x-ms-request-id", "x-goog-request-id",
        "openai-version", "openai-model", "openai-processing-ms",
    }
)  # fmt: skip
"""The headers of an answer that are kept; not those of one connection, user or moment."""

_OF_THE_WIRE = frozenset(
    {"content-encoding", "transfer-encoding", "connection", "keep-alive", "trailer", "upgrade", "age", MARK}
)
"""The headers of a body as it was on the wire; the client gets it decoded, hit or miss."""


class Head(NamedTuple):
    """What comes before the body."""

    status: int
    headers: list[tuple[str, str]]
    """As they came, less those of the wire."""
    credentials: bytes = b""
    """Of an error, whose it is: see `llm_memo.requests.request.ModelRequest.credentials`. Never on disk."""

    @property
    def is_error(self) -> bool:
        """Whether it is no answer of the model's."""
        return not 200 <= self.status < 300

    def header(self, name: str) -> str:
        """The value of a header; "" if there is none."""
        return next((value for key, value in self.headers if key.lower() == name), "")


def head_of(response: Any, credentials: bytes) -> Head:
    """The head of a response of httpx or httpx2."""
    encoded = "content-encoding" in response.headers
    left_out = _OF_THE_WIRE | {"content-length"} if encoded else _OF_THE_WIRE
    headers = [pair for pair in response.headers.multi_items() if pair[0].lower() not in left_out]
    status = response.status_code
    return Head(status, headers, b"" if 200 <= status < 300 else credentials)


class Progress(Protocol):
    """How far a response has come."""

    last_event: bool
    """Whether the event came after which nothing follows."""
    ended: bool
    """Whether all of it came, though its reader may not have read to the end of the body."""


class Response(Recording):
    """A recording of a response: its head, and then its body in pieces that end where events do.

    Args:
        items: The head, and the pieces of the body.
        progress: How far it has come; None of one that was kept.
    """

    def __init__(self, items: Iterable[Any] = (), progress: Progress | None = None) -> None:
        super().__init__(items)
        self._progress = progress

    @property
    def ended(self) -> bool:
        """Whether all of it came."""
        return self._progress is None or self._progress.ended

    @property
    def last_event(self) -> bool:
        """Whether the event came after which nothing follows."""
        return self._progress is None or self._progress.last_event

    def add(self, item: Any) -> None:
        """Record the head, or one more piece of the body: all of it plain data that nobody changes."""
        self.items.append(item)

    @property
    def head(self) -> Head:
        """What came before the body."""
        return self.items[0]  # type: ignore[no-any-return]

    @property
    def body(self) -> bytes:
        """The body, decoded as HTTP has it."""
        return b"".join(self.items[1:])

    @property
    def is_stream(self) -> bool:
        """Whether the body is a stream of events."""
        return events.is_event_stream(self.head.header("content-type"))

    def said(self) -> Any:
        """What the body says: a JSON document, the list of a stream's events, text, or bytes."""
        content_type = self.head.header("content-type")
        if self.is_stream:
            return events.events_of(self.body, content_type)
        media = content_type.partition(";")[0].strip().lower()
        if media.endswith(("/json", "+json")):
            try:
                return json.loads(self.body)
            except ValueError:
                return self.body
        return self.body.decode("utf-8", "replace") if media.startswith("text/") else self.body

    def __memo_freeze__(self) -> Frozen:
        head = self.head
        kept = head._replace(headers=[(name, value) for name, value in head.headers if name.lower() in _KEPT])
        return Frozen("response", pickle.dumps((tuple(kept), self.items[1:]), protocol=5))


def thawer(codec: str) -> Thawer:
    """The thawer of the codec ``response``."""
    return _thaw


def _thaw(payload: bytes) -> Response:
    head, pieces = pickle.loads(payload)
    return Response([Head(*head), *pieces])
