"""Proxies of wrapt, in keys: what a decorator that is written with it holds."""

from __future__ import annotations

from typing import Any


def canonical_form(value: Any) -> tuple[str, object] | None:
    """A proxy is its class, what it stands for, and the wrapper that it calls; a bound one also its instance."""
    kind: Any = type(value)
    if not any(base.__name__ == "ObjectProxy" for base in kind.__mro__):
        return None
    names = ("_self_wrapper", "_self_instance", "_self_enabled", "_self_binding")
    held = [(name, object.__getattribute__(value, name)) for name in names if hasattr(kind, name)]
    return "proxy", (kind, value.__wrapped__, held)
