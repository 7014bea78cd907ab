"""The names by which classes are found again: ``module:Outer.Inner``, ``module:Page[module:Item]``.

A class of the script ``agents.py`` is ``agents.__main__:City`` in every process: where that script runs, in those
that `multiprocessing` spawns (which call it ``__mp_main__``), where cloudpickle brought the class by value with a
function, and where ``agents`` has been imported. It is never imported for this, since that may run the script.
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
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from llm_memo.codec.frozen import Unfreezable, UnknownClass
from llm_memo.identity.forms import encoding
from llm_memo.identity.naming import MAIN, main_name
from llm_memo.identity.quiet import subclasses

_by_value: dict[str, dict[str, Any]] = {}
"""Script → name → class: those of other processes' ``__main__`` that came to this one by value."""


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
    found = _find(module, name)
    if found is thing or _is_defined_again(thing, found):
        return f"{_called(module)}:{name}"
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
    """What must stay as it is for ``resolve(name)`` to give the same again."""
    return tuple(_places(name))


def _places(name: str) -> Iterator[Place]:
    for plain in re.findall(r"[^][,]*:[^][,]*", name):
        module, _, path = plain.partition(":")
        first = path.partition(".")[0]
        home, namespace = _home(module, first)
        yield Place(home, first, namespace[first])


def unchanged(places: Iterable[Place]) -> bool:
    """Whether each place is as it was; what a module that is not loaded now has named is."""
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


def _find(module: str, path: str) -> Any:
    found = sys.modules.get(module)
    return None if found is None else _attribute(vars(found), path)


def _attribute(namespace: Mapping[str, Any], path: str) -> Any:
    first, *others = path.split(".")
    return functools.reduce(lambda found, name: getattr(found, name, None), others, namespace.get(first))


def _called(module: str) -> str:
    """What a loaded module is called in every process."""
    return _script(main_name(vars(sys.modules[module]))) if module in MAIN else module


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


def _home(module: str, name: str) -> tuple[str, Mapping[str, Any]]:
    """Where a name of a module, or of a script, is found: the key in `sys.modules` (empty: by value) and the names.

    Raises:
        LookupError: Nowhere.
        ImportError: The module is gone.
    """
    for home, namespace in _homes(module, name):
        if name in namespace:
            return home, namespace
    raise LookupError(name)


def _homes(module: str, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    script = module.removesuffix(".__main__")
    main = vars(sys.modules["__main__"])
    is_script = script != module or module in MAIN
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
        return functools.reduce(getattr, others, _home(module, first)[1][first])
    except Exception as error:
        raise UnknownClass(f"{module}.{path} is gone") from error
