"""What a model's JSON loses: found by comparing the model with what the JSON gives back, and put back.

SDKs build their models without validation, so there is always something: the request id, extra fields
that do not count as set, a ``parsed`` of the user's own class, a value that its type does not allow.
"""

from __future__ import annotations

import enum
import functools
from typing import Any

Step = tuple[str, Any]
"""One step down, ``(attribute, key)``: an item of the mapping that the attribute holds; ``("", key)``: an item of the
list or dict itself; ``(attribute, None)``: the attribute. It is pickled into entries, so it stays a plain tuple."""
Loss = tuple[tuple[Step, ...], Any]
"""The way to what is lost, and the value that belongs there."""


_LESS = ("__pydantic_fields_set__", "_less")
"""A step of its own: the value tells what to take out of the set. (To SDKs, extra fields are not set.)"""


def find(value: Any, copy: Any) -> list[Loss] | None:
    """All that ``copy`` lacks to be ``value`` to the letter; None if not even their class is the same.

    Exact types all the way down count, NaN is NaN, and so do the fields set, extra fields, and private
    and undeclared attributes of models; what a ``cached_property`` left does not.
    """
    found: list[Loss] = []
    _compare(value, copy, (), found)
    return None if any(not path for path, _ in found) else found


def restore(model: Any, losses: list[Loss]) -> None:
    """Put back into ``model`` what was lost."""
    for path, item in losses:
        target = model
        for slot, key in path[:-1]:
            target = getattr(target, slot)[key] if slot else target[key]
        slot, key = path[-1]
        if not slot:
            target[key] = item
        elif (slot, key) == _LESS:
            getattr(target, slot).difference_update(item)
        elif key is None:
            object.__setattr__(target, slot, item)
        else:
            getattr(target, slot)[key] = item


_ATOMS = {str, int, bool, bytes, type(None)}
_PLAIN = {*_ATOMS, float}
_HONEST = {"datetime", "decimal", "fractions", "ipaddress", "pathlib", "uuid"}
"""Modules whose immutable classes are equal when ``==`` and their ``repr`` say so."""


def _compare(value: Any, copy: Any, path: tuple[Step, ...], found: list[Loss]) -> None:
    kind = type(value)
    if kind is not type(copy):
        same = False
    elif kind in _ATOMS:
        same = value == copy
    elif kind is float:
        same = value == copy or (value != value and copy != copy)
    elif kind is list and len(value) == len(copy):
        return _compare_lists(value, copy, path, found)
    elif kind is dict and _types(value) == _types(copy) and list(value) == list(copy):
        for key, item in value.items():
            _compare(item, copy[key], (*path, ("", key)), found)
        return None
    elif hasattr(kind, "__pydantic_fields_set__") and vars(copy).keys() <= vars(value).keys():
        return _compare_models(value, copy, path, found)
    elif kind is tuple:
        same = len(value) == len(copy) and all(find(*pair) == [] for pair in zip(value, copy, strict=True))
    elif isinstance(value, enum.Enum):
        same = value is copy
    else:
        same = kind.__module__ in _HONEST and value == copy and repr(value) == repr(copy)
    if not same:
        found.append((path, value))
    return None


def _compare_lists(value: list[Any], copy: list[Any], path: tuple[Step, ...], found: list[Loss]) -> None:
    types = _types(value)
    if _PLAIN.issuperset(types) and types == _types(copy) and value == copy:
        return  # the quick way, for embeddings; NaN goes the other
    for index, item in enumerate(value):
        _compare(item, copy[index], (*path, ("", index)), found)


def _compare_models(value: Any, copy: Any, path: tuple[Step, ...], found: list[Loss]) -> None:
    made = vars(copy)
    kind: Any = type(value)
    moving = _moving(kind) - value.__pydantic_fields_set__
    for name, item in vars(value).items():
        step = ("__dict__", name)
        if name in moving:
            found.append(((*path, step), item))
        elif name in made:
            other = made[name]
            if type(item) is not type(other) or type(item) not in _ATOMS or item != other:
                _compare(item, other, (*path, step), found)
        elif not isinstance(getattr(kind, name, None), functools.cached_property):
            found.append(((*path, step), item))
    for slot in ("__pydantic_extra__", "__pydantic_private__"):
        left, right = getattr(value, slot), getattr(copy, slot)
        if left is None or right is None or list(left) != list(right):
            if left is not right:
                found.append(((*path, (slot, None)), left))
            continue
        for name, item in left.items():
            if name in moving:
                found.append(((*path, (slot, name)), item))
            else:
                _compare(item, right[name], (*path, (slot, name)), found)
    left, right = value.__pydantic_fields_set__, copy.__pydantic_fields_set__
    if left < right:
        found.append(((*path, _LESS), tuple(right - left)))
    elif left != right:
        found.append(((*path, ("__pydantic_fields_set__", None)), left))


@functools.lru_cache(2048)
def _moving(kind: Any) -> frozenset[str]:
    """Fields whose default is made anew for each model: of a time it is the same now, and another later."""
    fields = {**kind.__pydantic_fields__, **kind.__private_attributes__}
    factories = {name: field.default_factory for name, field in fields.items()}
    return frozenset(name for name, make in factories.items() if make is not None and make not in _CONSTANT)


_CONSTANT = (list, dict, set, frozenset, tuple, str, int)


def _types(items: Any) -> list[type]:
    return list(map(type, items))
