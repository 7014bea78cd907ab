"""The place of one call's entry: what is locked, written and linked there, in a folder that is made when needed."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from functools import partial

from llm_memo.errors import StoreError
from llm_memo.settings import Settings
from llm_memo.stores import entry, files, folder, index, seal
from llm_memo.stores.disk import Disk
from llm_memo.stores.entry import StoredEntry
from llm_memo.stores.files import Rights
from llm_memo.stores.folder import LOCK, SUFFIX, Owner
from llm_memo.stores.lock import Lock


class Slot:
    """The place of one entry in a function's folder, which is made before the first that is done in it.

    Args:
        store: The store.
        path: The entry's file, as `Disk.path` gives it: ``…/<function folder>/<shard>/<key>.joblib``.
        owner: Whose answer it is, or will be.
    """

    __slots__ = ("_rights", "_signs", "function", "key", "owner", "path", "store")

    def __init__(self, store: Disk, path: str, owner: Owner) -> None:
        self.store = store
        self.path = path
        self.owner = owner
        _, self.function, _, name = path.rsplit("/", 3)
        self.key = name.removesuffix(SUFFIX)
        self._rights: Rights | None = None
        self._signs: Sequence[str] = ()
        """What says whose the folder is, and of which code: while these are there, it need not be made again."""

    def take_lock(self) -> Lock | None:
        """The lock that equal calls of all processes share, taken; None while another holds it.

        Raises:
            OSError: No lock can be had in this folder.
        """

        lock = Lock(self.path.removesuffix(SUFFIX) + LOCK)
        return lock if files.in_made(self.made, lock.take) else None

    def write(self, stored: StoredEntry, settings: Settings) -> int:
        """Keep an entry, in place of what is there; returns its size in bytes.

        Raises:
            OSError: It could not be kept, and nothing of it is left behind; the message says why, without
                the entry's name, so that a cause that is the same for many is one warning.
        """
        parts = entry.pack(self.key, stored, seal.seal_keys()[0].secret, settings.compress)
        if os.path.lexists(self.path):
            self._refuse_newer()
        try:
            status = files.in_made(self.made, partial(files.write_whole, self.path, parts))
        except OSError as fault:
            if fault.errno is None:
                raise
            raise OSError(fault.errno, f"{fault.strerror}{_way_out(fault.errno)}", self.store.root) from fault
        self.store.wrote(self.path, stored, status, settings)
        return status.st_size

    def made(self, anew: bool) -> Rights:
        """The rights of what is made here; the folder is made if it was not, or is no more, or it is to be ``anew``.

        Others then find by its code what is about to be here; if that comes to nothing, no harm is done.

        Raises:
            OSError: There can be no such folder.
        """
        if anew or self._rights is None or not all(map(os.path.lexists, self._signs)):
            root = self.store.root
            rights = folder.rights_in(root)
            if not os.path.isdir(root):
                folder.make_root(root, rights)
            self.store.look()
            label = folder.make(root, os.path.dirname(self.path), self.owner, rights)
            self._signs = label, *index.note(root, self.owner.code, self.function, rights)
            self._rights = rights
        return self._rights

    def _refuse_newer(self) -> None:
        """Raise `StoreError` if a later version's entry is here."""
        try:
            descriptor = os.open(self.path, files.READING)
        except OSError:
            return
        try:
            entry.check_head(os.read(descriptor, entry.HEAD))
        except entry.Newer as fault:
            raise StoreError(
                f"what is in its place is of a later version, {fault}; update llm_memo, or forget it"
            ) from None
        except (entry.Damaged, OSError):
            pass
        finally:
            os.close(descriptor)


def _way_out(error: int) -> str:
    """What to do if a folder cannot be written to for this cause."""
    if error in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "; give cache_dir= or LLM_MEMO_DIR a folder that you can write to, or policy='readOnly'"
    if error in (errno.ENOSPC, errno.EDQUOT):
        return "; make room, for example with llm-memo prune --max-bytes 1GB"
    return ""
