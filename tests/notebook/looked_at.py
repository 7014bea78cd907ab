"""Functions that the tests of forms look at, and a prompt that is hard to show."""

from __future__ import annotations

from typing import Any

from llm_memo import cached_completion, completion_usage

NASTY = "<script>alert(\"x\")</script> & 'q' 🎉 שלום עולם \u202egnp.exe\x1b[31m\x00 "
"""What a prompt may hold: markup, quotes, an emoji, right to left, direction and control characters."""
SYSTEM = "You are terse."


@cached_completion(name="looked.summarize", ttl="7d")
def summarize(text: str, *, model: str = "gpt-5.2") -> str:
    completion_usage(model=model, input_tokens=len(text.split()), output_tokens=5)
    return f"{SYSTEM} {text}"


class Writer:
    @cached_completion(name="looked.draft", ignore="self")
    def draft(self, topic: str) -> dict[str, Any]:
        return {"topic": topic, "lines": [1, 2]}
