"""The model endpoints that are known: which paths are cached, and which requests to them are not.

An endpoint is known by the end of its path, so that Azure's deployments, gateways and proxies need no
configuration. What keeps state on the server wins over that: such requests pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

__all__ = ["Endpoint", "endpoint_of", "has_state", "model_in_path"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A kind of request to a model.

    Args:
        kind: What its answers look like; `llm_memo.answers.proof` has what proves each of them complete.
        fields: Top-level fields that its body must have beside the model's name.
    """

    kind: str
    fields: tuple[str, ...] = ()


_ENDPOINTS = {
    "chat/completions": Endpoint("chat"),
    "fim/completions": Endpoint("chat"),
    "completions": Endpoint("chat"),
    "responses": Endpoint("responses"),
    "embeddings": Endpoint("embeddings"),
    "moderations": Endpoint("moderations"),
    "images/generations": Endpoint("images"),
    "images/edits": Endpoint("images"),
    "images/variations": Endpoint("images"),
    "audio/speech": Endpoint("speech"),
    "audio/transcriptions": Endpoint("transcription"),
    "audio/translations": Endpoint("transcription"),
    "messages": Endpoint("messages", ("messages", "max_tokens")),
    "messages/count_tokens": Endpoint("tokens", ("messages",)),
    "api/chat": Endpoint("ollama"),
    "api/generate": Endpoint("ollama"),
    "api/embed": Endpoint("vectors"),
    "v2/chat": Endpoint("cohere"),
    "v2/embed": Endpoint("vectors"),
    "v2/rerank": Endpoint("rerank"),
    "ocr": Endpoint("ocr"),
    ":generateContent": Endpoint("gemini"),
    ":streamGenerateContent": Endpoint("gemini"),
    ":embedContent": Endpoint("vectors"),
    ":batchEmbedContents": Endpoint("vectors"),
    ":countTokens": Endpoint("tokens"),
}
"""The end of a path → its endpoint."""

_STATEFUL = frozenset(
    {
        "assistants", "batches", "channels", "containers", "conversations", "evals", "files", "fine-tunes",
        "fine_tuning", "realtime", "rooms", "runs", "threads", "uploads", "vector_stores", "videos",
    }
)  # fmt: skip
"""Segments of paths whose requests keep something on the server, or are no model's."""

_GEMINI = re.compile(r"(?:models|endpoints|tunedModels)/([^/:]+):[A-Za-z]+$")
_AZURE = re.compile(r"/deployments/([^/]+)/")


def endpoint_of(path: str) -> Endpoint | None:
    """The endpoint that ``path``, without its query, ends in; None if requests to it pass."""
    segments = path.strip("/").split("/")
    if not _STATEFUL.isdisjoint(segments):
        return None
    last = segments[-1]
    method = last.rpartition(":")
    if method[1]:
        return _ENDPOINTS.get(method[1] + method[2])
    return _ENDPOINTS.get("/".join(segments[-2:])) or _ENDPOINTS.get(last)


def model_in_path(path: str) -> str | None:
    """The model, or Azure's deployment, that a path names."""
    found = _GEMINI.search(path) or _AZURE.search(path)
    return found[1] if found else None


_STATEFUL_FIELDS = ("conversation", "container", "mcp_servers")
_STATEFUL_TOOLS = re.compile(r"mcp|computer|shell|local_shell|bash|code_execution")


def has_state(endpoint: Endpoint, body: dict[str, Any]) -> bool:
    """Whether the answer depends on, or leaves, something on the server that the body does not show."""
    if endpoint.kind not in ("responses", "messages"):
        return False
    if body.get("background") is True or any(body.get(field) is not None for field in _STATEFUL_FIELDS):
        return True
    prompt = body.get("prompt")
    if isinstance(prompt, dict) and prompt.get("id") is not None and prompt.get("version") is None:
        return True
    tools = body.get("tools")
    return any(map(_is_stateful, tools)) if isinstance(tools, list) else False


def _is_stateful(tool: Any) -> bool:
    if not isinstance(tool, dict):
        return False
    kind = tool.get("type")
    return "container" in tool or (isinstance(kind, str) and _STATEFUL_TOOLS.match(kind) is not None)
