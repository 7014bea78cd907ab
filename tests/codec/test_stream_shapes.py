"""Streams of other SDKs than OpenAI's, known by their shape: recorded, and played as their own class."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx2
import pytest
from anew import forget

from llm_memo import cached_completion
from llm_memo.errors import MemoWarning

CALLS: list[str] = []


def response() -> httpx2.Response:
    return httpx2.Response(200, request=httpx2.Request("POST", "https://api.example.com/v1/messages"))


class Stream:
    """As Anthropic has it: its iterator is made when it is first used."""

    def __init__(self) -> None:
        self.response = response()

    @functools.cached_property
    def _iterator(self) -> Iterator[str]:
        return iter(["Bl", "ue."])

    def __iter__(self) -> Iterator[str]:
        return self._iterator

    def __next__(self) -> str:
        return next(self._iterator)

    def close(self) -> None:
        self.response.close()


class EventStream:
    """As Mistral has it: with a generator, and a reference to its client."""

    generator: Iterator[str]

    def __init__(self, response: httpx2.Response, client_ref: object = None) -> None:
        self.response = response
        self.generator = iter(["Bl", "ue."])
        self.client_ref = client_ref
        self._closed = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._closed:
            raise StopIteration
        return next(self.generator)

    def close(self) -> None:
        self._closed = True
        self.response.close()


class AsyncEventStream:
    """The same, awaited."""

    generator: AsyncIterator[str]

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self.generator = awaited()
        self._closed = False

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        return await anext(self.generator)


async def awaited() -> AsyncIterator[str]:
    for item in ("Bl", "ue."):
        yield item


class Wrapper:
    """As LiteLLM has it: what only its own package can make."""

    def __init__(self, completion_stream: Any) -> None:
        self.completion_stream = completion_stream

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return str(next(self.completion_stream))

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        return str(await anext(self.completion_stream))


@cached_completion
def stream(kind: str) -> Any:
    CALLS.append(kind)
    return Stream() if kind == "Stream" else EventStream(response(), object())


@cached_completion
def stream_awaited() -> Any:
    CALLS.append("")
    return AsyncEventStream(response())


@cached_completion
def wrapped() -> Any:
    CALLS.append("")
    return Wrapper(iter(["Bl", "ue."]))


@cached_completion
async def wrapped_awaited() -> Any:
    CALLS.append("")
    return Wrapper(awaited())


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    CALLS.clear()


@pytest.mark.parametrize("kind", [Stream, EventStream])
def test_a_stream_comes_again_as_its_class(kind: type) -> None:
    """Equal items, an HTTP response, and a way to close it."""
    first = stream(kind.__name__)
    assert ["Bl", "ue."] == list(first)
    forget()
    again = stream(kind.__name__)
    assert kind is type(first) is type(again)
    assert 200 == again.response.status_code
    assert ["Bl", "ue."] == list(again)
    assert [kind.__name__] == CALLS
    again.close()


def test_one_that_was_closed_early_is_not_kept() -> None:
    """Its reader has not seen all of it."""
    for _ in range(2):
        first = stream("EventStream")
        assert "Bl" == next(first)
        first.close()
    assert 2 == len(CALLS)


async def test_an_awaited_stream_comes_again_as_its_class() -> None:
    """Its items are awaited on a hit, too."""
    for _ in range(2):
        found = stream_awaited()
        assert AsyncEventStream is type(found)
        assert ["Bl", "ue."] == [item async for item in found]
        forget()
    assert 1 == len(CALLS)


def read(made: Any) -> list[str]:
    return list(made)


def read_awaited(made: Any) -> list[str]:
    async def items() -> list[str]:
        return [item async for item in await made]

    return asyncio.run(items())


@pytest.mark.parametrize(("ask", "read"), [(wrapped, read), (wrapped_awaited, read_awaited)], ids=["plain", "awaited"])
def test_what_only_its_package_can_make_comes_as_a_generator(
    ask: Callable[[], Any], read: Callable[[Any], Any]
) -> None:
    """The first time, too; and that is said."""
    with pytest.warns(MemoWarning, match=r"Wrapper cannot be made anew: .* a generator of its items"):
        assert ["Bl", "ue."] == read(ask())
    forget()
    assert ["Bl", "ue."] == read(ask())
    assert 1 == len(CALLS)


class Odd:
    """With a response and no iterator: not a stream."""

    def __init__(self) -> None:
        self.response = None

    def __enter__(self) -> None:
        """Nothing to enter."""


def test_what_has_only_a_part_of_the_shape_is_no_stream() -> None:
    """It is a value like any other."""

    @cached_completion
    def odd() -> Any:
        return Odd()

    assert isinstance(odd(), Odd)
