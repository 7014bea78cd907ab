"""A whole cache folder: list it, clear it, keep it small, check it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from llm_memo.errors import InvalidOption
from llm_memo.policy import INHERIT, TTL, InForce, given, seconds
from llm_memo.stores import entry as entries_of
from llm_memo.stores.disk import Disk, Found, disk, function_folder
from llm_memo.stores.entry import Header
from llm_memo.values import codec


@dataclass(frozen=True)
class Entry:
    """One kept answer. ``pandas.DataFrame(entries)`` makes a table of them as they are."""

    function: str
    key: str
    created: datetime
    """When the answer came, in local time."""
    arguments: str
    """Short previews of the arguments, redacted."""
    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    seconds: float
    """How long the call took."""
    type: str
    """The answer's type, by name."""
    sample: int
    """Which of several independent answers to the question this is."""
    size: int
    """Bytes on disk."""
    path: str
    header: Header = field(repr=False, compare=False)

    @property
    def age(self) -> float:
        """Seconds since the answer came."""
        return max(time.time() - self.header.created, 0.0)

    @property
    def value(self) -> Any:
        """The answer, thawed anew each time.

        Raises:
            LookupError: The entry has been cleared or replaced by something unreadable.
        """
        try:
            kept = Disk(os.path.dirname(self.path)).load(self.path, self.key)
            return codec.thaw(kept.frozen)
        except Exception as error:
            raise LookupError(f"the entry {self.key} of {self.function} cannot be read: {error}") from error


class Cleared(NamedTuple):
    """What went, or would go."""

    entries: int
    bytes: int


class FolderInfo(NamedTuple):
    """What a cache folder, or one function's part of it, holds."""

    path: str
    functions: int
    entries: int
    bytes: int


class Verified(NamedTuple):
    """What `Cache.verify` found."""

    entries: int
    """How many entries are whole and sealed by this user."""
    quarantined: tuple[str, ...]
    """The files that are not, put into quarantine."""
    newer: tuple[str, ...]
    """The files of a later version's format, left in place."""


class Cache:
    """A cache folder, seen from Python.

    Args:
        cache_dir: The folder; None for the one that calls would use here and now.

    Raises:
        StoreError: A file is in the folder's place.
    """

    def __init__(self, cache_dir: str | os.PathLike[str] | None = None) -> None:
        settings = given(cache_dir=INHERIT if cache_dir is None else cache_dir)
        self.path = InForce(settings, None, {}).now().cache_dir
        self._disk = disk(self.path)

    def functions(self) -> list[str]:
        """The names of the functions that have entries here, sorted."""
        return sorted(filter(None, map(self._name, self._disk.functions())))

    def entries(self, function: object = None, *, where: Callable[[Entry], object] | None = None) -> list[Entry]:
        """The entries of one function, or of all, the latest first.

        Args:
            function: A cached function or its name; None for all.
            where: Keep only the entries for which this is true.
        """
        found = [entry for _, entry in self._entries(function) if where is None or where(entry)]
        return sorted(found, key=lambda entry: entry.created, reverse=True)

    def info(self, function: object = None) -> FolderInfo:
        """How many functions, entries and bytes are here."""
        sizes: dict[str, list[int]] = {}
        for found in self._disk.found(_folder(function)):
            sizes.setdefault(found.function, []).append(found.size)
        entries = sum(map(len, sizes.values()))
        return FolderInfo(self.path, len(sizes), entries, sum(map(sum, sizes.values())))

    def clear(
        self,
        function: object = None,
        *,
        older_than: TTL | None = None,
        where: Callable[[Entry], object] | None = None,
        stale_code: bool = False,
        dry_run: bool = False,
    ) -> Cleared:
        """Remove entries, for every process at once; returns how many went, and their bytes.

        Args:
            function: A cached function or its name; None for all.
            older_than: Only answers of at least this age (seconds, timedelta, ``"7d"``).
            where: Only entries for which this is true.
            stale_code: Only entries of earlier code: of a cached function, those whose fingerprint is
                not its present one; of a name, those whose fingerprint is not the latest entry's.
            dry_run: Remove nothing, tell what would go.

        Raises:
            InvalidOption: ``older_than`` is not a duration.
            OSError: The folder does not let itself be changed.
        """
        if older_than is None and where is None and not stale_code and not dry_run:
            return Cleared(*self._disk.clear(_folder(function)))
        age = seconds(older_than, "older_than") or 0.0
        chosen = [
            (found, entry)
            for found, entry in self._entries(function)
            if entry.age >= age and (where is None or where(entry))
        ]
        if stale_code:
            current = self._current_code(function)
            chosen = [(found, entry) for found, entry in chosen if entry.header.code != current[entry.function]]
        return self._remove([found for found, _ in chosen], dry_run)

    def prune(
        self,
        max_bytes: int | None = None,
        max_entries: int | None = None,
        older_than: TTL | None = None,
        *,
        dry_run: bool = False,
    ) -> Cleared:
        """Make the folder smaller, the least recently used entries first, and sweep up after dead writers.

        Args:
            max_bytes: Entries may take this many bytes.
            max_entries: There may be this many entries.
            older_than: Remove all that were last used this long ago (seconds, timedelta, ``"30d"``).
            dry_run: Remove nothing, tell what would go.

        Raises:
            InvalidOption: ``older_than`` is not a duration.
            OSError: The folder does not let itself be changed.
        """
        age = seconds(older_than, "older_than")
        now = time.time()
        latest_first = sorted(self._disk.found(), key=lambda found: found.used, reverse=True)
        gone, size = [], 0
        for place, found in enumerate(latest_first):
            size += found.size
            if (
                (max_bytes is not None and size > max_bytes)
                or (max_entries is not None and place >= max_entries)
                or (age is not None and now - found.used >= age)
            ):
                gone.append(found)
        if not dry_run:
            self._disk.sweep(now)
        return self._remove(gone, dry_run)

    def verify(self) -> Verified:
        """Check the seal of every entry; what is damaged or foreign goes into quarantine."""
        whole, refused, newer = 0, [], []
        for found in self._disk.found():
            try:
                self._disk.load(found.path, found.key)
                whole += 1
            except FileNotFoundError:
                continue
            except entries_of.Newer:
                newer.append(found.path)
            except Exception:
                self._disk.quarantine(found.path)
                refused.append(found.path)
        return Verified(whole, tuple(refused), tuple(newer))

    def _remove(self, chosen: list[Found], dry_run: bool) -> Cleared:
        sizes = [found.size if dry_run else self._disk.remove(found.path) for found in chosen]
        gone = [size for size in sizes if size is not None]
        return Cleared(len(gone), sum(gone))

    def _entries(self, function: object = None) -> Iterator[tuple[Found, Entry]]:
        for found in self._disk.found(_folder(function)):
            try:
                header = self._disk.load(found.path, found.key).header
            except Exception:
                continue
            yield found, _entry(found, header)

    def _current_code(self, function: object) -> dict[str, str]:
        """Of each function, the fingerprint that its entries should have."""
        memo = getattr(function, "_self_memo", None)
        if memo is not None:
            return {memo.name: memo.asker.code}
        latest = sorted(self.entries(function), key=lambda entry: entry.created)
        return {entry.function: entry.header.code for entry in latest}

    def _name(self, folder: str) -> str | None:
        return next((entry.function for _, entry in self._entries_in(folder)), None)

    def _entries_in(self, folder: str) -> Iterator[tuple[Found, Entry]]:
        return self._entries(_Folder(folder))

    def __repr__(self) -> str:
        return f"Cache({self.path!r})"


class _Folder(str):
    """The name of a folder, as opposed to that of a function."""


def _folder(function: object) -> str | None:
    if function is None or isinstance(function, _Folder):
        return function
    memo = getattr(function, "_self_memo", None)
    if memo is not None:
        return str(memo.folder)
    if isinstance(function, str):
        return function_folder(function)
    raise InvalidOption(f"{function!r} is neither a cached function nor the name of one")


def _entry(found: Found, header: Header) -> Entry:
    usage = header.usage or {}
    arguments = [
        f"{name.removeprefix('argument ')}={text}"
        for name, text in header.previews.items()
        if name.startswith("argument ")
    ]
    return Entry(
        function=header.function,
        key=found.key,
        created=datetime.fromtimestamp(header.created).astimezone(),
        arguments=", ".join(arguments),
        model=usage.get("model"),
        input_tokens=usage.get("input_tokens"),
        output_tokens=usage.get("output_tokens"),
        seconds=header.seconds,
        type=header.type,
        sample=header.sample,
        size=found.size,
        path=found.path,
        header=header,
    )


def clear_cache(cache_dir: str | os.PathLike[str] | None = None) -> Cleared:
    """Remove every entry of a cache folder; ``Cache(cache_dir).clear()``."""
    return Cache(cache_dir).clear()
