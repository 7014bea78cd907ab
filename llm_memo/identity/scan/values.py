"""Values that are read whole: what stands for each of them."""

from __future__ import annotations

import functools
import os
import pathlib
import types
import weakref
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from llm_memo import adapters
from llm_memo.adapters import variables
from llm_memo.adapters.equipment import class_name, is_credential, is_equipment
from llm_memo.identity.code.expressions import OF_FILES
from llm_memo.identity.forms import encoding, objects
from llm_memo.identity.guards import is_fixed
from llm_memo.identity.local import is_own
from llm_memo.identity.quiet import MISSING, code_attribute, is_a, own_dict, slot_value
from llm_memo.identity.scan.followed import Followed
from llm_memo.identity.scan.modules import place_in_project, variable
from llm_memo.identity.scan.own import is_function_of_module, is_own_function, is_subject
from llm_memo.identity.scan.reached import (
    Fresh,
    Made,
    Method,
    Next,
    Place,
    Reached,
    current_value,
    is_made,
    item_of,
    pydantic_dicts,
)
from llm_memo.identity.scan.state import State

_CODE = (type, types.FunctionType, types.MethodType)
_MOST = 100
"""Items of a container without a form of its own that are looked at one by one, at most."""


def take(scan: State, owner: str, name: str, value: Any, kind: str, place: Place | None = None) -> None:
    """Make a value part of the scan, whole.

    Args:
        scan: The scan.
        owner: The function or class whose code reads it.
        name: The chain that leads to it.
        value: The value.
        kind: What it is to its owner: ``global``, ``closure``, ``attribute``, …
        place: Where it is kept.
    """
    if scan.is_ignored(place) or is_a(value, (Fresh, Made, Method, Next)):
        return
    if value is MISSING:
        scan.part(owner, kind, name, b"missing", place=place)
        scan.show((owner, kind, name), lambda: "not there")
    elif is_a(value, types.ModuleType):
        _take_module(scan, owner, name, value, kind)
    elif type(value) is type(os.environ):
        why = "the code reads all variables, and which of them matter is not known"
        scan.untracked_name(owner, "environment", name, why)
    elif is_a(value, ContextVar):
        get = functools.partial(current_value, value)
        scan.guards.got(get, get())
        take(scan, owner, f"{name}.get()", get(), kind)
    elif type(value) is weakref.ref:
        take(scan, owner, f"{name}()", value(), kind)
    elif is_function_of_module(value):
        scan.part(owner, kind, name, b"installed " + installed_name(value).encode())
    elif is_subject(value):
        scan.part(owner, kind, name, b"#%d" % scan.number_of(value), value, place)
        scan.show((owner, kind, name), lambda: str(code_attribute(value, "__qualname__", type(value).__qualname__)))
    else:
        take_variables(scan, owner, value)
        _take_data(scan, owner, name, value, kind, place)


def take_variables(scan: State, owner: str, code: Any) -> None:
    """Take the variables of the environment that installed code is known to read; those that are not there: none."""
    while is_a(code, functools.partial):
        code = code.func
    if is_a(code, _CODE):
        for name in variables.of_code(code_attribute(code, "__module__")):
            at = variable(scan, name)
            if at.value is not MISSING:
                take(scan, owner, at.text, at.value, "environment", at.place)


def _take_module(scan: State, owner: str, name: str, module: types.ModuleType, kind: str) -> None:
    """A module as a whole: of one of one's own all data, functions and classes that are defined in it."""
    if not is_own(module):
        scan.part(owner, kind, name, b"installed " + module.__name__.encode())
        return
    scan.part(owner, kind, name, b"module")
    take_names(scan, f"module {module.__name__}", vars(module))


def take_names(scan: State, owner: str, names: dict[str, Any], data_only: bool = False) -> None:
    """All names of a module of one's own: data, and the functions and classes that are defined there."""
    scan.guard_names(names)
    here = names.get("__name__")
    for key in sorted(names):
        value = item_of(names, key)
        if is_a(value, types.ModuleType) or (key.startswith("__") and key.endswith("__")):
            continue
        is_code = is_a(value, type) or callable(value)
        if is_code and (data_only or code_attribute(value, "__module__", here) != here):
            continue
        scan.guards.name(names, key, names[key])
        take(scan, owner, key, value, "global", (id(names), key))


def _take_data(scan: State, owner: str, name: str, value: Any, kind: str, place: Place | None) -> None:
    if take_less(scan, owner, name, value, kind):
        return
    try:
        scan.part(owner, kind, name, scan.encode(value), value, place)
    except Exception as problem:
        _take_apart(scan, owner, name, value, kind, problem)


def take_less(scan: State, owner: str, name: str, value: Any, kind: str) -> bool:
    """Take a value of which ``ignore=`` leaves something out, name by name; False if it leaves nothing out.

    False as well for what may hold more than its names and its items tell, which counts whole.
    """
    if not scan.ignored or is_fixed(value) or all(holder != id(value) for holder, _ in scan.ignored):
        return False
    if (form := objects.beside_attributes(value)) is None:
        return False
    scan.part(owner, kind, name, b"less " + class_name(type(value)).encode())
    if form and not is_a(value, dict):
        encoded = encoding.encode(form, scan.subject)
        scan.part(owner, kind, f"{name}[…]", encoded)
        scan.guards.same(lambda: encoding.encode(objects.beside_attributes(value), scan.subject), encoded)
    is_installed, unsent = not is_own(type(value)), adapters.never_sent(type(value))
    for _, key, item in held_of(scan, value):
        if key not in unsent and not (is_installed and is_a(key, str) and is_credential(key)):
            take(scan, owner, f"{name}.{key}".removeprefix("."), item, kind, (id(value), key))
    return True


def held_of(scan: State, value: Any) -> Iterator[tuple[Any, Any, Any]]:
    """What an object holds by name, in its ``__dict__``, as a dict, beside fields and in slots, less what is left out.

    Each is guarded. Gives what holds it, the name and the item.
    """
    for held in (own_dict(value), value if is_a(value, dict) else None, *pydantic_dicts(value)):
        if held is None:
            continue
        scan.guard_names(held)
        for name, item in [*held.items()]:  # another thread may add to it
            if not scan.is_ignored((id(value), name)) and not scan.is_omitted(type(value), name):
                scan.guards.name(held, name, item)
                yield held, name, item
    for base in type(value).__mro__:
        for name, slot in base.__dict__.items() if "__slots__" in base.__dict__ else ():
            if not is_a(slot, types.MemberDescriptorType) or name.startswith("__pydantic_"):
                continue
            if not scan.is_ignored((id(value), name)) and not scan.is_omitted(type(value), name):
                get = functools.partial(slot_value, slot, value)
                scan.guards.got(get, get())
                yield slot, name, get()


def _take_apart(scan: State, owner: str, name: str, value: Any, kind: str, problem: Exception) -> None:
    """Of a container whose insides have no form all over, what has one; of anything else its class."""
    if type(value) in (list, tuple, dict) and len(value) <= _MOST and name.count("[") < 8:
        scan.part(owner, kind, name, repr((type(value).__name__, len(value))).encode())
        scan.guard_length(value)
        for key, item in [*value.items()] if type(value) is dict else enumerate([*value]):
            scan.guards.name(value, key, item)
            take(scan, owner, f"{name}[{key!r}]", item, kind, (id(value), key))
        return
    scan.part(owner, kind, name, b"class " + class_name(type(value)).encode())
    if not is_equipment(value):
        scan.untracked(owner, kind, name, value, problem)


# What chains lead to --------------------------------------------------------------------------


def read_whole(scan: State, at: Reached, followed: Followed | None = None) -> None:
    """What was reached is read whole, or goes on to somewhere else."""
    if is_made(at):
        scan.read_results.add(at.origin)
        return
    if is_a(at.value, Method):
        if at.holder is not None:
            scan.writes.setdefault(id(at.holder), 0)  # ``map(L.append, …)``
            read_whole(scan, holder_of(at), followed)
    elif at.holder is not None and callable(at.value) and type(at.value) is not types.MethodType:
        # A bound method escapes: it counts as called.
        if scan.enter(at.value, first=Reached(at.holder, "self"), escapes=True) is None:
            read_whole(scan, holder_of(at), followed)
    else:
        _take_as(scan, followed, at.text, at.value, at.place)


def holder_of(at: Reached) -> Reached:
    """The object that a method was found through."""
    return Reached(at.holder, at.text.rpartition(".")[0])


def _take_as(scan: State, followed: Followed | None, text: str, value: Any, place: Place | None = None) -> None:
    """Take a value that a chain of a function's leads to."""
    kind, root = "global", text.partition(".")[0].partition("[")[0].partition("(")[0]
    if followed is not None and text.startswith("os.environ"):
        kind = "environment"
    elif followed is not None and root in followed.function.__code__.co_freevars:
        kind = "closure"
    elif followed is not None and root in followed.parameters:
        kind = "argument"
    take(scan, followed.label if followed else "", text, value, kind, place)


def read_called(scan: State, at: Reached, followed: Followed) -> None:
    """Installed code is called: its name counts, and the object or the class of one's own that it is a method of."""
    value, kind = at.value, type(at.value)
    if is_function_of_module(value):
        scan.part(followed.label, "installed", installed_name(value))
        return
    relative = place_in_project(at.holder, followed.function) if is_a(at.holder, pathlib.PurePath) else None
    bound_to = getattr(value, "__self__", None) if issubclass(kind, types.BuiltinFunctionType) else None
    if relative is not None and code_attribute(value, "__name__") in OF_FILES:
        scan.part(followed.label, "place", at.text.rpartition(".")[0], relative.encode())
    elif at.holder is not None and not is_a(at.holder, Fresh) and _is_object(at.holder):
        read_whole(scan, holder_of(at), followed)
    elif bound_to is not None and not is_a(bound_to, types.ModuleType):
        _take_as(scan, followed, at.text.rpartition(".")[0], bound_to)
    elif issubclass(kind, (type, types.FunctionType, types.BuiltinFunctionType)):  # a proxy claims to be one
        take_variables(scan, followed.label, value)
        scan.part(followed.label, "installed", installed_name(value))
        if kind is types.FunctionType and (value.__closure__ or value.__dict__):
            scan.number_of(value)
    else:
        _take_as(scan, followed, at.text, value, at.place)


def _is_object(value: Any) -> bool:
    """Whether a value is more than a name: an instance, or a class of one's own."""
    return not is_a(value, type) or is_own(value)


def installed_name(value: Any) -> str:
    """What installed code is called, which is all that counts of it."""
    return f"{code_attribute(value, '__module__')}.{code_attribute(value, '__qualname__')}"


def take_descriptor(scan: State, raw: Any, value: Any, text: str) -> None:
    """An installed descriptor: its own functions are followed with the object, the rest counts whole."""
    for name, each in sorted((own_dict(raw) or {}).items()):
        if is_own_function(each):
            scan.enter(each, first=Reached(value, text))
        elif not name.startswith("__"):
            take(scan, "", f"{text}.{name}", each, "descriptor")
