"""Policies, durations, and the one rule by which every setting is decided.

A setting can be given in five places. The nearest to the call wins::

    with_options(...)  ›  with cache_policy(...)  ›  @cached_completion(...)  ›  configure(...)  ›  environment

and where none gives it, its default. They are looked at when a call is made, never at import.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import partial
from types import TracebackType
from typing import Any, Final, Literal

from llm_memo import location
from llm_memo.display.shown import Shown, text_of
from llm_memo.errors import InvalidOption, MemoError
from llm_memo.runtime import environ


class CachePolicy(str, Enum):
    """Whether a call reads, calls and writes.

    The values are the names that OpenPipe's hosted cache uses, with ``off`` and ``replay`` beside
    them. ``CachePolicy("read_write")``, ``CachePolicy(True)`` and ``CachePolicy.READ_WRITE`` are the
    same; ``False`` is ``off``. Anything else raises `InvalidOption` (a ``ValueError``).
    """

    READ_WRITE = "readWrite"
    """Return the kept answer; on a miss call, and keep the answer."""
    READ_ONLY = "readOnly"
    """Return the kept answer; on a miss call, and keep nothing."""
    WRITE_ONLY = "writeOnly"
    """Always call, and keep the answer in place of the old one: a refresh."""
    OFF = "off"
    """Always call, keep nothing."""
    REPLAY = "replay"
    """Return the kept answer; on a miss raise `CacheMiss`. The function is never called."""

    reads: bool
    calls: bool
    writes: bool

    def __new__(cls, name: str) -> CachePolicy:
        """Make a member with its three decisions beside its name."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.reads = name in ("readWrite", "readOnly", "replay")
        member.calls = name != "replay"
        member.writes = name in ("readWrite", "writeOnly")
        return member

    @classmethod
    def _missing_(cls, value: object) -> CachePolicy:
        if isinstance(value, bool):
            return cls.READ_WRITE if value else cls.OFF
        if isinstance(value, str):
            for member in cls:
                if value.strip().replace("_", "").replace("-", "").lower() == member.value.lower():
                    return member
        names = ", ".join(repr(member.value) for member in cls)
        raise InvalidOption(f"policy={value!r} is not a cache policy; it is one of {names}, True or False")

    __str__ = str.__str__


PolicyName = Literal["readWrite", "readOnly", "writeOnly", "off", "replay", "read_write", "read_only", "write_only"]
PolicyLike = CachePolicy | PolicyName | bool
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


class Inherit(Enum):
    """The type of `INHERIT`."""

    INHERIT = "inherit"

    def __repr__(self) -> str:
        return "inherit"


INHERIT: Final = Inherit.INHERIT
"""Stands for a setting that is not given here: the next scope decides. None is a value of its own."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The effective settings of one call."""

    policy: CachePolicy = CachePolicy.READ_WRITE
    ttl: float | None = None
    """How old an answer may be when it is read, in seconds; None: never too old."""
    cache_dir: str = ""
    """The folder that entries live in, absolute."""
    max_bytes: int | None = None
    """Writers prune the folder to this size now and then, in the background; None: no cap."""
    compress: int = 0
    """joblib's compression level for values over 10 kB, 0 (none) to 9."""
    lock_timeout: float | None = 600.0
    """How long, in seconds, a call waits for an equal call in another process; None: for ever."""
    memory_bytes: int = 32 * 1024 * 1024
    """Bytes of frozen values that this process keeps at hand in front of the disk; 0: none."""


PartialSettings = Mapping[str, Any]
"""What one scope gives: name of a setting → parsed value."""


def parsed(**settings: Any) -> dict[str, Any]:
    """The settings that are not `INHERIT`, each parsed.

    Raises:
        InvalidOption: A value that is not one of its setting's.
    """
    return {name: _PARSERS[name](value) for name, value in settings.items() if value is not INHERIT}


def _cache_dir(value: object) -> str:
    try:
        path = os.fsdecode(value)  # type: ignore[arg-type]
    except TypeError:
        path = ""
    if not path:
        raise InvalidOption(f"cache_dir={value!r} is not a path")
    return location.absolute(path)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise InvalidOption(f"requests={value!r} is neither True nor False")


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


def _memory_bytes(value: object) -> int:
    if (found := byte_count("memory_bytes", value)) is None:
        raise InvalidOption("memory_bytes=None is not a number of bytes; 0 for none")
    return found


def _compress(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 9:
        return value
    raise InvalidOption(f"compress={value!r} is not a whole number of at least 0 and at most 9")


_PARSERS: dict[str, Any] = {
    "policy": CachePolicy,
    "ttl": seconds,
    "cache_dir": _cache_dir,
    "max_bytes": partial(byte_count, "max_bytes"),
    "compress": _compress,
    "lock_timeout": lambda value: seconds(value, "lock_timeout"),
    "memory_bytes": _memory_bytes,
    "requests": _flag,
}
_ENVIRONMENT = {"policy": "LLM_MEMO_POLICY", "ttl": "LLM_MEMO_TTL", "cache_dir": "LLM_MEMO_DIR"}


@dataclass(frozen=True, slots=True)
class Block:
    """What one ``with cache_policy(...)`` block gives, and to which functions; none named is all."""

    functions: tuple[object, ...]
    settings: PartialSettings


class Scopes:
    """The settings that are given outside of a function: the process's and the blocks'.

    This is the one object that holds them; each holder is replaced as a whole and never changed,
    so that a call can tell by identity whether anything has changed since the last.
    """

    __slots__ = ("blocks", "configured", "on_requests")

    def __init__(self) -> None:
        self.blocks: ContextVar[tuple[Block, ...]] = ContextVar("llm_memo_blocks", default=())
        self.configured: PartialSettings = {}
        self.on_requests: list[Callable[[], object]] = []
        """Called when the requests of all clients are to be cached, before the first is."""


SCOPES: Final = Scopes()


Sent = tuple[str, str]
"""What travels with a pickled function: the process that it comes from, and the folder that it uses there."""


class EffectiveSettings:
    """The settings of one cached function, decided anew whenever a scope has changed.

    Args:
        call: What ``with_options`` gave.
        function: What stands for the function, and for its copies with other options, in blocks.
        decorated: What the decorator gave.
        default: The default folder of the process that the function came from; None: this process's own.
    """

    __slots__ = ("_decided", "call", "decorated", "default", "function")

    def __init__(
        self, call: PartialSettings, function: object, decorated: PartialSettings, default: str | None = None
    ) -> None:
        self.call = call
        self.function = function
        self.decorated = decorated
        self.default = default
        self._decided: tuple[Any, ...] = (None,) * 4

    def now(self) -> Settings:
        """The effective settings at this moment, here.

        Raises:
            InvalidOption: The environment gives a value that is none.
            StoreError: The cache folder is a file.
        """
        blocks, configured = SCOPES.blocks.get(), SCOPES.configured
        variables = _read_environment()
        seen = self._decided
        if seen[0] is blocks and seen[1] is configured and seen[2] == variables:
            return seen[3]  # type: ignore[no-any-return]
        settings = Settings(**{name: value for name, (value, _) in self.sources(configured).items()})
        self._decided = (blocks, configured, variables, settings)
        return settings

    def sources(self, configured: PartialSettings | None = None) -> dict[str, tuple[Any, str]]:
        """Every setting with the scope that decided it: ``{"policy": (…, "decorator"), …}``."""
        scopes = list(self._scopes(SCOPES.configured if configured is None else configured))
        decided = {}
        for name, default in _DEFAULTS.items():
            value, scope = next(
                ((settings[name], scope) for scope, settings in scopes if name in settings), (default, "default")
            )
            decided[name] = (value, scope)
        folder, scope = decided["cache_dir"]
        decided["cache_dir"] = (location.folder(folder, self.default), scope)
        return decided

    def sent(self) -> Sent:
        """The folder that the function uses in this process if no option of its own names one; "" if there is none."""
        try:
            here = {**environment(), **SCOPES.configured}
            return location.PROCESS, location.folder(here.get("cache_dir"), self.default)
        except MemoError:
            return location.PROCESS, ""

    def came_from(self, sent: Sent) -> None:
        """Use the folder of the process that sent the function, where nothing here names another."""
        process, folder = sent
        if process == location.PROCESS or not folder:
            return
        location.adopt(folder)
        if folder != location.default_folder():
            self.default = folder
            self._decided = (None,) * 4

    def _scopes(self, configured: PartialSettings) -> Iterator[tuple[str, PartialSettings]]:
        yield from self._nearest()
        yield "configure", configured
        yield "environment", environment()

    def _nearest(self) -> Iterator[tuple[str, PartialSettings]]:
        return self.of_call(SCOPES.blocks.get())

    def of_call(self, blocks: tuple[Block, ...]) -> Iterator[tuple[str, PartialSettings]]:
        """What is given to a call inside of ``blocks``, the nearest first."""
        yield "with_options", self.call
        for block in reversed(blocks):
            if not block.functions or any(function is self.function for function in block.functions):
                yield "cache_policy", block.settings
        yield "decorator", self.decorated


_DEFAULTS: dict[str, Any] = {
    name: field.default for name, field in Settings.__dataclass_fields__.items() if name != "cache_dir"
} | {"cache_dir": None}


def environment() -> PartialSettings:
    """What the environment variables give; an empty one gives nothing.

    Raises:
        InvalidOption: A variable's value is not one of its setting's, or a key is too short; the message
            names the variable.
    """
    environ.warn_of_unknown()
    environ.seal_texts()  # before any money is spent
    found = {}
    for name, variable in _ENVIRONMENT.items():
        value = os.environ.get(variable, "")
        if value:
            try:
                found[name] = location.from_variable(value) if name == "cache_dir" else _PARSERS[name](value)
            except InvalidOption as error:
                raise InvalidOption(f"environment variable {variable}: {error}") from None
    return found


_read_environment = environ.reader(*_ENVIRONMENT.values(), "LLM_MEMO_KEY", "LLM_MEMO_OLD_KEYS")


class configure(contextlib.AbstractContextManager["configure"], Shown):
    """Give settings to the whole process, at once; as a context manager, restore what was before.

    Every thread sees them, those that a pool started earlier too. Settings not named stay as they
    were; a decorator, a block and ``with_options`` are nearer to the call and win. Shown, as at the end
    of a notebook's cell, it lists all settings and where each comes from.

    Args:
        policy: A `CachePolicy`, its name, True or False.
        ttl: How old an answer may be when it is read; None: never too old.
        cache_dir: The folder that entries live in.
        max_bytes: Prune the folder to this many bytes (a number, or text such as ``"1GB"``) in the background,
            whenever a process has written a sixteenth of it (64 KiB at least) and otherwise hourly; None (the
            default): no cap.
        compress: joblib's compression level for values over 10 kB, 0 (the default) to 9.
        lock_timeout: How long to wait for an equal call in another process (600 s); None: for ever.
        memory_bytes: Bytes of frozen values kept at hand in this process (32 MiB); 0: none.
        requests: Keep the answers to the requests of every client of httpx and httpx2 in this process, as
            `llm_memo.cached_client` does for one.

    Raises:
        InvalidOption: A value that is not one of its setting's.
    """

    def __init__(
        self,
        *,
        policy: PolicyLike | Inherit = INHERIT,
        ttl: TTL | Inherit | None = INHERIT,
        cache_dir: str | os.PathLike[str] | Inherit = INHERIT,
        max_bytes: int | str | Inherit | None = INHERIT,
        compress: int | Inherit = INHERIT,
        lock_timeout: TTL | Inherit | None = INHERIT,
        memory_bytes: int | str | Inherit = INHERIT,
        requests: bool | Inherit = INHERIT,
    ) -> None:
        settings = parsed(
            policy=policy,
            ttl=ttl,
            cache_dir=cache_dir,
            max_bytes=max_bytes,
            compress=compress,
            lock_timeout=lock_timeout,
            memory_bytes=memory_bytes,
            requests=requests,
        )
        if settings.get("requests"):
            for install in SCOPES.on_requests:
                install()
        self._before = SCOPES.configured
        SCOPES.configured = {**self._before, **settings}

    def __repr__(self) -> str:
        return text_of(self)

    def __enter__(self) -> configure:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        SCOPES.configured = self._before


class cache_policy(contextlib.AbstractContextManager[None]):
    """Give a policy to every cached function called inside the block, or only to those named.

    ``with cache_policy("readOnly"):`` covers the calls made in this thread or task, and in the tasks
    it starts; ``with cache_policy("off", summarize):`` only those of ``summarize``. Blocks nest; the
    inner one wins. An ``await`` inside is fine.

    Args:
        policy: A `CachePolicy`, its name, True or False.
        functions: The cached functions that the block is for; none named: all.
        ttl: How old an answer may be when it is read inside the block.
        cache_dir: The folder that entries live in, inside the block.

    Raises:
        InvalidOption: A value that is not one of its setting's, or a function that is not a cached one.
    """

    def __init__(
        self,
        policy: PolicyLike | Inherit = INHERIT,
        *functions: object,
        ttl: TTL | Inherit | None = INHERIT,
        cache_dir: str | os.PathLike[str] | Inherit = INHERIT,
    ) -> None:
        memos = [getattr(function, "_self_memo", None) for function in functions]
        for function, memo in zip(functions, memos, strict=True):
            if memo is None:
                raise InvalidOption(f"cache_policy(…, {function!r}): not a cached function")
        named = tuple(memo.settings.function for memo in memos if memo is not None)
        self._block = Block(named, parsed(policy=policy, ttl=ttl, cache_dir=cache_dir))

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={str(value)!r}" for name, value in self._block.settings.items())
        return f"<cache_policy({options}): for calls inside of a with block, and none yet>"

    def __enter__(self) -> None:
        SCOPES.blocks.set((*SCOPES.blocks.get(), self._block))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        blocks = SCOPES.blocks.get()
        for place in reversed(range(len(blocks))):
            if blocks[place] is self._block:
                SCOPES.blocks.set(blocks[:place] + blocks[place + 1 :])
                return
