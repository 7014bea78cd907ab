"""What a call changed of what its own key is made of, and what others changed meanwhile."""

from __future__ import annotations

import re
import warnings
from typing import Any

import pytest
from cells import Cell

from llm_memo import cached_completion
from llm_memo.errors import SelfChanging
from llm_memo.identity.changes import Before, Changed

HEAD = """
import contextvars, functools
A = ["a"]
N = 0
V = contextvars.ContextVar("v", default=1)
HELD = {}
class Own:
    n = 0
    def __init__(self): self.seen = []
    @functools.cached_property
    def made(self): return [1]
own = Own()
"""

BY_CALL = [
    ("length A (line 15)", "A.append(x)\n return len(A)"),
    ("global N (line 16)", "global N\n N = N + 1\n return N"),
    ("global HELD (line 15)", "HELD[x] = x\n return str(HELD)"),
    ("global own.seen (line 15)", "own.seen.append(x)\n return str(own.seen)"),
    ("y", "y.append(x)\n return str(y)"),
    ("global A[-1] (line 15)", "A.append(x + 'c')\n return A[-1]"),
    ("global A[-1]['t']", "A.append({'t': x})\n return A[-1]['t']"),
]

NOT_BY_CALL = ["return x", "A.append(x)\n return x", "global N\n N += 1\n return x", "return str(own.made)"]


def cell(body: str) -> Cell:
    """A function with this body."""
    return Cell(f"{HEAD}\ndef f(x, y):\n {body}\n")


def warned(body: str) -> list[str]:
    """What is said of a call of a function with this body."""
    asking: Any = cached_completion(cell(body).names["f"])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asking("a", [])
    return [str(each.message) for each in caught if issubclass(each.category, SelfChanging)]


@pytest.mark.parametrize(("part", "body"), BY_CALL)
def test_a_call_that_changes_its_own_key(part: str, body: str) -> None:
    """What the call both writes and reads is named, with its line and a way to leave it out."""
    [said] = warned(body)
    assert f"f() changed {part}, which" in said
    assert "leave it out with ignore=(" in said


@pytest.mark.parametrize(
    ("helper", "called", "way_out"),
    [
        ("def longer(log):\n log.append('b')\n return len(log)\n", "longer(A)", "ignore=, naming what is given to"),
        (
            "class Ledger:\n spent = 0\n def add(self):\n  self.spent += 1\n  return self.spent\nledger = Ledger()\n",
            "ledger.add()",
            '__memo_ignore__ = ("spent",) in class Ledger',
        ),
    ],
)
def test_the_way_out_of_what_a_helper_changes(helper: str, called: str, way_out: str) -> None:
    """A helper's parameter has no name that the function could leave out: its class does, or the name that is given."""
    asking: Any = cached_completion(Cell(f"{HEAD}\n{helper}def f(x): return {called}").names["f"])
    with pytest.warns(SelfChanging, match=re.escape(way_out)):
        asking("a")


@pytest.mark.parametrize("body", NOT_BY_CALL)
def test_a_call_that_only_writes(body: str) -> None:
    """What is only written, or computed once when it is first needed, is no change."""
    assert [] == warned(body)


@pytest.mark.parametrize(
    ("by_others", "read", "change"),
    [
        (("global A",), "A", "A.append('b')"),
        (("length A",), "len(A)", "A.append('b')"),
        (("length A", "global A[1]"), "[a for a in A]", "A.append(['b'])"),
        (("global N",), "N", "N = 7"),
        (("identity N",), "N is None", "N = None"),
        ((), "N", "HELD['a'] = 1"),
    ],
)
def test_a_change_by_somebody_else(by_others: tuple[str, ...], read: str, change: str) -> None:
    """What the function's code does not write was changed by another task or thread."""
    there = cell(f"return {read}, x")
    builder: Any = cached_completion(there.names["f"])._self_memo.key_builder  # type: ignore[attr-defined]
    before = Before(builder, builder.key_of(("a", "b")), ("a", "b"))
    there.run(change)
    assert Changed((), by_others) == before.changed()
