"""Wrappers below the decorator: which of them pass on just what they were given."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
import wrapt

from llm_memo.identity.wrappers import answers_like, bound_like, signature_of

log = logging.getLogger("wrappers")


def ask(client: str, text: str, n: int = 1) -> str:
    return client + text * n


def fix(arguments: dict[str, Any]) -> None:
    arguments.setdefault("n", 5)


def wraps(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A decorator made of a function that makes the wrapper."""
    return lambda function: functools.wraps(function)(make(function))


def as_is(function: Any) -> Any:
    return lambda *args, **kwargs: function(*args, **kwargs)


def guarded(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            if kwargs.get("text") == 3 or (kwargs and not args):
                return function(*args, **kwargs)
            for name in kwargs:
                print(name)
            return function(*args, **kwargs)
        finally:
            print(len(kwargs))

    return wrapper


def first_by_name(function: Any) -> Any:
    def wrapper(client: Any, *args: Any, n: int = 1, **kwargs: Any) -> Any:
        return function(client, *args, n=n, **kwargs)

    return wrapper


class Holding:
    def __init__(self, function: Any) -> None:
        functools.update_wrapper(self, function)  # first: it takes over the attributes of the function
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


@wrapt.decorator
def wrapt_as_is(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
    return wrapped(*args, **kwargs)


def timed(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        log.info("%s(%s, %s)", function.__name__, args, kwargs)
        print(f"{args} {kwargs!r}", *kwargs.items(), "%s" % kwargs)  # noqa: UP031
        result = function(*args, **kwargs)
        log.info("done: %s", {**kwargs, "of": [*kwargs]})
        return result

    return wrapper


def awaiting(function: Any) -> Any:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    return wrapper


def in_a_thread(function: Any) -> Any:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await asyncio.to_thread(function, *args, **kwargs)

    return wrapper


def retried(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        def attempt() -> Any:
            return function(*args, **kwargs)

        return attempt()

    return wrapper


def looking(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if inspect.iscoroutinefunction(function):
            return None
        return function(*args, **kwargs)

    return wrapper


def sometimes(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if args:
            return function(*args, **kwargs)
        raise TypeError

    return wrapper


def yielding(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        yield from function(*args, **kwargs)

    return wrapper


ARGUMENTS_AND_ANSWER = [wraps(as_is), wraps(guarded), wraps(first_by_name), Holding, wrapt_as_is, functools.cache]
ARGUMENTS = [wraps(each) for each in (timed, awaiting, in_a_thread, retried, looking, sometimes, yielding)]


def adds(function: Any) -> Any:
    return lambda *args, **kwargs: function("client", *args, **kwargs)


def adds_by_name(function: Any) -> Any:
    return lambda *args, **kwargs: function(*args, client="client", **kwargs)


def drops(function: Any) -> Any:
    return lambda *args, **kwargs: function(*args[1:], **kwargs)


def gives_none_by_name(function: Any) -> Any:
    return lambda *args, **kwargs: function(*args)


def takes_nothing(function: Any) -> Any:
    return lambda: function("client", "text")


def sets_a_default(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("n", 5)
        return function(*args, **kwargs)

    return wrapper


def sets_an_item(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        kwargs["n"] = 5
        return function(*args, **kwargs)

    return wrapper


def builds_others(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        kwargs = {**kwargs, "n": 5}
        return function(*args, **kwargs)

    return wrapper


def has_them_fixed(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        fix(kwargs)
        return function(*args, **kwargs)

    return wrapper


def has_another_name_for_them(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        options = kwargs or {}
        options["n"] = 5
        return function(*args, **kwargs)

    return wrapper


def has_a_pair_of_them(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        both = (args, kwargs)
        fix(both[1])
        return function(*args, **kwargs)

    return wrapper


def has_others_of_the_same_name(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        def attempt(*args: Any) -> Any:
            return function(*args, **kwargs)

        return attempt("client", "text")

    return wrapper


def hands_the_function_on(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return functools.partial(function, "client")(*args, **kwargs)

    return wrapper


def calls_by_another_name(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        other = function
        return other("client", *args, **kwargs)

    return wrapper


class HoldingAClient(Holding):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function("client", *args, **kwargs)


@wrapt.decorator
def wrapt_sets_a_default(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
    kwargs.setdefault("n", 5)
    return wrapped(*args, **kwargs)


def without_source(function: Any) -> Any:
    return eval("lambda *args, **kwargs: function(*args, **kwargs)", {"function": function})


FUNCTIONS_OF_THEIR_OWN = [
    *map(wraps, (adds, adds_by_name, drops, gives_none_by_name, takes_nothing, sets_a_default, sets_an_item)),
    *map(wraps, (builds_others, has_them_fixed, has_another_name_for_them, has_a_pair_of_them)),
    *map(wraps, (has_others_of_the_same_name, hands_the_function_on, calls_by_another_name, without_source)),
    *(HoldingAClient, wrapt_sets_a_default, mock.patch("os.getcwd")),
]


def name_of(decorate: Any) -> str:
    cell = next(iter(getattr(decorate, "__closure__", None) or ()), None)
    return str(getattr(getattr(cell, "cell_contents", decorate), "__name__", "mock.patch"))


@pytest.mark.parametrize("decorate", ARGUMENTS_AND_ANSWER + ARGUMENTS, ids=name_of)
def test_a_wrapper_that_passes_on_what_it_is_given_has_the_signature_inside(decorate: Any) -> None:
    """A wrapper is bound like the function inside if that is given just the wrapper's own arguments."""
    wrapper = decorate(decorate(ask))
    assert ask is bound_like(wrapper)
    assert inspect.signature(ask) == signature_of(wrapper)


@pytest.mark.parametrize("decorate", FUNCTIONS_OF_THEIR_OWN, ids=name_of)
def test_another_wrapper_has_its_own_signature(decorate: Any) -> None:
    """A wrapper that adds, drops or changes an argument, or may do so, is bound by its own signature."""
    wrapper = decorate(ask)
    assert wrapper is bound_like(wrapper)
    assert {"text", "n"}.isdisjoint(signature_of(wrapper).parameters)
    assert wrapper is bound_like(wraps(as_is)(wrapper))


def test_whose_answer_a_wrapper_gives() -> None:
    """A wrapper gives the answer of the function inside only if it returns what that does, always and as it is."""
    for decorate in ARGUMENTS_AND_ANSWER:
        assert ask is answers_like(decorate(ask))
    for decorate in ARGUMENTS + FUNCTIONS_OF_THEIR_OWN:
        wrapper = decorate(ask)
        assert wrapper is answers_like(wrapper)


def test_partials_and_methods_of_wrappers() -> None:
    """A partial, and a bound method, of a wrapper have what is left of the signature inside."""

    class Model:
        ask = wraps(as_is)(ask)

    assert ["text", "n"] == [*signature_of(functools.partial(Model.ask, "client")).parameters]
    assert ["text", "n"] == [*signature_of(Model().ask).parameters]
    assert ["n"] == [*signature_of(functools.partial(Model().ask, "text")).parameters]


def test_what_has_no_signature_takes_anything() -> None:
    """A builtin without a signature is taken to take anything."""
    assert "(*args, **kwargs)" == str(signature_of(max))


def test_a_cell_that_is_not_set_yet() -> None:
    """A wrapper that is looked at before all it refers to is there is one of its own."""

    def decorate(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return later(*args, **kwargs)

        found = bound_like(wrapper)
        later = function
        assert "ct" == wrapper("c", "t") == later("c", "t")
        return found

    assert ask is not decorate(ask)
