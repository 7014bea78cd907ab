"""An entry as bytes: there and back, and not back when anything about it is another."""

from __future__ import annotations

import builtins
import io
import time
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_memo import cached_completion
from llm_memo.codec.frozen import Frozen
from llm_memo.stores import entry, seal
from llm_memo.stores.entry import HEAD, Damaged, Header, Newer, NotOurs, Provenance, StoredEntry

KEY = b"k" * seal.SIZE
NAME = "0" * 32

texts = st.text(st.characters(), max_size=20)
headers = st.builds(
    Header,
    function=texts,
    created=st.floats(0, 1e11),
    digest=texts,
    seconds=st.floats(0, 1e6),
    type=texts,
    usage=st.none() | st.dictionaries(texts, st.integers() | texts | st.none(), max_size=3),
    sample=st.integers(0, 10**6),
    _provenance=st.builds(
        Provenance,
        code=texts,
        parts=st.dictionaries(texts, texts, max_size=3),
        previews=st.dictionaries(texts, texts, max_size=3),
    ),
)
answers = st.builds(
    StoredEntry,
    headers,
    st.builds(Frozen, texts, st.builds(bytes.__mul__, st.binary(max_size=50), st.integers(0, 1_000))),
)


def packed(kept: StoredEntry, compress: int = 0, name: str = NAME, key: bytes = KEY) -> tuple[bytes, bytes]:
    """Head and body of an entry."""
    return entry.pack(name, kept, key, compress)


@pytest.mark.slow
@given(answers, st.integers(0, 9))
def test_what_is_packed_is_unpacked(kept: StoredEntry, compress: int) -> None:
    """Header, codec and answer come back as they were, whatever they hold, compressed or not."""
    head, body = packed(kept, compress)
    assert HEAD == len(head)
    found = entry.unpack(NAME, head, body, [KEY])
    assert (kept.header, kept.header.provenance, kept.frozen) == (found.header, found.header.provenance, found.frozen)


@pytest.mark.slow
@given(answers, st.binary(min_size=32, max_size=32), st.text("0123456789abcdef", min_size=32, max_size=32))
def test_another_key_or_name_is_refused(kept: StoredEntry, key: bytes, name: str) -> None:
    """An entry is unpacked with the key and under the name that it was packed with, and with no other."""
    head, body = packed(kept)
    if key != KEY:
        with pytest.raises(NotOurs):
            entry.unpack(NAME, head, body, [key])
    if name != NAME:
        with pytest.raises(NotOurs):
            entry.unpack(name, head, body, [KEY])


@given(st.text(max_size=5), st.binary(max_size=5), st.text(max_size=5), st.binary(max_size=5))
def test_what_is_sealed_is_framed(name: str, body: bytes, other_name: str, other_body: bytes) -> None:
    """Two entries have one seal only if both their names and their bodies are the same."""
    one = seal.sealed(KEY, b"magic", name, body)
    other = seal.sealed(KEY, b"magic", other_name, other_body)
    assert ((name, body) == (other_name, other_body)) == seal.same(one, other)


@pytest.mark.slow
@given(answers, st.data())
def test_altered_bytes_are_refused(kept: StoredEntry, data: st.DataObject) -> None:
    """No entry with any byte changed is unpacked."""
    head, body = packed(kept)
    whole = bytearray(head + body)
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises((Damaged, NotOurs, Newer)):
        entry.unpack(NAME, bytes(whole[:HEAD]), bytes(whole[HEAD:]), [KEY])


@given(st.binary(max_size=60))
def test_other_bytes_are_no_entry(data: bytes) -> None:
    """Bytes that are no entry at all are told from an entry of a later format."""
    with pytest.raises(Damaged):
        entry.check_head(b"other" + data)
    with pytest.raises(Newer, match="format 3"):
        entry.check_head(b"llm_memo\3" + data)
    with pytest.raises(Damaged):
        entry.check_head(b"llm_memo\2"[: len(data)])


def test_large_answers_are_compressed_small_ones_not() -> None:
    """Compression is for answers over 10 kB."""
    small, large = (
        StoredEntry(Header(function="f", created=0.0), Frozen("text", b"x" * size)) for size in (9_000, 900_000)
    )
    assert packed(small) == packed(small, compress=9)
    assert len(packed(large, compress=1)[1]) < 50_000 < len(packed(large)[1])


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("compress", [0, 3])
def test_arrays_go_as_arrays(order: str, compress: int) -> None:
    """A numpy array is written as its own bytes, not as a graph of objects, and comes back in its order."""
    array = np.asarray(np.arange(60_000.0).reshape(300, 200), order=order)  # type: ignore[call-overload]
    head, body = packed(StoredEntry(Header(function="f", created=0.0), Frozen("array", array)), compress)
    found = entry.unpack(NAME, head, body, [KEY]).frozen.payload
    assert np.array_equal(array, found)
    assert array.flags.f_contiguous == found.flags.f_contiguous
    if not compress:
        assert array.nbytes < len(body) < array.nbytes + 1_000


def test_fields_of_later_versions_are_passed_over() -> None:
    """A header with fields that are not known here is read without them; fields that are missing have a default."""
    assert Header(function="f", created=1.5) == Header.from_json(b'{"function":"f","created":1.5,"mood":"good"}{}')
    assert (
        Provenance(code="c") == Header.from_json(b'{"function":"f","created":1.5}{"code":"c","mood":"good"}').provenance
    )


@pytest.mark.slow
@given(answers)
def test_what_is_packed_while_joblib_cannot_be_loaded_is_unpacked_with_it(kept: StoredEntry) -> None:
    """At the interpreter's very end, when joblib is no longer loaded, entries are written that it reads."""
    real = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name == "joblib":
            raise RuntimeError("can't register atexit after shutdown")
        return real(name, *rest)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(builtins, "__import__", refuse)
        head, body = packed(kept)
    assert kept.frozen == entry.unpack(NAME, head, body, [KEY]).frozen
    assert {"header", "codec", "frozen"} == joblib.load(io.BytesIO(body)).keys()


def test_age_goes_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer is expired from its ttl on; one from the clock's future is new."""
    kept = StoredEntry(Header(function="f", created=100.0), Frozen("text", b""))
    for now, expired in [(109.9, False), (110.0, True), (50.0, False)]:
        monkeypatch.setattr(time, "time", lambda now=now: now)
        assert expired == kept.expired(10.0)
        assert not kept.expired(None)
        assert kept.expired(0.0)


def test_usage_is_read_when_it_is_asked_for() -> None:
    """Tokens come back as a usage; an answer without has none."""
    kept = StoredEntry(Header(function="f", created=0.0, usage={"model": "m", "input_tokens": 3}), Frozen("text", b""))
    assert kept.usage is not None
    assert kept.usage is kept.usage
    assert ("m", 3) == (kept.usage.model, kept.usage.input_tokens)
    assert None is StoredEntry(Header(function="f", created=0.0), Frozen("text", b"")).usage


def test_a_key_that_two_questions_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where two questions have the same key, each still gets its own answer: the digest decides."""
    monkeypatch.setattr("llm_memo.identity.call_key.xxhash.xxh3_128_hexdigest", lambda data: NAME)
    calls = []

    @cached_completion
    def ask(text: str) -> str:
        calls.append(text)
        return text.swapcase()  # code of no other test: keys are remembered by process

    for text in ("a", "b", "a" * 2_000, "b", "a"):
        assert text.upper() == ask(text)
        assert text.upper() == ask(text)
    assert ["a", "b", "a" * 2_000, "b", "a"] == calls


def test_an_entry_of_an_earlier_format() -> None:
    """An entry of a format that was never released is of no use, and not taken for foreign."""
    with pytest.raises(Damaged, match="format 1, from before"):
        entry.check_head(b"llm_memo\1" + b"\0" * 40)
