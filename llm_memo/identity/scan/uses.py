"""What becomes of each use of a chain: the value that it leads to is read, called, written or passed over."""

from __future__ import annotations

import abc
import ast
import contextlib
import enum
import functools
import os
import sys
import types
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from llm_memo.adapters.equipment import class_name
from llm_memo.identity.code.digest import tree_digest
from llm_memo.identity.code.names import ANY, Attribute, Chain, Item, Named, Result, Root, Step
from llm_memo.identity.code.uses import Group, Kind, Ref, Unless, Use
from llm_memo.identity.local import class_item
from llm_memo.identity.preview import preview
from llm_memo.identity.scan import lazily, logs, modules, resolve, values
from llm_memo.identity.scan.calls import MUTATORS, call
from llm_memo.identity.scan.reached import MISSING, Fresh, Made, Method, Next, Reached, is_container, opaque, own_dict

if TYPE_CHECKING:
    from llm_memo.identity.scan.scan import Followed, Scan

_LOGGED_BY = frozenset({
    "debug", "info", "warning", "warn", "error", "critical", "exception", "log", "write", "writelines", "flush",
    "print",
    "update", "trace", "success", "bind", "inc", "dec", "observe", "set_attribute", "add_event", "set_description",
    "set_postfix", "set_postfix_str", "increment", "gauge", "timing", "histogram",
})  # fmt: skip
"""Methods by which a parameter may turn out to be a logger, a stream, a bar or a metric."""


def apply(scan: Scan, followed: Followed, use: Use, start: Reached | None = None, only: str = "") -> None:
    """Apply a use to the values that its chain leads to.

    Args:
        scan: The scan.
        followed: The function whose use it is.
        use: The use.
        start: What the parameter that the chain starts from is bound to.
        only: Of a call, follow only what is given from this parameter.
    """
    if use.kind is Kind.UNSEEN:
        scan.unseen.append(f"line {use.line}: an import by a name that is not constant")
        return
    if use.kind is Kind.DATA:
        values.take_names(scan, followed.label, followed.function.__globals__, data_only=True)
        return
    if use.ref.unless is not None and _was_set(scan, followed, use.ref.unless, start):
        if use.kind is Kind.CALL:
            call(scan, followed, use, opaque(""), only)
        return
    for begin in [start] if start is not None else starts(scan, followed, use.ref.chain):
        for at in _walk(scan, followed, begin, use):
            _do(scan, followed, use, at, only)


def starts(scan: Scan, followed: Followed, chain: Chain) -> list[Reached]:
    """What the root of a chain stands for."""
    kind, name, always = chain.root
    if kind == "parameter":
        return list(followed.bound.get(name, {}).values())
    found = resolve.root(scan, followed, kind, name, always)
    if kind == "global" and not chain.steps and found and _is_itself(scan, followed, found[0].value):
        followed.itself.add(name)
    return [at for at in found if not scan.is_ignored(at.place)]


def _is_itself(scan: Scan, followed: Followed, value: Any) -> bool:
    if scan.is_cached_function(value):
        value = value.__llm_memo_function__()[0]
    return value is followed.function


def resolved(scan: Scan, followed: Followed, chain: Chain) -> list[Reached]:
    """What a chain leads to, as far as it can be told; what is in doubt is read whole."""
    use = Use(Kind.READ, Ref(chain))
    return [at for start in starts(scan, followed, chain) for at in _walk(scan, followed, start, use)]


def reached_by(scan: Scan, followed: Followed, ref: Ref) -> list[Reached]:
    """What a chain leads to that a call is given; nothing if the function has set it itself."""
    if ref.unless is not None and _was_set(scan, followed, ref.unless, None):
        return []
    return resolved(scan, followed, ref.chain)


def _walk(scan: Scan, followed: Followed, start: Reached, use: Use) -> Iterator[Reached]:
    """Where the steps of a use's chain lead; a value from which they cannot be followed is read whole."""
    steps = use.ref.chain.steps
    last = len(steps) - 1 if use.kind is Kind.WRITE else len(steps)
    todo = [(start, 0)]
    while todo:
        at, taken = todo.pop(0)
        if taken >= last:
            yield at
            continue
        step, rest = steps[taken], steps[taken + 1 :]
        if is_container(at.value) and not isinstance(at.value, set) and _only_writes(at, use, taken):
            scan.writes.setdefault(id(at.value), use.line)
            _written_items(scan, followed, use, at, taken)
            continue
        if _is_any(step) and use.kind is Kind.PRESENCE and not rest:
            _keys(scan, followed, at)
            continue
        if at.value is followed.function.__globals__ and isinstance(step, (Item, Attribute)):
            if isinstance(step, Item) and isinstance(step.key, str):
                todo += [(each, taken + 1) for each in resolve.root(scan, followed, "global", step.key, True)]
            elif step == Attribute("get") and rest:
                todo.append((at, taken + 1))
            else:
                values.take_names(scan, followed.label, at.value)
            continue
        found = resolve.take_step(scan, followed, at, step, rest)
        if found is None:
            scan.read_whole(at, followed)
            if (instead := resolve.put_in_place(scan, at, steps[taken:])) is not None:
                scan.read_whole(instead, followed)
            if isinstance(step, (Attribute, Result)) and use.kind in (Kind.CALL, Kind.ENTER):
                yield opaque(at.text)
            continue
        todo += [(each, taken + 1) for each in found]


def _only_writes(at: Reached, use: Use, taken: int) -> bool:
    """Whether what is left of a chain only writes into a container: ``d[k].append(v)``, ``d[k][j] = v``."""
    steps = use.ref.chain.steps[taken:]
    if use.kind is Kind.WRITE:
        return _is_any(steps[0])
    if use.kind is not Kind.CALL or not use.statement or not is_container(at.value):
        return False
    match steps:
        case (step, Attribute(name)) if name in MUTATORS:
            return _is_any(step)
        case (Attribute("setdefault"), Result(), Attribute(name)):
            return name in MUTATORS
    return False


def _is_any(step: Step) -> bool:
    """Whether a step leads to an item whose key is known only when the code runs."""
    return step is ANY or isinstance(step, Named)


def _written_items(scan: Scan, followed: Followed, use: Use, at: Reached, taken: int) -> None:
    """The items that are written to by a key that is not known; if one is no container, it may be anything."""
    items = list(at.value.values()) if isinstance(at.value, dict) else list(at.value)
    for item in items:
        scan.writes.setdefault(id(item), use.line)
    deeper = use.kind is Kind.CALL or len(use.ref.chain.steps) > taken + 1
    if deeper and not all(map(is_container, items)):
        scan.read_whole(at, followed)
    for given in use.given:
        for ref in given.refs:
            _read_ref(scan, followed, ref)


def _read_ref(scan: Scan, followed: Followed, ref: Any) -> None:
    if ref.chain.root.kind == "parameter":
        for start in list(followed.bound.get(ref.chain.root.name, {}).values()):
            apply(scan, followed, Use(Kind.READ, ref), start)
    else:
        apply(scan, followed, Use(Kind.READ, ref))


def _was_set(scan: Scan, followed: Followed, unless: Unless, start: Reached | None) -> bool:
    """Whether the function itself has set a chain before, plainly, and nothing that was handed on could set it anew."""
    chain = unless.chain
    if chain.steps and isinstance(chain.steps[-1], Attribute):
        name = chain.steps[-1].name
        holder = Chain(chain.root, chain.steps[:-1])
        begin = [start] if start is not None else starts(scan, followed, holder)
        for each in begin:
            for at in _walk(scan, followed, each, Use(Kind.READ, Ref(holder))):
                if not _stores_plainly(scan, at.value, name):
                    return False
    elif chain.steps:
        holder = Chain(chain.root, chain.steps[:-1])
        begin = [start] if start is not None else starts(scan, followed, holder)
        for each in begin:
            for at in _walk(scan, followed, each, Use(Kind.READ, Ref(holder))):
                if not is_container(at.value) and at.value is not os.environ:
                    return False
    for handed in unless.handed:
        if handed.root.kind == "parameter" and not followed.bound.get(handed.root.name):
            continue
        if any(not at.computed and callable(at.value) for at in resolved(scan, followed, handed)):
            return False
    return True


def _stores_plainly(scan: Scan, value: Any, name: str) -> bool:
    kind = value.kind if isinstance(value, Fresh) else type(value)
    if isinstance(value, (types.ModuleType, types.SimpleNamespace)):
        return True
    setter: Any = type(value).__setattr__ if isinstance(value, type) else kind.__setattr__
    if isinstance(value, type):
        return setter is type.__setattr__
    getter = class_item(kind, "__getattribute__")
    if not scan.is_own(kind) or setter is not object.__setattr__ or getter is not object.__getattribute__:
        return False
    raw = next((base.__dict__[name] for base in kind.__mro__ if name in base.__dict__), None)
    return isinstance(raw, types.MemberDescriptorType) or not hasattr(type(raw), "__set__")


# Kinds of uses --------------------------------------------------------------------------------


def _do(scan: Scan, followed: Followed, use: Use, at: Reached, only: str) -> None:
    match use.kind:
        case Kind.READ:
            scan.read_whole(at, followed)
        case Kind.CALL:
            call(scan, followed, use, at, only)
        case Kind.CLASS:
            if not at.computed:
                scan.guard_class(type(at.value), at.value)
            _part(scan, followed, at, "class", _class_form(scan, at.value))
            kinds = [
                kind.value for given in use.given for ref in given.refs for kind in reached_by(scan, followed, ref)
            ]
            if any(map(_asks_the_instance, kinds)):
                scan.read_whole(at, followed)
        case Kind.IDENTITY:
            _identity(scan, followed, at)
        case Kind.LENGTH:
            _length(scan, followed, at)
        case Kind.PRESENCE:
            if not at.computed:
                _part(scan, followed, at, "presence", b"absent" if at.value is MISSING else b"there")
        case Kind.MEMBER:
            _member(scan, followed, use, at)
        case Kind.PLACE:
            _place(scan, followed, at)
        case Kind.KEYS:
            _keys(scan, followed, at)
        case Kind.ITERATE:
            _iterate(scan, followed, at)
        case Kind.ENTER:
            _enter(scan, followed, at)
        case Kind.WRITE:
            _write(scan, followed, use, at)
        case Kind.LAZY:
            _lazy(scan, followed, use, at)


def _part(scan: Scan, followed: Followed, at: Reached, kind: str, data: bytes, shown: Any = None) -> None:
    if not isinstance(at.value, (Fresh, Made, Next)) and not at.computed:
        scan.part(followed.label, kind, at.text, data)
        if shown is not None:
            scan.show((followed.label, kind, at.text), functools.partial(preview, shown))


def _class_form(scan: Scan, value: Any) -> bytes:
    """A class by its name; of a class that is compared with, those of its bases as well."""
    kinds = value.__mro__ if isinstance(value, type) else [type(value)]
    names = [kind.__name__ if scan.is_own(kind) else class_name(kind) for kind in kinds]
    return " ".join(names).encode()


def _asks_the_instance(kind: Any) -> bool:
    """Whether ``isinstance`` looks into the instance: a protocol, or a metaclass that says so itself."""
    if not isinstance(kind, type):
        return False
    checks = type(kind).__instancecheck__
    return getattr(kind, "_is_protocol", False) is True or checks not in (
        type.__instancecheck__,
        abc.ABCMeta.__instancecheck__,
    )


def _identity(scan: Scan, followed: Followed, at: Reached) -> None:
    value = at.value
    single = value is None or value is MISSING or isinstance(value, (bool, enum.Enum)) or value is ...
    if not single and not at.computed:
        scan.guard_class(type(value), value)
    _part(scan, followed, at, "identity", repr(value).encode() if single else _class_form(scan, value))


def _length(scan: Scan, followed: Followed, at: Reached) -> None:
    value = at.value
    if isinstance(value, (str, bytes, tuple, frozenset, range)) or is_container(value):
        scan.guard_length(value)
        _part(scan, followed, at, "length", b"%d" % len(value), len(value))
    elif values.is_own_instance(scan, value):
        scan.call_attribute(followed, at, "__len__")
    else:
        scan.read_whole(at, followed)


def _member(scan: Scan, followed: Followed, use: Use, at: Reached) -> None:
    """``"a constant" in value``."""
    text = str(use.given[0].constant)
    if at.value is os.environ:
        there = modules.variable(scan, text)
        scan.part(followed.label, "presence", there.text, b"absent" if there.value is MISSING else b"there")
    else:
        scan.read_whole(at, followed)


def _place(scan: Scan, followed: Followed, at: Reached) -> None:
    """A path in the project counts by its place there, so that the project may move."""
    relative = modules.place_in_project(at.value, followed.function)
    if relative is None:
        scan.read_whole(at, followed)
    else:
        _part(scan, followed, at, "place", relative.encode())


def _keys(scan: Scan, followed: Followed, at: Reached) -> None:
    value = at.value
    if isinstance(value, dict):
        scan.guards.content(value.keys(), lambda: list(value), list(value))
        with contextlib.suppress(Exception):
            _part(scan, followed, at, "keys", scan.encode(list(value)), list(value))
        scan.guards.checks.append(_keys_check(value))
    elif is_container(value):
        _length(scan, followed, at)


def _keys_check(value: dict[Any, Any]) -> Any:
    keys = list(value)
    return lambda: list(value) == keys


def _iterate(scan: Scan, followed: Followed, at: Reached) -> None:
    value = at.value
    if at.computed or isinstance(value, (Fresh, Made, Next)):
        return
    if isinstance(value, dict) and is_container(value):
        _keys(scan, followed, at)
    elif type(value) in (list, tuple) or type(value).__name__ == "deque":
        _length(scan, followed, at)
    elif isinstance(value, type) and scan.is_own(type(value)):
        scan.read_whole(at, followed)
    elif values.is_own_instance(scan, value):
        for name in ("__iter__", "__next__", "__getitem__", "__len__"):
            scan.call_attribute(followed, at, name)
    else:
        scan.read_whole(at, followed)


def _enter(scan: Scan, followed: Followed, at: Reached) -> None:
    value = at.value
    if isinstance(value, Fresh) or values.is_own_instance(scan, value):
        for name in ("__enter__", "__exit__", "__aenter__", "__aexit__"):
            scan.call_attribute(followed, at, name)
    else:
        scan.read_whole(at, followed)


def _write(scan: Scan, followed: Followed, use: Use, at: Reached) -> None:
    """The last step of a chain is written; ``at`` is what it is written into, or the name itself."""
    steps, value = use.ref.chain.steps, at.value
    if not steps:
        scan.writes.setdefault(at.place, use.line)
        scan.writes.setdefault(id(value), use.line)
        if use.statement:
            _augmented(scan, followed, at, value)
        return
    if at.computed or isinstance(value, (Fresh, Made, Next, Method)) or value is MISSING:
        return
    step = steps[-1]
    key: Any = step.name if isinstance(step, Attribute) else step.key if isinstance(step, Item) else None
    owner = id(vars(value)) if isinstance(value, types.ModuleType) else id(value)
    scan.writes.setdefault((owner, key), use.line)
    if isinstance(step, Attribute):
        _write_attribute(scan, followed, use, at, key)
        return
    scan.writes.setdefault(id(value), use.line)
    if values.is_own_instance(scan, value):
        for name in ("__setitem__", "__delitem__") + (("__getitem__",) if use.statement else ()):
            scan.call_attribute(followed, at, name, written=True)
    elif not is_container(value) and type(value).__name__ != "_Environ":
        scan.read_whole(at, followed)
    elif use.statement and key is not None:
        with contextlib.suppress(Exception):
            _augmented(scan, followed, at, value[key])


def _write_attribute(scan: Scan, followed: Followed, use: Use, at: Reached, name: str) -> None:
    value = at.value
    if value is sys and name in ("stdout", "stderr"):
        scan.redirected = True
    if isinstance(value, (types.ModuleType, type, types.SimpleNamespace)):
        return
    if not values.is_own_instance(scan, value):
        scan.read_whole(at, followed)
        return
    kind = type(value)
    raw = next((base.__dict__[name] for base in kind.__mro__ if name in base.__dict__), None)
    if isinstance(raw, property) and raw.fset is not None:
        scan.enter(raw.fset, first=Reached(value, "self"))
        if use.statement and raw.fget is not None:
            scan.enter(raw.fget, first=Reached(value, "self"))
    elif hasattr(type(raw), "__set__") and scan.is_own(type(raw)):
        scan.call_attribute(followed, Reached(raw, at.text), "__set__", (Reached(value, at.text),))
    elif any("__setattr__" in base.__dict__ and scan.is_own(base) for base in kind.__mro__):
        scan.call_attribute(followed, at, "__setattr__")
    elif use.statement:
        _augmented(scan, followed, at, (own_dict(value) or {}).get(name))


def _augmented(scan: Scan, followed: Followed, at: Reached, value: Any) -> None:
    """What ``+=`` does to an object that is neither a number, a text nor a container."""
    if values.is_own_instance(scan, value):
        for name in ("__iadd__", "__add__", "__isub__", "__sub__", "__ior__", "__or__", "__imul__", "__mul__"):
            scan.call_attribute(followed, Reached(value, at.text), name, written=True)
    elif (
        (
            not isinstance(value, (str, bytes, int, float, complex, tuple, frozenset, type(None)))
            and value is not MISSING
        )
        and not is_container(value)
        and type(value).__module__ not in ("decimal", "fractions", "datetime")
    ):
        scan.read_whole(Reached(value, at.text), followed)


def _lazy(scan: Scan, followed: Followed, use: Use, at: Reached) -> None:
    """A value that the call makes if it is not there: then what it was counts, and it is seen to after the call."""
    scan.read_whole(at, followed)
    if at.value is not MISSING and at.value is not None and at.value:
        return
    found = _container_of(scan, followed, use, at)
    if found is None:
        return
    container, key, owner = found
    bound = {name: dict(known) for name, known in followed.bound.items()}

    def again(other: Scan) -> None:
        entered = other.enter(followed.function, root=True)
        if entered is None:
            return
        other.drop_work()
        entered.bound = bound
        for each in use.made:
            other.add_use(entered, each, apply)

    lazily.candidate(scan, container, key, at.value, again, owner)


def _container_of(scan: Scan, followed: Followed, use: Use, at: Reached) -> tuple[Any, Any, Any] | None:
    """Where a lazily made value is kept: the dict, the name, and the instance that it belongs to."""
    root, steps = use.ref.chain
    if not steps:
        names = followed.function.__globals__
        return (names, root.name, None) if root.kind == "global" else None
    if not isinstance(steps[-1], Attribute):
        return None
    holder = Chain(root, steps[:-1])
    for each in resolved_quietly(scan, followed, holder):
        held = own_dict(each.value)
        if held is not None and not isinstance(each.value, (type, types.FunctionType)):
            return held, steps[-1].name, None if isinstance(each.value, types.ModuleType) else each.value
    return None


def resolved_quietly(scan: Scan, followed: Followed, chain: Chain) -> list[Reached]:
    """What a chain leads to, in a scan that is thrown away."""
    other = scan.another()
    other.followed = dict(scan.followed)
    return resolved(other, followed, chain)


# Statements that may only print or log --------------------------------------------------------


def group_uses(scan: Scan, followed: Followed, use: Use) -> list[Use]:
    """The uses that count of a use, which may be a statement that only prints or logs."""
    if use.kind is not Kind.GROUP or use.group is None:
        return [use]
    group = use.group
    if _is_deferred(group, followed):
        followed.deferred.append(group)
        return []
    return [] if _set_free(scan, followed, group) else _uses_of(scan, followed, group)


def _set_free(scan: Scan, followed: Followed, group: Group) -> bool:
    """Whether a statement is free; noted if it is."""
    prints: list[Use] = []
    if not _is_free(scan, followed, group, prints):
        return False
    followed.free.append(group)
    if prints:
        scan.prints.append((followed, group))
    return True


def _uses_of(scan: Scan, followed: Followed, group: Group) -> list[Use]:
    """The uses of a statement that does more than log, less those of its parts that do not."""
    found = [*group.inside, *group.calls]
    for part in group.parts:
        found += group_uses(scan, followed, Use(Kind.GROUP, Ref(Chain(Root("opaque", ""))), group=part))
    return found


def _is_deferred(group: Group, followed: Followed) -> bool:
    """Whether it depends on a parameter that may be, or hold, a logger; it is decided when that is known."""
    calls = [*group.calls, *(use for part in group.parts for use in part.calls)]
    return bool(calls) and any(
        use.ref.chain.root.kind == "parameter"
        and not followed.bound.get(use.ref.chain.root.name)
        and isinstance(use.ref.chain.steps[-1] if use.ref.chain.steps else None, Attribute)
        and use.ref.chain.steps[-1].name in _LOGGED_BY  # type: ignore[union-attr]
        for use in calls
    )


def _is_free(scan: Scan, followed: Followed, group: Group, prints: list[Use]) -> bool:
    """Whether all that a statement does is to print or log; ``prints`` takes the calls that print."""
    if group.parts:
        free = all(_is_free(scan, followed, part, prints) for part in group.parts)
    else:
        free = bool(group.calls)
        for use in group.calls:
            said = [logs.says(at) for at in _callees(scan, followed, use)]
            if not said or not all(said):
                return False
            if "print" in said:
                if scan.redirected or not _goes_to_console(scan, followed, use):
                    return False
                prints.append(use)
    return free and not any(_is_own_call(scan, followed, use) for use in group.inside if use.kind is Kind.CALL)


def _callees(scan: Scan, followed: Followed, use: Use) -> list[Reached]:
    """What a call calls, as far as it can be told; of the scan for it only the guards are kept."""
    other = scan.another()
    other.followed = dict(scan.followed)
    chain = use.ref.chain
    found: list[Reached] = []
    for start in starts(other, followed, chain):
        found += _walk(other, followed, start, use._replace(statement=False))
    for guard in other.guards.names:
        scan.guards.name(*guard)
    for missing in other.guards.absent:
        scan.guards.no_name(*missing)
    return found


def _is_own_call(scan: Scan, followed: Followed, use: Use) -> bool:
    found = _callees(scan, followed, use)
    return not found or any(
        at.computed or isinstance(at.value, (Fresh, Next)) or (callable(at.value) and _is_own_code(scan, at.value))
        for at in found
    )


def _is_own_code(scan: Scan, value: Any) -> bool:
    return values.is_subject(scan, value) or isinstance(value, types.MethodType)


def _goes_to_console(scan: Scan, followed: Followed, use: Use) -> bool:
    """Whether ``print`` prints to standard output or error."""
    for given in use.given:
        if given.place == "file":
            found = [at for ref in given.refs for at in resolved_quietly(scan, followed, ref.chain)]
            return bool(found) and all(logs.is_log_stream(at.value) for at in found)
    return True


def decide_deferred(scan: Scan, followed: Followed, parameter: str) -> None:
    """A parameter is bound: statements that wait for it are free, or count."""
    waiting = [group for group in followed.deferred if not _is_deferred(group, followed)]
    for group in waiting:
        followed.deferred.remove(group)
        if not _set_free(scan, followed, group):
            _count(scan, followed, group)


def _count(scan: Scan, followed: Followed, group: Group) -> None:
    if followed.is_root and followed.tree is not None:
        scan.part(followed.label, "statement", "", statement_digest(group))
    for use in _uses_of(scan, followed, group):
        scan.add_use(followed, use, apply)


def statement_digest(group: Group) -> bytes:
    """A digest of one statement."""
    nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    return tree_digest(ast.FunctionDef(name="", args=nothing, body=[group.statement], decorator_list=[]))


def decide_left(scan: Scan) -> None:
    """No call has said what a parameter is: what depends on it counts."""
    for followed in [each for each in scan.followed.values() if not each.is_root]:
        waiting, followed.deferred = followed.deferred, []
        for group in waiting:
            _count(scan, followed, group)
        for use in followed.uses:
            kind, name, _ = use.ref.chain.root
            known = followed.bound.get(name) and name not in followed.open and name not in followed.constants
            if kind == "parameter" and not known:
                scan.hand_on(followed, use)
    if scan.redirected and scan.prints:
        printed, scan.prints = scan.prints, []
        for followed, group in printed:
            if group in followed.free:
                followed.free.remove(group)
                _count(scan, followed, group)
    variables, scan.variables = scan.variables, []
    for followed, parameter, text in variables:
        names = followed.constants.get(parameter, set())
        for name in sorted(names):
            at = modules.variable(scan, name)
            scan.take(followed.label, at.text, at.value, "environment", at.place)
        if parameter in followed.open or not names:
            scan.untracked(followed.label, "environment", text, followed.function, Exception())
