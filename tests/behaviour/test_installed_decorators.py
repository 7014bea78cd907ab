"""Decorators of installed libraries, below ours and in helpers: what they note for themselves is no other question."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cachetools
import cachetools.func
import joblib
import pydantic
import pytest
import tenacity
import wrapt

from llm_memo import cached_completion

CALLS: list[str] = []


@wrapt.decorator
def through_wrapt(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
    return wrapped(*args, **kwargs)


def expensive(text: str) -> str:
    CALLS.append(text)
    return text * 2


async def expensive_later(text: str) -> str:
    CALLS.append(text)
    return text * 2


RETRIED = tenacity.retry(stop=tenacity.stop_after_attempt(2), wait=tenacity.wait_random_exponential(max=1))
INSTALLED: dict[str, Callable[[], Callable[[Any], Any]]] = {
    "tenacity": lambda: RETRIED,
    "validate_call": lambda: pydantic.validate_call,
    "validate_call of answers": lambda: pydantic.validate_call(validate_return=True),
    "singledispatch": lambda: functools.singledispatch,
    "wrapt": lambda: through_wrapt,
    "lru_cache": lambda: functools.lru_cache,
    "joblib": lambda: joblib.Memory(None, verbose=0).cache,
    "cachetools, a dict": lambda: cachetools.cached({}),
    "cachetools, a cache": lambda: cachetools.cached(cachetools.LRUCache(9)),
    "cachetools, counted": lambda: cachetools.cached({}, info=True),
    "cachetools.func": lambda: cachetools.func.ttl_cache(9),
}
LATER = [name for name in INSTALLED if name in ("tenacity", "validate_call", "wrapt", "singledispatch")]


@pytest.mark.parametrize("name", INSTALLED)
@pytest.mark.parametrize("below", [True, False], ids=["below", "helper"])
def test_what_a_decorator_notes_is_no_other_question(name: str, below: bool) -> None:
    """Each question is asked once, however often others are asked in between, and nothing is warned of."""
    decorated = INSTALLED[name]()(expensive)
    ask = cached_completion(decorated if below else lambda text: decorated(text) + "!")
    CALLS.clear()
    for _ in range(3):
        assert ["aa", "bb"] == [ask(text).rstrip("!") for text in "ab"]
    assert (["a", "b"], 2, 4) == (CALLS, ask.cache_info().misses, ask.cache_info().hits)


@pytest.mark.parametrize("name", LATER)
def test_what_a_decorator_of_coroutine_functions_notes(name: str) -> None:
    """So it is with coroutine functions."""
    ask = cached_completion(INSTALLED[name]()(expensive_later))
    CALLS.clear()
    for _ in range(3):
        assert ["aa", "bb"] == [asyncio.run(ask(text)) for text in "ab"]
    assert ["a", "b"] == CALLS


PROGRAM = """
    import functools, cachetools, pydantic, tenacity
    from llm_memo import cached_completion

    LIMIT = {limit}
    Short = pydantic.constr(max_length=LIMIT)

    @cached_completion
    @tenacity.retry(stop=tenacity.stop_after_attempt(LIMIT))
    def retried(text): return text

    @cached_completion
    @pydantic.validate_call
    def validated(text: "Short"): return text

    @cachetools.cached({{}})
    def remembered(text): return text * LIMIT

    @cached_completion
    def remembering(text): return remembered(text)

    @cached_completion
    @functools.singledispatch
    def dispatched(value): return value

    @dispatched.register
    def _(value: int): return value * LIMIT

    for function in (retried, validated, remembering, dispatched):
        function("a"), function("b")
        print(function.__name__, function.cache_info().misses)
"""


def test_other_processes_ask_the_same_and_edits_ask_anew(run: Callable[..., str], tmp_path: Path) -> None:
    """Another process finds the answers; what decides how a decorator does its work counts."""
    names = "retried", "validated", "remembering", "dispatched"
    printed = [run(PROGRAM.format(limit=limit)).split() for limit in (3, 3, 4)]
    assert [[f"{word}" for name in names for word in (name, misses)] for misses in "202"] == printed
