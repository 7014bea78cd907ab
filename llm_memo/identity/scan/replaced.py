"""What somebody has put on an instance of an installed class, over what its class has: a test's fake, a wrapper.

``patch.object(client.responses, "create")``, ``client.chat = Fake()``. Parts that the library itself makes when they
are used, such as ``client.responses``, are none of it.
"""

from __future__ import annotations

import types
from typing import Any

from llm_memo.identity.checks import Check
from llm_memo.identity.quiet import MISSING, class_has, class_item, own_dict

_DEPTH = 4


def along(value: Any, names: tuple[str, ...]) -> Any:
    """The first such thing that ``value.name.name…`` goes through; MISSING if there is none."""
    for name in names:
        item = (own_dict(value) or {}).get(name, MISSING)
        if item is MISSING or _is_replaced(value, name, item):
            return item
        value = item
    return MISSING


def everywhere(value: Any, depth: int = _DEPTH) -> list[tuple[str, object]]:
    """All such things on an instance and on its parts, with their places."""
    found: list[tuple[str, object]] = []
    for name, item in (own_dict(value) or {}).items() if depth else ():
        if not class_has(type(value), name):
            continue
        if _is_replaced(value, name, item):
            found.append((name, item))
        else:
            found += [(f"{name}.{place}", each) for place, each in everywhere(item, depth - 1)]
    return sorted(found, key=lambda each: each[0])


def watch(value: Any, check: Check, depth: int = _DEPTH) -> None:
    """Add to a check that `everywhere` finds the same on an instance and its parts, down to a depth."""
    if depth and own_dict(value) is not None:
        held = check.attributes(value)
        for part in check.items(held, [name for name in held if class_has(type(value), name)]):
            watch(part, check, depth - 1)


def _is_replaced(value: Any, name: str, item: object) -> bool:
    """Whether a class has a method or a part of that name, and what is there instead is not of its package."""
    of_class = class_item(type(value), name)
    return class_has(type(of_class), "__get__") and _package(item) != type(value).__module__.partition(".")[0]


def _package(item: Any) -> str:
    """The package that made it: that of a function's code, whatever it says of itself, else that of its class."""
    function = item.__func__ if type(item) is types.MethodType else item
    is_function = type(function) is types.FunctionType
    module = function.__globals__.get("__name__") if is_function else type(item).__module__
    return str(module).partition(".")[0]
