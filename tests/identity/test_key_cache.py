"""Questions that are looked up rather than encoded again are the same questions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_memo import cached_completion
from llm_memo.identity import key_cache
from llm_memo.identity.call_key import CallKey
from llm_memo.identity.key import KEYS
from llm_memo.identity.key_cache import KeyCache, plain_bytes

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5)
plain = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))
others = st.recursive(
    leaves | st.binary(max_size=5) | st.sampled_from([b"a", bytearray(b"a"), memoryview(b"a"), ..., 1j, {1}, {1: 2}]),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner),
)


def ask(*texts: Any, **more: Any) -> str:
    """A function to ask."""
    return ""


def ask_two(one: Any, other: Any) -> str:
    """A function to ask for two things."""
    return ""


@pytest.mark.slow
@given(st.lists(plain | others, min_size=1, max_size=6))
def test_a_question_is_the_same_whatever_was_asked_before(values: list[Any]) -> None:
    """Asked after any others, and again, a value's key is that of a function that was never asked."""
    known = cached_completion(name="f")(ask)
    for value in [*values, *values]:
        try:
            fresh = cached_completion(name="f")(ask).cache_key(value)
        except TypeError:
            continue
        assert fresh == known.cache_key(value)


def test_an_equal_question_is_not_encoded_again() -> None:
    """Equal plain arguments of a function are the same object of a question."""
    cached: Any = cached_completion(name="f")(ask)
    key_builder = cached._self_memo.key_builder
    first: CallKey = key_builder.key_of(("a", [1, {"b": 2.0}]))
    assert first is key_builder.key_of(("a", [1, {"b": 2.0}]))
    assert first is not key_builder.key_of(("a", [1, {"b": 2}]))


def test_a_long_question_is_not_digested_again() -> None:
    """An equal long text is the same object of a question, whose digest is known; another text is not."""
    cached: Any = cached_completion(name="f")(ask)
    key_builder = cached._self_memo.key_builder
    first: CallKey = key_builder.key_of(("x" * 200_000, []))
    assert first is key_builder.key_of(("x" * 200_000, []))
    other: CallKey = key_builder.key_of(("x" * 199_999 + "y", []))
    assert first is not other
    assert first.digest != other.digest


def test_what_is_long_or_not_plain_is_not_looked_up() -> None:
    """Long texts, and what marshal does not take, are encoded each time."""
    assert [None, None, None] == [plain_bytes((value,))[1] for value in ("x" * 40_000, ["x" * 20_000] * 2, object())]


def records(count: int = 1_000) -> list[Any]:
    """Plain data of more bytes than stand for themselves."""
    return [{"id": number, "text": f"text {number}", "more": [number, 0.5]} for number in range(count)]


def test_many_plain_parts_are_not_encoded_again() -> None:
    """Long arguments of many parts are looked up by a digest, and each change of them is another question."""
    key_builder = cached_completion(name="f")(ask_two)._self_memo.key_builder  # type: ignore[attr-defined]
    first: CallKey = key_builder.key_of((records(), 1))
    assert first is key_builder.key_of((records(), 1))
    for change in (
        lambda values: values[500].update(id=True),
        lambda values: values[0].update(id=-0.0),
        lambda values: values[-1]["more"].append(None),
        lambda values: values.__setitem__(7, dict(reversed(values[7].items()))),
    ):
        changed = records()
        change(changed)
        fresh = cached_completion(name="f")(ask_two)
        assert first.key != key_builder.key_of((changed, 1)).key == fresh.cache_key(changed, 1)


def test_a_key_of_megabytes_is_looked_up_and_takes_no_room() -> None:
    """However long arguments of many parts are, their key is held, without their bytes, and says what it is made of."""
    made, long = cached_completion(name="f")(ask_two), records(100_000)
    before = KEYS.size
    first = made.explain(long, 1)
    key_builder = made._self_memo.key_builder  # type: ignore[attr-defined]
    assert key_builder.key_of((long, 1)) is key_builder.key_of((records(100_000), 1))
    assert KEYS.size - before <= 5_000
    assert str(first) == str(made.explain(long, 1))
    assert made.cache_key(long, 1) != made.cache_key([*long, 1], 1)


@pytest.mark.parametrize("before", [["hello"], records()], ids=["short", "long"])
def test_arguments_changed_meanwhile_are_another_question(monkeypatch: pytest.MonkeyPatch, before: list[Any]) -> None:
    """What another thread does to the arguments while they are looked up does no harm to those who ask later."""
    shared = [*before]
    real = key_cache._marshal

    def switched(value: Any, version: int) -> bytes:
        plain = real(value, version)
        monkeypatch.setattr(key_cache, "_marshal", real)
        shared.append("and more")
        return plain

    cached = cached_completion(name="f")(ask)
    monkeypatch.setattr(key_cache, "_marshal", switched)
    cached.cache_key(shared)
    fresh = cached_completion(name="f")(ask)
    for messages in (before, [*before, "and more"]):
        assert fresh.cache_key(messages) == cached.cache_key(messages)


def test_little_is_remembered() -> None:
    """What is remembered has a bound in bytes; what was used longest ago goes first, and all goes with its head."""
    found: KeyCache[str] = KeyCache(5_000)
    for number in range(100):
        found.put(b"%d" % number, b"head", str(number), 20)
        assert str(number) == found.get(b"%d" % number, b"head")
        assert None is found.get(b"%d" % number, b"another head")
        assert "0" == found.get(b"0", b"head")
        assert found.size <= 5_000
    assert None is found.get(b"50", b"head")


def test_a_key_put_again_takes_its_bytes_once() -> None:
    """The same arguments, remembered again, take no more room."""
    found: KeyCache[str] = KeyCache(5_000)
    found.put(b"a", b"head", "first", 20)
    size = found.size
    found.put(b"a", b"head", "second", 20)
    assert ("second", size) == (found.get(b"a", b"head"), found.size)
    found.after_fork()
    assert size == found.size
