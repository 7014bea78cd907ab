"""The source of the code that runs: found, and trusted only when it compiles to that very code.

A file may have been edited since it was imported, and then its text is another function's. So the
statement that holds a function is compiled again, and its tree is taken only if the code object that
comes out is the running one. The text of a module is pinned when a function in it is decorated, and
travels with a pickled function, so that a function has one fingerprint in every process.
"""

from __future__ import annotations
import __future__

import ast
import functools
import importlib.util
import linecache
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from llm_memo.identity.code import cells
from llm_memo.identity.code.scopes import Function
from llm_memo.identity.code.walk import walk
from llm_memo.identity.naming import MAIN

_FUTURE = functools.reduce(
    int.__or__, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)
_LIKE_IN_A_CELL = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

_pinned: dict[str, list[str]] = {}
"""Name of a file → its texts when functions in it were decorated."""


def pin(function: FunctionType, text: str | None = None, name: str = "") -> None:
    """Keep the text of the file of ``function``, or of file ``name``, as it is now or as it was in another process."""
    filename = name or function.__code__.co_filename
    if text is None:
        if filename in _pinned:
            text = "".join(linecache.getlines(filename, _loader_of(function)))
            if text in _pinned[filename]:
                return
        linecache.lazycache(filename, _loader_of(function))
        text = _cached(function.__code__) or _on_disk(filename)
    if text and text not in _pinned.setdefault(filename, []):
        _pinned[filename].append(text)


def _loader_of(function: FunctionType) -> dict[str, Any]:
    """The globals that `linecache` finds the loader of a function's module by; it warns of a module without one."""
    spec: Any = function.__globals__.get("__spec__")
    loader = getattr(spec, "loader", None)
    if spec is None or loader is None:
        return {}
    return {"__name__": spec.name, "__spec__": spec, "__loader__": loader}


def pinned(function: FunctionType) -> str | None:
    """The text that ``function`` is found in, for a process that does not have its file."""
    for text in texts(function.__code__):
        if found_in(text, function.__code__) is not None:
            return text
    return None


def pinned_around(function: FunctionType) -> list[tuple[str, str]]:
    """Files that only this process has, such as a notebook's cells, which hold what is defined beside ``function``.

    Each with its text: a process that ``function`` is sent to needs them for its helpers.
    """
    found: dict[str, str] = {}
    for value in list(function.__globals__.values()):
        is_own = issubclass(type(value), type) and value.__module__ in MAIN
        members = list(vars(value).values()) if is_own else [value]
        for member in members:
            code = getattr(member, "__code__", None) if type(member) is FunctionType else None
            if code is not None and code.co_filename not in found:
                found[code.co_filename] = "" if os.path.exists(code.co_filename) else _cached(code)
    return [(name, text) for name, text in found.items() if text]


def tree_of(function: FunctionType) -> Function | None:
    """The tree that the code of ``function`` was compiled from; None if there is no text that compiles to it."""
    code = function.__code__
    know_loader(function)
    return _tree_of(code, code.co_filename, pinned_count(code.co_filename))


def know_loader(function: FunctionType) -> None:
    """Let a text be had of the loader of the function's module, where it is in no file."""
    linecache.lazycache(function.__code__.co_filename, _loader_of(function))


def pinned_count(filename: str) -> int:
    """How many texts of a file are pinned."""
    return len(_pinned.get(filename, ()))


@functools.lru_cache(maxsize=8192)
def _tree_of(code: CodeType, filename: str, pins: int) -> Function | None:  # code is equal to that of another file
    for text in texts(code):
        found = found_in(text, code)
        if found is not None:
            return found
    return None


def source_of(function: FunctionType) -> str | None:
    """The lines of a function, its decorators' among them; None if they cannot be had."""
    tree = tree_of(function)
    for text in texts(function.__code__) if tree is not None else ():
        if found_in(text, function.__code__) is tree:
            lines, _ = _lines_of(text)
            return "".join(lines[_first_line(tree) - 1 : tree.end_lineno])  # type: ignore[union-attr]
    return None


def found_in(text: str, code: CodeType) -> Function | None:
    """The tree in ``text`` that compiles to ``code``, or None."""
    found = _cut_out(text, code)
    if found is not None:
        return found
    names = cells.own_names(code)
    source = _source(text, code.co_flags & _FUTURE | _LIKE_IN_A_CELL, names)
    return source.find(code) if source is not None else None


def texts(code: CodeType) -> Iterator[str]:
    """The texts that may hold ``code``: pinned ones, as `linecache` knows the file, and as it is on disk now."""
    filename = code.co_filename
    known = _pinned.get(filename, [])
    yield from known
    cached = _cached(code)
    if cached and cached not in known:
        yield cached
    current = _on_disk(filename)
    if current and current != cached and current not in known:
        yield current


def _cached(code: CodeType) -> str:
    """The text that the file had when it was first read, here or by `linecache`.

    Of what was typed at a prompt, or given with ``-c``, that knows the text from 3.14 on, by code.
    """
    if len(linecache.cache.get(code.co_filename, ())) < 2 and (text := _first_read(code.co_filename)):
        return text
    lines = linecache.getlines(code.co_filename)
    if not lines and hasattr(linecache, "_getlines_from_code"):
        lines = linecache._getlines_from_code(code)
    return "".join(lines)


def _on_disk(filename: str) -> str:
    try:
        return importlib.util.decode_source(Path(filename).read_bytes())  # `open` may be a test's
    except (OSError, SyntaxError, UnicodeError, ValueError):
        return ""


_first_read = functools.lru_cache(maxsize=4096)(_on_disk)


@functools.lru_cache(maxsize=1024)  # a tree takes 50 kB
def _cut_out(text: str, code: CodeType) -> Function | None:
    """The tree of a function of a module or class, parsed alone; None if its lines do not compile to ``code``.

    Few of a module's functions are reached, and to parse them all takes long. The imports come along, since a call of
    a name that the module imports is compiled in its own way.
    """
    owner, _, name = code.co_qualname.rpartition(".")
    lines, imports = _lines_of(text)
    first = code.co_firstlineno - 1
    if name == "<lambda>" or (owner and not owner.isidentifier()) or not 2 <= first < len(lines):
        return None
    indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
    if bool(owner) != bool(indent):
        return None
    last = min(_extent(code)[1][0], len(lines))
    while last < len(lines) and (not lines[last].strip() or lines[last].startswith((f"{indent} ", f"{indent}\t"))):
        last += 1
    head = f"{imports}\n{owner and f'class {owner}:'}" + "\n" * (first - 1)
    flags = code.co_flags & _FUTURE | _LIKE_IN_A_CELL
    tree = parsed(head + "".join(lines[first:last]), flags)
    bare = _without_place(code)
    for compiled in _codes(tree, flags) if tree is not None else ():
        if compiled.co_name == name and _without_place(compiled) == bare:
            return _node_of(compiled, tree.body[-1])  # type: ignore[union-attr]
    return None


_IMPORT = re.compile(r"^(?:from\s+[\w.]+\s+import\s*(?:\([^()#\\]*\)|[^\n()#\\]+)|import\s+[^\n()#\\]+)", re.MULTILINE)


@functools.lru_cache(maxsize=512)
def _lines_of(text: str) -> tuple[list[str], str]:
    """The lines of a text, and on one line its imports, as far as they are easily seen."""
    return text.splitlines(keepends=True), "; ".join(" ".join(each.split()) for each in _IMPORT.findall(text))


def parsed(text: str | bytes, flags: int = 0) -> ast.Module | None:
    """The tree of a text; None if it has none."""
    try:
        tree = _compiled(text, "exec", flags | ast.PyCF_ONLY_AST)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    assert isinstance(tree, ast.Module)
    return tree


_OURS = "<llm_memo>"
_QUIET = ("ignore", None, Warning, re.compile(_OURS), 0)
"""What keeps Python from saying once more, or as an error, what it has said of the user's code when that was compiled.

A filter by the name of the file, as `warnings.catch_warnings` is no good with threads.
"""


def _compiled(what: Any, mode: str, flags: int) -> Any:
    if warnings.filters[:1] != [_QUIET]:
        warnings.filterwarnings("ignore", module=_OURS)
    return compile(what, _OURS, mode, flags, dont_inherit=True)


def _codes(module: ast.Module, flags: int) -> list[CodeType]:
    """All code objects in a module, the outer before the inner."""
    try:
        found: list[CodeType] = [_compiled(module, "exec", flags)]
    except (SyntaxError, ValueError, RecursionError):
        return []
    for code in found:
        found.extend(const for const in code.co_consts if isinstance(const, CodeType))
    return found[1:]


@functools.lru_cache(maxsize=512)
def _source(text: str, flags: int, names: frozenset[tuple[str, str]]) -> _Source | None:
    tree = parsed(text, flags)
    if tree is None:
        return None
    if names:
        cells.rename(tree, dict(names))
    return _Source(tree, flags)


class _Source:
    """One text: its top-level statements, each compiled when it is first needed."""

    def __init__(self, tree: ast.Module, flags: int) -> None:
        bodies = [tree.body, *cells.bodies(tree)]
        self.statements = [statement for body in bodies for statement in body]
        self.imports = {statement: found for body in bodies for found in [_imports(body)] for statement in body}
        self.flags = flags
        self._compiled = functools.cache(self._compile)

    def find(self, code: CodeType) -> Function | None:
        """The tree of the function that compiles to ``code``; lines above it may have come and gone."""
        line = code.co_firstlineno
        near = [each for each in self.statements if _first_line(each) <= line <= (each.end_lineno or line)]
        far = [each for each in self.statements if each not in near]
        bare = _without_place(code)
        for statement in near + far:
            if statement not in near and code.co_name != "<lambda>" and not _defines(statement, code.co_name):
                continue
            # A call of a name that the module imports is compiled in its own way, except in a notebook,
            # where each statement is compiled alone.
            for with_imports in (True, False):
                for compiled in self._compiled(statement, with_imports):
                    if compiled.co_name == code.co_name and _without_place(compiled) == bare:
                        return _node_of(compiled, statement)
        for statement in near:
            for compiled in self._compiled(statement, True):
                if compiled.co_name == code.co_name and _has_rewritten_asserts(code, compiled):
                    return _node_of(compiled, statement)
        return None

    def _compile(self, statement: ast.stmt, with_imports: bool) -> list[CodeType]:
        """All code objects in a statement, the outer before the inner."""
        module = ast.Module([*(self.imports[statement] if with_imports else ()), statement], [])
        return _codes(module, self.flags)


def _imports(body: list[ast.stmt]) -> list[ast.Import | ast.ImportFrom]:
    """What the statements of a module import."""
    return [
        node
        for statement in body
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        for node in ast.walk(statement)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]


def _defines(statement: ast.stmt, name: str) -> bool:
    return any(getattr(node, "name", None) == name for node in ast.walk(statement))


def _without_place(code: CodeType) -> CodeType:
    """``code`` as it would be on the first line of a file."""
    consts = (_without_place(const) if isinstance(const, CodeType) else const for const in code.co_consts)
    return code.replace(co_firstlineno=1, co_linetable=b"", co_consts=tuple(consts))


def _has_rewritten_asserts(code: CodeType, plain: CodeType) -> bool:
    """Whether ``code`` is ``plain`` with its asserts rewritten by pytest, whose names begin with ``@py``."""
    if not any(name.startswith("@py") for name in (*code.co_varnames, *code.co_names)):
        return False
    return (
        code.co_firstlineno == plain.co_firstlineno
        and code.co_qualname == plain.co_qualname
        and code.co_varnames[: code.co_argcount] == plain.co_varnames[: plain.co_argcount]
        and {*plain.co_names} - {"AssertionError"} <= {*code.co_names}
    )


def _node_of(code: CodeType, statement: ast.stmt) -> Function | None:
    """The function in ``statement`` that was compiled to ``code``."""
    functions = [
        node
        for node in walk(statement)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        and getattr(node, "name", "<lambda>") == code.co_name
        and _first_line(node) == code.co_firstlineno
    ]
    if len(functions) > 1:
        # Several lambdas on a line: the innermost that has all that the code does inside.
        first, last = _extent(code)
        inside = [each for each in functions if _start(each.body) <= first and last <= _end(each.body)]
        # Of a constant that is returned 3.12 keeps no columns.
        functions = inside or [each for each in functions if _compiles_to(each, code)]
        functions.sort(key=lambda each: _start(each.body))
    return functions[-1] if functions else None


def _compiles_to(node: Any, code: CodeType) -> bool:
    """Whether a lambda that needs nothing from around it is compiled to ``code``."""
    outer = _compiled(ast.Expression(node), "eval", code.co_flags & _FUTURE)
    alone = next(const for const in outer.co_consts if isinstance(const, CodeType))
    return _without_place(alone.replace(co_flags=code.co_flags, co_qualname=code.co_qualname)) == _without_place(code)


def _first_line(node: Any) -> int:
    starts: list[int] = [each.lineno for each in (node, *getattr(node, "decorator_list", ()))]
    return min(starts)


def _start(body: Any) -> tuple[int, int]:
    first = body[0] if isinstance(body, list) else body
    return first.lineno, first.col_offset


def _end(body: Any) -> tuple[int, int]:
    last = body[-1] if isinstance(body, list) else body
    return last.end_lineno, last.end_col_offset


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
