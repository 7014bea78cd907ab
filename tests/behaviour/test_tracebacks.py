"""Errors end in the user's code: what a traceback shows of ours, and how deep a cached recursion goes."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from anew import forget

import llm_memo
from llm_memo import CacheMiss, InvalidOption, StoreError, UnkeyableArgument, cached_completion, configure

OURS = str(Path(llm_memo.__file__).parent)


def shown_of_ours(error: BaseException) -> int:
    """How many frames of ours the traceback shows, with those of causes and contexts."""
    return "".join(traceback.format_exception(error)).count(f'File "{OURS}')


def ask(text: str) -> str:
    return text


def fails(text: str) -> str:
    raise ValueError(text)


async def fails_later(text: str) -> str:
    raise ValueError(text)


def fails_in_pieces(text: str) -> Iterator[str]:
    yield text
    raise ValueError(text)


async def fails_in_pieces_later(text: str) -> Any:
    yield text
    raise ValueError(text)


cached: Any = cached_completion(ask)
failing: Any = cached_completion(fails)


async def read(items: Any) -> list[Any]:
    return [item async for item in items]


@cached_completion
def outer(text: str) -> str:
    return middle(text)


@cached_completion
def middle(text: str) -> str:
    return str(inner.map([text]))


@cached_completion
def inner(text: str) -> str:
    return fails(text)


def no_key(text: str) -> str:
    raise ValueError(text)


def fails_of(text: str) -> Iterator[str]:
    yield text
    raise KeyboardInterrupt(text)


async def fails_of_later(text: str) -> Any:
    yield text
    raise KeyboardInterrupt(text)


FAILURES: dict[str, Callable[[], Any]] = {
    "function": lambda: failing("a"),
    "coroutine": lambda: asyncio.run(cached_completion(fails_later)("a")),
    "generator": lambda: list(cached_completion(fails_in_pieces)("a")),
    "async generator": lambda: asyncio.run(read(cached_completion(fails_in_pieces_later)("a"))),
    "plain function that gives an awaitable": lambda: asyncio.run(
        cached_completion(lambda text: fails_later(text))("a")  # type: ignore[arg-type]
    ),
    "cached functions inside of each other": lambda: outer("a"),
    "map": lambda: failing.map(["a"], progress=False),
    "map of coroutines": lambda: asyncio.run(cached_completion(fails_later).map(["a"], progress=False)),
    "map on a backend": lambda: failing.map(["a"], backend="threading", progress=False),
    "samples": lambda: failing.samples(2, "a"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_an_error_of_the_function_is_shown_where_it_arose(name: str) -> None:
    """The traceback of what a function raises ends in the function, and shows next to nothing of ours."""
    with pytest.raises(ValueError, match="a") as raised:
        FAILURES[name]()
    assert raised.traceback[-1].name.startswith("fails")
    assert 4 >= shown_of_ours(raised.value)
    assert [] == [entry for entry in raised.traceback.filter(raised) if str(entry.path).startswith(f"{OURS}/shapes")]


INTERRUPTED: dict[str, Callable[[], Any]] = {
    "generator": lambda: list(cached_completion(fails_of)("a")),
    "map of generators": lambda: cached_completion(fails_of).map(["a"], progress=False),
    "samples of generators": lambda: cached_completion(fails_of).samples(1, "a"),
    "map of asynchronous generators": lambda: asyncio.run(cached_completion(fails_of_later).map(["a"])),
    "map of functions that give generators": lambda: cached_completion(lambda text: fails_of(text)).map(["a"]),
}


@pytest.mark.parametrize("name", INTERRUPTED)
def test_an_interrupt_is_shown_where_it_came(name: str) -> None:
    """So does that of what is no `Exception`, an interrupt or the end of the program."""
    with pytest.raises(KeyboardInterrupt) as raised:
        INTERRUPTED[name]()
    assert raised.traceback[-1].name.startswith("fails")
    assert 5 >= shown_of_ours(raised.value)


@pytest.mark.parametrize("name", ["call", "map"])
def test_an_error_of_key_is_shown_where_it_arose(name: str) -> None:
    """So does that of what ``key=`` raises, also for an item of map."""
    keyed: Any = cached_completion(key=no_key)(ask)
    with pytest.raises(ValueError, match="a") as raised:
        keyed("a") if name == "call" else keyed.map(["a"])
    assert "no_key" == raised.traceback[-1].name
    assert 5 >= shown_of_ours(raised.value)


def misfit() -> None:
    cached("a", 2)


MISTAKES: dict[str, tuple[type[BaseException], Callable[[], Any]]] = {
    "argument that cannot be part of the key": (UnkeyableArgument, lambda: cached(object())),
    "the same in a coroutine": (UnkeyableArgument, lambda: asyncio.run(cached_completion(fails_later)(object()))),
    "the same in explain": (UnkeyableArgument, lambda: cached.explain(object())),
    "the same in is_cached": (UnkeyableArgument, lambda: cached.is_cached(object())),
    "the same in map": (UnkeyableArgument, lambda: cached.map([object()])),
    "the same in samples": (UnkeyableArgument, lambda: cached.samples(2, object())),
    "the same inside of a cached function": (UnkeyableArgument, lambda: outer.with_options(version=1).map([object()])),
    "argument too many": (TypeError, misfit),
    "argument too many in map": (TypeError, lambda: cached.map([("a", 2)])),
    "option": (InvalidOption, lambda: cached_completion(ignore="texts")(ask)),
    "option of key": (InvalidOption, lambda: cached_completion(key=lambda: 1)(ask)),
    "policy": (InvalidOption, lambda: cached_completion(policy="sometimes")(ask)),
    "option in with_options": (InvalidOption, lambda: cached.with_options(ttl="soon")),
    "option in configure": (InvalidOption, lambda: configure(ttl="soon")),
    "option of map": (InvalidOption, lambda: cached.map(["a"], max_workers=0)),
    "backend": (InvalidOption, lambda: cached.map(["a"], backend="nowhere")),
    "what is no function": (InvalidOption, lambda: cached_completion(3)),  # type: ignore[call-overload]
    "no answer to replay": (CacheMiss, lambda: cached.with_options(policy="replay")("a")),
    "file for a folder": (StoreError, lambda: cached.with_options(cache_dir=__file__)("a")),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_shown_where_it_was_made(name: str) -> None:
    """The traceback of a mistake shows at most six frames of ours after the line that made it."""
    kind, make = MISTAKES[name]
    with pytest.raises(kind) as raised:
        make()
    assert 6 >= shown_of_ours(raised.value)


def test_a_mistake_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """So does that of a wrong variable, which is found when a call is made."""
    monkeypatch.setenv("LLM_MEMO_TTL", "soon")
    with pytest.raises(InvalidOption, match="LLM_MEMO_TTL") as raised:
        cached("a")
    assert 6 >= shown_of_ours(raised.value)


def test_an_error_of_our_own_code_is_shown_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is our code that fails, the frames in which it did are shown, also from inside of a cached function."""

    def broken(*_: object) -> Any:
        raise AssertionError("ours")

    monkeypatch.setattr("llm_memo.identity.key.KeyBuilder.bind", broken)
    with pytest.raises(AssertionError) as raised:
        cached_completion(lambda: cached("a"), key=lambda: 1)()
    assert "look" in {entry.name for entry in raised.traceback}


def test_a_cached_recursion_of_300_levels() -> None:
    """A cached function that calls itself goes 300 levels deep, within the limit that Python starts with."""
    assert 1_000 == sys.getrecursionlimit()

    @cached_completion
    def count(n: int) -> int:
        return n and 1 + count(n - 1)

    assert 300 == count(300)
    assert 301 == count.cache_info().misses
    assert 300 == count(300)
    assert 1 == count.cache_info().hits


def test_a_cached_recursion_of_generators_of_300_levels() -> None:
    """A cached generator function that goes on with itself goes 300 levels deep; 290, where each level is a list."""

    @cached_completion
    def down(n: int) -> Iterator[int]:
        if n:
            yield from down(n - 1)
        yield n

    @cached_completion
    def listed(n: int) -> Iterator[int]:
        yield from list(listed(n - 1)) if n else []
        yield n

    @cached_completion
    async def later(n: int) -> AsyncIterator[int]:
        if n:
            async for each in later(n - 1):
                yield each
        yield n

    async def read() -> list[int]:
        return [each async for each in later(300)]

    with ThreadPoolExecutor() as threads:  # which begin with no frames, where pytest has some hundred
        for each, levels in ((down, 300), (listed, 290)):
            for _ in range(2):
                assert list(range(levels + 1)) == threads.submit(lambda f, n: list(f(n)), each, levels).result()
            assert (1, levels + 1) == (each.cache_info().hits, each.cache_info().misses)
        assert list(range(301)) == threads.submit(asyncio.run, read()).result()


def test_a_recursion_without_end_says_what_to_do() -> None:
    """A recursion that is too deep ends in Python's error, with a note that names the function and the way out."""

    @cached_completion
    def endless(n: int) -> int:
        return endless(n + 1)

    with pytest.raises(RecursionError) as raised:
        endless(0)
    (note,) = raised.value.__notes__
    assert "endless() is cached" in note
    assert "1,000 levels" in note
    assert "sys.setrecursionlimit" in note
    assert [] == endless.entries()


@pytest.mark.parametrize("error", [RecursionError, MemoryError])
@pytest.mark.parametrize("where", ["llm_memo.stores.entry.unpack", "llm_memo.stores.entry.StoredEntry.thaw"])
def test_an_entry_that_there_is_no_room_to_read_is_left_in_place(
    monkeypatch: pytest.MonkeyPatch, where: str, error: type[Exception]
) -> None:
    """Where the stack or the memory is too full to read an entry, the function is called, and the entry stays."""
    calls = []

    @cached_completion
    def count(text: str) -> str:
        calls.append(text)
        return text

    def no_room(*_: object) -> Any:
        raise error

    count("a")
    forget()
    with monkeypatch.context() as full:
        full.setattr(where, no_room)
        assert "a" == count.with_options(policy="readOnly")("a")
    assert ["a", "a"] == calls
    assert "a" == count("a")
    assert ["a", "a"] == calls


@pytest.mark.slow
def test_an_endless_recursion_from_any_depth() -> None:
    """Whatever of ours is under way when the stack is full, what comes is Python's error, and no warning of another."""

    def after(depth: int, then: Callable[[], Any]) -> Any:
        return then() if depth == 0 else after(depth - 1, then)

    for depth in range(12):

        @cached_completion(version=depth)
        def endless(n: int) -> int:
            return endless(n + 1)

        with pytest.raises(RecursionError):
            after(depth, lambda: endless(0))
