"""``ignore=``: what is left out, and names that exist nowhere."""

from __future__ import annotations

import pytest
from cells import Cell

from llm_memo import cached_completion
from llm_memo.errors import InvalidOption
from llm_memo.identity.fingerprint import Fingerprint
from llm_memo.identity.ignored import check_attribute, check_names

HEAD = """
import types
A = {"a": 1, "b": 2}
B = types.SimpleNamespace(a=1, inner=types.SimpleNamespace(c=1))
class Own:
    kind = 1
    __slots__ = ("a", "__dict__")
    def __init__(self): self.a, self.b = 1, 2
own = Own()
def outer():
    cell = [1]
    def f(x): return A, B.a, B.inner.c, own.a, own.b, own.kind, cell
    return f
f = outer()
"""

CHANGES = [
    (("A",), "A['a'] = 2"),
    (("A.a",), "A['a'] = 2"),
    (("B.a",), "B.a = 2"),
    (("B.inner.c",), "B.inner.c = 2"),
    (("own.a",), "own.a = 3"),
    (("own.b",), "own.b = 3"),
    (("own",), "own.a = 3"),
    (("Own.kind",), "Own.kind = 3"),
    (("cell",), "f.__closure__[f.__code__.co_freevars.index('cell')].cell_contents.append(2)"),
    (("ignored_cell:A",), "A['b'] = 3"),
]


@pytest.mark.parametrize(("names", "change"), CHANGES, ids=[row[1] for row in CHANGES])
def test_what_is_named_does_not_count(names: tuple[str, ...], change: str) -> None:
    """A change of what ``ignore=`` names is not seen, and without it it is."""
    cell = Cell(HEAD, "ignored_cell")
    ignoring = Fingerprint(cell.names["f"], names)
    before, all_of_it = ignoring.current().digest, cell.now().digest
    cell.run(change)
    assert before == ignoring.current().digest
    assert all_of_it != cell.now().digest


@pytest.mark.parametrize("name", ["nowhere:A", "Q", "A.a.b.c", "own.nothing.at.all"])
def test_names_that_lead_nowhere(name: str) -> None:
    """A name that is not there yet leaves nothing out."""
    cell = Cell(HEAD, "ignored_cell")
    assert cell.now().digest == Fingerprint(cell.names["f"], (name,)).current().digest


@pytest.mark.parametrize(
    ("message", "name", "late"),
    [
        ("is not a name", "A-B", False),
        ("is not a name", "pkg.mod:", False),
        ("is not a name", "", False),
        ("look for a misspelling", "MISPELT", False),
        (r"neither a parameter \(x, cell\) nor a name in ignored_cell", "MISPELT", True),
        ("there is no Q in ignored_cell", "ignored_cell:Q", True),
        ("there is no module nowhere", "nowhere:Q", True),
    ],
)
def test_names_that_exist_nowhere(message: str, name: str, late: bool) -> None:
    """A misspelt name is an error that says where it was looked for."""
    function = Cell(HEAD, "ignored_cell").names["f"]
    with pytest.raises(InvalidOption, match=message):
        check_names(function, "f()", [name], ["x"], late)


@pytest.mark.parametrize(
    ("name", "late"),
    [("x", True), ("x.log", True), ("cell", True), ("A", True), ("A.a", True), ("ignored_cell:A", True),
     ("nowhere:Q", False), ("ignored_cell:Q", False)],
)  # fmt: skip
def test_names_that_may_be_there(name: str, late: bool) -> None:
    """Parameters, closure values and globals; what other modules have is known when a call is made."""
    assert None is check_names(Cell(HEAD, "ignored_cell").names["f"], "f()", [name], ["x"], late)


def test_attributes_that_exist_nowhere() -> None:
    """``self.x`` is an attribute of the instance, or one that its class names."""
    own = Cell(HEAD, "ignored_cell").names["own"]
    for name in ("self.a", "self.b", "self.kind"):
        check_attribute("f()", name, own)
    with pytest.raises(InvalidOption, match="neither Own nor its code has an attribute c"):
        check_attribute("f()", "self.c", own)


def test_a_misspelling_is_told_before_money_is_spent() -> None:
    """The decorator refuses a name that stands nowhere in the code."""
    with pytest.raises(InvalidOption, match="MISPELT"):
        cached_completion(ignore=("MISPELT",))(Cell(HEAD, "ignored_cell").names["f"])
