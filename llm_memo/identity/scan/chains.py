"""Where the chains in a function's code lead now."""

from __future__ import annotations

import functools
import itertools
import os
import types
from collections import deque
from collections.abc import Iterator
from typing import Any

from llm_memo.identity.code.names import ANY, Attribute, Chain, Item, Named, Result, Step
from llm_memo.identity.code.uses import Given, Kind, Ref, Unless, Use
from llm_memo.identity.guards import is_fixed
from llm_memo.identity.local import is_own
from llm_memo.identity.quiet import MISSING, class_has, class_item, is_a, own_dict
from llm_memo.identity.scan import replaced, resolve
from llm_memo.identity.scan.followed import Followed
from llm_memo.identity.scan.own import is_cached_function
from llm_memo.identity.scan.reached import Fresh, Reached, is_container, opaque
from llm_memo.identity.scan.state import State
from llm_memo.identity.scan.values import read_whole, take_names

MUTATORS = frozenset({
    "add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "extendleft", "insert",
    "intersection_update", "move_to_end", "pop", "popitem", "popleft", "remove", "reverse", "rotate", "setdefault",
    "sort", "subtract", "symmetric_difference_update", "update",
})  # fmt: skip
"""Methods by which a container is only written to, where the call is a statement of its own."""


def reached(scan: State, followed: Followed, use: Use, start: Reached | None = None) -> Iterator[Reached]:
    """What a use's chain leads to; of what is written, what it is written into.

    A value from which the steps cannot be followed is read whole.

    Args:
        scan: The scan.
        followed: The function whose use it is.
        use: The use.
        start: What the chain starts from; None: everything that its root may be.
    """
    steps = use.ref.chain.steps
    last = len(steps) - 1 if use.kind is Kind.WRITE else len(steps)
    todo = deque((at, 0) for at in (_starts(scan, followed, use.ref.chain) if start is None else [start]))
    while todo:
        at, taken = todo.popleft()
        if at.place is not None and not is_fixed(at.value):
            scan.holders.setdefault(id(at.value), {})[at.place] = None
        if taken >= last:
            yield at
            continue
        step, rest = steps[taken], steps[taken + 1 :]
        if is_container(at.value) and not is_a(at.value, set) and _only_writes(use, steps[taken:]):
            _write_items(scan, followed, use, at, taken)
            continue
        if at.value is followed.function.__globals__:
            todo += [(each, taken + 1) for each in _of_globals(scan, followed, at, step, rest)]
            continue
        found = resolve.take_step(scan, followed, at, step, rest)
        if found is None:
            read_whole(scan, at, followed)
            if (instead := _put_in_place(scan, at, steps[taken:])) is not None:
                read_whole(scan, instead, followed)
            if isinstance(step, (Attribute, Result)) and use.kind in (Kind.CALL, Kind.ENTER):
                yield opaque(at.text)
        else:
            todo += [(each, taken + 1) for each in found]


def resolved(scan: State, followed: Followed, ref: Ref) -> list[Reached]:
    """What a chain leads to that a call is given; nothing if the function has set it itself."""
    if ref.unless is not None and was_set(scan, followed, ref.unless):
        return []
    return list(reached(scan, followed, Use(Kind.READ, ref)))


def resolved_quietly(scan: State, followed: Followed, use: Use) -> list[Reached]:
    """What a use's chain leads to, in a scan of which only the guards are kept."""
    other = scan.another()
    other.followed = dict(scan.followed)
    found = list(reached(other, followed, use))
    for guard in other.guards.names:
        scan.guards.name(*guard)
    for missing in other.guards.absent:
        scan.guards.no_name(*missing)
    scan.guards.checks += other.guards.checks[1:]  # the first is one that each scan has
    return found


def _starts(scan: State, followed: Followed, chain: Chain) -> list[Reached]:
    """What the root of a chain stands for."""
    found = resolve.root(scan, followed, chain.root)
    if chain.root.kind == "global" and not chain.steps:
        value = found[0].value
        if (value.__llm_memo_function__()[0] if is_cached_function(value) else value) is followed.function:
            followed.itself.add(chain.root.name)
    return found if chain.root.kind == "parameter" else [at for at in found if not scan.is_ignored(at.place)]


def _put_in_place(scan: State, at: Reached, steps: tuple[Step, ...]) -> Reached | None:
    """What somebody has put on an instance of an installed class that a chain goes through: a test's fake, a wrapper.

    ``patch.object(client.responses, "create")``, ``client.chat = Fake()``.
    """
    attributes = itertools.takewhile(lambda step: isinstance(step, Attribute), steps)
    names = tuple([step.name for step in attributes if isinstance(step, Attribute)])
    if own_dict(at.value) is None or is_a(at.value, type) or not names:
        return None
    get = functools.partial(replaced.along, at.value, names)
    item = get()
    scan.guards.got(get, item)
    return None if item is MISSING else Reached(item, f"{at.text}.{'.'.join(names)}")


def _of_globals(scan: State, followed: Followed, at: Reached, step: Step, rest: tuple[Step, ...]) -> list[Reached]:
    """A step from ``globals()``."""
    if isinstance(step, Item) and is_a(step.key, str):
        return [resolve.global_name(scan, at.value, step.key)]
    if step == Attribute("get") and rest:
        return [at]
    take_names(scan, followed.label, at.value)
    return []


# Writing --------------------------------------------------------------------------------------


def _is_any(step: Step) -> bool:
    """Whether a step leads to an item whose key is known only when the code runs."""
    return step == ANY or isinstance(step, Named)


def _only_writes(use: Use, steps: tuple[Step, ...]) -> bool:
    """Whether what is left of a chain only writes into a container: ``d[k].append(v)``, ``d[k][j] = v``."""
    if use.kind is Kind.WRITE:
        return _is_any(steps[0])
    match steps if use.kind is Kind.CALL and use.statement else ():
        case (step, Attribute(name)) if name in MUTATORS:
            return _is_any(step)
        case (Attribute("setdefault"), Result(), Attribute(name)):
            return name in MUTATORS
    return False


def _write_items(scan: State, followed: Followed, use: Use, at: Reached, taken: int) -> None:
    """The items that are written to by a key that is not known; if one is no container, it may be anything."""
    items = list(at.value.values()) if is_a(at.value, dict) else list(at.value)
    for each in (at.value, *items):
        scan.writes.setdefault(id(each), use.line)
    deeper = use.kind is Kind.CALL or len(use.ref.chain.steps) > taken + 1
    if deeper and not all(map(is_container, items)):
        read_whole(scan, at, followed)
    escape(scan, followed, [(given, given_by(scan, followed, given)) for given in use.given])


def given_by(scan: State, followed: Followed, given: Given) -> list[Reached]:
    """What an argument is, as far as it comes from outside of the call."""
    return [at for ref in given.refs for at in resolved(scan, followed, ref)]


def escape(scan: State, followed: Followed | None, given: Any) -> None:
    """What a call gives goes on to somewhere else."""
    for _, found in given:
        for at in found:
            read_whole(scan, at, followed)


def was_set(scan: State, followed: Followed, unless: Unless, start: Reached | None = None) -> bool:
    """Whether the function itself has set a chain before, plainly, and nothing that was passed on could set it anew."""
    root, steps = unless.chain
    if steps:
        for at in reached(scan, followed, Use(Kind.READ, Ref(Chain(root, steps[:-1]))), start):
            if isinstance(steps[-1], Attribute):
                if not _stores_plainly(at.value, steps[-1].name):
                    return False
            elif not is_container(at.value) and at.value is not os.environ:
                return False
    for passed in unless.passed:
        if passed.root.kind == "parameter" and not followed.bound.get(passed.root.name):
            continue
        if any(not at.computed and callable(at.value) for at in resolved(scan, followed, Ref(passed))):
            return False
    return True


def _stores_plainly(value: Any, name: str) -> bool:
    """Whether ``value.name = …`` does no more than to keep what is given."""
    kind: Any = value.kind if is_a(value, Fresh) else type(value)
    if is_a(value, (types.ModuleType, types.SimpleNamespace)):
        return True
    if is_a(value, type):
        return kind.__setattr__ is type.__setattr__
    getter = class_item(kind, "__getattribute__")
    if not is_own(kind) or kind.__setattr__ is not object.__setattr__ or getter is not object.__getattribute__:
        return False
    raw = class_item(kind, name)
    return is_a(raw, types.MemberDescriptorType) or not class_has(type(raw), "__set__")
