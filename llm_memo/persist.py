"""Around the paid call: its answer is timed, judged, frozen, written, and given to everybody who waits for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

from llm_memo.adapters.equipment import class_name
from llm_memo.answers.complete import incomplete
from llm_memo.answers.usage import Usage, sum_of, usage_of
from llm_memo.codec import codec, streams
from llm_memo.codec.recording import Awaited, Recording
from llm_memo.errors import NotStored, SelfChanging, warn
from llm_memo.identity.changes import NOTHING_CHANGED, Before, Changed
from llm_memo.identity.preview import redacted
from llm_memo.memo import CallState, Memo
from llm_memo.policies import CachePolicy
from llm_memo.runtime.context import Running
from llm_memo.singleflight import ALONE, Failure, Flight
from llm_memo.stats import Outcome
from llm_memo.stores.entry import Header, Provenance, StoredEntry
from llm_memo.stores.lock import Lock

log = logging.getLogger("llm_memo")


class Leader:
    """A step: runs one call's function and, however that ends, does what follows, once.

    A shape whose answer comes in pieces runs the function in its own way.

    Args:
        call: The call that pays.
        flight: The flight that it leads; None when nobody can wait for it.
    """

    __slots__ = (
        "_before", "_changed", "_ended", "_reader_since", "_readers_seconds", "_started",
        "call", "flight", "lock", "passed_on", "running", "wrote",
    )  # fmt: skip

    def __init__(self, call: CallState, flight: Flight | None) -> None:
        self.call = call
        self.flight = flight
        self.lock: Lock | None = None
        self.running = Running(flight, call.memo)
        self.passed_on = False
        """Whether the caller has items of the answer already, so that no other can take its place."""
        self.wrote = False
        """Whether the answer is kept."""
        self._ended = False
        self._before: Before | None = None
        self._changed: Changed | None = None
        self._started = self._reader_since = self._readers_seconds = 0.0

    def start(self) -> None:
        """The function is about to run: note what its key is made of, which it may change."""
        call = self.call
        if call.settings.policy.writes:
            self._before = Before(call.memo.key_builder, call.call_key, call.values)
        self._started = time.perf_counter()

    def _provenance(self) -> Provenance:
        """What the call was made of, written down once the answer is there."""
        if self._before is None:
            return Provenance()
        parts, owner = self._before.parts, self.call.slot.owner
        digests, previews, texts = parts.kept()
        return Provenance(
            code=owner.code,
            parts=digests,
            previews=previews,
            texts=texts,
            program=owner.program_in(self.call.disk.root),
            arguments=parts.arguments,
            cut=parts.cut,
        )

    def recording(self) -> Recording:
        """What an answer that comes in pieces is recorded in."""
        return Recording()

    def begin(self) -> Any:
        """Call the function, with what it gives: a value, a coroutine, a generator."""
        call = self.call
        made, call.made = call.made, None
        return call.run(*call.args, **call.kwargs) if made is None else made

    async def soon(self) -> Any:
        """Run it in this task."""
        with self.running:
            return self._returned(await self.begin())

    def _returned(self, answer: Any) -> Any:
        """The function has returned; before anybody else goes on, see what it has changed."""
        if not streams.is_stream(answer):
            self._changed = self._changes()
        return answer

    def _changes(self) -> Changed:
        return NOTHING_CHANGED if self._before is None else self._before.changed()

    def progress(self, waiting_for_reader: bool) -> None:
        """Note whether the function is at work, or whoever reads its stream is."""
        self.passed_on = self.passed_on or waiting_for_reader
        now = time.perf_counter()
        if self._reader_since:
            self._readers_seconds += now - self._reader_since
        self._reader_since = now if waiting_for_reader else 0.0
        if self.flight is not None:
            self.flight.with_reader(waiting_for_reader)

    def streaming(self, stream: Any) -> Any:
        """The stream that the caller gets in place of the function's: it is recorded while it is read."""
        self.progress(waiting_for_reader=True)
        return streams.record(stream, self.answered, self.given_up, self.progress)

    def answered(self, answer: Any) -> None:
        """The function has answered: keep the answer, count it, wake everybody who waits."""
        if self._ended:  # a pool that could start no thread raised, and had the work in its queue all the same
            return
        self._ended = True
        stored: StoredEntry | None = None
        try:
            seconds = time.perf_counter() - self._started - self._readers_seconds
            usage = sum_of(self.running.usages) if self.running.usages else self._usage(answer)
            changed = self._changed or self._changes()
            requests = self.running.requests
            if requests is None:
                stored = self._keep(answer, seconds, usage, changed)
            else:  # what they took is counted where they were answered
                stored = self._keep(answer, seconds, usage or sum_of(requests.usages), changed)
                seconds = max(seconds - requests.seconds, 0.0)
                usage = None if requests.usages else usage
            self._count(answer, seconds, usage)
        finally:
            self._end(stored or ALONE)
        if changed.by_call:
            warn_of_changes(self.call.memo, changed.by_call)

    @property
    def outcome(self) -> Outcome:
        """What becomes of a call that runs the function."""
        return _OUTCOMES.get(self.call.settings.policy, Outcome.MISS)

    def _count(self, answer: Any, seconds: float, usage: Usage | None) -> None:
        self.call.memo.counters.answered(self.outcome, seconds, usage)

    def _usage(self, answer: Any) -> Usage | None:
        try:
            return usage_of(answer)
        except Exception as fault:  # a property of the user's own model
            log.info("%s: the answer's usage cannot be read: %s", self.call.memo.called, type(fault).__name__)
            return None

    def failed(self, failure: Failure) -> None:
        """The function has raised, or was cancelled or interrupted."""
        if not isinstance(failure.error, Exception):
            self.given_up()
            return
        self._ended = True
        self.call.memo.counters.raised()
        self.running.use_up()
        self._end(failure)

    def overtaken(self) -> None:
        """The answer was there after all."""
        self.given_up()

    def given_up(self) -> None:
        """The call was cancelled, interrupted or abandoned: one of those who wait takes over."""
        if not self._ended:
            self._ended = True
            self._end(None)

    def _end(self, result: object) -> None:
        try:
            if self.lock is not None:
                self.lock.release()
        finally:
            # Its result may hold the error whose frames hold this; and tasks that go on hold what they are inside of.
            flight, self.flight = self.flight, None
            self.running.end()
            if flight is not None:
                flight.end(result)

    def _keep(self, answer: Any, seconds: float, usage: Usage | None, changed: Changed) -> StoredEntry | None:
        """Freeze the answer and, if it is to be kept, write it; what goes wrong is one warning."""
        call = self.call
        wanted = call.settings.policy.writes
        if wanted and changed.by_others:
            self._tell_changed(changed.by_others)
            wanted = False
        wanted = wanted and self._is_wanted(answer)
        if not wanted and (self.flight is None or not self.flight.awaited):
            return None
        try:
            stored = StoredEntry(
                self._header(answer, seconds, usage, changed),
                call.memo.among_its_classes(codec.freeze, Awaited(answer) if call.gives_awaitable else answer),
            )
            if wanted:
                call.slot.write(stored, call.settings)
                self.wrote = True
                if call.memo.keeper is not None and call.memo.keeper.waits:
                    call.memo.keeper.write()
            return stored
        except Exception as fault:
            if wanted:
                self._not_stored(fault)
            return None

    def _tell_changed(self, by_others: Sequence[str]) -> None:
        """Somebody else has changed, meanwhile, what the key is made of."""
        changed = ", ".join(by_others)
        self.call.memo.counters.not_stored(f"changed meanwhile: {changed}", self.call.call_key.key)
        warn(
            NotStored,
            f"{self.call.memo.called}: the answer was returned but not kept: while it was made, another task or thread "
            f"changed {changed}",
        )

    def _is_wanted(self, answer: Any) -> bool:
        """Whether ``cache_if``, or else the rule that an answer is complete, would have it kept."""
        try:
            reason = self._why_not(answer)
        except Exception as fault:
            self._not_stored(fault, "" if self.call.memo.options.cache_if is None else "cache_if raised ")
            return False
        if reason is not None:
            self._refused(reason)
        return reason is None

    def _why_not(self, answer: Any) -> str | None:
        """Why the answer is not to be kept, in a few words; None if it is."""
        cache_if = self.call.memo.options.cache_if
        if cache_if is None:
            return incomplete(answer)
        with self.running:  # it may make the same call, and would wait for its own answer
            return None if cache_if(streams.items(answer)) else "cache_if said no"

    def _refused(self, reason: str) -> None:
        """The answer is not kept, for this reason."""
        memo = self.call.memo
        log.info("%s: answer not kept: %s", memo.called, reason)
        memo.counters.not_stored(reason, self.call.call_key.key)
        self.running.use_up()

    def _not_stored(self, fault: Exception, what: str = "") -> None:
        call = self.call
        call.memo.counters.not_stored(f"{what}{type(fault).__name__}", call.call_key.key)
        if call.disk.warned(call.path, fault):  # what could not be written could not be read either
            return
        cause = str(fault) if isinstance(fault, codec.Unfreezable) else f"{type(fault).__name__}: {fault}"
        warn(NotStored, f"{call.memo.called}: the answer was returned but could not be kept: {what}{redacted(cause)}")

    def _header(self, answer: Any, seconds: float, usage: Usage | None, changed: Changed) -> Header:
        call = self.call
        inner = answer.value if isinstance(answer, Awaited) else answer
        return Header(
            function=call.memo.name,
            created=time.time(),
            digest=call.call_key.digest,
            seconds=seconds,
            type=inner.type_name if isinstance(inner, Recording) else class_name(type(inner)),
            usage=usage.to_dict() if usage is not None else None,
            sample=call.memo.options.sample,
            changes=changed.by_call,
            _provenance=self._provenance(),
        )


def warn_of_changes(memo: Memo, changes: Sequence[str]) -> None:
    """Say once a process of each value that calls change it, though their key is made of it."""
    warned = memo.key_builder.fingerprint.warned
    for change in changes:
        value = change.rpartition("leave it out with")[2]
        if value not in warned:
            warned.add(value)
            warn(SelfChanging, f"{memo.called} {change}")


_OUTCOMES = {CachePolicy.OFF: Outcome.BYPASS, CachePolicy.WRITE_ONLY: Outcome.REFRESH}
