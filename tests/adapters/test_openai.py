"""Whatever the OpenAI client returns, from the real client over real HTTP, comes back as it was."""

from __future__ import annotations

import gzip
import importlib
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openai import APIStatusError, AsyncOpenAI, OpenAI, pydantic_function_tool
from openai.types.chat import ChatCompletion
from portraits import portrait
from pydantic import BaseModel
from sdk import CANARY, http

from llm_memo.adapters import httpx as adapter
from llm_memo.answers.complete import incomplete
from llm_memo.answers.usage import usage_of
from llm_memo.codec.codec import Frozen, Unfreezable, UnknownClass, freeze, thaw
from llm_memo.testing import ModelServer

REQUEST: Any = {"model": "gpt-5.2", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}
BRIEFED: Any = {"model": "gpt-5.2", "input": "Why is the sky blue?"}


class Weather(BaseModel):
    city: str
    days: int


TOOL = pydantic_function_tool(Weather)
FUNCTION: Any = {
    "type": "function",
    "name": "forecast",
    "parameters": Weather.model_json_schema() | {"additionalProperties": False},
    "strict": True,
}


CALLS: dict[str, Callable[[Any], Any]] = {
    "chat": lambda c: c.chat.completions.create(**REQUEST),
    "chat, several with logprobs": lambda c: c.chat.completions.create(**REQUEST, n=2, logprobs=True, top_logprobs=2),
    "chat, audio": lambda c: c.chat.completions.create(
        **REQUEST, modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"}
    ),
    "chat, tools": lambda c: c.chat.completions.create(**REQUEST, tools=[TOOL], tool_choice="required"),
    "chat, parsed": lambda c: c.chat.completions.parse(**REQUEST, response_format=Weather),
    "chat, parsed tools": lambda c: c.chat.completions.parse(**REQUEST, tools=[TOOL], tool_choice="required"),
    "responses": lambda c: c.responses.create(**BRIEFED, reasoning={"effort": "low", "summary": "auto"}),
    "responses, tools": lambda c: c.responses.create(**BRIEFED, tools=[FUNCTION], tool_choice="required"),
    "responses, parsed": lambda c: c.responses.parse(**BRIEFED, text_format=Weather),
    "embeddings": lambda c: c.embeddings.create(model="text-embedding-3-small", input=["a", "b"]),
    "embeddings, base64": lambda c: c.embeddings.create(model="m", input="a", encoding_format="base64"),
    "moderations": lambda c: c.moderations.create(input="violence"),
    "images": lambda c: c.images.generate(prompt="a cat"),
    "transcription": lambda c: c.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"123")),
    "transcription, text": lambda c: c.audio.transcriptions.create(
        model="whisper-1", file=("a.wav", b"123"), response_format="text"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CALLS)
async def test_every_answer_comes_back(client: OpenAI, aclient: AsyncOpenAI, name: str) -> None:
    """Each kind of answer, from either client, alone and among others: the same type and value."""
    first, second = CALLS[name](client), await CALLS[name](aclient)
    for value in (first, second, [first, (second, None)], {"answer": first, "cost": 0.5}):
        frozen = freeze(value)
        assert portrait(value) == portrait(thaw(frozen))
        assert CANARY.encode() not in frozen.payload
    assert incomplete(first) is None


def test_the_request_id_comes_back(client: OpenAI) -> None:
    """The id of the request is on the hit too."""
    completion = CALLS["chat"](client)
    assert completion._request_id.startswith("req_")
    assert completion._request_id == thaw(freeze(completion))._request_id


def test_parsed_answers_are_of_the_users_own_class(client: OpenAI) -> None:
    """`.parsed`, `.output_parsed` and parsed arguments are instances of the class that was asked for."""
    completion = thaw(freeze(CALLS["chat, parsed"](client)))
    assert Weather is type(completion.choices[0].message.parsed)
    assert Weather is type(thaw(freeze(CALLS["responses, parsed"](client))).output_parsed)
    [call] = thaw(freeze(CALLS["chat, parsed tools"](client))).choices[0].message.tool_calls
    assert Weather is type(call.function.parsed_arguments)


def test_answers_thaw_in_another_process(
    client: OpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., str]
) -> None:
    """Models of every API, generics and the user's own are found again where nothing is loaded yet."""
    (tmp_path / "forecast.py").write_text("import pydantic\nclass Weather(pydantic.BaseModel):\n    city: str")
    monkeypatch.syspath_prepend(tmp_path)
    weather = importlib.import_module("forecast").Weather
    answers = [call(client) for name, call in CALLS.items() if "parsed" not in name]
    answers.append(client.chat.completions.parse(**REQUEST, response_format=weather))
    answers.append(client.responses.parse(**BRIEFED, text_format=weather))
    (tmp_path / "frozen").write_bytes(pickle.dumps([tuple(freeze(answer)) for answer in answers]))
    printed = run(
        """
        import pathlib, pickle
        from llm_memo.codec.codec import thaw
        for frozen in pickle.loads(pathlib.Path("frozen").read_bytes()):
            print(repr(thaw(frozen)))
        """
    )
    assert "".join(f"{answer!r}\n" for answer in answers) == printed


# --- binary content


def test_binary_content_is_kept(client: OpenAI, tmp_path: Path) -> None:
    """Speech comes back as the SDK's binary response, used in all the same ways."""
    speech = client.audio.speech.create(model="tts-1", voice="alloy", input="hello")
    frozen = freeze(speech)
    copy = thaw(frozen)
    copy.write_to_file(tmp_path / "speech.wav")
    assert type(speech) is type(copy)
    for content in (copy.content, copy.read(), b"".join(copy.iter_bytes(100)), (tmp_path / "speech.wav").read_bytes()):
        assert speech.content == content
    assert speech.response.headers["content-type"] == copy.response.headers["content-type"]
    assert CANARY.encode() not in frozen.payload


async def test_binary_content_of_the_async_client_is_kept(aclient: AsyncOpenAI) -> None:
    """The same for the asynchronous client and its ways of reading."""
    speech = await aclient.audio.speech.create(model="tts-1", voice="alloy", input="hello")
    copy = thaw(freeze(speech))
    assert speech.content == await copy.aread() == b"".join([part async for part in await copy.aiter_bytes()])


# --- raw responses


@pytest.mark.parametrize("name", ["chat", "embeddings"])
async def test_raw_responses_are_kept(client: OpenAI, aclient: AsyncOpenAI, name: str) -> None:
    """A raw response comes back with status, headers, body and what it parses to; without its client."""
    for raw in (raw_of(client, name), await raw_of(aclient, name)):
        frozen = freeze(raw)
        copy = thaw(frozen)
        assert type(raw) is type(copy)
        assert portrait(raw.parse()) == portrait(copy.parse())
        assert (200, raw.text, raw.content, 0) == (copy.status_code, copy.text, copy.content, copy.retries_taken)
        assert (raw.request_id, raw.elapsed, raw.http_version) == (copy.request_id, copy.elapsed, copy.http_version)
        assert ("POST", raw.url.path) == (copy.method, copy.url.path)
        assert CANARY.encode() not in frozen.payload
        assert "authorization" not in copy.http_request.headers
        assert raw.parse().usage.total_tokens == usage_of(copy).total_tokens  # type: ignore[union-attr]


def raw_of(client: Any, name: str) -> Any:
    if name == "chat":
        return client.chat.completions.with_raw_response.create(**REQUEST)
    return client.embeddings.with_raw_response.create(model="m", input="a")


def test_a_raw_response_of_speech_is_kept(client: OpenAI) -> None:
    """A raw response that parses to binary content does so on a hit."""
    raw = client.audio.speech.with_raw_response.create(model="tts-1", voice="alloy", input="hello")
    copy = thaw(freeze(raw))
    assert raw.parse().content == copy.parse().content
    assert (None, None) == (incomplete(copy), usage_of(copy))


def test_a_raw_response_parses_into_other_classes(client: OpenAI) -> None:
    """`.parse(to=…)` works on a hit as on a miss."""
    copy = thaw(freeze(raw_of(client, "chat")))
    assert copy.parse().id == copy.parse(to=ChatCompletion).id == copy.parse(to=dict[str, object])["id"]


def test_an_incomplete_raw_response_is_told(server: ModelServer, client: OpenAI) -> None:
    """Its body says that it was cut short."""
    server.finish_reason = "length"
    assert "finish_reason length" == incomplete(raw_of(client, "chat"))


def test_raw_responses_of_streams_are_refused(client: OpenAI) -> None:
    """A raw response whose body is still on its way cannot be kept, nor one bound to a `with` block."""
    raw = client.chat.completions.with_raw_response.create(**REQUEST, stream=True)
    with pytest.raises(Unfreezable, match=r"raw response of a stream: return its \.parse\(\)"):
        freeze(raw)
    list(raw.parse())
    manager = client.chat.completions.with_streaming_response.create(**REQUEST)
    with pytest.raises(Unfreezable, match="ResponseContextManager, bound to a connection"):
        freeze(manager)
    with manager as response, pytest.raises(Unfreezable, match="APIResponse, bound to a connection"):
        freeze(response)


def test_no_secret_of_the_exchange_is_kept() -> None:
    """Credentials in URLs, headers of either side and cookies stay out; encodings are undone."""
    body = b'{"id": "gpt", "object": "model", "created": 1, "owned_by": "me"}'

    def answer(request: Any) -> Any:
        headers = {
            "content-type": "application/json",
            "content-encoding": "gzip",
            "set-cookie": f"session={CANARY}",
            "x-api-key": CANARY,
            "x-amz-security-token": CANARY,
            "x-ratelimit-remaining-tokens": "99",
        }
        return http.Response(200, headers=headers, content=gzip.compress(body))

    transport = http.Client(transport=http.MockTransport(answer))
    url = f"http://me:{CANARY}@localhost/v1"
    with OpenAI(base_url=url, api_key=CANARY, default_query={"code": CANARY}, http_client=transport) as client:
        raw = client.models.with_raw_response.retrieve("gpt")
    frozen = freeze(raw)
    assert CANARY.encode() not in frozen.payload
    copy = thaw(frozen)
    assert (body, "99", "http://localhost/v1/models/gpt") == (
        copy.content,
        copy.headers["x-ratelimit-remaining-tokens"],
        str(copy.url),
    )
    assert "gpt" == copy.parse().id


def test_a_body_that_was_not_read_is_refused() -> None:
    """A binary response that is still on the wire is not kept."""
    from openai import HttpxBinaryResponseContent

    unread = http.Response(200, stream=http.ByteStream(b"abc"), request=http.Request("GET", "http://x"))
    with pytest.raises(Unfreezable, match="its body was not read"):
        freeze(HttpxBinaryResponseContent(unread))
    assert 0 == adapter.facts(unread)["elapsed"].total_seconds()


def test_a_library_that_is_gone_has_a_successor(client: OpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    """A response of an HTTP library that is not installed is made by its kin; without any it is a miss."""
    raw = raw_of(client, "chat")
    frozen, name = freeze(raw), http.__name__.encode()
    other = Frozen(frozen.codec, frozen.payload.replace(bytes([len(name)]) + name, b"\x06httpxx"))
    assert raw.parse().id == thaw(other).parse().id
    monkeypatch.setitem(sys.modules, "httpx", None)
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(UnknownClass, match="httpxx"):
        thaw(other)


# --- pages, paginators, errors


def test_a_page_is_kept_without_its_client(client: OpenAI) -> None:
    """The only page there is comes back without the client; a list of it is a list of models."""
    page = client.models.list()
    copy = thaw(freeze(page))
    assert type(page) is type(copy)
    assert portrait(list(page)) == portrait(list(copy)) == portrait(copy.data)
    assert portrait(list(page)) == portrait(thaw(freeze(list(page))))
    assert not copy.has_next_page()


async def test_an_async_page_is_kept_and_a_paginator_is_not(aclient: AsyncOpenAI) -> None:
    """The same for the asynchronous client, whose paginator must be awaited first."""
    paginator = aclient.models.list()
    with pytest.raises(Unfreezable, match="must be awaited first"):
        freeze(paginator)
    page = await paginator
    assert portrait(page.data) == portrait(thaw(freeze(page)).data)


def test_a_page_that_asks_for_the_next_is_refused() -> None:
    """A page that fetches the next one through its client cannot be kept."""
    item = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": []}

    def answer(_: Any) -> Any:
        return http.Response(200, json={"object": "list", "data": [item], "has_more": True})

    with OpenAI(api_key=CANARY, http_client=http.Client(transport=http.MockTransport(answer))) as client:
        page = client.chat.completions.list()
        with pytest.raises(Unfreezable, match="asks its client for more: return a list"):
            freeze(page)


def test_errors_hold_keys_and_are_refused(server: ModelServer, client: OpenAI) -> None:
    """An error of the SDK holds its request: it is neither a complete answer nor kept."""
    server.fail(400)
    with pytest.raises(APIStatusError) as caught:
        CALLS["chat"](client)
    assert "an error: BadRequestError" == incomplete([1, caught.value])
    with pytest.raises(Unfreezable, match=r"httpx2?\.(Request|Response), which may carry keys"):
        freeze([caught.value])
