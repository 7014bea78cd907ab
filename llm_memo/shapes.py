"""Four shapes of function over one way: each drives `Call.way` in its own manner of waiting."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator
from enum import Enum
from typing import Any

from llm_memo.call import AT_ONCE, NOTHING, Call
from llm_memo.codec.recorder import Recorder
from llm_memo.codec.recording import Awaited
from llm_memo.errors import MemoError, leave_out_ours
from llm_memo.identity.wrappers import answers_like
from llm_memo.memo import Memo
from llm_memo.persist import Leader
from llm_memo.runtime.loop import turn
from llm_memo.singleflight import Failure, Wait

Wrapper = Callable[[Callable[..., Any], object, tuple[Any, ...], dict[str, Any]], Any]
"""What wrapt calls: ``wrapper(wrapped, instance, args, kwargs)``."""


class Shape(Enum):
    """How a function gives its answer."""

    FUNCTION = "function"
    COROUTINE = "coroutine function"
    GENERATOR = "generator function"
    ASYNC_GENERATOR = "asynchronous generator function"


def shape_of(function: Any) -> Shape:
    """The shape of a function, also inside of partials, or of an object's ``__call__``."""
    while isinstance(function, functools.partial):
        function = function.func
    if not inspect.isroutine(function):
        function = type(function).__call__
    if inspect.isasyncgenfunction(function):
        return Shape.ASYNC_GENERATOR
    if inspect.isgeneratorfunction(function):
        return Shape.GENERATOR
    return Shape.COROUTINE if inspect.iscoroutinefunction(function) else Shape.FUNCTION


def expected_shape(function: Any) -> Shape:
    """The shape of a function; of a plain wrapper that returns what the function inside returns, the shape of that.

    A plain function may give anything. What this does not say is known from what it gives.
    """
    shape = shape_of(function)
    return shape_of(answers_like(function)) if shape is Shape.FUNCTION else shape


def wrapper_of(function: Callable[..., Any], memo: Memo) -> Wrapper:
    """The wrapper for a function of this shape."""
    later = _LATER.get(shape_of(function))
    if later is None and expected_shape(function) is Shape.COROUTINE:
        later = _awaited
    held = getattr(function, "__self__", None)
    """An instance that the function is bound to already, which wrapt passes all the same; it is no argument."""
    names = (getattr(function, "__name__", memo.name), getattr(function, "__qualname__", memo.name))

    def call(wrapped: Callable[..., Any], instance: object, args: Any, kwargs: Any) -> Any:
        __tracebackhide__ = True  # in pytest and IPython
        call = Call(memo, wrapped, args, args if instance is None or instance is held else (instance, *args), kwargs)
        try:
            answer = call.look()
        except MemoError as error:
            leave_out_ours(error)
            raise
        if answer is NOTHING:
            # The function is called from this very frame: each further one would make a recursion end earlier.
            way, outcome = call.way(), None
            try:
                while True:
                    step = way.send(outcome)
                    if isinstance(step, Wait) and step.flight.gives_awaitable:
                        break
                    try:
                        if isinstance(step, Leader):
                            with step.running:
                                outcome = wrapped(*args, **kwargs)
                            if inspect.isawaitable(outcome):
                                call.made = outcome
                                break
                        else:
                            outcome = step.now()
                    except BaseException as error:
                        outcome = Failure(error)
            except StopIteration as end:
                outcome = None  # an error whose frames held it would keep all that they hold alive
                answer = _result(call, end.value)
            else:
                way.close()  # to begin again: whoever waits for it takes over
                return named(_awaited(call))
        return answer if type(answer) is not Awaited else named(_given(answer.value))

    def call_later(wrapped: Callable[..., Any], instance: object, args: Any, kwargs: Any) -> Any:
        __tracebackhide__ = True
        call = Call(memo, wrapped, args, args if instance is None or instance is held else (instance, *args), kwargs)
        # Wrong arguments are an error at once, as without a cache.
        call.values = memo.key_builder.bind(call.arguments, kwargs, calls=False) or None  # type: ignore[assignment]
        return named(later(call))  # type: ignore[misc]

    def named(made: Any) -> Any:
        made.__name__, made.__qualname__ = names
        return made

    return call if later is None else call_later


def _result(call: Call, answer: Any) -> Any:
    """The answer that the way ended with, or else its error, raised as it came: with its own context."""
    __tracebackhide__ = True
    if not isinstance(answer, Failure):
        return answer
    error = answer.error
    answer = None  # as above
    if isinstance(error, RecursionError) and not hasattr(error, "__notes__"):
        error.add_note(_DEEP.format(call.memo.name, sys.getrecursionlimit()))
    context = error.__context__
    try:
        raise error
    except BaseException:
        error.__context__ = context
        raise
    finally:
        del error, context


_DEEP = (
    "{}() is cached: each of its calls takes two or three of the {:,} levels that Python allows, a plain call one; "
    "sys.setrecursionlimit(…) allows more"
)


async def _coroutine(call: Call) -> Any:
    __tracebackhide__ = True
    await turn()
    answer = call.look(AT_ONCE)
    if answer is NOTHING:
        way, outcome = call.way(), None
        try:
            while True:
                step = way.send(outcome)
                try:  # not in a function of its own: one coroutine object less for each pending call
                    outcome = await step.soon()
                except BaseException as error:
                    outcome = Failure(error)
        except StopIteration as end:
            outcome = None
            answer = _result(call, end.value)
    return answer if type(answer) is not Awaited else answer.value


async def _awaited(call: Call) -> Any:
    """The way of a plain function that returns an awaitable: that of a coroutine function, from when it is awaited."""
    __tracebackhide__ = True
    call.gives_awaitable = True
    try:
        return await _coroutine(call)
    finally:
        if inspect.iscoroutine(call.made):  # an equal call has answered meanwhile
            call.made.close()


async def _given(answer: Any) -> Any:
    return answer


def generator(call: Call) -> Generator[Any, Any, Any]:
    """The items of a call of a generator function."""
    __tracebackhide__ = True
    answer = call.look()
    if answer is NOTHING:
        way, outcome = call.way(), None
        try:
            while True:
                step = way.send(outcome)
                try:
                    if not isinstance(step, Leader):
                        outcome = step.now()
                        continue
                    leader = step
                    recorder = _recorder(leader)
                    outcome = recorder.recording
                    while True:
                        with recorder as resume:
                            item = resume()
                        if recorder.at_end:
                            break
                        item = recorder.passed_on(item)
                        try:
                            recorder.sent((yield item))
                        except BaseException as error:
                            recorder.thrown(error)
                except GeneratorExit:
                    recorder.inner.close()
                    if recorder.recording.ended:  # here: who closes a generator takes no more steps
                        leader.answered(recorder.recording)
                    way.close()
                    raise
                except BaseException as error:
                    outcome = Failure(error)
        except StopIteration as end:
            outcome = None
            answer = _result(call, end.value)
    if not call.paid:
        for item in answer.items:
            if call.memo.options.replay_delay:  # a sleep of nothing still lets every other thread go first
                time.sleep(call.memo.options.replay_delay)
            yield item
    return answer.returned


def _recorder(leader: Leader) -> Recorder:
    with leader.running:
        return Recorder(leader.begin(), leader.recording(), leader.progress, leader.running)


async def async_generator(call: Call) -> AsyncGenerator[Any, Any]:
    """The items of a call of an asynchronous generator function."""
    __tracebackhide__ = True
    await turn()
    answer = call.look(AT_ONCE)
    if answer is NOTHING:
        way, outcome = call.way(), None
        try:
            while True:
                step = way.send(outcome)
                try:  # as in `generator`
                    if not isinstance(step, Leader):
                        outcome = await step.soon()
                        continue
                    recorder = _recorder(step)
                    outcome = recorder.recording
                    try:
                        while True:
                            with recorder as resume:
                                item = await resume()
                            if recorder.at_end:
                                break
                            item = recorder.passed_on(item)
                            try:
                                recorder.sent((yield item))
                            except BaseException as error:
                                recorder.thrown(error)
                    except GeneratorExit:
                        await recorder.inner.aclose()
                        if not recorder.recording.ended:
                            raise
                except BaseException as error:
                    outcome = Failure(error)
        except StopIteration as end:
            outcome = None
            answer = _result(call, end.value)
    if not call.paid:
        for item in answer.items:
            if call.memo.options.replay_delay:
                await asyncio.sleep(call.memo.options.replay_delay)
            yield item


_LATER: dict[Shape, Callable[[Call], Any]] = {
    Shape.COROUTINE: _coroutine,
    Shape.GENERATOR: generator,
    Shape.ASYNC_GENERATOR: async_generator,
}
