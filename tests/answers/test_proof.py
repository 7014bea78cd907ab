"""What proves that an answer is the whole one, for each kind of endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from llm_memo.answers.proof import unproven


def choice(reason: str | None, **message: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "finish_reason": reason, "message": {"content": "yes"} | message}]}


def delta(reason: str | None, content: str = "yes", index: int = 0) -> dict[str, Any]:
    chunk = {"index": index, "finish_reason": reason, "delta": {"content": content}}
    return {"object": "chat.completion.chunk", "choices": [chunk]}


SAID = {"type": "message", "content": [{"type": "output_text", "text": "yes"}]}
DONE = {"type": "response.completed", "response": {"status": "completed", "object": "response", "output": [SAID]}}
STOP = {"candidates": [{"finishReason": "STOP"}]}

WHOLE: list[tuple[str, dict[str, Any], Any]] = [
    ("chat", {}, choice("stop")),
    ("chat", {}, choice("tool_calls", content=None, tool_calls=[{"id": "c"}])),
    ("chat", {}, {"choices": [{"finish_reason": "stop", "text": "yes"}]}),
    ("chat", {}, [delta(None), delta("stop"), {"choices": [], "usage": {}}]),
    ("responses", {}, {"object": "response", "status": "completed", "output": [SAID]}),
    ("responses", {}, [{"type": "response.created"}, DONE]),
    ("messages", {}, {"type": "message", "stop_reason": "end_turn", "content": [{"text": "yes"}]}),
    ("messages", {}, {"type": "message", "stop_reason": "tool_use", "content": [{"name": "look"}]}),
    ("messages", {}, [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"type": "message_stop"}]),
    ("gemini", {}, STOP),
    ("gemini", {}, [{"candidates": [{"content": {}}]}, STOP]),
    ("ollama", {}, {"done": True, "done_reason": "stop"}),
    ("ollama", {}, [{"done": False}, {"done": True}]),
    ("cohere", {}, {"finish_reason": "COMPLETE"}),
    ("cohere", {}, [{"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}}]),
    ("embeddings", {"input": "a"}, {"data": [{"embedding": [1]}]}),
    ("embeddings", {"input": ["a", "b"]}, {"data": [{}, {}]}),
    ("embeddings", {"input": [1, 2, 3]}, {"data": [{}]}),
    ("embeddings", {"input": [[1], [2]]}, {"data": [{}, {}]}),
    ("moderations", {"input": [{"type": "text"}, {"type": "image_url"}]}, {"results": [{}]}),
    ("vectors", {}, {"embeddings": [[1]]}),
    ("vectors", {}, {"embedding": {"values": [1]}}),
    ("tokens", {}, {"input_tokens": 3}),
    ("tokens", {}, {"totalTokens": 0}),
    ("rerank", {}, {"results": [{"index": 0}]}),
    ("ocr", {}, {"pages": [{"index": 0}]}),
    ("images", {}, {"data": [{"b64_json": "aa"}]}),
    ("images", {"n": "2"}, {"data": [{"b64_json": "aa"}, {"b64_json": "bb"}]}),
    ("images", {"n": 2}, [{"type": "image_generation.completed", "b64_json": "aa"}] * 2),
    ("transcription", {}, {"text": "yes"}),
    ("transcription", {}, "1\n00:00 --> 00:01\nyes"),
    ("transcription", {}, [{"type": "transcript.text.done"}]),
    ("speech", {}, b"sound"),
    ("speech", {}, [{"type": "speech.audio.done"}]),
]


@pytest.mark.parametrize(("kind", "body", "answer"), WHOLE)
def test_a_whole_answer_is_proven(kind: str, body: dict[str, Any], answer: Any) -> None:
    """Each kind of answer has something that shows that it is all there."""
    assert unproven(kind, body, answer, last_event=kind != "gemini") is None


NOT_WHOLE: list[tuple[str, dict[str, Any], Any, str]] = [
    ("chat", {}, {"error": {"message": "no"}}, "an error"),
    ("chat", {}, [delta("stop"), {"error": {"message": "no"}}], "an error"),
    ("messages", {}, [{"type": "error"}], "an error"),
    ("chat", {}, choice("length"), "length"),
    ("chat", {}, choice("content_filter"), "content_filter"),
    ("chat", {}, choice("abort"), "abort"),
    ("chat", {}, choice(None), "no end"),
    ("chat", {}, choice("stop", refusal="no"), "a refusal"),
    ("chat", {}, choice("stop", content=" "), "an empty answer"),
    ("chat", {}, {"choices": []}, "no end"),
    ("chat", {}, {"choices": 3}, "no end"),
    ("chat", {}, b"<html>", "no end"),
    ("chat", {}, [delta(None)], "no end"),
    ("chat", {}, [delta("stop"), delta(None, index=1)], "no end"),
    ("chat", {}, [delta("length")], "length"),
    ("responses", {}, {"status": "incomplete"}, "incomplete"),
    ("responses", {}, {"status": "completed", "object": "response", "output": []}, "empty"),
    ("responses", {}, "text", "None"),
    ("responses", {}, [{"type": "response.failed", "response": {}}], "no end"),
    ("messages", {}, {"type": "message", "stop_reason": "max_tokens", "content": ["a"]}, "max_tokens"),
    ("messages", {}, {"type": "message", "stop_reason": "refusal", "content": ["a"]}, "refusal"),
    ("messages", {}, {"type": "message", "stop_reason": "pause_turn", "content": ["a"]}, "pause_turn"),
    ("messages", {}, [{"type": "message_stop"}, "odd"], "no end"),
    ("gemini", {}, {"candidates": [{"finishReason": "MAX_TOKENS"}]}, "MAX_TOKENS"),
    ("gemini", {}, {"candidates": [{"finishReason": "SAFETY"}]}, "SAFETY"),
    ("gemini", {}, {"promptFeedback": {"blockReason": "SAFETY"}}, "blockReason SAFETY"),
    ("gemini", {}, [{"candidates": [{}]}], "no end"),
    ("gemini", {}, [3], "no end"),
    ("ollama", {}, {"done": False}, "no end"),
    ("ollama", {}, {"done": True, "done_reason": "length"}, "length"),
    ("ollama", {}, [], "no end"),
    ("cohere", {}, {"finish_reason": "MAX_TOKENS"}, "MAX_TOKENS"),
    ("cohere", {}, b"", "no end"),
    ("cohere", {}, [{"type": "content-delta"}], "no end"),
    ("embeddings", {"input": ["a", "b"]}, {"data": [{}]}, "1 results for 2 inputs"),
    ("embeddings", {"input": []}, {"data": [{}]}, "1 results for 0 inputs"),
    ("vectors", {}, {"embeddings": []}, "no embeddings"),
    ("vectors", {}, "odd", "no embeddings"),
    ("tokens", {}, {"input_tokens": True}, "no number"),
    ("tokens", {}, "odd", "no number"),
    ("rerank", {}, {"results": []}, "no results"),
    ("images", {}, {"data": [{"url": "https://example.com/a.png"}]}, "a link"),
    ("images", {}, {"data": []}, "0 of 1"),
    ("images", {"n": 2}, {"data": [{"b64_json": "aa"}]}, "1 of 2"),
    ("images", {}, [{"type": "image_generation.partial_image", "b64_json": "aa"}], "0 of 1"),
    ("transcription", {}, {"text": ""}, "no text"),
    ("transcription", {}, {}, "no text"),
    ("speech", {}, b"", "no sound"),
    ("speech", {}, {}, "no sound"),
    ("unheard of", {}, {}, "nothing is known"),
    ("rerank", {}, [{}], "nothing is known"),
]


@pytest.mark.parametrize(("kind", "body", "answer", "reason"), NOT_WHOLE)
def test_what_is_not_proven_has_a_reason(kind: str, body: dict[str, Any], answer: Any, reason: str) -> None:
    """Errors, cut and refused answers, and those of which nothing is known, are not proven."""
    found = unproven(kind, body, answer, last_event=True)
    assert found is not None
    assert reason in found


def test_the_end_of_a_body_is_no_proof() -> None:
    """A stream without its last event has been cut, but for Gemini's, which has none."""
    assert unproven("chat", {}, [delta("stop")], last_event=False) is not None
    assert unproven("gemini", {}, [STOP], last_event=False) is None
