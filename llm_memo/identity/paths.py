"""Paths: how code names a value outside of itself, such as ``prompts.SYSTEM`` or ``STATS['calls']``."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Scope(enum.Enum):
    """Where a path starts."""

    GLOBAL = "global"
    CLOSURE = "closure"
    PARAMETER = "parameter"
    """One of the function's own parameters."""
    IMPORT = "import"
    """A module that the function imports itself; dots in front make it relative."""


class Use(enum.Flag):
    """What happens to a value after it is read."""

    CALLED = enum.auto()
    LOOKED_AT = enum.auto()
    """Measured, compared, subscripted, updated: it goes nowhere itself."""
    UPDATED = enum.auto()
    """Changed in place, as by ``+=``."""
    PASSED = enum.auto()
    """Passed to a function that may be looked into."""
    GONE_THROUGH = enum.auto()
    """Its items are taken one by one."""
    HANDED_ON = enum.auto()


HANDED = Use.HANDED_ON | Use.PASSED | Use.GONE_THROUGH
"""Uses by which a value, or something in it, may get somewhere."""


@dataclass(frozen=True, slots=True)
class Item:
    """The step into ``container[key]``, the key being a constant."""

    key: object


ANY = Item(...)
"""The step into ``container[key]`` with a key that is known only when the code runs."""

GOTTEN = "get()"
"""The step into a context variable, to the value that it has here and now."""

Step = str | Item
"""An attribute's name, or an item."""


@dataclass(frozen=True, slots=True)
class Path:
    """A name and the steps that lead on from it."""

    scope: Scope
    name: str
    steps: tuple[Step, ...] = ()

    def then(self, step: Step) -> Path:
        """One step further."""
        return Path(self.scope, self.name, (*self.steps, step))

    def up(self) -> Path:
        """The last step taken back."""
        return Path(self.scope, self.name, self.steps[:-1])

    def __str__(self) -> str:
        return self.name + "".join(map(written, self.steps))


def written(step: Step) -> str:
    """A step as it stands in code: ``.prompt``, ``['calls']``, ``[…]``."""
    if isinstance(step, str):
        return f".{step}"
    return "[…]" if step is ANY else f"[{step.key!r}]"
