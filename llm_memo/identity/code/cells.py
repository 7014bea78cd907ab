"""Cells of marimo: their own names, and the functions that the file of a notebook wraps them in.

marimo puts ``_cell_<id>`` before a cell's own names, those that begin with an underscore, and the id changes when a
cell comes or goes; in the file of a notebook each cell is the body of a function under ``@app.cell``, and runs as a
module of its own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from types import CodeType

_OF_A_CELL = re.compile(r"\b_cell_[A-Za-z]{4,5}_(?=\w)")


def plain(text: str) -> str:
    """A name, or a chain of names, as the user wrote it."""
    return _OF_A_CELL.sub("_", text) if "_cell_" in text else text


def running(name: str, names: Iterable[str]) -> str:
    """``name``, as the user wrote it, as it runs among ``names``; itself where no cell, or more than one, has it."""
    found = [each for each in names if each.startswith("_cell_") and plain(each) == name] if name[:1] == "_" else ()
    return found[0] if len(found) == 1 else name


def shortest(chain: str, names: Iterable[str]) -> str:
    """A chain of names as the user wrote it, if that stands for it among ``names``; else as it runs."""
    first, dot, rest = chain.partition(".")
    return f"{plain(first)}{dot}{rest}" if running(plain(first), names) == first else chain


def own_names(code: CodeType) -> frozenset[tuple[str, str]]:
    """The cell's own names in ``code``, as the user wrote each and as it runs."""
    found: set[str] = set()
    codes = [code]
    for each in codes:
        codes += [const for const in each.co_consts if isinstance(const, CodeType)]
        found.update(name for name in (each.co_name, *each.co_names) if name.startswith("_cell_"))
    return frozenset((plain(name), name) for name in found)


def rename(tree: ast.AST, names: dict[str, str]) -> None:
    """Give names in a tree their form in running code."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) if name in names:
                node.id = names[name]
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                node.name = names.get(name, name)


def bodies(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """The statements of each cell in the file of a notebook."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for each in node.decorator_list:
                decorator = each.func if isinstance(each, ast.Call) else each
                if isinstance(decorator, ast.Attribute) and decorator.attr == "cell":
                    yield node.body
