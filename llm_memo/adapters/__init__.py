"""One adapter for each foreign library, imported when the first value of one of its types is met.

The core, which is below the adapters, knows only this module: it asks for the adapters of a type, or
of a codec. An adapter is a module that offers any of these; what it does not offer, or answers with
None, goes the ordinary way:

- ``canonical_form(value) -> (tag, payload) | None``: what stands for the value in a key.
- ``watch(value, check) -> bool``: adds to a check all that the form is made of; False if it takes more.
- ``is_by_attributes(value) -> bool``: whether its form is made of its class and its attributes alone.
- ``freeze(value) -> Frozen | None`` and ``thawer(codec)``: see `llm_memo.codec.codec`.
- ``remade(kind)``: for a class that the library makes at run time, how it is made again; see `llm_memo.codec.pickled`.
- ``facts(response)``: what may be kept of an HTTP response.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

_ADAPTERS = {
    "openai": "openai",
    "pydantic": "pydantic",
    "numpy": "numpy",
    "pandas": "pandas",
    "PIL": "pil",
    "jinja2": "jinja2",
    "httpx": "httpx",
    "httpx2": "httpx",
    "pydantic_core": "pydantic",
    "polars": "polars",
    "pyarrow": "pyarrow",
    "botocore": "botocore",
    "agno": "agno",
    "requests": "requests",
    "aiohttp": "aiohttp",
    "multidict": "aiohttp",
    "yarl": "aiohttp",
}
"""Top-level package of a type → the adapter that knows it."""
_OF_CODECS = {
    "array": "llm_memo.adapters.numpy",
    "pydantic": "llm_memo.adapters.pydantic",
    "openai": "llm_memo.adapters.openai",
    "response": "llm_memo.requests.response",
}
"""First word of a codec → the module whose ``thawer(codec)`` makes its thawer."""


def adapters_of(kind: type) -> Iterator[ModuleType]:
    """The adapters that know ``kind`` or a base of it, the nearest first."""
    seen = set()
    for base in kind.__mro__:
        adapter = "wrapt" if base.__name__ == "ObjectProxy" else _adapter_name(base.__module__)
        if adapter is not None and adapter not in seen:
            seen.add(adapter)
            yield _opened(adapter)


def offering(kind: type, name: str) -> Any:
    """What the nearest adapter of ``kind`` offers under ``name``; None if none does."""
    return next((getattr(adapter, name) for adapter in adapters_of(kind) if hasattr(adapter, name)), None)


def of_streams() -> ModuleType:
    """The adapter of streams, which knows those of all SDKs by their shape."""
    return _opened("streams")


def adapter_of_codec(word: str) -> ModuleType | None:
    """The adapter whose codecs begin with ``word``; None if there is none."""
    module = _OF_CODECS.get(word)
    return None if module is None else importlib.import_module(module)


def _opened(adapter: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{adapter}")


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
