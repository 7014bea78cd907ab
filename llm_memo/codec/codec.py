"""Values frozen to plain data: JSON where it is exact, a library's own way where there is one, else pickle.

`thaw`, in `llm_memo.codec.frozen`, is the way back.
"""

from __future__ import annotations

import json
import struct
from typing import Any

from llm_memo import adapters
from llm_memo.codec import pickled
from llm_memo.codec.frozen import Frozen, Unfreezable, UnknownClass, thaw
from llm_memo.codec.references import is_replaced

__all__ = ["Frozen", "Unfreezable", "UnknownClass", "freeze", "thaw"]


def freeze(value: object) -> Frozen:
    """``value`` as plain data that `thaw` makes it from again, in any process; nothing of it is shared.

    What is frozen has been thawed once: a value that cannot be read back is not kept.

    Raises:
        Unfreezable: It cannot be kept; the message says why. No other exception, ever.
    """
    kind = type(value)
    if kind is str:
        return Frozen("text", value.encode("utf-8", "surrogatepass"))  # type: ignore[attr-defined]
    if kind is bytes:
        return Frozen("bytes", value)
    try:
        return _freeze(value)
    except Unfreezable:
        raise
    except Exception as error:
        raise Unfreezable(f"freezing it failed: {type(error).__name__}") from error


def _freeze(value: object) -> Frozen:
    if type(value) is list and len(value) >= _MANY and set(map(type, value)) == {float}:
        return Frozen("floats", struct.pack(f"<{len(value)}d", *value))
    if is_json(value):
        try:
            return Frozen("json", _dumps(value).encode("utf-8", "surrogatepass"))
        except ValueError:
            pass  # an int of more digits than Python prints
    frozen = pickled.frozen_by_adapter(value)
    if frozen is None:
        frozen = Frozen("pickle", pickled.dumps(value))
    if frozen.codec not in _READ_BACK_BY_ITEM:
        _read_back(frozen, value)
    return frozen


_READ_BACK_BY_ITEM = ("recording", "stream", "response", "awaited")


def _read_back(frozen: Frozen, value: object) -> None:
    try:
        copy = thaw(frozen)
    except Exception as error:
        raise Unfreezable(f"it cannot be read back: {type(error).__name__}") from error
    if frozen.codec == "pickle" and not _is_alike(type(copy), type(value)):
        raise Unfreezable(f"it is a {type(value).__name__} and comes back as a {type(copy).__name__}")


def _is_alike(kind: type, original: type) -> bool:
    """Whether a class is the original, what has replaced it, or that class made again."""
    if kind is original or is_replaced(original):
        return True
    remade = adapters.offering(original, "remade")
    return remade is not None and remade(original) is not None and kind.__name__ == original.__name__


_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode

_MANY = 16
"""A list of at least this many floats is kept as bytes, which is quicker than JSON."""

_LEAVES = {str, int, float, bool, type(None)}
_MAX_DEPTH = 100


def is_json(value: object) -> bool:
    """Whether JSON gives back exactly this: exact types, str keys, a tree no deeper than 100.

    Where a list or dict occurs twice, or holds itself, there is no tree.
    """
    level: list[Any] = [value]
    seen: set[int] = set()
    for _ in range(_MAX_DEPTH):
        containers = [item for item in level if type(item) not in _LEAVES]
        level = []
        for item in containers:
            if id(item) in seen:
                return False
            seen.add(id(item))
            if type(item) is list:
                level += item
            elif type(item) is dict and all(type(key) is str for key in item):
                level += item.values()
            else:
                return False
        if not level:
            return True
    return False
