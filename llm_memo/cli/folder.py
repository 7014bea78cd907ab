"""The folder that a command is about."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from llm_memo.cache import Cache, Entry, _entry
from llm_memo.cli.talk import Stop, say
from llm_memo.display import amounts
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

    def files(self, function: object = None) -> list[EntryFile]:
        """The files of all entries, or of one function's, the latest first. None of them is read."""
        return sorted(super()._files(function), key=lambda file: file.written, reverse=True)

    def read(self, found: Iterable[EntryFile]) -> Iterator[Entry]:
        """The entries in these files, one by one; how many are not readable is said at the end."""
        unread = 0
        for each in found:
            header = self._header(each)
            if header is not None:
                yield _entry(each, header)
            else:
                unread += 1
        if unread:
            say(f"{amounts.count(unread, 'file')} not readable: llm-memo verify tells which")

    def named(self, name: str | None) -> str | None:
        """The one function with entries that is called ``name``, or whose last parts are; None for no name.

        Raises:
            Stop: There is none, or there are several.
        """
        if name is None:
            return None
        functions = self.functions()
        if name in functions:
            return name
        found = [each for each in functions if each.endswith(f".{name}")]
        if len(found) == 1:
            return found[0]
        what = f"{name!r} can be several functions" if found else f"no entries of {name!r}; there are entries of"
        these = "".join(f"\n  {each}" for each in found or functions)
        raise Stop(f"{what}:{these or ' nothing'}")

    def _files(self, function: object = None) -> Iterator[EntryFile]:
        bar = _bar() if self._slow else None
        if bar is None:
            return super()._files(function)
        files = list(super()._files(function))
        return iter(bar(files, unit=" entries", delay=0.5, leave=False, file=sys.stderr))


def _bar() -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm
