"""What all calls of one cached function share, and what is known of one call."""

from __future__ import annotations

import inspect
import sys
import types
import weakref
from collections.abc import Callable
from typing import Any

from llm_memo import location
from llm_memo.codec.references import in_program
from llm_memo.identity.call_key import CallKey
from llm_memo.identity.key import KeyBuilder
from llm_memo.identity.naming import MAIN
from llm_memo.options import Options
from llm_memo.settings import EffectiveSettings
from llm_memo.stats import Counters
from llm_memo.stores.analyses import AnalysisKeeper
from llm_memo.stores.disk import Disk
from llm_memo.stores.entry import StoredEntry
from llm_memo.stores.folder import Owner, function_folder
from llm_memo.stores.slot import Slot


class Memo:
    """What all calls of one cached function share."""

    __slots__ = (
        "_owner", "called", "counters", "folder", "function", "keeper", "key_builder", "main", "name", "options",
        "settings",
    )  # fmt: skip

    def __init__(
        self,
        options: Options,
        key_builder: KeyBuilder,
        settings: EffectiveSettings,
        counters: Counters,
        function: Callable[..., Any] | None = None,
    ) -> None:
        self.function = function
        self.options = options
        self.key_builder = key_builder
        self.settings = settings
        self.counters = counters
        self.name = key_builder.name
        self.called = key_builder.name if function is None else f"{key_builder.name}()"
        """What messages call it."""
        self.folder = function_folder(key_builder.name)
        self.keeper: AnalysisKeeper | None = None
        if function is not None:
            self.keeper = AnalysisKeeper(key_builder.name, function, settings)
            key_builder.fingerprint.keeper = self.keeper
        names = getattr(key_builder.fingerprint.inner, "__globals__", {}) if function else {}
        self.main = names if names.get("__name__") in MAIN else None
        """The names of the program that the function is defined in, if it is ``__main__``."""
        self._owner: Owner | None = None

    def among_its_classes(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """``work(*arguments)``; classes of ``__main__`` are those of the function's own, if another one runs now."""
        if self.main is None or self.main is vars(sys.modules["__main__"]):
            return work(*arguments)
        return in_program(self.main, work, *arguments)

    def owner(self, call_key: CallKey | None = None) -> Owner:
        """Whose answers these are: the function's name, its program and its code, as it is now or made this key."""
        code, owner = self.key_builder.code(call_key), self._owner
        if owner is None or owner.code != code:
            program = "" if self.function is None else location.program(self.function)
            owner = self._owner = Owner(self.name, program, code)
        return owner


class CallState:
    """What is known of one use of a cached function.

    Args:
        memo: What all its calls share.
        run: Calls the function, which is bound to its instance if it is a method.
        args: The arguments for ``run``.
        arguments: Those of the function's signature, the instance first.
        kwargs: The keyword arguments.

    Raises:
        InvalidOption, StoreError: A setting has a value that is none of its values.
    """

    __slots__ = (
        "args", "arguments", "call_key", "disk", "expired", "gives_awaitable", "keyed_anew", "kwargs",
        "made", "memo", "paid", "path", "run", "settings", "slot", "too_big", "unreadable",
        "values",
    )  # fmt: skip

    def __init__(
        self,
        memo: Memo,
        run: Callable[..., Any],
        args: tuple[Any, ...],
        arguments: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.memo = memo
        self.run = run
        self.args = args
        self.arguments = arguments
        self.kwargs = kwargs
        self.settings = memo.settings.now()
        self.values: tuple[Any, ...] = None  # type: ignore[assignment]
        """What counts of its arguments, see `KeyBuilder.bind`; bound when it is first needed."""
        self.keyed_anew = 0
        """How often the call has begun again because its key changed while it waited."""
        self.paid = False
        """Whether this very call ran the function."""
        self.too_big = False
        """Whether the entry is too large to be read on the event loop."""
        self.unreadable = False
        """Whether there is an entry, and no answer can be made of it."""
        self.expired: StoredEntry | None = None
        """The entry, if it is there and older than the ttl."""
        self.slot: Slot = None  # type: ignore[assignment]
        """Where its answer is to be, and whose it is; made on a miss alone."""
        self.gives_awaitable = False
        """Whether the function, a plain one, is known to return an awaitable for these arguments."""
        self.made: Any = None
        """The awaitable that it has returned already."""
        self.call_key: CallKey
        self.disk: Disk
        self.path: str


def unwrapped(function: Any) -> Callable[..., Any]:
    """The function inside of a ``classmethod`` or ``staticmethod`` object."""
    return function.__func__ if isinstance(function, (classmethod, staticmethod)) else function


_counted: dict[tuple[str, str, str], tuple[weakref.ref[types.FunctionType], Counters]] = {}
"""File, qualified name and name → the function that last had them, and its counts."""


def counters_of(function: Any, inner: Any, name: str) -> Counters:
    """The counts of a cached function: those of the one that it is about to replace, or stands for in a new run.

    Args:
        function: What is decorated.
        inner: The function inside of its other decorators.
        name: What it is listed as.
    """
    replaced = _replaced(function)
    if replaced is not None and replaced.name == name:
        return replaced.counters
    if not isinstance(inner, types.FunctionType) or "<" in inner.__code__.co_filename + inner.__qualname__:
        return Counters()
    place = (inner.__code__.co_filename, inner.__qualname__, name)
    earlier, counters = _counted.get(place, (lambda: None, Counters()))
    before = earlier()
    if before is not None and before.__globals__ is inner.__globals__:
        counters = Counters()  # one function, decorated twice
    _counted[place] = weakref.ref(inner), counters
    return counters


def _replaced(function: Any) -> Memo | None:
    """What has the function's name now, as when a notebook's cell is run again."""
    names = getattr(function, "__qualname__", "").split(".")
    found: Any = getattr(function, "__globals__", {}).get(names[0])
    for attribute in names[1:]:
        found = inspect.getattr_static(found, attribute, None)
    # A cached function may pass for a static method.
    memo: Memo | None = getattr(
        found if hasattr(type(found), "__llm_memo_function__") else unwrapped(found), "_self_memo", None
    )
    return memo
