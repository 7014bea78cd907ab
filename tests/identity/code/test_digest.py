"""The digest of a function's tree."""

from __future__ import annotations

import ast

import pytest
from cells import tree

from llm_memo.identity.code.digest import FIELDS, constant_bytes, tree_digest

SAME = [
    ("def f(x): return x + 1", "def g(x):\n    # why\n    return (x  +  1)"),
    ("def f(x): return x", "@d\ndef f(x: int = 1) -> int:\n    'doc'\n    return x"),
    ("def f(x):\n a: int = 1\n return a", "def f(x):\n a: int\n a = 1\n return a"),
    ("def f(x):\n if x: pass\n return x", "def f(x):\n if x:\n  'a remark'\n return x"),
    ("def f(x): return f'a{x}b' 'c'", "def f(x): return f'a{x}' 'bc'"),
    (
        "def f(x):\n def g(y): return y\n return g(x)",
        "def f(x):\n def g(y: int) -> int:\n  'd'\n  return y\n return g(x)",
    ),
    ("def f(x):\n class C:\n  y = 1\n return C.y", "def f(x):\n class C:\n  y = 1\n  ...\n return C.y"),
    ("def f(x): return 'ab'", "def f(x): return 'a' \"b\""),
]

OTHERS = [
    ("def f(x): return 1", "def f(x): return 2"),
    ("def f(x): return 1", "def f(x): return 1.0"),
    ("def f(x): return 1", "def f(x): return True"),
    ("def f(x): return 'a'", "def f(x): return b'a'"),
    ("def f(x): return 0.0", "def f(x): return -0.0"),
    ("def f(x): return a.b", "def f(x): return a.c"),
    ("def f(x): return x < 1", "def f(x): return x <= 1"),
    ("def f(x): return x[1:]", "def f(x): return x[:1]"),
    ("def f(x): return f'{x}'", "def f(x): return f'{x!r}'"),
    ("def f(x): return f'{x}'", "def f(x): return f'{x:>3}'"),
    ("def f(x): return (yield x)", "def f(x): return (yield)"),
    ("def f(x): return x", "def f(*x): return x"),
    ("def f(x): return x", "def f(*, x): return x"),
    ("def f(x):\n for i in x: a()\n return 1", "def f(x):\n for i in x: a()\n else: return 1"),
    ("def f(x):\n try: a()\n except E: b()", "def f(x):\n try: a()\n finally: b()"),
    ("def f(x):\n match x:\n  case 1: a()", "def f(x):\n match x:\n  case 2: a()"),
    ("def f(x): import a", "def f(x): import b"),
    ("def f(x): from .a import b", "def f(x): from a import b"),
    # What others read of an inner function that is handed on, or of a class.
    ("def f(x):\n def g(y): 'd'\n return g", "def f(x):\n def g(y): 'e'\n return g"),
    ("def f(x):\n def g(y: int): pass\n return g", "def f(x):\n def g(y: str): pass\n return g"),
    ("def f(x):\n def g(*a: int): pass\n return g", "def f(x):\n def g(*a: str): pass\n return g"),
    ("def f(x):\n @d\n def g(y) -> int: pass", "def f(x):\n @d\n def g(y) -> str: pass"),
    ("def f(x):\n class C:\n  y: int\n return C", "def f(x):\n class C:\n  y: str\n return C"),
    ("def f(x):\n class C(B): 'd'", "def f(x):\n class C(B): 'e'"),
    ("def f(x):\n class C: a = 1", "def f(x):\n class D: a = 1"),
    ("def f(x): return [a, b]", "def f(x): return [a], b"),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_the_same_code(one: str, two: str) -> None:
    """Name, docstring, annotations, comments and layout make no difference."""
    assert tree_digest(tree(one)) == tree_digest(tree(two))


@pytest.mark.parametrize(("one", "two"), OTHERS)
def test_other_code(one: str, two: str) -> None:
    """What makes a difference when it runs, or to who reads an inner function, makes another digest."""
    assert tree_digest(tree(one)) != tree_digest(tree(two))


def test_free_statements_are_left_out() -> None:
    """A statement that only logs is not there, wherever it stands."""
    logged = tree("def f(x):\n if x:\n  log(x)\n  return 1\n log(2)")
    free = [(node.lineno, node.col_offset) for node in ast.walk(logged) if isinstance(node, ast.Expr)]
    assert tree_digest(tree("def f(x):\n if x: return 1")) == tree_digest(logged, free)
    assert tree_digest(tree("def f(x):\n if x: return 1")) != tree_digest(logged)


def test_a_function_that_calls_itself_may_be_renamed() -> None:
    """Names by which it calls itself are all the same."""
    one, two = tree("def f(x): return f(x - 1)"), tree("def g(x): return g(x - 1)")
    assert tree_digest(one, itself={"f"}) == tree_digest(two, itself={"g"})
    assert tree_digest(one) != tree_digest(two)


def test_a_deep_tree_has_a_digest() -> None:
    """A sum of a thousand terms does not exhaust the stack."""
    assert 16 == len(tree_digest(tree("def f(x): return " + " + ".join(["x"] * 900))))


def test_the_table_has_the_fields_of_this_python() -> None:
    """What stands in the table are fields of the nodes, and all but those that are no code."""
    left_out = {"ctx", "kind", "type_comment", "type_ignores", "simple", "is_lazy", "type_params"}
    known = {name: getattr(ast, name) for name in FIELDS if hasattr(ast, name)}
    missing = {
        f"{name}.{field}"
        for name, node in known.items()
        for field in {*node._fields} - {*FIELDS[name].split()} - left_out
    }
    assert set() == missing


def test_a_digest_is_the_same_on_every_python() -> None:
    """The bytes of a tree are written down, so keys outlive a new version of Python."""
    text = "def f(x, *, k=1):\n for i, j in x:\n  with open(f'{i}.txt') as file: yield file.read(), {**j, 'a': -1.5}"
    assert "65f6e1643fec65674988d5deefa79b59" == tree_digest(tree(text)).hex()


@pytest.mark.parametrize(
    ("data", "value"),
    [(b"=int 1:1", 1), (b"=str 1:1", "1"), (b"=bytes 1:1", b"1"), (b"=bool 4:True", True), (b"=NoneType 4:None", None),
     (b"=ellipsis 8:Ellipsis", ...), (b"=str 3:\xed\xa0\x80", "\ud800")],
)  # fmt: skip
def test_constants_tell_their_type(data: bytes, value: object) -> None:
    """A constant is its type, its length and its text, so that no two run into each other."""
    assert data == constant_bytes(value)
