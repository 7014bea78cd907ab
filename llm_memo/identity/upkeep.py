"""Counters and logs: what code only keeps up, and does not depend on."""

from __future__ import annotations

import bisect
import collections
import functools
import heapq
import inspect
import types
from collections import deque
from collections.abc import Mapping
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

_LOOKS = frozenset({"__contains__", "__len__", "count", "get", "index", "keys", "total", "values"})
"""Methods that tell something of a container, but let it go nowhere."""


def mutates(rest: tuple[Step, ...]) -> bool:
    """Whether the steps end in a method that changes the container that they start from: ``[key].append``."""
    return bool(rest) and rest[-1] in MUTATORS and all(isinstance(step, Item) for step in rest[:-1])


def use_inside(rest: tuple[Step, ...], use: Use) -> Use:
    """What becomes of a container, from which code takes the steps ``rest`` to do ``use`` with what is there."""
    if not rest:
        return use
    looks = mutates(rest) or rest[0] in _LOOKS or rest[0] is ANY
    if not looks and isinstance(rest[0], Item):
        looks = not use_inside(rest[1:], use) & HANDED
    return Use.LOOKED_AT if looks else Use.HANDED_ON


def hands_on_item(rest: tuple[Step, ...], use: Use) -> bool:
    """Whether the steps lead through ``container[key]``, and that item goes somewhere."""
    return rest[:1] == (ANY,) and bool(use_inside(rest[1:], use) & HANDED)


@dataclass(slots=True)
class Facts:
    """What is known of all the code together."""

    written: set[Place] = field(default_factory=set)
    """Places that are assigned to."""
    changed: set[int] = field(default_factory=set)
    """Identities of containers that are written to."""
    lists_changed: set[int] = field(default_factory=set)
    """Those of them that are lists."""
    handed_on: set[int] = field(default_factory=set)
    """Identities of values that go somewhere."""
    gone_through: set[int] = field(default_factory=set)
    """Identities of lists of moments of which the code takes one after the other."""
    items_changed: set[int] = field(default_factory=set)
    """Identities of containers whose items are written to, as in ``HISTORIES[user].append(…)``."""
    items_handed_on: set[int] = field(default_factory=set)
    """Identities of containers whose items go somewhere."""

    def __len__(self) -> int:
        places, *others = self.written, self.changed, self.handed_on, self.gone_through
        return len(places) + sum(map(len, (*others, self.items_changed, self.items_handed_on)))

    def change(self, container: Any) -> None:
        """Note that code writes to a container."""
        changeable = not (is_fixed(container) or is_code(container) or isinstance(container, types.ModuleType))
        if container is not MISSING and changeable:
            self.changed.add(id(container))
            if type(container) in (list, deque):
                self.lists_changed.add(id(container))

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
        if id(value) in self.items_changed & self.items_handed_on:
            return False
        return id(value) in self.changed and id(value) not in self.handed_on


@dataclass(slots=True)
class KeptUpBy:
    """What code does to the attributes of its first argument."""

    assigned: set[Step] = field(default_factory=set)
    """Those that it sets."""
    inside: set[Step] = field(default_factory=set)
    """Those that it writes into."""
    items_handed_on: set[Step] = field(default_factory=set)
    """Those of which items go somewhere: of a list they are depended on, of a dict it may be a memo."""

    def names(self, attributes: Mapping[str, object]) -> frozenset[str]:
        """Of an object with these attributes, those that are kept up.

        What looks like writing into an object of another kind than Python's own containers may be anything.
        """
        into = {
            name
            for name in self.inside
            if (kind := type(attributes.get(str(name)))) in _CONTAINERS
            and not (name in self.items_handed_on and kind in (list, deque))
        }
        return frozenset(name for name in self.assigned | into if isinstance(name, str))


_CONTAINERS = (
    list, dict, set, deque, collections.Counter, collections.defaultdict, collections.OrderedDict, type(None),
)  # fmt: skip


def kept_up_by(code: types.CodeType, kind: type) -> KeptUpBy:
    """What a function keeps up on its first argument, a ``kind``.

    The methods that it calls may do so for it: that is what they set or write into, and none of all this code
    reads. Where the argument as a whole goes somewhere, as in ``render(self)`` or ``super().ask()``, nobody knows
    what is read of it: then only what the function itself sets is kept up.
    """
    found = KeptUpBy()
    codes, understood = _codes(code, kind)
    set_by_others: set[Step] = set()
    into_by_others: set[Step] = set()
    read: set[Step] = set()
    depended_on: set[Step] = set()
    for each in codes:
        reads = reads_of(each)
        written = {path for path in reads.written if _is_of_first(path, each) and GOTTEN not in path.steps}
        set_here = {path.steps[0] for path in written if len(path.steps) == 1}
        into_here = {path.steps[0] for path in written if len(path.steps) > 1}
        items_changed: set[Step] = set()
        items_handed_on: set[Step] = set()
        for path, use in reads.read.items():
            if not _is_of_first(path, each):
                continue
            name, rest = path.steps[0], path.steps[1:]
            if mutates(rest):
                into_here.add(name)
                items_changed |= {name} if len(rest) > 1 else set()
                read |= {name} if rest[-1] in _GIVES else set()
                continue
            if hands_on_item(rest, use):
                items_handed_on.add(name)
            if use is not Use.UPDATED:
                read.add(name)
            if path not in written and use_inside(rest, use) & HANDED:
                depended_on.add(name)
        depended_on |= items_changed & items_handed_on
        found.items_handed_on |= items_handed_on
        if each is code:
            found.assigned, found.inside = set_here, into_here
        else:
            set_by_others |= set_here
            into_by_others |= into_here
    if understood:
        found.assigned |= set_by_others - read
        found.inside = (found.inside - depended_on) | (into_by_others - read)
    else:
        found.inside = set()
    return found


def _codes(code: types.CodeType, kind: type) -> tuple[list[types.CodeType], bool]:
    """The code of a function, and of the methods that it uses of its first argument, and they of it.

    And whether that is all of the code which may know that argument.
    """
    codes, understood = [code], not hasattr(kind, "__getattr__")
    for each in codes:
        understood = understood and "super" not in each.co_names
        for path in reads_of(each).read:
            if not _is_from_first(path, each):
                continue
            step = path.steps[0] if path.steps else ANY
            if not isinstance(step, str) or (step.startswith("__") and step.endswith("__")):
                understood = False
                continue
            member = innermost(inspect.getattr_static(kind, step, None))
            if isinstance(member, (property, functools.cached_property)):
                member = member.fget if isinstance(member, property) else member.func
            if isinstance(member, types.FunctionType):
                codes += [member.__code__] if member.__code__ not in codes else []
            elif callable(member) or hasattr(member, "__get__"):
                understood = understood and isinstance(member, _HARMLESS)
    return codes, understood


_HARMLESS = (type, classmethod, types.MemberDescriptorType)
"""Members of a class that know nothing of an instance."""


def _is_from_first(path: Path, code: types.CodeType) -> bool:
    first = code.co_varnames[:1] if code.co_argcount else ()
    return path.scope is Scope.PARAMETER and (path.name,) == first


def _is_of_first(path: Path, code: types.CodeType) -> bool:
    return _is_from_first(path, code) and bool(path.steps)
