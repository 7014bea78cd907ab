"""Guards: checks that what a scan has read is still what it was, a flat list that is quick to run through.

The idea is that of ``torch._dynamo.guards``: a result is good as long as all guards hold.
"""

from __future__ import annotations

import marshal
import types
from collections.abc import Callable
from itertools import chain
from typing import Any

import xxhash

_PLAIN = frozenset({str, int, float, bool, type(None)})
_CONTAINERS = frozenset({list, tuple, dict})
KINDS = _PLAIN | _CONTAINERS
"""Types of what plain data is made of."""
_MARSHAL = 2
"""The version whose bytes tell types and order, and not what is shared."""


class Guards:
    """What was read, by place; identity tells what never changes, a second look the rest."""

    __slots__ = ("_known", "absent", "checks", "functions", "names")

    def __init__(self) -> None:
        self.names: list[tuple[Any, Any, object]] = []
        """``container[key]`` and what it was."""
        self.absent: list[tuple[Any, object]] = []
        """Containers, and a key that each did not have."""
        self.functions: list[tuple[types.FunctionType, object, object, object]] = []
        """Functions with their code and defaults, which auto-reload replaces in place."""
        self.checks: list[Callable[[], bool]] = []
        self._known: set[object] = set()

    def hold(self) -> bool:
        """Whether everything is what it was."""
        try:
            for container, key, value in self.names:
                if container[key] is not value:
                    return False
            for container, key in self.absent:
                if key in container:
                    return False
            for function, code, defaults, named in self.functions:
                if (
                    function.__code__ is not code
                    or function.__defaults__ is not defaults
                    or function.__kwdefaults__ is not named
                ):
                    return False
            for check in self.checks:
                if not check():
                    return False
        except Exception:  # a name is gone, or somebody's value does not want to be looked at
            return False
        return True

    def name(self, container: Any, key: object, value: object) -> None:
        """Guard that ``container[key]`` is this very value."""
        if self._first(("name", id(container), type(key), key)):
            self.names.append((container, key, value))

    def no_name(self, container: Any, key: object) -> None:
        """Guard that ``container`` has no ``key``."""
        if self._first(("absent", id(container), type(key), key)):
            self.absent.append((container, key))

    def function(self, function: types.FunctionType) -> None:
        """Guard a function's code and defaults."""
        if self._first(("function", id(function))):
            self.functions.append((function, function.__code__, function.__defaults__, function.__kwdefaults__))
            for name, value in (function.__kwdefaults__ or {}).items():  # a dict, which may change in place
                self.name(function.__kwdefaults__, name, value)

    def got(self, get: Callable[[], object], value: object) -> None:
        """Guard that ``get()`` returns this very value."""
        self.checks.append(lambda: get() is value)

    def same(self, get: Callable[[], object], value: object) -> None:
        """Guard that ``get()`` returns an equal value, one of which equal ones are the same: a text, bytes, classes."""
        self.checks.append(lambda: get() == value)

    def content(
        self,
        value: Any,
        look: Callable[[], object],
        seen: object,
        witness: Callable[[], Callable[[], bool]] | None = None,
    ) -> None:
        """Guard what is inside of ``value``, of which ``look()`` gave ``seen``.

        ``witness()`` makes a check that is quicker than ``look``; where it raises, there is none.
        """
        if not self._first(("content", id(value))):
            return
        known = quietly(marshalled, value) if quietly(is_plain, value) else None
        if known is not None:
            self.checks.append(lambda: quietly(marshalled, value) == known or look() == seen)
        elif witness is not None:
            self.checks.append(_Content(look, seen, witness).is_same)
        else:
            self.checks.append(lambda: look() == seen)

    def _first(self, mark: object) -> bool:
        if mark in self._known:
            return False
        self._known.add(mark)
        return True


class _Content:
    """A check of a value by its witness. The witness is made at the first look, and anew where it is one no more."""

    __slots__ = ("_expected", "_fails", "_holds", "_look", "_witness")

    def __init__(self, look: Callable[[], object], seen: object, witness: Callable[[], Callable[[], bool]]) -> None:
        self._look = look
        self._expected = seen
        self._witness = witness
        self._holds: Callable[[], bool] | None = None
        self._fails = 0

    def is_same(self) -> bool:
        """Whether the value is what it was."""
        try:
            if self._holds is not None and self._holds():
                return True
        except Exception:  # it cannot be looked at as it was
            self._holds = None
        return self._is_same_at_second_look()

    def _is_same_at_second_look(self) -> bool:
        """Look at all of it, between two looks at the parts: so a witness speaks of what was looked at."""
        holds = quietly(_call, self._witness) if self._fails < _TRIES else None
        if self._look() != self._expected:
            return False
        if holds is not None and quietly(_call, holds) is True:
            self._holds, self._fails = holds, 0
        else:
            self._holds, self._fails = None, self._fails + 1
        return True


_TRIES = 3
"""How often in a row a witness that does not even hold at once is made anew."""


def _call(function: Callable[[], Any]) -> Any:
    return function()


_FIXED = frozenset({
    "builtins.str", "builtins.int", "builtins.float", "builtins.bool", "builtins.NoneType", "builtins.bytes",
    "builtins.complex", "builtins.ellipsis", "builtins.range", "datetime.datetime", "datetime.date", "datetime.time",
    "datetime.timedelta", "datetime.timezone", "re.Pattern", "pathlib.PurePosixPath", "pathlib.PureWindowsPath",
    "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib._local.PosixPath", "decimal.Decimal", "fractions.Fraction",
    "uuid.UUID",
})  # fmt: skip
"""Types whose instances never change: the same object is the same value."""


def is_fixed(value: Any) -> bool:
    """Whether a value can never change."""
    kind = type(value)
    if f"{kind.__module__}.{kind.__qualname__}" in _FIXED:
        return True
    return kind in (tuple, frozenset) and all(map(is_fixed, value))


def quietly(witness: Callable[[Any], Any], value: Any) -> Any:
    """What a witness says of a value; None if it raises."""
    try:
        return witness(value)
    except Exception:
        return None


def marshalled(value: Any) -> bytes:
    """The bytes of `marshal`, or of long ones what stands for them.

    Raises:
        ValueError: It cannot write the value any more.
    """
    written = marshal.dumps(value, _MARSHAL)
    if len(written) <= _LONG:
        return written
    return b"%d %b" % (len(written), xxhash.xxh3_128_digest(written))


_LONG = 65_536
_SHARED = 4
"""How often each part may occur on average, so that writing all takes no longer than that."""


def is_plain(value: Any) -> bool:
    """Whether a value is made of what JSON has, and tuples: for those, the bytes of `marshal` tell every change.

    And whether it does not share its parts so often that writing them out would take long.

    Level by level, in loops in C: what 40 levels of ``[x, x]`` hold doubles with each, and what is different does not;
    what holds itself is written out for ever.
    """
    containers, written, seen = [value], 1, {id(value)}
    if type(value) not in _CONTAINERS:
        return type(value) in _PLAIN
    while containers:
        dicts = [each for each in containers if type(each) is dict]
        inside = [*chain.from_iterable(containers), *chain.from_iterable(map(dict.values, dicts))]
        if not {*map(type, inside)} <= KINDS:
            return False
        containers = [each for each in inside if type(each) in _CONTAINERS]
        written += len(containers)
        seen.update(map(id, containers))
        if written > _SHARED * len(seen) + 1_000:
            return False
    return True
