"""Short previews of values for people, with what looks like a secret taken out."""

from __future__ import annotations

import enum
import functools
import re
import types
import typing
from collections import deque
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from llm_memo.identity.local import is_own_module
from llm_memo.identity.quiet import class_has, class_item, code_attribute, is_a, own_dict

LENGTH = 80
"""Characters of a preview, at most."""
REDACTED = "‹redacted›"

_SECRET_NAME = (
    r"(?i)(api|access|auth|private|secret|session|signing|client)[-_ ]?(key|token)|secret|passw(or)?d|passphrase"
    r"|authorization|credential|bearer|cookie|(^|[-_])(token|auth|pwd)$|[-_]keys?$"
    r"|^_*(key|tokens|tok|jwt|pw|pass|creds?|pem|pin|otp|sid|salt|sig|signature|private)_*$|[-_](pass|pw|jwt|pem|creds?)$"
    r"|(?-i:[a-z](Key|Token)s?$)"
)
_SECRET_TEXTS = {
    "k-": r"\b(sk|pk|rk)-[a-z0-9_-]{3,}",
    "bearer": r"\bbearer\s+\S+",
    "gh": r"\bgh[pousr]_\w{10,}",
    "github_pat_": r"\bgithub_pat_\w+",
    "akia": r"\bAKIA[A-Z0-9]{12,}",
    "xox": r"\bxox[abprs]-[\w-]+",
    "aiza": r"\bAIza[\w-]{20,}",
    "eyj": r"\beyJ[\w-]{8,}\.[\w-]+",
    "hf_": r"\bhf_\w{10,}",
    "://": r"://[^/\s:@]+:[^/\s@]+@",
    "=": r"(?<=[?&;])([\w-]*(key|token|secret|password|pwd|sig|signature))=[^&;\s]+",
    "hooks.slack": r"hooks\.slack\.com/services/\S+",
}
"""What each secret has in it, in lower case, which is quickly looked for, and the pattern that it matches."""


def preview(value: object, name: str = "", length: int = LENGTH, left_out: Collection[str] = ()) -> str:
    """A short text of ``value``, called ``name``: never a secret, never more than ``length`` characters.

    Of an object, the attributes ``left_out`` are not shown.
    """
    try:
        text = _object(value, length, 0, left_out) if left_out else _text(value, name, length, depth=0)
    except Exception:  # whatever the value's own methods raise
        text = type(value).__name__
    return text if len(text) <= length else text[: length - 1] + "…"


def is_secret(name: object) -> bool:
    """Whether what is called ``name`` is a secret by its name."""
    return (type(name) is str or is_a(name, str)) and _is_secret(name)


@functools.lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return re.search(_SECRET_NAME, name) is not None


def redacted(text: str) -> str:
    """``text`` with what looks like a key or a token taken out."""
    lower = text.lower()
    for mark, secret in _SECRET_TEXTS.items():
        if mark in lower:
            text = re.sub(secret, REDACTED, text, flags=re.IGNORECASE)
    return text


_NUMBERS = frozenset({bool, int, float, type(None)})


def _text(value: Any, name: object, limit: int, depth: int) -> str:
    if is_secret(name) and value is not None:
        return REDACTED
    kind = type(value)
    if kind in _NUMBERS:
        return repr(value) if kind is not int or abs(value) < 10**30 else "a large int"
    if is_a(value, enum.Enum):
        return f"{kind.__name__}.{value._name_}"
    if is_a(value, str):
        # Redact before the cut: half a key would not look like one.
        text = repr(redacted(str.__str__(value)[: 8 * limit + 200])[: limit + 1])
        return text if kind is str else f"{_type_name(kind)}({text})"
    if is_a(value, (int, float)):
        return f"{_type_name(kind)}({int.__repr__(value) if is_a(value, int) else float.__repr__(value)})"
    if is_a(value, bytes):
        return f"{len(value):,} bytes"
    if depth > 3:
        return "…"
    if is_a(value, dict):
        return "{" + _joined(_pairs(value, limit, depth), len(value)) + "}"
    if is_a(value, (list, tuple)):
        items = _joined([_text(item, name, limit, depth + 1) for item in value[:8]], len(value))
        return f"[{items}]" if is_a(value, list) else f"({items}{',' * (len(value) == 1)})"
    if is_a(value, (set, frozenset)):
        return f"a set of {len(value)}"
    if kind.__module__ in _WITH_REPR and kind.__name__ in _WITH_REPR[kind.__module__]:
        return redacted(repr(value)[: limit + 1])
    if is_a(value, deque):
        return f"deque({_text(list(islice(value, 9)), name, limit, depth)})"
    if is_own_module(kind.__module__):
        return _object(value, limit, depth)  # to look at more might run its code
    if made_of := typing.get_args(value):
        return _annotation(value, made_of, limit, depth)
    shape = getattr(value, "shape", None)
    if shape == () and kind.__module__ == "numpy":
        return f"{_type_name(kind)}({_text(value.item(), name, limit, depth)})"
    if is_a(shape, tuple) and not is_a(value, type):
        return f"{kind.__name__} {'×'.join(map(str, shape))}"
    return _object(value, limit, depth)


_WITH_REPR = {
    "datetime": ("date", "datetime", "time", "timedelta"), "decimal": ("Decimal",), "uuid": ("UUID",),
    "fractions": ("Fraction",), "pathlib": ("Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"),
}  # fmt: skip
"""Types of the standard library whose ``repr`` says what they are."""


def _type_name(kind: type) -> str:
    return f"np.{kind.__name__}" if kind.__module__ == "numpy" else kind.__name__


def _pairs(value: dict[object, object], limit: int, depth: int) -> list[str]:
    return [
        f"{_text(key, '', limit, depth + 1)}: {_text(item, key, limit, depth + 1)}"
        for key, item in islice(value.items(), 8)
    ]


def _joined(items: list[str], count: int) -> str:
    return ", ".join(items) + (f", … {count - len(items)} more" if count > len(items) else "")


def _annotation(value: object, made_of: tuple[object, ...], limit: int, depth: int) -> str:
    """``list[str]``, ``str | None``, ``Literal['a']``, written alike in every version of Python."""
    items = [
        "None" if item is type(None) else "..." if item is ... else _text(item, "", limit, depth + 1)
        for item in made_of
    ]
    if is_a(value, types.UnionType) or typing.get_origin(value) is typing.Union:
        return " | ".join(items)
    return f"{code_attribute(value, '__name__', 'Annotated')}[{', '.join(items)}]"


def _object(value: object, limit: int, depth: int, left_out: Collection[str] = ()) -> str:
    if is_a(value, type) or callable(value):
        return str(code_attribute(value, "__qualname__", type(value).__name__))
    name = type(value).__name__
    known = class_has(type(value), "__dataclass_fields__") or class_has(type(value), "model_fields_set")
    if not known and not is_own_module(type(value).__module__):
        return name
    hidden = {*left_out, *hidden_fields(type(value))}
    held = ((str(key), item) for key, item in [*(own_dict(value) or {}).items()] if key not in hidden)
    shown = islice(((key, item) for key, item in held if not key.startswith("_")), 8)
    # What a class like any other keeps is nobody's to show, but for numbers.
    texts = [
        f"{key}={_text(item, key, limit, depth + 1) if known or type(item) in _NUMBERS else '…'}" for key, item in shown
    ]
    return f"{name}({', '.join(texts)})"


def hidden_fields(kind: type) -> Iterator[str]:
    """The fields that a dataclass or a model leaves out of its own ``repr``."""
    for fields in (class_item(kind, "__dataclass_fields__"), class_item(kind, "__pydantic_fields__")):
        yield from (name for name, field in (fields or {}).items() if getattr(field, "repr", True) is False)
