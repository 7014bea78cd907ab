"""One kept answer as one string of bytes.

The layout::

    magic and format version (9 bytes) │ size of what follows the seal (8 bytes, big-endian)
    │ seal (32 bytes) │ joblib.dump of {header, codec, frozen}

The header is JSON, two documents of it: what a hit needs, and what only `explain` and people ask for.
So it can be read, and grow, without unpickling the answer. What joblib gets is bytes and arrays, never
object graphs, which its Python-level pickler would take 10 × as long for; bytes alone it writes as a
pickle without classes, which is read without it.
"""

from __future__ import annotations

import io
import json
import pickle
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar

from llm_memo.answers.usage import Usage
from llm_memo.codec.frozen import Frozen, Thawer, thawer
from llm_memo.errors import CorruptEntry, MemoWarning, UntrustedEntry
from llm_memo.identity.call_key import CallKey
from llm_memo.stores import seal

T = TypeVar("T")

FORMAT = 2
_NAME = b"llm_memo"
_MAGIC = _NAME + bytes([FORMAT])
_SEALED = len(_MAGIC) + 8
"""Bytes in front of the seal: it is over them, too."""
HEAD = _SEALED + seal.SIZE
"""Bytes in front of an entry's body."""
_WORTH_COMPRESSING = 10_000


class Refused(Exception):
    """The bytes are no entry of this user's."""

    category: type[MemoWarning] = CorruptEntry
    seen: tuple[int, int, int] | None = None
    """The signature of the file that they are from."""


class Damaged(Refused):
    """The bytes are not a whole entry."""


class NotOurs(Refused):
    """The bytes are not sealed with this user's key for this name."""

    category = UntrustedEntry


class Planted(Refused):
    """Something is in the place of an entry that llm_memo does not put there."""

    category = UntrustedEntry


class Newer(Exception):
    """The bytes were written in a format that this version does not know."""


@dataclass(slots=True, kw_only=True)
class Provenance:
    """What the call was made of, for `explain` and for people: a hit does without."""

    code: str = ""
    """The fingerprint, or the ``version=`` that stood in for it."""
    parts: dict[str, str] = field(default_factory=dict)
    """What the call is made of: name → digest."""
    previews: dict[str, str] = field(default_factory=dict)
    """The same, redacted and cut short: name → text."""
    texts: dict[str, str] = field(default_factory=dict)
    """Source of code and long values among them, redacted, as far as they fit 8,000 characters: name → text."""
    program: str = ""
    """The file that the function was in, or what stands for a REPL."""
    arguments: dict[str, str] = field(default_factory=dict)
    """The arguments as text, redacted and up to 4,000 characters each: name → text."""
    cut: list[str] = field(default_factory=list)
    """The names of the arguments that are longer than that."""


@dataclass(slots=True, kw_only=True)
class Header:
    """What an entry says of itself beside the answer; no secret, and no prompt longer than a preview."""

    function: str
    """The cached function's name."""
    created: float
    """When the answer came, in seconds since the epoch."""
    digest: str = ""
    """BLAKE2b of the call's canonical bytes: the file's name may be made up, this may not."""
    seconds: float = 0.0
    """How long the call took."""
    type: str = ""
    """The answer's type, by name."""
    usage: dict[str, Any] | None = None
    """Tokens and model, as far as the answer reports them."""
    sample: int = 0
    """Which of several independent answers to the call this is."""
    changes: Sequence[str] = ()
    """What the call changed of what its own key is made of; a hit does not make the change, and warns."""
    _provenance: Provenance | str = field(default_factory=Provenance, compare=False)

    @property
    def provenance(self) -> Provenance:
        """What the call was made of; of an entry that was read, parsed when it is first looked at."""
        if isinstance(self._provenance, str):
            self._provenance = _made(Provenance, _parse(self._provenance)[0])
        return self._provenance

    def to_json(self) -> bytes:
        """The header as two JSON documents, one after the other: what a hit needs, and `provenance`."""
        first = dict(zip(_FIELDS, _values(self), strict=True))
        second = dict(zip(_FIELDS_OF_PROVENANCE, _values_of_provenance(self.provenance), strict=True))
        return (_to_json(first) + _to_json(second)).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Header:
        """The header that ``text`` holds."""
        whole = text.decode()
        first, end = _parse(whole)
        return _made(cls, {**first, "changes": tuple(first.get("changes", ())), "_provenance": whole[end:]})


def _made(kind: type[T], content: dict[str, Any]) -> T:
    """A ``kind`` with these fields; those of other versions are passed over."""
    try:
        return kind(**content)
    except TypeError:
        known = {each.name for each in fields(kind)}  # type: ignore[arg-type]
        return kind(**{name: content[name] for name in content.keys() & known})


_NO_PROVENANCE = Provenance()
_FIELDS = [each.name for each in fields(Header) if each.name != "_provenance"]
_FIELDS_OF_PROVENANCE = [each.name for each in fields(Provenance)]
_values = attrgetter(*_FIELDS)
_values_of_provenance = attrgetter(*_FIELDS_OF_PROVENANCE)
_to_json = json.JSONEncoder(separators=(",", ":")).encode
_parse = json.JSONDecoder().raw_decode


@dataclass(slots=True)
class StoredEntry:
    """A kept answer, still frozen."""

    header: Header
    frozen: Frozen
    _usage: Usage | None = None
    _thawer: Thawer | None = None
    unshared: bool = False
    """Whether nobody else has this: then an array is given away as it is the first time."""

    def at_hand(self) -> StoredEntry:
        """This entry, now held in memory as well: without its provenance, which may be longer than the answer."""
        self.unshared = False
        self.header._provenance = _NO_PROVENANCE
        return self

    def thaw(self) -> Any:
        """The answer, made anew each time.

        Raises:
            UnknownClass: A class that it needs is not to be found, or has changed too much.
            Exception: It is damaged.
        """
        if self._thawer is None:
            self._thawer = thawer(self.frozen.codec)
            if self.unshared and self.frozen.codec == "array":
                return self.frozen.payload
        return self._thawer(self.frozen.payload)

    def answers(self, call_key: CallKey) -> bool:
        """Whether this is the answer to ``call_key``, and not to another that shares its key."""
        return self.header.digest == call_key.digest

    def expired(self, ttl: float | None) -> bool:
        """Whether the answer is ``ttl`` seconds old, or older; one from a clock's future is new."""
        return ttl is not None and max(time.time() - self.header.created, 0.0) >= ttl

    @property
    def usage(self) -> Usage | None:
        """The tokens that the answer took."""
        if self._usage is None and self.header.usage is not None:
            self._usage = Usage.from_dict(self.header.usage)
        return self._usage

    @property
    def size(self) -> int:
        """Bytes of the frozen answer."""
        payload = self.frozen.payload
        return len(payload) if isinstance(payload, bytes) else int(payload.nbytes)


def pack(name: str, entry: StoredEntry, key: bytes, compress: int = 0) -> tuple[bytes, bytes]:
    """Head and body of an entry called ``name``, sealed with ``key``."""
    content = {"header": entry.header.to_json(), "codec": entry.frozen.codec, "frozen": entry.frozen.payload}
    body = _dumped(content, compress if compress and entry.size > _WORTH_COMPRESSING else 0)
    return seal_anew(name, body, key), body


def seal_anew(name: str, body: bytes | memoryview, key: bytes) -> bytes:
    """The head of the entry called ``name`` with this body, sealed with ``key``."""
    start = _MAGIC + len(body).to_bytes(8, "big")
    return start + seal.sealed(key, start, name, body)


def _dumped(content: dict[str, Any], compress: int) -> bytes:
    if not compress and type(content["frozen"]) is bytes:  # joblib makes the same of it, in Python
        return pickle.dumps(content)
    try:
        import joblib
    except RuntimeError:  # at its very end the interpreter loads it no more: pickle's own dump is one that joblib reads
        return pickle.dumps(content)
    stream = io.BytesIO()
    joblib.dump(content, stream, compress=compress)
    return stream.getvalue()


def may_be(start: bytes) -> bool:
    """Whether a file that begins so is an entry of llm_memo's, or what a power cut has left of one."""
    return start.startswith(_NAME) or not start.strip(b"\0")


def check_head(head: bytes) -> None:
    """Look at what is in front of an entry's body.

    Raises:
        Damaged: It is cut short, or no entry at all.
        Newer: It has a format of a later version; the entry may be fine.
    """
    name, version = head[: len(_NAME)], head[len(_NAME) : len(_MAGIC)]
    if name != _NAME[: len(head)]:
        raise Damaged("it is no entry of llm_memo")
    if version and version[0] > FORMAT:
        raise Newer(f"it has format {version[0]}, and this version of llm_memo knows {FORMAT}")
    if version and version[0] < FORMAT:
        raise Damaged(f"it has format {version[0]}, from before llm_memo was released")
    if len(head) < HEAD:
        raise Damaged(f"it is cut short: {len(head)} bytes are left of it")


def check(name: str, head: bytes, body: bytes | memoryview, keys: Sequence[bytes]) -> int:
    """Check the entry called ``name``; nothing of it is unpickled. Returns which of the ``keys`` sealed it.

    Raises:
        Damaged: It is cut short, or no entry at all.
        Newer: It has a format of a later version; the entry may be fine.
        NotOurs: It was altered, or sealed with another key or for another name.
    """
    check_head(head)
    size = int.from_bytes(head[len(_MAGIC) : _SEALED], "big")
    if len(body) < size:
        raise Damaged(f"it is cut short: {len(head) + len(body):,} of {len(head) + size:,} bytes are left of it")
    for number, key in enumerate(keys):
        if seal.same(head[_SEALED:], seal.sealed(key, head[:_SEALED], name, body)):
            return number
    raise NotOurs("it is not sealed with your key for this place")


class _NotPlain(Exception):
    """There is more in it than text and bytes."""


class _Plain(pickle.Unpickler):
    """What joblib dumped of text and bytes alone is a pickle without classes, which C reads in a tenth of the time."""

    def find_class(self, module: str, name: str) -> Any:
        raise _NotPlain


def _content(body: bytes | memoryview) -> dict[str, Any]:
    stream = io.BytesIO(body)
    if body[:1] == pickle.PROTO:  # not compressed
        try:
            return _Plain(stream).load()  # type: ignore[no-any-return]
        except _NotPlain:
            stream.seek(0)
    import joblib

    return joblib.load(stream)  # type: ignore[no-any-return]


def unpack(name: str, head: bytes, body: bytes | memoryview, keys: Sequence[bytes]) -> StoredEntry:
    """The entry called ``name``; nothing of it is unpickled before its seal is checked.

    Raises:
        Damaged, Newer, NotOurs: As `check`.
        Exception: It is as it was written, and what it needs to be read is missing here.
    """
    check(name, head, body, keys)
    content = _content(body)
    return StoredEntry(Header.from_json(content["header"]), Frozen(content["codec"], content["frozen"]), unshared=True)
