"""``python -m tests.bench.many``: what a function of very many entries costs.

    python -m tests.bench.many 1000 100000 1000000

It writes that many entries of one function, of 1 kB answers, into a new folder below the temporary
one (a million take 4.5 GB there, most of it the file system's blocks), measures, and deletes them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from llm_memo import Cache, cached_completion, configure
from llm_memo.stores import entry, files, seal
from llm_memo.stores.disk import disk
from llm_memo.stores.memory import MEMORY

SAMPLE = 500
"""How many of the entries are asked for."""


@cached_completion(name="ask")
def ask(number: int) -> str:
    """The function that has the entries."""
    return f"{number:010} " * 90


def fill(root: str, numbers: range) -> None:
    """Write entries as the store does, less its locks and looks at the folder."""
    kept = disk(root).load(*_first(root))
    key = seal.seal_key()
    for number in numbers:
        name = f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"
        shard = f"{root}/ask/{name[:2]}"
        head, body = entry.pack(name, replace(kept, header=replace(kept.header, digest=name)), key)
        os.makedirs(shard, mode=0o700, exist_ok=True)
        files.write_whole(f"{shard}/{name}.joblib", [head, body])


def _first(root: str) -> tuple[str, str]:
    found = next(disk(root).entry_files("ask"))
    return found.path, found.key


def make(root: str, count: int) -> None:
    """Fill a folder to ``count`` entries, with all processors."""
    for number in range(SAMPLE):
        ask(number)
    parts = os.cpu_count() or 1
    rest = range(SAMPLE, count)
    with ProcessPoolExecutor(parts) as pool:
        list(pool.map(fill, [root] * parts, [rest[part::parts] for part in range(parts)]))


def seconds(work: Callable[[], Any]) -> float:
    """How long it takes once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def hits(drop: bool) -> float:
    """The median time of a hit, in microseconds; from disk, or repeated."""
    took = []
    for number in range(SAMPLE):
        path = str(disk(Cache().path).path("ask", ask.cache_key(number)))
        if drop:
            MEMORY.drop(path)
        else:
            ask(number)
        took.append(seconds(lambda number=number: ask(number)))  # type: ignore[misc]
    assert SAMPLE * (1 if drop else 2) <= ask.cache_info().hits
    return statistics.median(took) * 1e6


@contextmanager
def watched(path: str) -> Iterator[list[float]]:
    """Gives a list that will hold how many seconds it took until ``path`` was gone."""
    start, gone = time.perf_counter(), []

    def watch() -> None:
        while os.path.exists(path):
            time.sleep(0.0002)
        gone.append(time.perf_counter() - start)

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield gone
    watcher.join()


def measure(root: str, count: int) -> Iterator[tuple[str, str]]:
    """Every row of the table."""
    cache = Cache(root)
    yield "made in", f"{seconds(lambda: make(root, count)):,.0f} s"
    info = cache.info()
    assert count == info.entries
    blocks = sum(os.lstat(found.path).st_blocks for found in disk(root).entry_files("ask")) * 512
    yield "bytes an entry (on disk)", f"{info.bytes / count:,.0f} ({blocks / count:,.0f})"
    yield "hit, repeated", f"{hits(drop=False):.1f} µs"
    yield "hit, from disk", f"{hits(drop=True):.1f} µs"
    yield "Cache.functions()", f"{seconds(cache.functions) * 1e3:,.1f} ms"
    yield "Cache.info()", f"{seconds(cache.info):,.2f} s"
    yield "Cache.entries()", f"{seconds(cache.entries):,.1f} s" if count <= 100_000 else "–"
    yield "Cache.verify()", f"{seconds(cache.verify):,.1f} s"
    yield "explain() of a miss", f"{seconds(lambda: ask.explain(-1)):,.2f} s"
    yield "prune() with nothing to do", f"{seconds(lambda: cache.prune(max_entries=count)):,.2f} s"
    yield "prune() of a tenth", f"{seconds(lambda: cache.prune(max_entries=count * 9 // 10)):,.2f} s"
    with watched(disk(root).path("ask", ask.cache_key(0))) as gone:
        ask(0)
        clearing = seconds(cache.clear)
    yield "clear(), until it is empty", f"{gone[0] * 1e3:,.1f} ms"
    yield "clear(), until it returns", f"{clearing:,.2f} s"


def main() -> None:
    """Measure each number of entries that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.many", description=__doc__.partition("\n")[0])
    parser.add_argument("entries", nargs="*", type=int, default=[1_000, 100_000], help="how many entries")
    counts = parser.parse_args().entries
    columns: dict[int, dict[str, str]] = {}
    os.environ["LLM_MEMO_KEY"] = "of no importance"
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="llm_memo-many-") as name:
            root = str(Path(name, "cache"))
            with configure(cache_dir=root):
                ask.cache_clear()
                columns[count] = dict(measure(root, count))
    rows = columns[counts[0]]
    print("| | " + " | ".join(f"{count:,}" for count in counts) + " |")
    print("|---|" + "---:|" * len(counts))
    for row in rows:
        print(f"| {row} | " + " | ".join(columns[count][row] for count in counts) + " |")


if __name__ == "__main__":
    main()
