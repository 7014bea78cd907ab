"""Where a warning says that it comes from."""

from __future__ import annotations

import asyncio
import inspect
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from llm_memo import NotStored, cached_completion


@cached_completion
def lock(text: str = "a") -> Any:
    return threading.Lock()


@cached_completion
async def later(text: str = "a") -> Any:
    return threading.Lock()


@cached_completion
def locks() -> Iterator[Any]:
    yield threading.Lock()


@cached_completion
async def locks_later() -> AsyncIterator[Any]:
    yield threading.Lock()


class Owner:
    @cached_completion(ignore="self")
    def lock(self) -> Any:
        return threading.Lock()


def line(function: Callable[..., object], mark: str) -> int:
    """The line of ``function`` that has ``mark`` in it."""
    lines, first = inspect.getsourcelines(function)
    return first + next(number for number, text in enumerate(lines) if mark in text)


def called() -> None:
    lock()  # here


def of_a_method() -> None:
    Owner().lock()  # here


def read() -> None:
    list(locks())  # here


def mapped() -> None:
    lock.map(["a"], progress=False)  # here


def awaited() -> None:
    async def main() -> None:
        await later()  # here

    asyncio.run(main())


def read_later() -> None:
    async def main() -> None:
        async for _ in locks_later():  # here
            pass

    asyncio.run(main())


def gathered() -> None:
    async def main() -> None:
        await asyncio.gather(later())

    asyncio.run(main())  # here


@pytest.mark.parametrize("ask", [called, of_a_method, read, mapped, awaited, read_later, gathered])
def test_a_warning_is_at_the_users_line(ask: Callable[[], None]) -> None:
    """Whatever the shape and the thread, a warning names the user's own file and the line that asked."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ask()
    assert [(NotStored, __file__, line(ask, "# here"))] == [
        (each.category, each.filename, each.lineno) for each in caught
    ]


def test_a_warning_is_told_once_per_place() -> None:
    """By Python's own filter a loop over one line warns once, and another line warns again."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            called()
        lock()
    assert [line(called, "# here"), line(test_a_warning_is_told_once_per_place, "        lock()")] == [
        each.lineno for each in caught
    ]


def test_a_thread_of_nobodys_warns_all_the_same() -> None:
    """Called where there is no line of the user's, it warns of wherever that is."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        thread = threading.Thread(target=lock)
        thread.start()
        thread.join()
    assert [NotStored] == [each.category for each in caught]
