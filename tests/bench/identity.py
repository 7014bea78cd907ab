"""The score of each cache on the pairs of programs in ``tests/identity``."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from .contestants import Contestant
from .run import ROOT
from .table import OURS

DECORATORS = {
    OURS: "from llm_memo import cached_completion as cached",
    "joblib": "import joblib, os\ncached = joblib.Memory(os.environ['LLM_MEMO_DIR'], verbose=0).cache",
    "cachier": "import cachier, os\ncached = cachier.cachier(cache_dir=os.environ['LLM_MEMO_DIR'])",
    "diskcache": "import diskcache, os\ncached = diskcache.Cache(os.environ['LLM_MEMO_DIR']).memoize()",
}
"""How the programs' ``memo`` comes by its decorator."""

TABLES = ("pairs_hit", "pairs_miss")


def scores(folder: Path, kinds: tuple[type[Contestant], ...]) -> list[str]:
    """One line for each cache: on how many pairs it is right, in both directions."""
    pairs, laboratory = _pairs()
    if not pairs:
        return ["tests/identity has no pairs of programs here"]
    return [_score(folder / kind.name, kind.name, pairs, laboratory) for kind in kinds if kind.name in DECORATORS]


def _pairs() -> tuple[list[Any], Any]:
    sys.path.insert(0, str(ROOT / "tests" / "identity"))
    pairs: list[Any] = []
    for name in TABLES:
        try:
            pairs += importlib.import_module(name).PAIRS
        except ImportError:
            continue
    return pairs, importlib.import_module("programs").Lab if pairs else None


def _score(folder: Path, name: str, pairs: list[Any], laboratory: Any) -> str:
    right = {True: 0, False: 0}
    with laboratory(folder, DECORATORS[name]) as lab:
        for pair in pairs:
            try:
                fault = lab.verdict(pair)
            except AssertionError as error:  # the program did not run under this cache
                fault = str(error) or "it failed"
            right[pair.hit] += not fault
    hit, miss = (sum(pair.hit is wanted for pair in pairs) for wanted in (True, False))
    total = f"{name}: {sum(right.values())} of {len(pairs)} pairs"
    return f"{total}; nothing that matters changed: {right[True]} of {hit}, something did: {right[False]} of {miss}"
