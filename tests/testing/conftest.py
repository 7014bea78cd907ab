"""A client of the model server that does not retry."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from openai import OpenAI

from llm_memo.testing import ModelServer


@pytest.fixture
def client(server: ModelServer) -> Iterator[OpenAI]:
    """A client of it that does not retry."""
    with OpenAI(base_url=server.base_url, api_key="sk-secret", max_retries=0) as client:
        yield client
