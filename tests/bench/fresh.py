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

from .contestant import Cached
from .contestants import named
from .run import ROOT, Part, Run
from .table import Goal, Row, one_each
from .timing import figure
from .work import CHAT, REPLIES, TEXT, WORKS, Work, prose

HEAVY = ("openai", "joblib", "numpy", "pydantic", "pandas", "httpx", "filelock")
"""What ``import llm_memo`` leaves to the moment when it is needed."""


def first_hits(run: Run) -> list[Row]:
    """Hits in processes that have just begun, and the room that the answers take."""
    kept = 50 if run.quick else 300
    kinds = run.only(lambda kind: kind.keeps)
    folders = {kind.name: run.folder / "first" / kind.name for kind in kinds}
    sizes = {kind.name: run.child("prime", kind.name, folders[kind.name], kept) for kind in kinds}
    taken: dict[str, list[list[float]]] = {kind.name: [] for kind in kinds}
    for turn in range(run.rounds):
        for kind in kinds:
            if turn < 2 or not kind.heavy:
                taken[kind.name].append(run.child("first", kind.name, folders[kind.name], kept))
    rows = []
    for place, (_, title) in enumerate(_FIRST):
        figures = {name: figure(each[place] * 1e6 for each in found) for name, found in taken.items()}
        goals = (Goal(0.25, "joblib"), Goal(1.2, "diskcache"))
        rows.append(Row("first", f"first hit in a process, from disk: {title}", "µs", figures, goals))
    for place, (work, _) in enumerate(_FIRST):
        for measure, what in enumerate(("content of files", "blocks taken")):
            column = {name: found[place][measure] for name, found in sizes.items()}
            rows.append(Row("first", f"on disk per entry, {work.name}: {what}", "bytes", one_each(column)))
    return rows


_FIRST = ((TEXT, "str → str"), (CHAT, "2 messages → ChatCompletion"))


def prime(kind: str, folder: str, kept: str) -> list[list[float]]:
    """Keep answers of each kind; returns the bytes, and the bytes in blocks, that one entry of each takes."""
    sizes = []
    for work, _ in _FIRST:
        before = _primed(kind, folder, work, range(1))
        after = _primed(kind, folder, work, range(1, int(kept) + 1))
        sizes.append([(now - then) / int(kept) for now, then in zip(after, before, strict=True)])
    return sizes


def _primed(kind: str, folder: str, work: Work, numbers: range) -> tuple[int, int]:
    with named(kind).opened(Path(folder), work) as cached:
        work.prime(cached, numbers)
    files = [path.stat() for path in Path(folder).rglob("*") if path.is_file()]
    return sum(status.st_size for status in files), sum(getattr(status, "st_blocks", 0) * 512 for status in files)


def first(kind: str, folder: str, kept: str) -> list[float]:
    """Seconds per hit of each kind, in this process: each key once, after one hit that imports what there is to."""
    return [_first(kind, folder, work, int(kept)) for work, _ in _FIRST]


def _first(kind: str, folder: str, work: Work, kept: int) -> float:
    with named(kind).opened(Path(folder), work) as cached:
        work.check(cached, range(1))
        questions = work.questions(range(1, kept + 1))
        REPLIES.clear()  # a call that is no hit raises
        gc.collect()
        gc.disable()
        begun = time.perf_counter()
        for question in questions:
            cached(*question)
        taken = (time.perf_counter() - begun) / kept
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
    script = run.folder / "import_and_decorate.py"  # a file: emboss asks for the source of what it decorates
    for turn in range(run.rounds + 1):
        for kind in run.kinds:
            if turn > 1 and kind.heavy:
                continue
            text = _IMPORT.format(folder=str(run.folder), setup=kind.setup, heavy=HEAVY)
            script.write_text(text)
            said = subprocess.run([sys.executable, script], cwd=ROOT, check=True, capture_output=True, text=True)
            seconds, heavy[kind.name] = json.loads(said.stdout.splitlines()[-1])
            taken[kind.name].append(seconds * 1e3)
    figures = {name: figure(values[1:] or values) for name, values in taken.items()}  # the first one compiles
    counts = {name: float(len(found)) for name, found in heavy.items()}
    note = "; ".join(f"{name} loads {', '.join(found)}" for name, found in heavy.items() if found)
    return [
        Row("import", "import and decorate", "ms", figures, (Goal(1.1, "joblib"),)),
        Row("import-heavy", "heavy packages loaded by it", "of 7", one_each(counts), (Goal(0),), note),
    ]


def memory(run: Run) -> list[Row]:
    """What the process holds for answers at hand, by the allocations of Python."""
    entries = 300 if run.quick else 1_000
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
    with named(kind).opened(Path(folder) / work_name / kind, work) as cached:
        return _held(work, cached, int(entries))


def _held(work: Work, cached: Cached, count: int) -> float:
    work.prime(cached, range(1))

    def ask(number: int) -> Any:
        REPLIES[:] = [work.answer(number)]
        return cached(*work.question(number))

    prose.cache_clear()
    tracemalloc.start()
    for number in range(1, count + 1):
        ask(number)
    prose.cache_clear()
    gc.collect()
    return (tracemalloc.get_traced_memory()[0]) / count


PARTS: dict[str, Part] = {"first": first_hits, "import": imports, "memory": memory}
