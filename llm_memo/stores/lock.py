"""The lock that equal calls of all processes share, so that one of them is made.

It is the kernel's, taken by filelock on a file of its own, and goes when its holder dies. The file
is removed by whoever holds it, so that no litter is left; who has opened it meanwhile finds out,
and opens the next.
"""

from __future__ import annotations

import logging
import os
import weakref

from llm_memo.runtime.fork import renewed_in_child
from llm_memo.stores.files import PRIVATE, Rights

log = logging.getLogger("llm_memo")

_OPENING = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_POSIX = os.name == "posix"

_held: weakref.WeakSet[Lock] = weakref.WeakSet()
"""The locks of this process, which its children are not to keep taken when it dies."""


class Lock:
    """A lock on the file at ``path``; two of them exclude each other, also in one process.

    A `filelock.FileLock` on the same file is excluded, too. It is not used for this itself, since what it
    does beside locking takes ten times as long.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = -1

    def take(self, rights: Rights = PRIVATE) -> bool:
        """Take the lock if it is free, on a file with these rights; returns whether it was.

        Raises:
            OSError: No lock can be had here.
        """
        from filelock import lock_descriptor

        while True:
            descriptor = os.open(self.path, _OPENING, rights.file)
            try:
                rights.give(descriptor)
                taken = lock_descriptor(descriptor, blocking=False)
                if taken and self._is_at_path(descriptor):
                    self._descriptor, descriptor = descriptor, -1
                    _held.add(self)
                    return True
            finally:
                if descriptor >= 0:
                    os.close(descriptor)
            if not taken:
                return False

    def release(self) -> None:
        """Free the lock, if it is taken, and leave no file behind."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        _held.discard(self)
        try:
            try:
                if _POSIX and self._is_at_path(descriptor):
                    os.unlink(self.path)
            finally:
                os.close(descriptor)
            if not _POSIX:  # pragma: no cover - an open file cannot be removed on Windows
                os.unlink(self.path)
        except OSError as error:
            log.debug("%s could not be freed: %s", self.path, error)

    __del__ = release  # an interrupt came between taking it and holding on to it

    def _is_at_path(self, descriptor: int) -> bool:
        """Whether the open file is still the one that others would open."""
        try:
            return os.path.samestat(os.fstat(descriptor), os.lstat(self.path))
        except FileNotFoundError:
            return False


@renewed_in_child
def _after_fork() -> None:
    for lock in list(_held):
        descriptor, lock._descriptor = lock._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
    _held.clear()
