"""The score of each cache on the pairs of programs in ``tests/identity``."""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from .contestant import Contestant
from .run import ROOT

TABLES = {"pairs_hit": ("HITS",), "pairs_miss": ("MISSES",), "pairs_miss_values": ("VALUE_MISSES",)}
"""Modules of ``tests/identity``, and their lists of pairs."""


ANSWERS = ("right", "wrong hit", "needless miss", "error")
"""What a cache may do with a pair of programs. An error: the first of them does not run under it."""


def scores(folder: Path, kinds: tuple[type[Contestant], ...]) -> list[str]:
    """A table of what each cache does with the pairs, in both directions, and the pairs that ours is not right on."""
    sys.path.insert(0, str(ROOT / "tests" / "identity"))
    programs = importlib.import_module("programs")
    pairs = [
        pair
        for module, names in TABLES.items()
        for name in names
        for pair in getattr(importlib.import_module(module), name)
    ]
    decorators: dict[str, str] = programs.DECORATORS
    lines = [f"| {len(pairs)} pairs | {' | '.join(ANSWERS)} |", "|---|" + "--:|" * len(ANSWERS)]
    ours: list[str] = []
    for name in (kind.name for kind in kinds if kind.name in decorators):
        with programs.Lab(folder / name, decorators[name]) as lab:
            answers = {pair.name: _answer(lab, pair) for pair in pairs}
        count = Counter(answer for answer, _ in answers.values())
        lines.append(f"| {name} | {' | '.join(str(count[answer]) for answer in ANSWERS)} |")
        if name == "llm_memo":
            ours = [f"{pair}: {answer}: {fault}" for pair, (answer, fault) in answers.items() if fault]
    return [*lines, *ours]


def _answer(lab: Any, pair: Any) -> tuple[str, str]:
    """Which of `ANSWERS` a cache gives to a pair, and what is wrong with it."""
    try:
        fault = lab.verdict(pair)
    except AssertionError as error:  # the program does not run under this cache
        return "error", str(error).strip().rpartition("\n")[2] or "it failed"
    if not fault:
        return "right", ""
    return "wrong hit" if "a hit where" in fault else "needless miss", fault
