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
from typing import Any

from llm_memo.answers.usage import Usage
from llm_memo.call import NOTHING
from llm_memo.memo import Memo
from llm_memo.persist import Leader
from llm_memo.requests.controls import Controls
from llm_memo.requests.events import Splitter, is_event_stream
from llm_memo.requests.ordinals import Turn
from llm_memo.requests.request import ModelRequest, RequestKeys
from llm_memo.requests.response import Head, Response
from llm_memo.requests.scopes import RequestSettings
from llm_memo.requests.sending import Sender, Sending
from llm_memo.requests.site import Site
from llm_memo.runtime.context import innermost
from llm_memo.singleflight import Acquire, Flight, Wait
from llm_memo.stats import Outcome
from llm_memo.stores.entry import StoredEntry
from llm_memo.stores.slot import Slot

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


class Exchange(Sender):
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

    __slots__ = ("age", "controls", "sample", "send", "served")

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
        self.way_out = site.way_out
        settings = site.settings
        if running is not None or controls.given:
            settings = RequestSettings(controls.given, site.given, running)
        # Another folder has other answers, of which a call has used up none.
        digest = "" if running is None else f"{call_key.digest} in {settings.now().cache_dir}"
        self.turn = Turn(running, digest)
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
        self.usage: Usage | None = None
        """What the answer used, or would have used."""
        self.task: asyncio.Task[Any] | None = None
        keys: Any = RequestKeys(
            site.options.name or model_request.name, model_request, call_key, sample, self.turn.ordinal
        )
        options = site.options if site.options.sample == sample else replace(site.options, sample=sample)
        memo = Memo(options, keys, settings, site.counters)
        super().__init__(memo, self._sent_async if awaited else self._sent, (), (), {})
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
        self.usage = stored.usage
        self.age = max(time.time() - stored.header.created, 0.0)
        if answer.head.is_error:
            self.turn.released()
        else:
            self.turn.served(stored.header.seconds, stored.usage, self.settings.policy.writes)
        return answer

    def waiting(self, flight: Flight) -> Wait:
        """The step that waits for an equal request, for no longer than the request's own time-out."""
        return Wait(flight, self._patience())

    def acquiring(self, slot: Slot) -> Acquire:
        """The step that waits for equal requests of other processes, for no longer either."""
        return Acquire(slot.take_lock, self.settings.lock_timeout, self.memo.called, self._patience())

    def _patience(self) -> float | None:
        timeout: float | None = self.request.extensions.get("timeout", {}).get("read")
        return timeout

    def leading(self, flight: Flight | None) -> Leader:
        """The step that sends the request, if this one is the leader."""
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
