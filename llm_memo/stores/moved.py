"""Answers of the same code in the folder of another function: a function was renamed, or moved, or has a twin.

Such an answer is found before the function is called, and linked into the function's own folder, so that it is
listed and cleared there; the other folder keeps its own.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Iterator

from llm_memo.stores import files, folder, index
from llm_memo.stores.disk import Disk
from llm_memo.stores.entry import StoredEntry
from llm_memo.stores.files import Rights
from llm_memo.stores.folder import Owner

log = logging.getLogger("llm_memo")


def find(
    store: Disk,
    path: str,
    key: str,
    owner: Owner,
    answers: Callable[[StoredEntry], bool],
    hold: int,
    most: int | None = None,
    *,
    link: bool = False,
) -> StoredEntry | None:
    """The answer under ``key`` that another function of the same code has; None if there is none.

    What is older than the last clear of the function's own entries, or of this very one, is not found.

    Args:
        store: The store.
        path: Where the entry would be in the function's own folder.
        key: Its key.
        owner: The function.
        answers: Whether an entry answers this call, and not another that shares its key.
        hold: Bytes that may be held at hand in memory.
        most: Raise `llm_memo.stores.disk.TooBig` rather than read more than this many bytes.
        link: Link it into the function's own folder.
    """
    for other in _elsewhere(store, path, key, owner):
        stored = store.read(other, key, hold, most)
        if stored is None or not answers(stored) or stored.header.created <= cleared(store, path, key, owner):
            continue
        if link:
            try:
                _link(store, other, path, key, owner, stored)
            except OSError as fault:  # it is found again the next time
                log.info("%s could not be linked into %s: %s", other, path, fault)
        return stored
    return None


def forget(store: Disk, path: str, key: str, owner: Owner) -> bool:
    """See to it that the answer under ``key`` in no other folder is found any more; returns whether there was one.

    Raises:
        OSError: It cannot be noted.
    """
    known = cleared(store, path, key, owner)
    found = any(_written(other) > known for other in _elsewhere(store, path, key, owner))
    if found:
        index.note_cleared(store.root, folder.function_of(path), [key], folder.rights_in(store.root))
    return found


def _written(path: str) -> float:
    """When a file was written, in seconds since the epoch; another process may have removed it: -inf."""
    try:
        return os.lstat(path).st_mtime
    except FileNotFoundError:
        return -math.inf


def cleared(store: Disk, path: str, key: str, owner: Owner) -> float:
    """When this entry, or all of its function, was last cleared, in seconds since the epoch; never: -inf."""
    what = (index.EVERYTHING, owner.label(store.root), key)
    return index.cleared(store.root, folder.function_of(path), what)


def _elsewhere(store: Disk, path: str, key: str, owner: Owner) -> Iterator[str]:
    function = folder.function_of(path)
    for name in index.holders(store.root, owner.code, key):
        other = store.path(name, key)
        if name != function and os.path.lexists(other):
            yield other


def _link(store: Disk, other: str, path: str, key: str, owner: Owner, stored: StoredEntry) -> None:
    def link(rights: Rights) -> None:
        store.note_code(path, owner, rights)
        try:
            os.link(other, path, follow_symlinks=False)
        except FileExistsError:  # another process was quicker
            pass
        except FileNotFoundError:
            raise
        except (OSError, NotImplementedError):  # a file system without links, or a file of another user
            files.write_whole(path, _bytes_of(other), rights=rights)
        if stored.header.created <= cleared(store, path, key, owner):  # meanwhile
            files.unlink(path)

    store.in_shard(path, owner, link)


def _bytes_of(path: str) -> bytes:
    descriptor = files.open_to_look(path)
    try:
        return files.read_all(descriptor, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)
