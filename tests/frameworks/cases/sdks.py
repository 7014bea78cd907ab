"""SDKs of the providers."""

from __future__ import annotations

from typing import Any

from cases.case import CANARY, OTHER, Case


def asks(text: str) -> Any:
    """A chat's messages."""
    return [{"role": "user", "content": text}]


def openai(url: str, **settings: Any) -> Any:
    from openai import OpenAI

    return OpenAI(base_url=f"{url}/v1", api_key=CANARY, max_retries=0, **settings)


def ask_openai(client: Any, text: str) -> Any:
    return client.chat.completions.create(model="gpt-5.2", messages=asks(text))


def stream_openai(client: Any, text: str) -> Any:
    return client.chat.completions.create(model="gpt-5.2", messages=asks(text), stream=True)


def ask_responses(client: Any, text: str) -> Any:
    return client.responses.create(model="gpt-5.2", input=text)


def stream_responses(client: Any, text: str) -> Any:
    return client.responses.create(model="gpt-5.2", input=text, stream=True)


def anthropic(url: str, **settings: Any) -> Any:
    from anthropic import Anthropic

    return Anthropic(base_url=url, api_key=CANARY, max_retries=0, **settings)


def ask_anthropic(client: Any, text: str) -> Any:
    return client.messages.create(model="claude-sonnet-4-5", max_tokens=500, messages=asks(text))


def stream_anthropic(client: Any, text: str) -> Any:
    return client.messages.create(model="claude-sonnet-4-5", max_tokens=500, messages=asks(text), stream=True)


def groq(url: str, **settings: Any) -> Any:
    from groq import Groq

    return Groq(base_url=url, api_key=CANARY, max_retries=0, **settings)


def mistral(url: str, **settings: Any) -> Any:
    from mistralai.client import Mistral

    return Mistral(server_url=url, api_key=CANARY, **settings)


def ask_mistral(client: Any, text: str) -> Any:
    return client.chat.complete(model="mistral-small-latest", messages=asks(text))


def stream_mistral(client: Any, text: str) -> Any:
    return client.chat.stream(model="mistral-small-latest", messages=asks(text))


def google(url: str, **settings: Any) -> Any:
    from google import genai

    return genai.Client(api_key=CANARY, http_options={"base_url": url, "api_version": "v1beta", **settings})


def ask_google(client: Any, text: str) -> Any:
    return client.models.generate_content(model="gemini-2.5-flash", contents=text)


def stream_google(client: Any, text: str) -> Any:
    return client.models.generate_content_stream(model="gemini-2.5-flash", contents=text)


def cohere(url: str, **settings: Any) -> Any:
    from cohere import ClientV2

    return ClientV2(base_url=url, api_key=CANARY, **settings)


def ask_cohere(client: Any, text: str) -> Any:
    return client.chat(model="command-a-03-2025", messages=asks(text))


def stream_cohere(client: Any, text: str) -> Any:
    return client.chat_stream(model="command-a-03-2025", messages=asks(text))


def ollama(url: str, **settings: Any) -> Any:
    from ollama import Client

    return Client(url, **settings)


def ask_ollama(client: Any, text: str) -> Any:
    return client.chat("llama3.2", asks(text))


def stream_ollama(client: Any, text: str) -> Any:
    return client.chat("llama3.2", asks(text), stream=True)


QUERY = {"default_query": {"a": "b"}}
HEADERS = {"headers": {"x-tenant": "other"}}

CASES = (
    Case(
        "openai", "openai", openai, ask_openai, stream_openai,
        (OTHER, QUERY, {"organization": "o"}, {"project": "p"}),
        "client.chat.completions.create(…)",
    ),
    Case(
        "openai, responses", "openai", openai, ask_responses, stream_responses, (OTHER, QUERY),
        "client.responses.create(…)",
    ),
    Case(
        "anthropic", "anthropic", anthropic, ask_anthropic, stream_anthropic, (OTHER, QUERY),
        "client.messages.create(…)",
    ),
    Case("groq", "groq", groq, ask_openai, stream_openai, (OTHER, QUERY), "client.chat.completions.create(…)"),
    Case("mistralai", "mistralai.client", mistral, ask_mistral, stream_mistral, (OTHER,), "client.chat.complete(…)"),
    Case(
        "google-genai", "google.genai", google, ask_google, stream_google,
        (OTHER, {"api_version": "v1"}, HEADERS), "client.models.generate_content(…)",
    ),
    Case("cohere", "cohere", cohere, ask_cohere, stream_cohere, (OTHER,), "client.chat(…)", unnamed=True),
    Case(
        "ollama", "ollama", ollama, ask_ollama, stream_ollama, (OTHER, HEADERS), "client.chat(…)",
    ),
)  # fmt: skip
