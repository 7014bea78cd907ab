"""A picture of a folder: what its answers were paid with over time, and what this process saved."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from llm_memo.cache import Cache
from llm_memo.display.shown import draws
from llm_memo.entries import Entry
from llm_memo.errors import InvalidOption
from llm_memo.notebook.live import cached_functions
from llm_memo.stats import CacheInfo
from llm_memo.views.calls import memo_of
from llm_memo.views.folder import shown_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Measure = Literal["calls", "tokens", "seconds"]
_MEASURES = ("calls", "tokens", "seconds")
_FUNCTIONS = 9
"""How many functions are shown, those that paid most: there are no more colours."""


@draws(Cache)
def plotted(cache: Cache, measure: Measure = "calls") -> Figure:
    """A figure of two parts, with a colour for each function.

    On the left, what the kept answers were paid with, added up over the time they came. On the right,
    that beside what hits saved in this process; hits of other processes leave no trace on disk.

    Args:
        cache: The folder.
        measure: What is counted: ``"calls"``, ``"tokens"`` (input and output) or ``"seconds"``.

    Raises:
        ImportError: matplotlib is not installed.
        InvalidOption: There is no such measure.
    """
    if measure not in _MEASURES:
        raise InvalidOption(f"measure={measure!r} is not one of {', '.join(map(repr, _MEASURES))}")
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError(
            "Cache.plot() draws with matplotlib, which is not installed: pip install matplotlib"
        ) from error

    paid = _paid(cache, measure)
    figure, (over_time, beside) = pyplot.subplots(1, 2, figsize=(10, 3.2), layout="constrained", width_ratios=(3, 2))
    _draw_over_time(over_time, paid)
    over_time.set_title(f"{measure} paid, {shown_path(cache.path)}", fontsize="medium", loc="left")
    _draw_beside(beside, {name: points[-1][1] for name, points in paid.items()}, _saved(cache, measure))
    beside.set_title(f"{measure} paid, and saved in this process", fontsize="medium", loc="left")
    _without_ground(figure)
    if "inline" in pyplot.get_backend():
        pyplot.close(figure)  # the notebook shows the cell's value, and would show it once more
    return figure


_INK = "#777777"
_LIGHTER_INK = "#808080"
"""Greys that are read on white and on black. IPython puts a ground of its own behind a picture without one if all
of its tick labels are dark, or all are light; these two are one of each."""


def _without_ground(figure: Figure) -> None:
    """Let the page's own ground through, and write in greys that are read on any."""
    figure.patch.set_alpha(0)
    for axes in figure.axes:
        axes.patch.set_alpha(0)
        axes.set_title(axes.get_title(loc="left"), fontsize="medium", loc="left", color=_INK)
        for spine in axes.spines.values():
            spine.set_color(_INK)
        axes.xaxis.get_offset_text().set_color(_INK)
        axes.tick_params("x", colors=_INK)
        axes.tick_params("y", colors=_LIGHTER_INK)
        for text in axes.texts:
            text.set_color(_INK)


def _draw_over_time(axes: Axes, paid: dict[str, list[tuple[datetime, float]]]) -> None:
    from matplotlib import dates

    ticks: Any = dates  # it has no types
    now = datetime.now()
    for place, (name, points) in enumerate(paid.items()):
        times, sums = zip(*points, strict=True)
        axes.step([times[0], *times, now], [0, *sums, sums[-1]], where="post", color=f"C{place}", label=_label(name))
    locator = ticks.AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ticks.ConciseDateFormatter(locator))
    axes.set_ylim(bottom=0)
    if paid:
        axes.legend(loc="upper left", fontsize="small", frameon=False, labelcolor=_INK)


def _label(name: str) -> str:
    """A function's name in a legend, which leaves out what begins with an underscore, as ``__main__.ask`` does."""
    return f" {name}" if name.startswith("_") else name


def _draw_beside(axes: Axes, paid: dict[str, float], saved: dict[str, float]) -> None:
    """Two bars for each function, the first function at the top."""
    for place, (name, sum_paid) in enumerate(paid.items()):
        for word, amount, shift, alpha in (("paid", sum_paid, -0.2, 1.0), ("saved", saved.get(name, 0), 0.2, 0.45)):
            bar = axes.barh(place + shift, amount, 0.36, color=f"C{place}", alpha=alpha)
            axes.bar_label(bar, [f"{word} {amount:,.4g}"], padding=3, fontsize="small")
    axes.set_yticks(range(len(paid)), list(paid))
    axes.invert_yaxis()
    axes.margins(x=0.3)


def _paid(cache: Cache, measure: Measure) -> dict[str, list[tuple[datetime, float]]]:
    """Function → running sums at the times of its answers; the functions that paid most come first."""
    points: dict[str, list[tuple[datetime, float]]] = {}
    for entry in reversed(cache.entries()):
        line = points.setdefault(entry.function, [])
        line.append((entry.created.replace(tzinfo=None), (line[-1][1] if line else 0) + _of_entry(entry, measure)))
    most_first = sorted(points, key=lambda name: points[name][-1][1], reverse=True)
    return {name: points[name] for name in most_first[:_FUNCTIONS]}


def _of_entry(entry: Entry, measure: Measure) -> float:
    if measure == "calls":
        return 1
    return entry.seconds if measure == "seconds" else (entry.input_tokens or 0) + (entry.output_tokens or 0)


def _saved(cache: Cache, measure: Measure) -> dict[str, float]:
    """What the hits of this process saved, of the functions that it can reach and that keep entries here."""
    main: Mapping[str, Any] = vars(sys.modules["__main__"])
    return {
        memo_of(function).name: _of_info(function.cache_info(), measure)
        for function in cached_functions(main).values()
        if memo_of(function).settings.now().cache_dir == cache.path
    }


def _of_info(info: CacheInfo, measure: Measure) -> float:
    if measure == "calls":
        return info.hits
    return info.seconds_saved if measure == "seconds" else info.tokens_saved
