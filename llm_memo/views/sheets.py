"""Which sheet shows a thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llm_memo.cache import Cache, Entry
from llm_memo.decorator import _Surface
from llm_memo.display.sheet import Sheet
from llm_memo.explain import Explanation
from llm_memo.stats import CacheInfo
from llm_memo.views.calls import function_sheet, info_sheet
from llm_memo.views.contents import cache_sheet, entries_sheet, entry_sheet
from llm_memo.views.explained import explanation_sheet

_SHEETS: dict[type, Callable[[Any], Sheet]] = {
    _Surface: function_sheet,
    CacheInfo: info_sheet,
    Cache: cache_sheet,
    Entry: entry_sheet,
    list: lambda entries: entries_sheet(entries, getattr(entries, "ttl", None)),
    Explanation: explanation_sheet,
}


def sheet_of(thing: object) -> Sheet:
    """The sheet of one of the things that have one.

    Raises:
        TypeError: It has none.
    """
    for kind in type(thing).__mro__:
        if kind in _SHEETS:
            return _SHEETS[kind](thing)
    raise TypeError(f"a {type(thing).__name__} has no form to show")
