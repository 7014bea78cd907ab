"""The property that random programs are tested for, and the making of a failing one as small as it gets.

A cached answer equals the uncached one, or `SelfChanging` was warned of in that process. Run more of them with
``python -m corpus.property [--count 10000] [--first 0]``, in the folder ``tests/identity``.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from programs import Lab

from corpus.cases import MODEL, PRELUDE
from corpus.generator import Generator, Programs

SHRUNK = 2
"""So many of the failing programs of a process are made small; the others are named by their seeds."""

caches = itertools.count()


def fault(programs: Programs, lab: Lab) -> str:
    """What is wrong with what becomes of a program and of its edit; nothing if the property holds.

    A program that fails by itself, without a cache, or catches an error shows nothing.
    """
    cache = f"cache {next(caches)}"
    before, after = PRELUDE + programs.before, PRELUDE + programs.after
    try:
        right = [lab.run(text, cache, LLM_MEMO_POLICY="off")["output"] for text in (before, after)]
    except AssertionError:
        return ""
    if "Error" in "".join(right):
        return ""
    for process, text, uncached in (
        ("first", before, right[0]),
        ("second", before, right[0]),
        ("edited", after, right[1]),
    ):
        try:
            ran: dict[str, Any] = lab.run(text, cache)
        except AssertionError as error:
            return f"{process}: it ends with {str(error).strip().splitlines()[-1]}"
        warned = {kind for kind, _ in ran["warned"]}
        if ran["output"] != uncached and "SelfChanging" not in warned:
            return f"{process}: it prints {ran['output'].split()}, without a cache {uncached.split()}"
        if process == "second" and ran["calls"] and not warned:
            return f"second: {ran['calls']} calls of what the first process has asked"
    return ""


def blocks(lines: list[str]) -> Iterator[tuple[int, int]]:
    """The statements of a program as ranges of lines, the last ones first, so that one can go while others stay."""
    found = []
    for start, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        end = start + 1
        while end < len(lines) and len(lines[end]) - len(lines[end].lstrip()) > indent:
            end += 1
        found.append((start, end))
    return reversed(found)


def smaller(programs: Programs, lab: Lab) -> Programs:
    """The same with fewer lines, as long as the property does not hold."""
    lines = list(zip(programs.before.split("\n"), programs.after.split("\n"), strict=True))
    kind = fault(programs, lab).split(":")[0]
    again = True
    while again:
        again = False
        for start, end in blocks([line for line, _ in lines]):
            if end > len(lines) or any(line.strip() == "@cached" for line, _ in lines[max(start - 1, 0) : end]):
                continue  # what was there has gone; without the cached function nothing is shown
            fewer = lines[:start] + lines[end:]
            tried = Programs("\n".join(b for b, _ in fewer), "\n".join(a for _, a in fewer))
            if fault(tried, lab).split(":")[0] == kind:
                lines, again = fewer, True
    return Programs("\n".join(b for b, _ in lines), "\n".join(a for _, a in lines))


def failing(seed: int, lab: Lab, shrink: bool) -> str:
    """A report on the program of a seed; nothing if the property holds."""
    programs = Generator(seed).programs()
    if not (said := fault(programs, lab)):
        return ""
    if not shrink:
        return f"seed {seed}, {said}"
    least = smaller(programs, lab)
    changed = [(b, a) for b, a in zip(least.before.split("\n"), least.after.split("\n"), strict=True) if b != a]
    return f"seed {seed}, {fault(least, lab)}\n{least.before}\nedit: {changed}\n"


def failures(seeds: range, folder: Path) -> list[str]:
    """Reports on the programs of these seeds for which the property does not hold; two processes work them off."""

    def work(number: int) -> list[str]:
        with Lab(folder / str(number), model=MODEL) as lab:
            found: list[str] = []
            for seed in seeds[number::2]:
                if said := failing(seed, lab, shrink=len(found) < SHRUNK):
                    found.append(said)
            return found

    with ThreadPoolExecutor(2) as pool:
        return [said for found in pool.map(work, range(2)) for said in found]


def main() -> None:
    """Run as many as one likes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    found = 0
    for start in range(options.first, options.first + options.count, 100):
        with tempfile.TemporaryDirectory() as folder:
            seeds = range(start, min(start + 100, options.first + options.count))
            for said in failures(seeds, Path(folder)):
                found += 1
                print(said, flush=True)
        print(f"up to {seeds.stop}: {found} failed", flush=True)


if __name__ == "__main__":
    main()
