"""Pieces of code compared by their text."""

from __future__ import annotations

import ast

import pytest
from cells import tree

from llm_memo.identity.code.wording import is_passed_on, is_text_of, long_form


@pytest.mark.parametrize(
    ("added", "text"),
    [
        ("v", "x = x + v"),
        ("v, w", "x = x + v - w"),
        ("v", "d[k] = d[k] + v"),
        ("0, v", "d[k] = d.get(k, 0) + v"),
        ("v", "d[k] = d.get(k) + v"),
        (None, "d[k] = d.get(j, 0) + v"),
        (None, "d[k] = e.get(k, 0) + v"),
        (None, "d[k] = d.get(k, 0, 1) + v"),
        (None, "x = v + x"),
        (None, "x = x + x"),
        (None, "d[k] = d[k] + len(d)"),
        (None, "x = v"),
        (None, "x, y = x + v"),
    ],
)
def test_long_forms_of_an_augmented_assignment(added: str | None, text: str) -> None:
    """``x = x + v`` only writes ``x``, as ``x += v`` does, unless what is added reads it as well."""
    [statement] = ast.parse(text).body
    assert isinstance(statement, ast.Assign)
    found = long_form(statement.targets[0], statement.value)
    assert added == (None if found is None else ", ".join(map(ast.unparse, found)))


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (False, "def f():\n def g(): pass\n g()"),
        (True, "def f():\n def g(): pass\n return g"),
        (True, "def f():\n def g(): pass\n run(g)"),
        (True, "def f():\n def g(): pass\n g(g)"),
        (False, "def f():\n g = 1"),
    ],
)
def test_what_is_passed_on(passed: bool, text: str) -> None:
    """A name is passed on where it is used other than by calling it."""
    assert passed == is_passed_on("g", tree(text))


def test_two_spellings_of_one_expression() -> None:
    """Spaces and brackets make no other text."""
    one, two, other = (ast.parse(text, mode="eval").body for text in ("a [ 'k' ]", 'a["k"]', "a['j']"))
    assert (True, False) == (is_text_of(one, two), is_text_of(one, other))
