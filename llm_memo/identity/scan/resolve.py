"""One step of a chain, from value to value, without running any of the user's code."""

from __future__ import annotations

import builtins
import enum
import functools
import operator
import os
import types
from collections import defaultdict
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from llm_memo.adapters.mocks import is_mock
from llm_memo.identity.code.names import ANY, CLASS, EACH, MODULE, Attribute, Item, Named, Result, Root, Step, step_text
from llm_memo.identity.local import is_own
from llm_memo.identity.quiet import MISSING, cell_value, is_a
from llm_memo.identity.scan import lazily, modules
from llm_memo.identity.scan.attributes import BUILTIN, Found, attribute, in_classes, member, reached_item
from llm_memo.identity.scan.followed import Followed
from llm_memo.identity.scan.own import is_own_function
from llm_memo.identity.scan.reached import (
    Fresh,
    Made,
    Method,
    Next,
    Place,
    Reached,
    current_value,
    is_container,
    is_sequence,
    opaque,
)
from llm_memo.identity.scan.state import State
from llm_memo.identity.scan.values import read_whole

# The first name -------------------------------------------------------------------------------


def root(scan: State, followed: Followed, start: Root) -> list[Reached]:
    """What the first name of a chain leads to."""
    function, name = followed.function, start.name
    match start.kind:
        case "parameter":
            return list(followed.bound.get(name, {}).values())
        case "global":
            return [global_name(scan, function.__globals__, name)]
        case "closure":
            return [_closed_over(scan, function, name)]
        case "import":
            return modules.imported(scan, function, name, start.always)
        case "module":
            return [Reached(function.__globals__, name)]
        case "super":
            owner = _closed_over(scan, function, "__class__").value
            seen = followed.bound.get(function.__code__.co_varnames[0], {}) if is_a(owner, type) else {}
            return [Reached(Next(each.value, owner), "super()", holder=each.value) for each in seen.values()]
    return [opaque(name)]


def global_name(scan: State, names: dict[str, Any], name: str) -> Reached:
    """What a global leads to, or a builtin of the name."""
    if name in names:
        return reached_item(scan, names, name, name, (id(names), name))
    scan.guards.no_name(names, name)
    if name not in vars(builtins):
        scan.guards.no_name(vars(builtins), name)
        return Reached(MISSING, name, place=(id(names), name))
    return reached_item(scan, vars(builtins), name, name, (id(names), name))


def _closed_over(scan: State, function: types.FunctionType, name: str) -> Reached:
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))
    if name not in cells:
        return opaque(name)
    cell = cells[name]
    value = cell_value(cell)
    scan.guards.got(functools.partial(cell_value, cell), value)
    if lazily.is_pending(scan, cell, "", value):
        value = lazily.before(cell, "")
    return Reached(value, name, place=(id(cell), ""))


# Steps ----------------------------------------------------------------------------------------


def take_step(scan: State, followed: Followed, at: Reached, step: Step, rest: tuple[Step, ...]) -> Found:
    """Where a step leads from ``at``, before the steps ``rest``."""
    value, text = at.value, at.text + step_text(step)
    if at.computed or value is MISSING:
        return [opaque(text)] if at.computed and isinstance(step, (Attribute, Result)) else []
    if is_a(value, Made):
        if is_a(step, Attribute) and is_a(value.origin, type) and not value.name:
            found = in_classes(scan, value.origin.__mro__, step.name)
            if found is not None and (
                is_own_function(found[1]) or is_mock(found[1])
            ):  # a test's, on an installed class
                return [Reached(found[1], text, holder=value)]
        return [Reached(Made(value.origin, value.mode, step.name if isinstance(step, Attribute) else value.name), text)]
    match step:
        case Attribute("get") if rest and isinstance(rest[0], (Item, Named)):
            if value is os.environ or is_container(value):
                return [at]
            if is_a(value, Fresh) or (is_own(type(value)) and not is_a(value, types.ModuleType)):
                scan.special(followed, at, "get")
                return [opaque(text)]
            return None
        case Attribute(name):
            return attribute(scan, at, name, text)
        case Result(mode):
            return [_result(scan, at, mode, text)]
        case Item(key):
            return _item(scan, followed, at, key, text)
        case Named(parameter) if value is os.environ:
            scan.named.append((followed, "environment", parameter))
            return [opaque(text)]
    if step == CLASS:
        return [Reached(value.kind if is_a(value, Fresh) else type(value), text, place=at.place)]
    if step == MODULE:
        return _item(scan, followed, at, followed.function.__globals__.get("__name__"), text)
    if step == EACH:
        return _each(scan, at, text)
    if value is os.environ:
        scan.untracked_name(followed.label, "environment")
        return [opaque(f"{at.text}{ANY.text}")]
    return _computed_by(scan, at, "__getitem__", f"{at.text}{ANY.text}")


def _result(scan: State, at: Reached, mode: str, text: str) -> Reached:
    """What a call returns."""
    value = at.value
    if is_a(at.holder, ContextVar) and is_a(value, Method) and value.name == "get":
        get = functools.partial(current_value, at.holder)
        scan.guards.got(get, get())
        return Reached(get(), text, place=(id(at.holder), "get()"))
    if is_a(value, Method):
        return Reached(Made(at.holder, mode, value.name), text, holder=at.holder)
    if is_a(value, type) and is_own(value):
        return Reached(Fresh(value), text)
    called = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType)
    if issubclass(type(value), called) and not is_own(value):
        return Reached(Made(value, mode), text)
    return opaque(text, value)


def _computed_by(scan: State, at: Reached, name: str, text: str) -> Found:
    """What a special method of a class of one's own gives, which is followed."""
    if not is_own(type(at.value)):
        return None
    found = in_classes(scan, type(at.value).__mro__, name)
    if found is None or not is_own(found[0]):
        return None
    scan.special(None, at, name)
    return [opaque(text)]


def _item(scan: State, followed: Followed, at: Reached, key: Any, text: str) -> Found:
    value = at.value
    if value is os.environ:
        return [modules.variable(scan, key)]
    if is_a(value, type) and issubclass(value, enum.Enum):
        return [member(scan, value, key, text)]
    if is_a(value, (Fresh, Next)):
        return [opaque(text)]
    if (found := _computed_by(scan, at, "__getitem__", text)) is not None:
        return found
    readable = is_a(value, (dict, list, tuple, types.MappingProxyType)) or is_container(value)
    if not readable or is_a(value, set):
        return [] if is_a(value, BUILTIN) else None
    place: Place = (id(value), key)
    if scan.is_ignored(place):
        return []
    try:
        if is_a(value, dict) and not dict.__contains__(value, key):
            raise KeyError
        value[key]
    except (LookupError, TypeError):
        scan.guards.no_name(value, key) if isinstance(value, Mapping) else scan.guard_length(value)
        if is_own(type(value)):
            scan.special(None, at, "__missing__")
        if is_a(value, defaultdict):  # what it gives then
            read_whole(scan, Reached(value.default_factory, f"{at.text}.default_factory"), followed)
        return [Reached(MISSING, text, place=place)]
    return [reached_item(scan, value, key, text, place)]


def _each(scan: State, at: Reached, text: str) -> Found:
    """The items of a container, one by one; of a dict its keys."""
    value = at.value
    if is_a(value, (Fresh, Next)):
        return [opaque(text)]
    if is_sequence(value):
        items = [*value]
        scan.guards.checks.append(lambda: len(value) == len(items) and all(map(operator.is_, value, items)))
        return [Reached(item, f"{at.text}[{place}]", place=(id(value), place)) for place, item in enumerate(items)]
    return _computed_by(scan, at, "__iter__", text)
