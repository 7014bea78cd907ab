"""A cache folder: what is where in it, and what in it is ours.

The layout::

    <cache_dir>/.gitignore, CACHEDIR.TAG
    <cache_dir>/<function folder>/<16 hex>.function                         whose it is: name and program, as JSON
    <cache_dir>/<function folder>/<first two hex>/<key>.joblib              an entry
    <cache_dir>/<function folder>/<first two hex>/<key>.lock                while an equal call is under way
    <cache_dir>/<function folder>/<first two hex>/.<key>.joblib.….tmp       while an entry is written
    <cache_dir>/quarantine/<function folder>@<key>.….joblib                 what was refused
    <cache_dir>/.code, .forgotten                                           see `llm_memo.stores.index`
    <cache_dir>/.analyses                                                   see `llm_memo.stores.analyses`
    <cache_dir>/.cleared-…                                                  cleared, about to be deleted
    <cache_dir>/.pruned                                                     when that was last done by a writer

The folder may be one with files of the user's in it, so that whatever lists or deletes goes by
these names and through no links, and only into folders that say whose they are.
"""

from __future__ import annotations

import functools
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import xxhash

from llm_memo.errors import MemoWarning, StoreError, warn
from llm_memo.stores import files
from llm_memo.stores.files import PRIVATE, Rights, make_folder

SUFFIX = ".joblib"
LOCK = ".lock"
QUARANTINE = "quarantine"

_KEY = r"[0-9a-f]{32}"
_LABEL = ".function"
is_label = re.compile(rf"[0-9a-f]{{16}}{re.escape(_LABEL)}").fullmatch
_is_shard = re.compile(r"[0-9a-f]{2}").fullmatch
is_entry = re.compile(rf"{_KEY}\.joblib").fullmatch
"""Whether a file of this name in a shard is an entry."""
is_leftover = re.compile(rf"{_KEY}\.lock|\.{_KEY}\.joblib\.[0-9a-f]{{16}}\.tmp").fullmatch
"""Whether a file of this name in a shard is a lock or a temporary."""
is_label_leftover = re.compile(r"\.[0-9a-f]{16}\.function\.[0-9a-f]{16}\.tmp").fullmatch
is_mark_leftover = re.compile(r"\.(\.gitignore|CACHEDIR\.TAG|\.pruned)\.[0-9a-f]{16}\.tmp").fullmatch
"""Whether a file of this name in a cache folder is a temporary."""
_MARKS = {
    ".gitignore": "# Made by llm_memo.\n*\n",
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This folder is a cache made by llm_memo. See https://bford.info/cachedir/\n",
}
TO_SHARE = (
    "Where several are to share it, make it a group's (chgrp -R GROUP DIR; chmod -R g+rwXs DIR) and give all of them "
    "the same LLM_MEMO_KEY, which llm-memo key new prints; else give cache_dir= or LLM_MEMO_DIR a folder of your own, "
    "with mode 0700"
)
"""What to do with a cache folder that others use as well, or keep this user out of."""
_WARNED: set[str] = set()
"""The folders of which a warning has said that listings go on without them."""
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d|quarantine|cachedir)(\..*)?|.*-[0-9a-f]{16}")


def function_folder(name: str) -> str:
    """The folder of the function ``name``: the name itself where every file system can hold it."""
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:80].strip(".") or "_"
    if safe == name and not _RESERVED.fullmatch(name):
        return safe
    return f"{safe}-{xxhash.xxh3_64_hexdigest(name.encode('utf-8', 'surrogatepass'))}"


def function_of(path: str) -> str:
    """The function folder that the entry's file ``path`` is in."""
    return os.path.basename(os.path.dirname(os.path.dirname(path)))


class Owner(NamedTuple):
    """The function that a function folder holds answers of, and its code as it is now."""

    function: str
    """Its name."""
    program: str = ""
    """The file that it is in, or what stands for a REPL: there may be two functions of one name."""
    code: str = ""
    """The digest of its code, in hex; anything else stands for a function that goes by a version."""

    def label(self, root: str) -> str:
        """What tells this name and program from others, whichever folder they are moved to together with ``root``."""
        return _label_of(self, root)

    def program_in(self, root: str) -> str:
        """The program's path, relative to the project that the cache folder ``root`` is in if it is in there, too."""
        project = os.path.join(os.path.dirname(root), "")
        return self.program.removeprefix(project) if len(project) > 1 else self.program


@functools.lru_cache(maxsize=1024)
def _label_of(owner: Owner, root: str) -> str:
    text = f"{owner.function}\0{owner.program_in(root)}"
    return xxhash.xxh3_64_hexdigest(text.encode("utf-8", "surrogatepass"))


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
    inode: int
    """The same for all links to one file, which take its bytes once."""

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
    for item in scan(folder):
        if _is_shard(item.name) and item.is_dir(follow_symlinks=False):
            yield f"{folder}/{item.name}"


def leftovers(shard: str) -> Iterator[os.DirEntry[str]]:
    """The lock files and temporaries in a shard."""
    return (item for item in scan(shard) if is_leftover(item.name))


def is_ours(folder: str) -> bool:
    """Whether ``folder`` is a function folder: it says whose."""
    return files.is_folder(folder) and any(is_label(item.name) for item in scan(folder))


def labels(folder: str) -> list[str]:
    """The labels of those whose answers a function folder holds."""
    return [item.name.removesuffix(_LABEL) for item in scan(folder) if is_label(item.name)]


def label_paths(folder: str) -> list[str]:
    """The files that say whose a function folder is."""
    return [f"{folder}/{label}{_LABEL}" for label in labels(folder)]


def name_of(folder: str) -> str:
    """The name of the function whose folder this is."""
    function = os.path.basename(folder)
    if function_folder(function) == function:
        return function
    for label in labels(folder):
        try:
            with open(os.open(f"{folder}/{label}{_LABEL}", files.READING), encoding="utf-8") as file:
                name = json.load(file)["function"]
            if function_folder(name) == function:
                return str(name)
        except (OSError, ValueError, TypeError, KeyError):
            continue
    return function


def is_empty(folder: str) -> bool:
    """Whether there is nothing in a function folder but what says whose it is."""
    return all(is_label(item.name) for item in files.scan(folder))


class Closed(StoreError):
    """A folder in a cache folder, or with ``is_root`` a whole one, is another user's, who keeps this one out."""

    def __init__(self, path: str, *, is_root: bool = False) -> None:
        super().__init__(f"{of_another(path, is_root)}. {TO_SHARE}")
        self.path = path


def of_another(path: str, is_root: bool) -> str:
    """What messages say of a folder that another user has closed."""
    return f"{path}, {'a' if is_root else 'in a'} cache folder, belongs to another user and cannot be read"


def scan(folder: str) -> list[os.DirEntry[str]]:
    """What is in a folder of a cache folder, if it is there.

    Raises:
        Closed: It is another user's, who keeps this one out.
        OSError: It cannot be read.
    """
    try:
        return list(files.scan(folder))
    except PermissionError:
        if (shut := closed(folder)) is None:
            raise
        raise Closed(shut) from None


def warn_closed(fault: Closed) -> None:
    """Warn, once for each folder, that a listing goes on without one that another user has closed."""
    above, name = os.path.split(fault.path)
    place = above if _is_shard(name) else fault.path
    if place not in _WARNED:
        _WARNED.add(place)
        warn(MemoWarning, f"what is in it is passed over: {fault}")


def functions(root: str, kept_out: Callable[[Closed], object] = warn_closed) -> list[str]:
    """The function folders in a cache folder, sorted.

    Args:
        root: The cache folder.
        kept_out: Is given the error of each folder that another user has closed, and that is passed over.

    Raises:
        OSError: The cache folder cannot be read.
    """
    found = []
    for item in scan(root):
        if not item.name.startswith(".") and item.name != QUARANTINE:
            try:
                if is_ours(f"{root}/{item.name}"):
                    found.append(item.name)
            except Closed as fault:
                kept_out(fault)
    return sorted(found)


def entry_files(
    root: str, function: str | None = None, kept_out: Callable[[Closed], object] = warn_closed
) -> Iterator[EntryFile]:
    """Every entry's file, of one function folder or of all; what goes away meanwhile is passed over.

    Args:
        root: The cache folder.
        function: The function folder; None for all.
        kept_out: As for `functions`; also of shards.

    Raises:
        Closed: The one that is meant is another user's, who keeps this one out.
        OSError: The folder cannot be read.
    """
    for name in [function] if function is not None else functions(root, kept_out):
        if is_ours(f"{root}/{name}"):
            for shard in shards(f"{root}/{name}"):
                try:
                    items = scan(shard)
                except Closed as fault:
                    kept_out(fault)
                    continue
                for item in items:
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
    return EntryFile(shard, item.name, function, status.st_size, status.st_mtime, status.st_atime, status.st_ino)


def make_root(root: str, rights: Rights) -> None:
    """Make the cache folder.

    Raises:
        OSError: It cannot be made.
    """
    os.makedirs(root, mode=0o700, exist_ok=True)
    rights.give(root)


def make(root: str, shard: str, owner: Owner, rights: Rights) -> str:
    """Make a shard in the cache folder, and the function folder that it is in, where they are missing.

    Returns:
        The file that says that the function folder is the owner's.

    Raises:
        StoreError: A link or a file is in the place of one of them.
        OSError: It cannot be made.
    """
    function = os.path.dirname(shard)
    if not files.is_folder(function):
        if all(item.name in _MARKS or is_mark_leftover(item.name) for item in files.scan(root)):
            # Never into a folder with files of the user's.
            for name, text in _MARKS.items():
                if not os.path.lexists(f"{root}/{name}"):
                    files.write_whole(f"{root}/{name}", [text.encode()], rights)
        make_folder(function, rights)
    label = f"{function}/{owner.label(root)}{_LABEL}"
    if not os.path.lexists(label):
        text = json.dumps({"function": owner.function, "program": owner.program_in(root)})
        files.write_whole(label, [text.encode()], rights)
    if not files.is_folder(shard):
        make_folder(shard, rights)
    return label


def rights_in(root: str) -> Rights:
    """The rights of what is made in a cache folder: its own if it is a group's, else the user's alone.

    One that is still to be made in a group's folder is the group's where all have one ``LLM_MEMO_KEY``, without
    which nobody could read what another has written.
    """
    there = os.path.isdir(root)
    try:
        status = os.stat(root if there else os.path.dirname(root))
    except OSError:  # it will be this user's, with what it is in
        return PRIVATE
    if not is_groups(status) or not (there or os.environ.get("LLM_MEMO_KEY")):
        return PRIVATE
    mode = stat.S_IMODE(status.st_mode) & (0o2777 if there else 0o2770)
    return Rights(mode | 0o700, mode & 0o666 | 0o600, status.st_gid)


def is_groups(status: os.stat_result) -> bool:
    """Whether a folder is made for a group to work in: setgid, or writable by a group of several, and not by all."""
    if os.name != "posix":  # pragma: no cover - Windows has no such modes
        return False
    if status.st_mode & stat.S_IWOTH:
        return False
    return bool(status.st_mode & stat.S_ISGID) or (
        bool(status.st_mode & stat.S_IWGRP) and not _is_own_group(status.st_gid)
    )


def distrust(root: str) -> str | None:
    """Why others could have put files into a cache folder; None if they could not, or are meant to: it is a group's.

    Raises:
        OSError: The folder cannot be looked at.
    """
    if os.name != "posix":  # pragma: no cover - Windows has no such modes
        return None
    status = os.stat(root)
    if os.environ.get("LLM_MEMO_KEY") and is_groups(status):
        return None
    if status.st_uid not in (os.geteuid(), 0):
        return "belongs to another user"
    if status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and not _is_own_group(status.st_gid)):
        return "can be written to by other users"
    return None


def closed(path: str) -> str | None:
    """What on the way to ``path``, or there, is another user's, where this one may not read it; None if nothing is."""
    for place in (path, *map(str, Path(path).parents)):
        try:
            status = os.lstat(place)
        except OSError:
            continue
        return place if os.name == "posix" and status.st_uid != os.geteuid() else None
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
