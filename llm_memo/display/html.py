"""Sheets as HTML: plain markup and one style, light and dark; no script, everything escaped.

Texts of the user's own are isolated, so that a right-to-left one turns nothing around it.
"""

from __future__ import annotations

import html
from functools import singledispatch

from llm_memo.display.sheet import Bar, Beside, Block, Cell, Facts, Note, Passage, Sheet, Span, Table, spans

_LIGHT = (
    "--line:#d8dee4;--dim:#656d76;--good:#1a7f37;--warn:#9a6700;--bad:#cf222e;--soft:#f6f8fa;"
    "--old:#ffebe9;--new:#dafbe1;--oldtext:#82071e;--newtext:#116329;--goodbar:#2da44e;--warnbar:#d4a72c"
)
_DARK = (
    "--line:#3d444d;--dim:#9198a1;--good:#3fb950;--warn:#d29922;--bad:#f85149;--soft:#ffffff0d;"
    "--old:#f851493d;--new:#2ea0433d;--oldtext:#ffb3ad;--newtext:#9be9a8;--goodbar:#2ea043;--warnbar:#bb8009"
)
_RULES = """
.llm-memo{font-size:13px;line-height:1.45;max-width:1100px;margin:4px 0}
.llm-memo header{margin:0 0 6px}
.llm-memo.llm-memo table{border-collapse:collapse;border:0;margin:4px 0 8px;font-size:12.5px;table-layout:auto}
.llm-memo.llm-memo :is(th,td){text-align:left;vertical-align:top;padding:3px 14px 3px 0;border:0;\
border-bottom:1px solid var(--line);background:none;color:inherit;white-space:nowrap;max-width:none}
.llm-memo.llm-memo tbody tr:nth-child(n){background:none}
.llm-memo.llm-memo thead th{font-weight:600;font-size:11.5px;color:var(--dim)}
.llm-memo.llm-memo :is(th,td).right{text-align:right;font-variant-numeric:tabular-nums}
.llm-memo.llm-memo td.wide{white-space:pre-wrap;overflow-wrap:anywhere;min-width:150px}
.llm-memo .brief>div{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:3;overflow:hidden}
.llm-memo.llm-memo .facts th{font-weight:400;color:var(--dim)}
.llm-memo.llm-memo .facts :is(th,td){border:0;padding:1px 14px 1px 0}
.llm-memo.llm-memo .facts td{white-space:pre-wrap;overflow-wrap:anywhere}
.llm-memo .beside{display:flex;flex-wrap:wrap;gap:4px 24px}
.llm-memo .beside>div{flex:1 1 320px;min-width:0}
.llm-memo .label,.llm-memo .note{color:var(--dim);font-size:12px}
.llm-memo .passage{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--soft);border:1px solid var(--line);\
border-radius:4px;padding:6px 10px;margin:2px 0 8px;max-height:24em;overflow:auto}
.llm-memo svg{vertical-align:middle;margin-right:10px;border-radius:3px}
.llm-memo .strong{font-weight:600}.llm-memo .dim{color:var(--dim)}
.llm-memo .good{color:var(--good);font-weight:600}.llm-memo .warn{color:var(--warn);font-weight:600}
.llm-memo .bad{color:var(--bad);font-weight:600}
.llm-memo .old{background:var(--old);color:var(--oldtext);text-decoration:none;border-radius:2px}
.llm-memo .new{background:var(--new);color:var(--newtext);text-decoration:none;border-radius:2px}
.llm-memo rect.good{fill:var(--goodbar)}.llm-memo rect.warn{fill:var(--warnbar)}.llm-memo rect.bad{fill:var(--bad)}
.llm-memo rect.strong{fill:var(--dim)}.llm-memo rect.dim{fill:var(--line)}
"""
_DARK_PLACES = ':is([data-jp-theme-light="false"],[data-theme="dark"],[theme="dark"],.vscode-dark)'
_LIGHT_PLACES = ':is([data-jp-theme-light="true"],[data-theme="light"],[theme="light"],.vscode-light)'
STYLE = (
    f".llm-memo{{{_LIGHT}}}\n@media (prefers-color-scheme:dark){{.llm-memo{{{_DARK}}}}}\n"
    f"{_LIGHT_PLACES} .llm-memo{{{_LIGHT}}}\n{_DARK_PLACES} .llm-memo{{{_DARK}}}{_RULES}"
)
"""The one style; a notebook's own theme, where it has one, goes before the browser's."""

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
        f'<div class="label">{escaped(passage.label)}</div>'
        f'<div class="passage" dir="auto">{escaped(passage.text)}</div>'
    )


@_block.register
def _(note: Note) -> str:
    return f'<div class="note">{_cell(note.text)}</div>'


@_block.register
def _(beside: Beside) -> str:
    left, right = ("".join(map(_block, blocks)) for blocks in (beside.left, beside.right))
    return f'<div class="beside"><div>{left}</div><div>{right}</div></div>'
