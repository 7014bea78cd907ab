"""Which functions of ours one call goes through, counted by `sys.setprofile`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import llm_memo

from .contestants import Memo
from .run import Run
from .work import REPLIES, TEXT

_PACKAGE = str(Path(llm_memo.__file__).parent) + "/"

MOST = {"miss": 100, "repeated hit": 22}
"""Calls of ours that are to be enough for a text function."""


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
        counts[f"{code.co_filename.removeprefix(_PACKAGE)} {code.co_qualname}"] += count
    return counts


def counts(run: Run) -> dict[str, Counter[str]]:
    """The calls of a miss and of a repeated hit of a function that takes a text and reads a prompt and a client."""
    cached = Memo(run.folder / "frames").cached(TEXT)
    TEXT.prime(cached, range(3))
    TEXT.check(cached, range(3))
    REPLIES[:] = [TEXT.answer(7)]
    (question,) = TEXT.questions([7])
    miss = counted(lambda: cached(*question))
    assert not REPLIES, "it was no miss"
    cached(*question)
    return {"miss": miss, "repeated hit": counted(lambda: cached(*question))}


def show(run: Run) -> None:
    """Print each function with its calls, then how many calls and files these are."""
    found = counts(run)
    for title, each in found.items():
        print(f"{title}:")
        print("\n".join(f"  {count:3} {function}" for function, count in each.items()))
    for title, each in found.items():
        files = len({function.partition(" ")[0] for function in each})
        reached = "reached" if each.total() <= MOST[title] else "NOT reached"
        print(f"{title}: {each.total()} calls in {files} files, at most {MOST[title]}: {reached}")
