"""What a snapshot was made of, and whether it is still so: a flat list of checks, quick to run through."""

from __future__ import annotations

import datetime
import decimal
import fractions
import operator
import pathlib
import re
import types
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from llm_memo.identity.observe import Observed, observe

Place = tuple[int, object]
"""Where a value is kept: the identity of what holds it, and its name there."""

FIXED = frozenset({
    str, int, float, bool, type(None), bytes, complex, type(...), range,
    datetime.datetime, datetime.date, datetime.time, datetime.timedelta, datetime.timezone,
    decimal.Decimal, fractions.Fraction, uuid.UUID, re.Pattern,
    pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.PosixPath, pathlib.WindowsPath,
})  # fmt: skip
"""Types whose instances never change: the same object is the same value."""

_CODE = (types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType)
"""What is watched by itself, wherever it is kept."""


class Watch:
    """Checks, by kind. An identity check where identity tells the value, else the value is encoded again."""

    __slots__ = (
        "_absent", "_known", "_places", "cells", "functions", "getters", "lists", "mappings", "names", "observed", "sizes"
    )  # fmt: skip

    def __init__(self) -> None:
        self.names: list[tuple[Any, Any, object]] = []
        self.functions: list[tuple[Any, object, object, object]] = []
        self.cells: list[tuple[Any, object]] = []
        self.getters: list[tuple[Callable[..., object], tuple[Any, ...], object]] = []
        self.sizes: list[tuple[Any, int]] = []
        self.mappings: list[tuple[Any, tuple[object, ...], tuple[object, ...]]] = []
        self.lists: list[tuple[Any, tuple[object, ...]]] = []
        self.observed: list[tuple[object, Observed]] = []
        self._absent: dict[int, tuple[Mapping[Any, Any], set[Any]]] = {}
        self._known: set[tuple[object, ...]] = set()
        self._places: dict[Place, tuple[list[Place], Callable[[], None]]] = {}

    def unchanged(self) -> bool:
        """Whether everything is what it was."""
        try:
            for container, key, value in self.names:
                if container[key] is not value:
                    return False
            for function, code, defaults, kwdefaults in self.functions:
                if (
                    function.__code__ is not code
                    or function.__defaults__ is not defaults
                    or function.__kwdefaults__ is not kwdefaults
                ):
                    return False
            for cell, value in self.cells:
                if cell.cell_contents is not value:
                    return False
            for mapping, absent in self._absent.values():
                if not mapping.keys().isdisjoint(absent):
                    return False
            for get, args, value in self.getters:
                if get(*args) is not value:
                    return False
            for container, size in self.sizes:
                if len(container) != size:
                    return False
            for mapping, keys, values in self.mappings:
                if not (_same(mapping, keys) and all(map(operator.is_, mapping.values(), values))):
                    return False
            for items, held in self.lists:
                if not _same(items, held):
                    return False
            return all(observe(value).same(observed) for value, observed in self.observed)
        except Exception:  # a name is gone, or somebody's value is not to be looked at
            return False

    def settle(self, written: set[Place]) -> None:
        """Watch the places that were looked at, but for those that are ``written``, which change as they like."""
        for places, watch in self._places.values():
            if written.isdisjoint(places):
                watch()
        self._places.clear()

    def name(self, places: list[Place], container: Any, key: object, value: object) -> None:
        """Watch what ``container[key]`` is, the value that is kept at ``places``."""
        self._places[places[-1]] = places, lambda: self.names.append((container, key, value))

    def absent(self, mapping: Mapping[Any, Any], key: object) -> None:
        """Watch that ``mapping`` has no ``key``."""
        self._absent.setdefault(id(mapping), (mapping, set()))[1].add(key)

    def function(self, function: types.FunctionType) -> None:
        """Watch a function's code, which auto-reload replaces in place, and its defaults."""
        if self._new("function", id(function)):
            self.functions.append((function, function.__code__, function.__defaults__, function.__kwdefaults__))

    def cell(self, place: Place, cell: types.CellType, value: object) -> None:
        """Watch a closure's variable."""
        self._places[place] = [place], lambda: self.cells.append((cell, value))

    def getter(self, places: list[Place], get: Callable[..., object], *args: Any) -> Any:
        """Watch what ``get(*args)`` returns, and return it."""
        value = get(*args)
        self._places[places[-1]] = places, lambda: self.getters.append((get, args, value))
        return value

    def mapping(self, mapping: Mapping[Any, Any], skip: frozenset[Any] = frozenset()) -> None:
        """Watch all that ``mapping`` holds, but for what is under the keys ``skip``."""
        if not self._new("mapping", id(mapping)):
            return
        if skip:
            self.sizes.append((mapping, len(mapping)))
            self.names += [(mapping, key, value) for key, value in mapping.items() if key not in skip]
        else:
            self.mappings.append((mapping, tuple(mapping), tuple(mapping.values())))

    def value(self, value: Any, observed: Observed | None = None) -> None:
        """Watch what can change inside of ``value``."""
        kind = type(value)
        if kind in FIXED or issubclass(kind, _CODE):
            return
        if kind is tuple or kind is frozenset:
            self._items(value)
        elif kind is list:
            if self._new("list", id(value)):
                self.lists.append((value, tuple(value)))
                self._items(value)
        elif kind is dict:
            self.mapping(value)
            self._items(value.values())
        else:
            self.observed.append((value, observed or observe(value)))

    def _items(self, items: Any) -> None:
        for item in items:
            self.value(item)

    def _new(self, *check: object) -> bool:
        known = check in self._known
        self._known.add(check)
        return not known


def _same(container: Any, held: Sequence[object]) -> bool:
    return len(container) == len(held) and all(map(operator.is_, container, held))
