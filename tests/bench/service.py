"""Memory of processes that run for long: very many different calls, and very many cached functions.

What is looked at is the resident memory of a process of its own, at each tenth of its work. It is flat if the second
half adds next to nothing: limits are reached, and the least recently used has gone.
"""

from __future__ import annotations

import gc
import sys
from typing import Any

from llm_memo import cache_policy, cached_completion, configure

from .run import Part, Run
from .table import OURS, Goal, Row, one_each

MOST = 4
"""MB that the second half may add."""


def resident() -> float:
    """The resident memory of this process in MB."""
    with open("/proc/self/status", encoding="ascii") as status:
        return int(status.read().partition("VmRSS:")[2].split()[0]) / 1024


def answer(number: int, text: str) -> str:
    """An answer of about 2 kB."""
    return f"{number} {text} " * 100


def asked(folder: str, count: str, policy: str) -> list[float]:
    """MB at each tenth of so many different calls of one function, under a policy."""
    ask: Any = cached_completion(cache_dir=folder, single_flight=False)(lambda text: answer(0, text))
    found = []
    with cache_policy(policy):
        for tenth in range(10):
            for number in range(int(count) // 10):
                ask(f"question {tenth} {number}")
            found.append(_settled())
    return found


def functions(folder: str, count: str) -> list[float]:
    """MB before there are cached functions, when each of so many was asked once, and after nine rounds of questions."""
    found = [_settled()]
    with configure(cache_dir=folder):
        made = [_function(number) for number in range(int(count))]
        for ask in made:
            ask("question")
        found.append(_settled())
        with cache_policy("readOnly"):
            for turn in range(9):
                for ask in made:
                    ask("question" if turn % 3 == 0 else f"question {turn}")
                found.append(_settled())
    return found


def _function(number: int) -> Any:
    def ask(text: str) -> str:
        return answer(number, text)

    return cached_completion(name=f"function {number}", single_flight=False)(ask)


def _settled() -> float:
    gc.collect()
    return resident()


def calls(run: Run) -> list[Row]:
    """Different calls: of answers that are kept, and many more of which nothing is kept."""
    rows = []
    for policy, count in (("readWrite", 50_000), ("readOnly", 1_000_000)):
        count //= 20 if run.quick else 1
        found = run.child("asked", run.folder / f"service-{policy}", count, policy)
        rows.append(_row(f"{count:,} different calls, {policy}", found))
    return rows


def many_functions(run: Run) -> list[Row]:
    """Very many cached functions, each asked several times."""
    count = 500 if run.quick else 10_000
    before, *found = run.child("functions", run.folder / "service-functions", count)
    row = _row(f"{count:,} cached functions, ten rounds of calls", found)
    row.note += f"; {(found[0] - before) * 1024 / count:.1f} kB for each function"
    return [row]


def _row(title: str, found: list[float]) -> Row:
    half = found[len(found) // 2 - 1]
    note = "MB at each tenth: " + ", ".join(f"{each:.0f}" for each in found)
    figures = one_each({OURS: found[-1] - half})
    return Row("service", f"memory, {title}: the second half adds", "MB", figures, (Goal(MOST),), note)


PARTS: dict[str, Part] = (
    {"service-calls": calls, "service-functions": many_functions} if sys.platform == "linux" else {}
)
