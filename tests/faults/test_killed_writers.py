"""Writers that are killed in the middle of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from witness import Counted, leftovers

from llm_memo import Cache, cached_completion

Run = Callable[..., str]

KILLS = """
    import os, random, signal, sys, time
    from llm_memo import Cache, cached_completion
    from llm_memo.stores.disk import disk

    @cached_completion(policy="writeOnly")
    def ask(number):
        return str(number) * (1 + number * 997 % 20_000)

    ask(0)
    dice = random.Random(1)
    for kill in range(200):
        child = os.fork()
        if not child:
            number = kill * 1_000
            while True:
                ask(number)
                number += 1
        time.sleep(dice.uniform(0.001, 0.03))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    replay = ask.with_options(policy="replay")
    found = Cache().verify()
    assert found[1:] == ((), (), (), ()), found
    read = 0
    for number in range(0, 200_000, 1_000):
        while ask.is_cached(number):
            assert replay(number) == str(number) * (1 + number * 997 % 20_000)
            number += 1
            read += 1
    assert read == found.entries == Cache().info().entries
    print(read)
"""


@pytest.mark.long
def test_200_killed_writers(run: Run, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 200 writers that were killed, every entry that is there is whole; what they left behind is swept up."""
    entries = int(run(KILLS))
    assert entries > 0
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 7200)
    assert (0, 0) == Cache().prune(max_entries=1_000_000)
    assert [] == leftovers(cache_dir)
    assert entries == Cache().info().entries


@pytest.mark.parametrize("age", [0, 3700])
def test_leftovers_are_swept_after_an_hour(
    age: int, counted: Counted, cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prune removes the temporaries, locks and cleared folders of dead processes, once they are an hour old."""
    counted.ask("a")
    path = counted.path("a")
    left = [
        path.with_suffix(".lock"),
        path.parent / f".{path.name}.0123456789abcdef.tmp",
        cache_dir / "..gitignore.0123456789abcdef.tmp",
        cache_dir / "ask" / ".0123456789abcdef.function.0123456789abcdef.tmp",
        cache_dir / ".cleared-0123456789abcdef" / path.parent.name / path.name,
    ]
    left[-1].parent.mkdir(parents=True)
    for each in left:
        each.touch()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + age)
    assert (0, 0) == Cache().prune(max_entries=1_000)
    assert (left if age == 0 else []) == [each for each in left if each.exists()]
    assert counted.ask.is_cached("a")


def test_the_lock_of_a_living_process_is_not_swept(cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prune leaves a lock alone that a call holds, however long the call takes."""
    now = time.time()

    @cached_completion
    def pruned(text: str) -> list[str]:
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda: now + 7200)
            Cache().prune(max_entries=1_000)
        return leftovers(cache_dir)

    assert [f"{pruned.cache_key('a')}.lock"] == pruned("a")
    assert [] == leftovers(cache_dir)


def test_an_interrupted_clear_is_finished_by_the_next(counted: Counted, cache_dir: Path) -> None:
    """What a clear that was killed had moved away is deleted by the next clear, at once."""
    counted.ask("a")
    (cache_dir / "ask").rename(cache_dir / ".cleared-0123456789abcdef")
    assert (0, 0) == Cache().clear()
    assert [".gitignore", "CACHEDIR.TAG"] == sorted(os.listdir(cache_dir))
