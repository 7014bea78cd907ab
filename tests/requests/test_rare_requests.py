"""Rare ways of a request: each is a line of the code that no ordinary request comes to."""

from __future__ import annotations

import contextvars
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from asking import URL, ask, outcome
from openai import APITimeoutError, OpenAI

from llm_memo import InvalidOption, NotStored, cached_client, cached_completion, requests_info
from llm_memo.requests import everywhere, sending
from llm_memo.settings import SCOPES
from llm_memo.testing import ModelServer

BODY: dict[str, Any] = {"model": "m", "messages": []}
YES = b'{"choices": [{"finish_reason": "stop", "message": {"content": "yes"}}]}'
CHUNK = b'data: {"choices": [{"finish_reason": "stop", "delta": {"content": "a"}}]}\n\n'


class Broken(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body whose connection breaks after its last piece."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        raise httpx2.ReadError("broken")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece
        raise httpx2.ReadError("broken")


def over(stream: Any = None, content: bytes = YES, media: str = "application/json") -> httpx2.MockTransport:
    """A transport that answers at once."""
    headers = {"content-type": media}
    body = {"stream": stream} if stream is not None else {"content": content}
    return httpx2.MockTransport(lambda request: httpx2.Response(200, headers=headers, **body))  # type: ignore[arg-type]


SSE = "text/event-stream"


def test_what_breaks_after_the_last_event_breaks_nothing() -> None:
    """The answer is whole, and kept."""
    stream = Broken(CHUNK, b"data: [DONE]\n\n")
    with cached_client(httpx2.Client(transport=over(stream, media=SSE))) as client:
        found = [client.post(URL, json=BODY | {"stream": True}) for _ in range(2)]
    assert ["miss", "hit"] == [each.headers["x-llm-memo"] for each in found]
    assert found[0].content == found[1].content
    with (
        cached_client(httpx2.Client(transport=over(Broken(CHUNK), media=SSE))) as client,
        pytest.raises(httpx2.ReadError),
    ):
        client.post(URL, json=BODY | {"stream": True, "n": 1})


async def test_what_breaks_after_the_last_event_awaited() -> None:
    """As for a client that waits."""
    stream = Broken(CHUNK, b"data: [DONE]\n\n")
    async with cached_client(httpx2.AsyncClient(transport=over(stream, media=SSE))) as client:
        found = [await client.post(URL, json=BODY | {"stream": True}) for _ in range(2)]
    assert ["miss", "hit"] == [each.headers["x-llm-memo"] for each in found]
    async with cached_client(httpx2.AsyncClient(transport=over(Broken(CHUNK), media=SSE))) as client:
        with pytest.raises(httpx2.ReadError):
            await client.post(URL, json=BODY | {"stream": True, "n": 1})


async def test_a_last_event_without_its_blank_line() -> None:
    """It is handed on when the body ends."""
    content = CHUNK + b"data: [DONE]"
    async with cached_client(httpx2.AsyncClient(transport=over(content=content, media=SSE))) as client:
        found = [await client.post(URL, json=BODY | {"stream": True}) for _ in range(2)]
    assert [content] * 2 == [each.content for each in found]
    assert ["miss", "hit"] == [each.headers["x-llm-memo"] for each in found]
    with cached_client(httpx2.Client(transport=over(content=content, media=SSE))) as waiting:
        assert "hit" == waiting.post(URL, json=BODY | {"stream": True}).headers["x-llm-memo"]
        assert content == waiting.post(URL, json=BODY | {"stream": True, "n": 1}).content


async def test_a_stream_that_nobody_asked_for() -> None:
    """An answer may come as events though the request does not say so."""
    content = CHUNK + b"data: [DONE]\n\n"
    async with cached_client(httpx2.AsyncClient(transport=over(content=content, media=SSE))) as client:
        found = [await client.post(URL, json=BODY) for _ in range(2)]
    assert [content] * 2 == [each.content for each in found]


def driven(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What comes of a coroutine that waits for nothing, without a loop."""
    try:
        while True:
            coroutine.send(None)
    except StopIteration as end:
        return end.value


def test_another_kind_of_event_loop() -> None:
    """Where there is no loop of asyncio's, a request is sent in the task that asks."""

    async def ask_twice() -> list[str]:
        client = cached_client(httpx2.AsyncClient(transport=over()))
        return [(await client.post(URL, json=BODY)).headers["x-llm-memo"] for _ in range(2)]

    assert ["miss", "hit"] == driven(ask_twice())


async def test_requests_that_pass_are_awaited() -> None:
    """A client that is awaited sends them as they are; a bad value is an error there too."""
    async with cached_client(httpx2.AsyncClient(transport=over())) as client:
        assert "x-llm-memo" not in (await client.get(URL)).headers
        with pytest.raises(InvalidOption, match="op-cache"):
            await client.get(URL, headers={"op-cache": "perhaps"})


def test_what_goes_on_after_a_call_is_outside_of_it(cached: OpenAI, server: ModelServer) -> None:
    """A thread that outlives the call that started it makes requests of its own."""
    later: list[Callable[[], str | None]] = []

    @cached_completion(policy="off")
    def f(text: str) -> None:
        context = contextvars.copy_context()
        later.append(lambda: context.run(outcome, cached, text))

    f("a")
    assert ["miss", "hit"] == [later[0](), later[0]()]


def test_a_setting_that_is_none_takes_nobodys_turn(
    cached: OpenAI, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that fails before it is sent is not the first of equal ones."""

    @cached_completion(policy="readWrite", version=1)
    def f(text: str) -> str:
        with monkeypatch.context() as patch:
            patch.setenv("LLM_MEMO_TTL", "soon")
            with pytest.raises(InvalidOption, match="LLM_MEMO_TTL"):
                ask(cached, text)
        return ask(cached, text).id

    assert f("a") == ask(cached, "a").id
    assert 1 == server.requests


def test_what_continues_a_response_does_not_get_old(
    cached: OpenAI, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that continues one which is forgotten after 30 days is asked for again before."""

    def ask_on() -> str:
        return cached.responses.create(model="m", input="a", previous_response_id="r").id

    first = ask_on()
    assert first == ask_on()
    cached_client(cached, ttl=0)
    assert first != ask_on()
    cached_client(cached, ttl=None)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 30 * 86400)
    ask_on()
    assert 3 == server.requests


@pytest.mark.slow
def test_the_lock_of_another_process(server: ModelServer, tmp_path: Path) -> None:
    """A request waits for an equal one of another process no longer than its time-out."""
    go = threading.Event()
    server.reply = lambda body: "yes" if go.wait(60) else ""
    text = """
        import sys
        from openai import OpenAI
        from llm_memo import cached_client
        client = cached_client(OpenAI(base_url=sys.argv[1], api_key="test"))
        messages = [{"role": "user", "content": "a"}]
        print(client.chat.completions.create(model="gpt-5.2", messages=messages).choices[0].message.content)
        """
    program = tmp_path / "other.py"
    program.write_text(textwrap.dedent(text))
    other = subprocess.Popen([sys.executable, str(program), server.base_url], stdout=subprocess.PIPE, text=True)
    while not server.requests:
        time.sleep(0.01)
    with cached_client(OpenAI(base_url=server.base_url, api_key="test", max_retries=0)) as client:
        with pytest.raises(APITimeoutError):
            ask(client.with_options(timeout=0.2), "a")
        go.set()
        assert "yes\n" == other.communicate(timeout=60)[0]
        assert "hit" == outcome(client, "a")
    assert 1 == server.requests


async def test_a_cancelled_task_at_the_end_of_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no thread can be had any more, the answer is written at once."""
    import asyncio

    go = asyncio.Event()

    async def answer(request: httpx2.Request) -> httpx2.Response:
        await go.wait()
        return httpx2.Response(200, headers={"content-type": "application/json"}, content=YES)

    class Full:
        def submit(self, work: Callable[[], object]) -> None:
            raise RuntimeError

    monkeypatch.setattr(sending, "STORAGE", Full())
    async with cached_client(httpx2.AsyncClient(transport=httpx2.MockTransport(answer))) as client:
        asking = asyncio.create_task(client.post(URL, json=BODY))
        await asyncio.sleep(0.05)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        go.set()
        assert "hit" == (await client.post(URL, json=BODY)).headers["x-llm-memo"]


def test_a_rule_that_raises(cached: OpenAI) -> None:
    """What goes wrong in ``cache_if`` is a warning, and the answer."""
    cached_client(cached, cache_if=lambda answer: 1 / 0)
    with pytest.warns(NotStored, match="cache_if raised ZeroDivisionError"):
        assert ask(cached).choices


@pytest.mark.parametrize(
    "content",
    [
        b'"openpipe" and no JSON',
        b'{"model": "m", "messages": ["openpipe"]}',
        b'{"model": "m", "messages": [{"openpipe": 1}]}',
        b'{"model": "m", "openpipe": {"tags": {}}}',
    ],
)
def test_a_body_that_only_speaks_of_openpipe(content: bytes) -> None:
    """It is sent as it is."""
    seen = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.content)
        return httpx2.Response(200, headers={"content-type": "application/json"}, content=YES)

    with cached_client(httpx2.Client(transport=httpx2.MockTransport(answer))) as client:
        client.post(URL, content=content, headers={"content-type": "application/json"})
    assert [content] == seen


@pytest.mark.parametrize("content", [b"no JSON", b"[" * 100_000, b'{"model": "m", "tools": [3]}'])
def test_odd_bodies_are_cached_where_the_path_names_a_model(content: bytes) -> None:
    """They are the server's to judge, and count by their bytes."""
    url = "https://example.com/openai/deployments/d/responses"
    said = b'{"status": "completed", "object": "response", "output": [{"type": "function_call"}]}'
    with cached_client(httpx2.Client(transport=over(content=said))) as client:
        found = [client.post(url, content=content, headers={"content-type": "application/json"}) for _ in range(2)]
    assert ["miss", "hit"] == [each.headers["x-llm-memo"] for each in found]


def test_an_answer_that_is_no_json() -> None:
    """What says that it is JSON and is not, is handed on and not kept."""
    with cached_client(httpx2.Client(transport=over(content=b"<html>"))) as client, pytest.warns(NotStored):
        assert b"<html>" == client.post(URL, json=BODY).content


def test_switched_on_when_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the environment says so, all clients ask from the import on."""
    monkeypatch.setattr(SCOPES, "on_requests", [])
    monkeypatch.setenv("LLM_MEMO_REQUESTS", "1")
    everywhere.register()
    assert [everywhere.install] == SCOPES.on_requests
    with httpx2.Client(transport=over()) as client:
        assert "miss" == client.post(URL, json=BODY).headers["x-llm-memo"]
    assert 1 == requests_info().misses
