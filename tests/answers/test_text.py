"""What the answers of other APIs than OpenAI's say, as text."""

from __future__ import annotations

from typing import Any

import pytest

from llm_memo.answers.text import answer_text
from llm_memo.codec.legible import Items

TEXT = {"type": "text", "text": "yes"}
USE = {"type": "tool_use", "name": "look", "input": {"at": "ä"}}
GEMINI = {"candidates": [{"content": {"parts": [{"text": "ye"}, {"functionCall": {"name": "look", "args": {}}}]}}]}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"type": "message", "content": [TEXT, USE]}, 'yeslook({"at": "ä"})'),
        (GEMINI, "yelook({})"),
        (Items([GEMINI, GEMINI]), "yelook({})yelook({})"),
        ({"done": True, "message": {"content": "yes"}}, "yes"),
        ({"done": True, "response": "yes"}, "yes"),
        (Items([{"done": False, "response": "y"}, {"done": True, "response": "es"}]), "yes"),
        ({"finish_reason": "COMPLETE", "message": {"content": [TEXT]}}, "yes"),
        (
            Items(
                [
                    {"type": "message_start", "message": {"content": []}},
                    {"type": "content_block_delta", "delta": {"text": "yes"}},
                    {"type": "content-delta", "delta": {"message": {"content": {"text": "!"}}}},
                    {"type": "message_stop"},
                ]
            ),
            "yes!",
        ),
    ],
)
def test_what_answers_say(answer: Any, said: str) -> None:
    """Text and calls of tools, without what they came in."""
    assert said == answer_text(answer)
