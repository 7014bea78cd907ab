"""Where the HTTP clients of SDKs are, and clients that cannot be taken hold of."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import httpx2
import pytest
from asking import ask, outcome
from openai import APIConnectionError, AsyncOpenAI, OpenAI

from llm_memo import InvalidOption, cached_client, configure, requests_info
from llm_memo.requests.clients import http_clients, is_http_client
from llm_memo.testing import ModelServer

Sync, Async = httpx2.Client, httpx2.AsyncClient


def made(package: str, **attributes: Any) -> Any:
    """An object of a class of ``package``, with these attributes: an SDK as far as it is looked at."""
    return type("Model", (), {"__module__": f"{package}.client"} | attributes)()


def loop(value: Any) -> Any:
    """An object that leads to nothing but itself."""
    type(value).client = value
    return value


@pytest.fixture
def one() -> Any:
    return Sync()


@pytest.fixture
def other() -> Any:
    return Async()


def shapes(one: Any, other: Any) -> dict[str, tuple[Any, list[Any]]]:
    """How each SDK keeps its HTTP clients, as of its version of autumn 2026 → the object, and the clients."""
    google = {"_use_aiohttp": lambda self: False, "_httpx_client": one}
    open_ai = OpenAI(api_key="k")
    agent, team = made("agno", model=None), made("agno", model=None)
    agent.model = made("agno", get_client=lambda self: one, get_async_client=lambda self: other)
    team.members = [agent, "another"]
    http = open_ai._client
    api = made("google.genai", **google, _async_httpx_client=other)
    return {
        "httpx": (one, [one]),
        "openai": (open_ai, [http]),
        "a resource": (open_ai.chat.completions, [http]),
        "mistral": (made("mistralai", sdk_configuration=SimpleNamespace(client=one, async_client=other)), [one, other]),
        "cohere": (
            made("cohere", _client_wrapper=SimpleNamespace(httpx_client=SimpleNamespace(httpx_client=one))),
            [one],
        ),
        "ollama": (made("ollama", _client=one), [one]),
        "google": (made("google", _api_client=api), [one, other]),
        "google, one half": (
            made("google", _api_client=made("google", **google, _async_httpx_client=None)),
            [one],
        ),
        "instructor": (made("instructor", client=open_ai), [http]),
        "langchain": (
            made("langchain_x", root_client=open_ai, root_async_client=other, client=3, async_client=3),
            [http, other],
        ),
        "langchain, other": (made("langchain_y", client=one, async_client=other), [one, other]),
        "pydantic-ai": (made("pydantic_ai", model=made("pydantic_ai", client=other)), [other]),
        "pydantic-ai, several": (
            made("pydantic_ai", models=[made("pydantic_ai", client=other), made("pydantic_ai", wrapped=other)]),
            [other],
        ),
        "agno": (team, [one, other]),
        "agno, one half": (made("agno", get_client=lambda self: one), [one]),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", [
    "httpx", "openai", "a resource", "mistral", "cohere", "ollama", "google", "google, one half", "instructor",
    "langchain", "langchain, other", "pydantic-ai", "pydantic-ai, several", "agno", "agno, one half",
])  # fmt: skip
def test_where_http_clients_are(one: Any, other: Any, name: str) -> None:
    """They are found where the SDK keeps them, each once."""
    client, expected = shapes(one, other)[name]
    assert expected == http_clients(client)[0]
    assert client is cached_client(client)
    assert requests_info(client) == requests_info(client)


@pytest.mark.parametrize(
    "make",
    [
        lambda: object(),
        lambda: Mock(),
        lambda: made("unheard_of", client=Sync()),
        lambda: made("mistralai", sdk_configuration=SimpleNamespace(client=Sync(), async_client=None)),
        lambda: made("langchain_x", client=Sync()),
        lambda: made("pydantic_ai", model="openai:gpt"),
        lambda: made("agno"),
        lambda: loop(made("instructor")),
        lambda: made("google", _api_client=made("google", _use_aiohttp=lambda self: True)),
    ],
)
def test_what_cannot_be_taken_hold_of_is_an_error(make: Callable[[], Any]) -> None:
    """A client of which nobody can tell what it sends through, or only half of it, is an error with a way out."""
    with pytest.raises(InvalidOption, match=r"cached_client\(.*(configure\(requests=True\)|httpx_async_client)"):
        cached_client(make())


def test_a_closed_client_is_an_error() -> None:
    """Nothing can be sent through it."""
    client = Sync()
    client.close()
    with pytest.raises(InvalidOption, match="closed"):
        cached_client(client)


def test_a_client_without_a_transport_is_an_error() -> None:
    """A client that sends in a way of its own has nothing to take hold of."""
    client = Sync()
    del client._mounts
    with pytest.raises(InvalidOption, match="no transport"):
        cached_client(client)


def test_a_client_for_each_event_loop(server: ModelServer) -> None:
    """google-genai makes clients later, for each event loop: these are held as well."""

    class PerLoop(Async):
        _inner_client_cls: Any = Async

        def __init__(self) -> None:
            super().__init__()
            self._loop_clients: dict[Any, Any] = {}

        async def send(self, request: Any, **options: Any) -> Any:
            loop = asyncio.get_running_loop()
            inner = self._loop_clients.setdefault(loop, self._inner_client_cls())
            return await inner.send(request, **options)

    class Api:
        _httpx_client = Sync()

        def __init__(self) -> None:
            self._async_httpx_client = PerLoop()

        def _use_aiohttp(self) -> bool:
            return False

    Api.__module__ = "google.genai"
    api = Api()
    cached_client(cached_client(made("google", _api_client=api)))
    body = {"model": "m", "messages": [{"role": "user", "content": "a"}]}

    async def post() -> str | None:
        client = api._async_httpx_client
        response = await client.post(f"{server.base_url}/chat/completions", json=body)
        for inner in client._loop_clients.values():
            await inner.aclose()
        client._loop_clients.clear()
        return response.headers.get("x-llm-memo")  # type: ignore[no-any-return]

    assert ["miss", "hit"] == [asyncio.run(post()), asyncio.run(post())]
    assert 1 == server.requests


def test_a_provider_that_replaces_its_client() -> None:
    """pydantic-ai makes another HTTP client when one is closed: it shares what was given for the first."""
    first = Async()

    class Provider:
        _own_http_client = first

        def __init__(self) -> None:
            self._http_client_factory: Any = Async

    provider = Provider()
    model = made("pydantic_ai", client=first, _provider=provider)
    cached_client(model, policy="off")
    later = provider._http_client_factory()
    assert later._transport._llm_memo_site is first._transport._llm_memo_site  # type: ignore[attr-defined]


def test_proxies_and_mounts_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrapped client sends through its proxies and mounts, with its own limits and time-outs."""
    seen = []

    def proxied(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.host)
        return httpx2.Response(200, json={"choices": [{"finish_reason": "stop", "message": {"content": "yes"}}]})

    body = {"model": "m", "messages": []}
    mounts = {"all://api.example.com": httpx2.MockTransport(proxied), "all://local": None}
    with cached_client(Sync(mounts=mounts)) as client:
        for _ in range(2):
            client.post("http://api.example.com/v1/chat/completions", json=body)
    assert ["api.example.com"] == seen

    received = []

    class Proxy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.path)
            content = json.dumps({"choices": [{"finish_reason": "stop", "message": {"content": "yes"}}]}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    proxy = HTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.server_port}")
    plain = Sync()
    pools = [transport and transport._pool for transport in (plain._transport, *plain._mounts.values())]  # type: ignore[union-attr]
    with cached_client(plain) as client:
        assert pools == [transport and transport._pool for transport in (client._transport, *client._mounts.values())]  # type: ignore[union-attr]
        found = [client.post("http://nowhere.invalid/v1/chat/completions", json=body) for _ in range(2)]
    proxy.shutdown()
    proxy.server_close()
    assert ["miss", "hit"] == [each.headers.get("x-llm-memo") for each in found]
    assert ["http://nowhere.invalid/v1/chat/completions"] == received


def test_a_wrapped_transport_is_a_context(server: ModelServer) -> None:
    """Entering and leaving a client reaches the transport inside; copies are not confused."""

    class Counting(httpx2.MockTransport):
        entered = left = closed = 0

        def __enter__(self) -> Any:
            self.entered += 1
            return self

        def __exit__(self, *_: object) -> None:
            self.left += 1

        async def __aenter__(self) -> Any:
            self.entered += 1
            return self

        async def __aexit__(self, *_: object) -> None:
            self.left += 1

        def close(self) -> None:
            self.closed += 1

        async def aclose(self) -> None:
            self.closed += 1

    inner = Counting(lambda request: httpx2.Response(200))
    with cached_client(Sync(transport=inner)):
        pass
    cached_client(Sync(transport=inner)).close()

    async def awaited() -> None:
        async with cached_client(Async(transport=inner)):
            pass
        await cached_client(Async(transport=inner)).aclose()

    asyncio.run(awaited())
    assert (2, 2, 2) == (inner.entered, inner.left, inner.closed)
    with pytest.raises(AttributeError):
        cached_client(Sync())._transport.__nothing__  # type: ignore[attr-defined]  # noqa: B018


# Every client of the process


def test_all_clients_of_the_process(client: OpenAI, server: ModelServer) -> None:
    """Made before or after, sync or async, nested, and as it was afterwards."""
    lookup = Sync._transport_for_url
    with configure(requests=True):
        with configure(requests=True), OpenAI(base_url=server.base_url, api_key="k") as later:
            assert ["miss", "hit"] == [outcome(client), outcome(later)]
        with configure(requests=False):
            assert outcome(client) is None
        assert "hit" == outcome(client)

        async def awaited() -> str | None:
            async with AsyncOpenAI(base_url=server.base_url, api_key="k") as client:
                messages: Any = [{"role": "user", "content": "Why is the sky blue?"}]
                raw = await client.chat.completions.with_raw_response.create(model="gpt-5.2", messages=messages)
                return raw.headers.get("x-llm-memo")

        assert "hit" == asyncio.run(awaited())
    assert outcome(client) is None
    assert 3 == requests_info().hits
    assert lookup is not None


def test_a_cached_client_is_served_once(cached: OpenAI, server: ModelServer) -> None:
    """What `cached_client` has wrapped stays its own."""
    cached_client(cached, name="mine")
    with configure(requests=True):
        ask(cached)
    assert (1, 1) == (requests_info(cached).calls, requests_info().calls)


def test_it_can_be_switched_on_from_outside(server: ModelServer, run: Callable[..., str]) -> None:
    """``LLM_MEMO_REQUESTS=1`` needs no code but an import."""
    text = """
        import sys
        import llm_memo
        from openai import OpenAI
        client = OpenAI(base_url=sys.argv[1], api_key="k")
        raw = client.chat.completions.with_raw_response.create(model="m", messages=[{"role": "user", "content": "a"}])
        print(raw.headers.get("x-llm-memo"))
        """
    found = [run(text, server.base_url, LLM_MEMO_REQUESTS=value) for value in ("", "0", "1", "true")]
    assert ["None\n", "None\n", "miss\n", "hit\n"] == found


def test_a_bad_value_of_the_variable(client: OpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error that names the variable, before anything is sent."""
    from llm_memo.requests import everywhere

    everywhere.install()
    monkeypatch.setenv("LLM_MEMO_REQUESTS", "perhaps")
    with pytest.raises((InvalidOption, APIConnectionError)) as caught:  # older SDKs take it for a fault of the network
        ask(client)
    assert "LLM_MEMO_REQUESTS" in str(caught.value) + str(caught.value.__cause__)
    with pytest.raises(InvalidOption, match="requests"):
        configure(requests="yes")  # type: ignore[arg-type]


def test_what_is_an_http_client() -> None:
    """Clients of httpx and httpx2, and of classes made from them; nothing else."""

    class Mine(Sync):
        pass

    assert [True, True, False] == [is_http_client(each) for each in (Mine(), Async(), object())]
