"""Which values are one's own: code and instances that are followed, and stand for themselves by a number."""

from __future__ import annotations

import enum
import functools
import random
import sys
import types
from typing import Any

from llm_memo.identity.local import is_own
from llm_memo.identity.quiet import class_item, code_attribute, is_a


def is_cached_function(value: Any) -> bool:
    """Whether a value is a cached function, looked up or not."""
    return class_item(type(value), "__llm_memo_function__") is not None


def is_own_function(value: Any) -> bool:
    """Whether a value is a function of one's own."""
    return type(value) is types.FunctionType and is_own(value)


def is_own_code(value: Any) -> bool:
    """Whether a value is a function of one's own, bare, cached, or under ``lru_cache`` or ``partial``."""
    while is_a(value, functools.partial) or type(value) is functools._lru_cache_wrapper:
        value = value.func if is_a(value, functools.partial) else value.__wrapped__
    return is_own_function(value) or is_cached_function(value)


def is_own_instance(value: Any) -> bool:
    """Whether a value is an instance of a class of one's own, and counts by that class."""
    return is_own_kind(type(value))


def is_own_kind(kind: type) -> bool:
    """Whether the instances of a class are instances of one's own."""
    return is_own(kind) and not issubclass(kind, (enum.Enum, type)) and class_item(kind, "__memo_key__") is None


def is_subject(value: Any) -> bool:
    """Whether a value is code, a module among it, or an instance of one's own."""
    kind = type(value)
    if is_a(value, types.ModuleType):
        return is_own(value)
    if issubclass(kind, type) or kind in (types.FunctionType, types.MethodType) or is_cached_function(value):
        return is_own(value) or bool(code_attribute(value, "__closure__", None)) or kind is types.MethodType
    if kind is functools._lru_cache_wrapper:
        return is_own(value.__wrapped__)
    return is_own_instance(value)


def is_function_of_module(value: Any) -> bool:
    """Whether a bound method is what an installed module offers as a function of its own, as ``random.choice`` is."""
    if type(value) not in (types.MethodType, types.BuiltinFunctionType):
        return False
    kind = type(value.__self__)
    if is_own(kind) or kind is types.ModuleType:
        return False
    return kind is random.SystemRandom or vars(sys.modules.get(kind.__module__, random)).get(value.__name__) == value


def ignored_of(kind: type) -> tuple[str, ...]:
    """The attributes that a class leaves out of keys itself."""
    names = class_item(kind, "__memo_ignore__") or ()
    return (names,) if is_a(names, str) else tuple(names)
