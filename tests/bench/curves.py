"""A picture of the curves: time by how much there is, both axes logarithmic, one panel for a few curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from .growth import exponent
from .table import Row, Table

_PANELS = (
    ("a hit of a function that reads", "growth-read-"),
    ("a hit with it given", "growth-given-"),
    ("a chat of so many messages", "growth-chat growth-request"),
    ("so many entries", "growth-hit growth-first growth-map growth-clear"),
    ("a first call that reaches so many functions", "growth-functions"),
)
"""Titles, and how the names of their rows begin."""
_WIDTH, _HEIGHT, _LEFT, _TOP, _PLOT = 760, 250, 60, 30, 300
_COLOURS = ("#0969da", "#1a7f37", "#bf3989", "#bc4c00", "#8250df")
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600; font-size: 13px }
.grid { stroke: #d0d7de } polyline { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .grid { stroke: #3d444d } }
"""


def draw(table: Table) -> str:
    """The curves of a table as SVG."""
    drawn: list[str] = []
    top = 0
    for title, names in _PANELS:
        rows = [row for row in table.rows if row.points and row.name.startswith(tuple(names.split()))]
        if rows:
            drawn += _panel(title, rows, top)
            top += _HEIGHT
    body = "\n".join(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" width="{_WIDTH}" height="{top}" '
        f'role="img" aria-label="How time grows with how much there is">\n<style>{_STYLE}</style>\n{body}\n</svg>\n'
    )


def _panel(title: str, rows: Sequence[Row], top: int) -> list[str]:
    sizes = [size for row in rows for size in row.points]
    times = [seconds for row in rows for seconds in row.points.values()]
    across = math.log10(min(sizes)), math.log10(max(sizes))
    up = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    height = _HEIGHT - _TOP - 40

    def place(size: float, seconds: float) -> tuple[float, float]:
        x = _LEFT + _PLOT * (math.log10(size) - across[0]) / (across[1] - across[0])
        y = top + _TOP + height * (up[1] - math.log10(seconds)) / max(up[1] - up[0], 1)
        return x, y

    drawn = [f'<text class="title" x="0" y="{top + 18}">{escape(title)}</text>']
    for power in range(up[0], up[1] + 1):
        x, y = place(10 ** across[0], 10.0**power)
        drawn.append(f'<line class="grid" x1="{x:.0f}" y1="{y:.1f}" x2="{x + _PLOT:.0f}" y2="{y:.1f}"/>')
        drawn.append(f'<text x="{x - 6:.0f}" y="{y + 4:.1f}" text-anchor="end">{_seconds(power)}</text>')
    for size in sorted(set(sizes)):
        x, y = place(size, 10.0 ** up[0])
        drawn.append(f'<text x="{x:.0f}" y="{y + 18:.1f}" text-anchor="middle">{size:,}</text>')
    for number, row in enumerate(rows):
        colour = _COLOURS[number % len(_COLOURS)]
        points = " ".join("{:.1f},{:.1f}".format(*place(*point)) for point in row.points.items())
        overall, last = exponent(row.points)
        words = f"{row.title.removeprefix('growth: ')}: {overall:.2f}, {last:.2f}"
        drawn.append(f'<polyline points="{points}" stroke="{colour}"/>')
        y = top + _TOP + 12 + 22 * number
        drawn.append(f'<rect x="{_LEFT + _PLOT + 16}" y="{y - 9}" width="10" height="10" fill="{colour}"/>')
        drawn.append(f'<text x="{_LEFT + _PLOT + 32}" y="{y}">{escape(words)}</text>')
    return drawn


def _seconds(power: int) -> str:
    unit, scale = ("s", 0) if power >= 0 else ("ms", 3) if power >= -3 else ("µs", 6)
    return f"{10 ** (power + scale):g} {unit}"
