"""Measuring several things at once: many short rounds in turn, and the medians of them.

The machine's noise then falls on all alike. Garbage is collected between rounds, not in them, as in
`timeit`; arguments are made before a round begins.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ROUND = 0.004
"""About how long a round of one contestant takes, in seconds."""
MOST = 2_000
"""Calls in a round, at most."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, of several rounds; in the row's unit."""

    value: float
    """The median."""
    low: float
    """The lower quartile."""
    high: float
    """The upper quartile."""
    rounds: int

    def scaled(self, factor: float) -> Figure:
        """The same in another unit."""
        return Figure(self.value * factor, self.low * factor, self.high * factor, self.rounds)

    def less(self, base: float) -> Figure:
        """What is left when ``base`` is taken off."""
        return Figure(self.value - base, self.low - base, self.high - base, self.rounds)


def figure(measured: Iterable[float]) -> Figure:
    """The median of what was measured, and its quartiles."""
    values = sorted(measured)
    if len(values) == 1:
        return Figure(values[0], values[0], values[0], 1)
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return Figure(statistics.median(values), low, high, len(values))


@dataclass(frozen=True, slots=True)
class Task:
    """Calls of one contestant.

    Args:
        call: What is timed.
        arguments: Makes the arguments of ``n`` calls, each its own; not timed.
        most: Calls in a round, at most.
    """

    call: Callable[..., Any]
    arguments: Callable[[int], list[tuple[Any, ...]]]
    most: int = MOST

    def once(self, calls: int) -> float:
        """Seconds per call, of so many calls in a row."""
        prepared = self.arguments(calls)
        call = self.call
        gc.collect(0)
        gc.disable()
        try:
            begun = time.perf_counter()
            for arguments in prepared:
                call(*arguments)
            return (time.perf_counter() - begun) / calls
        finally:
            gc.enable()

    def calls_in(self, seconds: float) -> int:
        """About how many calls take so long; tried out, and so warmed up."""
        calls = 1
        while calls < self.most:
            taken = self.once(calls)
            if taken * calls > seconds / 2:
                return max(1, min(self.most, int(seconds / taken)))
            calls = min(calls * 4, self.most)
        return calls


def in_turn(tasks: Mapping[str, Task], seconds: float, least: int = 5) -> dict[str, Figure]:
    """Seconds per call of each task: rounds of all in turn, for so many seconds.

    Args:
        tasks: The contestants' tasks, by name.
        seconds: How long to measure, in all.
        least: Rounds of each, at least.
    """
    calls = {name: task.calls_in(ROUND) for name, task in tasks.items()}
    measured: dict[str, list[float]] = {name: [] for name in tasks}
    order = list(tasks)
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(measured[order[0]]) < least:
        for name in order:
            measured[name].append(tasks[name].once(calls[name]))
        order = order[1:] + order[:1]  # nobody always comes after the same one
    return {name: figure(values) for name, values in measured.items()}
