"""Random programs: cached and uncached they print the same, and more code only adds to the key."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus.cases import MODEL, PRELUDE
from corpus.generator import Generator
from corpus.property import failures
from programs import Lab

COUNT = int(os.environ.get("RANDOM_PROGRAMS", "60"))
EXPLAINING = "print(json.dumps([[p.kind, p.name or p.owner] for p in {}.explain('q').parts]))\n"


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_cached_answer_is_the_uncached_one(tmp_path: Path) -> None:
    """What random programs print in two processes and after an edit is what they print uncached, or they warn."""
    assert [] == failures(range(COUNT), tmp_path)


def parts(program: str, lab: Lab) -> list[tuple[str, str]]:
    """The kinds and names of what the key of the first call of a program is made of; code has the name of its owner."""
    start = program.split("\ncall('")[0]
    text = f"{PRELUDE}{start}\n" + EXPLAINING.format("bot.f" if "\nbot = Bot()" in start else "f")
    return [(kind, name) for kind, name in json.loads(lab.run(text, "monotone")["output"])]


def uncovered(before: list[tuple[str, str]], after: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Parts of a key that another key has neither itself nor in a larger one: ``CFG`` covers ``CFG.model``."""
    for kind, name in before:
        starts = {name} | {name[:end] for end, mark in enumerate(name) if mark in ".["}
        if not any((kind, start) in after for start in starts):
            yield kind, name


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_more_code_only_adds_to_the_key(tmp_path: Path) -> None:
    """A helper, a method or a statement that never runs leaves no part of the key uncovered."""
    wrong = []
    with Lab(tmp_path / "lab", model=MODEL) as lab:
        for seed in range(COUNT // 3):  # five additions each
            generator = Generator(seed)
            program = generator.programs().before
            known = parts(program, lab)
            assert known
            for what, larger in generator.additions(program):
                if missing := list(uncovered(known, parts(larger, lab))):
                    wrong.append((seed, what, missing))
    assert [] == wrong
