"""What a request says to the cache itself: read, checked, and taken out before the request leaves.

By header ``op-cache``, ``llm-memo-ttl`` and ``llm-memo-sample``, in an SDK's ``extra_headers``; or, as clients of
OpenPipe have it, by ``extra_body={"openpipe": {"cache": …}}``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llm_memo.errors import InvalidOption
from llm_memo.options import parsed

__all__ = ["Controls", "take"]

POLICY, TTL, SAMPLE = "op-cache", "llm-memo-ttl", "llm-memo-sample"
_NAMES = (POLICY, TTL, SAMPLE)
_BODY = b'"openpipe"'
_SWITCH = {"true": True, "false": False}
"""What OpenPipe's older clients send."""


@dataclass(slots=True)
class Controls:
    """What one request says to the cache.

    Args:
        given: The settings that it gives.
        sample: Which sample it asks for; None if it does not say.
        content: Its body without them; None if nothing was to be taken out.
        headers: Whether headers are to be taken out.
    """

    given: dict[str, Any] = field(default_factory=dict)
    sample: int | None = None
    content: bytes | None = None
    headers: bool = False

    def without(self, request: Any) -> Any:
        """``request``, or a copy of it that leaves these out."""
        if not self.headers and self.content is None:
            return request
        left_out = {*_NAMES, *(("content-length",) if self.content is not None else ())}
        headers = [pair for pair in request.headers.raw if pair[0].lower().decode("latin-1") not in left_out]
        body = {"stream": request.stream} if self.content is None else {"content": self.content}
        return type(request)(request.method, request.url, headers=headers, extensions=request.extensions, **body)


def take(headers: Mapping[str, str], content: bytes | None) -> Controls:
    """What a request says to the cache.

    Args:
        headers: Its headers, by names in lower case.
        content: Its body, if it can be looked at.

    Raises:
        InvalidOption: A value that is none.
    """
    found = Controls()
    for name in _NAMES:
        if name in headers:
            found.headers = True
            _one(found, name, headers[name].strip())
    if content is not None and _BODY in content:
        _from_body(found, content)
    return found


def _one(found: Controls, name: str, value: str) -> None:
    try:
        if not value:
            raise InvalidOption("it is empty")
        if name == POLICY:
            found.given |= parsed(policy=_SWITCH.get(value.lower(), value))
        elif name == TTL:
            found.given |= parsed(ttl=value)
        elif value.isdecimal():
            found.sample = int(value)
        else:
            raise InvalidOption(f"sample={value!r} is not a whole number of at least 0")
    except InvalidOption as error:
        raise InvalidOption(f"header {name}: {error}") from None


def _from_body(found: Controls, content: bytes) -> None:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return
    field = body.get("openpipe") if isinstance(body, dict) else None
    if not isinstance(field, dict) or "cache" not in field:
        return
    value = field.pop("cache")
    if not field:
        del body["openpipe"]
    found.content = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    if not isinstance(value, (str, bool)) or value == "":
        raise InvalidOption(f'the body\'s "openpipe": cache={value!r} is not a cache policy')
    if POLICY not in found.given:
        found.given = (
            parsed(policy=_SWITCH.get(value.lower(), value) if isinstance(value, str) else value) | found.given
        )
