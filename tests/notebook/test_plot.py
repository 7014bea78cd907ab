"""The picture of a folder."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from llm_memo import Cache, InvalidOption

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")


@pytest.fixture(autouse=True)
def _closed() -> Any:
    """Figures are closed after each test."""
    from matplotlib import pyplot

    yield
    pyplot.close("all")


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize(
    ("measure", "paid", "saved"),
    [("calls", ["paid 3", "paid 1"], ["saved 1", "saved 0"]), ("tokens", None, ["saved 10", "saved 0"])],
)
def test_what_was_paid_and_what_was_saved(
    looked: Any, monkeypatch: pytest.MonkeyPatch, measure: Any, paid: list[str] | None, saved: list[str]
) -> None:
    """A line for each function up to now; a bar for what is kept, and one for what this process saved."""
    monkeypatch.setattr(sys.modules["__main__"], "summarize", looked.summarize, raising=False)
    monkeypatch.setattr(sys.modules["__main__"], "draft", looked.draft, raising=False)
    over_time, beside = looked.cache.plot(measure).axes
    assert ["looked.summarize", "looked.draft"] == [line.get_label() for line in over_time.lines]
    assert ["looked.summarize", "looked.draft"] == [label.get_text() for label in beside.get_yticklabels()]
    assert saved == texts(beside)[1::2]
    assert paid in (None, texts(beside)[::2])
    assert sorted(over_time.lines[0].get_ydata()) == list(over_time.lines[0].get_ydata())


def test_seconds(looked: Any) -> None:
    """Seconds are what the calls took."""
    beside = looked.cache.plot("seconds").axes[1]
    paid = sum(entry.seconds for entry in looked.summarize.entries())
    assert f"paid {paid:,.4g}" in texts(beside)


def test_an_empty_folder() -> None:
    """A folder without entries has a picture without lines."""
    assert [] == list(Cache().plot().axes[0].lines)


def test_a_notebook_shows_the_picture_once(looked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the inline backend the figure is closed, since the cell's value is shown anyway."""
    from matplotlib import pyplot

    monkeypatch.setattr(pyplot, "get_backend", lambda: "module://matplotlib_inline.backend_inline")
    looked.cache.plot()
    assert [] == pyplot.get_fignums()


def test_there_are_three_measures() -> None:
    """Any other is an error that lists them."""
    with pytest.raises(InvalidOption, match="'calls', 'tokens', 'seconds'"):
        Cache().plot("money")  # type: ignore[arg-type]


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """matplotlib is no dependency; without it the message names the command."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        Cache().plot()
