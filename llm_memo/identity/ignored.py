"""``ignore=``: names that are left out of the key, and the places that they lead to."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Iterable, Mapping
from typing import Any

from llm_memo.errors import InvalidOption
from llm_memo.identity.quiet import MISSING, cell_value, is_a, own_dict, slot_value
from llm_memo.identity.scan.reached import Place


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
        root, problem = rest.partition(".")[0], ""
        if not all(part.isidentifier() for part in rest.split(".")):
            problem = " is not a name, such as 'LIMITER', 'self.stats' or 'pkg.mod:NAME'"
        elif colon and late and module not in sys.modules:
            problem = f": there is no module {module}"
        elif colon and late and root not in vars(sys.modules[module]):
            problem = f": there is no {root} in {module}"
        elif not colon and root not in known and root not in function.__globals__:
            problem = f" is neither a parameter ({', '.join(known) or 'none'}) nor a name "
            problem += f"in {function.__module__}" if late else "that is there or is read: look for a misspelling"
            problem = "" if not late and root in _names_of(function) else problem
        if problem:
            raise InvalidOption(f"ignore={name!r} of {label}{problem}")


def check_attribute(label: str, name: str, value: Any) -> None:
    """Refuse ``ignore="self.x"`` if neither the instance nor the code of its class names ``x``.

    Raises:
        InvalidOption: There is no such attribute.
    """
    attribute = name.split(".")[1]
    if attribute in (own_dict(value) or ()):
        return
    for base in _mro(value):
        if attribute in base.__dict__ or attribute in getattr(base, "__annotations__", ()):
            return
        for member in base.__dict__.values():
            function = inspect.unwrap(getattr(member, "__func__", getattr(member, "fget", member)) or member)
            code = getattr(function, "__code__", None)
            if code is not None and attribute in code.co_names:
                return
    raise InvalidOption(
        f"ignore={name!r} of {label}: neither {_mro(value)[0].__name__} nor its code has an attribute {attribute}"
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
    """The place that the steps lead to from a value; None if there is nothing."""
    for step in steps:
        if value is MISSING:
            return None
        if is_a(value, (dict, types.ModuleType)):
            names = value if is_a(value, dict) else vars(value)
            place, value = (id(names), step), names.get(step, MISSING)
            continue
        held = own_dict(value) or {}
        place = (id(value), step)
        base = next((base for base in _mro(value) if step in base.__dict__), None)
        if step in held or base is None:
            value = held.get(step, MISSING)
        elif is_a(value, type):
            place, value = (id(base), step), base.__dict__[step]
        else:
            found = base.__dict__[step]
            value = slot_value(found, value) if is_a(found, types.MemberDescriptorType) else found
    return place


def _mro(value: Any) -> tuple[type, ...]:
    return (value if is_a(value, type) else type(value)).__mro__
