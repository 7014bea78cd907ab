"""One request's way: streams and where they end, equal requests at the same time, errors, faults."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anew import forget
from asking import ask, outcome
from openai import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    AuthenticationError,
    OpenAI,
    RateLimitError,
)
from sdk import http

from llm_memo import (
    Cache,
    CorruptEntry,
    NotStored,
    StaleAnswer,
    cached_client,
    cached_completion,
    configure,
    requests_info,
)
from llm_memo.testing import ModelServer

# Streams


def test_the_first_token_is_there_before_the_last_is_sent(cached: OpenAI, server: ModelServer) -> None:
    """A chunk is handed on as it comes."""
    read_one = threading.Event()
    server.before_chunk = lambda number: number < 2 or read_one.wait(60)
    stream = ask(cached, stream=True)
    first = next(iter(stream))
    assert server.chunks_sent < 5
    read_one.set()
    whole = [first, *stream]
    assert whole == list(ask(cached, stream=True))
    assert 1 == server.requests


async def test_the_first_token_of_an_awaited_stream(server: ModelServer) -> None:
    """As for a client that waits."""
    read_one = threading.Event()
    server.before_chunk = lambda number: number < 2 or read_one.wait(60)
    async with cached_client(AsyncOpenAI(base_url=server.base_url, api_key="test")) as client:
        stream = await client.responses.create(model="m", input="a", stream=True)
        first = await anext(aiter(stream))
        read_one.set()
        whole = [first, *[event async for event in stream]]
        again = await client.responses.create(model="m", input="a", stream=True)
        assert whole == [event async for event in again]
    assert 1 == server.requests


def raw_stream(client: httpx2.Client, server: ModelServer, until: str) -> None:
    """Read a stream up to a line that has ``until`` in it, and close it."""
    body = {"model": "m", "messages": [{"role": "user", "content": "a"}], "stream": True}
    with client.stream("POST", f"{server.base_url}/chat/completions", json=body) as response:
        for line in response.iter_lines():
            if until in line:
                return


@pytest.mark.parametrize(("until", "sent"), [("[DONE]", 1), ("finish_reason", 2)])
def test_a_stream_that_is_closed(server: ModelServer, until: str, sent: int) -> None:
    """Closed after its last event it is whole; closed before, it is not kept and the next call asks."""
    server.before_chunk = lambda number: number == 0 or None
    with cached_client(httpx2.Client()) as client:
        raw_stream(client, server, until)
        raw_stream(client, server, "[DONE]")
    assert sent == server.requests


def test_the_iterator_is_closed_before_the_response(server: ModelServer) -> None:
    """Some SDKs let go of the iterator first."""
    body = {"model": "m", "messages": [{"role": "user", "content": "a"}], "stream": True}
    with cached_client(httpx2.Client()) as client:
        for _ in range(2):
            request = client.build_request("POST", f"{server.base_url}/chat/completions", json=body)
            response = client.send(request, stream=True)
            pieces = response.iter_bytes()
            while b"[DONE]" not in next(pieces):
                pass
            pieces.close()
            response.close()
    assert 1 == server.requests


def test_a_server_that_dies_in_mid_stream(cached: OpenAI, server: ModelServer) -> None:
    """The error is handed on, nothing is kept, and the next call asks."""
    server.fail("drop", after_chunks=3)
    with pytest.raises((APIConnectionError, http.RemoteProtocolError)):
        list(ask(cached, stream=True))
    assert [] == Cache().entries()
    assert list(ask(cached, stream=True)) == list(ask(cached, stream=True))
    assert 2 == server.requests


def test_an_error_in_mid_stream(cached: OpenAI, server: ModelServer) -> None:
    """An event that is an error is handed on, and nothing is kept."""
    server.fail(500, after_chunks=3)
    with pytest.raises(Exception, match="500"):
        list(ask(cached, stream=True))
    assert [] == Cache().entries()


def test_a_stream_that_ends_without_its_last_event_is_not_kept() -> None:
    """The end of the body proves nothing."""
    chunk = b'data: {"choices": [{"finish_reason": "stop", "delta": {"content": "a"}}]}\n\n'
    client, seen = answering(chunk, **{"content-type": "text/event-stream"})
    for _ in range(2):
        with pytest.warns(NotStored, match="before its last event"):
            assert chunk == client.post(URL, json=BODY | {"stream": True}).content
    assert 2 == len(seen)


def test_a_stream_that_nobody_reads_is_given_up(cached: OpenAI, server: ModelServer) -> None:
    """It is dropped, and neither kept nor waited for."""
    stream = ask(cached, stream=True)
    stream.close()  # type: ignore[attr-defined]
    assert "miss" == outcome(cached, stream=False)
    list(ask(cached, stream=True))
    assert 3 == server.requests


# At the same time

CROWD = """
    import sys, threading, time
    from openai import OpenAI
    from llm_memo import cached_client
    client = cached_client(OpenAI(base_url=sys.argv[1], api_key="test", max_retries=0))
    messages = [{"role": "user", "content": "a"}]
    ids = set()
    def ask():
        ids.add(client.chat.completions.create(model="gpt-5.2", messages=messages).id)
    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    print(*ids)
    """


@pytest.mark.long
def test_a_crowd_asks_once(server: ModelServer, tmp_path: Path) -> None:
    """8 processes of 16 threads each, one request: 1 is sent, and all have its answer."""
    import textwrap

    server.latency = 0.5
    program = tmp_path / "crowd.py"
    program.write_text(textwrap.dedent(CROWD))
    command = [sys.executable, str(program), server.base_url]
    crowd = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    ids = {process.communicate(timeout=120)[0] for process in crowd}
    assert 1 == len(ids)
    assert 1 == server.requests


def together(number: int, work: Callable[[int], Any]) -> list[Any]:
    """What came of ``work`` in as many threads at once; an exception is a result."""

    def one(index: int) -> Any:
        try:
            return work(index)
        except Exception as error:
            return error

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def test_waiters_are_hits(cached: OpenAI, server: ModelServer) -> None:
    """Those who waited for an equal request are told so."""
    arrived, go = threading.Barrier(4), threading.Event()
    server.reply = lambda body: "yes" if go.wait(60) else ""

    def work(index: int) -> str | None:
        arrived.wait()
        if index == 0:
            threading.Timer(0.3, go.set).start()
        return outcome(cached)

    assert ["hit", "hit", "hit", "miss"] == sorted(together(4, work))
    assert 1 == server.requests


def test_waiters_share_an_error(cached: OpenAI, server: ModelServer) -> None:
    """8 equal requests at a 429: 1 is sent, and each of them has the error."""
    server.latency = 0.5
    server.fail(429)
    found = together(8, lambda _: outcome(cached))
    assert 8 == sum(isinstance(each, RateLimitError) for each in found)
    assert 1 == server.requests
    assert "miss" == outcome(cached)


def test_a_wrong_key_is_nobody_elses_error(server: ModelServer) -> None:
    """A waiter with another API key asks for itself where the one that it waited for was refused."""
    server.latency = 0.5
    server.fail(401)
    clients = [cached_client(OpenAI(base_url=server.base_url, api_key=f"k{i}", max_retries=0)) for i in range(2)]
    first = threading.Event()

    def work(index: int) -> str | None:
        if index == 0:
            first.set()
        else:
            first.wait()
            while not server.requests:
                time.sleep(0.01)
        return outcome(clients[index])

    bad, good = together(2, work)
    assert isinstance(bad, AuthenticationError)
    assert "miss" == good
    assert 2 == server.requests
    for client in clients:
        client.close()


def test_the_sdk_repeats_a_request(server: ModelServer) -> None:
    """A 429, and then the answer, under the SDK's own retries: the answer is kept."""
    server.fail(429)
    with cached_client(OpenAI(base_url=server.base_url, api_key="test", max_retries=1)) as client:
        assert ask(client) == ask(client)
    assert 2 == server.requests


def test_a_waiter_waits_no_longer_than_its_time_out(server: ModelServer) -> None:
    """Whoever waits for an equal request has the time-out that it would have had."""
    go = threading.Event()
    server.reply = lambda body: "yes" if go.wait(60) else ""
    client = cached_client(OpenAI(base_url=server.base_url, api_key="test", max_retries=0))
    with client, ThreadPoolExecutor(1) as pool:
        leading = pool.submit(outcome, client)
        while not server.requests:
            time.sleep(0.01)
        with pytest.raises(APITimeoutError):
            outcome(client.with_options(timeout=0.2))
        with pytest.raises(APITimeoutError):
            asyncio.run(_impatient(server))
        go.set()
        assert "miss" == leading.result()
    assert 1 == server.requests


async def _impatient(server: ModelServer) -> None:
    async with cached_client(
        AsyncOpenAI(base_url=server.base_url, api_key="test", max_retries=0, timeout=0.2)
    ) as client:
        await client.chat.completions.create(
            model="gpt-5.2", messages=[{"role": "user", "content": "Why is the sky blue?"}]
        )


async def test_a_cancelled_task_loses_no_answer(server: ModelServer) -> None:
    """A whole answer whose task was cancelled is read to its end, and the next call finds it."""
    go = threading.Event()
    server.reply = lambda body: "yes" if go.wait(60) else ""
    async with cached_client(AsyncOpenAI(base_url=server.base_url, api_key="test", max_retries=0)) as client:
        asking = asyncio.create_task(client.responses.create(model="m", input="a"))
        while not server.requests:
            await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        go.set()
        assert "yes" == (await client.responses.create(model="m", input="a")).output_text
    assert 1 == server.requests


async def test_a_cancelled_task_whose_request_fails(server: ModelServer) -> None:
    """Where the answer does not come after all, nothing is kept, and the next call asks."""
    server.latency = 0.3
    server.fail("drop")
    async with cached_client(AsyncOpenAI(base_url=server.base_url, api_key="test", max_retries=0)) as client:
        asking = asyncio.create_task(client.responses.create(model="m", input="a"))
        while not server.requests:
            await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await client.responses.create(model="m", input="a")
    assert 2 == server.requests


def test_a_time_out_of_the_network_stays_one(server: ModelServer) -> None:
    """The error comes in time, and nothing is kept."""
    go = threading.Event()
    server.reply = lambda body: "yes" if go.wait(60) else ""
    with cached_client(OpenAI(base_url=server.base_url, api_key="test", max_retries=0)) as client:
        with pytest.raises(APITimeoutError):
            ask(client.with_options(timeout=0.2))
        assert [] == Cache().entries()
        assert 1 == requests_info(client).errors
        go.set()


# Errors and faults


def test_an_expired_answer_in_place_of_an_error(cached: OpenAI, server: ModelServer) -> None:
    """With ``stale_if_error``, where the server refuses or is not there."""
    cached_client(cached, ttl=0, stale_if_error=True)
    answer = ask(cached)
    server.fail(503)
    with pytest.warns(StaleAnswer, match="ServerError"):
        assert answer == ask(cached)
    server.fail("drop")
    with pytest.warns(StaleAnswer):
        assert "stale" == outcome(cached)
    cached_client(cached, stale_if_error=False)
    server.fail(503)
    with pytest.raises(APIStatusError):
        ask(cached)
    assert (1, 2) == (requests_info().misses, requests_info().stale)


async def test_an_expired_answer_awaited(server: ModelServer) -> None:
    """As for a client that waits."""
    async with cached_client(
        AsyncOpenAI(base_url=server.base_url, api_key="test", max_retries=0), ttl=0, stale_if_error=True
    ) as client:
        answer = await client.responses.create(model="m", input="a")
        server.fail(500)
        with pytest.warns(StaleAnswer):
            assert answer == await client.responses.create(model="m", input="a")


def test_an_expired_answer_that_cannot_be_read(cached: OpenAI, server: ModelServer, cache_dir: Path) -> None:
    """Then the server's error is handed on as it was."""
    from llm_memo.requests import response

    cached_client(cached, ttl=0, stale_if_error=True)
    ask(cached)
    server.fail(503)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(response.pickle, "loads", lambda payload: 1 / 0)
        from llm_memo.codec import frozen

        patch.setitem(frozen._THAWERS, "response", lambda payload: 1 / 0)
        forget()
        with pytest.warns(CorruptEntry), pytest.raises(APIStatusError, match="503"):
            ask(cached)


def test_a_full_disk_is_a_warning_and_the_answer(cached: OpenAI, server: ModelServer, tmp_path: Path) -> None:
    """Nothing that goes wrong in here breaks a request that would have worked without it."""
    (tmp_path / "file").write_text("")
    with configure(cache_dir=tmp_path / "file" / "cache"), pytest.warns(NotStored):
        assert ask(cached).choices
    assert 1 == server.requests


def test_an_entry_that_is_damaged_is_asked_for_again(cached: OpenAI, server: ModelServer, cache_dir: Path) -> None:
    """One warning, and the answer anew."""
    ask(cached)
    forget()
    (path,) = cache_dir.rglob("*.joblib")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.warns(Warning, match="cannot be used"):
        assert "miss" == outcome(cached)
    assert "hit" == outcome(cached)


def test_secrets_stay_out(server: ModelServer, cache_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No key, cookie, user or query of a secret is on disk, in a log or in what explains a miss."""
    caplog.set_level("DEBUG", "llm_memo")
    url = server.base_url.replace("http://", "http://me:canary-1@") + "/chat/completions?key=canary-2"
    headers = {"authorization": "Bearer canary-3", "cookie": "a=canary-4", "x-api-key": "canary-5"}
    body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "a"}]}
    with cached_client(httpx2.Client(headers=headers)) as client:
        for temperature in (0, 0, 1):
            client.post(url, json=body | {"temperature": temperature})
    assert 2 == server.requests
    kept = b"".join(path.read_bytes() for path in cache_dir.rglob("*") if path.is_file())
    assert b"canary" not in kept
    assert "canary" not in "".join(record.getMessage() for record in caplog.records if record.name == "llm_memo")
    assert "temperature: 0 → 1" in caplog.text


YES = b'{"choices": [{"finish_reason": "stop", "message": {"content": "yes"}}]}'


def answering(content: bytes = YES, **headers: str) -> tuple[httpx2.Client, list[httpx2.Request]]:
    """A cached client over a transport that answers at once, and what it was asked."""
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, headers={"content-type": "application/json", **headers}, content=content)

    return cached_client(httpx2.Client(transport=httpx2.MockTransport(answer))), seen


URL = "https://api.example.com/v1/chat/completions"
BODY = {"model": "m", "messages": []}


def test_headers_of_one_moment_are_not_replayed() -> None:
    """A hit has the headers of the answer, and none of its connection, user or moment."""
    told = {"x-request-id": "r", "openai-processing-ms": "7", "retry-after": "3", "x-ratelimit-remaining": "9"}
    client, seen = answering(**told, **{"set-cookie": "a=b", "keep-alive": "timeout=5"})
    live, kept = client.post(URL, json=BODY), client.post(URL, json=BODY)
    assert "3" == live.headers["retry-after"]
    assert {"content-type", "x-request-id", "openai-processing-ms", "x-llm-memo", "age", "content-length"} == set(
        kept.headers
    )
    assert {} == dict(kept.cookies)
    assert 1 == len(seen)


def test_encoded_bodies_are_kept_decoded() -> None:
    """The client gets bytes without an encoding, hit or miss."""
    import gzip

    headers = {"content-type": "application/json", "content-encoding": "gzip"}

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers=headers, content=gzip.compress(YES))

    with cached_client(httpx2.Client(transport=httpx2.MockTransport(answer))) as client:
        found = [client.post(URL, json=BODY) for _ in range(2)]
    assert [YES] * 2 == [each.content for each in found]
    assert [None] * 2 == [each.headers.get("content-encoding") for each in found]
    assert ["miss", "hit"] == [each.headers["x-llm-memo"] for each in found]


def test_a_transport_inside_a_transport_is_served_once(cached: OpenAI, server: ModelServer) -> None:
    """Where a cached client's transport sends through another cached client, the outer one has it."""

    class Forwarding(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            return inner.send(
                httpx2.Request(request.method, request.url, headers=request.headers, content=request.content)
            )

    with cached_client(httpx2.Client()) as inner, cached_client(httpx2.Client(transport=Forwarding())) as outer:
        body = {"model": "m", "messages": [{"role": "user", "content": "a"}]}
        assert "miss" == outer.post(f"{server.base_url}/chat/completions", json=body).headers["x-llm-memo"]
    assert 1 == requests_info().calls
    assert 1 == len(Cache().entries())


def test_what_goes_wrong_in_reading_a_request_lets_it_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that cannot be understood is sent as it is."""
    from llm_memo.requests import transport

    monkeypatch.setattr(transport, "read", lambda *_: 1 / 0)
    client, seen = answering()
    assert "x-llm-memo" not in client.post(URL, json=BODY).headers
    assert 1 == len(seen)


def test_a_body_that_is_read_once_passes() -> None:
    """A generator is sent and not looked at."""
    client, seen = answering()
    for _ in range(2):
        response = client.post(URL, content=iter([b'{"model": "m"}']), headers={"content-type": "application/json"})
        assert "x-llm-memo" not in response.headers
    assert 2 == len(seen)


def test_an_upload_passes_untouched() -> None:
    """A form that is for no model is not read before it is sent."""
    seen = []

    class Upload(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            seen.append(request.stream)
            return httpx2.Response(200)

    with cached_client(httpx2.Client(transport=Upload())) as client:
        request = client.build_request("POST", "https://api.example.com/v1/files", files={"file": b"content"})
        client.send(request)
    assert [request.stream] == seen
    assert not isinstance(request.stream, httpx2.ByteStream)


def test_wrapping_a_client_changes_no_functions_key(client: OpenAI) -> None:
    """Nor does it change what a function's answer is kept under that the transport is another."""

    @cached_completion
    def f(text: str) -> str:
        return ask(client, text).id

    bare = httpx2.Client()

    @cached_completion
    def g(text: str) -> str:
        return bare.post(URL, json={"input": text}).text

    keys = f.cache_key("a"), g.cache_key("a")
    cached_client(client)
    cached_client(bare)
    assert keys == (f.cache_key("a"), g.cache_key("a"))
    with configure(requests=True):
        assert keys == (f.cache_key("a"), g.cache_key("a"))
