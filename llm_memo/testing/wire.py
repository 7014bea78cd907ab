"""The bytes of requests and answers: bodies and forms read, answers and events written."""

import email.parser
import email.policy
import json
from email.message import MIMEPart
from typing import Any

Payload = dict[str, Any] | str | bytes

_TYPES = {dict: "application/json", str: "text/plain; charset=utf-8", bytes: "audio/wav"}


def read(content_type: str, content: bytes) -> dict[str, Any]:
    """The JSON object or the form that was sent; files of a form are bytes.

    Raises:
        ValueError: it is neither.
    """
    if content_type.startswith("multipart/form-data"):
        return _form(content_type, content)
    body = json.loads(content)
    if not isinstance(body, dict):
        raise ValueError("the body is not a JSON object")
    return body


def written(payload: Payload) -> tuple[str, bytes]:
    """The content type and the bytes of an answer: an object as JSON, a string as text, bytes as sound."""
    return _TYPES[type(payload)], payload if isinstance(payload, bytes) else _text(payload).encode()


def event(event: dict[str, Any] | str) -> bytes:
    """A server-sent event, named by its `type` if it has one."""
    name = f"event: {event['type']}\n" if isinstance(event, dict) and "type" in event else ""
    return f"{name}data: {_text(event)}\n\n".encode()


def error(status: int, message: str, *, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """The body of an error as the API words it."""
    kind = {429: "rate_limit_error"}.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _text(payload: dict[str, Any] | str) -> str:
    if isinstance(payload, str):
        return payload
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def _form(content_type: str, content: bytes) -> dict[str, Any]:
    head = f"content-type: {content_type}\r\n\r\n".encode()
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + content)
    return {_name(part): _field(part) for part in form.iter_parts()}


def _name(part: MIMEPart) -> str:
    return str(part.get_param("name", header="content-disposition"))


def _field(part: MIMEPart) -> str | bytes:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content if part.get_filename() is not None else content.decode()
