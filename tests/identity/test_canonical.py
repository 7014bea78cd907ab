"""Canonical bytes: one value, one byte string; two values, two."""

from __future__ import annotations

import array
import collections
import copy
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import math
import pathlib
import pickle
import re
import subprocess
import sys
import types
import uuid
import zoneinfo
from typing import Any, NamedTuple

import attrs
import httpx2
import numpy as np
import openai
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from llm_memo.identity.canonical import NoCanonicalForm, encode


@dataclasses.dataclass
class Point:
    x: Any
    y: Any = 0


@attrs.define
class Slotted:
    x: Any


class Plain:
    def __init__(self, **held: Any) -> None:
        self.__dict__.update(held)

    @functools.cached_property
    def expensive(self) -> int:
        return 1


class Private:
    __slots__ = ("__hidden", "seen", "unset")

    def __init__(self, hidden: Any) -> None:
        self.__hidden = hidden
        self.seen = 1


class Pair(NamedTuple):
    x: Any
    y: Any


class Prompt(str):
    pass


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Flags(enum.Flag):
    A = 1
    B = 2


class Model(pydantic.BaseModel):
    a: int = 1
    b: Any = None


class Open(Model):
    model_config = pydantic.ConfigDict(extra="allow")


class Told:
    def __init__(self, told: Any) -> None:
        self.told = told
        self.lock = object()

    def __memo_key__(self) -> Any:
        return self.told


class Generic(pydantic.BaseModel):
    c: str


PARIS = zoneinfo.ZoneInfo("Europe/Paris")
CLIENT: dict[str, Any] = {"api_key": "sk-1", "base_url": "http://a/v1"}

DIFFERENT: list[list[Any]] = [
    [
        None,
        True,
        1,
        1.0,
        "1",
        b"1",
        bytearray(b"1"),
        [1],
        (1,),
        {1},
        frozenset({1}),
        {1: 1},
        "",
        b"",
        [],
        (),
        {},
        set(),
    ],
    [("a", "bc"), ("ab", "c"), ("abc",), ["a", "bc"], "abc", ("a", ("bc",)), (("a", "bc"),)],
    [{"a": [1]}, {"a": (1,)}, {"a": 1}, {"a": {"a": 1}}, [["a", 1]], {"a": [True]}, {1: "a"}, {"1": "a"}, {True: "a"}],
    [0, -0.0, 0.0, False, math.inf, -math.inf, math.nan, -1, 10**5000, 10**5000 + 1, 1j],
    [range(3), range(0, 4, 2), slice(3), slice(0, 3), [0, 1, 2], ...],
    [datetime.date(2026, 1, 1), datetime.datetime(2026, 1, 1), "2026-01-01", datetime.time(1), datetime.timedelta(1)],
    [
        datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        datetime.datetime(2026, 1, 1, tzinfo=PARIS),
        datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1))),
        datetime.datetime(2026, 1, 1),
        datetime.datetime(2026, 1, 1, fold=1),
        PARIS,
        datetime.UTC,
    ],
    [decimal.Decimal("1.0"), decimal.Decimal("1.00"), decimal.Decimal(1), 1, 1.0, fractions.Fraction(1)],
    [uuid.UUID(int=1), uuid.UUID(int=2), str(uuid.UUID(int=1))],
    [pathlib.PurePath("a"), pathlib.PurePath("b"), "a", pathlib.PurePath("a/b")],
    [re.compile("a"), re.compile("a", re.IGNORECASE), re.compile(b"a"), "a"],
    [array.array("i", [1]), array.array("l", [1]), [1]],
    [collections.deque([1]), collections.deque([1], 2), [1]],
    [collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1), {"a": 1, "b": 2}],
    [collections.defaultdict(None, {"a": 1}), collections.Counter("a"), types.SimpleNamespace(a=1), {"a": 1}],
    [types.MappingProxyType({"a": 1}), collections.ChainMap({"a": 1}), collections.ChainMap({}, {"a": 1})],
    [memoryview(b"1"), memoryview(b"2"), b"1"],
    [Point(1), Point(2), Point(1, 1), Pair(1, 0), Slotted(1), Plain(x=1, y=0), Plain(x=1), (1, 0)],
    [Private(1), Private(2)],
    [Prompt("a"), "a", Prompt("b")],
    [Colour.RED, Colour.BLUE, 1, Flags.A, Flags.B, Flags.A | Flags.B, Flags(0)],
    [Model(), Model(a=2), Model(b=[1]), Open(), Open(c=3), {"a": 1, "b": None}],
    [Model, Open, Generic, "Model"],
    [Told(1), Told(2), 1],
    [np.arange(3), np.arange(3.0), np.arange(3, dtype="i4"), np.arange(4), np.arange(4).reshape(2, 2), [0, 1, 2]],
    [np.float32(1), np.float64(1), np.int64(1), np.bool_(True), 1.0, np.array(1.0)],
    [np.array(["a", None], dtype=object), np.array(["a", "b"], dtype=object), np.array(["a", "b"])],
    [np.dtype("i4"), np.dtype("f4"), np.zeros(1, dtype=[("a", "i4")]), np.zeros(1, dtype=[("b", "i4")])],
    [
        pd.DataFrame({"a": [1, 2]}),
        pd.DataFrame({"b": [1, 2]}),
        pd.DataFrame({"a": [1.0, 2]}),
        pd.DataFrame({"a": ["1", None]}),
        pd.DataFrame({"a": [1, 2]}, index=[1, 2]),
        pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([(1, 2), (3, 4)])),
        pd.Series([1, 2]),
        pd.Series([1, 2], name="a"),
        pd.Series(["a", "b"], dtype="category"),
        pd.Index([1, 2]),
    ],
    [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-01", tz="UTC"), pd.Timedelta(1), pd.NaT, pd.NA],
    [Image.new("L", (1, 1)), Image.new("L", (1, 1), 1), Image.new("RGB", (1, 1)), Image.new("P", (1, 1))],
    [
        openai.OpenAI(**CLIENT),
        openai.AsyncOpenAI(**CLIENT),
        openai.OpenAI(api_key="k", base_url="http://b/v1"),
        openai.OpenAI(**CLIENT, organization="o"),
        openai.OpenAI(**CLIENT, project="p"),
        openai.AzureOpenAI(api_key="k", azure_endpoint="http://a", api_version="1"),
        openai.AzureOpenAI(api_key="k", azure_endpoint="http://a", api_version="2"),
        openai.AzureOpenAI(api_key="k", azure_endpoint="http://a", api_version="2", azure_deployment="d"),
        openai.OpenAI(**CLIENT).chat.completions,
        openai.OpenAI(**CLIENT).responses,
        openai.NOT_GIVEN,
        None,
    ],
    [httpx2.URL("http://a"), httpx2.URL("http://b"), httpx2.Timeout(1), httpx2.Timeout(2), "http://a"],
]


@pytest.mark.parametrize("values", DIFFERENT, ids=lambda values: type(values[0]).__name__)
def test_different_values_have_different_bytes(values: list[Any]) -> None:
    """No two of these values, which could be taken for each other, share their bytes."""
    assert len(values) == len({encode(value) for value in values})


SAME: list[tuple[Any, Any]] = [
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({3, 1, 2}, {1, 2, 3}),
    (math.nan, float("-nan")),
    (Model(), Model(a=1)),
    (openai.OpenAI(**CLIENT), openai.OpenAI(api_key="sk-2", base_url="http://a/v1")),
    (openai.OpenAI(**CLIENT), openai.OpenAI(api_key="k", base_url="http://user:word@a/v1")),
    (openai.OpenAI(**CLIENT), openai.OpenAI(**CLIENT).with_options(timeout=3)),
    (np.arange(6)[::2], np.array([0, 2, 4])),
    (np.arange(4).reshape(2, 2).T, np.array([[0, 2], [1, 3]])),
    (pathlib.Path("a/b"), pathlib.PurePosixPath("a/b")),
    (Plain(a=1, b=2), Plain(b=2, a=1)),
    (openai.NOT_GIVEN, type(openai.NOT_GIVEN)()),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=lambda value: type(value).__name__)
def test_what_does_not_matter_does_not_change_the_bytes(one: Any, other: Any) -> None:
    """Order, sharing, views, byte order, keys and headers leave the bytes as they are."""
    assert encode(one) == encode(other)


def test_a_computed_property_does_not_change_the_bytes() -> None:
    """A cached_property that has been computed leaves the bytes as they were."""
    value = Plain(a=1)
    before = encode(value)
    assert 1 == value.expensive
    assert before == encode(value)


def test_an_installed_model_class_is_its_schema() -> None:
    """A generic model of a package, made with a class of the user's own, is told from one made with another."""
    kinds = [openai.types.chat.ParsedChatCompletion[model] for model in (Model, Open)]
    assert b"schema" not in encode(Model)
    assert encode(kinds[0]) != encode(kinds[1])
    assert all(b"properties" in encode(kind) for kind in kinds)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.datetimes()
    | st.uuids(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4)
        | st.frozensets(st.text(max_size=3) | st.integers(), max_size=4)
        | st.builds(Point, inner, inner)
    ),
    max_leaves=12,
)


def alike(one: Any, other: Any) -> bool:
    """Equality by the contract: types count, order of dicts and sets does not, NaN is itself."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict):
        return len(one) == len(other) and all(
            any(alike(key, its) and alike(value, other[its]) for its in other) for key, value in one.items()
        )
    if isinstance(one, Point):
        return alike((one.x, one.y), (other.x, other.y))
    return str(one) == str(other) if isinstance(one, decimal.Decimal) else one == other


@given(plain, plain)
def test_equal_bytes_are_equal_values(one: Any, other: Any) -> None:
    """Two values share their bytes exactly when they are equal by the contract."""
    assert alike(one, other) == (encode(one) == encode(other))


@given(plain)
def test_a_copy_has_the_same_bytes(value: Any) -> None:
    """A copy, a deep copy and a pickle round trip have the value's bytes."""
    assert {encode(value)} == {
        encode(copy.copy(value)),
        encode(copy.deepcopy(value)),
        encode(pickle.loads(pickle.dumps(value))),
    }


@given(st.lists(plain, max_size=4), st.lists(plain, max_size=4))
def test_framing_cannot_be_confused(one: list[Any], other: list[Any]) -> None:
    """Encodings end by themselves: joined, they are equal only when the lists are."""
    joined = [b"".join(map(encode, values)) for values in (one, other)]
    assert alike(one, other) == (joined[0] == joined[1])


def test_sharing_does_not_change_the_bytes() -> None:
    """One list twice and two equal lists are the same."""
    shared = [1]
    assert encode([[1], [1]]) == encode([shared, shared])


def test_another_process_gives_the_same_bytes() -> None:
    """Other hash seeds give the same bytes."""
    program = (
        "import sys; from llm_memo.identity.canonical import encode\n"
        "print(encode([{'b': {3, 'x', (1, 2)}, 'a': 1.5}, frozenset('abc'), b'\\0', 10**30]).hex())"
    )
    results = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}, capture_output=True
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert 1 == len(results)
    assert results != {b""}


ROOT = pathlib.Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (object(), ""),
        ([1, object()], "[1]"),
        ({"messages": [{"content": [{"image": object()}]}]}, ".messages[0].content[0].image"),
        ({"a b": object()}, "['a b']"),
        ({3: object()}, "[3]"),
        ({(1, 2): object()}, "[a tuple]"),
        ({object(): 1}, "[a object]"),
        ({1, object()}, "{…}"),
        (Point(Point(1, object())), ".x.y"),
        (open, ""),
        ((item for item in ()), ""),
    ],
)
def test_what_has_no_form_is_named_with_its_path(value: Any, path: str) -> None:
    """What has no canonical form raises an error that holds the path to it."""
    if value is open:
        value = sys.stdout
    with pytest.raises(NoCanonicalForm) as error:
        encode(value)
    assert path == "".join(error.value.path)


def test_a_memo_key_that_raises_is_named() -> None:
    """A __memo_key__ that raises is why its value has no form."""

    class Broken:
        def __memo_key__(self) -> Any:
            raise ValueError("oh")

    with pytest.raises(NoCanonicalForm) as error:
        encode([Broken()])
    assert "its __memo_key__() raised ValueError: oh" == error.value.why


def test_a_cycle_or_a_very_deep_value_ends() -> None:
    """A value that contains itself, or is nested 100,000 deep, is an error and not a crash."""
    cycle: list[Any] = []
    cycle.append([cycle, cycle])
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (cycle, deep):
        with pytest.raises(RecursionError):
            encode(value)
