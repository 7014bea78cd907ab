"""Many calls at once: `map` over items, and independent `samples` of one question."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

from llm_memo.call import NOTHING
from llm_memo.codec import codec
from llm_memo.codec.recording import Recording
from llm_memo.errors import InvalidOption, from_here
from llm_memo.runtime.loop import turn
from llm_memo.settings import CachePolicy
from llm_memo.shapes import Shape, shape_of
from llm_memo.singleflight import Failure
from llm_memo.stats import CacheInfo

Progress = bool | Literal["auto"]
WORKERS = 8


class Job(NamedTuple):
    """One call of a batch: a cached function, bound or not, and its arguments."""

    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Group(NamedTuple):
    """Equal calls of a batch: one is made, the others get a copy of its answer."""

    job: Job
    places: list[int]


def jobs(function: Any, items: Iterable[Any]) -> list[Job]:
    """The calls that ``items`` stand for: a tuple is arguments, a dict keywords, anything else one argument."""
    return [
        Job(function, (), item) if type(item) is dict else Job(function, item if type(item) is tuple else (item,), {})
        for item in items
    ]


def run(
    function: Any,
    calls: Sequence[Job],
    *,
    max_workers: int = WORKERS,
    progress: Progress = "auto",
    return_exceptions: bool = False,
    backend: str | None = None,
) -> Any:
    """Make the calls and give their answers in order; an awaitable of them for coroutine functions.

    Raises:
        InvalidOption: An option's value is none of its values.
        ImportError: ``progress=True`` without tqdm.
        Exception: What a call raised first, unless ``return_exceptions``.
    """
    if not isinstance(max_workers, int) or isinstance(max_workers, bool) or max_workers < 1:
        raise InvalidOption(f"max_workers={max_workers!r} is not a whole number of at least 1")
    if progress not in (True, False, "auto"):
        raise InvalidOption(f"progress={progress!r} is not 'auto', True or False")
    batch = Batch(calls, max_workers, progress, return_exceptions)
    waits = shape_of(function) in (Shape.COROUTINE, Shape.ASYNC_GENERATOR)
    if backend is not None:
        return asyncio.to_thread(batch.through_joblib, backend) if waits else batch.through_joblib(backend)
    return batch.in_tasks() if waits else batch.in_threads()


class Batch:
    """Some calls, which of them are still to be made, and the answers so far."""

    def __init__(self, calls: Sequence[Job], max_workers: int, progress: Progress, return_exceptions: bool) -> None:
        self._calls = calls
        self._max_workers = max_workers
        self._progress = progress
        self._return_exceptions = return_exceptions
        self._answers: list[Any] = [NOTHING] * len(calls)
        self._before = calls[0].function.cache_info() if calls else CacheInfo()

    def in_threads(self) -> list[Any]:
        """Make the calls in threads.

        Interrupted, it begins no further call and waits for those under way: their answers are paid
        for, and kept.
        """
        with self._bar(self._groups()) as (groups, done):
            waiting: dict[Future[Any], Group] = {}
            pool = ThreadPoolExecutor(min(self._max_workers, len(groups)) or 1, "llm_memo map")
            try:
                todo = iter(groups)
                while True:
                    for group in todo:
                        context = from_here()
                        waiting[pool.submit(context.run, _outcome, group.job)] = group
                        if len(waiting) >= self._max_workers:
                            break
                    if not waiting:
                        return self._answers
                    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                        done(waiting.pop(future), future.result())
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    async def in_tasks(self) -> list[Any]:
        """Make the calls in tasks of the running loop."""
        with self._bar(await self._groups_soon()) as (groups, done):
            waiting: dict[asyncio.Task[Any], Group] = {}
            try:
                todo = iter(groups)
                while True:
                    for group in todo:
                        waiting[asyncio.create_task(_outcome_soon(group.job))] = group
                        if len(waiting) >= self._max_workers:
                            break
                    if not waiting:
                        return self._answers
                    for task in (await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED))[0]:
                        done(waiting.pop(task), task.result())
            except asyncio.CancelledError:
                for task in waiting:
                    task.cancel()
                raise
            finally:  # what is under way is paid for
                await asyncio.gather(*waiting, return_exceptions=True)

    def through_joblib(self, backend: str) -> list[Any]:
        """Make the calls on any backend that joblib knows; the shared folder joins its workers."""
        from joblib import Parallel, delayed, parallel_config

        try:
            with parallel_config(backend, n_jobs=self._max_workers):
                parallel = Parallel(return_as="generator_unordered")
        except (ValueError, TypeError, ImportError) as error:
            raise InvalidOption(f"backend={backend!r} cannot be had from joblib: {error}") from error
        with self._bar(self._groups()) as (groups, done):
            tasks = (delayed(_outcome_there)(place, _settled(group.job)) for place, group in enumerate(groups))
            for place, outcome in parallel(tasks):
                done(groups[place], outcome)
        return self._answers

    def _groups(self) -> list[Group]:
        """Answer the hits, and group what is left by question.

        A mistake in any item is raised here, before the first call is paid for.
        """
        groups: dict[object, Group] = {}
        for place, job in enumerate(self._calls):
            self._look(place, job, groups)
        return list(groups.values())

    async def _groups_soon(self) -> list[Group]:
        """The same, leaving turns to other tasks."""
        groups: dict[object, Group] = {}
        for place, job in enumerate(self._calls):
            await turn()
            self._look(place, job, groups)
        return list(groups.values())

    def _look(self, place: int, job: Job, groups: dict[object, Group]) -> None:
        try:
            call = job.function._self_call(job.args, job.kwargs)
            answer = call.look()
        except Exception as error:
            if not self._return_exceptions:
                raise
            self._answers[place] = error
            return
        if answer is not NOTHING:
            self._answers[place] = _collected(answer)
        elif call.settings.policy is CachePolicy.OFF:
            groups[place] = Group(job, [place])
        else:
            question = (call.path, call.question.digest)
            groups.setdefault(question, Group(job, [])).places.append(place)

    def _done(self, group: Group, outcome: Any) -> None:
        first, *others = group.places
        if isinstance(outcome, Failure):
            if not (self._return_exceptions and isinstance(outcome.error, Exception)):
                raise outcome.error
            outcome = outcome.error
        self._answers[first] = outcome
        if others:
            copy = _copier(outcome)
            for place in others:
                self._answers[place] = copy()

    @contextmanager
    def _bar(self, groups: list[Group]) -> Iterator[tuple[list[Group], Callable[[Group, Any], None]]]:
        """The bar, if there is to be one, and what to call with each outcome."""
        bar = _tqdm(self._progress, len(self._calls)) if groups else None
        if bar is None:
            yield groups, self._done
            return
        info = groups[0].job.function.cache_info
        bar.update(len(self._calls) - sum(len(group.places) for group in groups))

        def done(group: Group, outcome: Any) -> None:
            self._done(group, outcome)
            bar.set_postfix_str(_postfix(self._before, info()), refresh=False)
            bar.update(len(group.places))

        with bar:
            yield groups, done


def _outcome(job: Job) -> Any:
    try:
        answer = job.function(*job.args, **job.kwargs)
        return list(answer) if shape_of(job.function) is Shape.GENERATOR else answer
    except Exception as error:
        return Failure(error)


async def _outcome_soon(job: Job) -> Any:
    try:
        answer = job.function(*job.args, **job.kwargs)
        if shape_of(job.function) is Shape.ASYNC_GENERATOR:
            return [item async for item in answer]
        return await answer
    except Exception as error:
        return Failure(error)


def _outcome_there(place: int, job: Job) -> tuple[int, Any]:
    """Make a call in a worker of joblib's; its place tells which it was, in whatever order they end."""
    if shape_of(job.function) in (Shape.COROUTINE, Shape.ASYNC_GENERATOR):
        return place, asyncio.run(_outcome_soon(job))
    return place, _outcome(job)


def _settled(job: Job) -> Job:
    """The same call with the settings that are in force here given to it, for a process with others."""
    settings = job.function._self_memo.in_force.now()
    function = job.function.with_options(policy=settings.policy, ttl=settings.ttl, cache_dir=settings.cache_dir)
    return job._replace(function=function)


def _collected(answer: Any) -> Any:
    """A kept answer as an item of the list: of a generator, the list of what it yielded."""
    return list(answer.items) if type(answer) is Recording else answer


def _copier(answer: Any) -> Callable[[], Any]:
    """Makes copies of an answer, as hits would be; the answer itself where it cannot be copied."""
    try:
        frozen = codec.freeze(answer)
    except codec.Unfreezable:
        return lambda: answer
    return lambda: codec.thaw(frozen)


def _tqdm(progress: Progress, total: int) -> Any:
    """A bar in a terminal or a notebook; with ``True`` anywhere, with False, or without tqdm, none."""
    if progress is False or (progress == "auto" and not _is_watched()):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # without ipywidgets tqdm warns of its plainer bar
            from tqdm.auto import tqdm  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        if progress is True:
            raise ImportError("progress=True needs tqdm: pip install 'llm_memo[progress]'") from None
        return None
    return tqdm(total=total, unit="call")


def _is_watched() -> bool:
    return sys.stderr.isatty() or "ipykernel" in sys.modules


def _postfix(before: CacheInfo, now: CacheInfo) -> str:
    spent = now.tokens_spent - before.tokens_spent
    parts = [f"{now.hits - before.hits} hits", f"{now.paid - before.paid} calls"]
    if failed := now.errors - before.errors:
        parts.append(f"{failed} failed")
    if spent:
        parts.append(f"{spent:,} tokens")
        if (money := now.money_spent) is not None:
            parts.append(f"${money - (before.money_spent or 0):.4f}")
    return ", ".join(parts)
