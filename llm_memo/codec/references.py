"""The names by which classes are found again: ``module:Outer.Inner``, ``module:Page[module:Item]``."""

from __future__ import annotations

import functools
import importlib
import operator
import re
import sys
import types
import typing
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from llm_memo.codec.frozen import Unfreezable, UnknownClass
from llm_memo.identity import canonical


class Place(NamedTuple):
    """A name at the top of a module, and what it named when it was resolved."""

    module: str
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
        return f"{module}:{name}"
    if _reference_of(found) == (module, name):
        raise Unfreezable(
            f"it needs {name} as it was before {module} was imported, or its cell run, anew: import anew what "
            f"still uses the earlier {name}, too"
        )
    raise Unfreezable(f"it needs {name}, which nobody finds again: define it at the top of {module}")


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
        return canonical.encode(found) == canonical.encode(thing)
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
        yield Place(module, first, vars(sys.modules[module])[first])


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
