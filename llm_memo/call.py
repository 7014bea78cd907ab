"""One call's way through, to be read from top to bottom.

::

    effective settings → key → read → [hit: thaw, done]                               Call.look
       └ flight: join, lead or wait (threads, tasks, processes) → read again               Call.way
            └ the user's function                                                    Leader.begin, Leader.soon
                 └ complete? freeze → write → count → everyone waiting gets it       Leader.answered

`Call.look` is all that a hit needs. `Call.way` is a generator of *steps*, the only places where a
call waits: ``step.now()`` waits in a thread, ``await step.soon()`` in a task, and what either
raises is sent back as a `Failure`. So one body serves functions, coroutines and generators, which
drive it in a few lines each in `llm_memo.shapes`.

Reading and thawing fail only into a miss, writing only into a warning.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Generator
from dataclasses import replace
from functools import partial
from typing import Any, Final

from llm_memo.codec import codec, streams
from llm_memo.errors import CacheMiss, CorruptEntry, StaleAnswer, warn
from llm_memo.explain import Explanation, explain
from llm_memo.memo import CallState
from llm_memo.persist import Leader, warn_of_changes
from llm_memo.policies import CachePolicy
from llm_memo.runtime.executor import JUDGING, STORAGE, Work
from llm_memo.singleflight import ALONE, FLIGHTS, Acquire, Failure, Flight, Wait
from llm_memo.stats import Outcome
from llm_memo.stores import moved
from llm_memo.stores.disk import Disk, TooBig, disk
from llm_memo.stores.entry import StoredEntry
from llm_memo.stores.slot import Slot

log = logging.getLogger("llm_memo")


class _Nothing:
    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()
"""No answer was found. (None is an answer.)"""

# Hoisted: before 3.12 an Enum class looks its members up in a slow way.
_OFF: Final = CachePolicy.OFF
_HIT: Final = Outcome.HIT

AT_ONCE = 1_000_000
"""Entries up to this many bytes are read on the event loop, larger ones in a thread."""


class Call(CallState):
    """One use of a cached function, on its way."""

    __slots__ = ()

    def look(self, most: int | None = None) -> Any:
        """The kept answer, or `NOTHING`; an entry of more than ``most`` bytes is left to `way`.

        Raises:
            TypeError: The arguments do not fit the function.
            UnkeyableArgument: An argument has no canonical form.
        """
        memo, settings = self.memo, self.settings
        if settings.policy is _OFF:
            return NOTHING
        if self.values is None:
            self.values = memo.key_builder.bind(self.arguments, self.kwargs)
        self.call_key = call_key = memo.key_builder.key_of(self.values)
        store: Disk = disk(settings.cache_dir)
        self.disk = store
        self.path = store.path(memo.folder, call_key.key)
        return self.read(most) if settings.policy.reads else NOTHING

    def read(self, most: int | None = None, *, again: bool = False) -> Any:
        """Read and thaw the kept answer; `NOTHING` if there is none, or it is expired or damaged.

        Args:
            most: Leave an entry of more than this many bytes to `way`.
            again: Whether it was looked for a moment ago, also among those of functions of the same code.
        """
        self.too_big = False
        settings, key = self.settings, self.call_key
        try:
            stored = self.disk.read(self.path, key.key, settings.memory_bytes, most)
            if stored is None and not again:
                self.slot = Slot(self.disk, self.path, self.memo.owner(key))
                stored = moved.find(
                    self.slot,
                    lambda entry: entry.answers(key),
                    settings.memory_bytes,
                    most,
                    link=settings.policy.writes,
                )
        except TooBig:
            self.too_big = True
            return NOTHING
        if stored is None or stored.header.digest != key.digest:
            return NOTHING
        if settings.ttl is not None and stored.expired(settings.ttl):
            self.expired = stored
            return NOTHING
        return self.thaw(stored, _HIT)

    def thaw(self, stored: StoredEntry, outcome: Outcome) -> Any:
        """A fresh value of a kept answer, counted as ``outcome``; `NOTHING` if it cannot be had."""
        try:
            answer = stored.thaw() if self.memo.main is None else self.memo.among_its_classes(stored.thaw)
        except codec.UnknownClass as fault:
            warn(
                CorruptEntry,
                f"{self.path}: {fault}; the call goes on as a miss and the file is left in place",
            )
            self.unreadable = True
            return NOTHING
        except (RecursionError, MemoryError):  # there is no memory for it; the entry is fine
            return NOTHING
        except Exception as fault:
            self.disk.refuse(self.path, fault)
            self.unreadable = True
            return NOTHING
        if self.memo.options.replay_delay:
            answer = streams.paced(answer, self.memo.options.replay_delay)
        usage = None if stored.header.usage is None else stored.usage
        self.memo.counters.answered(outcome, stored.header.seconds, usage)
        if stored.header.changes:
            warn_of_changes(self.memo, stored.header.changes)
        return answer

    def way(self) -> Generator[Step, Any, Any]:
        """The way of a call whose answer was not at hand; returns the answer, or the `Failure` to raise."""
        policy, options = self.settings.policy, self.memo.options
        waited = self.too_big
        if policy.reads and log.isEnabledFor(logging.DEBUG):
            self._log_miss()
        if self.too_big and (answer := (yield Work(self.read))) is not NOTHING:
            return answer
        if not policy.calls:
            raise self._missed()
        if self.slot is None and policy is not _OFF:
            self.slot = Slot(self.disk, self.path, self.memo.owner(self.call_key))

        flight: Flight | None = None
        if policy.reads and options.single_flight:
            flight, leads = self._join()
            if not leads and flight is not None:
                flight, answer = yield from self._wait_for(flight)
                if answer is not NOTHING:
                    return answer
                waited = True

        leader = self.leading(flight)
        try:
            if flight is not None:
                if policy.writes:
                    acquire = self.acquiring(self.slot)
                    if not acquire.at_once():
                        waited = True
                        if isinstance(failure := (yield acquire), Failure):
                            return self._failed(leader, failure)
                    leader.lock = acquire.lock
                there = not self.unreadable and os.path.lexists(self.path)
                if there and (answer := self.read(again=True)) is not NOTHING:
                    leader.overtaken()  # by another thread or process
                    return answer
            if waited and policy is not _OFF and self._key_changed():
                leader.given_up()
                return (yield from self._key_anew())

            self.paid = True
            leader.start()
            answer = yield leader
            if isinstance(answer, Failure):
                return self._failed(leader, answer)
            if streams.is_stream(answer):
                return leader.streaming(answer)
            kept = yield Work(partial(leader.answered, answer), STORAGE if options.cache_if is None else JUDGING)
            return kept if isinstance(kept, Failure) else answer
        except BaseException:
            leader.given_up()
            raise

    def waiting(self, flight: Flight) -> Wait:
        """The step that waits for the equal call that is under way."""
        return Wait(flight)

    def acquiring(self, slot: Slot) -> Acquire:
        """What takes the lock, a step if it waits for equal calls of other processes."""
        return Acquire(slot.take_lock, self.settings.lock_timeout, self.memo.called)

    def leading(self, flight: Flight | None) -> Leader:
        """What is done when it is this call that runs the function."""
        return Leader(self, flight)

    def _join(self) -> tuple[Flight | None, bool]:
        flight, leads = FLIGHTS.join((self.path, self.call_key.digest, self.settings.policy.writes))
        if leads and flight is not None:
            flight.gives_awaitable = self.gives_awaitable
        return flight, leads

    def _wait_for(self, flight: Flight) -> Generator[Step, Any, tuple[Flight | None, Any]]:
        """Wait for equal calls; returns the flight to lead or None, and the answer or `NOTHING`."""
        while True:
            result = yield self.waiting(flight)
            if isinstance(result, Failure):
                return None, self.stale_for(result)
            if result is ALONE or not flight.ended:
                return None, NOTHING
            if result is not None and (answer := self.thaw(result, Outcome.HIT)) is not NOTHING:
                return None, answer
            joined, leads = self._join()
            if leads or joined is None:
                return joined, NOTHING
            flight = joined

    def _failed(self, leader: Leader, failure: Failure) -> Any:
        """The function has raised: `failure`, or with ``stale_if_error`` the expired answer."""
        leader.failed(failure)
        return failure if leader.passed_on else self.stale_for(failure)

    def _key_changed(self) -> bool:
        """Whether, while the call waited, its arguments or the code's globals became those of another key."""
        return not self.memo.key_builder.key_of(self.values).same(self.call_key)

    def _key_anew(self) -> Generator[Step, Any, Any]:
        """Begin again with the key as it is now; the answer to one that never keeps still is not kept."""
        self.keyed_anew += 1
        self.slot = None  # type: ignore[assignment]
        if self.keyed_anew > 3:
            self.settings = replace(self.settings, policy=_OFF)
        answer = self.look()
        return answer if answer is not NOTHING else (yield from self.way())

    def stale_for(self, failure: Failure) -> Any:
        """With ``stale_if_error`` the expired answer, and a warning, in place of ``failure``; else `failure`."""
        if not self.memo.options.stale_if_error or self.expired is None or not isinstance(failure.error, Exception):
            return failure
        answer = self.thaw(self.expired, Outcome.STALE)
        if answer is NOTHING:
            return failure
        self.paid = False
        warn(
            StaleAnswer,
            f"{self.memo.called} raised {type(failure.error).__name__}; its expired answer of "
            f"{time.time() - self.expired.header.created:,.0f} s ago was returned instead (stale_if_error)",
        )
        return answer

    def _missed(self) -> CacheMiss:
        explanation = self._explain()
        error = CacheMiss(f"{self.memo.called}: policy 'replay' and no kept answer: {explanation.reason}")
        error.explanation = explanation
        return error

    def _log_miss(self) -> None:
        log.debug("%s: miss, key %s: %s", self.memo.called, self.call_key.key, self._explain().reason)

    def _explain(self) -> Explanation:
        memo = self.memo
        return explain(
            memo.key_builder,
            self.call_key,
            memo.folder,
            memo.owner(self.call_key) if self.slot is None else self.slot.owner,
            self.settings,
            self.values,
            memo.counters.why_not_stored,
        )


Step = Leader | Work | Wait | Acquire
