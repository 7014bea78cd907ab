"""`/v1/responses` of the model server, asked by the real client."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai import OpenAI
from openai.types.responses import Response, ResponseStreamEvent

from llm_memo.testing import ModelServer
from testing.asking import BRIEFED, WEATHER, Landmark, adapter, events, exact, post

RESPONSE_TOOLS: Any = [
    {"type": "function", "name": name, "parameters": WEATHER, "strict": True} for name in ("forecast", "history")
]


def test_body_is_a_response(server: ModelServer) -> None:
    """The body is exactly the SDK's type, and says again what was asked."""
    response = exact(Response, post(server, "/responses", {**BRIEFED, "temperature": 0.5}))

    assert ("completed", "You are terse.", 0.5) == (
        response.status,
        response.instructions,
        response.temperature,
    )
    assert "“Why is the sky blue?”" in response.output_text


def test_inputs_are_understood_in_every_form(client: OpenAI) -> None:
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
def test_events_add_up_to_the_response(server: ModelServer, extra: dict[str, Any]) -> None:
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


def test_events_come_in_the_order_of_the_api(client: OpenAI) -> None:
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


def test_stream_helper_gives_the_response(client: OpenAI) -> None:
    """The SDK's helper builds the same text and parses structured output."""
    with client.responses.stream(**BRIEFED, text_format=Landmark) as stream:
        streamed = stream.get_final_response()
    parsed = client.responses.parse(**BRIEFED, text_format=Landmark)

    assert isinstance(parsed.output_parsed, Landmark)
    assert parsed.output_parsed == streamed.output_parsed


@pytest.mark.parametrize(
    ("choice", "name"), [("required", "forecast"), ({"type": "function", "name": "history"}, "history")]
)
def test_wanted_tool_is_called(client: OpenAI, choice: Any, name: str) -> None:
    """A tool that must be used becomes a function call with arguments that fit its schema."""
    [item] = client.responses.create(**BRIEFED, tools=RESPONSE_TOOLS, tool_choice=choice).output
    assert "function_call" == item.type

    assert name == item.name
    assert {"city", "days"} == set(json.loads(item.arguments))


def test_reasoning_comes_before_the_message(client: OpenAI) -> None:
    """Asked to reason, the model gives a reasoning item, a summary if wanted, and its tokens."""
    response = client.responses.create(**BRIEFED, reasoning={"effort": "low", "summary": "auto"})
    assert "reasoning" == response.output[0].type
    assert response.usage

    assert ["reasoning", "message"] == [item.type for item in response.output]
    assert 1 == len(response.output[0].summary)
    assert 64 == response.usage.output_tokens_details.reasoning_tokens


def test_no_effort_is_no_reasoning(client: OpenAI) -> None:
    """With effort "none" there is no reasoning item."""
    response = client.responses.create(**BRIEFED, reasoning={"effort": "none"})

    assert ["message"] == [item.type for item in response.output]


def test_refusal_is_a_content_part(client: OpenAI, server: ModelServer) -> None:
    """A refusal takes the place of the text, streamed or not."""
    server.refusal = "I'd rather not."
    [item] = exact(Response, post(server, "/responses", BRIEFED)).output
    stream = list(client.responses.create(**BRIEFED, stream=True))

    assert ["I'd rather not."] == [part.refusal for part in item.content]
    assert "I'd rather not." == "".join(each.delta for each in stream if each.type == "response.refusal.delta")


@pytest.mark.parametrize(("reason", "told"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
def test_finish_reason_makes_it_incomplete(client: OpenAI, server: ModelServer, reason: str, told: str) -> None:
    """An answer cut short is incomplete and says why."""
    server.finish_reason = reason
    response = exact(Response, post(server, "/responses", BRIEFED))
    *_, last = client.responses.create(**BRIEFED, stream=True)

    assert ("incomplete", told) == (response.status, response.incomplete_details.reason)
    assert "response.incomplete" == last.type
