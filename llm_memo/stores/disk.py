"""The store on disk: one sealed file per entry, whole or not at all.

The layout::

    <cache_dir>/.gitignore, CACHEDIR.TAG
    <cache_dir>/<function folder>/<first two hex>/<key>.joblib      an entry
    <cache_dir>/<function folder>/<first two hex>/<key>.lock        while an equal call is under way
    <cache_dir>/<function folder>/<first two hex>/.<key>.….tmp      while an entry is written
    <cache_dir>/quarantine/                                         what was refused
    <cache_dir>/.cleared-…                                          cleared, about to be deleted

A reader never sees half an entry: it is written beside its place and renamed into it. Links are not
followed for entries, temporaries and locks. Reading fails only into a miss and one warning.
"""

from __future__ import annotations

import functools
import itertools
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import xxhash

from llm_memo.errors import CorruptEntry, StoreError, UntrustedEntry, warn
from llm_memo.policy import Settings
from llm_memo.stores import entry, seal
from llm_memo.stores.entry import Kept
from llm_memo.stores.memory import MEMORY, signature

if TYPE_CHECKING:
    from filelock import BaseFileLock

SUFFIX = ".joblib"
QUARANTINE = "quarantine"
_CLEARED = ".cleared-"
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_USED_EVERY = 3600.0
"""An entry's time of last use is kept to the hour, in seconds."""
_LEFTOVER_AFTER = 3600.0
"""A temporary or lock file this old, in seconds, has lost its writer."""
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d|quarantine)(\..*)?")


def function_folder(name: str) -> str:
    """The folder of the function ``name``: the name itself where every file system can hold it."""
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:80].strip(".") or "_"
    if safe == name and not _RESERVED.fullmatch(name):
        return safe
    return f"{safe}-{xxhash.xxh3_64_hexdigest(name.encode('utf-8', 'surrogatepass'))[:8]}"


class Found(NamedTuple):
    """An entry's file, as a listing sees it."""

    path: str
    function: str
    key: str
    size: int
    written: float
    used: float


class Disk:
    """The store in one cache folder. It makes nothing until the first write."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._checked = False

    def path(self, function: str, key: str) -> str:
        """Where the entry ``key`` of the function folder ``function`` is, or would be."""
        return f"{self.root}/{function}/{key[:2]}/{key}{SUFFIX}"

    def read(self, path: str, key: str, hold: int, most: int | None = None) -> Kept | None:
        """The entry at ``path``, or None; one file's fault is a warning, and None.

        Args:
            path: The entry's file.
            key: The name that its seal must be for.
            hold: Bytes that may be held at hand in memory.
            most: Raise `TooBig` rather than read more than this many bytes.
        """
        held = MEMORY.get(path)
        try:
            if held is not None:
                status = os.stat(path, follow_symlinks=False)
                if signature(status) == held.signature:
                    if held.kept.header.created + _USED_EVERY < time.time():
                        self._used(path, status)
                    return held.kept
            kept, status = self._load(path, key, most)
        except FileNotFoundError:
            return None
        except (NotADirectoryError, StoreError, entry.Newer) as fault:
            warn(CorruptEntry, f"{path}: {fault}; the call goes on as a miss and the file is left in place")
            return None
        except entry.NotOurs as fault:
            self.refuse(path, fault, UntrustedEntry)
            return None
        except TooBig:
            raise
        except Exception as fault:
            self.refuse(path, fault)
            return None
        MEMORY.put(path, signature(status), kept, hold)
        self._used(path, status)
        return kept

    def _load(self, path: str, key: str, most: int | None = None) -> tuple[Kept, os.stat_result]:
        descriptor = os.open(path, os.O_RDONLY | _NOFOLLOW)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise entry.Damaged("it is not a file")
            if most is not None and status.st_size > most:
                raise TooBig
            head = os.read(descriptor, entry.HEAD)
            body = _read_all(descriptor, status.st_size - len(head))
        finally:
            os.close(descriptor)
        self._check()
        return entry.unpack(key, head, body, seal.seal_key()), status

    def load(self, path: str, key: str) -> Kept:
        """The entry at ``path``; whatever is wrong with it is raised."""
        return self._load(path, key)[0]

    def write(self, path: str, key: str, kept: Kept, settings: Settings) -> int:
        """Keep an entry at ``path``, in place of what is there; returns its size in bytes.

        Raises:
            OSError: It could not be kept; nothing of it is left behind.
        """
        head, body = entry.pack(key, kept, seal.seal_key(), settings.compress)
        for attempt in itertools.count():
            try:
                self._make_folder(os.path.dirname(path))
                status = self._write_whole(path, key, head, body)
                break
            except FileNotFoundError:
                if attempt == 8:  # the folder was cleared away under our hands, again and again
                    raise
        MEMORY.put(path, signature(status), kept, settings.memory_bytes)
        return status.st_size

    def _write_whole(self, path: str, key: str, head: bytes, body: memoryview) -> os.stat_result:
        folder = os.path.dirname(path)
        fresh = f"{folder}/.{key}.{os.getpid()}.{next(_COUNTER)}.{secrets.token_hex(4)}.tmp"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW, 0o600)
        try:
            try:
                _write_all(descriptor, head)
                _write_all(descriptor, body)
                now = time.time_ns()
                # The kernel's own clock ticks in milliseconds, in which an entry could be replaced unseen.
                os.utime(descriptor if os.utime in os.supports_fd else fresh, ns=(now, now))
                status = os.fstat(descriptor)
            finally:
                os.close(descriptor)
            os.replace(fresh, path)
        except BaseException:
            _unlink(fresh)
            raise
        return status

    def remove(self, path: str) -> int | None:
        """Remove one entry; returns its size in bytes, or None when there was none.

        Raises:
            OSError: It is there and cannot be removed.
        """
        MEMORY.drop(path)
        try:
            size = os.stat(path, follow_symlinks=False).st_size
            os.unlink(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return size

    def lock(self, path: str) -> BaseFileLock:
        """The lock that equal calls of all processes share; freed by the kernel when its holder dies.

        Raises:
            OSError: No lock can be had in this folder.
        """
        from filelock import FileLock

        self._make_folder(os.path.dirname(path))
        lock_path = path.removesuffix(SUFFIX) + ".lock"
        return FileLock(lock_path, mode=0o600, thread_local=False)

    # Looking at the whole folder

    def functions(self) -> list[str]:
        """The function folders, sorted."""
        return sorted(item.name for item in _scan(self.root) if _is_function(item))

    def found(self, function: str | None = None) -> Iterator[Found]:
        """Every entry's file, of one function folder or of all; what goes away meanwhile is passed over."""
        for folder in [function] if function is not None else self.functions():
            for shelf in _scan(f"{self.root}/{folder}"):
                for item in _scan(shelf.path):
                    if item.name.endswith(SUFFIX) and not item.name.startswith("."):
                        try:
                            status = item.stat(follow_symlinks=False)
                        except OSError:
                            continue
                        yield Found(
                            f"{self.root}/{folder}/{shelf.name}/{item.name}",
                            folder,
                            item.name.removesuffix(SUFFIX),
                            status.st_size,
                            status.st_mtime,
                            max(status.st_atime, status.st_mtime),
                        )

    def clear(self, function: str | None = None) -> tuple[int, int]:
        """Remove all entries of a function folder, or all; returns how many, and their bytes.

        They are gone for every process before the first file is deleted.

        Raises:
            OSError: The folder cannot be moved away.
        """
        aside = []
        for folder in [function] if function is not None else self.functions():
            cleared = f"{_CLEARED}{secrets.token_hex(8)}"
            try:
                os.rename(f"{self.root}/{folder}", f"{self.root}/{cleared}")
            except FileNotFoundError:
                continue
            aside.append(cleared)
        entries = size = 0
        for cleared in aside:
            for found in self.found(cleared):
                entries, size = entries + 1, size + found.size
            shutil.rmtree(f"{self.root}/{cleared}", ignore_errors=True)
        return entries, size

    def sweep(self, now: float) -> int:
        """Remove what dead writers left behind more than an hour ago; returns how many files and folders."""
        swept = 0
        for item in _scan(self.root):
            if item.name.startswith(_CLEARED):
                shutil.rmtree(item.path, ignore_errors=True)
                swept += 1
            elif _is_function(item):
                for shelf in _scan(item.path):
                    swept += sum(map(self._sweep_file, _scan(shelf.path), itertools.repeat(now)))
        return swept

    @staticmethod
    def _sweep_file(item: os.DirEntry[str], now: float) -> bool:
        if not item.name.endswith((".tmp", ".lock")):
            return False
        try:
            if abs(now - item.stat(follow_symlinks=False).st_mtime) < _LEFTOVER_AFTER:
                return False
            os.unlink(item.path)
        except OSError:
            return False
        return True

    # What is refused, and the folder itself

    def refuse(
        self, path: str, fault: Exception, category: type[CorruptEntry | UntrustedEntry] = CorruptEntry
    ) -> None:
        """Put a file that cannot be trusted out of the way, with one warning."""
        MEMORY.drop(path)
        where = self.quarantine(path)
        warn(
            category,
            f"{path} was refused: {fault}; the call goes on as a miss"
            + (f", the file is now in {where}" if where else ""),
        )

    def quarantine(self, path: str) -> str | None:
        """Put a file out of every reader's way; returns the folder that it is in now, or None."""
        folder = f"{self.root}/{QUARANTINE}"
        function = os.path.basename(os.path.dirname(os.path.dirname(path)))
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            os.replace(path, f"{folder}/{function}@{os.path.basename(path)}")
        except OSError:
            return None
        return folder

    def _used(self, path: str, status: os.stat_result) -> None:
        """Note, to the hour and where it can be noted, that an entry was used: `prune` keeps those."""
        now = time.time()
        if now - status.st_atime > _USED_EVERY:
            try:
                os.utime(path, ns=(int(now * 1e9), status.st_mtime_ns), follow_symlinks=False)
            except (OSError, NotImplementedError):
                pass

    def _make_folder(self, folder: str) -> None:
        if os.path.isdir(folder):
            return
        os.makedirs(self.root, mode=0o700, exist_ok=True)
        if not os.listdir(self.root):  # never into a folder with files of the user's
            _make_file(f"{self.root}/.gitignore", "# Made by llm_memo.\n*\n")
            _make_file(
                f"{self.root}/CACHEDIR.TAG",
                "Signature: 8a477f597d28d172789f06886806bc55\n"
                "# This folder is a cache made by llm_memo. See https://bford.info/cachedir/\n",
            )
        self._check()
        for made in (os.path.dirname(folder), folder):
            try:
                os.mkdir(made, mode=0o700)
            except FileExistsError:
                if os.path.islink(made):
                    raise StoreError(f"{made} is a link; llm_memo does not follow links in its folder") from None

    def _check(self) -> None:
        """Warn, once, of a folder in which others could have put files of theirs."""
        if self._checked or os.name != "posix":
            return
        self._checked = True
        status = os.stat(self.root)
        if status.st_uid not in (os.geteuid(), 0):
            fault = "belongs to another user"
        elif status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            fault = "can be written to by other users"
        else:
            return
        warn(
            UntrustedEntry,
            f"the cache folder {self.root} {fault}; only entries sealed with your key are read from it. "
            "Make it your own with mode 0700, or give another cache_dir",
        )


class TooBig(Exception):
    """An entry is larger than the reader would have."""


_COUNTER = itertools.count()


@functools.lru_cache(maxsize=256)
def disk(root: str) -> Disk:
    """The one store of the folder ``root`` in this process."""
    return Disk(root)


def _read_all(descriptor: int, size: int) -> bytes:
    data = os.read(descriptor, max(size, 0))
    if len(data) == size:
        return data
    parts = [data]
    while chunk := os.read(descriptor, 1 << 24):
        parts.append(chunk)
    return b"".join(parts)


def _write_all(descriptor: int, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def _make_file(path: str, text: str) -> None:
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW, 0o600), "w") as file:
            file.write(text)
    except FileExistsError:
        pass


def _scan(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as items:
            return list(items)
    except OSError:
        return []


def _is_function(item: os.DirEntry[str]) -> bool:
    return not item.name.startswith(".") and item.name != QUARANTINE and item.is_dir(follow_symlinks=False)
