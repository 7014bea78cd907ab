"""Which answers are complete: of every API, as models and as dicts, alone, in streams and among others."""

from __future__ import annotations

from typing import Any

import pytest
from openai import OpenAI
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseCompletedEvent
from pydantic import BaseModel

from llm_memo.answers.complete import incomplete
from llm_memo.codec.recording import Recording
from llm_memo.testing import ModelServer

REQUEST: Any = {"model": "gpt-5.2", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}
BRIEFED: Any = {"model": "gpt-5.2", "input": "Why is the sky blue?"}
EMPTY = "an empty answer"
ENDED = "the stream ended before the answer did"


class Quiz(BaseModel):
    """A model of the user's own with fields that others have too."""

    choices: list[str] = ["a", "b"]
    status: str = "failed"
    type: str = "message"


def chat(message: Any = "Blue.", finish_reason: str | None = "stop", **rest: Any) -> dict[str, Any]:
    if isinstance(message, str):
        message = {"role": "assistant", "content": message}
    choice = {"index": 0, "finish_reason": finish_reason, "message": message, **rest}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


def response(status: str = "completed", output: Any = None, **rest: Any) -> dict[str, Any]:
    said = [{"type": "message", "content": [{"type": "output_text", "text": "Blue."}]}]
    return {"id": "r", "object": "response", "status": status, "output": said if output is None else output, **rest}


@pytest.mark.parametrize(
    "value",
    [
        "Blue.",
        None,
        0,
        False,
        1.5,
        b"",
        [],
        {},
        (),
        ["", "a second answer"],
        {"answer": "", "status": "failed", "choices": ["a"]},
        {"choices": [{"label": "a"}]},
        {"object": "thing", "status": "new"},
        Quiz(),
        object(),
        chat(),
        chat(finish_reason=None),
        chat(finish_reason="eos"),
        chat({"role": "assistant", "content": None, "tool_calls": [{"id": "call_1"}]}, "tool_calls"),
        chat({"role": "assistant", "content": None, "audio": {"id": "audio_1"}}),
        chat({"role": "assistant", "content": "", "images": [{"url": "data:"}]}),
        {"choices": [{"text": "Blue.", "finish_reason": "stop"}]},
        response(),
        response(output=[{"type": "reasoning"}, {"type": "function_call", "name": "f"}]),
        response(output=[{"type": "image_generation_call", "result": "…"}]),
        {"type": "message", "stop_reason": "end_turn", "content": [{"type": "text", "text": "Blue."}]},
        {"object": "batch", "status": "completed"},
        {"type": "response.created", "response": response("in_progress", [])},
        {"type": "response.output_text.delta", "delta": ""},
        {"choices": [{"index": 0, "delta": {"content": ""}}]},
        {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": ""}}]},
    ],
    ids=range(31),
)
def test_complete_answers(value: Any) -> None:
    """Plain values, other people's data, and answers with text, tool calls, audio or images are complete."""
    assert incomplete(value) is None
    assert incomplete([value, {"deep": (value,)}]) is None


@pytest.mark.parametrize(
    ("reason", "value"),
    [
        ("finish_reason length", chat(finish_reason="length")),
        ("finish_reason content_filter", chat(finish_reason="content_filter")),
        ("finish_reason length", {"choices": [chat()["choices"][0], {"finish_reason": "length"}]}),
        ("a refusal", chat({"role": "assistant", "content": None, "refusal": "No."})),
        (EMPTY, chat("")),
        (EMPTY, chat(" \n")),
        (EMPTY, chat({"role": "assistant", "content": None, "reasoning_content": "hm"})),
        (EMPTY, {**chat(), "choices": []}),
        (EMPTY, {"choices": [{"text": " ", "finish_reason": "stop"}]}),
        (
            "status incomplete: max_output_tokens",
            response("incomplete", incomplete_details={"reason": "max_output_tokens"}),
        ),
        ("status failed", response("failed")),
        ("status cancelled", response("cancelled")),
        ("status in_progress", response("in_progress", [])),
        ("status queued", {"status": "queued", "output": []}),
        ("a refusal", response(output=[{"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}])),
        (EMPTY, response(output=[])),
        (EMPTY, response(output=[{"type": "reasoning"}])),
        (EMPTY, response(output=[{"type": "message", "content": [{"type": "output_text", "text": " "}]}])),
        ("status validating", {"object": "batch", "status": "validating"}),
        ("stop_reason max_tokens", {"type": "message", "stop_reason": "max_tokens", "content": [1]}),
        (EMPTY, {"type": "message", "stop_reason": "end_turn", "content": []}),
        ("an error", {"type": "error", "message": "…"}),
        ("a refusal", {"type": "response.refusal.done", "refusal": "No."}),
        ("status failed", {"type": "response.failed", "response": response("failed", [])}),
        ("status incomplete", {"type": "response.incomplete"}),
        ("an error: ValueError", ValueError("…")),
    ],
    ids=range(26),
)
def test_incomplete_answers(reason: str, value: Any) -> None:
    """An answer that was cut short, filtered, refused, failed, or is empty or not done says so."""
    assert reason == incomplete(value)
    assert reason == incomplete(["first", {"deep": (value,)}])


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_a_blank_text_is_empty(text: str) -> None:
    """A blank str is an empty answer where it is the answer; inside of one it is data."""
    assert EMPTY == incomplete(text)
    assert incomplete([text]) is None


def test_nested_too_deep_is_not_searched() -> None:
    """Data is searched to a few levels, so that a value that holds itself does no harm."""
    loop: list[Any] = []
    loop.append(loop)
    assert incomplete(loop) is None


def test_models_are_read_as_dicts_are() -> None:
    """What the SDK builds of the same data is judged the same."""
    assert "finish_reason length" == incomplete(ChatCompletion.construct(**chat(finish_reason="length")))
    assert "status failed" == incomplete([Response.construct(**response("failed"))])
    assert incomplete(ChatCompletion.construct(**chat())) is None
    assert incomplete(Response.construct(**response())) is None


# --- what the server sends


@pytest.mark.parametrize(
    ("settings", "chat_reason", "response_reason"),
    [
        ({}, None, None),
        ({"finish_reason": "length"}, "finish_reason length", "status incomplete: max_output_tokens"),
        ({"finish_reason": "content_filter"}, "finish_reason content_filter", "status incomplete: content_filter"),
        ({"refusal": "No."}, "a refusal", "a refusal"),
        ({"reply": lambda _: ""}, EMPTY, EMPTY),
    ],
)
def test_real_answers_whole_and_streamed(
    server: ModelServer, client: OpenAI, settings: Any, chat_reason: str | None, response_reason: str | None
) -> None:
    """Completions, responses, their dumps and their recorded streams are judged alike."""
    for name, setting in settings.items():
        setattr(server, name, setting)
    completion, answer = client.chat.completions.create(**REQUEST), client.responses.create(**BRIEFED)
    assert [chat_reason] * 2 == [incomplete(completion), incomplete(completion.model_dump())]
    assert [response_reason] * 2 == [incomplete(answer), incomplete(answer.model_dump())]
    chunks = list(client.chat.completions.create(**REQUEST, stream=True))
    events = list(client.responses.create(**BRIEFED, stream=True))
    for items in (chunks, [chunk.model_dump() for chunk in chunks]):
        assert chat_reason == incomplete(whole(items))
    assert response_reason == incomplete(whole(events))


def whole(items: list[Any]) -> Recording:
    """The recording of a stream of the SDK."""
    recording = Recording(items)
    recording.whole = True
    return recording


# --- recordings


def chunk(delta: Any = None, finish_reason: str | None = None, index: int = 0) -> ChatCompletionChunk:
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish_reason}
    return ChatCompletionChunk.construct(id="c", object="chat.completion.chunk", created=1, model="m", choices=[choice])


def text(text: str, finish_reason: str | None = None) -> Completion:
    choice = {"index": 0, "text": text, "finish_reason": finish_reason}
    return Completion.construct(object="text_completion", choices=[choice])


SAYS = {"content": "Blue."}
COMPLETED = {"type": "response.completed", "response": response(output=[])}


@pytest.mark.parametrize(
    ("reason", "items"),
    [
        (None, [chunk(SAYS), chunk(finish_reason="stop")]),
        (None, [chunk({"tool_calls": [{"index": 0}]}), chunk(finish_reason="tool_calls")]),
        (ENDED, [chunk(SAYS)]),
        (ENDED, [chunk(SAYS), chunk(SAYS, index=1), chunk(finish_reason="stop")]),
        (EMPTY, [chunk({"role": "assistant", "content": ""}), chunk(finish_reason="stop")]),
        ("a refusal", [chunk({"refusal": "No"}), chunk(finish_reason="stop")]),
        (None, [text("Blue."), text("", "stop")]),
        (EMPTY, [text(""), text("", "stop")]),
        (ENDED, [{"type": "response.created"}, {"type": "response.output_text.delta"}]),
        (None, [{"type": "response.output_item.done"}, COMPLETED]),
        (EMPTY, [{"type": "response.created"}, COMPLETED]),
        (None, [{"type": "transcript.text.delta", "delta": "a"}, {"type": "transcript.text.done", "text": "a"}]),
        (EMPTY, []),
    ],
    ids=range(13),
)
def test_the_stream_of_an_sdk_must_have_ended(reason: str | None, items: list[Any]) -> None:
    """Where every chunk was recorded, each choice must have finished, and a response completed."""
    assert reason == incomplete(whole(items))


@pytest.mark.parametrize(
    ("reason", "recording"),
    [
        (None, Recording(["", "Blue."])),
        (EMPTY, Recording(["", " "])),
        (EMPTY, Recording([])),
        (None, Recording([], "the answer")),
        (None, Recording([0])),
        (None, Recording([chunk(SAYS)])),
        (None, Recording([{"type": "chunk", "chunk": chunk(SAYS)}, "text"])),
        ("finish_reason length", Recording([chunk(SAYS), chunk(finish_reason="length")])),
        ("finish_reason length", Recording([{"type": "chunk", "chunk": chunk(finish_reason="length")}])),
        ("a refusal", Recording([{"type": "refusal.done", "refusal": "No."}])),
        ("finish_reason length", Recording(["Bl"], chat(finish_reason="length"))),
        ("status failed", Recording([ResponseCompletedEvent.construct(type="response.failed")])),
    ],
    ids=range(12),
)
def test_a_generator_hands_on_what_it_likes(reason: str | None, recording: Recording) -> None:
    """A generator may leave out the last chunk: only what it did hand on or return can speak against it."""
    assert reason == incomplete(recording)
