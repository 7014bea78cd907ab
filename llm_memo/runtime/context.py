"""What runs inside of a cached function: its tasks, and the cached functions that it calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar, Token
from typing import Any

from llm_memo.settings import SCOPES


class Running:
    """One running of a cached function; ``with running:`` surrounds each piece of it, one after another.

    One object in one context variable: more objects would mean more garbage collections when a thousand
    calls are pending.

    Args:
        flight: The flight that ends with the running; None when nobody can wait for it, or when it has ended.
        memo: What all calls of the function share; None of what is no call.
    """

    __slots__ = ("_outer", "_token", "blocks", "flight", "is_request", "memo", "over", "requests", "usages")

    def __init__(self, flight: object, memo: Any = None) -> None:
        self.flight = flight
        self.memo = memo
        self.blocks = SCOPES.blocks.get()
        """The ``with cache_policy(...)`` blocks around the call."""
        self.is_request = False
        """Whether it is a request to a model that is under way, and no function."""
        self.over = False
        """Whether it has ended; what was started in it may go on."""
        self.requests: Any = None
        """The requests to models that were made in it, see `llm_memo.requests.ordinals`; None if there were none."""
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

    def use_up(self) -> None:
        """Note that the call came to no answer that is kept: the answers to its requests are used up."""
        if self.requests is not None:
            self.requests.use_up()

    def end(self) -> None:
        """Note that the call has ended. What goes on in it keeps nothing of it alive."""
        self.flight = None
        self.over = True


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
