"""A witness: what a look at the parts of a value tells, so that its form need not be made to see that nothing changed.

It keeps alive all that it speaks of, so that no identity is that of something new. What can never change is the same
by identity; of what can, each item and each attribute is compared by identity with what was there, and is looked at
itself. What is made anew at each look, such as what a bound method consists of, is made anew and compared by value.
"""

from __future__ import annotations

import types
import weakref
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain, starmap
from operator import call, is_
from typing import Any

from llm_memo import adapters
from llm_memo.adapters.equipment import is_equipment
from llm_memo.identity.checks import Check
from llm_memo.identity.forms import objects
from llm_memo.identity.forms.encoding import MANY, Attributes, Buffer, Form, Maker, Subject, encode, maker_of
from llm_memo.identity.guards import is_fixed, is_plain, marshalled, quietly
from llm_memo.identity.quiet import MISSING

_MOST = 20_000
"""Parts of a value, above which it has no witness: checking them takes as long as encoding it."""
_ITEMS = frozenset({list, tuple, dict, set, frozenset, Attributes})
_BY_CLASS = frozenset({"installed", "equipment", "secret"})
"""Kinds of forms in which nothing of a value counts but its class, or the name by which it was found."""
_BY_ATTRIBUTES = frozenset({"object", "model"})
"""Kinds of forms that are made of the class and what `objects.attributes` finds, and of nothing else."""
_WEAK = (weakref.ref, weakref.ProxyType, weakref.CallableProxyType)


class Witness:
    """What the form of a value is made of now.

    Args:
        value: Whatever `llm_memo.identity.forms.encoding.encode` takes.
        subject: The hook that is given to it.

    Raises:
        ValueError: There is too much in it, or raw memory, of which only its bytes speak, or a weak reference, whose
            target it would keep alive, or a ``__dict__`` of a class of its own, which has its own ways to change.
        NoCanonicalForm: Something in it has no form.
    """

    def __init__(self, value: Any, subject: Subject) -> None:
        self._subject = subject
        self._parts: dict[int, Any] = {}
        self._todo = [value]
        self._objects: list[Any] = []
        self._kinds: list[type] = []
        self._held: list[tuple[Callable[[Any], Any], Any]] = []
        """What gets the ``__dict__`` or a slot of an object, and the object; and what was there."""
        self._holders: list[Any] = []
        self._containers: list[Any] = []
        """Lists, sets and dicts; the `_dicts` are looked at a second time, for their values."""
        self._dicts: list[dict[Any, Any]] = []
        self._copies: dict[int, Any] = {}
        self._check = Check()
        """What adapters say of parts."""
        self._plain: list[Any] = []
        """Parts that are plain data, and their bytes."""
        self._bytes: list[bytes] = []
        self._made: list[tuple[Maker, Any, Form | bytes]] = []
        """What makes a form, of which part, and the form."""
        while self._todo:
            part = self._todo.pop()
            if not is_fixed(part) and id(part) not in self._parts:
                self._parts[id(part)] = part
                self._look_at(part)
        self._is_same = self._check.made()
        self._lengths = [*map(len, self._copies.values())]
        dicts = [each for each in self._copies.values() if type(each) is dict]
        self._items = _items_of(self._copies.values(), dicts)

    def check(self) -> Callable[[], bool]:
        """What tells whether the form would be the same now."""
        return self._holds if self._objects or self._containers or self._plain or self._made else self._is_same

    def _holds(self) -> bool:
        items = _items_of(self._containers, self._dicts)
        return (
            self._is_same()
            and all(map(is_, map(type, self._objects), self._kinds))
            and all(map(is_, starmap(call, self._held), self._holders))
            and [*map(len, self._containers)] == self._lengths
            and len(items) == len(self._items)
            and all(map(is_, items, self._items))
            and [*map(marshalled, self._plain)] == self._bytes
            and not any(self._is_another(*each) for each in self._made)
        )

    def _is_another(self, make: Maker, part: Any, form: Form | bytes) -> bool:
        return not _is_same(make(part, self._subject), form)

    def _look_at(self, part: Any) -> None:
        kind = type(part)
        if len(self._parts) > _MOST or kind is Buffer:
            raise ValueError("raw memory, or too much")
        if kind in _ITEMS:
            known = quietly(marshalled, part) if len(part) >= MANY and is_plain(part) else None
            if known is not None:
                self._plain.append(part)
                self._bytes.append(known)
                return
            items = self._watch(part)
            self._todo += chain(items, items.values()) if kind is dict or kind is Attributes else items
            return
        watch = adapters.offering(kind, "watch")
        if watch is not None and quietly(partial(watch, check=self._check), part):
            return
        self._note(part)
        make = maker_of(kind)
        form = make(part, self._subject)
        if type(form) is bytes:
            self._made.append((make, part, form))
        elif (form[0] in _BY_ATTRIBUTES and len(form) <= 3) or quietly(_is_by_attributes, part):
            self._look_at_attributes(part, kind)
        elif issubclass(kind, _WEAK):
            raise ValueError("a weak reference")
        elif form[0] not in _BY_CLASS:
            self._made.append((make, part, form))
            self._todo += form[1:]

    def _note(self, part: Any) -> None:
        """An object stays one of its class."""
        self._objects.append(part)
        self._kinds.append(type(part))

    def _hold(self, get: Callable[[Any], Any], part: Any) -> Any:
        """Watch the ``__dict__`` or a slot of an object; what was in it."""
        held = get(part)
        self._held.append((get, part))
        self._holders.append(held)
        return self._watch(held)

    def _hold_dict(self, get: Callable[[Any], Any], part: Any) -> Any:
        """Watch the ``__dict__`` of an object; one of another class might change in ways of its own."""
        held = self._hold(get, part)
        if type(held) is not dict:
            raise ValueError("a __dict__ of another class")
        return held

    def _watch(self, container: Any) -> Any:
        """Watch the items of a container; a copy of it, for meanwhile another thread may change it."""
        if type(container) not in (list, set, dict):  # the others never change
            return container
        copy = self._copies.get(id(container))
        if copy is None:
            copy = self._copies[id(container)] = {**container} if type(container) is dict else [*container]
            self._containers.append(container)
            self._dicts += [container] if type(container) is dict else []
        return copy

    def _look_at_attributes(self, part: Any, kind: type) -> None:
        """All that an object holds is watched; looked at is what counts, and its class, which may have been made."""
        self._todo.append(kind)
        raw: dict[str, Any] = {}
        for name, get in objects.holders(kind):
            held = self._hold(get, part) if name else self._hold_dict(get, part)
            if held is not MISSING:
                raw |= {name: held} if name else held
        for name in objects.counted(raw, kind):
            item = raw[name]
            if name == "__pydantic_private__" and item:
                self._look_at_items([item[each] for each in objects.counted(item, kind)])
            elif name != "__pydantic_fields_set__":
                self._look_at_items([item])

    def _look_at_items(self, items: list[Any]) -> None:
        for item in items:
            if is_equipment(item):
                self._note(item)
            else:
                self._todo.append(item)


def _is_by_attributes(part: Any) -> bool:
    found: bool = adapters.offering(type(part), "is_by_attributes")(part)
    return found


def _items_of(containers: Iterable[Any], dicts: Iterable[dict[Any, Any]]) -> list[Any]:
    return [*chain.from_iterable(containers), *chain.from_iterable(map(dict.values, dicts))]


def _is_same(now: Any, then: Any) -> bool:
    """Whether two forms are the same, whose parts are the same objects or were made anew, and equal to the letter."""
    if now is then:
        return True
    kind = type(now)
    if kind is not type(then):
        return False
    if kind in _ATOMS:
        return encode(now) == encode(then)
    if kind is types.MethodType:
        return now.__self__ is then.__self__ and now.__func__ is then.__func__
    if kind is dict or kind is Attributes:
        return _is_same([*now.items()], [*then.items()])
    return (kind is tuple or kind is list) and len(now) == len(then) and all(map(_is_same, now, then))


_ATOMS = frozenset({str, bytes, int, float})
