"""What is held at hand in memory."""

from __future__ import annotations

import numpy as np
from shards import kept

from llm_memo.codec.frozen import Frozen
from llm_memo.stores.entry import Header, StoredEntry
from llm_memo.stores.memory import Memory

SIGNATURE = (1, 2, 3)
BOUND = 80_000


def test_what_is_put_is_had() -> None:
    """An entry is held with the signature of its file until it is dropped."""
    memory = Memory()
    one = kept()
    memory.put("a", SIGNATURE, one, BOUND)
    held = memory.get("a")
    assert held is not None
    assert (SIGNATURE, True) == (held.signature, held.entry is one)
    memory.drop("a")
    memory.drop("a")
    assert None is memory.get("a")


def test_the_oldest_go_first() -> None:
    """Beyond the bound those that were put first go first."""
    memory = Memory()
    for number in range(100):
        memory.put(str(number), SIGNATURE, kept("x" * 6_000), BOUND)
    held = [number for number in range(100) if memory.get(str(number))]
    assert held == list(range(90, 100))


def test_an_entry_put_again_counts_once() -> None:
    """An entry that takes the place of another does not count twice."""
    memory = Memory()
    memory.put("first", SIGNATURE, kept(), BOUND)
    for _ in range(1_000):
        memory.put("a", SIGNATURE, kept("x" * 6_000), BOUND)
    assert memory.get("first")


def test_large_entries_and_a_bound_of_nothing() -> None:
    """An entry of over an eighth of the bound is not held, and drops what it replaces; with no bound none is."""
    memory = Memory()
    memory.put("a", SIGNATURE, kept(), BOUND)
    memory.put("a", SIGNATURE, kept("x" * BOUND), BOUND)
    memory.put("b", SIGNATURE, kept(), 0)
    assert (None, None) == (memory.get("a"), memory.get("b"))


def test_arrays_are_held_by_their_size() -> None:
    """An array counts with its bytes."""
    memory = Memory()
    for name, size in [("small", 1_000), ("large", 10**6)]:
        frozen = Frozen("array", np.zeros(size, np.uint8))
        memory.put(name, SIGNATURE, StoredEntry(Header(function="f", created=0.0), frozen), BOUND)
    assert memory.get("small")
    assert None is memory.get("large")


def test_a_child_counts_anew() -> None:
    """After a fork in the middle of a put, the child's bound holds again."""
    memory = Memory()
    memory._lock.acquire()
    memory._size = 10**9
    memory.after_fork()
    memory.put("a", SIGNATURE, kept(), BOUND)
    assert memory.get("a")
