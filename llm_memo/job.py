"""One call of a batch: made up to its end, here or in a worker, and its answer copied for equal calls."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, NamedTuple

from llm_memo.codec import codec
from llm_memo.codec.recording import Awaited, Recording
from llm_memo.outcome import packed
from llm_memo.singleflight import Failure


class Job(NamedTuple):
    """One call of a batch: a cached function, bound or not, and its arguments."""

    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Group(NamedTuple):
    """Equal calls of a batch: one is made, the others get a copy of its answer."""

    job: Job
    places: list[int]
    path: str = ""
    """Where its answer is going to be kept; "" if it is not."""
    written: int = 0
    """When the expired answer that is there now was written, in ns; 0: there is none."""


def outcome_of(job: Job) -> Any:
    """What a call gives, or a `Failure` of what it raises."""
    try:
        return finished(job.function(*job.args, **job.kwargs))
    except Exception as error:
        return Failure(error)


async def outcome_soon(job: Job) -> Any:
    """`outcome_of` for a coroutine function."""
    try:
        return await _finished_soon(job.function(*job.args, **job.kwargs))
    except Exception as error:
        return Failure(error)


def outcome_there(place: int, job: Job, asking: int) -> tuple[int, Any]:
    """Make a call in a worker of joblib's; its place tells which it was, in whatever order they end."""
    outcome = outcome_of(job)
    return place, outcome if os.getpid() == asking else packed(outcome)


def settled(job: Job) -> Job:
    """The same call with the settings that are effective here given to it, for a process with others."""
    settings = job.function._self_memo.settings.now()
    function = job.function.with_options(policy=settings.policy, ttl=settings.ttl, cache_dir=settings.cache_dir)
    return job._replace(function=function)


class _Returned:
    """A ``key=`` that has been called."""

    def __init__(self, result: object) -> None:
        self._result = result

    def __call__(self, *args: Any, **kwargs: Any) -> object:
        return self._result


def keyed(job: Job, values: tuple[Any, ...]) -> Job:
    """The same call, for which ``key=`` is not called again."""
    if job.function._self_memo.options.key is None:
        return job
    return job._replace(function=job.function.with_options(key=_Returned(values[0])))


def finished(answer: Any) -> Any:
    """An answer as an item of the list: of a generator, the list of what it yields; of an awaitable, what it gives."""
    if type(answer) is Awaited:
        answer = answer.value
    if type(answer) is Recording:
        return list(answer.items)
    if inspect.isgenerator(answer):
        return list(answer)
    if inspect.isasyncgen(answer) or inspect.isawaitable(answer):
        context = copy_context()
        with ThreadPoolExecutor(1) as thread:  # in this one a loop may be running
            return thread.submit(context.run, asyncio.run, _finished_soon(answer)).result()
    return answer


async def _finished_soon(answer: Any) -> Any:
    if inspect.isasyncgen(answer):
        return [item async for item in answer]
    return finished(await answer if inspect.isawaitable(answer) else answer)


def copier(answer: Any) -> Callable[[], Any]:
    """Makes copies of an answer, as hits would be; the answer itself where it cannot be copied."""
    try:
        frozen = codec.freeze(answer)
    except codec.Unfreezable:
        return lambda: answer
    return lambda: codec.thaw(frozen)
