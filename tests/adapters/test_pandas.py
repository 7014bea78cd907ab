"""Canonical forms of frames, series and indexes of pandas: what they show counts, how they lie in memory does not."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hooks import encoded, repeated

FRAME = pd.DataFrame({"city": ["Bern", "Rome"], "people": [1, 2]})
DAYS = pd.date_range("2026-01-01", periods=3, tz="Europe/Paris")
KINDS = pd.Series(["a", "b", "a"], dtype="category")


def columns(**held: Any) -> pd.DataFrame:
    return pd.DataFrame(held)


def changed(value: Any, **attributes: Any) -> Any:
    for name, item in attributes.items():
        setattr(value, name, item)
    return value


DIFFERENT: dict[str, list[Any]] = {
    "frames": [
        FRAME, FRAME.rename_axis("city"), FRAME.rename(columns={"people": "n"}), FRAME.rename_axis("x", axis=1),
        FRAME[["people", "city"]], FRAME[::-1], FRAME.astype({"people": float}), FRAME.astype({"people": "Int64"}),
        FRAME.set_index("city"), FRAME.set_index("city", append=True), FRAME.assign(people=[1, 3]),
        changed(FRAME.copy(), attrs={"unit": "k"}), FRAME.set_flags(allows_duplicate_labels=False), FRAME.iloc[:1],
        FRAME.astype({"city": object}), FRAME.astype({"city": "category"}), FRAME.set_axis(pd.Index([0, 1]), axis=0),
        FRAME.set_index(pd.Index([0.0, 1.0])), FRAME.to_dict(), FRAME.to_numpy(),
    ],
    "series": [
        pd.Series([1, 2]), pd.Series([1, 2], name="a"), pd.Series([1, 2], index=[1, 2]),
        pd.Series([1, 2]).rename_axis("i"), pd.Index([1, 2]),
    ],
    "categories": [
        KINDS, KINDS.cat.add_categories("c"), KINDS.cat.reorder_categories(["b", "a"]), KINDS.cat.as_ordered(),
        KINDS.astype("str"), KINDS.cat.rename_categories({"a": "z"}),
    ],
    "missing": [
        columns(a=["x", None]), columns(a=["x", np.nan]).astype(object), columns(a=["x", "None"]),
        columns(a=pd.array([1, None])),
    ],
    "nullable": [
        pd.array([1, None]), pd.array([0, None]), pd.array([None, 1]), pd.array([1, 0]), pd.array([1.0, None]),
        pd.array([True, None]),
    ],
    "cells": [columns(a=[{"b": [1]}]), columns(a=[{"b": [2]}]), columns(a=[{"b": (1,)}])],
    "dates": [
        DAYS, DAYS.tz_convert("UTC"), DAYS.tz_localize(None), pd.DatetimeIndex(list(DAYS)), DAYS.as_unit("s"),
        DAYS.rename("d"),
    ],
    "sparse": [
        pd.arrays.SparseArray([0, 0, 1]), pd.arrays.SparseArray([0, 1, 0]),
        pd.arrays.SparseArray([0, 0, 1], fill_value=1), np.array([0, 0, 1]),
    ],
    "periods": [
        pd.period_range("2026-01", periods=2, freq="M"), pd.period_range("2026-01", periods=2, freq="D"),
        pd.interval_range(0, 2), pd.interval_range(0, 2, closed="left"),
    ],
    "levels": [
        pd.MultiIndex.from_tuples([(1, 2), (3, 4)]), pd.MultiIndex.from_tuples([(1, 2), (3, 4)], names=["a", "b"]),
        pd.MultiIndex.from_tuples([(1, 2), (3, 5)]),
    ],
    "moments": [
        pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-01", tz="UTC"), pd.Timestamp("2026-01-01").as_unit("s"),
        pd.Timedelta(1), pd.NaT, pd.NA,
    ],
    "intervals": [
        pd.Interval(0, 1), pd.Interval(0, 1, "left"), pd.Interval(0, 2), pd.Period("2026"), pd.Period("2026-01", "M"),
        pd.offsets.Day(1), pd.offsets.Hour(1), pd.offsets.CustomBusinessDay(holidays=["2026-01-01"]),
        pd.offsets.CustomBusinessDay(holidays=["2026-01-02"]), pd.offsets.CustomBusinessDay(weekmask="Mon Tue"),
    ],
    "kinds of pandas": [
        pd.CategoricalDtype(["a"]), pd.CategoricalDtype(["b"]), pd.StringDtype("python"), pd.SparseDtype(int),
        pd.array(["a"], pd.StringDtype("python")), pd.array(["b"], pd.StringDtype("python")),
        pd.array([1], pd.ArrowDtype(pa.int64())), pd.array([2], pd.ArrowDtype(pa.int64())),
        pd.Flags(FRAME, allows_duplicate_labels=True),
    ],
}  # fmt: skip
"""Values that could be taken for each other: no two in a row have the same bytes."""


@pytest.mark.parametrize("values", DIFFERENT.values(), ids=DIFFERENT)
def test_different_frames_have_different_bytes(values: list[Any]) -> None:
    """No two of these values, which could be taken for each other, share their bytes."""
    assert [] == repeated(values)


SAME: list[tuple[Any, Any]] = [
    (FRAME, FRAME.copy()),
    (FRAME, pd.DataFrame({"city": ["Bern", "Rome", "x"], "people": [1, 2, 3]}).iloc[:2]),
    (pd.concat([FRAME[["city"]], FRAME[["people"]]], axis=1), FRAME),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=lambda value: type(value).__name__)
def test_how_frames_lie_in_memory_does_not_count(one: Any, other: Any) -> None:
    """Slices, blocks and copies have the same bytes."""
    assert encoded(one) == encoded(other)


FRAMES = [
    *(FRAME, FRAME.people, FRAME.columns, FRAME.index, DAYS, KINDS, columns(a=[1, None]).astype("Int64")),
    changed(columns(a=["x"]), attrs={"unit": "km"}),
]


@pytest.mark.parametrize("value", FRAMES, ids=lambda each: type(each).__name__)
def test_a_frame_that_was_pickled_is_the_same(value: Any) -> None:
    """A frame, or a part of one, that comes from another process by pickle is no other."""
    assert encoded(value) == encoded(pickle.loads(pickle.dumps(value)))
