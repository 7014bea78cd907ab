"""The sheets of an entry, of entries and of a folder."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from llm_memo.answers.price import price
from llm_memo.answers.text import answer_text
from llm_memo.answers.usage import Usage
from llm_memo.cache import Cache
from llm_memo.display import amounts
from llm_memo.display.sheet import Beside, Cell, Column, Facts, Note, Passage, Sheet, Span, Table, joined, says
from llm_memo.display.shown import shows
from llm_memo.entries import Entry
from llm_memo.views.folder import Sum, by_folder, by_function, shown_path, summed

ROWS = 50
"""Rows of a table, at most."""
_ANSWER = 4_000
_ANSWER_IN_ROW = 160
_ARGUMENTS_IN_ROW = 160
"""Characters that are shown of a text, at most."""
_READ = 64_000_000
_READ_IN_ROW = 1_000_000
"""Entries of more bytes are not read only to be shown."""
_GLANCE = 10_000
"""Reading this many entries takes about a second."""


@shows(Entry)
def entry_sheet(entry: Entry, *, whole: bool = False) -> Sheet:
    """One entry: its arguments beside its answer, what it cost, and what its key is made of.

    Args:
        entry: The entry.
        whole: Show all of the answer, however long it is.
    """
    header = entry.header
    usage = Usage.from_dict(header.usage) if header.usage is not None else None
    arguments = [(Span(name), Span(text, "data")) for name, text in header.provenance.arguments.items()]
    others = [name for name in header.provenance.parts if not name.startswith("argument ")]
    facts: list[tuple[Cell, Cell]] = [
        ("created", joined([f"{entry.created:%Y-%m-%d %H:%M:%S}", Span(amounts.ago(entry.age), "dim")])),
        ("the call took", amounts.duration(entry.seconds)),
        ("model", Span(entry.model or "", "data")),
        ("tokens", _tokens(usage)),
        ("cost", amounts.money(price(usage)) if usage else ""),
        ("answer", joined([Span(entry.type, "data"), amounts.size(entry.size)])),
        ("sample", str(entry.sample) if entry.sample else ""),
        ("code", Span("earlier code, which no call finds now", "warn") if entry.stale_code else ""),
        ("key", Span(entry.key, "dim")),
    ]
    parts = [
        (Span(name), Span(header.provenance.previews.get(name, ""), "data"), Span(header.provenance.parts[name], "dim"))
        for name in others
    ]
    return Sheet(
        joined([Span(entry.function, "strong"), Span(f"kept {amounts.ago(entry.age)}", "dim")]),
        (
            Beside(
                (Facts(tuple(arguments)),),
                (Passage("answer", _answer(entry, *(sys.maxsize, sys.maxsize) if whole else (_ANSWER, _READ))),),
            ),
            Facts(tuple(fact for fact in facts if says(fact[1]))),
            Table((Column("depends on"), Column("value", wide=True), Column("digest")), tuple(parts)),
        ),
    )


@shows(list)
def _list_sheet(entries: Sequence[Entry]) -> Sheet:
    return entries_sheet(entries, getattr(entries, "ttl", None))


def entries_sheet(entries: Sequence[Entry], ttl: float | None = None, rows: int = ROWS) -> Sheet:
    """A table of entries, as they come.

    Args:
        entries: The entries.
        ttl: How old an answer may be, in seconds; older ones are marked as expired.
        rows: Show at most this many.
    """
    total = summed(entries)
    several = len({entry.function for entry in entries}) > 1
    earlier = any(entry.stale_code for entry in entries)
    columns = [
        Column("when", spare=True),
        Column("age", right=True),
        *([Column("function", wide=True)] if several else []),
        Column("arguments", wide=True, brief=True),
        Column("answer", wide=True, brief=True),
        Column("model", spare=True),
        Column("tokens", right=True),
        Column("size", right=True, spare=True),
        *([Column("state")] if ttl is not None or earlier else []),
    ]
    shown = tuple(_row(entry, several, _state(entry, ttl, earlier)) for entry in entries[:rows])
    title = joined(
        [
            Span(amounts.count(total.entries, "entry"), "strong"),
            "" if several or not entries else Span(entries[0].function, "strong"),
            amounts.size(total.bytes) if total.entries else "",
            *_cost(total),
        ]
    )
    more = Note(f"… and {amounts.count(total.entries - rows, 'more entry', 'more entries')}; all: pandas.DataFrame(…)")
    return Sheet(title, (Table(tuple(columns), shown), *([more] if total.entries > rows else [])))


@shows(Cache)
def cache_sheet(cache: Cache, most: int | None = _GLANCE) -> Sheet:
    """A folder: a row for each function.

    Args:
        cache: The folder.
        most: Of a folder with more entries, only count them; None: read them all, however many.
    """
    glance = most is not None and cache.info().entries > most
    sums = by_folder(cache) if glance else by_function(cache)
    rows = [
        (
            Span(name, "data"),
            f"{found.entries:,}",
            amounts.size(found.bytes),
            Span(amounts.ago(max(time.time() - found.latest, 0)), "dim"),
            "" if glance else amounts.duration(found.seconds),
            "" if found.tokens is None else f"{found.tokens:,}",
            amounts.money(found.money),
        )
        for name, found in sums.items()
    ]
    columns = [
        Column("function", wide=True),
        *(Column(name, right=True) for name in ("entries", "size")),
        *(Column(name, right=True, spare=True) for name in ("latest", "time paid")),
        *(Column(name, right=True) for name in ("tokens paid", "cost")),
    ]
    entries = sum(found.entries for found in sums.values())
    title = joined(
        [
            Span("Cache", "strong"),
            Span(shown_path(cache.path), "data"),
            amounts.count(entries, "entry"),
            amounts.size(sum(found.bytes for found in sums.values())),
        ]
    )
    notes = [Note("what they cost: llm-memo info")] if glance else []
    if len(rows) > ROWS:
        notes.insert(0, Note(f"… and {amounts.count(len(rows) - ROWS, 'more function')}"))
    return Sheet(title, (Table(tuple(columns), tuple(rows[:ROWS])), *notes))


def _state(entry: Entry, ttl: float | None, earlier: bool) -> Cell:
    """Whether a call would find the entry; "" if that goes without saying."""
    if entry.stale_code:
        return Span("earlier code", "dim")
    if ttl is not None and entry.age >= ttl:
        return Span("expired", "warn")
    return Span("present code" if earlier else "fresh" if ttl is not None else "", "good")


def _row(entry: Entry, several: bool, state: Cell) -> tuple[Cell, ...]:
    sample = Span(f"sample {entry.sample}", "dim") if entry.sample else ""
    return (
        Span(f"{entry.created:%d %b %H:%M}", "dim"),
        amounts.age(entry.age),
        *([Span(entry.function, "data")] if several else []),
        joined([Span(_cut(entry.arguments, _ARGUMENTS_IN_ROW), "data"), sample]),
        Span(" ".join(_answer(entry, _ANSWER_IN_ROW, _READ_IN_ROW).split()), "data"),
        Span(entry.model or "", "data"),
        "" if entry.input_tokens is None else f"{entry.input_tokens + (entry.output_tokens or 0):,}",
        amounts.size(entry.size),
        *([state] if says(state) else []),
    )


def _answer(entry: Entry, most: int, read: int) -> str:
    if entry.size > read:
        return f"({entry.type} of {amounts.size(entry.size)})"
    try:
        return answer_text(entry.data, most)
    except LookupError:
        return "(it cannot be read)"


def _tokens(usage: Usage | None) -> str:
    return f"{usage.input_tokens:,} in, {usage.output_tokens:,} out" if usage is not None else ""


def _cost(total: Sum) -> list[Cell]:
    return [
        f"{total.tokens:,} tokens" if total.tokens is not None else "",
        f"{amounts.duration(total.seconds)} of calls" if total.entries else "",
        amounts.money(total.money),
    ]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
