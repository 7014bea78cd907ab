"""Answers by their look: an SDK's model and the dict that its ``model_dump()`` gives are read alike.

No SDK is imported for it. A chat completion has ``choices``, a response an ``output``, a chunk or event
says so in ``object`` or ``type``.
"""

from __future__ import annotations

import enum
import types
from typing import Any

PLAIN = frozenset({type(None), bool, int, float, bytes})
"""Kinds that say nothing about a model's answer."""

_NO_RECORDS = (str, bytes, int, float, list, tuple, set, frozenset, type, types.ModuleType)


def is_record(value: object) -> bool:
    """Whether ``value`` has named fields: a dict, a model, a dataclass or another object with attributes."""
    if isinstance(value, dict):
        return True
    kind = type(value)
    if hasattr(kind, "__pydantic_fields__") or hasattr(kind, "__dataclass_fields__"):
        return not isinstance(value, type)
    return hasattr(value, "__dict__") and not isinstance(value, _NO_RECORDS) and not callable(value)


def get(value: Any, name: str) -> Any:
    """The field ``name`` of a record, declared, extra or private; None if it has none. No property is read."""
    if isinstance(value, dict):
        return value.get(name)
    held = getattr(value, "__dict__", None)  # pydantic takes microseconds to say that a model has no such attribute
    if held and name in held:
        return held[name]
    kind = type(value)
    for more in ("__pydantic_extra__", "__pydantic_private__"):
        if hasattr(kind, "__pydantic_fields__") and (found := getattr(value, more, None)) and name in found:
            return found[name]
    is_slot = isinstance(getattr(kind, name, None), types.MemberDescriptorType)
    return getattr(value, name, None) if is_slot else None


def fields(value: Any) -> dict[str, Any]:
    """All fields of a record, declared and extra."""
    if isinstance(value, dict):
        return value
    return {**getattr(value, "__dict__", {}), **(getattr(value, "__pydantic_extra__", None) or {})}


def text(value: Any, name: str) -> str:
    """The field ``name`` if it is a str, or an enum's member that stands for one; else ""."""
    found = get(value, name)
    if isinstance(found, enum.Enum):
        found = found.value
    return found if isinstance(found, str) else ""


def records(value: Any, name: str) -> list[Any]:
    """The dicts and models in the list ``name``; none if it is no list."""
    found = get(value, name)
    return [item for item in found if is_record(item)] if isinstance(found, (list, tuple)) else []


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
