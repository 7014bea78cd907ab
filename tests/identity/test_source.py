"""The meaning of code, and the source that it is found in."""

from __future__ import annotations

import importlib.util
import itertools
import linecache
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llm_memo.identity.meaning import code_bytes, tree_bytes
from llm_memo.identity.source import code_digest, find_source

numbers = itertools.count()


def function(text: str, name: str = "f") -> types.FunctionType:
    """The function ``name`` of a text whose source is known, as in a notebook."""
    filename = f"<cell {next(numbers)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    namespace: dict[str, Any] = {}
    exec(compile(text, filename, "exec", dont_inherit=True), namespace)
    return namespace[name]  # type: ignore[no-any-return]


def tree(text: str, name: str = "f") -> bytes:
    """The meaning of a function by its source."""
    found = find_source(function(text, name).__code__)
    assert found is not None
    return tree_bytes(found)


def bare(text: str) -> bytes:
    """The meaning of the function ``f`` without its source."""
    namespace: dict[str, Any] = {}
    exec(compile(text, "<string>", "exec", dont_inherit=True), namespace)
    return code_bytes(namespace["f"].__code__)


SAME = [
    ("def f(x): return x", "def f(x):\n\n    # so\n    return (x)"),
    ("def f(x): return x", "def f(x: int) -> int:\n    'doc'\n    return x"),
    ("def f(x): return x", "def f(x):\n    pass\n    ...\n    'bare'\n    return x"),
    ("def f(x): return x", "def f(x=1): return x"),
    ("def f(x): return x", "@(lambda g: g)\ndef f(x): return x"),
    ("def f(x): y = 1; return y", "def f(x):\n    y: int = 1\n    z: str\n    return y"),
    ("def f(x): return f'{x}ab'", "def f(x): return f'{x}a' 'b'"),
    ("def f(x): return 'ab'", "def f(x): return ('a'\n 'b')"),
    ("def f(x): return 255", "def f(x): return 0xFF"),
    ("def f():\n def g(): return 1\n return g()", "def f():\n def g() -> int:\n  'doc'\n  return 1\n return g()"),
    ("def f():\n class A:\n  x = 1\n return A()", "def f():\n class A:\n  'doc'\n  x: int = 1\n  y: str\n return A()"),
]
"""Two ways to write the same."""

OTHER = [
    ("def f(x): return 1", "def f(x): return True"),
    ("def f(x): return 1", "def f(x): return 1.0"),
    ("def f(x): return 'a'", "def f(x): return b'a'"),
    ("def f(x): return 0.0", "def f(x): return -0.0"),
    ("def f(x): return x", "def f(y): return y"),
    ("def f(x, y): return x", "def f(x, *, y): return x"),
    ("def f(x): return x", "def f(x, /): return x"),
    ("def f(x): return x", "def f(*x): return x"),
    ("def f(x): return x", "async def f(x): return x"),
    ("def f(x): return x", "def f(x): yield x"),
    ("def f(x): return [x]", "def f(x): return (x,)"),
    ("def f(x): return x + x", "def f(x): return x - x"),
    ("def f(x): return x.a", "def f(x): return x.b"),
    ("def f(x): return f'{x!r}'", "def f(x): return f'{x!s}'"),
    ("def f(x): return f'{x:>3}'", "def f(x): return f'{x:<3}'"),
    ("def f(x): return {**x}", "def f(x): return {None: x}"),
    ("def f(x):\n if x: return 1\n return 2", "def f(x):\n if not x: return 1\n return 2"),
    ("def f(x):\n try: return 1\n except A: return 2", "def f(x):\n try: return 1\n except B: return 2"),
    ("def f(x):\n while x: break\n else: x = 1", "def f(x):\n while x: break\n x = 1"),
    ("def f():\n def g(): return 1\n return g()", "def f():\n def g(): return 2\n return g()"),
    ("def f():\n def g(): 'a'\n return [g]", "def f():\n def g(): 'b'\n return [g]"),
    ("def f():\n def g(x: int): 1\n return [g]", "def f():\n def g(x: str): 1\n return [g]"),
    ("def f():\n @d\n def g() -> int: 1\n", "def f():\n @d\n def g() -> str: 1\n"),
    ("def f():\n class A(B):\n  x: int\n", "def f():\n class A(B):\n  x: str\n"),
    ("def f():\n class A(B):\n  x: int = 1\n", "def f():\n class A(B):\n  x: str = 1\n"),
    ("def f():\n class A(B): 'a'\n", "def f():\n class A(B): 'b'\n"),
    ("def f():\n class A(B):\n  if B:\n   x: int\n", "def f():\n class A(B):\n  if B:\n   x: str\n"),
]
"""Two ways to write something else."""


@pytest.mark.parametrize(("one", "two"), SAME)
def test_the_same_by_source(one: str, two: str) -> None:
    """How it is written makes no difference."""
    assert tree(one) == tree(two)


@pytest.mark.parametrize(("one", "two"), OTHER)
def test_something_else_by_source(one: str, two: str) -> None:
    """What it does makes one."""
    assert tree(one) != tree(two)


@pytest.mark.parametrize(("one", "two"), SAME[:9])
def test_the_same_by_code_object(one: str, two: str) -> None:
    """Nor does it where there is no source, as far as the compiler takes it out."""
    assert bare(one) == bare(two)


@pytest.mark.parametrize(("one", "two"), OTHER)
def test_something_else_by_code_object(one: str, two: str) -> None:
    """And what it does makes one."""
    assert bare(one) != bare(two)


def test_classes_in_code_objects_do_not_tell_where_they_stand() -> None:
    """A class body notes its line and the function around it, which makes no difference."""
    text = "def f():\n class A:\n  x = 1\n return A"
    assert bare(text) == bare("\n\n" + text.replace("def f", "def g") + "\nf = g")


CONSTANTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=5,
)


@given(CONSTANTS, CONSTANTS)
def test_constants(one: object, two: object) -> None:
    """Constants mean the same exactly if they are written the same."""
    texts = [f"def f(): return {value!r}" for value in (one, two)]
    assert (texts[0] == texts[1]) is (tree(texts[0]) == tree(texts[1]))


@given(st.integers(0, 30), st.sampled_from(["", "# comment\n", "import os\n", "def g(): return 1\n"]))
def test_a_function_means_the_same_anywhere(lines: int, above: str) -> None:
    """In any place, under any file name."""
    text = "def f(x):\n    return [x, lambda: 2]\n"
    assert tree(text) == tree("\n" * lines + above + text)


def test_very_long_sums() -> None:
    """A tree may be deep."""
    assert tree("def f(): return " + "+".join("x" * 400)) != tree("def f(): return " + "+".join("x" * 401))


def test_lambdas_on_one_line() -> None:
    """Each of several lambdas on a line is found."""
    text = "f, g, h = lambda x: x + 1, lambda x: x + 2, (lambda x: lambda: x + 3)\nk = h(1)"
    found = [tree(text, name) for name in "fghk"]
    assert 4 == len(set(found))
    assert found[1] == tree("f = lambda x: x + 2")
    assert found[3] == tree("def h(x):\n    return lambda: x + 3\nf = h(1)")


def test_methods() -> None:
    """A method is found in its class, with its mangled names."""
    text = "class A:\n    def f(self): return self.__x\nf = A.f"
    assert tree(text) == tree("class B:\n\n    def f(self):\n        return self.__x\nf = B.f")


def loaded(path: Path, text: str) -> types.ModuleType:
    """A module with that text."""
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TEXT = "import json\n\ndef f(x):\n    return json.dumps(x)\n"


def digest(module: types.ModuleType) -> bytes:
    return code_digest(module.f.__code__, vars(module))


@pytest.fixture(autouse=True)
def _no_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two texts of a module within a second."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


def test_a_file_edited_since_it_was_imported(tmp_path: Path) -> None:
    """The text on disk is then another function's, and is not taken for the one that runs."""
    module = loaded(tmp_path / "edited.py", TEXT)
    (tmp_path / "edited.py").write_text(TEXT.replace("dumps(x)", "dumps([x])"))
    assert find_source(module.f.__code__) is None
    assert digest(loaded(tmp_path / "other.py", TEXT)) != digest(module)


def test_a_file_edited_elsewhere_since_it_was_imported(tmp_path: Path) -> None:
    """As long as the function itself is in the file, wherever, its text is trusted."""
    module = loaded(tmp_path / "moved.py", TEXT)
    (tmp_path / "moved.py").write_text("# new\nimport json\nX = 1\n\n\ndef f(x):\n    # so\n    return json.dumps(x)\n")
    assert find_source(module.f.__code__) is not None
    assert digest(loaded(tmp_path / "other.py", TEXT)) == digest(module)


def test_a_file_whose_old_text_is_still_known(tmp_path: Path) -> None:
    """A traceback may have read the text before it was edited; the file is looked at as well."""
    module = loaded(tmp_path / "known.py", TEXT)
    linecache.getlines(str(tmp_path / "known.py"))
    again = loaded(tmp_path / "known.py", TEXT.replace("dumps(x)", "dumps([x])"))
    assert digest(module) != digest(again)
    assert find_source(again.f.__code__) is not None


@pytest.mark.parametrize("text", ["def f(:", "\x00", "def g(x): return 1", "\N{BOM}\xff", "return"])
def test_a_file_that_is_no_source_any_more(tmp_path: Path, text: str) -> None:
    """Then there is the code object."""
    module = loaded(tmp_path / "broken.py", TEXT)
    (tmp_path / "broken.py").write_text(text, encoding="utf-16" if "BOM" in ascii(text) else "utf-8")
    assert find_source(module.f.__code__) is None
    assert digest(module) == code_digest(module.f.__code__, {})


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    """Then too."""
    module = loaded(tmp_path / "gone.py", TEXT)
    (tmp_path / "gone.py").unlink()
    assert find_source(module.f.__code__) is None


def test_source_from_a_loader() -> None:
    """A module from an archive has a loader that knows its text."""

    class Loader:
        def get_source(self, name: str) -> str:
            return TEXT

    namespace: dict[str, Any] = {"__name__": "packed", "__loader__": Loader()}
    exec(compile(TEXT, "/archive.zip/packed.py", "exec"), namespace)
    found: Callable[..., Any] = namespace["f"]
    assert code_digest(found.__code__, namespace) == code_digest(function(TEXT).__code__, {})


def test_future_imports(tmp_path: Path) -> None:
    """Text is compiled as its file was."""
    text = f"from __future__ import annotations\n{TEXT}"
    module = loaded(tmp_path / "future.py", text)
    assert find_source(module.f.__code__) is not None


def test_without_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that keeps no columns cannot tell lambdas on one line apart."""
    f = function("f, g = lambda x: x + 1, lambda x: x + 2")
    monkeypatch.setattr("llm_memo.identity.source._extent", lambda _: ((0, 0), (1 << 31, 0)))
    assert find_source(f.__code__) is None
