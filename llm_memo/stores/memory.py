"""Frozen values at hand: a bounded tier in memory, in front of the disk.

It holds what was last read or written, beside the file's signature at that moment; one ``stat``
of the file then tells whether another process has cleared or replaced it since.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from typing import NamedTuple

from llm_memo.runtime.fork import renewed_in_child
from llm_memo.stores.entry import StoredEntry

Signature = tuple[int, int, int]
"""When a file was written (ns), its inode and its size (bytes)."""

_OVERHEAD = 1_200
"""What a held entry takes at most beside its frozen value and its path, in bytes."""
_OF_USAGE = 1_000
"""What it takes more if it has tokens."""
_LARGEST = 8
"""An entry is held if it takes at most this fraction (one eighth) of what may be held."""


def signature(status: os.stat_result) -> Signature:
    """What changes when another entry takes the file's place."""
    return status.st_mtime_ns, status.st_ino, status.st_size


class Held(NamedTuple):
    """One entry at hand."""

    signature: Signature
    entry: StoredEntry
    size: int


class Memory:
    """What this process holds, by path; what was used longest ago goes first when it grows beyond its bound.

    There is one bound for the whole process, in bytes: the latest that was given.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._lock = threading.Lock()
        self.size = 0
        """Bytes that are held, counted so that it is not less than they take."""

    def get(self, path: str, bound: int) -> Held | None:
        """What is held for ``path``, which has been used now, while all that is held stays below ``bound`` bytes."""
        if self.size > bound:
            with self._lock:
                self._shrink(bound)
        try:
            self._held.move_to_end(path)
            return self._held[path]
        except KeyError:  # it is not held, or another thread has dropped it just now
            return None

    def put(self, path: str, signature: Signature, entry: StoredEntry, bound: int) -> None:
        """Hold ``entry`` without its provenance while all that is held stays below ``bound`` bytes."""
        size = entry.size + len(path) + _OVERHEAD + (_OF_USAGE if entry.header.usage else 0)
        with self._lock:
            if path in self._held:
                self._drop(path)
            if size <= bound // _LARGEST:
                self._held[path] = Held(signature, entry.at_hand(), size)
                self.size += size
            if self.size > bound:
                self._shrink(bound)

    def drop(self, path: str) -> None:
        """Hold nothing for ``path`` any more."""
        with self._lock:
            self._drop(path)

    def _shrink(self, bound: int) -> None:
        while self.size > bound and self._held:
            self._drop(next(iter(self._held)))

    def _drop(self, path: str) -> None:
        held = self._held.pop(path, None)
        if held is not None:
            self.size -= held.size

    def after_fork(self) -> None:
        """Make the lock anew in a child process, where its holder may be gone, half-way through."""
        self._lock = threading.Lock()
        self.size = sum(held.size for held in self._held.values())


MEMORY = Memory()
renewed_in_child(MEMORY.after_fork)
