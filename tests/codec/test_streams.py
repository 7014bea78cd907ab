"""Streams of the SDK that cached functions return, and what they cost."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from decimal import Decimal
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

from llm_memo import cached_completion, completion_usage
from llm_memo.testing import ModelServer

MESSAGES: Any = [{"role": "user", "content": "Tell me a story."}]


def ask_chat(client: Any) -> Any:
    return client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)


def ask_responses(client: Any) -> Any:
    return client.responses.create(model="gpt-4o", input="Tell me a story.", stream=True)


@pytest.mark.parametrize("ask", [ask_chat, ask_responses])
def test_a_returned_stream_streams_on_a_hit_too(ask: Any, client: OpenAI, server: ModelServer) -> None:
    """A hit on a function that returned a stream is a stream of the same chunks and type, and asks nothing."""

    @cached_completion
    def stream() -> Any:
        return ask(client)

    first = stream()
    chunks = list(first)
    assert len(chunks) > 10
    again = stream()
    assert type(first) is type(again)
    with again:
        assert chunks == list(again)
    assert 1 == server.requests
    info = stream.cache_info()
    assert (1, 1) == (info.hits, info.misses)


@pytest.mark.parametrize("ask", [ask_chat, ask_responses])
async def test_the_same_of_asynchronous_streams(ask: Any, server: ModelServer) -> None:
    """An asynchronous stream is recorded while it is read, and streams again on a hit."""
    async with AsyncOpenAI(base_url=server.base_url, api_key="test") as client:

        @cached_completion
        async def stream() -> Any:
            return await ask(client)

        first = await stream()
        chunks = [chunk async for chunk in first]
        again = await stream()
        assert type(first) is type(again)
        async with again:
            assert chunks == [chunk async for chunk in again]
    assert 1 == server.requests


def test_stream_managers(client: OpenAI, server: ModelServer) -> None:
    """The chat and responses stream managers are used in the same ways on a miss and on a hit."""

    @cached_completion
    def chat() -> Any:
        return client.chat.completions.stream(model="gpt-4o", messages=MESSAGES)

    @cached_completion
    def responses() -> Any:
        return client.responses.stream(model="gpt-4o", input="Tell me a story.")

    def run() -> Any:
        with chat() as stream:
            events = [event.type for event in stream]
            said = stream.get_final_completion().choices[0].message.content
        with responses() as stream:
            stream.until_done()
            written = stream.get_final_response().output_text
        return events, said, written

    first = run()
    assert "content.delta" in first[0]
    assert first == run()
    assert 2 == server.requests


def test_the_first_chunk_arrives_before_the_second_has_left(client: OpenAI, server: ModelServer) -> None:
    """Recording does not hold a stream back."""
    gate = threading.Event()
    server.before_chunk = lambda number: gate.wait(20) if number else None

    @cached_completion
    def stream() -> Any:
        return ask_chat(client)

    chunks = iter(stream())
    next(chunks)
    assert 1 == server.chunks_sent
    gate.set()
    list(chunks)
    assert stream.is_cached()


def test_a_half_read_stream_is_not_kept_and_leaves_nothing_open(client: OpenAI, server: ModelServer) -> None:
    """A stream that is left half-read is not kept, its connection is closed, and no thread stays."""
    threads = threading.active_count()

    @cached_completion
    def stream() -> Any:
        return ask_chat(client)

    with stream() as half:
        next(iter(half))
    dropped = stream()
    next(iter(dropped))
    dropped.close()
    del dropped, half
    gc.collect()
    assert [] == stream.entries()
    client.close()
    deadline = time.monotonic() + 10
    while server.open_connections and time.monotonic() < deadline:
        time.sleep(0.005)
    assert 0 == server.open_connections
    assert threads == threading.active_count()
    assert 2 == server.requests


def test_a_stream_that_breaks_is_not_kept(client: OpenAI, server: ModelServer) -> None:
    """A stream whose connection drops raises as it would without a cache, and is asked for again."""
    server.fail("drop", after_chunks=3)

    @cached_completion
    def stream() -> Any:
        return ask_chat(client)

    with pytest.raises(Exception, match=r"(?i)connection|closed|peer|read"):
        list(stream())
    assert [] == stream.entries()
    assert len(list(stream())) > 10


@pytest.mark.parametrize("ask", [ask_chat, ask_responses])
def test_a_stream_cut_off_is_not_kept(ask: Any, client: OpenAI, server: ModelServer) -> None:
    """A stream that ends with length is given as it is and not kept."""
    server.finish_reason = "length"

    @cached_completion
    def stream() -> Any:
        return ask(client)

    list(stream())
    assert [] == stream.entries()
    assert 1 == stream.cache_info().not_stored


def test_a_generator_over_a_stream(client: OpenAI, server: ModelServer) -> None:
    """A generator that yields a stream's text is recorded, and paced when it is told to."""

    @cached_completion
    def words() -> Any:
        for chunk in ask_chat(client):
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content

    assert list(words()) == list(words()) == list(words.with_options(replay_delay=0.0001)())
    assert 1 == server.requests


def test_a_hits_stream_is_paced(client: OpenAI) -> None:
    """replay_delay paces the replay of a returned stream, sync and async."""

    @cached_completion
    def stream() -> Any:
        return ask_chat(client)

    chunks = list(stream())
    began = time.monotonic()
    assert chunks == list(stream.with_options(replay_delay=0.002)())
    assert 0.002 * len(chunks) <= time.monotonic() - began


@pytest.mark.parametrize(("reason", "kept"), [("length", 0), ("content_filter", 0), (None, 1)])
def test_only_complete_answers_are_kept(client: OpenAI, server: ModelServer, reason: str | None, kept: int) -> None:
    """An answer cut off or filtered is asked for again next time, unless cache_if has it kept."""
    server.finish_reason = reason

    @cached_completion
    def chat() -> Any:
        return client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    @cached_completion(cache_if=lambda answer: True)
    def any_chat() -> Any:  # with the same code it would find the answers of the other
        return client.chat.completions.create(model="gpt-4o", messages=list(MESSAGES))

    for function in (chat, any_chat):
        function()
        function()
    assert (2 - kept) + 1 == server.requests
    assert (kept, 1) == (len(chat.entries()), len(any_chat.entries()))


def test_savings_add_up_to_the_token(client: OpenAI) -> None:
    """After ten hits the savings are ten times what the first call used, in tokens and in money."""

    @cached_completion
    def chat() -> Any:
        return client.chat.completions.create(model="gpt-4o", messages=MESSAGES)

    usage = chat().usage
    for _ in range(10):
        assert usage == chat().usage
    info = chat.cache_info()
    assert usage.total_tokens == info.tokens_spent
    assert 10 * usage.total_tokens == info.tokens_saved
    # gpt-4o: 2.50 and 10.00 dollars for a million tokens in and out
    price = (Decimal("2.50") * usage.prompt_tokens + Decimal("10.00") * usage.completion_tokens) / 1_000_000
    assert price == info.money_spent
    assert 10 * price == info.money_saved
    assert () == info.unpriced
    (entry,) = chat.entries()
    assert (usage.prompt_tokens, usage.completion_tokens) == (entry.input_tokens, entry.output_tokens)


def test_a_model_without_a_price_is_named(client: OpenAI) -> None:
    """A model whose price is not known is in no sum, and is named."""

    @cached_completion
    def chat() -> Any:
        return client.chat.completions.create(model="nobodys-model", messages=MESSAGES)

    chat()
    chat()
    info = chat.cache_info()
    assert info.tokens_saved > 0
    assert None is info.money_saved
    assert ("nobodys-model",) == info.unpriced


def test_a_function_that_returns_text_tells_its_usage(client: OpenAI) -> None:
    """completion_usage tells what a call used whose answer does not show it, in every shape."""

    @cached_completion
    def text() -> str:
        reply = client.responses.create(model="gpt-4o", input="q")
        completion_usage(reply)
        return reply.output_text

    @cached_completion
    async def later() -> str:
        await asyncio.sleep(0)
        completion_usage(model="gpt-4o", input_tokens=10, output_tokens=5)
        return "a"

    @cached_completion
    def pieces() -> Any:
        yield "a"
        completion_usage(model="gpt-4o", input_tokens=10, output_tokens=5)
        yield "b"

    for _ in range(2):
        text()
        asyncio.run(later())
        list(pieces())
    assert text.cache_info().tokens_spent == text.cache_info().tokens_saved > 0
    assert 15 == later.cache_info().tokens_saved == pieces.cache_info().tokens_saved


def test_threads_share_a_returned_stream(client: OpenAI, server: ModelServer) -> None:
    """While one thread reads a stream, another that asks the same waits for it, and streams the same."""
    server.chunk_delay = 0.005

    @cached_completion
    def stream() -> Any:
        return ask_chat(client)

    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        results = [future.result() for future in [pool.submit(lambda: list(stream())) for _ in range(4)]]
    assert [results[0]] * 4 == results
    assert 1 == server.requests
