"""What became of the requests: a line for each, and sums of today. No texts, no headers, no queries."""

from __future__ import annotations

import functools
import time
from collections import deque
from collections.abc import Callable
from decimal import Decimal

from llm_memo.answers.price import price
from llm_memo.answers.usage import Usage
from llm_memo.display import amounts, plain
from llm_memo.requests.exchange import Exchange
from llm_memo.stats import Outcome

__all__ = ["Log", "Record"]

LATEST = 50
"""How many requests are remembered."""
_SERVED = ("hit", "stale")
_price = functools.lru_cache(maxsize=1_000)(price)
"""Looking one up takes longer than a hit, and hits are of the same tokens each time."""


class Record:
    """One request.

    Args:
        method: Its method.
        target: Its path with its query, of which only the path is noted.
    """

    __slots__ = ("_began", "at", "key", "method", "model", "note", "outcome", "path", "seconds", "status", "usage")

    def __init__(self, method: str, target: bytes) -> None:
        self.at = time.time()
        self._began = time.perf_counter()
        self.method = method
        self.path = target.partition(b"?")[0].decode("latin-1")
        self.outcome = ""
        """hit, miss, refresh, bypass or stale; "refused" or "error" if it came to nothing; "" of what passes."""
        self.status = 0
        """The status that it was answered with; 0 if it was not."""
        self.seconds = 0.0
        self.usage: Usage | None = None
        """What it used, or would have used."""
        self.model = ""
        self.key = ""
        """The beginning of its entry's key: ``llm-memo show KEY``."""
        self.note = ""

    def of(self, exchange: Exchange | None) -> None:
        """Note what the second tier says of the request."""
        if exchange is not None:
            self.outcome = str(exchange.outcome or "")
            model = exchange.model_request.body.get("model")
            self.model = model if isinstance(model, str) else ""
            self.key = "" if exchange.outcome is Outcome.BYPASS else exchange.call_key.key[:12]

    def over(self, exchange: Exchange | None) -> None:
        """Note what its answer used."""
        if exchange is not None:
            self.usage = exchange.usage

    @property
    def saved(self) -> bool:
        """Whether it was answered from what is kept."""
        return self.outcome in _SERVED

    @property
    def tokens(self) -> int:
        """Input and output tokens of its answer."""
        return 0 if self.usage is None else self.usage.total_tokens

    @property
    def money(self) -> Decimal | None:
        """What they cost, or would have cost, in US dollars; None if that is not known."""
        return None if self.usage is None else _price(self.usage)

    def line(self) -> str:
        """The request in one line: time, method, path, outcome, status, duration, tokens and money saved."""
        clock = time.strftime("%H:%M:%S", time.localtime(self.at))
        said = [clock, self.method, plain.safe(self.path[:200]), self.outcome or "pass", str(self.status or "-")]
        said.append(amounts.duration(self.seconds))
        if self.saved and self.usage is not None:
            said.append(f"saved {amounts.count(self.tokens, 'token')} {amounts.money(self.money)}".rstrip())
        if self.note:
            said.append(self.note)
        return "  ".join(said)


class Log:
    """The latest requests, and what was saved today.

    Args:
        listener: Is called with each record.
    """

    def __init__(self, listener: Callable[[Record], object] | None = None) -> None:
        self._listener = listener
        self.latest: deque[Record] = deque(maxlen=LATEST)
        self._begin("")

    def _begin(self, day: str) -> None:
        self._day = day
        self._requests = self._saved = self._tokens = 0
        self._money: Decimal | None = None

    def add(self, record: Record) -> None:
        """Note a request that is over."""
        record.seconds = time.perf_counter() - record._began
        self.latest.appendleft(record)
        self._turn_over()
        self._requests += 1
        if record.saved:
            self._saved += 1
            self._tokens += record.tokens
            money = record.money
            if money is not None:
                self._money = (self._money or Decimal(0)) + money
        if self._listener is not None:
            self._listener(record)

    def _turn_over(self) -> None:
        day = time.strftime("%Y-%m-%d")
        if day != self._day:
            self._begin(day)

    def today(self) -> dict[str, str]:
        """What was saved today, in words."""
        self._turn_over()
        return {
            "requests": f"{self._requests:,}",
            "answered from the cache": f"{self._saved:,} ({amounts.share(self._saved, self._requests)})",
            "tokens saved": f"{self._tokens:,}",
            "money saved": amounts.money(self._money) or "–",
        }
