"""What names lead to, and what of it counts."""

from __future__ import annotations

import logging

import pytest
from cells import Cell

from llm_memo import cached_completion
from llm_memo.identity.quiet import MISSING
from llm_memo.identity.scan.attributes import reached_item
from llm_memo.identity.scan.scan import Scan

HEAD = """
import collections, functools, os, types
A, B = "a", "b"
class Own:
    def __init__(self): self.a, self.b = A, B
    def ask(self, text): return text.upper()
own = Own()
def join(x, y): return x.join(y)
def add(x, y): x.append(y)
"""

COUNTS = [
    # What methods of arguments, and of values that are made in the call, are given.
    "return x.join(A)",
    "x.append(A)\n return x",
    "y = x.copy()\n y.append(A)\n return y",
    "return x.chat.create(model=A)",
    "return x['k'].join(A)",
    "return x.a(*A)",
    "return ' '.join(A)",
    "return [].append(A)",
    "return join(' ', A)",
    "return join(x, A)",
    "return join(x.y, A)",
    "y = []\n add(y, A)\n return y",
    "add([], A)",
    "return functools.partial(join, ' ')(A)",
    "def g(y): return y.join(A)\n return g(x)",
    "return (lambda y: y.join(A))(x)",
    "return [y.join(A) for y in x]",
    "return own.ask(A)",
    "return Own().ask(A)",
]


@pytest.mark.parametrize("body", COUNTS)
def test_what_a_method_is_given_counts(body: str) -> None:
    """Whatever the method belongs to, what it is given is read."""
    one, two = (Cell(f"{HEAD}\n{change}\ndef f(x=None):\n {body}\n", "given") for change in ("", "A = 'c'"))
    assert one.now().digest != two.now().digest


@pytest.mark.parametrize("body", ["x.update(k=A)", "x.write(A)", "x.info(A)\n return x", "for y in x: y.info(A)"])
@pytest.mark.parametrize("argument", [{}, {"a": 1}, ["a"], "a"])
def test_what_may_be_a_logger_and_is_none(body: str, argument: object) -> None:
    """A plain argument is no logger: what its methods are given counts, also if an equal one was there before."""
    cell = Cell(f"{HEAD}\ndef f(x=None):\n {body}\n")
    keys = cached_completion(cell.names["f"])
    before = keys.cache_key(argument)
    assert before == keys.cache_key(argument)
    cell.run("A = 'c'")
    assert before != keys.cache_key(argument)


def test_a_logger_that_is_an_argument() -> None:
    """What a logger is told does not count, and does not make another question."""
    cell = Cell(f"{HEAD}\nimport logging\ndef f(x, log):\n log.info(A)\n return x\n")
    keys = cached_completion(ignore=("log",))(cell.names["f"])
    before = keys.cache_key("a", logging.getLogger("a"))
    cell.run("A = 'c'")
    assert before == keys.cache_key("a", logging.getLogger("a"))


def test_an_item_that_another_thread_takes_away_while_it_is_looked_at() -> None:
    """It is not there, and a guard notices when it comes back."""
    scan, container = Scan(), {}  # type: ignore[var-annotated]
    assert MISSING is reached_item(scan, container, "a", "container['a']", (id(container), "a")).value
    assert scan.guards.hold()
    container["a"] = 1
    assert not scan.guards.hold()
