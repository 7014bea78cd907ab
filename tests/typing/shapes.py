"""What type checkers see of each shape of function and method: checked by mypy and pyright, never run."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

import abc
import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, assert_type

from llm_memo import CachedFunction, CacheInfo, cached_completion
from llm_memo.entries import Entries
from llm_memo.explain import Explanation

T = TypeVar("T")


# Functions


@cached_completion
def function(text: str, n: int = 1, *, model: str = "m") -> int:
    return len(text) + n + len(model)


@cached_completion(ttl="7d")
async def coroutine(text: str) -> int:
    return len(text)


@cached_completion
def generator(text: str) -> Iterator[int]:
    yield len(text)


@cached_completion
def talk(text: str) -> Generator[int, str, None]:
    yield len(text)


@cached_completion
async def async_generator(text: str) -> AsyncIterator[int]:
    yield len(text)


@cached_completion
def generic(schema: type[T], text: str) -> T:
    return schema()


@cached_completion
def anything(*args: Any, **kwargs: Any) -> int:
    return 1


class Ask:
    def __call__(self, text: str) -> int:
        return len(text)


assert_type(function("a", 2, model="n"), int)
assert_type(asyncio.run(coroutine("a")), int)
assert_type(generator("a"), Iterator[int])
assert_type(talk("a").send("b"), int)
assert_type(generic(bool, "a"), bool)
assert_type(anything(1, b=2), int)
assert_type(cached_completion(Ask())("a"), int)
assert_type(cached_completion(functools.partial(function, n=2))("a"), int)
assert_type(cached_completion(Ask().__call__)("a"), int)
assert_type(functools.partial(function, "a")(), int)

function(3)  # type: ignore[arg-type]
asyncio.run(coroutine())  # type: ignore[call-arg]
generic(bool)  # type: ignore[call-arg]


# What a cached function offers takes what a call takes

assert_type(function.cache_key("a", 2), str)
assert_type(function.is_cached("a", model="m"), bool)
assert_type(function.forget("a"), bool)
assert_type(function.explain("a"), Explanation)
assert_type(function.cache_info(), CacheInfo)
assert_type(function.entries(), Entries)
assert_type(function.with_options(policy="replay", sample=2)("a"), int)

function.cache_key(3)  # type: ignore[arg-type]
function.is_cached()  # type: ignore[call-arg]
function.forget("a", temperature=1)  # type: ignore[call-arg]
function.explain("a", "b")  # type: ignore[arg-type]


# map and samples give finished answers

assert_type(function.map(["a"]), list[int])
assert_type(function.map(["a"], max_workers=2, progress=False, return_exceptions=True, backend="loky"), list[int])
assert_type(generator.map(["a"]), list[list[int]])
assert_type(talk.map(["a"]), list[list[int]])
assert_type(asyncio.run(coroutine.map(["a"])), list[int])
assert_type(asyncio.run(async_generator.map(["a"])), list[list[int]])
assert_type(function.samples(3, "a", model="n"), list[int])
assert_type(generator.samples(3, "a"), list[list[int]])
assert_type(asyncio.run(coroutine.samples(3, "a")), list[int])
assert_type(asyncio.run(async_generator.samples(3, "a")), list[list[int]])

function.map(["a"], workers=2)  # type: ignore[call-arg]
function.samples(3, 4)  # type: ignore[arg-type]
function.samples(3)  # type: ignore[call-arg]


# Methods, class methods and static methods, in both orders


class Model:
    @cached_completion
    def method(self, text: str, *, n: int = 1) -> int:
        return len(text) + n

    @cached_completion(policy="off")
    async def later(self, text: str) -> int:
        return len(text)

    @cached_completion
    def pieces(self, text: str) -> Iterator[int]:
        yield len(text)

    @classmethod
    @cached_completion
    def of_class(cls, text: str) -> int:
        return len(text)

    @cached_completion
    @classmethod
    def of_class_too(cls, text: str) -> int:
        return len(text)

    @classmethod
    @cached_completion(policy="off")
    async def of_class_later(cls, text: str) -> int:
        return len(text)

    @cached_completion(policy="off")
    @classmethod
    def of_class_with_options(cls, text: str) -> int:
        return len(text)

    @staticmethod
    @cached_completion
    def static(text: str) -> int:
        return len(text)

    @cached_completion
    @staticmethod
    def static_too(text: str) -> int:
        return len(text)

    @cached_completion(policy="off")
    @staticmethod
    def static_with_options(text: str) -> int:
        return len(text)

    @property
    @cached_completion
    def score(self) -> int:
        return 1


class Child(Model):
    pass


model = Model()
assert_type(model.method("a", n=2), int)
assert_type(Model.method(model, "a"), int)
assert_type(model.method.is_cached("a", n=2), bool)
assert_type(model.method.map(["a"]), list[int])
assert_type(model.method.samples(2, "a", n=2), list[int])
assert_type(model.method.with_options(policy="off")("a"), int)
assert_type(model.pieces.map(["a"]), list[list[int]])
assert_type(asyncio.run(model.later("a")), int)
assert_type(asyncio.run(model.later.map(["a"])), list[int])
assert_type(model.score, int)
assert_type(
    (Model.of_class("a"), model.of_class("a"), Child.of_class("a"), Child().of_class("a")), tuple[int, int, int, int]
)
assert_type((Model.of_class_too("a"), model.of_class_too("a"), Child.of_class_too("a")), tuple[int, int, int])
assert_type((Model.of_class_with_options("a"), model.of_class_with_options("a")), tuple[int, int])
assert_type(asyncio.run(Model.of_class_later("a")), int)
assert_type((Model.of_class.is_cached("a"), Model.of_class_too.is_cached("a")), tuple[bool, bool])
assert_type((Model.of_class.map(["a"]), model.of_class_too.map(["a"])), tuple[list[int], list[int]])
assert_type((Model.static("a"), model.static("a"), Child().static("a")), tuple[int, int, int])
assert_type((Model.static_too("a"), model.static_too("a"), Model.static_with_options("a")), tuple[int, int, int])
assert_type((Model.static.is_cached("a"), model.static_too.is_cached("a")), tuple[bool, bool])

model.method(3)  # type: ignore[arg-type]
Model.of_class(3)  # type: ignore[arg-type]
model.of_class_too(3)  # type: ignore[arg-type]
Model.static(3)  # type: ignore[arg-type]
model.static_too(3)  # type: ignore[arg-type]
model.method.is_cached(3)  # type: ignore[arg-type]
Model.of_class.forget(3)  # type: ignore[arg-type]


# Other kinds of classes


class Shelf(Generic[T]):
    @cached_completion
    def method(self, item: T) -> list[T]:
        return [item]

    @classmethod
    @cached_completion
    def of_class(cls, item: T) -> list[T]:
        return [item]

    @cached_completion
    def parse(self, schema: type[T], text: str) -> T:
        return schema()


class Asks(Protocol):
    @cached_completion
    def method(self, text: str) -> str:
        return text


class Base(abc.ABC):
    @cached_completion
    @abc.abstractmethod
    def method(self, text: str) -> str: ...


class Row(NamedTuple):
    name: str

    @cached_completion
    def method(self, text: str) -> str:
        return self.name + text


@dataclass(frozen=True)
class Data:
    name: str

    @cached_completion
    def method(self, text: str) -> str:
        return self.name + text


def ask(asks: Asks, base: Base) -> None:
    assert_type(Shelf[int]().method(1), list[int])
    assert_type(Shelf[int]().parse(int, "a"), int)
    assert_type(
        (asks.method("a"), base.method("a"), Row("a").method("b"), Data("a").method("b")), tuple[str, str, str, str]
    )


# Where a function is asked for


def calls(function: Callable[[str], int]) -> int:
    return function("a")


def calls_later(function: Callable[[str], Awaitable[int]]) -> Coroutine[Any, Any, int]:
    async def call() -> int:
        return await function("a")

    return call()


def is_given(function: CachedFunction[[str], object]) -> bool:
    return function.is_cached("a")


calls(function)
calls(model.static)
calls(Model.of_class)
calls(model.of_class_too)
calls(cached_completion(Ask()))
asyncio.run(calls_later(coroutine))
asyncio.run(calls_later(model.later))
is_given(model.static_too)
is_given(Model.of_class)
calls(coroutine)  # type: ignore[arg-type]
