"""What was given for the requests of one HTTP client, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from llm_memo.answers.usage import Usage
from llm_memo.options import Options
from llm_memo.settings import EffectiveSettings
from llm_memo.stats import Counters, Outcome

__all__ = ["ALL", "Site"]

ALL = Counters()
"""What became of all requests of this process."""


class RequestCounters(Counters):
    """The counts of one HTTP client's requests; each is counted among all of the process, too."""

    def answered(self, outcome: Outcome, seconds: float, usage: Usage | None) -> None:
        """Count one request that was answered."""
        super().answered(outcome, seconds, usage)
        ALL.answered(outcome, seconds, usage)

    def raised(self) -> None:
        """Count one request that failed."""
        super().raised()
        ALL.raised()

    def not_stored(self, reason: str, key: str = "") -> None:
        """Count one answer that was not kept."""
        super().not_stored(reason, key)
        ALL.not_stored(reason, key)


@dataclass
class Site:
    """What was given for the requests of one HTTP client, and what became of them."""

    given: dict[str, Any] = field(default_factory=dict)
    """Settings: name → parsed value."""
    options: Options = field(default_factory=Options)
    headers: tuple[str, ...] = ()
    """Names of headers, in lower case, that are part of the key beside the known ones."""
    apart: bool = False
    """Whether requests with different credentials get answers of their own."""
    way_out: str = "cached_client(…, cache_if=…)"
    """What can say that an answer is to be kept which is not proven to be whole."""
    counters: Counters = field(default_factory=RequestCounters)
    settings: EffectiveSettings = field(init=False)
    """Those of a request that gives none itself and is made outside of cached functions."""

    def __post_init__(self) -> None:
        self.give({})

    def give(self, settings: dict[str, Any]) -> None:
        """Give these settings, beside those that were given before."""
        self.given = {**self.given, **settings}
        self.settings = EffectiveSettings({}, None, self.given)
