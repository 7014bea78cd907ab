"""A whole cache folder: list it, clear it, keep it small, check it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

from llm_memo.display import amounts
from llm_memo.display.shown import Shown, picture_of
from llm_memo.entries import Entries, Entry
from llm_memo.errors import InvalidOption
from llm_memo.lookup import Lookup, owners_of
from llm_memo.options import INHERIT, TTL, byte_count, parsed, whole
from llm_memo.selection import NotHere, Selection, age
from llm_memo.settings import EffectiveSettings
from llm_memo.stores import folder, index, moved, resealing, seal, tidy
from llm_memo.stores.entry import Newer, Refused
from llm_memo.stores.folder import EntryFile, Owner
from llm_memo.stores.slot import Slot

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Cleared(NamedTuple):
    """What was removed."""

    entries: int
    bytes: int


class WouldClear(Cleared):
    """What would be removed: the answer of a dry run."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"would remove {amounts.count(self.entries, 'entry')}, {amounts.size(self.bytes)}"


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


class Cache(Lookup, Shown):
    """A cache folder, seen from Python.

    Args:
        cache_dir: The folder; None for the one that calls would use here and now.
        missing_ok: A folder that does not exist is one without entries, rather than an error. It always
            is where it is the one that calls use here and now.

    Raises:
        StoreError: A file is in the folder's place. All methods: there is no such folder, or no key to
            check entries with.
        OSError: All methods: the folder cannot be read.
    """

    def __init__(self, cache_dir: str | os.PathLike[str] | None = None, *, missing_ok: bool = False) -> None:
        settings = parsed(cache_dir=INHERIT if cache_dir is None else cache_dir)
        super().__init__(EffectiveSettings(settings, None, {}).now().cache_dir, missing_ok)

    def functions(self) -> list[str]:
        """The names of the functions that have entries here, sorted; no entry is read."""
        return sorted(set(self._folders().values()))

    def entries(
        self,
        function: object = None,
        *,
        where: Callable[[Entry], object] | None = None,
        model: str | None = None,
        text: str | None = None,
        older_than: TTL | None = None,
        newer_than: TTL | None = None,
        stale_code: bool = False,
    ) -> Entries:
        """The entries of some functions, or of all, the latest first; what it takes and raises is as for `clear`."""
        selection = Selection(
            where=where, model=model, text=text, older_than=older_than, newer_than=newer_than, stale_code=stale_code
        )
        found = sorted(selection.chosen(self._entries(function)), key=lambda entry: entry.header.created, reverse=True)
        return Entries(found, EffectiveSettings({}, None, {}).now().ttl)

    def entry(self, key: str) -> Entry:
        """The one entry whose key begins so.

        Raises:
            InvalidOption: There is none, or there are several.
        """
        beginning = key.lower()
        files = list(self._files())
        found = [file for file in files if file.key.startswith(beginning)]
        if len(found) > 1:
            some = "".join(f"\n  {file.key}  {file.function}" for file in found[:10])
            raise NotHere(f"the keys of {len(found):,} entries begin with {key!r}:{some}")
        for file in found:
            of_function = (each for each in files if each.function == file.function)
            latest = max(of_function, key=lambda each: each.written)  # tells whether this one is of earlier code
            for entry in self._read({file, latest}):
                if entry.path == file.path:
                    return entry
        raise NotHere(f"no readable entry in {self.path} has a key that begins with {key!r}; see llm-memo ls")

    def info(self, function: object = None) -> FolderInfo:
        """How many functions, entries and bytes are here; no entry is read.

        Args:
            function: Which functions or entries, as for `clear`; None for all.

        Raises:
            InvalidOption: As `clear` does.
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
        where: Callable[[Entry], object] | None = None,
        model: str | None = None,
        text: str | None = None,
        older_than: TTL | None = None,
        newer_than: TTL | None = None,
        stale_code: bool = False,
        dry_run: bool = False,
    ) -> Cleared:
        """Remove entries, for every process at once; returns how many went, and their bytes.

        Args:
            function: A cached function; its name, the last parts of it (``"summarize"``), the first
                (``"project.reports"``) or a pattern (``"project.*"``); an `Entry`; or several of these in a list.
                None for all.
            where: Only entries for which this is true.
            model: Only answers of this model: its name, or a pattern (``"gpt-5*"``).
            text: Only entries that have this in their arguments, or in what their answer says.
            older_than: Only answers of at least this age (seconds, timedelta, ``"7d"``).
            newer_than: Only answers that are younger than this.
            stale_code: Only entries of earlier code, see `Entry.stale_code`.
            dry_run: Remove nothing, tell what would go.

        Raises:
            InvalidOption: A value that is not one of its option's; no function with entries has that name, or
                several have.
            OSError: The folder does not let itself be changed.
        """
        selection = Selection(
            where=where, model=model, text=text, older_than=older_than, newer_than=newer_than, stale_code=stale_code
        )
        shared = self._shared(function)
        if selection.is_all and not shared:
            return WouldClear(*self.info(function)[2:]) if dry_run else self._clear_all(function)
        chosen = list(selection.chosen(self._entries(function)))
        if dry_run:
            return WouldClear(len(chosen), sum(entry.size for entry in chosen))
        for name, owner in shared.items() if selection.is_all else ():
            index.note_cleared(self.path, name, [owner.label(self.path)], folder.rights_in(self.path))
        return self._remove(chosen)

    def _clear_all(self, function: object) -> Cleared:
        self._require_folder()
        if function is None:
            return Cleared(*tidy.clear(self.path))
        meant = self._meant(function)
        went = [tidy.clear(self.path, each) for each in meant if isinstance(each, str)]
        files = [each for each in meant if isinstance(each, EntryFile)]
        went += [self._remove(list(self._read(files))), tidy.remove_all(each.path for each in files)]
        return Cleared(*map(sum, zip(*went, strict=True)))

    def _remove(self, entries: list[Entry]) -> Cleared:
        """Remove single entries, which do not come back from other functions of the same code."""
        for entry in entries:
            provenance = entry.header.provenance
            owner = Owner(entry.function, provenance.program, provenance.code)
            moved.forget(Slot(self._disk, entry.path, owner))
        return Cleared(*tidy.remove_all(entry.path for entry in entries))

    def _shared(self, function: object) -> dict[str, Owner]:
        """The named cached functions whose folders also hold entries of another program."""
        return {
            name: owner
            for name, owner in owners_of(function).items()
            if {*folder.labels(f"{self.path}/{name}")} - {owner.label(self.path)}
        }

    def prune(
        self,
        max_bytes: int | str | None = None,
        max_entries: int | None = None,
        older_than: TTL | None = None,
        *,
        dry_run: bool = False,
    ) -> Cleared:
        """Make the folder smaller, the least recently used entries first, and sweep up after dead processes.

        An entry's time of use is kept to the hour, where the file system allows it.

        Args:
            max_bytes: The folder may hold this many bytes, those in quarantine included: a number, or text
                such as ``"500MB"`` and ``"1GB"``.
            max_entries: There may be this many entries.
            older_than: Remove all that were last used this long ago (seconds, timedelta, ``"30d"``).
            dry_run: Remove nothing, tell what would go.

        Raises:
            InvalidOption: A value that is not one of its option's, or none of the three.
            OSError: The folder does not let itself be changed.
        """
        if max_bytes is max_entries is older_than is None:
            raise InvalidOption("prune() needs a limit: max_bytes, max_entries or older_than")
        limits = (
            byte_count("max_bytes", max_bytes),
            None if max_entries is None else whole("max_entries", max_entries),
            age("older_than", older_than),
        )
        self._require_folder()
        return (WouldClear if dry_run else Cleared)(*tidy.prune(self.path, *limits, dry_run=dry_run))

    def verify(self) -> Verified:
        """Check the seal of every entry; what is damaged or foreign goes into quarantine.

        What is in quarantine and sealed by this user after all comes back: it was refused while
        ``LLM_MEMO_KEY`` was another one.
        """
        self._require_folder()
        seal.seal_key()
        restored = resealing.restore(self._disk)
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

    def __repr__(self) -> str:
        return f"Cache({self.path!r})"


def clear_cache(cache_dir: str | os.PathLike[str] | None = None) -> Cleared:
    """Remove every entry of a cache folder; ``Cache(cache_dir).clear()``.

    Of one function: ``f.cache_clear()`` or ``Cache().clear("f")``.

    Raises:
        StoreError: There is no such folder.
    """
    return Cache(cache_dir).clear()
