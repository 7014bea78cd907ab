"""Sheets as HTML: plain markup and one style for light and dark pages; no script, everything escaped.

Texts of the user's own are isolated, so that a right-to-left one turns nothing around it.
"""

from __future__ import annotations

import html
from functools import singledispatch

from llm_memo.display.sheet import Bar, Beside, Block, Cell, Facts, Note, Passage, Sheet, Span, Table, spans

STYLE = """
.llm-memo{font-size:13px;line-height:1.45;max-width:1100px;margin:4px 0}
.llm-memo header{margin:0 0 6px}
.llm-memo.llm-memo table{border-collapse:collapse;border:0;margin:4px 0 8px;font-size:12.5px;table-layout:auto}
.llm-memo.llm-memo :is(th,td){text-align:left;vertical-align:top;padding:3px 14px 3px 0;border:0;\
border-bottom:1px solid #8884;background:none;color:inherit;white-space:nowrap;max-width:none}
.llm-memo.llm-memo tbody tr:nth-child(n){background:none}
.llm-memo.llm-memo thead th{font-weight:600;font-size:11.5px}
.llm-memo.llm-memo :is(th,td).right{text-align:right;font-variant-numeric:tabular-nums}
.llm-memo.llm-memo td.wide{white-space:pre-wrap;overflow-wrap:anywhere;min-width:150px}
.llm-memo .brief>div{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:3;overflow:hidden}
.llm-memo.llm-memo .facts th{font-weight:400}
.llm-memo.llm-memo .facts :is(th,td){border:0;padding:1px 14px 1px 0}
.llm-memo.llm-memo .facts td{white-space:pre-wrap;overflow-wrap:anywhere}
.llm-memo .beside{display:flex;flex-wrap:wrap;gap:4px 24px}
.llm-memo .beside>div{flex:1 1 320px;min-width:0}
.llm-memo :is(.naming,.note){font-size:12px}
.llm-memo :is(.naming,.note,.dim,.facts th,thead th){opacity:.72}
.llm-memo .note .dim{opacity:1}
.llm-memo .passage{white-space:pre-wrap;overflow-wrap:anywhere;background:#8881;border:1px solid #8884;\
border-radius:4px;padding:6px 10px;margin:2px 0 8px;max-height:24em;overflow:auto}
.llm-memo svg{vertical-align:middle;margin-right:10px;border-radius:3px}
.llm-memo .strong{font-weight:600}
.llm-memo :is(.good,.warn,.bad){font-weight:600;border-radius:3px;padding:0 5px}
.llm-memo :is(.old,.new){color:inherit;text-decoration:none;border-radius:2px}
.llm-memo :is(.good,.new){background:#2ea04344}.llm-memo .warn{background:#d2992244}
.llm-memo :is(.bad,.old){background:#f8514944}
.llm-memo rect.good{fill:#2ea043}.llm-memo rect.warn{fill:#d29922}.llm-memo rect.bad{fill:#f85149}
.llm-memo rect.strong{fill:#888}.llm-memo rect.dim{fill:#8886}
"""
"""The one style. It knows nothing of the page: text has the page's own colour, and whatever else is coloured lets
the page's ground through, so that both are read on any theme, also where the browser's differs from the page's."""

_TAGS = {"data": "bdi", "strong": "b", "old": "del", "new": "ins"}
_BAR = 200
"""Width of a bar, in pixels."""


def rendered(sheet: Sheet) -> str:
    """The sheet as HTML that can stand anywhere in a page."""
    blocks = "\n".join(map(_block, sheet.blocks))
    return f'<div class="llm-memo"><style>{STYLE}</style>\n<header>{_cell(sheet.title)}</header>\n{blocks}\n</div>'


def _cell(cell: Cell) -> str:
    return "".join(map(_span, spans(cell)))


def _span(span: Span) -> str:
    text = escaped(span.text)
    if not span.tone:
        return text
    tag = _TAGS.get(span.tone, "span")
    isolated = f"<bdi>{text}</bdi>" if span.tone in ("old", "new") else text
    return f'<{tag} class="{span.tone}">{isolated}</{tag}>'


def escaped(text: str) -> str:
    """A text that means in HTML, inside of elements and of attributes, what it says.

    Characters that no page can hold are replaced, those that turn the direction of text written out.
    """
    valid = text.translate(_INVALID).encode("utf-8", "replace").decode()
    return html.escape(valid)


_INVALID = {
    **dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127), "\N{REPLACEMENT CHARACTER}"),
    **{code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))},
}


@singledispatch
def _block(block: Block) -> str:
    raise NotImplementedError(block)


@_block.register
def _(table: Table) -> str:
    table = table.filled()
    kinds = [("right" * column.right, "wide" * column.wide, "brief" * column.brief) for column in table.columns]
    attributes = [f' class="{" ".join(filter(None, each))}"' if any(each) else "" for each in kinds]
    head = "".join(
        f"<th{attribute}>{escaped(column.name)}</th>"
        for attribute, column in zip(attributes, table.columns, strict=True)
    )
    rows = "\n".join(
        "<tr>"
        + "".join(f"<td{each}><div>{_cell(cell)}</div></td>" for each, cell in zip(attributes, row, strict=True))
        + "</tr>"
        for row in table.rows
    )
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table>" if table.rows else ""


@_block.register
def _(facts: Facts) -> str:
    rows = "\n".join(f"<tr><th>{_cell(name)}</th><td>{_cell(value)}</td></tr>" for name, value in facts.rows)
    return f'<table class="facts"><tbody>{rows}</tbody></table>'


@_block.register
def _(bar: Bar) -> str:
    rects, start = [], 0.0
    for text, number, tone in bar.parts:
        if number:
            width = _BAR * number / bar.whole
            rects.append(
                f'<rect class="{tone}" x="{start:.2f}" width="{width:.2f}" height="10">'
                f"<title>{escaped(text)}</title></rect>"
            )
            start += width
    label = escaped(bar.label)
    svg = f'<svg width="{_BAR}" height="10" role="img" aria-label="{label}">{"".join(rects)}</svg>'
    return f"<div>{svg}{label}</div>"


@_block.register
def _(passage: Passage) -> str:
    return (
        f'<div class="naming">{escaped(passage.label)}</div>'
        f'<div class="passage" dir="auto">{escaped(passage.text)}</div>'
    )


@_block.register
def _(note: Note) -> str:
    return f'<div class="note">{_cell(note.text)}</div>'


@_block.register
def _(beside: Beside) -> str:
    left, right = ("".join(map(_block, blocks)) for blocks in (beside.left, beside.right))
    return f'<div class="beside"><div>{left}</div><div>{right}</div></div>'
