"""`/v1/chat/completions` of the model server, asked by the real client."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from llm_memo.testing import ModelServer
from testing.asking import REQUEST, WEATHER, Landmark, events, exact, frames, post, text

CHAT_TOOLS: Any = [
    {"type": "function", "function": {"name": name, "parameters": WEATHER, "strict": True}}
    for name in ("forecast", "history")
]


def test_body_is_a_chat_completion(server: ModelServer) -> None:
    """The body is exactly the SDK's type."""
    completion = exact(ChatCompletion, post(server, "/chat/completions", REQUEST))

    assert "stop" == completion.choices[0].finish_reason
    assert "gpt-5.2" == completion.model


def test_stream_adds_up_to_the_plain_answer(client: OpenAI, server: ModelServer) -> None:
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


def test_stream_without_include_usage_has_none(client: OpenAI) -> None:
    """Usage comes only to those who ask."""
    chunks = list(client.chat.completions.create(**REQUEST, stream=True))

    assert {None} == {chunk.usage for chunk in chunks}
    assert all(chunk.choices for chunk in chunks)


def test_structured_output_is_parsed(client: OpenAI) -> None:
    """`parse` gives a model instance, and so does the stream helper."""
    parsed = client.chat.completions.parse(**REQUEST, response_format=Landmark).choices[0].message.parsed
    with client.chat.completions.stream(**REQUEST, response_format=Landmark) as stream:
        streamed = stream.get_final_completion().choices[0].message.parsed

    assert isinstance(parsed, Landmark)
    assert parsed == streamed


def test_json_object_is_an_object(client: OpenAI) -> None:
    """Without a schema the JSON is an object with the text in it."""
    completion = client.chat.completions.create(**REQUEST, response_format={"type": "json_object"})

    assert ["answer"] == list(json.loads(text(completion)))


@pytest.mark.parametrize(
    ("choice", "name"),
    [("required", "forecast"), ({"type": "function", "function": {"name": "history"}}, "history")],
)
def test_wanted_tool_is_called(server: ModelServer, choice: Any, name: str) -> None:
    """A tool that must be used is called with arguments that fit its schema, streamed or not."""
    body = {**REQUEST, "tools": CHAT_TOOLS, "tool_choice": choice}
    completion = exact(ChatCompletion, post(server, "/chat/completions", body))
    [call] = completion.choices[0].message.tool_calls
    deltas = [exact(ChatCompletionChunk, chunk).choices[0].delta for chunk in events(server, "/chat/completions", body)]
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
def test_tools_not_wanted_are_not_called(client: OpenAI, choice: Any) -> None:
    """With tools that may but need not be used, the model answers in words."""
    completion = client.chat.completions.create(**REQUEST, tools=CHAT_TOOLS, tool_choice=choice)

    assert completion.choices[0].message.tool_calls is None
    assert text(completion)


def test_stream_helper_parses_tool_arguments(client: OpenAI) -> None:
    """The SDK's helper builds the call and its arguments from the chunks."""
    with client.chat.completions.stream(**REQUEST, tools=CHAT_TOOLS, tool_choice="required") as stream:
        [call] = stream.get_final_completion().choices[0].message.tool_calls or []

    assert {"city", "days"} == set(call.function.parsed_arguments)  # type: ignore[call-overload]


def test_logprobs_are_those_of_the_tokens(server: ModelServer) -> None:
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


def test_refusal_is_in_the_message(client: OpenAI, server: ModelServer) -> None:
    """A refusal takes the place of the content, streamed or not, with its own log probabilities."""
    server.refusal = "I'd rather not."
    choice = client.chat.completions.create(**REQUEST, logprobs=True).choices[0]
    with client.chat.completions.stream(**REQUEST) as stream:
        streamed = stream.get_final_completion().choices[0].message

    assert (None, "I'd rather not.") == (choice.message.content, choice.message.refusal)
    assert "I'd rather not." == streamed.refusal
    assert choice.logprobs is not None
    assert (None, 3) == (choice.logprobs.content, len(choice.logprobs.refusal or ()))


def test_audio_is_a_sound_with_its_transcript(server: ModelServer) -> None:
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
