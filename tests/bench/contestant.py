"""A contestant: a cache over one folder, in its own usual way of use."""

from __future__ import annotations

import importlib.metadata
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from .work import Work

Cached = Callable[..., Any]


class Contestant(ABC):
    """A cache over one folder.

    Args:
        folder: Where it may keep what it keeps; one folder per contestant.
    """

    name: ClassVar[str]
    package: ClassVar[str]
    """The distribution that must be installed; "" for Python's own."""
    heavy: ClassVar[bool] = False
    """Whether importing it takes seconds, so that fewer processes are started for it."""
    keeps: ClassVar[bool] = True
    """Whether answers outlive the process."""
    holds: ClassVar[bool] = False
    """Whether it holds answers at hand in memory."""
    setup: ClassVar[str]
    """What a user writes to import it and to decorate the function ``f``, for the row on imports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def cached(self, work: Work) -> Cached | None:
        """The cached function for a piece of work, called with its questions; None: it has no way to."""

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, work: Work) -> Iterator[Cached]:
        """The cached function for a piece of work, while the folder is open."""
        contestant = cls(folder)
        try:
            cached = contestant.cached(work)
            assert cached is not None, f"{cls.name} has no way to do {work.name}"
            yield cached
        finally:
            contestant.close()

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """Let go of files."""

    @classmethod
    def version(cls) -> str:
        """The installed version, or ""."""
        return importlib.metadata.version(cls.package) if cls.package else ""
