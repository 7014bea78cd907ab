"""Sessions of aiohttp and its multidicts, in keys."""

from __future__ import annotations

from typing import Any

from llm_memo.adapters.headers import counting


def canonical_form(value: Any) -> tuple[str, object] | None:
    """A session is its base URL and the headers that were set on it."""
    kind = type(value)
    names = {base.__name__ for base in kind.__mro__}
    if "ClientSession" in names:
        base_url = getattr(value, "_base_url", None)
        return "session of aiohttp", (
            kind,
            None if base_url is None else str(base_url),
            counting(value.headers.items()),
        )
    if names & {"CIMultiDict", "CIMultiDictProxy"}:
        return "headers", counting(value.items())
    if names & {"MultiDict", "MultiDictProxy"}:
        return "multidict", [*value.items()]
    return ("url", str(value)) if "URL" in names else None
