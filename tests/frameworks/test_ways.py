"""Ways of single frameworks that the page names, each in the group that has the framework."""

from __future__ import annotations

from typing import Any

import pytest
from answering import Answering
from cases import CASES
from cases.case import LOOP
from cases.sdks import asks
from columns import TEXT, forget, quiet
from test_table import GROUP

from llm_memo import cached_completion
from llm_memo.errors import NotStored

MADE: Any = None


def made(name: str, server: Answering) -> None:
    """Make this the global that functions here read; skips where it is not installed."""
    global MADE
    if GROUP != CASES[name].group:
        pytest.skip(f"{name} is in the group {CASES[name].group}")
    MADE = CASES[name].make(server.url)


def test_an_agent_of_smolagents_without_its_memory(answering: Answering) -> None:
    """One whose memory is left out of the key hits, having been used for other questions."""
    made("smolagents", answering)

    @cached_completion(ignore=("MADE.memory",))
    def answer(text: str) -> Any:
        return MADE.run(text).output

    with quiet():
        for text in ("one", "two", "one", "two"):
            assert "Because." == answer(text)
    assert 2 == answering.asked


@pytest.mark.parametrize("read", ["text_stream", "get_final_message", "get_final_text"])
def test_a_stream_of_messages_of_anthropic(read: str, answering: Answering) -> None:
    """Its manager comes again, read in each of its ways."""
    made("anthropic", answering)

    @cached_completion
    def stream(text: str) -> Any:
        return MADE.messages.stream(model="claude-sonnet-4-5", max_tokens=500, messages=asks(text))

    said = []
    with quiet():
        for _ in range(2):
            manager = stream(TEXT)
            with manager as events:
                read_so = getattr(events, read)
                said.append([type(manager), type(events), [*read_so] if read == "text_stream" else read_so()])
                events.until_done()
            forget()
    assert 1 == answering.asked
    assert said[0] == said[1]
    assert said[0][2]


def test_a_cut_stream_of_messages_of_anthropic(answering: Answering) -> None:
    """One that was cut off is bought again."""
    made("anthropic", answering)

    @cached_completion
    def stream(text: str) -> Any:
        return MADE.messages.stream(model="claude-sonnet-4-5", max_tokens=500, messages=asks(text))

    for _ in range(2):
        with stream(f"{TEXT} CUT") as events:
            assert "max_tokens" == events.get_final_message().stop_reason
    assert 2 == answering.asked


def test_events_of_openai_agents_hold_their_agent(answering: Answering) -> None:
    """Handed on as they are, they are not kept, and that is said: they hold the agent, and it a client."""
    made("openai-agents", answering)
    from agents import Runner

    @cached_completion
    def stream(text: str) -> Any:
        return Runner.run_streamed(MADE, text).stream_events()

    async def read() -> list[Any]:
        return [event async for event in stream(TEXT)]

    for paid in (1, 2):
        with pytest.warns(NotStored, match="holds a client"):
            assert LOOP.run_until_complete(read())
        assert paid == answering.asked
