"""One look at all that a function depends on: from its code to the values it reads and the helpers it calls.

A survey walks the code first, noting what is read and what is written, and looks at values when
there is no code left to walk. When code that a value brought in turns out to write what was looked
at before, the survey is made anew with that known.
"""

from __future__ import annotations

import functools
import sys
import types
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from llm_memo.identity import canonical, classes, values
from llm_memo.identity.chains import (
    BUILT_IN,
    MISSING,
    code_name,
    home_of,
    innermost,
    is_code,
    is_local,
    module_of,
    own_dict,
    wrapped_by,
)
from llm_memo.identity.findings import Findings, Where, digest
from llm_memo.identity.observe import Observed, observe
from llm_memo.identity.paths import HANDED, Use
from llm_memo.identity.source import code_digest
from llm_memo.identity.upkeep import Facts
from llm_memo.identity.walk import Walk
from llm_memo.identity.watch import Place, is_fixed, is_fixed_kind

_PASSES_ON = frozenset({"backoff", "decorator", "llm_memo", "ratelimit", "retry", "stamina", "tenacity", "wrapt"})
"""Packages whose decorators, like the standard library's, look at no docstring and no annotation."""


_LOOKS = 5
"""After so many looks, what is known has to do."""


def survey(subject: Any, use: Use) -> Survey:
    """Look at a function or a class as often as it takes to know all that its code writes."""
    facts = Facts()
    found = Survey(subject, use, facts)
    for _ in range(_LOOKS - 1):
        if found.complete:
            break
        found = Survey(subject, use, facts)
    return found


class Survey(Findings):
    """One look.

    Args:
        subject: The function, whatever decorators made of it, or the class.
        use: Whether it is called or handed on; then its name, docstring and annotations count.
        facts: What earlier looks found.
    """

    def __init__(self, subject: Any, use: Use, facts: Facts) -> None:
        super().__init__()
        self.facts = facts
        self.handed_on = Use.HANDED_ON in use
        self._walks: deque[tuple[object, Callable[[], None]]] = deque()
        self._values: deque[tuple[object, Callable[[], None]]] = deque()
        self._done: set[object] = set()
        self.counted: set[Place] = set()
        """Where there are values that were made part of the survey."""
        self.passed_over: set[Place] = set()
        """Where there are items of a list that the code keeps up, at which it only looks."""
        inner = innermost(subject)
        package = home_of(inner)
        self.home = package if package not in sys.stdlib_module_names and package != "llm_memo" else ""
        """The package of the function, which is the user's own wherever it is installed."""
        self._begin(subject, inner, use)
        known = None
        while self._walks or self._values:
            if not self._walks and known is None:
                known = len(facts)
            where, look = (self._walks or self._values).popleft()
            try:
                look()
            except Exception as problem:  # whatever a value does when it is looked at, it harms nobody
                self.untracked[str(where)] = values.reason(problem)
        self.watch.settle(facts.written, self.passed_over - self.counted)
        self.complete = known is None or known == len(facts)
        """Whether all was known that the code does to values before the first of them was looked at."""

    def _begin(self, subject: Any, inner: Any, use: Use) -> None:
        where = Where("", "global", code_name(inner))
        if isinstance(inner, types.FunctionType):
            self.named(inner, "code")
            self._walks.append(("code", functools.partial(self._walk, inner, "code")))
            if subject is not inner:
                self.take_code(Where("", "decorator", code_name(subject)), subject, Use.CALLED)
            elif Use.HANDED_ON in use:
                self.surface(inner, "code")
        elif not self.take_code(where, inner, use):
            values.take(self, where, inner, use, [])

    def later(self, look: Callable[..., None], where: Where, *args: Any) -> None:
        """Look at a value when all code is walked."""
        self._values.append((where, functools.partial(look, self, where, *args)))

    def once(self, *what: object) -> bool:
        """Whether this is the first time that one asks."""
        first = what not in self._done
        self._done.add(what)
        return first

    # Code.

    def take_code(self, where: Where, value: Any, use: Use, bound: Any = None) -> bool:
        """Follow a function, a class, or what a decorator made of one; False if ``value`` is neither."""
        kind = type(value)
        if kind is types.FunctionType:
            self._take_function(where, value, use, bound)
        elif kind is types.MethodType:
            self.take_code(where, value.__func__, use, value.__self__)
            self.later(values.take, where.then("__self__"), value.__self__, use, [])
        elif kind in (classmethod, staticmethod):
            self.take_code(where, value.__func__, use, bound)
        elif kind in (property, functools.cached_property):
            getter = value.fget if kind is property else value.func
            self.take_code(where, getter, Use.CALLED, bound)
        elif kind is functools.partialmethod:
            self.take_code(where, value.func, use, bound)
            self.later(values.take, where.then("args"), (value.args, value.keywords), Use.HANDED_ON, [])
        elif kind is functools.singledispatchmethod:
            self.take_code(where, value.dispatcher, use, bound)
        elif kind in BUILT_IN:
            self.part(where, ("built in", value.__qualname__))
            owner = getattr(value, "__self__", None)
            if owner is not None and not isinstance(owner, (types.ModuleType, type)):
                self.later(values.take, where.then("__self__"), owner, use, [])
        elif issubclass(kind, type):
            self.take_class(where, value, use)
        elif wrapped_by(value) is not MISSING:
            self._take_wrapper(where, value, use)
        else:
            return False
        return True

    def _take_function(self, where: Where, function: types.FunctionType, use: Use, bound: Any) -> None:
        if not is_local(function, self.home):
            self.part(where, ("installed", f"{function.__module__}.{function.__qualname__}"))
            self._take_held(where, function, str(function.__globals__.get("__name__")), use)
            return
        wanted = _helper_name(where, function)
        name, new = self.named(function, wanted)
        if new:
            self._walks.append((name, functools.partial(self._walk, function, name)))
        elif name != wanted:
            self.part(where, ("is", name))
        if use & HANDED:
            self.surface(function, name)
        if bound is not None and function.__code__.co_argcount:
            self.bind(function, function.__code__.co_varnames[0], bound)

    def _take_wrapper(self, where: Where, wrapper: Any, use: Use) -> None:
        """What a decorator made of a function: an object, another cached function."""
        kind = type(wrapper)
        version = getattr(wrapper, "__memo_version__", None) if not is_local(kind) else None
        if version is not None:
            self.part(where, ("version", version))
        elif is_local(kind, self.home) and not _is_of_c(kind):
            self.later(values.take_instance, where, wrapper)
        else:
            self.part(where, ("installed", canonical.class_name(kind)))
            self._take_held(where, wrapper, kind.__module__, use)

    def _take_held(self, where: Where, holder: Any, module: str, use: Use) -> None:
        """Code of the user's own, and settings, that an installed decorator keeps in what it made."""
        if not self.once("held", id(holder)):
            return
        package = module.partition(".")[0]
        if package not in _PASSES_ON and package not in sys.stdlib_module_names:
            use |= Use.HANDED_ON
        inner = wrapped_by(holder)
        if inner is not MISSING:
            self.take_code(where, inner, use)
        if type(holder) is types.FunctionType:
            for dispatched, function in vars(holder).get("registry", {}).items():  # functools.singledispatch
                self.take_code(where.then(f"register({canonical.class_name(dispatched)})"), function, use)
            held = zip(holder.__code__.co_freevars, holder.__closure__ or (), strict=True)
            for name, cell in held:
                value = getattr(cell, "cell_contents", MISSING)
                self.watch.got([(id(cell), "")], functools.partial(getattr, cell, "cell_contents", MISSING), value)
                if value is not inner:
                    self._take_setting(where.then(name), value, use)
        else:
            for name, value in sorted((own_dict(holder) or {}).items()):
                if value is not inner and not name.startswith("__"):
                    self._take_setting(where.then(name), value, use)

    def _take_setting(self, where: Where, value: Any, use: Use) -> None:
        if is_fixed_kind(type(value)):
            self.value(where, value, canonical.encode(value))
        elif is_code(innermost(value)) and is_local(innermost(value), self.home):
            self.take_code(where, value, use)

    def take_class(self, where: Where, kind: type, use: Use) -> None:
        """Follow a class: an installed one is its name, one of the user's own all that is in it.

        The members of an enum count only where the enum itself is used, not where one of them is.
        """
        if not is_local(kind, self.home):
            self.part(where, ("installed", canonical.class_name(kind)))
            return
        wanted = f"class {where.text}"
        name, new = self.named(kind, wanted)
        if new:
            self._walks.append((name, functools.partial(self._walk_class, kind, name)))
        elif name != wanted:
            self.part(where, ("is", name))
        if use is not Use.LOOKED_AT and self.once("members", id(kind)):
            for member, value in classes.members_of(kind):
                self.later(values.take, Where("", "class", code_name(kind)).then(member), value, Use.LOOKED_AT, [])
        if use & HANDED:
            self.surface(kind, name)

    def surface(self, subject: Any, name: str) -> None:
        """What others may read of a function or a class that is handed on: a tool's or a schema's description."""
        if not self.once("surface", id(subject)):
            return
        try:
            for aspect, form in classes.surface_of(subject):
                self._aspect(f"{name}{aspect}", form)
        except Exception as problem:
            self.untracked[f"{name}: annotations"] = values.reason(problem)

    def _aspect(self, name: str, form: object) -> None:
        try:
            observed = observe(form)
        except Exception as problem:
            if type(form) is dict:
                for key, item in form.items():
                    self._aspect(f"{name}.{key}", item)
            else:
                self.untracked[name] = values.reason(problem)
            return
        self.parts[name] = digest(observed.encoded)
        self.take_met(observed)

    def take_met(self, observed: Observed, only_called: bool = False) -> None:
        """Follow the code that was met in a value."""
        for subject, use in zip(observed.met, observed.uses, strict=True):
            noun = "class" if isinstance(subject, type) else "global"
            self.take_code(Where("", noun, code_name(subject)), subject, Use.CALLED if only_called else use)

    def bind(self, function: types.FunctionType, parameter: str, value: Any) -> None:
        """See what a function does to the value of a parameter."""
        if not is_fixed(value) and self.once("bound", id(function), parameter, id(value)):
            self._alive.append(value)
            self._walks.append((parameter, Walk(self, function, "", {parameter: value}).go))

    def _walk(self, function: types.FunctionType, name: str) -> None:
        """Look at a function of the user's own."""
        own = name == "code"
        prefix = "" if own else f"{name}: "
        self.parts[name] = code_digest(function.__code__, function.__globals__)
        self.watch.function(function)
        if not own or self.handed_on:
            for parameter, default in _defaults(function):
                self.later(values.take, Where(prefix, "default", parameter), default, Use.HANDED_ON, [])
        Walk(self, function, prefix).go()

    def _walk_class(self, kind: type, name: str) -> None:
        """Look at a class of the user's own."""
        bases = [canonical.class_name(base) for base in kind.__mro__[1:]]
        self.part(name, (kind.__name__, bases, canonical.class_name(type(kind))))
        where = Where("", "class", name.removeprefix("class "))
        for base in (*kind.__mro__[1:], type(kind)):
            if is_local(base, self.home):
                self.take_class(Where("", "class", base.__qualname__), base, Use.CALLED)
        for attribute, function in classes.code_of(kind):
            self.take_code(where.then(attribute), function, Use.CALLED)
        for attribute, named in classes.code_of_fields(kind):
            if is_local(named, self.home):
                self.take_code(where.then(attribute), named, Use.CALLED)
        for attribute, value in classes.data_of(kind):
            self.later(values.take, where.then(attribute), value, Use.LOOKED_AT, [(id(kind), attribute)])
        self.later(values.watch_class, where, kind)


def _helper_name(where: Where, function: types.FunctionType) -> str:
    """What a function is called: as the code calls it, but for what only a decorator has a name for."""
    if where.noun == "decorator":
        return f"decorator {where.text}"
    if wrapped_by(function) is not MISSING:
        return f"helper {code_name(innermost(function))}: decorator {code_name(function)}"
    if function.__code__.co_qualname == "__getattr__":
        return f"helper {module_of(function)}.__getattr__"  # a module's, called by the name that it was asked for
    if where.noun == "closure" and function.__code__.co_name != "<lambda>":
        return f"helper {code_name(function)}"  # a decorator calls it ``function``
    return f"{'class' if where.noun == 'class' else 'helper'} {where.text}"


def _defaults(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    code = function.__code__
    given = function.__defaults__ or ()
    yield from zip(code.co_varnames[code.co_argcount - len(given) : code.co_argcount], given, strict=True)
    yield from sorted((function.__kwdefaults__ or {}).items())


def _is_of_c(kind: type) -> bool:
    """Whether a class is an extension's that does not say which, as wrapt's."""
    return kind.__module__ not in sys.modules and types.FunctionType not in map(type, vars(kind).values())
