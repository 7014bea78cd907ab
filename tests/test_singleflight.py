"""Single flight: equal calls at the same time are asked once."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import warnings
import weakref
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from llm_memo import Cache, MemoWarning, cached_completion, configure
from llm_memo.runtime.context import flights
from llm_memo.testing import ModelServer

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _no_litter(cache_dir: Path) -> Iterator[None]:
    """After each test there is no lock or temporary file, and no thread, left."""
    threads = set(threading.enumerate())
    yield
    until(lambda: not set(threading.enumerate()) - threads)  # those that were writing go when they are done
    assert [] == [path for path in cache_dir.rglob("*") if path.suffix in (".lock", ".tmp")]


def until(condition: Any) -> None:
    """Wait until ``condition()`` holds."""
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.001)


class Gate:
    """A function that counts its calls and waits in each until it is let go."""

    __memo_ignore__ = ("calls", "open")  # what it answers shows them; these tests are about equal calls

    def __init__(self) -> None:
        self.calls = 0
        self.open = threading.Event()

    def __call__(self, text: str) -> str:
        self.calls += 1
        assert self.open.wait(60)
        return f"{text} {self.calls}"


def awaiting(function: Any) -> int:
    """How many calls of ``function`` wait for a flight."""
    from llm_memo.singleflight import FLIGHTS

    return sum(len(flight._callbacks or ()) for flight in FLIGHTS.up.values())


def test_threads_share_one_call() -> None:
    """Of equal calls in 16 threads one calls, and each has a value of its own."""
    gate = Gate()

    @cached_completion
    def ask(text: str) -> list[str]:
        return [gate(text)]

    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(ask, "q") for _ in range(16)]
        until(lambda: awaiting(ask) == 15)
        gate.open.set()
        answers = [future.result() for future in waiting]
    assert [["q 1"]] * 16 == answers
    assert 16 == len(set(map(id, answers)))
    assert (15, 1) == (ask.cache_info().hits, ask.cache_info().misses)


@pytest.mark.slow
async def test_tasks_share_one_call_and_the_loop_goes_on() -> None:
    """Of equal calls in 1,000 tasks one calls, while other tasks run on."""
    calls = []

    @cached_completion
    async def ask(number: int) -> int:
        calls.append(number)
        await asyncio.sleep(0.05)
        return number

    assert [n % 500 for n in range(1000)] == await asyncio.gather(*(ask(n % 500) for n in range(1000)))
    assert list(range(500)) == sorted(calls)


def test_tasks_of_several_loops_share_one_call() -> None:
    """Tasks of different loops in different threads wait for the same flight."""
    calls = []

    @cached_completion
    async def ask() -> str:
        calls.append(1)
        await asyncio.sleep(0.2)
        return "a"

    async def several() -> list[str]:
        return await asyncio.gather(ask(), ask())

    with ThreadPoolExecutor(4) as pool:
        results = [future.result() for future in [pool.submit(asyncio.run, several()) for _ in range(4)]]
    assert [["a", "a"]] * 4 == results
    assert [1] == calls


def test_a_failure_is_everybodys() -> None:
    """The leader's exception is raised for all who waited, and is not kept."""
    gate = Gate()

    @cached_completion
    def ask(text: str) -> str:
        gate(text)
        raise ValueError("oh")

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(ask, "q") for _ in range(4)]
        until(lambda: awaiting(ask) == 3)
        gate.open.set()
        errors = {future.exception() for future in waiting}
    assert 1 == len(errors) == gate.calls
    assert [] == ask.entries()


async def test_a_waiter_takes_over_from_a_cancelled_leader() -> None:
    """When the leading task is cancelled one waiter calls in its place; cancelling a waiter changes nothing."""
    calls = []

    @cached_completion(ignore=("calls",))
    async def ask() -> int:
        calls.append(1)
        await asyncio.sleep(0.1 if len(calls) > 1 else 60)
        return len(calls)

    leader = asyncio.create_task(ask())
    await asyncio.sleep(0.05)
    waiters = [asyncio.create_task(ask()) for _ in range(3)]
    await asyncio.sleep(0.05)
    waiters.pop().cancel()
    leader.cancel()
    assert [2, 2] == await asyncio.gather(*waiters)
    assert leader.cancelled()
    assert [1, 1] == calls


def test_an_answer_that_cannot_be_shared_is_asked_for_by_each() -> None:
    """Those who waited for an answer that cannot be copied each call for themselves, at the same time."""
    gate = Gate()
    together = threading.Barrier(3, timeout=20)

    @cached_completion(cache_if=lambda answer: False)
    def ask(text: str) -> Any:
        if gate.calls:
            gate(text)
            together.wait()
        else:
            gate(text)
        return threading.Lock()

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(ask, "q") for _ in range(4)]
        until(lambda: awaiting(ask) == 3)
        gate.open.set()
        assert 4 == len({id(future.result()) for future in waiting})
    assert 4 == gate.calls


def test_an_answer_that_is_not_kept_is_still_shared() -> None:
    """Those who waited get a copy of an answer that is not to be kept."""
    gate = Gate()

    @cached_completion(cache_if=lambda answer: False)
    def ask(text: str) -> list[str]:
        return [gate(text)]

    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(ask, "q") for _ in range(2)]
        until(lambda: awaiting(ask) == 1)
        gate.open.set()
        one, other = (future.result() for future in waiting)
    assert ["q 1"] == one == other
    assert one is not other
    assert [] == ask.entries()


def test_single_flight_can_be_turned_off() -> None:
    """With single_flight=False equal calls each call."""
    together = threading.Barrier(2, timeout=20)

    @cached_completion(single_flight=False)
    def ask() -> str:
        together.wait()
        return "a"

    with ThreadPoolExecutor(2) as pool:
        assert ["a", "a"] == [future.result() for future in [pool.submit(ask) for _ in range(2)]]
    assert 2 == ask.cache_info().misses


def test_recursion_on_the_same_key_does_not_wait_for_itself() -> None:
    """A function that asks its own question again while it answers it calls, and does not hang."""
    depth = []

    @cached_completion(ignore=("depth",))
    def ask() -> int:
        depth.append(1)
        return 1 if len(depth) == 3 else ask() + 1

    assert 3 == ask()


async def test_recursion_through_tasks_does_not_wait_for_itself() -> None:
    """The same in a task that the leader starts and awaits."""
    depth = []

    @cached_completion(ignore=("depth",))
    async def ask() -> int:
        depth.append(1)
        return 1 if len(depth) == 3 else (await asyncio.gather(ask()))[0] + 1

    assert 3 == await ask()


def test_two_half_read_generators_of_one_thread() -> None:
    """Two readers of the same question in one thread each get its items, in any order of reading."""
    calls = []

    @cached_completion
    def count() -> Iterator[int]:
        calls.append(1)
        yield from range(3)

    one, other = count(), count()
    assert [0, 0, 1, 1, 2, 2] == [next(items) for _ in range(3) for items in (one, other)]
    assert ([], []) == (list(one), list(other))
    assert [0, 1, 2] == list(count())
    assert [1, 1] == calls


def test_a_reader_who_stops_reading_does_not_hold_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a half-read stream calls for itself when its reader has stopped for long."""
    monkeypatch.setattr("llm_memo.singleflight._LOOK_EVERY", 0.01)
    monkeypatch.setattr("llm_memo.singleflight._STALLED_AFTER", 0.05)

    @cached_completion
    def count() -> Iterator[int]:
        yield from range(3)

    half_read = count()
    next(half_read)
    with ThreadPoolExecutor(1) as pool:
        assert [0, 1, 2] == pool.submit(lambda: list(count())).result(20)

        async def read() -> list[int]:
            return [item async for item in later()]

        @cached_completion
        async def later() -> Any:
            for number in range(3):
                yield number

        async def main() -> list[int]:
            half = later()
            await anext(half)
            whole = await asyncio.create_task(read(), context=contextvars.Context())
            await half.aclose()
            return whole

        assert [0, 1, 2] == asyncio.run(main())
    half_read.close()


def test_a_loop_that_was_left_does_not_hold_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a task whose loop stands still calls for itself: at once in its thread, else after a while."""
    monkeypatch.setattr("llm_memo.singleflight._LOOK_EVERY", 0.01)
    monkeypatch.setattr("llm_memo.singleflight._STALLED_AFTER", 0.05)
    loop = asyncio.new_event_loop()
    calls: list[str] = []

    def is_left(text: str) -> str:
        calls.append(text)
        if loop.is_running():
            loop.stop()  # as an interrupt does that comes out of run_until_complete()
        return text

    @cached_completion(ignore=("is_left",))
    async def ask(text: str) -> str:
        is_left(text)
        await asyncio.sleep(0)
        return text

    @cached_completion(ignore=("is_left",))
    async def words(text: str) -> Any:
        is_left(text)
        await asyncio.sleep(0)
        yield text

    async def whole(text: str) -> str:
        return "".join([item async for item in words(text)])

    for kind in (ask, whole):
        for elsewhere in (False, True):
            question = f"{kind} {elsewhere}"
            left = loop.create_task(kind(question))
            loop.run_forever()
            assert [question] == calls
            with ThreadPoolExecutor(1) as pool:
                run = pool.submit if elsewhere else lambda function, *arguments: function(*arguments)
                again = run(asyncio.run, asyncio.wait_for(kind(question), 20))
                assert question == (again.result(20) if elsewhere else again)
            assert question == loop.run_until_complete(left)
            assert [question] * 2 == calls
            calls.clear()
    loop.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")  # so it is, and shall work
def test_a_child_forked_during_a_flight_calls_for_itself() -> None:
    """A process forked while a flight is up does not wait for a thread that it does not have."""
    gate = Gate()
    here = os.getpid()

    @cached_completion
    def ask(text: str) -> str:
        return gate(text) if os.getpid() == here else "from the child"

    with configure(lock_timeout=0.05), ThreadPoolExecutor(1) as pool:
        leading = pool.submit(ask, "q")
        until(lambda: gate.calls == 1)
        child = os.fork()
        if child == 0:
            warnings.simplefilter("ignore")
            try:
                os._exit(0 if ask("q") == "from the child" else 1)
            except BaseException:
                os._exit(2)
        _, status = os.waitpid(child, 0)
        gate.open.set()
        assert 0 == os.waitstatus_to_exitcode(status)
        assert "q 1" == leading.result()


PROGRAM = """
    import asyncio, sys, threading, os
    from concurrent.futures import ThreadPoolExecutor
    import httpx2
    from llm_memo import cached_completion

    url, how = sys.argv[1], sys.argv[2]
    body = {"model": "m", "input": "q"}

    @cached_completion
    def ask(text):
        return httpx2.post(url + "/responses", json=body, timeout=60).json()["output"][0]["content"][0]["text"]

    @cached_completion(name="program.ask")
    async def ask_later(text):
        async with httpx2.AsyncClient(timeout=60) as client:
            reply = await client.post(url + "/responses", json=body)
        return reply.json()["output"][0]["content"][0]["text"]

    async def tasks():
        return await asyncio.gather(*(ask_later("q") for _ in range(100)))

    print("ready", flush=True)
    sys.stdin.readline()
    if how == "threads":
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(ask, ["q"] * 16))
    elif how == "tasks":
        answers = asyncio.run(tasks())
    else:
        answers = [ask("q")]
    print(len(answers), len(set(answers)), answers[0], flush=True)
"""


def begin(tmp_path: Path, server: ModelServer, how: str) -> subprocess.Popen[str]:
    """A process of the program, ready to ask when it is told."""
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(PROGRAM))
    process = subprocess.Popen(
        [sys.executable, str(script), server.base_url, how],
        env={**os.environ, "PYTHONPATH": os.environ.get("PYTHONPATH") or str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.mark.slow
@pytest.mark.parametrize(("how", "answers"), [("threads", 16), ("tasks", 100)])
def test_processes_share_one_call(tmp_path: Path, server: ModelServer, how: str, answers: int) -> None:
    """8 processes of 16 threads, or of 100 tasks, with one cold key send exactly one request."""
    server.latency = 0.5
    processes = [begin(tmp_path, server, how) for _ in range(8)]
    for process in processes:
        go(process)
    outputs = {process.communicate(timeout=60)[0] for process in processes}
    assert [0] * 8 == [process.returncode for process in processes]
    assert 1 == server.requests
    assert 1 == len(outputs)
    assert outputs.pop().startswith(f"{answers} 1 ")


@pytest.mark.slow
def test_a_waiter_takes_over_from_a_killed_process(tmp_path: Path, server: ModelServer) -> None:
    """When the leading process is killed, one that waits answers in its place."""
    server.latency = 30
    leader = begin(tmp_path, server, "once")
    go(leader)
    until(lambda: server.requests == 1)
    waiter = begin(tmp_path, server, "once")
    go(waiter)
    time.sleep(0.3)
    server.latency = 0
    assert 1 == server.requests
    leader.send_signal(signal.SIGKILL)
    leader.communicate()
    assert waiter.communicate(timeout=20)[0].startswith("1 1 ")
    assert 2 == server.requests


@pytest.mark.slow
def test_a_clear_in_mid_call_does_not_make_every_process_call(tmp_path: Path, server: ModelServer) -> None:
    """Where the folder is cleared under a leader, those who wait agree on one to take over."""
    server.latency = 1.5
    processes = [begin(tmp_path, server, "once") for _ in range(4)]
    for process in processes:
        go(process)
    until(lambda: server.requests == 1)
    time.sleep(0.3)  # for the others to wait for its lock
    assert (0, 0) == Cache().clear()
    assert ["1 1 "] * 4 == [process.communicate(timeout=30)[0][:4] for process in processes]
    assert 2 == server.requests


@pytest.mark.parametrize("later", [False, True])
def test_a_lock_that_stays_taken_is_a_warning_and_a_call(cache_dir: Path, later: bool) -> None:
    """Beyond lock_timeout a call no longer waits for another process: one warning, and a call of its own."""
    import filelock

    @cached_completion(name="ask")
    def ask(text: str) -> str:
        return "own"

    @cached_completion(name="ask")
    async def ask_later(text: str) -> str:
        return "own"

    key = (ask_later if later else ask).cache_key("q")
    folder = cache_dir / "ask" / key[:2]
    folder.mkdir(parents=True)
    lock = filelock.FileLock(folder / f"{key}.lock")
    with lock, configure(lock_timeout=0.05):
        with pytest.warns(MemoWarning, match="under way for more than 0.05 s") as warned:
            assert "own" == (asyncio.run(ask_later("q")) if later else ask("q"))
        assert 1 == len(warned)
    os.unlink(lock.lock_file)


async def test_a_task_cancelled_while_its_answer_is_kept_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelled after the model has answered, a call raises, and the answer is kept all the same."""
    from llm_memo.stores.slot import Slot

    writing, go_on = threading.Event(), threading.Event()
    write = Slot.write

    def slow(self: Slot, *args: Any, **kwargs: Any) -> Any:
        writing.set()
        assert go_on.wait(20)
        return write(self, *args, **kwargs)

    monkeypatch.setattr(Slot, "write", slow)

    @cached_completion
    async def ask() -> str:
        return "paid"

    task = asyncio.create_task(ask())
    while not writing.is_set():
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    while not ask.cache_info().misses:  # counted when it is kept
        await asyncio.sleep(0.001)
    assert "paid" == await ask()
    assert (1, 1) == (ask.cache_info().misses, ask.cache_info().hits)


def test_two_threads_that_wait_for_each_other() -> None:
    """Two cached functions that call each other in two threads, in opposite orders, do not wait for ever."""
    both = threading.Barrier(2, timeout=20)

    @cached_completion(version="1", ignore="depth")
    def one(q: str, depth: int = 0) -> str:
        if depth:
            return "one"
        both.wait()
        return "one " + other(q, 1)

    @cached_completion(version="1", ignore="depth")
    def other(q: str, depth: int = 0) -> str:
        if depth:
            return "other"
        both.wait()
        return "other " + one(q, 1)

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(one, "q"), pool.submit(other, "q")]
        assert all(future.result(20).startswith(("one", "other")) for future in futures)


def test_two_tasks_that_read_one_generator_in_one_thread() -> None:
    """A generator read by two tasks of one loop does not hold up the loop."""

    @cached_completion
    def words() -> Iterator[str]:
        yield from "abc"

    async def read() -> list[str]:
        found = []
        for word in words():
            found.append(word)
            await asyncio.sleep(0.001)
        return found

    async def main() -> list[list[str]]:
        return await asyncio.wait_for(asyncio.gather(read(), read()), 10)

    assert [["a", "b", "c"]] * 2 == asyncio.run(main())


def test_tools_that_call_back_from_the_loops_threads() -> None:
    """Threads of the loop's own pool that all wait for cached coroutines do not keep these from being written."""

    @cached_completion(version="1")
    async def ask(text: str) -> str:
        return text.upper()

    async def main() -> list[str]:
        loop = asyncio.get_running_loop()

        def tool(number: int) -> str:
            return asyncio.run_coroutine_threadsafe(ask(f"q{number}"), loop).result(20)

        return await asyncio.gather(*(asyncio.to_thread(tool, number) for number in range(40)))

    assert [f"Q{number}" for number in range(40)] == asyncio.run(main())


def test_a_question_that_changes_while_it_waits_is_another_question() -> None:
    """Arguments changed by others while the call waited are asked as they are then, and kept as such."""

    @cached_completion(version="1")
    async def ask(messages: list[str]) -> str:
        await asyncio.sleep(0.01)
        return "answer to " + messages[-1]

    async def main() -> tuple[str, str]:
        mine, other = ["hello"], ["hello"]
        leader = asyncio.create_task(ask(mine))
        await asyncio.sleep(0)
        waiter = asyncio.create_task(ask(other))
        await asyncio.sleep(0.005)
        other.append("what is 2+2?")
        leader.cancel()
        return await waiter, await ask(["hello"])

    assert ("answer to what is 2+2?", "answer to hello") == asyncio.run(main())


UNDER_WAY: list[str] = []


def test_a_question_that_never_keeps_still_is_not_kept() -> None:
    """A call whose arguments others change each time it waits is made in the end, and nothing of it is kept."""

    @cached_completion(version="1")
    async def ask(messages: list[str]) -> str:
        if messages[0] != "q4":
            UNDER_WAY.append(messages[0])
            await asyncio.Event().wait()
        return "answer to " + messages[0]

    async def main() -> str:
        leaders = [asyncio.create_task(ask([f"q{number}"])) for number in range(4)]
        while len(UNDER_WAY) < 4:
            await asyncio.sleep(0.001)
        messages = ["q0"]
        waiter = asyncio.create_task(ask(messages))
        for number, leader in enumerate(leaders):
            while not awaiting(ask):
                await asyncio.sleep(0.001)
            messages[0] = f"q{number + 1}"
            leader.cancel()
            await asyncio.gather(leader, return_exceptions=True)
        return await waiter

    UNDER_WAY.clear()
    assert "answer to q4" == asyncio.run(asyncio.wait_for(main(), 60))
    assert [] == ask.entries()


@pytest.mark.parametrize("leader_falls_back", [True, False])
def test_each_waiter_falls_back_on_its_own_stale_answer(leader_falls_back: bool) -> None:
    """When the leader's call fails, those with stale_if_error get the expired answer, the others the error."""
    from llm_memo import StaleAnswer

    gate = Gate()

    @cached_completion(version="1")
    def ask(text: str) -> str:
        if gate.calls:
            gate(text)
            raise RuntimeError("down")
        return gate(text)

    gate.open.set()
    old = ask("q")
    gate.open.clear()
    strict = ask.with_options(ttl=0)
    lenient = ask.with_options(ttl=0, stale_if_error=True)
    first, second = (lenient, strict) if leader_falls_back else (strict, lenient)
    with ThreadPoolExecutor(2) as pool, pytest.warns(StaleAnswer):  # noqa: PT031 - the warning is another thread's
        one = pool.submit(first, "q")
        until(lambda: gate.calls == 2)
        two = pool.submit(second, "q")
        until(lambda: awaiting(ask) == 1)
        gate.open.set()
        given, raised = (one, two) if leader_falls_back else (two, one)
        assert old == given.result()
        with pytest.raises(RuntimeError, match="down"):
            raised.result()


async def test_where_no_thread_can_be_had_nothing_is_done_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that no thread can be started for is judged and kept at once, and not again when there is one."""
    judged: list[str] = []
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("llm_memo storage"):
            monkeypatch.setattr(threading.Thread, "start", start)
            raise RuntimeError("can't start new thread")
        start(thread)

    @cached_completion(cache_if=lambda answer: not judged.append(answer))  # type: ignore[func-returns-value]
    async def ask(text: str) -> str:
        return text

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert ["a", "b"] == [await ask("a"), await ask("b")]
    assert ["a", "b"] == judged
    assert 2 == ask.cache_info().misses


async def test_judges_that_ask_in_the_loop_that_they_judge_for() -> None:
    """Many at once, a cache_if may ask a cached and judged coroutine in the very loop that waits for it."""
    loop = asyncio.get_running_loop()

    @cached_completion(cache_if=bool)
    async def judge(text: str) -> str:
        return "good"

    def is_good(answer: str) -> bool:
        return asyncio.run_coroutine_threadsafe(judge(answer), loop).result(20) == "good"

    @cached_completion(cache_if=is_good)
    async def ask(text: str) -> str:
        return text

    texts = [str(number) for number in range(20)]
    assert texts == await asyncio.wait_for(asyncio.gather(*map(ask, texts)), 20)
    assert [True] * 20 == [ask.is_cached(text) for text in texts]


async def test_a_judge_that_is_cached_and_judged_itself() -> None:
    """A cache_if may run a loop of its own and ask cached coroutines there, as deep as it likes."""

    def judged(depth: int) -> Callable[[str], Any]:
        @cached_completion(
            version="1", name=f"at {depth}", cache_if=lambda answer: asyncio.run(keep(depth)) is not None
        )
        async def ask(text: str) -> str:
            return text

        return ask

    async def keep(depth: int) -> Any:
        return await judged(depth + 1)("q") if depth < 6 else "kept"

    ask = judged(0)
    assert ["a", "b"] == await asyncio.wait_for(asyncio.gather(ask("a"), ask("b")), 20)
    assert [True, True, True] == [await asyncio.to_thread(judged(depth).is_cached, "q") for depth in (1, 3, 6)]


async def test_a_judge_that_asks_the_same_question() -> None:
    """A cache_if may ask the very question whose answer it judges: that is a call of its own, and nobody waits."""
    asked: list[str] = []

    def again(answer: str) -> bool:
        return len(asked) > 1 or answer == asyncio.run(ask("q"))

    @cached_completion(cache_if=again, ignore=("asked",))
    async def ask(text: str, asked: list[str] = asked) -> str:
        asked.append(text)
        return text

    assert "q" == await asyncio.wait_for(ask("q"), 20)
    assert ["q", "q"] == asked


async def test_an_asynchronous_generator_that_is_cancelled_while_it_waits() -> None:
    """A waiter that is cancelled goes, and its leader goes on."""
    gate = asyncio.Event()

    @cached_completion
    async def words(text: str) -> AsyncGenerator[str, None]:
        await gate.wait()
        yield text

    async def read() -> list[str]:
        return [word async for word in words("q")]

    leader = asyncio.create_task(read())
    await asyncio.sleep(0)
    waiter = asyncio.create_task(read())
    while not awaiting(words):
        await asyncio.sleep(0.001)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    gate.set()
    assert ["q"] == await leader == await read()


class Large:
    """An argument whose end can be seen."""

    def __memo_key__(self) -> int:
        return 1


@pytest.mark.slow
async def test_a_task_that_outlives_a_call_holds_nothing_of_it() -> None:
    """A task that was started inside of a call holds neither its arguments nor its error."""
    later: list[asyncio.Task[object]] = []

    @cached_completion
    async def ask(large: Large, fails: bool) -> int:
        later.append(asyncio.create_task(wait()))
        if fails:
            raise ValueError
        return 1

    @cached_completion
    async def inner() -> int:
        return len(list(flights()))

    release = asyncio.Event()

    async def wait() -> int:
        await release.wait()
        return await inner()

    ended = []
    for fails in (True, True, False):
        large = Large()
        ended.append(weakref.ref(large))
        with suppress(ValueError):
            await ask(large, fails)
        del large
        gc.collect()
    assert [None, None] == [each() for each in ended[:2]]  # the last one is known until another comes
    release.set()
    assert [1, 1, 1] == await asyncio.gather(*later)
