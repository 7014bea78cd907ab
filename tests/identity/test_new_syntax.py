"""What newer Pythons can say, counts as what older ones say: deferred annotations, templates, lazy imports."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from cells import Cell, asking

HEAD = "import string, typing\n"

EDITS = [
    ((3, 12), "type V = int", "string.capwords(V)", ("int", "str")),
    ((3, 12), "def V[T: int](x: T): return x", "string.capwords(V)", ("int", "str")),
    ((3, 12), "class V[T: int]:\n x: T", "string.capwords(V)", ("int", "str")),
    ((3, 14), "class V:\n x: Later", "string.capwords(V)", ("Later", "Other")),
    ((3, 14), "class V:\n x: list[Later]", "string.capwords(V)", ("Later", "Other")),
    ((3, 14), "class V:\n x: L\nL = typing.Literal['a']", "string.capwords(V)", ("'a'", "'b'")),
    ((3, 14), "class V:\n x: int", "V.__annotations__", ("int", "str")),
    ((3, 14), "class V:\n x: int", "V.__annotate__(1)", ("int", "str")),
    ((3, 14), "class V:\n x: int", "V.__annotate_func__(1)", ("int", "str")),
    ((3, 14), "class V:\n x: int\nA = V.__annotate__", "A(1)", ("int", "str")),
    ((3, 14), "class V:\n T = int\n x: T\nA = V.__annotate__", "A(1)", ("int", "str")),
    ((3, 14), "def V(x: int): return 1", "V.__annotate__(1)", ("int", "str")),
    ((3, 14), "def V(x: Later): return 1", "string.capwords(V)", ("Later", "Other")),
    ((3, 14), "def V(x: L): return 1\nL = typing.Literal['a']", "V.__annotations__", ("'a'", "'b'")),
    ((3, 14), "A = 'a'", "string.capwords(t'be {A}')", ("'a'", "'b'")),
    ((3, 14), "A = 'a'", "string.capwords(t'be {A}')", ("be", "do")),
    ((3, 14), "A = 'a'", "string.capwords(t'be {A!r}')", ("!r", "!s")),
    ((3, 14), "A = 3", "string.capwords(t'be {x:{A}}')", ("= 3", "= 4")),
    ((3, 14), "A = 'a'\nV = t'be {A}'", "string.capwords(V)", ("'a'", "'b'")),
    ((3, 14), "A = B = 'a'\nV = t'be {A}'", "string.capwords(V)", ("{A}", "{B}")),
    ((3, 15), "V = frozendict(a=1)", "V['a']", ("a=1", "a=2")),
    ((3, 15), "V = frozendict(a=1)", "string.capwords(V)", ("a=1", "a=2")),
    ((3, 15), "V = [[1]]", "[*y for y in V]", ("[1]", "[2]")),
]


@pytest.mark.parametrize(("since", "head", "expression", "edit"), EDITS, ids=[f"{row[1]}: {row[2]}" for row in EDITS])
def test_an_edit_is_seen(since: tuple[int, int], head: str, expression: str, edit: tuple[str, str]) -> None:
    """The fingerprint is another after the edit, and the same without one."""
    if sys.version_info < since:
        pytest.skip(f"needs Python {since[0]}.{since[1]}")
    text = asking(expression, HEAD + head)
    before = Cell(text).now().digest
    assert before == Cell(text).now().digest
    assert before != Cell(text.replace(*edit)).now().digest


LAZY = [
    ("lazy from prompts_of_mine import SYSTEM", "SYSTEM"),
    ("lazy import prompts_of_mine", "prompts_of_mine.SYSTEM"),
    ("lazy from prompts_of_mine import helper", "helper()"),
    ("lazy from prompts_of_mine import SYSTEM", "globals()['SYSTEM'] + x"),
]


@pytest.mark.skipif(sys.version_info < (3, 15), reason="needs Python 3.15")
@pytest.mark.parametrize(("head", "expression"), LAZY)
def test_a_lazy_import_is_followed(head: str, expression: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is imported when it is first used is read as the call would read it, whoever is the first to use it."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    found = []
    for value in ("a", "b"):
        (tmp_path / "prompts_of_mine.py").write_text(f"SYSTEM = {value!r}\ndef helper(): return {value!r}\n")
        importlib.invalidate_caches()
        cell = Cell(asking(expression, head))
        before = cell.now()
        cell.names["f"]("")
        assert before.digest == cell.now().digest
        found.append(before.digest)
        del sys.modules["prompts_of_mine"]
    assert found[0] != found[1]


@pytest.mark.skipif(sys.version_info < (3, 15), reason="needs Python 3.15")
def test_a_lazy_import_of_what_is_not_there() -> None:
    """It counts as absent; the call will find out."""
    assert Cell(asking("nothing_of_mine.a", "lazy import nothing_of_mine")).now().digest
