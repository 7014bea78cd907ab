"""Code without source: every name counts, and the code is its bytecode."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import pytest

from llm_memo.identity.code.fallback import bytecode_digest, bytecode_reads
from llm_memo.identity.code.names import step_text


def made(text: str, file: str = "<nowhere>") -> FunctionType:
    """The function ``f`` of a text that nobody keeps."""
    names: dict[str, Any] = {}
    exec(compile(text, file, "exec"), names)
    return names["f"]  # type: ignore[no-any-return]


def test_every_name_is_read() -> None:
    """Parameters, closure values, and globals with each attribute that they may have."""
    outer = made("def f(c):\n def g(p, *a, k, **kw):\n  return [M.x, c]\n return g")
    reads = bytecode_reads(outer(1).__code__)
    chains = {use.ref.chain.root.kind: set[str]() for use in reads.uses}
    for use in reads.uses:
        root, steps = use.ref.chain
        chains[root.kind].add(root.name + "".join(map(step_text, steps)))
    assert {"parameter": {"p", "a", "k", "kw"}, "closure": {"c"}, "global": {"M", "x", "M.x", "x.M"}} == chains
    assert {"M", "x"} == reads.attributes


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("def f(x): return 1", "def f(x): return 2"),
        ("def f(x): return 1", "def f(x): return 1.0"),
        ("def f(x): return 1", "def f(x): return True"),
        ("def f(x): return a(x)", "def f(x): return b(x)"),
        ("def f(x): return lambda: 1", "def f(x): return lambda: 2"),
        ("def f(x): return x", "def f(*x): return x"),
        ("def f(x): return x", "def f(*, x): return x"),
        ("def f(x): return x in {'a', 'b'}", "def f(x): return x in {'a', 'c'}"),
        ("def f(x): return x", "async def f(x): return x"),
    ],
)
def test_another_bytecode(one: str, two: str) -> None:
    """What makes a difference when it runs makes another digest."""
    assert bytecode_digest(made(one).__code__) != bytecode_digest(made(two).__code__)


@pytest.mark.parametrize("text", ["def f(x): return x in {'a', 'b', 'c'}", "def f(x): return [lambda: x]"])
def test_the_same_bytecode_elsewhere(text: str) -> None:
    """File and lines make no difference."""
    assert bytecode_digest(made(text).__code__) == bytecode_digest(made("\n\n\n" + text, "<there>").__code__)
