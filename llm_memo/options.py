"""Every option in one table: its name, its default, what parses it, where it may be given, what it means.

The signatures of the decorator, ``with_options``, ``cache_policy`` and ``configure``, the table in the
README and the environment variables are checked against it by a test; all parsing is done by it.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from functools import partial
from typing import Any, Final, NamedTuple

from llm_memo import location
from llm_memo.errors import InvalidOption
from llm_memo.policies import CachePolicy

TTL = float | timedelta | str
"""A duration: seconds, a `timedelta`, or text such as ``"90s"``, ``"15m"``, ``"12h"``, ``"7d"``, ``"1w"``."""

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def seconds(duration: TTL | None, option: str = "ttl") -> float | None:
    """A duration in seconds; None, and text ``"never"``, for one without end.

    Raises:
        InvalidOption: Not a duration, or a negative one.
    """
    found = _seconds(duration)
    if found is None and duration is not None and duration != "never":
        raise InvalidOption(
            f"{option}={duration!r} is not a duration; it is a number of seconds, a timedelta, "
            "text such as '90s', '15m', '12h', '7d' or '1w', or None for never"
        )
    return None if found == math.inf else found


def _seconds(duration: object) -> float | None:
    if isinstance(duration, str):
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw]?)\s*", duration)
        return float(match[1]) * _UNITS[match[2] or "s"] if match else None
    if isinstance(duration, timedelta):
        duration = duration.total_seconds()
    if isinstance(duration, (int, float)) and not isinstance(duration, bool) and duration >= 0:
        return float(duration)
    return None


def byte_count(option: str, value: object) -> int | None:
    """A number of bytes: a whole number, or text such as ``"500MB"``, ``"1GB"``, ``"64KiB"``; None is None.

    Raises:
        InvalidOption: It is none.
    """
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    match = _BYTES.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise InvalidOption(
            f"{option}={value!r} is not a number of bytes; it is like '500MB', '1GB', '64KiB' or 1000000"
        )
    number, unit, binary = match.groups()
    return int(float(number) * (1024 if binary else 1000) ** " kmgtp".index(unit.lower() or " "))


_BYTES = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?)b?\s*", re.IGNORECASE)


class Inherit(Enum):
    """The type of `INHERIT`."""

    INHERIT = "inherit"

    def __repr__(self) -> str:
        return "inherit"


INHERIT: Final = Inherit.INHERIT
"""Stands for a setting that is not given here: the next scope decides. None is a value of its own."""


def _cache_dir(option: str, value: object) -> str:
    try:
        path = os.fsdecode(value)  # type: ignore[arg-type]
    except TypeError:
        path = ""
    if not path:
        raise InvalidOption(f"{option}={value!r} is not a path")
    return location.absolute(path)


def _some_bytes(option: str, value: object) -> int:
    if (found := byte_count(option, value)) is None:
        raise InvalidOption(f"{option}=None is not a number of bytes; 0 for none")
    return found


def whole(option: str, value: object, least: int = 0, most: int | None = None) -> int:
    """A whole number from ``least`` to ``most``; None for no such limit.

    Raises:
        InvalidOption: It is none.
    """
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if is_number and value >= least and (most is None or value <= most):  # type: ignore[operator]
        return value  # type: ignore[return-value]
    also = "" if most is None else f" and at most {most}"
    raise InvalidOption(f"{option}={value!r} is not a whole number of at least {least}{also}")


def _names(option: str, value: object) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else (value,)
    if not all(isinstance(name, str) for name in names):
        raise InvalidOption(f"{option}={value!r} is not a name, or several")
    return names


def _packages(option: str, value: object) -> tuple[str, ...]:
    names = _names(option, value)
    if not all(name.isidentifier() for name in names):
        raise InvalidOption(f"{option}={value!r} is not the name of a top-level package, or several")
    return names


def _text(option: str, value: object) -> str | None:
    if value is None or (isinstance(value, str) and value):
        return value
    raise InvalidOption(f"{option}={value!r} is not a text")


def _version(option: str, value: object) -> str | None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else _text(option, value)


def _function(option: str, value: object) -> Any:
    if value is None or callable(value):
        return value
    raise InvalidOption(f"{option}={value!r} is not a function")


def _flag(option: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise InvalidOption(f"{option}={value!r} is neither True nor False")


def _duration(option: str, value: Any) -> float | None:
    return seconds(value, option)


def _pause(option: str, value: Any) -> float:
    return seconds(value, option) or 0.0


class Option(NamedTuple):
    """One row of the table."""

    name: str
    default: Any
    """Effective where no scope gives another."""
    parse: Callable[[str, Any], Any]
    """Makes the option's value of its name and what was given.

    Raises:
        InvalidOption: It is none of the option's values.
    """
    places: str
    """Where it may be given, as names of the public functions."""
    meaning: str
    variable: str = ""
    """The environment variable that gives it."""


_SCOPED = "cached_completion with_options cache_policy configure cached_client"
_ONE_FUNCTION = "cached_completion with_options"
_BOTH_TIERS = "cached_completion with_options cached_client"

OPTIONS: Final = {
    option.name: option
    for option in (
        Option(
            "policy", CachePolicy.READ_WRITE, lambda _, value: CachePolicy(value), _SCOPED,
            "whether a call reads, calls and writes", "LLM_MEMO_POLICY",
        ),
        Option("ttl", None, _duration, _SCOPED, "how old an answer may be when it is read", "LLM_MEMO_TTL"),
        Option("cache_dir", None, _cache_dir, _SCOPED, "the folder that entries live in", "LLM_MEMO_DIR"),
        Option("max_bytes", None, byte_count, "configure", "the folder is pruned to this size in the background"),
        Option("compress", 0, partial(whole, most=9), "configure", "joblib's compression level for values over 10 kB"),
        Option("lock_timeout", 600.0, _duration, "configure", "how long to wait for an equal call in another process"),
        Option("memory_bytes", 32 * 1024 * 1024, _some_bytes, "configure", "frozen values kept at hand in memory"),
        Option(
            "requests", False, _flag, "configure", "the requests of every HTTP client of the process are cached",
            "LLM_MEMO_REQUESTS",
        ),
        Option(
            "own_packages", (), _packages, "configure", "installed top-level packages whose code counts as one's own"
        ),
        Option("ignore", (), _names, _BOTH_TIERS, "what is left out of the key"),
        Option("key", None, _function, _ONE_FUNCTION, "``key(*args, **kwargs)`` replaces the arguments in the key"),
        Option("version", None, _version, _ONE_FUNCTION, "replaces the fingerprint of the code in the key"),
        Option("name", None, _text, _BOTH_TIERS, "the name that entries are listed under"),
        Option("cache_if", None, _function, _BOTH_TIERS, "``cache_if(answer)``; false: returned, not kept"),
        Option("stale_if_error", False, _flag, _BOTH_TIERS, "on an exception an expired answer is returned"),
        Option("single_flight", True, _flag, _ONE_FUNCTION, "equal calls at the same time share one"),
        Option("sample", 0, whole, "with_options cached_client", "the i-th independent answer to the same call"),
        Option("replay_delay", 0.0, _pause, "with_options", "seconds between two items of a replayed stream"),
    )
}  # fmt: skip
"""Name → option. The signature of `llm_memo.cached_client` has ``headers`` beside."""


def parsed(**given: Any) -> dict[str, Any]:
    """The options that are not `INHERIT`, each parsed.

    Raises:
        InvalidOption: A value that is not one of its option's.
    """
    return {name: OPTIONS[name].parse(name, value) for name, value in given.items() if value is not INHERIT}


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one cached function that no scope outside of it gives."""

    ignore: tuple[str, ...] = ()
    key: Callable[..., object] | None = None
    version: str | None = None
    name: str | None = None
    cache_if: Callable[[Any], object] | None = None
    stale_if_error: bool = False
    single_flight: bool = True
    sample: int = 0
    replay_delay: float = 0.0

    def changed(self, **given: Any) -> Options:
        """These options with those that are not `INHERIT`, each parsed.

        Raises:
            InvalidOption: A value that is not one of its option's.
        """
        return replace(self, **parsed(**given))

    def given(self) -> dict[str, Any]:
        """The options that are not their defaults, but for the name."""
        values = ((name, getattr(self, name)) for name in self.__slots__ if name != "name")
        return {name: value for name, value in values if value != OPTIONS[name].default}
