"""The folder that a command is about."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from llm_memo.cache import Cache
from llm_memo.cli.talk import say
from llm_memo.display import amounts
from llm_memo.entries import Entry
from llm_memo.selection import functions_called
from llm_memo.stores.entry import Header
from llm_memo.stores.folder import EntryFile


class Folder(Cache):
    """A cache folder that is looked at from a terminal.

    Args:
        cache_dir: The folder; None for the one that calls would use here and now.
        slow: Show how far a look at all entries has come, where somebody sees it and tqdm is installed.
    """

    def __init__(self, cache_dir: str | os.PathLike[str] | None, *, slow: bool = False) -> None:
        super().__init__(cache_dir)
        self._slow = slow and sys.stderr.isatty()
        self._unread = 0

    def latest(self, function: object, most: int | None) -> tuple[list[Entry], int]:
        """The latest entries of some functions, and how many there are in all; no others are read."""
        files = sorted(self._files(function), key=lambda file: file.written, reverse=True)
        return list(self._read(files[:most])), len(files)

    def names(self, function: object) -> list[str]:
        """The names of the functions that the user named; none for all.

        Raises:
            NotHere: There are no entries of one.
        """
        names = self._folders()
        for name in function if isinstance(function, list) and not names else ():
            functions_called(name, [])
        return [names.get(each, each) for each in self._meant(function) if isinstance(each, str)]

    def say_unread(self) -> None:
        """Say how many of the files that were looked at are not readable."""
        if self._unread:
            say(f"{amounts.count(self._unread, 'file')} not readable: llm-memo verify tells which")

    def _header(self, file: EntryFile) -> Header | None:
        header = super()._header(file)
        self._unread += header is None
        return header

    def _files(self, function: object = None) -> Iterator[EntryFile]:
        files: Iterable[EntryFile] = super()._files(function)
        bar = _bar() if self._slow else None
        return iter(
            files if bar is None else bar(list(files), unit=" entries", delay=0.5, leave=False, file=sys.stderr)
        )


def _bar() -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm
