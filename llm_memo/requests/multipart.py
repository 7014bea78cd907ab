"""Forms of several parts (RFC 7578): what is in one, and whether it can be read twice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;,\s]+))', re.IGNORECASE)
_PARAMETER = re.compile(rb'[;\s](name|filename)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_MEDIA = re.compile(rb"^content-type:\s*(.+?)\s*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form."""

    name: str
    filename: str | None
    media: str
    content: bytes


def parts(body: bytes, content_type: str) -> list[Part] | None:
    """The fields of a form, in order; None if it is not one."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return None
    mark = b"--" + (boundary[1] or boundary[2]).encode()
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        return None
    found = []
    for piece in pieces[1:-1]:
        head, blank, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        parameters = {name.lower(): value.decode("utf-8", "replace") for name, value in _PARAMETER.findall(head)}
        if not blank or b"name" not in parameters:
            return None
        media = _MEDIA.search(head)
        found.append(
            Part(parameters[b"name"], parameters.get(b"filename"), media[1].decode("latin-1") if media else "", content)
        )
    return found


def is_repeatable(stream: Any) -> bool:
    """Whether a request's stream, of httpx or httpx2, gives the same bytes when it is read a second time."""
    fields = getattr(stream, "fields", None)
    if type(stream).__name__ != "MultipartStream" or fields is None:
        return False
    return all(map(_is_repeatable, (getattr(field, "file", b"") for field in fields)))


def _is_repeatable(file: Any) -> bool:
    if isinstance(file, (bytes, str)):
        return True
    try:
        return bool(file.seekable())
    except Exception:  # not quite a file
        return False
