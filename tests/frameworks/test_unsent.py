"""Each name in the table of what frameworks never send: no request differs by it, and no key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import program
import pytest
from answering import Answering
from cases import CASES
from columns import TEXT
from test_table import GROUP

from llm_memo import cached_completion
from llm_memo.adapters.frameworks import NEVER_SENT

USED = object()
"""The attribute is what it is of one that was used for another question."""
TOUCHED = object()
"""The attribute is made when it is read."""


class Given(dict[str, Any]):
    """The attribute is what these settings make of it."""


RETRIED = Given(retry_options={"attempts": 2})
SLOW = Given(timeout=7)
ONCE = Given(max_retries=1)

ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "agno.agent.agent.Agent": (
        "agno",
        {"id": "other", "session_id": "other", "telemetry": 0, "checkpoint": "tool-batch", "_formatter": USED,
         "_hooks_normalised": True},
    ),
    "autogen_ext.models.openai._openai_client.BaseOpenAIChatCompletionClient": (
        "autogen", {"_total_usage": USED, "_actual_usage": USED},
    ),
    "cohere.core.client_wrapper.BaseClientWrapper": ("cohere", {"_token": "other", "_timeout": SLOW}),
    "dspy.clients.base_lm.BaseLM": ("dspy", {"history": USED, "_engine_store": USED}),
    "dspy.predict.predict.Predict": ("dspy", {"stage": "other", "traces": [1]}),
    "dspy.primitives.module.Module": ("dspy", {"history": USED}),
    "google.genai._api_client.BaseApiClient": ("google-genai", {"_retry": RETRIED, "_async_retry": RETRIED}),
    "google.genai.types.HttpOptions": ("google-genai", {"timeout": SLOW, "retry_options": RETRIED}),
    "haystack.components.generators.chat.openai.OpenAIChatGenerator": (
        "haystack",
        {"client": USED, "async_client": USED, "_tools_warmed_up": True, "timeout": Given(timeout=7.0),
         "max_retries": Given(max_retries=1)},
    ),
    "langchain_anthropic.chat_models.ChatAnthropic": (
        "langchain-anthropic", {"default_request_timeout": SLOW, "max_retries": Given(max_retries=1)},
    ),
    "langchain_openai.chat_models.base.BaseChatOpenAI": (
        "langchain-openai", {"request_timeout": SLOW, "max_retries": Given(max_retries=1)},
    ),
    "llama_index.core.callbacks.base.CallbackManager": (
        "llama-index", {"_trace_map": {"a": ["b"]}, "_trace_id_stack": ["a"], "_trace_stack": ["a"]},
    ),
    "llama_index.llms.openai.base.OpenAI": (
        "llama-index", {"_client": USED, "_aclient": USED, "timeout": SLOW, "max_retries": Given(max_retries=1)},
    ),
    "mistralai.client._hooks.tracing.TracingHook": ("mistralai", {"_telemetry_auto_disabled": True}),
    "mistralai.client.sdk.Mistral": (
        "mistralai", dict.fromkeys(NEVER_SENT["mistralai.client.sdk.Mistral"], TOUCHED),
    ),
    "mistralai.client.sdkconfiguration.SDKConfiguration": (
        "mistralai", {"timeout_ms": Given(timeout_ms=7000), "retry_config": Given(retry_config=None)},
    ),
    "pydantic_ai.agent.Agent": ("pydantic-ai", {"_name": "other"}),
    "pydantic_ai.providers.Provider": ("pydantic-ai", {"_own_client_loop": USED}),
    "smolagents.agents.MultiStepAgent": (
        "smolagents", {"interrupt_switch": False, "step_number": 7, "task": "another"},
    ),
    "smolagents.monitoring.Monitor": (
        "smolagents",
        {"step_durations": [1.0], "total_input_token_count": 7, "total_output_token_count": 7},
    ),
    "smolagents.tools.Tool": ("smolagents", {"is_initialized": True}),
}  # fmt: skip
"""Class → the case that holds an instance of it, and attribute → another value."""

CELLS = [(kind, name) for kind, (case, others) in ROWS.items() if CASES[case].group == GROUP for name in others]


@cached_completion
def answer(made: Any, text: str) -> Any:
    return program.ask(made, text)


def within(value: Any, kind: str) -> Any:
    """The first instance of a class, by its name, among what an object holds."""
    todo, seen = [value], set()
    while todo:
        each = todo.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        if any(f"{base.__module__}.{base.__qualname__}" == kind for base in type(each).__mro__):
            return each
        todo += _held(each)
    raise AssertionError(kind)


def _held(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, (list, tuple)):
        yield from value
    else:
        for place in ("__dict__", "__pydantic_private__"):
            held = getattr(value, place, None)
            yield from held.values() if isinstance(held, dict) else ()


def change(make: Callable[..., Any], url: str, kind: str, name: str) -> Any:
    """One of which an attribute is another."""
    other = ROWS[kind][1][name]
    if isinstance(other, Given):
        return make(url, **other)
    made = make(url)
    target = within(made, kind)
    if other is TOUCHED:
        getattr(target, name)
        return made
    if other is USED:
        used = make(url)
        program.ask(used, "another question")
        other = getattr(within(used, kind), name)
    held = getattr(target, "__pydantic_private__", None) or {}
    if name in held:
        held[name] = other
    else:
        object.__setattr__(target, name, other)
    return made


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("kind", "name"), CELLS)
def test_what_is_never_sent_is_not_part_of_a_key(kind: str, name: str, answering: Answering) -> None:
    """One that differs in it sends the same requests, to the letter, and has the same key."""
    case = CASES[ROWS[kind][0]]
    program.hold(case.name, answering.url)
    changed = change(case.make, answering.url, kind, name)
    assert answer.cache_key(case.make(answering.url), TEXT) == answer.cache_key(changed, TEXT)
    sent = []
    for made in (case.make(answering.url), changed):
        answering.bodies.clear()
        program.ask(made, TEXT)
        sent.append([*answering.bodies])
    assert sent[0] == sent[1] != []


def test_each_name_is_tried() -> None:
    """No name is in the table that is not tried here, or in the tests of messages, functions and decorators."""
    assert {kind for kind in NEVER_SENT if not kind.startswith(ELSEWHERE)} == {*ROWS}
    assert {kind: {*names} for kind, (_, names) in ROWS.items()} == {kind: {*NEVER_SENT[kind]} for kind in ROWS}


ELSEWHERE = (
    *("beartype", "circuitbreaker", "functools", "instructor", "langchain_core", "llama_index.core.schema", "tenacity"),
    "unittest",
)
"""What is tried in ``tests/adapters/test_frameworks.py`` and ``tests/behaviour/test_installed_decorators.py``."""
