"""What a snapshot was made of, and whether it is still so: a flat list of checks, quick to run through."""

from __future__ import annotations

import datetime
import functools
import marshal
import operator
import pathlib
import re
import types
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from llm_memo import adapters
from llm_memo.identity.canonical import class_name
from llm_memo.identity.observe import Observed, observe

Place = tuple[int, object]
"""Where a value is kept: the identity of what holds it, and its name there."""

FIXED = frozenset({
    str, int, float, bool, type(None), bytes, complex, type(...), range,
    datetime.datetime, datetime.date, datetime.time, datetime.timedelta, datetime.timezone,
    re.Pattern,
    pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.PosixPath, pathlib.WindowsPath,
})  # fmt: skip
"""Types whose instances never change: the same object is the same value."""

_FIXED_BY_NAME = frozenset({"decimal.Decimal", "fractions.Fraction", "uuid.UUID"})
"""More of them, whose modules need not be loaded for that."""

_CODE = (types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType)
"""What is watched by itself, wherever it is kept."""

_PLAIN = frozenset({str, int, float, bool, type(None)})

_marshal: Callable[[Any], bytes] = marshal.dumps


class Watch:
    """Checks by identity where identity tells the value, and by a second look where it does not."""

    __slots__ = ("_items", "_places", "_watched", "functions", "missing", "names", "others")

    def __init__(self) -> None:
        self.names: list[tuple[Any, Any, object]] = []
        """``container[key]`` and what it was."""
        self.functions: list[tuple[Any, object, object, object]] = []
        """Functions, and the code and the defaults that they had."""
        self.missing: list[tuple[Mapping[Any, Any], object]] = []
        """Mappings, and a key that each did not have."""
        self.others: list[Callable[[], bool]] = []
        """All other checks."""
        self._places: dict[Place, tuple[list[Place], Callable[[], None]]] = {}
        self._items: dict[Place, Any] = {}
        """Containers whose items were looked at."""
        self._watched: set[int] = set()

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
            for mapping, key in self.missing:
                if key in mapping:
                    return False
            for check in self.others:
                if not check():
                    return False
        except Exception:  # a name is gone, or somebody's value does not want to be looked at
            return False
        return True

    def settle(self, written: set[Place], passed_over: set[Place]) -> None:
        """Watch the places that were looked at, but for those that are ``written``, which change as they like.

        Of those that are ``passed_over`` it is watched that they have numbers.
        """
        for place, (places, watch) in self._places.items():
            if place in passed_over and place in self._items:
                self.others.append(functools.partial(_has_number, self._items[place], place[1]))
            elif written.isdisjoint(places):
                watch()

    def name(self, places: list[Place], container: Any, key: object, value: object) -> None:
        """Watch what ``container[key]`` is, the value that is kept at ``places``."""
        self._places[places[-1]] = places, lambda: self.names.append((container, key, value))

    def item(self, places: list[Place], container: Any, key: object, value: object) -> None:
        """Watch what ``container[key]`` is."""
        self.name(places, container, key, value)
        self._items[places[-1]] = container

    def no_item(self, places: list[Place], container: Any, key: object) -> None:
        """Watch that ``container`` has no such item."""
        is_dict = type(container) is dict
        watch = functools.partial(self.absent, container, key) if is_dict else functools.partial(self.size, container)
        self._places[places[-1]] = places, watch
        self._items[places[-1]] = container

    def absent(self, mapping: Mapping[Any, Any], key: object) -> None:
        """Watch that ``mapping`` has no ``key``."""
        self.missing.append((mapping, key))

    def got(self, places: list[Place], get: Callable[[], object], value: object) -> None:
        """Watch that ``get()`` returns ``value``, which is kept at ``places``."""
        self._places[places[-1]] = places, lambda: self.others.append(lambda: get() is value)

    def function(self, function: types.FunctionType) -> None:
        """Watch a function's code, which auto-reload replaces in place, and its defaults."""
        self.functions.append((function, function.__code__, function.__defaults__, function.__kwdefaults__))

    def moments(self, container: Any) -> None:
        """Watch that ``container`` holds moments alone."""
        self.others.append(lambda: holds_moments(container))

    def size(self, container: Any) -> None:
        """Watch how much ``container`` holds."""
        size = len(container)
        self.others.append(lambda: len(container) == size)

    def mapping(self, mapping: Mapping[Any, Any], skip: frozenset[Any] = frozenset()) -> None:
        """Watch what ``mapping`` holds, but for what is under the keys ``skip``."""
        if skip:
            self.size(mapping)
            self.names += [(mapping, key, value) for key, value in mapping.items() if key not in skip]
            return
        keys, values, size = tuple(mapping), tuple(mapping.values()), len(mapping)
        self.others.append(
            lambda: (
                len(mapping) == size
                and all(map(operator.is_, mapping, keys))
                and all(map(operator.is_, mapping.values(), values))
            )
        )

    def value(self, value: Any, observed: Observed) -> None:
        """Watch what can change inside of ``value``, which has been ``observed``."""
        kind = type(value)
        if id(value) in self._watched or is_fixed(value) or issubclass(kind, _CODE):
            return
        self._watched.add(id(value))
        if is_plain(value):
            known = _marshal(value)
            self.others.append(lambda: _marshal(value) == known)
            return
        for adapter in adapters.adapters_of(kind):
            steady = getattr(adapter, "steady", None)
            held = steady(value) if steady is not None else None
            if held is not None:
                for mapping, key in held:
                    if key in mapping:
                        self.names.append((mapping, key, mapping[key]))
                    else:
                        self.missing.append((mapping, key))
                return
        self.others.append(lambda: observe(value).same(observed))


def is_number(value: object) -> bool:
    """Whether a value is an amount or a moment, or a pair of such."""
    return type(value) in (int, float, datetime.datetime) or (type(value) is tuple and all(map(is_number, value)))


def _has_number(container: Any, key: Any) -> bool:
    try:
        return is_number(container[key])
    except LookupError:
        return True


def holds_moments(container: Any) -> bool:
    """Whether there is nothing in a list but when something happened, and perhaps how much of it."""
    return type(container) in (list, set, deque) and all(map(_is_moment, container))


def _is_moment(value: Any) -> bool:
    if type(value) is tuple:
        return any(map(_is_moment, value)) and all(type(each) in (int, float) or _is_moment(each) for each in value)
    return type(value) is datetime.datetime or (type(value) is float and 1e9 < value < 4e9)  # 2001 to 2096


def is_fixed(value: Any) -> bool:
    """Whether a value can never change."""
    kind = type(value)
    return is_fixed_kind(kind) or (kind in (tuple, frozenset) and all(map(is_fixed, value)))


def is_fixed_kind(kind: type) -> bool:
    """Whether the instances of a class never change."""
    return kind in FIXED or class_name(kind) in _FIXED_BY_NAME


def is_plain(value: Any) -> bool:
    """Whether a value is made of what JSON has and tuples: for those, `marshal` tells every change."""
    kind = type(value)
    if kind is dict:
        return all(map(is_plain, value)) and all(map(is_plain, value.values()))
    return kind in _PLAIN or (kind in (list, tuple) and all(map(is_plain, value)))
