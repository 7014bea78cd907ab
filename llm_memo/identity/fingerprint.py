"""The fingerprint: a digest of what a function's answer depends on besides its arguments.

Functions and classes are values too: as an argument, or inside of one, each is its own fingerprint.
"""

from __future__ import annotations

import functools
import threading
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from llm_memo.identity import canonical
from llm_memo.identity.chains import code_name, innermost, is_local
from llm_memo.identity.observe import Observed, meet
from llm_memo.identity.paths import Use
from llm_memo.identity.watch import Watch
from llm_memo.runtime.fork import renewed_in_child

if typing.TYPE_CHECKING:
    from llm_memo.identity.upkeep import KeptUpBy


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a function depended on when it was looked at."""

    digest: bytes
    """Over all parts, in every process the same."""
    parts: Mapping[str, str]
    """Digests in hex by name: ``"code"``, ``"global SYSTEM"``, ``"helper clean: global PATTERN"``."""
    previews: Mapping[str, str]
    """Short texts of those parts that are plain values and no secrets."""
    untracked: Mapping[str, str]
    """What is left out, by name, and why."""


_looking = threading.RLock()


@renewed_in_child
def _after_fork() -> None:  # pragma: no cover - runs in forked children, where nothing is measured
    global _looking
    _looking = threading.RLock()


class Fingerprint:
    """The fingerprint of one function; nothing is looked at before it is first asked for.

    Args:
        function: A function, with or without decorators, or a class.
        use: Whether it is only called, or handed on as a value; then its name, docstring,
            annotations and defaults count, which is what a tool's description is made of.
    """

    __slots__ = ("_state", "function", "use")

    def __init__(self, function: Callable[..., object], use: Use = Use.CALLED) -> None:
        self.function = function
        self.use = use
        self._state: tuple[Watch, Snapshot] | None = None

    def current(self) -> Snapshot:
        """What the function depends on now. While nothing has changed, this is always the same object."""
        state = self._state
        if state is None or not state[0].unchanged():
            state = self._look_anew()
        return state[1]

    def _look_anew(self) -> tuple[Watch, Snapshot]:
        """Look again, one thread at a time: what is looked through, source above all, is shared by all."""
        # Not for ever: looking may import a module, whose import may be waiting for this very lock.
        mine = _looking.acquire(timeout=60)
        try:
            state = self._state
            if state is None or not state[0].unchanged():
                state = self._state = self._look()
            return state
        finally:
            if mine:
                _looking.release()

    def _look(self) -> tuple[Watch, Snapshot]:
        # What it takes to look is loaded with the first look.
        from llm_memo.identity.survey import survey

        found = survey(self.function, self.use)
        parts = {name: digest.hex()[:16] for name, digest in sorted(found.parts.items())}
        return found.watch, Snapshot(found.digest(), parts, found.previews, found.untracked)


_fingerprint = functools.lru_cache(maxsize=256)(Fingerprint)
_is_local = functools.lru_cache(maxsize=1024)(is_local)


def function_digest(function: Callable[..., object]) -> bytes:
    """What stands for a function that is a value."""
    return _fingerprint(function, Use.HANDED_ON).current().digest


def class_digest(kind: type) -> bytes:
    """What stands for the class of an instance, beside its name; nothing for an installed class."""
    if not _is_local(kind):
        return b""
    number = meet(kind, Use.LOOKED_AT)
    return _fingerprint(kind, Use.LOOKED_AT).current().digest if number is None else b"%d" % number


class KeptUp:
    """The attributes that a function only keeps up on its first argument, such as a count of its calls."""

    __slots__ = ("_function", "_known")

    def __init__(self, function: Callable[..., object]) -> None:
        self._function: Any = innermost(function)
        self._known: tuple[object, object, KeptUpBy | None] = (None, None, None)

    def of(self, value: object) -> frozenset[str]:
        """Their names, of an argument."""
        kind: Any = type(value)
        if not canonical.is_plain_object(kind):
            return frozenset()
        snapshot, code = _fingerprint(kind, Use.LOOKED_AT).current(), getattr(self._function, "__code__", None)
        known_snapshot, known_code, known = self._known
        if known is None or known_snapshot is not snapshot or known_code is not code:
            from llm_memo.identity.upkeep import KeptUpBy, kept_up_by

            known = kept_up_by(code, kind) if isinstance(code, types.CodeType) else KeptUpBy()
            self._known = snapshot, code, known
        return known.names(canonical.attributes(value))


def parts_of_met(observed: Observed) -> dict[str, tuple[str, str]]:
    """Digest and preview of each part of the functions and classes that were met in a value, by name."""
    found: dict[str, tuple[str, str]] = {}
    for subject, use in zip(observed.met, observed.uses, strict=True):
        snapshot = _fingerprint(subject, use).current()
        for part, digest in snapshot.parts.items():
            name = part
            if not isinstance(subject, type):
                helper = f"helper {code_name(innermost(subject))}"
                name = part.replace("code", helper, 1) if part.startswith("code") else f"{helper}: {part}"
            others = found.get(name, ("", ""))[0]  # there may be two of one name
            found[name] = others + digest, snapshot.previews.get(part, "")
    return found


def _function_form(function: Any) -> canonical.Form:
    number = meet(function, Use.HANDED_ON)
    return "function", function_digest(function) if number is None else number


def _class_form(kind: type) -> canonical.Form:
    if not _is_local(kind):
        return "class", canonical.class_name(kind)
    number = meet(kind, Use.HANDED_ON)
    digest = _fingerprint(kind, Use.HANDED_ON).current().digest if number is None else number
    return "class", (canonical.class_name(kind), digest)


def _method_form(method: Any) -> canonical.Form:
    return "method", (method.__func__, method.__self__)


def _built_in_form(function: Any) -> canonical.Form:
    owner = getattr(function, "__self__", None)
    if isinstance(owner, types.ModuleType):
        owner = owner.__name__
    return "built in", (function.__qualname__, owner)


def _partial_form(partial: functools.partial[Any]) -> canonical.Form:
    return "partial", (partial.func, partial.args, partial.keywords)


def _alias_form(alias: Any) -> canonical.Form:
    """``list[Answer]``, ``Literal["a", "b"]``, ``str | None``."""
    origin = typing.get_origin(alias)
    return "type", (origin if isinstance(origin, type) else str(origin), list(typing.get_args(alias)))


def _name_form(thing: Any) -> canonical.Form:
    return "type", str(thing)


def _module_form(module: types.ModuleType) -> canonical.Form:
    if is_local(module):
        raise canonical.NoCanonicalForm(module, "a module of one's own has no canonical form")
    return "module", module.__name__


_FORMS: dict[Any, Callable[[Any], canonical.Form]] = {
    types.FunctionType: _function_form,
    types.MethodType: _method_form,
    types.BuiltinFunctionType: _built_in_form,
    types.MethodDescriptorType: _built_in_form,
    types.WrapperDescriptorType: _built_in_form,
    types.MethodWrapperType: _built_in_form,
    types.ClassMethodDescriptorType: _built_in_form,
    functools.partial: _partial_form,
    type: _class_form,
    types.GenericAlias: _alias_form,
    types.UnionType: _alias_form,
    type(typing.Union[int, str]): _alias_form,  # noqa: UP007
    type(typing.List[int]): _alias_form,  # noqa: UP006
    type(typing.Literal[0]): _alias_form,
    type(typing.Annotated[int, 0]): _alias_form,
    type(typing.Any): _name_form,
    type(typing.Callable): _name_form,
    type(typing.List): _name_form,  # noqa: UP006
    typing.TypeVar: _name_form,
    typing.ForwardRef: _name_form,
    types.ModuleType: _module_form,
}
"""What stands for code and types that are values."""

for _kind, _form in _FORMS.items():
    canonical.register(_kind, _form)
canonical.class_digest = class_digest
