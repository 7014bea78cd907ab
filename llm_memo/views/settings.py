"""The sheet of ``configure(...)``: the effective settings, and where each comes from."""

from __future__ import annotations

from llm_memo.display import amounts
from llm_memo.display.sheet import Cell, Facts, Sheet, Span, joined
from llm_memo.display.shown import shows
from llm_memo.settings import EffectiveSettings, configure
from llm_memo.views.folder import shown_path

_BYTES = ("max_bytes", "memory_bytes")
_DURATIONS = ("ttl", "lock_timeout")
_NONE = {"ttl": "never too old", "max_bytes": "no cap", "lock_timeout": "for ever"}
"""What None stands for."""


@shows(configure)
def settings_sheet(_: configure) -> Sheet:
    """The settings of calls here and now, outside of what a function or a block gives."""
    sources = EffectiveSettings({}, None, {}).sources()
    rows = tuple(
        (name, joined([Span(_shown(name, value), "data"), Span(scope, "dim")]))
        for name, (value, scope) in sources.items()
    )
    title: Cell = (Span("Settings", "strong"), Span(" that calls use here", "dim"))
    return Sheet(title, (Facts(rows),))


def _shown(name: str, value: object) -> str:
    if value is None:
        return _NONE.get(name, "none")
    if name == "cache_dir":
        return shown_path(str(value))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if name in _BYTES:
            return amounts.size(value)
        if name in _DURATIONS:
            return amounts.age(value) if value >= 1 else f"{value:g} s"
    return str(value)
