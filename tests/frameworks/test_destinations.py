"""Two destinations are two questions, and two credentials are one: every client that says where its requests go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cases.case import CANARY
from cases.chains import ask_langchain
from cases.sdks import ask_anthropic, ask_cohere, ask_google, ask_mistral, ask_ollama, ask_openai
from test_table import GROUP

from llm_memo import cached_completion

CLIENT: Any = None
ask: Any = None


@cached_completion
def answer(text: str) -> Any:
    return ask(CLIENT, text)


def ask_http(client: Any, text: str) -> Any:
    return client.post("/v1/messages", json={"text": text})


def vertex(**given: Any) -> Any:
    from anthropic import AnthropicVertex

    return AnthropicVertex(**{"project_id": "p", "region": "us-east5", "access_token": CANARY, **given})


def bedrock(**given: Any) -> Any:
    from anthropic import AnthropicBedrock

    keys = {"aws_access_key": CANARY, "aws_secret_key": CANARY}
    return AnthropicBedrock(**{"aws_region": "us-east-1", **keys, **given})


def azure(**given: Any) -> Any:
    from openai import AzureOpenAI

    return AzureOpenAI(**{"azure_endpoint": "http://a", "api_version": "1", "api_key": CANARY, **given})


def awaited_azure(**given: Any) -> Any:
    from openai import AsyncAzureOpenAI

    return AsyncAzureOpenAI(**{"azure_endpoint": "http://a", "api_version": "1", "api_key": CANARY, **given})


def google(**given: Any) -> Any:
    from google.auth.credentials import AnonymousCredentials
    from google.genai import Client

    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return Client(**{"vertexai": True, "project": "p", "location": "l", "credentials": credentials, **given})


def mistral(**given: Any) -> Any:
    from mistralai.client import Mistral

    return Mistral(**{"api_key": CANARY, **given})


def ollama(**given: Any) -> Any:
    from ollama import Client

    return Client(**{"host": "http://a", **given})


def awaited_ollama(**given: Any) -> Any:
    from ollama import AsyncClient

    return AsyncClient(**{"host": "http://a", **given})


def cohere(**given: Any) -> Any:
    from cohere import AsyncClientV2

    return AsyncClientV2(**{"api_key": CANARY, "base_url": "http://a", **given})


def http(**given: Any) -> Any:
    from httpx import Client

    return Client(**{"base_url": "http://a", **given})


def awaited_http(**given: Any) -> Any:
    from httpx import AsyncClient

    return AsyncClient(**{"base_url": "http://a", **given})


def anthropic_of_langchain(**given: Any) -> Any:
    from langchain_anthropic import ChatAnthropic

    return ChatAnthropic(**{"base_url": "http://a", "model": "claude-sonnet-4-5", "api_key": CANARY, **given})


def langchain(**given: Any) -> Any:
    from langchain_openai import AzureChatOpenAI

    ways = {"azure_endpoint": "http://a", "api_version": "1", "azure_deployment": "d", "api_key": CANARY}
    return AzureChatOpenAI(**{**ways, **given})


Changes = list[dict[str, Any]]
OTHER_KEY: Changes = [{"api_key": "another"}]
AZURE: Changes = [
    {"azure_endpoint": "http://b"}, {"api_version": "2"}, {"azure_deployment": "d"}, {"organization": "o"},
    {"default_query": {"a": "b"}}, {"default_headers": {"x-tenant": "t"}},
]  # fmt: skip
HTTP: Changes = [{"base_url": "http://b"}, {"params": {"a": "b"}}, {"headers": {"x-tenant": "t"}}]
NO_MATTER: Changes = [{"auth": ("u", CANARY)}, {"headers": {"authorization": CANARY}}, {"timeout": 3}]

CLIENTS: dict[str, tuple[Callable[..., Any], Callable[..., Any], Changes, Changes]] = {
    "AnthropicVertex": (
        vertex, ask_anthropic,
        [{"region": "global"}, {"project_id": "q"}, {"base_url": "http://b"}],
        [{"access_token": "another"}],
    ),
    "AnthropicBedrock": (
        bedrock, ask_anthropic,
        [{"aws_region": "eu-west-1"}, {"base_url": "http://b"}, {"default_headers": {"x-tenant": "t"}}],
        [{"aws_access_key": "another"}, {"aws_secret_key": "another"}, {"aws_session_token": "another"}],
    ),
    "AzureOpenAI": (
        azure,
        ask_openai,
        AZURE,
        [*OTHER_KEY, {"api_key": None, "azure_ad_token": "another"}, {"timeout": 3}, {"max_retries": 1}],
    ),
    "AsyncAzureOpenAI": (awaited_azure, ask_openai, AZURE, OTHER_KEY),
    "google-genai with Vertex": (
        google, ask_google,
        [
            {"location": "m"}, {"project": "q"}, {"http_options": {"base_url": "http://b"}},
            {"http_options": {"api_version": "v1"}}, {"vertexai": False, "project": None, "location": None,
                                                      "credentials": None, "api_key": CANARY},
        ],
        [{"http_options": {"timeout": 3}}, {"http_options": {"retry_options": {"attempts": 2}}}],
    ),
    "Mistral": (mistral, ask_mistral, [{"server_url": "http://b"}, {"server": "eu"}], [*OTHER_KEY, {"timeout_ms": 3}]),
    "ollama": (
        ollama,
        ask_ollama,
        [{"host": "http://b"}, {"host": "http://a:1"}, {"headers": {"x-tenant": "t"}}],
        NO_MATTER[1:],
    ),
    "ollama, async": (awaited_ollama, ask_ollama, [{"host": "http://b"}], NO_MATTER[1:]),
    "cohere, async": (cohere, ask_cohere, [{"base_url": "http://b"}], [*OTHER_KEY, {"timeout": 3}]),
    "httpx": (http, ask_http, HTTP, NO_MATTER),
    "httpx, async": (awaited_http, ask_http, HTTP, NO_MATTER),
    "AzureChatOpenAI": (
        langchain,
        ask_langchain,
        [{"azure_endpoint": "http://b"}, {"azure_deployment": "e"}],
        [*OTHER_KEY, {"timeout": 3}, {"max_retries": 1}],
    ),
    "ChatAnthropic": (
        anthropic_of_langchain,
        ask_langchain,
        [{"base_url": "http://b"}, {"model": "claude-opus-4-5"}],
        [*OTHER_KEY, {"timeout": 3}, {"max_retries": 1}],
    ),
}  # fmt: skip
"""Client → how it is made and asked, what makes another destination of it, and what does not."""


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The key of a question that is put to a client in some way."""

    def of(client: Any, way: Any) -> str:
        monkeypatch.setattr(f"{__name__}.CLIENT", client)
        monkeypatch.setattr(f"{__name__}.ask", way)
        return answer.cache_key("Why is the sky blue?")

    return of


@pytest.mark.skipif(GROUP != "sdks", reason="the SDKs are in the group sdks")
@pytest.mark.parametrize("name", CLIENTS)
def test_two_destinations_are_two_questions(name: str, key: Callable[..., str]) -> None:
    """Each has another key, and a client that is made the same, or with another credential, has the same."""
    make, way, others, same = CLIENTS[name]
    keys = [key(make(), way), *(key(make(**change), way) for change in others)]
    assert len(keys) == len({*keys}), [change for change, k in zip(others, keys[1:], strict=True) if keys.count(k) > 1]
    for change in ({}, *same):
        assert keys[0] == key(make(**change), way), change
