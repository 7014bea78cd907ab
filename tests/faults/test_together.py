"""Many processes and threads that read, write, refresh, clear and prune one folder."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from witness import Counted, leftovers

from llm_memo import Cache, cached_completion

ROOT = Path(__file__).parents[2]

WORKER = """
    import os, random, sys, time
    from llm_memo import Cache, cached_completion, configure

    number, seconds = int(sys.argv[1]), float(sys.argv[2])
    dice = random.Random(number)
    configure(memory_bytes=dice.choice([0, 50_000, 32 << 20]), lock_timeout=20)
    configure(max_bytes=60_000 if number % 2 else None)

    def body(text):
        return f"{text}: " + text * (int(text) % 40 * 10)

    @cached_completion
    def ask(text):
        return body(text)

    @cached_completion
    def other(text):
        return body(text)

    asking = {
        lambda text: ask(text): 200,
        lambda text: other(text): 100,
        lambda text: ask.with_options(policy="writeOnly")(text): 30,
        lambda text: ask.with_options(policy="off")(text): 5,
    }
    tidying = {
        lambda text: ask.forget(text): 5,
        lambda text: Cache().clear(): 1,
        lambda text: ask.cache_clear(): 2,
        lambda text: Cache().clear(where=lambda entry: entry.size > 300): 1,
        lambda text: Cache().prune(max_entries=20): 2,
        lambda text: Cache().prune(max_bytes=10_000): 2,
        lambda text: Cache().info(): 5,
        lambda text: Cache().functions(): 2,
        lambda text: [entry.function for entry in Cache().entries()]: 1,
    }
    deeds = asking | tidying
    until = time.monotonic() + seconds
    done = 0
    while time.monotonic() < until:
        text = str(dice.randrange(60))
        deed = dice.choices(list(deeds), list(deeds.values()))[0]
        answer = deed(text)
        assert deed in tidying or answer == body(text), (text, answer)
        done += 1
        if done % 500 == 0:
            found = Cache().verify()
            assert found.quarantined == found.unread == found.newer == (), found
    print(done)
"""


def together(tmp_path: Path, processes: int, seconds: float) -> list[int]:
    """Let processes work side by side; returns how many deeds each has done."""
    program = tmp_path / "worker.py"
    program.write_text("\n".join(line[4:] for line in WORKER.splitlines()))
    running = [
        subprocess.Popen(
            [sys.executable, "-W", "error", str(program), str(number), str(seconds)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    printed = [process.communicate(timeout=seconds + 100) for process in running]
    assert [""] * processes == [errors for _, errors in printed]
    return [int(text) for text, _ in printed]


@pytest.mark.long
def test_8_processes_for_30_seconds(tmp_path: Path, cache_dir: Path) -> None:
    """Eight processes that ask, refresh, clear, prune and list for 30 s: no exception, warning or wrong value."""
    assert all(done > 0 for done in together(tmp_path, 8, 30))
    assert (Cache().info().entries, (), (), (), ()) == Cache().verify()
    Cache().clear()
    assert [] == leftovers(cache_dir)


@pytest.mark.slow
def test_3_processes_for_2_seconds(tmp_path: Path, cache_dir: Path) -> None:
    """Three processes that ask, refresh, clear, prune and list: no exception, warning or wrong value."""
    assert all(done > 0 for done in together(tmp_path, 3, 2))
    Cache().clear()
    assert [] == leftovers(cache_dir)


def test_threads(counted: Counted, cache_dir: Path) -> None:
    """Sixteen threads that ask, refresh and clear: no exception, warning or wrong value."""
    refresh = counted.ask.with_options(policy="writeOnly")

    def work(number: int) -> None:
        for turn in range(60):
            text = "abcdef"[(number + turn) % 6]
            assert text.upper() == (refresh if turn % 10 == 9 else counted.ask)(text)
            if turn % 20 == number:
                Cache().clear()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    assert (Cache().info().entries, (), (), (), ()) == Cache().verify()
    assert [] == leftovers(cache_dir)


def test_a_clear_is_seen_at_once(run: Callable[..., str], counted: Counted) -> None:
    """When a clear has returned, no other process has an answer any more, not even one that it holds at hand."""
    child = subprocess.Popen(
        [sys.executable, "-c", "from llm_memo import clear_cache\nwhile input(): print(clear_cache(), flush=True)"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin
    assert child.stdout
    for number in range(1, 4):
        counted.ask("a")
        counted.ask("a")
        assert number == len(counted.calls)
        child.stdin.write("go\n")
        child.stdin.flush()
        assert "entries=1," in child.stdout.readline()
        assert not counted.ask.is_cached("a")
    child.communicate("\n")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")  # so it is, and shall work
def test_a_child_process_goes_on(counted: Counted) -> None:
    """A process that forks while its threads write leaves its child a cache that works."""
    stop = threading.Event()

    @cached_completion
    def ask(number: int) -> str:
        return str(number) * 1_000

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            ask(number)

    writer = threading.Thread(target=work)
    writer.start()
    try:
        for _ in range(5):
            child = os.fork()
            if not child:
                os._exit(0 if counted.warned("a") == [] and "A" == counted.ask("a") and "5" * 1_000 == ask(5) else 1)
            assert (child, 0) == os.waitpid(child, 0)
    finally:
        stop.set()
        writer.join()
