"""Questions that were asked before, by their arguments: sooner looked up than encoded again."""

from __future__ import annotations

import marshal
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from llm_memo.identity.guards import is_plain

T = TypeVar("T")

_marshal: Callable[[Any, int], bytes] = marshal.dumps
_WORTH_IT = 32_000
"""Arguments of up to so many bytes."""
_MOST = 4_000_000
"""Bytes of arguments, with what they were encoded to, for each function."""
_OVERHEAD = 400
"""About what one takes besides."""


def plain_bytes(arguments: tuple[Any, ...]) -> bytes | None:
    """What stands for arguments here; None where encoding them is no slower, or there is no other way."""
    for value in arguments:
        if value.__class__ is str and len(value) > _WORTH_IT:
            return None
    try:
        plain = _marshal(arguments, 2)
    except ValueError:
        return None
    return plain if len(plain) <= _WORTH_IT else None


def plain_copy(plain: bytes | None) -> tuple[Any, ...] | None:
    """The arguments that `plain_bytes` stand for, which no other thread can change; None if they are not plain."""
    arguments = None if plain is None else marshal.loads(plain)
    return arguments if is_plain(arguments) else None


class Remembered(Generic[T]):
    """What arguments were encoded to, as long as ``head``, what comes before them, is the same object.

    Nothing but an equal plain value has the `marshal` bytes of a plain value: they are typed and framed,
    and whatever else marshal takes (bytes and their like, sets, code) has tags of its own. Dicts in
    another order have other bytes; they are encoded, once, to the same question.
    """

    def __init__(self) -> None:
        self._known: dict[bytes | None, tuple[object, T]] = {}
        self._size = 0

    def get(self, plain: bytes | None, head: object) -> T | None:
        """What the arguments were encoded to, if that is known."""
        found = self._known.get(plain)
        return found[1] if found is not None and found[0] is head else None

    def put(self, plain: bytes | None, head: object, encoded: T, size: int) -> None:
        """Remember what the arguments that have these bytes were encoded to, in ``size`` bytes."""
        size += len(plain or b"") + _OVERHEAD
        self._size += size
        if self._size > _MOST:
            self._known, self._size = {}, size
        self._known[plain] = head, encoded
