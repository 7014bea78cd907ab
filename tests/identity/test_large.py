"""Large values: every edit in place is another question, and undone it is the question that it was."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_memo import cached_completion

pytestmark = pytest.mark.slow

Edit = Callable[[Any], Callable[[], object]]
"""Edits a value in place, and returns what undoes it."""

RECORDS: list[Any] = []
TEXTS: list[Any] = []
TABLE: dict[str, Any] = {}
FRAME: Any = None
ARRAY: Any = None


@cached_completion
def of_records(text: str) -> str:
    """Reads a list of nested dicts."""
    return text + str(RECORDS)


@cached_completion
def of_texts(text: str) -> str:
    """Reads a list of texts."""
    return text + str(TEXTS)


@cached_completion
def of_table(text: str) -> str:
    """Reads a dict of dicts."""
    return text + str(TABLE)


@cached_completion
def of_frame(text: str) -> str:
    """Reads a frame."""
    return text + str(FRAME)


@cached_completion
def of_array(text: str) -> str:
    """Reads an array."""
    return text + str(ARRAY)


def record(number: int) -> dict[str, Any]:
    """One nested dict."""
    return {
        "id": number,
        "name": f"n{number}",
        "score": number / 7,
        "tags": [number, f"t{number}", None, True],
        "meta": {"a": {"b": number}, "c": ()},
    }


def put(container: Any, key: Any, item: Any) -> Callable[[], object]:
    """Put an item into a container; returns what puts the old one back."""
    before = container[key]
    container[key] = item
    return lambda: container.__setitem__(key, before)


def rearranged(mapping: dict[Any, Any], items: Any) -> Callable[[], object]:
    """Give a dict other items, or the same in another order; returns what puts the old ones back."""
    before = [*mapping.items()]
    new = [*items(before)]
    mapping.clear()
    mapping.update(new)

    def undo() -> None:
        mapping.clear()
        mapping.update(before)

    return undo


def resized(sequence: list[Any], change: Callable[[list[Any]], object]) -> Callable[[], object]:
    """Change a list; returns what makes it what it was."""
    before = [*sequence]
    change(sequence)
    return lambda: sequence.__setitem__(slice(None), before)


def swap(sequence: list[Any], one: int, other: int) -> Callable[[], object]:
    """Swap two items; returns what swaps them back."""

    def swapped() -> None:
        sequence[one], sequence[other] = sequence[other], sequence[one]

    swapped()
    return swapped


PLACES = {"first": 0, "middle": 249, "last": -1}
OF_ITEMS: dict[str, Callable[[list[Any], int], Callable[[], object]]] = {
    "a number": lambda held, at: put(held[at], "id", -1),
    "an int to the equal float": lambda held, at: put(held[at], "id", float(held[at]["id"])),
    "True to 1": lambda held, at: put(held[at]["tags"], 3, 1),
    "a float to NaN": lambda held, at: put(held[at], "score", math.nan),
    "a text": lambda held, at: put(held[at], "name", held[at]["name"] + " "),
    "an item of a list": lambda held, at: put(held[at]["tags"], 0, "x"),
    "an item of an inner dict": lambda held, at: put(held[at]["meta"]["a"], "b", -1),
    "a tuple to a list": lambda held, at: put(held[at]["meta"], "c", []),
    "a key renamed": lambda held, at: rearranged(held[at], lambda items: [("ident", items[0][1]), *items[1:]]),
    "the order of keys": lambda held, at: rearranged(held[at], reversed),
    "the order of inner keys": lambda held, at: rearranged(held[at]["meta"], reversed),
    "an item more": lambda held, at: resized(held[at]["tags"], lambda tags: tags.append(1)),
    "a record twice": lambda held, at: put(held, at, held[1]),
}
EDITS_OF_RECORDS: dict[str, Edit] = {
    **{
        f"{name}, {place}": lambda held, edit=edit, at=at: edit(held, at)
        for name, edit in OF_ITEMS.items()
        for place, at in PLACES.items()
    },
    "one more": lambda held: resized(held, lambda items: items.append(record(5))),
    "one less": lambda held: resized(held, list.pop),
    "two swapped": lambda held: swap(held, 0, 400),
    "in reverse": lambda held: resized(held, list.reverse),
}
EDITS_OF_TEXTS: dict[str, Edit] = {
    **{
        f"{name}, {place}": lambda held, edit=edit, at=at: put(held, at, edit(held[at]))
        for name, edit in {
            "a blank more": lambda text: text + " ",
            "a letter in upper case": str.upper,
            "the last letter gone": lambda text: text[:-1],
            "empty": lambda text: "",
            "as bytes": str.encode,
            "None": lambda text: None,
            "in a list": lambda text: [text],
            "an accent as two characters": lambda text: text + "e\u0301",
            "a lone surrogate": lambda text: text + "\ud800",
            "the next one": lambda text: text + "|",
            "a number": lambda text: 7,
            "a NUL": lambda text: text + "\0",
        }.items()
        for place, at in PLACES.items()
    },
    "one more": lambda held: resized(held, lambda items: items.append("")),
    "one less": lambda held: resized(held, list.pop),
    "two swapped": lambda held: swap(held, 0, 400),
    "one moved": lambda held: resized(held, lambda items: items.insert(0, items.pop())),
}
EDITS_OF_TABLE: dict[str, Edit] = {
    **{
        f"{name}, {place}": lambda held, edit=edit, at=at: edit(held, [*held][at])
        for name, edit in {
            "a value": lambda held, key: put(held[key], "id", -1),
            "a nested value": lambda held, key: put(held[key]["meta"]["a"], "b", None),
            "the order of inner keys": lambda held, key: rearranged(held[key], reversed),
            "a list in it": lambda held, key: put(held[key]["tags"], 1, ""),
            "NaN": lambda held, key: put(held[key], "score", math.nan),
            "a key renamed": lambda held, key: rearranged(
                held, lambda items: ((f"{name}!" if name == key else name, item) for name, item in items)
            ),
            "a key gone": lambda held, key: rearranged(held, lambda items: (each for each in items if each[0] != key)),
            "a key last": lambda held, key: rearranged(
                held, lambda items: [each for each in items if each[0] != key] + [(key, 1)]
            ),
            "a key as a number": lambda held, key: rearranged(
                held, lambda items: ((0 if name == key else name, item) for name, item in items)
            ),
            "0 to -0.0": lambda held, key: put(held[key], "zero", -0.0),
            "a float to an int": lambda held, key: put(held[key], "zero", 0),
            "0.0 to False": lambda held, key: put(held[key], "zero", False),
        }.items()
        for place, at in PLACES.items()
    },
    "the order of keys": lambda held: rearranged(held, reversed),
    "two keys swapped": lambda held: rearranged(held, lambda items: [items[1], items[0], *items[2:]]),
    "one more": lambda held: rearranged(held, lambda items: [*items, ("new", None)]),
    "a copy shared": lambda held: put(held, "k1", held["k2"]),
}


def array_edits() -> Iterator[tuple[str, Edit]]:
    """Edits of an array in place: bits, values, its shape and what its numbers mean."""
    import numpy as np

    def bit(number: int, at: int) -> Edit:
        def flip(held: Any) -> Callable[[], object]:
            raw = held.view(np.uint8).reshape(-1)

            def flipped() -> None:
                raw[at] ^= 1 << number

            flipped()
            return flipped

        return flip

    for place, at in {"first": 0, "middle": 400_001, "last": -1}.items():
        for number in range(8):
            yield f"bit {number} of the {place} byte", bit(number, at)
    for place, at in PLACES.items():
        for value in (math.nan, math.inf, -0.0, 1e-300):
            yield f"{place} number to {value}", lambda held, at=at, value=value: put(held.reshape(-1), at, value)

    def attribute(name: str, value: Any) -> Edit:
        def given(held: Any, value: Any) -> None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # NumPy 2.5 still does it
                setattr(held, name, value)

        def edit(held: Any) -> Callable[[], object]:
            before = getattr(held, name)
            given(held, value)
            return lambda: given(held, before)

        return edit

    yield "another shape", attribute("shape", (100, 100, 10))
    yield "the shape turned", attribute("shape", (10, 10_000))
    yield "another byte order", attribute("dtype", ">f8")
    yield "another dtype", attribute("dtype", "<i8")


def frame_edits() -> Iterator[tuple[str, Edit]]:
    """Edits of a frame in place."""
    import numpy as np
    import pandas as pd

    def cell(column: str, value: Any) -> Callable[[str, int], Edit]:
        def edit_of(place: str, at: int) -> Edit:
            def edit(held: Any) -> Callable[[], object]:
                row, number = held.index[at], held.columns.get_loc(column)
                before = held.iat[at, number]
                held.iat[at, number] = value
                assert row == held.index[at]
                return lambda: held.iat.__setitem__((at, number), before)

            return edit

        return edit_of

    for place, at in PLACES.items():
        for column, value in (("a", -1.5), ("a", math.nan), ("b", -1), ("t", "other"), ("t", ""), ("t", None)):
            yield f"{column} {place} to {value!r}", cell(column, value)(place, at)
        for column in ("a", "b", "t"):
            yield f"{column} {place} and the next swapped", _swapped_cells(column, at)

    def attribute(name: str, value: Callable[[Any], Any]) -> Edit:
        def edit(held: Any) -> Callable[[], object]:
            before = getattr(held, name)
            setattr(held, name, value(held))
            return lambda: setattr(held, name, before)

        return edit

    yield "a column renamed", attribute("columns", lambda held: ["a", "b", "text", "c"])
    yield "columns swapped by name", attribute("columns", lambda held: ["b", "a", "t", "c"])
    yield "the columns named", attribute("columns", lambda held: pd.Index([*"abtc"], name="what"))
    yield "the index moved", attribute("index", lambda held: pd.RangeIndex(1, len(held) + 1))
    yield "the index by twos", attribute("index", lambda held: pd.RangeIndex(0, 2 * len(held), 2))
    yield "the index named", attribute("index", lambda held: held.index.rename("row"))
    yield "the index in reverse", attribute("index", lambda held: held.index[::-1])
    yield "attrs", attribute("attrs", lambda held: {"unit": "m"})
    for name, value in {
        "an int column as floats": lambda held: held["b"].astype("float64"),
        "an int column as 32 bits": lambda held: held["b"].astype("int32"),
        "a float column as 32 bits": lambda held: held["a"].astype("float32"),
    }.items():
        column = "a" if "float column" in name else "b"
        yield name, lambda held, value=value, column=column: put(held, column, value(held))
    for name, categories in {
        "an unused category more": pd.CategoricalDtype([*"xyz"]),
        "ordered": pd.CategoricalDtype([*"xy"], ordered=True),
    }.items():
        yield name, lambda held, kind=categories: put(held, "c", held["c"].astype(kind))
    yield "categories in another order", lambda held: put(held, "c", held["c"].cat.reorder_categories([*"yx"]))
    yield "a category to another", lambda held: put(held, "c", held["c"].cat.rename_categories([*"xw"]))

    def column_more(held: Any) -> Callable[[], object]:
        held["new"] = np.zeros(len(held))
        return lambda: held.pop("new")

    yield "a column more", column_more


def _swapped_cells(column: str, at: int) -> Edit:
    def edit(held: Any) -> Callable[[], object]:
        number = held.columns.get_loc(column)
        other = at - 1 if at else 1

        def swapped() -> None:
            one, two = held.iat[at, number], held.iat[other, number]
            held.iat[at, number], held.iat[other, number] = two, one

        swapped()
        return swapped

    return edit


def is_seen(function: Any, held: Any, edits: dict[str, Edit]) -> None:
    """Every edit of what is held is another key of the function, and undone it is the first again.

    Raises:
        AssertionError: One is not.
    """
    assert len(edits) >= 40
    key = function.cache_key("x")
    for name, edit in edits.items():
        undo = edit(held)
        edited = function.cache_key("x")
        assert key != edited, f"not seen: {name}"
        assert edited == function.cache_key("x"), f"not steady: {name}"
        undo()
        assert key == function.cache_key("x"), f"not the same when undone: {name}"


def test_edits_of_a_list_of_nested_dicts() -> None:
    """Each of 40 edits of 500 nested dicts in a global is another question."""
    RECORDS[:] = map(record, range(500))
    is_seen(of_records, RECORDS, EDITS_OF_RECORDS)


def test_edits_of_a_list_of_texts() -> None:
    """Each of 40 edits of 1,000 texts in a global is another question."""
    TEXTS[:] = (f"text {number}" for number in range(1_000))
    is_seen(of_texts, TEXTS, EDITS_OF_TEXTS)


def test_edits_of_a_dict_of_dicts() -> None:
    """Each of 40 edits of a dict of 500 in a global is another question."""
    TABLE.update({f"k{number}": {**record(number), "zero": 0.0} for number in range(500)})
    is_seen(of_table, TABLE, EDITS_OF_TABLE)


def test_edits_of_an_array(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of 40 edits of an array of 100,000 numbers, one of each bit among them, is another question."""
    np = pytest.importorskip("numpy")
    array = np.arange(1.0, 100_001.0)
    monkeypatch.setitem(globals(), "ARRAY", array)
    is_seen(of_array, array, dict(array_edits()))


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_edits_of_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of 40 edits of a frame of 1,000 rows is another question."""
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    numbers = np.arange(1_000)
    frame = pd.DataFrame(
        {"a": numbers / 7, "b": numbers, "t": [f"t{n}" for n in numbers], "c": pd.Categorical([*"xy"] * 500)}
    )
    monkeypatch.setitem(globals(), "FRAME", frame)
    is_seen(of_frame, frame, dict(frame_edits()))


atoms = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, -0.0, 1.0, math.nan]) | st.text(max_size=2)
)
plain = st.recursive(
    atoms,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=2) | st.integers(0, 2), inner, max_size=4)
    ),
    max_leaves=30,
)
VALUE: list[Any] = [None]


@cached_completion
def of_value(text: str) -> str:
    """Reads a value."""
    return text + str(VALUE)


def shown(value: Any) -> str:
    """What a value shows of itself: types, order, signs of noughts; NaN is NaN."""
    return repr(value)


@given(plain, plain, st.data())
def test_equal_values_have_equal_keys_and_others_have_others(one: Any, other: Any, data: st.DataObject) -> None:
    """Of plain values two have one key if and only if they show the same, also after an edit in place of either."""
    keys = {}
    for value in (one, other, copy.deepcopy(one)):
        VALUE[0] = value
        keys[shown(value)] = keys.get(shown(value), set()) | {of_value.cache_key("x")}
    containers = [one] if type(one) in (list, dict) and one else []
    if containers:
        VALUE[0] = one
        of_value.cache_key("x")
        place = data.draw(st.sampled_from([*one] if type(one) is dict else [*range(len(one))]))
        undo = put(one, place, data.draw(plain))
        keys[shown(one)] = keys.get(shown(one), set()) | {of_value.cache_key("x")}
        undo()
        keys[shown(one)] |= {of_value.cache_key("x")}
    assert all(len(each) == 1 for each in keys.values())
    assert len(keys) == len({key for each in keys.values() for key in each})
