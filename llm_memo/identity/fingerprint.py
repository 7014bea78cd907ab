"""The fingerprint: a digest of what a function's answer depends on besides its arguments.

A fingerprint is looked for by a scan, and is good as long as all its guards hold. Functions, classes
and instances of one's own are values too: as an argument, or inside of one, each has its own.
"""

from __future__ import annotations

import threading
import types
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from llm_memo.errors import Untracked, warn
from llm_memo.identity.forms import encoding
from llm_memo.identity.preview import LENGTH, REDACTED
from llm_memo.identity.quiet import is_a
from llm_memo.identity.remembered import Remembered
from llm_memo.identity.scan.part import Kept, Part
from llm_memo.identity.texts import shown_source, texts_of
from llm_memo.runtime.fork import renewed_in_child

if TYPE_CHECKING:
    from llm_memo.identity.scan.followed import Followed
    from llm_memo.identity.scan.scan import Scan
    from llm_memo.identity.scan.state import Left


class Snapshot:
    """What a function, or one of its arguments, came to when it was looked at.

    Args:
        scan: A scan that has not begun.
        start: Starts it; returns the function itself, or None if it starts from a value.
    """

    __slots__ = ("_texts", "code", "digest", "guards", "kept", "parts", "root", "scan", "waiting")

    def __init__(self, scan: Scan, start: Callable[[Scan], Followed | None]) -> None:
        from llm_memo.identity.scan.logs import waits_for

        self.scan = scan
        self.root = root = start(scan)
        self.digest = scan.finish()
        """Over all parts, in every process the same."""
        self.parts = {part: data.hex()[:16] for part, data in scan.parts.items()}
        self.code = {Part(each.label, "code", ""): each.function for each in scan.followed.values()}
        """The functions that are followed, by the parts that stand for their code."""
        self.guards = scan.guards
        groups = () if root is None else root.groups
        self.waiting = frozenset(name for group in groups for name in waits_for(root, group))  # type: ignore[arg-type]
        """Parameters on which it depends whether a statement logs."""
        self._texts: dict[str, dict[Part, str]] = {}
        self.kept: Kept | None = None
        """What entries keep of it, see `llm_memo.identity.parts.Parts.kept`."""

    @property
    def previews(self) -> Mapping[Part, str]:
        """Short texts of those parts that are values and no secrets; made when they are first needed."""
        if "previews" not in self._texts:
            made = {part: text_by(self.scan.shown[part]) for part in self.parts if part in self.scan.shown}
            self._texts["previews"] = {part: text for part, text in made.items() if text and REDACTED not in text}
        return self._texts["previews"]

    @property
    def texts(self) -> Mapping[Part, str]:
        """The text of each value that is longer than its preview; made likewise."""
        if "texts" not in self._texts:
            made, _ = texts_of({part: self.scan.long[part] for part in self.previews if part in self.scan.long})
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
        self._arguments: Remembered[Snapshot] = Remembered(_MOST_ARGUMENTS)

    def current(self) -> Snapshot:
        """What the function depends on now. While nothing has changed, this is always the same object.

        One thread at a time looks: what is looked through, source above all, is shared by all.
        """
        state = self.state
        if state is not None and state.guards.hold():
            return state
        with _Turn():
            state = self.state
            if state is None or not state.guards.hold():
                if self.keeper is not None and state is None:
                    self.keeper.recall()
                state = self.state = self._look({}, lambda scan: scan.start(self.function, self.inner))
                self._looked(state)
            return state

    def of_argument(self, parameter: str, value: Any, base: Snapshot) -> Snapshot:
        """What is read of an instance or class of one's own that a parameter is bound to, by the function as it is."""
        mark = (parameter, id(value))
        known = self._arguments.find(mark, value, base)
        if known is not None:
            return known
        snapshot = self._arguments.made(mark, value, lambda: self._look_at_argument(parameter, value, base), base)
        self._looked(snapshot)
        return snapshot

    def _look_at_argument(self, parameter: str, value: Any, base: Snapshot) -> Snapshot:
        with _Turn():
            return self._look({parameter: value}, lambda scan: scan.start_argument(base.root, parameter, value))

    def _looked(self, snapshot: Snapshot) -> None:
        """Remember what texts say, and say once of each value without a form that it counts by its class alone."""
        if self.keeper is not None:
            self.keeper.keep(snapshot)
        for left in snapshot.scan.left:
            text = left.part.text
            if text not in self.warned:
                self.warned.add(text)
                warn(Untracked, f"{self.label}(): {text} {_way_out(left)}")

    def _look(self, arguments: dict[str, Any], start: Callable[[Scan], Followed | None]) -> Snapshot:
        from llm_memo.identity.ignored import ignored_places
        from llm_memo.identity.scan.scan import Scan

        ignore = self.ignore if is_a(self.inner, types.FunctionType) else ()
        return Snapshot(Scan(ignored_places(self.inner, ignore, arguments)), start)


def _way_out(left: Left) -> str:
    if left.part.kind in ("environment", "import"):
        what, does = ("variable", "read") if left.part.kind == "environment" else ("module", "import")
        return (
            f"does not count: {left.why}. Name the {what} by a constant, or {does} it outside of the function and give "
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

_MOST_SUBJECTS = 4096
_subjects: Remembered[Snapshot] = Remembered(_MOST_SUBJECTS)


def subject_snapshot(value: Any) -> Snapshot:
    """What stands for a function, class or instance of one's own that is an argument, or inside of one: all of it."""
    known = _subjects.find(id(value), value)
    if known is not None:
        return known
    if type(value) is types.MethodType:  # made anew with each look
        return _look_at_subject(value)
    return _subjects.made(id(value), value, lambda: _look_at_subject(value))


def _look_at_subject(value: Any) -> Snapshot:
    from llm_memo.identity.scan.scan import Scan

    def start(scan: Scan) -> None:
        scan.number_of(value)

    with _Turn():
        return Snapshot(Scan(), start)


def _subject(value: Any) -> bytes:
    return subject_snapshot(value).digest


def _find_maker(kind: type) -> encoding.Maker:
    from llm_memo.identity.forms import objects

    return objects.maker(kind)


encoding.default_subject = _subject
encoding.find_maker = _find_maker
