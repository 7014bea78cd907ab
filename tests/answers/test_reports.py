"""Tokens and models, as other APIs than OpenAI's report them."""

from __future__ import annotations

from typing import Any

import pytest

from llm_memo.answers.usage import usage_of
from llm_memo.codec.recording import Recording

GEMINI = {"promptTokenCount": 9, "candidatesTokenCount": 3, "thoughtsTokenCount": 4, "cachedContentTokenCount": 2}
START = {"type": "message_start", "message": {"model": "claude", "usage": {"input_tokens": 9, "output_tokens": 1}}}
DELTA = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"model": "claude", "usage": {"input_tokens": 9, "output_tokens": 7}}, ("claude", 9, 0, 7, 0)),
        ([START, "odd", DELTA], ("claude", 9, 0, 7, 0)),
        ({"modelVersion": "gemini", "usageMetadata": GEMINI}, ("gemini", 9, 2, 7, 4)),
        ([{"modelVersion": "gemini", "usageMetadata": {"promptTokenCount": 9}}] * 2, ("gemini", 9, 0, 0, 0)),
        ({"model": "llama", "done": True, "prompt_eval_count": 9, "eval_count": 7}, ("llama", 9, 0, 7, 0)),
        ([{"type": "message-end", "delta": {"usage": {"tokens": {"input_tokens": 9}}}}], (None, 9, 0, 0, 0)),
    ],
)
def test_what_answers_report(said: Any, expected: tuple[Any, ...]) -> None:
    """Each API has words of its own; of a stream the last report counts."""
    usage = usage_of(Recording(said) if isinstance(said, list) else said)
    assert usage is not None
    counts = (usage.input_tokens, usage.cached_tokens, usage.output_tokens, usage.reasoning_tokens)
    assert expected == (usage.model, *counts)


@pytest.mark.parametrize("said", [{"model": "m"}, [], b"sound", {"usage": None}])
def test_what_reports_nothing(said: Any) -> None:
    """An answer without counts has no usage."""
    assert usage_of(said) is None
