"""Keys of calls before, by their arguments: sooner looked up than made again."""

from __future__ import annotations

import marshal
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any, Generic, TypeVar

from llm_memo.identity.forms.encoding import MANY, marshalled
from llm_memo.identity.guards import KINDS, is_plain
from llm_memo.runtime.fork import renewed_in_child

T = TypeVar("T")

_marshal: Callable[[Any, int], bytes] = marshal.dumps
_WORTH_IT = 32_000
"""Bytes that arguments may take; more only where there are many parts in them."""
_MOST = 16_000_000
"""Bytes that the keys of all functions of a process may take."""
_OVERHEAD = 800
"""About what one takes besides its arguments and what they were encoded to, in bytes."""


def plain_bytes(arguments: tuple[Any, ...]) -> tuple[bytes | None, bytes | None]:
    """What stands for arguments, and what they are looked up by: the same, or a digest of it where it is long.

    Both are None where encoding the arguments is no slower, or there is no other way.
    """
    many = False
    for value in arguments:
        kind = type(value)
        if kind not in KINDS or (kind is str and len(value) > _WORTH_IT):  # marshal would copy an array
            return None, None
        if kind in _SIZED and len(value) >= MANY:
            many = True
    try:
        plain = _marshal(arguments, 2)
    except ValueError:
        return None, None
    if len(plain) <= _WORTH_IT:
        return plain, plain
    return (plain, b"#" + blake2b(plain, digest_size=32).digest()) if many else (None, None)


_SIZED = frozenset({list, tuple, dict})


def stands_for(mark: bytes, plain: bytes | None, arguments: tuple[Any, ...], encoded: Sequence[bytes]) -> bool:
    """Whether a mark stands for what arguments were encoded to: they are plain data, and have not changed meanwhile.

    Args:
        mark: What they are looked up by.
        plain: What stood for them before they were encoded (`plain_bytes` gave both).
        arguments: The arguments.
        encoded: The canonical bytes of each.
    """
    if mark is plain:
        return True
    written = [b"(", len(arguments).to_bytes(4, "little")]
    for value, data in zip(arguments, encoded, strict=True):
        inside = marshal.dumps(value, 2) if type(value) not in _SIZED else marshalled(data)
        if inside is None:
            return False
        written.append(inside)
    return b"".join(written) == plain


def plain_copy(plain: bytes | None) -> tuple[Any, ...] | None:
    """The arguments that `plain_bytes` stand for, which no other thread can change; None if they are not plain."""
    arguments = None if plain is None else marshal.loads(plain)
    return arguments if is_plain(arguments) else None


class KeyCache(Generic[T]):
    """What arguments were encoded to after ``head``; what was used longest ago goes first.

    Nothing but an equal plain value has the `marshal` bytes of a plain value: they are typed and framed,
    and whatever else marshal takes (bytes and their like, sets, code) has tags of its own. Dicts in
    another order have other bytes; they are encoded, once, to the same key.

    Args:
        most: Bytes that all may take.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._known: OrderedDict[tuple[bytes, bytes | None], tuple[T, int]] = OrderedDict()
        self._most = most
        self._lock = threading.Lock()
        self.size = 0
        """Bytes that they take, about."""

    def get(self, plain: bytes | None, head: bytes) -> T | None:
        """What the arguments were encoded to, if that is known."""
        mark = (head, plain)
        try:
            self._known.move_to_end(mark)
            return self._known[mark][0]
        except KeyError:  # it is not known, or another thread has dropped it just now
            return None

    def put(self, plain: bytes, head: bytes, encoded: T, size: int) -> None:
        """Remember what the arguments that have these bytes were encoded to, in ``size`` bytes."""
        size += len(plain) + _OVERHEAD
        if size > self._most // 2 + _OVERHEAD:
            return
        with self._lock:
            self.size += size - self._known.pop((head, plain), (encoded, 0))[1]
            self._known[head, plain] = encoded, size
            while self.size > self._most:
                self.size -= self._known.popitem(last=False)[1][1]

    def after_fork(self) -> None:
        """Make the lock anew in a child process, where its holder may be gone, half-way through."""
        self._lock = threading.Lock()
        self.size = sum(size for _, size in self._known.values())


def key_cache() -> KeyCache[Any]:
    """A cache whose lock is made anew in each child process."""
    made: KeyCache[Any] = KeyCache()
    renewed_in_child(made.after_fork)
    return made
