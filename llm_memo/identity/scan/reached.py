"""Where a chain leads to."""

from __future__ import annotations

import builtins
import functools
import types
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from llm_memo.identity.quiet import MISSING, class_has, is_a

Place = tuple[int, object]
"""Where a value is kept: the identity of what holds it, and its name or key there."""


ORIGINALS: Final[dict[str, Any]] = dict(vars(builtins))
"""The builtins before anybody put something else in the place of one: `mock.patch`, ``builtins.print = rich.print``."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """An instance of a class of one's own that the code makes: only its class is known."""

    kind: type


@dataclass(frozen=True, slots=True)
class Made:
    """What a call of installed code returned: only what was called is known."""

    origin: Any
    mode: str = ""
    name: str = ""
    """The attribute of it that was taken last."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method of an object that is not followed, such as ``append`` of a list."""

    name: str


@dataclass(frozen=True, slots=True)
class Next:
    """``super()``: ``subject`` seen from the class after ``after``."""

    subject: Any
    after: type


@dataclass(slots=True)
class Reached:
    """A value, and how it was come by."""

    value: Any
    text: str
    holder: Any = None
    """What a method was found through, and is bound to."""
    place: Place | None = None
    computed: bool = False
    """An own property or method makes the value during the call, so nothing of it is known."""
    origin: int = 0
    """The identity of the function that does."""


def opaque(text: str, origin: Any = None) -> Reached:
    """A value of which nothing is known but the function of one's own that made it."""
    while True:
        if is_a(origin, functools.partial):
            origin = origin.func
        elif is_a(origin, (types.MethodType, classmethod, staticmethod)):
            origin = origin.__func__
        elif type(origin) is functools._lru_cache_wrapper:
            origin = origin.__wrapped__
        elif class_has(type(origin), "__llm_memo_function__"):
            origin = origin.__llm_memo_function__()[0]
        else:
            return Reached(MISSING, text, computed=True, origin=id(origin))


_LAZY = getattr(types, "LazyImportType", None)
"""What a module holds of a ``lazy import`` (since Python 3.15) until the name is first used."""


def item_of(container: Any, key: Any) -> Any:
    """``container[key]``, imported if that is lazy, as the call would; MISSING if it cannot be imported."""
    value = container[key]
    if type(value) is _LAZY:
        try:
            value = container[key] = value.resolve()
        except Exception:  # as the call will find out
            return MISSING
    return value


def is_made(at: Reached) -> bool:
    """Whether the call itself makes the value, so that nothing, or only its class, is known of it."""
    return at.computed or is_a(at.value, (Fresh, Made, Next))


def mark_of(value: Any) -> tuple[type, object]:
    """What tells a value from others, though what stands for it is made anew."""
    kind = type(value)
    if kind is Method:
        return kind, value.name
    return kind, id(value.kind if kind is Fresh else value.origin if kind is Made else value)


@dataclass(slots=True, eq=False)
class Candidate:
    """A value that the call may make when it first needs it."""

    container: Any
    key: Any
    before: Any
    """What is there now."""
    again: Callable[[Any], object]
    """Scans what the value is made from."""
    scan: Any
    """The scan that has met it."""
    owner: Any
    """The instance that it belongs to; None for a global."""


def is_container(value: Any) -> bool:
    """Whether a value is a container of `builtins` or `collections` that can be changed."""
    kind = type(value)
    if kind in (list, dict, set, bytearray):
        return True
    return kind.__module__ == "collections" and class_has(kind, "__contains__")


def is_sequence(value: Any) -> bool:
    """Whether a value holds its items in order, and gives them without running code: a list, a tuple, a deque."""
    return type(value) in (list, tuple, deque)


def pydantic_dicts(value: Any) -> list[dict[str, Any]]:
    """What an instance of a pydantic model holds beside its fields."""
    if not class_has(type(value), "__pydantic_fields__"):
        return []
    return [each for each in (value.__pydantic_private__, value.__pydantic_extra__) if each is not None]


def current_value(variable: ContextVar[Any]) -> Any:
    """A context variable's value here and now, or its default."""
    try:
        return variable.get()
    except LookupError:
        return MISSING
