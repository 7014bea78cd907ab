"""Growth: what ten times as much costs, of everything that a user may have much of.

Each row is a curve, and its figure an exponent: of the time by how much there is, over all sizes or over the last
decade, whichever is more. 1 is linear; 0 says that it does not matter how much there is.
"""

from __future__ import annotations

import json
import math
import pickle
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpx2
from openai import OpenAI

from llm_memo import cached_client, cached_completion

from . import project
from .contestants import Memo
from .crowd import fill_folder
from .exchanges import ANSWER
from .run import Part, Run
from .table import OURS, Goal, Row, one_each
from .timing import Task, in_turn
from .values import KINDS, given
from .work import REPLIES, TEXT

MOST = 1.15
"""The exponent that is to be reached."""
SIZES = (100, 1_000, 10_000, 100_000)
FUNCTIONS = (100, 300, 1_000)
"""Functions that a call reaches, of ten times as many; more take minutes to compile and to import."""


def exponent(points: dict[int, float]) -> tuple[float, float]:
    """The slope of a curve where both axes are logarithmic: over all, and over its last decade."""
    sizes = sorted(points)
    last = max((size for size in sizes if size * 10 <= sizes[-1]), default=sizes[0])
    return _slope(points, sizes[0], sizes[-1]), _slope(points, last, sizes[-1])


def _slope(points: dict[int, float], low: int, high: int) -> float:
    return math.log(points[high] / points[low]) / math.log(high / low)


def row(name: str, title: str, points: dict[int, float]) -> Row:
    """A curve as a row."""
    overall, last = exponent(points)
    measured = ", ".join(f"{size:,}: {_time(seconds)}" for size, seconds in points.items())
    note = f"{measured}; exponent {overall:.2f} over all, {last:.2f} over the last decade"
    return Row(name, f"growth: {title}", "exponent", one_each({OURS: max(overall, last)}), (Goal(MOST),), note, points)


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:,.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:,.1f} µs"


def _sizes(run: Run) -> tuple[int, ...]:
    return SIZES[:3] if run.quick else SIZES


def _together(run: Run, tasks: dict[int, Task]) -> dict[int, float]:
    """Seconds per call of each size, all in turn."""
    found = in_turn({str(size): task for size, task in tasks.items()}, run.seconds / 4)
    return {size: found[str(size)].value for size in tasks}


# Values ---------------------------------------------------------------------------------------


def read(name: str) -> Part:
    """A part that measures hits of functions that read values of a kind."""

    def measure(run: Run) -> list[Row]:
        tasks = {size: _reader(run, KINDS[name].make(size)) for size in _sizes(run)}
        return [row(f"growth-read-{name}", f"a hit that reads {_many(name)}", _together(run, tasks))]

    return measure


def _many(name: str) -> str:
    return KINDS[name].title.replace("{:,}", "n")


def _reader(run: Run, value: Any) -> Task:
    def reads(text: str) -> str:
        return text + str(value)[:9]

    cached = cached_completion(cache_dir=run.folder / "growth")(reads)
    cached("x")
    return Task(_hits_only(cached), lambda calls: [("x",)] * calls, 50)


def _hits_only(cached: Any) -> Callable[..., Any]:
    """A cached function that is answered by hits from now on."""
    return cached.with_options(policy="replay")  # type: ignore[no-any-return]


def argument(name: str) -> Part:
    """A part that measures hits with values of a kind given, made anew each time."""

    def measure(run: Run) -> list[Row]:
        cached = cached_completion(cache_dir=run.folder / "growth")(given)
        tasks = {}
        for size in _sizes(run):
            value = KINDS[name].make(size)
            cached(value)
            tasks[size] = Task(_hits_only(cached), _copies(value), 20)
        return [row(f"growth-given-{name}", f"a hit with {_many(name)} given", _together(run, tasks))]

    return measure


def _copies(value: Any) -> Callable[[int], list[tuple[Any, ...]]]:
    pickled = pickle.dumps(value, 5)
    return lambda calls: [(pickle.loads(pickled),) for _ in range(calls)]


def messages(count: int) -> list[dict[str, Any]]:
    """A chat of so many messages, made anew."""
    text = json.dumps(
        [{"role": "user" if n % 2 else "assistant", "content": f"Message {n}. " * 4} for n in range(count)]
    )
    return json.loads(text)  # type: ignore[no-any-return]


def chat(run: Run) -> list[Row]:
    """Hits of a function that is given a chat, and of a request that sends one."""

    def handle(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=ANSWER)

    def asks(messages: list[dict[str, Any]]) -> int:
        return len(messages)

    cached = cached_completion(cache_dir=run.folder / "growth")(asks)
    client = OpenAI(api_key="none", http_client=httpx2.Client(transport=httpx2.MockTransport(handle)))
    client = cached_client(client, cache_dir=run.folder / "growth")

    def sends(messages: list[dict[str, Any]]) -> object:
        return client.post("/chat/completions", body={"model": "gpt-5.2", "messages": messages}, cast_to=object)

    calls, sent = {}, {}
    for size in _sizes(run):
        cached(messages(size))
        sends(messages(size))
        calls[size] = Task(_hits_only(cached), _chats(size), 20)
        sent[size] = Task(sends, _chats(size), 20)
    return [
        row("growth-chat", "a hit with a chat of n messages given", _together(run, calls)),
        row("growth-request", "a request of n messages that is a hit", _together(run, sent)),
    ]


def _chats(size: int) -> Callable[[int], list[tuple[Any, ...]]]:
    return lambda calls: [(messages(size),) for _ in range(calls)]


# Entries --------------------------------------------------------------------------------------


def entries(run: Run) -> list[Row]:
    """Hits among so many entries, `map` over all of them, and the clearing of all."""
    repeated, from_disk, mapped, cleared = {}, {}, {}, {}
    for size in _sizes(run):
        folder = run.folder / "growth-entries" / str(size)
        fill_folder(run, folder, size)
        from_disk[size], repeated[size] = _best(run.child("among", folder, size) for _ in range(run.rounds))
        cached: Any = Memo(folder).cached(TEXT)
        REPLIES.clear()  # a call that is no hit raises
        items = [question[0] for question in TEXT.questions(range(min(size, 10_000)))]
        mapped[len(items)] = min(_seconds(cached.map, items) for _ in range(run.rounds))
        cleared[size] = _seconds(cached.cache_clear)
    return [
        row("growth-hit", "a repeated hit among n entries", repeated),
        row("growth-first", "a first hit from disk among n entries", from_disk),
        row("growth-map", "map over n hits", mapped),
        row("growth-clear", "clear of n entries, until it returns", cleared),
    ]


def _best(found: Iterable[list[float]]) -> tuple[float, ...]:
    return tuple(map(min, zip(*found, strict=True)))


def _seconds(work: Callable[..., Any], *arguments: Any) -> float:
    begun = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begun


# Functions ------------------------------------------------------------------------------------


def functions(run: Run) -> list[Row]:
    """The first call of a function that reaches so many, in processes that have just begun."""
    empty, known = {}, {}
    for size in FUNCTIONS[:2] if run.quick else FUNCTIONS:
        folder = run.folder / f"growth-project-{size}"
        project.write(folder, modules=size)
        run.child("first_call", folder, folder / "warm-up")  # compiles the modules
        for number in range(2):
            for found in (empty, known):
                seconds, reached = run.child("first_call", folder, folder / f"cache-{number}")
                assert reached == size + 1, f"{reached:.0f} functions are reached"
                found[size] = min(seconds, found.get(size, seconds))
    return [
        row("growth-functions", "first call that reaches n functions, an empty folder", empty),
        row("growth-functions", "first call that reaches n functions, the folder known", known),
    ]


PARTS: dict[str, Part] = {
    **{f"growth-read-{name}": read(name) for name in KINDS},
    **{f"growth-given-{name}": argument(name) for name in KINDS},
    "growth-chat": chat,
    "growth-entries": entries,
    "growth-functions": functions,
}
