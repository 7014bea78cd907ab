"""What a call is made of, part by part: what `explain` shows, and an entry's header keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from llm_memo.identity.preview import LENGTH, preview
from llm_memo.identity.scan.part import Kept, Part, text_of

if TYPE_CHECKING:
    from llm_memo.identity.fingerprint import Snapshot

_TEXTS, _LITTLE = 8_000, 100
"""Characters of source and long texts that an entry keeps, at most; with so few left no more are looked for."""


class Parts:
    """What a call is made of, part by part: digests, short texts, and whole ones of code and long values."""

    def __init__(self) -> None:
        self.digests: dict[Part, str] = {}
        self.previews: dict[Part, str] = {}
        self._texts: dict[Part, str] = {}
        self._sources: dict[Part, tuple[Snapshot, Part]] = {}
        self._snapshots = 0
        self._alone: Snapshot | None = None
        """The one snapshot whose parts are here, behind those of arguments; None if there is none, or another."""
        self.arguments: dict[str, str] = {}
        """The arguments as text, redacted and up to 4,000 characters each: name → text."""
        self.cut: list[str] = []
        """The names of the arguments that are longer than that."""

    def add(self, part: Part, digest: str, shown: str | None = None, text: str | None = None) -> Part:
        """Add a part, and return it; another one of the same name gets a number."""
        wanted, number = part, 1
        while self.digests.setdefault(part, digest) != digest:
            number += 1
            part = wanted.numbered(number)
        if shown is not None:
            self.previews.setdefault(part, shown)
        if text is not None:
            self._texts.setdefault(part, text)
        return part

    def add_argument(self, name: str, value: object, digest: str, inside: Iterable[Snapshot]) -> None:
        """Add an argument with a digest of its bytes, and the code and instances of one's own inside of it."""
        text = self.arguments[name]
        shown = text if type(value) is str and len(text) <= LENGTH else preview(value, name)
        self.add(Part("", "argument", name), digest, shown)
        for snapshot in inside:
            self.add_all(snapshot, f"argument {name}")

    def add_all(self, snapshot: Snapshot, inside: str = "") -> None:
        """Add the parts of a snapshot, of something that is ``inside`` of an argument, perhaps."""
        previews, texts = snapshot.previews, snapshot.texts
        whole = not inside and self.digests.keys().isdisjoint(snapshot.parts)
        self._alone = snapshot if whole and not self._snapshots else None
        self._snapshots += 1
        if whole:
            self.digests.update(snapshot.parts)
            self.previews.update(previews)
            self._texts.update(texts)
            self._sources.update({part: (snapshot, part) for part in snapshot.code})
            return
        for part, digest in snapshot.parts.items():
            there = part._replace(owner=f"{inside}: {part.owner}".removesuffix(": ")) if inside else part
            there = self.add(there, digest, previews.get(part), texts.get(part))
            if part in snapshot.code:
                self._sources.setdefault(there, (snapshot, part))

    def text(self, part: Part) -> str:
        """The source of a function that is followed, the text of an argument or of a long value; "" of other parts."""
        if part in self._sources:
            snapshot, there = self._sources[part]
            return snapshot.source(there)
        if part.kind == "argument" and not part.owner:
            return self.arguments.get(part.name, "")
        return self._texts.get(part, "")

    def kept(self) -> Kept:
        """What an entry keeps; of the code and what it reads, which are the same with each miss, it is made once."""
        alone = self._alone
        if alone is None:
            return _by_text(self.digests), _by_text(self.previews), self._kept_texts()
        if alone.kept is None:
            alone.kept = _by_text(alone.parts), _by_text(alone.previews), self._kept_texts()
        digests, previews, texts = alone.kept
        own = _by_text(self.digests, len(self.digests) - len(alone.parts))
        return own | digests, _by_text(self.previews, len(self.previews) - len(alone.previews)) | previews, texts

    def _kept_texts(self) -> dict[str, str]:
        """As much of source and long texts as an entry keeps, by part; the function's own come first."""
        own: dict[Part, None] = {}
        others: dict[Part, None] = {}
        for part in (*self._sources, *self._texts):
            (others if part.owner else own)[part] = None
        kept, left = {}, _TEXTS
        for part in (*own, *others):
            if left <= _LITTLE:
                break
            text = self.text(part)
            if 0 < len(text) <= left:
                kept[text_of(part)] = text
                left -= len(text)
        return kept


def _by_text(texts: Mapping[Part, str], first: int | None = None) -> dict[str, str]:
    """What there is of the ``first`` parts, or of all, by their texts."""
    return dict(zip(map(text_of, islice(texts, first)), texts.values(), strict=False))


def short_digest(data: bytes) -> str:
    """A digest to tell one part from another: 8 bytes of BLAKE2b, in hex."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()
