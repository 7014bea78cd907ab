"""Single flight: of equal calls at the same time one, the leader, calls; the others wait for it.

Within the process threads and tasks wait for the leader's flight; between processes a file lock
per key, which the kernel frees when its holder dies, makes one of them lead. A flight ends in one
of three ways: it ends with an answer or with the function's own exception, which its waiters
get too, or it is *given up* (cancelled, killed, abandoned half-read), and a waiter takes over.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import math
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from llm_memo.errors import MemoWarning, leave_out_ours, warn
from llm_memo.runtime import context
from llm_memo.runtime.fork import renewed_in_child
from llm_memo.runtime.loop import turn
from llm_memo.stores.lock import Lock

log = logging.getLogger("llm_memo")

_LOOK_EVERY = 1.0
_STALLED_AFTER = 30.0
"""Seconds after which a half-read stream, or a loop that stands still, no longer holds those who wait for it."""
_TRY_EVERY = 0.05
"""Seconds between two tries at a lock that another process holds, at most."""

_LOCKLESS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.ELOOP, errno.EISDIR}
"""Errors of a lock where files can still be written; any other error is reported when the write fails."""

Result = object
"""What a flight ends with: a kept answer, a `Failure`, `ALONE`, or None when it was given up."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What was raised, as a value that can be handed about."""

    error: BaseException

    def __post_init__(self) -> None:
        leave_out_ours(self.error)


class WaitedTooLong(TimeoutError):
    """A flight has not ended in the time that its waiter has."""


class _Alone:
    def __repr__(self) -> str:
        return "ALONE"


ALONE: Final = _Alone()
"""The leader's answer cannot be shared: each who waited makes a call of its own."""


class Flight:
    """The one running call that equal calls wait for."""

    __slots__ = (
        "_callbacks", "_key", "_still_since", "ended", "gives_awaitable", "leading_loop", "leading_task", "passed_on",
        "result", "waits_for",
    )  # fmt: skip

    def __init__(self, key: object) -> None:
        self._key = key
        self._callbacks: list[Callable[[], object]] | None = None
        self.leading_task = _here()
        self.leading_loop = _loop_here()
        self._still_since = math.inf
        self.waits_for: tuple[Flight, ...] = ()
        """The flights whose end is waited for inside of this one, or by the reader of its stream."""
        self.gives_awaitable = False
        """Whether it is of a plain function that returned an awaitable, as it then will for its waiters."""
        self.ended = False
        self.result: Result = None
        self.passed_on: float | None = None
        """When a stream's reader was last given something and not yet come back, by `time.monotonic`."""

    @property
    def awaited(self) -> bool:
        """Whether anybody waits for this flight."""
        return bool(self._callbacks)

    def with_reader(self, waiting: bool) -> None:
        """Note that its stream's reader has been given something, or has come back for more."""
        self.passed_on = time.monotonic() if waiting else None
        with FLIGHTS.lock:  # others look through it meanwhile
            if not self.ended:
                FLIGHTS.read.add(self)

    def stalled(self) -> bool:
        """True if for 30 s the reader of its stream has not come back for an item, or its task's loop has not run."""
        now = time.monotonic()
        if self.leading_loop is not None:
            loop = self.leading_loop()
            stands_still = loop is None or not loop.is_running()
            self._still_since = min(self._still_since, now) if stands_still else math.inf
        since = self._still_since if self.passed_on is None else min(self._still_since, self.passed_on)
        return now - since > _STALLED_AFTER

    def cannot_go_on(self, loop: asyncio.AbstractEventLoop | None) -> bool:
        """True if it is led in this thread, but not in ``loop``: nothing else runs here as long as somebody waits."""
        if self.leading_task[0] != threading.get_ident():
            return False
        return loop is None or (self.leading_loop is not None and self.leading_loop() is not loop)

    def end(self, result: Result) -> None:
        """End the flight, with None to give it up, and wake everybody who waits; a second end changes nothing."""
        with FLIGHTS.lock:
            if self.ended:
                return
            self.ended, self.result = True, result
            if FLIGHTS.up.get(self._key) is self:
                del FLIGHTS.up[self._key]
            FLIGHTS.read.discard(self)
            callbacks, self._callbacks = self._callbacks, None
        for callback in callbacks or ():
            callback()

    def on_end(self, callback: Callable[[], object]) -> None:
        """Call ``callback``, in whatever thread ends the flight."""
        with FLIGHTS.lock:
            if not self.ended:
                if self._callbacks is None:
                    self._callbacks = []
                self._callbacks.append(callback)
                return
        callback()


class Flights:
    """The flights of this process."""

    def __init__(self) -> None:
        # Reentrant: the garbage collector may close an abandoned stream, and give up its flight, at any moment.
        self.lock = threading.RLock()
        self.up: dict[object, Flight] = {}
        """Those that have not ended, by key."""
        self.read: set[Flight] = set()
        """Those that are up and whose stream is being read."""

    def join(self, key: object) -> tuple[Flight | None, bool]:
        """The flight for ``key``, and whether the caller leads it.

        There is none, ``(None, True)``, for a caller that is itself inside of that flight: it would
        wait for itself.
        """
        with self.lock:
            flight = self.up.get(key)
            if flight is None:
                flight = self.up[key] = Flight(key)
                return flight, True
        if flight.leading_task == _here() or flight in context.flights():
            return None, True
        return flight, False

    def wait_for(self, flight: Flight) -> tuple[Flight, ...] | None:
        """Note that whoever calls this waits for ``flight``; returns what `waited_for` takes.

        None if the wait would never end: ``flight`` waits itself, at some remove, for the caller.
        """
        with self.lock:
            here = _here()
            inside = [each for each in context.flights() if isinstance(each, Flight)]
            mine = (*inside, *(each for each in self.read if each.leading_task == here))
            if mine:
                found, todo = {flight}, [flight]
                while todo:
                    new = [each for each in todo.pop().waits_for if each not in found]
                    found.update(new)
                    todo += new
                if not found.isdisjoint(mine):
                    return None
            for each in mine:
                each.waits_for += (flight,)
            return mine

    def waited_for(self, flight: Flight, mine: tuple[Flight, ...]) -> None:
        """The wait that `wait_for` has noted is over."""
        with self.lock:
            for each in mine:
                waits_for = list(each.waits_for)
                waits_for.remove(flight)
                each.waits_for = tuple(waits_for)

    def after_fork(self) -> None:
        """Forget, in a child process, the flights that only its parent is on."""
        self.lock = threading.RLock()
        self.up.clear()
        self.read.clear()


FLIGHTS: Final = Flights()
renewed_in_child(FLIGHTS.after_fork)


def _here() -> tuple[int, int | None]:
    """Which thread, and which of its tasks, is running."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    return threading.get_ident(), None if task is None else id(task)


def _loop_here() -> weakref.ref[asyncio.AbstractEventLoop] | None:
    """The loop that runs in this thread: a task of one that is gone is gone as well."""
    try:
        return weakref.ref(asyncio.get_running_loop())
    except RuntimeError:
        return None


class Wait:
    """A step: wait until a flight has ended; gives its result, or None to take over.

    A flight whose stream somebody has stopped reading, or whose loop was left, could hold its waiters for ever,
    and its reader could itself wait for one of them: after a while without a step they go their own way.

    Args:
        flight: What is waited for.
        timeout: How long to wait, in seconds, before `WaitedTooLong` is raised; None: for as long as it takes.
    """

    __slots__ = ("_ended", "_loop", "flight", "timeout")

    def __init__(self, flight: Flight, timeout: float | None = None) -> None:
        self.flight = flight
        self.timeout = math.inf if timeout is None else timeout

    def now(self) -> Result:
        """Wait in this thread."""
        flight = self.flight
        if flight.cannot_go_on(None):
            return ALONE
        mine = FLIGHTS.wait_for(flight)
        if mine is None:
            return ALONE
        try:
            ended = threading.Event()
            flight.on_end(ended.set)
            until = time.monotonic() + self.timeout
            while not ended.wait(self._pause(until)):
                if flight.stalled():
                    return None
        finally:
            FLIGHTS.waited_for(flight, mine)
        return flight.result

    async def soon(self) -> Result:
        """Wait in this task."""
        flight = self.flight
        self._loop = asyncio.get_running_loop()
        if flight.cannot_go_on(self._loop):
            return ALONE
        mine = FLIGHTS.wait_for(flight)
        if mine is None:
            return ALONE
        try:
            self._ended = self._loop.create_future()
            flight.on_end(self._has_ended)
            until = time.monotonic() + self.timeout
            while not flight.ended:
                look = self._loop.call_later(self._pause(until), self._wake)
                try:
                    await self._ended
                finally:
                    look.cancel()
                if not flight.ended and flight.stalled():
                    return None
                self._ended = self._loop.create_future()
        finally:
            FLIGHTS.waited_for(flight, mine)
        await turn()
        return flight.result

    def _pause(self, until: float) -> float:
        """Seconds until the next look."""
        left = until - time.monotonic()
        if left <= 0:
            raise WaitedTooLong(f"the equal request that is under way has not been answered in {self.timeout:g} s")
        return min(left, _LOOK_EVERY)

    def _has_ended(self) -> None:
        with suppress(RuntimeError):  # the waiter's loop is closed: it is gone
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)


class Acquire:
    """A step: take the lock that equal calls of other processes share; gives it, or None.

    A folder in which no lock can be had (read-only, full) does without; a lock that stays taken for
    longer than ``timeout`` seconds (None: for ever) is a warning and a call of one's own. Where the caller has
    only ``patience`` seconds, and they are fewer, `WaitedTooLong` is raised.
    """

    __slots__ = ("_pause", "_until", "lock", "name", "patience", "take", "timeout")

    def __init__(
        self, take: Callable[[], Lock | None], timeout: float | None, name: str, patience: float | None = None
    ) -> None:
        self.take = take
        self.timeout = math.inf if timeout is None else timeout
        self.patience = math.inf if patience is None else patience
        self.name = name
        self.lock: Lock | None = None
        self._until = 0.0
        self._pause = 0.001

    def at_once(self) -> bool:
        """Try to take the lock; returns whether there is nothing to wait for: it is taken, or none can be had."""
        try:
            self.lock = self.take()
        except RecursionError:
            raise
        except Exception as error:  # whatever else is met here, the call can do without
            log.debug("%s: no lock between processes: %s", self.name, error)
            if not isinstance(error, OSError) or error.errno in _LOCKLESS:
                warn(
                    MemoWarning,
                    f"{self.name}: no lock can be had in the cache folder "
                    f"({getattr(error, 'strerror', None) or error}); equal calls of several processes at the same "
                    "time may each be made",
                )
            return True
        return self.lock is not None

    def now(self) -> Lock | None:
        """Wait in this thread, once it has been tried."""
        while self._has_time():
            time.sleep(self._pause)
            if self.at_once():
                break
        return self.lock

    async def soon(self) -> Lock | None:
        """Wait in this task, once it has been tried."""
        while self._has_time():
            await asyncio.sleep(self._pause)
            if self.at_once():
                break
        return self.lock

    def _has_time(self) -> bool:
        """Whether to try again, after a pause that grows; said aloud if not."""
        now = time.monotonic()
        if not self._until:
            self._until = now + min(self.timeout, self.patience)
        else:
            self._pause = min(self._pause * 1.5, _TRY_EVERY)
        if now < self._until:
            return True
        if self.patience < self.timeout:
            raise WaitedTooLong(f"{self.name}: an equal one in another process has taken {self.patience:g} s")
        warn(
            MemoWarning,
            f"{self.name}: an equal call in another process has been under way for more than {self.timeout:g} s; "
            "this one calls as well (configure(lock_timeout=…) is how long it waits)",
        )
        return False
