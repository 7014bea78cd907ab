"""Streams that a function returns: recorded as they are read, played again as they were."""

from __future__ import annotations

import asyncio
import gc
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from openai import APIError, AsyncOpenAI, AsyncStream, OpenAI, Stream, pydantic_function_tool
from openai.lib.streaming.chat import AsyncChatCompletionStreamManager, ChatCompletionStreamManager
from openai.lib.streaming.responses import AsyncResponseStreamManager, ResponseStreamManager
from openai.types.chat import ChatCompletionChunk
from portraits import portrait
from pydantic import BaseModel
from sdk import CANARY, http

from llm_memo.answers.complete import incomplete
from llm_memo.codec import streams
from llm_memo.codec.codec import Unfreezable, UnknownClass, freeze, thaw
from llm_memo.codec.recording import Recording
from llm_memo.testing import ModelServer

REQUEST: Any = {"model": "gpt-5.2", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}
BRIEFED: Any = {"model": "gpt-5.2", "input": "Why is the sky blue?"}


class Weather(BaseModel):
    city: str
    days: int


class Ends:
    """Notes how recordings end."""

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self.abandoned = 0

    def record(self, stream: Any) -> Any:
        return streams.record(stream, self.kept.append, self._abandon)

    def _abandon(self) -> None:
        self.abandoned += 1

    def play(self) -> Any:
        """What a hit would return."""
        assert (1, 0) == (len(self.kept), self.abandoned)
        frozen = freeze(self.kept[0])
        assert CANARY.encode() not in frozen.payload
        return thaw(frozen)


@pytest.fixture
def ends() -> Ends:
    return Ends()


# --- streams of chunks and events


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_stream_plays_the_chunks_that_were_read(client: OpenAI, ends: Ends, api: str) -> None:
    """A recorded `Stream` is the same object; it plays as a `Stream` with the same chunks, to the letter."""
    stream = raw_stream(client, api)
    assert streams.is_stream(stream)
    recorded = ends.record(stream)
    assert recorded is stream
    read = list(recorded)
    assert len(read) > 3
    played = ends.play()
    assert Stream is type(played)
    assert portrait(read) == portrait(list(played))
    assert [] == list(played)


@pytest.mark.parametrize("api", ["chat", "responses"])
async def test_an_async_stream_plays_the_chunks_that_were_read(aclient: AsyncOpenAI, ends: Ends, api: str) -> None:
    """The same for `AsyncStream`."""
    stream: Any = await raw_stream(aclient, api)
    assert streams.is_stream(stream)
    recorded = ends.record(stream)
    assert recorded is stream
    read = [chunk async for chunk in recorded]
    played = ends.play()
    assert AsyncStream is type(played)
    assert portrait(read) == portrait([chunk async for chunk in played])


def raw_stream(client: Any, api: str) -> Any:
    if api == "chat":
        return client.chat.completions.create(**REQUEST, stream=True, stream_options={"include_usage": True})
    return client.responses.create(**BRIEFED, stream=True)


def test_a_stream_is_used_in_all_ways(client: OpenAI, ends: Ends) -> None:
    """`next()`, `with`, `.response` and `close()` do on a hit what they do on a miss."""
    with ends.record(raw_stream(client, "chat")) as stream:
        first = next(stream)
        rest = list(stream)
        headers = stream.response.headers
    played = ends.play()
    with played as stream:
        assert portrait(first) == portrait(next(stream))
        assert portrait(rest) == portrait(list(stream))
    assert headers["x-request-id"] == played.response.headers["x-request-id"]
    assert (200, "/v1/chat/completions") == (played.response.status_code, played.response.url.path)
    played.close()


async def test_an_async_stream_is_used_in_all_ways(aclient: AsyncOpenAI, ends: Ends) -> None:
    """The same for `async with`, `anext()` and an awaited `close()`."""
    async with ends.record(await raw_stream(aclient, "chat")) as stream:
        first = await anext(stream)
        rest = [chunk async for chunk in stream]
    async with ends.play() as stream:
        assert portrait(first) == portrait(await anext(stream))
        assert portrait(rest) == portrait([chunk async for chunk in stream])
    await stream.close()


def test_each_play_is_fresh(client: OpenAI, ends: Ends) -> None:
    """What is done to a chunk after it was handed on is neither recorded nor seen by a later hit."""
    recorded = ends.record(raw_stream(client, "chat"))
    read = []
    for chunk in recorded:
        read.append(portrait(chunk))
        chunk.id = "scribbled"
        chunk.choices.clear()
    for _ in range(2):
        played = list(ends.play())
        assert read == [portrait(chunk) for chunk in played]
        played[0].id = "scribbled"


def test_the_first_chunk_is_handed_on_at_once(server: ModelServer, client: OpenAI, ends: Ends) -> None:
    """The first chunk reaches the caller before the second has left the server."""
    read = threading.Event()
    server.before_chunk = lambda number: number == 0 or read.wait(10)
    stream = ends.record(raw_stream(client, "chat"))
    assert isinstance(next(stream), ChatCompletionChunk)
    assert 1 == server.chunks_sent
    read.set()
    list(stream)
    assert 1 == len(ends.kept)


def test_it_is_kept_before_the_caller_hears_of_the_end(client: OpenAI, ends: Ends) -> None:
    """When the caller learns that the stream is over, it is kept already."""
    for _ in ends.record(raw_stream(client, "chat")):
        assert [] == ends.kept
    assert 1 == len(ends.kept)


# --- abandoned streams


def test_a_stream_closed_early_is_abandoned(server: ModelServer, client: OpenAI, ends: Ends) -> None:
    """Leaving a `with` block early abandons the recording at once and closes the connection."""
    server.chunk_delay = 0.01
    with ends.record(raw_stream(client, "chat")) as stream:
        next(stream)
    assert ([], 1) == (ends.kept, ends.abandoned)
    closed(server)
    stream.close()
    assert 1 == ends.abandoned


async def test_an_async_stream_closed_early_is_abandoned(server: ModelServer, aclient: AsyncOpenAI, ends: Ends) -> None:
    """The same for `async with`."""
    server.chunk_delay = 0.01
    async with ends.record(await raw_stream(aclient, "chat")) as stream:
        await anext(stream)
    assert ([], 1) == (ends.kept, ends.abandoned)
    await asyncio.to_thread(closed, server)


def closed(server: ModelServer) -> None:
    """Wait until no connection is open."""
    for _ in range(500):
        if server.open_connections == 0:
            return
        threading.Event().wait(0.01)
    raise AssertionError("a connection stayed open")


@pytest.mark.parametrize("read", [0, 1])
def test_a_dropped_stream_is_abandoned(server: ModelServer, client: OpenAI, ends: Ends, read: int) -> None:
    """A stream that is dropped, begun or not, is abandoned by the garbage collector."""
    server.chunk_delay = 0.01
    stream = ends.record(raw_stream(client, "chat"))
    for _ in range(read):
        next(stream)
    response = stream.response
    del stream
    gc.collect()
    assert ([], 1) == (ends.kept, ends.abandoned)
    response.close()


def test_a_failing_stream_is_abandoned(server: ModelServer, client: OpenAI, ends: Ends) -> None:
    """The SDK's own exception comes through, and nothing is kept."""
    server.fail(500, after_chunks=2)
    stream = ends.record(raw_stream(client, "chat"))
    with pytest.raises(APIError, match="status 500"):
        list(stream)
    assert ([], 1) == (ends.kept, ends.abandoned)


async def test_a_failing_async_stream_is_abandoned(server: ModelServer, aclient: AsyncOpenAI, ends: Ends) -> None:
    """The same for `AsyncStream`, when the connection breaks."""
    server.fail("drop", after_chunks=2)
    stream = ends.record(await raw_stream(aclient, "chat"))
    with pytest.raises((APIError, http.RemoteProtocolError)):
        [chunk async for chunk in stream]
    assert ([], 1) == (ends.kept, ends.abandoned)


def test_a_stream_of_another_build_is_left_alone(client: OpenAI, ends: Ends) -> None:
    """A stream that is built in a way that is not known is handed on as it is."""
    stream = raw_stream(client, "chat")
    iterator = vars(stream).pop("_iterator")
    assert stream is ends.record(stream)
    assert ([], 1) == (ends.kept, ends.abandoned)
    list(iterator)


def test_a_manager_over_a_stream_of_another_build_is_left_alone(client: OpenAI, ends: Ends) -> None:
    """A manager whose request gives a stream of another build works as it did, unrecorded."""

    class Odd:
        def __init__(self, stream: Any) -> None:
            self.inner, self.response = stream, stream.response

        def __iter__(self) -> Any:
            return iter(self.inner)

    manager: Any = client.chat.completions.stream(**REQUEST)
    request = manager._ChatCompletionStreamManager__api_request
    manager._ChatCompletionStreamManager__api_request = lambda: Odd(request())
    with ends.record(manager) as stream:
        assert stream.get_final_completion().choices
    assert ([], 1) == (ends.kept, ends.abandoned)


def test_tools_that_are_read_once_are_not_touched(client: OpenAI, ends: Ends) -> None:
    """An iterator of tools goes to the SDK unread; the stream cannot be kept."""
    manager = client.responses.stream(**BRIEFED, tools=[])
    tools = (tool for tool in [{"type": "function", "name": "f"}])
    manager._ResponseStreamManager__input_tools = tools  # type: ignore[attr-defined]
    with ends.record(manager) as stream:
        assert stream.get_final_response().output_text
    with pytest.raises(Unfreezable, match="can be read only once"):
        freeze(ends.kept[0])


def test_a_response_of_another_build_is_left_alone(client: OpenAI, ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream over a response that cannot be read for what may be kept goes on as it is."""
    monkeypatch.setattr("llm_memo.adapters.httpx.facts", None)
    with ends.record(client.chat.completions.stream(**REQUEST)) as stream:
        assert stream.get_final_completion().choices
    assert ([], 1) == (ends.kept, ends.abandoned)


# --- stream managers


MANAGERS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "chat": (ChatCompletionStreamManager, lambda client: client.chat.completions.stream(**REQUEST)),
    "chat, parsed": (
        ChatCompletionStreamManager,
        lambda client: client.chat.completions.stream(**REQUEST, response_format=Weather),
    ),
    "chat, tools": (
        ChatCompletionStreamManager,
        lambda client: client.chat.completions.stream(
            **REQUEST, tools=[pydantic_function_tool(Weather)], tool_choice="required"
        ),
    ),
    "responses": (ResponseStreamManager, lambda client: client.responses.stream(**BRIEFED)),
    "responses, parsed": (
        ResponseStreamManager,
        lambda client: client.responses.stream(**BRIEFED, text_format=Weather),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MANAGERS)
def test_a_stream_manager_plays_the_events_and_the_final_answer(
    server: ModelServer, client: OpenAI, ends: Ends, name: str
) -> None:
    """A manager plays as a manager: the same events, the same final answer, parsed into the same class."""
    kind, make = MANAGERS[name]
    manager = make(client)
    assert streams.is_stream(manager)
    recorded = ends.record(manager)
    assert recorded is manager
    assert 0 == server.requests
    with recorded as stream:
        read = [portrait(event) for event in stream]
        final = final_of(stream)
    played = ends.play()
    assert kind is type(played)
    for _ in range(2):
        with played as stream:
            assert read == [portrait(event) for event in stream]
            assert portrait(final) == portrait(final_of(stream))
    assert 1 == server.requests


def final_of(stream: Any) -> Any:
    return stream.get_final_response() if hasattr(stream, "get_final_response") else stream.get_final_completion()


@pytest.mark.slow
@pytest.mark.parametrize("name", MANAGERS)
async def test_an_async_stream_manager_plays_the_events_and_the_final_answer(
    server: ModelServer, aclient: AsyncOpenAI, ends: Ends, name: str
) -> None:
    """The same for the asynchronous managers."""
    recorded = ends.record(MANAGERS[name][1](aclient))
    async with recorded as stream:
        read = [portrait(event) async for event in stream]
        final = await final_of(stream)
    played = ends.play()
    assert isinstance(played, (AsyncChatCompletionStreamManager, AsyncResponseStreamManager))
    async with played as stream:
        assert read == [portrait(event) async for event in stream]
        assert portrait(final) == portrait(await final_of(stream))
    assert 1 == server.requests


def test_until_done_and_the_parsed_answer(client: OpenAI, ends: Ends) -> None:
    """`until_done()` reads a hit to its end, and `.parsed` is of the user's own class."""
    with ends.record(client.chat.completions.stream(**REQUEST, response_format=Weather)) as stream:
        whole = stream.get_final_completion().choices[0].message.parsed
    with ends.play() as stream:
        assert stream is stream.until_done()
        message = stream.get_final_completion().choices[0].message
    assert (Weather, whole) == (type(message.parsed), message.parsed)


def test_an_entered_stream_plays_entered(client: OpenAI, ends: Ends) -> None:
    """A function that enters the manager itself and returns the stream gets one like it on a hit."""
    for make in (MANAGERS["chat"][1], MANAGERS["responses"][1]):
        ends = Ends()
        entered = make(client).__enter__()
        assert streams.is_stream(entered)
        recorded = ends.record(entered)
        assert recorded is entered
        with recorded as stream:
            read = [portrait(event) for event in stream]
        played = ends.play()
        assert type(entered) is type(played)
        assert read == [portrait(event) for event in played]
        assert portrait(final_of(entered)) == portrait(final_of(played))


async def test_an_entered_async_stream_plays_entered(aclient: AsyncOpenAI, ends: Ends) -> None:
    """The same for an asynchronous one."""
    entered = await MANAGERS["chat"][1](aclient).__aenter__()
    async with ends.record(entered) as stream:
        read = [portrait(event) async for event in stream]
    played = ends.play()
    assert type(entered) is type(played)
    assert read == [portrait(event) async for event in played]


def test_a_manager_left_early_is_abandoned(server: ModelServer, client: OpenAI, ends: Ends) -> None:
    """Leaving a manager's `with` block early abandons the recording and closes the connection."""
    server.chunk_delay = 0.01
    with ends.record(client.responses.stream(**BRIEFED)) as stream:
        next(stream)
    assert ([], 1) == (ends.kept, ends.abandoned)
    closed(server)


def test_a_manager_whose_request_fails_is_abandoned(server: ModelServer, client: OpenAI, ends: Ends) -> None:
    """The error of the request comes through; entering again asks again, unrecorded."""
    server.fail(500)
    manager = ends.record(client.chat.completions.stream(**REQUEST))
    with pytest.raises(APIError), manager:
        pass
    assert ([], 1) == (ends.kept, ends.abandoned)
    with manager as stream:
        assert stream.get_final_completion().choices[0].message.content
    assert ([], 1) == (ends.kept, ends.abandoned)


async def test_an_async_manager_whose_request_fails_is_abandoned(
    server: ModelServer, aclient: AsyncOpenAI, ends: Ends
) -> None:
    """The same for an asynchronous manager."""
    server.fail(500)
    with pytest.raises(APIError):
        async with ends.record(aclient.chat.completions.stream(**REQUEST)):
            pass
    assert ([], 1) == (ends.kept, ends.abandoned)


def test_a_manager_never_entered_is_abandoned(client: OpenAI, ends: Ends) -> None:
    """A manager that is dropped before it is entered is abandoned."""
    manager = ends.record(client.chat.completions.stream(**REQUEST))
    del manager
    gc.collect()
    assert ([], 1) == (ends.kept, ends.abandoned)


def test_a_response_format_of_a_function_is_unfreezable(client: OpenAI, ends: Ends) -> None:
    """A stream parsed into a class that nobody finds again cannot be kept."""

    class Local(BaseModel):
        city: str

    with ends.record(client.chat.completions.stream(**REQUEST, response_format=Local)) as stream:
        stream.until_done()
    with pytest.raises(Unfreezable, match="Local"):
        freeze(ends.kept[0])


def test_the_keys_of_tools_are_not_kept(client: OpenAI, ends: Ends) -> None:
    """Of a manager's tools only the functions are kept: those of other servers come with credentials."""
    remote: Any = {"type": "mcp", "server_label": "x", "server_url": "http://x", "authorization": CANARY}
    with ends.record(client.responses.stream(**BRIEFED, tools=[remote])) as stream:
        final = stream.get_final_response()
    ends.kept[0].items.clear()  # this server echoes the tools; OpenAI's does not
    ends.kept[0]._frozen.clear()
    assert CANARY.encode() not in freeze(ends.kept[0]).payload
    assert final.output_text


# --- generators


def numbers(log: list[Any]) -> Any:
    """A generator that answers what it is sent, and what is thrown at it."""
    try:
        for number in range(3):
            try:
                log.append((yield number))
            except KeyError as error:
                log.append(error)
                yield "caught"
        return "the end"
    finally:
        log.append("closed")


def test_a_generator_plays_its_items_and_its_return_value(ends: Ends) -> None:
    """A generator object plays as a generator object, with the same items and return value."""
    recorded = ends.record(numbers([]))
    assert isinstance(recorded, types.GeneratorType)
    assert ([0, 1, 2], "the end") == drain(recorded)
    played = ends.play()
    assert isinstance(played, types.GeneratorType)
    assert ([0, 1, 2], "the end") == drain(played)


def drain(generator: Any) -> tuple[list[Any], Any]:
    read = []
    while True:
        try:
            read.append(next(generator))
        except StopIteration as end:
            return read, end.value


def test_what_is_sent_and_thrown_reaches_the_generator(ends: Ends) -> None:
    """`send` and `throw` go through to the function's generator."""
    log: list[Any] = []
    recorded = ends.record(numbers(log))
    fault = KeyError("now")
    assert [0, 1, "caught", 2] == [
        next(recorded),
        recorded.send("hello"),
        recorded.throw(fault),
        next(recorded),
    ]
    assert ["hello", fault] == log
    with pytest.raises(ValueError, match="enough"):
        recorded.throw(ValueError("enough"))
    assert "closed" == log[-1]
    assert ([], 1) == (ends.kept, ends.abandoned)


@pytest.mark.parametrize("way", ["close", "drop", "fresh"])
def test_a_generator_left_early_is_closed_and_abandoned(ends: Ends, way: str) -> None:
    """A generator that is closed or dropped closes the function's generator, and is not kept."""
    log: list[Any] = []
    recorded = ends.record(numbers(log))
    if way != "fresh":
        next(recorded)
    if way == "close":
        recorded.close()
    else:
        del recorded
        gc.collect()
    assert ([], 1) == (ends.kept, ends.abandoned)
    assert ([] if way == "fresh" else ["closed"]) == log


async def countdown(log: list[Any]) -> Any:
    """An asynchronous generator that answers what it is sent, and what is thrown at it."""
    try:
        for number in (2, 1, 0):
            await asyncio.sleep(0)
            try:
                log.append((yield number))
            except KeyError as error:
                log.append(error)
                yield "caught"
    finally:
        log.append("closed")


async def test_an_async_generator_plays_its_items(ends: Ends) -> None:
    """An asynchronous generator object plays as one, with the same items."""
    recorded = ends.record(countdown([]))
    assert isinstance(recorded, types.AsyncGeneratorType)
    assert [2, 1, 0] == [item async for item in recorded]
    played = ends.play()
    assert isinstance(played, types.AsyncGeneratorType)
    assert [2, 1, 0] == [item async for item in played]


async def test_what_is_sent_and_thrown_reaches_the_async_generator(ends: Ends) -> None:
    """`asend`, `athrow` and `aclose` go through to the function's generator."""
    log: list[Any] = []
    recorded = ends.record(countdown(log))
    fault = KeyError("now")
    assert [2, 1, "caught"] == [await anext(recorded), await recorded.asend("hello"), await recorded.athrow(fault)]
    assert ["hello", fault] == log
    await recorded.aclose()
    assert ["hello", fault, "closed"] == log
    assert ([], 1) == (ends.kept, ends.abandoned)


def test_a_generator_of_chunks_is_typed(client: OpenAI, ends: Ends) -> None:
    """A generator that passes the SDK's chunks on plays chunks."""
    recorded = ends.record(chunk for chunk in raw_stream(client, "chat"))
    read = list(recorded)
    assert portrait(read) == portrait(list(ends.play()))


def test_an_item_that_cannot_be_kept_spoils_the_recording_only(ends: Ends) -> None:
    """The caller gets every item; freezing the recording says which one cannot be kept."""
    given = [1, threading.Lock(), 2, threading.Lock()]
    assert given == list(ends.record(item for item in given))
    assert given == ends.kept[0].items
    with pytest.raises(Unfreezable, match="lock"):
        freeze(ends.kept[0])


# --- what is a stream, and what is not


def test_ordinary_values_are_no_streams(client: OpenAI) -> None:
    """Strings, completions, lists and iterators are answers, not streams."""
    completion = client.chat.completions.create(**REQUEST)
    for value in ("text", None, [1], completion, iter([1]), open, Stream):
        assert not streams.is_stream(value)
        assert value is streams.paced(value, 1.0)


def test_items_of_a_recording() -> None:
    """`items` gives those of a recording as a list, and any other answer as it is."""
    assert [1, 2] == streams.items(Recording((1, 2), "the end"))
    assert "text" == streams.items("text")


def test_a_recording_keeps_items_and_return_value() -> None:
    """A recording thaws as a recording, its items made anew."""
    recording = Recording([["first"]], "the end")
    recording.add({"second": 2})
    first, second = (thaw(freeze(recording)) for _ in range(2))
    assert ([["first"], {"second": 2}], "the end") == (first.items, first.returned)
    first.items[0].append("scribbled")
    assert [["first"], {"second": 2}] == second.items == recording.items


def test_a_recording_holds_items_as_they_were_added() -> None:
    """A generator that yields the same list again and again is recorded as it went."""
    grows: list[int] = []
    recording = Recording()
    for number in range(3):
        grows.append(number)
        recording.add(grows)
    assert [[0], [0, 1], [0, 1, 2]] == thaw(freeze(recording)).items


# --- pace


@contextmanager
def slept(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    with monkeypatch.context() as patch:
        patch.setattr("time.sleep", naps.append)
        patch.setattr("asyncio.sleep", nap)
        yield naps


def test_a_paced_stream_takes_its_time_between_items(
    client: OpenAI, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The delay lies between items: the first comes at once; the return value stays."""
    drain(ends.record(numbers([])))
    with slept(monkeypatch) as naps:
        assert ([0, 1, 2], "the end") == drain(streams.paced(ends.play(), 0.5))
    assert [0.0, 0.5, 0.5] == naps

    ends = Ends()
    with ends.record(client.chat.completions.stream(**REQUEST)) as stream:
        stream.until_done()
    read = len(ends.kept[0].items)
    with slept(monkeypatch) as naps, streams.paced(ends.play(), 0.5) as stream:
        assert stream.get_final_completion().choices[0].message.content
    assert [0.0] + [0.5] * (read - 1) == naps


async def test_a_paced_async_stream_takes_its_time_between_items(
    aclient: AsyncOpenAI, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for asynchronous streams."""
    read = [chunk async for chunk in ends.record(await raw_stream(aclient, "chat"))]
    with slept(monkeypatch) as naps:
        played = [chunk async for chunk in streams.paced(ends.play(), 0.5)]
    assert portrait(read) == portrait(played)
    assert [0.0] + [0.5] * (len(read) - 1) == naps


# --- across processes and versions


def test_streams_play_in_another_process(client: OpenAI, ends: Ends, tmp_path: Path, run: Callable[..., str]) -> None:
    """A frozen stream plays where neither the client nor the server is."""
    with ends.record(client.chat.completions.stream(**REQUEST)) as stream:
        text = stream.get_final_completion().choices[0].message.content
    frozen = freeze(ends.kept[0])
    (tmp_path / "payload").write_bytes(frozen.payload)
    printed = run(
        f"""
        from llm_memo.codec.codec import thaw
        with thaw(("{frozen.codec}", open("payload", "rb").read())) as stream:
            print(stream.get_final_completion().choices[0].message.content, end="")
        """.replace('open("payload", "rb").read()', '__import__("pathlib").Path("payload").read_bytes()')
    )
    assert text == printed


def test_a_stream_class_that_takes_more_is_unknown(client: OpenAI, ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream class of an SDK that asks for more than was kept is a miss, not an error on use."""
    with ends.record(client.chat.completions.stream(**REQUEST)) as stream:
        stream.until_done()
    frozen = freeze(ends.kept[0])

    def make(self: Any, api_request: Any, *, response_format: Any, input_tools: Any, mood: str) -> None: ...

    monkeypatch.setattr(ChatCompletionStreamManager, "__init__", make)
    with pytest.raises(UnknownClass, match="ChatCompletionStreamManager"):
        thaw(frozen)


def test_a_recorded_stream_is_judged_whole(server: ModelServer, client: OpenAI, ends: Ends) -> None:
    """A stream cut short says so, of whatever kind it is."""
    server.finish_reason = "length"
    for stream, reason in (
        (raw_stream(client, "chat"), "finish_reason length"),
        (raw_stream(client, "responses"), "status incomplete: max_output_tokens"),
    ):
        ends = Ends()
        list(ends.record(stream))
        assert reason == incomplete(ends.kept[0])
