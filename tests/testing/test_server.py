"""The life of the model server, its settings and its log."""

from __future__ import annotations

import asyncio
import socket
import threading

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from llm_memo.testing import ModelServer, RecordedRequest, model_server
from testing.asking import BRIEFED, REQUEST, Landmark, address, eventually, post


def threads(server: ModelServer) -> list[str]:
    """The names of the server's threads."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("llm_memo.testing")]


def test_serves_in_a_with_block() -> None:
    """Inside the block a client is answered and counted."""
    with model_server() as server, OpenAI(base_url=server.base_url, api_key="test") as client:
        client.chat.completions.create(**REQUEST)

        assert 1 == server.requests
        assert 1 == server.open_connections


def test_leaves_no_thread_and_no_socket() -> None:
    """After the block, with the client's connection still open, all is gone."""
    with model_server() as server, OpenAI(base_url=server.base_url, api_key="test") as client:
        client.chat.completions.create(**REQUEST)
        base_url = server.base_url
        server.close()

        assert [] == threads(server)
        assert 0 == server.open_connections
        with pytest.raises(openai.APIConnectionError):
            client.with_options(base_url=base_url, max_retries=0).models.list()


def test_serves_without_a_with_block() -> None:
    """`start` gives back the server; both it and `close` may be called twice; it can start again."""
    server = model_server()
    try:
        assert server is server.start().start()
        first = server.base_url
        server.close()
        server.close()
        server.start()

        assert post(server, "/moderations", {"input": "a"})
        assert first.startswith("http://127.0.0.1:")
        assert 1 == server.requests
    finally:
        server.close()


def test_closed_server_has_no_address() -> None:
    """A server that does not serve says how to make it serve."""
    server = model_server()

    with pytest.raises(RuntimeError, match=r"call start\(\)"):
        _ = server.base_url
    assert "<ModelServer closed, requests=0>" == repr(server)


def test_repr_tells_address_and_requests(server: ModelServer) -> None:
    """The repr of a running server shows where it is and how much it was asked."""
    assert f"<ModelServer {server.base_url}, requests=0>" == repr(server)


def test_close_interrupts_a_waiting_request(client: OpenAI, server: ModelServer) -> None:
    """A request in its latency ends with the server, not with the latency."""
    server.latency = 3600
    raised: list[Exception] = []

    def ask() -> None:
        with pytest.raises(openai.APIConnectionError) as caught:
            client.chat.completions.create(**REQUEST)
        raised.append(caught.value)

    asking = threading.Thread(target=ask)
    asking.start()
    assert eventually(lambda: server.requests == 1)
    server.close()
    asking.join()

    assert 1 == len(raised)
    assert [] == threads(server)


def test_is_silent(server: ModelServer, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing is printed, whatever is sent."""
    for nonsense in (b"nonsense\r\n\r\n", b"POST /v1/responses HTTP/1.1\r\ncontent-length: x\r\n\r\n"):
        with socket.create_connection(address(server)) as connection:
            connection.sendall(nonsense)
            while connection.recv(65536):
                pass
    post(server, "/nowhere", {})

    assert ("", "") == capfd.readouterr()


def test_every_way_of_asking_works(server: ModelServer) -> None:
    """The async client gets the same answers as the sync one, in all forms."""

    async def ask() -> tuple[set[str | None], object, object]:
        async with AsyncOpenAI(base_url=server.base_url, api_key="test", max_retries=0) as client:
            plain = await client.chat.completions.create(**REQUEST)
            stream = await client.chat.completions.create(**REQUEST, stream=True)
            joined = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
            async with client.chat.completions.stream(**REQUEST) as helper:
                final = await helper.get_final_completion()
            chat = await client.chat.completions.parse(**REQUEST, response_format=Landmark)
            async with client.responses.stream(**BRIEFED, text_format=Landmark) as events:
                response = await events.get_final_response()
            said = {plain.choices[0].message.content, joined, final.choices[0].message.content}
            return said, chat.choices[0].message.parsed, response.output_parsed

    said, *parsed = asyncio.run(ask())

    assert 1 == len(said)
    assert [Landmark, Landmark] == [type(each) for each in parsed]


def test_settings_are_given_at_construction_too() -> None:
    """What can be set later can be given at once."""
    with (
        model_server(reply=lambda _: "yes", latency=0.001, chunk_delay=0.001) as server,
        OpenAI(base_url=server.base_url, api_key="test") as client,
    ):
        chunks = client.chat.completions.create(**REQUEST, stream=True)

        assert "yes" == "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def test_log_keeps_requests_without_credentials(client: OpenAI, server: ModelServer) -> None:
    """The log has path, body and headers; the API key is nowhere in it."""
    client.chat.completions.create(**REQUEST, extra_headers={"X-Trace": "7"})
    [request] = server.log

    assert isinstance(request, RecordedRequest)
    assert ("/v1/chat/completions", REQUEST) == (request.path, request.body)
    assert "7" == request.headers["x-trace"]
    assert "sk-secret" not in repr(server.log)


def test_reset_forgets(client: OpenAI, server: ModelServer) -> None:
    """After a reset nothing has happened and nothing will fail; settings stay."""
    server.refusal = "No."
    list(client.chat.completions.create(**REQUEST, stream=True))
    server.fail(500)
    server.reset()

    assert (0, 0, []) == (server.requests, server.chunks_sent, server.log)
    assert "No." == client.chat.completions.create(**REQUEST).choices[0].message.refusal
