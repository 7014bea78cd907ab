"""Modules of the user's own, made of text, and what their function ``f`` depends on."""

from __future__ import annotations

import itertools
import sys
import types

from llm_memo.identity.fingerprint import Fingerprint, Snapshot

numbers = itertools.count()


class Cell:
    """A module of the user's own, made of text."""

    def __init__(self, text: str, name: str = "") -> None:
        module = types.ModuleType(name or f"cell_{next(numbers)}")
        sys.modules[module.__name__] = module
        self.names = vars(module)
        self.run(text)
        self.fingerprint = Fingerprint(self.names["f"])

    def run(self, text: str) -> None:
        """Run a text, or one more statement."""
        exec(compile(text, "<cell>", "exec", dont_inherit=True), self.names)

    def now(self) -> Snapshot:
        """What the function ``f`` depends on."""
        return self.fingerprint.current()


def asking(expression: str, head: str = "") -> str:
    """The text of a function that reads what the expression reads."""
    return f"{head}\ndef f(x=None):\n    return {expression}\n"


def parts(expression: str, head: str = "") -> set[str]:
    """The names of the parts of such a function's fingerprint, but for its code."""
    return set(Cell(asking(expression, head)).now().parts) - {"code"}


def untracked(expression: str, head: str = "") -> dict[str, str]:
    """What is left out of it."""
    return dict(Cell(asking(expression, head)).now().untracked)
