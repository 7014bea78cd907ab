"""What the text of a function says: what it reads, and digests of its tree.

All of it follows from the text of the file, the code that runs and the version of Python. So it is looked for once:
a later process takes over what an earlier one has found under the same `mark`, and parses nothing.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Callable, Collection, Iterable
from importlib import resources
from types import CodeType, FunctionType

from llm_memo.identity.code import source
from llm_memo.identity.code.digest import statement_digest, tree_digest
from llm_memo.identity.code.fallback import bytecode_digest, bytecode_reads, codes
from llm_memo.identity.code.reads import reads_of
from llm_memo.identity.code.scopes import Function
from llm_memo.identity.code.uses import Place, Reads

Record = tuple[dict[frozenset[str], Reads], dict[object, bytes]]
"""What is kept of an analysis: what is read by the builtins that mean something else, and digests by what of."""


class Analysis:
    """What is known of one function's text.

    Args:
        code: Its code.
        mark: What all of it follows from; ``b""`` where there is no text, and nothing worth keeping.
        tree: Its syntax tree; None where there is no text.
        record: What an earlier process has found.
        path: The file that it was in.
    """

    __slots__ = ("_code", "_digests", "_reads", "_tree", "has_tree", "kept", "mark")

    def __init__(
        self,
        code: CodeType,
        mark: bytes,
        tree: Callable[[], Function | None],
        record: Record | None = None,
        path: str = "",
    ) -> None:
        self._code = code
        self._tree = tree
        self._reads, self._digests = record or ({}, {})
        self.mark = mark
        self.has_tree = bool(mark)
        self.kept = {path} if path else set()
        """The files that all of this is in."""

    def reads(self, redefined: frozenset[str]) -> Reads:
        """What the code reads and writes, where the builtins ``redefined`` mean something else."""
        if redefined not in self._reads:
            self.kept.clear()
            self._reads[redefined] = self._look(redefined)
        return self._reads[redefined]

    def digest(self, free: Iterable[Place] = (), itself: Collection[str] = ()) -> bytes:
        """A digest of the code, see `tree_digest`."""
        places, names = frozenset(free), frozenset(itself)
        return self._digest((places, names), lambda tree: tree_digest(tree, places, names))

    def statement_digest(self, place: Place) -> bytes:
        """A digest of the one statement there."""
        return self._digest(place, lambda tree: statement_digest(tree, place))

    @property
    def record(self) -> Record:
        """What a later process can take over."""
        return self._reads, self._digests

    def _look(self, redefined: frozenset[str]) -> Reads:
        tree = self._tree()
        if tree is None:
            return bytecode_reads(self._code)
        return reads_of(tree, self._code.co_freevars, redefined, private_names(self._code))

    def _digest(self, what: object, look: Callable[[Function], bytes]) -> bytes:
        if what not in self._digests:
            tree = self._tree()
            self.kept.clear()
            self._digests[what] = bytecode_digest(self._code) if tree is None else look(tree)
        return self._digests[what]


def analysis(function: FunctionType) -> Analysis:
    """What the text of a function says."""
    code = function.__code__
    source.know_loader(function)
    return _analysis(code, code.co_filename, source.pinned_count(code.co_filename))


RECORDS: dict[bytes, tuple[Record, str]] = {}
"""What earlier processes have found, by `Analysis.mark`, and the file that it is from."""


@functools.lru_cache(maxsize=8192)
def _analysis(code: CodeType, filename: str, pins: int) -> Analysis:  # code is equal to that of another file
    running = code_digest(code)
    for text in source.texts(code):
        mark = hashlib.blake2b(_scheme() + _text_digest(text) + running, digest_size=16).digest()
        if mark in RECORDS:
            return Analysis(code, mark, functools.partial(source.found_in, text, code), *RECORDS[mark])
        if source.found_in(text, code) is not None:
            return Analysis(code, mark, functools.partial(source.found_in, text, code))
    return Analysis(code, b"", lambda: None)


def code_digest(code: CodeType) -> bytes:
    """A digest of all of a code object but the name of its file."""
    parts = [
        (
            each.co_qualname, each.co_firstlineno, each.co_flags, each.co_argcount, each.co_posonlyargcount,
            each.co_kwonlyargcount, each.co_code, each.co_names, each.co_varnames, each.co_freevars, each.co_cellvars,
            each.co_linetable, each.co_exceptiontable,
            [
                sorted(map(repr, const)) if isinstance(const, frozenset) else const
                for const in each.co_consts
                if not isinstance(const, CodeType)
            ],
        )
        for each in codes(code)
    ]  # fmt: skip
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).digest()


@functools.lru_cache(maxsize=4096)
def _text_digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@functools.cache
def _scheme() -> bytes:
    """What stands for this version of Python, and of what looks through texts."""
    version = f"{sys.implementation.cache_tag} {sys.hexversion} {sys.flags.optimize}".encode()
    here = sorted(resources.files(__package__).iterdir(), key=lambda file: file.name)
    texts = [file.read_bytes() for file in here if file.name.endswith(".py")]
    return hashlib.blake2b(b"\0".join([version, *texts]), digest_size=16).digest()


def private_names(code: CodeType) -> str:
    """The class whose name is put before private names such as ``__key`` in ``code``."""
    owner = code.co_qualname.rpartition(".")[0].rpartition(".")[2]
    return "" if owner == "<locals>" else owner.lstrip("_")
