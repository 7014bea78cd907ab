"""Many entries of one function: hits among them, clearing them, and `map` over them."""

from __future__ import annotations

import gc
import random
import time
from pathlib import Path
from typing import Any

from llm_memo import configure

from .contestants import Memo
from .run import Part, Run, answer_of
from .table import OURS, Goal, Row, one_each
from .timing import figure
from .work import REPLIES, TEXT

FEW = 1_000
_AT_ONCE = 2
"""How many processes fill a folder."""


def many(run: Run) -> list[Row]:
    """Hits among few and among many entries, and then the clearing of the many."""
    count = 3_000 if run.quick else 1_000_000 if run.full else 100_000
    folders = {FEW: run.folder / "few", count: run.folder / "many"}
    for entries, folder in folders.items():
        fill_folder(run, folder, entries)
    taken: dict[int, list[tuple[float, float]]] = {FEW: [], count: []}
    for _ in range(run.rounds + 1):
        for entries, folder in folders.items():
            taken[entries].append(run.child("among", folder, entries))
    rows = []
    few = f"the hit at {FEW:,}"
    for place, what in enumerate(("from disk", "repeated")):
        hits = {entries: figure(each[place] * 1e6 for each in found) for entries, found in taken.items()}
        title = f"hit among {count:,} entries, {what}"
        figures = {OURS: hits[count], few: hits[FEW]}
        note = f"{hits[FEW].value:.1f} µs among {FEW:,} entries"
        rows.append(Row("many", title, "µs", figures, (Goal(1.3, few),), note))
    return [*rows, *_clearing(run, folders[count], count)]


def fill_folder(run: Run, folder: Path, entries: int) -> None:
    """Keep so many answers, by several processes."""
    parts = [(entries * part // _AT_ONCE, entries * (part + 1) // _AT_ONCE) for part in range(_AT_ONCE)]
    for process in [run.start("fill", folder, *part) for part in parts]:
        answer_of(process)


def fill(folder: str, first: str, last: str) -> int:
    """Keep the answers to the questions from ``first`` up to ``last``."""
    cached: Any = Memo(Path(folder)).cached(TEXT)
    cached = cached.with_options(single_flight=False)  # nobody else asks: no locks
    with configure(memory_bytes=0):
        for number in range(int(first), int(last)):
            REPLIES[:] = [TEXT.answer(number % 100)]
            cached(*TEXT.question(number))
    return 0


def among(folder: str, entries: str) -> tuple[float, float]:
    """Seconds per hit, in this process, of answers anywhere among so many: the first time, and again."""
    cached = Memo(Path(folder)).cached(TEXT)
    numbers = random.Random(0).sample(range(int(entries)), min(FEW, int(entries)))
    cached(*TEXT.question(numbers[0]))
    taken = []
    gc.collect()
    gc.disable()
    for chosen in (numbers[1:], numbers[-300:], numbers[-300:]):
        questions = TEXT.questions(chosen)
        begun = time.perf_counter()
        for question in questions:
            cached(*question)
        taken.append((time.perf_counter() - begun) / len(questions))
    return taken[0], min(taken[1:])


def _clearing(run: Run, folder: Path, count: int) -> list[Row]:
    cached = Memo(folder).cached(TEXT)
    watcher = run.start("watch", folder)
    assert watcher.stdout is not None
    assert watcher.stdout.readline() == "there\n"
    time.sleep(0.2)
    begun = time.monotonic_ns()
    cleared = cached.cache_clear()
    ended = time.monotonic_ns()
    gone = answer_of(watcher)
    assert cleared.entries == count, cleared
    note = f"seen by another process that asks for one entry over and over; {count:,} files were deleted after"
    empty = one_each({OURS: (gone - begun) / 1e6})
    deleted = one_each({OURS: (ended - begun) / 1e6})
    return [
        Row("clear", f"clear {count:,} entries: empty to others after", "ms", empty, (Goal(50),), note),
        Row("clear", f"clear {count:,} entries: files gone after", "ms", deleted),
    ]


def watch(folder: str) -> int:
    """When, by the monotonic clock in ns, an entry is first not there; nor are the others then."""
    cached: Any = Memo(Path(folder)).cached(TEXT)
    question = TEXT.question(0)
    assert cached.is_cached(*question)
    print("there", flush=True)
    while cached.is_cached(*question):
        pass
    seen = time.monotonic_ns()
    assert not cached.entries(), "entries are seen after one was not"
    return seen


def batch(run: Run) -> list[Row]:
    """`map` over hits."""
    count = 1_000 if run.quick else 10_000
    folder = run.folder / "map"
    fill_folder(run, folder, count)
    cached: Any = Memo(folder).cached(TEXT)
    REPLIES.clear()
    speeds = []
    for _ in range(run.rounds + 1):
        items = [question[0] for question in TEXT.questions(range(count))]
        begun = time.perf_counter()
        answers = cached.map(items)
        speeds.append(count / (time.perf_counter() - begun))
        assert len(answers) == count
    return [
        Row("map", f"map over {count:,} hits", "per second", {OURS: figure(speeds[1:])}, (Goal(20_000, least=True),))
    ]


PARTS: dict[str, Part] = {"many": many, "map": batch}
