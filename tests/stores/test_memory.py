"""What is held at hand in memory."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest
from shards import kept

from llm_memo.codec.frozen import Frozen
from llm_memo.stores.entry import Header, Provenance, StoredEntry, pack, unpack
from llm_memo.stores.memory import Memory

SIGNATURE = (1, 2, 3)
BOUND = 80_000


def test_what_is_put_is_had() -> None:
    """An entry is held with the signature of its file until it is dropped."""
    memory = Memory()
    one = kept()
    memory.put("a", SIGNATURE, one, BOUND)
    held = memory.get("a", BOUND)
    assert held is not None
    assert (SIGNATURE, one.frozen) == (held.signature, held.entry.frozen)
    memory.drop("a")
    memory.drop("a")
    assert None is memory.get("a", BOUND)


def test_what_was_used_longest_ago_goes_first() -> None:
    """Beyond the bound those go first that were used longest ago, be it put or got."""
    memory = Memory()
    for number in range(100):
        memory.put(str(number), SIGNATURE, kept("x" * 5_800), BOUND)
        assert memory.get("0", BOUND)
    held = [number for number in range(100) if memory.get(str(number), BOUND)]
    assert held == [0, *range(90, 100)]


def test_a_lower_bound_holds_at_once() -> None:
    """There is one bound for all: where it is lowered, what is beyond it goes with the next look."""
    memory = Memory()
    for number in range(5):
        memory.put(str(number), SIGNATURE, kept("x" * 5_800), BOUND)
    assert None is memory.get("0", 32_500)
    assert memory.get("4", 32_500)
    assert memory.size <= 32_500
    assert None is memory.get("4", 0)
    assert 0 == memory.size


@pytest.mark.slow
@pytest.mark.parametrize("length", [10, 3_000])
def test_the_bound_is_one_in_bytes_of_this_process(length: int) -> None:
    """What is held takes no more memory than the bound, headers, long arguments and paths included."""
    bound = 1_500_000
    memory = Memory()

    def entry(number: int) -> StoredEntry:
        previews = {f"argument {name}": "ü" * 4_000 for name in range(3)}
        header = Header(
            function=f"package.module.function_{number}",
            created=float(number),
            digest=f"{number:064x}",
            usage={"model": f"model {number}", "input_tokens": number + 1_000, "output_tokens": number + 2_000},
            _provenance=Provenance(code=f"{number:064x}", previews=previews),
        )
        return entry_as_read(StoredEntry(header, Frozen("text", b"x" * length)))

    def entry_as_read(stored: StoredEntry) -> StoredEntry:
        head, body = pack("0" * 32, stored, b"k" * 32)
        found = unpack("0" * 32, head, body, [b"k" * 32])
        assert found.header.provenance
        assert found.usage
        return found

    entry(0)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(1_000):
            path = f"/home/somebody/project/.llm_memo/package.module.function/{number:02x}/{number:032x}.joblib"
            memory.put(path, SIGNATURE, entry(number), bound)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert bound / 4 < taken <= bound


def test_an_entry_put_again_counts_once() -> None:
    """An entry that takes the place of another does not count twice."""
    memory = Memory()
    memory.put("first", SIGNATURE, kept(), BOUND)
    for _ in range(1_000):
        memory.put("a", SIGNATURE, kept("x" * 4_000), BOUND)
    assert memory.get("first", BOUND)


def test_large_entries_and_a_bound_of_nothing() -> None:
    """An entry of over an eighth of the bound is not held, and drops what it replaces; with no bound none is."""
    memory = Memory()
    memory.put("a", SIGNATURE, kept(), BOUND)
    memory.put("a", SIGNATURE, kept("x" * BOUND), BOUND)
    memory.put("b", SIGNATURE, kept(), 0)
    assert (None, None) == (memory.get("a", BOUND), memory.get("b", BOUND))


def test_arrays_are_held_by_their_size() -> None:
    """An array counts with its bytes."""
    memory = Memory()
    for name, size in [("small", 1_000), ("large", 10**6)]:
        frozen = Frozen("array", np.zeros(size, np.uint8))
        memory.put(name, SIGNATURE, StoredEntry(Header(function="f", created=0.0), frozen), BOUND)
    assert memory.get("small", BOUND)
    assert None is memory.get("large", BOUND)


def test_a_child_counts_anew() -> None:
    """After a fork in the middle of a put, the child's bound holds again."""
    memory = Memory()
    memory._lock.acquire()
    memory.size = 10**9
    memory.after_fork()
    memory.put("a", SIGNATURE, kept(), BOUND)
    assert memory.get("a", BOUND)
