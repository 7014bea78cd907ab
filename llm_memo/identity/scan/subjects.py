"""Code and instances of one's own that escape: all of them counts."""

from __future__ import annotations

import functools
import types
from typing import Any

from llm_memo.adapters.equipment import class_name
from llm_memo.identity.forms import encoding
from llm_memo.identity.forms.code import behind_cache, never_sent_of
from llm_memo.identity.forms.witness import Witness
from llm_memo.identity.local import is_own
from llm_memo.identity.preview import preview
from llm_memo.identity.quiet import closure_of, is_a, own_dict
from llm_memo.identity.scan import attributes, classes, lazily
from llm_memo.identity.scan.own import ignored_of, is_cached_function, is_function_of_module, is_own_function
from llm_memo.identity.scan.reached import Reached
from llm_memo.identity.scan.state import State
from llm_memo.identity.scan.values import held_of, installed_name, take, take_less


def take_subject(scan: State, value: Any, owner: str) -> None:
    """Follow code or an instance that was met as a value."""
    kind = type(value)
    if issubclass(kind, type):
        if is_own(value):
            classes.take_class(scan, value, "data", "methods", "surface")
    elif issubclass(kind, types.ModuleType):
        take(scan, owner, "", value, "module")
    elif kind is types.MethodType:
        _take_method(scan, value, owner)
    elif kind is functools._lru_cache_wrapper:
        scan.enter(value.__wrapped__, escapes=True)
    elif is_own_function(value) or is_cached_function(value):
        scan.enter(value, escapes=True)
    elif kind is types.FunctionType:
        _take_closure(scan, value, owner)
    else:
        _take_instance(scan, value)


def _take_method(scan: State, method: types.MethodType, owner: str) -> None:
    """A bound method that escapes counts as called."""
    if scan.enter(method.__func__, first=Reached(method.__self__, "self"), escapes=True) is None:
        scan.part(owner, "installed", installed_name(method.__func__))
        if not is_function_of_module(method):
            take(scan, owner, f"{method.__name__}.__self__", method.__self__, "attribute")


def _take_closure(scan: State, function: types.FunctionType, owner: str) -> None:
    """What an installed function holds, as one that an installed decorator made: cells, defaults and attributes."""
    name = installed_name(function)
    omitted = never_sent_of(function)
    scan.part(owner, "installed", name)
    if (inside := behind_cache(function)) is not None:
        take(scan, f"installed {name}", "", inside, "closure")
        return
    for each, value in closure_of(function).items():
        if value is not function and each not in omitted:
            take(scan, f"installed {name}", each, value, "closure")
    for each, value in sorted(vars(function).items()):
        if not each.startswith("__") and each not in omitted:
            scan.guards.name(vars(function), each, value)
            take(scan, f"installed {name}", each, value, "attribute")


def _take_instance(scan: State, value: Any) -> None:
    """An instance of a class of one's own, whole: its data, its class's name and all own methods of the class."""
    kind = type(value)
    owner = scan.name_of(value, f"instance {kind.__name__}")
    scan.part(owner, "class", "", kind.__name__.encode())
    classes.take_class(scan, kind, "data", "methods")
    classes.follow_methods(scan, value)
    if any(not is_own(base) and base.__module__ not in ("typing", "abc") for base in kind.__mro__[:-1]):
        _take_form(scan, owner, value)
        return
    scan.guard_class(kind, value)
    late = {name for base in kind.__mro__ for name, raw in vars(base).items() if is_a(raw, functools.cached_property)}
    for name in sorted(late.difference(own_dict(value) or ())):
        attributes.attribute(scan, Reached(value, owner), name, f"{owner}.{name}")  # the call may make it
    for held, name, item in list(held_of(scan, value)):
        if type(held) is not dict or not lazily.is_pending(scan, held, name, item):
            scan.hide(value, name)
            take(scan, owner, name, item, "attribute", (id(value), name))


def _take_form(scan: State, owner: str, value: Any) -> None:
    """The data of an instance whose class has an installed base, by the form of that."""

    def subject(thing: Any) -> bytes | None:
        if thing is type(value):
            return type(value).__name__.encode()
        return None if thing is value else scan.subject(thing)

    for name in ignored_of(type(value)):
        scan.is_omitted(type(value), name)
    if take_less(scan, owner, "", value, "attribute"):
        return
    try:
        encoded = encoding.encode(value, subject)
    except Exception as problem:
        scan.part(owner, "value", "", b"class " + class_name(type(value)).encode())
        scan.untracked(owner, "value", "", value, problem)
        return
    if is_a(value, (tuple, list, dict, str, int, float)):
        scan.show((owner, "value", ""), functools.partial(preview, value))
    scan.part(owner, "value", "", encoded, value)
    scan.guards.content(
        value, lambda: encoding.encode(value, subject), encoded, lambda: Witness(value, subject).check()
    )
