"""An adapter per foreign library, opened when the first value of one of its types shows up.

A adapter is a module here. It may offer any of these functions; what it does not offer, or answers
with None, goes the ordinary way:

- ``canonical_form(value) -> (tag, payload) | None``: what stands for the value in a key.
- ``freeze(value) -> Frozen | None`` and ``thawer(codec)``: see `llm_memo.codec.codec`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import ModuleType

_ADAPTERS = {
    "openai": "openai",
    "pydantic": "pydantic",
    "numpy": "numpy",
    "pandas": "pandas",
    "PIL": "pil",
    "jinja2": "jinja2",
    "httpx": "httpx",
    "httpx2": "httpx",
}
"""Top-level package of a type → the adapter that knows it."""


def adapters_of(kind: type) -> Iterator[ModuleType]:
    """The adapters that know ``kind`` or a base of it, the nearest first."""
    seen = set()
    for base in kind.__mro__:
        adapter = _adapter_name(base.__module__)
        if adapter is not None and adapter not in seen:
            seen.add(adapter)
            yield importlib.import_module(f"{__name__}.{adapter}")


def _adapter_name(module: object) -> str | None:
    if not isinstance(module, str):
        return None
    package, _, rest = module.partition(".")
    if rest.startswith(("_base_client", "_resource")):
        return "openai"  # Anthropic, Groq and others: their clients come from the same generator
    return _ADAPTERS.get(package)


def never_sent(kind: type) -> frozenset[str]:
    """Attributes of instances of ``kind`` that its library never sends to a model, such as ids and logs of calls."""
    from llm_memo.adapters import frameworks

    return frozenset().union(*(frameworks.NEVER_SENT.get(f"{b.__module__}.{b.__qualname__}", ()) for b in kind.__mro__))
