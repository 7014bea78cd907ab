"""Counters and logs: what code only keeps up, and does not depend on."""

from __future__ import annotations

from dataclasses import dataclass, field

from llm_memo.identity.paths import ANY, Scope, Step, Use
from llm_memo.identity.reads import Reads
from llm_memo.identity.watch import Place

WRITTEN = "written by the function"
"""Why a counter or a log is not tracked."""

MUTATORS = frozenset(
    ["add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "extendleft", "insert", "intersection_update", "move_to_end", "pop", "popitem", "popleft", "push", "put", "put_nowait", "remove", "reverse", "rotate", "setdefault", "sort", "subtract", "symmetric_difference_update", "update", "write", "writelines"]
)
"""Methods by which a container is written to."""

_LOOKS = frozenset(["__contains__", "__len__", "count", "get", "index", "keys"])
"""Methods that tell something of a container, but let it go nowhere."""


def use_inside(rest: tuple[Step, ...], use: Use) -> Use:
    """What becomes of a container, from which code takes the steps ``rest`` to do ``use`` with what is there."""
    if not rest:
        return use
    looks = rest[-1] in MUTATORS or rest[0] in _LOOKS or rest[0] is ANY
    return Use.LOOKED_AT if looks else Use.HANDED_ON


@dataclass(slots=True)
class Facts:
    """What is known of all the code together."""

    written: set[Place] = field(default_factory=set)
    """Places that are assigned to."""
    changed: set[int] = field(default_factory=set)
    """Identities of containers that are written to."""
    handed_on: set[Place] = field(default_factory=set)
    """Places whose value goes somewhere."""

    def __len__(self) -> int:
        return len(self.written) + len(self.changed) + len(self.handed_on)

    def only_kept_up(self, value: object, use: Use, places: list[Place]) -> bool:
        """Whether the code keeps a value up, as a counter or a log, rather than depends on it.

        A container that is written to and goes somewhere as well, such as the history of a chat, is
        depended on.
        """
        if not self.written.isdisjoint(places):
            return True
        handed_on = Use.HANDED_ON in use or not self.handed_on.isdisjoint(places[-1:])
        return id(value) in self.changed and not handed_on



def kept_up_attributes(reads: Reads) -> frozenset[str]:
    """The attributes of a method's ``self`` that it only keeps up, such as a count of its calls."""
    written = {path for path in reads.written if path.scope is Scope.SELF and path.steps}
    inside = {path.steps[0] for path in written if len(path.steps) > 1}
    inside |= {
        path.steps[0]
        for path in reads.read
        if path.scope is Scope.SELF and len(path.steps) > 1 and path.steps[-1] in MUTATORS
    }
    depended_on = {
        path.steps[0]
        for path, use in reads.read.items()
        if path.scope is Scope.SELF
        and path.steps
        and path not in written
        and Use.HANDED_ON in use_inside(path.steps[1:], use)
    }
    assigned = {path.steps[0] for path in written if len(path.steps) == 1}
    return frozenset(name for name in assigned | (inside - depended_on) if isinstance(name, str))
