"""Counters and logs: what code only keeps up, and does not depend on."""

from __future__ import annotations

import bisect
import heapq
import inspect
import types
from dataclasses import dataclass, field
from typing import Any

from llm_memo.identity.chains import MISSING, innermost, is_code
from llm_memo.identity.paths import ANY, GOTTEN, HANDED, Item, Path, Scope, Step, Use
from llm_memo.identity.reads import reads_of
from llm_memo.identity.watch import Place, is_fixed

WRITTEN = "written by the function"
"""Why a counter or a log is not tracked."""

MUTATORS = frozenset({
    "add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "extendleft", "insert",
    "intersection_update", "move_to_end", "pop", "popitem", "popleft", "push", "put", "put_nowait", "remove",
    "reverse", "rotate", "setdefault", "sort", "subtract", "symmetric_difference_update", "update", "write",
    "writelines",
})  # fmt: skip
"""Methods by which a container is written to."""

MUTATING = (heapq.heappop, heapq.heappush, heapq.heappushpop, heapq.heapreplace, bisect.insort, bisect.insort_left)
"""Functions that do the same to their first argument."""

_GIVES = frozenset({"pop", "popitem", "popleft", "setdefault"})
"""Those of them that return what is in it."""

_LOOKS = frozenset({"__contains__", "__len__", "count", "get", "index", "keys", "total"})
"""Methods that tell something of a container, but let it go nowhere."""


def mutates(rest: tuple[Step, ...]) -> bool:
    """Whether the steps end in a method that changes the container that they start from: ``[key].append``."""
    return bool(rest) and rest[-1] in MUTATORS and all(isinstance(step, Item) for step in rest[:-1])


def use_inside(rest: tuple[Step, ...], use: Use) -> Use:
    """What becomes of a container, from which code takes the steps ``rest`` to do ``use`` with what is there."""
    if not rest:
        return use
    if rest == ("values",):
        return Use.GONE_THROUGH
    looks = mutates(rest) or rest[0] in _LOOKS or rest[0] in (ANY, GOTTEN)
    return Use.LOOKED_AT if looks else Use.HANDED_ON


@dataclass(slots=True)
class Facts:
    """What is known of all the code together."""

    written: set[Place] = field(default_factory=set)
    """Places that are assigned to."""
    changed: set[int] = field(default_factory=set)
    """Identities of containers that are written to."""
    handed_on: set[int] = field(default_factory=set)
    """Identities of values that go somewhere."""
    gone_through: set[int] = field(default_factory=set)
    """Identities of containers of numbers of which the code takes one after the other."""

    def __len__(self) -> int:
        return len(self.written) + len(self.changed) + len(self.handed_on)

    def change(self, container: Any) -> None:
        """Note that code writes to a container."""
        changeable = not (is_fixed(container) or is_code(container) or isinstance(container, types.ModuleType))
        if container is not MISSING and changeable:
            self.changed.add(id(container))

    def bound(self, method: types.BuiltinFunctionType, use: Use) -> None:
        """Note what is done to the container that a method, such as ``LOG.append`` kept in a name, is bound to."""
        if use is Use.CALLED and method.__name__ in MUTATORS - _GIVES:
            self.change(method.__self__)
        else:
            self.handed_on.add(id(method.__self__))  # ``COPY = LOG.copy``: what it returns goes somewhere

    def only_kept_up(self, value: object, places: list[Place]) -> bool:
        """Whether the code keeps a value up, as a counter or a log, rather than depends on it.

        A container that is written to and goes somewhere as well, such as the history of a chat, is
        depended on.
        """
        if not self.written.isdisjoint(places):
            return True
        return id(value) in self.changed and id(value) not in self.handed_on


def kept_up_attributes(code: types.CodeType, kind: type) -> frozenset[str]:
    """The attributes of its first argument, a ``kind``, that a function only keeps up, such as a count of its calls.

    The methods that it calls on that argument may keep them up for it. What a method sets and another uses
    is no such attribute.
    """
    own, *others = _codes(code, kind)
    assigned, inside, depended_on = _kept_up_by(own)
    theirs: set[Step] = set()
    for other in others:
        also_assigned, also_inside, also_depended_on = _kept_up_by(other)
        theirs |= also_assigned
        inside |= also_inside
        depended_on |= also_depended_on
    return frozenset(name for name in assigned | ((theirs | inside) - depended_on) if isinstance(name, str))


def _codes(code: types.CodeType, kind: type) -> list[types.CodeType]:
    """The code of a function, and of the methods that it calls on its first argument, and they on it."""
    codes = [code]
    for each in codes:
        for path, use in reads_of(each).read.items():
            if _is_of_first(path, each) and len(path.steps) == 1 and use is Use.CALLED:
                method = innermost(inspect.getattr_static(kind, str(path.steps[0]), None))
                if isinstance(method, types.FunctionType) and method.__code__ not in codes:
                    codes.append(method.__code__)
    return codes


def _is_of_first(path: Path, code: types.CodeType) -> bool:
    first = code.co_varnames[:1] if code.co_argcount else ()
    return path.scope is Scope.PARAMETER and (path.name,) == first and bool(path.steps)


def _kept_up_by(code: types.CodeType) -> tuple[set[Step], set[Step], set[Step]]:
    """The attributes of its first argument that code assigns, that it writes into, and that it depends on."""
    reads = reads_of(code)
    written = {path for path in reads.written if _is_of_first(path, code)}
    inside = {path.steps[0] for path in written if len(path.steps) > 1}
    depended_on = set()
    for path, use in reads.read.items():
        if _is_of_first(path, code):
            if mutates(path.steps[1:]):
                inside.add(path.steps[0])
            elif path not in written and use_inside(path.steps[1:], use) & HANDED:
                depended_on.add(path.steps[0])
    return {path.steps[0] for path in written if len(path.steps) == 1}, inside, depended_on
