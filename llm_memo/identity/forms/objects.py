"""Forms of objects: who says what stands for the values of a class, and the form of those that nobody knows.

One order for all: ``__memo_key__``, code, secrets, the user's own classes by the subject hook, mocks, equipment,
adapters, value types of the standard library; what is left by its items, its attributes and, where a base is written
in C, by what it tells pickle.
"""

from __future__ import annotations

import enum
import functools
import pathlib
import sys
import types
import warnings
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from llm_memo import adapters
from llm_memo.adapters import headers, mocks, stdlib
from llm_memo.adapters.equipment import (
    CACHES,
    class_name,
    is_credential,
    is_equipment,
    is_equipment_class,
    is_secret_class,
)
from llm_memo.identity.forms import code
from llm_memo.identity.forms.encoding import Attributes, Form, Maker, NoCanonicalForm, Subject
from llm_memo.identity.local import is_own, is_own_module
from llm_memo.identity.quiet import MISSING, class_has, is_a, is_c_class, slot_value


def maker(kind: type) -> Maker:
    """What makes the form of the values of a class."""
    for base in kind.__mro__:
        if "__memo_key__" in vars(base):
            return _memo_key
    if kind is object:
        return _sentinel
    for base in kind.__mro__:
        if base in code.MAKERS:
            return _adapted(kind, code.MAKERS[base]) if issubclass(kind, type) else code.MAKERS[base]
    if is_secret_class(kind):
        return lambda value, subject: ("secret",)
    if any(base.__name__ == "CachedFunction" and base.__module__.startswith("llm_memo.") for base in kind.__mro__):
        return code.by_subject
    if mocks.is_mock_class(kind):
        return mocks.form
    if is_equipment_class(kind):
        return lambda value, subject: ("equipment", class_name(kind))
    made = _adapted(kind, _of_data(kind))
    if f"{kind.__module__}.".startswith(CACHES):
        return _of_cache(made)
    return _of_own_class(made) if is_own(kind) else made


def _of_cache(otherwise: Maker) -> Maker:
    def tell(value: Any, subject: Subject) -> Form | bytes:
        inside = code.behind_cache(value)
        return otherwise(value, subject) if inside is None else ("cache", inside)

    return tell


def _memo_key(value: Any, subject: Subject) -> Form:
    kind: Any = type(value)
    try:
        return "memo key", kind.__qualname__ if is_own(kind) else class_name(kind), value.__memo_key__()
    except Exception as error:
        raise NoCanonicalForm(value, f"its __memo_key__() raised {type(error).__name__}: {error}") from error


def _sentinel(value: object, subject: Subject) -> Form:
    """A bare ``object()``, of which nothing is known but the name that a module gives it."""
    module, name = _named(value)
    if getattr(sys.modules.get(module), "__dict__", {}).get(name) is not value:
        _named.cache_clear()
        module, name = _named(value)
    return "sentinel", name if is_own_module(module) else f"{module}.{name}"


@functools.lru_cache(1024)  # the search goes through all modules
def _named(value: object) -> tuple[str, str]:
    names = [
        (module.__name__, name)
        for module in [*sys.modules.values()]
        if is_a(module, types.ModuleType)
        for name, item in [*vars(module).items()]
        if item is value
    ]
    if not names:
        raise NoCanonicalForm(value)
    return min(names)


def _of_own_class(made: Maker) -> Maker:
    def tell(value: Any, subject: Subject) -> Form | bytes:
        known = subject(value)
        return made(value, subject) if known is None else b"$%d:%b" % (len(known), known)

    return tell


def _adapted(kind: type, otherwise: Maker) -> Maker:
    forms = [each.canonical_form for each in adapters.adapters_of(kind) if hasattr(each, "canonical_form")]
    if not forms:
        return otherwise

    def adapt(value: Any, subject: Subject) -> Form | bytes:
        for form in forms:
            if (found := form(value)) is not None:
                return tuple(found)
        return otherwise(value, subject)

    return adapt


def _of_data(kind: type) -> Maker:
    """The form of what a value holds, by the nearest base that has one."""
    if issubclass(kind, enum.Enum):
        return lambda value, subject: ("enum", kind, value._name_, value._value_)
    for base in kind.__mro__:
        form = stdlib.FORMS.get(base) or stdlib.BY_NAME.get(class_name(base))
        if form is not None:
            if base is kind or form in _OPEN:
                return lambda value, subject: form(value)
            return _subclass(kind, form, stdlib.HELD.get(class_name(base), frozenset()))
        if base in _PLAIN:
            return _subclass(kind, _PLAIN[base], frozenset())
    return lambda value, subject: ("object", kind, *_data(value))


_OPEN = (
    stdlib.FORMS[pathlib.PurePath],
    stdlib.FORMS[BaseException],
    stdlib.BY_NAME["ipaddress._IPAddressBase"],
    stdlib.BY_NAME["configparser.RawConfigParser"],
)
"""Forms that say the class themselves, or of which all subclasses are one kind."""

_PLAIN: dict[type, Callable[[Any], Form]] = {
    int: lambda value: ("int", int.__index__(value)),
    float: lambda value: ("float", float.__add__(value, 0.0) if value else float.__pos__(value)),
    str: lambda value: ("str", str.__str__(value)),
    bytes: lambda value: ("bytes", bytes.__getitem__(value, slice(None))),
    list: lambda value: ("list", list(list.__iter__(value))),
    tuple: lambda value: ("tuple", tuple(tuple.__iter__(value))),
    dict: lambda value: ("dict", dict(dict.items(value))),
    set: lambda value: ("set", set(set.__iter__(value))),
    frozenset: lambda value: ("frozenset", frozenset(frozenset.__iter__(value))),
}
"""The plain value in an instance of a subclass of a builtin; no method of the subclass is run."""


def beside_attributes(value: Any) -> Form | None:
    """What an object holds beside its attributes: its plain value; () of most, None where that is not known."""
    kind: Any = type(value)
    base = next((base for base in kind.__mro__ if base in _PLAIN), None)
    if base is not None:
        return _PLAIN[base](value)
    return None if is_written_in_c(kind) and not is_a(value, types.SimpleNamespace) else ()


def _subclass(kind: type, form: Callable[[Any], Form], said: frozenset[str]) -> Maker:
    """``class Prompt(str)``, a named tuple, a ``dict`` with methods: the class, the plain value, attributes."""

    def make(value: Any, subject: Subject) -> Form:
        held = attributes(value)
        return "subclass", kind, *form(value), Attributes({name: held[name] for name in held if name not in said})

    return make


def _data(value: Any) -> list[object]:
    """What an object holds that nobody knows: attributes, items, and what it tells pickle if it is written in C."""
    kind: Any = type(value)
    in_c = is_written_in_c(kind)
    if in_c and (class_has(kind, "__next__") or class_has(kind, "__await__") or class_has(kind, "__anext__")):
        raise NoCanonicalForm(value, f"a {class_name(kind)} is used up by reading it: pass a list of what it gives")
    items = [] if is_own(kind) else _items(value)
    parts = [attributes(value), *items]
    if in_c:
        try:
            parts.append(_reduced(value))
        except NoCanonicalForm:
            if not items:
                raise
    return parts


def _items(value: Any) -> list[object]:
    """The items of an installed mapping, sequence or set; nothing where they cannot be read."""
    try:
        if isinstance(value, Mapping):
            return ["mapping", [(key, value[key]) for key in value]]
        if isinstance(value, Sequence):
            return ["sequence", list(value)]
        return ["set", set(value)] if isinstance(value, Set) else []
    except Exception:
        return []


def _reduced(value: Any) -> object:
    kind: Any = type(value)
    if any(is_own(base) and not _REDUCING.isdisjoint(vars(base)) for base in kind.__mro__):
        raise NoCanonicalForm(value, f"a {class_name(kind)} holds what Python cannot see")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reduced = value.__reduce_ex__(2)
    except Exception:
        raise NoCanonicalForm(value) from None
    if is_a(reduced, str):
        return reduced
    make, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
    state = counted(state, kind) if is_a(state, dict) else state
    return make, arguments, state, items and list(items), pairs and list(pairs)


_REDUCING = frozenset({"__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__"})


@functools.lru_cache(2048)
def is_written_in_c(kind: type) -> bool:
    """Whether a class or a base of it, other than `object`, is written in C."""
    return kind is object or any(is_c_class(base) for base in kind.__mro__ if base is not object)


def attributes(value: Any) -> Attributes:
    """What an object itself holds, in its ``__dict__`` and slots, by name.

    Less what a ``cached_property`` left and what ``__memo_ignore__`` names; of objects of installed classes, less
    credentials. Equipment is None. No property, ``__getattr__`` or ``__getattribute__`` of a class is run.
    """
    return counted(raw_attributes(value), type(value))


def raw_attributes(value: Any) -> dict[str, Any]:
    """All that an object itself holds, whether it counts or not."""
    kind: Any = type(value)
    plan = _plan(kind)
    held: dict[str, Any] = {}
    if plan.holds is not None:
        held.update(plan.holds(value))
    for name, get in plan.slots:
        item = get(value)
        if item is not MISSING:
            held[name] = item
    return held


def holders(kind: Any) -> list[tuple[str, Callable[[Any], Any]]]:
    """Where the instances of a class hold all of that: each slot by name, and under "" the ``__dict__``."""
    plan = _plan(kind)
    return plan.slots if plan.holds is None else [("", plan.holds), *plan.slots]


def counted(held: Mapping[Any, Any], kind: type) -> Attributes:
    """Those of the attributes of an instance of ``kind`` that count, in the order of their names."""
    plan = _plan(kind)
    names = sorted(name for name in held if type(name) is str and name not in plan.omitted)
    if plan.installed:
        names = [name for name in names if not is_credential(name)]
    return Attributes((name, _counted(name, held[name], plan.installed)) for name in names)


def _counted(name: str, item: Any, installed: bool) -> object:
    if installed and type(item) is dict and name.endswith("headers"):
        return headers.counting(item.items())
    return None if is_equipment(item) else item


class _Plan:
    """Where the attributes of the instances of a class are."""

    def __init__(self, kind: type) -> None:
        self.installed = not is_own(kind)
        self.holds: Callable[[Any], dict[str, Any]] | None = None
        self.slots: list[tuple[str, Callable[[Any], Any]]] = []
        omitted = set(adapters.never_sent(kind))
        for base in kind.__mro__:
            for name, item in vars(base).items():
                if name == "__dict__" and is_a(item, types.GetSetDescriptorType):
                    self.holds = self.holds or item.__get__
                elif is_a(item, types.MemberDescriptorType) and "__slots__" in vars(base):
                    self.slots.append((name, functools.partial(slot_value, item)))
                elif type(item).__name__ == "cached_property":
                    omitted.add(name)
                elif name == "__memo_ignore__":
                    omitted.update((item,) if is_a(item, str) else item)
        self.omitted = frozenset(omitted)


_plan = functools.lru_cache(4096)(_Plan)
