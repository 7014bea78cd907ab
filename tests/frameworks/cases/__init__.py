"""Each SDK and framework that is tried: how it is made, asked and streamed, and what is known not to work.

Nothing is imported before it is tried.
"""

from __future__ import annotations

from cases import agents, chains, sdks
from cases.case import COLUMNS, Case

CASES: dict[str, Case] = {case.name: case for case in (*sdks.CASES, *chains.CASES, *agents.CASES)}
"""The rows of the table, by name."""

__all__ = ["CASES", "COLUMNS", "Case"]
