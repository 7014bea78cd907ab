"""Where the events of a stream end, and which is the last."""

from __future__ import annotations

import pytest

from llm_memo.requests.events import Splitter, events_of, is_event_stream

SSE, LINES = "text/event-stream; charset=utf-8", "application/x-ndjson"


def split(pieces: list[bytes], content_type: str = SSE) -> tuple[list[bytes], bool]:
    """What is handed on, piece by piece and at the end, and whether the last event was seen before the end."""
    splitter = Splitter(content_type)
    out = [splitter.feed(piece) for piece in pieces]
    ended = splitter.ended
    return [*filter(None, out), *filter(None, [splitter.rest()])], ended


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r"])
def test_an_event_is_handed_on_when_it_is_whole(end: bytes) -> None:
    """However its bytes come, an event goes out when its blank line has come."""
    event = b'data: {"a": 1}' + end
    for cut in range(1, len(event)):
        assert ([event, event], False) == split([event[:cut], event[cut:] + event[:cut], event[cut:]])


def test_several_events_go_out_together() -> None:
    """What came together is handed on together, less an event that is not whole."""
    assert ([b"data: 1\n\ndata: 2\n\n", b"data: 3\n\n"], False) == split([b"data: 1\n\ndata: 2\n\ndata", b": 3\n\n"])


def test_the_rest_is_handed_on_at_the_end() -> None:
    """An event without its blank line is handed on when the body ends."""
    assert ([b"data: 1\n\n", b"data: 2"], False) == split([b"data: 1\n\ndata: 2"])
    splitter = Splitter(SSE)
    assert b"" == splitter.feed(b"data: [DONE]")
    assert (b"data: [DONE]", True) == (splitter.rest(), splitter.ended)


@pytest.mark.parametrize(
    "event",
    [
        b"data: [DONE]",
        b"data:[DONE]",
        b'event: message_stop\ndata: {"type": "message_stop"}',
        b'data: {"type": "response.completed", "response": {}}',
        b'data: {"type": "response.incomplete", "response": {}}',
        b'data: {"type": "response.failed", "response": {}}',
        b'data: {"type": "message-end", "delta": {}}',
        b'data: {"type":\ndata: "message_stop"}',
        b': a comment\nid: 7\ndata: {"type": "transcript.text.done"}',
    ],
)
def test_the_last_event_is_told_by_what_it_says(event: bytes) -> None:
    """Each kind of stream has an event after which nothing follows."""
    assert ([event + b"\n\n"], True) == split([event + b"\n\n"])


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"delta": "[DONE]"}',
        b'data: {"delta": "message_stop", "type": "content_block_delta"}',
        b'data: {"done": true}',
        b"data: message_stop",
        b"data: [1]",
        b"event: message_stop",
        b'data: {"type": "response.comp',
        b'data: {"text": "a\xe2\x80\xa8data: [DONE]"}',
    ],
)
def test_nothing_else_is_the_last_event(event: bytes) -> None:
    """Text that speaks of an end is none."""
    assert ([event + b"\n\n"], False) == split([event + b"\n\n"])


def test_lines_of_json() -> None:
    """Ollama sends a document a line; the last one says that it is done."""
    assert ([b'{"a": 1}\n', b'{"done": true}\n'], True) == split([b'{"a"', b": 1}\n", b'{"done": true}\n'], LINES)
    assert [{"a": 1}, {"done": True}] == events_of(b'{"a": 1}\n\n{"done": true}', LINES)


def test_other_bodies_are_handed_on_as_they_come() -> None:
    """A body that is no stream of events has no boundaries."""
    assert ([b"data: [DONE]\n\nda", b"ta"], False) == split([b"data: [DONE]\n\nda", b"ta"], "application/json")
    assert [False, True, True] == [is_event_stream(each) for each in ("application/json", SSE, LINES)]


def test_what_events_say() -> None:
    """The documents of a stream, in order, without what is no JSON."""
    body = b'event: a\ndata: {"a": 1}\n\n: ping\n\ndata: nonsense\n\ndata: {"b": 2}\r\n\r\ndata: [DONE]\n\n'
    assert [{"a": 1}, {"b": 2}] == events_of(body, SSE)
