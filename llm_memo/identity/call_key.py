"""The key: what names a call.

A key is the xxh3-128 of the call's canonical bytes: the fingerprint (or name and ``version``), the bound
arguments (or ``key(...)``) and the sample. xxh3 is fast, not safe: anyone can make two prompts that share
a key, so it only names the file, and a BLAKE2b digest of the same bytes, kept in the entry, decides.
"""

from __future__ import annotations

import copy
import hashlib
import types
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import xxhash

from llm_memo.identity.parts import short_digest

if TYPE_CHECKING:
    from llm_memo.identity.fingerprint import Snapshot

NO_SNAPSHOTS: Mapping[int, Any] = types.MappingProxyType({})
SHORT = 100_000
"""Bytes that are joined to digest them: a copy of a megabyte takes as long as a digest of it."""
_MANY = 2_000
"""Bytes that a key is held with at most."""


class CallKey:
    """What names one call, as bytes and by name.

    Args:
        pieces: Its canonical bytes, first the ``head``, which all keys of a function as it is begin with, and then two
            of each argument: its name and its value.
        followed: By place, the snapshot of an argument of which only counts what is read, or that may be a logger.
        inside: By place, the snapshots of code and instances of one's own inside of an argument.
    """

    __slots__ = ("_arguments", "_digest", "_pieces", "followed", "head", "inside", "key", "size")

    def __init__(
        self,
        pieces: Sequence[bytes],
        followed: Mapping[int, Snapshot] = NO_SNAPSHOTS,
        inside: Mapping[int, list[Snapshot]] = NO_SNAPSHOTS,
    ) -> None:
        self._pieces: tuple[bytes, ...] = tuple(pieces)
        self._arguments: tuple[str, ...] = ()
        self._digest = ""
        self.head = pieces[0]
        self.followed = followed
        self.inside = inside
        self.size = sum(map(len, pieces))
        if self.size <= SHORT:  # a copy of a megabyte takes as long as a digest of it
            self.key: str = xxhash.xxh3_128_hexdigest(b"".join(pieces))
        else:
            self.key = _digest_of(pieces, xxhash.xxh3_128())

    @property
    def digest(self) -> str:
        """BLAKE2b-256 of the canonical bytes, in hex; looked for only when it is needed."""
        if not self._digest:
            self._digest = _digest_of(self._pieces, hashlib.blake2b(digest_size=32))
        return self._digest

    def same(self, other: CallKey) -> bool:
        """Whether another names the same call."""
        if self is other or self.key != other.key:
            return self is other
        known = self._pieces and other._pieces
        return self._pieces == other._pieces if known else self.digest == other.digest

    def argument(self, number: int) -> str:
        """A digest of the canonical bytes of one argument."""
        return self._arguments[number] if self._arguments else short_digest(self._pieces[2 * number + 2])

    def to_remember(self) -> CallKey:
        """This key, to be held for a long time: without the bytes of the arguments if they are many."""
        if self.size <= _MANY:
            return self
        brief = copy.copy(self)
        brief._digest, brief._arguments = self.digest, tuple(map(short_digest, self._pieces[2::2]))
        brief._pieces, brief.size = (), 0
        return brief


def _digest_of(pieces: Sequence[bytes], algorithm: Any) -> str:
    for piece in pieces:
        algorithm.update(piece)
    return algorithm.hexdigest()  # type: ignore[no-any-return]
