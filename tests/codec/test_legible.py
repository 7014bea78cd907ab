"""Kept answers, to be read without being thawed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from llm_memo import Cache, cached_client, cached_completion
from llm_memo.answers.text import answer_text
from llm_memo.codec.legible import Items
from llm_memo.testing import ModelServer

QUESTION: Any = [{"role": "user", "content": "Why is the sky blue?"}]
REQUEST: Any = {"model": "gpt-5.2", "messages": QUESTION}


class City(BaseModel):
    name: str
    country: str


@dataclass
class Verdict:
    good: bool
    reasons: list[str]


def kept(function: Any, *args: Any) -> Any:
    """The one answer that a cached function keeps, as it is shown."""
    function(*args)
    (entry,) = function.entries()
    return entry.data


@pytest.mark.parametrize(
    ("shown", "answer"),
    [
        ("text", "text"),
        ('{\n  "a": [\n    1,\n    "é"\n  ]\n}', {"a": [1, "é"]}),
        ("3 bytes", b"abc"),
        ("None", None),
        ("ndarray 2×3", np.zeros((2, 3))),
        ('[\n  "a",\n  "ndarray 2"\n]', ("a", np.zeros(2))),
        ('{\n  "Verdict": {\n    "good": true,\n    "reasons": []\n  }\n}', Verdict(True, [])),
        ("a set of 2", {1, 2}),
        ('{\n  "name": "Lyon",\n  "country": "France"\n}', City(name="Lyon", country="France")),
        ('[\n  {\n    "name": "Lyon",\n    "country": "France"\n  }\n]', [City(name="Lyon", country="France")]),
        ("5", 5),
    ],
)
def test_any_answer_has_a_text(shown: str, answer: Any) -> None:
    """Plain data and models are shown as JSON, anything else as a preview."""
    function = cached_completion(name="looked.any")(lambda: answer)
    assert shown == answer_text(kept(function), 1_000)


def test_long_answers_are_cut() -> None:
    """A text is no longer than asked for, and ends in an ellipsis if it was."""
    assert "abc…" == answer_text("abcdef", 4)
    assert "abcd" == answer_text("abcd", 4)


def test_a_completion_is_what_it_says(client: OpenAI) -> None:
    """Of completions and responses the text is shown; of several choices, all."""
    chat = cached_completion(name="looked.chat")(lambda: client.chat.completions.create(**REQUEST, n=2))
    reply = cached_completion(name="looked.reply")(lambda: client.responses.create(model="m", input="Why?"))
    assert "\n\n".join(choice.message.content or "" for choice in chat().choices) == answer_text(kept(chat), 10_000)
    assert reply().output_text == answer_text(kept(reply), 10_000)
    assert "b\n\nc" == answer_text({"choices": [{"text": "b", "index": 0}, {"text": "c", "index": 1}]}, 99)


def test_a_parsed_answer_has_what_was_parsed(client: OpenAI) -> None:
    """What a model has beside its JSON, such as the user's own parsed class, is among what is shown."""
    parse = cached_completion(name="looked.parse")(
        lambda: client.chat.completions.parse(**REQUEST, response_format=City)
    )
    answer = kept(parse)
    assert parse().choices[0].message.parsed == City(**answer["choices"][0]["message"]["parsed"])
    assert "_request_id" not in answer


def test_tool_calls_and_refusals_are_shown() -> None:
    """An answer without text is what it would call, or why it will not answer."""
    call = {"name": "forecast", "arguments": '{"city": "Lyon"}'}
    message = {"content": None, "tool_calls": [{"type": "function", "function": call}]}
    assert 'forecast({"city": "Lyon"})' == answer_text({"choices": [{"message": message}]}, 99)
    assert "No." == answer_text({"choices": [{"message": {"content": None, "refusal": "No."}}]}, 99)
    assert 'forecast({"city": "Lyon"})' == answer_text({"output": [{"type": "function_call", **call}]}, 99)
    refused = {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}
    assert "No." == answer_text({"output": [refused]}, 99)


def test_embeddings_are_counted(client: OpenAI) -> None:
    """Of embeddings, how many and how long."""
    embed = cached_completion(name="looked.embed")(
        lambda: client.embeddings.create(model="m", input=["a", "b"], dimensions=8, encoding_format="float")
    )
    assert "2 × 8 numbers" == answer_text(kept(embed), 99)


def test_a_generator_is_what_it_yielded(client: OpenAI) -> None:
    """Words are joined, chunks are read as words; items that are neither are shown as a list."""

    @cached_completion(name="looked.words")
    def words() -> Iterator[str]:
        yield from ("Rain ", "is ", "wet.")

    @cached_completion(name="looked.chunks")
    def chunks() -> Any:
        return client.chat.completions.create(**REQUEST, stream=True)

    @cached_completion(name="looked.events")
    def events() -> Any:
        return client.responses.create(model="m", input="Why is the sky blue?", stream=True)

    @cached_completion(name="looked.numbers")
    def numbers() -> Iterator[int]:
        yield from range(2)

    for function in (words, chunks, events, numbers):
        list(function())
    said = [answer_text(function.entries()[0].data, 1_000) for function in (words, chunks, events, numbers)]
    assert "Rain is wet." == said[0]
    assert said[1].endswith(".")
    assert "Why is the sky blue?" in said[2]
    assert "[\n  0,\n  1\n]" == said[3]
    assert isinstance(words.entries()[0].data, Items)


async def test_an_asynchronous_stream_is_read_without_a_loop(server: ModelServer) -> None:
    """A kept asynchronous stream is shown by plain code inside of a running loop."""
    async with AsyncOpenAI(base_url=server.base_url, api_key="test") as client:

        @cached_completion(name="looked.later")
        async def later() -> AsyncIterator[str]:
            async for chunk in await client.chat.completions.create(**REQUEST, stream=True):
                yield chunk.choices[0].delta.content or ""

        whole = "".join([word async for word in later()])
    assert whole == answer_text(later.entries()[0].data, 10_000)


PROGRAM = """
import enum, sys
from dataclasses import dataclass
from llm_memo import cached_completion
from pydantic import BaseModel

class Colour(enum.Enum):
    RED = 1

class City(BaseModel):
    name: str

class Words(list):
    pass

class Table(dict):
    pass

class Slots:
    __slots__ = ("one",)

@dataclass
class Answer:
    city: City
    colour: Colour
    words: Words
    table: Table
    slots: Slots

@cached_completion(name="looked.far")
def far():
    slots = Slots()
    slots.one = 1
    return Answer(City(name="Lyon"), Colour.RED, Words(["a", "b"]), Table({"k": 2}), slots)

far()
print("this script runs")
"""


@pytest.mark.slow
def test_a_look_runs_none_of_the_users_code(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of classes that are not loaded is shown without their module being imported."""
    (tmp_path / "far_program.py").write_text(PROGRAM)
    started = [sys.executable, "-c", "import far_program"]
    subprocess.run(started, check=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": _path()})
    monkeypatch.syspath_prepend(tmp_path)
    (entry,) = Cache().entries("looked.far")
    shown = answer_text(entry.data, 10_000)
    for text in ('"name": "Lyon"', '"Colour"', '"arguments": [', '"a"', '"k": 2', '"one": 1'):
        assert text in shown
    assert "far_program" not in sys.modules
    assert "Answer" == type(entry.value).__name__
    sys.modules.pop("far_program", None)


def _path() -> str:
    return os.pathsep.join(filter(None, sys.path))


def test_a_class_that_is_gone_is_shown_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """When a loaded module no longer has the class, its attributes are shown under its name."""
    monkeypatch.setitem(globals(), "Verdict", Verdict)
    function = cached_completion(name="looked.gone")(lambda: [Verdict(True, [])])
    function()
    monkeypatch.delitem(globals(), "Verdict")
    with pytest.raises(LookupError):
        _ = function.entries()[0].value
    assert '"good": true' in answer_text(function.entries()[0].data, 99)


def test_what_cannot_be_read_is_one_kind_of_error(cache_dir: Any) -> None:
    """An entry that is damaged or gone is a LookupError that names it."""
    function = cached_completion(name="looked.broken")(lambda: 1)
    function()
    (entry,) = function.entries()
    function.cache_clear()
    with pytest.raises(LookupError, match=entry.key):
        _ = entry.data


def test_what_json_does_not_hold_is_a_preview() -> None:
    """A list that holds itself is shown by its preview."""
    endless: list[Any] = []
    endless.append(endless)
    assert answer_text(endless, 99).startswith("[[[")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (
            'It is 5.weather({"city": "Lyon"})',
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "It is 5."},
                    {"type": "tool_use", "name": "weather", "input": {"city": "Lyon"}},
                ],
            },
        ),
        (
            "one two\n\nthree",
            {
                "candidates": [
                    {"content": {"parts": [{"text": "one "}, {"text": "two"}]}},
                    {"content": {"parts": [{"text": "three"}]}},
                ]
            },
        ),
        ("hello", {"message": {"role": "assistant", "content": "hello"}, "done": True}),
        ("hello", {"response": "hello", "done": False}),
        (
            "Hello",
            Items(
                [
                    {"type": "message_start", "message": {"role": "assistant", "content": []}},
                    {"type": "content_block_start", "content_block": {"type": "text", "text": ""}},
                    {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hel"}},
                    {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "lo"}},
                    {"type": "content_block_stop"},
                    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
                    {"type": "message_stop"},
                ]
            ),
        ),
        (
            "Hello",
            Items([{"message": {"content": "Hel"}, "done": False}, {"message": {"content": "lo"}, "done": True}]),
        ),
    ],
    ids=["Anthropic", "Gemini", "Ollama chat", "Ollama generate", "Anthropic's events", "Ollama's lines"],
)
def test_answers_of_other_models_are_texts(said: str, answer: Any) -> None:
    """What a model of Anthropic's, Gemini or Ollama said is known by its look, whole or in pieces."""
    assert said == answer_text(answer)


def test_streams_in_listings_are_texts(server: ModelServer) -> None:
    """Entries of generators, of an SDK's streams and of requests show what the model said, and what they are."""
    with (
        cached_client(OpenAI(base_url=server.base_url, api_key="test")) as cached,
        OpenAI(base_url=server.base_url, api_key="test") as client,
    ):

        @cached_completion(name="looked.stream")
        def stream() -> Any:
            return client.chat.completions.create(**REQUEST, stream=True)

        @cached_completion(name="looked.words")
        def words() -> Iterator[str]:
            for chunk in stream():
                yield chunk.choices[0].delta.content or ""

        list(words())
        list(cached.chat.completions.create(**REQUEST, stream=True))
    (spoken,) = words.entries()
    entries = Cache().entries()
    assert {spoken.text} == {entry.text for entry in entries}
    assert 3 == sum(" ".join(spoken.text.split())[:12] in line for line in repr(entries).splitlines())
    assert {"generator", "openai.Stream", "chat, a stream"} == {entry.type for entry in entries}
    (request,) = Cache().entries("POST*")
    assert request.value == request.data
    assert "chat.completion.chunk" == request.value[0]["object"]
