"""Many at once: map over items, and samples of one question."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from llm_memo import InvalidOption, UnkeyableArgument, cache_policy, cached_completion
from llm_memo.testing import ModelServer

ROOT = Path(__file__).parent.parent


class Counted:
    """Counts its calls and how many are under way at once; no answer depends on that."""

    __memo_ignore__ = ("calls", "most", "_now")

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def __call__(self, text: Any) -> Any:
        with self._lock:
            self.calls.append(text)
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.005)
        with self._lock:
            self._now -= 1
        if text == "bad":
            raise ValueError(text)
        return text


def test_answers_come_in_order_and_equal_questions_once() -> None:
    """Answers are in the order of the items, each question is asked once, and no two answers are one object."""
    counted = Counted()

    @cached_completion
    def ask(text: str, times: int = 1) -> list[str]:
        return [counted(text)] * times

    items = ["a", "b", ("a", 2), "a", {"text": "c", "times": 1}, ("b",)]
    answers = ask.map(items)
    assert [["a"], ["b"], ["a", "a"], ["a"], ["c"], ["b"]] == answers
    assert ["a", "a", "b", "c"] == sorted(counted.calls)
    assert answers[0] is not answers[3]
    assert answers == ask.map(items)
    assert 4 == len(counted.calls)
    assert [] == ask.map([])


def test_at_most_max_workers_at_once() -> None:
    """No more than max_workers calls are under way, in threads and in tasks."""
    counted = Counted()

    @cached_completion
    def ask(number: int) -> int:
        return counted(number)

    ask.map(range(12), max_workers=3)
    assert 3 == counted.most
    now = most = 0

    @cached_completion(ignore=("now", "most"))
    async def later(number: int) -> int:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1
        return number

    assert list(range(12)) == asyncio.run(later.map(range(12), max_workers=3))
    assert 3 == most


def test_a_mistake_in_any_item_is_raised_before_the_first_call() -> None:
    """An item that cannot be asked is an error before any is, or its own answer with return_exceptions."""
    counted = Counted()
    ask = cached_completion(name="ask")(lambda text: counted(text))
    for wrong, error in [(object(), UnkeyableArgument), (("a", "b", "c"), TypeError)]:
        with pytest.raises(error):
            ask.map(["a", wrong])
        assert [] == counted.calls
    answers = ask.map(["a", object()], return_exceptions=True)
    assert ("a", UnkeyableArgument) == (answers[0], type(answers[1]))


def test_the_first_exception_is_raised_and_nothing_answered_is_lost() -> None:
    """A failing call stops the batch after those under way; the next run asks only what is left."""
    counted = Counted()
    ask = cached_completion(name="ask")(lambda text: counted(text))
    with pytest.raises(ValueError, match="bad"):
        ask.map(["a", "bad", *map(str, range(50))], max_workers=2)
    answered = len(ask.entries())
    assert 0 < answered < 50
    answers = ask.map(["a", "bad", *map(str, range(50))], return_exceptions=True)
    assert "bad" == str(answers[1])
    assert {"a", *map(str, range(50))} == set(answers) - {answers[1]}
    assert 2 == counted.calls.count("bad")
    assert 51 == len([text for text in set(counted.calls) if text != "bad"]) == len(counted.calls) - 2


def test_a_blocks_policy_holds_in_the_workers() -> None:
    """The policy of a block round map holds in its threads, its tasks and its processes."""
    counted = Counted()
    ask = cached_completion(name="ask")(lambda text: counted(text))

    @cached_completion
    async def later(text: str) -> str:
        return text

    with cache_policy("readOnly"):
        assert ["a", "b"] == ask.map(list("ab"))
        assert ["a", "b"] == asyncio.run(later.map(list("ab")))
        assert ["a"] == ask.map(["a"], backend="threading")
    assert ([], []) == (ask.entries(), later.entries())
    with cache_policy("off"):
        assert ["a", "a"] == ask.map(list("aa"))
    assert 5 == len(counted.calls)
    ask.map(list("ab"))
    with cache_policy("writeOnly"):
        assert ["a", "b", "a"] == ask.map(list("aba"))
    assert 9 == len(counted.calls)


def test_generators_give_lists() -> None:
    """Of generators, an answer of map is the list of what was yielded, on a miss and on a hit."""

    @cached_completion
    def letters(text: str) -> Iterator[str]:
        yield from text

    @cached_completion
    async def later(text: str) -> Any:
        for letter in text:
            yield letter

    for _ in range(2):
        assert [["a", "b"], ["c"], ["a", "b"]] == letters.map(["ab", "c", "ab"])
        assert [["a", "b"], ["c"]] == asyncio.run(later.map(["ab", "c"]))


def test_methods_map_over_their_instance() -> None:
    """map of a bound method calls it on its instance."""

    class Helper:
        def __init__(self, name: str) -> None:
            self.name = name

        @cached_completion
        def ask(self, text: str) -> str:
            return self.name + text

    assert ["xa", "xb"] == Helper("x").ask.map(list("ab"))
    assert ["y", "y"] == Helper("y").ask.samples(2, "")


def test_answers_that_cannot_be_copied_are_shared() -> None:
    """Equal questions of a batch share an answer that cannot be copied."""

    @cached_completion(cache_if=lambda answer: False)
    def ask(text: str) -> Any:
        return threading.Lock()

    one, other = ask.map(list("aa"))
    assert one is other


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_joblibs_backends(backend: str, server: ModelServer) -> None:
    """On a backend of joblib's the answers are the same, and each question is asked once."""
    url = server.base_url

    @cached_completion
    def ask(text: str) -> str:
        with OpenAI(base_url=url, api_key="test") as client:
            return client.responses.create(model="m", input=text).output_text

    rows = ["a", "b", "a", "c"]
    assert [ask(text) for text in ("a",)] == ask.map(["a"], backend=backend)
    answers = ask.map(rows, backend=backend, max_workers=2)
    assert answers[0] == answers[2]
    assert answers == ask.map(rows)
    assert 3 == server.requests


async def test_coroutines_on_joblibs_backends() -> None:
    """A coroutine function's calls run on a backend of joblib's too."""

    @cached_completion
    async def ask(text: str) -> str:
        return text

    assert ["a", "b"] == await ask.map(list("ab"), backend="threading")


def test_samples_are_topped_up(server: ModelServer, client: OpenAI) -> None:
    """samples(3) and then samples(5) ask five times in all and keep five entries."""

    @cached_completion
    def ask(text: str) -> str:
        return client.responses.create(model="m", input=text).id

    three = ask.samples(3, "q")
    assert 3 == len(set(three)) == server.requests
    five = ask.samples(5, "q")
    assert three == five[:3]
    assert 5 == len(set(five)) == server.requests == len(ask.entries())
    assert five[0] == ask("q")
    assert [] == ask.samples(0, "q")


async def test_samples_of_a_coroutine_function() -> None:
    """samples of a coroutine function are awaited."""
    numbers = list(range(9))

    @cached_completion(ignore="numbers")
    async def ask() -> int:
        return numbers.pop(0)

    assert [0, 1] == await ask.samples(2)
    assert [0, 1, 2] == await ask.samples(3)


@pytest.mark.parametrize(
    "options", [{"max_workers": 0}, {"max_workers": True}, {"progress": "yes"}, {"backend": "nowhere"}]
)
def test_map_refuses_other_options(options: dict[str, Any]) -> None:
    """map refuses what is no value of its option before it calls."""
    counted = Counted()
    with pytest.raises(InvalidOption, match=next(iter(options))):
        cached_completion(name="ask")(lambda text: counted(text)).map(["a"], **options)
    assert [] == counted.calls


@pytest.mark.parametrize("n", [-1, True, "3"])
def test_samples_refuses_other_numbers(n: Any) -> None:
    """samples refuses what is no number of samples."""
    with pytest.raises(InvalidOption, match="samples"):
        cached_completion(lambda: 1).samples(n)


def test_the_bar(capsys: pytest.CaptureFixture[str], server: ModelServer, client: OpenAI) -> None:
    """The bar shows hits, calls, failures, tokens and money so far; nothing when all are hits, or by default."""

    @cached_completion
    def ask(text: str) -> Any:
        if text == "bad":
            raise ValueError(text)
        return client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": text}])

    ask("a")
    ask.map(["a"], progress=True)
    ask.map(["b"])
    assert "" == capsys.readouterr().err
    ask.map(["a", "c", "bad"], progress=True, return_exceptions=True, max_workers=1)
    shown = capsys.readouterr().err
    for part in ("3/3", "1 hits, 1 calls, 1 failed", "tokens", "$0.0"):
        assert part in shown


def test_without_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without tqdm the default shows no bar, and progress=True says what to install."""
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setattr("llm_memo.progress._is_watched", lambda: True)
    ask = cached_completion(name="ask")(lambda text: text)
    assert ["a"] == ask.map(["a"])
    with pytest.raises(ImportError, match=r"pip install 'llm_memo\[progress\]'"):
        ask.map(["b"], progress=True)


async def test_a_cancelled_map_cancels_its_calls() -> None:
    """A map that is cancelled leaves no call running."""
    begun = []
    ended = []

    @cached_completion
    async def ask(text: str) -> str:
        begun.append(text)
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(text)
        return text

    batch = asyncio.create_task(ask.map(list("abcd"), max_workers=2))
    while len(begun) < 2:
        await asyncio.sleep(0.01)
    batch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await batch
    assert ["a", "b"] == sorted(ended)


PROGRAM = """
    import signal, sys, httpx2
    from llm_memo import cached_completion

    def stop(*_):
        print("stopped", flush=True)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    with httpx2.Client(timeout=60) as client:
        @cached_completion
        def ask(text):
            reply = client.post(sys.argv[1] + "/responses", json={"model": "m", "input": text})
            return reply.raise_for_status().json()["id"]

        rows = [f"row {n % 700}" for n in range(1000)]
        print("ready", flush=True)
        try:
            answers = ask.map(rows, max_workers=8, progress=False)
        except KeyboardInterrupt:
            sys.exit(3)
        print(len(answers), len(set(answers)))
"""


@pytest.mark.slow
def test_an_interrupted_map_goes_on_where_it_stopped(tmp_path: Path, server: ModelServer) -> None:
    """A map stopped by SIGINT and run again asks each distinct row once: those in the air are kept too."""
    (tmp_path / "program.py").write_text(textwrap.dedent(PROGRAM))
    server.latency = 0.01

    def begin() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(tmp_path / "program.py"), server.base_url],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )

    enough, interrupted = threading.Event(), threading.Event()

    def reply(body: dict[str, Any]) -> str:
        if server.requests >= 200:  # those wait for the signal, however busy the machine is
            enough.set()
            interrupted.wait(60)
        return "a reply"

    server.reply = reply
    first = begin()
    assert enough.wait(60)
    first.send_signal(signal.SIGINT)
    assert first.stdout is not None
    assert ["ready\n", "stopped\n"] == [first.stdout.readline(), first.stdout.readline()]
    interrupted.set()
    first.communicate(timeout=60)
    assert 3 == first.returncode
    assert 200 <= server.requests < 700
    assert "ready\n1000 700\n" == begin().communicate(timeout=120)[0]
    assert 700 == server.requests


async def test_a_failing_item_lets_those_under_way_finish() -> None:
    """One item that fails stops an awaited map; what was under way is answered and kept."""

    @cached_completion
    async def ask(number: int) -> int:
        if number == 3:
            raise ValueError("oh")
        await asyncio.sleep(0.05)
        return number

    with pytest.raises(ValueError, match="oh"):
        await ask.map(range(8))
    assert 7 == len(ask.entries())
    assert [] == await ask.map([]) == await ask.samples(0, 1)
