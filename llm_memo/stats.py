"""What happened: the outcomes of calls, counted per cached function."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any

from llm_memo.answers.price import price
from llm_memo.answers.usage import Usage, merged
from llm_memo.display.shown import Shown
from llm_memo.runtime.fork import renewed_in_child


class Outcome(str, Enum):
    """How a call was answered."""

    HIT = "hit"
    """From a kept answer, or from the equal call that was under way."""
    MISS = "miss"
    """By calling; there was no kept answer."""
    REFRESH = "refresh"
    """By calling, to replace what was kept."""
    BYPASS = "bypass"
    """By calling, with the cache off."""
    STALE = "stale"
    """By calling in vain, then from an expired answer."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class CacheInfo(Shown):
    """What became of a cached function's calls in this process, since it was first decorated, or cleared.

    A function that is defined again under its name, as when a notebook's cell is run again, or a
    script by Streamlit, goes on counting.
    """

    hits: int = 0
    misses: int = 0
    refreshes: int = 0
    bypasses: int = 0
    stale: int = 0
    not_stored: int = 0
    """Answers that were returned but not kept: incomplete, refused by ``cache_if``, or not storable."""
    not_stored_because: dict[str, int] = field(default_factory=dict, hash=False)
    """Why they were not: reason → how many."""
    errors: int = 0
    """Calls that raised."""
    seconds_spent: float = 0.0
    """Time that the calls took, in seconds."""
    seconds_saved: float = 0.0
    """Time that the hits would have taken, going by the calls that they stand for, in seconds."""
    spent: tuple[Usage, ...] = field(default=(), repr=False)
    """Tokens that the calls used, one `Usage` per model."""
    saved: tuple[Usage, ...] = field(default=(), repr=False)
    """Tokens that the hits would have used, one `Usage` per model."""

    @property
    def calls(self) -> int:
        """How many calls were made in all."""
        return self.hits + self.stale + self.paid

    @property
    def paid(self) -> int:
        """How many of them the function answered."""
        return self.misses + self.refreshes + self.bypasses

    @property
    def tokens_spent(self) -> int:
        """Input and output tokens that the calls used."""
        return sum(usage.input_tokens + usage.output_tokens for usage in self.spent)

    @property
    def tokens_saved(self) -> int:
        """Input and output tokens that the hits would have used."""
        return sum(usage.input_tokens + usage.output_tokens for usage in self.saved)

    @property
    def money_spent(self) -> Decimal | None:
        """What the calls cost in US dollars at today's prices (extra ``[cost]``).

        None when nothing has a price; `unpriced` names the models that are not in the sum.
        """
        return _total(self.spent)

    @property
    def money_saved(self) -> Decimal | None:
        """What the hits would have cost, as `money_spent`."""
        return _total(self.saved)

    @property
    def unpriced(self) -> tuple[str, ...]:
        """The models whose price is not known: they are in no sum, and not free."""
        return tuple(sorted({str(usage.model) for usage in (*self.spent, *self.saved) if price(usage) is None}))

    @classmethod
    def sum(cls, infos: Iterable[CacheInfo]) -> CacheInfo:
        """All of them together."""
        infos = tuple(infos)
        counts: dict[str, Any] = {
            name: sum(getattr(info, name) for info in infos) for name in (*_COUNTED.values(), *_TIMES)
        }
        for name in ("spent", "saved"):
            counts[name] = merged(usage for info in infos for usage in getattr(info, name))
        reasons: Counter[str] = Counter()
        for info in infos:
            reasons.update(info.not_stored_because)
        counts["not_stored_because"] = dict(reasons)
        return cls(**counts)


def _total(usages: tuple[Usage, ...]) -> Decimal | None:
    prices = [found for found in map(price, usages) if found is not None]
    return sum(prices, Decimal(0)) if prices else None


# One lock for all: it is held for a few additions, and a child process must be able to make it anew.
_lock = threading.Lock()


@renewed_in_child
def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


_COUNTED = {
    "hit": "hits",
    "miss": "misses",
    "refresh": "refreshes",
    "bypass": "bypasses",
    "stale": "stale",
    "not stored": "not_stored",
    "error": "errors",
}
"""What is counted → its field in `CacheInfo`."""
_TIMES = ("seconds_spent", "seconds_saved")
_SAVING = ("hit", "stale")

_REASONS = 50
"""How many different reasons are counted apart; the rest are counted together."""
_REJECTED = 1_000
"""The reasons of the latest this many answers that were not kept are remembered."""
_ADDED_UP_BY = 1_000
"""Usages are added up in groups of this many: adding up two at each hit would take longer than the hit."""


class Counters:
    """The running counts of one cached function; every way of calling it adds to the same."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew at zero."""
        with _lock:
            self._counts = dict.fromkeys(_COUNTED, 0)
            self._spent = Tally()
            self._saved = Tally()
            self._reasons: Counter[str] = Counter()
            self._rejected: OrderedDict[str, str] = OrderedDict()

    def answered(self, outcome: Outcome, seconds: float, usage: Usage | None) -> None:
        """Count one answered call; for a hit, ``seconds`` and ``usage`` are what it saved."""
        name = outcome._value_
        tally = self._saved if name in _SAVING else self._spent
        with _lock:
            self._counts[name] += 1
            tally.seconds += seconds
            if usage is not None:
                tally.add(usage)

    def raised(self) -> None:
        """Count one call that raised."""
        with _lock:
            self._counts["error"] += 1

    def not_stored(self, reason: str, key: str = "") -> None:
        """Count one answer that was not kept.

        Args:
            reason: Why, in a few words.
            key: The key of its call.
        """
        with _lock:
            self._counts["not stored"] += 1
            self._reasons[reason if reason in self._reasons or len(self._reasons) < _REASONS else "other reasons"] += 1
            self._rejected[key] = reason
            self._rejected.move_to_end(key)
            if len(self._rejected) > _REJECTED:
                self._rejected.popitem(last=False)

    def why_not_stored(self, key: str) -> str:
        """Why the last answer to the call with this key was not kept; "" if it was, or there was none lately."""
        with _lock:
            return self._rejected.get(key, "")

    def info(self) -> CacheInfo:
        """The counts as they are now."""
        with _lock:
            return CacheInfo(
                **{_COUNTED[name]: count for name, count in self._counts.items()},
                not_stored_because=dict(self._reasons),
                seconds_spent=round(self._spent.seconds, 6),
                seconds_saved=round(self._saved.seconds, 6),
                spent=self._spent.total(),
                saved=self._saved.total(),
            )


class Tally:
    """Seconds and tokens, added up."""

    __slots__ = ("_usages", "seconds")

    def __init__(self) -> None:
        self.seconds = 0.0
        self._usages: list[Usage] = []

    def add(self, usage: Usage) -> None:
        """Add the tokens of one call."""
        self._usages.append(usage)
        if len(self._usages) > _ADDED_UP_BY:
            self._usages[:] = self.total()

    def total(self) -> tuple[Usage, ...]:
        """The tokens so far, one `Usage` per model."""
        return merged(part for usage in self._usages for part in usage.parts or (usage,))
