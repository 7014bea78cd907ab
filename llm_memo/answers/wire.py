"""Answers by their look: an SDK's model and the dict that its ``model_dump()`` gives are read alike.

No SDK is imported for it. A chat completion has ``choices``, a response an ``output``, a chunk or event
says so in ``object`` or ``type``.
"""

from __future__ import annotations

from typing import Any

PLAIN = frozenset({type(None), bool, int, float, bytes})
"""Kinds that say nothing about a model's answer."""


def is_record(value: object) -> bool:
    """Whether ``value`` has named fields: a dict or a model."""
    return type(value) is dict or hasattr(type(value), "__pydantic_fields__")


def get(value: Any, name: str) -> Any:
    """The field ``name`` of a dict or model, declared or extra; None if it has none."""
    if type(value) is dict:
        return value.get(name)
    if is_record(value):  # pydantic takes microseconds to say that a model has no such attribute
        held = getattr(value, "__dict__", None) or {}
        if name in held:
            return held[name]
        if not hasattr(type(value), name):  # a pydantic dataclass has no extras
            return (getattr(value, "__pydantic_extra__", None) or {}).get(name)
    return getattr(value, name, None)


def text(value: Any, name: str) -> str:
    """The field ``name`` if it is a str, else ""."""
    found = get(value, name)
    return found if isinstance(found, str) else ""


def records(value: Any, name: str) -> list[Any]:
    """The dicts and models in the list ``name``; none if it is no list."""
    found = get(value, name)
    return [item for item in found if is_record(item)] if isinstance(found, list) else []


def choices(value: Any) -> list[Any]:
    """The choices of a completion or of a chunk of one; none if ``value`` is neither."""
    return [choice for choice in records(value, "choices") if _is_choice(choice)]


def is_chunk(value: Any) -> bool:
    """Whether ``value`` is a part of a streamed chat completion."""
    return text(value, "object") == "chat.completion.chunk"


def inner(value: Any) -> Any:
    """The chunk or response that an event of a stream is about; None if it is about neither, or no event."""
    kind = text(value, "type")
    if kind == "chunk":
        return get(value, "chunk")
    return get(value, "response") if kind.startswith("response.") else None


def body(value: Any) -> Any:
    """The JSON that a raw response of an SDK brought; None of anything else."""
    if type(value).__name__ != "LegacyAPIResponse":
        return None
    try:
        return value.http_response.json()
    except Exception:
        return None


def _is_choice(value: Any) -> bool:
    return (
        get(value, "delta") is not None
        or get(value, "message") is not None
        or get(value, "finish_reason") is not None
        or get(value, "text") is not None
    )
