"""Modules of the user's own, made of text, and what their function ``f`` depends on."""

from __future__ import annotations

import ast
import itertools
import linecache
import sys
import types
from typing import Any

from llm_memo.identity.code.names import Chain, step_text
from llm_memo.identity.code.reads import reads_of
from llm_memo.identity.code.scopes import Function
from llm_memo.identity.code.uses import Kind, Use
from llm_memo.identity.fingerprint import Fingerprint, Snapshot

numbers = itertools.count()


class Cell:
    """A module of the user's own, made of text."""

    def __init__(self, text: str, name: str = "", **names: Any) -> None:
        module = types.ModuleType(name or f"cell_{next(numbers)}")
        sys.modules[module.__name__] = module
        self.names = vars(module)
        self.names.update(names)
        self.run(text)
        self.fingerprint = Fingerprint(self.names["f"])

    def run(self, text: str) -> None:
        """Run a text, or one more statement; its source is kept as a notebook keeps it."""
        file = f"<cell {next(numbers)}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec", dont_inherit=True), self.names)

    def now(self) -> Snapshot:
        """What the function ``f`` depends on."""
        return self.fingerprint.current()


def asking(expression: str, head: str = "") -> str:
    """The text of a function that reads what the expression reads."""
    return f"{head}\ndef f(x=None):\n    return {expression}\n"


def parts(expression: str, head: str = "", **names: Any) -> set[str]:
    """The parts of such a function's fingerprint, but for its own code."""
    return {part.text for part in Cell(asking(expression, head), **names).now().parts} - {"code"}


def tree(text: str) -> Function:
    """The tree of the first function in a text, which may be a lambda."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    return next(node for node in ast.walk(ast.parse(text)) if isinstance(node, functions))


def uses(text: str, free: tuple[str, ...] = (), owner: str = "") -> list[str]:
    """What a function does with what is outside of it, one text for each use: ``read CFG['model']``."""
    return [found for use in reads_of(tree(text), free, frozenset(), owner).uses for found in _texts(use)]


def _texts(use: Use) -> list[str]:
    if use.group is not None:
        groups = [use.group, *use.group.parts]
        return [f"group: {text}" for group in groups for each in (*group.calls, *group.inside) for text in _texts(each)]
    given = " given " + ", ".join(_chain(ref.chain) for each in use.given for ref in each.refs)
    kind = "read" if use.kind is Kind.RETURN else use.kind.value
    text = f"{kind} {_chain(use.ref.chain)}" + (given if given != " given " else "")
    return [text + (" unless set" if use.ref.unless is not None else "")]


def _chain(chain: Chain) -> str:
    return chain.root.name + "".join(map(step_text, chain.steps))
