"""Real SDKs, over real HTTP: the second call sends nothing and gives an equal answer.

The SDKs and the mock server of another project's (llmock) are the extra ``[sdks]``; what is not installed is skipped.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from anew import forget
from pydantic import BaseModel

from llm_memo import InvalidOption, cached_client, configure, requests_info
from llm_memo.serve import cache_server
from llm_memo.testing import ModelServer

CANARY = "sk-canary-7f3a91"

pytestmark = pytest.mark.filterwarnings("default")  # what the SDKs warn of is theirs to mend


@pytest.fixture(autouse=True)
def _unclosed() -> Iterator[None]:
    """Let go here of what the SDKs leave open, which is theirs to close."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


class Servers(NamedTuple):
    """Where each kind of SDK is to ask, and how often anything was asked."""

    openai: str
    ollama: str
    other: Callable[[str], str]
    count: Callable[[], int]


OLLAMA = {
    "/api/chat": {"message": {"role": "assistant", "content": "Because."}},
    "/api/generate": {"response": "Because."},
}
LAST = {"done": True, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 3}


class Ollama(BaseHTTPRequestHandler):
    """Answers as Ollama 0.9 does, a document a line where it is to stream."""

    protocol_version = "HTTP/1.1"
    requests = 0

    def do_POST(self) -> None:
        type(self).requests += 1
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        head = {"model": body["model"], "created_at": f"2026-01-01T00:00:{type(self).requests:02}Z"}
        if self.path == "/api/embed":
            parts: list[dict[str, Any]] = [{"embeddings": [[0.5, 0.25]], "prompt_eval_count": 3}]
        elif body.get("stream"):
            parts = [OLLAMA[self.path] | {"done": False}, OLLAMA[self.path] | LAST]
        else:
            parts = [OLLAMA[self.path] | LAST]
        text = "".join(json.dumps(head | part) + "\n" for part in parts).encode()
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson" if len(parts) > 1 else "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


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
    used: list[Any] = []

    def other(name: str) -> str:
        used.append(request.getfixturevalue("llmock"))
        used[0].state.journal.clear()
        return str(used[0].base_url(name))

    def count() -> int:
        return server.requests + Ollama.requests + (len(used[0].state.journal.records(wait=5)) if used else 0)

    yield Servers(server.base_url, f"http://127.0.0.1:{ollama.server_port}", other, count)
    ollama.shutdown()
    ollama.server_close()


HI: Any = [{"role": "user", "content": "hi"}]
CHAT: Any = {"model": "m-1", "messages": HI}
CLAUDE: Any = {**CHAT, "max_tokens": 500}
TOOL = {"name": "look", "description": "Looks.", "input_schema": {"type": "object", "properties": {}}}

Ask = Callable[[], Any]


def without_keepalive() -> Any:
    """A client for one loop after the other: what is kept open would be that of a loop that is closed."""
    import httpx

    return httpx.AsyncClient(limits=httpx.Limits(max_keepalive_connections=0))


def anthropic(sdk: ModuleType, servers: Servers) -> list[Ask]:
    client = cached_client(sdk.Anthropic(base_url=servers.other("anthropic"), api_key=CANARY))

    def streamed() -> Any:
        with client.messages.stream(**CLAUDE, system="Be kind.") as stream:
            return stream.get_final_message().content

    return [
        lambda: client.messages.create(**CLAUDE),
        lambda: client.messages.create(**CLAUDE, tools=[TOOL]),
        lambda: list(client.messages.create(**CLAUDE, stream=True)),
        lambda: client.messages.create(**CLAUDE, system="Be short."),
        streamed,
    ]


def anthropic_awaited(sdk: ModuleType, servers: Servers) -> list[Ask]:
    base = servers.other("anthropic")

    async def ask() -> Any:
        async with cached_client(sdk.AsyncAnthropic(base_url=base, api_key=CANARY)) as client:
            return await client.messages.create(**CLAUDE)

    async def stream() -> Any:
        async with cached_client(sdk.AsyncAnthropic(base_url=base, api_key=CANARY)) as client:
            return [event async for event in await client.messages.create(**CLAUDE, stream=True)]

    return [lambda: asyncio.run(ask()), lambda: asyncio.run(stream())]


def groq(sdk: ModuleType, servers: Servers) -> list[Ask]:
    base = servers.other("groq").removesuffix("/openai/v1")
    client = cached_client(sdk.Groq(base_url=base, api_key=CANARY))
    return [
        lambda: client.chat.completions.create(**CHAT),
        lambda: list(client.chat.completions.create(**CHAT, stream=True)),
    ]


def mistral(sdk: ModuleType, servers: Servers) -> list[Ask]:
    url = servers.other("mistral").removesuffix("/v1")
    client = cached_client(sdk.Mistral(server_url=url, api_key=CANARY, async_client=without_keepalive()))
    return [
        lambda: client.chat.complete(**CHAT),
        lambda: list(client.chat.stream(**CHAT)),
        lambda: asyncio.run(client.chat.complete_async(**CHAT, temperature=0.5)),
    ]


def cohere(sdk: ModuleType, servers: Servers) -> list[Ask]:
    client = cached_client(sdk.ClientV2(base_url=servers.other("cohere"), api_key=CANARY))
    return [lambda: client.chat(**CHAT), lambda: list(client.chat_stream(**CHAT))]


def google(sdk: ModuleType, servers: Servers) -> list[Ask]:
    options = {"base_url": servers.other("gemini"), "api_version": "v1beta", "httpx_async_client": without_keepalive()}
    client = cached_client(sdk.Client(api_key=CANARY, http_options=options))
    ask: Any = {"model": "gemini-2.5-flash", "contents": "hi"}
    return [
        lambda: client.models.generate_content(**ask).text,
        lambda: [part.text for part in client.models.generate_content_stream(**ask)],
        lambda: asyncio.run(client.aio.models.generate_content(**ask, config={"temperature": 0})).text,
    ]


def ollama(sdk: ModuleType, servers: Servers) -> list[Ask]:
    client = cached_client(sdk.Client(servers.ollama))

    async def awaited() -> Any:
        return await cached_client(sdk.AsyncClient(servers.ollama)).chat("m-2", HI)

    return [
        lambda: client.chat("m-1", HI),
        lambda: list(client.chat("m-1", HI, stream=True)),
        lambda: client.generate("m-1", "hi"),
        lambda: client.embed("m-1", "hi"),
        lambda: asyncio.run(awaited()),
    ]


def langchain_openai(sdk: ModuleType, servers: Servers) -> list[Ask]:
    model = cached_client(sdk.ChatOpenAI(base_url=servers.openai, api_key=CANARY, model="m-1"))
    return [
        lambda: model.invoke("hi").content,
        lambda: [part.content for part in model.stream("hi")],
        lambda: asyncio.run(model.ainvoke("hey")).content,
    ]


def langchain_anthropic(sdk: ModuleType, servers: Servers) -> list[Ask]:
    model = cached_client(sdk.ChatAnthropic(base_url=servers.other("anthropic"), api_key=CANARY, model="claude-3"))
    return [
        lambda: model.invoke("hi").content,
        lambda: [part.content for part in model.stream("hi")],
        lambda: asyncio.run(model.ainvoke("hey")).content,
    ]


class Answer(BaseModel):
    """What Instructor is asked for."""

    why: str


def instructor(sdk: ModuleType, servers: Servers) -> list[Ask]:
    from openai import OpenAI

    client = cached_client(sdk.from_openai(OpenAI(base_url=servers.openai, api_key=CANARY)))
    return [lambda: client.chat.completions.create(**CHAT, response_model=Answer).model_dump()]


def pydantic_ai(sdk: ModuleType, servers: Servers) -> list[Ask]:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    model = OpenAIChatModel("m-1", provider=OpenAIProvider(base_url=servers.openai, api_key=CANARY))
    agent = cached_client(sdk.Agent(model))

    async def streamed() -> str:
        async with agent.run_stream("hi") as run:
            return "".join([part async for part in run.stream_text(delta=True)])

    return [lambda: agent.run_sync("hi").output, lambda: asyncio.run(streamed())]


def agno(sdk: ModuleType, servers: Servers) -> list[Ask]:
    from agno.models.openai import OpenAIChat

    def look(where: str) -> str:
        """Looks somewhere."""
        return where

    def agent() -> Any:
        model = OpenAIChat(id="m-1", base_url=servers.openai, api_key=CANARY)
        return cached_client(sdk.Agent(model=model, tools=[look], telemetry=False))  # type: ignore[attr-defined]

    return [
        lambda: agent().run("hi").content,
        lambda: [part.content for part in agent().run("hi", stream=True)],
        lambda: asyncio.run(agent().arun("hey")).content,
    ]


def openai_awaited(sdk: ModuleType, servers: Servers) -> list[Ask]:
    async def parsed() -> Any:
        async with cached_client(sdk.AsyncOpenAI(base_url=servers.openai, api_key=CANARY)) as client:
            chat = client.chat if hasattr(client.chat.completions, "parse") else client.beta.chat
            return await chat.completions.parse(**CHAT, response_format=Answer)

    async def embedded() -> Any:
        async with cached_client(sdk.AsyncOpenAI(base_url=servers.openai, api_key=CANARY)) as client:
            return await client.embeddings.create(model="e", input=["a", "b"])

    return [lambda: asyncio.run(parsed()), lambda: asyncio.run(embedded())]


def azure(sdk: ModuleType, servers: Servers) -> list[Ask]:
    client = cached_client(
        sdk.AzureOpenAI(base_url=f"{servers.openai}/deployments/d", api_key=CANARY, api_version="2025-01-01")
    )
    return [lambda: client.chat.completions.create(**CHAT)]


SDKS: dict[Callable[[ModuleType, Servers], list[Ask]], str] = {
    openai_awaited: "openai",
    azure: "openai",
    anthropic: "anthropic",
    anthropic_awaited: "anthropic",
    groq: "groq",
    mistral: "mistralai.client",
    cohere: "cohere",
    google: "google.genai",
    ollama: "ollama",
    langchain_openai: "langchain_openai",
    langchain_anthropic: "langchain_anthropic",
    instructor: "instructor",
    pydantic_ai: "pydantic_ai",
    agno: "agno.agent",
}


@pytest.mark.parametrize("asks", SDKS, ids=lambda asks: asks.__name__)
def test_the_second_call_sends_nothing(
    asks: Callable[[ModuleType, Servers], list[Ask]],
    servers: Servers,
    cache_dir: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Equal objects, nothing sent; and no credential on disk or in our log."""
    sdk = pytest.importorskip(SDKS[asks])
    caplog.set_level(logging.DEBUG, "llm_memo")
    for ask in asks(sdk, servers):
        before = servers.count()
        first = ask()
        paid = servers.count()
        assert paid > before
        forget()
        assert first == ask()
        assert servers.count() == paid
    assert 0 == requests_info().not_stored
    kept = [path.read_bytes() for path in cache_dir.rglob("*") if path.is_file()]
    assert kept
    assert not [content for content in kept if CANARY.encode() in content]
    assert CANARY not in "".join(record.getMessage() for record in caplog.records if record.name == "llm_memo")


@pytest.mark.parametrize("asks", SDKS, ids=lambda asks: asks.__name__)
def test_the_second_call_by_proxy_sends_nothing(
    asks: Callable[[ModuleType, Servers], list[Ask]], servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same of the SDKs as they are, by way of `llm_memo.serve`: nothing but the address is changed."""
    sdk = pytest.importorskip(SDKS[asks])
    monkeypatch.setitem(globals(), "cached_client", lambda client: client)
    with ExitStack() as stack:

        def before(url: str) -> str:
            origin = url[: url.index("/", len("http://"))] if url.count("/") > 2 else url
            return stack.enter_context(cache_server(origin)).base_url + url.removeprefix(origin)

        by_proxy = Servers(
            before(servers.openai), before(servers.ollama), lambda name: before(servers.other(name)), servers.count
        )
        for ask in asks(sdk, by_proxy):
            sent = servers.count()
            first = ask()
            paid = servers.count()
            assert paid > sent
            assert first == ask()
            assert servers.count() == paid


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
