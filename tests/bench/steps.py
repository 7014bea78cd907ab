"""Where the time of one repeated hit goes, step by step, measured inside of real calls.

One step at a time is surrounded by a clock while real calls run, and the clock's own time is taken
off: so each step is seen as it is in a call, with caches as warm or cold as they are there. What no
step accounts for is the last line.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import wrapt
import xxhash

from llm_memo.call import Call
from llm_memo.identity.key import KeyBuilder
from llm_memo.settings import EffectiveSettings
from llm_memo.stats import Counters
from llm_memo.stores.disk import Disk
from llm_memo.stores.entry import StoredEntry

from .contestants import Memo
from .run import Run
from .timing import figure
from .work import CHAT, REPLIES, TEXT, TOOLS, Work

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- profile: begin -->", "<!-- profile: end -->"
_CALLS = 200


@dataclass(frozen=True, slots=True)
class Step:
    """Something that every hit does, as the attribute that does it."""

    title: str
    owner: Any
    name: str
    inside: str = ""
    """The title of the step that it is a part of, and is taken off from."""


_KEY = "key: looked up among those of calls before"
STEPS = (
    Step("effective settings", EffectiveSettings, "now"),
    Step("arguments bound to the signature", KeyBuilder, "bind"),
    Step("fingerprint checked", KeyBuilder, "head", _KEY),
    Step("arguments as canonical bytes", KeyBuilder, "_encoded", _KEY),
    Step("xxh3-128 of them", xxhash, "xxh3_128_hexdigest", _KEY),
    Step(_KEY, KeyBuilder, "key_of"),
    Step("where the entry is", Disk, "path"),
    Step("taken from memory, its file unchanged", Disk, "read"),
    Step("one stat of the file", os, "lstat", "taken from memory, its file unchanged"),
    Step("is it the answer to this call?", StoredEntry, "answers"),
    Step("thawed", StoredEntry, "thaw", "thawed and counted: the rest"),
    Step("counted", Counters, "answered", "thawed and counted: the rest"),
    Step("thawed and counted: the rest", Call, "thaw"),
)
_WRAPT = "wrapt, around any function"


class _Clock:
    def __init__(self, original: Callable[..., Any]) -> None:
        self.original = original
        self.spent = 0

    def surrounding(self) -> Callable[..., Any]:
        original, now = self.original, time.perf_counter_ns

        def clocked(*args: Any, **kwargs: Any) -> Any:
            begun = now()
            try:
                return original(*args, **kwargs)
            finally:
                self.spent += now() - begun

        return clocked


@contextmanager
def _clocked(step: Step) -> Iterator[_Clock]:
    original = step.owner.__dict__[step.name]
    clock = _Clock(original)
    setattr(step.owner, step.name, clock.surrounding())
    try:
        yield clock
    finally:
        setattr(step.owner, step.name, original)


def profile(run: Run, work: Work) -> dict[str, float]:
    """Microseconds per hit: title → time, ``whole`` among them."""
    cached: Any = Memo(run.folder / "profile").cached(work)
    numbers = [number % 20 for number in range(_CALLS)]
    if not cached.is_cached(*work.question(0)):
        work.prime(cached, range(20))
    spent: dict[str, list[float]] = {"whole": [], _WRAPT: [], **{step.title: [] for step in STEPS}}
    nothing = _Clock(lambda *_: None)
    clocked_nothing = nothing.surrounding()
    plain = wrapt.FunctionWrapper(lambda *_: None, lambda wrapped, instance, args, kwargs: None)
    until = time.perf_counter() + run.seconds * 2
    while time.perf_counter() < until:
        spent["whole"].append(_calls(cached, work, numbers))
        spent[_WRAPT].append(_calls(plain, work, numbers))
        nothing.spent = 0
        for number in numbers:
            clocked_nothing(nothing, number)
        for step in STEPS:
            with _clocked(step) as clock:
                _calls(cached, work, numbers)
            spent[step.title].append((clock.spent - nothing.spent) / _CALLS / 1000)
    return {title: max(0.0, figure(values).value) for title, values in spent.items()}


def _calls(cached: Any, work: Work, numbers: list[int]) -> float:
    questions = work.questions(numbers)
    REPLIES.clear()
    begun = time.perf_counter_ns()
    for question in questions:
        cached(*question)
    return (time.perf_counter_ns() - begun) / _CALLS / 1000


def lines(run: Run) -> list[str]:
    """The profile as a Markdown table, each step less the steps that are a part of it."""
    works = (TEXT, CHAT, TOOLS)
    found = {work.name: profile(run, work) for work in works}
    rows = [["step, µs", "str → str", "2 messages → ChatCompletion", "20 messages, tools → ChatCompletion"]]
    own: dict[str, dict[str, float]] = {name: dict(spent) for name, spent in found.items()}
    for spent in own.values():
        for step in STEPS:
            if step.inside:
                spent[step.inside] -= spent[step.title]
    for title in (_WRAPT, *(step.title for step in STEPS)):
        rows.append([title, *(f"{max(0.0, own[work.name][title]):.1f}" for work in works)])
    rest = [found[w.name]["whole"] - sum(t for title, t in own[w.name].items() if title != "whole") for w in works]
    rows.append(["the call's own body, and what no line above holds", *(f"{each:.1f}" for each in rest)])
    rows.append(["**the whole hit**", *(f"**{found[work.name]['whole']:.1f}**" for work in works)])
    rows.insert(1, ["---", *("--:" for _ in works)])
    return [f"| {' | '.join(row)} |" for row in rows]


def show(run: Run, *, write: bool) -> None:
    """Print the profile; with ``write``, put it into the README beside this file."""
    text = "\n".join(lines(run))
    print(text)
    if write:
        before, _, rest = README.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        README.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
        print(f"written to {os.path.relpath(README)}")
