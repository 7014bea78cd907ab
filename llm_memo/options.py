"""The options of one cached function, beside the settings of `llm_memo.settings`, and how each is parsed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from llm_memo.errors import InvalidOption
from llm_memo.settings import INHERIT, seconds


@dataclass(frozen=True, slots=True)
class Options:
    """What a cached function was given beside the settings of `llm_memo.settings`."""

    ignore: tuple[str, ...] = ()
    key: Callable[..., object] | None = None
    version: str | None = None
    name: str | None = None
    cache_if: Callable[[Any], object] | None = None
    stale_if_error: bool = False
    single_flight: bool = True
    sample: int = 0
    replay_delay: float = 0.0


def changed(base: Options, **given: Any) -> Options:
    """``base`` with the options that are not `INHERIT`, each parsed.

    Raises:
        InvalidOption: A value that is not one of its option's.
    """
    return replace(base, **{name: _PARSERS[name](value) for name, value in given.items() if value is not INHERIT})


def _names(value: object) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else (value,)
    if not all(isinstance(name, str) for name in names):
        raise InvalidOption(f"ignore={value!r} is not a parameter's name, or several")
    return names


def _text(option: str) -> Callable[[object], str | None]:
    def parse(value: object) -> str | None:
        if value is None or (isinstance(value, str) and value):
            return value
        if option == "version" and isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise InvalidOption(f"{option}={value!r} is not a text")

    return parse


def _function(option: str) -> Callable[[object], Any]:
    def parse(value: object) -> Any:
        if value is None or callable(value):
            return value
        raise InvalidOption(f"{option}={value!r} is not a function")

    return parse


def _flag(option: str) -> Callable[[object], bool]:
    def parse(value: object) -> bool:
        if isinstance(value, bool):
            return value
        raise InvalidOption(f"{option}={value!r} is neither True nor False")

    return parse


def _sample(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise InvalidOption(f"sample={value!r} is not a whole number of at least 0")


_PARSERS: dict[str, Callable[[Any], Any]] = {
    "ignore": _names,
    "key": _function("key"),
    "version": _text("version"),
    "name": _text("name"),
    "cache_if": _function("cache_if"),
    "stale_if_error": _flag("stale_if_error"),
    "single_flight": _flag("single_flight"),
    "sample": _sample,
    "replay_delay": lambda value: seconds(value, "replay_delay") or 0.0,
}
