"""What processes before have found out about the text of functions, so that a new one need not parse it again.

::

    <cache_dir>/.analyses/<function folder>/<label>.<version of Python>     of one function and all that it reaches

A shortcut and nothing else: what is in such a file is named by the content that it follows from, and the file is
sealed as entries are. One that is missing, damaged or somebody else's is as good as none.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from llm_memo import location
from llm_memo.identity.code.analysis import RECORDS, Analysis
from llm_memo.stores import files, folder, seal
from llm_memo.stores.folder import Owner, function_folder

if TYPE_CHECKING:
    from llm_memo.identity.fingerprint import Snapshot
    from llm_memo.settings import EffectiveSettings

log = logging.getLogger("llm_memo")

_FOLDER = ".analyses"
_MAGIC = b"llm_memo analyses 1\n"


class AnalysisKeeper:
    """Remembers what is found out about the text of one function, and of all that it reaches.

    Args:
        name: The function's name.
        function: The function.
        settings: Where they are kept, and whether they may be.
    """

    def __init__(self, name: str, function: Callable[..., object], settings: EffectiveSettings) -> None:
        self._name = name
        self._function = function
        self._settings = settings
        self._known: dict[bytes, Analysis] = {}
        self.waits = False
        """Something is to be written when the cache folder is there."""

    def recall(self) -> None:
        """Take over what earlier processes have found, for functions of the same text and code."""
        settings = self._settings.now()
        if settings.policy.reads:
            _recall(self._path(settings.cache_dir))

    def keep(self, snapshot: Snapshot) -> None:
        """Code has been looked through: write what is new, in a cache folder that is there already."""
        analyses = [each.analysis for each in snapshot.scan.followed.values()]
        new = {each.mark: each for each in analyses if not (each.kept and each.mark in self._known)}
        new.pop(b"", None)
        if new:
            self._known |= new
            self.waits = True
            self.write()

    def write(self) -> None:
        """Write what is new, if the cache folder is there and may be written to."""
        settings = self._settings.now()
        root, path = settings.cache_dir, self._path(settings.cache_dir)
        if not settings.policy.writes or not os.path.isdir(root):
            return
        self.waits = False
        if all(path in each.kept for each in self._known.values()):
            return
        try:
            _write(root, path, pickle.dumps({mark: each.record for mark, each in self._known.items()}, 5))
        except Exception as fault:
            log.debug("%s cannot be written: %s", path, type(fault).__name__)
            return
        for each in self._known.values():
            each.kept.add(path)

    def _path(self, root: str) -> str:
        owner = Owner(self._name, location.program(self._function))
        return f"{root}/{_FOLDER}/{function_folder(self._name)}/{owner.label(root)}.{sys.implementation.cache_tag}"


def _recall(path: str) -> None:
    try:
        descriptor = os.open(path, files.READING)
        try:
            whole = memoryview(files.read_all(descriptor, os.fstat(descriptor).st_size))
        finally:
            os.close(descriptor)
        found, body = bytes(whole[: seal.SIZE]), whole[seal.SIZE :]
        name = os.path.basename(path)
        if any(seal.same(found, seal.sealed(key.secret, _MAGIC, name, body)) for key in seal.seal_keys()):
            RECORDS.update((mark, (record, path)) for mark, record in pickle.loads(body).items())
    except FileNotFoundError:
        return
    except Exception as fault:  # it is a shortcut
        log.debug("%s is of no use: %s", path, type(fault).__name__)


def _write(root: str, path: str, body: bytes) -> None:
    rights = folder.rights_in(root)
    beside = os.path.dirname(path)
    for each in (os.path.dirname(beside), beside):
        files.make_folder(each, rights)
    found = seal.sealed(seal.seal_key(), _MAGIC, os.path.basename(path), body)
    files.write_whole(path, [found, body], rights)


def sweep(root: str, functions: Iterable[str]) -> None:
    """Remove what is kept of function folders other than those that there are."""
    known = set(functions)
    for item in list(files.scan(f"{root}/{_FOLDER}")):
        if item.name not in known:
            for file in list(files.scan(item.path)):
                files.unlink(file.path)
            _remove(item.path)
    _remove(f"{root}/{_FOLDER}")


def _remove(path: str) -> None:
    try:
        os.rmdir(path)
    except OSError:
        pass
