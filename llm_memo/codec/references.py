"""The names by which classes are found again: ``module:Outer.Inner``, ``module:Page[module:Item]``.

A class of the script ``agents.py`` is ``agents.__main__:City`` in every process: where that script runs, in those
that `multiprocessing` spawns (which call it ``__mp_main__``), where cloudpickle brought the class by value with a
function, and where ``agents`` has been imported. It is never imported for this, since that may run the script.
Where another ``__main__`` runs by now (`runpy`, Streamlit, an app of marimo), it is where its function is.
"""

from __future__ import annotations

import functools
import gc
import importlib
import operator
import re
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeVar

from llm_memo.codec.frozen import Unfreezable, UnknownClass
from llm_memo.identity.code import cells
from llm_memo.identity.forms import encoding
from llm_memo.identity.naming import MAIN, main_name
from llm_memo.identity.quiet import subclasses

_by_value: dict[str, dict[str, Any]] = {}
"""Script → name → class: those of other processes' ``__main__`` that came to this one by value."""

_program: ContextVar[dict[str, Any] | None] = ContextVar("llm_memo_program", default=None)
"""The names of the ``__main__`` that the cached function is in, where another one is `sys.modules`'s now."""

R = TypeVar("R")


def in_program(names: dict[str, Any], work: Callable[..., R], *arguments: Any) -> R:
    """``work(*arguments)``, for which ``names`` are those of ``__main__``."""
    token = _program.set(names)
    try:
        return work(*arguments)
    finally:
        _program.reset(token)


class Place(NamedTuple):
    """A name at the top of a module, and what it named when it was resolved."""

    module: str
    """As `sys.modules` has it; empty for what came by value, and stays."""
    name: str
    thing: object


def reference(thing: Any) -> str:
    """The name of a class, function or type variable; of a generic class with its arguments.

    What was defined again in the same words, as a class is whose module was imported again, keeps its
    name, and is resolved to what has that name then.

    Raises:
        Unfreezable: Nothing would find it again by this name, for example since it was made in a function.
    """
    if thing is types.NoneType:
        return "types:NoneType"
    if thing is None:
        return "None"
    origin, arguments = _parts(thing)
    if origin is not None:
        return f"{reference(origin)}[{','.join(map(reference, arguments))}]"
    module = getattr(thing, "__module__", None)
    name = next(filter(None, (getattr(thing, each, None) for each in ("__qualname__", "__name__", "_name"))), None)
    if module is None or name is None:
        raise Unfreezable(f"its type names {thing!r}, which has no name of its own")
    found = None
    for names in _loaded(module):
        found = _attribute(names, name)
        if found is thing or _is_defined_again(thing, found):
            return f"{_called(module, names)}:{cells.shortest(name, names)}"
    if module in MAIN and _by_value and "<locals>" not in name:
        script, things = next(reversed(_by_value.items()))
        if _attribute(things, name) is not thing and "." not in name:
            things[name] = thing  # it came with an argument
        if _attribute(things, name) is thing:
            return f"{_script(script)}:{name}"
    if _reference_of(found) == (module, name):
        raise Unfreezable(
            f"it needs {name} as it was before {module} was imported, or its cell run, anew: import anew what "
            f"still uses the earlier {name}, too"
        )
    raise Unfreezable(f"it needs {name}, which nobody finds again: define it at the top of {module}")


def came_by_value(function: Any) -> None:
    """Know the classes of another process's ``__main__`` that came to this one with ``function``."""
    namespace = function.__globals__
    if function.__module__ in MAIN and namespace is not vars(sys.modules["__main__"]):
        script = main_name(namespace)
        things = _by_value[script] = _by_value.pop(script, {})  # the latest stands last
        things.update((name, thing) for name, thing in namespace.items() if isinstance(thing, type))


def is_replaced(thing: Any) -> bool:
    """Whether another class or function has its name now."""
    found = _find(*_reference_of(thing))
    return found is not None and found is not thing


def _reference_of(thing: Any) -> tuple[str, str]:
    return str(getattr(thing, "__module__", "")), str(getattr(thing, "__qualname__", ""))


def _is_defined_again(thing: Any, found: Any) -> bool:
    """Whether two things are the same class or function, defined twice in the same words."""
    if type(found) is not type(thing) or _reference_of(found) != _reference_of(thing):
        return False
    if isinstance(thing, type):
        return encoding.encode(found) == encoding.encode(thing)
    return isinstance(thing, types.FunctionType) and thing.__code__ == found.__code__


def resolve(name: str) -> Any:
    """What ``reference`` named, imported if need be.

    Raises:
        UnknownClass: A module or a name in it is gone, or is not what it was.
    """
    tokens = iter(re.findall(r"[^][,]+|\]|\[", name))
    try:
        return _several(tokens)[0]
    except UnknownClass:
        raise
    except Exception as error:
        raise UnknownClass(f"{name} is not what it was") from error


def places(name: str) -> tuple[Place, ...]:
    """What must stay as it is for ``resolve(name)`` to give the same again; nothing where that holds for one call."""
    if _program.get() is not None:
        return ()
    plain = (each.partition(":") for each in re.findall(r"[^][,]*:[^][,]*", name))
    return tuple(_place(module, path.partition(".")[0]) for module, _, path in plain)


def unchanged(places: Iterable[Place]) -> bool:
    """Whether each place is as it was; what a module that is not loaded now has named is."""
    if _program.get() is not None:
        return False
    modules = sys.modules
    for module, name, thing in places:
        found = modules.get(module)
        if found is not None and found.__dict__.get(name) is not thing:
            return False
    return True


def _parts(thing: Any) -> tuple[Any, tuple[Any, ...]]:
    """A generic class's origin and arguments; (None, ()) of anything else."""
    generic = getattr(thing, "__pydantic_generic_metadata__", None)
    if generic and generic["origin"] is not None:
        return generic["origin"], generic["args"]
    return typing.get_origin(thing), typing.get_args(thing)


def _loaded(module: str) -> Iterator[dict[str, Any]]:
    """The names of a module that is loaded."""
    program = _program.get()
    if module in MAIN and program is not None:
        yield program
    if module in sys.modules:
        yield vars(sys.modules[module])


def _find(module: str, path: str) -> Any:
    return next(filter(None, (_attribute(names, path) for names in _loaded(module))), None)


def _attribute(namespace: Mapping[str, Any], path: str) -> Any:
    first, *others = path.split(".")
    return functools.reduce(lambda found, name: getattr(found, name, None), others, namespace.get(first))


def _called(module: str, names: dict[str, Any]) -> str:
    """What a loaded module is called in every process."""
    return _script(main_name(names)) if module in MAIN else module


def _arrived(name: str) -> dict[str, type]:
    """The class of another process's ``__main__`` that came to this one with an argument, if there is just one."""
    if len(_of_main(name)) > 1:
        gc.collect()  # cloudpickle makes a class anew, and drops it if it has had it before
    found = _of_main(name)
    return {name: found.pop()} if len(found) == 1 else {}


def _of_main(name: str) -> list[type]:
    here = _find("__main__", name)
    return [
        kind
        for kind in subclasses(object)
        if kind.__module__ in MAIN and kind.__qualname__ == name and kind is not here
    ]


def _script(name: str) -> str:
    return name if name in MAIN else f"{name}.__main__"


def _place(module: str, name: str) -> Place:
    """Where a name of a module, or of a script, is found.

    Raises:
        LookupError: Nowhere.
        ImportError: The module is gone.
    """
    for home, names in _homes(module, name):
        own = cells.running(name, names)
        if own in names:
            return Place(home, own, names[own])
    raise LookupError(name)


def _homes(module: str, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    script = module.removesuffix(".__main__")
    main = vars(sys.modules["__main__"])
    is_script = script != module or module in MAIN
    program = _program.get()
    if is_script and program is not None and script in (*MAIN, main_name(program)):
        yield "", program
    if is_script and script in _by_value:
        yield "", _by_value[script]
        yield "", _arrived(name)
    if script in (*MAIN, main_name(main)) and (is_script or module not in sys.modules):
        yield "__main__", main
    if not is_script:
        importlib.import_module(module)
    for each in (module, script):
        if each in sys.modules:
            yield each, vars(sys.modules[each])


def _several(tokens: Iterator[str]) -> list[Any]:
    """What the names up to the end, or to the closing bracket, stand for."""
    things: list[Any] = []
    for token in tokens:
        if token == "]":
            break
        things.append(_of(things.pop(), tuple(_several(tokens))) if token == "[" else _plain(token))
    return things


def _of(generic: Any, arguments: tuple[Any, ...]) -> Any:
    if generic is types.UnionType:
        return functools.reduce(operator.or_, arguments)
    return generic[arguments if len(arguments) > 1 else arguments[0]]


def _plain(name: str) -> Any:
    if name == "None":
        return None
    module, _, path = name.partition(":")
    try:
        first, *others = path.split(".")
        return functools.reduce(getattr, others, _place(module, first).thing)
    except Exception as error:
        raise UnknownClass(f"{module}.{path} is gone") from error
