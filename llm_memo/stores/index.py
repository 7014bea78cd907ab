"""Which function folders hold answers of which code, and since when what is older is not to be taken over.

The key of a call names neither function nor module, so that a renamed function asks under the keys of
the old one, whose answers are in another function folder::

    <cache_dir>/.code/<digest of the code>/<function folder>      an empty file
    <cache_dir>/.forgotten/<function folder>/<what>               one too; written when it was cleared

So a miss is one look at what is here, however many functions there are, and one more for each other function of the
same code. What is here may be out of date: a folder that is named may hold no such answers any more.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable

from llm_memo.stores import files
from llm_memo.stores.files import Rights

_CODE = ".code"
_FORGOTTEN = ".forgotten"
_NOTING = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | files.NOFOLLOW
EVERYTHING = "all"
"""Stands in `note_cleared` for all entries of a function, whoever's they are."""
_is_folder = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*").fullmatch
_is_code = re.compile(r"[0-9a-f]{8,128}").fullmatch


def note(root: str, code: str, function: str, rights: Rights) -> list[str]:
    """Note that the function folder ``function`` is about to hold an answer of ``code``; returns the files of the note.

    Raises:
        OSError: It cannot be noted.
    """
    if not _is_code(code):  # a version
        return []
    path = f"{root}/{_CODE}/{code}/{function}"
    if not os.path.lexists(path):
        _make(path, rights)
    return [path]


def holders(root: str, code: str) -> list[str]:
    """The function folders that may hold answers of ``code``, sorted."""
    if not _is_code(code):
        return []
    try:
        return sorted(filter(_is_folder, os.listdir(f"{root}/{_CODE}/{code}")))
    except OSError:
        return []


def note_cleared(root: str, function: str, what: Iterable[str], rights: Rights) -> None:
    """Note that the entries of a function folder that are older than now are not to come back from another.

    Args:
        root: The cache folder; one that has no index has nothing that could come back.
        function: The function folder.
        what: `EVERYTHING`, labels of programs (see `llm_memo.stores.folder`), or keys.
        rights: Those of what is made.

    Raises:
        OSError: It cannot be noted.
    """
    paths = [f"{root}/{_FORGOTTEN}/{function}/{each}" for each in what]

    def note(has_index: bool) -> None:
        for path in paths if has_index else ():
            _make(path, rights)

    files.in_made(lambda _: os.path.isdir(f"{root}/{_CODE}"), note)


def cleared(root: str, function: str, what: Iterable[str]) -> float:
    """When the latest of ``what`` was noted for this function folder, in seconds since the epoch; never: -inf."""
    latest = -float("inf")
    for each in what:
        try:
            latest = max(latest, os.lstat(f"{root}/{_FORGOTTEN}/{function}/{each}").st_mtime)
        except OSError:
            continue
    return latest


def sweep(root: str, functions: Iterable[str]) -> None:
    """Forget what is noted of function folders other than those that there are."""
    known = set(functions)
    for code in list(files.scan(f"{root}/{_CODE}")):
        _sweep(code.path, [item.path for item in files.scan(code.path) if item.name not in known])
    _sweep(f"{root}/{_CODE}", [])
    if not known:  # there is nothing left that could come back
        for function in list(files.scan(f"{root}/{_FORGOTTEN}")):
            _sweep(function.path, [item.path for item in files.scan(function.path)])
        _sweep(f"{root}/{_FORGOTTEN}", [])


def _sweep(folder: str, paths: Iterable[str]) -> None:
    for path in paths:
        files.unlink(path)
    try:
        os.rmdir(folder)
    except OSError:
        pass


def _make(path: str, rights: Rights) -> None:
    now = time.time_ns()
    try:
        descriptor = os.open(path, _NOTING, rights.file)
    except (FileNotFoundError, NotADirectoryError):
        folder = os.path.dirname(path)
        for each in (os.path.dirname(folder), folder):
            files.make_folder(each, rights)
        descriptor = os.open(path, _NOTING, rights.file)
    try:
        rights.give(descriptor)
        os.utime(path, ns=(now, now), follow_symlinks=False)  # the kernel's clock may be another machine's
    finally:
        os.close(descriptor)
