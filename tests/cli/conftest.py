"""A folder for the commands to look at."""

from __future__ import annotations

import pytest

from cli.commands import draft, summarize
from llm_memo import Cache


@pytest.fixture
def filled() -> Cache:
    """A folder with three answers of one function and one of another."""
    for text in ("rain", "snow", "wind"):
        summarize(text)
    draft("\x1b[31mred\t")
    return Cache()
