"""What the tests of the second tier share."""

from __future__ import annotations

import pytest
from openai import OpenAI

from llm_memo import cached_client
from llm_memo.requests import site


@pytest.fixture(autouse=True)
def _counts() -> None:
    """Each test begins to count at nought."""
    site.ALL.reset()


@pytest.fixture
def cached(client: OpenAI) -> OpenAI:
    """The real client, asking `server`, its requests kept."""
    return cached_client(client)
