"""What all calls of one cached function share, and what is known of one call."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from llm_memo import location
from llm_memo.identity.key import CallKey, KeyBuilder
from llm_memo.options import Options
from llm_memo.settings import EffectiveSettings
from llm_memo.stats import Counters
from llm_memo.stores.analyses import AnalysisKeeper
from llm_memo.stores.disk import Disk, function_folder
from llm_memo.stores.entry import StoredEntry
from llm_memo.stores.folder import Owner


class Memo:
    """What all calls of one cached function share."""

    __slots__ = ("called", "counters", "folder", "function", "keeper", "key_builder", "name", "options", "settings")

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

    def owner(self, call_key: CallKey | None = None) -> Owner:
        """Whose answers these are: the function's name, its program and its code, as it is now or made this key."""
        program = "" if self.function is None else location.program(self.function)
        return Owner(self.name, program, self.key_builder.code(call_key))


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
        "args", "arguments", "call_key", "disk", "earlier_key", "expired", "gives_awaitable", "keyed_anew", "kwargs",
        "made", "memo", "owner", "paid", "path", "run", "settings", "too_big", "unreadable",
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
        self.earlier_key: CallKey | None = None
        """Its key when it was looked for before."""
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
        self.owner: Owner | None = None
        """Whose answer it is; looked for on a miss alone."""
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


def earlier_counters(function: Any, name: str) -> Counters | None:
    """The counts of the cached function that this one is about to replace, as when a notebook's cell is run again."""
    names = getattr(function, "__qualname__", "").split(".")
    found: Any = getattr(function, "__globals__", {}).get(names[0])
    for attribute in names[1:]:
        found = inspect.getattr_static(found, attribute, None)
    # A cached function may pass for a static method.
    memo = getattr(found if hasattr(type(found), "__llm_memo_function__") else unwrapped(found), "_self_memo", None)
    return memo.counters if memo is not None and memo.name == name else None
