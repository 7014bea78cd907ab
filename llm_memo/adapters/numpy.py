"""numpy arrays, scalars, types and generators, in keys; arrays as answers."""

from __future__ import annotations

from typing import Any

from llm_memo.codec.frozen import Frozen, Thawer
from llm_memo.identity.forms.encoding import Attributes, Buffer


def canonical_form(value: Any) -> tuple[str, object] | None:
    """An array is its class, type, shape and elements, in whatever order they lie in memory."""
    import numpy as np

    kind = type(value)
    if value is np.ma.masked:
        return "masked", ()
    if isinstance(value, np.ma.MaskedArray):
        mask = _elements(np.ma.getmaskarray(value)), value.fill_value, value.hardmask
        held = {name: item for name, item in vars(value).items() if name not in _OF_MASKS}
        parts = value.baseclass, _type(value.dtype), value.shape, _elements(value.data), *mask, Attributes(held)
        return "masked array", (kind, *parts)
    if isinstance(value, np.ndarray):
        plain = kind is np.ndarray or kind is np.memmap
        held = {} if plain else {name: item for name, item in vars(value).items() if not name.startswith("_mmap")}
        return "ndarray", (None if plain else kind, _type(value.dtype), value.shape, _elements(value), Attributes(held))
    if isinstance(value, np.generic):
        return "numpy scalar", (_type(value.dtype), _elements(np.asarray(value)))
    if isinstance(value, np.dtype):
        return "dtype", _type(value)
    if isinstance(value, np.ufunc):
        return "installed", f"numpy.{value.__name__}"
    if isinstance(value, np.random.Generator):
        return "random generator", value.bit_generator
    if isinstance(value, np.random.BitGenerator):
        return "bit generator", (value.state, getattr(value, "seed_seq", None))  # spawn() is of the seed
    if isinstance(value, np.random.RandomState):
        return "random state", value.get_state(legacy=False)
    if isinstance(value, np.random.SeedSequence):
        return "seed sequence", (value.state, value.n_children_spawned)
    if isinstance(value, np.busdaycalendar):
        return "business days", (value.weekmask, value.holidays)
    return None


_OF_MASKS = frozenset({"_fill_value", "_hardmask", "_sharedmask", "_isfield", "_baseclass", "_basedict", "_mask"})
"""What numpy keeps in a masked array, beside what its base class and the user do."""


def _type(dtype: Any) -> object:
    """A type with its byte order, fields, offsets and metadata."""
    metadata = dict(dtype.metadata) if dtype.metadata else None
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return _type(base), shape, metadata
    if dtype.names is not None:
        fields = [(name, *_field(*dtype.fields[name])) for name in dtype.names]
        return dtype.type.__name__, fields, dtype.itemsize, dtype.isalignedstruct, metadata
    if dtype.kind == "T":
        return "T", (dtype.na_object,) if hasattr(dtype, "na_object") else (), dtype.coerce
    return (dtype.str, metadata) if metadata else dtype.str


def _field(dtype: Any, offset: int, title: object = None) -> tuple[object, int, object]:
    return _type(dtype), offset, title


def _elements(array: Any) -> object:
    import numpy as np

    dtype = array.dtype
    plain = array.view(np.ndarray) if type(array) is not np.ndarray else array
    if dtype.names is not None:  # between its fields there may be anything
        return [_elements(plain[name]) for name in dtype.names]
    if dtype.hasobject or dtype.kind == "T":
        return plain.ravel().tolist()
    flat = np.ascontiguousarray(plain).reshape(-1)
    return Buffer(flat.view(np.uint8) if dtype.itemsize else b"")


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
