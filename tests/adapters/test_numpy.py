"""Canonical forms of arrays and random generators: what they show counts, how they lie in memory does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hooks import encoded, repeated


class Tagged(np.ndarray):
    """An array with an attribute."""

    def __array_finalize__(self, obj: Any) -> None:
        self.tag = getattr(obj, "tag", None)


def tagged(tag: str) -> Any:
    made = np.arange(3).view(Tagged)
    made.tag = tag
    return made


def changed(value: Any, **attributes: Any) -> Any:
    for name, item in attributes.items():
        setattr(value, name, item)
    return value


def drawn(seed: int, numbers: int = 0) -> np.random.Generator:
    generator = np.random.default_rng(seed)
    generator.random(numbers)
    return generator


def having_spawned(source: Any) -> Any:
    """The next that it spawns is another than the first was."""
    source.spawn(1)
    return source


MASKED = np.ma.masked_array([1, 2, 3], [0, 1, 0])

DIFFERENT: dict[str, list[Any]] = {
    "arrays": [
        np.arange(3), np.arange(3.0), np.arange(3, dtype="i4"), np.arange(4), np.arange(4).reshape(2, 2), [0, 1, 2],
    ],
    "large arrays": [np.arange(100_000), np.arange(100_000) + (np.arange(100_000) == 99_999), np.arange(100_001)],
    "byte order": [np.arange(3, dtype=">i4"), np.arange(3, dtype="<i4")],
    "no dimension": [np.float64(1), np.array(1.0), np.array([1.0]), 1.0],
    "scalars": [np.float32(1), np.float64(1), np.int64(1), np.bool_(True), 1, True, 1.0],
    "texts": [np.str_("x"), "x", np.array("x"), np.array(["x"]), np.bytes_(b"x"), b"x"],
    "objects": [
        np.array(["a", None], object), np.array(["a", "b"], object), np.array(["a", "b"]),
        np.array([["a", "b"]], object),
    ],
    "strings": [np.array(["a", "bc"], np.dtypes.StringDType()), np.array(["ab", "c"], np.dtypes.StringDType())],
    "missing strings": [
        np.array(["a"], np.dtypes.StringDType(na_object=None)), np.array(["a"], np.dtypes.StringDType()),
    ],
    "masks": [
        MASKED, np.ma.masked_array([1, 2, 3]), np.array([1, 2, 3]),
        np.ma.masked_array([1, 2, 3], [0, 1, 0], fill_value=7), np.ma.masked, None,
    ],
    "masks of subclasses": [
        np.ma.masked_array(tagged("a")), np.ma.masked_array(tagged("b")), np.ma.masked_array([0, 1, 2]),
        changed(np.ma.masked_array([0, 1, 2]), tag="a"), np.ma.masked_array(np.arange(3).view(np.matrix)),
    ],
    "subclasses": [tagged("a"), tagged("b"), np.arange(3)],
    "matrices": [np.array([[1, 2]]).view(np.matrix), np.array([[1, 2]])],
    "times": [np.array(["2026-01-01"], "M8[D]"), np.array(["2026-01-01"], "M8[s]"), np.array(["2026-01-02"], "M8[D]")],
    "fields": [
        np.zeros(1, [("a", "i4")]), np.zeros(1, [("b", "i4")]), np.zeros(1, [("a", "i4")])[0],
        np.zeros(1, "i4").view([("a", "i4")]).view(np.recarray),
    ],
    "types": [
        np.dtype("i4"), np.dtype("f4"), np.dtype(">i4"), np.dtype([("a", "i4")]),
        np.dtype([("a", "i4")], align=True).str,
    ],
    "zeros": [np.array([0.0]), np.array([-0.0])],
    "generators": [
        drawn(1), drawn(2), drawn(1, 1), np.random.RandomState(1), np.random.PCG64(1), np.random.SeedSequence(1),
        having_spawned(np.random.default_rng(1)), having_spawned(np.random.PCG64(1)),
        having_spawned(np.random.SeedSequence(1)),
    ],
    "functions": [np.add, np.subtract, np.mean, np.median],
    "kinds of numpy": [np.dtype(("i4", (2,))), np.dtype(("i4", (3,))), np.dtype("i4", metadata={"a": 1}), np.nditer],
}  # fmt: skip
"""Values that could be taken for each other: no two in a row have the same bytes."""


@pytest.mark.parametrize("values", DIFFERENT.values(), ids=DIFFERENT)
def test_different_arrays_have_different_bytes(values: list[Any]) -> None:
    """No two of these values, which could be taken for each other, share their bytes."""
    assert [] == repeated(values)


STRIDED = np.arange(200_000).reshape(2, -1).T

SAME: list[tuple[Any, Any]] = [
    (np.arange(6)[::2], np.array([0, 2, 4])),
    (np.arange(4).reshape(2, 2).T, np.array([[0, 2], [1, 3]])),
    (STRIDED, np.ascontiguousarray(STRIDED)),
    (np.asfortranarray(STRIDED), STRIDED),
    (np.ma.masked_array([1, 2], [0, 0]), np.ma.masked_array([1, 2])),
    (drawn(1, 5), drawn(1, 5)),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=lambda value: type(value).__name__)
def test_how_arrays_lie_in_memory_does_not_count(one: Any, other: Any) -> None:
    """Views, slices and copies have the same bytes."""
    assert encoded(one) == encoded(other)


def test_each_bit_of_a_large_array_counts() -> None:
    """One bit changed at the start, in the middle or at the end of 8 MB is another value; reverted, the same."""
    array = np.zeros(1_000_000)
    before = encoded(array)
    bits = array.view(np.uint64)
    for place in (0, 1, 499_999, 999_998, 999_999):
        bits[place] ^= 1
        assert before != encoded(array)
        bits[place] ^= 1
    assert before == encoded(array)
