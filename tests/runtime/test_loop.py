"""Turns: many calls that are ready at once leave the loop to its other tasks now and then."""

from __future__ import annotations

import asyncio

import pytest

from llm_memo import cached_completion
from llm_memo.runtime.loop import turn


async def ticks_during(work: asyncio.Task[object]) -> int:
    """How often another task had its turn until ``work`` was done."""
    ticks = 0
    while not work.done():
        ticks += 1
        await asyncio.sleep(0.0005)
    await work
    return ticks


@cached_completion
async def ask(number: int) -> int:
    return number


async def test_hits_in_a_row_leave_turns_to_others() -> None:
    """Awaiting thousands of hits one after the other, which never wait, lets other tasks run between them."""

    async def in_a_row() -> None:
        for _ in range(3000):
            assert 1 == await ask(1)

    await ask(1)
    assert 3 <= await ticks_during(asyncio.create_task(in_a_row()))


@pytest.mark.slow
async def test_calls_that_are_ready_at_once_leave_turns_to_others() -> None:
    """Hundreds of misses that start in one round of the loop are spread over many."""

    async def at_once() -> None:
        assert list(range(300)) == await asyncio.gather(*map(ask, range(300)))

    assert 20 <= await ticks_during(asyncio.create_task(at_once()))


async def test_a_call_cancelled_while_it_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that is cancelled in the queue is passed over, and the others go on."""
    monkeypatch.setattr("llm_memo.runtime.loop._A_TURN", -1.0)
    waiting = [asyncio.create_task(ask(number)) for number in range(30)]
    await asyncio.sleep(0)
    waiting[20].cancel()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(answers.pop(20), asyncio.CancelledError)
    assert [number for number in range(30) if number != 20] == answers


def test_a_loop_that_ended_with_calls_in_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a loop left behind in its queue does not hold up the next loop of the thread."""
    monkeypatch.setattr("llm_memo.runtime.loop._A_TURN", -1.0)

    async def leave() -> None:
        for number in range(30):
            asyncio.create_task(ask(number))  # noqa: RUF006 - dropped on purpose
        await asyncio.sleep(0)

    asyncio.run(leave())
    assert 1 == asyncio.run(asyncio.wait_for(_one(), 20))


async def _one() -> int:
    return await ask(1)


def test_without_asyncio_there_are_no_turns() -> None:
    """Driven by another kind of loop, a call just goes on."""
    with pytest.raises(StopIteration):
        turn().send(None)
