"""An operating system whose Nth file operation fails, for the modules of the store."""

from __future__ import annotations

import os
from typing import Any

import pytest

from llm_memo.stores import disk, files, folder, index, lock, moved, seal, tidy

OPERATIONS = {
    *(
        "chmod",
        "chown",
        "close",
        "fstat",
        "fsync",
        "link",
        "listdir",
        "lstat",
        "makedirs",
        "mkdir",
        "open",
        "read",
        "rename",
    ),
    *("replace", "rmdir", "scandir", "stat", "unlink", "utime", "write"),
}


class FailingOs:
    """Stands in for the module ``os``.

    Args:
        number: Which file operation fails, from 1.
        error: The errno that it fails with.
        for_ever: Whether all that follow fail too.
    """

    def __init__(self, number: int, error: int, *, for_ever: bool = False) -> None:
        self.number = number
        self.error = error
        self.for_ever = for_ever
        self.done = 0
        self.mended = False
        """Set to True, nothing fails any more."""

    @property
    def failed(self) -> bool:
        """Whether it came to a failure."""
        return self.done >= self.number

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in OPERATIONS:
            return real

        def operation(*args: Any, **kwargs: Any) -> Any:
            self.done += not self.mended
            if not self.mended and (self.done == self.number or (self.for_ever and self.done > self.number)):
                if name == "close":  # the kernel frees the descriptor even when it reports an error
                    real(*args)
                raise OSError(self.error, os.strerror(self.error), str(args[0]))
            return real(*args, **kwargs)

        return operation

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put it into every module of the store, and into the lock's."""
        for module in (disk, files, folder, index, moved, seal, lock, tidy):
            monkeypatch.setattr(module, "os", self)
