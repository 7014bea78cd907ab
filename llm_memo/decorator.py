"""`cached_completion`."""

from __future__ import annotations

import functools
import os
import sys
import types
import typing
from collections.abc import Callable, Iterable
from typing import Any, Concatenate, ParamSpec, TypeVar, overload

from wrapt import BoundFunctionWrapper

from llm_memo.errors import InvalidOption
from llm_memo.function import CachedFunction, Unbound
from llm_memo.identity import local
from llm_memo.memo import unwrapped
from llm_memo.options import INHERIT, TTL, Inherit, Options, parsed
from llm_memo.policies import PolicyLike
from llm_memo.settings import PartialSettings

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C")


@overload
def cached_completion(function: classmethod[C, P, R], /) -> CachedFunction[Concatenate[type[C], P], R]: ...
@overload
def cached_completion(function: Callable[P, R], /) -> CachedFunction[P, R]: ...
@overload
def cached_completion(
    *,
    policy: PolicyLike | Inherit = INHERIT,
    ttl: TTL | Inherit | None = INHERIT,
    ignore: str | Iterable[str] = (),
    key: Callable[..., object] | None = None,
    version: str | int | None = None,
    name: str | None = None,
    cache_if: Callable[[Any], object] | None = None,
    cache_dir: str | os.PathLike[str] | Inherit = INHERIT,
    stale_if_error: bool = False,
    single_flight: bool = True,
) -> _Decorator: ...
def cached_completion(
    function: Any = None,
    /,
    *,
    policy: PolicyLike | Inherit = INHERIT,
    ttl: TTL | Inherit | None = INHERIT,
    ignore: str | Iterable[str] = (),
    key: Callable[..., object] | None = None,
    version: str | int | None = None,
    name: str | None = None,
    cache_if: Callable[[Any], object] | None = None,
    cache_dir: str | os.PathLike[str] | Inherit = INHERIT,
    stale_if_error: bool = False,
    single_flight: bool = True,
) -> Any:
    """Keep what a function that calls a model returns, and return it when the same call is made again.

    Use it as ``@cached_completion`` or ``@cached_completion(...)``, on functions, coroutine functions,
    generators, asynchronous generators, methods, class and static methods. The same question is the
    same arguments (defaults applied), the same code, and the same globals, closures and helpers that
    the code reads; see ``explain()`` on the result. Exceptions are not kept.

    Args:
        function: The function.
        policy: Whether calls read, call and write: a `CachePolicy`, its name, True or False.
        ttl: How old an answer may be when it is read: seconds, a timedelta, ``"90s"``, ``"15m"``,
            ``"12h"``, ``"7d"``, ``"1w"``, or None for never too old. Not part of the key.
        ignore: What is left out of the key: parameters, and names that the code reads (``"LIMITER"``,
            ``"self.stats"``, ``"pkg.mod:NAME"``).
        key: ``key(*args, **kwargs)``, called once a call; what it returns stands for the arguments in the key.
        version: Stands for the fingerprint in the key: with it, edits of the code no longer matter, and
            the function's name does.
        name: The name that entries are listed under, instead of ``module.qualname``.
        cache_if: ``cache_if(answer)``; false: the answer is returned and not kept. By default an
            answer is kept unless it is incomplete (cut off, refused, failed, empty). Of a coroutine
            function it is called in a thread, as all storage work is.
        cache_dir: The folder that entries live in.
        stale_if_error: When the call raises and an expired answer is kept, return that, with a
            `StaleAnswer` warning.
        single_flight: Equal calls at the same time share one call of the function.

    Raises:
        InvalidOption: A value that is not one of its option's.
    """
    options = Options().changed(
        ignore=ignore,
        key=key,
        version=version,
        name=name,
        cache_if=cache_if,
        stale_if_error=stale_if_error,
        single_flight=single_flight,
    )
    _note_caller(sys._getframe(1).f_globals)
    decorate = _Decorator(options, parsed(policy=policy, ttl=ttl, cache_dir=cache_dir))
    return decorate if function is None else decorate(function)


def _note_caller(names: dict[str, Any]) -> None:
    """The package that applies the decorator is the user's own, even if it is installed."""
    name = names.get("__name__")
    if (
        isinstance(name, str)
        and not local.is_own_module(name)
        and name.partition(".")[0] not in sys.stdlib_module_names
    ):
        local.add_own(name)


class _Decorator:
    """What ``@cached_completion(...)`` is before it has its function."""

    def __init__(self, options: Options, decorated: PartialSettings) -> None:
        self._options = options
        self._decorated = decorated

    @overload
    def __call__(self, function: classmethod[C, P, R], /) -> CachedFunction[Concatenate[type[C], P], R]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> CachedFunction[P, R]: ...
    def __call__(self, function: Any, /) -> Any:
        if reason := _refused(function):
            raise InvalidOption(f"cached_completion decorates functions and methods, not {reason}")
        if issubclass(type(function), BoundFunctionWrapper):  # a method under another decorator that is made with wrapt
            cached: Any = Unbound(function._self_parent, self._options, self._decorated)
            return cached.__get__(function._self_instance, function._self_owner)
        if type(function) is types.MethodType:
            return Unbound(function.__func__, self._options, self._decorated).__get__(function.__self__)
        return Unbound(function, self._options, self._decorated)


def _refused(function: Any) -> str:
    """What a thing is that cannot be decorated, and what to do instead; "" if it can be."""
    if isinstance(getattr(function, "__func__", function), CachedFunction):
        return f"{function!r}, which is cached already: use its with_options(...)"
    kind = typing.get_origin(function) or function  # list[int] can be called as list can
    if isinstance(kind, type):
        return f"the class {kind.__qualname__}: decorate its methods, or a function that makes one and asks it"
    if isinstance(function, (property, functools.cached_property)):
        return f"a {type(function).__name__}: write @cached_completion below @{type(function).__name__}"
    if isinstance(function, (functools.partialmethod, functools.singledispatchmethod)):
        return f"a {type(function).__name__}: decorate the method that it is made from"
    return "" if callable(unwrapped(function)) else repr(function)
