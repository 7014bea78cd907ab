"""Which functions of ours one call goes through: their calls counted by `sys.setprofile`."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import llm_memo

from .run import Run
from .work import TEXT

_PACKAGE = str(Path(llm_memo.__file__).parent) + "/"

MOST_OF_A_MISS = 100
MOST_OF_A_HIT = 22
"""Calls of ours that a text function may take."""


def counted(work: Callable[[], Any]) -> Counter[str]:
    """How often each function of the package is called, in this thread, while ``work`` runs once."""
    found: Counter[CodeType] = Counter()

    def note(frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(_PACKAGE):
            found[code] += 1

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    counts: Counter[str] = Counter()
    for code, count in found.items():
        file = code.co_filename.removeprefix(_PACKAGE)
        counts[f"{file} {getattr(code, 'co_qualname', code.co_name)}"] += count
    return counts
