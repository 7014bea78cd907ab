"""What is done with files and folders: through no link, as a whole, with the rights that they are to have."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from llm_memo.errors import StoreError

NOFOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
READING = os.O_RDONLY | NOFOLLOW | getattr(os, "O_NONBLOCK", 0)
"""Opens the file itself, never one that a link there points to, and waits for no pipe that somebody has put there."""
_WRITING = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW
_NOATIME = getattr(os, "O_NOATIME", 0)
_TIMES_BY_DESCRIPTOR = os.utime in os.supports_fd
_TRIES = 8
"""How often what is done in a folder begins anew when that is cleared away under its hands."""

M = TypeVar("M")
T = TypeVar("T")


class Rights(NamedTuple):
    """Who may do what with the files and folders that are made: as it is here, this user alone."""

    folder: int = 0o700
    file: int = 0o600
    group: int = -1
    """The group's number; -1: the one that the system gives."""

    def give(self, to: int | str) -> None:
        """Give a new file (its descriptor) or folder (its path) the rights that the umask or the system did not.

        Raises:
            OSError: They cannot be given.
        """
        if self.group < 0:
            return
        status = os.stat(to)
        mode = self.folder if stat.S_ISDIR(status.st_mode) else self.file
        if status.st_uid != os.geteuid() or (stat.S_IMODE(status.st_mode) == mode and status.st_gid == self.group):
            return
        if status.st_gid != self.group:
            with contextlib.suppress(PermissionError):  # of a group that this user is not in
                os.chown(to, -1, self.group)
        os.chmod(to, mode)


PRIVATE = Rights()


def open_to_look(path: str) -> int:
    """A descriptor for `READING`; where the system allows it the time of last use stays as it was.

    Raises:
        OSError: It cannot be had.
    """
    try:
        return os.open(path, READING | _NOATIME)
    except PermissionError:  # only a file's owner may look without being noticed
        return os.open(path, READING)


def read_all(descriptor: int, size: int) -> bytes:
    """What is left in an open file, about ``size`` bytes.

    Raises:
        OSError: It cannot be read.
    """
    data = os.read(descriptor, max(size, 0))
    if len(data) == size:
        return data
    parts = [data]
    while chunk := os.read(descriptor, 1 << 24):
        parts.append(chunk)
    return b"".join(parts)


def write_whole(
    path: str,
    parts: Iterable[bytes | memoryview],
    rights: Rights = PRIVATE,
    *,
    place: Callable[[str, str], object] | None = None,
    lasting: bool = False,
) -> os.stat_result:
    """Make the file ``path`` of ``parts``, in place of what is there: at once, or not at all.

    Args:
        path: The file.
        parts: What is to be in it.
        rights: Those of the file.
        place: Puts the finished file in its place; by default over what is there.
        lasting: Wait until the disk has it: it is there even after a power cut.

    Returns:
        Its status, with a time of writing in nanoseconds.

    Raises:
        OSError: It cannot be made; nothing of it is left behind.
    """
    fresh = _temporary(path)
    descriptor = os.open(fresh, _WRITING, rights.file)
    try:
        try:
            left = memoryview(b"".join(parts))
            while left:
                left = left[os.write(descriptor, left) :]
            rights.give(descriptor)
            if lasting:
                os.fsync(descriptor)
            now = time.time_ns()
            # The kernel's own clock ticks in milliseconds, in which a file could be replaced unseen.
            os.utime(descriptor if _TIMES_BY_DESCRIPTOR else fresh, ns=(now, now))
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        (place or os.replace)(fresh, path)
    except BaseException:
        unlink(fresh)
        raise
    return status


def link_over(source: str, path: str) -> None:
    """Make ``path`` a hard link to ``source``, in place of what is there.

    Raises:
        OSError: There can be no such link; what is there stays.
    """
    fresh = _temporary(path)
    os.link(source, fresh, follow_symlinks=False)
    try:
        os.replace(fresh, path)
    except BaseException:
        unlink(fresh)
        raise


def _temporary(path: str) -> str:
    folder, name = os.path.split(path)
    return f"{folder}/.{name}.{secrets.token_hex(8)}.tmp"


def unlink(path: str) -> bool:
    """Remove a file, a link or nothing; returns whether it did."""
    try:
        os.unlink(path)
    except OSError:
        return False
    return True


def scan(folder: str) -> Iterator[os.DirEntry[str]]:
    """What is in a folder, if it is there.

    Raises:
        OSError: It cannot be read.
    """
    try:
        items = os.scandir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    with items:
        yield from items


def is_folder(path: str) -> bool:
    """Whether there is a folder at ``path``, and no link to one."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def make_folder(path: str, rights: Rights = PRIVATE) -> None:
    """Make one folder if it is missing; one that is removed at this moment stays so.

    Raises:
        StoreError: A link or a file is in its place.
        OSError: It cannot be made.
    """
    try:
        os.mkdir(path, rights.folder & 0o777)
    except FileExistsError:
        try:
            mode = os.lstat(path).st_mode  # one look: others remove it and make it at any time
        except FileNotFoundError:
            return
        if not stat.S_ISDIR(mode):
            what = "link" if stat.S_ISLNK(mode) else "file"
            raise StoreError(f"{path} is a {what} where a folder of the cache should be; remove it") from None
    else:
        rights.give(path)


def in_made(make: Callable[[bool], M], work: Callable[[M], T]) -> T:
    """``work(make(anew))`` in a folder that ``make`` makes, and both anew when it is cleared away under their hands.

    Raises:
        OSError: What either raises; `FileNotFoundError` only after eight tries.
    """
    tries = _TRIES
    while True:
        try:
            return work(make(tries < _TRIES))
        except FileNotFoundError:
            tries -= 1
            if not tries:
                raise


def is_private(folder: str) -> bool:
    """Whether a folder, and no link to one, is this user's and nobody else can look into it."""
    status = os.lstat(folder)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not stat.S_IMODE(status.st_mode) & 0o077
