"""Hits and misses in one process."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from .contestant import Cached
from .run import Part, Run
from .table import Goal, Row
from .timing import Figure, Task, in_turn
from .work import CHAT, EMBEDDING, LARGE, REPLIES, TEXT, TOOLS, Work

KEPT = 20
"""Answers that are kept when hits are measured; each hit asks for the next."""
_PLAIN = "the function itself"


def repeated_hit(name: str, work: Work, title: str, *goals: Goal, kept: int = KEPT) -> Part:
    """A part that measures hits that were had before."""

    def measure(run: Run) -> list[Row]:
        with run.opened(work, name) as cached:
            for each in cached.values():
                work.prime(each, range(kept))
                work.check(each, range(kept))
            found = in_turn({each: hits(work, call, kept) for each, call in cached.items()}, run.seconds)
        return [Row(name, title, "µs", _micro(found), goals)]

    return measure


def hits(work: Work, cached: Cached, kept: int) -> Task:
    numbers = itertools.cycle(range(kept))

    def arguments(calls: int) -> list[tuple[Any, ...]]:
        REPLIES.clear()  # a call that is no hit raises
        return work.questions(itertools.islice(numbers, calls))

    return Task(cached, arguments, most=50 if work is LARGE else 2_000)


def miss(name: str, work: Work, title: str, *goals: Goal) -> Part:
    """A part that measures what a miss adds to a call of a function that does nothing."""

    def measure(run: Run) -> list[Row]:
        with run.opened(work, name) as cached:
            tasks = {each: _misses(work, call) for each, call in cached.items() if each != "lru_cache"}
            found = in_turn({_PLAIN: _misses(work, work.function), **tasks}, run.seconds)
            for each in tasks:
                work.check(cached[each], range(3))
        plain = found.pop(_PLAIN).value
        figures = {each: figure.less(plain) for each, figure in found.items()}
        return [
            Row(name, title, "µs", _micro(figures), goals, "cachier writes all answers of a function anew each time")
        ]

    return measure


def _misses(work: Work, call: Callable[..., Any]) -> Task:
    numbers = itertools.count()

    def arguments(calls: int) -> list[tuple[Any, ...]]:
        fresh = list(itertools.islice(numbers, calls))
        REPLIES[:] = [work.answer(number) for number in reversed(fresh)]
        return work.questions(fresh)

    return Task(call, arguments, most=100)


def _micro(figures: dict[str, Figure]) -> dict[str, Figure]:
    return {name: figure.scaled(1e6) for name, figure in figures.items()}


PARTS: dict[str, Part] = {
    "hit-text": repeated_hit("hit-text", TEXT, "repeated hit: str → str", Goal(0.3, "diskcache"), Goal(0.07, "joblib")),
    "hit-chat": repeated_hit(
        "hit-chat",
        CHAT,
        "repeated hit: 2 messages → ChatCompletion",
        Goal(0.25, "diskcache"),
        Goal(0.05, "joblib"),
        Goal(0.3, "DSPy"),
    ),
    "hit-tools": repeated_hit("hit-tools", TOOLS, "repeated hit: 20 messages, tools → ChatCompletion"),
    "hit-embedding": repeated_hit("hit-embedding", EMBEDDING, "repeated hit: str → 1,536 floats"),
    "hit-large": repeated_hit("hit-large", LARGE, "repeated hit: 1 MB prompt → str", Goal(0.45, "joblib"), kept=3),
    "miss-text": miss("miss-text", TEXT, "what a miss adds: str → str", Goal(0.8, "joblib")),
    "miss-chat": miss("miss-chat", CHAT, "what a miss adds: 2 messages → ChatCompletion", Goal(1.0, "joblib")),
}
