"""pandas frames, series and indexes, in keys."""

from __future__ import annotations

from typing import Any


def canonical_form(value: Any) -> tuple[str, object] | None:
    """A frame is its columns in order, their dtypes, its index and its cells."""
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        columns = [(name, _column(column)) for name, column in value.items()]
        return "frame", (columns, _column(value.index))
    if isinstance(value, pd.Series):
        return "series", (value.name, _column(value), _column(value.index))
    if isinstance(value, pd.Index):
        return "index", (list(value.names), _column(value))
    if isinstance(value, pd.Timestamp):
        return "timestamp", (value.isoformat(), str(value.tz))
    if isinstance(value, pd.Timedelta):
        return "timedelta", value.isoformat()
    if value is pd.NA or value is pd.NaT:
        return "missing", str(value)
    return None


def _column(values: Any) -> object:
    if getattr(values, "nlevels", 1) > 1:
        return [tuple(row) for row in values]
    array = values.array
    if values.dtype.kind in "biufcmM" and hasattr(values.dtype, "str"):
        return values.to_numpy()
    return str(values.dtype), list(array)
