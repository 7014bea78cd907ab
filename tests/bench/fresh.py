"""Fresh processes: the first hits from disk, imports, memory held; and what lies on disk."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

from .contestants import named
from .run import ROOT, Part, Run
from .table import Goal, Row, one_each
from .timing import figure
from .work import CHAT, REPLIES, TEXT, WORKS, Work

HEAVY = ("openai", "joblib", "numpy", "pydantic", "pandas", "httpx", "filelock")
"""What ``import llm_memo`` leaves to the moment when it is needed."""


def first_hits(name: str, work: Work, title: str, *goals: Goal) -> Part:
    """A part that measures hits in processes that have just begun, and the room that the answers take."""

    def measure(run: Run) -> list[Row]:
        kept = 50 if run.quick else 300
        sizes = {
            kind.name: run.child("prime", kind.name, work.name, run.folder / name / kind.name, kept)
            for kind in run.only(lambda kind: kind.keeps)
        }
        kinds = run.only(lambda kind: kind.name in sizes)
        taken: dict[str, list[float]] = {kind.name: [] for kind in kinds}
        for _ in range(run.rounds):
            for kind in kinds:
                folder = run.folder / name / kind.name
                taken[kind.name].append(run.child("first", kind.name, work.name, folder, kept) * 1e6)
        figures = {each: figure(values) for each, values in taken.items()}
        return [
            Row(name, title, "µs", figures, goals),
            *(
                Row(f"{name}-size", f"on disk per entry, {work.name}: {what}", "bytes", one_each(_column(sizes, place)))
                for place, what in enumerate(("content of files", "blocks taken"))
            ),
        ]

    return measure


def _column(sizes: dict[str, list[float]], place: int) -> dict[str, float]:
    return {name: values[place] for name, values in sizes.items()}


def prime(kind: str, work_name: str, folder: str, kept: str) -> tuple[float, ...]:
    """Keep one answer, and then so many more; returns the bytes and the bytes of blocks that each of those takes."""
    sizes = []
    for numbers in (range(1), range(1, int(kept) + 1)):
        contestant = named(kind)(Path(folder))
        cached = contestant.cached(WORKS[work_name])
        assert cached is not None
        WORKS[work_name].prime(cached, numbers)
        contestant.close()
        sizes.append(_size(Path(folder)))
    return tuple((after - before) / int(kept) for before, after in zip(*sizes, strict=True))


def _size(folder: Path) -> tuple[int, int]:
    files = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return sum(status.st_size for status in files), sum(getattr(status, "st_blocks", 0) * 512 for status in files)


def first(kind: str, work_name: str, folder: str, kept: str) -> float:
    """Seconds per hit, in this process: one hit to import what there is to import, then each other key once."""
    work = WORKS[work_name]
    contestant = named(kind)(Path(folder))
    cached = contestant.cached(work)
    assert cached is not None
    work.check(cached, range(1))
    questions = work.questions(range(1, int(kept) + 1))
    REPLIES.clear()
    gc.collect()
    gc.disable()
    begun = time.perf_counter()
    for question in questions:
        cached(*question)
    taken = (time.perf_counter() - begun) / len(questions)
    gc.enable()
    work.check(cached, range(1, 4))
    return taken


_IMPORT = """
import json, sys, tempfile, time, warnings
warnings.simplefilter("ignore")
folder = tempfile.mkdtemp(dir={folder!r})
def f(text): return text
before = set(sys.modules)
begun = time.perf_counter()
{setup}
taken = time.perf_counter() - begun
print(json.dumps([taken, [name for name in {heavy!r} if name in sys.modules and name not in before]]))
"""


def imports(run: Run) -> list[Row]:
    """What it takes to import and decorate, in an interpreter that has loaded nothing else."""
    taken: dict[str, list[float]] = {kind.name: [] for kind in run.kinds}
    heavy: dict[str, list[str]] = {}
    for turn in range(run.rounds + 2):
        for kind in run.kinds:
            if turn > 1 and kind.name in ("LangChain", "DSPy"):
                continue  # they take seconds, and the processor's other guests too
            text = _IMPORT.format(folder=str(run.folder), setup=kind.setup, heavy=HEAVY)
            said = subprocess.run([sys.executable, "-c", text], cwd=ROOT, check=True, capture_output=True, text=True)
            seconds, heavy[kind.name] = json.loads(said.stdout.splitlines()[-1])
            taken[kind.name].append(seconds * 1e3)
    figures = {name: figure(values[1:] or values) for name, values in taken.items()}  # the first one compiles
    counts = {name: float(len(found)) for name, found in heavy.items()}
    note = "; ".join(f"{name} loads {', '.join(found)}" for name, found in heavy.items() if found)
    return [
        Row("import", "import and decorate", "ms", figures, (Goal(100),)),
        Row("import-heavy", "heavy packages loaded by it", "of 7", one_each(counts), (Goal(0),), note),
    ]


def memory(run: Run) -> list[Row]:
    """What the process holds for answers at hand, by the allocations of Python."""
    entries = 500 if run.quick else 2_000
    kinds = run.only(lambda kind: kind.holds or kind.name in ("joblib", "diskcache"))
    rows = []
    for work in (TEXT, CHAT):
        held = {
            kind.name: run.child("held", kind.name, work.name, run.folder / "memory", entries) * 10_000 / 1e6
            for kind in kinds
            if kind.name != "lru_cache" or work is TEXT
        }
        title = f"memory per 10,000 entries held: {work.name}"
        rows.append(Row("memory", title, "MB", one_each(held), (), "llm_memo holds 32 MiB at most (memory_bytes)"))
    return rows


def held(kind: str, work_name: str, folder: str, entries: str) -> float:
    """Bytes that Python holds more per entry after so many misses."""
    work = WORKS[work_name]
    contestant = named(kind)(Path(folder) / work_name / kind)
    cached = contestant.cached(work)
    assert cached is not None
    work.prime(cached, range(1))
    count = int(entries)

    def ask(number: int) -> Any:
        REPLIES[:] = [work.answer(number)]
        return cached(*work.question(number))

    tracemalloc.start()
    for number in range(1, count + 1):
        ask(number)
    gc.collect()
    return (tracemalloc.get_traced_memory()[0]) / count


PARTS: dict[str, Part] = {
    "first-text": first_hits(
        "first-text", TEXT, "first hit in a process, from disk: str → str", Goal(0.25, "joblib"), Goal(1.2, "diskcache")
    ),
    "first-chat": first_hits(
        "first-chat",
        CHAT,
        "first hit in a process, from disk: → ChatCompletion",
        Goal(0.25, "joblib"),
        Goal(1.2, "diskcache"),
    ),
    "import": imports,
    "memory": memory,
}
