"""Frozen values at hand: a bounded tier in memory, in front of the disk.

It holds what was last read or written, beside the file's signature at that moment; one ``stat``
of the file then tells whether another process has cleared or replaced it since.
"""

from __future__ import annotations

import os
import threading
from typing import NamedTuple

from llm_memo.runtime.fork import renewed_in_child
from llm_memo.stores.entry import StoredEntry

Signature = tuple[int, int, int]
"""When a file was written (ns), its inode and its size (bytes)."""

_OVERHEAD = 2_000
"""About what a held entry takes beside its frozen value, in bytes."""


def signature(status: os.stat_result) -> Signature:
    """What changes when another entry takes the file's place."""
    return status.st_mtime_ns, status.st_ino, status.st_size


class Held(NamedTuple):
    """One entry at hand."""

    signature: Signature
    entry: StoredEntry
    size: int


class Memory:
    """What this process holds, by path; the oldest goes first when it grows beyond its bound."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._size = 0
        self._lock = threading.Lock()
        self.get = self._held.get

    def put(self, path: str, signature: Signature, entry: StoredEntry, bound: int) -> None:
        """Hold ``entry`` while all that is held stays below ``bound`` bytes."""
        size = entry.size + _OVERHEAD
        with self._lock:
            self._drop(path)
            if size > bound // 8:
                return
            entry.unshared = False
            self._held[path] = Held(signature, entry, size)
            self._size += size
            while self._size > bound and self._held:
                self._drop(next(iter(self._held)))

    def drop(self, path: str) -> None:
        """Hold nothing for ``path`` any more."""
        with self._lock:
            self._drop(path)

    def _drop(self, path: str) -> None:
        held = self._held.pop(path, None)
        if held is not None:
            self._size -= held.size

    def after_fork(self) -> None:
        """Make the lock anew in a child process, where its holder may be gone, half-way through."""
        self._lock = threading.Lock()
        self._size = sum(held.size for held in self._held.values())


MEMORY = Memory()
renewed_in_child(MEMORY.after_fork)
