"""Sealing a folder anew: after a key has been changed, so that the old one is not needed any more."""

from __future__ import annotations

import logging
import os
import re
from typing import NamedTuple

from llm_memo.stores import entry, files, folder, seal
from llm_memo.stores.disk import Disk
from llm_memo.stores.files import Rights
from llm_memo.stores.folder import EntryFile, Owner
from llm_memo.stores.slot import Slot

log = logging.getLogger("llm_memo")

_key_of = re.compile(r"([^.].*)@([0-9a-f]{32})\.[0-9a-f]{8}\.joblib").fullmatch


class Sealed(NamedTuple):
    """What became of a folder's entries."""

    anew: int
    """How many are now sealed with the present key."""
    already: int
    """How many were before."""
    refused: tuple[str, ...]
    """The files that are sealed with no key of this user's, or cannot be read or written; left as they were."""


def count(store: Disk) -> Sealed:
    """What `seal_anew` would do, which is not done.

    Raises:
        StoreError: There is no key.
        OSError: The folder cannot be read.
    """
    return _through(store, dry_run=True)


def seal_anew(store: Disk) -> Sealed:
    """Seal every entry with the present key that is sealed with another key of this user's; links stay links.

    In a group's folder, what this user has made before it was one gets the group's rights as well.

    Raises:
        StoreError: There is no key.
        OSError: The folder cannot be read.
    """
    restore(store)
    rights = folder.rights_in(store.root)
    for name in folder.functions(store.root):
        _give(f"{store.root}/{name}", rights)
        for each in [*folder.shards(f"{store.root}/{name}"), *folder.label_paths(f"{store.root}/{name}")]:
            _give(each, rights)
    return _through(store, dry_run=False)


def restore(store: Disk) -> list[str]:
    """Put back what is in quarantine and sealed by this user after all; returns the paths of the entries.

    That is how it is when ``LLM_MEMO_KEY`` was another one for a while. An entry that has been
    replaced since stays in quarantine.

    Raises:
        OSError: The folder cannot be read.
    """
    restored = []
    for file in folder.quarantined(store.root):
        key = _key_of(file.name)
        if key is None:
            continue
        try:
            header = store.load(file.path, key[2]).header
            path = store.path(key[1], key[2])
            if not os.path.lexists(path):
                owner = Owner(header.function, header.provenance.program, header.provenance.code)
                slot = Slot(store, path, owner)
                slot.made(anew=True)
                os.rename(file.path, path)
                restored.append(path)
        except Exception as fault:
            log.debug("%s stays in quarantine: %s", file.path, fault)
    return restored


def _through(store: Disk, *, dry_run: bool) -> Sealed:
    keys = [each.secret for each in seal.seal_keys()]
    anew = already = 0
    refused = []
    linked: dict[int, str] = {}
    for file in folder.entry_files(store.root):
        try:
            number = _seal(file, keys, linked, None if dry_run else folder.rights_in(store.root))
        except (OSError, entry.Refused, entry.Newer):
            refused.append(file.path)
        else:
            anew, already = anew + (number > 0), already + (number == 0)
    return Sealed(anew, already, tuple(refused))


def _seal(file: EntryFile, keys: list[bytes], linked: dict[int, str], rights: Rights | None) -> int:
    """Seal one entry with the first of ``keys``, unless there are no ``rights``; returns which had sealed it."""
    descriptor = files.open_to_look(file.path)
    try:
        status = os.fstat(descriptor)
        whole = files.read_all(descriptor, status.st_size)
        body = memoryview(whole)[entry.HEAD :]
        number = entry.check(file.key, whole[: entry.HEAD], body, keys)
        if rights is None:
            return number
        if number == 0:
            rights.give(descriptor)
            return number
    finally:
        os.close(descriptor)
    if file.inode in linked:
        files.link_over(linked[file.inode], file.path)
        return number
    files.write_whole(file.path, [entry.seal_anew(file.key, body, keys[0]), body], rights)
    os.utime(file.path, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)
    linked[file.inode] = file.path
    return number


def _give(path: str, rights: Rights) -> None:
    try:
        rights.give(path)
    except OSError:  # it is another's, who has to do it
        pass
