"""`CachedFunction`: what stands in a function's place, and what it offers beside being called.

It is wrapt's proxy, which shows the function's own name, signature, annotations and class, so that it passes for the
function wherever one is expected.
"""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from types import FunctionType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, Unpack, overload

from llm_memo import batch, pickling
from llm_memo.cache import Cache, Cleared
from llm_memo.call import Call
from llm_memo.display.shown import Shown
from llm_memo.entries import Entries
from llm_memo.errors import MemoError
from llm_memo.explain import Explanation, explain, outcome_of
from llm_memo.identity.code import source
from llm_memo.identity.fingerprint import Fingerprint
from llm_memo.identity.key import KeyBuilder
from llm_memo.identity.naming import function_name
from llm_memo.job import Job
from llm_memo.memo import Memo, counters_of, unwrapped
from llm_memo.options import INHERIT, TTL, Inherit, Options, parsed, whole
from llm_memo.policies import PolicyLike
from llm_memo.progress import Progress
from llm_memo.settings import EffectiveSettings, PartialSettings
from llm_memo.shapes import wrapper_of
from llm_memo.stats import CacheInfo
from llm_memo.stores import moved, tidy
from llm_memo.stores.disk import disk
from llm_memo.stores.slot import Slot
from llm_memo.typed import (
    ANNOTATIONS,
    Attributes,
    BoundFunctionWrapper,
    ClassMethod,
    FunctionWrapper,
    MapOptions,
    Method,
)

P = ParamSpec("P")
Q = ParamSpec("Q")
R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")
T = TypeVar("T")

__tracebackhide__ = True  # in pytest

_SCOPED = ("policy", "ttl", "cache_dir")


class CachedFunction(Shown, Attributes, Generic[P, R_co]):
    """What `cached_completion` makes of a function: it looks and is called like the one it wraps."""

    __slots__ = ()  # its __dict__ is that of the function, as wrapt has it

    if TYPE_CHECKING:

        @property
        def __wrapped__(self) -> Callable[P, R_co]: ...

        def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...  # noqa: D102

        @overload
        def __get__(self: ClassMethod[S, Q, T], instance: object, owner: type[S], /) -> CachedFunction[Q, T]: ...
        @overload
        def __get__(self, instance: None, owner: type, /) -> CachedFunction[P, R_co]: ...
        @overload
        def __get__(self: Method[S, Q, T], instance: S, owner: type | None = None, /) -> CachedFunction[Q, T]: ...
        @overload
        def __get__(self, instance: object, owner: type | None = None, /) -> CachedFunction[P, R_co]: ...
        def __get__(self, instance: Any, owner: Any = None, /) -> Any: ...

    else:

        @property
        def __class__(self) -> type:
            # Of what says that it is a function, cloudpickle takes the bare code along, and leaves the cache behind.
            asks = sys._getframe(1).f_globals.get("__name__", "")
            return type(self) if asks.endswith("cloudpickle") else self.__wrapped__.__class__

    def cache_info(self) -> CacheInfo:
        """What became of the calls in this process: hits, misses, tokens and seconds saved, …"""
        return self._self_memo.counters.info()

    def cache_clear(self) -> Cleared:
        """Remove all entries of this function and begin its counts anew; returns how many went."""
        self._self_memo.counters.reset()
        return self._cache().clear(self)

    def cache_parameters(self) -> dict[str, Any]:
        """Every option, with the value that is effective here and now."""
        memo = self._self_memo
        settings = memo.settings.now()
        return {
            **{name: getattr(settings, name) for name in _SCOPED},
            **{name: getattr(memo.options, name) for name in memo.options.__slots__},
            "name": memo.name,
        }

    def cache_key(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """The key of the call with these arguments: 32 hex digits."""
        key_builder = self._self_memo.key_builder
        return key_builder.key_of(key_builder.bind(self._arguments(args), kwargs)).key

    def is_cached(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Whether an answer to the call with these arguments is kept, and not too old to be read."""
        memo = self._self_memo
        call_key = memo.key_builder.key_of(memo.key_builder.bind(self._arguments(args), kwargs))
        return outcome_of(call_key, memo.folder, memo.owner(), memo.settings.now()) == "hit"

    def forget(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Remove the entry of the call with these arguments; returns whether there was one."""
        memo = self._self_memo
        store = disk(memo.settings.now().cache_dir)
        path = store.path(memo.folder, self.cache_key(*args, **kwargs))
        elsewhere = moved.forget(Slot(store, path, memo.owner()))
        return tidy.remove(path) is not None or elsewhere

    def explain(self, *args: P.args, **kwargs: P.kwargs) -> Explanation:
        """What the call's key is made of, and, if it would miss, what differs from the nearest kept call."""
        memo = self._self_memo
        settings, values = memo.settings.now(), memo.key_builder.bind(self._arguments(args), kwargs)
        call_key = memo.key_builder.key_of(values)
        why = memo.counters.why_not_stored
        return explain(memo.key_builder, call_key, memo.folder, memo.owner(), settings, values, why)

    def entries(self) -> Entries:
        """This function's kept answers, the latest first."""
        return Entries(self._cache().entries(self), self._self_memo.settings.now().ttl)

    @overload
    def map(  # type: ignore[overload-overlap]
        self: CachedFunction[P, Coroutine[Any, Any, T]], items: Iterable[Any], **options: Unpack[MapOptions]
    ) -> Coroutine[Any, Any, list[T]]: ...
    @overload
    def map(  # type: ignore[overload-overlap]
        self: CachedFunction[P, AsyncIterator[T]], items: Iterable[Any], **options: Unpack[MapOptions]
    ) -> Coroutine[Any, Any, list[list[T]]]: ...
    @overload
    def map(
        self: CachedFunction[P, Iterator[T]], items: Iterable[Any], **options: Unpack[MapOptions]
    ) -> list[list[T]]: ...
    @overload
    def map(self, items: Iterable[Any], **options: Unpack[MapOptions]) -> list[R_co]: ...
    def map(
        self,
        items: Iterable[Any],
        *,
        max_workers: int = batch.WORKERS,
        progress: Progress = "auto",
        return_exceptions: bool = False,
        backend: str | None = None,
    ) -> Any:
        """Call the function for each item and return the answers in order; for coroutine functions, await it.

        Hits are answered first, of equal misses one is called, the rest at most ``max_workers`` at a
        time. A mistake in any item is raised before the first call. Interrupted, or stopped by an
        exception, it loses nothing that was answered: run again, it goes on from there. Of a
        generator function, an answer is the list of what it yields.

        Args:
            items: An item that is exactly a ``tuple`` holds a call's arguments, exactly a ``dict`` its keyword
                arguments; anything else, a list or a namedtuple too, is its one argument.
            max_workers: How many calls are under way at most.
            progress: A tqdm bar (extra ``[progress]``) with hits, calls, failures, tokens and money:
                ``"auto"``: in terminals and notebooks, when there is something to call; or True, False.
            return_exceptions: Put exceptions among the answers instead of raising the first.
            backend: Any backend of joblib's (``"loky"``, ``"threading"``, ``"dask"``, ``"ray"``, …)
                to run the calls on, in place of threads or tasks here.

        Raises:
            InvalidOption: A value that is not one of its option's; ``items`` is one text, mapping, record, table
                or array of rows, which Python would take apart in a way that is not meant.
            TypeError: An item does not fit the function. As the next, with its place, and before the first call.
            UnkeyableArgument: An argument has no canonical form.
            Exception: What a call raised first, unless ``return_exceptions``. A note on it, as on a
                ``KeyboardInterrupt``, tells how many answers are kept.
        """
        return batch.run(
            self,
            batch.jobs(self, items),
            max_workers=max_workers,
            progress=progress,
            return_exceptions=return_exceptions,
            backend=backend,
        )

    @overload
    def samples(  # type: ignore[overload-overlap]
        self: CachedFunction[P, Coroutine[Any, Any, T]], n: int, /, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, list[T]]: ...
    @overload
    def samples(  # type: ignore[overload-overlap]
        self: CachedFunction[P, AsyncIterator[T]], n: int, /, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, list[list[T]]]: ...
    @overload
    def samples(
        self: CachedFunction[P, Iterator[T]], n: int, /, *args: P.args, **kwargs: P.kwargs
    ) -> list[list[T]]: ...
    @overload
    def samples(self, n: int, /, *args: P.args, **kwargs: P.kwargs) -> list[R_co]: ...
    def samples(self, n: int, /, *args: Any, **kwargs: Any) -> Any:
        """``n`` independent answers to the same question, in a list; for coroutine functions, await it.

        Each is kept, so that a larger ``n`` later calls only for those that are missing. The first is
        the answer that the call has without ``samples``.

        Raises:
            InvalidOption: ``n`` is not a whole number of at least 0.
        """
        whole(f"{self._self_memo.name}.samples: n", n)
        one = self.with_options
        return batch.run(self, [Job(one(sample=i), args, kwargs) for i in range(n)], progress=False, is_map=False)

    def with_options(
        self,
        *,
        policy: PolicyLike | Inherit = INHERIT,
        ttl: TTL | Inherit | None = INHERIT,
        cache_dir: str | os.PathLike[str] | Inherit = INHERIT,
        ignore: str | Iterable[str] | Inherit = INHERIT,
        key: Callable[..., object] | Inherit | None = INHERIT,
        version: str | int | Inherit | None = INHERIT,
        name: str | Inherit | None = INHERIT,
        cache_if: Callable[[Any], object] | Inherit | None = INHERIT,
        stale_if_error: bool | Inherit = INHERIT,
        single_flight: bool | Inherit = INHERIT,
        sample: int | Inherit = INHERIT,
        replay_delay: TTL | Inherit = INHERIT,
    ) -> CachedFunction[P, R_co]:
        """The same cached function with other options, for one call or a few; it shares the counts.

        Args:
            policy: As all up to ``single_flight`` those of `cached_completion`.
            ttl: See there.
            cache_dir: See there.
            ignore: See there.
            key: See there.
            version: See there.
            name: See there.
            cache_if: See there.
            stale_if_error: See there.
            single_flight: See there.
            sample: Ask for the ``sample``-th independent answer to the same question; part of the
                key. 0, the first, is the answer that is had without it.
            replay_delay: Seconds between two items of a replayed stream or generator, for demos.

        Raises:
            InvalidOption: A value that is not one of its option's.
        """
        memo = self._self_memo
        options = memo.options.changed(
            ignore=ignore,
            key=key,
            version=version,
            name=name,
            cache_if=cache_if,
            stale_if_error=stale_if_error,
            single_flight=single_flight,
            sample=sample,
            replay_delay=replay_delay,
        )
        nearest = {**memo.settings.call, **parsed(policy=policy, ttl=ttl, cache_dir=cache_dir)}
        parent: Any = self if self._self_parent is None else self._self_parent
        changed: Any = Unbound(parent.__wrapped__, options, memo.settings.decorated, nearest, memo)
        if parent is not self:
            changed = changed.__get__(self._self_instance, self._self_owner)
        return changed  # type: ignore[no-any-return]

    def _self_call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        return Call(self._self_memo, self.__wrapped__, args, self._arguments(args), kwargs)

    def _arguments(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments as the function's signature has them, the instance or class first."""
        instance = self._holder()
        if instance is None and self._self_parent is None and not isinstance(next(iter(args), None), type):
            self._refuse_class_method()
        return args if instance is None else (instance, *args)

    def _holder(self) -> Any:
        """The instance or class that it is bound to; None if there is none."""
        if self._self_binding in ("classmethod", "staticmethod"):  # decorated outside of them
            return getattr(self.__wrapped__, "__self__", None)
        return self._self_instance

    def __llm_memo_function__(self) -> tuple[Any, str | None, Any, Any]:
        """For keys of code that calls it: the function inside, its ``version``, its instance, what was decorated."""
        memo = self._self_memo
        fingerprint = memo.key_builder.fingerprint
        return fingerprint.inner, memo.options.version, self._holder(), fingerprint.function

    def _refuse_class_method(self) -> None:
        """Say what to do where a class method, since Python 3.13, does not tell which class it was looked up on.

        Raises:
            TypeError: It is the function of a class method.
        """
        holder = getattr(self.__wrapped__, "__qualname__", "").rpartition(".")[0]
        if holder and not holder.endswith(">") and [*self._self_memo.key_builder.signature.parameters][:1] == ["cls"]:
            raise TypeError(
                f"{self._self_memo.name}: below @classmethod a function does not know its class (since Python 3.13). "
                "Write @cached_completion above @classmethod, or give the class first, as in "
                f"{self.__name__}.is_cached(cls, …)"
            )

    def _cache(self) -> Cache:
        return Cache(self._self_memo.settings.now().cache_dir, missing_ok=True)

    def __dir__(self) -> list[str]:
        return sorted({*dir(self.__wrapped__), *_OFFERED})

    def __str__(self) -> str:
        return repr(self)

    def __repr__(self) -> str:
        try:
            parameters = self.cache_parameters()
        except MemoError as error:
            return f"<cached function {self._self_memo.name}, {error}>"
        shown = [f"policy={str(parameters['policy'])!r}"]
        shown += [f"ttl={parameters['ttl']:g}"] if parameters["ttl"] is not None else []
        shown += [f"{name}={value!r}" for name, value in self._self_memo.options.given().items()]
        return f"<cached function {self._self_memo.name}, {', '.join(shown)}>"


_OFFERED = ["__wrapped__", *(name for name in vars(CachedFunction) if not name.startswith("_"))]


class Unbound(CachedFunction[P, R_co], FunctionWrapper):
    """A cached function as it was decorated.

    Args:
        function: The function, or the ``classmethod`` or ``staticmethod`` that holds it.
        options: Its options.
        decorated: The settings that its decorator was given.
        nearest: Those of `CachedFunction.with_options`.
        base: What the one shares whose ``with_options`` this is.
    """

    if not TYPE_CHECKING:
        __annotations__ = ANNOTATIONS

    def __init__(
        self,
        function: Any,
        options: Options,
        decorated: PartialSettings,
        nearest: PartialSettings | None = None,
        base: Memo | None = None,
    ) -> None:
        plain = unwrapped(function)
        name = options.name or function_name(plain)
        key_builder = KeyBuilder(
            plain,
            name,
            ignore=options.ignore,
            key=options.key,
            version=options.version,
            sample=options.sample,
            fingerprint=base.key_builder.fingerprint if base else Fingerprint(plain),
        )
        counters = base.counters if base else counters_of(plain, key_builder.fingerprint.inner, name)
        if base is None and isinstance(key_builder.fingerprint.inner, FunctionType):
            source.pin(key_builder.fingerprint.inner)
        settings = EffectiveSettings(nearest or {}, counters, decorated, base.settings.default if base else None)
        memo = Memo(options, key_builder, settings, counters, plain)
        super().__init__(function, wrapper_of(plain, memo))
        self._self_memo = memo

    def __reduce_ex__(self, protocol: Any) -> Any:
        return pickling.reduce(self)

    def __copy__(self) -> CachedFunction[P, R_co]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> CachedFunction[P, R_co]:
        return self


class Bound(CachedFunction[P, R_co], BoundFunctionWrapper):
    """A cached function that was looked up on an instance, or on its class."""

    if not TYPE_CHECKING:
        __annotations__ = ANNOTATIONS

    @property
    def _self_memo(self) -> Memo:  # type: ignore[override]
        """What the function that it was made from shares, as since wrapt 2.2."""
        return self._self_parent._self_memo  # type: ignore[no-any-return]

    @property
    def __func__(self) -> Any:
        """For a method: what the class holds, as for any method; for a ``classmethod``: the function inside."""
        bound: Any = self.__wrapped__
        return self._self_parent if self._self_binding == "function" else bound.__func__

    def __reduce_ex__(self, protocol: Any) -> Any:
        return pickling.reduce_bound(self)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self._self_parent.__get__(copy.deepcopy(self._self_instance, memo), self._self_owner)


if not TYPE_CHECKING:
    Unbound.__bound_function_wrapper__ = Bound
    # As error messages, and ``f?`` in IPython, name it; pickle finds the classes by their __qualname__.
    Unbound.__name__ = Bound.__name__ = CachedFunction.__name__
