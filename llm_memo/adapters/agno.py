"""Models of agno, in keys."""

from __future__ import annotations

import os
from typing import Any

from llm_memo.adapters.headers import counting
from llm_memo.identity.forms.objects import attributes


def canonical_form(value: Any) -> tuple[str, object] | None:
    """A model is what it was given; a client that it made of that with its first request says nothing more."""
    kind = type(value)
    if not _is_model(kind):
        return None
    held = attributes(value)
    for name in _CLIENTS:
        if name in held and (held[name] is None or _is_implied(held[name], held)):
            del held[name]
    return "model of agno", (kind, held)


def is_by_attributes(value: Any) -> bool:
    """Whether it is a model that has made no client yet: nothing but its class and its attributes are its form."""
    return _is_model(type(value)) and all(vars(value).get(name) is None for name in _CLIENTS)


_CLIENTS = ("client", "async_client")


def _is_model(kind: type) -> bool:
    return any(base.__module__ == "agno.models.base" and base.__name__ == "Model" for base in kind.__mro__)


def _is_implied(client: Any, held: dict[str, Any]) -> bool:
    """Whether a client of OpenAI's SDK goes where the model's own settings say, and adds nothing to them."""
    if not hasattr(client, "_custom_query") or not hasattr(client, "organization"):
        return False
    url = held.get("base_url") or os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"
    organization = held.get("organization") or os.environ.get("OPENAI_ORG_ID")
    return (
        str(client.base_url).rstrip("/") == str(url).rstrip("/")
        and client.organization == organization
        and client._custom_query == (held.get("default_query") or {})
        and counting(client._custom_headers.items()) == counting(dict(held.get("default_headers") or ()).items())
    )
