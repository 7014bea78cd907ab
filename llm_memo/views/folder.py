"""What a cache folder holds, a row for each function."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from llm_memo.answers.price import price
from llm_memo.answers.usage import Usage
from llm_memo.cache import Cache
from llm_memo.entries import Entry
from llm_memo.location import working_directory


@dataclass(slots=True)
class Sum:
    """What some entries come to."""

    entries: int = 0
    bytes: int = 0
    latest: float = 0.0
    """When the latest answer came, in seconds since the epoch."""
    seconds: float = 0.0
    """How long the calls took, in all."""
    usage: Usage | None = None
    """Tokens of those that report them."""

    def add(self, entry: Entry) -> None:
        """Count one more entry."""
        header = entry.header
        self.entries += 1
        self.bytes += entry.size
        self.latest = max(self.latest, header.created)
        self.seconds += header.seconds
        if header.usage is not None:
            usage = Usage.from_dict(header.usage)
            self.usage = usage if self.usage is None else self.usage + usage

    @property
    def tokens(self) -> int | None:
        """Input and output tokens; None if no entry reports any."""
        return None if self.usage is None else self.usage.total_tokens

    @property
    def money(self) -> Decimal | None:
        """What the calls cost in US dollars at today's prices; None if that is not known."""
        return None if self.usage is None else price(self.usage)


def summed(entries: Iterable[Entry]) -> Sum:
    """What all of ``entries`` come to."""
    total = Sum()
    for entry in entries:
        total.add(entry)
    return total


def by_function(cache: Cache) -> dict[str, Sum]:
    """What the entries of each function come to, by its name, sorted. Reads every entry's header."""
    sums: dict[str, Sum] = {}
    for entry in cache.entries():
        sums.setdefault(entry.function, Sum()).add(entry)
    return dict(sorted(sums.items()))


def by_folder(cache: Cache) -> dict[str, Sum]:
    """As `by_function` without tokens and seconds: of each function one entry is read, and all are counted."""
    sums: dict[str, Sum] = {}
    for file in cache._files():
        total = sums.setdefault(file.function, Sum())
        total.entries += 1
        total.bytes += file.size
        total.latest = max(total.latest, file.written)
    return dict(sorted((cache._name(folder) or folder, total) for folder, total in sums.items()))


def shown_path(path: str) -> str:
    """A path from the working directory if it lies below, else from ``~`` if it lies there, else whole."""
    for base, prefix in ((working_directory() or "", ""), (os.path.expanduser("~"), f"~{os.sep}")):
        below = os.path.join(base, "")
        if base and path.startswith(below):
            return prefix + path.removeprefix(below)
    return path
