"""Frameworks of agents."""

from __future__ import annotations

from typing import Any

from cases.case import AWAITED, CANARY, LOOP, OTHER, REMEMBERS, UNTOLD, Case
from llm_memo import completion_usage

SHORT = {"instructions": "Be short."}


def pydantic_ai(url: str, instructions: str = "Be kind.", **settings: Any) -> Any:
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    model = OpenAIChatModel("gpt-5.2", provider=OpenAIProvider(base_url=f"{url}/v1", api_key=CANARY))
    return Agent(model, instructions=instructions, **settings)


def ask_pydantic_ai(agent: Any, text: str) -> Any:
    return agent.run_sync(text)


def openai_agents(url: str, instructions: str = "Be kind.", **settings: Any) -> Any:
    from agents import Agent, OpenAIChatCompletionsModel, set_tracing_disabled
    from openai import AsyncOpenAI

    set_tracing_disabled(True)
    client = AsyncOpenAI(base_url=f"{url}/v1", api_key=CANARY, max_retries=0)
    return Agent("a", instructions=instructions, model=OpenAIChatCompletionsModel("gpt-5.2", client), **settings)


def ask_openai_agents(agent: Any, text: str) -> Any:
    from agents import Runner

    result = LOOP.run_until_complete(Runner.run(agent, text))
    completion_usage(result)
    return result.final_output


async def stream_openai_agents(agent: Any, text: str) -> Any:
    from agents import Runner

    async for event in Runner.run_streamed(agent, text).stream_events():
        if event.type == "raw_response_event":
            yield event.data


def agno(url: str, instructions: str = "Be kind.", **settings: Any) -> Any:
    from agno.agent import Agent
    from agno.models.openai import OpenAIChat

    model = OpenAIChat(id="gpt-5.2", base_url=f"{url}/v1", api_key=CANARY, max_retries=0)
    return Agent(model=model, instructions=instructions, telemetry=False, **settings)


def ask_agno(agent: Any, text: str) -> Any:
    return agent.run(text)


def stream_agno(agent: Any, text: str) -> Any:
    return agent.run(text, stream=True)


def smolagents(url: str, **settings: Any) -> Any:
    from smolagents import OpenAIServerModel, ToolCallingAgent

    model = OpenAIServerModel("gpt-5.2", api_base=f"{url}/v1", api_key=CANARY, client_kwargs={"max_retries": 0})
    return ToolCallingAgent([], model, verbosity_level=0, **{"return_full_result": True, **settings})


def ask_smolagents(agent: Any, text: str) -> Any:
    return agent.run(text)


def stream_smolagents(agent: Any, text: str) -> Any:
    from smolagents import ToolCallingAgent

    return ToolCallingAgent([], agent.model, verbosity_level=0).run(text, stream=True)


CASES = (
    Case(
        "pydantic-ai", "pydantic_ai", pydantic_ai, ask_pydantic_ai, None, (OTHER, SHORT), "agent.run_sync(…)",
        unnamed=True, group="pydantic-ai", reasons={"stream": AWAITED},
    ),
    Case(
        "openai-agents", "agents", openai_agents, ask_openai_agents, stream_openai_agents,
        (OTHER, SHORT), "(await Runner.run(agent, …)).final_output", unnamed=True, group="agents",
        reasons={"cut": UNTOLD},
    ),
    Case(
        "agno", "agno.agent", agno, ask_agno, stream_agno, (OTHER, SHORT), "agent.run(…)",
        group="pydantic-ai", reasons={"cut": UNTOLD},
    ),
    Case(
        "smolagents", "smolagents", smolagents, ask_smolagents, stream_smolagents, (OTHER, SHORT), "agent.run(…)",
        unnamed=True, group="agents",
        reasons={"global": REMEMBERS, "argument": REMEMBERS, "self": REMEMBERS, "used": REMEMBERS},
    ),
)  # fmt: skip
