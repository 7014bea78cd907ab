"""Walking through a function: where the paths in its code lead, now."""

from __future__ import annotations

import builtins
import importlib.util
import sys
import types
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from llm_memo.identity import values
from llm_memo.identity.bytecode import parameters
from llm_memo.identity.chains import (
    MISSING,
    Reached,
    follow,
    imported,
    innermost,
    is_code,
    is_local,
    own_dict,
    place_of,
)
from llm_memo.identity.findings import Where
from llm_memo.identity.paths import GOTTEN, HANDED, Item, Path, Scope, Use, written
from llm_memo.identity.reads import reads_of
from llm_memo.identity.upkeep import MUTATING, hands_on_item, mutates, use_inside
from llm_memo.identity.watch import Place, Watch, holds_moments

if TYPE_CHECKING:
    from llm_memo.identity.survey import Survey

_OF_THE_MODULE = frozenset({
    "__builtins__", "__cached__", "__file__", "__loader__", "__name__", "__package__", "__path__", "__spec__",
})  # fmt: skip
"""Globals that tell where code lives, not what it does."""


class Walk:
    """One way through a function of the user's own.

    Args:
        survey: What the findings are for.
        function: The function.
        prefix: What stands before the names of what it reads.
        bound: Values of its parameters. With them, only what it does to them is looked at: the
            values themselves are part of the survey already.
    """

    def __init__(
        self, survey: Survey, function: types.FunctionType, prefix: str, bound: Mapping[str, Any] | None = None
    ) -> None:
        self.survey = survey
        self.function = function
        self.prefix = prefix
        self.bound = bound or {}

    def go(self) -> None:
        """Follow every path in the code."""
        reads = reads_of(self.function.__code__)
        for path in reads.written:
            self._guarded(self._write, path)
        for path, use in reads.read.items():
            self._guarded(self._read, path, use)
        for call in reads.calls:
            for place, path in call.passed.items():
                self._guarded(self._pass, path, call.function, place)

    def _guarded(self, look: Callable[..., None], path: Path, *args: Any) -> None:
        """Follow a path; what it leads to may object to being looked at."""
        if (path.name in self.bound) if path.scope is Scope.PARAMETER else not self.bound:
            try:
                look(path, *args)
            except Exception as problem:
                self.survey.untracked[f"{self.prefix}{path.scope.value} {path}"] = values.reason(problem)

    def _start(self, path: Path, watch: Watch) -> tuple[Any, list[Place]] | None:
        """The value of a path's name, and where it is kept; None if it does not count."""
        if path.scope is Scope.PARAMETER:
            return (self.bound[path.name], []) if path.name in self.bound else None
        if path.scope is Scope.IMPORT:
            module = self._imported(path.name)
            return None if module is None else (module, [])
        if path.scope is Scope.CLOSURE:
            cell = self._cell(path.name)
            value = cell.cell_contents if _is_filled(cell) else MISSING
            watch.got([(id(cell), "")], lambda: cell.cell_contents, value)
            return value, [(id(cell), "")]
        names = self.function.__globals__
        places: list[Place] = [(id(names), path.name)]
        if path.name in names:
            watch.name(places, names, path.name, names[path.name])
            return names[path.name], places
        watch.absent(names, path.name)
        return None if path.name in vars(builtins) else (MISSING, places)

    def _cell(self, name: str) -> types.CellType:
        return (self.function.__closure__ or ())[self.function.__code__.co_freevars.index(name)]

    def _imported(self, name: str) -> types.ModuleType | None:
        """A module that the function imports; one that is installed, or not to be had, is its name."""
        names = self.function.__globals__
        package = names.get("__package__") or str(names.get("__name__")).rpartition(".")[0]
        try:
            name = importlib.util.resolve_name(name, package)
        except ImportError:
            return None
        module = imported(name, self.survey.home)
        if module is None:
            self.survey.part(Where(self.prefix, "module", name), ("installed", name))
        else:
            self.survey.watch.name([(id(sys.modules), name)], sys.modules, name, module)
        return module

    def _reach(self, path: Path, watch: Watch) -> tuple[Any, Reached] | None:
        """The value of a path's name, and where the path leads."""
        start = self._start(path, watch)
        if start is None:
            return None
        reached = follow(start[0], path.steps, watch, self.survey.home)
        reached.places[:0] = start[1]
        return start[0], reached

    def _write(self, path: Path) -> None:
        facts = self.survey.facts
        if not path.steps:
            names = self.function.__globals__ if path.scope is Scope.GLOBAL else self._cell(path.name)
            facts.written.add((id(names), path.name if path.scope is Scope.GLOBAL else ""))
            return
        # What is only written may change as it likes: the way there is not watched.
        found = self._reach(path.up(), Watch())
        if found is not None:
            _, reached = found
            if GOTTEN in reached.rest:
                return  # what some ``get()`` gave, and not what gave it
            if reached.rest == ("update",):  # ``STATS.update(calls=…)``
                if isinstance(reached.value, dict) and isinstance(path.steps[-1], Item):
                    facts.written.add((id(reached.value), path.steps[-1].key))
                return
            place = None if reached.rest else place_of(reached.value, path.steps[-1])
            if place is None:
                facts.change(reached.value)
            else:
                facts.written.add(place)

    def _read(self, path: Path, use: Use) -> None:
        if path.name == "__class__" or (path.scope is Scope.GLOBAL and path.name in _OF_THE_MODULE):
            return
        found = self._reach(path, self.survey.watch)
        if found is None:
            return
        start, reached = found
        facts, holder = self.survey.facts, reached.holder
        if mutates(reached.rest):
            facts.change(reached.value)
            if len(reached.rest) > 1:
                facts.items_changed.add(id(reached.value))
        if type(reached.value) is ContextVar and reached.rest == ("set",):
            facts.written.add((id(reached.value), GOTTEN))
        if hands_on_item(reached.rest, use):
            of_list = type(reached.value) in (list, deque)  # by number: of a dict, a memo's answer is taken by name
            (facts.handed_on if of_list else facts.items_handed_on).add(id(reached.value))
        use = use if reached.value is MISSING else use_inside(reached.rest, use)
        if use & (Use.GONE_THROUGH | Use.HANDED_ON):
            self._hand_on(reached.value, use)
        if type(reached.value) is types.BuiltinFunctionType and not reached.rest:
            facts.bound(reached.value, use)
        where = code = self._where(path, reached.taken, start)
        looked_at = path.scope is Scope.PARAMETER and not isinstance(start, type)
        if holder is not None and not isinstance(holder, type):
            code = Where("", "class", f"{type(holder).__qualname__}{written(path.steps[reached.taken - 1])}")
        if isinstance(holder, type) and not is_local(innermost(reached.value), self.survey.home):
            # What is inherited from a package, such as a model's ``model_validate``, works on all of the class.
            self.survey.take_code(self._where(path, reached.taken - 1, start), holder, Use.HANDED_ON)
        if self.survey.take_code(code, reached.value, use, holder):
            if code is not where and not looked_at:
                owner = self._where(path, reached.taken - 1, start)
                self.survey.later(values.take, owner, holder, Use.LOOKED_AT, [])
        elif not looked_at:
            self.survey.later(values.take, where, reached.value, use, reached.places, reached.rest)
            if Use.CALLED in use and not reached.rest:
                self._call_object(reached.value)

    def _hand_on(self, value: Any, use: Use) -> None:
        """Note that a value goes somewhere, and with an object of the user's own all that it holds."""
        facts = self.survey.facts
        if use & HANDED == Use.GONE_THROUGH and holds_moments(value):
            facts.gone_through.add(id(value))
            return
        facts.handed_on.add(id(value))
        if not is_code(value) and is_local(type(value), self.survey.home):
            facts.handed_on.update(map(id, (own_dict(value) or {}).values()))

    def _call_object(self, value: Any) -> None:
        """Follow ``__call__`` of an object of the user's own."""
        reached = follow(value, ("__call__",), Watch(), self.survey.home)
        if reached.holder is value and is_local(type(value), self.survey.home):
            where = Where("", "class", f"{type(value).__qualname__}.__call__")
            self.survey.take_code(where, reached.value, Use.CALLED, value)

    def _pass(self, path: Path, callee: Path, place: int | str) -> None:
        """See what a function does to a value that is passed to it."""
        found = self._reach(path, Watch())
        if found is None:
            return
        reached = found[1]
        function, bound = self._callee(callee)
        name = None
        if function is not None and not reached.rest:
            positional = function.__code__.co_varnames[bound : function.__code__.co_argcount]
            if isinstance(place, int):
                name = positional[place] if place < len(positional) else None
            elif place in parameters(function.__code__):
                name = place
        if function is not None and name is not None:
            if not is_code(reached.value):
                self.survey.bind(function, name, reached.value)
        elif place == 0 and self._is_mutator(callee):
            self.survey.facts.change(reached.value)
        else:
            self._hand_on(reached.value, Use.HANDED_ON)

    def _is_mutator(self, path: Path) -> bool:
        """Whether a path leads to a function that changes the container that is its first argument."""
        found = self._reach(path, Watch())
        if found is None:
            return False
        value, rest = found[1].value, found[1].rest
        if isinstance(value, types.ModuleType) and len(rest) == 1:
            value, rest = vars(value).get(str(rest[0])), ()
        return not rest and any(value is each for each in MUTATING)

    def _callee(self, path: Path) -> tuple[types.FunctionType | None, int]:
        """The function of the user's own that a call runs, and how many of its parameters are bound already."""
        found = self._reach(path, Watch())
        if found is None or found[1].rest:
            return None, 0
        value, holder = found[1].value, found[1].holder
        bound = (holder is not None and type(value) is not staticmethod) or type(value) is types.MethodType
        function = innermost(value)
        if type(function) is not types.FunctionType or not is_local(function, self.survey.home):
            return None, 0
        return function, int(bound)

    def _where(self, path: Path, taken: int, start: Any) -> Where:
        """How what a path leads to is called."""
        name, noun = path.name, path.scope.value
        if path.scope is Scope.PARAMETER:
            noun, name = "class", (start if isinstance(start, type) else type(start)).__qualname__
        elif isinstance(start, types.ModuleType):
            noun, name = "module", start.__name__ if path.scope is Scope.IMPORT else name
        elif isinstance(start, type):
            noun = "class"
        return Where(self.prefix, noun, name + "".join(map(written, path.steps[:taken])))


def _is_filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
