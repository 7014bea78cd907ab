"""Binding a call's arguments to the function's signature, defaults applied."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from llm_memo.errors import InvalidOption
from llm_memo.identity.wrappers import read_signature


class _Default(str):
    """The name of a parameter, which is written as what its default is found by."""

    def __repr__(self) -> str:
        return f"_defaults[{str(self)!r}]"


def compile_binder(signature: inspect.Signature, name: str) -> Callable[..., tuple[Any, ...]]:
    """A function with this signature that returns its arguments, defaults applied, in order.

    Python's own binding is twenty times as fast as ``Signature.bind``, and its errors are the ones
    that the function itself would raise.
    """
    defaults = {name: each.default for name, each in signature.parameters.items() if each.default is not each.empty}
    parameters = [
        each.replace(annotation=each.empty, default=_Default(name) if name in defaults else each.empty)
        for name, each in signature.parameters.items()
    ]
    names = "".join(f"{parameter}, " for parameter in signature.parameters)
    binder = eval(f"lambda {str(inspect.Signature(parameters))[1:-1]}: ({names})", {"_defaults": defaults})
    binder.__name__ = binder.__qualname__ = name.rpartition(".")[2]
    return binder  # type: ignore[no-any-return]


def check_key(key: Callable[..., object], name: str, signature: inspect.Signature) -> None:
    """Refuse a ``key=`` that cannot take the function's arguments.

    Raises:
        InvalidOption: It would fail in every call.
    """
    try:
        takes = read_signature(key)
    except (TypeError, ValueError):
        return
    positional: list[None] = []
    named: dict[str, None] = {}
    for parameter in signature.parameters.values():
        if parameter.default is not parameter.empty:
            continue
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            positional.append(None)
        elif parameter.kind is parameter.KEYWORD_ONLY:
            named[parameter.name] = None
    try:
        takes.bind(*positional, **named)
    except TypeError as error:
        raise InvalidOption(
            f"key= for {name} takes {takes}, but is called with the arguments of {name}{signature}: {error}"
        ) from None
