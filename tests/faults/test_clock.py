"""The clock is set back or forward a year between two calls."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from anew import forget
from witness import Asked, leftovers

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


def test_an_answer_without_ttl_is_a_hit(asked: Asked, shift: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer is a hit whatever the clock says, from memory and from disk."""
    asked.ask("a")
    set_clock(shift, monkeypatch)
    for _ in range(2):
        assert [] == asked.warned("a")
        assert [] == asked.warned("a")
        forget()
    assert ["a"] == asked.calls
    assert 0 <= asked.ask.entries()[0].age < YEAR + 60


def test_an_answer_with_ttl_goes_by_the_clock(shift: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is kept for a day is old after a year, and new to a clock that has not come to it."""
    asked = Asked(ttl="1d")
    asked.ask("a")
    set_clock(shift, monkeypatch)
    assert [] == asked.warned("a")
    assert (["a", "a"] if shift > 0 else ["a"]) == asked.calls


def test_refreshes_are_seen(asked: Asked, shift: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that was refreshed under another clock is the one that is returned."""
    asked.ask("a")
    set_clock(shift, monkeypatch)
    asked.ask.with_options(policy="writeOnly")("a")
    asked.ask("a")
    assert ["a", "a"] == asked.calls
    assert 1 == Cache().info().entries


def test_use_is_noted(asked: Asked, shift: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is used under the new clock outlives what was only used under the old one, once that is the past."""
    asked.ask("old")
    asked.ask("a")
    set_clock(shift, monkeypatch)
    asked.ask("a")
    times = {path.name: path.stat().st_atime for path in asked.path("a").parents[1].rglob("*.joblib")}
    assert abs(time.time() - times[asked.path("a").name]) < 60
    if shift > 0:
        assert 1 == Cache().prune(older_than="30d").entries
        assert asked.ask.is_cached("a")


def test_nothing_new_is_swept(asked: Asked, shift: float, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prune removes no entry for its age alone, and sweeps what a dead process left under the other clock."""
    asked.ask("a")
    asked.path("a").with_suffix(".lock").touch()
    set_clock(shift, monkeypatch)
    assert (0, 0) == Cache().prune(max_entries=1_000)
    assert [] == leftovers(cache_dir)
    assert asked.ask.is_cached("a")
