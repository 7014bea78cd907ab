"""Rows: what each contestant took, what is to be reached, and whether it is."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .contestant import Contestant
from .contestants import EVERY
from .timing import Figure

OURS = "llm_memo"


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure of ours is to reach."""

    limit: float
    """A factor of the peer's figure, or without a peer a figure."""
    peer: str = ""
    least: bool = False
    """Whether the limit is the least that is asked for, not the most."""

    def judge(self, row: Row) -> tuple[str, bool] | None:
        """In words and in short; None when the peer is not here to be compared with."""
        ours = row.figures[OURS].value
        if not self.peer:
            reached = ours >= self.limit if self.least else ours <= self.limit
            word = "at least" if self.least else "at most"
            return f"{word} {number(self.limit)} {row.unit}", reached
        if self.peer not in row.figures:
            return None
        ratio = ours / row.figures[self.peer].value
        return f"{ratio:.{3 if self.limit < 0.1 else 2}f} of {self.limit:g} × {self.peer}", ratio <= self.limit


@dataclass(slots=True)
class Row:
    """One piece of work."""

    name: str
    """As ``--only`` takes it."""
    title: str
    unit: str
    figures: dict[str, Figure]
    """By contestant."""
    goals: tuple[Goal, ...] = ()
    note: str = ""
    points: dict[int, float] = field(default_factory=dict)
    """Of a curve: how much there was → seconds."""

    def judged(self) -> list[tuple[str, bool]]:
        """Each goal in words, and whether it is reached."""
        return [found for goal in self.goals if (found := goal.judge(self)) is not None]

    def verdict(self) -> str:
        """All goals in one cell; "" where none is set."""
        return ", ".join(f"{words}: {'reached' if reached else 'NOT reached'}" for words, reached in self.judged())


def number(value: float) -> str:
    """A figure as people read it: two digits that count, or whole."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


@dataclass
class Table:
    """The rows of one run."""

    contestants: Sequence[type[Contestant]]
    rows: list[Row] = field(default_factory=list)

    def lines(self, rows: Iterable[Row] | None = None) -> list[str]:
        """The table as Markdown, its columns in line."""
        rows = list(self.rows if rows is None else rows)
        known = [kind.name for kind in EVERY if kind in self.contestants]
        named = dict.fromkeys([*known, *(name for row in rows for name in row.figures)])
        names = [name for name in named if any(name in row.figures for row in rows)]
        cells = [["work", "unit", *names, "to reach"]]
        for row in rows:
            figures = [number(row.figures[name].value) if name in row.figures else "" for name in names]
            cells.append([row.title, row.unit, *figures, row.verdict()])
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        cells.insert(
            1,
            ["-" * widths[0], "-" * widths[1], *("-" * (width - 1) + ":" for width in widths[2:-1]), "-" * widths[-1]],
        )
        return [
            "| "
            + " | ".join(
                _justified(cell, width, 2 <= place < len(line) - 1)
                for place, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            + " |"
            for line in cells
        ]

    def notes(self) -> list[str]:
        """What is to be said of single rows."""
        return [f"{row.title}: {row.note}" for row in self.rows if row.note]

    def score(self) -> str:
        """How many goals are reached."""
        judged = [reached for row in self.rows for _, reached in row.judged()]
        return f"{sum(judged)} of {len(judged)} goals reached"

    def machine(self) -> str:
        """What it ran on and with, in one line."""
        versions = [f"{kind.name} {kind.version()}" for kind in self.contestants if kind.package]
        system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
        return f"{system}, Python {platform.python_version()}; {', '.join(versions)}; openai {_version('openai')}"

    def to_json(self) -> dict[str, Any]:
        """Everything, with quartiles."""
        rows = [
            {**asdict(row), "goals": [{"goal": words, "reached": reached} for words, reached in row.judged()]}
            for row in self.rows
        ]
        return {"machine": self.machine(), "load": _load(), "rows": rows}

    def write(self, path: Path) -> None:
        """Write `to_json` to a file."""
        path.write_text(json.dumps(self.to_json(), indent=1, ensure_ascii=False) + "\n")


def _justified(cell: str, width: int, right: bool) -> str:
    return cell.rjust(width) if right else cell.ljust(width)


def _version(package: str) -> str:
    return importlib.metadata.version(package)


def _load() -> float | None:
    return os.getloadavg()[0] if sys.platform != "win32" else None


def one_each(figures: Mapping[str, float]) -> dict[str, Figure]:
    """Figures that were measured once."""
    return {name: Figure(value, value, value, 1) for name, value in figures.items()}
