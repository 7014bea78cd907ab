"""1,000 tasks at once, half of them equal: for how long does their loop stop for everybody else?"""

from __future__ import annotations

import asyncio
import gc
import time
from pathlib import Path
from typing import Any

from .contestants import named
from .run import Part, Run
from .table import OURS, Goal, Row, one_each
from .work import Work

TASKS = 1_000
LATENCY = 0.05
"""Seconds that the model takes."""
ROUNDS = 6
UNDECORATED = "undecorated"

_asked: list[str] = []


async def reply(text: str) -> str:
    """A model that takes its time."""
    _asked.append(text)
    await asyncio.sleep(LATENCY)
    return f"{text} " * 20


REQUEST = Work("loop", reply, lambda number: (f"question {number}",), lambda number: f"question {number} " * 20)


def loop(run: Run) -> list[Row]:
    """The longest stop of all rounds, with the collector as it is and with what was imported frozen."""
    rows = []
    for frozen, title in ((0, ""), (1, ", what was imported frozen (gc.freeze)")):
        stop, collection = run.child("stops", OURS, run.folder / f"loop{frozen}", frozen)
        plain, plains_collection = run.child("stops", UNDECORATED, run.folder, frozen)
        note = (
            f"the longest collection of garbage among them took {collection * 1e3:.0f} ms; the function without a "
            f"decorator: {plain * 1e3:.1f} ms, collection {plains_collection * 1e3:.0f} ms"
        )
        figures = one_each({OURS: stop * 1e3})
        rows.append(Row("loop", f"1,000 tasks, half equal: longest stop{title}", "ms", figures, (Goal(20),), note))
    return rows


def stops(kind: str, folder: str, frozen: str) -> list[float]:
    """Seconds of the longest stop, and of the longest collection, in all rounds after a first call."""
    import openai  # noqa: F401 - whose objects are what a collection goes through

    decorated = kind != UNDECORATED
    asked: Any = named(kind)(Path(folder)).cached(REQUEST) if decorated else reply
    return asyncio.run(_rounds(asked, TASKS // 2 if decorated else TASKS, frozen=frozen == "1"))


async def _rounds(function: Any, requests: int, frozen: bool) -> list[float]:
    await function("what there is to import")
    if frozen:
        gc.freeze()
    collections: list[float] = []

    def collected(phase: str, _: object) -> None:
        collections.append(time.perf_counter() if phase == "start" else time.perf_counter() - collections.pop())

    gc.callbacks.append(collected)
    longest_stop = longest_collection = 0.0
    for turn in range(ROUNDS):
        _asked.clear()
        collections.clear()
        ticks = asyncio.create_task(_longest_tick())
        await asyncio.sleep(0.01)
        numbers = [turn * TASKS + number % (TASKS // 2) for number in range(TASKS)]
        answers = await asyncio.gather(*(function(*REQUEST.question(number)) for number in numbers))
        ticks.cancel()
        assert answers == [REQUEST.answer(number) for number in numbers]
        assert len(_asked) == requests
        longest_stop = max(longest_stop, await ticks)
        longest_collection = max(longest_collection, *collections, 0.0)
    return [longest_stop, longest_collection]


async def _longest_tick() -> float:
    longest, last = 0.0, time.perf_counter()
    try:
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
    except asyncio.CancelledError:
        return max(longest, time.perf_counter() - last)


PARTS: dict[str, Part] = {"loop": loop}
