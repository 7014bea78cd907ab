"""One model server and one proxy a module: what a test asks is its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI

from llm_memo.serve import CacheServer, cache_server
from llm_memo.serve.log import Record
from llm_memo.testing import ModelServer, model_server


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    """The upstream of a module's tests."""
    with model_server() as running:
        yield running


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """What the proxy says of each request."""
    return []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a module's entries; the key that seals them is nobody's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "config"))
        yield tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def proxy(model: ModelServer, records: list[Record], folder: Path) -> Iterator[CacheServer]:
    """The proxy before it, as it is without options."""
    with cache_server(model.base_url, cache_dir=folder, log=records.append) as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh(model: ModelServer, records: list[Record]) -> None:
    """Each test begins to count at nought."""
    model.reset()
    model.latency = 0.0
    model.before_chunk = None
    model.finish_reason = None
    records.clear()


@pytest.fixture
def client(proxy: CacheServer) -> Iterator[OpenAI]:
    """The real client, asking by way of the proxy."""
    with OpenAI(base_url=proxy.base_url, api_key="sk-one", max_retries=0) as ready:
        yield ready
