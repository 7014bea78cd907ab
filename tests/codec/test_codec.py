"""Values frozen and thawed: what comes back is what was there, or it is not kept."""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import http
import io
import itertools
import math
import pathlib
import socket
import struct
import sys
import threading
import types
import typing
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import AsyncOpenAI, OpenAI
from portraits import portrait
from pydantic import AnyUrl, BaseModel, SecretStr

from llm_memo.codec import codec, pickled
from llm_memo.codec.codec import Frozen, Unfreezable, UnknownClass, freeze, thaw


class Mood(enum.Enum):
    GOOD = "good"


@dataclasses.dataclass
class Answer:
    text: Any
    mood: Mood = Mood.GOOD


class Note(BaseModel):
    text: str


class Phrase(str):
    pass


# --- plain values


def bits(number: int) -> float:
    """The float of these 64 bits."""
    found: float = struct.unpack("d", struct.pack("Q", number))[0]
    return found


texts = st.text(st.characters(codec=None, categories=None), max_size=20)  # lone surrogates too
leaves = st.none() | st.booleans() | st.integers() | st.floats() | texts
trees = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20)
mixtures = st.recursive(
    leaves | st.binary() | st.builds(Note, text=st.text()) | st.just(Mood.GOOD) | st.dates(),
    lambda inner: st.lists(inner) | st.dictionaries(st.integers() | texts, inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@pytest.mark.slow
@given(trees)
def test_json_values_come_back_to_the_letter(value: Any) -> None:
    """JSON values keep their types, key order, NaN, negative zero and lone surrogates."""
    frozen = freeze(value)
    assert frozen.codec in ("json", "text")
    assert isinstance(frozen.payload, bytes)
    assert portrait(value) == portrait(thaw(frozen))


@pytest.mark.slow
@given(mixtures)
def test_mixtures_come_back_to_the_letter(value: Any) -> None:
    """Tuples, bytes, enums, dates and models, in each other, come back as they were."""
    assert portrait(value) == portrait(thaw(freeze(value)))


@pytest.mark.parametrize(
    ("codec", "value"),
    [
        ("text", ""),
        ("text", "naïve \ud800 😀 \ud83d\ude00"),
        ("bytes", b"\x00\xff"),
        ("json", None),
        ("json", True),
        ("json", -0.0),
        ("json", 10**4000),
        ("json", {"b": [1, 2.5, None], "a": {"": ""}}),
        ("pickle", 10**5000),
        ("pickle", (1, "a")),
        ("pickle", {1: "a"}),
        ("pickle", {None: "a"}),
        ("pickle", {"a", "b"}),
        ("pickle", Phrase("hello")),
        ("pickle", bytearray(b"abc")),
        ("pickle", datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)),
        ("pickle", decimal.Decimal("1.50")),
        ("pickle", fractions.Fraction(1, 3)),
        ("pickle", uuid.UUID(int=7)),
        ("pickle", pathlib.PurePosixPath("/a/b")),
        ("pickle", collections.OrderedDict(b=1, a=2)),
        ("pickle", Mood.GOOD),
        ("pickle", http.HTTPStatus.OK),
        ("pickle", Answer("yes")),
        ("pickle", types.SimpleNamespace(a=1)),
        ("pickle", math.sqrt),
        ("pickle", freeze),
        ("pickle", list[int]),
        ("pickle", typing.Union[int, str]),  # noqa: UP007 - the old form is another class
        ("pickle", AnyUrl("https://example.com/")),
        ("pickle", Answer),
    ],
    ids=lambda value: "int" if type(value) is int else None,  # pytest would write out 5,000 digits
)
def test_each_kind_has_its_codec(codec: str, value: Any) -> None:
    """Each kind goes its own way and comes back equal and of the same type."""
    frozen = freeze(value)
    copy = thaw(frozen)
    assert (codec, type(value), value) == (frozen.codec, type(copy), copy)


@pytest.mark.slow
@given(st.lists(st.floats() | st.integers(0, 2**64 - 1).map(bits), min_size=16, max_size=40))
def test_floats_keep_every_bit(value: list[float]) -> None:
    """A list of floats alone, as an embedding is, comes back to the last bit, whatever kind of NaN is in it."""
    frozen = freeze(value)
    found = thaw(frozen)
    assert ("floats", 8 * len(value), list) == (frozen.codec, len(frozen.payload), type(found))
    assert struct.pack(f"{len(value)}d", *value) == struct.pack(f"{len(found)}d", *found)


@pytest.mark.parametrize("value", [[1.0] * 15, [1.0] * 20 + [1], [True] * 20, [np.float64(1.0)] * 20])
def test_other_lists_of_numbers_keep_their_types(value: list[Any]) -> None:
    """Few floats, or floats among other numbers, go the way of all lists."""
    frozen = freeze(value)
    assert "floats" != frozen.codec
    assert [type(each) for each in value] == [type(each) for each in thaw(frozen)]


def test_nothing_is_shared() -> None:
    """Each thaw gives a value of its own."""
    for value in ([["a"]], {"a": ["b"]}, ([1], [2]), Answer(["a"]), Note(text="a"), np.zeros(3)):
        frozen = freeze(value)
        first, second = thaw(frozen), thaw(frozen)
        assert first is not second
        assert first is not value


def test_sharing_inside_a_value_stays() -> None:
    """A list that occurs twice in a value is one list in the copy; a list that holds itself does there too."""
    part = [1]
    first, second = thaw(freeze([part, part]))
    assert first is second
    part.append(part)  # type: ignore[arg-type]
    loop = thaw(freeze(part))
    assert loop[1] is loop


def test_deep_values_are_kept_or_refused() -> None:
    """Nesting too deep for JSON is kept otherwise; nesting too deep for Python is refused."""
    for depth, kept in ((90, "json"), (300, "pickle")):
        value: Any = []
        for _ in range(depth):
            value = [value]
        assert (kept, value) == (freeze(value).codec, thaw(freeze(value)))
    for _ in range(300_000):
        value = [value]
    with pytest.raises(Unfreezable, match="nested too deeply"):
        freeze(value)
    while value:
        value = value.pop()


# --- arrays


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.asfortranarray(np.ones((3, 2), dtype="float16")),
        np.arange(10)[::3],
        np.array(5.0),
        np.zeros((0, 3)),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        np.array(["2026-01-01", "NaT"], dtype="datetime64[D]"),
        np.array(["a", "bb"]),
        np.array([math.nan, -0.0]),
    ],
    ids=str,
)
def test_an_array_is_kept_as_it_is(array: Any) -> None:
    """An exact array is its own payload: a copy, with its dtype, shape and order of axes."""
    frozen = freeze(array)
    assert ("array", np.ndarray) == (frozen.codec, type(frozen.payload))
    copy = thaw(frozen)
    for made in (frozen.payload, copy):
        assert (array.dtype, array.shape, array.tobytes()) == (made.dtype, made.shape, made.tobytes())
        assert array.flags.f_contiguous == made.flags.f_contiguous or not array.flags.contiguous
        assert not np.shares_memory(made, array)
    assert not np.shares_memory(copy, frozen.payload)


@pytest.mark.parametrize(
    "value",
    [np.float32(1.5), np.datetime64("2026-01-01"), np.array([1, "a", None], dtype=object), [np.arange(3)]],
    ids=str,
)
def test_other_things_of_numpy_are_pickled(value: Any) -> None:
    """Scalars, arrays of objects, and arrays inside of other values are pickled."""
    frozen = freeze(value)
    assert "pickle" == frozen.codec
    copy = thaw(frozen)
    assert type(value) is type(copy)
    np.testing.assert_array_equal(value, copy)


def test_a_frame_comes_back() -> None:
    """A pandas frame comes back with its dtypes and index."""
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]}, index=pd.Index(["p", "q"], name="who"))
    pd.testing.assert_frame_equal(frame, thaw(freeze(frame)))


# --- what cannot be kept


def generate() -> Any:
    yield 1


async def agenerate() -> Any:
    yield 1


def local() -> Any:
    @dataclasses.dataclass
    class Hidden:
        text: str = "a"

    return Hidden()


class Reduced:
    """Pickles as another kind."""

    def __reduce__(self) -> Any:
        return str, ("reduced",)


class Unreadable:
    """Pickles, and cannot be unpickled."""

    def __reduce__(self) -> Any:
        return int, ("no number",)


class Reluctant:
    """Says more than it should when it is pickled."""

    def __reduce__(self) -> Any:
        raise ValueError("sk-CANARY")


class Frail:
    """Has a way of its own that fails."""

    def __memo_freeze__(self) -> Frozen:
        raise ValueError("sk-CANARY")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (threading.Lock, r"lock, which lives in this process only"),
        (Path(__file__).open, r"TextIOWrapper, which lives in this process only"),
        (socket.socket, r"socket, which lives in this process only"),
        (lambda: sys, r"module, which lives in this process only"),
        (generate, r"it holds a generator, which can be read only once: return a list"),
        (agenerate, r"it holds a async_generator, which can be read only once"),
        (lambda: map(str, [1]), r"it holds a map, which can be read only once"),
        (lambda: itertools.count(), r"it holds a itertools\.count, which can be read only once"),
        (lambda: lambda: 1, r"<lambda>, which nobody finds again: define it at the top of test_codec"),
        (local, r"local\.<locals>\.Hidden, which nobody finds again"),
        (lambda: (local(), 1), r"local\.<locals>\.Hidden, which nobody finds again"),
        (lambda: typing.cast(Any, type)("Made", (), {})(), r"Made, which nobody finds again"),
        (lambda: OpenAI(api_key="sk-CANARY"), r"it holds a client \(OpenAI\)"),
        (lambda: AsyncOpenAI(api_key="sk-CANARY").chat, r"it holds a client \(AsyncChat\)"),
        (lambda: httpx2.Response(200), r"it holds a httpx2\.Response, which may carry keys"),
        (lambda: SecretStr("sk-CANARY"), r"it holds a SecretStr"),
        (Reduced, r"it is a Reduced and comes back as a str"),
        (Unreadable, r"it cannot be read back: ValueError"),
        (Reluctant, r"pickle refuses it: ValueError$"),
        (Frail, r"freezing it failed: ValueError$"),
    ],
)
def test_what_cannot_be_kept_says_why(value: Callable[[], Any], reason: str) -> None:
    """What cannot come back, or must not, is refused with a reason; alone or inside of something."""
    held = value()
    try:
        with pytest.raises(Unfreezable, match=reason) as caught:
            freeze(held)
        assert "CANARY" not in str(caught.value)
        if not isinstance(held, (Reduced, Unreadable, Frail)):
            with pytest.raises(Unfreezable, match=reason):
                freeze({"deep": [Answer(held)]})
    finally:
        getattr(held, "close", lambda: None)()


async def test_what_was_not_awaited_is_refused() -> None:
    """A coroutine or future is refused; its reason says that it must be awaited."""
    coroutine, future = asyncio.sleep(0), asyncio.get_running_loop().create_future()
    for value in (coroutine, future):
        with pytest.raises(Unfreezable, match="must be awaited first"):
            freeze([value])
    await coroutine


def test_files_in_memory_are_kept() -> None:
    """`BytesIO` and `StringIO` are values, though they are iterators too."""
    assert b"abc" == thaw(freeze(io.BytesIO(b"abc"))).getvalue()
    assert "abc" == thaw(freeze(io.StringIO("abc"))).getvalue()


# --- what is gone


def test_a_class_that_is_gone_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class that its module does not have any more is told from a damaged payload."""
    for value in (Answer("a"), [Answer("a")]):
        frozen = freeze(value)
        with monkeypatch.context() as patch:
            patch.delattr(sys.modules[__name__], "Answer")
            with pytest.raises(UnknownClass, match=rf"^{__name__}\.Answer is gone$"):
                thaw(frozen)
    with pytest.raises(UnknownClass, match=r"^gone_codec\.Answer is gone$"):
        thaw(Frozen("pickle", pickled.dumps(Answer("a")).replace(b"test_codec", b"gone_codec")))


def test_a_codec_of_a_later_version_is_unknown() -> None:
    """A codec that is not known is no damage."""
    with pytest.raises(UnknownClass, match="'crystal of a kind'"):
        thaw(Frozen("crystal of a kind", b""))


@pytest.mark.parametrize("name", ["json", "text", "pickle"])
def test_a_damaged_payload_is_an_error(name: str) -> None:
    """A damaged payload raises, and not `UnknownClass`."""
    with pytest.raises(Exception) as caught:
        thaw(Frozen(name, b"\xff\xfe\xff"))
    assert not isinstance(caught.value, UnknownClass)


# --- elsewhere


def test_values_thaw_in_another_process(tmp_path: Path, run: Callable[..., str]) -> None:
    """A class of a script, which is `__main__` in each process, is found again."""
    (tmp_path / "payload").write_bytes(b"")
    text = """
        import dataclasses, pathlib, sys
        from llm_memo.codec.codec import freeze, thaw
        @dataclasses.dataclass
        class Answer:
            text: str
        class Plain:
            def __init__(self): self.answers = (Answer("yes"), {Answer: 1})
        file = pathlib.Path("payload")
        if not file.read_bytes():
            file.write_bytes(freeze(Plain()).payload)
        print(thaw(("pickle", file.read_bytes())).answers)
        """
    assert run(text) == run(text)


def test_importing_the_codec_loads_no_library(run: Callable[..., str]) -> None:
    """Freezing and thawing plain values loads none of the libraries that others need."""
    assert "[]\n" == run(
        """
        import sys
        from llm_memo.codec import codec, streams
        from llm_memo.answers import complete, usage
        for value in ("a", b"a", {"a": [1]}, (1, 2)):
            assert codec.thaw(codec.freeze(value)) == value
            complete.incomplete(value), usage.usage_of(value), streams.is_stream(value)
        print([name for name in ("openai", "pydantic", "numpy", "joblib", "httpx2") if name in sys.modules])
        """
    )


def test_is_json() -> None:
    """Exact JSON types in a tree with str keys, and nothing else."""
    part: list[Any] = []
    assert codec.is_json({"a": [part, [], {"b": 1.5}]})
    for value in ([part, part], {1: 1}, {Phrase("a"): 1}, (1,), [Phrase("a")], [{"a": {1}}]):
        assert not codec.is_json(value)
