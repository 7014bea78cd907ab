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
from .work import REPLIES, SYSTEM, TEXT

_PACKAGE = str(Path(llm_memo.__file__).parent) + "/"

AREAS = {
    "driving a call: `shapes`, `call`, `memo`, `settings`, `location`, `persist`, `runtime/`": (
        "shapes call memo settings location persist runtime"
    ),
    "key: `identity/` but for the next, `adapters/openai`": "identity adapters/openai",
    "what is kept for people: `identity/changes`, `parts`, `preview`, `texts`, `quiet`, `scan/part`": (
        "identity/changes identity/parts identity/preview identity/texts identity/quiet identity/scan/part"
    ),
    "single flight": "singleflight",
    "store: `stores/`": "stores",
    "the answer: `codec/`, `answers/`, `stats`, `adapters/equipment`": "codec answers stats adapters/equipment",
}
"""A line of the table → the modules and packages whose functions it counts; the longest name that fits has them."""

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


def loud(text: str) -> str:
    """A function that takes a text and reads a prompt, and no client."""
    return f"{SYSTEM} {text}".upper()


def counts(run: Run) -> dict[str, Counter[str]]:
    """The calls of a miss and of a repeated hit of functions that take a text and read a prompt, and a client or none.

    Others have been called before, and none has its entry in the same shard.
    """
    asking = Memo(run.folder / "frames").cached(TEXT)
    TEXT.prime(asking, range(3))
    TEXT.check(asking, range(3))
    REPLIES[:] = [TEXT.answer(7)]
    (question,) = TEXT.questions([7])
    plain = llm_memo.cached_completion(cache_dir=run.folder / "plain")(loud)
    for text in ("one", "two", "two"):
        plain(text)
    return {**_both("", lambda: asking(*question)), **_both(", no client", lambda: plain("seven"))}


def _both(which: str, call: Callable[[], object]) -> dict[str, Counter[str]]:
    miss = counted(call)
    assert not REPLIES, "it was no miss"
    call()
    return {f"miss{which}": miss, f"repeated hit{which}": counted(call)}


def table(found: dict[str, Counter[str]]) -> str:
    """The calls by area, as a table of Markdown."""
    homes = {home: area for area, names in AREAS.items() for home in names.split()}
    sums = {area: Counter[str]() for area in AREAS}
    for title, each in found.items():
        for function, count in each.items():
            module = function.partition(" ")[0].removesuffix(".py")
            home = max((name for name in homes if f"{module}/".startswith(f"{name}/")), key=len)
            sums[homes[home]][title] += count
    lines = [f"| {area} | {' | '.join(str(count[title]) for title in found)} |" for area, count in sums.items()]
    total = " | ".join(f"**{each.total()}**" for each in found.values())
    head = [f"| calls of ours | {' | '.join(found)} |", f"| --- |{' --: |' * len(found)}"]
    return "\n".join([*head, *lines, f"| **all** | {total} |"])


def show(run: Run) -> None:
    """Print each function with its calls, these by area, then how many calls and files these are."""
    found = counts(run)
    for title, each in found.items():
        print(f"{title}:")
        print("\n".join(f"  {count:3} {function}" for function, count in each.items()))
    print(table(found))
    for title, each in found.items():
        files = len({function.partition(" ")[0] for function in each})
        most = MOST[title.partition(",")[0]]
        reached = "reached" if each.total() <= most else "NOT reached"
        print(f"{title}: {each.total()} calls in {files} files, at most {most}: {reached}")
