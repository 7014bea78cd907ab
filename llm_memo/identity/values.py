"""Looking at values: what stands for each, and what of it is watched."""

from __future__ import annotations

import functools
import types
from contextvars import ContextVar
from enum import Enum
from typing import TYPE_CHECKING, Any

from llm_memo.identity import canonical
from llm_memo.identity.chains import MISSING, current_value, is_local, own_dict
from llm_memo.identity.findings import Where
from llm_memo.identity.observe import observe
from llm_memo.identity.paths import GOTTEN, HANDED, Item, Step, Use
from llm_memo.identity.upkeep import WRITTEN
from llm_memo.identity.watch import Place, is_number

if TYPE_CHECKING:
    from llm_memo.identity.survey import Survey

_SLOT = types.MemberDescriptorType

_DEPTH = 8
"""How deep a container is taken apart whose insides have no canonical form all over."""

_MOST = 100
"""How many items it may have then."""


def take(survey: Survey, where: Where, value: Any, use: Use, places: list[Place], rest: tuple[Step, ...] = ()) -> None:
    """Make a value part of the survey.

    Args:
        survey: The survey.
        where: What the value is called.
        value: The value, or `MISSING`.
        use: What the code does with it.
        places: Where it, and what leads to it, is kept.
        rest: Steps that the code takes from it and that were not followed.
    """
    if survey.facts.only_kept_up(value, places):
        survey.untracked[str(where)] = WRITTEN
        if id(value) in survey.facts.gone_through:
            survey.watch.moments(value)
        return
    if not use & HANDED and (value is MISSING or is_number(value)) and _is_kept_up(survey, places):
        survey.untracked[str(where)] = WRITTEN
        survey.passed_over.add(places[-1])
        return
    survey.counted.update(places)
    if places and not survey.once("place", places[-1], rest[:1]):
        return
    if value is MISSING:
        survey.part(where, "missing")
    elif isinstance(value, types.ModuleType):
        _take_module(survey, where, value)
    elif isinstance(value, ContextVar):
        _take_variable(survey, where, value)
    elif survey.take_code(where, value, use):
        return
    elif _is_own_instance(value, survey.home):
        take_instance(survey, where, value)
    else:
        _take_data(survey, where, value, use, rest)


def _is_kept_up(survey: Survey, places: list[Place]) -> bool:
    """Whether a value is in a list that the code only keeps up, such as the times of the last ten calls."""
    facts = survey.facts
    return any(holder in facts.lists_changed and holder not in facts.handed_on for holder, _ in places)


def _take_module(survey: Survey, where: Where, module: types.ModuleType) -> None:
    """A module that is used as a whole: of one of the user's own, all that is defined in it."""
    name = module.__name__
    if not is_local(module, survey.home):
        survey.part(where, ("installed", name))
        return
    names = vars(module)
    survey.part(where, ("module", name))
    survey.watch.size(names)
    for key, value in sorted(names.items()):
        if isinstance(value, types.ModuleType) or (key.startswith("__") and key.endswith("__")):
            continue
        places: list[Place] = [(id(names), key)]
        survey.watch.name(places, names, key, value)
        if getattr(value, "__module__", name) == name:
            survey.later(take, where.then(key), value, Use.LOOKED_AT, places)


def _take_variable(survey: Survey, where: Where, variable: ContextVar[Any]) -> None:
    """A context variable: its value here and now, or its default."""
    found = current_value(variable, survey.watch)
    survey.later(take, where.then(GOTTEN), found.value, Use.LOOKED_AT, found.places)


def _is_own_instance(value: Any, home: str) -> bool:
    """Whether a value is an object of a class that is the user's own all the way up."""
    kind = type(value)
    if kind is types.SimpleNamespace:
        return True
    bases = [base for base in kind.__mro__[:-1] if base.__module__ not in ("abc", "typing")]
    own = bool(bases) and all(is_local(base, home) for base in bases)
    return own and not issubclass(kind, Enum) and not hasattr(kind, "__memo_key__")


def take_instance(survey: Survey, where: Where, value: Any) -> None:
    """An object of the user's own: its class, and its attributes one by one."""
    kind = type(value)
    name, new = survey.named(value, str(where))
    if not new:
        if name != str(where):
            survey.part(where, ("is", name))
        return
    survey.part(where, ("instance", canonical.class_name(kind)))
    survey.take_class(Where("", "class", kind.__qualname__), kind, Use.LOOKED_AT)
    held = own_dict(value)
    held = {} if held is None else held  # an empty one may be filled
    written = frozenset(key for key in held if (id(value), key) in survey.facts.written)
    survey.watch.mapping(held, skip=written)
    for key, item in sorted(canonical.attributes(value).items()):
        if key.startswith("__") and "__wrapped__" in held:
            continue  # what functools.update_wrapper copied
        survey.later(take, where.then(key), item, Use.LOOKED_AT, [(id(value), key)])
    for name in (name for base in kind.__mro__ for name, kept in vars(base).items() if isinstance(kept, _SLOT)):
        get = functools.partial(getattr, value, name, MISSING)
        survey.watch.got([(id(value), name)], get, get())


def _take_data(survey: Survey, where: Where, value: Any, use: Use, rest: tuple[Step, ...]) -> None:
    written = _written_items(survey, value)
    for key in written:
        survey.untracked[str(where.then(Item(key)))] = WRITTEN
    kept = {key: item for key, item in value.items() if key not in written} if written else value
    try:
        observed = observe(kept)
    except Exception as problem:
        _take_apart(survey, where, value, rest, problem)
        return
    if written:
        survey.watch.mapping(value, skip=written)
        for item in kept.values():
            survey.watch.value(item, observe(item))
    else:
        survey.watch.value(value, observed)
    survey.value(where, kept, observed.encoded)
    survey.take_met(observed, only_called=isinstance(value, functools.partial) and use is Use.CALLED)


def _written_items(survey: Survey, value: Any) -> frozenset[Any]:
    """The keys of a dict that the code writes to."""
    if type(value) is not dict:
        return frozenset()
    return frozenset(key for holder, key in survey.facts.written if holder == id(value) and key in value)


def _take_apart(survey: Survey, where: Where, value: Any, rest: tuple[Step, ...], problem: Exception) -> None:
    """Of a value that has no canonical form, what has one: the items of a container, the attribute that is read."""
    items: dict[Step, Any] = {}
    if type(value) in (list, tuple, dict) and len(value) > _MOST:
        pass
    elif type(value) in (list, tuple):
        items = {Item(place): item for place, item in enumerate(value)}
        survey.watch.size(value)
    elif type(value) is dict and all(type(key) in (str, int) for key in value):
        items = {Item(key): value[key] for key in sorted(value, key=str)}
        survey.watch.size(value)
    elif is_local(type(value), survey.home) and own_dict(value):
        take_instance(survey, where, value)
        return
    elif rest and isinstance(rest[0], str) and rest[0] in (own_dict(value) or ()):
        items = {rest[0]: (own_dict(value) or {})[rest[0]]}
    if not items or where.text.count("[") > _DEPTH:
        survey.untracked[str(where)] = reason(problem)
        return
    survey.part(where, ("apart", canonical.class_name(type(value)), len(items)))
    for step, item in items.items():
        key = step.key if isinstance(step, Item) else step
        places: list[Place] = [(id(value), key)]
        survey.watch.name(places, value if isinstance(step, Item) else own_dict(value), key, item)
        survey.later(take, where.then(step), item, Use.LOOKED_AT, places, rest[1:])


def reason(problem: Exception) -> str:
    """Why a value is not tracked."""
    if isinstance(problem, canonical.NoCanonicalForm):
        return problem.why or f"a {canonical.class_name(type(problem.value))} has no canonical form"
    if isinstance(problem, RecursionError):
        return "it is nested too deeply, or contains itself"
    return f"it cannot be looked at: {type(problem).__name__}"


def watch_class(survey: Survey, _: Where, kind: type) -> None:
    """Watch what is in the body of a class."""
    names = kind.__dict__
    written = frozenset(key for key in names if (id(kind), key) in survey.facts.written)
    survey.watch.mapping(names, skip=written)
