"""A frozen value, and how it thaws: one look-up by its codec.

The codecs, each a word and, for some, the name of a class::

    text        a str, as UTF-8
    json        exact JSON types, as JSON
    floats      a list of floats alone, as an embedding is, 8 bytes each
    bytes       bytes, as they are
    array       an exact numpy array, itself
    pydantic …  a model of this class, as JSON and what JSON lost
    pickle      everything else
    openai …    a binary or raw response of the SDK
    recording   the items of a generator
    stream      a stream that replays its items
    response    an HTTP response of a model: its head, and its body in pieces
    awaited     what an awaitable gave that a plain function returned
"""

from __future__ import annotations

import json
import operator
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from llm_memo import adapters

Payload = Any
"""Bytes; for the codec ``array``, the array."""
Thawer = Callable[[Payload], Any]


class Frozen(NamedTuple):
    """A value as plain data."""

    codec: str
    """How it was frozen, such as ``"text"`` or ``"pydantic openai.types:CompletionUsage"``."""
    payload: Payload
    """Bytes always, except for the codec ``"array"``: an exact numpy array without objects."""


class Unfreezable(Exception):
    """A value cannot be kept; the message says why, in a clause such as "it holds an open file"."""


class UnknownClass(Exception):
    """A class or codec that a frozen value needs is gone, or no longer fits it. Nothing is damaged."""


def thaw(frozen: tuple[str, Payload]) -> Any:
    """The value that was frozen, made anew each time; nothing of it is shared.

    Raises:
        UnknownClass: A class or codec that it needs is not to be found, or has changed too much.
        Exception: The payload is damaged.
    """
    codec, payload = frozen
    return (_THAWERS.get(codec) or thawer(codec))(payload)


def thawer(codec: str) -> Thawer:
    """What makes values of payloads of ``codec``.

    Raises:
        UnknownClass: The codec is not known, or a class that it names is not to be found.
    """
    found = _THAWERS.get(codec)
    if found is None:
        adapter = adapters.adapter_of_codec(codec.partition(" ")[0])
        if adapter is None:
            raise UnknownClass(f"the codec {codec!r} is not known here")
        found = _THAWERS[codec] = adapter.thawer(codec)
    return found


def register(codec: str, thawer: Thawer) -> None:
    """Let ``thawer`` thaw what is frozen with ``codec``."""
    _THAWERS[codec] = thawer


_decode = operator.methodcaller("decode", "utf-8", "surrogatepass")
_parse = json.JSONDecoder().raw_decode

_THAWERS: dict[str, Thawer] = {
    "text": _decode,
    "json": lambda payload: _parse(_decode(payload))[0],
    "bytes": bytes,
    "floats": lambda payload: list(struct.unpack(f"<{len(payload) // 8}d", payload)),
}
"""Codec → its thawer; the others are registered by their modules, those of adapters when first met."""
