"""Arrow arrays, tables and types of pyarrow, in keys."""

from __future__ import annotations

from typing import Any

from llm_memo.identity.forms.encoding import Buffer


def canonical_form(value: Any) -> tuple[str, object] | None:
    """A table is its schema and columns; how a column lies in memory, in chunks or as a slice, does not count."""
    import pyarrow as pa

    if isinstance(value, pa.Table | pa.RecordBatch):
        return type(value).__name__, (value.schema, value.columns)
    if isinstance(value, pa.Schema):
        return "schema", ([(field.name, field) for field in value], _metadata(value))
    if isinstance(value, pa.Field):
        return "field", (value.name, str(value.type), value.nullable, _metadata(value))
    if isinstance(value, pa.DataType):
        return "arrow type", str(value)
    if isinstance(value, pa.ChunkedArray):
        joined = value.chunk(0) if value.num_chunks == 1 else value.combine_chunks()  # which copies
        return "arrow chunked array", _array(
            joined if isinstance(joined, pa.Array) else pa.concat_arrays(joined.chunks)
        )
    if isinstance(value, pa.Array):
        return "arrow array", _array(value)
    if isinstance(value, pa.Scalar):
        return "arrow scalar", (str(value.type), value.as_py())
    return ("arrow buffer", Buffer(memoryview(value))) if isinstance(value, pa.Buffer) else None


def _metadata(value: Any) -> list[tuple[bytes, bytes]]:
    """Pandas's own note of versions apart."""
    return sorted(item for item in (value.metadata or {}).items() if item[0] != b"pandas")


def _array(array: Any) -> object:
    """The type, which items are there, and those, without a copy where nothing is missing."""
    import pyarrow as pa
    import pyarrow.types as t

    kind = array.type
    missing = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    if isinstance(array, pa.DictionaryArray):
        return str(kind), missing, array.indices, array.dictionary
    if t.is_struct(kind):
        return str(kind), missing, array.flatten()
    if t.is_string(kind) or t.is_binary(kind) or t.is_large_string(kind) or t.is_large_binary(kind):
        return str(kind), missing, *_texts(array.drop_null() if array.null_count else array)
    if t.is_integer(kind) or t.is_floating(kind):
        return str(kind), missing, (array.drop_null() if array.null_count else array).to_numpy()
    if t.is_temporal(kind) and not t.is_interval(kind):
        return str(kind), missing, _array(array.view("int64" if kind.bit_width == 64 else "int32"))
    return str(kind), array.to_pylist()


def _texts(array: Any) -> tuple[object, ...]:
    import numpy as np

    _, offsets, data = array.buffers()
    wide = np.int64 if str(array.type).startswith("large") else np.int32
    ends = (
        np.frombuffer(offsets, wide)[array.offset : array.offset + len(array) + 1] if len(array) else np.zeros(1, wide)
    )
    return np.diff(ends), Buffer(memoryview(data)[ends[0] : ends[-1]] if data is not None else b"")
