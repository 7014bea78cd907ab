"""The work: functions as their users write them, what they are asked, and what the model says.

Each function reads a prompt, a real client and a helper, and calls no network: the helper takes the
next of the replies that were prepared. Arguments are made anew for every call, equal to earlier ones
and not identical, as in real use.
"""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from openai import OpenAI
from openai.types.chat import ChatCompletion

SYSTEM = "You are a careful assistant. Answer in plain words, and say so when you do not know."
client = OpenAI(base_url="http://127.0.0.1:9/v1", api_key="none")
REPLIES: list[Any] = []
"""What the model says next, the last one first."""

Messages = list[dict[str, Any]]


def reply(*question: object) -> Any:
    """The model's answer; it takes no time."""
    return REPLIES.pop()


def summarize(text: str, *, model: str = "gpt-5.2") -> str:
    """Text in, text out."""
    return reply(client, SYSTEM, text, model)


def digest(text: str, *, model: str = "gpt-5.2") -> str:
    """A very long text in, text out."""
    return reply(client, SYSTEM, text, model)


def chat(messages: Messages, *, model: str = "gpt-5.2", temperature: float = 0.0) -> ChatCompletion:
    """Messages in, a completion out."""
    return reply(client, SYSTEM, messages, model, temperature)


def act(messages: Messages, tools: list[dict[str, Any]], *, model: str = "gpt-5.2") -> ChatCompletion:
    """A long conversation and tools in, a completion out."""
    return reply(client, SYSTEM, messages, tools, model)


def embed(text: str, *, model: str = "text-embedding-3-small") -> list[float]:
    """Text in, 1,536 floats out."""
    return reply(client, text, model)


_WORDS = (
    "the of a to in is that it was for on are as with they at be this have from or had by but some what there we "
    "can out other were all your when up use word how said each she which do their time will way about many then"
)


@functools.lru_cache(maxsize=4096)
def prose(words: int, seed: int = 0) -> str:
    """So many words of text, the same for the same seed."""
    return " ".join(random.Random(seed).choices(_WORDS.split(), k=words))


def _anew(value: Any) -> Any:
    """An equal value of which nothing is the same object."""
    return json.loads(json.dumps(value))


def completion(number: int) -> ChatCompletion:
    """A completion of 150 words as the API sends them, with its usage."""
    return ChatCompletion.model_validate_json(_completion_text(number))


def _completion_text(number: int) -> str:
    message = {"role": "assistant", "content": prose(150, number), "refusal": None, "annotations": []}
    prompt_details = {"cached_tokens": 0, "audio_tokens": 0}
    completion_details = {
        "reasoning_tokens": 64,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    }
    return json.dumps(
        {
            "id": f"chatcmpl-{number:029}",
            "object": "chat.completion",
            "created": 1_760_000_000 + number,
            "model": "gpt-5.2-2025-12-11",
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
            "usage": {
                "prompt_tokens": 87,
                "completion_tokens": 262,
                "total_tokens": 349,
                "prompt_tokens_details": prompt_details,
                "completion_tokens_details": completion_details,
            },
            "service_tier": "default",
            "system_fingerprint": None,
        }
    )


def _messages(number: int) -> Messages:
    asked = {"role": "user", "content": f"{prose(60, 1)} {number}"}
    return _anew([{"role": "system", "content": prose(40)}, asked])


def _conversation(number: int) -> Messages:
    turns = [{"role": "user" if turn % 2 else "assistant", "content": prose(80, turn)} for turn in range(1, 18)]
    called = {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "tool_3", "arguments": '{"unit": "C"}'}}
        ],
    }
    answered = {"role": "tool", "tool_call_id": "call_1", "content": f'{{"degrees": {number}}}'}
    return _anew([{"role": "system", "content": prose(40)}, *turns, called, answered])


def tools(functions: int = 5) -> list[dict[str, Any]]:
    """A schema of five tools; with their parameters it has 30 nodes."""
    schema = [
        {
            "type": "function",
            "function": {
                "name": f"tool_{number}",
                "description": prose(20, number),
                "parameters": {
                    "type": "object",
                    "properties": {
                        "place": {"type": "string", "description": prose(8, number)},
                        "unit": {"type": "string", "enum": ["C", "F"]},
                    },
                    "required": ["place"],
                },
            },
        }
        for number in range(functions)
    ]
    return _anew(schema)


def _floats(number: int) -> list[float]:
    chance = random.Random(number)
    return [chance.uniform(-0.1, 0.1) for _ in range(1536)]


_LARGE = prose(210_000)[:1_000_000]


@dataclass(frozen=True)
class Work:
    """One function, with its questions and its answers by number."""

    name: str
    function: Callable[..., Any]
    question: Callable[[int], tuple[Any, ...]]
    """The arguments of the question, made anew."""
    answer: Callable[[int], Any]

    def prime(self, cached: Callable[..., Any], numbers: Iterable[int]) -> None:
        """Ask every question once, so that its answer is kept.

        Raises:
            AssertionError: The function was not asked, or said something else.
        """
        for number in numbers:
            REPLIES[:] = [self.answer(number)]
            given = cached(*self.question(number))
            assert not REPLIES, f"{self.name} {number} was not asked"
            assert said(given) == said(self.answer(number)), f"{self.name} {number}: another answer"

    def questions(self, numbers: Iterable[int]) -> list[tuple[Any, ...]]:
        """The arguments of several questions, all made anew."""
        return [self.question(number) for number in numbers]

    def check(self, cached: Callable[..., Any], numbers: Iterable[int]) -> None:
        """Ask every question again.

        Raises:
            AssertionError: It was not a hit, or the answer is not equal to the first.
        """
        for number in numbers:
            REPLIES.clear()
            assert said(cached(*self.question(number))) == said(self.answer(number)), f"{self.name} {number}"


def said(answer: Any) -> Any:
    """What is compared: of messages and completions their text, since some give other classes back."""
    if isinstance(answer, ChatCompletion):
        return answer.choices[0].message.content
    return getattr(answer, "content", answer)


TEXT = Work("text", summarize, lambda number: (f"{prose(30, 2)} {number}",), lambda number: prose(150, number))
CHAT = Work("chat", chat, lambda number: (_messages(number),), completion)
TOOLS = Work("tools", act, lambda number: (_conversation(number), tools()), completion)
EMBEDDING = Work(
    "embedding",
    embed,
    lambda number: (f"{prose(30, 2)} {number}",),
    _floats,
)
LARGE = Work("large", digest, lambda number: (f"{_LARGE}{number}",), lambda number: prose(150, number))
WORKS = {work.name: work for work in (TEXT, CHAT, TOOLS, EMBEDDING, LARGE)}
