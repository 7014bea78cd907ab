"""One call's way: what is asked, returned and kept, for every policy and shape."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

from llm_memo import (
    Cache,
    CacheMiss,
    NotStored,
    SelfChanging,
    StaleAnswer,
    UnkeyableArgument,
    cached_completion,
)
from llm_memo.testing import ModelServer

YEAR = 365 * 86400


@pytest.fixture(params=["function", "coroutine", "generator", "async generator", "method", "async method"])
def shape(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ask(shape: str, server: ModelServer) -> Any:
    """A cached function of each shape that asks the server; calling it gives the answer's text."""
    sync = OpenAI(base_url=server.base_url, api_key="test", max_retries=0)
    later = AsyncOpenAI(base_url=server.base_url, api_key="test", max_retries=0)

    def text(text: str, *, model: str = "m") -> str:
        return sync.responses.create(model=model, input=text).output_text

    async def text_later(text: str, *, model: str = "m") -> str:
        return (await later.responses.create(model=model, input=text)).output_text

    def words(text: str, *, model: str = "m") -> Any:
        yield from sync.responses.create(model=model, input=text).output_text.split(" ")

    async def words_later(text: str, *, model: str = "m") -> Any:
        for word in (await later.responses.create(model=model, input=text)).output_text.split(" "):
            yield word

    class Helper:
        def ask(self, text: str, *, model: str = "m") -> str:
            return sync.responses.create(model=model, input=text).output_text

        async def ask_later(self, text: str, *, model: str = "m") -> str:
            return (await later.responses.create(model=model, input=text)).output_text

    plain: Callable[..., Any] = {
        "function": text,
        "coroutine": text_later,
        "generator": words,
        "async generator": words_later,
        "method": Helper.ask,
        "async method": Helper.ask_later,
    }[shape]
    with asyncio.Runner() as runner:
        yield functools.partial(Asked, shape, Helper(), plain, runner)
        runner.run(later.close())
    sync.close()


class Asked:
    """A cached function that is called, and gives text, alike in every shape."""

    def __init__(
        self, shape: str, helper: Any, plain: Callable[..., Any], runner: asyncio.Runner, **options: Any
    ) -> None:
        self.cached: Any = cached_completion(**options)(plain)
        self._shape = shape
        self._first = (helper,) if "method" in shape else ()
        self._runner = runner

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        answer = self.cached(*self._first, *args, **kwargs)
        if self._shape == "generator":
            return " ".join(answer)
        if self._shape == "async generator":
            return " ".join(self._runner.run(_gathered(answer)))
        return str(self._runner.run(answer) if self._shape in ("coroutine", "async method") else answer)


async def _gathered(items: Any) -> list[Any]:
    return [item async for item in items]


OLD, NEW = "old", "new"


@pytest.mark.parametrize(
    ("policy", "entry", "requests", "answer", "after"),
    [
        ("readWrite", "fresh", 0, OLD, OLD),
        ("readWrite", "none", 1, NEW, NEW),
        ("readWrite", "expired", 1, NEW, NEW),
        ("readOnly", "fresh", 0, OLD, OLD),
        ("readOnly", "none", 1, NEW, None),
        ("readOnly", "expired", 1, NEW, OLD),
        ("writeOnly", "fresh", 1, NEW, NEW),
        ("writeOnly", "none", 1, NEW, NEW),
        ("writeOnly", "expired", 1, NEW, NEW),
        ("off", "fresh", 1, NEW, OLD),
        ("off", "none", 1, NEW, None),
        ("off", "expired", 1, NEW, OLD),
        ("replay", "fresh", 0, OLD, OLD),
        ("replay", "none", 0, CacheMiss, None),
        ("replay", "expired", 0, CacheMiss, OLD),
    ],
)
def test_every_policy_with_every_state_of_the_entry(
    ask: Any, server: ModelServer, policy: str, entry: str, requests: int, answer: Any, after: str | None
) -> None:
    """Each policy asks, answers and keeps as its row of the table says, in every shape."""
    server.reply = lambda body: "an old answer"
    cached = ask(policy=policy, ttl="1h")
    if entry != "none":
        ask(policy="readWrite")("q")
    if entry == "expired":
        _make_older(cached.cached, 2 * 3600)
    server.reset()
    server.reply = lambda body: "a new answer"
    texts = {OLD: "an old answer", NEW: "a new answer"}

    if answer is CacheMiss:
        with pytest.raises(CacheMiss):
            cached("q")
    else:
        assert texts[answer] == cached("q")

    assert requests == server.requests
    kept = [entry.value for entry in cached.cached.entries()]
    kept = [" ".join(value) if isinstance(value, list) else value for value in kept]
    assert ([] if after is None else [texts[after]]) == kept


def _make_older(function: Any, age: float) -> None:
    """Rewrite a function's entries as if they had been made ``age`` seconds earlier."""
    from llm_memo.settings import Settings
    from llm_memo.stores.disk import disk
    from llm_memo.stores.slot import Slot

    for entry in function.entries():
        store = disk(function.cache_parameters()["cache_dir"])
        kept = store.load(entry.path, entry.key)
        kept.header.created -= age
        Slot(store, entry.path, function._self_memo.owner()).write(kept, Settings())


def test_positional_keyword_and_default_are_one_call(ask: Any, server: ModelServer) -> None:
    """An argument given by position, by keyword or left to its default is the same call."""
    cached = ask()
    assert 1 == len({cached("q"), cached(text="q"), cached("q", model="m")})
    assert 1 == server.requests
    assert cached("q") != cached("q", model="n")
    assert 2 == server.requests


def test_wrong_arguments_are_the_functions_own_error(ask: Any, server: ModelServer) -> None:
    """A call that does not fit the signature is Python's own TypeError, and nothing is asked."""
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'text'"):
        ask()(model="m")
    assert 0 == server.requests


def test_an_exception_is_the_functions_own_and_is_not_kept(ask: Any, server: ModelServer) -> None:
    """What the function raises reaches the caller as it is, and the next call calls again."""
    import traceback

    import openai

    server.fail(500)
    cached = ask()
    with pytest.raises(openai.InternalServerError) as error:
        cached("q")
    assert "responses.create" in "".join(traceback.format_tb(error.value.__traceback__))
    assert [] == cached.cached.entries()
    assert 1 == cached.cached.cache_info().errors
    cached("q")
    assert 2 == server.requests


def test_stale_if_error_returns_the_expired_answer(ask: Any, server: ModelServer) -> None:
    """With stale_if_error a failing call gives the expired answer and one warning; without, its error."""
    import openai

    cached = ask(ttl=0, stale_if_error=True)
    first = cached("q")
    server.fail(429, times=2)
    with pytest.warns(StaleAnswer, match="raised RateLimitError") as warned:
        assert first == cached("q")
    assert 1 == len(warned)
    assert 1 == cached.cached.cache_info().stale
    with pytest.raises(openai.RateLimitError):
        ask(ttl=0)("q")


def test_an_incomplete_answer_is_returned_and_not_kept(ask: Any, server: ModelServer) -> None:
    """An answer that cache_if refuses is returned, counted and not kept."""
    cached = ask(cache_if=lambda answer: False)
    cached("q")
    cached("q")
    assert 2 == server.requests
    assert 2 == cached.cached.cache_info().not_stored
    assert [] == cached.cached.entries()


def test_a_cache_if_that_raises_is_a_warning(ask: Any, server: ModelServer) -> None:
    """A cache_if that raises costs the entry, not the answer."""

    def broken(answer: object) -> bool:
        raise ZeroDivisionError("oh")

    cached = ask(cache_if=broken)
    with pytest.warns(NotStored, match="cache_if raised ZeroDivisionError: oh"):
        assert cached("q")


def test_samples_are_answers_of_their_own(ask: Any, server: ModelServer) -> None:
    """sample= asks again for the same question, sample=0 being the plain call."""
    cached = ask()
    cached("q")
    for sample, requests in [(0, 1), (1, 2), (2, 3), (1, 3)]:
        one = ask()
        one.cached = cached.cached.with_options(sample=sample)
        one("q")
        assert requests == server.requests


def test_counts_tell_what_happened(ask: Any) -> None:
    """Hits, misses, refreshes and bypasses are counted, over all copies of the function."""
    cached = ask()
    cached("q")
    cached("q")
    info = cached.cached.cache_info()
    assert (1, 1, 2) == (info.hits, info.misses, info.calls)
    assert 0 < info.seconds_saved == info.seconds_spent
    cached.cached.cache_clear()
    assert 0 == cached.cached.cache_info().calls


def test_arguments_changed_by_the_function_do_not_change_its_key(client: OpenAI, server: ModelServer) -> None:
    """The key is made of what was given, also if the function appends to its own argument; that is told once."""

    @cached_completion
    def chat(messages: list[dict[str, str]]) -> str:
        reply = client.chat.completions.create(model="m", messages=messages)  # type: ignore[arg-type]
        messages.append({"role": "assistant", "content": "…"})
        return str(reply.choices[0].message.content)

    question = [{"role": "user", "content": "q"}]
    with pytest.warns(SelfChanging, match=r'changed messages.*ignore=\("messages",\)'):
        first = chat(list(question))
    assert first == chat(list(question))
    assert 1 == server.requests
    assert 1 == len(chat.entries())
    assert "assistant" not in chat.entries()[0].arguments


def test_an_argument_without_a_form_is_an_error_before_the_call() -> None:
    """An argument that cannot be keyed is an error that names function, path and ways out; off needs no key."""
    called = []

    @cached_completion
    def look(messages: list[Any]) -> None:
        called.append(1)

    picture = [{"content": [{"image": object()}]}]
    with pytest.raises(UnkeyableArgument) as error:
        look(picture)
    for part in ("look()", "argument messages[0]['content'][0]['image']", "ignore=", "key=", "__memo_key__"):
        assert part in str(error.value)
    assert [] == called
    look.with_options(policy="off")(picture)
    assert [1] == called


def test_none_and_falsy_answers_are_answers() -> None:
    """None, 0, [] and {} are kept like any other answer."""
    for value in (None, 0, False, [], {}, b""):
        called: list[int] = []

        @cached_completion(key=lambda value: repr(value))
        def give(value: Any, called: list[int] = called) -> Any:
            called.append(1)
            return value

        assert value == give(value) == give(value)
        assert [1] == called


def test_a_value_that_cannot_be_kept_is_returned_with_a_warning() -> None:
    """A value that cannot be kept is returned as it is, with one warning that says why."""
    import threading

    lock = threading.Lock()

    @cached_completion
    def give() -> Any:
        return lock

    with pytest.warns(NotStored, match=r"give\(\): the answer was returned but could not be kept") as warned:
        assert lock is give()
    assert 1 == len(warned)


def test_every_hit_is_a_value_of_its_own() -> None:
    """What one caller does to its answer no other sees."""

    @cached_completion
    def give() -> dict[str, list[int]]:
        return {"a": [1]}

    for _ in range(3):
        answer = give()
        assert {"a": [1]} == answer
        answer["a"].append(2)


def test_a_future_entry_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry from before the clock was set back is as new as can be, and no error."""

    @cached_completion(ttl="1h")
    def give(called: list[int]) -> int:
        called.append(1)
        return len(called)

    called: list[int] = []
    keyed = give.with_options(key=lambda called: None)
    now = time.time()
    keyed(called)
    monkeypatch.setattr(time, "time", lambda: now - YEAR)
    assert 1 == keyed(called)
    monkeypatch.setattr(time, "time", lambda: now + YEAR)
    assert 2 == keyed(called)


def test_a_read_only_folder_still_answers(cache_dir: Path) -> None:
    """Nothing is needed of a hit but to read."""

    @cached_completion
    def give(text: str) -> str:
        return text + "!"

    give("a")
    before = {path: path.stat().st_mtime_ns for path in cache_dir.rglob("*")}
    for _ in range(3):
        assert "a!" == give("a")
    assert before == {path: path.stat().st_mtime_ns for path in cache_dir.rglob("*")}
    assert 1 == Cache().info().entries


class TestTheKeyFunctionRunsOnceACall:
    """On a hit and on a miss, in every shape, what `key=` returned stands for the whole call."""

    def test_in_every_shape(self) -> None:
        """A function, a method, a coroutine, generators, and a plain function that returns an awaitable."""
        keyed: list[str] = []

        def key(*args: Any) -> str:
            keyed.append(args[-1])
            return str(args[-1])

        class Bot:
            @cached_completion(key=key)
            def method(self, text: str) -> str:
                return text

        @cached_completion(key=key)
        def function(text: str) -> str:
            return text

        @cached_completion(key=key)
        async def coroutine(text: str) -> str:
            return text

        @cached_completion(key=key)
        def generator(text: str) -> Iterator[str]:
            yield text

        @cached_completion(key=key)
        async def async_generator(text: str) -> AsyncIterator[str]:
            yield text

        async def inner(text: str) -> str:
            return text

        @cached_completion(key=key)
        def awaitable(text: str) -> Any:
            return inner(text)

        async def items(text: str) -> list[str]:
            return [item async for item in async_generator(text)]

        shapes: list[Callable[[str], Any]] = [
            Bot().method,
            function,
            lambda text: asyncio.run(coroutine(text)),
            lambda text: list(generator(text)),
            lambda text: asyncio.run(items(text)),
            lambda text: asyncio.run(awaitable(text)),
        ]
        for shape in shapes:
            for text in ("miss", "miss", "other"):
                assert text in shape(text)
                assert [text] == keyed
                keyed.clear()

    @pytest.mark.parametrize("backend", [None, "threading"])
    def test_in_map(self, backend: Any) -> None:
        """Once an item, whether it hits or not, and of coroutine functions as well."""
        keyed: list[str] = []

        @cached_completion(key=lambda text: keyed.append(text) or text)
        def ask(text: str) -> str:
            return text

        @cached_completion(key=lambda text: keyed.append(text) or text)
        async def ask_soon(text: str) -> str:
            return text

        for texts in (["a", "b"], ["a", "b", "c"]):
            assert texts == ask.map(texts, backend=backend)
            assert texts == asyncio.run(ask_soon.map(texts))
            assert texts + texts == keyed
            keyed.clear()
        assert 3 == len(ask.entries())

    def test_for_what_is_told(self, caplog: pytest.LogCaptureFixture) -> None:
        """`explain`, a replayed miss and the log of a miss tell of the key that there is."""
        numbers = iter(range(9))

        @cached_completion(key=lambda text: next(numbers))
        def ask(text: str) -> str:
            return text

        assert "0" == next(part.preview for part in ask.explain("a").parts if part.name == "key()")
        with pytest.raises(CacheMiss) as error:
            ask.with_options(policy="replay")("a")
        explanation: Any = error.value.explanation
        assert "1" in [part.preview for part in explanation.parts]
        with caplog.at_level(logging.DEBUG, logger="llm_memo"):
            assert "a" == ask("a")
        assert 3 == next(numbers)
        assert ["key()=2"] == [entry.arguments for entry in ask.entries()]

    def test_of_a_result_that_the_call_changes(self) -> None:
        """It is told that calls after it are other questions, as of an argument."""
        history: list[str] = []

        @cached_completion(key=lambda text, history: history)
        def ask(text: str, history: list[str]) -> str:
            history.append(text)
            return text

        with pytest.warns(SelfChanging, match=r"changed key\(\)"):
            ask("a", history)
