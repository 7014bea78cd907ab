"""Which function folders hold answers of which code, and since when what is older is not to be taken over.

The key of a call names neither function nor module, so that a renamed function asks under the keys of
the old one, whose answers are in another function folder::

    <cache_dir>/.keys/<first two hex>/<key>                       the name of the function folder that had it last
    <cache_dir>/.code/<digest of the code>/<function folder>      an empty file
    <cache_dir>/.forgotten/<function folder>/<what>                 one too; written when it was cleared

A key that nobody had is known by one look at ``.keys``, among 10,000 functions as among two. What is here may
be out of date: where the folder that had a key last has it no more, the others with the same code are looked at.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterable, Iterator

from llm_memo.stores import files
from llm_memo.stores.files import Rights

_CODE = ".code"
_KEYS = ".keys"
_FORGOTTEN = ".forgotten"
_NOTING = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | files.NOFOLLOW
EVERYTHING = "all"
"""Stands in `note_cleared` for all entries of a function, whoever's they are."""
_is_folder = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*").fullmatch
_is_code = re.compile(r"[0-9a-f]{8,128}").fullmatch


def note(root: str, code: str, key: str, function: str, rights: Rights) -> None:
    """Note that the function folder ``function`` is about to hold the answer of ``code`` under ``key``.

    Raises:
        OSError: It cannot be noted.
    """
    if not _is_code(code):  # a version
        return
    path = f"{root}/{_CODE}/{code}/{function}"
    if not os.path.lexists(path):
        _make(path, rights)
    _make(f"{root}/{_KEYS}/{key[:2]}/{key}", rights, function.encode())


def holders(root: str, code: str, key: str) -> Iterator[str]:
    """The function folders that may hold the answer of ``code`` under ``key``: that which had it last, then others."""
    if not _is_code(code):
        return
    try:
        descriptor = os.open(f"{root}/{_KEYS}/{key[:2]}/{key}", files.READING)
    except OSError:
        return
    try:
        last = os.read(descriptor, 1_000).decode("ascii", "replace")
    finally:
        os.close(descriptor)
    if _is_folder(last):
        yield last
    try:
        others = os.listdir(f"{root}/{_CODE}/{code}")
    except OSError:
        return
    yield from sorted(name for name in others if name != last and _is_folder(name))


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


def sweep(root: str, functions: Iterable[str], keys: Collection[str]) -> None:
    """Forget what is noted of function folders and keys other than those that there are."""
    known = set(functions)
    for shard in list(files.scan(f"{root}/{_KEYS}")):
        _sweep(shard.path, [item.path for item in files.scan(shard.path) if item.name not in keys])
    _sweep(f"{root}/{_KEYS}", [])
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


def _make(path: str, rights: Rights, content: bytes = b"") -> None:
    now = time.time_ns()
    try:
        descriptor = os.open(path, _NOTING, rights.file)
    except (FileNotFoundError, NotADirectoryError):
        folder = os.path.dirname(path)
        for each in (os.path.dirname(folder), folder):
            files.make_folder(each, rights)
        descriptor = os.open(path, _NOTING, rights.file)
    try:
        os.write(descriptor, content)
        rights.give(descriptor)
        if not content:
            os.utime(path, ns=(now, now), follow_symlinks=False)  # the kernel's clock may be another machine's
    finally:
        os.close(descriptor)
