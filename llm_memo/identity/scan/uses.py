"""What becomes of each use of a chain: the value that it leads to is read, called, written or passed over."""

from __future__ import annotations

import abc
import contextlib
import enum
import functools
import itertools
import operator
import os
import sys
import types
from collections.abc import Callable
from typing import Any

from llm_memo.adapters.equipment import class_name
from llm_memo.identity.code.names import Attribute, Chain, Item
from llm_memo.identity.code.uses import Given, Kind, Ref, Use
from llm_memo.identity.local import is_own
from llm_memo.identity.preview import preview
from llm_memo.identity.quiet import MISSING, class_has, class_item, is_a, own_dict, subclasses
from llm_memo.identity.scan import classes, modules
from llm_memo.identity.scan.calls import call
from llm_memo.identity.scan.chains import given_by, reached, resolved_quietly, was_set
from llm_memo.identity.scan.followed import Followed
from llm_memo.identity.scan.own import is_cached_function, is_own_instance
from llm_memo.identity.scan.part import Part
from llm_memo.identity.scan.reached import Candidate, Fresh, Method, Reached, is_container, is_made, is_sequence, opaque
from llm_memo.identity.scan.state import State
from llm_memo.identity.scan.values import read_whole, take_names

_NAMESPACES = (types.ModuleType, types.FunctionType, type, types.SimpleNamespace)
"""Types of what keeps what is set as its attribute, and does nothing else."""
_PLAIN = (str, bytes, int, float, complex, tuple, frozenset, type(None))
_CAN_BE_EMPTY = (str, bytes, int, float, tuple, frozenset, type(None), bool, list, dict, set)


def add(scan: State, followed: Followed, use: Use) -> None:
    """A use that counts: apply it to what its root is, and to what parameters are bound to."""
    if use.kind is Kind.GROUP and use.group is not None:
        followed.groups.append(use.group)
        return
    followed.uses.append(use)
    apply(scan, followed, use)
    root = use.ref.chain.root
    if root.kind == "parameter" and followed.is_root and not (followed.is_first(root.name) and followed.is_method):
        pass_on(scan, followed, use)


def pass_on(scan: State, followed: Followed, use: Use) -> None:
    """A method of an argument of which nothing is known reads what it is given: ``text.join(WORDS)``."""
    if use.kind is Kind.CALL and use.given:
        call(scan, followed, use, opaque(""))


def apply(scan: State, followed: Followed, use: Use, start: Reached | None = None) -> None:
    """Apply a use to the values that its chain leads to.

    Args:
        scan: The scan.
        followed: The function whose use it is.
        use: The use.
        start: What the chain starts from; None: everything that its root may be.
    """
    if use.kind is Kind.DATA:
        take_names(scan, followed.label, followed.function.__globals__, data_only=True)
    elif use.ref.unless is not None and was_set(scan, followed, use.ref.unless, start):
        pass_on(scan, followed, use)
    else:
        for at in reached(scan, followed, use, start):
            _APPLY[use.kind](scan, followed, use, at)


def bound(scan: State, followed: Followed, parameter: str, value: Reached) -> None:
    """A parameter is bound to one more value: apply the uses that it has a part in."""
    root = ("parameter", parameter, True)
    for use in list(followed.uses):
        if use.ref.chain.root == root:
            apply(scan, followed, use, value)
        elif any(ref.chain.root == root for given in use.given for ref in given.refs) or (
            use.ref.chain.root.kind == "super" and followed.is_first(parameter)
        ):
            apply(scan, followed, use)


def _part(scan: State, followed: Followed, at: Reached, kind: str, data: bytes, shown: Any = None) -> None:
    """Note one side of a value; of what the call makes nothing is noted."""
    if not is_made(at):
        scan.part(followed.label, kind, at.text, data)
        if at.value is not MISSING:
            scan.keep_place(Part(followed.label, kind, at.text), at.value, at.place)
        if shown is not None:
            scan.show((followed.label, kind, at.text), functools.partial(preview, shown))


def _import(scan: State, followed: Followed, use: Use, at: Reached) -> None:
    """A module is imported: to resolve the chain has done it; what is read of it are uses of their own."""


# Reading --------------------------------------------------------------------------------------


def _read(scan: State, followed: Followed, use: Use, at: Reached) -> None:
    if at.value is followed.function.__globals__:
        take_names(scan, followed.label, at.value)
    elif at.value is not os.environ or followed.analysis.has_tree:  # without, texts in the code are taken for names
        read_whole(scan, at, followed)


def _return(scan: State, followed: Followed, use: Use, at: Reached) -> None:
    if at.value is scan.made and at.value is not MISSING:
        scan.returned_by.add(id(followed.function))
        classes.follow_methods(scan, at.value)
    else:
        _read(scan, followed, use, at)


def _class(scan: State, followed: Followed, use: Use, at: Reached) -> None:
    """``isinstance(value, kinds)``."""
    if not at.computed:
        scan.guard_class(type(at.value), at.value)
    _part(scan, followed, at, "class", _class_form(at.value, is_subject=bool(use.given)))
    kinds = [each.value for given in use.given for each in given_by(scan, followed, given)]
    if not is_made(at):
        for kind in itertools.chain.from_iterable(map(_kinds_in, kinds)):
            _check(scan, followed, at, kind)


def _kinds_in(value: Any) -> list[Any]:
    """The classes that ``isinstance`` and ``except`` are given: one, or those in a tuple or a union."""
    if is_a(value, (tuple, types.UnionType)):
        return [kind for each in getattr(value, "__args__", value) for kind in _kinds_in(each)]
    return [value]


def _class_form(value: Any, is_subject: bool) -> bytes:
    """The class of a value that is tested, or the classes that it is compared with, by the names of all bases."""
    kinds = [type(value)] if is_subject and not is_a(value, type) else _kinds_in(value)
    each = (each.__mro__ if is_a(each, type) else [type(each)] for each in kinds)
    return " | ".join(" ".join(map(_name_of, mro)) for mro in each).encode()


def _name_of(kind: type) -> str:
    return kind.__name__ if is_own(kind) else class_name(kind)


def _check(scan: State, followed: Followed, at: Reached, kind: Any) -> None:
    """What ``isinstance`` looks at beside the bases of a class: the instance itself, or what is registered."""
    if not is_a(kind, type):
        return
    checks = tuple(class_item(type(kind), name) for name in _CHECKS)
    hooks = []
    if is_a(kind, abc.ABCMeta):
        hooks = [each for each in (*kind.__mro__, *subclasses(kind)) if "__subclasshook__" in vars(each)]
    own = [vars(each)["__subclasshook__"] for each in hooks if is_own(each)]
    if own or class_item(kind, "_is_protocol") is True or checks not in (_PLAIN_CHECKS, _ABSTRACT_CHECKS):
        read_whole(scan, at, followed)
        for function in (*checks, *(getattr(each, "__func__", each) for each in own)):
            scan.enter(function, first=Reached(kind, at.text))
    elif checks == _ABSTRACT_CHECKS:
        tested = at.value if is_a(at.value, type) else type(at.value)
        is_registered = issubclass(tested, kind)
        scan.guards.got(functools.partial(issubclass, tested, kind), is_registered)
        word = "registered" if is_registered else "not registered"
        _part(scan, followed, at, "class", f"{class_name(kind)} {word}".encode())


_CHECKS = ("__instancecheck__", "__subclasscheck__")
_PLAIN_CHECKS = tuple(class_item(type, name) for name in _CHECKS)
_ABSTRACT_CHECKS = tuple(class_item(abc.ABCMeta, name) for name in _CHECKS)


def _identity(scan: State, followed: Followed, use: Use, at: Reached) -> None:
    value = at.value
    if value is None or value is MISSING or value is ... or is_a(value, (bool, enum.Enum)):
        _part(scan, followed, at, "identity", repr(value).encode())
    elif not at.computed:
        scan.guard_class(type(value), value)
        _part(scan, followed, at, "identity", _name_of(value if is_a(value, type) else type(value)).encode())


def _length(scan: State, followed: Followed, use: Use, at: Reached) -> None:
    value = at.value
    if is_a(value, (str, bytes, tuple, frozenset, range)) or is_container(value):
        scan.guard_length(value)
        _part(scan, followed, at, "length", b"%d" % len(value), len(value))
    elif is_own_instance(value):
        scan.special(followed, at, "__len__")
    else:
        read_whole(scan, at, followed)


def _presence(scan: State, followed: Followed, use: Use, at: Reached) -> None:
    _part(scan, followed, at, "presence", b"absent" if at.value is MISSING else b"there")


def _member(scan: State, followed: Followed, use: Use, at: Reached) -> None:
    """``"a constant" in value``."""
    if at.value is os.environ:
        _presence(scan, followed, use, modules.variable(scan, str(use.given[0].constant)))
    else:
        read_whole(scan, at, followed)


def _place(scan: State, followed: Followed, use: Use, at: Reached) -> None:
    """A path in the project counts by its place there, so that the project may move."""
    relative = modules.place_in_project(at.value, followed.function)
    if relative is None:
        read_whole(scan, at, followed)
    else:
        _part(scan, followed, at, "place", relative.encode())


def _keys(scan: State, followed: Followed, use: Use, at: Reached) -> None:
    value = at.value
    if is_a(value, dict):
        keys = list(value)  # 1, True and 1.0 are equal, and other keys
        scan.guards.checks.append(lambda: len(value) == len(keys) and all(map(operator.is_, value, keys)))
        with contextlib.suppress(Exception):
            _part(scan, followed, at, "keys", scan.encode(keys), keys)
    elif is_container(value):
        _length(scan, followed, use, at)


def _iterate(scan: State, followed: Followed, use: Use, at: Reached) -> None:
    value = at.value
    if is_a(value, dict) and is_container(value):
        _keys(scan, followed, use, at)
    elif is_sequence(value):
        _length(scan, followed, use, at)
    elif is_own_instance(value):
        for name in ("__iter__", "__next__", "__getitem__", "__len__"):
            scan.special(followed, at, name)
    else:
        read_whole(scan, at, followed)


def _enter(scan: State, followed: Followed, use: Use, at: Reached) -> None:
    if is_a(at.value, Fresh) or is_own_instance(at.value):
        for name in ("__enter__", "__exit__", "__aenter__", "__aexit__"):
            scan.special(followed, at, name)
    else:
        read_whole(scan, at, followed)


# Writing --------------------------------------------------------------------------------------


def _write(scan: State, followed: Followed, use: Use, at: Reached) -> None:
    """The last step of a chain is written; ``at`` is what it is written into, or the name itself."""
    steps, value = use.ref.chain.steps, at.value
    if not steps:
        scan.writes.setdefault(at.place, use.line)
        if use.statement:
            scan.writes.setdefault(id(value), use.line)
        _change(scan, followed, use, at)
        return
    if is_made(at):
        scan.write_by_name(steps, use.line)
        return
    if is_a(value, Method) or value is MISSING:
        return
    step = steps[-1]
    key: Any = step.name if isinstance(step, Attribute) else step.key if isinstance(step, Item) else None
    owner = id(vars(value)) if is_a(value, types.ModuleType) else id(value)
    scan.writes.setdefault((owner, key), use.line)
    if isinstance(step, Attribute):
        _write_attribute(scan, followed, use, at, key)
        return
    scan.writes.setdefault(id(value), use.line)
    if is_own_instance(value):
        for name in ("__setitem__", "__delitem__", *(("__getitem__",) if use.statement else ())):
            scan.special(followed, at, name, written=True)
    elif not is_container(value) and value is not os.environ:
        read_whole(scan, at, followed)
    elif key is not None:
        with contextlib.suppress(Exception):
            _change(scan, followed, use, Reached(value[key], at.text))


def _write_attribute(scan: State, followed: Followed, use: Use, at: Reached, name: str) -> None:
    value, kind = at.value, type(at.value)
    if value is sys and name in ("stdout", "stderr"):
        scan.redirected = True
    if is_a(value, _NAMESPACES) or is_cached_function(value):
        held = vars(value) if is_a(value, type) else own_dict(value) or {}
        _change(scan, followed, use, Reached(held.get(name, MISSING), at.text))
        return
    if not is_own_instance(value):
        read_whole(scan, at, followed)
        return
    raw = class_item(kind, name)
    if is_a(raw, property):
        for function in (raw.fset, raw.fget if use.statement else None):
            scan.enter(function, first=Reached(value, "self"))
    elif class_has(type(raw), "__set__") and is_own(type(raw)):
        scan.special(followed, Reached(raw, at.text), "__set__", [(Given(0), [Reached(value, at.text)])])
    elif any("__setattr__" in base.__dict__ and is_own(base) for base in kind.__mro__):
        scan.special(followed, at, "__setattr__")
    else:
        _change(scan, followed, use, Reached((own_dict(value) or {}).get(name), at.text))


def _change(scan: State, followed: Followed, use: Use, at: Reached) -> None:
    """What ``+=`` does to a value: an object that is neither a number, a text nor a container may do anything."""
    value = at.value
    if not use.statement or value is MISSING or is_a(value, _PLAIN) or is_container(value):
        return
    if is_own_instance(value):
        for name in ("__iadd__", "__add__", "__isub__", "__sub__", "__ior__", "__or__", "__imul__", "__mul__"):
            scan.special(followed, at, name, written=True)
    elif type(value).__module__ not in ("decimal", "fractions", "datetime"):
        read_whole(scan, at, followed)


def _lazy(scan: State, followed: Followed, use: Use, at: Reached) -> None:
    """A value that the call makes if it is not there: then what it was counts, and it is seen to after the call."""
    is_there = at.value is not MISSING and (type(at.value) not in _CAN_BE_EMPTY or bool(at.value))
    if is_there and (is_own_instance(at.value) or is_container(at.value)):
        _identity(scan, followed, use, at)
        for name in ("__bool__", "__len__") if is_own_instance(at.value) else ():
            scan.special(followed, at, name)
    else:
        read_whole(scan, at, followed)
    found = None if is_there else _container_of(scan, followed, use)
    if found is None:
        return
    known = {name: dict(each) for name, each in followed.bound.items()}

    def again(other: State) -> None:
        entered = other.followed[id(followed.function)] = Followed(followed.function, "", is_root=True)
        entered.bound = known
        for each in use.made:
            other.later("use", entered, each)

    container, key, owner = found
    scan.candidates.append(Candidate(container, key, at.value, again, scan, owner))


def _container_of(scan: State, followed: Followed, use: Use) -> tuple[Any, Any, Any] | None:
    """Where a lazily made value is kept: the dict, the name, and the instance that it belongs to."""
    root, steps = use.ref.chain
    if not steps:
        return (followed.function.__globals__, root.name, None) if root.kind == "global" else None
    if not isinstance(steps[-1], Attribute):
        return None
    for each in resolved_quietly(scan, followed, Use(Kind.READ, Ref(Chain(root, steps[:-1])))):
        held = own_dict(each.value)
        if held is not None and not is_a(each.value, (type, types.FunctionType)):
            return held, steps[-1].name, None if is_a(each.value, types.ModuleType) else each.value
    return None


_APPLY: dict[Kind, Callable[[State, Followed, Use, Reached], None]] = {
    Kind.READ: _read,
    Kind.RETURN: _return,
    Kind.CALL: call,
    Kind.CLASS: _class,
    Kind.IDENTITY: _identity,
    Kind.LENGTH: _length,
    Kind.PRESENCE: _presence,
    Kind.MEMBER: _member,
    Kind.PLACE: _place,
    Kind.KEYS: _keys,
    Kind.ITERATE: _iterate,
    Kind.ENTER: _enter,
    Kind.WRITE: _write,
    Kind.LAZY: _lazy,
    Kind.IMPORT: _import,
}
