"""Plain requests, and the ways to look at what became of them."""

from __future__ import annotations

import httpx2
from openai import OpenAI
from openai.types.chat import ChatCompletion

URL = "https://api.example.com/v1/chat/completions"
TEXT = "Why is the sky blue?"


def ask(client: OpenAI, text: str = TEXT, **options: object) -> ChatCompletion:
    """One question of a chat."""
    return client.chat.completions.create(  # type: ignore[call-overload,no-any-return]
        model="gpt-5.2", messages=[{"role": "user", "content": text}], **options
    )


def outcome(client: OpenAI, text: str = TEXT, **options: object) -> str | None:
    """What became of one question of a chat."""
    raw = client.chat.completions.with_raw_response.create(  # type: ignore[call-overload]
        model="gpt-5.2", messages=[{"role": "user", "content": text}], **options
    )
    return raw.headers.get("x-llm-memo")  # type: ignore[no-any-return]


def post(body: object = None, url: str = URL, **options: object) -> httpx2.Request:
    """A request as an SDK would make it."""
    body = {"model": "m", "messages": []} if body is None else body
    return httpx2.Request("POST", url, json=body, **options)  # type: ignore[arg-type]
