"""Snapshots by what they are of, remembered for as long as somebody else has that.

A snapshot holds what it is of, however large, and whatever that leads to. So it must not outlive the object: a
service that makes a new object for each request would hold hundreds of them.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, Protocol, TypeVar

from llm_memo.identity.guards import Guards


class _Guarded(Protocol):
    guards: Guards


Snapshot = TypeVar("Snapshot", bound=_Guarded)


class Remembered(Generic[Snapshot]):
    """Snapshots, of at most so many objects.

    Args:
        most: How many objects; those that came first go first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, tuple[object, Snapshot, object, int]] = OrderedDict()
        self._until_sweep = 0

    def find(self, mark: Hashable, value: object, base: object = None) -> Snapshot | None:
        """The snapshot of ``value`` that was made beside ``base``, as long as its guards hold."""
        known = self._known.get(mark)
        if known is None or known[0] is not value or known[2] is not base or not known[1].guards.hold():
            return None
        return known[1]

    def made(self, mark: Hashable, value: object, make: Callable[[], Snapshot], base: object = None) -> Snapshot:
        """A new snapshot of ``value``, remembered from now on."""
        before = _references((value,))
        snapshot = make()
        own = _references((value,)) - before + 1
        self._sweep()
        self._forget(mark)
        self._known[mark] = (value, snapshot, base, own)
        _OURS[id(value)] = _OURS.get(id(value), 0) + own
        while len(self._known) > self._most:
            self._forget(next(iter(self._known), mark))
        return snapshot

    def _sweep(self) -> None:
        """Forget what nobody else has; of many objects not with each new one."""
        self._until_sweep -= 1
        if self._until_sweep < 0:
            for mark, each in list(self._known.items()):
                if _references(each) <= _NOBODYS + _OURS.get(id(each[0]), 0):
                    self._forget(mark)
            self._until_sweep = len(self._known) // 16

    def _forget(self, mark: Hashable) -> None:
        value, _, _, own = self._known.pop(mark, (None, None, None, 0))
        left = _OURS.pop(id(value), 0) - own
        if left > 0:
            _OURS[id(value)] = left

    def __del__(self) -> None:
        for mark in list(self._known):
            self._forget(mark)


def _references(held: tuple[Any, ...]) -> int:
    """How many references there are to the first item, which the tuple itself holds."""
    return sys.getrefcount(held[0])


_NOBODYS = _references((object(),)) - 1
"""What is counted though nobody has the object."""

_OURS: dict[int, int] = {}
"""How many of the references to an object are held here, by its identity; where threads meet, about so many."""
