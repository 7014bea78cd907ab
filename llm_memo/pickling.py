"""Cached functions travel to other processes: by name where they can be imported, else by value.

So ``joblib.Parallel``, ``multiprocessing``, dask and ray can be handed one, also from a notebook.
"""

from __future__ import annotations

import functools
import importlib
import pickle
import sys
from dataclasses import replace
from typing import Any


def reduce(function: Any) -> tuple[Any, ...]:
    """How pickle and cloudpickle take ``function`` along."""
    module, qualname = function.__module__, function.__qualname__
    original = _named(module, qualname) is function
    if original and module != "__main__":
        return _imported, (module, qualname)
    memo = function._self_memo
    here = _named(module, qualname)
    if module != "__main__" and getattr(here, "__wrapped__", None) is function.__wrapped__:
        return _with_options, (module, qualname, memo.options, memo.in_force.call)
    # cloudpickle takes functions of scripts, notebooks and closures by value; plain pickle would
    # refuse them, so they go as its bytes whoever does the pickling.
    try:
        import cloudpickle  # type: ignore[import-untyped, unused-ignore]
    except ImportError:  # pragma: no cover - up to 1.5 joblib carries its own copy
        from joblib.externals import cloudpickle

    parts = (function.__wrapped__, memo.options, memo.in_force.decorated, memo.in_force.call, memo.name)
    return _built, (module, qualname, original, cloudpickle.dumps(parts))


def reduce_bound(method: Any) -> tuple[Any, ...]:
    """How a cached method travels: as its instance (or class) and its name; a copy with options as that copy."""
    holder = method._self_instance if method._self_instance is not None else method._self_owner
    if getattr(holder, method.__name__)._self_memo is not method._self_memo:
        return _bound, (method._self_parent, method._self_instance, method._self_owner)
    return getattr, (holder, method.__name__)


def _bound(function: Any, instance: Any, owner: Any) -> Any:
    return function.__get__(instance, owner)


def _with_options(module: str, qualname: str, options: Any, call: Any) -> Any:
    from llm_memo.decorator import CachedFunction

    base = _imported(module, qualname)
    memo = base._self_memo
    return CachedFunction(base.__wrapped__, options, memo.in_force.decorated, call, memo)


def _named(module: str, qualname: str) -> Any:
    found = sys.modules.get(module)
    for name in qualname.split("."):
        found = getattr(found, name, None)
    return found


def _imported(module: str, qualname: str) -> Any:
    return functools.reduce(getattr, qualname.split("."), importlib.import_module(module))


def _built(module: str, qualname: str, original: bool, parts: bytes) -> Any:
    """The function of that name that this process has already, or else a new one."""
    from llm_memo.decorator import CachedFunction

    here = _named(module, qualname)
    if original and isinstance(here, CachedFunction):
        return here
    function, options, decorated, call, name = pickle.loads(parts)
    return CachedFunction(function, replace(options, name=name), decorated, call)
