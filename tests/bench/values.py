"""Large values: as what a function reads, and as its argument."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any, NamedTuple

import joblib
import xxhash

from llm_memo import cached_completion

from .run import Part, Run
from .table import OURS, Goal, Row
from .timing import Figure, Task, in_turn

RECORDS: Any = None
TEXTS: Any = None
FRAME: Any = None
MIXED: Any = None
ARRAY: Any = None


def nested(count: int) -> list[dict[str, Any]]:
    """So many nested dicts."""
    return [{"id": n, "name": f"n{n}", "tags": [n, n + 1], "meta": {"a": n}} for n in range(count)]


def strings(count: int) -> list[str]:
    """So many texts."""
    return [f"text {number}" for number in range(count)]


def frame(count: int) -> Any:
    """A frame of so many rows, two columns of numbers."""
    import numpy as np
    import pandas as pd

    numbers = np.arange(count)
    return pd.DataFrame({"a": numbers / 7, "b": numbers})


def frame_with_texts(count: int) -> Any:
    """A frame of so many rows: a column of numbers and one of texts."""
    return frame(count).assign(b=strings(count))


def array(count: int) -> Any:
    """An array of so many numbers, 8 bytes each."""
    import numpy as np

    return np.arange(float(count))


def records(text: str) -> str:
    """Reads nested dicts."""
    return text + str(RECORDS)


def texts(text: str) -> str:
    """Reads texts."""
    return text + str(TEXTS)


def numbers(text: str) -> str:
    """Reads a frame of numbers."""
    return text + str(FRAME)


def mixed(text: str) -> str:
    """Reads a frame with texts."""
    return text + str(MIXED)


def floats(text: str) -> str:
    """Reads an array."""
    return text + str(ARRAY)


class Large(NamedTuple):
    """A kind of large value."""

    title: str
    variable: str
    """The global that holds it."""
    function: Callable[[str], str]
    """Reads that."""
    make: Callable[[int], Any]
    """Makes one of so many items."""
    count: int
    """The items of the one in section 12."""


KINDS = {
    "records": Large("{:,} nested dicts", "RECORDS", records, nested, 50_000),
    "texts": Large("{:,} strings", "TEXTS", texts, strings, 100_000),
    "frame": Large("a frame of {:,} rows, numbers", "FRAME", numbers, frame, 1_000_000),
    "mixed": Large("a frame of {:,} rows, one column of texts", "MIXED", mixed, frame_with_texts, 1_000_000),
    "array": Large("an array of {:,} numbers", "ARRAY", floats, array, 10_000_000),
}
_BYTES = "pickle 5 and xxh3"
ROUNDS = 5


def _bytes_and_xxh3(value: Any) -> str:
    """What making the bytes of a value, and xxh3 over them, takes at the least: buffers as they are."""
    buffers: list[pickle.PickleBuffer] = []
    digest = xxhash.xxh3_128(pickle.dumps(value, protocol=5, buffer_callback=buffers.append))
    for each in buffers:
        digest.update(each.raw())
    return digest.hexdigest()


def _milli(found: dict[str, Figure]) -> dict[str, Figure]:
    return {name: figure.scaled(1e3) for name, figure in found.items()}


def _read(name: str) -> Part:
    kind = KINDS[name]
    title, function = kind.title.format(kind.count), kind.function

    def measure(run: Run) -> list[Row]:
        value = globals()[kind.variable] = kind.make(kind.count)
        cached = cached_completion(cache_dir=run.folder / "values")(lambda text: function(text)[:9])
        cached("x")
        before = cached.cache_info().misses
        tasks = {
            OURS: Task(cached, lambda calls: [("x",)] * calls, 20),
            "joblib": Task(lambda: joblib.hash(value), lambda calls: [()] * calls, 1),
            _BYTES: Task(lambda: _bytes_and_xxh3(value), lambda calls: [()] * calls, 5),
        }
        found = in_turn(tasks, 0, ROUNDS)
        assert before == cached.cache_info().misses, "a call was no hit"
        globals()[kind.variable] = None
        return [_row(f"read-{name}", f"hit of a function that reads {title}", found, Goal(0.1, "joblib"))]

    return measure


def _row(name: str, title: str, found: dict[str, Figure], *goals: Goal) -> Row:
    bytes_ = found.pop(_BYTES, None)
    row = Row(name, title, "ms", _milli(found), goals)
    if bytes_ is not None:
        ratio = found[OURS].value / bytes_.value
        row.note = f"{ratio:.1f} × pickle 5 and xxh3 ({bytes_.value * 1e3:.1f} ms), at most 3: " + (
            "reached" if ratio <= 3 else "NOT reached"
        )
    return row


def given(value: Any) -> int:
    """Takes a value."""
    return len(value)


def _given(name: str) -> Part:
    kind = KINDS[name]
    title = kind.title.format(kind.count)

    def measure(run: Run) -> list[Row]:
        value = kind.make(kind.count)
        equal = copy.deepcopy(value)
        ours = cached_completion(cache_dir=run.folder / "given")(given)
        theirs = joblib.Memory(run.folder / "given-joblib", verbose=0).cache(given)
        for each in (ours, theirs):
            assert each(value) == each(equal) == len(value)
        rows = []
        for what, argument in (("the same object", value), ("an equal copy", equal)):
            tasks = {
                OURS: Task(ours, lambda calls, argument=argument: [(argument,)] * calls, 5),
                "joblib": Task(theirs, lambda calls, argument=argument: [(argument,)] * calls, 1),
            }
            found = in_turn(tasks, 0, ROUNDS)
            rows.append(_row(f"given-{name}", f"hit with {title} given, {what}", found, Goal(0.5, "joblib")))
        return rows

    return measure


PARTS: dict[str, Part] = {
    **{f"read-{name}": _read(name) for name in KINDS},
    **{f"given-{name}": _given(name) for name in KINDS},
}
