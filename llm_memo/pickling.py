"""Cached functions travel to other processes: by name where they can be imported, else by value.

With them goes the folder that they use here if no option of theirs names one, so that workers, which have
no script of their own and perhaps another working directory, keep answers where their parent does. So
``joblib.Parallel``, ``multiprocessing``, dask and ray can be given one, also from a notebook.
"""

from __future__ import annotations

import importlib
import inspect
import pickle
import sys
from dataclasses import replace
from types import FunctionType
from typing import Any

from llm_memo import location
from llm_memo.codec.references import came_by_value
from llm_memo.identity.code import source
from llm_memo.identity.fingerprint import innermost
from llm_memo.identity.naming import MAIN
from llm_memo.settings import Sent


def reduce(function: Any) -> tuple[Any, ...]:
    """How pickle and cloudpickle take ``function`` along; called by its ``__reduce_ex__``."""
    module, qualname = function.__module__, function.__qualname__
    if module in MAIN:
        module = "__main__"
    memo, here = function._self_memo, _named(module, qualname)
    sent = memo.settings.sent()
    is_copy = here is not function and getattr(here, "__wrapped__", None) is function.__wrapped__
    if module != "__main__" and here is function:
        return _arrived, (module, qualname, sent)
    if module != "__main__" and is_copy:
        return _with_options, (module, qualname, memo.options, memo.settings.call, sent)
    inner = memo.key_builder.fingerprint.inner
    text = source.pinned(inner) if isinstance(inner, FunctionType) else None
    around = source.pinned_around(inner) if isinstance(inner, FunctionType) else []
    parts = (
        text,
        around,
        function.__wrapped__,
        memo.options,
        memo.settings.decorated,
        memo.settings.call,
        memo.name,
    )
    stands_for = "itself" if here is function else "a copy" if is_copy else "nothing"
    # cloudpickle takes functions of scripts, notebooks and closures by value; plain pickle would
    # refuse them, so they go as its bytes.
    pickler = sys._getframe(2).f_globals.get("__name__", "")
    packed = parts if pickler.endswith("cloudpickle.cloudpickle") else _cloudpickle().dumps(parts)
    return _built, (type(function), module, qualname, stands_for, packed, sent)


def _cloudpickle() -> Any:
    try:
        import cloudpickle  # type: ignore[import-untyped, unused-ignore]
    except ImportError:  # pragma: no cover - up to 1.5 joblib carries its own copy
        from joblib.externals import cloudpickle
    return cloudpickle


def reduce_bound(method: Any) -> tuple[Any, ...]:
    """How a cached method travels: as its instance (or class) and its name; a copy with options as that copy."""
    holder = method._self_instance if method._self_instance is not None else method._self_owner
    if getattr(holder, method.__name__)._self_memo is not method._self_memo:
        return _bound, (method._self_parent, method._self_instance, method._self_owner)
    return _arrived_bound, (holder, method.__name__, method._self_memo.settings.sent())


def _bound(function: Any, instance: Any, owner: Any) -> Any:
    return function.__get__(instance, owner)


def _arrived(module: str, qualname: str, sent: Sent) -> Any:
    importlib.import_module(module)
    function = _named(module, qualname)
    function._self_memo.settings.came_from(sent)
    return function


def _arrived_bound(holder: Any, name: str, sent: Sent) -> Any:
    method = getattr(holder, name)
    method._self_memo.settings.came_from(sent)
    return method


def _with_options(module: str, qualname: str, options: Any, call: Any, sent: Sent) -> Any:
    return _copy(_arrived(module, qualname, sent), options, call)


def _copy(function: Any, options: Any, call: Any) -> Any:
    memo = function._self_memo
    return type(function)(function.__wrapped__, options, memo.settings.decorated, call, memo)


def _named(module: str, qualname: str) -> Any:
    """What a module has under a name: of a class the method itself, not bound to anything."""
    found: Any = sys.modules.get(module)
    for name in qualname.split("."):
        found = inspect.getattr_static(found, name, None)
        if isinstance(found, (classmethod, staticmethod)):
            found = found.__func__
    return found


def _built(kind: Any, module: str, qualname: str, stands_for: str, parts: Any, sent: Sent) -> Any:
    """The function of that name that this process has already, or a copy of it, or else a new one.

    A new one always where cloudpickle brought it from another process, since all else that it brought
    is then by value too, and the function's classes are to be the same.
    """
    here = _named(module, qualname)
    is_pickle = isinstance(parts, bytes)
    if stands_for == "nothing" or not isinstance(here, kind) or not (is_pickle or sent[0] == location.PROCESS):
        here = None
    else:
        here._self_memo.settings.came_from(sent)
    if here is not None and stands_for == "itself":
        return here
    text, around, function, options, decorated, call, name = pickle.loads(parts) if is_pickle else parts
    if here is not None and stands_for == "a copy":
        return _copy(here, options, call)
    inner = innermost(function)
    came_by_value(getattr(function, "__func__", function))
    if isinstance(inner, FunctionType):
        for file, beside in around:
            source.pin(inner, beside, file)
            source.pin(inner, beside)  # where cloudpickle gives all code one name
        if text is not None:
            source.pin(inner, text)
    built: Any = kind(function, replace(options, name=name), decorated, call)
    built._self_memo.settings.came_from(sent)
    return built
