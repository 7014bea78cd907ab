"""Real SDKs, over real HTTP: the second call sends nothing and gives an equal answer.

The SDKs and the mock server of another project's (llmock) are the extra ``[sdks]``; what is not installed is skipped.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from copy import deepcopy
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
import sdks
from anew import forget
from sdks import BY_PROXY, CANARY, SDKS, Ask, Ollama, Servers

from llm_memo import Cache, InvalidOption, cached_client, configure, requests_info
from llm_memo.cli import main
from llm_memo.serve import cache_server
from llm_memo.testing import ModelServer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),  # what the SDKs warn of is theirs to mend
]


@pytest.fixture(autouse=True)
def _unclosed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let go here of what the SDKs leave open, which is theirs to close; LiteLLM looks for its prices in no network."""
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


@pytest.fixture(scope="module")
def llmock() -> Iterator[Any]:
    server = pytest.importorskip("llmock.testing").LLMockServer().start()
    yield server
    server.stop()


@pytest.fixture
def servers(server: ModelServer, request: pytest.FixtureRequest) -> Iterator[Servers]:
    Ollama.requests = 0
    ollama = ThreadingHTTPServer(("127.0.0.1", 0), Ollama)
    threading.Thread(target=ollama.serve_forever, daemon=True).start()
    llmock: Any = None
    used: dict[str, str] = {}

    def other(name: str) -> str:
        nonlocal llmock
        llmock = request.getfixturevalue("llmock")
        llmock.state.journal.clear()
        used[name] = llmock.base_url(name)
        return used[name]

    def count() -> int:
        return server.requests + Ollama.requests + (len(llmock.state.journal.records(wait=5)) if used else 0)

    yield Servers(server.base_url, f"http://127.0.0.1:{ollama.server_port}", other, count, used)
    ollama.shutdown()
    ollama.server_close()


@pytest.mark.parametrize("asks", SDKS, ids=lambda asks: asks.__name__)
def test_the_second_call_sends_nothing(
    asks: Callable[[ModuleType, Servers], list[Ask]],
    servers: Servers,
    cache_dir: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Equal objects, nothing sent, in another process too; no secret on disk, in our log or in what is shown."""
    sdk = pytest.importorskip(SDKS[asks])
    caplog.set_level(logging.DEBUG, "llm_memo")
    answers = []
    for ask in asks(sdk, servers):
        before = servers.count()
        answers.append(ask())
        paid = servers.count()
        assert paid > before
        forget()
        assert answers[-1] == ask()
        assert servers.count() == paid
    assert 0 == requests_info().not_stored
    assert list(map(repr, answers)) == elsewhere(asks, servers)
    assert servers.count() == paid
    shown = [main(["show", entry.key]) for entry in Cache().entries()]
    assert shown
    assert not any(shown)
    said = capsys.readouterr().out + "".join(each.getMessage() for each in caplog.records if each.name == "llm_memo")
    assert "miss" in said
    assert CANARY not in said
    assert [] == [path for path in files(cache_dir) if CANARY.encode() in path.read_bytes()]


def elsewhere(asks: Callable[[ModuleType, Servers], list[Ask]], servers: Servers) -> list[str]:
    """What another process is answered, as it prints it."""
    urls = {"openai": servers.openai, "ollama": servers.ollama, **servers.used}
    done = subprocess.run(
        [sys.executable, sdks.__file__, asks.__name__, json.dumps(urls)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout.splitlines()


def files(folder: Path) -> list[Path]:
    """All that is kept."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    assert found
    return found


@pytest.mark.parametrize("asks", BY_PROXY, ids=lambda asks: asks.__name__)
def test_the_second_call_by_proxy_sends_nothing(
    asks: Callable[[ModuleType, Servers], list[Ask]],
    servers: Servers,
    cache_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same of the SDKs as they are, by way of `llm_memo.serve`: nothing but the address is changed."""
    sdk = pytest.importorskip(BY_PROXY[asks])
    monkeypatch.setattr(sdks, "take_hold", lambda client: client)
    said: list[str] = []
    with ExitStack() as stack:
        proxies: list[str] = []

        def before(url: str) -> str:
            origin = url[: url.index("/", len("http://"))] if url.count("/") > 2 else url
            proxy = stack.enter_context(cache_server(origin, log=lambda record: said.append(record.line())))
            proxies.append(proxy.base_url)
            return proxy.base_url + url.removeprefix(origin)

        by_proxy = servers._replace(
            openai=before(servers.openai),
            ollama=before(servers.ollama),
            other=lambda name: before(servers.other(name)),
        )
        for ask in asks(sdk, by_proxy):
            sent = servers.count()
            first = ask()
            paid = servers.count()
            assert paid > sent
            assert first == ask()
            assert servers.count() == paid
        said += [httpx2.get(url).text for url in proxies]
    assert "hit" in "".join(said)
    assert CANARY not in "".join(said)
    assert [] == [path for path in files(cache_dir) if CANARY.encode() in path.read_bytes()]


def test_half_of_a_client_is_an_error() -> None:
    """google-genai's asynchronous half may send through aiohttp, which nobody would notice."""
    genai = pytest.importorskip("google.genai")
    pytest.importorskip("aiohttp")
    with pytest.raises(InvalidOption, match=r"aiohttp.*httpx_async_client"):
        cached_client(genai.Client(api_key="k"))


async def test_a_session_of_aiohttp_is_an_error() -> None:
    """It is named, with what to pass instead: nobody would notice that what it sends goes by."""
    aiohttp = pytest.importorskip("aiohttp")
    async with aiohttp.ClientSession() as session:
        with pytest.raises(InvalidOption, match=r"aiohttp.*DefaultAioHttpClient.*llm-memo serve"):
            cached_client(session)


def test_a_framework_out_of_reach(servers: Servers) -> None:
    """``configure(requests=True)`` caches what an agent sends whose client nobody sees."""
    agents = pytest.importorskip("agno.agent")
    openai = importlib.import_module("agno.models.openai")
    agent = agents.Agent(model=openai.OpenAIChat(id="m-1", base_url=servers.openai, api_key=CANARY), telemetry=False)
    with configure(requests=True):
        assert agent.run("hi").content == agent.run("hi").content
        assert 1 == servers.count()
    agent.run("hi")
    assert 2 == servers.count()


def test_a_model_that_replaces_its_client(servers: Servers) -> None:
    """agno makes another client when one is closed, and in copies of a model: these are cached too."""
    agents = pytest.importorskip("agno.agent")
    openai = importlib.import_module("agno.models.openai")
    model = openai.OpenAIChat(id="m-1", base_url=servers.openai, api_key=CANARY)
    agent = cached_client(agents.Agent(model=model, telemetry=False))
    agent.run("hi")
    model.client.close()
    agent.run("hi")
    copied = deepcopy(model)
    agents.Agent(model=copied, telemetry=False).run("hi")
    assert copied.client is not model.client
    assert 1 == servers.count()
