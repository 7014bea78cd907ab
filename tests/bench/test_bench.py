"""The bench itself: that it runs, not how fast anything is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytest.importorskip("diskcache")
pytest.importorskip("cachier")


def _python(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_quick_run_of_one_row_prints_it_and_writes_what_it_found(tmp_path: Path) -> None:
    """A quick run of one row prints that row, and writes it as JSON and as a picture."""
    told = ("--json", str(tmp_path / "bench.json"), "--svg", str(tmp_path / "bench.svg"))
    printed = _python("-m", "tests.bench", "--quick", "--only", "hit-text", *told)
    (row,) = [line for line in printed.splitlines() if "repeated hit: str → str" in line]
    assert "of 0.3 × diskcache: " in row
    assert '"repeated hit: str → str"' in (tmp_path / "bench.json").read_text()
    assert "repeated hit: str → str" in (tmp_path / "bench.svg").read_text()


def test_the_steps_of_the_profile_are_steps_of_the_library() -> None:
    """Every step that the profile times is a function of the library's."""
    _python("-c", "from tests.bench.steps import STEPS; [vars(step.owner)[step.name] for step in STEPS]")


def test_an_unknown_row_is_a_mistake() -> None:
    """A row that is not there is an error that names it."""
    with pytest.raises(AssertionError, match="no row 'hits'"):
        _python("-m", "tests.bench", "--only", "hits")
