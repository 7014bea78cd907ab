"""The store on disk: one sealed file per entry, whole or not at all.

`llm_memo.stores.folder` draws the layout. A reader never sees half an entry: it is written beside
its place and renamed into it. Reading fails only into a miss and one warning, writing into an
`OSError` for the caller to tell.
"""

from __future__ import annotations

import functools
import logging
import os
import secrets
import stat
import time
from collections.abc import Callable
from typing import TypeVar

from llm_memo import location
from llm_memo.errors import CorruptEntry, MemoWarning, StoreError, UntrustedEntry, warn
from llm_memo.settings import Settings
from llm_memo.stores import entry, files, folder, seal, tidy
from llm_memo.stores.entry import StoredEntry
from llm_memo.stores.folder import QUARANTINE, SUFFIX
from llm_memo.stores.memory import MEMORY, Signature, signature

T = TypeVar("T")

log = logging.getLogger("llm_memo")

_OF_THIS_PROCESS = (RecursionError, MemoryError)
"""What is raised where an entry is fine and there is no memory left to read it."""
_POSIX = os.name == "posix"

_USED_EVERY = 3600.0
"""An entry's time of last use is kept to the hour, in seconds."""
_WARNED = 1_000
_HUGE = 1 << 26
"""Of a file of more bytes the first are looked at before all are read."""


class TooBig(Exception):
    """An entry is larger than the reader would have."""


class Disk:
    """The store in one cache folder. It makes nothing until the first write.

    Args:
        root: The folder, absolute.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._looked = False
        self._warned: dict[str, object] = {}
        self._notes_use = True
        self._pruner = tidy.Pruner(root)

    def path(self, function: str, key: str) -> str:
        """Where the entry ``key`` of the function folder ``function`` is, or would be."""
        return f"{self.root}/{function}/{key[:2]}/{key}{SUFFIX}"

    def read(self, path: str, key: str, hold: int, most: int | None = None) -> StoredEntry | None:
        """The entry at ``path``, or None; what is wrong with it is one warning, and None.

        Args:
            path: The entry's file.
            key: The name that its seal must be for.
            hold: Bytes that may be held at hand in memory.
            most: Raise `TooBig` rather than read more than this many bytes.
        """
        held = MEMORY.get(path, hold)
        try:
            if held is not None:
                status = os.lstat(path)
                if (status.st_mtime_ns, status.st_ino, status.st_size) == held.signature:
                    if not -_USED_EVERY < time.time() - status.st_atime < _USED_EVERY:
                        self._used(path, status)
                    return held.entry
            stored, status = self._take(os.open(path, files.READING), entry.unpack, key, most)
        except (FileNotFoundError, NotADirectoryError):
            if held is not None:
                MEMORY.drop(path)
            return None
        except entry.Newer as fault:
            log.info("%s was left in place: %s", path, fault)
            return None
        except TooBig:
            raise
        except _OF_THIS_PROCESS as fault:
            log.info("%s was left in place: %s", path, type(fault).__name__)
            return None
        except Exception as fault:
            self.refuse(path, entry.Planted("it is a link") if os.path.islink(path) else fault)
            return None
        self._warned.pop(path, None)
        MEMORY.put(path, signature(status), stored, hold)
        self._used(path, status)
        return stored

    def load(self, path: str, key: str) -> StoredEntry:
        """The entry at ``path``, without a trace of its having been looked at.

        Raises:
            OSError: It is not there, or cannot be read; `StoreError`: nor could any other.
            Exception: Whatever is wrong with it, see `llm_memo.stores.entry.unpack`.
        """
        return self._take(files.open_to_look(path), entry.unpack, key)[0]

    def check(self, path: str, key: str) -> None:
        """Check the seal of the entry at ``path``.

        Raises:
            OSError: As `load`.
            Exception: See `llm_memo.stores.entry.check`.
        """
        self._take(files.open_to_look(path), entry.check, key)

    def _take(
        self,
        descriptor: int,
        take: Callable[[str, bytes, memoryview, list[bytes]], T],
        key: str,
        most: int | None = None,
    ) -> tuple[T, os.stat_result]:
        """What ``take`` makes of an open entry, and its status; the file is closed."""
        try:
            status = os.fstat(descriptor)
            if most is not None and status.st_size > most:
                raise TooBig
            try:
                if not stat.S_ISREG(status.st_mode):
                    raise entry.Damaged("it is no file")
                if status.st_size > _HUGE:  # there may be no memory for what is no entry
                    entry.check_head(os.read(descriptor, entry.HEAD))
                    os.lseek(descriptor, 0, os.SEEK_SET)
                whole = files.read_all(descriptor, status.st_size)
                head, body = whole[: entry.HEAD], memoryview(whole)[entry.HEAD :]
                if not self._looked:
                    entry.check_head(head)
                    self.look()
                return take(key, head, body, [each.secret for each in seal.seal_keys()]), status
            except entry.Refused as fault:
                fault.seen = signature(status)
                raise
        finally:
            os.close(descriptor)

    def wrote(self, path: str, stored: StoredEntry, status: os.stat_result, settings: Settings) -> None:
        """Note that ``stored`` is at ``path`` now, in a file with this status."""
        self._warned.pop(path, None)
        MEMORY.put(path, signature(status), stored, settings.memory_bytes)
        self._pruner.wrote(status.st_size, settings.max_bytes)

    def warned(self, path: str, fault: BaseException) -> bool:
        """Whether a warning has said that ``path`` could not be read for the very cause ``fault``."""
        return bool(self._warned) and self._warned.get(path) == _cause(fault)

    def refuse(self, path: str, fault: Exception) -> None:
        """Tell of an entry that is of no use, in one warning; one that is not ours is put into quarantine.

        One that merely cannot be read now, here, is left in place.
        """
        MEMORY.drop(path)
        closed = folder.closed(path) if isinstance(fault, PermissionError) else None
        if closed is not None:
            self._kept_out(path, closed, fault)
            return
        function = folder.function_of(path)
        category: type[MemoWarning] = UntrustedEntry if isinstance(fault, StoreError) else CorruptEntry
        if isinstance(fault, entry.Refused):
            category = fault.category
        where = "it is left in place"
        if isinstance(fault, entry.Refused) and self.quarantine(path, fault.seen):
            where = f"it is now in {self.root}/{QUARANTINE}"
        elif self.warned(path, fault):
            return
        else:
            self._note_warned(path, fault)
        text = str(fault) if isinstance(fault, (entry.Refused, StoreError)) else _text(fault)
        log.info("%s was refused: %s", path, text)
        way_out = _WAY_OUT if isinstance(fault, entry.NotOurs) else ""
        warn(
            category,
            f"an entry of {function} in {self.root} cannot be used: {text}; the call goes on as a miss, "
            f"and {where}{way_out}",
        )

    def _kept_out(self, path: str, closed: str, fault: Exception) -> None:
        """Tell, once for all entries in it, of what another user keeps this one out of."""
        before = self.warned(closed, fault)
        self._note_warned(closed, fault)
        self._note_warned(path, fault)  # what cannot be written either needs no further word
        if before:
            return
        self._looked = True
        warn(
            MemoWarning,
            f"{folder.of_another(closed, closed == self.root)}: {_text(fault)}; calls go on as misses. "
            f"{folder.TO_SHARE}",
        )

    def _note_warned(self, path: str, fault: Exception) -> None:
        if len(self._warned) >= _WARNED:
            self._warned.clear()
        self._warned[path] = _cause(fault)

    def quarantine(self, path: str, seen: Signature | None = None) -> str | None:
        """Put a file out of every reader's way; returns where it is now, or None if it is where it was.

        Args:
            path: The file.
            seen: Leave it alone if it is no longer the one with this signature.
        """
        function = folder.function_of(path)
        name = os.path.basename(path).removesuffix(SUFFIX)
        to = f"{self.root}/{QUARANTINE}/{function}@{name}.{secrets.token_hex(4)}{SUFFIX}"
        try:
            if seen is not None and signature(os.lstat(path)) != seen:
                return None
            files.make_folder(f"{self.root}/{QUARANTINE}", folder.rights_in(self.root))
            os.rename(path, to)
        except OSError as fault:
            log.info("%s could not be put into quarantine: %s", path, fault)
            return None
        return to

    def _used(self, path: str, status: os.stat_result) -> None:
        """Note, to the hour and where it can be noted, that an entry was used: `prune` keeps those."""
        if -_USED_EVERY < time.time() - status.st_atime < _USED_EVERY or not self._notes_use:
            return
        if _POSIX and status.st_uid != os.geteuid():  # only its owner may set a file's times
            return
        try:
            os.utime(path, ns=(time.time_ns(), status.st_mtime_ns), follow_symlinks=False)
        except FileNotFoundError:
            pass
        except (OSError, NotImplementedError):  # a folder for reading only: not to be tried on each hit
            self._notes_use = False

    def look(self) -> None:
        """Warn, once, of a folder in which others could have put files of theirs, or that will not last.

        Raises:
            StoreError: The folder that stands for a home folder is one that another user has put there.
        """
        if self._looked:
            return
        temporary = self.root == location.temporary_folder("cache")
        try:
            fault = folder.distrust(self.root)
            if temporary and not files.is_private(self.root):
                raise StoreError(f"{self.root} is not yours alone; set LLM_MEMO_DIR to a folder of your own")
        except StoreError:
            raise
        except OSError:
            return
        self._looked = True
        if temporary:
            warn(
                MemoWarning,
                f"there is no home folder that can be written to: answers are kept in {self.root}, as long as that "
                "lasts; set LLM_MEMO_DIR to a folder that does",
            )
        if fault is not None:
            warn(
                UntrustedEntry,
                f"the cache folder {self.root} {fault}; only entries sealed with your key are read from it. "
                f"{folder.TO_SHARE}",
            )


_WAY_OUT = (
    ". Where several users, machines or containers are to share a folder, give them the same LLM_MEMO_KEY "
    "(llm-memo key new prints one); Cache().verify() then puts back what was refused"
)


def _cause(fault: BaseException) -> object:
    """What two faults of one cause have in common."""
    return getattr(fault, "errno", None) or str(fault)


def _text(fault: Exception) -> str:
    return f"{type(fault).__name__}: {getattr(fault, 'strerror', None) or fault}"


@functools.lru_cache(maxsize=256)
def disk(root: str) -> Disk:
    """The one store of the folder ``root`` in this process."""
    return Disk(root)
