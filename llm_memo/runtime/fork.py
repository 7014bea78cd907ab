"""What a forked child process makes anew: locks whose holders are gone, threads that did not come along."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

_Renew = TypeVar("_Renew", bound=Callable[[], object])

_renewals: list[Callable[[], object]] = []


def renewed_in_child(renew: _Renew) -> _Renew:
    """Have ``renew`` called in every forked child, in the order in which they were registered."""
    _renewals.append(renew)
    return renew


def _renew_all() -> None:
    for renew in _renewals:
        renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
