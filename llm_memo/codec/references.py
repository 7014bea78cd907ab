"""The names by which classes are found again: ``module:Outer.Inner``, ``module:Page[module:Item]``."""

from __future__ import annotations

import functools
import importlib
import operator
import re
import sys
import types
import typing
from collections.abc import Iterator
from typing import Any

from llm_memo.codec.frozen import Unfreezable, UnknownClass

Watch = tuple[dict[str, Any], str, object]
"""A module's namespace, a name, and what it named: still the same, or has the class been defined again?"""


def reference(thing: Any) -> str:
    """The name of a class, function or type variable; of a generic class with its arguments.

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
    if _find(module, name) is not thing:
        raise Unfreezable(f"it needs {name}, which nobody finds again: define it at the top of {module}")
    return f"{module}:{name}"


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


def watches(name: str) -> tuple[Watch, ...]:
    """What must stay as it is for ``resolve(name)`` to give the same again."""
    return tuple(_watches(name))


def _watches(name: str) -> Iterator[Watch]:
    for plain in re.findall(r"[^][,]*:[^][,]*", name):
        module, _, path = plain.partition(":")
        first = path.partition(".")[0]
        namespace = vars(sys.modules[module])
        yield namespace, first, namespace[first]


def _parts(thing: Any) -> tuple[Any, tuple[Any, ...]]:
    """A generic class's origin and arguments; (None, ()) of anything else."""
    generic = getattr(thing, "__pydantic_generic_metadata__", None)
    if generic and generic["origin"] is not None:
        return generic["origin"], generic["args"]
    return typing.get_origin(thing), typing.get_args(thing)


def _find(module: str, path: str) -> Any:
    found: Any = sys.modules.get(module)
    for name in path.split("."):
        found = getattr(found, name, None)
    return found


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
        return operator.attrgetter(path)(sys.modules.get(module) or importlib.import_module(module))
    except Exception as error:
        raise UnknownClass(f"{module}.{path} is gone") from error
