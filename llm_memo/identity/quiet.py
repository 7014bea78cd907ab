"""Looks at values without running the user's code: no ``__class__`` property, ``__getattr__`` or metaclass is run."""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

if TYPE_CHECKING:
    from typing_extensions import TypeIs

T = TypeVar("T")


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""The value of a name that is not there (yet)."""


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
    return class_item(kind, name, MISSING) is not MISSING


def own_dict(value: Any) -> dict[str, Any] | None:
    """The ``__dict__`` of an instance, whatever its class says of attributes."""
    try:
        held = object.__getattribute__(value, "__dict__")
    except Exception:
        return None
    return held if type(held) is dict else None


def slot_value(slot: Any, value: Any) -> Any:
    """What a slot, or another descriptor written in C, holds for an instance."""
    try:
        return slot.__get__(value, type(value))
    except AttributeError:
        return MISSING


def cell_value(cell: types.CellType) -> Any:
    """What a closure's cell holds."""
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


def closure_of(function: Any) -> dict[str, Any]:
    """What a function has closed over, by name; MISSING for what is not there yet."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    return {name: cell_value(cell) for name, cell in cells}


def is_c_class(kind: type) -> bool:
    """Whether a class itself is written in C, so that it may hold what Python cannot see."""
    return not kind.__flags__ & _HEAP or any(_is_c_of(kind, name, item) for name, item in vars(kind).items())


def _is_c_of(kind: type, name: str, item: Any) -> bool:
    if is_a(item, types.BuiltinFunctionType):
        return name == "__new__" and item.__self__ is kind
    return is_a(item, _OF_C) and item.__objclass__ is kind and name not in ("__dict__", "__weakref__")


_OF_C = types.MethodDescriptorType, types.WrapperDescriptorType, types.GetSetDescriptorType
_HEAP = 1 << 9
"""``Py_TPFLAGS_HEAPTYPE``: classes written in Python have it, see `copyreg`."""


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


_CODE = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.MethodDescriptorType,
    types.WrapperDescriptorType, types.MethodWrapperType, types.ClassMethodDescriptorType,
    functools._lru_cache_wrapper,
)  # fmt: skip
"""What code of one's own or installed code is called by; none of these looks up an attribute in Python code."""
