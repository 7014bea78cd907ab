"""Connections: streams as they are sent, those who leave, compression, and crowds."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

from llm_memo.testing import ModelServer
from testing.asking import REQUEST, address, eventually, post


def test_cancelled_call_frees_its_connection(server: ModelServer) -> None:
    """A task cancelled in the server's latency leaves no connection."""
    server.latency = 3600

    async def cancel() -> None:
        async with AsyncOpenAI(base_url=server.base_url, api_key="test", max_retries=0) as client:
            task = asyncio.create_task(client.chat.completions.create(**REQUEST))
            while server.requests == 0:
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(cancel())

    assert eventually(lambda: server.open_connections == 0)


@pytest.mark.parametrize("compress", [False, True])
def test_first_chunk_arrives_before_the_second_leaves(client: OpenAI, server: ModelServer, compress: bool) -> None:
    """A chunk is sent when it is due and not when the answer is complete; compression holds none back."""
    gate = threading.Event()
    server.compress = compress
    server.before_chunk = lambda number: number == 0 or gate.wait()
    stream = client.chat.completions.create(**REQUEST, stream=True)
    next(stream)

    assert 1 == server.chunks_sent
    gate.set()
    assert 1 + len(list(stream)) == server.chunks_sent


def test_abandoned_stream_closes_its_connection(client: OpenAI, server: ModelServer) -> None:
    """A client that leaves in the middle is noticed, long before the next chunk is due."""
    server.chunk_delay = 3600
    stream = client.chat.completions.create(**REQUEST, stream=True)
    next(stream)
    assert 1 == server.open_connections
    stream.close()

    assert eventually(lambda: server.open_connections == 0)
    assert 1 == server.chunks_sent


def test_finished_async_stream_keeps_its_connection(server: ModelServer) -> None:
    """A stream read to its end leaves the connection for the next request."""

    async def twice() -> int:
        async with AsyncOpenAI(base_url=server.base_url, api_key="test") as client:
            for _ in range(2):
                async for _ in await client.chat.completions.create(**REQUEST, stream=True):
                    pass
            return server.open_connections

    assert 1 == asyncio.run(twice())


def test_answers_are_compressed_for_clients_that_accept_it(client: OpenAI, server: ModelServer) -> None:
    """The same text arrives, in fewer bytes, from answers and from streams."""
    plain = client.chat.completions.create(**REQUEST).choices[0].message.content
    server.compress = True
    raw = client.chat.completions.with_raw_response.create(**REQUEST)
    stream = client.chat.completions.with_raw_response.create(**REQUEST, stream=True)

    assert ("gzip", "gzip") == (raw.headers["content-encoding"], stream.headers["content-encoding"])
    assert plain == raw.parse().choices[0].message.content
    assert plain == "".join(chunk.choices[0].delta.content or "" for chunk in stream.parse())


def test_others_get_it_plain(server: ModelServer) -> None:
    """A client that does not say that it accepts gzip gets none."""
    server.compress = True

    assert b'{"id":' == post(server, "/moderations", {"input": "a"})[:6]


@pytest.mark.slow
def test_hundred_and_twenty_eight_connections_at_once(server: ModelServer) -> None:
    """8 processes of 16 threads are all in flight together; each gets its answer and is logged once."""
    crowd = threading.Barrier(128)

    def reply(body: dict[str, Any]) -> str:
        crowd.wait(60)
        return f"answer to {body['input']}"

    server.reply = reply
    asking = [
        subprocess.Popen([sys.executable, "-c", CROWD, server.base_url, str(process)], stdout=subprocess.PIPE)
        for process in range(8)
    ]
    answered = [line for process in asking for line in process.communicate()[0].decode().splitlines()]
    everyone = {f"{process}-{thread}-{turn}" for process in range(8) for thread in range(16) for turn in range(3)}

    assert everyone == set(answered)
    assert 128 * 3 == server.requests
    assert everyone == {request.body["input"] for request in server.log}
    assert eventually(lambda: server.open_connections == 0)


def test_connection_is_closed_for_those_who_ask(server: ModelServer) -> None:
    """After "Connection: close" the answer ends with the connection."""
    request = b"GET /v1/models HTTP/1.1\r\nConnection: close\r\n\r\n"
    with socket.create_connection(address(server)) as connection, connection.makefile("rb") as stream:
        connection.sendall(request)

        assert stream.read().startswith(b"HTTP/1.1 200 OK\r\n")


def test_requests_may_be_sent_ahead(server: ModelServer) -> None:
    """A request sent during another's latency is no sign of leaving: both are answered in turn."""
    server.latency = 0.3
    body = json.dumps({"input": "a"}).encode()
    request = b"POST /v1/moderations HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    received = b""
    with socket.create_connection(address(server)) as connection:
        connection.sendall(request)
        assert eventually(lambda: server.requests == 1)
        server.latency = 0
        connection.sendall(request)
        while received.count(b"HTTP/1.1 200 OK") < 2:
            received += connection.recv(65536)

    assert 2 == server.requests


CROWD = """
import http.client, json, sys, threading
base_url, process = sys.argv[1:]
def ask(thread):
    connection = http.client.HTTPConnection(base_url.removeprefix("http://").removesuffix("/v1"))
    for turn in range(3):
        name = f"{process}-{thread}-{turn}"
        connection.request("POST", "/v1/responses", json.dumps({"model": "m", "input": name}))
        answer = json.loads(connection.getresponse().read())
        if answer["output"][0]["content"][0]["text"] == f"answer to {name}":
            print(name + "\\n", end="", flush=True)
    connection.close()
threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
