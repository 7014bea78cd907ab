"""The picture of a folder."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from llm_memo import Cache, InvalidOption, cached_completion

pytestmark = pytest.mark.slow

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


@pytest.mark.slow
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


@pytest.mark.slow
def test_seconds(looked: Any) -> None:
    """Seconds are what the calls took."""
    beside = looked.cache.plot("seconds").axes[1]
    paid = sum(entry.seconds for entry in looked.summarize.entries())
    assert f"paid {paid:,.4g}" in texts(beside)


def test_an_empty_folder() -> None:
    """A folder without entries has a picture without lines, and no legend of none."""
    over_time, _ = Cache().plot().axes
    assert [] == list(over_time.lines)
    assert over_time.get_legend() is None


def test_a_legend_names_the_functions(looked: Any) -> None:
    """A legend says which colour is which function."""
    legend = looked.cache.plot().axes[0].get_legend()
    assert ["looked.summarize", "looked.draft"] == [text.get_text() for text in legend.get_texts()]


def test_a_legend_names_functions_of_a_notebook() -> None:
    """Functions of a notebook, whose module's name begins with an underscore, are in the legend as well."""
    cached_completion(name="__main__.ask")(lambda: 1)()
    (text,) = Cache().plot().axes[0].get_legend().get_texts()
    assert "__main__.ask" == text.get_text().strip()


@pytest.mark.parametrize("page", [0.0, 1.0], ids=["black", "white"])
def test_the_picture_is_read_on_any_page(looked: Any, page: float) -> None:
    """It has no ground of its own, and all of its texts stand out from black and from white."""
    figure = looked.cache.plot()
    figure.canvas.draw()
    shown = [text for text in figure.findobj(matplotlib.text.Text) if text.get_text()]
    assert 10 < len(shown)
    assert 0 == figure.patch.get_alpha()
    for text in shown:
        grey = sum(
            weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
            for weight, part in zip((0.2126, 0.7152, 0.0722), matplotlib.colors.to_rgb(text.get_color()), strict=True)
        )
        brighter, darker = max(grey, page), min(grey, page)
        assert 3.5 < (brighter + 0.05) / (darker + 0.05), text


@pytest.mark.slow
def test_a_notebook_puts_no_ground_behind_it(looked: Any) -> None:
    """IPython puts a ground behind a picture whose tick labels are all dark or all light; these are some of each."""
    figure = looked.cache.plot()
    figure.canvas.draw()
    labels = [label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in axis.get_ticklabels()]
    colours = [matplotlib.colors.to_rgb(label.get_color()) for label in labels]
    light = {0.299 * red + 0.587 * green + 0.114 * blue > 0.5 for red, green, blue in colours}
    assert {False, True} == light


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
