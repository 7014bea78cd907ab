"""The fingerprint: a digest of what a function's answer depends on besides its arguments.

A fingerprint is looked for by a scan, and is good as long as all its guards hold. Functions, classes
and instances of one's own are values too: as an argument, or inside of one, each has its own.
"""

from __future__ import annotations

import threading
import types
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from llm_memo.errors import Untracked, warn
from llm_memo.identity.forms import encoding
from llm_memo.identity.preview import LENGTH, REDACTED
from llm_memo.identity.quiet import is_a
from llm_memo.identity.scan.part import Part
from llm_memo.identity.texts import shown_source, texts_of
from llm_memo.runtime.fork import renewed_in_child

if TYPE_CHECKING:
    from llm_memo.identity.code.analysis import Analysis
    from llm_memo.identity.guards import Guards
    from llm_memo.identity.scan.followed import Followed
    from llm_memo.identity.scan.reached import Candidate
    from llm_memo.identity.scan.scan import Scan
    from llm_memo.identity.scan.state import Left


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What a function, or one of its arguments, came to when it was looked at."""

    digest: bytes
    """Over all parts, in every process the same."""
    parts: Mapping[Part, str]
    """Part → its digest in hex."""
    shown: Mapping[Part, Callable[[], str]]
    """What makes a short text of a part."""
    long: Mapping[Part, object]
    """Values whose text may be longer than that."""
    code: Mapping[Part, types.FunctionType]
    """The functions that are followed, by the parts that stand for their code."""
    analyses: tuple[Analysis, ...]
    """What the texts of these say."""
    left: tuple[Left, ...]
    """Values without a form, of which only the class counts."""
    omitted: tuple[str, ...]
    """Attributes that ``__memo_ignore__`` of a class leaves out."""
    unseen: dict[str, str]
    """What is reached in ways that cannot be seen → why."""
    guards: Guards
    writes: Mapping[object, int]
    """Places and identities of what the code writes to → the line."""
    places: Mapping[Part, tuple[object, int, bool]]
    """Where the value of a part is kept, its identity, and whether it is an installed object."""
    holders: Mapping[int, Mapping[tuple[int, object], None]]
    """Identity of a value that a chain has led to → the places where it is kept."""
    modules: Mapping[str, str]
    """Owner of parts → the module that it is in."""
    candidates: tuple[Candidate, ...]
    """Values that the call may make, and that then count as not yet made."""
    has_code_without_source: bool
    """What some of the code writes is not known."""
    root: Followed | None
    """The function itself; None of an argument, which would be held by it."""
    waiting: frozenset[str]
    """Parameters on which it depends whether a statement logs."""
    _texts: dict[str, dict[Part, str]] = field(default_factory=dict)

    @property
    def previews(self) -> Mapping[Part, str]:
        """Short texts of those parts that are values and no secrets; made when they are first needed."""
        if "previews" not in self._texts:
            made = {part: text_by(self.shown[part]) for part in self.parts if part in self.shown}
            self._texts["previews"] = {part: text for part, text in made.items() if text and REDACTED not in text}
        return self._texts["previews"]

    @property
    def texts(self) -> Mapping[Part, str]:
        """The text of each value that is longer than its preview; made likewise."""
        if "texts" not in self._texts:
            made, _ = texts_of({part: self.long[part] for part in self.previews if part in self.long})
            self._texts["texts"] = {part: text for part, text in made.items() if len(text) > LENGTH}
        return self._texts["texts"]

    def source(self, part: Part) -> str:
        """The source of a function that is followed; "" if it cannot be had or is long."""
        made = self._texts.setdefault("source", {})
        if part not in made:
            made[part] = shown_source(self.code[part])
        return made[part]


def text_by(make: Callable[[], str]) -> str:
    """What makes a text, made; "" where a value's own methods raise."""
    try:
        return make()
    except Exception:
        return ""


_looking = threading.RLock()


@renewed_in_child
def _after_fork() -> None:
    global _looking
    _looking = threading.RLock()


class Keeper(Protocol):
    """Remembers, for later processes, what the texts of functions say."""

    def recall(self) -> None:
        """Take over what earlier processes have found; code is about to be looked through."""

    def keep(self, snapshot: Snapshot) -> None:
        """Code has been looked through."""


class Fingerprint:
    """The fingerprint of one function; nothing is looked at before it is first needed.

    Args:
        function: A function, with or without decorators.
        ignore: Names that are left out, see `llm_memo.identity.ignored`.
    """

    __slots__ = ("_arguments", "function", "ignore", "inner", "keeper", "label", "state", "warned")

    def __init__(self, function: Callable[..., object], ignore: tuple[str, ...] = ()) -> None:
        self.function = function
        self.inner = innermost(function)
        self.ignore = ignore
        self.label = str(getattr(self.inner, "__qualname__", type(self.inner).__qualname__))
        self.warned: set[str] = set()
        """What the user was warned of."""
        self.state: Snapshot | None = None
        """What it depended on when it was last looked at."""
        self.keeper: Keeper | None = None
        self._arguments: OrderedDict[tuple[str, int], tuple[object, Snapshot, Snapshot]] = OrderedDict()

    def current(self) -> Snapshot:
        """What the function depends on now. While nothing has changed, this is always the same object."""
        state = self.state
        if state is None or not state.guards.hold():
            state = self._look_anew()
        return state

    def of_argument(self, parameter: str, value: Any, base: Snapshot) -> Snapshot:
        """What is read of an instance or class of one's own that a parameter is bound to, by the function as it is."""
        mark = (parameter, id(value))
        known = self._arguments.get(mark)
        if known is not None and _is(known[0], value) and known[2] is base and known[1].guards.hold():
            return known[1]
        with _Turn():
            snapshot = _snapshot_of_argument(self, base, parameter, value)
        if self.keeper is not None:
            self.keeper.keep(snapshot)
        self.warn_of_untracked(snapshot)
        self._arguments[mark] = (_reference(value), snapshot, base)
        while len(self._arguments) > _MOST_ARGUMENTS:
            self._arguments.popitem(last=False)
        return snapshot

    def _look_anew(self) -> Snapshot:
        """Look again, one thread at a time: what is looked through, source above all, is shared by all."""
        with _Turn():
            state = self.state
            if state is None or not state.guards.hold():
                if self.keeper is not None and state is None:
                    self.keeper.recall()
                state = self.state = self._look()
                if self.keeper is not None:
                    self.keeper.keep(state)
                self.warn_of_untracked(state)
            return state

    def warn_of_untracked(self, snapshot: Snapshot) -> None:
        """Say once of each value without a form that it counts by its class alone."""
        for left in snapshot.left:
            text = left.part.text
            if text not in self.warned:
                self.warned.add(text)
                warn(Untracked, f"{self.label}(): {text} {_way_out(left)}")

    def _look(self) -> Snapshot:
        from llm_memo.identity.ignored import ignored_places
        from llm_memo.identity.scan.scan import Scan

        inner = self.inner
        places = ignored_places(inner, self.ignore, {}) if self.ignore and is_a(inner, types.FunctionType) else {}
        return snapshot_of(Scan(places), lambda scan: scan.start(self.function, inner))


def _way_out(left: Left) -> str:
    if left.part.kind == "environment":
        return (
            f"does not count: {left.why}. Name the variable by a constant, or read it outside of the function and give "
            "the function what it says"
        )
    return (
        f"counts by its class alone, {left.kind}: {left.why}. Make it inside of the function, pass its settings, give "
        f'its class a __memo_key__() method that returns plain data, or leave it out with ignore=("{left.part.name}",)'
    )


_MOST_ARGUMENTS = 256
"""Instances whose snapshots are remembered, for each function."""


class _Turn:
    """One thread at a time looks; not for ever, as looking may import a module whose import waits for this lock."""

    def __enter__(self) -> None:
        self._mine = _looking.acquire(timeout=60)

    def __exit__(self, *_: object) -> None:
        if self._mine:
            _looking.release()


def _reference(value: Any) -> Any:
    try:
        return weakref.ref(value)
    except TypeError:
        return value


def _is(reference: Any, value: Any) -> bool:
    return (reference() if type(reference) is weakref.ref else reference) is value


def snapshot_of(scan: Scan, start: Callable[[Scan], Followed | None]) -> Snapshot:
    """What a scan finds."""
    from llm_memo.identity.scan.printing import waits_for

    root = start(scan)
    digest = scan.finish()
    return Snapshot(
        digest=digest,
        parts={part: data.hex()[:16] for part, data in scan.parts.items()},
        shown=scan.shown,
        long=scan.long,
        code={Part(each.label, "code", ""): each.function for each in scan.followed.values()},
        analyses=tuple(each.analysis for each in scan.followed.values()),
        left=tuple(dict.fromkeys(scan.left)),
        omitted=tuple(scan.omitted),
        unseen=scan.unseen,
        guards=scan.guards,
        writes=scan.writes,
        places=scan.places,
        holders=scan.holders,
        modules={each.label: str(each.function.__globals__.get("__name__", "")) for each in scan.followed.values()},
        candidates=tuple(scan.candidates),
        has_code_without_source=any(not each.analysis.has_tree for each in scan.followed.values()),
        root=root,
        waiting=frozenset(name for group in root.groups for name in waits_for(root, group)) if root else frozenset(),
    )


def _snapshot_of_argument(fingerprint: Fingerprint, base: Snapshot, parameter: str, value: Any) -> Snapshot:
    from llm_memo.identity.ignored import ignored_places
    from llm_memo.identity.scan.scan import Scan

    inner = fingerprint.inner
    places = ignored_places(inner, fingerprint.ignore, {parameter: value}) if fingerprint.ignore else {}
    return snapshot_of(Scan(places), lambda scan: scan.start_argument(base.root, parameter, value))


def innermost(function: Any) -> Any:
    """The function that is left when all decorators that tell what they wrap are taken off."""
    seen: set[int] = set()
    while id(function) not in seen:
        seen.add(id(function))
        if type(function) is types.FunctionType and "__wrapped__" not in vars(function):
            return function
        inner = getattr(function, "__func__", None) or getattr(function, "__wrapped__", None)
        if inner is None:
            return function
        function = inner
    return function


# Subjects: code and instances of one's own that are values ------------------------------------

_subjects: OrderedDict[int, tuple[object, Snapshot]] = OrderedDict()
_MOST_SUBJECTS = 4096


def subject_snapshot(value: Any) -> Snapshot:
    """What stands for a function, class or instance of one's own that is an argument, or inside of one: all of it."""
    known = _subjects.get(id(value))
    if known is not None and _is(known[0], value) and known[1].guards.hold():
        return known[1]
    from llm_memo.identity.scan.scan import Scan

    def start(scan: Scan) -> None:
        scan.number_of(value)

    with _Turn():
        snapshot = snapshot_of(Scan(), start)
    if type(value) is not types.MethodType:  # made anew with each look
        _subjects[id(value)] = (_reference(value), snapshot)
        while len(_subjects) > _MOST_SUBJECTS:
            _subjects.popitem(last=False)
    return snapshot


def _subject(value: Any) -> bytes:
    return subject_snapshot(value).digest


def _find_maker(kind: type) -> encoding.Maker:
    from llm_memo.identity.forms import objects

    return objects.maker(kind)


encoding.default_subject = _subject
encoding.find_maker = _find_maker
