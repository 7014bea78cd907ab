"""What goes wrong, as the API that was called says it: OpenAI's and Anthropic's SDKs then raise what they should."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx

from llm_memo.errors import CacheMiss, InvalidOption, MemoError

__all__ = ["Fault", "Refused", "fault_of"]


class Refused(Exception):
    """A request is not let in.

    Args:
        status: The status that says so.
        code: In a word, for programs.
        message: For people.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Fault:
    """An error that is answered with.

    Args:
        status: Its status.
        code: In a word, for programs.
        message: For people; of nothing secret.
    """

    status: int
    code: str
    message: str

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers that go with it."""
        again = [(b"x-should-retry", b"false")] if self.status == 412 else []
        return [(b"content-type", b"application/json"), *again]

    def body(self, target: bytes) -> bytes:
        """What it says, in the shape of the API that ``target`` belongs to."""
        path = target.partition(b"?")[0]
        kind = _KINDS.get(self.status, "api_error" if self.status >= 500 else "invalid_request_error")
        error: dict[str, Any] = {"type": kind, "message": self.message}
        if path.endswith((b"/messages", b"/messages/count_tokens")):
            return _json({"type": "error", "error": error | {"code": self.code}})
        return _json({"error": error | {"param": None, "code": self.code}})


_KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error"}


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()


def fault_of(error: Exception) -> Fault:
    """The error to answer with, where the way of a request ended in ``error`` before there was a response."""
    if isinstance(error, Refused):
        return Fault(error.status, error.code, str(error))
    if isinstance(error, CacheMiss):
        return Fault(412, "cache_miss", "policy 'replay' and no kept answer")  # which are kept may be another's
    if isinstance(error, InvalidOption):
        return Fault(400, "invalid_option", str(error))
    if isinstance(error, httpx.TimeoutException):
        return Fault(504, "upstream_timeout", "the upstream did not answer in time")
    if isinstance(error, httpx.TransportError):
        return Fault(502, "upstream_unreachable", f"the upstream could not be reached: {type(error).__name__}")
    return Fault(500, "internal_error", str(error) if isinstance(error, MemoError) else type(error).__name__)
