"""The texts of arguments that an entry keeps, for people and for search: redacted, and long but not endless."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from llm_memo.identity.preview import REDACTED, is_secret, preview, redacted

LENGTH = 4_000
"""Characters that are kept of an argument, at most."""
_DEPTH = 12
_FORMS: dict[type, str] = {list: "[%s]", tuple: "(%s)", dict: "{%s}"}


def texts_of(arguments: Mapping[str, object]) -> tuple[dict[str, str], list[str]]:
    """The text of each argument, and the names of those that are cut short, whose text says so at its end."""
    texts, cut = {}, []
    for name, value in arguments.items():
        try:
            text, whole = _text(value, name, LENGTH, 0)
        except Exception:  # whatever the value's own methods raise
            text, whole = type(value).__name__, True
        texts[name] = text if whole else f"{text[:LENGTH]}… (cut: {_length(value)})"
        cut += [] if whole else [name]
    return texts, cut


def _length(value: object) -> str:
    if isinstance(value, str):
        return f"{len(value):,} characters"
    return f"{len(value):,} items" if isinstance(value, (list, tuple, dict)) else "more than is kept"


def _text(value: Any, name: object, room: int, depth: int) -> tuple[str, bool]:
    """As much of a value's text as there is room for, and whether that is all of it."""
    if is_secret(name) and value is not None:
        return REDACTED, True
    if isinstance(value, str):
        # Redact before the cut: half a key would not look like one.
        plain = redacted(str.__str__(value)[: 2 * room + 200])
        text = repr(plain[:room])
        return text, len(plain) <= room and len(value) <= 2 * room + 200
    form = _FORMS.get(type(value)) if depth < _DEPTH else None
    if form is not None:
        inside, whole = _items(value, name, room, depth + 1)
        return form % (inside + "," * (type(value) is tuple and len(value) == 1)), whole
    text = preview(value, str(name), room)
    return text, not text.endswith("…")


def _items(value: Any, name: object, room: int, depth: int) -> tuple[str, bool]:
    pairs: Iterable[tuple[object, object]] = value.items() if type(value) is dict else ((name, each) for each in value)
    pieces: list[str] = []
    whole = True
    for key, item in pairs:
        if room <= 0:
            return ", ".join([*pieces, "…"]), False
        text, all_of_it = _text(item, key, room, depth)
        whole = whole and all_of_it
        if type(value) is dict:
            text = f"{_text(key, '', room, depth)[0]}: {text}"
        pieces.append(text)
        room -= len(text) + 2
    return ", ".join(pieces), whole
