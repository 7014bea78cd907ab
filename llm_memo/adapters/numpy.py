"""numpy arrays and scalars, in keys and as answers."""

from __future__ import annotations

from typing import Any

from llm_memo.codec.frozen import Frozen, Thawer


def canonical_form(value: Any) -> tuple[str, object] | None:
    """An array is its dtype, shape and elements: a view, a transpose or another byte order of it are the same."""
    import numpy as np

    if isinstance(value, np.ndarray):
        return "ndarray", (_dtype(value), value.shape, _elements(value))
    if isinstance(value, np.generic):
        return "numpy scalar", (_dtype(value), _elements(np.asarray(value)))
    if isinstance(value, np.dtype):
        return "dtype", value.str
    return None


def _dtype(value: Any) -> str:
    return str(value.dtype.newbyteorder("<").descr if value.dtype.names else value.dtype.newbyteorder("<").str)


def _elements(value: Any) -> object:
    if value.dtype.hasobject:
        return value.tolist()
    return value.astype(value.dtype.newbyteorder("<"), copy=False).tobytes()


def freeze(value: Any) -> Frozen | None:
    """An exact array without objects is kept as it is; scalars and other arrays are pickled."""
    import numpy as np

    if type(value) is np.ndarray and not value.dtype.hasobject:
        return Frozen("array", _copy(value))
    return None


def thawer(codec: str) -> Thawer:
    """The thawer of the codec ``array``."""
    return _copy


def _copy(value: Any) -> Any:
    import numpy as np

    return np.array(value, order="K")
