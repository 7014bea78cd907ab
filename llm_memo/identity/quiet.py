"""Looks at values without running the user's code: no ``__class__`` property, ``__getattr__`` or metaclass is run."""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from typing_extensions import TypeIs

T = TypeVar("T")


@overload
def is_a(value: object, kind: type[T]) -> TypeIs[T]: ...
@overload
def is_a(value: object, kind: tuple[type, ...]) -> bool: ...
def is_a(value: object, kind: Any) -> bool:
    """`isinstance`, without the ``__class__`` of the value, which may be a property of the user's, or a proxy's."""
    return issubclass(type(value), kind)


def class_item(kind: type, name: str, default: Any = None) -> Any:
    """What a class or one of its bases has under a name, or ``default``; no metaclass of the user's is run."""
    for base in type.__getattribute__(kind, "__mro__"):
        if name in type.__getattribute__(base, "__dict__"):
            return type.__getattribute__(base, "__dict__")[name]
    return default


def class_has(kind: type, name: str) -> bool:
    """Whether a class or one of its bases has a name."""
    return class_item(kind, name, _NOTHING) is not _NOTHING


def subclasses(kind: type) -> list[type]:
    """The subclasses of a class, and theirs; compared by identity, as a metaclass may have a ``==`` of its own."""
    found: list[type] = list(type.__subclasses__(kind))
    seen = {*map(id, found)}
    for each in found:
        inner: list[type] = type.__subclasses__(each)
        found += [kind for kind in inner if id(kind) not in seen]
        seen.update(map(id, inner))
    return found


def wrapped_by(value: Any) -> Any:
    """What a decorator has noted as ``__wrapped__``, or None."""
    held = class_item(type(value), "__dict__")
    if is_a(held, types.GetSetDescriptorType) and "__wrapped__" in (own := held.__get__(value)):
        return own["__wrapped__"]
    raw = class_item(type(value), "__wrapped__")
    return raw.__get__(value) if is_a(raw, (types.GetSetDescriptorType, types.MemberDescriptorType)) else None


def code_attribute(value: Any, name: str, default: Any = "") -> Any:
    """``__name__``, ``__module__`` and the like of a function, method or class; of anything else ``default``."""
    if issubclass(type(value), type):
        try:
            return type.__getattribute__(value, name)
        except AttributeError:
            return default
    return getattr(value, name, default) if issubclass(type(value), _CODE) else default


_NOTHING = object()
_CODE = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.MethodDescriptorType,
    types.WrapperDescriptorType, types.MethodWrapperType, types.ClassMethodDescriptorType,
    functools._lru_cache_wrapper,
)  # fmt: skip
"""What code of one's own or installed code is called by; none of these looks up an attribute in Python code."""
