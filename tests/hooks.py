"""A subject hook for tests of canonical forms: code by its name, objects of own classes by class and data."""

from __future__ import annotations

import types
from typing import Any

from llm_memo.identity.forms import encoding


def by_name(thing: Any) -> bytes | None:
    """What stands for code: its qualified name; nothing for an object, whose class and data stand for it."""
    if not issubclass(type(thing), (type, types.FunctionType, types.MethodType, types.ModuleType)):
        return None
    return str(getattr(thing, "__qualname__", thing.__name__)).encode()


def encoded(value: object) -> bytes:
    """The canonical bytes of ``value``, with `by_name`."""
    return encoding.encode(value, by_name)


def repeated(values: list[Any]) -> list[int]:
    """The places of those ``values`` whose canonical bytes are also those of an earlier one."""
    found = [encoded(value) for value in values]
    return [number for number, each in enumerate(found) if each in found[:number]]
