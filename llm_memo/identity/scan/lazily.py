"""Values that a call makes when it first needs them: they count as not yet made.

``functools.cached_property``, ``if self._client is None: self._client = E`` and ``x = x or E``: what a
call computed so is remembered with what it was made from. As long as both are unchanged, a later call
is the same question as the one that computed it. What was assigned or computed elsewhere counts by its value.
A client that counts its calls is unchanged, as the count is not read. What the code both changes and reads counts by
its value at once, since the call that has made it has changed it already.
"""

from __future__ import annotations

import functools
import types
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llm_memo.identity.guards import is_fixed
from llm_memo.identity.quiet import MISSING, cell_value, is_a, own_dict
from llm_memo.identity.scan.classes import own_functions_of
from llm_memo.identity.scan.reached import Candidate
from llm_memo.identity.scan.state import State


@dataclass(slots=True, eq=False)
class _Computed:
    container: Any
    value: Any
    content: bytes
    before: Any
    again: Callable[[Any], object]
    made_from: bytes
    owner: Any


_computed: dict[tuple[int, Any], _Computed] = {}
_MOST = 10_000


def settle(candidates: list[Candidate]) -> None:
    """After a call: remember what it has made, or has changed of that so that the code does not see it."""
    for each in reversed(candidates):  # what one is made from was met after it
        value = _now(each.container, each.key)
        if value is each.before or value is MISSING:
            continue
        mark = (id(each.container), each.key)
        content = each.scan.another().content_of(value)
        known = _computed.get(mark)
        if known is not None and known.value is value and known.content == content:
            continue
        if not is_fixed(value) and _changes_what_it_reads(_by_value(each.scan, mark, value), value):
            _computed.pop(mark, None)
            continue
        owner: Any = None
        if each.owner is not None:
            try:
                owner = weakref.ref(each.owner, functools.partial(_forget, mark))
            except TypeError:
                continue
        made_from = _made_from(each.scan.another(), each.again)
        if len(_computed) >= _MOST:
            _computed.pop(next(iter(_computed)))
        _computed[mark] = _Computed(each.container, value, content, each.before, each.again, made_from, owner)


def _forget(mark: tuple[int, Any], _: object) -> None:
    _computed.pop(mark, None)


def is_pending(scan: State, container: Any, key: Any, value: Any) -> bool:
    """Whether a value was made by a call, and is as it was then, as is what it was made from."""
    mark = (id(container), key) if type(key) is str else None
    known = _computed.get(mark) if mark is not None else None
    if known is None or known.container is not container or known.value is not value or mark in scan.pending:
        return False
    of_value, of_origin = scan.another(), scan.another()
    of_value.pending = of_origin.pending = scan.pending | {mark}
    content, made_from = of_value.content_of(value), _made_from(of_origin, known.again)
    scan.guards.checks += (of_value.guards.hold, of_origin.guards.hold)
    scan.guards.content(value, lambda: scan.another().content_of(value), content)
    if content != known.content or made_from != known.made_from:
        return False
    scan.candidates.append(Candidate(container, key, known.before, known.again, scan, known.owner and known.owner()))
    return True


def before(container: Any, key: Any) -> Any:
    """What was there before the call that made the value."""
    return _computed[(id(container), key)].before


def _by_value(scan: State, mark: tuple[int, Any], value: Any) -> State:
    """The same scan anew, for which a value that a call has made counts by what is read of it."""
    other = scan.another()
    other.pending, other.made = frozenset({mark}), value
    scan.start_again(other)
    other.run()
    return other


def _changes_what_it_reads(scan: State, value: Any) -> bool:
    """Whether the code writes to something in a value that it reads as well: the call that made it has done so."""
    inside, more = {id(value)}, True
    while more:
        found = {each for each, places in scan.holders.items() if any(place[0] in inside for place in places)}
        more = not found <= inside
        inside |= found
    for part, (place, identity, _) in scan.places.items():
        if part.kind in ("class", "identity", "presence"):
            continue
        if identity == id(value) and identity in scan.writes:
            return True
        if place is not None and place[0] in inside and not {place, place[0], identity}.isdisjoint(scan.writes):
            return True
    return bool(scan.returned_by) and _is_read_elsewhere(scan, value, inside)


def _is_read_elsewhere(scan: State, value: Any, inside: set[int]) -> bool:
    """Whether what returns the value gives it to code that may read what the value's own methods write to."""
    places = [place for place in scan.writes if type(place) is tuple and place[0] in inside]
    places += [place for each in inside if each in scan.writes for place in scan.holders.get(each, ())]
    for owner, _ in places:  # and what holds that
        places += [each for each in scan.holders.get(owner, ()) if each[0] in inside and each not in places]
    written = {name for _, name in places}
    written |= {name for name, item in (own_dict(value) or {}).items() if id(item) in scan.writes}
    methods = {id(function) for _, function in own_functions_of(type(value))}
    others = [each.reads for mark, each in scan.followed.items() if mark not in methods]
    return bool(written) and (
        not scan.returned_by.isdisjoint(scan.read_results)
        or any(not written.isdisjoint(each.attributes) or "vars" in each.builtins for each in others)
    )


def _made_from(scan: State, again: Callable[[Any], object]) -> bytes:
    again(scan)
    return scan.finish()


def _now(container: Any, key: Any) -> Any:
    if is_a(container, types.CellType):
        return cell_value(container)
    return container.get(key, MISSING)
