"""Sheets as renderables of rich, for terminals where it is installed."""

from __future__ import annotations

from functools import singledispatch

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from llm_memo.display.plain import safe
from llm_memo.display.sheet import Bar, Beside, Block, Cell, Facts, Note, Passage, Sheet, Table, spans

_STYLES = {
    "": "", "data": "", "strong": "bold", "dim": "dim", "good": "green", "warn": "yellow", "bad": "red",
    "old": "red strike", "new": "green",
}  # fmt: skip
_BAR = 24


def rendered(sheet: Sheet) -> RenderableType:
    """The sheet as something that ``rich.print`` shows."""
    return Group(_text(sheet.title), *(Padding(_block(block), (0, 0, 0, 2)) for block in sheet.blocks))


def _text(cell: Cell) -> Text:
    return Text.assemble(*((safe(span.text), _STYLES[span.tone]) for span in spans(cell)))


@singledispatch
def _block(block: Block) -> RenderableType:
    raise NotImplementedError(block)


@_block.register
def _(table: Table) -> RenderableType:
    table = table.filled()
    grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in table.columns:
        one_line = column.brief or not column.wide
        grid.add_column(column.name, justify="right" if column.right else "left", no_wrap=one_line)
    for row in table.rows:
        grid.add_row(*map(_text, row))
    return grid


@_block.register
def _(facts: Facts) -> RenderableType:
    grid = Grid.grid(padding=(0, 2, 0, 0))
    for name, value in facts.rows:
        label = _text(name)
        label.stylize("dim")
        grid.add_row(label, _text(value))
    return grid


@_block.register
def _(bar: Bar) -> RenderableType:
    widths = bar.widths(_BAR)
    fills = "█" + "░" * len(widths)
    pieces = [
        (fill * width, _STYLES[tone]) for fill, width, (_, _, tone) in zip(fills, widths, bar.parts, strict=False)
    ]
    return Text.assemble(*pieces, "  ", bar.label)


@_block.register
def _(passage: Passage) -> RenderableType:
    return Group(Text(passage.label, "dim"), Text(safe(passage.text, lines=True)))


@_block.register
def _(note: Note) -> RenderableType:
    text = _text(note.text)
    text.stylize("dim")
    return text


@_block.register
def _(beside: Beside) -> RenderableType:
    grid = Grid.grid(padding=(0, 4, 0, 0), expand=False)
    grid.add_row(*(Group(*map(_block, blocks)) for blocks in (beside.left, beside.right)))
    return grid
