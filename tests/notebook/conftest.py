"""Things to look at: cached functions that were called, and what they keep."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from looked_at import NASTY, Writer, summarize

from llm_memo import Cache, cached_completion


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
