"""Decorators × shapes: the same answers as without the cache, each bought once, whatever stands below the decorator."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from unittest import mock

import pytest
import wrapt
from openai import AsyncOpenAI

from llm_memo import InvalidOption, cached_completion
from llm_memo.testing import ModelServer

CALLS: list[Any] = []


def function(text: str, n: int = 1, *, suffix: str = "") -> str:
    CALLS.append(text)
    return text * n + suffix


async def coroutine(text: str, n: int = 1, *, suffix: str = "") -> str:
    CALLS.append(text)
    await asyncio.sleep(0)
    return text * n + suffix


def generator(text: str, n: int = 1, *, suffix: str = "") -> Iterator[str]:
    CALLS.append(text)
    yield from [text] * n
    yield suffix


async def async_generator(text: str, n: int = 1, *, suffix: str = "") -> AsyncIterator[str]:
    CALLS.append(text)
    for _ in range(n):
        yield text
    yield suffix


class Callable_:
    def __call__(self, text: str, n: int = 1, *, suffix: str = "") -> str:
        CALLS.append(text)
        return text * n + suffix


class AsyncCallable:
    async def __call__(self, text: str, n: int = 1, *, suffix: str = "") -> str:
        CALLS.append(text)
        return text * n + suffix


SHAPES = {
    "function": function,
    "coroutine": coroutine,
    "generator": generator,
    "async generator": async_generator,
    "callable": Callable_(),
    "async callable": AsyncCallable(),
}


def passing(inside: Any) -> Any:
    @functools.wraps(inside)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return inside(*args, **kwargs)

    return wrapper


def bare(inside: Any) -> Any:
    return lambda *args, **kwargs: inside(*args, **kwargs)


def keeping_the_result(inside: Any) -> Any:
    @functools.wraps(inside)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result = inside(*args, **kwargs)
        print(result)
        return result

    return wrapper


def setting_a_default(inside: Any) -> Any:
    @functools.wraps(inside)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("suffix", "!")
        return inside(*args, **kwargs)

    return wrapper


def adding_an_argument(inside: Any) -> Any:
    @functools.wraps(inside)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return inside("client ", *args, **kwargs)

    return wrapper


class Holding:
    def __init__(self, inside: Any) -> None:
        functools.update_wrapper(self, inside)
        self.inside = inside

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.inside(*args, **kwargs)


@wrapt.decorator
def with_wrapt(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
    return wrapped(*args, **kwargs)


def partially(inside: Any) -> Any:
    return functools.partial(inside, suffix="?")


DECORATORS: dict[str, Callable[[Any], Any]] = {
    "none": lambda inside: inside,
    "passing": passing,
    "passing twice": lambda inside: passing(passing(inside)),
    "bare": bare,
    "keeping the result": keeping_the_result,
    "setting a default": setting_a_default,
    "adding an argument": adding_an_argument,
    "holding": Holding,
    "wrapt": with_wrapt,
    "partial": partially,
    "lru_cache": functools.lru_cache,
}


def answer_of(given: Any) -> Any:
    """What a call gives, in the end."""

    async def awaited() -> Any:
        if hasattr(given, "__anext__"):
            return [item async for item in given]
        return await given

    if inspect.isawaitable(given) or hasattr(given, "__anext__"):
        return asyncio.run(awaited())
    return list(given) if hasattr(given, "__next__") else given


@pytest.mark.parametrize(
    ("shape", "decorator"),
    # lru_cache would give the same coroutine or generator twice, as it does without us.
    [(shape, name) for shape in SHAPES for name in DECORATORS if name != "lru_cache" or shape == "function"],
)
def test_the_answers_are_those_without_the_cache_and_are_bought_once(shape: str, decorator: str) -> None:
    """Decorated or not, whatever its shape, a function gives the same answers, and each call is made once."""
    plain, again = (DECORATORS[decorator](SHAPES[shape]) for _ in range(2))
    cached = cached_completion(name=f"{shape}, {decorator}")(again)
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        (("a",), {}),
        (("a", 2), {}),
        (("a",), {"suffix": ""} if decorator != "partial" else {"n": 3}),
        (("b",), {"n": 2}),
    ]
    if decorator == "adding an argument":
        calls = [((), {}), ((2,), {}), ((), {"suffix": "x"}), ((), {"n": 3})]
    expected = [answer_of(plain(*args, **kwargs)) for args, kwargs in calls]
    CALLS.clear()
    for _ in range(2):
        assert expected == [answer_of(cached(*args, **kwargs)) for args, kwargs in calls]
    assert len(CALLS) == len(cached.entries())
    assert cached.cache_info().hits == 2 * len(calls) - len(cached.entries())
    for args, kwargs in calls:
        assert cached.is_cached(*args, **kwargs)


@pytest.mark.parametrize("decorator", [name for name in DECORATORS if name not in ("bare", "setting a default")])
def test_positional_and_named_arguments(decorator: str) -> None:
    """An argument by place and by name is the same call where the wrapper passes on what it is given."""
    cached = cached_completion(name=decorator)(DECORATORS[decorator](function))
    one, other = (cached(1), cached(n=1)) if decorator == "adding an argument" else (cached("a"), cached(text="a"))
    assert one == other
    assert (2 if decorator == "adding an argument" else 1) == len(cached.entries())


def test_a_wrapper_that_sets_a_default_is_told_from_the_function_inside() -> None:
    """A call that leaves out an argument, which the wrapper then sets, has another answer than one that gives it."""
    cached = cached_completion(setting_a_default(function))
    assert ["a!", "a", "a!"] == [cached("a"), cached("a", suffix=""), cached("a", suffix="!")]


def test_mock_patch_below_the_decorator() -> None:
    """``mock.patch`` adds an argument, which the caller does not give."""

    @cached_completion(version=1)
    @mock.patch("os.getcwd")
    def ask(text: str, getcwd: mock.Mock) -> str:
        return text + getcwd.__class__.__name__

    assert ["aMagicMock"] * 2 == [ask("a"), ask("a")]
    assert 1 == ask.cache_info().hits


class Model:
    def __init__(self, name: str) -> None:
        self.name = name

    def ask(self, text: str, n: int = 1) -> str:
        CALLS.append(text)
        return self.name + text * n

    async def ask_later(self, text: str) -> str:
        CALLS.append(text)
        return self.name + text

    @passing
    def wrapped(self, text: str) -> str:
        CALLS.append(text)
        return self.name + text

    @with_wrapt
    def under_wrapt(self, text: str) -> str:
        CALLS.append(text)
        return self.name + text

    twice = functools.partialmethod(ask, n=2)


@pytest.mark.parametrize("name", ["ask", "ask_later", "wrapped", "under_wrapt", "twice"])
def test_methods_of_an_instance(name: str) -> None:
    """A method that is taken from an instance counts the instance, whatever other decorator it has."""
    for model in (Model("x"), Model("y")):
        cached = cached_completion(name=name)(getattr(model, name))
        plain = answer_of(getattr(model, name)("a"))
        CALLS.clear()
        assert [plain] * 2 == [answer_of(cached("a")), answer_of(cached("a"))]
        assert ["a"] == CALLS


def test_a_partial_of_a_method_has_its_name() -> None:
    """A partial is listed under the name of what it is a partial of."""
    cached = cached_completion(functools.partial(Model("x").ask, n=2))
    assert ["xaa"] * 2 == [cached("a"), cached("a")]
    assert __name__ + ".Model.ask" == cached.cache_parameters()["name"]
    assert 1 == cached.cache_info().hits


def test_builtins() -> None:
    """A builtin is cached too, also one that is bound to a value."""
    assert [3, 3] == [cached_completion(max)(1, 3), cached_completion(max)(1, 3)]
    assert ["AB", "CD"] == [cached_completion("ab".upper)(), cached_completion("cd".upper)()]
    assert "A" == cached_completion(str.upper)("a")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Model, "the class Model: decorate its methods, or a function that makes one and asks it"),
        (list[int], "the class list: decorate its methods"),
        (property(lambda self: 1), "a property: write @cached_completion below @property"),
        (functools.cached_property(lambda self: 1), "write @cached_completion below @cached_property"),
        (functools.partialmethod(Model.ask), "a partialmethod: decorate the method that it is made from"),
        (functools.singledispatchmethod(Model.ask), "a singledispatchmethod: decorate the method"),
        (3, "not 3"),
        (cached_completion(function), "which is cached already: use its with_options"),
        (cached_completion(Model.ask).__get__(Model("x")), "which is cached already: use its with_options"),
    ],
)
def test_what_cannot_be_decorated(wrong: Any, message: str) -> None:
    """What is no function is an error at decoration that says what to do instead."""
    with pytest.raises(InvalidOption, match=message):
        cached_completion(wrong)


async def test_equal_awaitables_of_a_plain_function_share_one_call() -> None:
    """Equal calls of a plain function that returns an awaitable, made before any is awaited, share one call."""
    for decorate in (bare, passing):
        ask: Any = cached_completion(decorate(coroutine))
        CALLS.clear()
        first, second, third = ask("a"), ask("a"), ask("a")
        assert ["a", "a"] == [await third, await first]  # in whatever order
        assert "a" == await second
        assert ["a"] == CALLS
        assert ["b", "b"] == await asyncio.gather(ask("b"), ask("b"))
        assert ["a", "b"] == CALLS


async def test_a_call_while_an_equal_awaitable_is_under_way() -> None:
    """A plain function that is called while an equal call's awaitable is awaited returns an awaitable that joins it."""
    begun, answered = asyncio.Event(), asyncio.Event()

    async def slow(text: str) -> str:
        CALLS.append(text)
        begun.set()
        await answered.wait()
        return text

    ask = cached_completion(bare(slow))
    CALLS.clear()
    first = asyncio.create_task(ask("a"))
    await begun.wait()
    second = ask("a")
    assert inspect.iscoroutine(second)
    answered.set()
    assert ["a", "a"] == await asyncio.gather(first, second)
    assert ["a"] == CALLS


async def test_a_plain_function_that_returns_a_task() -> None:
    """Any awaitable will do: a task, a future, an object of one's own."""

    class Later:
        def __await__(self) -> Iterator[Any]:
            return asyncio.sleep(0, "later").__await__()

    tasks: Any = cached_completion(lambda text: asyncio.ensure_future(coroutine(text)))
    later: Any = cached_completion(lambda: Later())
    CALLS.clear()
    assert ["a", "a"] == [await tasks("a"), await tasks("a")]
    assert ["a"] == CALLS
    assert ["later", "later"] == [await later(), await later()]
    assert 1 == later.cache_info().hits


async def test_sometimes_an_awaitable() -> None:
    """A function that returns an awaitable for some arguments and an answer for others does so on hits too."""

    @cached_completion
    def ask(text: str, later: bool) -> Any:
        return coroutine(text) if later else function(text)

    CALLS.clear()
    for _ in range(2):
        assert ("a", "a") == (ask("a", False), await ask("a", True))
    assert ["a", "a"] == CALLS


@pytest.mark.slow
async def test_an_awaitable_that_fails_or_is_dropped_keeps_nothing() -> None:
    """What an awaitable raises reaches who awaits it; one that nobody awaits keeps nothing and holds nobody up."""

    async def fails(text: str) -> str:
        CALLS.append(text)
        raise ValueError(text)

    ask: Any = cached_completion(bare(fails))
    for _ in range(2):
        with pytest.raises(ValueError, match="a"):
            await ask("a")
    assert [] == ask.entries()

    ask = cached_completion(bare(coroutine))
    dropped = ask("a")
    CALLS.clear()
    assert "a" == await ask("a")
    assert "a" == await dropped
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's own, of coroutines that were never awaited
        ask("never")
        gc.collect()
    assert "never" == await ask("never")


def test_threads_that_make_equal_calls_of_a_plain_function_that_gives_awaitables() -> None:
    """Equal calls in the loops of several threads all get the answer."""

    async def slow(text: str) -> str:
        CALLS.append(text)
        await asyncio.sleep(0.05)
        return text

    ask = cached_completion(bare(slow))
    CALLS.clear()
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(asyncio.run(ask("a")))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (["a"] * 4, ["a"]) == (answers, CALLS)


async def test_streams_of_an_awaitable(server: ModelServer) -> None:
    """The method of an async client, which is a plain wrapper, is cached as it is: answers, and streams."""
    async with AsyncOpenAI(base_url=server.base_url, api_key="test", max_retries=0) as client:
        create: Any = cached_completion(client.chat.completions.create)
        messages = [{"role": "user", "content": "Say it."}]
        answers = [await create(model="m", messages=messages) for _ in range(2)]
        assert answers[0] == answers[1]
        pieces = []
        for _ in range(2):
            pieces.append([chunk async for chunk in await create(model="m", messages=messages, stream=True)])
        assert pieces[0] == pieces[1]
        assert 2 == server.requests
        slow = create.with_options(replay_delay=0.0001)
        assert pieces[0] == [chunk async for chunk in await slow(model="m", messages=messages, stream=True)]


@pytest.mark.parametrize("shape", ["coroutine", "generator", "async generator"])
@pytest.mark.parametrize("decorator", ["none", "passing", "bare", "keeping the result", "holding", "wrapt"])
def test_map_and_samples_of_wrappers(shape: str, decorator: str) -> None:
    """map and samples give finished answers, also where only the answer says what is to be awaited or read."""
    cached = cached_completion(name=f"{shape} {decorator}")(DECORATORS[decorator](SHAPES[shape]))
    expected = [answer_of(SHAPES[shape](text)) for text in ("a", "b", "a")]
    CALLS.clear()
    for _ in range(2):
        assert expected == answer_of(cached.map(["a", "b", "a"]))
    assert ["a", "b"] == sorted(CALLS)
    assert [expected[0]] * 2 == answer_of(cached.samples(2, "a"))
    assert ["a", "a", "b"] == sorted(CALLS)


def test_an_entry_shows_what_an_awaitable_gave() -> None:
    """In a listing, the answer is what the awaitable gave."""
    ask: Any = cached_completion(bare(coroutine))
    assert "a" == asyncio.run(ask("a"))
    (entry,) = ask.entries()
    assert ("a", "str") == (entry.value, entry.type.rpartition(".")[2])
    assert "a" in entry._repr_html_()
