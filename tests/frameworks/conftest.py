"""A cache folder and a server of each test's own; the table of what holds, printed at the end.

It is here, and not in the folder above, so that these tests run where only an SDK and pytest are installed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("columns")
from answering import Answering  # noqa: E402


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's own takes part in a test."""
    for variable in list(os.environ):
        if variable.startswith(("LLM_MEMO_", "OPENAI_", "ANTHROPIC_", "GOOGLE_", "GEMINI_")):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("LLM_MEMO_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))


@pytest.fixture
def answering() -> Iterator[Answering]:
    """The providers."""
    running = Answering()
    yield running
    running.close()


CELLS: dict[tuple[str, str], str] = {}
"""(row, column) → how its test ended, in this run."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    cell = getattr(getattr(item, "callspec", None), "params", {})
    if {"name", "column"} <= cell.keys() and (report.when == "call" or report.failed):
        how = "reason" if hasattr(report, "wasxfail") and report.skipped else report.outcome
        CELLS[cell["name"], cell["column"]] = how
    return report


MARKS = {"passed": "✓", "failed": "✗", "reason": "–"}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table: what holds, what fails, and what has a reason on the page."""
    columns = list(dict.fromkeys(column for _, column in CELLS))
    rows = dict.fromkeys(name for name, _ in CELLS)
    if rows:
        terminalreporter.write_line(f"{'':20}" + "".join(f"{column:>9}" for column in columns))
    for name in rows:
        marks = "".join(f"{MARKS.get(CELLS.get((name, column), ''), ' '):>9}" for column in columns)
        terminalreporter.write_line(f"{name:20}{marks}")
