"""What the answers of other APIs than OpenAI's report of themselves, in OpenAI's words: model and tokens.

The fields are those of Anthropic's messages, Gemini's ``usageMetadata``, Ollama's counts and Cohere's ``usage``.
"""

from __future__ import annotations

from typing import Any

from llm_memo.answers.usage import Usage, usage_of

__all__ = ["reported_usage"]

_INSIDE = ("message", "response", "delta")
"""Where an event has the part of the answer that it is about."""


def reported_usage(said: Any) -> Usage | None:
    """The tokens that an answer reports; None if it reports none.

    Args:
        said: A JSON document, or the list of a stream's events, of which each may report the total so far.
    """
    model = None
    counts: dict[str, Any] = {}
    for event in said if isinstance(said, list) else [said]:
        if not isinstance(event, dict):
            continue
        for part in (event, *(event.get(name) for name in _INSIDE)):
            if isinstance(part, dict):
                model = part.get("model") or part.get("modelVersion") or model
                counts.update({name: count for name, count in _counts(part).items() if count})
    return usage_of({"model": model, "usage": counts}) if counts else None


def _counts(part: dict[str, Any]) -> dict[str, Any]:
    usage, gemini = part.get("usage"), part.get("usageMetadata")
    if isinstance(gemini, dict):
        thoughts = gemini.get("thoughtsTokenCount") or 0
        return {
            "prompt_tokens": gemini.get("promptTokenCount"),
            "completion_tokens": (gemini.get("candidatesTokenCount") or 0) + thoughts,
            "prompt_tokens_details": {"cached_tokens": gemini.get("cachedContentTokenCount") or 0},
            "completion_tokens_details": {"reasoning_tokens": thoughts},
        }
    if isinstance(usage, dict):
        tokens = usage.get("tokens")
        return tokens if isinstance(tokens, dict) else usage
    return {"prompt_tokens": part.get("prompt_eval_count"), "completion_tokens": part.get("eval_count")}
