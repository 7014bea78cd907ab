"""A room per foreign library, opened when the first value of one of its types shows up.

A room is a module here. It may offer any of these functions; what it does not offer, or answers
with None, goes the ordinary way:

- ``canonical_form(value) -> (tag, payload) | None``: what stands for the value in a key.
- ``freeze(value) -> Frozen | None`` and ``thawer(codec)``: see `llm_memo.codec.codec`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import ModuleType

_ROOMS = {
    "openai": "openai",
    "pydantic": "pydantic",
    "numpy": "numpy",
    "pandas": "pandas",
    "PIL": "pil",
    "jinja2": "jinja2",
    "httpx": "httpx",
    "httpx2": "httpx",
}
"""Top-level package of a type → the room that knows it."""


def rooms(kind: type) -> Iterator[ModuleType]:
    """The rooms that know ``kind`` or a base of it, the nearest first."""
    seen = set()
    for base in kind.__mro__:
        room = _room_name(base.__module__)
        if room is not None and room not in seen:
            seen.add(room)
            yield importlib.import_module(f"{__name__}.{room}")


def _room_name(module: object) -> str | None:
    if not isinstance(module, str):
        return None
    package, _, rest = module.partition(".")
    if rest.startswith(("_base_client", "_resource")):
        return "openai"  # Anthropic, Groq and others: their clients come from the same generator
    return _ROOMS.get(package)
