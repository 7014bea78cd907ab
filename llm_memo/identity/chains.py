"""Going along a path from object to object, without running any of the user's code.

Attributes are looked up where they are kept: in the dicts of modules, instances and classes and in
slots. No property is computed and no ``__getattr__`` called.
"""

from __future__ import annotations

import enum
import functools
import importlib
import importlib.util
import sys
import types
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from llm_memo.identity.local import is_local_file, is_local_module
from llm_memo.identity.paths import ANY, GOTTEN, Item, Step
from llm_memo.identity.watch import Place, Watch

BUILT_IN = (
    types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType,
    types.MethodWrapperType, types.ClassMethodDescriptorType,
)  # fmt: skip
"""Functions without code of Python's."""

MISSING = object()
"""The value of a name that is not there (yet)."""


@dataclass(slots=True)
class Reached:
    """Where a path led."""

    value: Any
    rest: tuple[Step, ...] = ()
    """Steps that lead on inside of a value whose inside is not known."""
    places: list[Place] = field(default_factory=list)
    """Where the values on the way are kept."""
    holder: Any = None
    """The instance or class that a method was found through."""
    taken: int = 0
    """How many steps were taken."""


def follow(start: object, steps: tuple[Step, ...], watch: Watch, home: str = "") -> Reached:
    """Go from ``start`` along ``steps`` as far as it is known how, and watch every step."""
    reached = Reached(start)
    for taken, step in enumerate(steps):
        value = reached.value
        found = _look_up(value, step, watch, home)
        if found is None:
            reached.rest = steps[taken:]
            break
        reached.places += found.places
        reached.holder = found.holder
        reached.value = found.value
        reached.taken = taken + 1
    return reached


def place_of(owner: Any, step: Step) -> Place | None:
    """Where ``owner`` keeps what ``step`` leads to; None if that is not one place."""
    if isinstance(step, Item):
        return (id(owner), step.key) if step is not ANY and type(owner) in (dict, list) else None
    return (id(vars(owner)) if isinstance(owner, types.ModuleType) else id(owner), step)


def module_of(thing: Any) -> str:
    """The name of the module that a module is, or that a class or a function belongs to."""
    try:
        if isinstance(thing, types.FunctionType):
            return str(thing.__globals__.get("__name__", ""))
        return str(thing.__name__ if isinstance(thing, types.ModuleType) else thing.__module__)
    except Exception:
        return ""


def home_of(thing: Any) -> str:
    """The package of a module, class or function."""
    return module_of(thing).partition(".")[0]


def is_local(thing: Any, home: str = "") -> bool:
    """Whether a module, class or function is the user's own, or of the package ``home``."""
    name = module_of(thing)
    return name == "__main__" or is_local_module(name) or (home != "" and name.partition(".")[0] == home)


def wrapped_by(value: Any) -> Any:
    """What a decorator's object wraps (``__wrapped__``), or `MISSING`."""
    kind = type(value)
    if kind is types.FunctionType:
        return vars(value).get("__wrapped__", MISSING)
    if kind in (classmethod, staticmethod):
        return value.__func__
    if issubclass(kind, (type, types.ModuleType)):
        return MISSING
    try:
        return object.__getattribute__(value, "__wrapped__")
    except Exception:
        return MISSING


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
    kind = type(subject)
    if kind is types.FunctionType:
        name: str = subject.__code__.co_qualname
    else:
        name = subject.__qualname__ if issubclass(kind, type) else kind.__qualname__
    return name.replace(".<locals>", "")


def is_code(value: Any) -> bool:
    """Whether a value is a function or a class."""
    kind = type(value)
    return kind in (types.FunctionType, types.MethodType, *BUILT_IN) or issubclass(kind, type)


def own_dict(value: Any) -> dict[str, Any] | None:
    """The ``__dict__`` of an instance, whatever its class says of attributes."""
    try:
        held = object.__getattribute__(value, "__dict__")
    except Exception:
        return None
    return held if type(held) is dict else None


def imported(name: str, home: str = "") -> types.ModuleType | None:
    """The module ``name``, imported if it is the user's own; None if it is installed or cannot be had.

    A function that imports a module of the user's depends on it, also before its first run.
    """
    module = sys.modules.get(name)
    if module is None and _is_local_name(name, home):
        try:
            module = importlib.import_module(name)
        except Exception:
            return None
    return module


def _is_local_name(name: str, home: str) -> bool:
    top = name.partition(".")[0]
    try:
        spec = importlib.util.find_spec(top) if top not in sys.stdlib_module_names else None
    except ValueError:  # a module made by hand
        spec = None
    return spec is not None and (top == home or is_local_file(spec.origin))


@dataclass(slots=True)
class Found:
    """Where one step led."""

    value: Any
    places: list[Place]
    holder: Any = None


def _look_up(value: Any, step: Step, watch: Watch, home: str) -> Found | None:
    """What ``step`` leads to from ``value``; None if that is not to be told from outside."""
    kind = type(value)
    if isinstance(step, Item):
        return _item(value, step, watch) if kind in (dict, list, tuple, deque) and step is not ANY else None
    if kind is ContextVar:
        return current_value(value, watch) if step == GOTTEN else None
    if issubclass(kind, types.ModuleType):
        inner = sys.modules.get(f"{value.__name__}.{step}", value)  # one of the user's own, beside what is installed
        return _module_attribute(value, step, watch, home) if is_local(value, home) or is_local(inner, home) else None
    if issubclass(kind, type):
        return _class_attribute(value, step, watch) if is_local(value, home) else None
    if kind is types.FunctionType or wrapped_by(value) is not MISSING:
        return _function_attribute(value, step, watch)
    if kind is types.SimpleNamespace or is_local(kind, home):
        return _instance_attribute(value, step, watch)
    return None


def _item(value: Any, step: Item, watch: Watch) -> Found:
    places: list[Place] = [(id(value), step.key)]
    try:
        item = value[step.key]
    except (LookupError, TypeError):
        watch.no_item(places, value, step.key)
        return Found(MISSING, places)
    watch.item(places, value, step.key, item)
    return Found(item, places)


def current_value(variable: ContextVar[Any], watch: Watch) -> Found:
    """A context variable's value here and now, or its default."""

    def current() -> Any:
        try:
            return variable.get()
        except LookupError:
            return MISSING

    value = current()
    places: list[Place] = [(id(variable), GOTTEN)]
    watch.got(places, current, value)
    return Found(value, places)


def _module_attribute(module: types.ModuleType, name: str, watch: Watch, home: str) -> Found:
    names = vars(module)
    if name not in names and "__path__" in names:
        imported(f"{module.__name__}.{name}", home)
    if name not in names:
        watch.absent(names, name)
        if "__getattr__" not in names:
            return Found(MISSING, [(id(names), name)])
        name = "__getattr__"  # a function like any other that is called here
    places: list[Place] = [(id(names), name)]
    watch.name(places, names, name, names[name])
    return Found(names[name], places)


def _class_attribute(kind: Any, name: str, watch: Watch) -> Found | None:
    places: list[Place] = [(id(kind), name)]
    if issubclass(kind, enum.Enum) and name in kind._member_map_:
        watch.name(places, kind._member_map_, name, kind._member_map_[name])
        return Found(kind._member_map_[name], places)
    found = _in_classes(kind, name, places, watch)
    if found is None or type(found.value) is property:
        return None
    if type(found.value) is classmethod:
        found.holder = kind
    return found


def _in_classes(kind: type, name: str, places: list[Place], watch: Watch) -> Found | None:
    """What a class or a base of it has by that name; ``places`` are where it is looked for before."""
    for base in kind.__mro__:
        names = base.__dict__
        if name in names:
            places = [*places, (id(base), name)]
            watch.name(places, names, name, names[name])
            return Found(names[name], places)
        watch.absent(names, name)
    return None


def _instance_attribute(value: Any, name: str, watch: Watch) -> Found | None:
    kind = type(value)
    places: list[Place] = [(id(value), name)]
    held = own_dict(value)
    found = _in_classes(kind, name, places, watch)
    if found is not None:
        if isinstance(found.value, types.MemberDescriptorType):
            return _gotten(functools.partial(found.value.__get__, value), places, watch)
        if hasattr(type(found.value), "__set__") or isinstance(found.value, functools.cached_property):
            found.holder = value
            return None if isinstance(value, enum.Enum) else found
    if held is not None and name in held:
        watch.name(places, held, name, held[name])
        return Found(held[name], places)
    if found is not None:
        found.holder = value
        if held is not None:
            watch.absent(held, name)
    return found


def _function_attribute(value: Any, name: str, watch: Watch) -> Found | None:
    """What a function, or what a decorator made of one, tells of itself."""
    if name in _OF_A_FUNCTION or name in (own_dict(value) or ()):
        return _gotten(functools.partial(getattr, value, name), [(id(value), name)], watch)
    return None


_OF_A_FUNCTION = ("__doc__", "__name__", "__qualname__", "__annotations__")


def _gotten(get: Callable[[], Any], places: list[Place], watch: Watch) -> Found | None:
    try:
        value = get()
    except AttributeError:
        return None
    watch.got(places, get, value)
    return Found(value, places)
