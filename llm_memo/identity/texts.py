"""The texts of arguments that an entry keeps, for people and for search: redacted, and long but not endless."""

from __future__ import annotations

import io
import re
import textwrap
import tokenize
import types
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, TypeVar

from llm_memo.identity.code import source
from llm_memo.identity.preview import REDACTED, is_secret, preview, redacted
from llm_memo.identity.quiet import is_a

LENGTH = 4_000
"""Characters that are kept of an argument, at most."""
_DEPTH = 12
Name = TypeVar("Name", bound=Hashable)
_FORMS: dict[type, str] = {list: "[%s]", tuple: "(%s)", dict: "{%s}"}


def texts_of(arguments: Mapping[Name, object]) -> tuple[dict[Name, str], list[Name]]:
    """The text of each argument, and the names of those that are cut short, whose text says so at its end."""
    texts: dict[Name, str] = {}
    cut: list[Name] = []
    for name, value in arguments.items():
        try:
            text, whole = _text(value, name, LENGTH, 0)
        except Exception:  # whatever the value's own methods raise
            text, whole = type(value).__name__, True
        texts[name] = text if whole else f"{text[:LENGTH]}… (cut: {_length(value)})"
        cut += [] if whole else [name]
    return texts, cut


_SOURCE = 4_000
"""Characters that are kept of the source of a function, at most."""
_NAMED_TEXT = re.compile(
    r"""(?P<name>\w+)(?P<to>["']?\]?\s*(?::[^=\n"']*=|=|:)\s*\w?)(?P<quote>\"{3}|'{3}|"|')(?P<text>.*?)(?P=quote)""",
    re.DOTALL,
)
"""A text in source that is given a name: ``token = "…"``, ``token="…"``, ``{"token": "…"}``."""


_EMPTY_LINE = re.compile(r"\n[ \t\f]*\n")


def shown_source(function: types.FunctionType) -> str:
    """The source of a function as it may be kept: without comments and secrets; "" if it cannot be had, or is long."""
    text = source.source_of(function)
    if text is None:
        return ""
    text = without_comments(textwrap.dedent(text))
    text = _NAMED_TEXT.sub(_unless_secret, redacted(text))
    return text if len(text) <= _SOURCE else ""


def _unless_secret(found: re.Match[str]) -> str:
    if not is_secret(found["name"]):
        return found[0]
    return f"{found['name']}{found['to']}{found['quote']}{REDACTED}{found['quote']}"


def without_comments(text: str) -> str:
    """Source without comments and empty lines, neither of which counts."""
    if "#" not in text and not _EMPTY_LINE.search(text):
        return text.strip("\n")
    lines = text.splitlines()
    inside: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column].rstrip()
            elif token.end[0] > token.start[0]:
                inside.update(range(token.start[0], token.end[0] + 1))  # lines of a text, empty ones too
    except (tokenize.TokenError, SyntaxError):  # a lambda's lines need not be whole statements
        return text.strip("\n")
    return "\n".join(line for row, line in enumerate(lines, 1) if line.strip() or row in inside)


def _length(value: Any) -> str:
    if is_a(value, str):
        return f"{len(value):,} characters"
    return f"{len(value):,} items" if is_a(value, (list, tuple, dict)) else "more than is kept"


def _text(value: Any, name: object, left: int, depth: int) -> tuple[str, bool]:
    """As much of a value's text as there is left for, and whether that is all of it."""
    if is_secret(name) and value is not None:
        return REDACTED, True
    if type(value) is str or is_a(value, str):
        # Redact before the cut: half a key would not look like one.
        plain = redacted(str.__str__(value)[: 2 * left + 200])
        text = repr(plain[:left])
        return text, len(plain) <= left and len(value) <= 2 * left + 200
    form = _FORMS.get(type(value)) if depth < _DEPTH else None
    if form is not None:
        inside, whole = _items(value, name, left, depth + 1)
        return form % (inside + "," * (type(value) is tuple and len(value) == 1)), whole
    text = preview(value, str(name), left)
    return text, not text.endswith("…")


def _items(value: Any, name: object, left: int, depth: int) -> tuple[str, bool]:
    pairs: Iterable[tuple[object, object]] = value.items() if type(value) is dict else ((name, each) for each in value)
    pieces: list[str] = []
    whole = True
    for key, item in pairs:
        if left <= 0:
            return ", ".join([*pieces, "…"]), False
        text, all_of_it = _text(item, key, left, depth)
        whole = whole and all_of_it
        if type(value) is dict:
            text = f"{_text(key, '', left, depth)[0]}: {text}"
        pieces.append(text)
        left -= len(text) + 2
    return ", ".join(pieces), whole
