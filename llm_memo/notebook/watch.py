"""A line under each cell that says what became of the calls made in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llm_memo.display import amounts, html, plain
from llm_memo.display.sheet import Cell, Sheet, Span, joined
from llm_memo.notebook.live import cached_functions
from llm_memo.stats import CacheInfo, Counters
from llm_memo.views.calls import memo_of


class Watch:
    """Looks at the counts of the cached functions before and after each cell.

    Args:
        ipython: The shell whose cells are watched.
    """

    def __init__(self, ipython: Any) -> None:
        self._ipython = ipython
        self._before: dict[Counters, CacheInfo] | None = None

    def on(self) -> None:
        """Begin with the cell after this; nothing if it has begun."""
        if self._before is None:
            self._before = self._counts()
            self._ipython.events.register("pre_run_cell", self._begin)
            self._ipython.events.register("post_run_cell", self._end)

    def off(self) -> None:
        """Stop; nothing if it has not begun."""
        if self._before is not None:
            self._before = None
            self._ipython.events.unregister("pre_run_cell", self._begin)
            self._ipython.events.unregister("post_run_cell", self._end)

    def _begin(self, _: Any) -> None:
        self._before = self._counts()

    def _end(self, _: Any) -> None:
        from IPython.display import display

        show: Any = display  # it has no types
        before = self._before or {}
        lines = [
            joined([Span(name, "strong"), *changes])
            for name, function in self._functions().items()
            if (changes := list(_changes(before.get(memo_of(function).counters, CacheInfo()), function.cache_info())))
        ]
        if lines:
            sheets = [Sheet(line, ()) for line in lines]
            forms = {
                "text/plain": "\n".join(map(plain.rendered, sheets)),
                "text/html": "\n".join(map(html.rendered, sheets)),
            }
            show(forms, raw=True)

    def _functions(self) -> dict[str, Any]:
        return cached_functions(self._ipython.user_ns)

    def _counts(self) -> dict[Counters, CacheInfo]:
        return {memo_of(function).counters: function.cache_info() for function in self._functions().values()}


def _changes(before: CacheInfo, after: CacheInfo) -> Iterator[Cell]:
    """What came in between; nothing where there was no call."""
    if before.calls > after.calls:
        before = CacheInfo()  # the counts began anew meanwhile
    hits, misses = after.hits - before.hits, after.misses - before.misses
    others = {
        "refresh": after.refreshes - before.refreshes,
        "bypass": after.bypasses - before.bypasses,
    }
    stale, errors = after.stale - before.stale, after.errors - before.errors
    if not (hits or misses or stale or errors or any(others.values())):
        return
    if hits:
        yield Span(amounts.count(hits, "hit"), "good")
    if misses:
        yield Span(amounts.count(misses, "miss"), "warn")
    yield from (amounts.count(number, name) for name, number in others.items() if number)
    if stale:
        yield Span(f"{stale:,} stale", "bad")
    if errors:
        yield Span(f"{errors:,} raised", "bad")
    saved, spent = after.seconds_saved - before.seconds_saved, after.seconds_spent - before.seconds_spent
    tokens = after.tokens_saved - before.tokens_saved
    if hits or stale:
        yield f"saved {amounts.duration(saved)}" + (f", {amounts.count(tokens, 'token')}" if tokens else "")
    if misses or any(others.values()):
        tokens = after.tokens_spent - before.tokens_spent
        yield Span(f"paid {amounts.duration(spent)}" + (f", {amounts.count(tokens, 'token')}" if tokens else ""), "dim")
