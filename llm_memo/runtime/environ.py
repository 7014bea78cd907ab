"""Environment variables: the names that are ours, the texts that seal entries, and a quick look whether one changed."""

from __future__ import annotations

import os
from collections.abc import Callable

from llm_memo.errors import InvalidOption, MemoWarning, warn

_PREFIX = "LLM_MEMO_"
NAMES = (
    "LLM_MEMO_DIR",
    "LLM_MEMO_POLICY",
    "LLM_MEMO_TTL",
    "LLM_MEMO_KEY",
    "LLM_MEMO_OLD_KEYS",
    "LLM_MEMO_REQUESTS",
)
"""Every variable that llm_memo reads."""
KEY_LENGTH = 16
"""Characters that a text in ``LLM_MEMO_KEY`` has at least."""

_warned: set[str] = set()


def reader(*variables: str) -> Callable[[], tuple[object, ...]]:
    """A function that gives what ``variables`` are now, good for nothing but to see whether one has changed.

    ``os.environ.get`` takes a microsecond, the dict behind it next to nothing.
    """
    keys = [os.environ.encodekey(variable) for variable in variables]
    names = frozenset(keys)

    def read() -> tuple[object, ...]:
        raw = getattr(os.environ, "_data", None)
        if raw is None:
            return tuple(map(os.environ.get, variables))
        return () if raw.keys().isdisjoint(names) else tuple(map(raw.get, keys))

    return read


def warn_of_unknown() -> None:
    """Warn, once of each, of variables that begin as ours do and are none of them: most likely mistyped."""
    for name in os.environ:
        if name.startswith(_PREFIX) and name not in NAMES and name not in _warned:
            import difflib

            _warned.add(name)
            ends = [each.removeprefix(_PREFIX) for each in NAMES]
            close = difflib.get_close_matches(name.removeprefix(_PREFIX), ends, 1)
            meant = f"did you mean {_PREFIX}{close[0]}?" if close else f"there are {', '.join(NAMES)}"
            warn(MemoWarning, f"the environment variable {name} is none of llm_memo's: {meant}")


def seal_texts() -> tuple[str, list[str]]:
    """The text of ``LLM_MEMO_KEY``, "" if it is not set, and those of ``LLM_MEMO_OLD_KEYS``.

    Raises:
        InvalidOption: One is too short to be a secret, or could not be listed among the old ones.
    """
    key = os.environ.get("LLM_MEMO_KEY", "").strip()
    if "," in key:
        raise InvalidOption("environment variable LLM_MEMO_KEY: no commas, please: LLM_MEMO_OLD_KEYS separates by them")
    old = [text.strip() for text in os.environ.get("LLM_MEMO_OLD_KEYS", "").split(",")]
    old = [text for text in old if text]
    for name, text in [("LLM_MEMO_KEY", key), *(("LLM_MEMO_OLD_KEYS", text) for text in old)]:
        if text and len(text) < KEY_LENGTH:
            raise InvalidOption(
                f"environment variable {name}: a key of {len(text)} characters is too short; it has at least "
                f"{KEY_LENGTH}. llm-memo key new prints a good one"
            )
    return key, old
