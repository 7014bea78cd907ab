"""Functions that the tests of forms look at, and a prompt that is hard to show."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from llm_memo import Cache, cached_completion, completion_usage

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


@pytest.fixture
def looked() -> Any:
    """A folder with the answers of two functions; a hit, misses and a prompt of 1 MB among the calls."""
    summarize.cache_clear()
    Writer.draft.cache_clear()
    summarize("Why is the sky blue?")
    summarize("Why is the sky blue?")
    summarize("Why is the sea salt?", model="unheard-of-7")
    summarize((NASTY * 16_000)[:1_000_000])
    writer = Writer()
    writer.draft("rain")
    return SimpleNamespace(summarize=summarize, writer=writer, draft=writer.draft, cache=Cache())


@pytest.fixture
def things(looked: Any) -> dict[str, Any]:
    """One of each kind that has a form, by name."""
    return {
        "a cached function": looked.summarize,
        "a bound cached function": looked.draft,
        "counts": looked.summarize.cache_info(),
        "counts of nothing": cached_completion(len).cache_info(),
        "a folder": looked.cache,
        "an entry": looked.summarize.entries()[0],
        "entries of one function": looked.summarize.entries(),
        "entries of several": looked.cache.entries(),
        "no entries": cached_completion(len).entries(),
        "a hit explained": looked.summarize.explain("Why is the sky blue?"),
        "a miss explained": looked.summarize.explain(NASTY),
        "a miss of the first kind explained": looked.summarize.with_options(name="other").explain(NASTY),
    }
