"""Forms of `unittest.mock` objects: a token of this process, another one when the mock is configured anew.

So caching can be tested with mocks, and an answer of a mock is never found by another process or another set-up.
"""

from __future__ import annotations

import itertools
import os
from typing import Any

from llm_memo.adapters.equipment import class_name
from llm_memo.identity.forms.encoding import Form, NoCanonicalForm, Subject, encode

_PROCESS = os.urandom(16)
_tokens = itertools.count()

if hasattr(os, "register_at_fork"):

    def _after_fork() -> None:
        global _PROCESS
        _PROCESS = os.urandom(16)

    os.register_at_fork(after_in_child=_after_fork)


def is_mock(value: object) -> bool:
    """Whether a value is a mock."""
    return is_mock_class(type(value))


def is_mock_class(kind: type) -> bool:
    """Whether the instances of a class are mocks."""
    return "unittest.mock.NonCallableMock" in map(class_name, kind.__mro__)


def form(value: Any, subject: Subject) -> Form:
    """The token of a mock as it is configured now."""
    settings = _settings(value, {})
    if not settings and (parent := vars(value).get("_mock_new_parent")) is not None:
        return "part of a mock", parent, vars(value).get("_mock_new_name")
    seen = [(path, id(item), _content(item, subject)) for path, item in sorted(settings.items())]
    known = vars(value).get("_llm_memo")
    if known is None or known[0] != seen:
        # The settings are kept, so that no other object gets the id of one of them.
        known = vars(value)["_llm_memo"] = seen, settings, b"%b%d" % (_PROCESS, next(_tokens))
    return "mock", _PROCESS, known[2]


def _content(item: object, subject: Subject) -> bytes:
    try:
        return encode(item, subject)
    except (NoCanonicalForm, RecursionError):
        return b""  # its identity has to do


def _settings(mock: Any, seen: dict[int, None], path: str = "") -> dict[str, Any]:
    """What somebody has set on a mock and on the mocks in it; what it makes by itself when it is used is none of it."""
    if id(mock) in seen:
        return {}
    seen[id(mock)] = None
    held = vars(mock)
    delegate = vars(held["_mock_delegate"]) if held.get("_mock_delegate") is not None else {}
    kinds = {
        **held,
        **held.get("_mock_children", {}),
        **{name: delegate.get(name) for name in _DELEGATED & {*delegate}},
    }
    found: dict[str, Any] = {}
    for name, item in kinds.items():
        if name in _BOOKKEEPING or (name.startswith(("_mock_", "_spec_")) and name not in _SET) or name == "_llm_memo":
            continue
        if "_mock_children" in getattr(item, "__dict__", {}):
            found |= _settings(item, seen, f"{path}.{name}")
        elif item is not None and repr(type(item)) != "<class 'unittest.mock._SentinelObject'>":
            found[f"{path}.{name}"] = item
    return found


_SET = {"_mock_return_value", "_mock_side_effect", "_mock_wraps"}
_DELEGATED = {"return_value", "side_effect"}
_BOOKKEEPING = {"method_calls", "_mock_sealed", "_mock_call_args_list", "_mock_mock_calls"}
