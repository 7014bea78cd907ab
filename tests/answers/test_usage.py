"""Tokens: read from whatever came back, or reported by the function."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import OpenAI
from openai.types.chat import ChatCompletion

from llm_memo import completion_usage
from llm_memo.answers.usage import Usage, sum_of, usage_of
from llm_memo.codec.recording import Recording
from llm_memo.errors import MemoWarning
from llm_memo.runtime.context import Running
from llm_memo.testing import ModelServer

REQUEST: Any = {"model": "gpt-5.2", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}
BRIEFED: Any = {"model": "gpt-5.2", "input": "Why is the sky blue?"}

CHAT: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "gpt-5.2",
    "service_tier": "flex",
    "usage": {
        "prompt_tokens": 100,
        "completion_tokens": 30,
        "total_tokens": 130,
        "prompt_tokens_details": {"cached_tokens": 40, "audio_tokens": 5},
        "completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 7},
    },
}
SAYS = Usage(
    model="gpt-5.2",
    tier="flex",
    input_tokens=100,
    cached_tokens=40,
    output_tokens=30,
    reasoning_tokens=20,
    details={"input_audio_tokens": 5, "output_audio_tokens": 7},
)
SMALL = Usage(model="small", input_tokens=1, output_tokens=2)


@pytest.mark.parametrize(
    ("usage", "value"),
    [
        (SAYS, CHAT),
        (SAYS, ChatCompletion.construct(**CHAT)),
        (
            Usage("gpt-5.2", None, None, 36, 4, 87, 12, {"cache_write_tokens": 3}),
            {
                "object": "response",
                "model": "gpt-5.2",
                "service_tier": "default",
                "usage": {
                    "input_tokens": 36,
                    "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
                    "output_tokens": 87,
                    "output_tokens_details": {"reasoning_tokens": 12},
                },
            },
        ),
        (
            Usage("claude", None, None, 160, 50, 5, 0, {"cache_write_tokens": 10}),
            {
                "type": "message",
                "model": "claude",
                "usage": {
                    "input_tokens": 100,
                    "cache_read_input_tokens": 50,
                    "cache_creation_input_tokens": 10,
                    "output_tokens": 5,
                },
            },
        ),
        (
            Usage("embedding", None, None, 8),
            {"object": "list", "data": [], "model": "embedding", "usage": {"prompt_tokens": 8, "total_tokens": 8}},
        ),
        (
            Usage(None, None, None, 8, 0, 100, 0, {"input_image_tokens": 3}),
            {"usage": {"input_tokens": 8, "output_tokens": 100, "input_tokens_details": {"image_tokens": 3}}},
        ),
    ],
    ids=["dict", "model", "response", "Anthropic", "embedding", "image"],
)  # fmt: skip
def test_usage_is_read_in_the_words_of_every_api(usage: Usage, value: Any) -> None:
    """Chat completions, responses, embeddings, images, Anthropic's messages: one meaning of each count."""
    assert usage == usage_of(value)
    assert usage + usage == usage_of([value, {"deep": (value, "text", 1)}])


@pytest.mark.parametrize(
    "value",
    [
        "text", None, 1, b"", [], {}, object(), {"usage": "much"}, {"usage": {"prompt_tokens": "9"}},
        {"usage": {"type": "duration", "seconds": 1.0}}, {"usage": None}, {"usage": {"prompt_tokens": -1}},
        {"type": "response.output_text.delta", "delta": "a"}, Recording(["text"]),
    ],
)  # fmt: skip
def test_what_reports_no_tokens_has_no_usage(value: Any) -> None:
    """No report, a report in seconds or one that is none: None, not nought."""
    assert usage_of(value) is None


def test_real_answers_report_what_their_streams_report(server: ModelServer, client: OpenAI) -> None:
    """Completions and responses report as many tokens whole as streamed, and as the server counted."""
    completion = client.chat.completions.create(**REQUEST)
    chunks = list(client.chat.completions.create(**REQUEST, stream=True, stream_options={"include_usage": True}))
    answer, events = client.responses.create(**BRIEFED), list(client.responses.create(**BRIEFED, stream=True))
    assert completion.usage is not None
    assert answer.usage is not None
    for usage, whole, streamed in (
        (completion.usage.total_tokens, completion, chunks),
        (answer.usage.total_tokens, answer, events),
    ):
        found = usage_of(whole)
        assert found is not None
        assert ("gpt-5.2", usage) == (found.model, found.total_tokens)
        assert found == usage_of(Recording(streamed)) == usage_of(streamed)


def test_a_running_total_counts_once() -> None:
    """Servers that report the total so far in every chunk are counted by the last one; streams add up."""
    chunks = [
        {
            "id": name,
            "object": "chat.completion.chunk",
            "model": "small",
            "usage": {"prompt_tokens": 1, "completion_tokens": so_far},
        }
        for name in "ab"
        for so_far in range(3)
    ]
    assert SMALL == usage_of(Recording(chunks[:3]))
    assert SMALL + SMALL == usage_of(chunks)
    assert SMALL + SAYS == usage_of(Recording(chunks[:3], returned=CHAT))
    assert SAYS == usage_of([{"type": "response.completed", "response": CHAT}] * 2)


def test_a_value_that_holds_itself_has_no_usage() -> None:
    """Data is searched to a few levels."""
    loop: list[Any] = []
    loop.append(loop)
    assert usage_of(loop) is None


# --- sums


def test_sums_of_one_model() -> None:
    """Usages of the same model, provider and tier add up."""
    assert Usage("small", None, None, 2, 0, 4) == SMALL + SMALL
    assert {"input_audio_tokens": 10, "output_audio_tokens": 14} == (SAYS + SAYS).details


def test_sums_of_several_models_keep_their_parts() -> None:
    """The sum of several models has no model of its own, and keeps the usage of each for its price."""
    total = SMALL + SAYS + SMALL
    assert (None, 102, 34, 136) == (total.model, total.input_tokens, total.output_tokens, total.total_tokens)
    assert (SMALL + SMALL, SAYS) == total.parts
    assert (SMALL + SMALL + SMALL, SAYS + SAYS) == (total + (SMALL + SAYS)).parts
    with pytest.raises(TypeError):
        SMALL + 1  # type: ignore[operator]


counts = st.integers(0, 10**9)
usages = st.builds(
    Usage,
    st.none() | st.sampled_from(["a", "b"]),
    st.none() | st.just("azure"),
    st.none() | st.just("flex"),
    *[counts] * 4,
    details=st.dictionaries(st.sampled_from(["input_audio_tokens"]), st.integers(1, 9)),
)


@given(st.lists(usages, min_size=1, max_size=4))
def test_usage_travels_as_json(parts: list[Usage]) -> None:
    """Any usage and any sum comes back from its dict, by way of JSON."""
    total = sum(parts[1:], parts[0])
    assert total == Usage.from_dict(json.loads(json.dumps(total.to_dict())))
    assert sum(part.total_tokens for part in parts) == total.total_tokens


def test_usage_of_a_later_version_reads() -> None:
    """What a later version wrote besides is passed over; what it left out is nought or not known."""
    assert SMALL == Usage.from_dict({"model": "small", "input_tokens": 1, "output_tokens": 2, "mood": "good"})
    assert {"model": "small", "input_tokens": 1, "output_tokens": 2} == SMALL.to_dict()
    assert Usage() == Usage.from_dict({})


# --- told by the function


def test_a_function_tells_its_usage() -> None:
    """Replies and counts that a function tells add up, also over steps; other places hear nothing of it."""
    running = Running(None)
    assert sum_of(running.usages) is None
    completion_usage(CHAT)
    with running:
        completion_usage(ChatCompletion.construct(**CHAT))
    completion_usage(CHAT)
    with running:
        completion_usage(model="small", input_tokens=1, output_tokens=2)
        completion_usage(CHAT, model="gpt-5.2-mini", provider="azure")
        with pytest.warns(MemoWarning, match=r"no tokens are reported by this builtins\.str; give it"):
            completion_usage("a reply without usage")
        completion_usage()
    total = sum_of(running.usages)
    assert total is not None
    assert ["gpt-5.2", "small", "gpt-5.2-mini"] == [part.model for part in total.parts]
    assert ("azure", 100) == (total.parts[2].provider, total.parts[2].input_tokens)
    assert 261 + 2 == total.total_tokens


def test_the_innermost_call_is_told() -> None:
    """A cached function called inside of another is told for itself."""
    outer, inner = Running(None), Running(None)
    with outer:
        with inner:
            completion_usage(model="small", input_tokens=1, output_tokens=2)
        assert (None, SMALL) == (sum_of(outer.usages), sum_of(inner.usages))
        completion_usage(model="small", input_tokens=1, output_tokens=2)
    assert SMALL == sum_of(outer.usages)


async def test_tasks_are_told_apart_and_threads_are_outside() -> None:
    """Tasks at the same time tell each their own call; a thread of a function's own tells nobody."""

    async def call(count: int) -> Usage | None:
        running = Running(None)
        with running:
            await asyncio.sleep(0)
            await asyncio.create_task(tell(count))
            thread = threading.Thread(target=completion_usage, kwargs={"model": "small", "input_tokens": 99})
            thread.start()
            thread.join()
        return sum_of(running.usages)

    async def tell(count: int) -> None:
        completion_usage(model="small", input_tokens=count)

    assert [Usage("small", input_tokens=1), Usage("small", input_tokens=2)] == await asyncio.gather(call(1), call(2))


GEMINI = {"promptTokenCount": 9, "candidatesTokenCount": 3, "thoughtsTokenCount": 4, "cachedContentTokenCount": 2}
START = {"type": "message_start", "message": {"model": "claude", "usage": {"input_tokens": 9, "output_tokens": 1}}}
DELTA = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"model": "claude", "usage": {"input_tokens": 9, "output_tokens": 7}}, ("claude", 9, 0, 7, 0)),
        ([START, "odd", DELTA], ("claude", 9, 0, 7, 0)),
        ({"modelVersion": "gemini", "usageMetadata": GEMINI}, ("gemini", 9, 2, 7, 4)),
        ([{"modelVersion": "gemini", "usageMetadata": {"promptTokenCount": 9}}] * 2, ("gemini", 9, 0, 0, 0)),
        ({"model": "llama", "done": True, "prompt_eval_count": 9, "eval_count": 7}, ("llama", 9, 0, 7, 0)),
        ([{"type": "message-end", "delta": {"usage": {"tokens": {"input_tokens": 9}}}}], (None, 9, 0, 0, 0)),
    ],
)
def test_what_answers_report(said: Any, expected: tuple[Any, ...]) -> None:
    """Each API has words of its own; of a stream the last report counts."""
    usage = usage_of(Recording(said) if isinstance(said, list) else said)
    assert usage is not None
    counts = (usage.input_tokens, usage.cached_tokens, usage.output_tokens, usage.reasoning_tokens)
    assert expected == (usage.model, *counts)


@pytest.mark.parametrize("said", [{"model": "m"}, [], b"sound", {"usage": None}])
def test_what_reports_nothing(said: Any) -> None:
    """An answer without counts has no usage."""
    assert usage_of(said) is None
