"""The source of the code that runs: the text that compiles to it, wherever that is found."""

from __future__ import annotations

import ast
import linecache
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_memo.identity.code import source


@pytest.fixture(autouse=True)
def _unpinned(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Texts that other tests have pinned are not seen here."""
    monkeypatch.setattr(source, "_pinned", {})
    yield
    linecache.checkcache()


def run(text: str, file: Path | str) -> dict[str, Any]:
    """What a text defines; of a path, as Python would have imported it."""
    if isinstance(file, Path):
        file.write_text(text)
        linecache.checkcache(str(file))
    names: dict[str, Any] = {"__name__": "there"}
    exec(compile(text, str(file), "exec", dont_inherit=True), names)
    return names


def text_of(function: types.FunctionType) -> str | None:
    """The code of the tree that was found."""
    tree = source.tree_of(function)
    return None if tree is None else ast.unparse(tree)


def test_what_python_warns_of_in_the_text_is_said_once(tmp_path: Path) -> None:
    """The text is found, and nothing is warned of again, also where warnings are errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        function = run("def f(x):\n    assert (x, 'a')\n    return '\\d' if x is 'a' else x\n", tmp_path / "m.py")["f"]
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("error")
        assert source.tree_of(function) is not None
    assert [] == warned


FOUND = [
    ("def f(x):\n    return x", "def f(x): return x"),
    ("async def f(x):\n    return x", "async def f(x): return x"),
    ("@d\ndef f(x):\n    return x", "def d(f): return f\n@d\ndef f(x): return x"),
    ("lambda x: x", "f = lambda x: x"),
    ("lambda x: 2", "g, f = lambda x: 1, lambda x: 2"),
    ("lambda x: x(lambda: 1)", "f = lambda x: x(lambda: 1)"),
    ("lambda: 1", "f = (lambda: lambda: 1)()"),
    ("lambda x: x.a()", "f, g = [lambda x: x.a(), lambda x: x.b()]"),
    ("def f(x):\n    return 2", "def f(x): return 1\ndef f(x): return 2"),
    ("def f(x):\n    return c", "def o(c):\n def f(x): return c\n return f\nf = o(1)"),
    ("def f(self):\n    return __class__", "class C:\n def f(self): return __class__\nf = C.f"),
    ("def f(self):\n    return self.__k", "class C:\n def f(self): return self.__k\nf = C.f"),
    ("def f(x):\n    return join(x)", "from os.path import join\ndef f(x): return join(x)"),
    ("def f(x: int):\n    return x", "from __future__ import annotations\ndef f(x: int): return x"),
    ("def f(x):\n    return 1", "if True:\n def f(x): return 1\nelse:\n def f(x): return 2"),
]


@pytest.mark.parametrize(("tree", "text"), FOUND, ids=[row[1] for row in FOUND])
def test_the_tree_of_a_function(tree: str, text: str, tmp_path: Path) -> None:
    """The tree is that of the very function, also among others of its name or on its line."""
    assert tree == text_of(run(text, tmp_path / "m.py")["f"])


def test_lines_above_may_come_and_go(tmp_path: Path) -> None:
    """A file that was edited elsewhere still has the function."""
    function = run("def f(x): return 1\n", tmp_path / "m.py")["f"]
    (tmp_path / "m.py").write_text("import os\n\ndef g(): pass\n\n\ndef f(x): return 1\n")
    assert "def f(x):\n    return 1" == text_of(function)


def test_an_edited_function_has_no_tree(tmp_path: Path) -> None:
    """The text of a function that was edited after its import is another function's."""
    function = run("def f(x): return 1\n", tmp_path / "m.py")["f"]
    (tmp_path / "m.py").write_text("def f(x): return 2\n")
    assert None is source.tree_of(function)
    assert None is source.source_of(function)
    assert None is source.pinned(function)


def test_a_pinned_text_outlives_an_edit(tmp_path: Path) -> None:
    """Pinned when it was decorated, a function is found whatever becomes of its file."""
    file = tmp_path / "m.py"
    one = run("def f(x): return 1\n", file)["f"]
    source.pin(one)
    two = run("def f(x): return 2\n", file)["f"]
    source.pin(two)
    source.pin(two)
    file.unlink()
    linecache.checkcache(str(file))
    assert ["def f(x): return 1\n", "def f(x): return 2\n"] == [source.pinned(one), source.pinned(two)]
    assert ["def f(x): return 1\n", "def f(x): return 2\n"] == [source.source_of(one), source.source_of(two)]


def test_a_text_that_came_along(tmp_path: Path) -> None:
    """A pickled function brings its text to a process that does not have its file."""
    text = "def f(x): return 1\n"
    function = run(text, "/nowhere/m.py")["f"]
    assert None is source.tree_of(function)
    source.pin(function)  # there is nothing to pin
    source.pin(function, text)
    assert text == source.pinned(function)


@pytest.mark.parametrize("text", ["def f(x) return", "def f(x): return '\0'", "", "def g(x): return 1"])
def test_a_text_of_something_else(text: str, tmp_path: Path) -> None:
    """A file that is no Python any more, or has no such function, tells nothing."""
    function = run("def f(x): return 1\n", tmp_path / "m.py")["f"]
    (tmp_path / "m.py").write_text(text)
    linecache.checkcache(str(tmp_path / "m.py"))
    assert None is source.tree_of(function)


def test_a_statement_that_does_not_compile_alone_is_passed_over(tmp_path: Path) -> None:
    """One bad statement in a newer text does not hide the others."""
    function = run("def f(x): return 1\n", tmp_path / "m.py")["f"]
    (tmp_path / "m.py").write_text("class f:\n  return 2\n\ndef f(x): return 1\n")
    linecache.checkcache(str(tmp_path / "m.py"))
    assert "def f(x):\n    return 1" == text_of(function)


def test_source_has_the_decorators(tmp_path: Path) -> None:
    """The lines of a function begin with its first decorator."""
    function = run("def d(f): return f\n\n@d\n@d\ndef f(x):  # why\n    return 1\n\nA = 1\n", tmp_path / "m.py")["f"]
    assert "@d\n@d\ndef f(x):  # why\n    return 1\n" == source.source_of(function)


def test_top_level_await_of_a_notebook() -> None:
    """A cell that awaits at its top level has its functions."""
    text = "await nothing()\ndef f(x): return 1\n"
    linecache.cache["<a cell>"] = (len(text), None, text.splitlines(keepends=True), "<a cell>")
    assert "def f(x):\n    return 1" == text_of(run("\ndef f(x): return 1\n", "<a cell>")["f"])


def test_asserts_that_pytest_rewrote() -> None:
    """A function in a test module is found, though its asserts are not what stands in the file."""

    def checked(x: int) -> int:
        assert x, "there is something"
        return x

    tree = source.tree_of(checked)
    assert tree is not None
    assert isinstance(tree.body, list)
    assert 2 == len(tree.body)
