"""What an attribute leads to, without running any of the user's code.

It is looked up where it is kept: in the dicts of modules, instances and classes and in slots. Own properties,
descriptors and ``__getattr__`` are followed as calls; what installed ones compute is not known, so the object that
they belong to is read whole.
"""

from __future__ import annotations

import enum
import functools
import threading
import types
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

from llm_memo import adapters
from llm_memo.identity.code.uses import Given
from llm_memo.identity.forms import encoding
from llm_memo.identity.guards import is_fixed
from llm_memo.identity.local import is_own
from llm_memo.identity.quiet import MISSING, class_has, is_a, own_dict, slot_value
from llm_memo.identity.scan import lazily, modules
from llm_memo.identity.scan.own import is_cached_function, is_own_code
from llm_memo.identity.scan.reached import (
    Candidate,
    Fresh,
    Method,
    Next,
    Place,
    Reached,
    is_container,
    item_of,
    opaque,
    pydantic_dicts,
)
from llm_memo.identity.scan.state import State
from llm_memo.identity.scan.values import read_whole, take_descriptor

BUILTIN = (str, bytes, int, float, bool, type(None), complex, tuple, frozenset, range)
_FUNCTIONS = (
    types.FunctionType, classmethod, staticmethod, types.BuiltinFunctionType, types.MethodDescriptorType,
    types.WrapperDescriptorType, types.ClassMethodDescriptorType,
)  # fmt: skip
_BINDING = (types.MethodDescriptorType, types.WrapperDescriptorType)
"""Types of methods written in C, as in ``first = list.__getitem__``."""
_SAFE_DESCRIPTORS = ("builtins", "collections", "_collections")
"""Modules whose descriptors, such as slots and the fields of named tuples, run no Python code."""
_OF_A_CLASS = ("__name__", "__qualname__", "__doc__", "__module__")
_OF_ANNOTATIONS = ("__annotations__", "__annotate__", "__annotate_func__")
"""Attributes by which a class tells its annotations; since Python 3.14 two are functions that Python wrote."""
_OF_A_FUNCTION = ("__doc__", "__name__", "__qualname__", "__annotations__", "__defaults__", "__kwdefaults__")

Found = list[Reached] | None
"""Where a step may lead: an empty list for nothing outside of the call; None where that is not known, so that the
value itself is read whole."""


def reached_item(scan: State, container: Any, key: Any, text: str, place: Place) -> Reached:
    """``container[key]``, which is there, or what it was before the call that made it."""
    try:
        value, kept = item_of(container, key), container[key]
    except LookupError:  # another thread has taken it away meanwhile
        scan.guards.no_name(container, key)
        return Reached(MISSING, text, place=place)
    scan.guards.name(container, key, kept)
    if lazily.is_pending(scan, container, key, value):
        value = lazily.before(container, key)
    return Reached(value, text, place=place)


def member(scan: State, kind: Any, name: Any, text: str) -> Reached:
    """A member of an enum."""
    members = kind._member_map_
    if name not in members:
        scan.guards.no_name(members, name)
        return Reached(MISSING, text)
    scan.guards.name(members, name, members[name])
    return Reached(members[name], text)


def attribute(scan: State, at: Reached, name: str, text: str) -> Found:
    """What ``value.name`` leads to."""
    value = at.value
    if is_cached_function(value):
        value = value.__llm_memo_function__()[0]
    if is_a(value, Fresh):
        found = in_classes(scan, value.kind.__mro__, name)
        return [opaque(text)] if found is None else _from_class(scan, found, value, value.kind, name, text)
    if is_a(value, Next):
        return _of_next(scan, value, name, text)
    if is_a(value, types.ModuleType):
        return modules.attribute(scan, value, name, text)
    if is_a(value, type):
        return _of_class(scan, value, name, text)
    if type(value) is types.MethodType and name == "__self__":
        return [Reached(value.__self__, text)]
    if is_a(value, Method):
        return [opaque(text)]
    if is_a(value, (types.FunctionType, types.BuiltinFunctionType, types.MethodType)):
        return _of_function(scan, value, name, text)
    if is_a(value, enum.Enum) and name in ("value", "name", "_value_", "_name_"):
        return [
            reached_item(scan, own_dict(value), "_value_" if "value" in name else "_name_", text, (id(value), name))
        ]
    if is_a(value, ContextVar) or is_container(value) or type(value) in BUILTIN:
        return [Reached(Method(name), text, holder=value)]
    return _of_instance(scan, value, name, text)


def _of_instance(scan: State, value: Any, name: str, text: str) -> Found:
    """An attribute of an instance: in its class if that has a say in it, in its own dict, or in its class."""
    kind, place = type(value), (id(value), name)
    if scan.is_ignored(place) or scan.is_omitted(kind, name):
        return []
    scan.guard_class(kind, value)
    scan.hide(value, name)
    found = _by_getter(scan, kind, "__getattribute__", value, text)
    if found is not None:
        return found
    in_class = in_classes(scan, kind.__mro__, name)
    if issubclass(kind, threading.local) and in_class is None:
        get = functools.partial(_of_thread, value, name)
        scan.guards.got(get, get())
        return [Reached(get(), text, place=place)]
    held, raw = own_dict(value), in_class[1] if in_class else None
    if held is not None and name in held and class_has(kind, "__memo_key__"):
        return None  # what that returns stands for all that the instance holds
    if is_a(raw, functools.cached_property):
        return _cached_property(scan, value, held, name, raw, text)
    if in_class is None and _is_made_late(scan, kind, name):
        return None
    if held is not None and not class_has(type(raw), "__set__"):
        if name in held:
            return [reached_item(scan, held, name, text, place)]
        scan.guards.no_name(held, name)
    if in_class is not None:
        return _from_class(scan, in_class, value, kind, name, text)
    for other in pydantic_dicts(value):
        if name in other:
            return [reached_item(scan, other, name, text, place)]
    found = _by_getter(scan, kind, "__getattr__", value, text)
    is_known = class_has(kind, "__pydantic_fields__") or in_classes(scan, kind.__mro__, "__getattr__") is None
    return [Reached(MISSING, text, place=place)] if found is None and is_known else found


def _is_made_late(scan: State, kind: type, name: str) -> bool:
    """Whether an installed ``__getattr__`` makes the attribute of what the object holds, and keeps it there."""
    getter = in_classes(scan, kind.__mro__, "__getattr__") if name in adapters.never_sent(kind) else None
    return getter is not None and not is_own(getter[0])


def _of_thread(value: Any, name: str) -> Any:
    """An attribute of a ``threading.local`` as this thread has it."""
    return vars(value).get(name, MISSING)


def _by_getter(scan: State, kind: type, getter: str, value: Any, text: str) -> Found:
    """What a ``__getattr__`` or ``__getattribute__`` of one's own gives, which is followed; None if there is none."""
    found = in_classes(scan, kind.__mro__, getter)
    if found is None or not is_own(found[0]):
        return None
    entered = scan.enter(found[1], first=Reached(value, text))
    # ``__getattr__ = dict.__getitem__``: what installed code gives is not known.
    return None if entered is None and not is_cached_function(found[1]) else [opaque(text)]


def _of_next(scan: State, seen: Next, name: str, text: str) -> Found:
    """``super().name``."""
    subject = seen.subject
    kind = subject.kind if is_a(subject, Fresh) else subject if is_a(subject, type) else type(subject)
    after = kind.__mro__[kind.__mro__.index(seen.after) + 1 :] if seen.after in kind.__mro__ else ()
    found = in_classes(scan, after, name)
    if found is not None and is_own(found[0]):
        return _from_class(scan, found, subject, kind, name, text)
    if found is not None and found[0] is not object:  # an installed method gets the object whole
        read_whole(scan, Reached(subject, text.rpartition(".")[0]))
    if name in ("__setattr__", "__delattr__"):
        scan.writes.setdefault(id(subject), 0)
    return [opaque(text)]


def _of_class(scan: State, kind: type, name: str, text: str) -> Found:
    scan.guard_class(kind)
    if name in _OF_A_CLASS:
        return [Reached(type.__getattribute__(kind, name), text)]
    if name in ("__mro__", "__bases__", *_OF_ANNOTATIONS):
        return None
    if name == "__subclasses__":
        return [Reached(Method(name), text, holder=kind)]
    if issubclass(kind, enum.Enum) and is_own(kind) and name in kind._member_map_:
        return [member(scan, kind, name, text)]
    if scan.is_ignored((id(kind), name)) or scan.is_omitted(kind, name):
        return []
    found = in_classes(scan, kind.__mro__, name)
    if found is not None and is_own(kind):
        return _from_class(scan, found, None, kind, name, text)
    if found is not None:
        base, raw = found
        if is_a(raw, _FUNCTIONS):
            return [Reached(getattr(kind, name), text)]
        return None if class_has(type(raw), "__get__") else [Reached(raw, text, place=(id(base), name))]
    maker: Any = type(kind)
    found = in_classes(scan, maker.__mro__, name)
    if found is not None and is_own(kind):
        return _from_class(scan, found, kind, maker, name, text)
    if class_has(maker, "__getattr__"):
        return _by_getter(scan, maker, "__getattr__", kind, text)
    return [Reached(MISSING, text, place=(id(kind), name))]


def _of_function(scan: State, value: Any, name: str, text: str) -> Found:
    """What a function tells of itself."""
    held = own_dict(value)
    if held is not None and name in held:
        return [reached_item(scan, held, name, text, (id(value), name))]
    if name in _OF_A_FUNCTION:
        get = functools.partial(getattr, value, name)
        now = get()
        scan.guards.got(get, now) if get() is now else scan.guards.same(get, now)
        return [Reached(now, text)]
    if name in ("__code__", "__annotate__"):
        return None
    if held is not None:
        scan.guards.no_name(held, name)
    return [Reached(MISSING, text)]


# What stands in a class -----------------------------------------------------------------------


def in_classes(scan: State, mro: Iterable[type], name: str) -> tuple[type, Any] | None:
    """The first class that has the name, and what it has."""
    for base in mro:
        names = base.__dict__
        if name in names:
            if base is not object:
                scan.guards.name(names, name, names[name])
            return base, names[name]
        if base is not object and is_own(base):
            scan.guards.no_name(names, name)
    return None


def _from_class(scan: State, found: tuple[type, Any], holder: Any, kind: type, name: str, text: str) -> Found:
    """What a name leads to that stands in a class of ``kind``, looked up on ``holder``: an instance, or a class that
    is one of its metaclass; None for ``kind`` itself."""
    base, raw = found
    is_fresh = is_a(holder, Fresh)
    if is_a(raw, classmethod):
        return [Reached(raw.__func__, text, holder=kind)]
    if is_a(raw, staticmethod):
        return [Reached(raw.__func__, text)]
    if is_a(raw, types.FunctionType) or is_cached_function(raw):
        if is_fresh and not is_own(base) and not is_own(raw):
            return [opaque(text)]
        return [Reached(raw, text, holder=holder)]
    if is_a(raw, (property, functools.cached_property)):
        return [Reached(raw, text)] if holder is None else _property(scan, raw, holder, text)
    if class_has(type(raw), "__get__") and not is_a(raw, _FUNCTIONS):
        return _described(scan, raw, holder, kind, name, text)
    if not is_own(base) and is_fresh:
        return [opaque(text)]
    if callable(raw) and (not is_own(base) or is_a(raw, _BINDING)):
        return [Reached(raw, text, holder=kind if holder is None else holder)]
    # Data of the class; of a Fresh instance, unless it has its own by then.
    return [Reached(raw, text, place=(id(base), name))]


def _property(scan: State, raw: Any, holder: Any, text: str) -> Found:
    """A property is followed as a call of its function."""
    if is_a(raw, functools.singledispatchmethod):
        functions = [getattr(each, "__func__", each) for each in raw.dispatcher.registry.values()]
    else:
        functions = [raw.fget if is_a(raw, property) else raw.func]
    own = [scan.enter_getter(function, holder, text) for function in functions]
    return [opaque(text, each) for each in functions] if any(own) or is_a(holder, Fresh) else None


def _described(scan: State, raw: Any, holder: Any, kind: type, name: str, text: str) -> Found:
    """What another descriptor gives: one of one's own is followed, a slot is read, an installed one counts whole."""
    if is_own(type(raw)):
        instance, owner = Reached(holder, text), Reached(kind, text)
        scan.special(None, Reached(raw, text), "__get__", [(Given(0), [instance]), (Given(1), [owner])])
        return [opaque(text)]
    if holder is None or name in ("__dict__", "__weakref__"):
        return None
    if is_a(raw, functools.partialmethod):
        take_descriptor(scan, raw, holder, text)
        if not is_own_code(raw.func):
            read_whole(scan, Reached(holder, text))
        return [opaque(text)]
    if is_a(raw, functools.singledispatchmethod):
        return _property(scan, raw, holder, text)
    if is_a(holder, Fresh):
        return [opaque(text)]
    if type(raw).__module__ not in _SAFE_DESCRIPTORS:
        take_descriptor(scan, raw, holder, text)
        return None
    get = functools.partial(slot_value, raw, holder)
    value = get()
    if get() is value:
        scan.guards.got(get, value)
    elif is_fixed(value):  # code in C makes it anew each time: the year of a date, the shape of an array
        scan.guards.same(lambda: encoding.encode(get()), encoding.encode(value))
    else:
        return None
    return [Reached(value, text, place=(id(holder), name))]


def _cached_property(scan: State, value: Any, held: Any, name: str, raw: Any, text: str) -> Found:
    """A cached property counts as not yet computed as long as it and what it was made from are unchanged."""
    getter, place = raw.func, (id(value), name)
    if not scan.enter_getter(getter, value, text):
        return None
    if held is None:
        return [opaque(text)]
    scan.writes.setdefault(place, 0)
    computed = held.get(name, MISSING)
    if computed is not MISSING:
        scan.guards.name(held, name, computed)
        pending = lazily.is_pending(scan, held, name, computed)
        return [opaque(text)] if pending else [Reached(computed, text, place=place)]
    scan.guards.no_name(held, name)
    again = functools.partial(_enter_again, getter, value, text)
    scan.candidates.append(Candidate(held, name, MISSING, again, scan, value))
    return [opaque(text)]


def _enter_again(getter: Any, holder: Any, text: str, scan: State) -> None:
    scan.enter_getter(getter, holder, text)
