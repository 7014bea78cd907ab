"""Who leaves, and when: clients in mid-answer, many at once, an upstream that is cut off; what is too large to hold."""

from __future__ import annotations

import asyncio
import json
import socket
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from speaking import address, answer_on, connected, eventually, received, status

from llm_memo import Cache
from llm_memo.serve import CacheServer, cache_server
from llm_memo.serve.log import Record
from llm_memo.testing import ModelServer

MB = 1_000_000


def question(text: str, **options: object) -> dict[str, object]:
    """The body of a request."""
    return {"model": "m", "messages": [{"role": "user", "content": text}], **options}


def kept(folder: Path, text: str) -> int:
    """How many entries have this text."""
    return len(Cache(folder).entries(text=text))


def test_a_stream_that_was_left(proxy: CacheServer, model: ModelServer, folder: Path, records: list[Record]) -> None:
    """Its reader goes before the end: the upstream's connection is closed, nothing is kept, the next one asks."""
    go_on = Event()
    model.before_chunk = lambda number: number < 3 or go_on.wait(60)
    before = model.open_connections
    with httpx.stream("POST", f"{proxy.base_url}/chat/completions", json=question("left", stream=True)) as answer:
        assert next(answer.iter_bytes())
    eventually(lambda: records)
    go_on.set()
    eventually(lambda: model.open_connections <= before)
    assert ("miss", "the client left") == (records[0].outcome, records[0].note)
    assert 0 == kept(folder, "left")
    again = httpx.post(f"{proxy.base_url}/chat/completions", json=question("left", stream=True))
    assert "miss" == again.headers["x-llm-memo"]
    assert again.text.endswith("data: [DONE]\n\n")


def test_a_whole_answer_is_kept_though_its_client_left(proxy: CacheServer, model: ModelServer, folder: Path) -> None:
    """What is paid for is read to its end, and found by the next one who asks."""
    asked, go_on = Event(), Event()
    model.reply = lambda _: (asked.set(), go_on.wait(60), "late")[2]
    try:
        body = json.dumps(question("whole")).encode()
        with connected(proxy) as connection:
            connection.sendall(
                b"POST /chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )
            assert asked.wait(60)
        go_on.set()
        eventually(lambda: kept(folder, "whole"))
    finally:
        model.reply = None
    assert 1 == model.requests


@pytest.mark.slow
async def test_many_with_one_question(model: ModelServer, tmp_path: Path) -> None:
    """Five hundred clients, one cold question: one request is sent, and all have the answer."""
    model.latency = 0.3
    body = json.dumps(question("one for all")).encode()
    head = b"POST /chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"

    async def ask(proxy: CacheServer) -> bytes:
        reader, writer = await asyncio.open_connection(*address(proxy))
        writer.write(head % len(body) + body)
        answer = await reader.read()
        writer.close()
        return answer

    with cache_server(model.base_url, cache_dir=tmp_path) as proxy:
        answers = await asyncio.gather(*(ask(proxy) for _ in range(500)))
    assert {200} == set(map(status, answers))
    assert 1 == len({answer.partition(b"\r\n\r\n")[2] for answer in answers})
    assert 1 == model.requests


DONE = (
    b'data: {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": '
    b'[{"index": 0, "delta": {"content": "all"}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
)


def test_who_leaves_after_the_last_event(before: CacheServer, upstream: socket.socket, tmp_path: Path) -> None:
    """Clients stop reading at ``[DONE]``, though the upstream may not have ended its answer: that is whole."""
    body = json.dumps(question("done", stream=True)).encode()
    with connected(before) as connection:
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        sent, _ = upstream.accept()
        received(sent, body)
        sent.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + DONE)
        received(connection, DONE + b"\r\n")
    with sent:
        eventually(lambda: kept(tmp_path, "done"))
    again = httpx.post(f"{before.base_url}/v1/chat/completions", content=body)
    assert ("hit", DONE) == (again.headers["x-llm-memo"], again.content)


@pytest.fixture
def upstream() -> Iterator[socket.socket]:
    """An upstream that does what the test says."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        yield listening


@pytest.fixture
def before(upstream: socket.socket, tmp_path: Path) -> Iterator[CacheServer]:
    """A proxy before it."""
    with cache_server(f"http://127.0.0.1:{upstream.getsockname()[1]}", cache_dir=tmp_path) as running:
        yield running


def test_an_upstream_that_is_cut_off(before: CacheServer, upstream: socket.socket) -> None:
    """The client sees that the answer is not whole, as it would without the proxy; the proxy goes on."""
    body = json.dumps(question("cut")).encode()
    request = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    for _ in range(2):
        with connected(before) as connection:
            connection.sendall(request)
            sent, _ = upstream.accept()
            with sent:
                received(sent, body)
                sent.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {}\n\n")
                sent.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # an end by reset
                received(connection, b"data: {}\n\n\r\n")
            assert not answer_on(connection).endswith(b"0\r\n\r\n")
    assert 200 == httpx.get(f"{before.base_url}/healthz").status_code


@pytest.mark.slow
def test_large_uploads_and_downloads_pass_as_they_come(before: CacheServer, upstream: socket.socket) -> None:
    """A hundred megabytes each way, of which only a little is ever held."""
    size = 100 * MB
    piece = b"x" * MB

    def serve() -> None:
        sent, _ = upstream.accept()
        with sent:
            got = sent.recv(65_536)
            head, _, rest = got.partition(b"\r\n\r\n")
            assert b"content-length: %d" % size in head.lower()
            read = len(rest)
            while read < size:
                read += len(sent.recv(MB))
            sent.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            for _ in range(100):
                sent.sendall(piece)

    thread = Thread(target=serve)
    thread.start()
    tracemalloc.start()
    try:
        headers = {"content-length": str(size)}
        uploaded = (piece for _ in range(100))
        read = 0
        with httpx.stream("POST", f"{before.base_url}/v1/files", content=uploaded, headers=headers) as answer:
            for got in answer.iter_bytes():
                read += len(got)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        thread.join(60)
    assert size == read
    assert peak < 20 * MB


@pytest.mark.slow
def test_a_body_that_is_too_long_to_keep_passes(before: CacheServer, upstream: socket.socket) -> None:
    """Of a question longer than 32 MiB, and of which that is not known at first, every byte goes on, uncached."""
    body = json.dumps(question("x" * 34 * MB)).encode()

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(body), MB):
            yield body[start : start + MB]

    bodies: list[bytes] = []

    def serve() -> None:
        sent, _ = upstream.accept()
        with sent:
            bodies.append(received(sent, b"0\r\n\r\n"))
            sent.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    thread = Thread(target=serve)
    thread.start()
    answer = httpx.post(f"{before.base_url}/v1/chat/completions", content=pieces(), timeout=120)
    thread.join(60)
    assert (200, None) == (answer.status_code, answer.headers.get("x-llm-memo"))
    assert len(bodies[0]) > len(body)
    assert b"transfer-encoding: chunked" in bodies[0][:1_000].lower()


def test_a_client_that_leaves_in_mid_upload(before: CacheServer, upstream: socket.socket) -> None:
    """The upstream's connection is closed, too."""
    with connected(before) as connection:
        connection.sendall(b"POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nbegin")
        sent, _ = upstream.accept()
        received(sent, b"begin")
    with sent:
        sent.settimeout(30)
        assert b"" == answer_on(sent)


def test_the_rest_of_a_refused_body_is_not_waited_for(proxy: CacheServer) -> None:
    """Who is refused in the middle of a long body has the answer."""
    with connected(proxy) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * MB)
        assert 403 == status(connection.recv(65_536))
