"""A whole cache folder: list it, clear it, keep it small, check it."""

from __future__ import annotations

import itertools
import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, SupportsIndex, overload

from llm_memo.codec.streams import items
from llm_memo.display.shown import Shown, picture_of, text_of
from llm_memo.errors import InvalidOption, StoreError
from llm_memo.settings import INHERIT, TTL, EffectiveSettings, parsed, seconds
from llm_memo.stores import folder, seal, tidy
from llm_memo.stores.disk import disk
from llm_memo.stores.entry import Header, Newer, Refused
from llm_memo.stores.folder import EntryFile, function_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = logging.getLogger("llm_memo")


@dataclass(frozen=True)
class Entry(Shown):
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
        """The answer, thawed anew each time; of a generator, the list of what it yielded.

        Raises:
            LookupError: The entry has been cleared or replaced by something unreadable.
        """
        try:
            root = os.path.dirname(os.path.dirname(os.path.dirname(self.path)))
            return items(disk(root).load(self.path, self.key).thaw())
        except Exception as error:
            raise LookupError(f"the entry {self.key} of {self.function} cannot be read: {error}") from error


class Entries(list[Entry], Shown):
    """Some entries: a list, with a form for notebooks and terminals.

    Args:
        entries: The entries.
        ttl: How old an answer may be when it is read, in seconds; None: never too old.
    """

    def __init__(self, entries: Iterable[Entry] = (), ttl: float | None = None) -> None:
        super().__init__(entries)
        self.ttl = ttl

    @overload
    def __getitem__(self, place: SupportsIndex, /) -> Entry: ...
    @overload
    def __getitem__(self, place: slice, /) -> Entries: ...
    def __getitem__(self, place: SupportsIndex | slice, /) -> Entry | Entries:
        found = super().__getitem__(place)
        return Entries(found, self.ttl) if isinstance(found, list) else found

    def __repr__(self) -> str:
        return text_of(self)


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
    unread: tuple[str, ...] = ()
    """The files that the disk or the system would not give, left in place."""
    restored: tuple[str, ...] = ()
    """The entries that came back from quarantine: they are sealed by this user after all."""


class Cache(Shown):
    """A cache folder, seen from Python.

    Args:
        cache_dir: The folder; None for the one that calls would use here and now.

    Raises:
        StoreError: A file is in the folder's place. All methods: there is no key to check entries with.
        OSError: All methods: the folder cannot be read.
    """

    def __init__(self, cache_dir: str | os.PathLike[str] | None = None) -> None:
        settings = parsed(cache_dir=INHERIT if cache_dir is None else cache_dir)
        self.path = EffectiveSettings(settings, None, {}).now().cache_dir
        self._disk = disk(self.path)

    def functions(self) -> list[str]:
        """The names of the functions that have entries here, sorted; of each function one entry is read."""
        return sorted(set(filter(None, map(self._name, folder.functions(self.path)))))

    def entries(self, function: object = None, *, where: Callable[[Entry], object] | None = None) -> Entries:
        """The entries of one function, or of all, the latest first.

        Args:
            function: A cached function or its name; None for all.
            where: Keep only the entries for which this is true.

        Raises:
            InvalidOption: ``function`` is neither.
        """
        found = [entry for entry in self._entries(function) if where is None or where(entry)]
        found.sort(key=lambda entry: entry.header.created, reverse=True)
        return Entries(found, EffectiveSettings({}, None, {}).now().ttl)

    def info(self, function: object = None) -> FolderInfo:
        """How many functions, entries and bytes are here; no entry is read.

        Args:
            function: A cached function or its name; None for all.

        Raises:
            InvalidOption: ``function`` is neither.
        """
        functions = set()
        entries = size = 0
        for file in self._files(function):
            functions.add(file.function)
            entries, size = entries + 1, size + file.size
        return FolderInfo(self.path, len(functions), entries, size)

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
            InvalidOption: ``older_than`` is not a duration, or ``function`` neither a function nor a name.
            OSError: The folder does not let itself be changed.
        """
        name = _folder(function)
        if older_than is None and where is None and not stale_code:
            if dry_run:
                return Cleared(*self.info(function)[2:])
            return Cleared(*tidy.clear(self.path, name))
        age = _age(older_than) if older_than is not None else 0.0
        entries = list(self._entries(function))
        current = self._current_code(function, entries) if stale_code else {}
        chosen = [
            entry
            for entry in entries
            if entry.age >= age
            and (where is None or where(entry))
            and (
                not stale_code
                or entry.header.provenance.code != current.get(entry.function, entry.header.provenance.code)
            )
        ]
        if dry_run:
            return Cleared(len(chosen), sum(entry.size for entry in chosen))
        return Cleared(*tidy.remove_all(entry.path for entry in chosen))

    def prune(
        self,
        max_bytes: int | None = None,
        max_entries: int | None = None,
        older_than: TTL | None = None,
        *,
        dry_run: bool = False,
    ) -> Cleared:
        """Make the folder smaller, the least recently used entries first, and sweep up after dead processes.

        An entry's time of use is kept to the hour, where the file system allows it.

        Args:
            max_bytes: The folder may hold this many bytes, those in quarantine included.
            max_entries: There may be this many entries.
            older_than: Remove all that were last used this long ago (seconds, timedelta, ``"30d"``).
            dry_run: Remove nothing, tell what would go.

        Raises:
            InvalidOption: A value that is not one of its option's.
            OSError: The folder does not let itself be changed.
        """
        return Cleared(
            *tidy.prune(
                self.path,
                _whole("max_bytes", max_bytes),
                _whole("max_entries", max_entries),
                None if older_than is None else _age(older_than),
                dry_run=dry_run,
            )
        )

    def verify(self) -> Verified:
        """Check the seal of every entry; what is damaged or foreign goes into quarantine.

        What is in quarantine and sealed by this user after all comes back: it was refused while
        ``LLM_MEMO_KEY`` was another one.
        """
        seal.seal_key()
        restored = self._disk.restore()
        whole = 0
        refused, newer, unread = [], [], []
        for file in self._files():
            try:
                self._disk.check(file.path, file.key)
                whole += 1
            except FileNotFoundError:
                pass
            except Newer:
                newer.append(file.path)
            except Refused as fault:
                where = self._disk.quarantine(file.path, fault.seen)
                refused += [file.path] if where else []
            except OSError:
                if os.path.islink(file.path):
                    self._disk.quarantine(file.path)
                    refused.append(file.path)
                else:
                    unread.append(file.path)
        return Verified(whole, *map(tuple, (refused, newer, unread, restored)))

    def plot(self, measure: Literal["calls", "tokens", "seconds"] = "calls") -> Figure:
        """A picture of what was paid over time and saved in this process, by function (matplotlib).

        Args:
            measure: What is counted: ``"calls"``, ``"tokens"`` or ``"seconds"``.

        Raises:
            ImportError: matplotlib is not installed.
            InvalidOption: There is no such measure.
        """
        figure: Figure = picture_of(self, measure)
        return figure

    def _entries(self, function: object = None) -> Iterator[Entry]:
        for file in self._files(function):
            header = self._header(file)
            if header is not None:
                yield _entry(file, header)

    def _files(self, function: object = None) -> Iterator[EntryFile]:
        return folder.entry_files(self.path, _folder(function))

    def _header(self, file: EntryFile) -> Header | None:
        try:
            return self._disk.load(file.path, file.key).header
        except StoreError:
            raise
        except Exception as fault:
            log.debug("%s is not listed: %s", file.path, fault)
            return None

    def _name(self, name: str) -> str | None:
        """The name of the function whose folder this is; None if there is no entry in it."""
        file = None
        for file in itertools.islice(folder.entry_files(self.path, name), _TRIES):
            header = self._header(file)
            if header is not None:
                return header.function
        return name if file is not None else None

    def _current_code(self, function: object, entries: list[Entry]) -> dict[str, str]:
        """Of each function, the fingerprint that its entries should have."""
        memo = getattr(function, "_self_memo", None)
        if memo is not None:
            return {memo.name: memo.key_builder.code}
        latest = sorted(entries, key=lambda entry: entry.header.created)
        return {entry.function: entry.header.provenance.code for entry in latest}

    def __repr__(self) -> str:
        return f"Cache({self.path!r})"


_TRIES = 8
"""How many entries are looked at for the name of a function of which the first are of no use."""


def _folder(function: object) -> str | None:
    if function is None:
        return None
    memo = getattr(function, "_self_memo", None)
    if memo is not None:
        return str(memo.folder)
    if isinstance(function, str):
        return function_folder(function)
    raise InvalidOption(f"{function!r} is neither a cached function nor the name of one")


def _age(older_than: TTL) -> float:
    age = seconds(older_than, "older_than")
    return math.inf if age is None else age


def _whole(option: str, value: int | None) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise InvalidOption(f"{option}={value!r} is not a whole number of at least 0")


def _entry(file: EntryFile, header: Header) -> Entry:
    usage = header.usage or {}
    arguments = [
        f"{name.removeprefix('argument ')}={text}"
        for name, text in header.provenance.previews.items()
        if name.startswith("argument ")
    ]
    return Entry(
        function=header.function,
        key=file.key,
        created=datetime.fromtimestamp(header.created).astimezone(),
        arguments=", ".join(arguments),
        model=usage.get("model"),
        input_tokens=usage.get("input_tokens"),
        output_tokens=usage.get("output_tokens"),
        seconds=header.seconds,
        type=header.type,
        sample=header.sample,
        size=file.size,
        path=file.path,
        header=header,
    )


def clear_cache(cache_dir: str | os.PathLike[str] | None = None) -> Cleared:
    """Remove every entry of a cache folder; ``Cache(cache_dir).clear()``."""
    return Cache(cache_dir).clear()
