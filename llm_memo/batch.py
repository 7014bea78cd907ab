"""Many calls at once: `map` over items, and independent `samples` of one call."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from itertools import zip_longest
from typing import Any

from llm_memo.call import NOTHING
from llm_memo.errors import InvalidOption, StoreError, UnkeyableArgument, from_here, leave_out_ours
from llm_memo.identity.preview import preview
from llm_memo.items import arguments_of, listed
from llm_memo.job import Group, Job, copier, finished, keyed, outcome_of, outcome_soon, outcome_there, settled
from llm_memo.options import whole
from llm_memo.outcome import unpacked
from llm_memo.policies import CachePolicy
from llm_memo.progress import Progress, bar, postfix
from llm_memo.runtime.loop import turn
from llm_memo.shapes import Shape, expected_shape
from llm_memo.singleflight import Failure
from llm_memo.stats import CacheInfo

__tracebackhide__ = True  # in pytest

WORKERS = 8


def jobs(function: Any, items: Iterable[Any]) -> list[Job]:
    """The calls that ``items`` stand for, see `llm_memo.items`.

    Raises:
        InvalidOption: It is one thing rather than several.
    """
    name = function._self_memo.name.rpartition(".")[2]
    return [Job(function, *arguments_of(item)) for item in listed(items, name)]


def run(
    function: Any,
    calls: Sequence[Job],
    *,
    max_workers: int = WORKERS,
    progress: Progress = "auto",
    return_exceptions: bool = False,
    backend: str | None = None,
    is_map: bool = True,
) -> Any:
    """Make the calls and give their answers in order; an awaitable of them for coroutine functions.

    Raises:
        InvalidOption: An option's value is none of its values.
        ImportError: ``progress=True`` without tqdm.
        Exception: What a call raised first, unless ``return_exceptions``.
    """
    whole("max_workers", max_workers, least=1)
    if progress not in (True, False, "auto"):
        raise InvalidOption(f"progress={progress!r} is not 'auto', True or False")
    batch = Batch(calls, max_workers, progress, return_exceptions, is_map)
    waits = expected_shape(function._self_memo.function) in (Shape.COROUTINE, Shape.ASYNC_GENERATOR)
    if backend is not None:
        return asyncio.to_thread(batch.through_joblib, backend) if waits else batch.through_joblib(backend)
    return batch.in_tasks() if waits else batch.in_threads()


class Batch:
    """Some calls, which of them are still to be made, and the answers so far."""

    def __init__(
        self, calls: Sequence[Job], max_workers: int, progress: Progress, return_exceptions: bool, is_map: bool
    ) -> None:
        self._calls = calls
        self._is_map = is_map
        self._max_workers = max_workers
        self._progress = progress
        self._return_exceptions = return_exceptions
        self._answers: list[Any] = [NOTHING] * len(calls)
        self._misfits: list[tuple[int, Exception]] = []
        self._policy = CachePolicy.OFF
        self._before = calls[0].function.cache_info() if calls else CacheInfo()

    def in_threads(self) -> list[Any]:
        """Make the calls in threads.

        Interrupted, it begins no further call and waits for those under way: their answers are paid
        for, and kept.
        """
        with self._under_way(self._groups()) as (groups, done):
            waiting: dict[Future[Any], Group] = {}
            pool = ThreadPoolExecutor(min(self._max_workers, len(groups)) or 1, "llm_memo map")
            try:
                todo = iter(groups)
                while True:
                    for group in todo:
                        context = from_here()
                        waiting[pool.submit(context.run, outcome_of, group.job)] = group
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
        with self._under_way(await self._groups_soon()) as (groups, done):
            waiting: dict[asyncio.Task[Any], Group] = {}
            try:
                todo = iter(groups)
                while True:
                    for group in todo:
                        waiting[asyncio.create_task(outcome_soon(group.job))] = group
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
                try:
                    parallel = Parallel(return_as="generator_unordered")
                except ValueError:  # multiprocessing's backend gives all at the end
                    parallel = Parallel()
        except (ValueError, TypeError, ImportError) as error:
            raise InvalidOption(f"backend={backend!r} cannot be had from joblib: {error}") from error
        with self._under_way(self._groups()) as (groups, done):
            here, failed = os.getpid(), False
            tasks = (
                delayed(outcome_there)(place, settled(group.job), here)
                for place, group in enumerate(groups)
                if not failed
            )
            outcomes = iter(parallel(tasks))
            try:
                for place, outcome in outcomes:
                    done(groups[place], unpacked(outcome))
            except Exception:
                failed = True
                for _ in outcomes:  # what is under way is paid for, and kept
                    pass
                raise
        return self._answers

    def _groups(self) -> list[Group]:
        """Answer the hits, and group what is left by key.

        A mistake in any item is raised here, before the first call is paid for.
        """
        groups: dict[object, Group] = {}
        for place, job in enumerate(self._calls):
            self._look(place, job, groups)
        self._refuse_misfits()
        return list(groups.values())

    async def _groups_soon(self) -> list[Group]:
        """The same, leaving turns to other tasks."""
        groups: dict[object, Group] = {}
        for place, job in enumerate(self._calls):
            await turn()
            self._look(place, job, groups)
        self._refuse_misfits()
        return list(groups.values())

    def _look(self, place: int, job: Job, groups: dict[object, Group]) -> None:
        try:
            call = job.function._self_call(job.args, job.kwargs)
            self._policy = call.settings.policy
            if self._policy is CachePolicy.OFF:
                call.memo.key_builder.bind(call.arguments, call.kwargs, calls=False)
            answer = call.look()
        except Exception as error:
            if self._return_exceptions:
                self._answers[place] = error
            elif type(error) in (TypeError, UnkeyableArgument):
                self._misfits.append((place, error))
            else:
                leave_out_ours(error)
                if self._is_map and not isinstance(error, (InvalidOption, StoreError)):  # which are of no one item
                    _note(error, self._item(place))
                raise
            return
        if answer is not NOTHING:
            self._answers[place] = finished(answer)
        elif self._policy is CachePolicy.OFF:
            groups[place] = Group(job, [place])
        else:
            equal = (call.path, call.call_key.digest)
            if equal not in groups:
                written = _written(call.path) if call.expired else 0
                groups[equal] = Group(keyed(job, call.values), [], call.path, written)
            groups[equal].places.append(place)

    def _refuse_misfits(self) -> None:
        """Raise the first item's error, with its place and value, and say which others there are.

        Raises:
            TypeError: The arguments do not fit the function.
            UnkeyableArgument: An argument has no canonical form.
        """
        if not self._misfits:
            return
        place, error = self._misfits[0]
        if not self._is_map:
            raise error.with_traceback(None)
        others = [str(place) for place, _ in self._misfits[1:]]
        more = f", and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        also = f". Nor do these fit: {', '.join(others[:_NAMED])}{more}" if others else ""
        hint = "" if len(self._calls[place].args) == 1 or self._calls[place].kwargs else _TUPLE
        raise type(error)(f"{self._item(place)}: {error}{hint}{also}. No call was made") from None

    def _item(self, place: int) -> str:
        """An item for a message: its place and, redacted, its value."""
        job = self._calls[place]
        names = list(job.function._self_memo.key_builder.signature.parameters)[len(job.function._arguments(())) :]
        values = [preview(value, name) for value, name in zip_longest(job.args, names[: len(job.args)], fillvalue="")]
        shown = preview(job.kwargs) if job.kwargs else values[0] if len(values) == 1 else f"({', '.join(values)})"
        return f"item {place} of map, {shown}"

    def _done(self, group: Group, outcome: Any) -> None:
        first, *others = group.places
        if isinstance(outcome, Failure):
            if not (self._return_exceptions and isinstance(outcome.error, Exception)):
                if self._is_map:
                    _note(outcome.error, self._item(first))
                raise outcome.error
            outcome = outcome.error
        self._answers[first] = outcome
        if others:
            copy = copier(outcome)
            for place in others:
                self._answers[place] = copy()

    @contextmanager
    def _under_way(self, groups: list[Group]) -> Iterator[tuple[list[Group], Callable[[Group, Any], None]]]:
        """The groups, and what to call with each outcome; it moves the bar, if there is to be one.

        An exception that ends all this gets a note of how many answers are kept.
        """
        shown = bar(self._progress, len(self._calls)) if groups else None
        try:
            with shown or nullcontext():
                yield groups, self._done if shown is None else self._moving(shown, groups)
        except BaseException as error:
            leave_out_ours(error)
            self._tell_kept(groups, error)
            raise

    def _moving(self, shown: Any, groups: list[Group]) -> Callable[[Group, Any], None]:
        info = groups[0].job.function.cache_info
        shown.update(len(self._calls) - sum(len(group.places) for group in groups))

        def done(group: Group, outcome: Any) -> None:
            self._done(group, outcome)
            shown.set_postfix_str(postfix(self._before, info()), refresh=False)
            shown.update(len(group.places))

        return done

    def _tell_kept(self, groups: list[Group], error: BaseException) -> None:
        """Note on ``error`` how many answers are kept, also of calls that have ended since."""
        if not groups or not self._policy.writes:
            return
        hits = len(self._calls) - sum(len(group.places) for group in groups)
        new = sum(len(group.places) for group in groups if _written(group.path) not in (0, group.written))
        what = "answers are kept; run it again to go on from there"
        if not self._policy.reads:
            what = f"answers were paid for anew and are kept; under the policy {str(self._policy)!r} all would be again"
        _note(error, f"{groups[0].job.function._self_memo.name}: {hits + new:,} of {len(self._calls):,} {what}")


_TUPLE = " (a tuple holds a call's arguments; one that is the argument itself is written as ((…),))"
_NAMED = 8
"""How many of the items that do not fit a message names."""


def _note(error: BaseException, note: str) -> None:
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def _written(path: str) -> int:
    """When a file was written, in ns; 0 if there is none."""
    try:
        return os.lstat(path).st_mtime_ns
    except OSError:
        return 0
