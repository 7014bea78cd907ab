"""One look at all that a function depends on: from its code to the values it reads and the helpers it calls.

A survey walks the code first, noting what is read and what is written, and looks at values when
there is no code left to walk. When code that a value brought in turns out to write what was looked
at before, the survey is made anew with that known.
"""

from __future__ import annotations

import builtins
import functools
import importlib.util
import inspect
import sys
import types
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from llm_memo.identity import canonical, classes, values
from llm_memo.identity.chains import MISSING, follow, imported, is_local, own_dict, place_of, wrapped_by
from llm_memo.identity.findings import Findings, Where, digest
from llm_memo.identity.observe import Observed, observe
from llm_memo.identity.paths import Path, Scope, Use, written
from llm_memo.identity.reads import reads_of
from llm_memo.identity.source import code_digest
from llm_memo.identity.upkeep import MUTATORS, Facts, use_inside
from llm_memo.identity.watch import FIXED, Place, Watch

_OF_THE_MODULE = frozenset(["__builtins__", "__cached__", "__file__", "__loader__", "__name__", "__package__", "__path__", "__spec__"])
"""Globals that tell where code lives, not what it does."""

_PASSES_ON = frozenset(["backoff", "decorator", "ratelimit", "retry", "retrying", "stamina", "tenacity", "wrapt"])
"""Packages whose decorators, like the standard library's, look at no docstring and no annotation."""

_BUILT_IN = (
    types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType,
    types.MethodWrapperType, types.ClassMethodDescriptorType,
)  # fmt: skip


def survey(subject: Any, use: Use) -> Survey:
    """Look at a function or a class as often as it takes to know all that its code writes."""
    facts = Facts()
    while True:
        found = Survey(subject, use, facts)
        if found.complete:
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
        self._walks: deque[Callable[[], None]] = deque()
        self._values: deque[Callable[[], None]] = deque()
        self._done: set[object] = set()
        inner = innermost(subject)
        module = getattr(inner, "__globals__", {}).get("__name__") or getattr(inner, "__module__", "")
        top = str(module).partition(".")[0]
        self.home = top if top != "llm_memo" else ""
        self._begin(subject, inner, use)
        known = None
        while self._walks or self._values:
            if self._walks:
                self._walks.popleft()()
            else:
                known = len(facts) if known is None else known
                self._values.popleft()()
        self.watch.settle(facts.written)
        self.complete = known is None or known == len(facts)
        """Whether all was known that the code does to values before the first of them was looked at."""

    def _begin(self, subject: Any, inner: Any, use: Use) -> None:
        where = Where("", "global", code_name(inner))
        if isinstance(inner, types.FunctionType):
            self.named(inner, "code")
            self._walks.append(functools.partial(self._walk, inner, "code"))
            if subject is not inner:
                self.take_code(Where("", "decorator", code_name(subject)), subject, Use.CALLED)
            elif Use.HANDED_ON in use:
                self.surface(inner, "code")
        elif not self.take_code(where, inner, use):
            values.take(self, where, inner, use, [])

    def later(self, look: Callable[..., None], where: Where, *args: Any) -> None:
        """Look at a value when all code is walked; whatever the value does then harms nobody."""

        def guarded() -> None:
            try:
                look(self, where, *args)
            except Exception as problem:
                self.untracked[str(where)] = values.reason(problem, args[0])

        self._values.append(guarded)

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
        elif kind in _BUILT_IN:
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
        wanted = f"{where.noun if where.noun in ('class', 'decorator') else 'helper'} {where.text}"
        name, new = self.named(function, wanted)
        if new:
            self._walks.append(functools.partial(self._walk, function, name))
        elif name != wanted:
            self.part(where, ("is", name))
        if Use.HANDED_ON in use:
            self.surface(function, name)
        if bound is not None and self.once("bound", id(function), id(bound)):
            self._alive.append(bound)
            self._walks.append(functools.partial(self._follow_reads, function, where.prefix, bound))

    def _take_wrapper(self, where: Where, wrapper: Any, use: Use) -> None:
        """What a decorator made of a function: an object, another cached function."""
        kind = type(wrapper)
        version = getattr(wrapper, "__memo_version__", None) if not is_local(kind) else None
        if version is not None:
            self.part(where, ("version", version))
        elif is_local(kind, self.home):
            self.later(values.take_instance, where, wrapper)
        else:
            self.part(where, ("installed", canonical.class_name(kind)))
            self._take_held(where, wrapper, kind.__module__, use)

    def _take_held(self, where: Where, holder: Any, module: str, use: Use) -> None:
        """Code of the user's own, and settings, that an installed decorator keeps in what it made."""
        if not self.once("held", id(holder)):
            return
        package = module.partition(".")[0]
        if package not in _PASSES_ON and package not in sys.stdlib_module_names and package != "llm_memo":
            use |= Use.HANDED_ON
        inner = wrapped_by(holder)
        if inner is not MISSING:
            self.take_code(where, inner, use)
        if type(holder) is types.FunctionType:
            held = zip(holder.__code__.co_freevars, holder.__closure__ or (), strict=True)
            for name, cell in held:
                value = self._in_cell(cell, self.watch)
                if value is not inner:
                    self._take_setting(where.then(name), value, use)
        else:
            for name, value in sorted((own_dict(holder) or {}).items()):
                if value is not inner and not name.startswith("__"):
                    self._take_setting(where.then(name), value, use)

    def _take_setting(self, where: Where, value: Any, use: Use) -> None:
        if type(value) in FIXED:
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
            self._walks.append(functools.partial(self._walk_class, kind, name))
        elif name != wanted:
            self.part(where, ("is", name))
        if use is not Use.LOOKED_AT and self.once("members", id(kind)):
            for member, value in classes.members_of(kind):
                self.later(values.take, Where("", "class", code_name(kind)).then(member), value, Use.LOOKED_AT, [])
        if Use.HANDED_ON in use:
            self.surface(kind, name)

    def surface(self, subject: Any, name: str) -> None:
        """What others may read of a function or a class that is handed on: a tool's or a schema's description."""
        if not self.once("surface", id(subject)):
            return
        try:
            self.part(f"{name}: docstring", (subject.__name__, subject.__doc__))
            aspect, observed = "schema", observe(subject)
            if any(met is subject for met in observed.met):  # it has no form of its own
                aspect = "annotations"
                observed = observe(inspect.get_annotations(subject))
        except Exception as problem:
            self.untracked[f"{name}: annotations"] = values.reason(problem, subject)
            return
        self.parts[f"{name}: {aspect}"] = digest(observed.encoded)
        self.take_met(observed)

    def take_met(self, observed: Observed, only_called: bool = False) -> None:
        """Follow the code that was met in a value."""
        for subject, use in zip(observed.met, observed.uses, strict=True):
            noun = "class" if isinstance(subject, type) else "global"
            self.take_code(Where("", noun, code_name(subject)), subject, Use.CALLED if only_called else use)

    # Walking through code.

    def _walk(self, function: types.FunctionType, name: str) -> None:
        """Look at a function of the user's own."""
        own = name == "code"
        prefix = "" if own else f"{name}: "
        self.parts[name] = code_digest(function.__code__, function.__globals__)
        self.watch.function(function)
        if not own or self.handed_on:
            for parameter, default in _defaults(function):
                self.later(values.take, Where(prefix, "default", parameter), default, Use.HANDED_ON, [])
        self._follow_reads(function, prefix)

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
        for attribute, value in classes.data_of(kind):
            self.later(values.take, where.then(attribute), value, Use.LOOKED_AT, [(id(kind), attribute)])
        self.later(values.watch_class, where, kind)

    def _follow_reads(self, function: types.FunctionType, prefix: str, bound: Any = None) -> None:
        """Follow what a function reads and writes; if it is bound, only through what it is bound to."""
        reads = reads_of(function.__code__)
        for path in reads.written:
            if (path.scope is Scope.SELF) is (bound is not None):
                self._write(path, function, bound)
        for path, use in reads.read.items():
            if (path.scope is Scope.SELF) is (bound is not None):
                self._read(path, use, function, prefix, bound)

    def _start(
        self, path: Path, function: types.FunctionType, bound: Any, watch: Watch
    ) -> tuple[Any, list[Place]] | None:
        """The value of a path's name, and where it is kept; None if it does not count."""
        if path.scope is Scope.SELF:
            return bound, []
        if path.scope is Scope.IMPORT:
            module = self._imported(path.name, function)
            return None if module is None else (module, [])
        if path.scope is Scope.CLOSURE:
            cell = _cell(function, path.name)
            return self._in_cell(cell, watch), [(id(cell), "")]
        names = function.__globals__
        places: list[Place] = [(id(names), path.name)]
        if path.name in names:
            watch.name(places, names, path.name, names[path.name])
            return names[path.name], places
        watch.absent(names, path.name)
        return None if path.name in vars(builtins) else (MISSING, places)

    def _in_cell(self, cell: types.CellType, watch: Watch) -> Any:
        try:
            value = cell.cell_contents
        except ValueError:
            value = MISSING
        watch.got([(id(cell), "")], lambda: cell.cell_contents, value)
        return value

    def _imported(self, name: str, function: types.FunctionType) -> types.ModuleType | None:
        """A module that a function imports; one that is installed or not to be had is its name."""
        names = function.__globals__
        package = names.get("__package__") or str(names.get("__name__")).rpartition(".")[0]
        try:
            name = importlib.util.resolve_name(name, package)
        except ImportError:
            return None
        module = imported(name, self.home)
        if module is None:
            self.part(Where("", "module", name), ("installed", name))
        else:
            self.watch.name([(id(sys.modules), name)], sys.modules, name, module)
        return module

    def _write(self, path: Path, function: types.FunctionType, bound: Any) -> None:
        if not path.steps:
            names = function.__globals__ if path.scope is Scope.GLOBAL else _cell(function, path.name)
            self.facts.written.add((id(names), path.name if path.scope is Scope.GLOBAL else ""))
            return
        unwatched = Watch()  # what is only written may change as it likes
        start = self._start(path, function, bound, unwatched)
        if start is None or start[0] is MISSING:
            return
        reached = follow(start[0], path.steps[:-1], unwatched, self.home)
        place = None if reached.rest else place_of(reached.value, path.steps[-1])
        if place is not None:
            self.facts.written.add(place)
        else:
            self._change(reached.value)

    def _change(self, value: Any) -> None:
        if not is_code(value) and not isinstance(value, types.ModuleType) and value is not MISSING:
            self.facts.changed.add(id(value))

    def _read(self, path: Path, use: Use, function: types.FunctionType, prefix: str, bound: Any) -> None:
        if path.name == "__class__" or (path.scope is Scope.GLOBAL and path.name in _OF_THE_MODULE):
            return
        start = self._start(path, function, bound, self.watch)
        if start is None:
            return
        value, places = start
        reached = follow(value, path.steps, self.watch, self.home)
        places = [*places, *reached.places]
        if reached.rest and reached.rest[-1] in MUTATORS:
            self._change(reached.value)
        use = use_inside(reached.rest, use)
        if Use.HANDED_ON in use:
            self.facts.handed_on.update(places[-1:])
        where = Where(prefix, *_called(path, reached.taken, value))
        holder = reached.bound
        if holder is not None and not isinstance(holder, type):
            if path.scope is not Scope.SELF:
                self.later(values.take, Where(prefix, *_called(path, reached.taken - 1, value)), holder, Use.LOOKED_AT, [])
            where = Where("", "class", f"{type(holder).__qualname__}{written(path.steps[reached.taken - 1])}")
        if self.take_code(where, reached.value, use, holder):
            return
        if path.scope is not Scope.SELF or isinstance(bound, type):  # else the whole instance is looked at
            self.later(values.take, where, reached.value, use, places, reached.rest)


def innermost(subject: Any) -> Any:
    """What is left of a function when every decorator that tells what it wraps is taken off."""
    seen: list[object] = []
    while True:
        seen.append(subject)
        inner = subject.__func__ if type(subject) is types.MethodType else wrapped_by(subject)
        if inner is MISSING or any(inner is each for each in seen):
            return subject
        subject = inner


def code_name(subject: Any) -> str:
    """The qualified name that the code itself has, which `functools.wraps` does not change."""
    code = getattr(subject, "__code__", None)
    if type(subject) is types.FunctionType and code is not None:
        return str(code.co_qualname)
    return subject.__qualname__ if isinstance(subject, type) else type(subject).__qualname__


def is_code(value: Any) -> bool:
    """Whether a value is a function or a class."""
    return isinstance(value, (types.FunctionType, types.MethodType, type, *_BUILT_IN))


def _called(path: Path, taken: int, value: Any) -> tuple[str, str]:
    """What a path's name stands for, and the path in words."""
    name, noun = path.name, path.scope.value
    if path.scope is Scope.SELF:
        name = (value if isinstance(value, type) else type(value)).__qualname__
        noun = "class"
    elif isinstance(value, types.ModuleType):
        name = value.__name__ if path.scope is Scope.IMPORT else name
        noun = "module"
    elif isinstance(value, type):
        noun = "class"
    return noun, name + "".join(map(written, path.steps[:taken]))


def _defaults(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    code = function.__code__
    given = function.__defaults__ or ()
    yield from zip(code.co_varnames[code.co_argcount - len(given) : code.co_argcount], given, strict=True)
    yield from sorted((function.__kwdefaults__ or {}).items())


def _cell(function: types.FunctionType, name: str) -> types.CellType:
    return (function.__closure__ or ())[function.__code__.co_freevars.index(name)]
