"""What map takes: many items, each of which stands for a call; and what it says when it cannot go on."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import signal
import threading
import time
from collections import ChainMap, OrderedDict, UserString, namedtuple
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pydantic
import pytest

from llm_memo import CachedFunction, CacheMiss, InvalidOption, UnkeyableArgument, cache_policy, cached_completion


class Point(NamedTuple):
    """A namedtuple, which is one value."""

    x: int
    y: int


class Model(pydantic.BaseModel):
    """A model, which is one value."""

    x: int = 1


calls: list[Any] = []
permits = threading.Semaphore(1_000_000)
"""How many calls may go on; equipment, so that it is in no key."""


@cached_completion(name="project.ask")
def ask(text: Any, times: int = 1, api_key: str = "none") -> Any:
    """A function that counts its calls."""
    calls.append(text)
    permits.acquire(timeout=60)
    time.sleep(0.002)
    if text == "bad":
        raise ValueError("no such text")
    return [repr(text)] * times


@pytest.fixture(autouse=True)
def _no_calls_yet() -> None:
    calls.clear()


async def coming() -> AsyncIterator[str]:
    """Items that come later."""
    yield "a"


ONE_THING = {
    "a text": ("hello", r"one call write ask\.map\(\['hello'\]\)"),
    "no text": ("", "a text is one item"),
    "bytes": (b"ab", r"ask\.map\(\[b…\]\)"),
    "a bytearray": (bytearray(b"ab"), "bytes are one item"),
    "a memoryview": (memoryview(b"ab"), "bytes are one item"),
    "a dict": ({"text": "a"}, r"write ask\.map\(\[\{'text': 'a'\}\]\)"),
    "a chain of dicts": (ChainMap({"a": 1}), "only the keys of a mapping"),
    "a namedtuple": (Point(1, 2), r"ask\.map\(\[Point\(…\)\]\)"),
    "a namedtuple of collections": (namedtuple("Pair", "a b")(1, 2), "a record is one item"),
    "a model": (Model(), r"ask\.map\(\[Model\(…\)\]\)"),
    "a table": (pd.DataFrame({"text": ["a"]}), r"ask\.map\(…\[\"column\"\]\).*ask\.map\(….to_dict\(\"records\"\)\)"),
    "an array of rows": (np.zeros((2, 2)), r"2 dimensions; for a call for each row write ask\.map\(list\(…\)\)"),
    "an array of nothing": (np.array(1), "it has no dimension; for one call write"),
    "a text of one's own": (UserString("ab"), "a text is one item"),
    "a lazy frame": (pl.LazyFrame({"a": [1]}), r"ask\.map\(….collect\(\).to_dicts\(\)\)"),
    "asynchronous items": (coming(), r"\[item async for item in …\]"),
    "a number": (5, "cannot be iterated over"),
    "None": (None, "cannot be iterated over"),
}


@pytest.mark.parametrize("what", ONE_THING)
def test_one_thing_in_the_place_of_many_is_refused(what: str) -> None:
    """What Python would take apart in a way that is not meant is an error that says what to write; nothing is paid."""
    items, told = ONE_THING[what]
    with pytest.raises(InvalidOption, match=rf"ask\.map\(\w+\): .*{told}.*No call was made"):
        ask.map(items)
    assert [] == calls


def test_a_secret_is_not_in_the_message() -> None:
    """Where the one item is a secret, the message does not show it."""
    with pytest.raises(InvalidOption, match="‹redacted›") as caught:
        ask.map("sk-proj-1234567890")
    assert "1234567890" not in str(caught.value)
    with pytest.raises(InvalidOption, match="‹redacted›"):
        ask.map({"api_key": "much of a secret"})


def test_for_coroutine_functions_too() -> None:
    """One thing in the place of many is refused at the call of map, before it is awaited."""

    @cached_completion
    async def later(text: str) -> str:
        raise AssertionError(text)

    with pytest.raises(InvalidOption, match=r"later\.map\(str\)"):
        later.map("hello")


SEVERAL = {
    "a list": (["a", "b"], ["a", "b"]),
    "a tuple": (("a", "b"), ["a", "b"]),
    "a generator": ((text for text in "ab"), ["a", "b"]),
    "the values of a dict": ({1: "a", 2: "b"}.values(), ["a", "b"]),
    "a column": (pd.DataFrame({"text": ["a", "b"]})["text"], ["a", "b"]),
    "an array": (np.array([1.5, 2.5]).tolist(), [1.5, 2.5]),
    "a range": (range(2), [0, 1]),
}


@pytest.mark.parametrize("what", SEVERAL)
def test_many_are_taken(what: str) -> None:
    """Whatever gives several items is taken, each item a call."""
    items, expected = SEVERAL[what]
    assert [[repr(item)] for item in expected] == ask.map(items, max_workers=1)
    assert expected == calls


ITEMS: dict[str, tuple[Any, list[str]]] = {
    "a text": ("a", ["'a'"]),
    "a tuple: the arguments": (("a", 2), ["'a'"] * 2),
    "a dict: the keywords": ({"text": "a", "times": 2}, ["'a'"] * 2),
    "a tuple in a tuple: the argument": ((("a", 2),), ["('a', 2)"]),
    "a dict in a tuple: the argument": (({"text": "a"},), ["{'text': 'a'}"]),
    "a list: the argument": (["a", 2], ["['a', 2]"]),
    "a namedtuple: the argument": (Point(1, 2), ["Point(x=1, y=2)"]),
    "a model: the argument": (Model(), ["Model(x=1)"]),
    "a dict of another class: the argument": (OrderedDict(text="a"), ["OrderedDict({'text': 'a'})"]),
}


@pytest.mark.parametrize("what", ITEMS)
def test_what_an_item_stands_for(what: str) -> None:
    """Exactly a tuple holds arguments, exactly a dict keywords, anything else is the argument; a hit is the same."""
    item, answer = ITEMS[what]
    if isinstance(item, OrderedDict):
        answer = [repr(item)]
    assert [answer] == ask.map([item]) == ask.map([item])
    assert 1 == len(calls)


def test_rows_of_a_table_are_keywords() -> None:
    """The records of a table, as the message for a table says, are the keyword arguments of a call for each row."""
    table = pd.DataFrame({"text": ["a", "b"], "times": [1, 2]})
    assert [["'a'"], ["'b'"] * 2] == ask.map(table.to_dict("records"))


@pytest.mark.parametrize("policy", ["readWrite", "off"])
@pytest.mark.parametrize(
    ("item", "told"),
    [
        (("a", 1, "many", "too many"), r"item 1 of map, \('a', 1, ‹redacted›, 'too many'\): .*takes .* positional"),
        ({"txt": "a"}, r"item 1 of map, \{'txt': 'a'\}: .*unexpected keyword argument 'txt'"),
        ({"text": "a", "api_key": "hush", "x": 1}, r"'api_key': ‹redacted›"),
        ((), r"item 1 of map, \(\): .*missing 1 required.*a tuple holds a call's arguments"),
    ],
)
def test_an_item_that_does_not_fit(policy: Any, item: Any, told: str) -> None:
    """An item that does not fit the function is a TypeError with its place and value, before any call, when off too."""
    with cache_policy(policy), pytest.raises(TypeError, match=told):
        ask.map(["good", item])
    assert [] == calls


def test_all_items_are_looked_at() -> None:
    """The first item that is of no use is told with its value, the others by their places."""
    with pytest.raises(UnkeyableArgument, match=r"item 1 of map, object: project\.ask\(\): argument text") as caught:
        ask.map(["good", object(), "good", *(object() for _ in range(10))])
    assert "Nor do these fit: 3, 4, 5, 6, 7, 8, 9, 10, and 2 more. No call was made" in str(caught.value)
    assert [] == calls


def test_for_tasks_too() -> None:
    """Items of a coroutine function are all looked at before the first call."""
    made: list[str] = []

    @cached_completion
    async def later(text: Any) -> str:
        made.append(text)
        return str(text)

    with pytest.raises(UnkeyableArgument, match="item 1 of map"):
        asyncio.run(later.map(["good", object()]))
    assert [] == made


def test_a_method_is_told_without_its_instance() -> None:
    """Of a method, the value that is told is the item's, named as the parameter after self."""

    class Helper:
        @cached_completion
        def ask(self, api_key: str) -> str:
            raise AssertionError(api_key)

    with pytest.raises(TypeError, match=r"item 0 of map, \(‹redacted›, 2\)"):
        Helper().ask.map([("hush", 2)])


def test_an_error_of_samples_is_told_as_it_is() -> None:
    """Samples have no items: an argument that does not fit is the error of the call itself."""
    with pytest.raises(TypeError, match=r"^ask\(\) missing 1 required"):
        ask.samples(2)
    with pytest.raises(ValueError, match="no such text") as caught:
        ask.samples(2, "bad")
    assert ["project.ask: 0 of 2 answers are kept; run it again to go on from there"] == caught.value.__notes__


def test_a_call_that_raises_is_told_by_its_item() -> None:
    """What a call raised has notes: which item it was, and how many answers are kept."""
    assert [["'a'"]] == ask.map(["a"])
    with pytest.raises(ValueError, match="no such text") as caught:
        ask.map(["a", "b", "bad"], max_workers=1)
    assert [
        "item 2 of map, 'bad'",
        "project.ask: 2 of 3 answers are kept; run it again to go on from there",
    ] == caught.value.__notes__


@pytest.mark.parametrize("shape", ["function", "coroutine", "generator", "asynchronous generator", "method"])
def test_what_ends_map_before_a_call_has_its_item(shape: str) -> None:
    """What ``key=`` raises, and an answer that is not there to replay, have a note with the item, too."""

    def key(*arguments: Any) -> Any:
        return {"good": 1}[arguments[-1]]

    class Helper:
        @cached_completion(name="keyed", key=key)
        def method(self, text: str) -> str:
            raise AssertionError(text)

    async def coroutine(text: str) -> str:
        raise AssertionError(text)

    def generator(text: str) -> Iterator[str]:
        yield text

    async def asynchronous(text: str) -> AsyncIterator[str]:
        yield text

    def function(text: str) -> str:
        raise AssertionError(text)

    functions = {"function": function, "coroutine": coroutine, "generator": generator}
    made = functions.get(shape, asynchronous)
    cached: Any = Helper().method if shape == "method" else cached_completion(name="keyed", key=key)(made)

    async def mapped(items: list[str]) -> Any:
        answers = cached.map(items)
        return await answers if inspect.isawaitable(answers) else answers

    with cache_policy("replay"):
        with pytest.raises(KeyError) as caught:
            asyncio.run(mapped(["bad", "good"]))
        assert ["item 0 of map, 'bad'"] == caught.value.__notes__
        with pytest.raises(CacheMiss) as missed:
            asyncio.run(mapped(["good"]))
        assert ["item 0 of map, 'good'"] == missed.value.__notes__[:1]


def test_one_error_for_many_calls_has_each_note_once() -> None:
    """An exception that is raised again and again gathers no notes that it has."""
    error = ValueError("always the same")

    @cached_completion(name="fail")
    def fail(text: str) -> str:
        raise error

    for _ in range(2):
        with pytest.raises(ValueError, match="always"):
            fail.map(["a"])
    assert 2 == len(error.__notes__)


def interrupted(function: CachedFunction[..., Any], after: int, **options: Any) -> BaseException:
    """What map raises when ^C comes after so many calls: the others wait until it has come."""
    global permits
    permits = threading.Semaphore(after)

    def go_on(*_: object) -> None:
        permits.release(1_000_000)
        raise KeyboardInterrupt

    def press() -> None:
        while len(calls) <= after:
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, go_on)
    try:
        threading.Thread(target=press).start()
        with pytest.raises(KeyboardInterrupt) as caught:
            function.map(list(map(str, range(500))), **options)
    finally:
        signal.signal(signal.SIGINT, before)
    return caught.value


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"backend": "threading"}], ids=["threads", "joblib"])
def test_an_interrupted_map_tells_how_far_it_came(options: Mapping[str, Any]) -> None:
    """^C: a note says how many answers are kept, which is the truth, and the next run asks for the others only."""
    before = threading.active_count()
    error = interrupted(ask, 20, max_workers=2, **options)
    (note,) = error.__notes__
    told = re.fullmatch(r"project\.ask: (\d+) of 500 answers are kept; run it again to go on from there", note)
    assert told is not None
    while threading.active_count() > before:  # joblib's threads end what they have begun
        time.sleep(0.001)
    kept, made = len(ask.entries()), len(calls)
    assert 10 < int(told[1]) <= kept < 500
    assert options or int(told[1]) == kept
    ask.map(list(map(str, range(500))))
    assert 500 - kept == len(calls) - made


def test_a_cancelled_map_tells_how_far_it_came() -> None:
    """A cancelled map of a coroutine function notes the same on the cancellation."""

    @cached_completion(name="later")
    async def later(text: str) -> str:
        if text == "stuck":
            await asyncio.Event().wait()
        return text

    async def cancelled() -> BaseException:
        task = asyncio.create_task(later.map(["a", "b", "stuck"]))
        while len(later.entries()) < 2:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        return caught.value

    assert ["later: 2 of 3 answers are kept; run it again to go on from there"] == asyncio.run(cancelled()).__notes__


def test_an_interrupted_refresh() -> None:
    """Under writeOnly another run would ask for all again, so the note says that, and counts what is new only."""
    ask.map(["a", "b"])
    with cache_policy("writeOnly"), pytest.raises(ValueError, match="no such text") as caught:
        ask.map(["a", "b", "bad"], max_workers=1)
    assert (
        "project.ask: 2 of 3 answers were paid for anew and are kept; under the policy 'writeOnly' all would be again"
        == caught.value.__notes__[1]
    )


def test_expired_answers_are_not_counted() -> None:
    """An expired answer that was not asked for anew is none of those that are kept."""
    ask.map(["a", "b"])
    with pytest.raises(ValueError, match="no such text") as caught:
        ask.with_options(ttl=0).map(["bad", "a", "b"], max_workers=1)
    assert "project.ask: 0 of 3 answers are kept; run it again to go on from there" == caught.value.__notes__[1]


@pytest.mark.parametrize("policy", ["off", "readOnly"])
def test_policies_that_keep_nothing_promise_nothing(policy: Any) -> None:
    """Where nothing is kept, the only note is which item it was."""
    with cache_policy(policy), pytest.raises(ValueError, match="no such text") as caught:
        ask.map(["a", "bad"], max_workers=1)
    assert ["item 1 of map, 'bad'"] == caught.value.__notes__
