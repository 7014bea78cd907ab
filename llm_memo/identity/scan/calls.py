"""Calls: own functions are followed, what installed code is given is read whole."""

from __future__ import annotations

import functools
import inspect
import os
import types
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from llm_memo.identity.code import source
from llm_memo.identity.code.uses import Given, Use
from llm_memo.identity.scan import classes, modules, values
from llm_memo.identity.scan.reached import (
    MISSING,
    Fresh,
    Made,
    Method,
    Next,
    Reached,
    current_value,
    is_container,
)

if TYPE_CHECKING:
    from llm_memo.identity.scan.scan import Followed, Scan

MUTATORS = frozenset({
    "add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "extendleft", "insert",
    "intersection_update", "move_to_end", "pop", "popitem", "popleft", "remove", "reverse", "rotate", "setdefault",
    "sort", "subtract", "symmetric_difference_update", "update",
})  # fmt: skip
"""Methods by which a container is only written to, where the call is a statement of its own."""

_CHANGE_WHAT_THEY_ARE_GIVEN = ("heapq", "_heapq", "bisect", "_bisect")
"""Modules whose functions write to their first argument."""
_REDIRECTS = ("redirect_stdout", "redirect_stderr")


def call(scan: Scan, followed: Followed, use: Use, at: Reached, only: str = "") -> None:
    """Follow a call of what was reached, with what it is given.

    Args:
        scan: The scan.
        followed: The function that calls.
        use: The call.
        at: What is called.
        only: Follow only what is given from this parameter of the calling function.
    """
    value, kind = at.value, type(at.value)
    given = [(each, _reached(scan, followed, each, only)) for each in use.given]
    if at.computed or isinstance(value, (Made, Next)) or value is MISSING:
        _escape(scan, followed, given)
        return
    if isinstance(value, Method):
        _method(scan, followed, use, at, given)
        return
    if issubclass(kind, types.BuiltinFunctionType) and is_container(value.__self__) and value.__name__ in MUTATORS:
        _method(scan, followed, use, Reached(Method(value.__name__), at.text, holder=value.__self__), given)
        return
    if value is os.getenv and use.given:
        _variable(scan, followed, use)
        given = given[1:]
    if value is inspect.getsource:
        for _, found in given:
            for each in found:
                _take_text(scan, followed, each)
        return
    if not called(scan, at, given, followed):
        if getattr(value, "__name__", "") in _REDIRECTS:
            scan.redirected = True
        if only:
            _escape(scan, followed, given)
            return
        scan.read_called(at, followed)
        _escape(scan, followed, given)
        if getattr(value, "__module__", "") in _CHANGE_WHAT_THEY_ARE_GIVEN:
            for each in (each for _, found in given[:1] for each in found if is_container(each.value)):
                scan.writes.setdefault(id(each.value), use.line)


Arguments = list[tuple[Given, list[Reached]]]


def called(scan: Scan, at: Reached, given: Arguments, followed: Followed | None) -> bool:
    """Follow a call of own code; False if what is called is not one's own."""
    value: Any = at.value
    holder = at.holder
    if type(value) is types.MethodType:
        value, holder = value.__func__, value.__self__
    if isinstance(value, functools.partial):
        inner = Reached(value.func, at.text)
        bound: Arguments = [(Given(n), [Reached(each, at.text)]) for n, each in enumerate(value.args)]
        bound += [(Given(name), [Reached(each, at.text)]) for name, each in value.keywords.items()]
        moved = [
            (each._replace(place=each.place + len(value.args)) if isinstance(each.place, int) else each, found)
            for each, found in given
        ]
        if not called(scan, inner, bound + moved, followed):
            for _, found in bound:
                for each in found:
                    scan.read_whole(each, followed)
            return False
        return True
    if type(value) is functools._lru_cache_wrapper and scan.is_own(value.__wrapped__):
        return called(scan, Reached(value.__wrapped__, at.text, holder), given, followed)
    registry = vars(value).get("registry") if type(value) is types.FunctionType else None
    if isinstance(registry, types.MappingProxyType):
        scan.guards.content(registry, lambda: list(registry.items()), list(registry.items()))
        for each in registry.values():
            called(scan, Reached(each, at.text, holder), given, followed)
        return True
    if isinstance(value, type):
        if not scan.is_own(value):
            return False
        _construct(scan, value, given, followed)
        return True
    if scan.is_cached_function(value) or (type(value) is types.FunctionType and scan.is_own(value)):
        entered = scan.enter(value, first=_first(value, holder, at))
        if entered is not None:
            _give(scan, entered, given, followed, 0 if holder is None else 1)
        return True
    if isinstance(value, Fresh):
        scan.call_attribute(followed, at, "__call__")
        _escape(scan, followed, given)
        return True
    if values.is_own_instance(scan, value):
        scan.call_attribute(followed, at, "__call__", given=given)
        return True
    return False


def _first(value: Any, holder: Any, at: Reached) -> Reached | None:
    return None if holder is None else Reached(holder, at.text)


def _construct(scan: Scan, kind: type, given: Arguments, followed: Followed | None) -> None:
    """An instance of a class of one's own is made."""
    classes.build(scan, kind)
    fresh = Fresh(kind)
    entered = False
    for name in ("__init__", "__new__", "__post_init__"):
        for base in kind.__mro__:
            function = base.__dict__.get(name)
            function = function.__func__ if isinstance(function, staticmethod) else function
            if function is None:
                continue
            if type(function) is types.FunctionType and scan.is_own(base) and not classes.is_generated(function):
                target = scan.enter(function, first=Reached(fresh, ""))
                if target is not None and name != "__post_init__":
                    _give(scan, target, given, followed, 1)
                    entered = True
            break
    maker = type(kind).__dict__.get("__call__")
    if type(maker) is types.FunctionType and scan.is_own(type(kind)):
        scan.enter(maker, first=Reached(kind, ""))
    if not entered:
        _escape(scan, followed, given)


def _give(scan: Scan, target: Followed, given: Arguments, followed: Followed | None, offset: int) -> None:
    """Bind what a call gives to the parameters of a function of one's own."""
    code = target.function.__code__
    positional = code.co_varnames[offset : code.co_argcount]
    named = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    given_names = set()
    for each, found in given:
        place = each.place
        name = None
        if isinstance(place, int):
            name = positional[place] if place < len(positional) else None
        elif place in named:
            name = place
        if name is None:
            for at in found:
                scan.read_whole(at, followed)
            if place == "*":
                target.open.update(named)
            continue
        given_names.add(name)
        for at in found:
            scan.bind(target, name, at)
            if type(at.value) is str and not at.computed:
                target.constants.setdefault(name, set()).add(at.value)
        if each.constant is not None:
            target.constants.setdefault(name, set()).add(str(each.constant))
        elif not found:
            target.open.add(name)
    defaults = target.function.__defaults__ or ()
    pairs = [*zip(code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount], defaults, strict=True)]
    for name, default in pairs + list((target.function.__kwdefaults__ or {}).items()):
        if name not in given_names:
            if isinstance(default, str):
                target.constants.setdefault(name, set()).add(default)
            scan.bind(target, name, Reached(default, name))


def _reached(scan: Scan, followed: Followed, given: Given, only: str) -> list[Reached]:
    """What an argument is, as far as it comes from outside of the call."""
    from llm_memo.identity.scan.uses import reached_by

    return [
        at
        for ref in given.refs
        if not only or (ref.chain.root.kind == "parameter" and ref.chain.root.name == only)
        for at in reached_by(scan, followed, ref)
    ]


def _escape(scan: Scan, followed: Followed | None, given: Arguments) -> None:
    for _, found in given:
        for at in found:
            scan.read_whole(at, followed)


def _method(scan: Scan, followed: Followed, use: Use, at: Reached, given: Arguments) -> None:
    """A method of an object that is not followed."""
    name, holder = at.value.name, at.holder
    if isinstance(holder, ContextVar):
        if name == "get":
            get = functools.partial(current_value, holder)
            scan.guards.got(get, get())
            return  # what is done with its result is a use of its own
        _escape(scan, followed, given)
        return
    if name == "__subclasses__" and isinstance(holder, type):
        found = _subclasses(holder)
        scan.guards.same(functools.partial(_subclasses, holder), found)
        for kind in found:
            if scan.is_own(kind):
                scan.take(followed.label, f"{at.text}.{kind.__name__}", kind, "subclass")
        return
    _escape(scan, followed, given)
    if is_container(holder) and name in MUTATORS:
        scan.writes.setdefault(id(holder), use.line)
        if use.statement:
            return
    if isinstance(holder, type):
        if scan.is_own(holder):
            scan.take(followed.label, at.text.rpartition(".")[0], holder, "class")
        return
    if holder is os.environ and name == "get":
        _variable(scan, followed, use)
        return
    scan.read_whole(Reached(holder, at.text.rpartition(".")[0]), followed)


def _subclasses(kind: type) -> list[type]:
    found: list[type] = list(type.__subclasses__(kind))
    for each in found:
        inner: list[type] = type.__subclasses__(each)
        found += [kind for kind in inner if kind not in found]
    return found


def _variable(scan: Scan, followed: Followed, use: Use) -> None:
    """``os.getenv(name)``."""
    first = use.given[0]
    if first.constant is not None:
        at = modules.variable(scan, first.constant)
        scan.take(followed.label, at.text, at.value, "environment", at.place)
        return
    for ref in first.refs:
        chain = ref.chain
        if chain.root.kind == "parameter" and not chain.steps:
            scan.variables.append((followed, chain.root.name, f"os.environ[{chain.root.name}]"))
        else:
            for at in _reached(scan, followed, first, ""):
                if isinstance(at.value, str):
                    found = modules.variable(scan, at.value)
                    scan.take(followed.label, found.text, found.value, "environment", found.place)
                scan.read_whole(at, followed)
    if not first.refs:
        scan.untracked(followed.label, "environment", "os.environ[…]", followed.function, Exception())


def _take_text(scan: Scan, followed: Followed, at: Reached) -> None:
    """What is given to `inspect.getsource` counts by its text."""
    value = at.value
    text = source.source_of(value) if type(value) is types.FunctionType else None
    if text is None:
        try:
            text = inspect.getsource(value)
        except (OSError, TypeError):
            text = ""
    scan.take(followed.label, at.text, text, "source")
