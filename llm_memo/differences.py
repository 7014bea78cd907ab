"""What differs between a call and the nearest kept one: each thing that was edited, once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from itertools import takewhile
from typing import Any

from llm_memo.identity.parts import Parts
from llm_memo.identity.preview import LENGTH
from llm_memo.identity.scan.part import ASPECTS, Part, parsed
from llm_memo.stores.entry import Provenance


@dataclass(frozen=True)
class Difference:
    """One thing that differs, as it was kept and as it is now."""

    name: str
    """Such as ``"argument model"``, ``"code"``, ``"helper clean"``."""
    how: str
    """``"changed"``, ``"is new"``, ``"is gone"`` or ``"is now …"``."""
    before: str = ""
    """Its value in the kept call, redacted and cut short; "" where there is none to show."""
    now: str = ""
    lines: tuple[str, ...] = ()
    """For code that changed: the lines that were removed and added, as in a unified diff."""

    def __str__(self) -> str:
        if self.before and self.now and self.before != self.now:
            return f"{self.name}: {self.before} → {self.now}"
        return f"{self.name} {self.how}"


class _Comparison:
    """A kept call's parts beside those of now, by their texts."""

    def __init__(self, kept: Provenance, parts: Parts) -> None:
        self.kept = kept
        self.parts = parts
        self.typed = {part.text: part for part in parts.digests}
        self.now = {part.text: digest for part, digest in parts.digests.items()}
        self.shown = {part.text: text for part, text in parts.previews.items()}
        self.texts = [*self.now, *(text for text in kept.parts if text not in self.now)]
        self.changed = {text for text in self.texts if kept.parts.get(text) != self.now.get(text)} or {
            text for text in kept.parts if kept.previews.get(text, "") != self.shown.get(text, "")
        }
        gone = {kept.parts[text]: text for text in self.texts if text not in self.now}
        self.renamed = {
            text: gone[digest] for text, digest in self.now.items() if text not in kept.parts and digest in gone
        }
        """Text → what has the same digest and was called otherwise."""

    def differences(self) -> Iterator[Difference]:
        """Each once."""
        seen: set[object] = set()
        for text in self.texts:
            before, after = self.kept.parts.get(text), self.now.get(text)
            mark = self._leaf(text), before, after
            if text not in self.changed or text in self.renamed.values() or mark in seen:
                continue
            # The same value may be known to two modules, the same code stand under two decorated functions.
            seen.add(mark)
            if not self._follows(text):
                yield self._difference(text)

    def moved(self) -> list[Difference]:
        """Code that stands in another's place, where nothing else differs."""
        pairs = zip(self.kept.parts, self.now, strict=False)
        moved = [now for before, now in pairs if now != before and self._part(now).kind == "code"]
        return [Difference(", ".join(moved), "changed places")] if moved else []

    def _difference(self, text: str) -> Difference:
        old, new = self.kept.previews.get(text, ""), self.shown.get(text, "")
        if text in self.renamed:
            return Difference(self.renamed[text], f"is now {text}")
        if text not in self.kept.parts:
            return Difference(text, "is new", now=new)
        if text not in self.now:
            return Difference(text, "is gone", before=old)
        whole, whole_now = self._whole(text)
        if self._part(text).kind == "code":
            return Difference(text, "changed", lines=tuple(_diff(whole, whole_now)))
        if whole != whole_now and max(len(whole), len(whole_now)) > LENGTH:
            old, new = around_change(whole, whole_now)
        return Difference(text, "changed", old, new)

    def _whole(self, text: str) -> tuple[str, str]:
        """The text of a part as long as it was kept, and now."""
        kept, part = self.kept, self._part(text)
        before = kept.arguments.get(part.name) if text == f"argument {part.name}" else kept.texts.get(text)
        now = self.parts.text(self.typed[text]) if text in self.typed else ""
        return before or kept.previews.get(text, ""), now or self.shown.get(text, "")

    def _part(self, text: str) -> Part:
        return self.typed.get(text) or parsed(text)

    def _leaf(self, text: str) -> str:
        """The last name in a text, without the number of another of that name."""
        part = self._part(text)
        return _unnumbered(part.name or part.owner).rpartition(".")[2]

    def _tells(self, text: str) -> bool:
        """Whether its short text shows the change."""
        before, now = self._whole(text)
        return before != now

    def _follows(self, text: str) -> bool:
        """Whether a difference goes without saying, as another one says it."""
        part = self._part(text)
        if part.kind == "installed":  # what is called instead came as well
            return any(self._part(other).kind != "installed" for other in self.changed)
        if text not in self.kept.parts or text not in self.now:
            # It came, or went, with what it is a part of, or with an edit of the code that reads it.
            code = Part(part.owner, "code", "").text
            edited = code in self.changed and code in self.kept.parts and code in self.now
            return (edited and part.kind in _READ) or any(self._is_inside(text, other) for other in self.changed)
        if part.kind == "annotations":  # a field's definition tells its type
            return any(other.startswith(f"{part.owner}.") for other in self.changed)
        if any(text.startswith((f"{other}.", f"{other}[")) and self._tells(other) for other in self.changed):
            return True
        return any(
            self._rank(other) > self._rank(text)
            for other in self.changed & self.kept.parts.keys() & self.now.keys()
            if part.name and self._part(other).owner == part.owner and self._same_name(self._part(other), part)
        )

    def _same_name(self, one: Part, other: Part) -> bool:
        return _unnumbered(one.name) == _unnumbered(other.name)

    def _rank(self, text: str) -> tuple[bool, bool]:
        """How much a part tells of a change: one value may be seen whole, by its length, by its keys."""
        return self._tells(text), self._part(text).kind not in ASPECTS

    def _is_inside(self, text: str, other: str) -> bool:
        """Whether a part is an aspect, an attribute or an item of another: ``helper g: docstring`` of ``helper g``."""
        if text.startswith((f"{other}: ", f"{other}.", f"{other}[")):
            return True
        part, whole = self._part(text), self._part(other)
        below = part.name.startswith((f"{whole.name}[", f"{whole.name}."))
        return whole.kind in ASPECTS and bool(whole.name) and part.owner == whole.owner and below


def _unnumbered(name: str) -> str:
    return re.sub(r" \(\d+\)", "", name)


_READ = frozenset({"global", "closure", "default", "environment", "argument", "attribute", *ASPECTS})
"""Kinds of parts that code reads."""


def differences(kept: Provenance, parts: Parts) -> list[Difference]:
    """What differs, each thing that was edited once; what follows from another difference is left out."""
    comparison = _Comparison(kept, parts)
    return list(comparison.differences()) or comparison.moved()


def _diff(before: str | None, now: str | None) -> Iterator[str]:
    """The lines in which two texts differ, and one line around them."""
    if before != now and before and now:
        lines = list(unified_diff(before.splitlines(), now.splitlines(), n=1, lineterm=""))[2:]
        yield from ("…" if line.startswith("@@") else line for line in lines[1:])


_CONTEXT = 20
"""Characters that are shown before and after a change in a long text."""


def around_change(before: str, now: str) -> tuple[str, str]:
    """The parts of two long texts that differ, with a little around them, cut between words."""
    start = _same(zip(before, now, strict=False))
    end = _same(zip(before[start:][::-1], now[start:][::-1], strict=False))
    cut = max(0, start - _CONTEXT)
    cut = before.rfind(" ", 0, cut) + 1 if cut else 0
    sides = []
    for text in (before, now):
        stop = text.find(" ", len(text) - end + _CONTEXT)
        stop = len(text) if stop < 0 else stop
        side = text[cut : min(stop, cut + 2 * LENGTH)]
        sides.append("…" * bool(cut) + side + "…" * (cut + len(side) < len(text)))
    return sides[0], sides[1]


def _same(pairs: Iterable[tuple[str, str]]) -> int:
    """How many pairs there are before the first of two that differ."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def marked_words(before: str, after: str) -> Iterator[tuple[str, str, bool]]:
    """Two texts in pieces, cut between words: the piece of each, and whether they are the same."""
    from difflib import SequenceMatcher

    one, other = (re.findall(r"\w+|\s+|[^\w\s]", text) for text in (before, after))
    steps: Sequence[Any] = SequenceMatcher(a=one, b=other, autojunk=False).get_opcodes()
    for place, (kind, start, end, begin, stop) in enumerate(steps):
        gone, come = "".join(one[start:end]), "".join(other[begin:stop])
        yield gone, come, kind == "equal" and not (gone.isspace() and 0 < place < len(steps) - 1)
