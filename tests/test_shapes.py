"""Functions, coroutines, generators and methods: what the decorator makes of each."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import pickle
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from llm_memo import CachedFunction, InvalidOption, NotStored, cache_policy, cached_completion


def test_it_looks_like_the_function() -> None:
    """Name, docstring, signature and kind are the wrapped function's own."""

    def plain(text: str, *, model: str = "m") -> str:
        """Says it."""
        return text

    async def coroutine() -> None: ...

    def generator() -> Iterator[int]:
        yield 1

    async def async_generator() -> AsyncIterator[int]:
        yield 1

    cached = cached_completion(plain)
    assert isinstance(cached, CachedFunction)
    assert plain is cached.__wrapped__
    assert ("plain", "Says it.", __name__) == (cached.__name__, cached.__doc__, cached.__module__)
    assert inspect.signature(plain) == inspect.signature(cached)
    assert inspect.iscoroutinefunction(cached_completion(coroutine))
    assert inspect.isgeneratorfunction(cached_completion(generator))
    assert inspect.isasyncgenfunction(cached_completion(async_generator))
    assert not inspect.iscoroutinefunction(cached)


def test_what_is_no_function_is_refused() -> None:
    """A class, a value or an already cached function is an error at decoration."""
    for wrong in (int, 3, cached_completion(lambda: 1)):
        with pytest.raises(InvalidOption):
            cached_completion(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ignore": "texts"}, r"ignore='texts' of .* is neither a parameter \(text\) nor a name"),
        ({"ignore": 3}, "ignore=3 is not a name, or several"),
        ({"key": "text"}, "key='text' is not a function"),
        ({"key": lambda: 1}, "key= for .* takes"),
        ({"version": 1.5}, "version=1.5"),
        ({"name": ""}, "name=''"),
        ({"cache_if": True}, "cache_if=True"),
        ({"single_flight": 1}, "single_flight=1"),
        ({"stale_if_error": None}, "stale_if_error=None"),
        ({"policy": "sometimes"}, "policy='sometimes'"),
        ({"ttl": "soon"}, "ttl='soon'"),
    ],
)
def test_a_wrong_option_is_an_error_at_decoration(options: dict[str, Any], message: str) -> None:
    """An option's wrong value is an error at decoration that names the option and the value."""

    def plain(text: str) -> str:
        return text

    with pytest.raises(InvalidOption, match=message):
        cached_completion(**options)(plain)


@pytest.mark.parametrize("options", [{"sample": -1}, {"sample": True}, {"replay_delay": "soon"}])
def test_with_options_refuses_other_values(options: dict[str, Any]) -> None:
    """with_options refuses what is no value of its option."""
    with pytest.raises(InvalidOption, match=next(iter(options))):
        cached_completion(lambda: 1).with_options(**options)


class Helper:
    calls = 0

    def __init__(self, model: str) -> None:
        self.model = model

    @cached_completion
    def method(self, text: str) -> str:
        Helper.calls += 1
        return self.model + text

    @cached_completion
    @classmethod
    def below(cls, text: str) -> str:
        Helper.calls += 1
        return cls.__name__ + text

    @classmethod
    @cached_completion
    def above(cls, text: str) -> str:
        Helper.calls += 1
        return cls.__name__ + text

    @cached_completion
    @staticmethod
    def static(text: str) -> str:
        Helper.calls += 1
        return text

    @cached_completion(ignore="self")
    async def later(self, text: str) -> str:
        Helper.calls += 1
        return text


class Child(Helper):
    pass


def test_methods_are_keyed_by_their_instance() -> None:
    """A method's key holds its instance's class and attributes, whichever way it is called."""
    Helper.calls = 0
    assert (
        "am q" == "a" + Helper("a").method("m q")[1:] == Helper("a").method("m q") == Helper.method(Helper("a"), "m q")
    )
    assert 1 == Helper.calls
    assert "bm q" == Helper("b").method("m q")
    assert 2 == Helper.calls
    assert Helper("a").method.is_cached("m q")
    assert not Helper("c").method.is_cached("m q")
    assert Helper("a").method.cache_key("m q") == Helper.method.cache_key(Helper("a"), "m q")
    assert Helper("a").method.forget("m q")
    assert not Helper("a").method.forget("m q")


def test_class_and_static_methods() -> None:
    """Class methods are keyed by their class, on either side of classmethod; static ones by their arguments.

    The methods of the two sides are the same code, and so each other's answers.
    """
    Helper.calls = 0
    for _ in range(2):
        assert ["Helperq", "Childq"] == [Helper.below("q"), Child("x").below("q")]
        assert ["Helperq", "Childq"] == [Helper.above("q"), Child("x").above("q")]
        assert ["q", "q"] == [Helper.static("q"), Child("x").static("q")]
    assert 3 == Helper.calls


def test_a_method_with_options_stays_bound() -> None:
    """with_options on a bound method gives a bound method."""
    Helper.calls = 0
    helper = Helper("a")
    assert ["aw", "aw"] == [helper.method.with_options(policy="writeOnly")("w") for _ in range(2)]
    assert 2 == Helper.calls
    assert "w" == asyncio.run(helper.later("w")) == asyncio.run(Helper("z").later("w"))
    assert 3 == Helper.calls


def test_partials_and_callable_objects() -> None:
    """A partial and an object with __call__ are functions too."""
    calls = []

    class Model:
        def __init__(self, name: str) -> None:
            self.name = name

        async def __call__(self, text: str) -> str:
            calls.append(text)
            return text + self.name

    async def ask(text: str, model: str) -> str:
        calls.append(text)
        return text + model

    for function in (Model("m"), functools.partial(ask, model="m")):
        cached = cached_completion(name=f"f{len(calls)}")(function)
        assert "qm" == asyncio.run(cached("q")) == asyncio.run(cached("q"))
    assert ["q", "q"] == calls


def test_the_first_item_is_not_held_back() -> None:
    """A generator's first item reaches the caller before its second is made."""
    made = []

    @cached_completion
    def count() -> Iterator[int]:
        for number in range(3):
            made.append(number)
            yield number

    items = count()
    assert 0 == next(items)
    assert [0] == made
    assert [1, 2] == list(items)
    assert [0, 1, 2] == list(count())
    assert [0, 1, 2] == made


@pytest.mark.slow
def test_a_generator_left_early_is_not_kept() -> None:
    """A generator that is closed, abandoned or fails keeps nothing, and closes the one inside."""
    closed = []

    @cached_completion
    def count(fail: bool) -> Iterator[int]:
        try:
            yield 0
            if fail:
                raise ValueError("oh")
            yield 1
        finally:
            closed.append(1)

    items = count(False)
    next(items)
    items.close()
    abandoned = count(False)
    next(abandoned)
    del abandoned
    gc.collect()
    with pytest.raises(ValueError, match="oh"):
        list(count(True))
    assert [] == count.entries()
    assert [1, 1, 1] == closed


def test_send_throw_and_the_returned_value_reach_through() -> None:
    """What is sent and thrown in reaches the function's generator, and its returned value the caller."""

    @cached_completion
    def talk() -> Any:
        heard = []
        try:
            heard.append((yield "a"))
            heard.append((yield "b"))
        except KeyError as error:
            heard.append(error.args[0])
        yield "c"
        return heard

    def run(steps: Any) -> tuple[list[Any], Any]:
        generator, items = talk(), []
        try:
            items.append(next(generator))
            for step in steps:
                items.append(generator.throw(step) if isinstance(step, Exception) else generator.send(step))
        except StopIteration as end:
            return items, end.value
        raise AssertionError

    with pytest.warns(NotStored, match="its reader sent something into it, and that is no part of the key"):
        assert (["a", "b", "c"], [1, "oh"]) == run([1, KeyError("oh"), None])
    assert (["a", "b", "c"], [None, None]) == run([None, None, None])
    assert (["a", "b", "c"], [None, None]) == run([None, None, None])
    assert 1 == talk.cache_info().hits


async def test_the_same_of_asynchronous_generators() -> None:
    """asend and athrow reach the function's generator; left early it is closed and nothing is kept."""
    heard: list[object] = []

    @cached_completion
    async def talk(name: str) -> Any:
        try:
            heard.append((yield "a"))
            yield "b"
        except KeyError as error:
            heard.append(error.args[0])
            yield "c"
        finally:
            heard.append("closed")

    items = talk("left")
    assert "a" == await anext(items)
    await items.aclose()
    assert ["closed"] == heard
    assert [] == talk.entries()

    items = talk("whole")
    assert ["a", "b"] == [await anext(items), await items.asend(1)]
    assert "c" == await items.athrow(KeyError("oh"))
    with pytest.warns(NotStored, match="its reader sent something into it"), pytest.raises(StopAsyncIteration):
        await anext(items)
    assert ["closed", 1, "oh", "closed"] == heard
    for _ in range(2):
        assert ["a", "b"] == [item async for item in talk("whole")]
    assert ["closed", 1, "oh", "closed", None, "closed"] == heard


async def test_an_asynchronous_generator_that_fails_keeps_nothing() -> None:
    """What an asynchronous generator raises reaches the caller, and nothing is kept."""

    @cached_completion
    async def count() -> Any:
        yield 1
        raise ValueError("oh")

    with pytest.raises(ValueError, match="oh"):
        [item async for item in count()]
    assert [] == count.entries()


def test_a_replay_can_be_paced(monkeypatch: pytest.MonkeyPatch) -> None:
    """replay_delay pauses before each replayed item, and never before a fresh one."""
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)

    @cached_completion
    def count() -> Iterator[int]:
        yield from range(3)

    slow = count.with_options(replay_delay=0.02)
    assert [0, 1, 2] == list(slow())
    assert [] == [pause for pause in pauses if pause]
    assert [0, 1, 2] == list(slow())
    assert [0.02] * 3 == [pause for pause in pauses if pause]


def test_settings_of_a_generator_are_those_of_its_call() -> None:
    """A generator that is called inside a block and read outside has the block's policy."""
    calls = []

    @cached_completion
    def count() -> Iterator[int]:
        calls.append(1)
        yield 1

    with cache_policy("off"):
        items = count()
    assert [1] == list(items)
    assert [] == count.entries()
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        count(unknown=1)


def test_a_function_that_raises_stop_iteration() -> None:
    """Even StopIteration leaves a cached function as the very exception that was raised."""

    @cached_completion
    def broken() -> Any:
        return next(iter([]))

    with pytest.raises(StopIteration):
        broken()


def test_a_module_level_function_is_pickled_by_name() -> None:
    """A cached function, and a cached method, survive pickling as themselves."""
    assert outer is pickle.loads(pickle.dumps(outer))
    method = pickle.loads(pickle.dumps(Helper("p").method))
    assert "pq" == method("q")
    above = pickle.loads(pickle.dumps(Child.below))
    assert "Childq" == above("q")


def test_a_closure_is_pickled_by_value() -> None:
    """A cached closure, and a copy with options, are rebuilt with their name and options."""

    def make(suffix: str) -> Any:
        @cached_completion(ttl=5)
        def inner(text: str) -> str:
            return text + suffix

        return inner

    inner = make("!").with_options(sample=2)
    copy = pickle.loads(pickle.dumps(inner))
    assert "a!" == copy("a")
    assert inner.is_cached("a")
    assert inner.cache_parameters() == copy.cache_parameters()


@cached_completion
def outer(text: str) -> str:
    return text


def test_repr_and_parameters_show_every_option() -> None:
    """cache_parameters names every option, and repr those that were given."""
    cached = cached_completion(policy="readOnly", ttl="90s", ignore="b", version="3", stale_if_error=True)(
        lambda a, b: a
    ).with_options(sample=4, name="asked")
    text = repr(cached)
    for part in (
        "asked",
        "policy='readOnly'",
        "ttl=90",
        "ignore=('b',)",
        "version='3'",
        "stale_if_error=True",
        "sample=4",
    ):
        assert part in text
    assert str(cached) == text
    assert {
        "policy", "ttl", "cache_dir", "ignore", "key", "version", "name", "cache_if",
        "stale_if_error", "single_flight", "sample", "replay_delay",
    } == set(cached.cache_parameters())  # fmt: skip


def test_an_item_is_kept_as_it_was_handed_on() -> None:
    """What a generator's reader does to an item does not change the recording."""

    @cached_completion
    def lists() -> Iterator[list[int]]:
        for number in range(2):
            yield [number]

    for item in lists():
        item.append(99)
    assert [[0], [1]] == list(lists())


def test_an_interrupt_while_an_item_is_recorded() -> None:
    """It goes out at once: the generator, which might swallow it, is not given it."""

    class Item:
        def __reduce_ex__(self, protocol: object) -> str:
            raise KeyboardInterrupt

    caught: list[BaseException] = []

    @cached_completion
    def ask(text: str) -> Iterator[object]:
        try:
            yield Item()
        except Exception as error:
            caught.append(error)
        except KeyboardInterrupt as error:
            caught.append(error)

    with pytest.raises(KeyboardInterrupt):
        list(ask("a"))
    assert [] == caught


def test_an_error_comes_as_it_was_raised() -> None:
    """The function's own error keeps its context, cause and traceback, and gains no others."""

    def plain() -> None:
        try:
            raise KeyError("the reason")
        except KeyError:
            raise RuntimeError("failed")  # noqa: B904 - its context is what is looked at

    async def later() -> None:
        plain()

    def pieces() -> Any:
        yield plain()

    async def later_pieces() -> Any:
        yield plain()

    async def first(items: Any) -> Any:
        return [item async for item in items]

    for run in (
        cached_completion(plain),
        lambda: asyncio.run(cached_completion(later)()),
        lambda: list(cached_completion(pieces)()),
        lambda: asyncio.run(first(cached_completion(later_pieces)())),
    ):
        with pytest.raises(RuntimeError, match="failed") as error:
            run()
        assert "KeyError('the reason')" == repr(error.value.__context__)
        assert None is error.value.__context__.__context__  # type: ignore[union-attr]


def test_copies_of_a_cached_function() -> None:
    """copy and deepcopy of a cached function are the function, of a bound one bound to the copied instance."""
    import copy

    assert outer is copy.copy(outer) is copy.deepcopy([outer])[0]
    method = copy.deepcopy(Helper("x").method)
    assert "xq" == method("q") == copy.copy(method)("q")


def test_copies_with_options_are_pickled_with_them() -> None:
    """A copy with options of an importable function or method arrives with them."""
    copied = pickle.loads(pickle.dumps(outer.with_options(sample=3, policy="off")))
    assert (3, "off") == (copied.cache_parameters()["sample"], copied.cache_parameters()["policy"])
    method = pickle.loads(pickle.dumps(Helper("x").method.with_options(sample=3)))
    assert 3 == method.cache_parameters()["sample"]
    assert method.cache_key("q") == Helper("x").method.with_options(sample=3).cache_key("q")


def test_surfaces_of_class_and_static_methods() -> None:
    """is_cached, forget and map of class and static methods take what a call takes."""
    for method in (Helper.below, Child("x").below, Helper.static, Child("x").static):
        assert [method("z")] == method.map(["z"])
        assert method.is_cached("z")
        assert method.forget("z")


def test_surfaces_of_what_is_below_classmethod() -> None:
    """So they do below classmethod, up to Python 3.12; since then, which hides the class, it is given or an error."""
    ask: Any = vars(Helper)["above"].__func__
    assert "Helperz" == Helper.above("z")
    assert [True, True] == [ask.is_cached(Helper, "z"), ask.forget(Helper, "z")]
    for give in (ask.is_cached, ask.explain, ask.cache_key, ask.forget, lambda text: ask.map([text])):
        with pytest.raises(TypeError, match="Write @cached_completion above @classmethod, or give the class first"):
            give("z")
    if sys.version_info < (3, 13):
        assert ["Helperz"] == Helper.above.map(["z"])
        assert Child.above.with_options(version=1).forget("z") is Child.above.is_cached("z") is False


def test_a_bound_method_can_be_decorated() -> None:
    """A bound method that is decorated is a cached method, bound to the same instance."""

    class Plain:
        def __init__(self, name: str) -> None:
            self.name = name

        def ask(self, text: str) -> str:
            return self.name + text

    ask: Any = cached_completion(Plain("x").ask)
    assert ["xq", "xq"] == [ask("q"), ask("q")]
    assert 1 == ask.cache_info().hits


def test_a_broken_setting_does_not_break_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    """repr says what is wrong with a setting rather than raise it."""
    monkeypatch.setenv("LLM_MEMO_TTL", "soon")
    assert "LLM_MEMO_TTL" in repr(outer)
