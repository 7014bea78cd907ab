"""Names, scopes and chains."""

from __future__ import annotations

import ast

import pytest

from llm_memo.identity.code.names import (
    ANY,
    CLASS,
    EACH,
    MODULE,
    Attribute,
    Chain,
    Item,
    Named,
    Result,
    Root,
    Step,
    step_text,
)
from llm_memo.identity.code.scopes import Scope, bound_names, declared_global, parameters


@pytest.mark.parametrize(
    ("bound", "text"),
    [
        ("a b c", "a = 1; b, *c = x"),
        ("a", "a += 1"),
        ("a", "a: int = 1"),
        ("a", "del a"),
        ("i", "for i in x: pass"),
        ("e", "try: pass\nexcept E as e: pass"),
        ("f", "with x as f: pass"),
        ("a c", "import a.b, b as c"),
        ("a c", "from m import a, b as c"),
        ("a rest star", "match x:\n case {'k': a, **rest}: pass\n case [*star]: pass"),
        ("f", "def f(p):\n inner = 1"),
        ("f", "async def f(p):\n inner = 1"),
        ("C", "class C:\n inner = 1"),
        ("w", "[(w := i) for i in x]"),
        ("", "global a\na = 1"),
        ("", "nonlocal a\na = 1"),
        ("", "x.a = 1; y['b'] = 2"),
    ],
)
def test_names_that_statements_bind(bound: str, text: str) -> None:
    """What is bound in a scope is what Python's own compiler makes local there."""
    assert set(bound.split()) == bound_names(ast.parse(text).body)


def test_names_that_are_declared_global() -> None:
    """A declaration anywhere in the scope counts, one of a function inside does not."""
    text = "if x:\n    global a, b\ndef f():\n    global c"
    assert {"a", "b"} == declared_global(ast.parse(text).body)


def test_parameters_are_in_the_order_of_the_code_object() -> None:
    """``*args`` and ``**kw`` come last, as in ``co_varnames``."""
    text = "def f(a, /, b, *args, c, **kw): pass"
    names: dict[str, object] = {}
    exec(text, names)
    [function] = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    assert list(names["f"].__code__.co_varnames) == parameters(function.args)  # type: ignore[attr-defined]


def test_scopes() -> None:
    """A name belongs to the nearest scope that binds it; a class body is not seen from the functions in it."""
    outer = Scope({"a", "b"}, None)
    body = Scope({"b", "c"}, outer, is_class=True)
    inner = Scope({"d"}, body)
    inner.globals = {"a"}
    assert [outer, body, body, None] == [body.owner(name) for name in "abcd"]
    assert [None, outer, None, inner] == [inner.owner(name) for name in "abcd"]
    assert [True, False] == [inner.is_global(name) for name in "ab"]


@pytest.mark.parametrize(
    ("text", "step"),
    [
        (".a", Attribute("a")),
        ("['a']", Item("a", str)),
        ("[p]", Named("p")),
        ("()", Result("w")),
        (".__class__", CLASS),
        ("[each]", EACH),
        ("[…]", ANY),
        ("[__name__]", MODULE),
    ],
)
def test_steps_read_like_code(text: str, step: Step) -> None:
    """A step has the text that it has in code."""
    assert text == step_text(step)


def test_steps_of_two_kinds_are_two_steps() -> None:
    """``.r``, ``[r]``, what a call in mode ``r`` returns, and ``["r"]`` are four steps, and lead elsewhere."""
    assert 4 == len(
        {Chain(Root("global", "D")).then(s) for s in (Attribute("r"), Named("r"), Result("r"), Item("r", str))}
    )


def test_keys_of_three_types_are_three_keys() -> None:
    """``1``, ``True`` and ``1.0`` are equal to a dict, and three steps to a reader."""
    assert 3 == len({Chain(Root("global", "D")).then(Item(key, type(key))) for key in (1, True, 1.0)})
