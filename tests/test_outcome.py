"""What comes back from a worker process: exceptions, answers of a script's own classes, cached functions."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from typing import Any

import cloudpickle
import openai
import pytest
from joblib.externals.loky import get_reusable_executor
from openai import OpenAI

from llm_memo import MemoError, cached_completion
from llm_memo.testing import ModelServer

pytestmark = pytest.mark.slow


class TooLong(Exception):
    """Does not unpickle: its own arguments are not what it gives to `Exception`."""

    def __init__(self, text: str, *, limit: int) -> None:
        super().__init__(f"{text!r} is longer than {limit}")
        self.limit = limit
        self.lock = pytest  # does not pickle


@cached_completion
def short(text: str) -> str:
    if len(text) > 3:
        raise TooLong(text, limit=3)
    return text


@cached_completion
def missing(name: str) -> str:
    with open(name) as file:
        return file.read()


@cached_completion
def nameless(text: str) -> str:
    class Hidden(Exception):
        status_code = 418

    if text == "bad":
        raise Hidden("no coffee")
    return text


@pytest.fixture(scope="module", autouse=True)
def _workers() -> Iterator[None]:
    """The processes that these tests share end with them."""
    yield
    get_reusable_executor().shutdown(wait=True)


def test_an_sdks_exception_comes_as_itself(server: ModelServer) -> None:
    """An error of the API in a worker reaches the caller with status, body and request; the pool lives on."""
    url = server.base_url

    @cached_completion
    def ask(text: str) -> str:
        with OpenAI(base_url=url, api_key="test", max_retries=0) as client:
            return client.responses.create(model="m", input=text).id

    server.fail(429)
    with pytest.raises(openai.RateLimitError, match="429") as caught:
        ask.map(["a"], backend="loky", max_workers=2)
    assert 429 == caught.value.status_code == caught.value.response.status_code
    assert isinstance(caught.value.body, dict)
    assert "In the worker process:\nTraceback" in "\n".join(caught.value.__notes__)
    assert 1 == len(ask.map(["b"], backend="loky", max_workers=2))


def test_an_exception_that_does_not_unpickle_comes_as_itself() -> None:
    """An exception with arguments of its own comes without what cannot travel, and is an item's answer if so wished."""
    with pytest.raises(TooLong, match="'long' is longer than 3") as caught:
        short.map(["a", "long"], backend="loky", max_workers=2)
    assert 3 == caught.value.limit
    assert not hasattr(caught.value, "lock")
    answers = short.map(["a", "longer"], backend="loky", max_workers=2, return_exceptions=True)
    assert ("a", TooLong) == (answers[0], type(answers[1]))


def test_an_exception_that_unpickles_comes_whole() -> None:
    """An exception that pickle takes along has all that it had."""
    with pytest.raises(FileNotFoundError) as caught:
        missing.map(["/no/such/file"], backend="loky", max_workers=2)
    assert "/no/such/file" == caught.value.filename


def test_an_exception_that_nobody_finds_comes_as_its_text() -> None:
    """Of an exception whose class is nowhere found by name come its class, message, status and traceback as text."""
    with pytest.raises(MemoError, match=r"Hidden: no coffee \(status 418\)") as caught:
        nameless.map(["bad"], backend="loky", max_workers=2)
    assert "raise Hidden" in "\n".join(caught.value.__notes__)
    assert ["good"] == nameless.map(["good"], backend="loky", max_workers=2)


def test_what_cannot_be_frozen_comes_as_it_is() -> None:
    """An answer that is not kept comes back as pickle takes it."""
    ask: Any = cached_completion(cache_if=lambda answer: False)(lambda text: map(str.upper, text))
    (answer,) = ask.map(["ab"], backend="loky", max_workers=2)
    assert ["A", "B"] == list(answer)


ALL_AT_THE_END = """
    from llm_memo import cached_completion

    @cached_completion
    def loud(text):
        return text.upper()

    if __name__ == "__main__":
        print(loud.map(["a", "b"], backend="multiprocessing", max_workers=2))
"""


def test_a_backend_that_gives_all_at_the_end(run: Callable[..., str]) -> None:
    """Backends of joblib's that give no answers on the way can be used too."""
    assert "['A', 'B']\n" == run(ALL_AT_THE_END)


CALLS_ITSELF = """
    import pickle
    import cloudpickle
    from llm_memo import cached_completion

    @cached_completion
    def factorial(number):
        return number * factorial(number - 1) if number else 1

    class Chat:
        @cached_completion
        def ask(self, text):
            return text.upper() if isinstance(self, Chat) else ""

    if __name__ == "__main__":
        for dumps in (pickle.dumps, cloudpickle.dumps):
            print(pickle.loads(dumps(factorial)) is factorial, pickle.loads(dumps(Chat().ask))("a"))
            print(pickle.loads(dumps(factorial.with_options(sample=1)))(3))
"""


def test_functions_of_a_script_that_name_themselves(run: Callable[..., str]) -> None:
    """A function that calls itself, and a method that names its class, travel by pickle and cloudpickle."""
    assert "True A\n6\n" * 2 == run(CALLS_ITSELF)


def test_a_pickle_of_a_pickle() -> None:
    """An importable function is itself after any number of pickles."""
    for dumps in (pickle.dumps, cloudpickle.dumps):
        assert short is pickle.loads(dumps(pickle.loads(dumps(short))))
