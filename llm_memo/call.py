"""One call's way through, to be read from top to bottom.

::

    effective settings → key → read → [hit: thaw, done]                               Call.look
       └ flight: join, lead or wait (threads, tasks, processes) → read again               Call.way
            └ the user's function                                                    Leader.now, Leader.soon
                 └ complete? freeze → write → count → everyone waiting gets it       Leader.answered

`Call.look` is all that a hit needs. `Call.way` is a generator of *steps*, the only places where a
call waits: ``step.now()`` waits in a thread, ``await step.soon()`` in a task, and what either
raises is sent back as a `Failure`. So one body serves functions, coroutines and generators, which
drive it in a few lines each in `llm_memo.decorator`.

Reading and thawing fail only into a miss, writing only into a warning.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from functools import partial
from typing import Any, Final

from llm_memo import location
from llm_memo.codec import codec, streams
from llm_memo.errors import CacheMiss, CorruptEntry, StaleAnswer, warn
from llm_memo.explain import Explanation, explain
from llm_memo.identity.key import CallKey, KeyBuilder
from llm_memo.options import Options
from llm_memo.persist import Leader
from llm_memo.runtime.executor import JUDGING, STORAGE, Background
from llm_memo.runtime.loop import turn
from llm_memo.settings import CachePolicy, EffectiveSettings
from llm_memo.singleflight import ALONE, FLIGHTS, Acquire, Failure, Flight, Wait
from llm_memo.stats import Counters, Outcome
from llm_memo.stores import moved
from llm_memo.stores.disk import Disk, TooBig, disk, function_folder
from llm_memo.stores.entry import StoredEntry
from llm_memo.stores.folder import Owner
from llm_memo.stores.lock import Lock

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
"""A task reads an entry of up to so many bytes at once, a larger one in a thread."""


class Memo:
    """What all calls of one cached function share."""

    __slots__ = ("called", "counters", "folder", "function", "key_builder", "name", "options", "settings")

    def __init__(
        self,
        options: Options,
        key_builder: KeyBuilder,
        settings: EffectiveSettings,
        counters: Counters,
        function: Callable[..., Any] | None = None,
    ) -> None:
        self.function = function
        self.options = options
        self.key_builder = key_builder
        self.settings = settings
        self.counters = counters
        self.name = key_builder.name
        self.called = key_builder.name if function is None else f"{key_builder.name}()"
        """What messages call it."""
        self.folder = function_folder(key_builder.name)

    def owner(self) -> Owner:
        """Whose answers these are: the function's name, its program and its code as it is now."""
        program = "" if self.function is None else location.program(self.function)
        return Owner(self.name, program, self.key_builder.code)


class Call:
    """One use of a cached function.

    Args:
        memo: What all its calls share.
        run: Calls the function, which is bound to its instance if it is a method.
        args: The arguments for ``run``.
        arguments: Those the function's signature has them, the instance first.
        kwargs: The keyword arguments.

    Raises:
        InvalidOption, StoreError: A setting has a value that is none of its values.
    """

    __slots__ = (
        "args",
        "arguments",
        "call_key",
        "disk",
        "expired",
        "keyed_anew",
        "kwargs",
        "memo",
        "paid",
        "path",
        "run",
        "settings",
        "too_big",
        "unreadable",
    )  # fmt: skip

    def __init__(
        self,
        memo: Memo,
        run: Callable[..., Any],
        args: tuple[Any, ...],
        arguments: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.memo = memo
        self.run = run
        self.args = args
        self.arguments = arguments
        self.kwargs = kwargs
        self.keyed_anew = 0
        self.settings = memo.settings.now()

    def look(self, most: int | None = None) -> Any:
        """The kept answer, or `NOTHING`; an entry of more than ``most`` bytes is left to `way`.

        Raises:
            TypeError: The arguments do not fit the function.
            UnkeyableArgument: An argument has no canonical form.
        """
        memo = self.memo
        self.expired: StoredEntry | None = None
        self.paid = self.too_big = self.unreadable = False
        settings = self.settings
        if settings.policy is _OFF:
            return NOTHING
        call_key: CallKey = memo.key_builder.key_of(self.arguments, self.kwargs)
        self.call_key = call_key
        store: Disk = disk(settings.cache_dir)
        self.disk = store
        self.path = store.path(memo.folder, call_key.key)
        return self.read(most) if settings.policy.reads else NOTHING

    def read(self, most: int | None = None) -> Any:
        """Read and thaw the kept answer; `NOTHING` if there is none, or it is expired or damaged."""
        self.too_big = False
        try:
            stored = self.disk.read(self.path, self.call_key.key, self.settings.memory_bytes, most)
            if stored is None:
                stored = self._find_moved(most)
        except TooBig:
            self.too_big = True
            return NOTHING
        if stored is None or not stored.answers(self.call_key):
            return NOTHING
        if stored.expired(self.settings.ttl):
            self.expired = stored
            return NOTHING
        return self.thaw(stored, _HIT)

    def _find_moved(self, most: int | None) -> StoredEntry | None:
        """The answer to this call that another function of the same code has; linked, where the policy writes."""
        settings = self.settings
        key, link = self.call_key.key, settings.policy.writes
        return moved.find(
            self.disk,
            self.path,
            key,
            self.memo.owner(),
            lambda each: each.answers(self.call_key),
            settings.memory_bytes,
            most,
            link=link,
        )

    def thaw(self, stored: StoredEntry, outcome: Outcome) -> Any:
        """A fresh value of a kept answer, counted as ``outcome``; `NOTHING` if it cannot be had."""
        try:
            answer = stored.thaw()
        except codec.UnknownClass as fault:
            warn(
                CorruptEntry,
                f"{self.path}: {fault}; the call goes on as a miss and the file is left in place",
            )
            self.unreadable = True
            return NOTHING
        except Exception as fault:
            self.disk.refuse(self.path, fault)
            self.unreadable = True
            return NOTHING
        if self.memo.options.replay_delay:
            answer = streams.paced(answer, self.memo.options.replay_delay)
        self.memo.counters.answered(outcome, stored.header.seconds, stored.usage)
        return answer

    def way(self) -> Generator[Step, Any, Any]:
        """The way of a call whose answer was not at hand; returns the answer, or the `Failure` to raise.

        `paid` then tells whether this very call ran the function.
        """
        policy, options = self.settings.policy, self.memo.options
        if policy.reads and log.isEnabledFor(logging.DEBUG):
            self._log_miss()
        if self.too_big and (answer := (yield Work(self.read))) is not NOTHING:
            return answer
        if not policy.calls:
            raise self._missed()
        flight: Flight | None = None
        if policy.reads and options.single_flight:
            flight, leads = self._join()
            while not leads and flight is not None:
                result = yield self.waiting(flight)
                if isinstance(result, Failure):
                    return self.stale_for(result)
                if result is ALONE or not flight.ended:
                    flight = None
                    break
                if result is not None and (answer := self.thaw(result, Outcome.HIT)) is not NOTHING:
                    return answer
                flight, leads = self._join()
        leader = self.leading(flight)
        try:
            return (yield from self._lead(leader))
        except BaseException:
            leader.given_up()
            raise

    def waiting(self, flight: Flight) -> Wait:
        """The step that waits for the equal call that is under way."""
        return Wait(flight)

    def acquiring(self) -> Acquire:
        """The step that waits for equal calls of other processes."""
        return Acquire(self.take_lock, self.settings.lock_timeout, self.memo.called)

    def leading(self, flight: Flight | None) -> Leader:
        """What is done when it is this call that runs the function."""
        return Leader(self, flight)

    def _join(self) -> tuple[Flight | None, bool]:
        return FLIGHTS.join((self.path, self.call_key.digest, self.settings.policy.writes))

    def _lead(self, leader: Leader) -> Generator[Step, Any, Any]:
        """Answer for everybody who waits for it."""
        if leader.flight is not None:
            if self.settings.policy.writes:
                lock = yield self.acquiring()
                if isinstance(lock, Failure):
                    return leader.failed(lock)
                leader.lock = lock
            answer = NOTHING if self.unreadable else self.read()
            if answer is not NOTHING:  # another thread or process was quicker
                leader.overtaken()
                return answer
        if self.settings.policy is not _OFF and self._key_changed():
            leader.given_up()
            return (yield from self._key_anew())
        self.paid = True
        leader.start()
        answer = yield leader
        if isinstance(answer, Failure):
            return leader.failed(answer)
        if streams.is_stream(answer):
            return leader.streaming(answer)
        threads = STORAGE if self.memo.options.cache_if is None else JUDGING
        done = yield Work(partial(leader.answered, answer), threads)
        return done if isinstance(done, Failure) else answer

    def _key_changed(self) -> bool:
        """Whether, while the call waited, its arguments or the code's globals became another call_key."""
        return self.memo.key_builder.key_of(self.arguments, self.kwargs).digest != self.call_key.digest

    def _key_anew(self) -> Generator[Step, Any, Any]:
        """Begin again with the key as it is now; the answer to one that never keeps still is not kept."""
        self.keyed_anew += 1
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

    def take_lock(self) -> Lock | None:
        """The lock that equal calls of all processes share; None while another holds it."""
        return self.disk.take_lock(self.path, self.memo.owner())

    def _missed(self) -> CacheMiss:
        explanation = self._explain()
        error = CacheMiss(f"{self.memo.called}: policy 'replay' and no kept answer: {explanation.reason}")
        error.explanation = explanation
        return error

    def _log_miss(self) -> None:
        log.debug("%s: miss, key %s: %s", self.memo.called, self.call_key.key, self._explain().reason)

    def _explain(self) -> Explanation:
        memo = self.memo
        return explain(memo.key_builder, memo.folder, memo.owner(), self.settings, self.arguments, self.kwargs)


class Work:
    """A step: storage work, which a task leaves to a thread so as not to hold up its loop."""

    __slots__ = ("threads", "work")

    def __init__(self, work: Callable[[], Any], threads: Background = STORAGE) -> None:
        self.work = work
        self.threads = threads

    def now(self) -> Any:
        """Do it in this thread."""
        return self.work()

    async def soon(self) -> Any:
        """Have it done in a thread, also if the task is cancelled meanwhile: an answer is paid for."""
        try:
            await turn()  # a thousand answers may come at once
        finally:
            in_thread, done = self._begun()
        return done if in_thread is None else await asyncio.shield(in_thread)

    def _begun(self) -> tuple[asyncio.Future[Any] | None, Any]:
        try:
            asyncio.get_running_loop()
            return asyncio.wrap_future(self.threads.submit(self.work)), None
        except RuntimeError:  # another kind of loop, or an interpreter that is about to end
            return None, self.work()


Step = Leader | Work | Wait | Acquire
