"""Frameworks of models and of chains of them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from cases.case import (
    AS_GENERATOR,
    AWAITED,
    CALLBACK,
    CANARY,
    LOOP,
    MADE_ANEW,
    NO_STREAM,
    OTHER,
    PARTIAL,
    READ_IN,
    TEXT_ALONE,
    UNTOLD,
    UNTRACKED,
    Case,
)
from cases.sdks import asks
from cases.sdks import openai as openai_client


class Answer(BaseModel):
    """What is asked for."""

    why: str


MODEL = {"model": "gpt-4o-mini"}
WARM = {"temperature": 0.5}


def instructor(url: str, mode: str = "TOOLS", **settings: Any) -> Any:
    import instructor

    return instructor.from_openai(openai_client(url, **settings), mode=instructor.Mode[mode])


def ask_instructor(client: Any, text: str) -> Any:
    return client.chat.completions.create(model="gpt-5.2", messages=asks(text), response_model=Answer, max_retries=0)


def litellm(url: str, **settings: Any) -> Any:
    import litellm  # noqa: F401 - what follows is its configuration

    return {"model": "openai/gpt-5.2", "api_base": f"{url}/v1", "api_key": CANARY, "max_retries": 0, **settings}


def ask_litellm(settings: Any, text: str) -> Any:
    import litellm

    return litellm.completion(messages=asks(text), **settings)


def stream_litellm(settings: Any, text: str) -> Any:
    import litellm

    return litellm.completion(messages=asks(text), stream=True, **settings)


def langchain_openai(url: str, **settings: Any) -> Any:
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(base_url=f"{url}/v1", api_key=CANARY, **{"model": "gpt-4o", "max_retries": 0, **settings})


def langchain_anthropic(url: str, **settings: Any) -> Any:
    from langchain_anthropic import ChatAnthropic

    return ChatAnthropic(base_url=url, api_key=CANARY, **{"model": "claude-sonnet-4-5", "max_retries": 0, **settings})


def ask_langchain(model: Any, text: str) -> Any:
    return model.invoke(text)


def stream_langchain(model: Any, text: str) -> Any:
    return model.stream(text)


def langgraph(url: str, prompt: str = "Be kind.", **settings: Any) -> Any:
    from langgraph.graph import END, START, MessagesState, StateGraph

    model = langchain_openai(url, **settings)

    def answer(state: MessagesState) -> Any:
        return {"messages": [model.invoke([("system", prompt), *state["messages"]])]}

    graph = StateGraph(MessagesState)
    graph.add_node("answer", answer)
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)
    return graph.compile()


def ask_langgraph(graph: Any, text: str) -> Any:
    return graph.invoke({"messages": [("user", text)]})


def stream_langgraph(graph: Any, text: str) -> Any:
    return graph.stream({"messages": [("user", text)]})


def llama_index(url: str, **settings: Any) -> Any:
    from llama_index.llms.openai import OpenAI

    return OpenAI(api_base=f"{url}/v1", api_key=CANARY, **{"model": "gpt-4o", "max_retries": 0, **settings})


def ask_llama_index(model: Any, text: str) -> Any:
    from llama_index.core.llms import ChatMessage

    return model.chat([ChatMessage(content=text)])


def stream_llama_index(model: Any, text: str) -> Any:
    from llama_index.core.llms import ChatMessage

    return model.stream_chat([ChatMessage(content=text)])


def dspy(url: str, signature: str = "question -> answer", instructions: str | None = None, **settings: Any) -> Any:
    import dspy

    model = dspy.LM("openai/gpt-4o", api_base=f"{url}/v1", api_key=CANARY, cache=False, num_retries=0, **settings)
    program = dspy.Predict(dspy.Signature(signature, instructions))
    program.lm = model
    return program


def ask_dspy(program: Any, text: str) -> Any:
    return program(question=text)


def haystack(url: str, **settings: Any) -> Any:
    from haystack.components.generators.chat import OpenAIChatGenerator
    from haystack.utils import Secret

    return OpenAIChatGenerator(
        api_base_url=f"{url}/v1", api_key=Secret.from_token(CANARY), **{"model": "gpt-4o", "max_retries": 0, **settings}
    )


def ask_haystack(generator: Any, text: str) -> Any:
    from haystack.dataclasses import ChatMessage

    return generator.run([ChatMessage.from_user(text)])


def mirascope(url: str, **settings: Any) -> Any:
    from mirascope import llm

    llm.register_provider("openai:completions", scope="openai/", base_url=f"{url}/v1", api_key=CANARY)
    return llm.Model(settings.pop("model", "openai/gpt-4o"), **settings)


def ask_mirascope(model: Any, text: str) -> Any:
    return model.call(text)


def ell(url: str, system: str = "Be kind.", **settings: Any) -> Any:
    import ell

    @ell.simple(client=openai_client(url), **{"model": "gpt-4o", **settings})
    def answer(text: str) -> Any:
        return [ell.system(system), ell.user(text)]

    return answer


def ask_ell(answer: Any, text: str) -> Any:
    return answer(text)


def autogen(url: str, **settings: Any) -> Any:
    from autogen_ext.models.openai import OpenAIChatCompletionClient

    return OpenAIChatCompletionClient(
        base_url=f"{url}/v1", api_key=CANARY, max_retries=0, **{"model": "gpt-4o", **settings}
    )


def ask_autogen(client: Any, text: str) -> Any:
    from autogen_core.models import UserMessage

    return LOOP.run_until_complete(client.create([UserMessage(content=text, source="user")]))


def stream_autogen(client: Any, text: str) -> Any:
    from autogen_core.models import UserMessage

    return client.create_stream([UserMessage(content=text, source="user")])


CASES = (
    Case(
        "instructor", "instructor", instructor, ask_instructor, None, (OTHER,),
        "client.chat.completions.create(response_model=…)",
        group="instructor", raises="IncompleteOutputException", reasons={"stream": PARTIAL, "values": MADE_ANEW},
    ),
    Case(
        "litellm", "litellm", litellm, ask_litellm, stream_litellm, (OTHER, WARM), "litellm.completion(…)",
        group="litellm", says="cannot be made anew: the cached function returns a generator of its items",
        reasons={"stream": AS_GENERATOR},
    ),
    Case(
        "langchain-openai", "langchain_openai", langchain_openai, ask_langchain, stream_langchain,
        (OTHER, MODEL, WARM), "model.invoke(…)",
    ),
    Case(
        "langchain-anthropic", "langchain_anthropic", langchain_anthropic, ask_langchain, stream_langchain,
        (OTHER, MODEL, WARM), "model.invoke(…)",
    ),
    Case(
        "langgraph", "langgraph", langgraph, ask_langgraph, stream_langgraph,
        (OTHER, MODEL, {"prompt": "Be short."}), "graph.invoke(…)",
    ),
    Case(
        "llama-index", "llama_index.llms.openai", llama_index, ask_llama_index, stream_llama_index,
        (OTHER, MODEL, WARM), "model.chat(…)", group="llama-index",
    ),
    Case(
        "dspy", "dspy", dspy, ask_dspy, None,
        (OTHER, WARM, {"instructions": "Be short."}, {"signature": "question -> answer: Literal['Because.']"}),
        "program(…)",
        group="litellm",
        reasons={"stream": AWAITED, "cut": UNTOLD, "tokens": UNTRACKED},
    ),
    Case(
        "haystack", "haystack", haystack, ask_haystack, None, (OTHER, MODEL), "generator.run(…)", group="agents",
        reasons={"stream": CALLBACK},
    ),
    Case(
        "mirascope", "mirascope.llm", mirascope, ask_mirascope, None,
        (WARM, {"model": "openai/gpt-4o-mini"}), "model.call(…)", group="litellm",
        reasons={"stream": READ_IN},
    ),
    Case(
        "ell", "ell", ell, ask_ell, None, (OTHER, MODEL, {"system": "Be short."}), "answer(…)", group="litellm",
        reasons={"stream": NO_STREAM, "cut": TEXT_ALONE, "tokens": TEXT_ALONE},
    ),
    Case(
        "autogen", "autogen_ext.models.openai", autogen, ask_autogen, stream_autogen, (OTHER, MODEL),
        "await client.create(…)", unnamed=True, group="agents",
    ),
)  # fmt: skip
