"""A request's way: that of a cached generator which yields the head of the response and then its body.

What `llm_memo.call` does for a function is done here for a request, by the same code. What differs: the key is
made of the request, the settings are decided by `llm_memo.requests.scopes`, equal requests of one call take
turns, an error of one user is not another's, and an answer is kept only if it is proven to be whole.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from llm_memo.answers.proof import unproven
from llm_memo.answers.reports import reported_usage
from llm_memo.answers.usage import Usage, usage_of
from llm_memo.call import NOTHING, Call
from llm_memo.errors import MemoError, NotStored, warn
from llm_memo.identity.changes import Changed
from llm_memo.identity.key import CallKey
from llm_memo.memo import Memo
from llm_memo.persist import Leader
from llm_memo.requests.client import Site
from llm_memo.requests.controls import Controls
from llm_memo.requests.events import Splitter, is_event_stream
from llm_memo.requests.ordinals import Turn
from llm_memo.requests.request import ModelRequest
from llm_memo.requests.response import Head, Response, head_of
from llm_memo.requests.scopes import RequestSettings
from llm_memo.runtime.context import innermost
from llm_memo.runtime.executor import STORAGE
from llm_memo.singleflight import Acquire, Failure, Flight, Wait, WaitedTooLong
from llm_memo.stats import Outcome
from llm_memo.stores.entry import StoredEntry

log = logging.getLogger("llm_memo")


class ServerError(Exception):
    """The server answered with an error, and an expired answer may be had in its place.

    Args:
        head: Of the error.
        body: Of the error.
    """

    def __init__(self, head: Head, body: bytes) -> None:
        super().__init__(f"status {head.status}")
        self.head = head
        self.body = body


class _Keys:
    """What `llm_memo.call` asks of a function's keys, of one request."""

    code = version = ""
    """Nothing but the request is in its key."""

    def __init__(self, name: str, request: ModelRequest, call_key: CallKey, sample: int, ordinal: int) -> None:
        self.name = name
        self._request = request
        self._call_key = call_key
        self._turn = {"sample": sample, "ordinal": ordinal}

    def key_of(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> CallKey:
        """The key."""
        return self._call_key

    def parts(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
        """Digests and previews of all that the key is made of, by name."""
        digests, previews = self._request.described()
        turn = {name: str(number) for name, number in self._turn.items() if number}
        return digests | turn, previews | turn

    def arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, object]:
        """The fields of the request's body, by name."""
        start = "argument "
        return {name.removeprefix(start): shown for name, _, shown in self._request.parts if name.startswith(start)}

    def snapshots(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """Nothing that it was made of can change."""
        return []

    def untracked(self) -> dict[str, str]:
        """Nothing."""
        return {}


class Exchange(Call):
    """One request to a model, with its answer.

    Args:
        site: What was given for the client that sends it.
        request: Of httpx or httpx2.
        model_request: What it says to the model.
        controls: What it says to the cache.
        send: Sends it: the transport's ``handle_request`` or ``handle_async_request``.
        awaited: Whether it is the latter.

    Raises:
        InvalidOption, StoreError: A setting has a value that is none of its values.
    """

    __slots__ = (
        "age",
        "controls",
        "ended",
        "last_event",
        "model_request",
        "outcome",
        "request",
        "sample",
        "send",
        "served",
        "task",
        "turn",
    )  # fmt: skip

    def __init__(
        self,
        site: Site,
        request: Any,
        model_request: ModelRequest,
        controls: Controls,
        send: Callable[[Any], Any],
        *,
        awaited: bool = False,
    ) -> None:
        running = innermost()
        if running is not None and running.over:
            running = None
        sample = controls.sample
        if sample is None:
            sample = (running.memo.options.sample if running is not None else 0) or site.options.sample
        call_key = model_request.call_key(sample)
        self.turn = Turn(running, call_key.digest if running is not None else "")
        if self.turn.ordinal:
            call_key = model_request.call_key(sample, self.turn.ordinal)
        self.sample = sample
        self.request = request
        self.model_request = model_request
        self.controls = controls
        self.send = send
        self.ended = self.last_event = False
        self.outcome: Outcome | None = None
        self.age: float | None = None
        self.served: Response | None = None
        """The kept answer that the client gets."""
        self.task: asyncio.Task[Any] | None = None
        """The sending, apart from the task that waits for it."""
        keys: Any = _Keys(site.options.name or model_request.name, model_request, call_key, sample, self.turn.ordinal)
        options = site.options if site.options.sample == sample else replace(site.options, sample=sample)
        settings = site.settings
        if running is not None or controls.given:
            settings = RequestSettings(controls.given, site.given, running)
        memo = Memo(options, keys, settings, site.counters)
        try:
            super().__init__(memo, self._sent_async if awaited else self._sent, (), (), {})
        except MemoError:
            self.turn.released()
            raise
        if (longest := model_request.longest_ttl) is not None:
            ttl = self.settings.ttl
            self.settings = replace(self.settings, ttl=longest if ttl is None else min(longest, ttl))

    # Where it differs from a call of a function

    def thaw(self, stored: StoredEntry, outcome: Outcome) -> Any:
        """As `Call.thaw`; an error is an answer only to whoever would have got it too."""
        answer = super().thaw(stored, outcome)
        if answer is NOTHING:
            return NOTHING
        if answer.head.is_error and answer.head.credentials != self.model_request.credentials:
            return NOTHING
        self.served = answer
        self.outcome = outcome
        self.age = max(time.time() - stored.header.created, 0.0)
        if answer.head.is_error:
            self.turn.released()
        else:
            self.turn.served(stored.header.seconds, stored.usage, self.settings.policy.writes)
        return answer

    def waiting(self, flight: Flight) -> Wait:
        """The step that waits for an equal request, for no longer than the request's own time-out."""
        return Wait(flight, self._patience())

    def acquiring(self) -> Acquire:
        """The step that waits for equal requests of other processes, for no longer either."""
        return Acquire(self.take_lock, self.settings.lock_timeout, self.memo.called, self._patience())

    def _patience(self) -> float | None:
        timeout: float | None = self.request.extensions.get("timeout", {}).get("read")
        return timeout

    def leading(self, flight: Flight | None) -> Leader:
        """What is done when it is this request that is sent."""
        return Sending(self, flight)

    # Sending it

    def _sent(self) -> Iterator[Any]:
        response = self.send(self.controls.without(self.request))
        try:
            head = self.head(response)
            if self._could_be_stale(head):
                raise ServerError(head, response.read())
            yield head
            splitter = Splitter(head.header("content-type"))
            try:
                for piece in response.iter_bytes():
                    if events := self._fed(splitter, piece):
                        yield events
            except Exception:
                if not splitter.ended:
                    raise
            if rest := self._over(splitter):
                yield rest
        finally:
            response.close()

    async def _sent_async(self) -> AsyncIterator[Any]:
        response = await self._begun()
        try:
            head = self.head(response)
            if self._could_be_stale(head):
                raise ServerError(head, await response.aread())
            yield head
            splitter = Splitter(head.header("content-type"))
            try:
                async for piece in response.aiter_bytes():
                    if events := self._fed(splitter, piece):
                        yield events
            except Exception:
                if not splitter.ended:
                    raise
            if rest := self._over(splitter):
                yield rest
        finally:
            await response.aclose()

    async def _begun(self) -> Any:
        """The response; one that does not stream is read in a task apart.

        So a whole answer is read to its end, and kept, though nobody may wait for it any more.
        """
        sending = self.send(self.controls.without(self.request))
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # another kind of loop
            loop = None
        if self.model_request.streams or loop is None:
            return await sending
        self.task = loop.create_task(_read(sending))
        return await asyncio.shield(self.task)

    def head(self, response: Any) -> Head:
        """The head of ``response``."""
        response.request = self.request
        return head_of(response, self.model_request.credentials)

    def _could_be_stale(self, head: Head) -> bool:
        return head.is_error and self.memo.options.stale_if_error and self.expired is not None

    def _fed(self, splitter: Splitter, piece: bytes) -> bytes:
        events = splitter.feed(piece)
        self.ended = self.last_event = splitter.ended
        return events

    def _over(self, splitter: Splitter) -> bytes:
        rest = splitter.rest()
        self.ended, self.last_event = True, splitter.ended
        return rest


async def _read(sending: Any) -> Any:
    """The response that comes of ``sending``; read, unless it turns out to be a stream."""
    response = await sending
    if not is_event_stream(response.headers.get("content-type", "")):
        try:
            await response.aread()
        finally:
            await response.aclose()
    return response


_AS_OPENAI = ("chat", "responses", "embeddings", "images", "transcription")

_FINISHING: set[asyncio.Task[Any]] = set()
"""The sendings that nobody waits for: a loop alone would forget them."""


class Sending(Leader):
    """As `Leader`, of a request."""

    __slots__ = ()

    call: Exchange

    def __init__(self, call: Exchange, flight: Flight | None) -> None:
        super().__init__(call, flight)
        self.running.is_request = True
        call.outcome = self.outcome

    def recording(self) -> Response:
        """What the response is recorded in."""
        return Response(progress=self.call)

    def failed(self, failure: Failure) -> None:
        """As `Leader.failed`; of a whole answer whose task was cancelled the rest is read, and the answer kept."""
        if isinstance(failure.error, WaitedTooLong):  # its own time is over, not that of those who wait for it
            self.given_up()
            return
        task = self.call.task
        if isinstance(failure.error, asyncio.CancelledError) and task is not None and not task.cancelled():
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
        return (usage_of(said) if self.call.model_request.endpoint.kind in _AS_OPENAI else None) or reported_usage(said)

    def _is_wanted(self, answer: Response) -> bool:
        """Whether the answer is proven to be whole, or else ``cache_if`` would have it kept."""
        exchange = self.call
        cache_if = exchange.memo.options.cache_if
        if answer.head.is_error:
            return False
        try:
            said = answer.said()
            if cache_if is not None:
                reason = None if cache_if(said) else "cache_if said no"
            else:
                model_request = exchange.model_request
                reason = unproven(model_request.endpoint.kind, model_request.body, said, answer.last_event)
        except Exception as fault:
            self._not_stored(fault, "cache_if raised " if cache_if is not None else "")
            return False
        if reason is None:
            return True
        exchange.memo.counters.not_stored(reason, exchange.call_key.key)
        log.info("%s: answer not kept: %s", exchange.memo.name, reason)
        if cache_if is None:
            warn(
                NotStored,
                f"{exchange.memo.name}: the answer was returned but not kept: {reason}; "
                "cached_client(…, cache_if=…) can say otherwise",
            )
        return False

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
