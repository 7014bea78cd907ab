"""Sessions of requests, in keys."""

from __future__ import annotations

from typing import Any

from llm_memo.adapters.headers import counting


def canonical_form(value: Any) -> tuple[str, object] | None:
    """A session is the query and the headers that were set on it; headers are a dict of theirs."""
    import requests

    if isinstance(value, requests.Session):
        usual = {*requests.utils.default_headers().items()}
        kind = type(value)
        own = None if kind is requests.Session else kind
        return "session", (own, counting(value.headers.items(), usual), value.params, value.hooks)
    if isinstance(value, requests.structures.CaseInsensitiveDict):
        return "headers", counting(value.items())
    return None
