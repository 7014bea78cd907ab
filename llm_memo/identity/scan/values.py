"""Values that are read whole: what stands for each, and what is followed from it."""

from __future__ import annotations

import enum
import functools
import types
import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from llm_memo.adapters.equipment import class_name, is_equipment
from llm_memo.identity.forms import encoding
from llm_memo.identity.local import class_item, is_own
from llm_memo.identity.preview import preview
from llm_memo.identity.scan import classes
from llm_memo.identity.scan.reached import (
    MISSING,
    Fresh,
    Made,
    Method,
    Next,
    Place,
    Reached,
    current_value,
    item_of,
    own_dict,
)

if TYPE_CHECKING:
    from llm_memo.identity.scan.scan import Scan

_SLOT = types.MemberDescriptorType


def take(scan: Scan, owner: str, name: str, value: Any, kind: str, place: Place | None = None) -> None:
    """Make a value part of the scan, whole.

    Args:
        scan: The scan.
        owner: The function or class whose code reads it.
        name: The chain that leads to it.
        value: The value.
        kind: What it is to its owner: ``global``, ``closure``, ``attribute``, …
        place: Where it is kept.
    """
    if scan.is_ignored(place):
        return
    if value is MISSING:
        scan.part(owner, kind, name, b"missing", place=place)
        scan.show((owner, kind, name), lambda: "not there")
    elif isinstance(value, (Fresh, Made, Method, Next)):
        return
    elif isinstance(value, types.ModuleType):
        _take_module(scan, owner, name, value, kind)
    elif isinstance(value, ContextVar):
        get = functools.partial(current_value, value)
        scan.guards.got(get, get())
        take(scan, owner, f"{name}.get()", get(), kind)
    elif isinstance(value, weakref.ref) and type(value) is weakref.ref:
        take(scan, owner, f"{name}()", value(), kind)
    elif is_subject(scan, value):
        scan.part(owner, kind, name, b"#%d" % scan.number_of(value), value, place)
        scan.show((owner, kind, name), lambda: str(getattr(value, "__qualname__", type(value).__qualname__)))
    else:
        _take_data(scan, owner, name, value, kind, place)


def is_subject(scan: Scan, value: Any) -> bool:
    """Whether a value is code or an instance of one's own, which is followed and stands for itself by a number."""
    kind = type(value)
    if issubclass(kind, type) or kind in (types.FunctionType, types.MethodType) or scan.is_cached_function(value):
        return scan.is_own(value) or bool(getattr(value, "__closure__", None)) or kind is types.MethodType
    if kind is functools._lru_cache_wrapper:
        return scan.is_own(value.__wrapped__)
    return is_own_instance(scan, value)


def is_own_instance(scan: Scan, value: Any) -> bool:
    """Whether a value is an instance of a class of one's own, and counts by that class."""
    return is_own_instance_of(type(value))


def is_own_instance_of(kind: type) -> bool:
    """Whether the instances of a class are instances of one's own."""
    return is_own(kind) and not issubclass(kind, (enum.Enum, type)) and class_item(kind, "__memo_key__") is None


def _take_module(scan: Scan, owner: str, name: str, module: types.ModuleType, kind: str) -> None:
    """A module as a whole: of one of one's own all data, functions and classes that are defined in it."""
    if not scan.is_own(module):
        scan.part(owner, kind, name, b"installed " + module.__name__.encode())
        return
    scan.part(owner, kind, name, b"module")
    if scan.first(module):
        take_names(scan, f"module {module.__name__}", vars(module))


def take_names(scan: Scan, owner: str, names: dict[str, Any], data_only: bool = False) -> None:
    """All names of a module of one's own: data, and the functions and classes that are defined there."""
    scan.guard_names(names)
    here = names.get("__name__")
    for key in sorted(names):
        value = item_of(names, key)
        if isinstance(value, types.ModuleType) or (key.startswith("__") and key.endswith("__")):
            continue
        is_code = isinstance(value, type) or callable(value)
        if is_code and (data_only or getattr(value, "__module__", here) != here):
            continue
        scan.guards.name(names, key, names[key])
        take(scan, owner, key, value, "global", (id(names), key))


def take_subject(scan: Scan, value: Any, owner: str) -> None:
    """Follow code or an instance that was met as a value: it escapes, so all of it counts."""
    kind = type(value)
    if issubclass(kind, type):
        if scan.is_own(value):
            classes.take_class(scan, value, "data", "methods", "surface")
    elif kind is types.MethodType:
        _take_method(scan, value, owner)
    elif kind is functools._lru_cache_wrapper:
        scan.enter(value.__wrapped__, escapes=True)
    elif scan.is_cached_function(value):
        scan.enter_cached(value, escapes=True)
    elif kind is types.FunctionType:
        if scan.is_own(value):
            scan.enter(value, escapes=True)
        else:
            take_closure(scan, value, owner)
    else:
        take_instance(scan, value)


def take_closure(scan: Scan, function: types.FunctionType, owner: str) -> None:
    """What an installed function holds, as one that an installed decorator made: cells, defaults and attributes."""
    name = f"{function.__module__}.{function.__qualname__}"
    scan.part(owner, "installed", name, b"")
    names = function.__code__.co_freevars
    for each, cell in zip(names, function.__closure__ or (), strict=False):
        value = getattr(cell, "cell_contents", MISSING)
        if value is not function:
            take(scan, f"installed {name}", each, value, "closure")
    for each, value in sorted(vars(function).items()):
        if not each.startswith("__"):
            take(scan, f"installed {name}", each, value, "attribute")


def _take_method(scan: Scan, method: types.MethodType, owner: str) -> None:
    """A bound method that is handed on counts as called."""
    function, holder = method.__func__, method.__self__
    if type(function) is types.FunctionType and scan.is_own(function):
        scan.enter(function, first=Reached(holder, "self"), escapes=True)
        return
    scan.part(owner, "installed", f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}", b"")
    take(scan, owner, f"{method.__name__}.__self__", holder, "attribute")


def take_instance(scan: Scan, value: Any) -> None:
    """An instance of a class of one's own, whole: its data, its class's name and all own methods of the class."""
    kind = type(value)
    owner = scan.name_of(value, f"instance {kind.__name__}")
    scan.part(owner, "class", "", kind.__name__.encode())
    classes.take_class(scan, kind, "data", "methods")
    for _, function in classes.functions_of(kind):
        scan.enter(function, first=Reached(value, "self"))
    if any(not scan.is_own(base) and base.__module__ not in ("typing", "abc") for base in kind.__mro__[:-1]):
        _take_form(scan, owner, value)
        return
    ignored = scan.ignored_of(kind)
    held = own_dict(value)
    if held is not None:
        scan.guard_names(held)
    scan.guard_class(kind, value)
    pieces: list[tuple[str, Any]] = []
    for name, item in list((held or {}).items()):  # another thread may add to it
        place = (id(value), name)
        if name in ignored or scan.is_ignored(place) or _is_computed(scan, kind, held, name, item):
            continue
        pieces.append((name, item))
        scan.guards.name(held, name, item)
    for base in kind.__mro__:
        for name, slot in base.__dict__.items():
            left_out = name in ("__dict__", "__weakref__", *ignored) or scan.is_ignored((id(value), name))
            if isinstance(slot, _SLOT) and not left_out:
                get = functools.partial(_slot_value, slot, value)
                scan.guards.got(get, get())
                pieces.append((name, get()))
    for name, item in pieces:
        scan.hide(value, name)
        take(scan, owner, name, item, "attribute", (id(value), name))


def _take_form(scan: Scan, owner: str, value: Any) -> None:
    """The data of an instance whose class has an installed base, by the form of that."""

    def subject(thing: Any) -> bytes | None:
        if thing is type(value):
            return type(value).__name__.encode()
        return None if thing is value else scan.subject(thing)

    try:
        encoded = encoding.encode(value, subject)
    except Exception as problem:
        scan.part(owner, "value", "", b"class " + class_name(type(value)).encode())
        scan.untracked(owner, "value", "", value, problem)
        return
    if isinstance(value, (tuple, list, dict, str, int, float)):
        scan.show((owner, "value", ""), functools.partial(preview, value))
    scan.part(owner, "value", "", encoded, value)
    scan.guards.content(value, lambda: encoding.encode(value, subject), encoded)


def _is_computed(scan: Scan, kind: type, held: Any, name: str, item: Any) -> bool:
    """Whether a cached property of an instance was computed by a call, and so counts as not yet computed."""
    from llm_memo.identity.scan import lazily

    return lazily.is_pending(scan, held, name, item)


def _slot_value(slot: Any, value: Any) -> Any:
    try:
        return slot.__get__(value)
    except AttributeError:
        return MISSING


def _take_data(scan: Scan, owner: str, name: str, value: Any, kind: str, place: Place | None) -> None:
    if type(value) is dict and scan.ignored:
        value = {key: item for key, item in [*value.items()] if not scan.is_ignored((id(value), key))}
    try:
        encoded = scan.encode(value)
    except Exception as problem:
        _take_apart(scan, owner, name, value, kind, problem)
        return
    scan.part(owner, kind, name, encoded, value, place)


_MOST = 100
"""Items of a container without a form of its own that are looked at one by one, at most."""


def _take_apart(scan: Scan, owner: str, name: str, value: Any, kind: str, problem: Exception) -> None:
    """Of a container whose insides have no form all over, what has one; of anything else its class."""
    whole = type(value) in (list, tuple, dict) and len(value) <= _MOST and name.count("[") < 8
    if whole:
        scan.part(owner, kind, name, repr((type(value).__name__, len(value))).encode())
        scan.guard_length(value)
        for key, item in [*value.items()] if type(value) is dict else enumerate([*value]):
            take(scan, owner, f"{name}[{key!r}]", item, kind, (id(value), key))
        return
    scan.part(owner, kind, name, b"class " + class_name(type(value)).encode())
    if not is_equipment(value):
        scan.untracked(owner, kind, name, value, problem)
