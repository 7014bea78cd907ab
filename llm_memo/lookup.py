"""Which files and entries of a folder are meant by a cached function, by a name or its last parts, by an entry."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Iterable, Iterator
from typing import Any

from llm_memo.entries import Entry, entry_of
from llm_memo.errors import InvalidOption, StoreError
from llm_memo.selection import functions_called
from llm_memo.settings import EffectiveSettings
from llm_memo.stores import folder
from llm_memo.stores.disk import disk
from llm_memo.stores.entry import Header
from llm_memo.stores.folder import EntryFile, Owner, function_folder

log = logging.getLogger("llm_memo")


class Lookup:
    """A cache folder in which files and entries are found and read: what `llm_memo.Cache` is made on.

    Args:
        path: The folder.
        missing_ok: A folder that does not exist is one without entries, rather than an error.
    """

    def __init__(self, path: str, missing_ok: bool) -> None:
        self.path = path
        self._disk = disk(path)
        self._missing_ok = missing_ok

    def _entries(self, function: object = None) -> Iterator[Entry]:
        """The entries that are meant, with what tells whether they are of earlier code."""
        return self._read(self._files(function), function)

    def _read(self, files: Iterable[EntryFile], function: object = None) -> Iterator[Entry]:
        """The entries of some files; of those of a cached function among ``function``, only its own program's."""
        owners = owners_of(function)
        read = [
            (file, header)
            for file in files
            if (header := self._header(file)) is not None and self._belongs(header, owners.get(file.function))
        ]
        codes = {
            (file.function, header.provenance.program): header.provenance.code
            for file, header in sorted(read, key=lambda each: each[1].created)
        }
        codes.update(((name, owner.program_in(self.path)), owner.code) for name, owner in owners.items())
        names = {name: folder.name_of(f"{self.path}/{name}") for name in {file.function for file, _ in read}}
        for file, header in read:
            code = codes[file.function, header.provenance.program]
            yield entry_of(file, names[file.function], header, code)

    def _belongs(self, header: Header, owner: Owner | None) -> bool:
        """Whether an entry is of this very function, and not of one of the same name in another program."""
        provenance = header.provenance
        return owner is None or provenance.program == owner.program_in(self.path) or provenance.code == owner.code

    def _files(self, function: object = None) -> Iterator[EntryFile]:
        """The files that are meant, each once; None for all. No file is read."""
        self._require_folder()
        if function is None:
            return folder.entry_files(self.path)
        each = (
            [meant] if isinstance(meant, EntryFile) else folder.entry_files(self.path, meant)
            for meant in self._meant(function)
        )
        return iter({file.path: file for file in itertools.chain.from_iterable(each)}.values())

    def _meant(self, function: object) -> list[str | EntryFile]:
        """The function folders and the entries that the user named, each once.

        Raises:
            InvalidOption: It is none of what `Cache.clear` takes, or nothing has that name.
        """
        meant: dict[str | EntryFile, None] = {}
        for each in several(function):
            memo = memo_of(each)
            if memo is not None:
                meant[str(memo.folder)] = None
            elif isinstance(each, str):
                meant.update(dict.fromkeys(self._folders_of(each)))
            elif isinstance(each, Entry):
                meant.update(dict.fromkeys(self._file_of(each)))
            else:
                raise InvalidOption(f"{each!r} is neither a cached function nor the name of one, nor an entry")
        return list(meant)

    def _folders_of(self, name: str) -> list[str]:
        if folder.is_ours(f"{self.path}/{function_folder(name)}"):
            return [function_folder(name)]
        folders = self._folders()
        called = functions_called(name, sorted(set(folders.values()))) if folders else []
        return [each for each, function in folders.items() if function in called]

    def _folders(self) -> dict[str, str]:
        """The function folders with entries, and the names of their functions."""
        self._require_folder()
        named = {each: self._name(each) for each in folder.functions(self.path)}
        return {each: name for each, name in named.items() if name is not None}

    def _file_of(self, entry: Entry) -> list[EntryFile]:
        shard, name = os.path.split(entry.path)
        function = os.path.dirname(shard)
        if os.path.dirname(function) != self.path:
            raise InvalidOption(f"the entry {entry.key} is not in {self.path}, but in {os.path.dirname(function)}")
        files = folder.entry_files(self.path, os.path.basename(function))
        return [file for file in files if file.name == name]

    def _require_folder(self) -> None:
        """Raise `StoreError` if the folder is a mistyped one, or another user's."""
        if os.path.isdir(self.path) and not os.access(self.path, os.R_OK | os.X_OK) and folder.closed(self.path):
            raise folder.Closed(self.path, is_root=True)
        if self._missing_ok or os.path.isdir(self.path):
            return
        here = EffectiveSettings({}, None, {}).now().cache_dir
        if here != self.path:
            functions = sorted({*Lookup(here, missing_ok=True)._folders().values()})
            name = os.path.basename(self.path)
            meant = any(name in (each, each.rpartition(".")[2]) for each in functions)
            raise StoreError(
                f"there is no cache folder {self.path}. The one that calls use here is {here}, with entries of "
                f"these functions: {', '.join(functions) or 'none'}"
                + f". To clear those of a function, write Cache().clear({name!r})"
                * meant
            )

    def _header(self, file: EntryFile) -> Header | None:
        try:
            return self._disk.load(file.path, file.key).header
        except StoreError:
            raise
        except Exception as fault:
            log.debug("%s is not listed: %s", file.path, fault)
            return None

    def _name(self, name: str) -> str | None:
        """The name of the function whose folder this is; None if there is no entry in it."""
        file = next(folder.entry_files(self.path, name), None)
        return None if file is None else folder.name_of(f"{self.path}/{name}")


def memo_of(function: object) -> Any:
    """What all calls of a cached function share; None of anything else."""
    return getattr(function, "_self_memo", None)


def owners_of(function: object) -> dict[str, Owner]:
    """The function folder of each cached function that the user named, and whose answers are looked for in it."""
    return {memo.folder: memo.owner() for memo in map(memo_of, several(function)) if memo is not None}


def several(function: object) -> list[object]:
    """What the user named, one or several, as a list; None is none."""
    if isinstance(function, (list, tuple, set, frozenset)):
        return list(function)
    return [] if function is None else [function]
