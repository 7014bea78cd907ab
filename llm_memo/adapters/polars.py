"""polars frames, series and types, in keys."""

from __future__ import annotations

from typing import Any

from llm_memo.identity.forms.encoding import Buffer


def canonical_form(value: Any) -> tuple[str, object] | None:
    """A frame is its columns in order; a lazy frame its plan, with the data that it holds."""
    import polars as pl

    if isinstance(value, pl.DataFrame):
        return "frame of polars", (value.height, value.get_columns())
    if isinstance(value, pl.Series):
        return "series of polars", (value.name, value.dtype, _cells(value))
    if isinstance(value, pl.LazyFrame):
        return "lazy frame of polars", value.serialize()
    if isinstance(value, pl.Expr):
        return "expression of polars", value.meta.serialize()
    if isinstance(value, pl.DataType) or (isinstance(value, type) and issubclass(value, pl.DataType)):
        return "type of polars", _type(value)
    return None


def _cells(series: Any) -> object:
    import polars as pl

    if series.dtype.is_nested() or series.dtype == pl.Object:
        return series.to_list()
    missing = series.is_null().to_numpy() if series.null_count() else None
    there = series.drop_nulls() if series.null_count() else series
    if series.dtype.is_numeric() or series.dtype.is_temporal() or series.dtype == pl.Boolean:
        physical = there.to_physical()
        return missing, physical.to_numpy() if physical.dtype != pl.Int128 else physical.to_list()
    if series.dtype == pl.String:
        return missing, there.str.len_bytes().to_numpy(), Buffer((there.str.join("").item() or "").encode())
    return missing, there.to_list()


def _type(dtype: Any) -> object:
    import polars as pl

    if isinstance(dtype, pl.Enum):
        return str(pl.Enum), dtype.categories.to_list()
    return repr(dtype)
