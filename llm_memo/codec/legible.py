"""Kept answers as plain data, to be looked at and not used.

Nothing is thawed: models are their JSON, streams the list of their items, and of a pickle no module
is imported that is not the standard library's or loaded already. So a look at an entry never runs
the user's script, and shows answers whose classes are gone.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import math
import pickle
import sys
from datetime import datetime
from typing import Any

from llm_memo.codec.frozen import thaw

_DECIMAL = 14_000
"""Bits of the largest number that is written as decimal digits; Python refuses more than 4,300 of those."""


class Items(list[Any]):
    """What a generator or stream gave, piece by piece."""


def legible(frozen: tuple[str, Any]) -> Any:
    """A frozen value as plain data.

    Raises:
        Exception: It holds what plain data cannot stand for.
    """
    codec, payload = frozen
    kind = codec.partition(" ")[0]
    if kind == "pydantic":
        return _model(*(payload, []) if payload[:1] == b"{" else _opened(payload))
    if kind == "recording":
        return Items(map(legible, _opened(payload)[0]))
    if kind == "awaited":
        return legible(_opened(payload))
    if kind == "stream":
        return Items(map(legible, _opened(payload)["items"]))
    if kind == "response":
        said = thaw(frozen).said()
        return Items(said) if isinstance(said, list) else said
    if kind in ("pickle", "openai"):
        return _opened(payload)
    return thaw(frozen)


def as_json(data: Any, inside: tuple[int, ...] = ()) -> Any:
    """Plain data as what JSON knows: keys are text, times ISO 8601, objects dicts of their attributes.

    A number that JSON or Python's own decimal form has not is text, and what contains itself is an ellipsis there.

    Args:
        data: The data.
        inside: The identities of what it is in.
    """
    if isinstance(data, datetime):
        return data.isoformat(timespec="seconds")
    if isinstance(data, float) and not math.isfinite(data):
        return str(data)
    if isinstance(data, int) and data.bit_length() > _DECIMAL:
        return hex(data)
    if id(data) in inside:
        return "…"
    inside = (*inside, id(data))
    if isinstance(data, (list, tuple)):
        return [as_json(item, inside) for item in data]
    if not isinstance(data, dict):
        if isinstance(data, type) or not hasattr(data, "__dict__"):
            return data
        data = vars(data)
    return {str(name): as_json(item, inside) for name, item in data.items()}


def _model(text: bytes, lost: list[tuple[tuple[tuple[str, Any], ...], Any]]) -> Any:
    """A model's JSON, with what it lost put back as far as JSON has a place for it."""
    model = json.loads(text)
    for way, item in lost:
        *steps, (_, name) = way
        if type(name) is int or (isinstance(name, str) and not name.startswith("_")):
            with contextlib.suppress(LookupError, TypeError):
                functools.reduce(lambda inner, step: inner[step[1]], steps, model)[name] = item
    return model


def _opened(payload: bytes) -> Any:
    return _Opener(io.BytesIO(payload)).load()


class _Opener(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        stand_in = _OURS.get((module, name))
        if stand_in is not None:
            return stand_in
        if module in sys.modules or module.partition(".")[0] in sys.stdlib_module_names:
            try:
                return super().find_class(module, name)
            except AttributeError:
                pass
        return type(name, (StandIn,), {"__module__": module})


class StandIn:
    """Stands for an object whose class was not imported: it has its attributes and does nothing."""

    def __init__(self, *arguments: Any) -> None:
        if arguments:
            self.arguments = list(arguments)

    def __setstate__(self, state: Any) -> None:
        for part in state if isinstance(state, tuple) else (state,):
            vars(self).update(part if isinstance(part, dict) else {"state": part} if part is not None else {})

    def __setitem__(self, key: Any, item: Any) -> None:
        vars(self)[str(key)] = item

    def append(self, item: Any) -> None:
        """Take an item, as a subclass of list does."""
        vars(self).setdefault("items", []).append(item)


def _attribute(owner: Any, name: str) -> Any:
    """Stands for ``getattr``, by which Python pickled an enum's member before 3.11.4."""
    return owner(name) if isinstance(owner, type) and issubclass(owner, StandIn) else getattr(owner, name)


def _resolved(name: str) -> Any:
    """Stands for `llm_memo.codec.references.resolve`: a generic type is only shown."""
    module, _, path = name.partition(":")
    return name if "[" in name else _Opener(io.BytesIO()).find_class(module, path)


_OURS = {
    ("builtins", "getattr"): _attribute,
    ("llm_memo.codec.frozen", "thaw"): legible,
    ("llm_memo.codec.references", "resolve"): _resolved,
}
"""What is called in the place of functions that are in pickles."""
