"""Turns: a thousand calls that become ready at once must not hold up the other tasks of their loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque

_A_TURN = 0.004
"""Seconds that the calls of one loop may work before its other tasks get their turn."""
_AT_ONCE = 4
"""How many of those who then wait go on together, each for a fraction of a millisecond."""


class _Round(threading.local):
    """One round of this thread's loop: how long calls have had of it, and which wait for the next."""

    loop: asyncio.AbstractEventLoop | None = None
    until = 0.0
    waiting: deque[asyncio.Future[None]]

    def begin(self, loop: asyncio.AbstractEventLoop, now: float) -> None:
        """The first call of a round works."""
        self.loop, self.until, self.waiting = loop, now + _A_TURN, deque()
        loop.call_soon(self.come_round, loop, self.waiting)

    def come_round(self, loop: asyncio.AbstractEventLoop, waiting: deque[asyncio.Future[None]]) -> None:
        """Every other task has had its turn."""
        current = self.loop is loop and self.waiting is waiting
        if not waiting:
            self.loop = None if current else self.loop
            return
        for _ in range(min(_AT_ONCE, len(waiting))):
            future = waiting.popleft()
            if not future.done():
                future.set_result(None)
        if current:
            self.until = time.perf_counter() + _A_TURN
        loop.call_soon(self.come_round, loop, waiting)


_round = _Round()


async def turn() -> None:
    """Go on at once, or, when calls have had the loop for a while, after its other tasks."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # another kind of loop than asyncio's
        return
    now = time.perf_counter()
    if _round.loop is not loop:
        _round.begin(loop, now)
    elif now >= _round.until or _round.waiting:
        future = loop.create_future()
        _round.waiting.append(future)
        await future
