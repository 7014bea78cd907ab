"""What the sheet of one call's explanation says: its parts, beside those of the nearest kept call."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from llm_memo.display import amounts
from llm_memo.display.sheet import Cell, Column, Note, Sheet, Span, Table, Tone, joined
from llm_memo.display.shown import shows
from llm_memo.explain import Explanation, Part
from llm_memo.stores.entry import Header

_OUTCOMES: dict[str, Tone] = {"hit": "good", "miss": "warn", "expired": "warn"}
_DIGITS = 8
"""So many digits of a digest tell one from another."""


@shows(Explanation)
def explanation_sheet(explanation: Explanation) -> Sheet:
    """One call's outcome and the parts of its question, which on a miss stand beside the nearest kept ones."""
    title = joined(
        [
            Span(explanation.function, "strong"),
            Span(explanation.outcome, _OUTCOMES[explanation.outcome]),
            Span(f"key {explanation.key}", "dim"),
        ]
    )
    nearest = explanation.nearest
    if nearest is not None and explanation.differences:
        return Sheet(title, (_compared(explanation.parts, nearest), *_untracked(explanation)))
    why = [Note(explanation.reason)] if explanation.outcome == "miss" else []
    return Sheet(title, (*why, _plain(explanation.parts), *_untracked(explanation)))


def _plain(parts: tuple[Part, ...]) -> Table:
    columns = (Column("part"), Column("value", wide=True), Column("digest"))
    return Table(columns, tuple((part.name, Span(part.preview, "data"), _digest(part.digest, "dim")) for part in parts))


def _compared(parts: tuple[Part, ...], nearest: Header) -> Table:
    ago = amounts.ago(max(time.time() - nearest.created, 0.0))
    columns = (
        Column("part"),
        Column(f"nearest kept call, {ago}", wide=True),
        Column("this call", wide=True),
        Column("digest"),
    )
    rows = tuple(
        (Span(each.name, "strong" if each.changed else "dim"), each.kept, each.now, _digest(each.digest, "dim"))
        for each in changes(parts, nearest)
    )
    return Table(columns, rows)


def _untracked(explanation: Explanation) -> Iterator[Note]:
    for name, why in explanation.untracked.items():
        yield Note((Span("not tracked: "), Span(name, "data"), Span(f", {why}")))


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a question, as it is in the nearest kept call and as it is now."""

    name: str
    kept: Cell
    now: Cell
    digest: str
    changed: bool = True


def changes(parts: tuple[Part, ...], nearest: Header) -> list[Change]:
    """Every part of a question beside that of the nearest kept call, the changed ones first."""
    now = {part.name: part for part in parts}
    names = [*now, *(name for name in nearest.provenance.parts if name not in now)]
    found = [_change(name, nearest, now.get(name)) for name in names]
    return sorted(found, key=lambda change: not change.changed)


def _change(name: str, nearest: Header, part: Part | None) -> Change:
    before, text = nearest.provenance.parts.get(name), nearest.provenance.previews.get(name, "")
    if part is None:
        return Change(name, Span(text, "old") if text else _digest(before, "old"), Span("gone", "dim"), "")
    if before is None:
        shown = Span(part.preview, "new") if part.preview else _digest(part.digest, "new")
        return Change(name, Span("not there", "dim"), shown, part.digest)
    if before == part.digest:
        return Change(name, Span("same", "dim"), Span(part.preview, "data"), part.digest, changed=False)
    if text != part.preview:
        return Change(name, *marked(text, part.preview), part.digest)
    # They differ where the previews do not reach, or have none.
    kept, now = _digest(before, "old"), _digest(part.digest, "new")
    return Change(name, joined([Span(text, "data"), kept], " "), joined([Span(text, "data"), now], " "), part.digest)


def _digest(digest: str | None, tone: Tone) -> Span:
    return Span((digest or "")[:_DIGITS], tone)


def marked(before: str, after: str) -> tuple[Cell, Cell]:
    """Two texts, each with the words in which they differ marked, and the spaces between those."""
    one, other = (re.findall(r"\w+|\s+|[^\w\s]", text) for text in (before, after))
    old: list[Span] = []
    new: list[Span] = []
    changes = SequenceMatcher(a=one, b=other, autojunk=False).get_opcodes()
    for place, (kind, start, end, begin, stop) in enumerate(changes):
        gone, come = "".join(one[start:end]), "".join(other[begin:stop])
        same = kind == "equal" and not (gone.isspace() and 0 < place < len(changes) - 1)
        _append(old, Span(gone, "data" if same else "old"))
        _append(new, Span(come, "data" if same else "new"))
    return tuple(old), tuple(new)


def _append(spans: list[Span], span: Span) -> None:
    if spans and spans[-1].tone == span.tone:
        span = Span(spans.pop().text + span.text, span.tone)
    if span.text:
        spans.append(span)
