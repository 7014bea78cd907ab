"""One kept answer as one string of bytes.

The layout::

    magic and format version (9 bytes) │ seal (32 bytes) │ joblib.dump of {header, codec, frozen}

The header is JSON, so that it can be read, and grow, without unpickling the answer; what joblib
gets is bytes and arrays, never object graphs, which its Python-level pickler would take 10 × as
long for.
"""

from __future__ import annotations

import io
import json
import time
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from llm_memo.identity.key import Question
from llm_memo.stores import seal
from llm_memo.values.frozen import Frozen, Thawer, thawer
from llm_memo.values.usage import Usage

FORMAT = 1
_NAME = b"llm_memo"
_MAGIC = _NAME + bytes([FORMAT])
HEAD = len(_MAGIC) + seal.SIZE
"""Bytes in front of an entry's body."""
_WORTH_COMPRESSING = 10_000
_WORTH_REMEMBERING = 1_000
"""Up to so many bytes it is quicker to compare questions than their digests."""


class Damaged(Exception):
    """The bytes are not a whole entry."""


class NotOurs(Exception):
    """The bytes are not sealed with this user's key for this name."""


class Newer(Exception):
    """The bytes were written in a format that this version does not know."""


@dataclass(slots=True, kw_only=True)
class Header:
    """What an entry says of itself beside the answer; no secret, and no prompt longer than a preview."""

    function: str
    """The cached function's name."""
    created: float
    """When the answer came, in seconds since the epoch."""
    digest: str = ""
    """BLAKE2b of the question's canonical bytes: the file's name may be made up, this may not."""
    seconds: float = 0.0
    """How long the call took."""
    type: str = ""
    """The answer's type, by name."""
    usage: dict[str, Any] | None = None
    """Tokens and model, as far as the answer told."""
    sample: int = 0
    """Which of several independent answers to the question this is."""
    code: str = ""
    """The fingerprint, or the ``version=`` that stood in for it."""
    parts: dict[str, str] = field(default_factory=dict)
    """What the question is made of: name → digest."""
    previews: dict[str, str] = field(default_factory=dict)
    """The same, redacted and cut short, for people: name → text."""

    def to_json(self) -> bytes:
        """The header as UTF-8 JSON."""
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Header:
        """The header that ``text`` holds; fields of other versions are passed over."""
        known = {name.name for name in fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})


@dataclass(slots=True)
class Kept:
    """A kept answer, still frozen."""

    header: Header
    frozen: Frozen
    _canonical: bytes | None = None
    _usage: Usage | None = None
    _thawer: Thawer | None = None

    def thaw(self) -> Any:
        """The answer, made anew each time.

        Raises:
            UnknownClass: A class that it needs is not to be found, or has changed too much.
            Exception: It is damaged.
        """
        if self._thawer is None:
            self._thawer = thawer(self.frozen.codec)
        return self._thawer(self.frozen.payload)

    def answers(self, question: Question) -> bool:
        """Whether this is the answer to ``question``, and not to another that shares its key."""
        if self._canonical == question.canonical:
            return True
        if self.header.digest != question.digest:
            return False
        if len(question.canonical) <= _WORTH_REMEMBERING:
            self._canonical = question.canonical
        return True

    def expired(self, ttl: float | None) -> bool:
        """Whether the answer is ``ttl`` seconds old, or older; one from a clock's future is new."""
        return ttl is not None and max(time.time() - self.header.created, 0.0) >= ttl

    @property
    def usage(self) -> Usage | None:
        """The tokens that the answer took."""
        if self._usage is None and self.header.usage is not None:
            self._usage = Usage.from_dict(self.header.usage)
        return self._usage


def pack(name: str, kept: Kept, key: bytes, compress: int = 0) -> tuple[bytes, memoryview]:
    """Head and body of an entry called ``name``, sealed with ``key``."""
    import joblib

    stream = io.BytesIO()
    codec, frozen = kept.frozen
    size = frozen.nbytes if hasattr(frozen, "nbytes") else len(frozen)
    level = compress if size > _WORTH_COMPRESSING else 0
    joblib.dump({"header": kept.header.to_json(), "codec": codec, "frozen": frozen}, stream, compress=level)
    body = stream.getbuffer()
    return _MAGIC + seal.sealed(key, _MAGIC, name.encode(), body), body


def unpack(name: str, head: bytes, body: bytes, key: bytes) -> Kept:
    """The entry called ``name`` that was read; nothing is unpickled before its seal is checked.

    Raises:
        Damaged: Cut short, or no entry at all.
        Newer: A format of a later version; the bytes may be fine.
        NotOurs: Altered, sealed with another key, or an entry of another name.
    """
    if len(head) < HEAD or not head.startswith(_NAME):
        raise Damaged("it is cut short or is not an entry")
    magic = head[: len(_MAGIC)]
    if magic[-1] > FORMAT:
        raise Newer(f"it has format {magic[-1]}, this version knows {FORMAT}")
    if not seal.same(head[len(_MAGIC) :], seal.sealed(key, magic, name.encode(), body)):
        raise NotOurs("its seal was not made with this user's key for this name")
    import joblib

    content = joblib.load(io.BytesIO(body))
    return Kept(Header.from_json(content["header"]), Frozen(content["codec"], content["frozen"]))
