"""Canonical forms of plain data and the standard library's values: equal value, equal bytes, and the reverse."""

from __future__ import annotations

import array
import asyncio
import collections
import configparser
import contextvars
import copy
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import hashlib
import io
import ipaddress
import itertools
import logging
import math
import operator
import os
import pathlib
import pickle
import re
import subprocess
import sys
import threading
import time
import types
import typing
import uuid
import weakref
import zoneinfo
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hooks import by_name, encoded
from hypothesis import given
from hypothesis import strategies as st

from llm_memo.adapters.equipment import is_equipment
from llm_memo.identity.forms.encoding import NoCanonicalForm, encode

ROOT = pathlib.Path(__file__).parent.parent.parent.parent


@dataclasses.dataclass
class Point:
    x: Any
    y: Any = 0


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


class Ignoring(Plain):
    __memo_ignore__ = ("times",)


class Hostile:
    """Every way to look at it raises."""

    def __init__(self, held: int) -> None:
        object.__setattr__(self, "held", held)

    def __getattribute__(self, name: str) -> Any:
        raise ValueError(name)

    def __eq__(self, other: object) -> bool:
        raise ValueError

    __hash__ = None  # type: ignore[assignment]

    def __iter__(self) -> Any:
        raise ValueError

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise ValueError


class Pair(NamedTuple):
    x: Any
    y: Any


class Prompt(str):
    pass


class Ratio(float):
    pass


class Shelf(dict[str, Any]):
    def items(self) -> Any:
        raise ValueError


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Told:
    def __init__(self, told: Any) -> None:
        self.told = told
        self.lock = object()

    def __memo_key__(self) -> Any:
        return self.told


class Node:
    def __init__(self, name: str) -> None:
        self.name = name
        self.next: Node | None = None


def hours(number: int, name: str | None = None) -> datetime.timezone:
    return datetime.timezone(datetime.timedelta(hours=number), *([name] if name else []))


def at(zone: datetime.tzinfo | None, **more: Any) -> datetime.datetime:
    return datetime.datetime(2026, 1, 1, tzinfo=zone, **more)


def ring(*names: str) -> Node:
    """Nodes in a circle; the first of them."""
    nodes = [Node(name) for name in names]
    for node, following in zip(nodes, nodes[1:] + nodes[:1], strict=True):
        node.next = following
    return nodes[0]


def variable(value: Any) -> contextvars.ContextVar[Any]:
    made: contextvars.ContextVar[Any] = contextvars.ContextVar("V")
    made.set(value)
    return made


def config(text: str) -> configparser.ConfigParser:
    made = configparser.ConfigParser()
    made.read_string(text)
    return made


def read(data: bytes, position: int) -> io.BytesIO:
    made = io.BytesIO(data)
    made.seek(position)
    return made


TZIF = b"TZif" + bytes(16) + bytes.fromhex("00000000" * 4 + "00000001" + "00000004" + "000000000000") + b"UTC\0"
PARIS = zoneinfo.ZoneInfo("Europe/Paris")
MISSING = object()
OTHER = object()
KEPT = Plain(a=1)

DIFFERENT: list[list[Any]] = [
    [None, True, 1, 1.0, "1", b"1", bytearray(b"1"), [1], (1,), {1}, frozenset({1}), {1: 1}],
    ["", b"", [], (), {}, set(), bytearray(), frozenset()],
    [("a", "bc"), ("ab", "c"), ("abc",), ["a", "bc"], "abc", ("a", ("bc",)), (("a", "bc"),)],
    [{"a": [1]}, {"a": (1,)}, {"a": 1}, {"a": {"a": 1}}, [["a", 1]], {"a": [True]}, {1: "a"}, {"1": "a"}, {True: "a"}],
    [{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 2, "b": 1}],
    [{"a": {"c": 1, "d": [2]}, "b": 2}, {"a": {"d": [2], "c": 1}, "b": 2}],
    [0, -0.0, 0.0, False, math.inf, -math.inf, math.nan, -1, 10**5000, 10**5000 + 1, 1j, complex(0, -0.0)],
    [range(3), range(0, 4, 2), slice(3), slice(0, 3), [0, 1, 2], ..., NotImplemented],
    [datetime.date(2026, 1, 1), at(None), "2026-01-01", datetime.time(1), datetime.timedelta(1)],
    [
        at(None), at(None, fold=1), at(datetime.UTC), at(PARIS), at(PARIS, fold=1),
        at(zoneinfo.ZoneInfo("Europe/Berlin")),
        at(hours(1)), at(hours(1, "X")), at(hours(2, "X")), at(hours(1, "Y")),
    ],
    [datetime.time(1), *(datetime.time(1, tzinfo=zone) for zone in (hours(1), hours(1, "X"), hours(2, "X"), PARIS))],
    [hours(1, "X"), hours(2, "X"), hours(1), PARIS, zoneinfo.ZoneInfo("Europe/Berlin"), datetime.UTC, hours(0, "Z")],
    [decimal.Decimal("1.0"), decimal.Decimal("1.00"), decimal.Decimal(1), 1, 1.0, fractions.Fraction(1)],
    [uuid.UUID(int=1), uuid.UUID(int=2), str(uuid.UUID(int=1))],
    [pathlib.PurePath("a"), pathlib.PurePath("b"), "a", pathlib.PurePath("a/b"), pathlib.PureWindowsPath("a/b")],
    [re.compile("a"), re.compile("a", re.IGNORECASE), re.compile(b"a"), "a"],
    [*re.finditer("a", "aab"), *re.finditer("a(b)?", "aab"), re.match("a", "a"), re.match("a", "ab")],
    [array.array("i", [1]), array.array("l", [1]), array.array("i", [1, 2]), [1]],
    [collections.deque([1]), collections.deque([1], 2), [1]],
    [collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1), {"a": 1, "b": 2}],
    [collections.defaultdict(None, {"a": 1}), {"a": 1}],
    [collections.defaultdict(int, {"a": 1}), collections.defaultdict(list, {"a": 1})],
    [collections.Counter("a"), types.SimpleNamespace(a=1), {"a": 1}, types.MappingProxyType({"a": 1})],
    [collections.ChainMap({"a": 1}), collections.ChainMap({}, {"a": 1}), collections.UserDict(a=1), {"a": 1}],
    [collections.UserDict(a=1), collections.UserDict(a=2), collections.UserList([1]), collections.UserString("a")],
    [{"a": 1}.keys(), {"b": 1}.keys(), {"a": 1}.values(), {"a": 1}.items(), ["a"]],
    [memoryview(b"1"), memoryview(b"2"), b"1", memoryview(b"12").cast("H")],
    [Point(1), Point(2), Point(1, 1), Pair(1, 0), Plain(x=1, y=0), Plain(x=1), (1, 0)],
    [Private(1), Private(2)],
    [Ignoring(a=1, times=1), Ignoring(a=2, times=1)],
    [Hostile(1), Hostile(2)],
    [Prompt("a"), "a", Prompt("b")],
    [Ratio(0.0), Ratio(-0.0), 0.0],
    [Shelf(a=1), Shelf(a=2), {"a": 1}],
    [Colour.RED, Colour.BLUE, 1, "RED"],
    [Told(1), Told(2), 1],
    [ipaddress.ip_address("1.2.3.4"), ipaddress.ip_address("1.2.3.5"), ipaddress.ip_network("1.2.3.4/32"), "1.2.3.4"],
    [operator.itemgetter(1), operator.itemgetter(2), operator.itemgetter(1, 2), operator.attrgetter("a")],
    [functools.partial(int, base=2), functools.partial(int, base=3), int],
    [ValueError("a"), ValueError("b"), TypeError("a"), OSError(2, "a"), OSError(3, "a")],
    [ExceptionGroup("a", [ValueError()]), ExceptionGroup("a", [KeyError()])],
    [io.BytesIO(b"a"), io.BytesIO(b"b"), io.StringIO("a"), read(b"a", 1), b"a"],
    [config("[a]\nb=%c"), config("[a]\nb=%d"), config("[DEFAULT]\nb=%c\n[a]")],
    [variable(1), variable(2), contextvars.ContextVar("V")],
    [typing.NewType("A", int), typing.NewType("A", str), typing.NewType("B", int)],
    [list[int], list[str], dict[str, int], int | str, int | None, typing.Literal[1], typing.Literal[True], typing.Any],
    [typing.Callable[[int], str], typing.Callable[[str], str], Callable[..., str], typing.Annotated[int, 1]],
    [int, str, Exception, len, print, [].append, [1].append, "a".upper, threading, logging],
    [MISSING, OTHER],
    [weakref.ref(KEPT), KEPT],
    [ring("a", "b"), ring("a", "c"), ring("a", "b", "c"), ring("a")],
    [types.SimpleNamespace(a=1, b=2), types.SimpleNamespace(b=2, a=1)],
]  # fmt: skip
"""Values that could be taken for each other: no two in a row have the same bytes."""


@pytest.mark.parametrize("values", DIFFERENT, ids=lambda values: type(values[0]).__name__)
def test_different_values_have_different_bytes(values: list[Any]) -> None:
    """No two of these values, which could be taken for each other, share their bytes, alone or inside of a list."""
    assert len(values) == len({encoded(value) for value in values})
    assert len(values) == len({encoded([[value], "x" * 5000]) for value in values})


SAME: list[tuple[Any, Any]] = [
    ({3, 1, 2}, {1, 2, 3}),
    ({"a", ("b",), "c"}, {("b",), "c", "a"}),
    (math.nan, float("-nan")),
    (pathlib.Path("a/b"), pathlib.PurePosixPath("a/b")),
    (Plain(a=1, b=2), Plain(b=2, a=1)),
    (Ignoring(a=1, times=1), Ignoring(a=1, times=2)),
    (Plain(a=1, lock=None), Plain(a=1, lock=threading.Lock())),
    (int | None, typing.Optional[int]),  # noqa: UP045
    (typing.Union[int, str], int | str),  # noqa: UP007
    (ring("a", "b"), ring("a", "b")),
    (ring("a", "b").next, ring("b", "a")),
    (contextvars.ContextVar("V"), contextvars.ContextVar("V")),
    (range(3), range(0, 3, 1)),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=lambda value: type(value).__name__)
def test_what_does_not_matter_does_not_change_the_bytes(one: Any, other: Any) -> None:
    """The order of sets and attributes, equipment, and what is to be ignored leave the bytes as they are."""
    assert encoded(one) == encoded(other)


def test_a_computed_property_does_not_change_the_bytes() -> None:
    """A cached_property that has been computed leaves the bytes as they were."""
    value = Plain(a=1)
    before = encoded(value)
    assert 1 == value.expensive
    assert before == encoded(value)


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
        | st.lists(inner, min_size=9, max_size=12)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers() | st.tuples(st.integers()), inner, max_size=4)
        | st.frozensets(st.text(max_size=3) | st.integers(), max_size=4)
        | st.builds(Point, inner, inner)
    ),
    max_leaves=12,
)


def alike(one: Any, other: Any) -> bool:
    """Equality by the contract: types and the order of dicts count, that of sets does not, NaN is itself."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict):
        return alike([*one.items()], [*other.items()])
    if isinstance(one, Point):
        return alike((one.x, one.y), (other.x, other.y))
    return str(one) == str(other) if isinstance(one, decimal.Decimal) else bool(one == other)


@pytest.mark.slow
@given(plain, plain)
def test_equal_bytes_are_equal_values(one: Any, other: Any) -> None:
    """Two values share their bytes exactly when they are equal by the contract."""
    assert alike(one, other) == (encoded(one) == encoded(other))


@pytest.mark.slow
@given(plain)
def test_a_copy_has_the_same_bytes(value: Any) -> None:
    """A copy, a deep copy and a pickle round trip have the value's bytes, and so has each in a list with the value."""
    copies = [copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))]
    assert {encoded(value)} == set(map(encoded, copies))
    assert 1 == len({encoded([value, each, "x" * 5000]) for each in [value, *copies]})


record = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(width=16) | st.text(max_size=2) | st.binary(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=1) | st.integers(0, 2), inner, max_size=3)
    ),
    max_leaves=5,
)


@pytest.mark.slow
@given(
    st.lists(record, min_size=1, max_size=3), st.lists(record, min_size=1, max_size=3), st.sampled_from([list, tuple])
)
def test_many_records_have_the_bytes_of_their_values(one: list[Any], other: list[Any], kind: Any) -> None:
    """Long lists of numbers, texts and small records share their bytes exactly when they are equal."""
    longs = [kind(values * 32) for values in (one, other)]
    assert alike(*longs) == (encoded(longs[0]) == encoded(longs[1]))
    assert encoded(longs[0]) == encoded(copy.deepcopy(longs[0])) == encoded(kind(map(copy.deepcopy, longs[0])))
    assert encoded([*longs[0]]) != encoded((*longs[0],))


RECORDS: dict[str, Any] = {
    "numbers": [*range(40)],
    "reals": [number / 4 for number in range(40)],
    "texts": [str(number) for number in range(40)],
    "records": [{"id": number, "text": "é", "inner": {"a": [1.5, None, True], "b": (b"x",)}} for number in range(40)],
    "a table": {str(number): [number] for number in range(40)},
    "not a number": [math.nan] * 40,
    "deep": [[[[[[number]]]]] for number in range(40)],
    "sets": [{number} for number in range(40)],
    "wide": [[*range(number, 100)] for number in range(40)],
}


@pytest.mark.parametrize("name", RECORDS)
def test_each_part_of_many_records_counts(name: str) -> None:
    """Every part, its type and its place count, and a shared part is like a copy of it."""
    value = RECORDS[name]
    assert encoded(copy.deepcopy(value)) == encoded(value) == encoded(pickle.loads(pickle.dumps(value)))
    edits: list[Any] = [
        {**value, "x": 1} if isinstance(value, dict) else [*value, 1],
        {"x": 1, **value} if isinstance(value, dict) else [1, *value],
        [*value.items()] if isinstance(value, dict) else (*value,),
        [*value][::-1],
    ]
    if isinstance(value, list):
        edits += [
            [*value[:39], other] for other in (True, 1.0, "1", b"1", None, [1], Prompt("1"), {}, (), bytearray(b"1"))
        ]
    found = [encoded(value), *map(encoded, edits)]
    assert len(set(found)) >= len(found) - (name == "not a number")


def test_another_not_a_number_is_the_same() -> None:
    """Not a number has many bit patterns, also among many."""
    assert encoded([math.nan] * 40) == encoded([-math.nan] * 40) == encoded([float("nan") for _ in range(40)])


@pytest.mark.slow
@given(st.lists(plain, max_size=4), st.lists(plain, max_size=4))
def test_framing_cannot_be_confused(one: list[Any], other: list[Any]) -> None:
    """Encodings end by themselves: joined, they are equal only when the lists are."""
    joined = [b"".join(map(encoded, values)) for values in (one, other)]
    assert alike(one, other) == (joined[0] == joined[1])


def test_sharing_does_not_change_the_bytes() -> None:
    """One list twice and two equal lists are the same, small and large."""
    for size in (1, 10, 100, 1000, 10_000):
        shared = [[number] for number in range(size)]
        assert encoded([copy.deepcopy(shared), copy.deepcopy(shared)]) == encoded([shared, shared])


def test_shared_parts_are_encoded_once() -> None:
    """Forty levels of a list that holds the next one twice, 10¹² leaves as a tree, are encoded in a moment."""
    value: Any = Point(1)
    for _ in range(40):
        value = [value, value]
    assert len(encoded(value)) < 5000
    assert encoded(value) != encoded([value[0], value[0][0]])


def test_ten_thousand_nested_lists() -> None:
    """A value nested 10,000 deep, near the end of the stack, is encoded like any other."""
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]

    def nested(frames: int) -> bytes:
        return nested(frames - 1) if frames else encoded(deep)

    assert nested(sys.getrecursionlimit() - 150) == encoded(deep) != encoded(deep[0])


def test_a_value_that_refers_back_to_itself() -> None:
    """A cycle ends: who is referred back to counts, wherever in the value the cycle is."""
    one: list[Any] = [1]
    one += [one, [one]]
    two: list[Any] = [1]
    two += [two, [two]]
    inner: list[Any] = []
    inner.append(inner)
    other: list[Any] = [1, inner, inner]
    other[2] = [other]
    assert encoded(one) == encoded(two) != encoded(other)
    assert encoded([one]) == encoded([two]) != encoded(one)
    table: dict[Any, Any] = {"a": 1}
    table["self"] = table
    assert encoded(table) != encoded({"a": 1, "self": {"a": 1}})


def test_a_cycle_has_the_same_bytes_by_every_way_to_it() -> None:
    """A ring of nodes has the same bytes alone, in a list, and twice in a list; its members differ."""
    first = ring("a", "b")
    assert encoded([first, first]) == encoded([first, first]) != encoded([first, first.next])
    assert encoded([first, 1]) == encoded([ring("a", "b"), 1]) != encoded([first.next, 1])
    node = Node("key")
    owner = {node: [1]}
    node.next = owner  # type: ignore[assignment]
    assert encoded(owner)


def test_a_graph_of_nodes_takes_one_step_a_node() -> None:
    """In a graph where every node knows all others, a node is encoded once."""
    nodes = [Node(str(number)) for number in range(300)]
    for node in nodes:
        node.next = nodes  # type: ignore[assignment]
    before = encoded(nodes)
    nodes[150].name = "other"
    assert before != encoded(nodes)


@pytest.mark.slow
def test_another_process_gives_the_same_bytes() -> None:
    """Other hash seeds give the same bytes."""
    program = (
        "from llm_memo.identity.forms.encoding import encode\n"
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


def test_the_bytes_are_these() -> None:
    """The layout is kept: a change of it would lose all that is kept."""
    assert b"d2:s1:al3:i1;f?\xf8\x00\x00\x00\x00\x00\x00Ns1:bt2:Tb1:x" == encode(
        {"a": [1, 1.5, None], "b": (True, b"x")}
    )
    assert b"@s4:date1:s10:2026-01-01" == encode(datetime.date(2026, 1, 1))
    written = b"[" + bytes.fromhex("20000000") + (b"u" + bytes.fromhex("02000000") + "é".encode()) * 32
    assert b"m229:" + written == encode(["é"] * 32)
    large = encode([["x" * 5000]])
    assert (b"l1:#", 36) == (large[:4], len(large))


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (object(), ""),
        ([1, object()], "[1]"),
        ({"messages": [{"content": [{"image": object()}]}]}, "['messages'][0]['content'][0]['image']"),
        ({3: object()}, "[3]"),
        ({(1, 2): object()}, "[a tuple]"),
        ({object(): 1}, "[a object]"),
        ({1, object()}, "{…}"),
        (Point(Point(1, object())), ".x.y"),
        ((item for item in ()), ""),
        ([iter([1])], "[0]"),
        (itertools.count(), ""),
        (hashlib.sha256(b"a"), ""),
        ([*os.scandir()][:1], "[0]"),
        (zoneinfo.ZoneInfo.from_file(io.BytesIO(TZIF)), ""),
    ],
)
def test_what_has_no_form_is_named_with_its_path(value: Any, path: str) -> None:
    """What has no canonical form raises an error that holds the path to it."""
    with pytest.raises(NoCanonicalForm) as error:
        encoded(value)
    assert path == "".join(error.value.path)


def test_equipment_is_no_argument_and_its_class_inside_of_one() -> None:
    """A lock has no form of its own; in a list it counts by its class; on an object it is as if it were not there."""
    for value in (threading.Lock(), logging.getLogger("a"), sys.stdout, asyncio.Semaphore(3), threading.Thread()):
        assert is_equipment(value)
        with pytest.raises(NoCanonicalForm):
            encoded(value)
    assert encoded([threading.Lock()]) == encoded([threading.Lock()]) != encoded([threading.RLock()])
    assert not is_equipment(io.StringIO())
    assert not is_equipment(threading.Event())


def test_a_closed_buffer_has_no_form() -> None:
    """A closed BytesIO holds nothing that could be told."""
    closed = io.BytesIO(b"a")
    closed.close()
    with pytest.raises(NoCanonicalForm, match="closed"):
        encoded(closed)


def test_a_memo_key_that_raises_is_named() -> None:
    """A __memo_key__ that raises is why its value has no form."""

    class Broken:
        def __memo_key__(self) -> Any:
            raise ValueError("oh")

    with pytest.raises(NoCanonicalForm) as error:
        encoded([Broken()])
    assert "its __memo_key__() raised ValueError: oh" == error.value.why


def test_code_of_ones_own_is_told_by_the_hook_alone() -> None:
    """Functions, classes and methods of one's own are the hook's; without one they have no form."""

    def told(thing: Any) -> bytes:
        return repr(type(thing)).encode()

    node = Node("a")
    for value in (ring, Node, node, Colour.RED, functools.lru_cache(ring), functools.partial(ring), [node.__init__]):
        assert repr(type(node)).encode() in encode(node, told)
        assert encode(value, told) != encode(value, lambda _: b"x")
        with pytest.raises(NoCanonicalForm):
            encode(value, lambda _: None)
    assert b"$4:ring" == by_name_of(ring)


def by_name_of(value: Any) -> bytes:
    return encode([value], by_name)[3:]


def test_a_dict_that_another_thread_changes() -> None:
    """A dict that grows while it is encoded is encoded as it was at some time."""
    table = {str(number): Point(number) for number in range(2000)}
    stop = threading.Event()

    def grow() -> None:
        for number in itertools.count(10_000):
            table[str(number % 20_000)] = Point(number)
            if stop.is_set():
                return
            time.sleep(0.0001)

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        assert encoded(table).startswith(b"d")
    finally:
        stop.set()
        thread.join()
