"""A picture of the table for the README: bars from nought, each piece of work on a scale of its own."""

from __future__ import annotations

from html import escape

from .table import OURS, Row, Table, number

SHOWN = ("hit-text", "hit-chat", "hit-large", "first", "miss-chat")
_WIDTH, _LEFT, _BAR, _LINE, _HEAD = 760, 120, 500, 18, 30
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600 } .figure { font-size: 12px }
rect { fill: #afb8c1 } rect.ours { fill: #1a7f37 } text.ours { font-weight: 600 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } rect { fill: #6e7681 } rect.ours { fill: #3fb950 } }
"""


def draw(table: Table, shown: tuple[str, ...] = SHOWN) -> str:
    """The rows ``shown`` as SVG."""
    drawn: list[str] = []
    y = 0
    for row in table.rows:
        if row.name in shown and row.unit == "µs":
            drawn += _row(row, y)
            y += _HEAD + _LINE * len(row.figures) + 10
    body = "\n".join(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" width="{_WIDTH}" height="{y}" '
        f'role="img" aria-label="How long calls take, less is better">\n<style>{_STYLE}</style>\n{body}\n</svg>\n'
    )


def _row(row: Row, y: int) -> list[str]:
    drawn = [f'<text class="title" x="0" y="{y + 20}">{escape(row.title)} ({escape(row.unit)}, less is better)</text>']
    most = max(figure.value for figure in row.figures.values()) or 1.0
    for place, (name, figure) in enumerate(sorted(row.figures.items(), key=lambda item: item[1].value)):
        top = y + _HEAD + place * _LINE
        ours = ' class="ours"' if name == OURS else ""
        long = max(1.0, _BAR * figure.value / most)
        drawn += [
            f'<text{ours} x="{_LEFT - 8}" y="{top + 12}" text-anchor="end">{escape(name)}</text>',
            f'<rect{ours} x="{_LEFT}" y="{top + 1}" width="{long:.1f}" height="{_LINE - 5}" rx="2"/>',
            f'<text class="figure" x="{_LEFT + long + 6:.1f}" y="{top + 12}">{number(figure.value)}</text>',
        ]
    return drawn
