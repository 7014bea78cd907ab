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
from llm_memo.stores.entry import StoredEntry
from llm_memo.stores.files import Rights
from llm_memo.stores.slot import Slot

log = logging.getLogger("llm_memo")


def find(
    slot: Slot, answers: Callable[[StoredEntry], bool], hold: int, most: int | None = None, *, link: bool = False
) -> StoredEntry | None:
    """The answer for ``slot`` that another function of the same code has; None if there is none.

    What is older than the last clear of the function's own entries, or of this very one, is not found.

    Args:
        slot: Where the entry would be in the function's own folder.
        answers: Whether an entry answers this call, and not another that shares its key.
        hold: Bytes that may be held at hand in memory.
        most: Raise `llm_memo.stores.disk.TooBig` rather than read more than this many bytes.
        link: Link it into the function's own folder.
    """
    for other in _elsewhere(slot):
        stored = slot.store.read(other, slot.key, hold, most)
        if stored is None or not answers(stored) or stored.header.created <= cleared(slot):
            continue
        if link:
            try:
                _link(slot, other, stored)
            except OSError as fault:  # it is found again the next time
                log.info("%s could not be linked into %s: %s", other, slot.path, fault)
        return stored
    return None


def forget(slot: Slot) -> bool:
    """See to it that the answer for ``slot`` in no other folder is found any more; returns whether there was one.

    Raises:
        OSError: It cannot be noted.
    """
    root, known = slot.store.root, cleared(slot)
    found = any(_written(other) > known for other in _elsewhere(slot))
    if found:
        index.note_cleared(root, slot.function, [slot.key], folder.rights_in(root))
    return found


def _written(path: str) -> float:
    """When a file was written, in seconds since the epoch; another process may have removed it: -inf."""
    try:
        return os.lstat(path).st_mtime
    except FileNotFoundError:
        return -math.inf


def cleared(slot: Slot) -> float:
    """When this entry, or all of its function, was last cleared, in seconds since the epoch; never: -inf."""
    root = slot.store.root
    return index.cleared(root, slot.function, (index.EVERYTHING, slot.owner.label(root), slot.key))


def _elsewhere(slot: Slot) -> Iterator[str]:
    for name in index.holders(slot.store.root, slot.owner.code):
        if name != slot.function and os.path.lexists(other := slot.store.path(name, slot.key)):
            yield other


def _link(slot: Slot, other: str, stored: StoredEntry) -> None:
    def link(rights: Rights) -> None:
        try:
            os.link(other, slot.path, follow_symlinks=False)
        except FileExistsError:  # another process was quicker
            pass
        except FileNotFoundError:
            raise
        except (OSError, NotImplementedError):  # a file system without links, or a file of another user
            files.write_whole(slot.path, [_bytes_of(other)], rights)
        if stored.header.created <= cleared(slot):  # meanwhile
            files.unlink(slot.path)

    files.in_made(slot.made, link)


def _bytes_of(path: str) -> bytes:
    descriptor = files.open_to_look(path)
    try:
        return files.read_all(descriptor, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)
