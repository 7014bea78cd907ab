"""Names and chains: how code names a value outside of itself, such as ``prompts.SYSTEM`` or ``CFG["model"]``."""

from __future__ import annotations

from typing import NamedTuple


class Root(NamedTuple):
    """Where a chain starts."""

    kind: str
    """``global``, ``closure``, ``parameter``, ``import``, ``super`` (the next class of the first parameter), ``module``
    (the globals of the function's module as a dict) or ``opaque`` (a value that is made during the call)."""
    name: str
    always: bool = True
    """Of an import: its statement runs in every call."""


# A named tuple is equal to one of another class that has the same fields. So each kind of step says which it is, but
# for the one that there are most of.


class Attribute(NamedTuple):
    """The step to ``value.name``."""

    name: str


class Item(NamedTuple):
    """The step to ``value[key]`` with a constant key."""

    key: object
    kind: type  # 1, True and 1.0 are three keys to a reader, and one to a dict

    def __repr__(self) -> str:
        return f"[{self.key!r}]"


class Named(NamedTuple):
    """The step to ``value[parameter]``: the key is a parameter of the function."""

    parameter: str
    step: str = "named"


class Result(NamedTuple):
    """The step to what a call returns; nothing is known of it but what returned it."""

    mode: str = ""
    """The text that was given as second argument or as ``mode``, which tells a file that is only written."""
    step: str = "result"


class Mark(NamedTuple):
    """A step without a name: `CLASS`, `EACH`, `ANY` or `MODULE`."""

    text: str
    step: str = "mark"


CLASS = Mark(".__class__")
"""The step to the class of a value."""
EACH = Mark("[each]")
"""The step to every item, in a loop."""
ANY = Mark("[…]")
"""The step to an item whose key is known only when the code runs."""

MODULE = Mark("[__name__]")
"""The step to the item whose key is the name of the function's module."""

Step = Attribute | Item | Named | Result | Mark


class Chain(NamedTuple):
    """A name and the steps that lead on from it."""

    root: Root
    steps: tuple[Step, ...] = ()

    def then(self, *steps: Step) -> Chain:
        """Some steps further."""
        return Chain(self.root, (*self.steps, *steps))


def step_text(step: Step) -> str:
    """A step as it stands in code: ``.prompt``, ``['calls']``, ``[…]``."""
    match step:
        case Attribute(name):
            return f".{name}"
        case Named(parameter):
            return f"[{parameter}]"
        case Result():
            return "()"
        case Mark(text):
            return text
    return repr(step)
