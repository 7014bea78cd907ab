"""Values that hold code: which functions and classes are met on the way through a value.

Where a value is encoded for a fingerprint, a function or class inside it is *met*: a number stands
for it in the bytes, and the fingerprint goes on to look at its code. Where it is encoded for an
argument nobody is waiting to meet it, and its own fingerprint stands for it.
"""

from __future__ import annotations

import operator
from collections.abc import Collection
from contextvars import ContextVar
from dataclasses import dataclass

from llm_memo.identity import canonical
from llm_memo.identity.paths import Use


@dataclass(slots=True, eq=False)
class Observed:
    """What a value was when it was looked at."""

    encoded: bytes
    met: list[object]
    uses: list[Use]

    def same(self, other: Observed) -> bool:
        """Whether the value was the same."""
        return (
            self.encoded == other.encoded
            and len(self.met) == len(other.met)
            and all(map(operator.is_, self.met, other.met))
        )


_observed: ContextVar[Observed | None] = ContextVar("llm_memo_observed", default=None)


def observe(value: object, left_out: Collection[str] = ()) -> Observed:
    """Encode ``value``, less some attributes, and note the functions and classes that are met.

    Raises:
        NoCanonicalForm: See `canonical.encode`, which raises whatever a hostile value raises, too.
    """
    observed = Observed(b"", [], [])
    token = _observed.set(observed)
    try:
        observed.encoded = canonical.encode(value, left_out)
    finally:
        _observed.reset(token)
    return observed


def meet(subject: object, use: Use) -> int | None:
    """The number of a function or class among those met, or None if nobody observes."""
    observed = _observed.get()
    if observed is None:
        return None
    for number, met in enumerate(observed.met):
        if met is subject:
            observed.uses[number] |= use
            return number
    observed.met.append(subject)
    observed.uses.append(use)
    return len(observed.met) - 1
