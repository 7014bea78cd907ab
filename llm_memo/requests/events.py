"""The events of a stream: where each ends, which one is the last, and what they say.

Server-sent events are those of https://html.spec.whatwg.org/multipage/server-sent-events.html, as far as
models' servers use them; Ollama sends a JSON document a line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["Splitter", "events_of", "is_event_stream"]

_SSE = "text/event-stream"
_LINES = frozenset({"application/x-ndjson", "application/jsonl", "application/stream+json"})

_LAST = frozenset(
    {
        "message_stop",  # Anthropic
        "response.completed", "response.incomplete", "response.failed",  # OpenAI's responses
        "message-end",  # Cohere
        "image_generation.completed", "image_edit.completed",
        "speech.audio.done", "transcript.text.done",
    }
)  # fmt: skip
"""Types of the event after which nothing follows."""

_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LINE = re.compile(rb"\n")
_LINE_END = re.compile(r"\r\n|\n|\r")  # not str.splitlines, which breaks lines within JSON


def is_event_stream(content_type: str) -> bool:
    """Whether a body of this content type comes as events."""
    media = content_type.partition(";")[0].strip().lower()
    return media == _SSE or media in _LINES


class Splitter:
    """Cuts the pieces of a body where its events end, and notices the last event.

    Args:
        content_type: The body's. One that is no stream of events is passed on as it comes.
    """

    __slots__ = ("_boundary", "_rest", "_sse", "ended")

    def __init__(self, content_type: str) -> None:
        self._sse = content_type.partition(";")[0].strip().lower() == _SSE
        self._boundary = None if not is_event_stream(content_type) else _BLANK_LINE if self._sse else _LINE
        self._rest = b""
        self.ended = False
        """Whether the event after which nothing follows has been passed on."""

    def feed(self, piece: bytes) -> bytes:
        """The events that are whole with ``piece``; the rest is kept back, since nobody can read it yet."""
        if self._boundary is None:
            return piece
        # A boundary may have begun in the piece before.
        start = max(0, len(self._rest) - 3)
        whole = self._rest + piece
        end = start
        for found in self._boundary.finditer(whole, start):
            end = found.end()
        if end == start:
            self._rest = whole
            return b""
        events, self._rest = whole[:end], whole[end:]
        self.ended = self.ended or any(map(self._is_last, _texts(events, self._sse)))
        return events

    def rest(self) -> bytes:
        """What came after the last boundary: at the end of a body, an event all the same."""
        rest, self._rest = self._rest, b""
        if self._boundary is not None and rest:
            self.ended = self.ended or any(map(self._is_last, _texts(rest, self._sse)))
        return rest

    def _is_last(self, text: str) -> bool:
        if text == "[DONE]":
            return True
        event = _parsed(text)
        if not isinstance(event, dict):
            return False
        return event.get("type") in _LAST or (not self._sse and event.get("done") is True)


def events_of(body: bytes, content_type: str) -> list[Any]:
    """What the events of a whole body say: the JSON documents in it, in order."""
    sse = content_type.partition(";")[0].strip().lower() == _SSE
    return [event for event in map(_parsed, _texts(body, sse)) if event is not None]


def _texts(events: bytes, sse: bool) -> Iterator[str]:
    """The text of each event; of server-sent ones, their ``data``."""
    text = events.decode("utf-8", "replace")
    if not sse:
        yield from filter(None, map(str.strip, text.split("\n")))
        return
    data: list[str] = []
    for line in (*_LINE_END.split(text), ""):
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data = []


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
