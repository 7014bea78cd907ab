"""What the model says to a question, how long it is and what is counted of it."""

from __future__ import annotations

from typing import Any

import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletion

from llm_memo.testing import ModelServer
from testing.asking import BRIEFED, QUESTION, REQUEST, text


def counted(completion: ChatCompletion) -> tuple[int, int, int | None]:
    """Its prompt tokens, completion tokens and reasoning tokens."""
    usage = completion.usage
    assert usage is not None
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.completion_tokens_details is not None
    return usage.prompt_tokens, usage.completion_tokens, usage.completion_tokens_details.reasoning_tokens


def test_text_is_the_same_in_every_process(client: OpenAI) -> None:
    """The text depends on the question alone: this one is for ever."""
    expected = (
        "You asked about “Why is the sky blue?”. "
        "A careful reader depends on the simplest case that works, whatever the weather. "
        "The rest of the story makes room for a question asked twice, sooner or later. "
        "An honest estimate points towards one clear idea, in the end. "
        "Try it once, and keep what works."
    )

    assert expected == text(client.chat.completions.create(**REQUEST))


def test_text_quotes_the_question(client: OpenAI) -> None:
    """The answer mentions the start of the last user message and has words enough for a stream."""
    long: Any = {"role": "user", "content": [{"type": "text", "text": "word " * 40}]}
    answer = text(client.chat.completions.create(model="gpt-5.2", messages=[*QUESTION, long]))

    assert "“" + " ".join(["word"] * 12) + "…”" in answer
    assert len(answer.split()) > 15


def test_equal_questions_get_equal_text(client: OpenAI) -> None:
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
def test_other_questions_get_other_text(client: OpenAI, change: dict[str, Any]) -> None:
    """Every part of the question matters."""
    assert text(client.chat.completions.create(**REQUEST)) != text(
        client.chat.completions.create(**{**REQUEST, **change})
    )


def test_n_choices_differ(client: OpenAI) -> None:
    """With `n` there are as many answers, the first one as without."""
    completion = client.chat.completions.create(**REQUEST, n=3)
    texts = [choice.message.content for choice in completion.choices]

    assert [0, 1, 2] == [choice.index for choice in completion.choices]
    assert 3 == len(set(texts))
    assert text(client.chat.completions.create(**REQUEST)) == texts[0]


def test_usage_counts_words(client: OpenAI) -> None:
    """A token is a word; reasoning comes on top."""
    thought = client.chat.completions.create(**REQUEST, reasoning_effort="high")
    plain = client.chat.completions.create(**REQUEST)

    assert (5, len(text(plain).split()), 0) == counted(plain)
    assert (5, len(text(thought).split()) + 1024, 1024) == counted(thought)


@pytest.mark.parametrize(("words", "cached"), [(1023, 0), (1300, 1280)])
def test_long_prompts_count_as_cached(client: OpenAI, words: int, cached: int) -> None:
    """From 1024 tokens on, whole blocks of 128 are cached tokens."""
    messages: Any = [{"role": "user", "content": "word " * (words - 1) + "word"}]
    usage = client.chat.completions.create(model="gpt-5.2", messages=messages).usage
    assert usage is not None
    assert usage.prompt_tokens_details is not None

    assert (words, cached) == (usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens)


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_finish_reason_cuts_the_text(client: OpenAI, server: ModelServer, reason: str) -> None:
    """An answer cut short keeps its first half and says why."""
    whole = text(client.chat.completions.create(**REQUEST))
    server.finish_reason = reason
    completion = client.chat.completions.create(**REQUEST)
    chunks = list(client.chat.completions.create(**REQUEST, stream=True))

    assert (reason, reason) == (completion.choices[0].finish_reason, chunks[-1].choices[0].finish_reason)
    assert len(whole.split()) // 2 == len(text(completion).split())
    assert whole.startswith(text(completion))


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_token_limit_is_kept(client: OpenAI, limit: str) -> None:
    """An answer longer than it may be ends there, for lack of length."""
    completion = client.chat.completions.create(**{**REQUEST, limit: 6})

    assert ("length", 6) == (completion.choices[0].finish_reason, len(text(completion).split()))


def test_reply_writes_the_text(client: OpenAI, server: ModelServer) -> None:
    """The text is the user's, made from the request's body, in every API that gives text."""
    server.reply = lambda body: f"{body['model']} says yes"
    transcription = client.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"sound"))

    assert "gpt-5.2 says yes" == text(client.chat.completions.create(**REQUEST, max_tokens=1))
    assert "gpt-5.2 says yes" == client.responses.create(**BRIEFED).output_text
    assert "whisper-1 says yes" == transcription.text


@pytest.mark.parametrize("reply", ["", " ", " two  spaces ", "línea\nnueva\u2028🌊"])
def test_reply_streams_unchanged(client: OpenAI, server: ModelServer, reply: str) -> None:
    """White space, line breaks and signs survive the cutting into chunks."""
    server.reply = lambda _: reply
    completion = client.chat.completions.create(**REQUEST)
    chunks = client.chat.completions.create(**REQUEST, stream=True, stream_options={"include_usage": True})
    *chunks, last = chunks

    assert completion.usage == last.usage
    assert reply == "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
