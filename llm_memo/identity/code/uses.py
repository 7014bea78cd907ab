"""What code does with a value outside of itself: the record that `llm_memo.identity.code.reads` makes."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import NamedTuple

from llm_memo.identity.code.names import Chain

Place = tuple[int, int]
"""Where a statement begins: its line and column."""


class Kind(enum.Enum):
    """What happens to the value that a chain leads to."""

    READ = "read"
    """It is read whole, and may go anywhere."""
    RETURN = "return"
    """It is read whole, by the function's own caller."""
    CALL = "call"
    CLASS = "class"
    """Only its class is read, as by ``isinstance``."""
    IDENTITY = "identity"
    """It is compared by ``is`` with a constant."""
    LENGTH = "length"
    PRESENCE = "presence"
    """Only whether it is there is read."""
    MEMBER = "member"
    """Whether a constant is in it."""
    PLACE = "place"
    """A path is gone on from, to a file: ``(ROOT / "prompt.txt").read_text()``."""
    KEYS = "keys"
    """Which keys are there is read, or how many items."""
    ITERATE = "iterate"
    """A loop goes through it; what happens to the items are uses of their own."""
    ENTER = "enter"
    """A ``with`` statement enters it."""
    WRITE = "write"
    """It is set, deleted or changed by ``+=``."""
    DATA = "data"
    """All names of the function's module that are data are read: ``**globals()``."""
    LAZY = "lazy"
    """``if X is None: X = E``, ``X = X or E``: made by the first call that needs it."""
    IMPORT = "import"
    """A module is imported."""
    GROUP = "group"
    """A statement that may only print or log."""


class Unless(NamedTuple):
    """The function itself has set the chain before, by a plain assignment that always runs."""

    chain: Chain
    """What it has set."""
    passed: tuple[Chain, ...]
    """What was given to calls in between: a callable among it may have set the chain anew."""


class Ref(NamedTuple):
    """A chain at one place of the code."""

    chain: Chain
    unless: Unless | None = None


class Given(NamedTuple):
    """One argument of a call."""

    place: int | str
    """Its position, or its name; ``*`` for what is unpacked."""
    refs: tuple[Ref, ...] = ()
    """The chains that it may be; none for anything else."""
    constant: object = None
    """The text that it is, if it is one."""


@dataclass(slots=True, eq=False)
class Group:
    """A statement that does nothing but call, or an ``if`` of such: free if all it does is to print or log."""

    place: Place
    calls: list[Use]
    """The calls that the statements are."""
    inside: list[Use] = field(default_factory=list)
    """What their arguments and the condition do."""
    parts: list[Group] = field(default_factory=list)
    """The statements of an ``if``."""


class Use(NamedTuple):
    """One use of a chain."""

    kind: Kind
    ref: Ref
    line: int = 0
    given: tuple[Given, ...] = ()
    """The arguments of a call."""
    statement: bool = False
    """The call is a statement of its own, so its result goes nowhere; a write is one like ``+=``."""
    made: tuple[Use, ...] = ()
    """What the expression that makes a lazy value does."""
    group: Group | None = None
    """Of `Kind.GROUP`."""


@dataclass(slots=True)
class Reads:
    """What one function does with what is outside of it."""

    uses: tuple[Use, ...]
    """In the order of the code."""
    attributes: frozenset[str]
    """All names of attributes that it uses, of any value."""
    builtins: frozenset[str]
    """Names of builtins whose meaning was taken for granted."""
