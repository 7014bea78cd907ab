"""Real SDKs, and what each of them is asked; as a script: ask all that of one of them, and print what comes.

::

    python sdks.py NAME {"openai": URL, "ollama": URL, …}
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from types import ModuleType
from typing import Any, NamedTuple

from pydantic import BaseModel

from llm_memo import cached_client
from llm_memo.requests.clients import http_clients

CANARY = "sk-canary-7f3a91"
"""The API key, a cookie and ``?key=`` of each request."""


class Servers(NamedTuple):
    """Where each kind of SDK is to ask, and how often anything was asked."""

    openai: str
    ollama: str
    other: Callable[[str], str]
    count: Callable[[], int]
    used: dict[str, str]
    """The other project's servers that were asked for, by name."""


OLLAMA = {
    "/api/chat": {"message": {"role": "assistant", "content": "Because."}},
    "/api/generate": {"response": "Because."},
}
LAST = {"done": True, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 3}


class Ollama(BaseHTTPRequestHandler):
    """Answers as Ollama 0.9 does, a document a line where it is to stream."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or the body waits 40 ms for the head to be acknowledged
    requests = 0

    def do_POST(self) -> None:
        type(self).requests += 1
        path = self.path.partition("?")[0]
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        head = {"model": body["model"], "created_at": f"2026-01-01T00:00:{type(self).requests:02}Z"}
        if path == "/api/embed":
            parts: list[dict[str, Any]] = [{"embeddings": [[0.5, 0.25]], "prompt_eval_count": 3}]
        elif body.get("stream"):
            parts = [OLLAMA[path] | {"done": False}, OLLAMA[path] | LAST]
        else:
            parts = [OLLAMA[path] | LAST]
        text = "".join(json.dumps(head | part) + "\n" for part in parts).encode()
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson" if len(parts) > 1 else "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def told(client: Any) -> Any:
    """A client whose requests have secrets in their query and cookies, too."""

    def add(request: Any) -> None:
        request.headers["cookie"] = f"session={CANARY}"
        request.url = request.url.copy_merge_params({"key": CANARY})

    async def add_awaited(request: Any) -> None:
        add(request)

    for each in http_clients(client)[0]:
        awaited = any(kind.__name__ == "AsyncClient" for kind in type(each).__mro__)
        each.event_hooks = {**each.event_hooks, "request": [add_awaited if awaited else add]}
    return client


take_hold: Callable[[Any], Any] = cached_client
"""What is done with each client."""


def held(client: Any) -> Any:
    """A client as a test would have it."""
    return told(take_hold(client))


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
    client = held(sdk.Anthropic(base_url=servers.other("anthropic"), api_key=CANARY))

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
        async with held(sdk.AsyncAnthropic(base_url=base, api_key=CANARY)) as client:
            return await client.messages.create(**CLAUDE)

    async def stream() -> Any:
        async with held(sdk.AsyncAnthropic(base_url=base, api_key=CANARY)) as client:
            return [event async for event in await client.messages.create(**CLAUDE, stream=True)]

    return [lambda: asyncio.run(ask()), lambda: asyncio.run(stream())]


def groq(sdk: ModuleType, servers: Servers) -> list[Ask]:
    base = servers.other("groq").removesuffix("/openai/v1")
    client = held(sdk.Groq(base_url=base, api_key=CANARY))
    return [
        lambda: client.chat.completions.create(**CHAT),
        lambda: list(client.chat.completions.create(**CHAT, stream=True)),
    ]


def mistral(sdk: ModuleType, servers: Servers) -> list[Ask]:
    url = servers.other("mistral").removesuffix("/v1")
    client = held(sdk.Mistral(server_url=url, api_key=CANARY, async_client=without_keepalive()))
    return [
        lambda: client.chat.complete(**CHAT),
        lambda: list(client.chat.stream(**CHAT)),
        lambda: asyncio.run(client.chat.complete_async(**CHAT, temperature=0.5)),
    ]


def cohere(sdk: ModuleType, servers: Servers) -> list[Ask]:
    client = held(sdk.ClientV2(base_url=servers.other("cohere"), api_key=CANARY))
    return [lambda: client.chat(**CHAT), lambda: list(client.chat_stream(**CHAT))]


def google(sdk: ModuleType, servers: Servers) -> list[Ask]:
    options = {"base_url": servers.other("gemini"), "api_version": "v1beta", "httpx_async_client": without_keepalive()}
    client = held(sdk.Client(api_key=CANARY, http_options=options))
    ask: Any = {"model": "gemini-2.5-flash", "contents": "hi"}
    return [
        lambda: client.models.generate_content(**ask).text,
        lambda: [part.text for part in client.models.generate_content_stream(**ask)],
        lambda: asyncio.run(client.aio.models.generate_content(**ask, config={"temperature": 0})).text,
    ]


def ollama(sdk: ModuleType, servers: Servers) -> list[Ask]:
    client = held(sdk.Client(servers.ollama))

    async def awaited() -> Any:
        return await held(sdk.AsyncClient(servers.ollama)).chat("m-2", HI)

    return [
        lambda: client.chat("m-1", HI),
        lambda: list(client.chat("m-1", HI, stream=True)),
        lambda: client.generate("m-1", "hi"),
        lambda: client.embed("m-1", "hi"),
        lambda: asyncio.run(awaited()),
    ]


def langchain_openai(sdk: ModuleType, servers: Servers) -> list[Ask]:
    model = held(sdk.ChatOpenAI(base_url=servers.openai, api_key=CANARY, model="m-1"))
    return [
        lambda: model.invoke("hi").content,
        lambda: [part.content for part in model.stream("hi")],
        lambda: asyncio.run(model.ainvoke("hey")).content,
    ]


def langchain_anthropic(sdk: ModuleType, servers: Servers) -> list[Ask]:
    model = held(sdk.ChatAnthropic(base_url=servers.other("anthropic"), api_key=CANARY, model="claude-3"))
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

    client = held(sdk.from_openai(OpenAI(base_url=servers.openai, api_key=CANARY)))
    return [lambda: client.chat.completions.create(**CHAT, response_model=Answer).model_dump()]


def pydantic_ai(sdk: ModuleType, servers: Servers) -> list[Ask]:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    model = OpenAIChatModel("m-1", provider=OpenAIProvider(base_url=servers.openai, api_key=CANARY))
    agent = held(sdk.Agent(model))

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
        return held(sdk.Agent(model=model, tools=[look], telemetry=False))  # type: ignore[attr-defined]

    return [
        lambda: agent().run("hi").content,
        lambda: [part.content for part in agent().run("hi", stream=True)],
        lambda: asyncio.run(agent().arun("hey")).content,
    ]


def openai_awaited(sdk: ModuleType, servers: Servers) -> list[Ask]:
    async def parsed() -> Any:
        async with held(sdk.AsyncOpenAI(base_url=servers.openai, api_key=CANARY)) as client:
            chat = client.chat if hasattr(client.chat.completions, "parse") else client.beta.chat
            return await chat.completions.parse(**CHAT, response_format=Answer)

    async def embedded() -> Any:
        async with held(sdk.AsyncOpenAI(base_url=servers.openai, api_key=CANARY)) as client:
            return await client.embeddings.create(model="e", input=["a", "b"])

    return [lambda: asyncio.run(parsed()), lambda: asyncio.run(embedded())]


def azure(sdk: ModuleType, servers: Servers) -> list[Ask]:
    client = held(sdk.AzureOpenAI(base_url=f"{servers.openai}/deployments/d", api_key=CANARY, api_version="2025-01-01"))
    return [lambda: client.chat.completions.create(**CHAT)]


def litellm(sdk: Any, servers: Servers) -> list[Ask]:
    """Only by proxy: what it sends when it is awaited goes through aiohttp."""
    ask: Any = {**CHAT, "model": "openai/m-1", "api_base": servers.openai, "api_key": CANARY}
    ask["extra_headers"] = {"cookie": f"session={CANARY}"}
    ask["extra_query"] = {"key": CANARY}

    def said(answer: Any) -> Any:
        """Less the id and the time, which LiteLLM draws anew where it makes an answer of its own from a stream."""
        return [choice.model_dump() for choice in answer.choices]

    async def awaited() -> Any:
        return said(await sdk.acompletion(**ask, temperature=0.5))

    async def streamed() -> Any:
        return [said(part) async for part in await sdk.acompletion(**ask, stream=True, temperature=0.5)]

    return [
        lambda: said(sdk.completion(**ask)),
        lambda: [said(part) for part in sdk.completion(**ask, stream=True)],
        lambda: asyncio.run(awaited()),
        lambda: asyncio.run(streamed()),
        lambda: sdk.embedding(model="openai/e", input=["hi"], api_base=servers.openai, api_key=CANARY).data,
    ]


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
BY_PROXY = SDKS | {litellm: "litellm"}
"""Those that are asked by way of the proxy."""


def main(name: str, urls: dict[str, str]) -> None:
    """Ask one of them all that it is asked."""
    asks = next(asks for asks in SDKS if asks.__name__ == name)
    servers = Servers(urls["openai"], urls["ollama"], urls.__getitem__, lambda: 0, {})
    for ask in asks(importlib.import_module(SDKS[asks]), servers):
        print(repr(ask()))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
