"""What there is to see of a thing, before it takes a form: HTML, rich or plain text.

A sheet is a title and blocks below it. Texts in it are as they are: whatever form they take has to
escape them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

Tone = Literal["", "data", "strong", "dim", "good", "warn", "bad", "old", "new"]
"""What a text is: ours (``""``, louder or quieter), the user's own (``"data"``), or news."""


class Span(NamedTuple):
    """A piece of text in one tone."""

    text: str
    tone: Tone = ""


Cell = str | Span | tuple[Span, ...]
"""A line of text; a ``str`` has no tone."""


def spans(cell: Cell) -> tuple[Span, ...]:
    """The pieces of a cell."""
    if isinstance(cell, str):
        return (Span(cell),)
    return (cell,) if isinstance(cell, Span) else cell


def joined(cells: Iterable[Cell], between: str = " · ") -> tuple[Span, ...]:
    """Some cells in one, those without text left out."""
    pieces: list[Span] = []
    for cell in cells:
        if says(cell):
            pieces += [Span(between, "dim"), *spans(cell)] if pieces else spans(cell)
    return tuple(pieces)


def says(cell: Cell) -> bool:
    """Whether there is any text in a cell."""
    return any(span.text for span in spans(cell))


class Column(NamedTuple):
    """A table's column."""

    name: str
    right: bool = False
    """Whether it is aligned to the right, as numbers are."""
    wide: bool = False
    """Whether its texts may be long: such columns share the width that the others leave."""
    brief: bool = False
    """Whether a beginning of its texts will do, where not all fit."""
    spare: bool = False
    """Whether it is left out where not all fit; the first of several goes first."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def filled(self) -> Table:
        """The same without the columns in which no row has a text."""
        full = [place for place in range(len(self.columns)) if any(says(row[place]) for row in self.rows)]
        return Table(
            tuple(self.columns[place] for place in full),
            tuple(tuple(row[place] for place in full) for row in self.rows),
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they are."""

    rows: tuple[tuple[Cell, Cell], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """Counts as parts of a whole: each as text (``"8 hits"``), as number, and its tone."""

    parts: tuple[tuple[str, int, Tone], ...]

    @property
    def whole(self) -> int:
        """The sum of all parts."""
        return sum(number for _, number, _ in self.parts)

    @property
    def label(self) -> str:
        """``"8 hits, 4 misses"``."""
        return ", ".join(text for text, number, _ in self.parts if number)

    def widths(self, limit: int) -> list[int]:
        """How many of ``limit`` characters each part takes; one that is there takes at least one."""
        edges = [0]
        for _, number, _ in self.parts:
            edges.append(edges[-1] + number)
        ends = [round(limit * edge / max(self.whole, 1)) for edge in edges]
        sizes = [end - start for start, end in pairwise(ends)]
        return [max(size, 1) if number else 0 for size, (_, number, _) in zip(sizes, self.parts, strict=True)]


@dataclass(frozen=True, slots=True)
class Passage:
    """A text of the user's own, of any length and several lines."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """One line, said quietly."""

    text: Cell


@dataclass(frozen=True, slots=True)
class Beside:
    """Two groups of blocks, side by side where they fit."""

    left: tuple[Block, ...]
    right: tuple[Block, ...]


Block = Table | Facts | Bar | Passage | Note | Beside


@dataclass(frozen=True, slots=True)
class Sheet:
    """A title, and what is below it."""

    title: Cell
    blocks: tuple[Block, ...]
