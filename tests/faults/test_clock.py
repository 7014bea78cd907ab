"""The clock is set back or forward a year between two calls."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from anew import forget
from witness import Counted, leftovers

from llm_memo import Cache

YEAR = 365 * 86400.0


@pytest.fixture(params=[-YEAR, YEAR], ids=["back", "forward"])
def shift(request: pytest.FixtureRequest) -> float:
    return float(request.param)


def set_clock(shift: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the clock ``shift`` seconds forward."""
    real, real_ns = time.time, time.time_ns
    monkeypatch.setattr(time, "time", lambda: real() + shift)
    monkeypatch.setattr(time, "time_ns", lambda: real_ns() + int(shift * 1e9))


def test_an_answer_without_ttl_is_a_hit(counted: Counted, shift: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer is a hit whatever the clock says, from memory and from disk."""
    counted.ask("a")
    set_clock(shift, monkeypatch)
    for _ in range(2):
        assert [] == counted.warned("a")
        assert [] == counted.warned("a")
        forget()
    assert ["a"] == counted.calls
    assert 0 <= counted.ask.entries()[0].age < YEAR + 60


def test_an_answer_with_ttl_goes_by_the_clock(shift: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is kept for a day is old after a year, and new to a clock that has not come to it."""
    counted = Counted(ttl="1d")
    counted.ask("a")
    set_clock(shift, monkeypatch)
    assert [] == counted.warned("a")
    assert (["a", "a"] if shift > 0 else ["a"]) == counted.calls


def test_refreshes_are_seen(counted: Counted, shift: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that was refreshed under another clock is the one that is returned."""
    counted.ask("a")
    set_clock(shift, monkeypatch)
    counted.ask.with_options(policy="writeOnly")("a")
    counted.ask("a")
    assert ["a", "a"] == counted.calls
    assert 1 == Cache().info().entries


def test_use_is_noted(counted: Counted, shift: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is used under the new clock outlives what was only used under the old one, once that is the past."""
    counted.ask("old")
    counted.ask("a")
    set_clock(shift, monkeypatch)
    counted.ask("a")
    times = {path.name: path.stat().st_atime for path in counted.path("a").parents[1].rglob("*.joblib")}
    assert abs(time.time() - times[counted.path("a").name]) < 60
    if shift > 0:
        assert 1 == Cache().prune(older_than="30d").entries
        assert counted.ask.is_cached("a")


def test_nothing_new_is_swept(counted: Counted, shift: float, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prune removes no entry for its age alone, and sweeps what a dead process left under the other clock."""
    counted.ask("a")
    counted.path("a").with_suffix(".lock").touch()
    set_clock(shift, monkeypatch)
    assert (0, 0) == Cache().prune(max_entries=1_000)
    assert [] == leftovers(cache_dir)
    assert counted.ask.is_cached("a")
