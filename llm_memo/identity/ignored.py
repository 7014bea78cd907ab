"""``ignore=``: names that are left out of the key, and the places that they lead to."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Iterable, Mapping
from typing import Any

from llm_memo.errors import InvalidOption
from llm_memo.identity.scan.reached import MISSING, Place, cell_value, own_dict


def ignored_places(
    function: types.FunctionType, names: Iterable[str], arguments: Mapping[str, Any]
) -> dict[Place, str]:
    """The places that ``ignore=`` names lead to now.

    Args:
        function: The function that is decorated.
        names: ``"LIMITER"``, ``"self.stats"``, ``"cfg.run_id"``, ``"pkg.mod:NAME"``.
        arguments: Parameter → what it is bound to, as far as that is known.
    """
    found: dict[Place, str] = {}
    for name in names:
        start = _start(function, name, arguments)
        if start is not None:
            place = _place(*start)
            if place is not None:
                found[place] = name
    return found


def check_names(
    function: types.FunctionType, label: str, names: Iterable[str], parameters: Iterable[str], late: bool
) -> None:
    """Refuse names of ``ignore=`` that exist nowhere.

    Args:
        function: The function that is decorated.
        label: What it is called in the message.
        names: The names.
        parameters: The function's parameters.
        late: A call is made, so that all globals there will be are there.

    Raises:
        InvalidOption: A name is no parameter, closure value or global of the function's module.
    """
    known = [*parameters, *function.__code__.co_freevars]
    for name in names:
        module, colon, rest = name.rpartition(":")
        root = rest.partition(".")[0]
        if not rest or not all(part.isidentifier() for part in rest.split(".")):
            raise InvalidOption(
                f"ignore={name!r} of {label} is not a name, such as 'LIMITER', 'self.stats' or 'pkg.mod:NAME'"
            )
        if colon:
            names_there = vars(sys.modules[module]) if module in sys.modules else None
            if names_there is not None and root not in names_there and late:
                raise InvalidOption(f"ignore={name!r} of {label}: there is no {root} in {module}")
            if names_there is None and late:
                raise InvalidOption(f"ignore={name!r} of {label}: there is no module {module}")
        elif root not in known and late and root not in function.__globals__:
            raise InvalidOption(
                f"ignore={name!r} of {label} is neither a parameter ({', '.join(known) or 'none'}) "
                f"nor a name in {function.__module__}"
            )
        elif root not in known and not late and root not in function.__globals__ and root not in _names_of(function):
            raise InvalidOption(
                f"ignore={name!r} of {label} is neither a parameter ({', '.join(known) or 'none'}) "
                f"nor a name that is there or that the code reads; look for a misspelling"
            )


def check_attribute(label: str, name: str, value: Any) -> None:
    """Refuse ``ignore="self.x"`` if neither the instance nor the code of its class names ``x``.

    Raises:
        InvalidOption: There is no such attribute.
    """
    attribute = name.split(".")[1]
    kind = value if isinstance(value, type) else type(value)
    if attribute in (own_dict(value) or ()):
        return
    for base in kind.__mro__:
        if attribute in base.__dict__ or attribute in getattr(base, "__annotations__", ()):
            return
        for member in base.__dict__.values():
            function = inspect.unwrap(getattr(member, "__func__", getattr(member, "fget", member)) or member)
            code = getattr(function, "__code__", None)
            if code is not None and attribute in code.co_names:
                return
    raise InvalidOption(
        f"ignore={name!r} of {label}: neither {kind.__name__} nor its code has an attribute {attribute}"
    )


def _names_of(function: types.FunctionType) -> set[str]:
    from llm_memo.identity.code.fallback import codes

    return {name for code in codes(function.__code__) for name in code.co_names}


def _start(
    function: types.FunctionType, name: str, arguments: Mapping[str, Any]
) -> tuple[Any, Place | None, list[str]] | None:
    """The value and the place of the first name, and the names that follow."""
    module, _, rest = name.rpartition(":")
    root, *steps = rest.split(".")
    if module:
        names = vars(sys.modules[module]) if module in sys.modules else {}
        return (names.get(root, MISSING), (id(names), root), steps)
    if root in arguments:
        return (arguments[root], None, steps)
    if root in function.__code__.co_freevars:
        cell = (function.__closure__ or ())[function.__code__.co_freevars.index(root)]
        return (cell_value(cell), (id(cell), ""), steps)
    names = function.__globals__
    return (names.get(root, MISSING), (id(names), root), steps) if root in names else None


def _place(value: Any, place: Place | None, steps: list[str]) -> Place | None:
    for step in steps:
        if value is MISSING:
            return None
        held: Any = (
            vars(value)
            if isinstance(value, types.ModuleType)
            else value
            if isinstance(value, dict)
            else own_dict(value)
        )
        place = (id(held) if isinstance(value, (types.ModuleType, dict)) else id(value), step)
        inner = held.get(step, MISSING) if held is not None else MISSING
        if inner is MISSING and not isinstance(value, dict):
            for base in (value if isinstance(value, type) else type(value)).__mro__:
                if step in base.__dict__:
                    inner = base.__dict__[step]
                    if isinstance(value, type):
                        place = (id(base), step)
                    elif isinstance(inner, types.MemberDescriptorType):
                        inner = getattr(value, step, MISSING)
                    break
        value = inner
    return place
