"""Keeping a cache folder small and clean: clear, prune, sweep.

All of it is safe beside readers and writers, in this process and others: what is cleared is
renamed away first and deleted after, and a writer whose folder has gone makes it again.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import re
import secrets
import threading
import time
from collections.abc import Iterable

from llm_memo.stores import analyses, entry, files, folder, index
from llm_memo.stores.folder import QUARANTINE, Closed
from llm_memo.stores.lock import Lock
from llm_memo.stores.memory import MEMORY

log = logging.getLogger("llm_memo")

_CLEARED = ".cleared-"
_is_cleared = re.compile(r"\.cleared-[0-9a-f]{16}").fullmatch
_LEFTOVER_AFTER = 3600.0
"""What is this old, in seconds, and should have gone by itself, has lost its process."""
_PRUNED = ".pruned"
_PRUNED_EVERY = 3600.0
"""A process does not begin to prune within this many seconds after another has done so."""
_PRUNED_AFTER = 65_536
"""A process prunes again only after it has written at least this many bytes."""


def remove(path: str) -> int | None:
    """Remove one entry; returns its size in bytes, or None when there was none.

    Raises:
        OSError: It is there and cannot be removed.
    """
    MEMORY.drop(path)
    try:
        size = os.lstat(path).st_size
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return size


def remove_all(paths: Iterable[str]) -> tuple[int, int]:
    """Remove entries, and the shards that are empty then; returns how many entries went, and their bytes.

    Raises:
        OSError: One could not be removed; all others are.
    """
    entries = size = 0
    fault: OSError | None = None
    shards = set()
    for path in paths:
        try:
            removed = remove(path) if _is_ours(path) else None
        except OSError as error:
            fault = fault or error
            continue
        shards.add(os.path.dirname(path))
        if removed is not None:
            entries, size = entries + 1, size + removed
    for shard in shards:
        with contextlib.suppress(OSError):
            os.rmdir(shard)
    for function in {os.path.dirname(shard) for shard in shards if os.path.basename(shard) != QUARANTINE}:
        _remove_if_empty(function)
    if fault is not None:
        raise fault
    return entries, size


def _is_ours(path: str) -> bool:
    """Whether the file at ``path`` is an entry, or in quarantine, and not somebody else's of such a name."""
    if not folder.is_entry(os.path.basename(path)):
        return True
    try:
        descriptor = files.open_to_look(path)
    except OSError:
        return True  # a link, or what cannot be read
    try:
        return entry.may_be(os.read(descriptor, 8))
    except OSError:
        return True
    finally:
        os.close(descriptor)


def _remove_if_empty(function: str) -> None:
    """Remove a function folder in which there is nothing any more; what is written to it meanwhile stays."""
    with contextlib.suppress(OSError):
        if folder.is_empty(function):
            aside = _move_aside(os.path.dirname(function), os.path.basename(function))
            try:
                if folder.is_empty(aside):
                    _delete(aside)
            finally:
                _give_back(aside, function, ours=True)


def _move_aside(root: str, function: str) -> str:
    """Put a function folder out of every reader's and writer's way; returns where it is then."""
    aside = f"{root}/{_CLEARED}{secrets.token_hex(8)}"
    os.rename(f"{root}/{function}", aside)
    return aside


def _give_back(aside: str, function: str, *, ours: bool = False) -> None:
    """Move what is left in ``aside`` to where it was: what was not ours to delete, and with ``ours`` all."""
    for item in folder.scan(aside):
        target = f"{function}/{item.name}"
        if item.is_dir(follow_symlinks=False):
            _give_back(item.path, target, ours=ours)
        elif (ours or not _is_known(item)) and not os.path.lexists(target):
            os.makedirs(function, mode=0o700, exist_ok=True)
            os.rename(item.path, target)
    with contextlib.suppress(OSError):
        os.rmdir(aside)


def _is_known(item: os.DirEntry[str]) -> bool:
    if folder.is_entry(item.name):
        return _is_ours(item.path)
    return bool(folder.is_leftover(item.name) or folder.is_label(item.name) or folder.is_label_leftover(item.name))


def clear(root: str, function: str | None = None) -> tuple[int, int]:
    """Remove all entries of a function folder, or all; returns how many, and their bytes.

    They are gone for every process before the first file is deleted, and older ones of the same code in other
    folders are not taken over. What is in quarantine goes too; files that are not ours stay where they are.

    Raises:
        OSError: A folder cannot be moved away; all others are cleared.
    """
    aside: dict[str, str] = {}
    faults: list[OSError] = []
    for name in folder.functions(root) if function is None else [function]:
        try:
            index.note_cleared(root, name, [index.EVERYTHING], folder.rights_in(root))
            if function is None or folder.is_ours(f"{root}/{name}"):
                aside[_move_aside(root, name)] = f"{root}/{name}"
        except FileNotFoundError:
            continue
        except OSError as fault:
            faults.append(fault)
    entries = size = 0
    for cleared, place in aside.items():
        went = _delete(cleared)
        entries, size = entries + went[0], size + went[1]
        with contextlib.suppress(OSError):
            try:
                _give_back(cleared, place)
            except Closed as shut:  # nobody but the other user can move it alone
                os.rename(cleared, place)
                (folder.warn_closed if function is None else faults.append)(Closed(shut.path.replace(cleared, place)))
    refused = [
        each.path for each in folder.quarantined(root) if function is None or each.name.startswith(f"{function}@")
    ]
    remove_all(refused)
    if function is None:
        _sweep_cleared(root, math.inf)
        _sweep_beside(root)
    if faults:
        raise faults[0]
    return entries, size


def _sweep_beside(root: str) -> None:
    """Forget what is noted beside the function folders of those that are gone, where it is known which are."""
    shut: list[Closed] = []
    functions = folder.functions(root, shut.append)
    if not shut:
        index.sweep(root, functions)
        analyses.sweep(root, functions)


def _delete(cleared: str) -> tuple[int, int]:
    """Delete what is ours in a folder that nobody looks into any more; returns how many entries, and their bytes."""
    entries = size = 0
    shut = False
    try:
        for shard in folder.shards(cleared):
            try:
                items = folder.scan(shard)
            except Closed:
                shut = True
                continue
            for item in items:
                if _is_known(item):
                    status = item.stat(follow_symlinks=False)
                    if files.unlink(item.path) and folder.is_entry(item.name):
                        entries, size = entries + 1, size + status.st_size
            with contextlib.suppress(OSError):
                os.rmdir(shard)
        for item in [] if shut else list(files.scan(cleared)):
            if _is_known(item):
                files.unlink(item.path)
        with contextlib.suppress(OSError):
            os.rmdir(cleared)
    except OSError as fault:
        log.info("%s could not be deleted at once, prune() will: %s", cleared, fault)
    return entries, size


def prune(
    root: str,
    max_bytes: int | None = None,
    max_entries: int | None = None,
    older_than: float | None = None,
    *,
    dry_run: bool = False,
) -> tuple[int, int]:
    """Remove the least recently used entries; returns how many, and their bytes.

    What is in quarantine counts as bytes and goes like the rest; leftovers are swept up.

    Args:
        root: The cache folder.
        max_bytes: The folder may hold this many bytes.
        max_entries: The folder may hold this many entries.
        older_than: Remove what was last used this many seconds ago.
        dry_run: Remove nothing, tell what would go.

    Raises:
        OSError: The folder cannot be read, or something in it not removed.
    """
    now = time.time()
    if not dry_run:
        sweep(root, now)
    latest_first = sorted(
        [*folder.entry_files(root), *folder.quarantined(root)], key=lambda each: each.used, reverse=True
    )
    entries = size = 0
    gone = []
    seen = set()
    for each in latest_first:
        size += 0 if each.inode in seen else each.size  # of a linked entry's bytes there is only one copy
        seen.add(each.inode)
        entries += each.function != QUARANTINE
        if (
            (max_bytes is not None and size > max_bytes)
            or (max_entries is not None and entries > max_entries)
            or (older_than is not None and now - each.used >= older_than)
        ):
            gone.append(each)
    if dry_run:
        return len(gone), sum(each.size for each in gone)
    return remove_all(each.path for each in gone)


def sweep(root: str, now: float) -> int:
    """Remove what processes that died left behind more than an hour ago; returns how many files and folders.

    Raises:
        OSError: The folder cannot be read.
    """
    swept = _sweep_cleared(root, now)
    for item in list(files.scan(root)):
        if folder.is_mark_leftover(item.name) and _is_old(item, now):
            swept += files.unlink(item.path)
    _sweep_beside(root)
    for name in folder.functions(root):
        for item in list(files.scan(f"{root}/{name}")):
            if folder.is_label_leftover(item.name) and _is_old(item, now):
                swept += files.unlink(item.path)
        for shard in folder.shards(f"{root}/{name}"):
            with contextlib.suppress(Closed):  # another user's: theirs to sweep
                for item in folder.leftovers(shard):
                    if _is_old(item, now):
                        swept += _free(item.path) if item.name.endswith(folder.LOCK) else files.unlink(item.path)
    return swept


def _sweep_cleared(root: str, now: float) -> int:
    swept = 0
    for item in list(files.scan(root)):
        if _is_cleared(item.name) and item.is_dir(follow_symlinks=False) and _is_old(item, now):
            _delete(item.path)
            swept += 1
    return swept


def _is_old(item: os.DirEntry[str], now: float) -> bool:
    try:
        status = item.stat(follow_symlinks=False)
    except OSError:
        return False
    # A folder's own time stays as it was when it is moved, that of its change does not.
    return abs(now - max(status.st_mtime, status.st_ctime)) >= _LEFTOVER_AFTER


def _free(path: str) -> bool:
    """Remove a lock file, unless a process that lives holds it."""
    lock = Lock(path)
    try:
        return lock.take()
    except OSError:
        return False
    finally:
        lock.release()


class Pruner:
    """Keeps a cache folder below its cap: now and then, in a thread that ends when it has done so.

    Args:
        root: The cache folder.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._written = 0
        self._begun = False
        self._thread: threading.Thread | None = None

    def wrote(self, size: int, cap: int | None) -> None:
        """Note that ``size`` bytes were written to the folder, which may hold ``cap`` (None: no cap)."""
        if cap is None:
            return
        self._written += size
        due = self._written >= max(cap // 16, _PRUNED_AFTER) or not (self._begun or self._is_fresh())
        self._begun = True
        if not due or (self._thread is not None and self._thread.is_alive()):
            return
        self._written = 0
        self._thread = threading.Thread(target=self._prune, args=(cap,), name="llm_memo prune")
        try:
            self._thread.start()
        except RuntimeError:  # no more threads, or the interpreter is about to end
            self._thread = None

    def _is_fresh(self) -> bool:
        try:
            return abs(time.time() - os.lstat(f"{self._root}/{_PRUNED}").st_mtime) < _PRUNED_EVERY
        except OSError:
            return False

    def _prune(self, cap: int) -> None:
        try:
            files.write_whole(f"{self._root}/{_PRUNED}", [], folder.rights_in(self._root))
            entries, size = prune(self._root, max_bytes=cap)
        except Exception as fault:
            log.warning("%s could not be pruned to max_bytes=%d: %s", self._root, cap, fault)
        else:
            log.info("%s was pruned to max_bytes=%d: %d entries, %d bytes went", self._root, cap, entries, size)
