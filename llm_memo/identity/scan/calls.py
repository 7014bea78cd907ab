"""Calls: own functions are followed, what installed code is given is read whole."""

from __future__ import annotations

import builtins
import functools
import importlib
import inspect
import itertools
import os
import re
import types
from contextvars import ContextVar
from typing import Any

from llm_memo.adapters.equipment import CACHES, RETRIES
from llm_memo.identity.code import source
from llm_memo.identity.code.names import Attribute
from llm_memo.identity.code.uses import Given, Ref, Use
from llm_memo.identity.local import is_own
from llm_memo.identity.quiet import MISSING, class_item, code_attribute, is_a, subclasses, wrapped_by
from llm_memo.identity.scan import attributes, classes, modules
from llm_memo.identity.scan.chains import MUTATORS, escape, given_by
from llm_memo.identity.scan.followed import Followed, defaults_of
from llm_memo.identity.scan.own import is_cached_function, is_own_code, is_own_function, is_own_instance
from llm_memo.identity.scan.reached import Fresh, Made, Method, Next, Reached, current_value, is_container
from llm_memo.identity.scan.state import Arguments, State
from llm_memo.identity.scan.values import holder_of, read_called, read_whole, take

_CHANGE_WHAT_THEY_ARE_GIVEN = ("heapq", "_heapq", "bisect", "_bisect", "setattr", "delattr", "__setattr__", "shuffle")
"""Functions that write to their first argument, by their module or their name."""
_OF_ONE_VARIABLE = ("get", "pop", "setdefault")
"""Methods of the environment whose first argument names a variable."""
_REDIRECTS = ("redirect_stdout", "redirect_stderr")


def call(scan: State, followed: Followed, use: Use, at: Reached) -> None:
    """Follow a call of what was reached, with what it is given."""
    value = at.value
    given: Arguments = [(each, given_by(scan, followed, each)) for each in use.given]
    if issubclass(type(value), types.BuiltinFunctionType) and is_container(value.__self__):
        at = Reached(Method(value.__name__), at.text, holder=value.__self__)
        value = at.value
    if at.computed or value is MISSING or is_a(value, (Made, Next)):
        match use.ref.chain.steps:
            case (*_, Attribute(name)) if at.computed and name in MUTATORS:
                scan.write_by_name(use.ref.chain.steps[:-1], use.line)
        if is_a(value, Made):
            _let_go(scan, given)
        escape(scan, followed, given)
    elif is_a(value, Method):
        _method(scan, followed, use, at, given)
    elif value is os.path.expandvars:
        _expand(scan, followed, given)
        escape(scan, followed, given)
    elif value is importlib.import_module or value is builtins.__import__:
        _by_name(scan, followed, "import", *given.pop(0) if given else (Given(0), []))
        escape(scan, followed, given)
    elif value is inspect.getsource:
        for each in (each for _, found in given for each in found):
            take(scan, followed.label, each.text, _text_of(each.value), "source")
    elif not called(scan, at, given, followed):
        name = code_attribute(value, "__name__")
        only_writes = at.holder is os.environ and use.statement and name in MUTATORS
        of_environment = only_writes or (at.holder is os.environ and name in _OF_ONE_VARIABLE)
        if (value is os.getenv or of_environment) and given and not only_writes:
            _by_name(scan, followed, "environment", *given.pop(0))
        if name in _REDIRECTS:
            scan.redirected = True
        if not of_environment:
            read_called(scan, at, followed)
        if value is getattr or code_attribute(value, "__module__") != "builtins":
            _let_go(scan, given)
        escape(scan, followed, given)
        writes = is_a(value, types.MethodDescriptorType) and name in MUTATORS  # list.append(L, x)
        if writes or not {name, code_attribute(value, "__module__")}.isdisjoint(_CHANGE_WHAT_THEY_ARE_GIVEN):
            for each in (each for _, found in given[:1] for each in found):
                scan.writes.setdefault(id(each.value), use.line)


def _let_go(scan: State, given: Arguments) -> None:
    """Installed code may call all methods of the instances of own classes that it is given."""
    for at in (at for _, found in given for at in found if is_a(at.value, Fresh)):
        classes.take_class(scan, at.value.kind, "methods")


def call_special(
    scan: State, followed: Followed | None, at: Reached, name: str, given: Arguments, written: bool
) -> None:
    """Follow a method of what was reached, such as ``__getitem__``.

    One that is inherited from installed code gets the object whole, unless it only writes.
    """
    for found in attributes.attribute(scan, at, name, f"{at.text}.{name}") or ():
        known = found.value is not MISSING and not found.computed
        if known and not called(scan, found, given, followed) and not written:
            read_whole(scan, at, followed)


def call_getter(scan: State, getter: Any, holder: Reached) -> None:
    """Follow the function of a property, which is called with what the property is looked up on."""
    called(scan, Reached(getter, holder.text), [(Given(0), [holder])], None)


def called(scan: State, at: Reached, given: Arguments, followed: Followed | None) -> bool:
    """Follow a call of own code; False if what is called is not one's own."""
    value: Any = at.value
    holder = at.holder
    if type(value) is types.MethodType:
        value, holder = value.__func__, value.__self__
    if is_a(value, functools.partial):
        return _partial(scan, at, given, followed)
    if type(value) is functools._lru_cache_wrapper and is_own(value.__wrapped__):
        return called(scan, Reached(value.__wrapped__, at.text, holder), given, followed)
    if type(value) is types.FunctionType and f"{value.__globals__.get('__name__')}.".startswith((*CACHES, *RETRIES)):
        inner = wrapped_by(value)
        if is_own_code(inner):
            scan.number_of(value)  # what the decorator holds
            return called(scan, Reached(inner, at.text, holder), given, followed)
    registry = vars(value).get("registry") if type(value) is types.FunctionType else None
    if is_a(registry, types.MappingProxyType):  # functools.singledispatch
        scan.guards.content(registry, lambda: list(registry.items()), list(registry.items()))
        for each in registry.values():
            called(scan, Reached(each, at.text, holder), given, followed)
        return True
    if is_a(value, type) and is_own(value):
        _construct(scan, value, given, followed)
        return True
    if is_cached_function(value) or is_own_function(value):
        entered = scan.enter(value, first=None if holder is None else Reached(holder, at.text))
        if entered is not None:
            _give(scan, entered, given, followed, 0 if holder is None else 1)
        return True
    if is_a(value, Fresh):
        escape(scan, followed, given)
    if is_a(value, Fresh) or is_own_instance(value):
        scan.special(followed, at, "__call__", given)
        return True
    return False


def _partial(scan: State, at: Reached, given: Arguments, followed: Followed | None) -> bool:
    """A call of `functools.partial`: what it holds comes before what is given."""
    value = at.value
    held: Arguments = [(Given(place), [Reached(each, at.text)]) for place, each in enumerate(value.args)]
    held += [(Given(name), [Reached(each, at.text)]) for name, each in value.keywords.items()]
    scan.guard_names(value.keywords)
    for name, each in value.keywords.items():
        scan.guards.name(value.keywords, name, each)
    moved = [
        (each._replace(place=each.place + len(value.args)) if isinstance(each.place, int) else each, found)
        for each, found in given
    ]
    if called(scan, Reached(value.func, at.text), held + moved, followed):
        return True
    escape(scan, followed, held)
    return False


def _construct(scan: State, kind: type, given: Arguments, followed: Followed | None) -> None:
    """An instance of a class of one's own is made."""
    classes.build(scan, kind)
    entered = False
    for name in ("__init__", "__new__", "__post_init__"):
        base = next((base for base in kind.__mro__ if name in base.__dict__), object)
        function: Any = base.__dict__.get(name)
        function = function.__func__ if is_a(function, staticmethod) else function
        if is_own(base) and is_own_function(function) and not classes.is_generated(function):
            target = scan.enter(function, first=Reached(Fresh(kind), ""))
            if target is not None and name != "__post_init__":
                _give(scan, target, given, followed, 1)
                entered = True
    maker = class_item(type(kind), "__call__")
    if is_own_function(maker):
        scan.enter(maker, first=Reached(kind, ""))
    if not entered:
        escape(scan, followed, given)


def _give(scan: State, target: Followed, given: Arguments, followed: Followed | None, offset: int) -> None:
    """Bind what a call gives to the parameters of a function of one's own."""
    code = target.function.__code__
    positional = code.co_varnames[offset : code.co_argcount]
    named = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    names = set()
    for each, found in given:
        place = each.place
        name = dict(enumerate(positional)).get(place) if isinstance(place, int) else place if place in named else None
        if name is None:
            escape(scan, followed, [(each, found)])
            target.open.update(named if place == "*" else ())
            continue
        names.add(name)
        _bind(scan, target, name, found)
        if each.constant is not None:
            target.constants.setdefault(name, set()).add(str(each.constant))
        elif followed is not None and each.refs and all(map(_is_parameter, each.refs)):
            target.given_by.setdefault(name, set()).update((followed, ref.chain.root.name) for ref in each.refs)
        elif not found:
            target.open.add(name)
    for name, default in defaults_of(target.function).items():
        if name not in names:
            _bind(scan, target, name, [Reached(default, name)])


def _is_parameter(ref: Ref) -> bool:
    return ref.chain.root.kind == "parameter" and not ref.chain.steps


def _bind(scan: State, target: Followed, name: str, found: list[Reached]) -> None:
    for at in found:
        scan.bind(target, name, at)
        if type(at.value) is str and not at.computed:
            target.constants.setdefault(name, set()).add(at.value)


def _method(scan: State, followed: Followed, use: Use, at: Reached, given: Arguments) -> None:
    """A method of an object that is not followed."""
    name, holder = at.value.name, at.holder
    if name == "__subclasses__" and is_a(holder, type):
        _take_subclasses(scan, followed, at)
    elif is_a(holder, ContextVar) and name == "get":
        get = functools.partial(current_value, holder)
        scan.guards.got(get, get())  # what is done with its result is a use of its own
    else:
        escape(scan, followed, given)
        if is_container(holder) and name in MUTATORS:
            scan.writes.setdefault(id(holder), use.line)
            if use.statement:
                return
        if not is_a(holder, ContextVar):
            read_whole(scan, holder_of(at), followed)


def _take_subclasses(scan: State, followed: Followed, at: Reached) -> None:
    found = subclasses(at.holder)
    scan.guards.same(functools.partial(subclasses, at.holder), found)
    for kind in filter(is_own, found):
        take(scan, followed.label, f"{at.text}.{kind.__name__}", kind, "subclass")


def _by_name(scan: State, followed: Followed, kind: str, name: Given, found: list[Reached]) -> None:
    """``os.getenv(name)``, ``import_module(name)``."""
    for text in (name.constant, *(at.value for at in found)):
        if is_a(text, str):
            take_named(scan, followed, kind, text)
    chains = [ref.chain for ref in name.refs]
    parameters = {chain.root.name for chain in chains if chain.root.kind == "parameter" and not chain.steps}
    scan.named += [(followed, kind, parameter) for parameter in sorted(parameters)]
    if not parameters:
        escape(scan, followed, [(name, found)])
    if not name.refs and name.constant is None:
        scan.untracked_name(followed.label, kind)


def take_named(scan: State, followed: Followed, kind: str, name: str) -> None:
    """Take a variable of the environment or a module that the code names by a value."""
    variable = kind == "environment"
    for at in [modules.variable(scan, name)] if variable else modules.imported(scan, followed.function, name, True):
        if variable or not at.computed:
            take(scan, followed.label, at.text, at.value, kind, at.place)


def _expand(scan: State, followed: Followed, given: Arguments) -> None:
    """``os.path.expandvars(text)``: the variables that the text names."""
    for each, found in given[:1]:
        texts = [text for text in (each.constant, *(at.value for at in found)) if is_a(text, str)]
        for name in itertools.chain.from_iterable(re.findall(r"\$\{?(\w+)", text) for text in texts):
            take_named(scan, followed, "environment", name)
        if not texts:
            scan.untracked_name(followed.label, "environment")


def _text_of(value: Any) -> str:
    """What is given to `inspect.getsource` counts by its text."""
    text = source.source_of(value) if type(value) is types.FunctionType else None
    if text is None:
        try:
            text = inspect.getsource(value)
        except (OSError, TypeError):
            text = ""
    return text
