"""Canonical forms of frames and expressions of polars: what they show counts, how they lie in memory does not."""

from __future__ import annotations

import pickle
from typing import Any

import polars as pl
import pytest
from hooks import encoded, repeated

DIFFERENT: dict[str, list[Any]] = {
    "polars": [
        pl.DataFrame({"a": [1, 2]}), pl.DataFrame({"b": [1, 2]}), pl.DataFrame({"a": [1, 3]}),
        pl.DataFrame({"a": [1.0, 2.0]}),
        pl.DataFrame({"a": [1, None]}), pl.DataFrame({"a": [None, 1]}), pl.DataFrame({"a": ["1", "2"]}),
        pl.DataFrame({"a": [1, 2]}).lazy(),
        pl.DataFrame({"a": [[1], [2]]}), pl.Series("a", [1, 2]), pl.Series([1, 2]),
        pl.DataFrame({"a": [1, 2]}).lazy().select("a"),
        pl.DataFrame({"a": [True, False]}), pl.DataFrame({"a": [True, False]}).select(~pl.col("a")),
    ],
    "types of polars": [
        pl.Int64, pl.Int32, pl.Enum(["a", "b"]), pl.Enum(["b", "a"]), pl.Datetime("us"), pl.Datetime("us", "UTC"),
    ],
    "kinds of polars": [pl.col("a"), pl.col("b"), pl.Series([b"a"]), pl.Series([b"b"]), pl.Config],
}  # fmt: skip
"""Values that could be taken for each other: no two in a row have the same bytes."""


@pytest.mark.parametrize("values", DIFFERENT.values(), ids=DIFFERENT)
def test_different_frames_have_different_bytes(values: list[Any]) -> None:
    """No two of these values, which could be taken for each other, share their bytes."""
    assert [] == repeated(values)


SAME: list[tuple[Any, Any]] = [
    (pl.DataFrame({"a": [1, 2]}), pl.concat([pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [2]})])),
    (pl.DataFrame({"a": ["x", None]}), pl.DataFrame({"a": ["y", "x", None]})[1:]),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=lambda value: type(value).__name__)
def test_how_frames_lie_in_memory_does_not_count(one: Any, other: Any) -> None:
    """Slices and chunks have the same bytes."""
    assert encoded(one) == encoded(other)


@pytest.mark.parametrize("value", [pl.DataFrame({"a": ["x"]})], ids=lambda each: type(each).__name__)
def test_a_frame_that_was_pickled_is_the_same(value: Any) -> None:
    """A frame, or a part of one, that comes from another process by pickle is no other."""
    assert encoded(value) == encoded(pickle.loads(pickle.dumps(value)))
