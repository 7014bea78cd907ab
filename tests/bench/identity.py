"""The score of each cache on the pairs of programs in ``tests/identity``."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from .contestant import Contestant
from .run import ROOT

TABLES = {"pairs_hit": ("HITS",), "pairs_miss": ("MISSES",), "pairs_miss_values": ("VALUE_MISSES",)}
"""Modules of ``tests/identity``, and their lists of pairs."""


def scores(folder: Path, kinds: tuple[type[Contestant], ...]) -> list[str]:
    """One line for each cache: on how many pairs it is right, in both directions."""
    sys.path.insert(0, str(ROOT / "tests" / "identity"))
    programs = importlib.import_module("programs")
    pairs = [
        pair
        for module, names in TABLES.items()
        for name in names
        for pair in getattr(importlib.import_module(module), name)
    ]
    decorators: dict[str, str] = programs.DECORATORS
    known = [kind.name for kind in kinds if kind.name in decorators]
    return [_score(programs.Lab(folder / name, decorators[name]), name, pairs) for name in known]


def _score(laboratory: Any, name: str, pairs: list[Any]) -> str:
    right = {True: 0, False: 0}
    with laboratory as lab:
        for pair in pairs:
            try:
                fault = lab.verdict(pair)
            except AssertionError as error:  # the program does not run under this cache
                fault = str(error) or "it failed"
            right[pair.hit] += not fault
    hit, miss = (sum(pair.hit is wanted for pair in pairs) for wanted in (True, False))
    total = f"{name}: {sum(right.values())} of {len(pairs)} pairs"
    return f"{total}; nothing that matters changed: {right[True]} of {hit}, something did: {right[False]} of {miss}"
