"""Canonical forms of arrays, frames and images: what they show counts, how they lie in memory does not."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hooks import encoded
from PIL import Image


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


FRAME = pd.DataFrame({"city": ["Bern", "Rome"], "people": [1, 2]})
DAYS = pd.date_range("2026-01-01", periods=3, tz="Europe/Paris")
KINDS = pd.Series(["a", "b", "a"], dtype="category")
MASKED = np.ma.masked_array([1, 2, 3], [0, 1, 0])


def columns(**held: Any) -> pd.DataFrame:
    return pd.DataFrame(held)


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
    "kinds of pandas": [
        pd.CategoricalDtype(["a"]), pd.CategoricalDtype(["b"]), pd.StringDtype("python"), pd.SparseDtype(int),
        pd.array(["a"], pd.StringDtype("python")), pd.array(["b"], pd.StringDtype("python")),
        pd.array([1], pd.ArrowDtype(pa.int64())), pd.array([2], pd.ArrowDtype(pa.int64())),
        pd.Flags(FRAME, allows_duplicate_labels=True),
    ],
    "kinds of numpy": [np.dtype(("i4", (2,))), np.dtype(("i4", (3,))), np.dtype("i4", metadata={"a": 1}), np.nditer],
    "kinds of polars": [pl.col("a"), pl.col("b"), pl.Series([b"a"]), pl.Series([b"b"]), pl.Config],
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
def test_different_data_have_different_bytes(values: list[Any]) -> None:
    """No two of these values, which could be taken for each other, share their bytes."""
    found = [encoded(value) for value in values]
    assert [] == [number for number, each in enumerate(found) if each in found[:number]]


def test_an_arrow_array_is_no_chunked_array() -> None:
    """The same items in a pyarrow Array, and in a ChunkedArray, print in other ways: two questions."""
    assert encoded(pa.array([1])) != encoded(pa.chunked_array([[1]]))
    assert encoded(pa.chunked_array([[1, 2]])) == encoded(pa.chunked_array([[1], [2]]))


STRIDED = np.arange(200_000).reshape(2, -1).T
JOINED = pa.chunked_array([["a", None], ["b"]])

SAME: list[tuple[Any, Any]] = [
    (np.arange(6)[::2], np.array([0, 2, 4])),
    (np.arange(4).reshape(2, 2).T, np.array([[0, 2], [1, 3]])),
    (STRIDED, np.ascontiguousarray(STRIDED)),
    (np.asfortranarray(STRIDED), STRIDED),
    (np.ma.masked_array([1, 2], [0, 0]), np.ma.masked_array([1, 2])),
    (drawn(1, 5), drawn(1, 5)),
    (FRAME, FRAME.copy()),
    (FRAME, pd.DataFrame({"city": ["Bern", "Rome", "x"], "people": [1, 2, 3]}).iloc[:2]),
    (pd.concat([FRAME[["city"]], FRAME[["people"]]], axis=1), FRAME),
    (pl.DataFrame({"a": [1, 2]}), pl.concat([pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [2]})])),
    (pl.DataFrame({"a": ["x", None]}), pl.DataFrame({"a": ["y", "x", None]})[1:]),
    (pa.table({"a": JOINED}), pa.table({"a": pa.array(["a", None, "b"])})),
    (pa.array([0, 1, 2])[1:], pa.array([1, 2])),
    (pa.array(["xx", "a", "b"])[1:], pa.array(["a", "b"])),
    (pa.array([None, "a"])[1:], pa.array(["a"])),
    (pa.array([0, None, 2], mask=np.array([True, True, False])), pa.array([None, None, 2])),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=lambda value: type(value).__name__)
def test_how_data_lie_in_memory_does_not_count(one: Any, other: Any) -> None:
    """Views, slices, chunks, blocks and copies have the same bytes."""
    assert encoded(one) == encoded(other)


FRAMES = [
    *(FRAME, FRAME.people, FRAME.columns, FRAME.index, DAYS, KINDS, columns(a=[1, None]).astype("Int64")),
    *(changed(columns(a=["x"]), attrs={"unit": "km"}), pl.DataFrame({"a": ["x"]}), pa.table({"a": ["x"]})),
]


@pytest.mark.parametrize("value", FRAMES, ids=lambda each: type(each).__name__)
def test_a_frame_that_was_pickled_is_the_same(value: Any) -> None:
    """A frame, or a part of one, that comes from another process by pickle is no other."""
    assert encoded(value) == encoded(pickle.loads(pickle.dumps(value)))


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


def saved(frames: list[Any], kind: str = "GIF", **options: Any) -> Any:
    file = io.BytesIO()
    frames[0].save(file, kind, save_all=len(frames) > 1, append_images=frames[1:], **options)
    return Image.open(io.BytesIO(file.getvalue()))


def plain(*colours: int, mode: str = "L") -> list[Any]:
    return [Image.new(mode, (4, 4), colour) for colour in colours]


def turned(orientation: int) -> Any:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(plain(1), "JPEG", exif=exif)


IMAGES: dict[str, list[Any]] = {
    "images": [*plain(0, 1), *plain(0, mode="RGB"), *plain(0, mode="P"), Image.new("L", (4, 5))],
    "frames": [saved(plain(0, 50)), saved(plain(0, 60)), saved(plain(0, 50, 60)), saved(plain(0))],
    "frames of WebP": [saved(plain(0, 50), "WEBP", lossless=True), saved(plain(0, 90), "WEBP", lossless=True)],
    "pages": [saved(plain(0, 50), "TIFF"), saved(plain(0, 60), "TIFF")],
    "transparency": [
        saved(plain(0), "PNG"),
        saved(plain(0), "PNG", transparency=0),
        saved(plain(0), "PNG", transparency=9),
    ],
    "orientation": [turned(1), turned(6), turned(3)],
}


@pytest.mark.parametrize("values", IMAGES.values(), ids=IMAGES)
def test_different_images_have_different_bytes(values: list[Any]) -> None:
    """Pixels, later frames, transparency and orientation count."""
    found = [encoded(value) for value in values]
    assert [] == [number for number, each in enumerate(found) if each in found[:number]]


def test_an_image_is_left_as_it_is() -> None:
    """The place of an animation and the file are as before; the format of a still image is not part of it."""
    image = saved(plain(0, 50, 60))
    image.seek(1)
    before = encoded(image)
    assert 1 == image.tell()
    assert before == encoded(image)
    image.seek(2)
    assert before != encoded(image)
    assert encoded(plain(7)[0]) == encoded(saved(plain(7), "PNG")) == encoded(saved(plain(7), "BMP"))
