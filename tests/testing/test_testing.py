"""The model server of `llm_memo.testing`, asked by the real OpenAI client over real HTTP."""

import asyncio
import base64
import functools
import http.client
import io
import json
import math
import re
import socket
import subprocess
import sys
import threading
import time
import wave
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types import CreateEmbeddingResponse, ImagesResponse, Model, ModerationCreateResponse
from openai.types.audio import Transcription, TranscriptionVerbose
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, Field, TypeAdapter

from llm_memo.testing import ModelServer, RecordedRequest, model_server
from llm_memo.testing.answer import seeded
from llm_memo.testing.prose import compose
from llm_memo.testing.schema import conforming

QUESTION: Any = [{"role": "user", "content": "Why is the sky blue?"}]
REQUEST: Any = {"model": "gpt-5.2", "messages": QUESTION}
BRIEFED: Any = {
    "model": "gpt-5.2",
    "instructions": "You are terse.",
    "input": "Why is the sky blue?",
}
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1, "maximum": 7}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
CHAT_TOOLS: Any = [
    {"type": "function", "function": {"name": name, "parameters": WEATHER, "strict": True}}
    for name in ("forecast", "history")
]
RESPONSE_TOOLS: Any = [
    {"type": "function", "name": name, "parameters": WEATHER, "strict": True} for name in ("forecast", "history")
]


class Landmark(BaseModel):
    """A model with what structured output has to fill."""

    name: str
    height: Annotated[float, Field(gt=100, lt=900)]
    kind: Literal["tower", "bridge"]
    built: date | None
    nicknames: list[str]


@pytest.fixture
def client(server: ModelServer) -> Iterator[OpenAI]:
    """A client of it that does not retry."""
    with OpenAI(base_url=server.base_url, api_key="sk-secret", max_retries=0) as client:
        yield client


def address(server: ModelServer) -> tuple[str, int]:
    """Host and port."""
    host, port = server.base_url.removeprefix("http://").removesuffix("/v1").split(":")
    return host, int(port)


def post(server: ModelServer, path: str, body: Any) -> bytes:
    """The body that the server answers with, as sent."""
    connection = http.client.HTTPConnection(*address(server))
    try:
        connection.request("POST", f"/v1{path}", body if isinstance(body, bytes) else json.dumps(body))
        return connection.getresponse().read()
    finally:
        connection.close()


def events(server: ModelServer, path: str, body: Any) -> list[dict[str, Any]]:
    """The JSON bodies of the events that the server streams."""
    lines = post(server, path, {**body, "stream": True}).decode().splitlines()
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    return [json.loads(each) for each in data if each != "[DONE]"]


@functools.cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    """What validates a type of the SDK."""
    return TypeAdapter(kind)


CUT = (openai.APIConnectionError, httpx.RemoteProtocolError)
"""What a connection that breaks off in a stream is to the SDK; an older one hands on the error of httpx."""
KNOWS_ALL = "completed_at" in Response.model_fields
"""Whether the SDK is as new as the fields that the server sends; an older one takes them, and does not know them."""


def exact(kind: Any, body: Any) -> Any:
    """`body` as the SDK's type, strictly, with no field that the type does not have."""
    content = body if isinstance(body, bytes) else json.dumps(body)
    value = adapter(kind).validate_json(content, strict=True)
    assert [] == list(unknown(value)) or not KNOWS_ALL
    return value


def unknown(value: Any) -> Iterator[str]:
    """The names of fields that a model and the models in it do not declare."""
    if isinstance(value, BaseModel):
        yield from value.model_extra or {}
        yield from unknown(list(vars(value).values()))
    elif isinstance(value, list):
        for each in value:
            yield from unknown(each)


def text(completion: ChatCompletion) -> str:
    """What the first choice says."""
    content = completion.choices[0].message.content
    assert content is not None
    return content


def counted(completion: ChatCompletion) -> tuple[int, int, int | None]:
    """Its prompt tokens, completion tokens and reasoning tokens."""
    usage = completion.usage
    assert usage is not None
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.completion_tokens_details is not None
    return usage.prompt_tokens, usage.completion_tokens, usage.completion_tokens_details.reasoning_tokens


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether `condition` comes true, given ample time."""
    patience = time.monotonic() + 30
    while not condition() and time.monotonic() < patience:
        time.sleep(0.001)
    return condition()


def threads(server: ModelServer) -> list[str]:
    """The names of the server's threads."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("llm_memo.testing")]


class TestLife:
    def test_serves_in_a_with_block(self) -> None:
        """Inside the block a client is answered and counted."""
        with model_server() as server, OpenAI(base_url=server.base_url, api_key="test") as client:
            client.chat.completions.create(**REQUEST)

            assert 1 == server.requests
            assert 1 == server.open_connections

    def test_leaves_no_thread_and_no_socket(self) -> None:
        """After the block, with the client's connection still open, all is gone."""
        with model_server() as server, OpenAI(base_url=server.base_url, api_key="test") as client:
            client.chat.completions.create(**REQUEST)
            base_url = server.base_url
            server.close()

            assert [] == threads(server)
            assert 0 == server.open_connections
            with pytest.raises(openai.APIConnectionError):
                client.with_options(base_url=base_url, max_retries=0).models.list()

    def test_serves_without_a_with_block(self) -> None:
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

    def test_closed_server_has_no_address(self) -> None:
        """A server that does not serve says how to make it serve."""
        server = model_server()

        with pytest.raises(RuntimeError, match=r"call start\(\)"):
            _ = server.base_url
        assert "<ModelServer closed, requests=0>" == repr(server)

    def test_repr_tells_address_and_requests(self, server: ModelServer) -> None:
        """The repr of a running server shows where it is and how much it was asked."""
        assert f"<ModelServer {server.base_url}, requests=0>" == repr(server)

    def test_close_interrupts_a_waiting_request(self, client: OpenAI, server: ModelServer) -> None:
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

    def test_is_silent(self, server: ModelServer, capfd: pytest.CaptureFixture[str]) -> None:
        """Nothing is printed, whatever is sent."""
        for nonsense in (b"nonsense\r\n\r\n", b"POST /v1/responses HTTP/1.1\r\ncontent-length: x\r\n\r\n"):
            with socket.create_connection(address(server)) as connection:
                connection.sendall(nonsense)
                while connection.recv(65536):
                    pass
        post(server, "/nowhere", {})

        assert ("", "") == capfd.readouterr()


class TestChat:
    def test_body_is_a_chat_completion(self, server: ModelServer) -> None:
        """The body is exactly the SDK's type."""
        completion = exact(ChatCompletion, post(server, "/chat/completions", REQUEST))

        assert "stop" == completion.choices[0].finish_reason
        assert "gpt-5.2" == completion.model

    def test_text_is_the_same_in_every_process(self, client: OpenAI) -> None:
        """The text depends on the question alone: this one is for ever."""
        expected = (
            "You asked about “Why is the sky blue?”. "
            "A careful reader depends on the simplest case that works, whatever the weather. "
            "The rest of the story makes room for a question asked twice, sooner or later. "
            "An honest estimate points towards one clear idea, in the end. "
            "Try it once, and keep what works."
        )

        assert expected == text(client.chat.completions.create(**REQUEST))

    def test_text_quotes_the_question(self, client: OpenAI) -> None:
        """The answer mentions the start of the last user message and has words enough for a stream."""
        long: Any = {"role": "user", "content": [{"type": "text", "text": "word " * 40}]}
        answer = text(client.chat.completions.create(model="gpt-5.2", messages=[*QUESTION, long]))

        assert "“" + " ".join(["word"] * 12) + "…”" in answer
        assert len(answer.split()) > 15

    def test_equal_questions_get_equal_text(self, client: OpenAI) -> None:
        """Asked again, the text is the same and the id is not."""
        first, second = (client.chat.completions.create(**REQUEST) for _ in range(2))

        assert text(first) == text(second)
        assert first.id != second.id

    @pytest.mark.parametrize(
        "change",
        [
            {"model": "gpt-5.2-mini"},
            {"temperature": 0.5},
            {"seed": 7},
            {"messages": [{"role": "system", "content": "You are terse."}, *QUESTION]},
        ],
    )
    def test_other_questions_get_other_text(self, client: OpenAI, change: dict[str, Any]) -> None:
        """Every part of the question matters."""
        assert text(client.chat.completions.create(**REQUEST)) != text(
            client.chat.completions.create(**{**REQUEST, **change})
        )

    @pytest.mark.slow
    def test_ten_thousand_questions_get_ten_thousand_texts(self) -> None:
        """No two prompts of a large test share an answer by chance."""
        texts = {compose(seeded({"input": number}), "topic") for number in range(10_000)}

        assert 10_000 == len(texts)

    def test_n_choices_differ(self, client: OpenAI) -> None:
        """With `n` there are as many answers, the first one as without."""
        completion = client.chat.completions.create(**REQUEST, n=3)
        texts = [choice.message.content for choice in completion.choices]

        assert [0, 1, 2] == [choice.index for choice in completion.choices]
        assert 3 == len(set(texts))
        assert text(client.chat.completions.create(**REQUEST)) == texts[0]

    def test_stream_adds_up_to_the_plain_answer(self, client: OpenAI, server: ModelServer) -> None:
        """The chunks, each exactly the SDK's type, join to the same text and count the same tokens."""
        plain = client.chat.completions.create(**REQUEST, reasoning_effort="low")
        stream = client.chat.completions.create(
            **REQUEST, reasoning_effort="low", stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)
        choices = [chunk.choices[0] for chunk in chunks[:-1]]

        assert text(plain) == "".join(choice.delta.content or "" for choice in choices)
        assert "assistant" == choices[0].delta.role
        assert [None] * (len(choices) - 1) + ["stop"] == [choice.finish_reason for choice in choices]
        assert ([], plain.usage) == (chunks[-1].choices, chunks[-1].usage)
        assert 1 == len({chunk.id for chunk in chunks})
        for chunk in events(server, "/chat/completions", {**REQUEST, "stream_options": {"include_usage": True}}):
            exact(ChatCompletionChunk, chunk)

    def test_stream_without_include_usage_has_none(self, client: OpenAI) -> None:
        """Usage comes only to those who ask."""
        chunks = list(client.chat.completions.create(**REQUEST, stream=True))

        assert {None} == {chunk.usage for chunk in chunks}
        assert all(chunk.choices for chunk in chunks)

    def test_usage_counts_words(self, client: OpenAI) -> None:
        """A token is a word; reasoning comes on top."""
        thought = client.chat.completions.create(**REQUEST, reasoning_effort="high")
        plain = client.chat.completions.create(**REQUEST)

        assert (5, len(text(plain).split()), 0) == counted(plain)
        assert (5, len(text(thought).split()) + 1024, 1024) == counted(thought)

    @pytest.mark.parametrize(("words", "cached"), [(1023, 0), (1300, 1280)])
    def test_long_prompts_count_as_cached(self, client: OpenAI, words: int, cached: int) -> None:
        """From 1024 tokens on, whole blocks of 128 are cached tokens."""
        messages: Any = [{"role": "user", "content": "word " * (words - 1) + "word"}]
        usage = client.chat.completions.create(model="gpt-5.2", messages=messages).usage
        assert usage is not None
        assert usage.prompt_tokens_details is not None

        assert (words, cached) == (usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens)

    def test_structured_output_is_parsed(self, client: OpenAI) -> None:
        """`parse` gives a model instance, and so does the stream helper."""
        parsed = client.chat.completions.parse(**REQUEST, response_format=Landmark).choices[0].message.parsed
        with client.chat.completions.stream(**REQUEST, response_format=Landmark) as stream:
            streamed = stream.get_final_completion().choices[0].message.parsed

        assert isinstance(parsed, Landmark)
        assert parsed == streamed

    def test_json_object_is_an_object(self, client: OpenAI) -> None:
        """Without a schema the JSON is an object with the text in it."""
        completion = client.chat.completions.create(**REQUEST, response_format={"type": "json_object"})

        assert ["answer"] == list(json.loads(text(completion)))

    @pytest.mark.parametrize(
        ("choice", "name"),
        [("required", "forecast"), ({"type": "function", "function": {"name": "history"}}, "history")],
    )
    def test_wanted_tool_is_called(self, server: ModelServer, choice: Any, name: str) -> None:
        """A tool that must be used is called with arguments that fit its schema, streamed or not."""
        body = {**REQUEST, "tools": CHAT_TOOLS, "tool_choice": choice}
        completion = exact(ChatCompletion, post(server, "/chat/completions", body))
        [call] = completion.choices[0].message.tool_calls
        deltas = [
            exact(ChatCompletionChunk, chunk).choices[0].delta for chunk in events(server, "/chat/completions", body)
        ]
        pieces = [delta.tool_calls[0] for delta in deltas if delta.tool_calls]

        assert (None, "tool_calls") == (
            completion.choices[0].message.content,
            completion.choices[0].finish_reason,
        )
        assert name == call.function.name == pieces[0].function.name
        assert {"city", "days"} == set(json.loads(call.function.arguments))
        assert {None} == {delta.content for delta in deltas}
        assert call.function.arguments == "".join(piece.function.arguments for piece in pieces)

    @pytest.mark.parametrize("choice", [None, "auto", "none", {"type": "function", "function": {"name": "other"}}])
    def test_tools_not_wanted_are_not_called(self, client: OpenAI, choice: Any) -> None:
        """With tools that may but need not be used, the model answers in words."""
        completion = client.chat.completions.create(**REQUEST, tools=CHAT_TOOLS, tool_choice=choice)

        assert completion.choices[0].message.tool_calls is None
        assert text(completion)

    def test_stream_helper_parses_tool_arguments(self, client: OpenAI) -> None:
        """The SDK's helper builds the call and its arguments from the chunks."""
        with client.chat.completions.stream(**REQUEST, tools=CHAT_TOOLS, tool_choice="required") as stream:
            [call] = stream.get_final_completion().choices[0].message.tool_calls or []

        assert {"city", "days"} == set(call.function.parsed_arguments)  # type: ignore[call-overload]

    def test_logprobs_are_those_of_the_tokens(self, server: ModelServer) -> None:
        """Each token has its log probability and the alternatives asked for, streamed or not."""
        body = {**REQUEST, "logprobs": True, "top_logprobs": 3}
        choice = exact(ChatCompletion, post(server, "/chat/completions", body)).choices[0]
        streamed = [
            token
            for chunk in events(server, "/chat/completions", body)
            for choice in exact(ChatCompletionChunk, chunk).choices
            if choice.logprobs
            for token in choice.logprobs.content
        ]
        tokens = choice.logprobs.content

        assert choice.message.content == "".join(token.token for token in tokens)
        assert {3} == {len(token.top_logprobs) for token in tokens}
        assert all(token.logprob <= 0 and bytes(token.bytes).decode() == token.token for token in tokens)
        assert tokens == streamed

    def test_refusal_is_in_the_message(self, client: OpenAI, server: ModelServer) -> None:
        """A refusal takes the place of the content, streamed or not, with its own log probabilities."""
        server.refusal = "I'd rather not."
        choice = client.chat.completions.create(**REQUEST, logprobs=True).choices[0]
        with client.chat.completions.stream(**REQUEST) as stream:
            streamed = stream.get_final_completion().choices[0].message

        assert (None, "I'd rather not.") == (choice.message.content, choice.message.refusal)
        assert "I'd rather not." == streamed.refusal
        assert choice.logprobs is not None
        assert (None, 3) == (choice.logprobs.content, len(choice.logprobs.refusal or ()))

    def test_audio_is_a_sound_with_its_transcript(self, server: ModelServer) -> None:
        """With the audio modality the text becomes the transcript of a WAV file, streamed or not."""
        body = {**REQUEST, "modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}
        message = exact(ChatCompletion, post(server, "/chat/completions", body)).choices[0].message
        chunks = events(server, "/chat/completions", body)
        audio = [chunk["choices"][0]["delta"].get("audio") or {} for chunk in chunks]

        assert [] == [chunk for chunk in chunks if not exact(ChatCompletionChunk, chunk).choices]
        assert message.content is None
        assert 800 == frames(base64.b64decode(message.audio.data))
        assert message.audio.transcript == "".join(piece.get("transcript", "") for piece in audio)
        assert message.audio.data == "".join(piece.get("data", "") for piece in audio)

    @pytest.mark.parametrize("reason", ["length", "content_filter"])
    def test_finish_reason_cuts_the_text(self, client: OpenAI, server: ModelServer, reason: str) -> None:
        """An answer cut short keeps its first half and says why."""
        whole = text(client.chat.completions.create(**REQUEST))
        server.finish_reason = reason
        completion = client.chat.completions.create(**REQUEST)
        chunks = list(client.chat.completions.create(**REQUEST, stream=True))

        assert (reason, reason) == (completion.choices[0].finish_reason, chunks[-1].choices[0].finish_reason)
        assert len(whole.split()) // 2 == len(text(completion).split())
        assert whole.startswith(text(completion))

    @pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
    def test_token_limit_is_kept(self, client: OpenAI, limit: str) -> None:
        """An answer longer than it may be ends there, for lack of length."""
        completion = client.chat.completions.create(**{**REQUEST, limit: 6})

        assert ("length", 6) == (completion.choices[0].finish_reason, len(text(completion).split()))

    def test_azure_paths_are_known(self, server: ModelServer) -> None:
        """A client that names the deployment in the path is served too."""
        with openai.AzureOpenAI(base_url=server.base_url, api_key="sk-secret", api_version="2026-01-01") as client:
            client.chat.completions.create(**REQUEST)

        assert ["/v1/deployments/gpt-5.2/chat/completions"] == [request.path for request in server.log]
        assert "api-key" not in server.log[0].headers


class TestResponses:
    def test_body_is_a_response(self, server: ModelServer) -> None:
        """The body is exactly the SDK's type, and says again what was asked."""
        response = exact(Response, post(server, "/responses", {**BRIEFED, "temperature": 0.5}))

        assert ("completed", "You are terse.", 0.5) == (
            response.status,
            response.instructions,
            response.temperature,
        )
        assert "“Why is the sky blue?”" in response.output_text

    def test_inputs_are_understood_in_every_form(self, client: OpenAI) -> None:
        """A string, messages and the results of tools are all read."""
        turns: Any = [
            {"role": "user", "content": [{"type": "input_text", "text": "What is the tide?"}]},
            {"type": "function_call", "call_id": "1", "name": "tide", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "1", "output": "three words long"},
        ]
        response = client.responses.create(model="gpt-5.2", input=turns)

        assert "“What is the tide?”" in response.output_text
        assert response.usage
        assert 7 == response.usage.input_tokens

    @pytest.mark.parametrize(
        "extra",
        [
            {},
            {"reasoning": {"effort": "low"}},
            {"reasoning": {"summary": "auto"}},
            {"include": ["message.output_text.logprobs"], "top_logprobs": 2},
            {"tools": RESPONSE_TOOLS, "tool_choice": "required"},
            {"max_output_tokens": 5},
        ],
    )
    def test_events_add_up_to_the_response(self, server: ModelServer, extra: dict[str, Any]) -> None:
        """Every event is the SDK's type, they are numbered from 0, and the last one holds the response."""
        body = {**BRIEFED, **extra}
        plain = exact(Response, post(server, "/responses", body))
        stream = events(server, "/responses", body)
        typed = [adapter(ResponseStreamEvent).validate_python(each, strict=True) for each in stream]
        final = exact(Response, stream[-1]["response"])

        assert [each["type"] for each in stream] == [each.type for each in typed]
        assert list(range(len(stream))) == [each.sequence_number for each in typed]
        assert f"response.{plain.status}" == typed[-1].type
        assert plain.output_text == final.output_text
        assert plain.usage == final.usage
        assert [item.type for item in plain.output] == [item.type for item in final.output]
        assert [item.to_dict() for item in final.output] == [
            each["item"] for each in stream if each["type"] == "response.output_item.done"
        ]

    def test_events_come_in_the_order_of_the_api(self, client: OpenAI) -> None:
        """A message is announced, opened, spoken, closed and completed."""
        kinds = [event.type for event in client.responses.create(**BRIEFED, stream=True)]

        assert [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ] == list(dict.fromkeys(kinds))
        assert kinds.count("response.output_text.delta") > 15

    def test_stream_helper_gives_the_response(self, client: OpenAI) -> None:
        """The SDK's helper builds the same text and parses structured output."""
        with client.responses.stream(**BRIEFED, text_format=Landmark) as stream:
            streamed = stream.get_final_response()
        parsed = client.responses.parse(**BRIEFED, text_format=Landmark)

        assert isinstance(parsed.output_parsed, Landmark)
        assert parsed.output_parsed == streamed.output_parsed

    @pytest.mark.parametrize(
        ("choice", "name"), [("required", "forecast"), ({"type": "function", "name": "history"}, "history")]
    )
    def test_wanted_tool_is_called(self, client: OpenAI, choice: Any, name: str) -> None:
        """A tool that must be used becomes a function call with arguments that fit its schema."""
        [item] = client.responses.create(**BRIEFED, tools=RESPONSE_TOOLS, tool_choice=choice).output
        assert "function_call" == item.type

        assert name == item.name
        assert {"city", "days"} == set(json.loads(item.arguments))

    def test_reasoning_comes_before_the_message(self, client: OpenAI) -> None:
        """Asked to reason, the model gives a reasoning item, a summary if wanted, and its tokens."""
        response = client.responses.create(**BRIEFED, reasoning={"effort": "low", "summary": "auto"})
        assert "reasoning" == response.output[0].type
        assert response.usage

        assert ["reasoning", "message"] == [item.type for item in response.output]
        assert 1 == len(response.output[0].summary)
        assert 64 == response.usage.output_tokens_details.reasoning_tokens

    def test_no_effort_is_no_reasoning(self, client: OpenAI) -> None:
        """With effort "none" there is no reasoning item."""
        response = client.responses.create(**BRIEFED, reasoning={"effort": "none"})

        assert ["message"] == [item.type for item in response.output]

    def test_refusal_is_a_content_part(self, client: OpenAI, server: ModelServer) -> None:
        """A refusal takes the place of the text, streamed or not."""
        server.refusal = "I'd rather not."
        [item] = exact(Response, post(server, "/responses", BRIEFED)).output
        stream = list(client.responses.create(**BRIEFED, stream=True))

        assert ["I'd rather not."] == [part.refusal for part in item.content]
        assert "I'd rather not." == "".join(each.delta for each in stream if each.type == "response.refusal.delta")

    @pytest.mark.parametrize(
        ("reason", "told"), [("length", "max_output_tokens"), ("content_filter", "content_filter")]
    )
    def test_finish_reason_makes_it_incomplete(
        self, client: OpenAI, server: ModelServer, reason: str, told: str
    ) -> None:
        """An answer cut short is incomplete and says why."""
        server.finish_reason = reason
        response = exact(Response, post(server, "/responses", BRIEFED))
        *_, last = client.responses.create(**BRIEFED, stream=True)

        assert ("incomplete", told) == (response.status, response.incomplete_details.reason)
        assert "response.incomplete" == last.type


class TestAsync:
    def test_every_way_of_asking_works(self, server: ModelServer) -> None:
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

    def test_cancelled_call_frees_its_connection(self, server: ModelServer) -> None:
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


class TestOtherAPIs:
    @pytest.mark.parametrize("dimensions", [None, 8])
    def test_embeddings_are_unit_vectors(self, client: OpenAI, dimensions: int | None) -> None:
        """Each input has a vector of length 1 that depends on its text and is the same in both encodings."""
        given: Any = {"model": "text-embedding-3-small", "input": ["tide", "moon", "tide"]}
        given |= {"dimensions": dimensions} if dimensions else {}
        tide, moon, again = (each.embedding for each in client.embeddings.create(**given).data)
        floats = client.embeddings.create(**given, encoding_format="float").data[0].embedding

        assert dimensions or 1536 == len(tide)
        assert math.isclose(1, math.hypot(*tide), rel_tol=1e-6)
        assert tide == again == floats != moon

    @pytest.mark.parametrize(("given", "used"), [("two words", 2), (["one", "two words"], 3), ([1, 2, 3, 4], 4)])
    def test_embedding_body_is_exact(self, server: ModelServer, given: Any, used: int) -> None:
        """The body is exactly the SDK's type and counts words, or the tokens given."""
        body = post(server, "/embeddings", {"model": "text-embedding-3-small", "input": given})

        assert used == exact(CreateEmbeddingResponse, body).usage.prompt_tokens

    @pytest.mark.parametrize(
        ("given", "flagged"),
        [
            ("a calm day", [False]),
            (["a calm day", "pure violence"], [False, True]),
            ([{"type": "text", "text": "violence"}], [True]),
        ],
    )
    def test_moderation_flags_what_the_text_names(self, server: ModelServer, given: Any, flagged: list[bool]) -> None:
        """The body is exactly the SDK's type; naming a category flags it."""
        results = exact(ModerationCreateResponse, post(server, "/moderations", {"input": given})).results

        assert flagged == [result.flagged for result in results]
        assert flagged == [result.categories.violence for result in results]

    def test_images_are_png(self, server: ModelServer) -> None:
        """The body is exactly the SDK's type; each of `n` pictures is another valid PNG of 8 by 8 pixels."""
        body = post(server, "/images/generations", {"prompt": "a lighthouse", "n": 2})
        pictures = [base64.b64decode(image.b64_json) for image in exact(ImagesResponse, body).data]
        sizes = [picture[16:24] for picture in pictures]
        lines = [zlib.decompress(picture[picture.index(b"IDAT") + 4 :][:-12]) for picture in pictures]

        assert [b"\0\0\0\x08\0\0\0\x08"] * 2 == sizes
        assert [8 * (1 + 8 * 3)] * 2 == [len(each) for each in lines]
        assert pictures[0] != pictures[1]

    def test_transcription_depends_on_the_file(self, client: OpenAI, server: ModelServer) -> None:
        """Other bytes are heard as other words; the log has the file as it was sent."""
        recording = bytes(range(256)) * 3 + b"\r\n--x\n\r"
        texts = {
            client.audio.transcriptions.create(model="whisper-1", file=("a.wav", file)).text
            for file in (recording, recording, b"other")
        }

        assert 2 == len(texts)
        assert {"model": "whisper-1", "file": recording} == server.log[0].body

    def test_transcription_comes_in_the_format_asked(self, client: OpenAI) -> None:
        """It is a transcription, a verbose one, or plain text."""
        given: Any = {"model": "whisper-1", "file": ("a.wav", b"sound")}
        create = client.audio.transcriptions.create

        assert isinstance(create(**given), Transcription)
        assert isinstance(create(**given, response_format="verbose_json"), TranscriptionVerbose)
        assert isinstance(create(**given, response_format="text"), str)

    def test_speech_is_a_sound(self, client: OpenAI) -> None:
        """Speech is a WAV file that depends on the text."""
        sounds = [client.audio.speech.create(model="tts-1", voice="alloy", input=say) for say in ("one", "two")]

        assert 800 == frames(sounds[0].content)
        assert sounds[0].content != sounds[1].content

    def test_models_are_listed(self, client: OpenAI, server: ModelServer) -> None:
        """The list holds models, and asking for it is no model request."""
        listed = list(client.models.list())

        assert "gpt-5.2" in [model.id for model in listed]
        assert [Model] * len(listed) == [type(model) for model in listed]
        assert 0 == server.requests


def frames(sound: bytes) -> int:
    """How many samples a WAV file has."""
    with wave.open(io.BytesIO(sound)) as file:
        count: int = file.getnframes()
    return count


class TestScript:
    def test_reply_writes_the_text(self, client: OpenAI, server: ModelServer) -> None:
        """The text is the user's, made from the request's body, in every API that gives text."""
        server.reply = lambda body: f"{body['model']} says yes"
        transcription = client.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"sound"))

        assert "gpt-5.2 says yes" == text(client.chat.completions.create(**REQUEST, max_tokens=1))
        assert "gpt-5.2 says yes" == client.responses.create(**BRIEFED).output_text
        assert "whisper-1 says yes" == transcription.text

    @pytest.mark.parametrize("reply", ["", " ", " two  spaces ", "línea\nnueva\u2028🌊"])
    def test_reply_streams_unchanged(self, client: OpenAI, server: ModelServer, reply: str) -> None:
        """White space, line breaks and signs survive the cutting into chunks."""
        server.reply = lambda _: reply
        completion = client.chat.completions.create(**REQUEST)
        chunks = client.chat.completions.create(**REQUEST, stream=True, stream_options={"include_usage": True})
        *chunks, last = chunks

        assert completion.usage == last.usage
        assert reply == "".join(chunk.choices[0].delta.content or "" for chunk in chunks)

    def test_reply_that_raises_is_an_error_500(self, server: ModelServer) -> None:
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

    def test_settings_are_given_at_construction_too(self) -> None:
        """What can be set later can be given at once."""
        with (
            model_server(reply=lambda _: "yes", latency=0.001, chunk_delay=0.001) as server,
            OpenAI(base_url=server.base_url, api_key="test") as client,
        ):
            chunks = client.chat.completions.create(**REQUEST, stream=True)

            assert "yes" == "".join(chunk.choices[0].delta.content or "" for chunk in chunks)

    def test_log_keeps_requests_without_credentials(self, client: OpenAI, server: ModelServer) -> None:
        """The log has path, body and headers; the API key is nowhere in it."""
        client.chat.completions.create(**REQUEST, extra_headers={"X-Trace": "7"})
        [request] = server.log

        assert isinstance(request, RecordedRequest)
        assert ("/v1/chat/completions", REQUEST) == (request.path, request.body)
        assert "7" == request.headers["x-trace"]
        assert "sk-secret" not in repr(server.log)

    def test_reset_forgets(self, client: OpenAI, server: ModelServer) -> None:
        """After a reset nothing has happened and nothing will fail; settings stay."""
        server.refusal = "No."
        list(client.chat.completions.create(**REQUEST, stream=True))
        server.fail(500)
        server.reset()

        assert (0, 0, []) == (server.requests, server.chunks_sent, server.log)
        assert "No." == client.chat.completions.create(**REQUEST).choices[0].message.refusal


class TestFailures:
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
        self, client: OpenAI, server: ModelServer, status: Any, raised: type[Exception], streamed: bool
    ) -> None:
        """As many requests as asked fail so, and are counted; the one after is answered."""
        server.fail(status, times=2)
        for _ in range(2):
            with pytest.raises(raised):
                client.chat.completions.create(**REQUEST, stream=streamed)
        client.chat.completions.create(**REQUEST)

        assert 3 == server.requests

    def test_client_retries_at_once(self, server: ModelServer) -> None:
        """The client's own retries find out soon that it works again."""
        server.fail(429)
        server.fail(503)
        with OpenAI(base_url=server.base_url, api_key="test", max_retries=2) as client:
            client.chat.completions.create(**REQUEST)

        assert ["0", "1", "2"] == [request.headers["x-stainless-retry-count"] for request in server.log]

    def test_error_has_the_body_of_the_api(self, client: OpenAI, server: ModelServer) -> None:
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
    def test_stream_breaks_in_the_middle(
        self, client: OpenAI, server: ModelServer, status: Any, raised: Any, after: int
    ) -> None:
        """The chunks asked for arrive, all of them at most, and then the failure."""
        whole = len(list(client.chat.completions.create(**REQUEST, stream=True)))
        server.reset()
        server.fail(status, after_chunks=after)
        received: list[ChatCompletionChunk] = []
        stream = client.chat.completions.create(**REQUEST, stream=True)
        with pytest.raises(raised):
            received.extend(stream)

        assert min(after, whole) == len(received) == server.chunks_sent

    def test_response_stream_breaks_in_the_middle(self, client: OpenAI, server: ModelServer) -> None:
        """Responses' streams fail in the same way."""
        server.fail(500, after_chunks=3)
        stream = client.responses.create(**BRIEFED, stream=True)

        assert "response.created" == next(stream).type
        with pytest.raises(openai.APIError, match="status 500"):
            list(stream)

    def test_answer_in_one_piece_fails_at_once(self, client: OpenAI, server: ModelServer) -> None:
        """A failure meant for the middle of a stream fails a plain request whole."""
        server.fail(500, after_chunks=3)

        with pytest.raises(openai.InternalServerError):
            client.chat.completions.create(**REQUEST)

    def test_cut_stream_ends_without_its_last_chunks(self, client: OpenAI, server: ModelServer) -> None:
        """A stream that is cut ends early, and nothing but its content says so."""
        server.fail("cut", after_chunks=3)
        server.fail("cut")

        for expected in (3, 1):
            received = list(client.chat.completions.create(**REQUEST, stream=True))
            assert expected == len(received)
            assert received[-1].choices[0].finish_reason is None

    def test_cut_answer_is_half_of_it(self, server: ModelServer) -> None:
        """An answer in one piece that is cut is no JSON any more."""
        whole = post(server, "/moderations", {"input": "a"})
        server.fail("cut")

        cut = post(server, "/moderations", {"input": "a"})
        assert b'{"id":' == cut[:6]
        assert len(whole) // 2 == len(cut)

    @pytest.mark.parametrize("status", [200, 600, "boom"])
    def test_other_failures_do_not_exist(self, server: ModelServer, status: Any) -> None:
        """A status that is no failure is refused."""
        with pytest.raises(ValueError, match=re.escape(repr(status))):
            server.fail(status)

    @pytest.mark.parametrize("path", ["/chat/completion", "/models", "/files"])
    def test_unknown_path_is_404(self, client: OpenAI, server: ModelServer, path: str) -> None:
        """What the server does not serve is not found, in the API's words, and not a model request."""
        with pytest.raises(openai.NotFoundError, match="Unknown request URL") as caught:
            client.post(path, body={}, cast_to=object)

        assert "unknown_url" == caught.value.code
        assert 0 == server.requests

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
    def test_malformed_body_is_400(self, server: ModelServer, body: bytes) -> None:
        """What is not a JSON object is a bad request."""
        error = json.loads(post(server, "/chat/completions", body))["error"]

        assert "invalid_request_error" == error["type"]
        assert 0 == server.requests

    def test_missing_parameter_is_400(self, client: OpenAI, server: ModelServer) -> None:
        """A request without what it needs is told what that is."""
        with pytest.raises(openai.BadRequestError) as caught:
            client.post("/chat/completions", body={"model": "gpt-5.2"}, cast_to=object)

        assert "messages" == caught.value.param


class TestStreaming:
    @pytest.mark.parametrize("compress", [False, True])
    def test_first_chunk_arrives_before_the_second_leaves(
        self, client: OpenAI, server: ModelServer, compress: bool
    ) -> None:
        """A chunk is sent when it is due and not when the answer is complete; compression holds none back."""
        gate = threading.Event()
        server.compress = compress
        server.before_chunk = lambda number: number == 0 or gate.wait()
        stream = client.chat.completions.create(**REQUEST, stream=True)
        next(stream)

        assert 1 == server.chunks_sent
        gate.set()
        assert 1 + len(list(stream)) == server.chunks_sent

    def test_abandoned_stream_closes_its_connection(self, client: OpenAI, server: ModelServer) -> None:
        """A client that leaves in the middle is noticed, long before the next chunk is due."""
        server.chunk_delay = 3600
        stream = client.chat.completions.create(**REQUEST, stream=True)
        next(stream)
        assert 1 == server.open_connections
        stream.close()

        assert eventually(lambda: server.open_connections == 0)
        assert 1 == server.chunks_sent

    def test_finished_async_stream_keeps_its_connection(self, server: ModelServer) -> None:
        """A stream read to its end leaves the connection for the next request."""

        async def twice() -> int:
            async with AsyncOpenAI(base_url=server.base_url, api_key="test") as client:
                for _ in range(2):
                    async for _ in await client.chat.completions.create(**REQUEST, stream=True):
                        pass
                return server.open_connections

        assert 1 == asyncio.run(twice())


class TestCompression:
    def test_answers_are_compressed_for_clients_that_accept_it(self, client: OpenAI, server: ModelServer) -> None:
        """The same text arrives, in fewer bytes, from answers and from streams."""
        plain = client.chat.completions.create(**REQUEST).choices[0].message.content
        server.compress = True
        raw = client.chat.completions.with_raw_response.create(**REQUEST)
        stream = client.chat.completions.with_raw_response.create(**REQUEST, stream=True)

        assert ("gzip", "gzip") == (raw.headers["content-encoding"], stream.headers["content-encoding"])
        assert plain == raw.parse().choices[0].message.content
        assert plain == "".join(chunk.choices[0].delta.content or "" for chunk in stream.parse())

    def test_others_get_it_plain(self, server: ModelServer) -> None:
        """A client that does not say that it accepts gzip gets none."""
        server.compress = True

        assert b'{"id":' == post(server, "/moderations", {"input": "a"})[:6]


class TestCrowds:
    @pytest.mark.slow
    def test_hundred_and_twenty_eight_connections_at_once(self, server: ModelServer) -> None:
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

    def test_connection_is_closed_for_those_who_ask(self, server: ModelServer) -> None:
        """After "Connection: close" the answer ends with the connection."""
        request = b"GET /v1/models HTTP/1.1\r\nConnection: close\r\n\r\n"
        with socket.create_connection(address(server)) as connection, connection.makefile("rb") as stream:
            connection.sendall(request)

            assert stream.read().startswith(b"HTTP/1.1 200 OK\r\n")

    def test_requests_may_be_sent_ahead(self, server: ModelServer) -> None:
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


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Node(BaseModel):
    name: str
    children: list["Node"]
    parent: "Node | None"


class Chain(BaseModel):
    rest: "Chain | None" = None


@dataclass
class Point:
    x: int
    y: float


class TestSchema:
    @pytest.mark.parametrize(
        "kind",
        [
            Landmark,
            Node,
            Chain,
            Point,
            Colour,
            bool,
            None,
            list[int],
            dict[str, int],
            tuple[int, str, Colour],
            Point | Landmark,
            str | None,
            Decimal,
            UUID,
            datetime,
            timedelta,
            Annotated[int, Field(gt=3, lt=5)],
            Annotated[int, Field(ge=10, multiple_of=7)],
            Annotated[int, Field(le=-10)],
            Annotated[float, Field(gt=0, lt=0.1)],
            Annotated[str, Field(min_length=40)],
            Annotated[str, Field(max_length=3)],
            Annotated[list[str], Field(min_length=3, max_length=4)],
            Annotated[list[str], Field(max_length=1)],
        ],
    )
    def test_values_fit_the_schema(self, kind: Any) -> None:
        """What is made from a type's schema is valid for the type, whatever the seed."""
        adapter = TypeAdapter(kind)
        for seed in range(20):
            value = conforming(adapter.json_schema(), seeded({"seed": seed}))
            adapter.validate_json(json.dumps(value))

    @pytest.mark.parametrize(
        ("schema", "kinds"),
        [
            ({"type": ["null", "integer"]}, {int}),
            ({"properties": {"a": True}}, {dict}),
            ({"allOf": [{"properties": {"a": True}}, {"$ref": "#/$defs/b~1c"}],
              "$defs": {"b/c": {"properties": {"b": {"const": 1}}, "required": ["b"]}}}, {dict}),
            ({"type": "integer", "minimum": 5, "maximum": 4}, {int}),
            (None, {str}),
        ],
    )  # fmt: skip
    def test_unusual_schemas_get_something(self, schema: Any, kinds: set[type]) -> None:
        """Schemas that pydantic does not write are understood as far as they make sense."""
        assert kinds == {type(conforming(schema, seeded({"seed": seed}))) for seed in range(5)}
