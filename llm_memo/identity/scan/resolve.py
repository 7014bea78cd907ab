"""One step of a chain, from value to value, without running any of the user's code.

Attributes are looked up where they are kept: in the dicts of modules, instances and classes and in
slots. Own properties, descriptors and ``__getattr__`` are followed as calls; what installed ones
compute is not known, so the object that they belong to is read whole.
"""

from __future__ import annotations

import enum
import functools
import itertools
import os
import threading
import types
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from llm_memo import adapters
from llm_memo.identity.code.names import ANY, CLASS, EACH, MODULE, Attribute, Item, Named, Result, Step, step_text
from llm_memo.identity.forms import encoding
from llm_memo.identity.guards import is_fixed
from llm_memo.identity.scan import lazily, modules, replaced
from llm_memo.identity.scan.reached import (
    MISSING,
    Fresh,
    Made,
    Method,
    Next,
    Place,
    Reached,
    cell_value,
    current_value,
    is_container,
    item_of,
    opaque,
    own_dict,
)

if TYPE_CHECKING:
    from llm_memo.identity.scan.scan import Followed, Scan

_BUILTIN = (str, bytes, int, float, bool, type(None), complex, tuple, frozenset, range)
_SAFE_DESCRIPTORS = ("builtins", "collections", "_collections")
"""Modules whose descriptors, such as slots and the fields of named tuples, run no Python code."""
_OF_A_CLASS = ("__name__", "__qualname__", "__doc__", "__module__", "__annotations__", "__mro__", "__bases__")


def root(scan: Scan, followed: Followed, kind: str, name: str, always: bool) -> list[Reached]:
    """What the first name of a chain leads to; parameters are bound by calls, and not looked for here."""
    function = followed.function
    if kind == "global":
        return [_global(scan, function.__globals__, name)]
    if kind == "closure":
        return [_closed_over(scan, function, name)]
    if kind == "import":
        return modules.imported(scan, function, name, always)
    if kind == "module":
        return [Reached(function.__globals__, name)]
    if kind == "super":
        return list(_after(scan, followed))
    return [opaque(name)]


def _global(scan: Scan, names: dict[str, Any], name: str) -> Reached:
    import builtins

    if name in names:
        return _held(scan, names, name, name, (id(names), name))
    scan.guards.no_name(names, name)
    return Reached(getattr(builtins, name, MISSING), name, place=(id(names), name))


def _closed_over(scan: Scan, function: types.FunctionType, name: str) -> Reached:
    try:
        cell = (function.__closure__ or ())[function.__code__.co_freevars.index(name)]
    except (ValueError, IndexError):
        return opaque(name)
    place: Place = (id(cell), "")
    value = cell_value(cell)
    if lazily.is_pending(scan, cell, "", value):
        value = lazily.before(cell, "")
    scan.guards.got(functools.partial(cell_value, cell), cell_value(cell))
    return Reached(value, name, place=place)


def _after(scan: Scan, followed: Followed) -> list[Reached]:
    """What ``super()`` stands for: the first parameter of the method, seen from the class after its own."""
    function = followed.function
    owner = _closed_over(scan, function, "__class__").value
    first = function.__code__.co_varnames[:1]
    if not isinstance(owner, type) or not first:
        return []
    return [
        Reached(Next(each.value, owner), "super()", holder=each.value)
        for each in followed.bound.get(first[0], {}).values()
    ]


def _held(scan: Scan, container: Any, key: Any, text: str, place: Place, holder: Any = None) -> Reached:
    """``container[key]``, which is there, or what it was before the call that made it."""
    value = item_of(container, key)
    scan.guards.name(container, key, container[key])
    if lazily.is_pending(scan, container, key, value):
        value = lazily.before(container, key)
    return Reached(value, text, holder, place)


def take_step(scan: Scan, followed: Followed, at: Reached, step: Step, rest: tuple[Step, ...]) -> list[Reached] | None:
    """Where a step leads from ``at``; None where that is not known, so that what was reached is read whole.

    An empty list: nothing that is outside of the call.
    """
    value, text = at.value, at.text + step_text(step)
    if at.computed or value is MISSING:
        return _from_unknown(at, step, text)
    if isinstance(value, Made):
        name = step.name if isinstance(step, Attribute) else value.name
        return [Reached(Made(value.origin, value.mode, name), text)]
    match step:
        case Attribute("get") if rest and isinstance(rest[0], (Item, Named)):
            if type(value) is dict or value is os.environ or is_container(value):
                return [at]
            if isinstance(value, Fresh) or (scan.is_own(type(value)) and not isinstance(value, types.ModuleType)):
                scan.call_attribute(followed, at, "get")
                return [opaque(text)]
            return None
        case Attribute(name):
            return attribute(scan, at, name, text)
        case Result(mode):
            return [_result(scan, at, mode, text)]
        case Item(key):
            return _item(scan, at, key, text)
        case Named(parameter):
            return (
                modules.named_variable(scan, followed, at, parameter, text) if value is os.environ else _any(scan, at)
            )
    if step is CLASS:
        kind = value.kind if isinstance(value, Fresh) else type(value)
        return [Reached(kind, text, place=at.place)]
    if step is MODULE:
        return _item(scan, at, followed.function.__globals__.get("__name__"), text)
    if step is EACH:
        return _each(scan, at, text)
    assert step is ANY
    return _any(scan, at)


def _from_unknown(at: Reached, step: Step, text: str) -> list[Reached]:
    return [Reached(MISSING, text, computed=True)] if at.computed and isinstance(step, (Attribute, Result)) else []


def _result(scan: Scan, at: Reached, mode: str, text: str) -> Reached:
    value = at.value
    if isinstance(at.holder, ContextVar) and isinstance(value, Method) and value.name == "get":
        scan.guards.got(functools.partial(current_value, at.holder), current_value(at.holder))
        return Reached(current_value(at.holder), text, place=(id(at.holder), "get()"))
    if isinstance(value, type):
        return Reached(Fresh(value), text) if scan.is_own(value) else Reached(Made(value, mode), text)
    if isinstance(value, Method):
        return Reached(Made(at.holder, mode, value.name), text, holder=at.holder)
    called = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)
    if issubclass(type(value), called) and not scan.is_own(value):
        return Reached(Made(value, mode), text)
    return opaque(text)


def _item(scan: Scan, at: Reached, key: Any, text: str) -> list[Reached] | None:
    value = at.value
    if value is os.environ:
        return [modules.variable(scan, key)]
    if isinstance(value, type) and issubclass(value, enum.Enum):
        return [_member(scan, value, key, text)]
    if scan.is_own(type(value)) and _in_classes(scan, type(value), "__getitem__", own_only=True) is not None:
        scan.call_attribute(None, at, "__getitem__")
        return [opaque(text)]
    if isinstance(value, (Fresh, Next)):
        return [opaque(text)]
    readable = isinstance(value, (dict, list, tuple)) or is_container(value) or type(value) is types.MappingProxyType
    if not readable or isinstance(value, set):
        return None if not isinstance(value, _BUILTIN) else []
    place: Place = (id(value), key)
    if scan.is_ignored(place):
        return []
    try:
        if isinstance(value, dict) and not dict.__contains__(value, key):
            raise KeyError
        value[key]
    except (LookupError, TypeError):
        scan.guards.no_name(value, key) if isinstance(value, Mapping) else scan.guard_length(value)
        if scan.is_own(type(value)):
            scan.call_attribute(None, at, "__missing__")
        return [Reached(MISSING, text, place=place)]
    return [_held(scan, value, key, text, place)]


def _any(scan: Scan, at: Reached) -> list[Reached] | None:
    value = at.value
    if scan.is_own(type(value)) and _in_classes(scan, type(value), "__getitem__", own_only=True) is not None:
        scan.call_attribute(None, at, "__getitem__")
        return [opaque(f"{at.text}[…]")]
    return None


def _each(scan: Scan, at: Reached, text: str) -> list[Reached] | None:
    """The items of a container, one by one; of a dict its keys."""
    value = at.value
    if isinstance(value, (Fresh, Next)):
        return [opaque(text)]
    if scan.is_own(type(value)) and _in_classes(scan, type(value), "__iter__", own_only=True) is not None:
        return [opaque(text)]
    if type(value) in (list, tuple) or type(value).__name__ == "deque":
        scan.guards.content(value, lambda: tuple(map(id, value)), tuple(map(id, value)))
        return [Reached(item, f"{at.text}[{place}]", place=(id(value), place)) for place, item in enumerate(value)]
    return None


# Attributes -----------------------------------------------------------------------------------


def attribute(scan: Scan, at: Reached, name: str, text: str) -> list[Reached] | None:
    """What ``value.name`` leads to."""
    value = at.value
    if scan.is_cached_function(value):
        value = value.__llm_memo_function__()[0]
    if isinstance(value, Fresh):
        return _of_fresh(scan, value, name, text)
    if isinstance(value, Next):
        return _of_next(scan, value, name, text)
    if isinstance(value, types.ModuleType):
        return modules.attribute(scan, value, name, text)
    if isinstance(value, ContextVar):
        return [Reached(Method(name), text, holder=value)]
    if isinstance(value, type):
        return _of_class(scan, value, name, text)
    if type(value) is types.MethodType and name == "__self__":
        return [Reached(value.__self__, text)]
    if isinstance(value, (types.FunctionType, types.BuiltinFunctionType, types.MethodType, Method)):
        return _of_function(scan, value, name, text)
    if isinstance(value, enum.Enum) and name in ("value", "name", "_value_", "_name_"):
        return [Reached(value._value_ if "value" in name else value._name_, text)]
    if is_container(value) or (isinstance(value, _BUILTIN) and type(value) in _BUILTIN):
        return [Reached(Method(name), text, holder=value)]
    return of_instance(scan, value, name, text)


def of_instance(scan: Scan, value: Any, name: str, text: str) -> list[Reached] | None:
    """An attribute of an instance: in its class if that has a say in it, in its own dict, or in its class."""
    kind = type(value)
    place: Place = (id(value), name)
    if scan.is_ignored(place) or name in scan.ignored_of(kind):
        return []
    scan.guard_class(kind, value)
    scan.hide(value, name)
    watcher = _in_classes(scan, kind, "__getattribute__")
    if watcher is not None and scan.is_own(watcher[0]):
        scan.enter(watcher[1], first=Reached(value, text))
        return [opaque(text)]
    found = _in_classes(scan, kind, name)
    if kind is threading.local and found is None:
        get = functools.partial(_of_thread, value, name)
        scan.guards.got(get, get())
        return [Reached(get(), text, place=place)]
    held = own_dict(value)
    raw = found[1] if found else MISSING
    if isinstance(raw, functools.cached_property):
        return _cached_property(scan, value, held, name, raw, text, place)
    if found is not None and hasattr(type(raw), "__get__") and not isinstance(raw, _FUNCTIONS):
        if held is not None and name in held and not hasattr(type(raw), "__set__"):
            return [_held(scan, held, name, text, place)]
        return _described(scan, value, raw, name, text, place)
    if found is None and _is_made_late(scan, kind, name):
        return None
    if held is not None and name in held:
        return [_held(scan, held, name, text, place)]
    if found is not None:
        if held is not None:
            scan.guards.no_name(held, name)
        return _from_class(scan, found, value, kind, text)
    if held is not None:
        scan.guards.no_name(held, name)
    return _not_there(scan, value, kind, text, place)


def put_in_place(scan: Scan, at: Reached, steps: tuple[Step, ...]) -> Reached | None:
    """What somebody has put on an instance of an installed class that a chain goes through: a test's fake, a wrapper.

    ``patch.object(client.responses, "create")``, ``client.chat = Fake()``.
    """
    attributes = itertools.takewhile(lambda step: isinstance(step, Attribute), steps)
    names = tuple([step.name for step in attributes if isinstance(step, Attribute)])
    if own_dict(at.value) is None or isinstance(at.value, type) or not names:
        return None
    get = functools.partial(replaced.along, at.value, names)
    item = get()
    scan.guards.got(get, item)
    return None if item is MISSING else Reached(item, f"{at.text}.{'.'.join(names)}")


_FUNCTIONS = (
    types.FunctionType, classmethod, staticmethod, types.BuiltinFunctionType, types.MethodDescriptorType,
    types.WrapperDescriptorType, types.ClassMethodDescriptorType,
)  # fmt: skip


def _of_thread(value: Any, name: str) -> Any:
    """An attribute of a ``threading.local`` as this thread has it."""
    return vars(value).get(name, MISSING)


def _is_made_late(scan: Scan, kind: type, name: str) -> bool:
    """Whether an installed ``__getattr__`` makes the attribute of what the object holds, and keeps it there."""
    getter = _in_classes(scan, kind, "__getattr__") if name in adapters.never_sent(kind) else None
    return getter is not None and not scan.is_own(getter[0])


def _not_there(scan: Scan, value: Any, kind: type, text: str, place: Place) -> list[Reached] | None:
    name = text.rpartition(".")[2]
    is_model = "__pydantic_fields__" in kind.__dict__
    for held in (value.__pydantic_private__, value.__pydantic_extra__) if is_model else ():
        if held is not None and name in held:
            return [_held(scan, held, name, text, place)]
    getter = _in_classes(scan, kind, "__getattr__")
    if getter is None:
        return [Reached(MISSING, text, place=place)]
    if not scan.is_own(getter[0]):
        if is_container(value) or kind.__module__ == "pydantic.main" or hasattr(kind, "__pydantic_fields__"):
            return [Reached(MISSING, text, place=place)]
        return None
    scan.enter(getter[1], first=Reached(value, text))
    return [opaque(text)]


def _described(scan: Scan, value: Any, raw: Any, name: str, text: str, place: Place) -> list[Reached] | None:
    """What a descriptor gives: a slot, a property, a descriptor of one's own, or an installed one."""
    kind = type(raw)
    if isinstance(raw, functools.singledispatchmethod):
        for function in raw.dispatcher.registry.values():
            scan.enter(getattr(function, "__func__", function), first=Reached(value, text))
        return [opaque(text)]
    if isinstance(raw, property):
        if type(raw.fget) is types.FunctionType and scan.is_own(raw.fget):
            scan.enter(raw.fget, first=Reached(value, text))
            return [opaque(text)]
        return None
    if scan.is_own(kind):
        scan.call_attribute(None, Reached(raw, text), "__get__", (Reached(value, text), Reached(type(value), text)))
        return [opaque(text)]
    if kind.__module__ in _SAFE_DESCRIPTORS:
        if name in ("__dict__", "__weakref__"):
            return None
        get = functools.partial(_safely, raw, value)
        found = get()
        if get() is found:
            scan.guards.got(get, found)
        elif is_fixed(found):  # code in C makes it anew each time: the year of a date, the shape of an array
            scan.guards.same(lambda: encoding.encode(get()), encoding.encode(found))
        else:
            return None
        return [Reached(found, text, place=place)]
    scan.take_descriptor(raw, value, text)
    return None


def _safely(descriptor: Any, value: Any) -> Any:
    try:
        return descriptor.__get__(value, type(value))
    except AttributeError:
        return MISSING


def _cached_property(
    scan: Scan, value: Any, held: dict[str, Any] | None, name: str, raw: Any, text: str, place: Place
) -> list[Reached] | None:
    """A cached property counts as not yet computed as long as it and what it was made from are unchanged."""
    getter = raw.func
    computed = held is not None and name in held
    own = type(getter) is types.FunctionType and scan.is_own(getter)
    if not own:
        return None
    if own:
        scan.enter(getter, first=Reached(value, text))
    if held is None:
        return [opaque(text)]
    if computed:
        scan.guards.name(held, name, held[name])
        if lazily.is_pending(scan, held, name, held[name]):
            return [opaque(text)]
        return [Reached(held[name], text, place=place)]
    scan.guards.no_name(held, name)
    if own:
        lazily.candidate(
            scan, held, name, MISSING, lambda again: again.enter(getter, first=Reached(value, text)), value
        )
    return [opaque(text)]


def _in_classes(scan: Scan, kind: type, name: str, own_only: bool = False) -> tuple[type, Any] | None:
    """The class of an instance that has the name, and what it has."""
    for base in kind.__mro__:
        names = base.__dict__
        if name in names:
            if own_only and not scan.is_own(base):
                return None
            if base is not object:
                scan.guards.name(names, name, names[name])
            return base, names[name]
        if base is not object and scan.is_own(base):
            scan.guards.no_name(names, name)
    return None


def _from_class(scan: Scan, found: tuple[type, Any], holder: Any, kind: type, text: str) -> list[Reached] | None:
    """What is looked up on an instance, or on a Fresh one, and found in its class."""
    base, raw = found
    if isinstance(raw, classmethod):
        return [Reached(raw.__func__, text, holder=kind)]
    if isinstance(raw, staticmethod):
        return [Reached(raw.__func__, text)]
    if isinstance(raw, (functools.partialmethod,)):
        scan.take_descriptor(raw, holder, text)
        return [opaque(text)]
    if isinstance(raw, types.FunctionType) or scan.is_cached_function(raw):
        if not scan.is_own(base) and not scan.is_own(raw):
            return [Reached(raw, text, holder=holder)] if not isinstance(holder, Fresh) else [opaque(text)]
        return [Reached(raw, text, holder=holder)]
    if not scan.is_own(base) and callable(raw):
        return [Reached(raw, text, holder=holder)]
    return [Reached(raw, text, place=(id(base), text.rpartition(".")[2]))]


def _of_fresh(scan: Scan, fresh: Fresh, name: str, text: str) -> list[Reached]:
    found = _in_classes(scan, fresh.kind, name)
    if found is None:
        return [opaque(text)]
    base, raw = found
    if isinstance(raw, (property, functools.cached_property)):
        getter = raw.fget if isinstance(raw, property) else raw.func
        if type(getter) is types.FunctionType and scan.is_own(getter):
            scan.enter(getter, first=Reached(fresh, text))
        return [opaque(text)]
    if isinstance(raw, (*_FUNCTIONS, functools.partialmethod)) or scan.is_cached_function(raw):
        return _from_class(scan, found, fresh, fresh.kind, text) or [opaque(text)]
    if not scan.is_own(base):
        return [opaque(text)]
    # Data of the class, unless the instance has its own by then.
    return [Reached(raw, text, place=(id(base), name))] if not hasattr(type(raw), "__get__") else [opaque(text)]


def _of_next(scan: Scan, seen: Next, name: str, text: str) -> list[Reached] | None:
    """``super().name``."""
    subject = seen.subject
    kind = subject.kind if isinstance(subject, Fresh) else subject if isinstance(subject, type) else type(subject)
    mro = kind.__mro__
    for base in mro[mro.index(seen.after) + 1 :] if seen.after in mro else ():
        if name in base.__dict__:
            raw = base.__dict__[name]
            if not scan.is_own(base):
                if base is object or isinstance(subject, Fresh):
                    return [opaque(text)]
                scan.read_whole(Reached(subject, text.rpartition(".")[0]))
                return [opaque(text)]
            scan.guards.name(base.__dict__, name, raw)
            if isinstance(raw, property) and type(raw.fget) is types.FunctionType:
                scan.enter(raw.fget, first=Reached(subject, text))
                return [opaque(text)]
            return _from_class(scan, (base, raw), subject, kind, text)
        scan.guards.no_name(base.__dict__, name) if scan.is_own(base) else None
    return [opaque(text)]


def _of_class(scan: Scan, kind: type, name: str, text: str) -> list[Reached] | None:
    scan.guard_class(kind)
    if name in _OF_A_CLASS:
        get = functools.partial(_class_fact, kind, name)
        return [Reached(get(), text)] if name not in ("__mro__", "__bases__", "__annotations__") else None
    if name == "__subclasses__":
        return [Reached(Method(name), text, holder=kind)]
    if not scan.is_own(kind):
        found = _in_classes(scan, kind, name)
        if found is None:
            return None if hasattr(type(kind), "__getattr__") else [Reached(MISSING, text)]
        raw = found[1]
        if isinstance(raw, (*_FUNCTIONS, types.MethodDescriptorType, types.ClassMethodDescriptorType)):
            return [Reached(getattr(kind, name), text)]
        return [Reached(raw, text, place=(id(found[0]), name))] if not hasattr(type(raw), "__get__") else None
    if issubclass(kind, enum.Enum) and name in kind._member_map_:
        return [_member(scan, kind, name, text)]
    if scan.is_ignored((id(kind), name)) or name in scan.ignored_of(kind):
        return []
    found = _in_classes(scan, kind, name)
    if found is None:
        return _of_metaclass(scan, kind, name, text)
    base, raw = found
    if isinstance(raw, classmethod):
        if not scan.is_own(base):
            return [Reached(Method(name), text, holder=kind)]
        return [Reached(raw.__func__, text, holder=kind)]
    if isinstance(raw, staticmethod):
        return [Reached(raw.__func__, text)]
    if isinstance(raw, (types.FunctionType, property, functools.cached_property)) or scan.is_cached_function(raw):
        return [Reached(raw, text)]
    if hasattr(type(raw), "__get__"):
        if scan.is_own(type(raw)):
            scan.call_attribute(None, Reached(raw, text), "__get__", (Reached(None, text), Reached(kind, text)))
            return [opaque(text)]
        return None
    if not scan.is_own(base):
        return [Reached(Method(name), text, holder=kind)] if callable(raw) else None
    return [Reached(raw, text, place=(id(base), name))]


def _member(scan: Scan, kind: Any, name: Any, text: str) -> Reached:
    members = kind._member_map_
    if name not in members:
        scan.guards.no_name(members, name)
        return Reached(MISSING, text)
    scan.guards.name(members, name, members[name])
    return Reached(members[name], text)


def _class_fact(kind: type, name: str) -> Any:
    return type.__getattribute__(kind, name)


def _of_metaclass(scan: Scan, kind: type, name: str, text: str) -> list[Reached] | None:
    found = _in_classes(scan, type(kind), name)
    if found is not None:
        base, raw = found
        if not scan.is_own(base):
            return [Reached(Method(name), text, holder=kind)] if callable(raw) else None
        if isinstance(raw, property) and type(raw.fget) is types.FunctionType:
            scan.enter(raw.fget, first=Reached(kind, text))
            return [opaque(text)]
        return _from_class(scan, found, kind, type(kind), text)
    getter = _in_classes(scan, type(kind), "__getattr__")
    if getter is not None and scan.is_own(getter[0]):
        scan.enter(getter[1], first=Reached(kind, text))
        return [opaque(text)]
    return [Reached(MISSING, text, place=(id(kind), name))] if getter is None else None


def _of_function(scan: Scan, value: Any, name: str, text: str) -> list[Reached] | None:
    """What a function tells of itself."""
    if isinstance(value, Method):
        return [opaque(text)]
    held = own_dict(value)
    if held is not None and name in held:
        return [_held(scan, held, name, text, (id(value), name))]
    if name in ("__doc__", "__name__", "__qualname__", "__annotations__", "__defaults__", "__kwdefaults__", "__code__"):
        if name == "__code__":
            return None
        get = functools.partial(getattr, value, name)
        scan.guards.same(get, get())
        return [Reached(get(), text)]
    scan.guards.no_name(held, name) if held is not None else None
    return [Reached(MISSING, text)]
