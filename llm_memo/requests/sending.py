"""What is done when a request is sent: its answer is judged, counted and kept, also where its task was cancelled."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from llm_memo.answers.proof import unproven
from llm_memo.answers.usage import Usage, usage_of
from llm_memo.call import Call
from llm_memo.codec.recording import Recording
from llm_memo.errors import NotStored, warn
from llm_memo.identity.changes import Changed
from llm_memo.persist import Leader
from llm_memo.requests.ordinals import Turn
from llm_memo.requests.request import ModelRequest
from llm_memo.requests.response import Head, Response, head_of
from llm_memo.runtime.executor import STORAGE
from llm_memo.singleflight import Failure, Flight, WaitedTooLong
from llm_memo.stats import Outcome
from llm_memo.stores.entry import StoredEntry

_FINISHING: set[asyncio.Task[Any]] = set()
"""The sendings that nobody waits for: a loop alone would forget them."""


async def finishing(seconds: float | None) -> None:
    """Wait until what nobody waits for has been read, for at most so long; None: to the end."""
    if _FINISHING:
        await asyncio.wait(tuple(_FINISHING), timeout=seconds)


class Sender(Call):
    """A call that sends a request: what `Sending` needs of it."""

    __slots__ = ("ended", "last_event", "model_request", "outcome", "request", "task", "turn", "usage", "way_out")

    request: Any
    """Of httpx or httpx2."""
    model_request: ModelRequest
    turn: Turn
    way_out: str
    """As `llm_memo.requests.site.Site.way_out`."""
    usage: Usage | None
    """What the answer used, or would have used."""
    outcome: Outcome | None
    ended: bool
    """Whether all of the answer has come, though its reader may not have read to the end of the body."""
    last_event: bool
    """Whether the event came after which nothing follows."""
    task: asyncio.Task[Any] | None
    """The sending, apart from the task that waits for it."""

    def head(self, response: Any) -> Head:
        """The head of ``response``."""
        response.request = self.request
        return head_of(response, self.model_request.credentials)


class Sending(Leader):
    """The leader of equal requests, as `Leader` is of calls."""

    __slots__ = ("_recording",)

    call: Sender

    def __init__(self, call: Sender, flight: Flight | None) -> None:
        super().__init__(call, flight)
        self._recording: Response | None = None
        self.running.is_request = True
        call.outcome = self.outcome

    def recording(self) -> Response:
        """What the response is recorded in."""
        self._recording = Response(progress=self.call)
        return self._recording

    def failed(self, failure: Failure) -> None:
        """As `Leader.failed`; an answer whose task was cancelled is kept all the same.

        Of one in one piece the rest is read; of a stream the last event must have come.
        """
        if isinstance(failure.error, WaitedTooLong):  # its own time is over, not that of those who wait for it
            self.given_up()
            return
        task = self.call.task
        if isinstance(failure.error, asyncio.CancelledError):
            if self.call.last_event and self._recording is not None:
                self._answered_later(self._recording)
                return
            if task is not None and not task.cancelled():
                _FINISHING.add(task)
                task.add_done_callback(self._finish)
                return
        super().failed(failure)

    def _finish(self, task: asyncio.Task[Any]) -> None:
        _FINISHING.discard(task)
        if task.cancelled() or task.exception() is not None:
            self.given_up()
            return
        exchange = self.call
        response = task.result()
        answer = Response([exchange.head(response), response.content], exchange)
        exchange.ended = True
        self._answered_later(answer)

    def _answered_later(self, answer: Response) -> None:
        try:
            STORAGE.submit(partial(self.answered, answer))
        except RuntimeError:  # the interpreter is about to end
            self.answered(answer)

    def _count(self, answer: Response, seconds: float, usage: Usage | None) -> None:
        if answer.head.is_error:
            self.call.memo.counters.raised()
        else:
            super()._count(answer, seconds, usage)

    def _usage(self, answer: Response) -> Usage | None:
        if answer.head.is_error:
            return None
        said = answer.said()
        self.call.usage = usage_of(Recording(said) if isinstance(said, list) else said)
        return self.call.usage

    def _is_wanted(self, answer: Response) -> bool:
        return not answer.head.is_error and super()._is_wanted(answer)

    def _why_not(self, answer: Response) -> str | None:
        """As `Leader._why_not`; the answer must be proven to be whole."""
        said, cache_if = answer.said(), self.call.memo.options.cache_if
        if cache_if is not None:
            return None if cache_if(said) else "cache_if said no"
        model_request = self.call.model_request
        return unproven(model_request.endpoint.kind, model_request.body, said, answer.last_event)

    def _refused(self, reason: str) -> None:
        super()._refused(reason)
        memo = self.call.memo
        if memo.options.cache_if is None:
            warn(
                NotStored,
                f"{memo.name}: the answer was returned but not kept: {reason}; {self.call.way_out} can say otherwise",
            )

    def _keep(self, answer: Any, seconds: float, usage: Usage | None, changed: Changed) -> StoredEntry | None:
        exchange = self.call
        kind = exchange.model_request.endpoint.kind
        answer.type_name = f"{kind}, a stream" if answer.is_stream else kind
        stored = super()._keep(answer, seconds, usage, changed)
        if self.wrote:
            exchange.turn.served(seconds, usage, writes=True)
        else:
            exchange.turn.counted(seconds, usage)
        return stored

    def _end(self, result: object) -> None:
        self.call.turn.released()
        super()._end(result)
