"""pandas frames, series, indexes, arrays, types and moments, in keys."""

from __future__ import annotations

from typing import Any

from llm_memo.identity.forms.encoding import Attributes


def canonical_form(value: Any) -> tuple[str, object] | None:
    """A frame is its columns in order, their types and cells, its index, the names of all, and its ``attrs``."""
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        columns = [_array(column.array) for _, column in value.items()]
        return "frame", (*_of_any(value), value.columns, value.index, columns)
    if isinstance(value, pd.Series):
        return "series", (*_of_any(value), value.name, value.index, _array(value.array))
    if isinstance(value, pd.MultiIndex):
        return "multi index", [value.get_level_values(level) for level in range(value.nlevels)]
    if isinstance(value, pd.RangeIndex):
        return "range index", (value.name, value.start, value.stop, value.step)
    if isinstance(value, pd.Index):
        return "index", (value.name, _array(value.array), getattr(value, "freqstr", None))
    if isinstance(value, pd.api.extensions.ExtensionArray):
        return "array", _array(value)
    if isinstance(value, pd.api.extensions.ExtensionDtype):
        return "type", _type(value)
    return _moment(value)


def _of_any(value: Any) -> tuple[object, ...]:
    """What frames and series have in common: a class of somebody's own, attributes, settings."""
    import pandas as pd

    kind = type(value)
    held = {name: item for name, item in vars(value).items() if name not in _PLUMBING}
    held |= {name: getattr(value, name, None) for name in value._metadata if name != "_name"}
    own = None if kind in (pd.DataFrame, pd.Series) else kind
    return own, Attributes(sorted(held.items())), value.attrs, value.flags.allows_duplicate_labels


# `_typ` is set where one was pickled
_PLUMBING = frozenset({"_mgr", "_item_cache", "_attrs", "_flags", "_name", "_is_copy", "_cache", "_typ"})


def _array(array: Any) -> object:
    """The cells of a column or index, without a copy where they lie in one piece of memory."""
    import numpy as np
    import pandas as pd

    dtype = array.dtype
    if isinstance(array, pd.Categorical):
        return _type(dtype), array.codes
    if isinstance(array, pd.arrays.IntervalArray):
        return _type(dtype), array.left, array.right
    if isinstance(array, pd.arrays.SparseArray):
        return _type(dtype), len(array), array.sp_values, array.sp_index.indices
    if isinstance(array, (pd.arrays.DatetimeArray, pd.arrays.TimedeltaArray, pd.arrays.PeriodArray)):
        return _type(dtype), array.view("i8")
    if isinstance(dtype, pd.StringDtype):
        return _type(dtype), _texts(array)
    if isinstance(array, pd.arrays.NumpyExtensionArray):
        return _numbers(dtype, np.asarray(array))
    if hasattr(dtype, "numpy_dtype") and hasattr(array, "isna"):  # a value and whether it is there
        missing = array.isna()
        if dtype.kind in "biuf" and not hasattr(dtype, "pyarrow_dtype"):
            return _type(dtype), array.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.numpy_dtype.type(0)), missing
    if hasattr(dtype, "pyarrow_dtype"):
        return _type(dtype), array.__arrow_array__()
    return _type(dtype), list(array)


def _numbers(dtype: Any, values: Any) -> object:
    """Numbers and which of them are there, with one look at each where all are."""
    import numpy as np

    if dtype.kind not in "biuf":
        return values
    missing = np.zeros(len(values), bool)
    if dtype.kind == "f" and len(values) and np.isnan(values.min()):
        missing = np.isnan(values)
        values = np.where(missing, values.dtype.type(0), values)
    return _type(dtype), values, missing


def _texts(array: Any) -> object:
    if hasattr(array, "__arrow_array__") and array.dtype.storage == "pyarrow":
        return array.__arrow_array__()
    texts = array.to_numpy(dtype=object, na_value=None)
    return texts.tolist()


def _type(dtype: Any) -> object:
    import pandas as pd

    if isinstance(dtype, pd.CategoricalDtype):
        return "category", dtype.categories, dtype.ordered
    if isinstance(dtype, pd.IntervalDtype):
        return "interval", dtype.subtype, dtype.closed
    if isinstance(dtype, pd.SparseDtype):
        return "sparse", dtype.subtype, dtype.fill_value
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "datetime", dtype.unit, dtype.tz
    if isinstance(dtype, pd.StringDtype):
        return "string", dtype.storage, str(dtype.na_value)
    return str(dtype)


def _moment(value: Any) -> tuple[str, object] | None:
    import pandas as pd

    if value is pd.NA or value is pd.NaT:
        return "missing", str(value)
    if isinstance(value, pd.Timestamp):
        return "timestamp", (value.tz_localize(None).isoformat(), value.fold, value.unit, value.tz)
    if isinstance(value, pd.Timedelta):
        return "timedelta", (value.isoformat(), value.unit)
    if isinstance(value, pd.Period):
        return "period", (value.ordinal, value.freqstr)
    if isinstance(value, pd.Interval):
        return "interval", (value.left, value.right, value.closed)
    if isinstance(value, pd.tseries.offsets.BaseOffset):
        return "offset", (type(value).__name__, value.n, value.freqstr, dict(value.kwds))
    return None
