"""Which function folders hold answers of which code, and since when what is older is not to be taken over.

The key of a call names neither function nor module, so that a renamed function asks under the keys of
the old one, whose answers are in another function folder::

    <cache_dir>/.code/<digest of the code>/<function folder>      an empty file
    <cache_dir>/.forgotten/<function folder>/<what>                 one too; written when it was cleared

One look at a folder that is named after the code finds them, as quickly among 10,000 functions as among
two. What is here may be out of date: a folder that is named may be gone, and is then passed over.
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
EVERYTHING = "all"
"""Stands in `note_cleared` for all entries of a function, whoever's they are."""
_is_code = re.compile(r"[0-9a-f]{8,128}").fullmatch


def note_code(root: str, code: str, function: str, rights: Rights) -> None:
    """Note that the function folder ``function`` is about to hold an answer of ``code``.

    Raises:
        OSError: It cannot be noted.
    """
    if not _is_code(code):  # a version
        return
    path = f"{root}/{_CODE}/{code}/{function}"
    if not os.path.lexists(path):
        _make(path, rights)


def holders(root: str, code: str) -> list[str]:
    """The function folders that have held answers of ``code``, sorted."""
    if not _is_code(code):
        return []
    try:
        return sorted(name for name in os.listdir(f"{root}/{_CODE}/{code}") if not name.startswith("."))
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
    if os.path.isdir(f"{root}/{_CODE}"):
        for each in what:
            _make(f"{root}/{_FORGOTTEN}/{function}/{each}", rights)


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
    """Forget what is noted of function folders other than those that there are, ``functions``."""
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
    folder = os.path.dirname(path)
    for each in (os.path.dirname(folder), folder):
        files.make_folder(each, rights)
    now = time.time_ns()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | files.NOFOLLOW, rights.file)
    try:
        rights.give(descriptor)
        os.utime(path, ns=(now, now), follow_symlinks=False)
    finally:
        os.close(descriptor)
