"""Sheets as plain text, for pipes and for terminals without rich."""

from __future__ import annotations

import os
import shutil
import textwrap
import unicodedata
from collections.abc import Iterator
from functools import singledispatch
from typing import TextIO

from llm_memo.display.sheet import (
    Bar,
    Beside,
    Block,
    Cell,
    Column,
    Facts,
    Note,
    Passage,
    Sheet,
    Span,
    Table,
    spans,
)

_STYLES = {
    "strong": "1", "dim": "2", "good": "32", "warn": "33", "bad": "31", "old": "31", "new": "32",
}  # fmt: skip
_JOINERS = "\u200c\u200d"
_GAP = "  "
_INDENT = 2
"""Columns that a sheet's blocks are moved to the right."""
_BAR = 24
_LEAST = 12
"""Characters that a wide column has, however narrow the terminal."""
_READABLE, _READABLE_PROSE = 15, 24
"""Characters that a wide column, and one of prose, should have; spare columns are left out for that."""


class Ink:
    """How plain text is written: in which width, and whether with colour.

    Args:
        width: Characters of a line; None for lines of any length.
        colour: Whether tones become ANSI escapes.
    """

    def __init__(self, width: int | None = None, *, colour: bool = False) -> None:
        self.width = width
        self.colour = colour

    @classmethod
    def of(cls, stream: TextIO) -> Ink:
        """What suits ``stream``: a terminal's width and colour, unless ``NO_COLOR`` is set; else neither."""
        if not stream.isatty():
            return cls()
        colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return cls(shutil.get_terminal_size().columns, colour=colour)

    def __call__(self, cell: Cell) -> str:
        """A cell as text."""
        return "".join(self.span(span) for span in spans(cell))

    def span(self, span: Span) -> str:
        """A piece of text in its tone."""
        style = _STYLES.get(span.tone) if self.colour else None
        text = safe(span.text)
        return f"\033[{style}m{text}\033[0m" if style and text else text


def safe(text: str, *, lines: bool = False) -> str:
    """``text`` without what could steer a terminal: control and direction characters are written out.

    Args:
        text: Anything.
        lines: Keep line ends and tabs.
    """
    if text.isprintable():
        return text
    kept = _JOINERS + "\n\t" * lines
    return "".join(each if each.isprintable() or each in kept else _written_out(each) for each in text)


def _written_out(character: str) -> str:
    return character.encode("unicode_escape").decode()


def width(text: str) -> int:
    """How many columns of a terminal ``text`` takes."""
    if text.isascii():
        return len(text)
    return sum(_width(each) for each in text)


def _width(character: str) -> int:
    if unicodedata.combining(character) or character in _JOINERS or character == "\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(cell: Cell, limit: int) -> tuple[Span, ...]:
    """A cell that takes at most ``limit`` columns, ending in "…" if something is left out."""
    pieces = [Span(safe(span.text), span.tone) for span in spans(cell)]
    if sum(width(piece.text) for piece in pieces) <= limit:
        return tuple(pieces)
    kept: list[Span] = []
    left = limit - 1
    for text, tone in pieces:
        taken = _head(text, left)
        left -= width(taken)
        kept.append(Span(taken, tone))
        if taken != text:
            break
    return (*kept, Span("…", kept[-1].tone))


def _head(text: str, limit: int) -> str:
    for place, character in enumerate(text):
        limit -= _width(character)
        if limit < 0:
            return text[:place]
    return text


def _columns(cell: Cell) -> int:
    return sum(width(safe(span.text)) for span in spans(cell))


def rendered(sheet: Sheet, ink: Ink | None = None) -> str:
    """The sheet as lines of text, without a line end at the end."""
    ink = ink or Ink()
    body = (f"{' ' * _INDENT}{line}" for block in sheet.blocks for line in _lines(block, ink))
    return "\n".join([*map(ink, _wrapped(sheet.title, ink.width)), *body])


def _wrapped(cell: Cell, limit: int | None) -> list[tuple[Span, ...]]:
    """A cell in lines of at most ``limit`` columns, broken between its pieces; a piece alone may be longer."""
    lines: list[list[Span]] = [[]]
    for span in spans(cell):
        if limit is not None and lines[-1] and _columns((*lines[-1], span)) > limit:
            lines.append([Span("  ")])
            if not span.text.strip(" ·"):
                continue
        lines[-1].append(span)
    return list(map(tuple, lines))


def aligned(
    columns: tuple[Column, ...], rows: tuple[tuple[Cell, ...], ...], ink: Ink, margin: int = 0
) -> Iterator[str]:
    """A table's lines, the names of its columns first.

    To fit the ink's width, spare columns are left out, and the texts of wide ones cut.
    """
    if ink.width is not None:
        columns, rows = _without_spare(columns, rows, ink.width - margin)
    names = [Span(column.name, "dim") for column in columns]
    widths = [max(map(_columns, cells)) for cells in zip(names, *rows, strict=True)]
    if ink.width is not None:
        widths = _fitted(columns, widths, ink.width - margin - len(_GAP) * (len(widths) - 1))
    for row in (names, *rows):
        yield _GAP.join(
            _padded(cell, limit, column.right, ink) for column, limit, cell in zip(columns, widths, row, strict=True)
        ).rstrip()


def _without_spare(
    columns: tuple[Column, ...], rows: tuple[tuple[Cell, ...], ...], limit: int
) -> tuple[tuple[Column, ...], tuple[tuple[Cell, ...], ...]]:
    """The columns that fit, if wide ones are cut to what can be read still."""
    widths = [max(map(_columns, cells)) for cells in zip((column.name for column in columns), *rows, strict=True)]
    needed = [
        min(width, _READABLE_PROSE if column.brief else _READABLE) if column.wide else width
        for column, width in zip(columns, widths, strict=True)
    ]
    places = list(range(len(columns)))
    for place, column in enumerate(columns):
        if column.spare and sum(needed[each] for each in places) + len(_GAP) * (len(places) - 1) > limit:
            places.remove(place)
    return tuple(columns[place] for place in places), tuple(tuple(row[place] for place in places) for row in rows)


def _fitted(columns: tuple[Column, ...], widths: list[int], limit: int) -> list[int]:
    """The widths with the wide columns made smaller, the widest first, until all fit."""
    fitted = list(widths)
    wide = [place for place, column in enumerate(columns) if column.wide]
    while sum(fitted) > limit and wide:
        widest = max(wide, key=fitted.__getitem__)
        if fitted[widest] <= _LEAST:
            break
        fitted[widest] -= 1
    return fitted


def _padded(cell: Cell, limit: int, right: bool, ink: Ink) -> str:
    shown = cut(cell, limit)
    padding = " " * (limit - _columns(shown))
    return padding + ink(shown) if right else ink(shown) + padding


def _broken(cell: Cell, limit: int | None) -> list[tuple[Span, ...]]:
    """A cell in lines of at most ``limit`` columns, broken between its pieces and inside of them."""
    if limit is None:
        return [spans(cell)]
    pieces = (
        Span(line, span.tone)
        for span in spans(cell)
        for line in (textwrap.wrap(safe(span.text), limit, drop_whitespace=False) or [""])
    )
    return _wrapped(tuple(pieces), limit)


@singledispatch
def _lines(block: Block, ink: Ink) -> Iterator[str]:
    raise NotImplementedError(block)


@_lines.register
def _(table: Table, ink: Ink) -> Iterator[str]:
    table = table.filled()
    if table.rows:
        yield from aligned(table.columns, table.rows, ink, margin=_INDENT)


@_lines.register
def _(facts: Facts, ink: Ink) -> Iterator[str]:
    limit = max((_columns(name) for name, _ in facts.rows), default=0)
    for name, value in facts.rows:
        label = f"{ink(tuple(Span(text, 'dim') for text, _ in spans(name)))}{' ' * (limit - _columns(name))}"
        for line in _broken(value, ink.width and max(ink.width - _INDENT - limit - len(_GAP), _READABLE)):
            yield f"{label}{_GAP}{ink(line)}"
            label = " " * limit


@_lines.register
def _(bar: Bar, ink: Ink) -> Iterator[str]:
    pieces = zip(bar.widths(_BAR), bar.parts, strict=True)
    blocks = "".join(
        ink.span(Span(("█" if place == 0 else "░") * limit, tone)) for place, (limit, (_, _, tone)) in enumerate(pieces)
    )
    yield f"{blocks}  {bar.label}"


@_lines.register
def _(passage: Passage, ink: Ink) -> Iterator[str]:
    yield ink.span(Span(passage.label, "dim"))
    for line in safe(passage.text, lines=True).split("\n"):
        yield from [line] if ink.width is None else textwrap.wrap(line, ink.width - _INDENT) or [""]


@_lines.register
def _(note: Note, ink: Ink) -> Iterator[str]:
    quiet = tuple(Span(text, tone or "dim") for text, tone in spans(note.text))
    yield from map(ink, _broken(quiet, ink.width and ink.width - _INDENT))


@_lines.register
def _(beside: Beside, ink: Ink) -> Iterator[str]:
    for block in (*beside.left, *beside.right):
        yield from _lines(block, ink)
