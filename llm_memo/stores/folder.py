"""A cache folder: what is where in it, and what in it is ours.

The layout::

    <cache_dir>/.gitignore, CACHEDIR.TAG
    <cache_dir>/<function folder>/<first two hex>/<key>.joblib              an entry
    <cache_dir>/<function folder>/<first two hex>/<key>.lock                while an equal call is under way
    <cache_dir>/<function folder>/<first two hex>/.<key>.joblib.….tmp       while an entry is written
    <cache_dir>/quarantine/<function folder>@<key>.….joblib                 what was refused
    <cache_dir>/.cleared-…                                                  cleared, about to be deleted
    <cache_dir>/.pruned                                                     when that was last done by a writer

The folder may be one with files of the user's in it, so that whatever lists or deletes goes by
these names and through no links.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from typing import NamedTuple

import xxhash

from llm_memo.errors import StoreError
from llm_memo.stores import files

SUFFIX = ".joblib"
LOCK = ".lock"
QUARANTINE = "quarantine"

_KEY = r"[0-9a-f]{32}"
_is_shard = re.compile(r"[0-9a-f]{2}").fullmatch
is_entry = re.compile(rf"{_KEY}\.joblib").fullmatch
"""Whether a file of this name in a shard is an entry."""
_is_leftover = re.compile(rf"{_KEY}\.lock|\.{_KEY}\.joblib\.[0-9a-f]{{16}}\.tmp").fullmatch
is_mark_leftover = re.compile(r"\.(\.gitignore|CACHEDIR\.TAG|\.pruned)\.[0-9a-f]{16}\.tmp").fullmatch
"""Whether a file of this name in a cache folder is a temporary."""
_MARKS = {
    ".gitignore": "# Made by llm_memo.\n*\n",
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This folder is a cache made by llm_memo. See https://bford.info/cachedir/\n",
}
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d|quarantine|cachedir)(\..*)?|.*-[0-9a-f]{16}")


def function_folder(name: str) -> str:
    """The folder of the function ``name``: the name itself where every file system can hold it."""
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:80].strip(".") or "_"
    if safe == name and not _RESERVED.fullmatch(name):
        return safe
    return f"{safe}-{xxhash.xxh3_64_hexdigest(name.encode('utf-8', 'surrogatepass'))}"


class EntryFile(NamedTuple):
    """An entry's file, as a listing sees it."""

    shard: str
    """The path of the folder that it is in."""
    name: str
    function: str
    """Its function's folder."""
    size: int
    """In bytes."""
    written: float
    used: float
    """When it was last used, to the hour and as far as the file system tells, in seconds since the epoch."""

    @property
    def path(self) -> str:
        """The file's path."""
        return f"{self.shard}/{self.name}"

    @property
    def key(self) -> str:
        """The key that the file's name gives."""
        return self.name[: -len(SUFFIX)]


def shards(folder: str) -> Iterator[str]:
    """The paths of a function folder's shards."""
    for item in files.scan(folder):
        if _is_shard(item.name) and item.is_dir(follow_symlinks=False):
            yield f"{folder}/{item.name}"


def leftovers(shard: str) -> Iterator[os.DirEntry[str]]:
    """The lock files and temporaries in a shard."""
    return (item for item in files.scan(shard) if _is_leftover(item.name))


def is_ours(folder: str) -> bool:
    """Whether ``folder`` is a function folder: there is something in its shards that only we would put there."""
    return files.is_folder(folder) and any(
        is_entry(item.name) or _is_leftover(item.name) for shard in shards(folder) for item in files.scan(shard)
    )


def functions(root: str) -> list[str]:
    """The function folders in a cache folder, sorted.

    Raises:
        OSError: The folder cannot be read.
    """
    return sorted(
        item.name
        for item in files.scan(root)
        if not item.name.startswith(".") and item.name != QUARANTINE and is_ours(f"{root}/{item.name}")
    )


def entry_files(root: str, function: str | None = None) -> Iterator[EntryFile]:
    """Every entry's file, of one function folder or of all; what goes away meanwhile is passed over.

    Raises:
        OSError: The folder cannot be read.
    """
    for name in [function] if function is not None else functions(root):
        if files.is_folder(f"{root}/{name}"):
            for shard in shards(f"{root}/{name}"):
                for item in list(files.scan(shard)):
                    if is_entry(item.name) and (one := _entry_file(item, shard, name)):
                        yield one


def quarantined(root: str) -> Iterator[EntryFile]:
    """Every file in quarantine.

    Raises:
        OSError: The folder cannot be read.
    """
    folder = f"{root}/{QUARANTINE}"
    if files.is_folder(folder):
        for item in list(files.scan(folder)):
            if "@" in item.name and (one := _entry_file(item, folder, QUARANTINE)):
                yield one


def _entry_file(item: os.DirEntry[str], shard: str, function: str) -> EntryFile | None:
    try:
        status = item.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(status.st_mode):
        return None
    return EntryFile(shard, item.name, function, status.st_size, status.st_mtime, status.st_atime)


def make(root: str, shard: str) -> None:
    """Make a shard, and the folders above it, where they are missing.

    Raises:
        StoreError: A link or a file is in the place of one of them.
        OSError: It cannot be made.
    """
    function = os.path.dirname(shard)
    if not files.is_folder(function):
        os.makedirs(root, mode=0o700, exist_ok=True)
        if all(item.name in _MARKS or is_mark_leftover(item.name) for item in files.scan(root)):
            # Never into a folder with files of the user's.
            for name, text in _MARKS.items():
                if not os.path.lexists(f"{root}/{name}"):
                    files.write_whole(f"{root}/{name}", text.encode())
        make_folder(function)
    if not files.is_folder(shard):
        make_folder(shard)


def make_folder(path: str) -> None:
    """Make one folder, of this user's alone, if it is missing.

    Raises:
        StoreError: A link or a file is in its place.
        OSError: It cannot be made.
    """
    try:
        os.mkdir(path, mode=0o700)
    except FileExistsError:
        if not files.is_folder(path) and os.path.lexists(path):
            what = "link" if os.path.islink(path) else "file"
            raise StoreError(f"{path} is a {what} where a folder of the cache should be; remove it") from None


def distrust(root: str) -> str | None:
    """Why others could have put files into a cache folder; None if they could not.

    Raises:
        OSError: The folder cannot be looked at.
    """
    if os.name != "posix":  # pragma: no cover - Windows has no such modes
        return None
    status = os.stat(root)
    if status.st_uid not in (os.geteuid(), 0):
        return "belongs to another user"
    if status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and not _is_own_group(status.st_gid)):
        return "can be written to by other users"
    return None


def _is_own_group(group_id: int) -> bool:
    """Whether a group is the one of the user's own name, with nobody else in it, as many systems make them."""
    import grp
    import pwd

    try:
        group, user = grp.getgrgid(group_id), pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}
