"""Hits of functions that read an object of a framework: a chat model, an agent."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from typing import Any

from .contestants import Memo
from .hits import KEPT, hits
from .run import Part, Run
from .table import OURS, Goal, Row
from .timing import in_turn
from .work import TEXT, Work, reply

PREPARED = True
MODEL: Any = None
AGENT: Any = None


def by_model(text: str) -> str:
    """Asks LangChain's chat model."""
    return reply(text) if PREPARED else MODEL.invoke(text).content


def by_agent(text: str) -> str:
    """Asks an agent of agno's, which has a tool."""
    return reply(text) if PREPARED else AGENT.run(text).content


def weather(city: str) -> str:
    """The weather."""
    return city


def _model() -> Any:
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(model="gpt-5.2", base_url="http://127.0.0.1:9/v1", api_key="none")


def _agent() -> Any:
    from agno.agent import Agent
    from agno.models.openai import OpenAIChat

    model = OpenAIChat(id="gpt-5.2", base_url="http://127.0.0.1:9/v1", api_key="none")
    return Agent(model=model, instructions="Be brief.", tools=[weather])


def _part(
    name: str, package: str, variable: str, make: Callable[[], Any], function: Any, title: str, goal: Goal, less: bool
) -> Part:
    def measure(run: Run) -> list[Row]:
        if importlib.util.find_spec(package) is None:
            print(f"{name}: skipped, {package} is not installed", file=sys.stderr)
            return []
        globals()[variable] = make()
        work = Work(name, function, TEXT.question, TEXT.answer)
        calls = {each.name: Memo(run.folder / name / each.name).cached(each) for each in (TEXT, work)}
        for each in (TEXT, work):
            each.prime(calls[each.name], range(KEPT))
            each.check(calls[each.name], range(KEPT))
        found = in_turn({each.name: hits(each, calls[each.name], KEPT) for each in (TEXT, work)}, run.seconds)
        figure = found[name].less(found[TEXT.name].value) if less else found[name]
        return [Row(name, title, "µs", {OURS: figure.scaled(1e6)}, (goal,))]

    return measure


PARTS: dict[str, Part] = {
    "hit-chat-model": _part(
        *("hit-chat-model", "langchain_openai", "MODEL", _model, by_model),
        *("repeated hit of a function that reads a ChatOpenAI", Goal(60), False),
    ),
    "hit-agent": _part(
        *("hit-agent", "agno", "AGENT", _agent, by_agent),
        *("what reading an agno Agent adds to a repeated hit", Goal(150), True),
    ),
}
