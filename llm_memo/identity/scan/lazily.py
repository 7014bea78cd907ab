"""Values that a call makes when it first needs them: they count as not yet made.

``functools.cached_property``, ``if self._client is None: self._client = E`` and ``x = x or E``: what a
call computed so is remembered with what it was made from. As long as both are unchanged, a later call
is the same question as the one that computed it. What was assigned or computed elsewhere counts by its value.
"""

from __future__ import annotations

import functools
import types
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llm_memo.identity.quiet import is_a
from llm_memo.identity.scan.reached import MISSING, Candidate, cell_value
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


def settle(candidates: list[Candidate], scan: Callable[[], State]) -> None:
    """After a call: remember what it has made."""
    for each in candidates:
        value = _now(each.container, each.key)
        if value is each.before or value is MISSING:
            continue
        mark = (id(each.container), each.key)
        owner: Any = None
        if each.owner is not None:
            try:
                owner = weakref.ref(each.owner, functools.partial(_forget, mark))
            except TypeError:
                continue
        again = scan()
        made_from = _made_from(again, each.again)
        if len(_computed) >= _MOST:
            _computed.pop(next(iter(_computed)))
        content = again.content_of(value)
        _computed[mark] = _Computed(each.container, value, content, each.before, each.again, made_from, owner)


def _forget(mark: tuple[int, Any], _: object) -> None:
    _computed.pop(mark, None)


def is_pending(scan: State, container: Any, key: Any, value: Any) -> bool:
    """Whether a value was made by a call, and is as it was then, as is what it was made from."""
    mark = (id(container), key) if type(key) is str else None
    known = _computed.get(mark) if mark is not None else None
    if known is None or known.container is not container or known.value is not value or mark in scan.pending:
        return False
    again = scan.another()
    again.pending = scan.pending | {mark}
    content = again.content_of(value)
    made_from = _made_from(again, known.again)
    scan.guards.checks.append(again.guards.hold)
    scan.guards.content(value, lambda: scan.another().content_of(value), content)
    if content != known.content or made_from != known.made_from:
        return False
    scan.candidates.append(Candidate(container, key, value, known.again, known.owner and known.owner()))
    return True


def before(container: Any, key: Any) -> Any:
    """What was there before the call that made the value."""
    return _computed[(id(container), key)].before


def _made_from(scan: State, again: Callable[[Any], object]) -> bytes:
    again(scan)
    return scan.finish()


def _now(container: Any, key: Any) -> Any:
    if is_a(container, types.CellType):
        return cell_value(container)
    return container.get(key, MISSING)
