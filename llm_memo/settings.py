"""The settings that several scopes can give, and the one rule of precedence.

A setting can be given in five places. The nearest to the call wins::

    with_options(...)  ›  with cache_policy(...)  ›  @cached_completion(...)  ›  configure(...)  ›  environment

and where none gives it, its default. They are looked at when a call is made, never at import.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

from llm_memo import location
from llm_memo.display.shown import Shown, text_of
from llm_memo.errors import InvalidOption, MemoError
from llm_memo.options import INHERIT, OPTIONS, TTL, Inherit, parsed
from llm_memo.policies import CachePolicy, PolicyLike
from llm_memo.runtime import environ


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


@dataclass(frozen=True, slots=True)
class Block:
    """The settings of one ``with cache_policy(...)`` block, and the functions that they are for; () for all."""

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


_DEFAULTS = {name: OPTIONS[name].default for name in Settings.__dataclass_fields__}
_VARIABLES = {name: OPTIONS[name].variable for name in _DEFAULTS if OPTIONS[name].variable}


def environment() -> PartialSettings:
    """What the environment variables give; an empty one gives nothing.

    Raises:
        InvalidOption: A variable's value is not one of its setting's, or a key is too short; the message
            names the variable.
    """
    environ.warn_of_unknown()
    environ.seal_texts()  # before any money is spent
    found = {}
    for name, variable in _VARIABLES.items():
        value = os.environ.get(variable, "")
        if value:
            try:
                found[name] = location.from_variable(value) if name == "cache_dir" else OPTIONS[name].parse(name, value)
            except InvalidOption as error:
                raise InvalidOption(f"environment variable {variable}: {error}") from None
    return found


_read_environment = environ.reader(*_VARIABLES.values(), "LLM_MEMO_KEY", "LLM_MEMO_OLD_KEYS")


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
        own_packages: Top-level packages whose code counts as one's own though it is installed: it is followed.

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
        own_packages: str | Iterable[str] | Inherit = INHERIT,
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
            own_packages=own_packages,
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
