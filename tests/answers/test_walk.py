"""Answers of frameworks: how they ended and what they cost is found wherever a framework puts it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from llm_memo.answers.complete import incomplete
from llm_memo.answers.usage import usage_of
from llm_memo.codec.recording import Recording

WORDS = {"input_tokens": 7, "output_tokens": 3}
OPENAI = {"prompt_tokens": 7, "completion_tokens": 3}
COUNTS = (7, 3)


class Reason(enum.Enum):
    """How an answer ended, as google-genai says it."""

    STOP = "STOP"
    MAX_TOKENS = "MAX_TOKENS"
    SAFETY = "SAFETY"


class Status(str, enum.Enum):
    """How a run ended, as agno says it."""

    done = "COMPLETED"
    error = "ERROR"


class Message(BaseModel):
    """A message of LangChain's."""

    model_config = ConfigDict(extra="allow")

    content: Any = "Blue."
    type: str = "ai"
    additional_kwargs: dict[str, Any] = {}
    response_metadata: dict[str, Any] = {}
    tool_calls: list[Any] = []
    invalid_tool_calls: list[Any] = []
    usage_metadata: dict[str, Any] | None = None


@dataclass(slots=True)
class Slotted:
    """A message of haystack's, with slots."""

    text: str
    _meta: dict[str, Any]


@dataclass
class Run:
    """A run of an agent: agno's, smolagents', pydantic-ai's, openai-agents'."""

    content: str = "Blue."
    run_id: str | None = None
    status: Any = None
    state: str | None = None
    steps: list[Any] | None = None
    metrics: Any = None
    token_usage: Any = None
    model: str | None = None
    raw_responses: list[Any] | None = None
    interruptions: list[Any] | None = None
    messages: list[Any] | None = None
    _state: Any = None


@dataclass
class State:
    """Where pydantic-ai keeps a run's messages."""

    message_history: list[Any] = field(default_factory=list)
    usage: Any = None


class Plain:
    """A class without any declaration: its attributes count."""

    def __init__(self, **held: Any) -> None:
        self.__dict__ |= held

    @property
    def usage(self) -> Any:
        """A property, which nobody reads."""
        raise AssertionError


def gemini(reason: Any = Reason.STOP, **rest: Any) -> Plain:
    content = Plain(parts=[Plain(text="Blue.")])
    candidates = [Plain(content=content, finish_reason=reason)]
    return Plain(**{"candidates": candidates, "model_version": "gemini-2.5", "prompt_feedback": None, **rest})


def ai(reason: str = "stop", **rest: Any) -> Message:
    return Message(response_metadata={"finish_reason": reason, "model_name": "gpt-5.2"}, **rest)


@pytest.mark.parametrize(
    ("reason", "value"),
    [
        ("finish_reason MAX_TOKENS", gemini(Reason.MAX_TOKENS)),
        ("finish_reason SAFETY", gemini(Reason.SAFETY)),
        ("finishReason RECITATION", {"candidates": [{"finishReason": "RECITATION"}]}),
        ("blocked: SAFETY", {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {}}),
        ("an empty answer", gemini(candidates=[])),
        ("an empty answer", gemini(candidates=[Plain(content=None, finish_reason=Reason.STOP)])),
        ("finish_reason length", ai("length")),
        ("a refusal", ai(additional_kwargs={"refusal": "No."})),
        ("an empty answer", ai(content="")),
        ("finish_reason length", {"messages": [ai(), ai("length")]}),
        ("stop_reason max_tokens", Message(response_metadata={"stop_reason": "max_tokens"})),
        ("finish_reason length", {"replies": [Slotted("Bl", {"finish_reason": "length"})]}),
        ("finish_reason length", Run(_state=State([Plain(finish_reason="length", parts=[1])]))),
        ("finish_reason error", Run(_state=State([Plain(finish_reason="error", parts=[1])]))),
        ("status error", Run("Connection error.", run_id="r", status=Status.error)),
        ("state max_steps_error", Run(state="max_steps_error", steps=[1])),
        ("it waits for an approval", Run(raw_responses=[1], interruptions=[Plain(a=1)])),
        ("it waits for an approval", {"__interrupt__": [1], "messages": []}),
        ("finish_reason content-filter", Plain(raw=Plain(finish_reason="content-filter"))),
        ("finish_reason MAX_TOKENS", {"finish_reason": "MAX_TOKENS", "message": {"content": [1]}}),
        ("finish_reason ERROR", {"finish_reason": "ERROR", "message": {"content": [1]}}),
        ("an empty answer", {"finish_reason": "COMPLETE", "message": {"role": "assistant", "content": []}}),
        ("done_reason length", {"created_at": "", "done": True, "done_reason": "length", "message": {"content": "B"}}),
        ("it is not done", {"created_at": "", "done": False, "message": {"content": "Bl"}}),
        ("an empty answer", {"created_at": "", "done": True, "done_reason": "stop", "message": {"content": ""}}),
        ("an empty answer", {"created_at": "", "done": True, "done_reason": "stop", "response": ""}),
        ("processing_status in_progress", {"type": "message_batch", "processing_status": "in_progress"}),
        ("state JOB_STATE_FAILED", Plain(state="JOB_STATE_FAILED")),
        ("stop_reason max_tokens", Recording([{"type": "message_delta", "delta": {"stop_reason": "max_tokens"}}])),
        ("finish_reason length", Recording([Message(content=""), ai("length", content="")])),
        ("finish_reason length", Recording([Plain(model_output_message=Plain(raw=Plain(finish_reason="length")))])),
    ],
)  # fmt: skip
def test_how_it_ended_is_found_wherever_it_is_said(reason: str, value: Any) -> None:
    """A reason, status or state in the fields of any SDK or framework, also by an enum's value."""
    assert reason == incomplete(value)
    if not isinstance(value, Recording):
        assert reason == incomplete(("first", {"deep": value}))


@pytest.mark.parametrize(
    "value",
    [
        gemini(), ai(), ai("tool_calls", content="", tool_calls=[1]), ai(content="", invalid_tool_calls=[1]),
        {"messages": [ai("length"), ai()]}, Run(run_id="r", status=Status.done), Run(status="error"),
        Run("finish_reason length"), {"status": "cancelled", "state": "error", "reason": "length"},
        {"finish_reason": "other"}, {"message": "MAX_TOKENS"}, Message(content="status: failed"),
        {"created_at": "", "done": True, "embeddings": [[1]]}, {"todo": "x", "done": False},
        Plain(state="JOB_STATE_SUCCEEDED"), {"created_at": "", "done": True, "done_reason": "stop", "response": "B"},
        Recording([{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}]), Status, Plain,
    ],
    ids=range(19),
)  # fmt: skip
def test_words_alone_are_nothing(value: Any) -> None:
    """Texts and data of one's own that merely have such words, and what was said before the answer, are complete."""
    assert incomplete(value) is None


def whole(*items: Any) -> Recording:
    recording = Recording(items)
    recording.whole = True
    return recording


@pytest.mark.parametrize(
    ("is_whole", "recording"),
    [
        (False, whole({"type": "message_start"}, {"type": "content_block_delta"})),
        (True, whole({"type": "message_start"}, {"type": "message_stop"})),
        (False, whole({"type": "message-start"})),
        (True, whole({"type": "message-start"}, {"type": "message-end"})),
        (False, whole({"done": False, "message": {}})),
        (True, whole({"done": False, "message": {}}, {"done": True, "message": {}})),
        (False, whole(gemini(None), gemini(None))),
        (True, whole(gemini(None), gemini())),
    ],
)
def test_a_stream_needs_its_last_event(is_whole: bool, recording: Recording) -> None:
    """Where all that was sent is there, what has begun must have ended."""
    assert (None if is_whole else "the stream ended before the answer did") == incomplete(recording)


@pytest.mark.parametrize(
    ("model", "value"),
    [
        ("gpt-5.2", ai(usage_metadata=WORDS)),
        ("gpt-5.2", {"messages": [Message(type="human"), ai(usage_metadata=WORDS)]}),
        ("gpt-5.2", Message(response_metadata={"token_usage": OPENAI, "model_name": "gpt-5.2"})),
        ("m", {"replies": [Slotted("Blue.", {"model": "m", "usage": OPENAI})]}),
        ("m", Run(model="m", metrics=Plain(**WORDS), messages=[Plain(metrics=Plain(**WORDS))])),
        (None, Run(token_usage=Plain(**WORDS))),
        (None, Run(raw_responses=[Plain(usage=Plain(**WORDS))])),
        (None, Run(_state=State([Plain(usage=Plain(**WORDS))], Plain(**WORDS)))),
        (None, {"messages": [Plain(models_usage=None), Plain(models_usage=Plain(**OPENAI))]}),
        ("m", Plain(raw={"model": "m", "usage": OPENAI}, message={"content": "Blue."})),
        ("m", Plain(_raw_response={"model": "m", "usage": OPENAI})),
        (None, {"message": {}, "usage": {"billed_units": {"input_tokens": 1}, "tokens": WORDS}}),
        ("m", {"model": "m", "prompt_eval_count": 7, "eval_count": 3}),
        ("g", Plain(model_version="g", usage_metadata=Plain(prompt_token_count=7, candidates_token_count=3))),
    ],
)
def test_tokens_are_found_wherever_they_are_reported(model: str | None, value: Any) -> None:
    """Each report counts once: what a framework's result reports is not counted again in its messages."""
    usage = usage_of(value)
    assert usage is not None
    assert (model, *COUNTS) == (usage.model, usage.input_tokens, usage.output_tokens)


def test_chunks_of_a_stream_are_one_answer() -> None:
    """Of chunks with one id the latest counts are the answer's."""

    class MessageChunk(Message):
        """A part of a message of LangChain's."""

    chunks = [MessageChunk(id="1", usage_metadata={"input_tokens": 7, "output_tokens": count}) for count in (0, 3)]
    usage = usage_of(Recording(chunks))
    assert usage is not None
    assert COUNTS == (usage.input_tokens, usage.output_tokens)


def test_a_long_answer_is_not_searched_to_its_last_item() -> None:
    """Its first and last thousand items are visited."""
    long: list[Any] = [{"text": "Blue."}] * 100_000
    cut = {"finish_reason": "length"}
    assert "finish_reason length" == incomplete([*long, cut]) == incomplete([cut, *long])
    assert incomplete([*long, cut, *long]) is None
