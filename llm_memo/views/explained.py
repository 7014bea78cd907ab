"""The sheet of an explanation: what differs, then what counts, the largest concern first.

It fits a screen: the rest is folded into counts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from llm_memo.differences import Difference, marked_words
from llm_memo.display import amounts
from llm_memo.display.sheet import Block, Cell, Column, Note, Sheet, Span, Table, Tone, joined
from llm_memo.display.shown import shows
from llm_memo.explain import Concern, Explanation, Part

_OUTCOMES: dict[str, Tone] = {"hit": "good", "miss": "warn", "expired": "warn"}
_DIGITS = 8
"""How many digits of a digest are shown: enough to tell one from another."""
_DIFFERENCES, _LINES, _PARTS, _NAMES = 6, 12, 8, 4
"""How many differences, lines of changed code, parts, and names of what is left out are shown at most."""
_CONCERNS: tuple[Concern, ...] = ("arguments", "settings", "code", "helpers")
_COUNTED: dict[Concern, tuple[str, str]] = {
    "arguments": ("argument", "arguments"),
    "settings": ("prompt or setting", "prompts and settings"),
    "code": ("part of the code", "parts of the code"),
    "helpers": ("helper", "helpers"),
    "installed": ("installed function", "installed functions"),
}


@shows(Explanation)
def explanation_sheet(explanation: Explanation) -> Sheet:
    """One call's outcome; on a miss what differs from the nearest kept call; and what its key is made of."""
    title = joined(
        [
            Span(explanation.function, "strong"),
            Span(explanation.outcome, _OUTCOMES[explanation.outcome]),
            Span(f"key {explanation.key}", "dim"),
        ]
    )
    blocks = [*_differing(explanation), *_counting(explanation), *_left_out(explanation)]
    return Sheet(title, tuple(blocks))


def _differing(explanation: Explanation) -> Iterator[Block]:
    if explanation.outcome == "miss" and (explanation.rejected or not explanation.changes):
        yield Note(explanation.reason)
    if explanation.nearest is None or not explanation.changes:
        return
    ago = amounts.ago(max(time.time() - explanation.nearest.created, 0.0))
    shown, rest = explanation.changes[:_DIFFERENCES], explanation.changes[_DIFFERENCES:]
    code: dict[Difference, tuple[str, ...]] = {}
    left = _LINES
    for each in shown:
        if each.lines and left > 1:
            code[each] = each.lines[: left - 1]
            left -= len(each.lines) + 1
    values = [each for each in shown if each not in code]
    if values:
        columns = Column("changed"), Column(f"nearest kept call, {ago}", wide=True), Column("this call", wide=True)
        yield Table(columns, tuple((Span(each.name, "strong"), *_sides(each)) for each in values))
    for each, lines in code.items():
        yield Table((Column(str(each), wide=True),), tuple((_line(line),) for line in lines))
    if rest:
        yield Note(f"and {len(rest)} more: {', '.join(each.name for each in rest[:_NAMES])}")


def _line(line: str) -> Span:
    tones: dict[str, Tone] = {"-": "old", "+": "new"}
    return Span(line, tones.get(line[:1], "data"))


def _sides(difference: Difference) -> tuple[Cell, Cell]:
    """Both sides of a difference, with the words in which they differ marked."""
    before, now = difference.before, difference.now
    if before and now and before != now:
        return marked(before, now)
    return Span(before, "old" if before and not now else "data"), joined(
        [Span(difference.how, "dim"), Span(now, "new" if now and not before else "data")], " "
    )


def marked(before: str, after: str) -> tuple[Cell, Cell]:
    """Two texts, each with the words in which they differ marked, and the spaces between those."""
    old: list[Span] = []
    new: list[Span] = []
    for gone, come, same in marked_words(before, after):
        _append(old, Span(gone, "data" if same else "old"))
        _append(new, Span(come, "data" if same else "new"))
    return tuple(old), tuple(new)


def _append(spans: list[Span], span: Span) -> None:
    if spans and spans[-1].tone == span.tone:
        span = Span(spans.pop().text + span.text, span.tone)
    if span.text:
        spans.append(span)


def _counting(explanation: Explanation) -> Iterator[Block]:
    """What the key is made of beside that: what can be shown, up to a bound, and counts of the rest."""
    differing = {each.name for each in explanation.changes}
    parts = [part for part in explanation.parts if part.text not in differing]
    by_concern = {concern: [part for part in parts if part.concern == concern] for concern in _COUNTED}
    tells = [part for concern in _CONCERNS for part in by_concern[concern] if part.preview or concern == "code"]
    shown = tells[:_PARTS]
    columns = (Column("part"), Column("value", wide=True), Column("digest"))
    yield Table(columns, tuple((part.text, Span(part.preview, "data"), _digest(part)) for part in shown))
    counts = [
        f"{number} {_COUNTED[concern][number != 1]}"
        for concern, those in by_concern.items()
        if (number := _number(concern, [part for part in those if part not in shown]))
    ]
    if counts:
        yield Note(f"and {', '.join(counts)}")


def _number(concern: Concern, parts: list[Part]) -> int:
    """How many there are; a helper counts once, whatever counts of it."""
    return len({part.owner for part in parts} if concern == "helpers" else parts)


def _digest(part: Part) -> Span:
    return Span(part.digest[:_DIGITS], "dim")


def _left_out(explanation: Explanation) -> Iterator[Note]:
    untracked = list(explanation.untracked.items())
    for name, why in untracked[:_NAMES]:
        yield Note((Span("not tracked: "), Span(name, "data"), Span(f", {why}")))
    if len(untracked) > _NAMES:
        yield Note(f"not tracked: {len(untracked) - _NAMES} more")
    installed = [part.name for part in explanation.parts if part.concern == "installed"]
    if installed:
        names = ", ".join(dict.fromkeys(installed[:_NAMES]))
        more = f" and {len(installed) - _NAMES} more" if len(installed) > _NAMES else ""
        yield Note((Span("installed, counts by its name: "), Span(f"{names}{more}", "data")))
