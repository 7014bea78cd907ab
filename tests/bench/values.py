"""Large values: as what a function reads, and as its argument."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

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


def frame(texts: bool) -> Any:
    """A frame of a million rows: two columns of numbers, or one of texts beside one of numbers."""
    import numpy as np
    import pandas as pd

    numbers = np.arange(1_000_000)
    other = [f"text {number}" for number in range(1_000_000)] if texts else numbers
    return pd.DataFrame({"a": numbers / 7, "b": other})


def array() -> Any:
    """An array of 80 MB."""
    import numpy as np

    return np.arange(10_000_000.0)


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


KINDS: dict[str, tuple[str, str, Callable[[str], str], Callable[[], Any]]] = {
    "records": ("50,000 nested dicts", "RECORDS", records, lambda: nested(50_000)),
    "texts": ("100,000 strings", "TEXTS", texts, lambda: [f"text {number}" for number in range(100_000)]),
    "frame": ("a frame of 1,000,000 rows, numbers", "FRAME", numbers, lambda: frame(False)),
    "mixed": ("a frame of 1,000,000 rows, one column of texts", "MIXED", mixed, lambda: frame(True)),
    "array": ("an array of 80 MB", "ARRAY", floats, array),
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
    title, variable, function, make = KINDS[name]

    def measure(run: Run) -> list[Row]:
        value = globals()[variable] = make()
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
        globals()[variable] = None
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
    title, _, _, make = KINDS[name]

    def measure(run: Run) -> list[Row]:
        value = make()
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
