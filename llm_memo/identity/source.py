"""The source of the code that runs: found, and trusted only when it compiles to that very code.

A file may have been edited since it was imported, and then its text is another function's. So the
statement that holds a function is compiled again, and its tree is taken only if the code object
that comes out is the running one. For everything else (an edited file, ``exec``, a test module
whose asserts were rewritten) the code object itself is digested.
"""

from __future__ import annotations
import __future__

import ast
import functools
import hashlib
import linecache
import tokenize
from collections.abc import Iterator
from types import CodeType
from typing import Any

from llm_memo.identity.meaning import Function, code_bytes, tree_bytes

_FUTURE = functools.reduce(
    int.__or__, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)
_LIKE_IN_A_CELL = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def code_digest(code: CodeType, namespace: dict[str, Any]) -> bytes:
    """A digest of what ``code`` means, by its source where that can be had.

    Args:
        code: The code of a function.
        namespace: The function's globals, whose loader may know the source.
    """
    linecache.lazycache(code.co_filename, namespace)
    return _code_digest(code, code.co_filename)


@functools.lru_cache(maxsize=4096)
def _code_digest(code: CodeType, filename: str) -> bytes:
    function = find_source(code)
    meaning = b"code" + code_bytes(code) if function is None else b"tree" + tree_bytes(function)
    return hashlib.blake2b(meaning, digest_size=16).digest()


def find_source(code: CodeType) -> Function | None:
    """The tree that ``code`` was compiled from, or None if there is no text that compiles to it."""
    flags = code.co_flags & _FUTURE | _LIKE_IN_A_CELL
    for text in _texts(code.co_filename):
        source = _source(text, code.co_filename, flags)
        function = source.find(code) if source is not None else None
        if function is not None:
            return function
    return None


def _texts(filename: str) -> Iterator[str]:
    """What ``filename`` may hold: as `linecache` knows it, and as it is on disk now."""
    cached = "".join(linecache.getlines(filename))
    if cached:
        yield cached
    try:
        with tokenize.open(filename) as file:
            current = file.read()
    except (OSError, SyntaxError, UnicodeError, ValueError):
        return
    if current != cached:
        yield current


@functools.lru_cache(maxsize=128)
def _source(text: str, filename: str, flags: int) -> _Source | None:
    try:
        tree = compile(text, filename, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    assert isinstance(tree, ast.Module)
    return _Source(tree, filename, flags)


class _Source:
    """One text: its top-level statements, each compiled when it is first asked about."""

    def __init__(self, tree: ast.Module, filename: str, flags: int) -> None:
        self.statements = tree.body
        self.imports = [
            node
            for statement in tree.body
            if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            for node in ast.walk(statement)
            if isinstance(node, (ast.Import, ast.ImportFrom))
        ]
        self.filename = filename
        self.flags = flags
        self._codes = functools.cache(self._compile)

    def find(self, code: CodeType) -> Function | None:
        """The tree of the function that compiles to ``code``; lines above it may have come and gone."""
        line = code.co_firstlineno
        near = [each for each in self.statements if _first_line(each) <= line <= (each.end_lineno or line)]
        far = [each for each in self.statements if each not in near]
        bare = _without_place(code)
        for statement in near + far:
            # A call of a name that the module imports is compiled in its own way, except in a notebook,
            # where each statement is compiled alone.
            for with_imports in (True, False):
                for compiled in self._codes(statement, with_imports):
                    if compiled.co_name == code.co_name and _without_place(compiled) == bare:
                        return _tree_of(compiled, statement)
        return None

    def _compile(self, statement: ast.stmt, with_imports: bool) -> list[CodeType]:
        """All code objects in a statement, the outer before the inner."""
        module = ast.Module([*(self.imports if with_imports else ()), statement], [])
        try:
            found: list[CodeType] = [compile(module, self.filename, "exec", self.flags, dont_inherit=True)]
        except (SyntaxError, ValueError, RecursionError):
            return []
        for code in found:
            found.extend(const for const in code.co_consts if isinstance(const, CodeType))
        return found[1:]


def _without_place(code: CodeType) -> CodeType:
    """``code`` as it would be on the first line of a file."""
    consts = (_without_place(const) if isinstance(const, CodeType) else const for const in code.co_consts)
    return code.replace(co_firstlineno=1, co_linetable=b"", co_consts=tuple(consts))


def _tree_of(code: CodeType, statement: ast.stmt) -> Function | None:
    """The function in ``statement`` that was compiled to ``code``."""
    functions = [
        node
        for node in ast.walk(statement)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        and getattr(node, "name", "<lambda>") == code.co_name
        and _first_line(node) == code.co_firstlineno
    ]
    if len(functions) > 1:
        # Several lambdas on a line: the innermost that has all that the code does inside.
        first, last = _extent(code)
        functions = [each for each in functions if _start(each.body) <= first and last <= _end(each.body)]
        functions.sort(key=lambda each: _start(each.body))
    return functions[-1] if functions else None


def _first_line(node: Any) -> int:
    starts: list[int] = [each.lineno for each in (node, *getattr(node, "decorator_list", ()))]
    return min(starts)


def _start(body: Any) -> tuple[int, int]:
    return body.lineno, body.col_offset


def _end(body: Any) -> tuple[int, int]:
    return body.end_lineno, body.end_col_offset


def _extent(code: CodeType) -> tuple[tuple[int, int], tuple[int, int]]:
    """Line and column of the first and the last character that ``code`` was made from.

    Wider than any text where the interpreter keeps no columns.
    """
    starts, ends = [], []
    for line, end_line, column, end_column in code.co_positions():
        if line and end_line and column is not None and end_column:
            starts.append((line, column))
            ends.append((end_line, end_column))
    return min(starts, default=(0, 0)), max(ends, default=(1 << 31, 0))
