"""Canonical forms of tables and arrays of Arrow: what they show counts, how they lie in memory does not."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hooks import encoded, repeated

DIFFERENT: dict[str, list[Any]] = {
    "kinds of arrow": [
        pa.int64(), pa.int32(), pa.py_buffer(b"a"), pa.py_buffer(b"b"), pa.array([1], pa.timestamp("s")),
        pa.array([2], pa.timestamp("s")), pa.array([1], pa.date32()), pa.MemoryPool,
    ],
    "arrow": [
        pa.table({"a": [1, 2]}), pa.table({"b": [1, 2]}), pa.table({"a": [1, 3]}), pa.table({"a": ["1", "2"]}),
        pa.table({"a": ["12", ""]}),
        pa.table({"a": [1, None]}), pa.table({"a": [None, 1]}), pa.table({"a": [[1], [2]]}),
        pa.table({"a": [1, 2]}).schema,
        pa.table({"a": [1, 2]}).replace_schema_metadata({"k": "v"}), pa.array([1, 2]), pa.array([1, 2], "int32"),
        pa.scalar(1),
        pa.array(["a", "b"]).dictionary_encode(), pa.array(["a", "b"]), pa.array([{"a": 1}]), pa.array([{"a": 2}]),
        pa.array([b"a"]),
        pa.array([True, False]), pa.array([False, True]),
    ],
}  # fmt: skip
"""Values that could be taken for each other: no two in a row have the same bytes."""


@pytest.mark.parametrize("values", DIFFERENT.values(), ids=DIFFERENT)
def test_different_tables_have_different_bytes(values: list[Any]) -> None:
    """No two of these values, which could be taken for each other, share their bytes."""
    assert [] == repeated(values)


def test_an_arrow_array_is_no_chunked_array() -> None:
    """The same items in a pyarrow Array, and in a ChunkedArray, print in other ways: two questions."""
    assert encoded(pa.array([1])) != encoded(pa.chunked_array([[1]]))
    assert encoded(pa.chunked_array([[1, 2]])) == encoded(pa.chunked_array([[1], [2]]))


JOINED = pa.chunked_array([["a", None], ["b"]])

SAME: list[tuple[Any, Any]] = [
    (pa.table({"a": JOINED}), pa.table({"a": pa.array(["a", None, "b"])})),
    (pa.array([0, 1, 2])[1:], pa.array([1, 2])),
    (pa.array(["xx", "a", "b"])[1:], pa.array(["a", "b"])),
    (pa.array([None, "a"])[1:], pa.array(["a"])),
    (pa.array([0, None, 2], mask=np.array([True, True, False])), pa.array([None, None, 2])),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=lambda value: type(value).__name__)
def test_how_tables_lie_in_memory_does_not_count(one: Any, other: Any) -> None:
    """Slices and chunks have the same bytes."""
    assert encoded(one) == encoded(other)


@pytest.mark.parametrize("value", [pa.table({"a": ["x"]})], ids=lambda each: type(each).__name__)
def test_a_table_that_was_pickled_is_the_same(value: Any) -> None:
    """A frame, or a part of one, that comes from another process by pickle is no other."""
    assert encoded(value) == encoded(pickle.loads(pickle.dumps(value)))
