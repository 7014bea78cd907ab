"""The cached functions that are alive: those that a namespace and the user's own modules reach."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from llm_memo.function import CachedFunction
from llm_memo.identity.local import is_own_module
from llm_memo.views.calls import memo_of

_HISTORY = re.compile(r"_+i*\d*")
"""What IPython calls earlier inputs and outputs."""


def is_cached_function(value: object) -> bool:
    """Whether ``value`` is a cached function, bound or not; only its type is looked at."""
    return issubclass(type(value), CachedFunction)


def cached_functions(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """The cached functions of a namespace, of its classes, and of imported local modules.

    Each by the name that reaches it, once: what ``with_options`` made shares its counts and is the
    same function.
    """
    found: dict[int, tuple[str, Any]] = {}
    for name, function in _reached(namespace):
        found.setdefault(id(memo_of(function).counters), (name, function))
    return dict(found.values())


def _reached(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from _inside({name: value for name, value in namespace.items() if not _HISTORY.fullmatch(name)}, "")
    for name, module in list(sys.modules.items()):
        if name != "__main__" and type(module) is ModuleType and is_own_module(name):
            yield from _inside(dict(vars(module)), f"{name}.")


def _inside(namespace: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in namespace.items():
        if is_cached_function(value):
            yield prefix + name, value
        elif issubclass(type(value), type):
            for attribute, inner in list(vars(value).items()):
                function = inner.__func__ if type(inner) in (classmethod, staticmethod) else inner
                if is_cached_function(function):
                    yield f"{prefix}{name}.{attribute}", function
