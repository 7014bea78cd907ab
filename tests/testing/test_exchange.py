"""Requests of every kind: paths that are known, failures that were ordered."""

from __future__ import annotations

import re
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletionChunk

from llm_memo.testing import ModelServer
from testing.asking import BRIEFED, REQUEST, post

CUT = (openai.APIConnectionError, httpx.RemoteProtocolError)
"""What a connection that breaks off in a stream is to the SDK; an older one hands on the error of httpx."""


def test_azure_paths_are_known(server: ModelServer) -> None:
    """A client that names the deployment in the path is served too."""
    with openai.AzureOpenAI(base_url=server.base_url, api_key="sk-secret", api_version="2026-01-01") as client:
        client.chat.completions.create(**REQUEST)

    assert ["/v1/deployments/gpt-5.2/chat/completions"] == [request.path for request in server.log]
    assert "api-key" not in server.log[0].headers


def test_reply_that_raises_is_an_error_500(server: ModelServer) -> None:
    """What the user's function raises reaches the caller as a message, without retries."""

    def broken(body: dict[str, Any]) -> str:
        raise LookupError("no such script")

    server.reply = broken
    with (
        OpenAI(base_url=server.base_url, api_key="test") as client,
        pytest.raises(openai.InternalServerError, match="LookupError: no such script"),
    ):
        client.chat.completions.create(**REQUEST, stream=True)

    assert 1 == server.requests


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (401, openai.AuthenticationError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (529, openai.InternalServerError),
        ("drop", openai.APIConnectionError),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_next_requests_fail(
    client: OpenAI, server: ModelServer, status: Any, raised: type[Exception], streamed: bool
) -> None:
    """As many requests as asked fail so, and are counted; the one after is answered."""
    server.fail(status, times=2)
    for _ in range(2):
        with pytest.raises(raised):
            client.chat.completions.create(**REQUEST, stream=streamed)
    client.chat.completions.create(**REQUEST)

    assert 3 == server.requests


def test_client_retries_at_once(server: ModelServer) -> None:
    """The client's own retries find out soon that it works again."""
    server.fail(429)
    server.fail(503)
    with OpenAI(base_url=server.base_url, api_key="test", max_retries=2) as client:
        client.chat.completions.create(**REQUEST)

    assert ["0", "1", "2"] == [request.headers["x-stainless-retry-count"] for request in server.log]


def test_error_has_the_body_of_the_api(client: OpenAI, server: ModelServer) -> None:
    """Message, type and code are where the API has them."""
    server.fail(429)
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(**REQUEST)

    assert ("rate_limit_error", "rate_limit_exceeded", None) == (
        caught.value.type,
        caught.value.code,
        caught.value.param,
    )
    assert "429" in caught.value.message


@pytest.mark.parametrize(("status", "raised"), [("drop", CUT), (500, openai.APIError)])
@pytest.mark.parametrize("after", [0, 3, 10_000])
def test_stream_breaks_in_the_middle(client: OpenAI, server: ModelServer, status: Any, raised: Any, after: int) -> None:
    """The chunks asked for arrive, all of them at most, and then the failure."""
    whole = len(list(client.chat.completions.create(**REQUEST, stream=True)))
    server.reset()
    server.fail(status, after_chunks=after)
    received: list[ChatCompletionChunk] = []
    stream = client.chat.completions.create(**REQUEST, stream=True)
    with pytest.raises(raised):
        received.extend(stream)

    assert min(after, whole) == len(received) == server.chunks_sent


def test_response_stream_breaks_in_the_middle(client: OpenAI, server: ModelServer) -> None:
    """Responses' streams fail in the same way."""
    server.fail(500, after_chunks=3)
    stream = client.responses.create(**BRIEFED, stream=True)

    assert "response.created" == next(stream).type
    with pytest.raises(openai.APIError, match="status 500"):
        list(stream)


def test_answer_in_one_piece_fails_at_once(client: OpenAI, server: ModelServer) -> None:
    """A failure meant for the middle of a stream fails a plain request whole."""
    server.fail(500, after_chunks=3)

    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(**REQUEST)


def test_cut_stream_ends_without_its_last_chunks(client: OpenAI, server: ModelServer) -> None:
    """A stream that is cut ends early, and nothing but its content says so."""
    server.fail("cut", after_chunks=3)
    server.fail("cut")

    for expected in (3, 1):
        received = list(client.chat.completions.create(**REQUEST, stream=True))
        assert expected == len(received)
        assert received[-1].choices[0].finish_reason is None


def test_cut_answer_is_half_of_it(server: ModelServer) -> None:
    """An answer in one piece that is cut is no JSON any more."""
    whole = post(server, "/moderations", {"input": "a"})
    server.fail("cut")

    cut = post(server, "/moderations", {"input": "a"})
    assert b'{"id":' == cut[:6]
    assert len(whole) // 2 == len(cut)


@pytest.mark.parametrize("status", [200, 600, "boom"])
def test_other_failures_do_not_exist(server: ModelServer, status: Any) -> None:
    """A status that is no failure is refused."""
    with pytest.raises(ValueError, match=re.escape(repr(status))):
        server.fail(status)


@pytest.mark.parametrize("path", ["/chat/completion", "/models", "/files"])
def test_unknown_path_is_404(client: OpenAI, server: ModelServer, path: str) -> None:
    """What the server does not serve is not found, in the API's words, and not a model request."""
    with pytest.raises(openai.NotFoundError, match="Unknown request URL") as caught:
        client.post(path, body={}, cast_to=object)

    assert "unknown_url" == caught.value.code
    assert 0 == server.requests


def test_missing_parameter_is_400(client: OpenAI, server: ModelServer) -> None:
    """A request without what it needs is told what that is."""
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/chat/completions", body={"model": "gpt-5.2"}, cast_to=object)

    assert "messages" == caught.value.param
