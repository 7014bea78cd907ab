"""What runs inside of a cached function: its tasks, and the cached functions that it calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar, Token
from typing import Any


class Running:
    """One running of a cached function; ``with running:`` surrounds each piece of it, one after another.

    A thousand calls may be under way, and the more objects they hold the more often Python looks
    through all there are: so this is one object in one context variable.

    Args:
        flight: The flight that ends with the running; None when nobody can wait for it, or when it has ended.
    """

    __slots__ = ("_outer", "_token", "flight", "usages")

    def __init__(self, flight: object) -> None:
        self.flight = flight
        self.usages: list[Any] = []
        """The usages that the function reported, see `llm_memo.completion_usage`."""
        self._outer: Running | None = None
        self._token: Token[Running | None] | None = None

    def __enter__(self) -> None:
        outer = _running.get()
        while outer is not None and outer.flight is None:  # it has ended; what was started there goes on
            outer = outer._outer
        self._outer = outer
        self._token = _running.set(self)

    def __exit__(self, *_: object) -> None:
        token, self._token = self._token, None
        assert token is not None
        _running.reset(token)


_running: ContextVar[Running | None] = ContextVar("llm_memo_running", default=None)


def innermost() -> Running | None:
    """The running that this code is a part of; the innermost, if cached functions call each other."""
    return _running.get()


def flights() -> Iterator[object]:
    """The flights that this code is a part of, from the innermost outwards."""
    running = _running.get()
    while running is not None:
        yield running.flight
        running = running._outer
