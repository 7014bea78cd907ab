"""What a function's code reads and writes outside of itself, found in its bytecode.

A read too many costs a miss, a write too many a wrong answer: what is not understood is read.
"""

from __future__ import annotations

import dis
import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import TypeGuard

from llm_memo.identity.bytecode import (
    ATTR_TELLS_CALLS,
    FIRST_INPLACE,
    NULL_BELOW,
    Instruction,
    fast_actions,
    parameters,
    stored_names,
)  # fmt: skip
from llm_memo.identity.paths import ANY, GOTTEN, Item, Path, Scope, Step, Use
from llm_memo.identity.stack import Constant, Derived, Known, Loaded, Stack


@dataclass(frozen=True, slots=True)
class Call:
    """A call to which something that is read is passed."""

    function: Path
    passed: Mapping[int | str, Path]
    """Place or name of the argument → what is passed."""


@dataclass(frozen=True, slots=True)
class Reads:
    """What a function reads, to what end, and what it writes."""

    read: Mapping[Path, Use]
    written: Collection[Path]
    """Assigned or deleted, as attribute, item or name."""
    calls: Collection[Call]


@functools.lru_cache(maxsize=4096)
def reads_of(code: CodeType) -> Reads:
    """What ``code`` and the functions, classes and comprehensions inside it read and write."""
    reader = _Reader(code)
    for instruction in dis.get_instructions(code):
        reader.follow(instruction)
    for const in code.co_consts:
        if isinstance(const, CodeType):
            reader.include(reads_of(const))
    read = dict(sorted(reader.read.items(), key=lambda item: str(item[0])))
    return Reads(read, tuple(sorted(reader.written, key=str)), tuple(reader.calls))


_SLICE = Constant(slice(None))
_GLOBALS = Constant(object())
"""What ``globals()`` returns."""
_MEASURES = {"len", "print", "bool", "isinstance", "id", "type", "sum", "min", "max", "any", "all", "hash"}
"""Builtins that tell something of a value, but let it go nowhere."""


class _Reader(Stack):
    """Follows one code object."""

    def __init__(self, code: CodeType) -> None:
        super().__init__()
        self.code = code
        self.written: set[Path] = set()
        self.calls: list[Call] = []
        self._keywords: tuple[str, ...] = ()
        """The names of the last arguments of the call to come."""
        self._aliases: dict[str, Loaded | Derived] = {}
        """Local variables that are another name for a path, or for what was computed from some."""
        stored = stored_names(code)
        self._local_names = {*stored, "__name__", "__annotations__"}
        self._aliasing = {name for name, times in stored.items() if times == 1}
        self._parameters = {name for name in parameters(code) if stored[name] == 1}

    def include(self, inner: Reads) -> None:
        """Add what a nested code object reads and writes, as seen from here."""
        for path, use in inner.read.items():
            if (outer := self._outward(path)) is not None:
                self.note(outer, use)
        self.written.update(outer for path in inner.written if (outer := self._outward(path)) is not None)
        for call in inner.calls:
            function = self._outward(call.function)
            passed = {place: outer for place, path in call.passed.items() if (outer := self._outward(path))}
            if function is not None:
                self.calls.append(Call(function, passed))
            else:
                for path in passed.values():
                    self.note(path, Use.HANDED_ON)

    def _outward(self, path: Path) -> Path | None:
        if path.scope is Scope.CLOSURE:
            return self._cell(path.name, path.steps)
        return None if path.scope is Scope.PARAMETER else path

    def _cell(self, name: str, steps: tuple[Step, ...] = ()) -> Path | None:
        if name in self.code.co_freevars:
            return Path(Scope.CLOSURE, name, steps)
        return Path(Scope.PARAMETER, name, steps) if name in self._parameters else None

    # Instructions that load.

    def _LOAD_CONST(self, step: Instruction) -> None:
        self.push(Constant(step.argval))

    def _LOAD_GLOBAL(self, step: Instruction) -> None:
        to_call = bool((step.arg or 0) & 1)
        loaded = Loaded(Path(Scope.GLOBAL, step.argval), to_call)
        self.push(*((None, loaded) if NULL_BELOW else (loaded, None)) if to_call else (loaded,))

    def _LOAD_NAME(self, step: Instruction) -> None:
        self.push_path(None if step.argval in self._local_names else Path(Scope.GLOBAL, step.argval))

    def _LOAD_FROM_DICT_OR_GLOBALS(self, step: Instruction) -> None:  # pragma: no cover  (from 3.12 on)
        self.pop()
        self._LOAD_NAME(step)

    def _LOAD_DEREF(self, step: Instruction) -> None:
        self.push_path(self._cell(step.argval))

    _LOAD_CLASSDEREF = _LOAD_DEREF

    def _LOAD_FROM_DICT_OR_DEREF(self, step: Instruction) -> None:  # pragma: no cover  (from 3.12 on)
        self.pop()
        self._LOAD_DEREF(step)

    def _fast(self, step: Instruction) -> None:
        for action, name in fast_actions(step):
            if action == "LOAD":
                self.push(self._local(name))
            else:
                self._store(name)

    _LOAD_FAST = _LOAD_FAST_CHECK = _LOAD_FAST_LOAD_FAST = _LOAD_FAST_BORROW = _fast
    _LOAD_FAST_BORROW_LOAD_FAST_BORROW = _LOAD_FAST_AND_CLEAR = _fast
    _STORE_FAST = _STORE_FAST_STORE_FAST = _STORE_FAST_LOAD_FAST = _STORE_FAST_MAYBE_NULL = _fast

    def _local(self, name: str) -> Known:
        if name in self.code.co_cellvars or name in self.code.co_freevars:  # pragma: no cover  (from 3.13 on)
            return None  # the cell, on its way into a nested function
        return Loaded(Path(Scope.PARAMETER, name)) if name in self._parameters else self._aliases.get(name)

    def _store(self, name: str) -> None:
        known = self.pop()
        if name in self._aliasing and (isinstance(known, Derived) or (isinstance(known, Loaded) and not known.to_call)):
            self._aliases[name] = known
        else:
            self.use(known, Use.HANDED_ON)

    def _LOAD_ATTR(self, step: Instruction) -> None:
        bound = step.opname == "LOAD_METHOD" or (ATTR_TELLS_CALLS and bool((step.arg or 0) & 1))
        known = self.pop()
        self.push(Loaded(known.path.then(step.argval), bound) if isinstance(known, Loaded) else None)
        if bound:
            self.push(None)  # what the method is bound to

    _LOAD_METHOD = _LOAD_ATTR

    def _IMPORT_NAME(self, step: Instruction) -> None:
        names, level = self.pop(), self.pop()
        dots = level.value if isinstance(level, Constant) and isinstance(level.value, int) else 0
        module = step.argval
        if not (isinstance(names, Constant) and names.value) and not dots:
            # `import a.b as c` takes the steps down with IMPORT_FROM.
            module = module.partition(".")[0]
        self.push_path(Path(Scope.IMPORT, "." * dots + module))

    def _IMPORT_FROM(self, step: Instruction) -> None:
        module = self.stack[-1] if self.stack else None
        self.push_path(module.path.then(step.argval) if isinstance(module, Loaded) else None)

    # Instructions that move, call and work on values.

    def _POP_TOP(self, _: Instruction) -> None:
        self.pop()

    def _COPY(self, step: Instruction) -> None:
        self.reach(step.argval)
        self.push(self.stack[-step.argval])

    def _SWAP(self, step: Instruction) -> None:
        self.reach(step.argval)
        self.stack[-1], self.stack[-step.argval] = self.stack[-step.argval], self.stack[-1]

    def _KW_NAMES(self, step: Instruction) -> None:
        self._keywords = self.code.co_consts[step.arg or 0]

    def _CALL(self, step: Instruction) -> None:
        self._call(step.argval)

    def _CALL_KW(self, step: Instruction) -> None:  # pragma: no cover  (from 3.12 on)
        names = self.pop()
        self._keywords = names.value if isinstance(names, Constant) and isinstance(names.value, tuple) else ()
        self._call(step.argval)

    def _CALL_FUNCTION_EX(self, step: Instruction) -> None:
        self.take(-1 - dis.stack_effect(step.opcode, step.arg), Use.HANDED_ON)
        self._call(0)

    def _call(self, count: int) -> None:
        keywords, self._keywords = self._keywords, ()
        self.reach(count + 2)
        arguments = [self.pop() for _ in range(count)][::-1]
        # The function and what it is bound to, in this order or the other.
        function = next((known for known in (self.pop(), self.pop()) if isinstance(known, Loaded)), None)
        name = function.path.name if function and _is_global(function.path) else ""
        self.use(function, Use.CALLED)
        if _is_method(function, "update"):
            self.written.update(function.path.then(Item(keyword)) for keyword in keywords)
        match arguments:
            case [Loaded(path), Constant(str() as attribute), *rest] if name == "getattr":
                self.push_path(path.then(attribute))
                arguments = rest
            case [] if name == "globals":
                self.push(_GLOBALS)
            case [] if _is_method(function, "get"):
                self.push_path(function.path.up().then(GOTTEN))
            case [] if _is_method(function, "keys", "values"):
                self.push(Derived((function.path.up(),)))
            case [key, *_] if _is_method(function, "get", "setdefault"):
                self.push_path(function.path.up().then(_item(key)))
            case _:
                self.push(None)
        if function is None:
            for argument in arguments:
                self.use(argument, Use.HANDED_ON)
        elif name in _MEASURES or "sleep" in (name, *function.path.steps[-1:]):
            for argument in arguments:
                self.use(argument, Use.LOOKED_AT)
        else:
            self._pass(function.path, arguments, keywords)

    def _pass(self, function: Path, arguments: list[Known], keywords: tuple[str, ...]) -> None:
        """Note what is passed to a function, which may be looked into."""
        places = (*range(len(arguments) - len(keywords)), *keywords)
        passed = {
            place: argument.path
            for place, argument in zip(places, arguments, strict=True)
            if isinstance(argument, Loaded)
        }
        for path in passed.values():
            self.note(path, Use.PASSED)
        for argument in arguments:
            if isinstance(argument, Derived):
                self.use(argument, Use.HANDED_ON)
        if passed:
            self.calls.append(Call(function, passed))

    def _BEFORE_WITH(self, step: Instruction) -> None:
        names = ("__aenter__", "__aexit__") if "ASYNC" in step.opname else ("__enter__", "__exit__")
        manager = self.pop()
        if isinstance(manager, Loaded):
            for name in names:
                self.note(manager.path.then(name), Use.CALLED)
        self.push(None, None)

    _BEFORE_ASYNC_WITH = _BEFORE_WITH

    def _BINARY_OP(self, step: Instruction) -> None:
        if step.argrepr == "[]":  # pragma: no cover  (from 3.14 on)
            self._BINARY_SUBSCR(step)
            return
        right, left = self.pop(), self.pop()
        if (step.arg or 0) >= FIRST_INPLACE:
            self.use(left, Use.UPDATED)
            left = None
        paths = tuple({path: None for known in (left, right) for path in _paths(known)})
        for path in paths:
            self.note(path, Use.LOOKED_AT)
        self.push(Derived(paths) if paths else None)

    def _BINARY_SUBSCR(self, step: Instruction) -> None:
        key, container = self.pop(), self.pop()
        self.use(key, Use.HANDED_ON)
        if (path := _global_item(container, key)) is not None:
            self.push_path(path)
        elif not isinstance(container, Loaded) or _is_slice(key):
            self.use(container, Use.HANDED_ON)
            self.push(None)
        else:
            self.push_path(container.path.then(_item(key)))

    def _GET_ITER(self, _: Instruction) -> None:
        self.take(1, Use.GONE_THROUGH)
        self.push(None)

    def _BUILD_SLICE(self, step: Instruction) -> None:
        self.take(step.argval, Use.HANDED_ON)
        self.push(_SLICE)

    # Instructions that write.

    def _write(self, known: Known, step: Step) -> None:
        if isinstance(known, Loaded):
            self.written.add(known.path.then(step))

    def _STORE_ATTR(self, step: Instruction) -> None:
        self._write(self.pop(), step.argval)
        self.take(1, Use.HANDED_ON)

    def _DELETE_ATTR(self, step: Instruction) -> None:
        self._write(self.pop(), step.argval)

    def _STORE_SUBSCR(self, step: Instruction) -> None:
        self._DELETE_SUBSCR(step)
        self.take(1, Use.HANDED_ON)

    def _DELETE_SUBSCR(self, _: Instruction) -> None:
        key, container = self.pop(), self.pop()
        self.use(key, Use.HANDED_ON)
        if (path := _global_item(container, key)) is not None:
            self.written.add(path)
        self._write(container, _item(key))

    def _STORE_SLICE(self, _: Instruction) -> None:  # pragma: no cover  (from 3.12 on)
        self.take(2, Use.HANDED_ON)
        self._write(self.pop(), ANY)
        self.take(1, Use.HANDED_ON)

    def _STORE_GLOBAL(self, step: Instruction) -> None:
        self.take(1, Use.HANDED_ON)
        self._DELETE_GLOBAL(step)

    def _DELETE_GLOBAL(self, step: Instruction) -> None:
        self.written.add(Path(Scope.GLOBAL, step.argval))

    def _STORE_DEREF(self, step: Instruction) -> None:
        self.take(1, Use.HANDED_ON)
        self._DELETE_DEREF(step)

    def _DELETE_DEREF(self, step: Instruction) -> None:
        if step.argval in self.code.co_freevars:
            self.written.add(Path(Scope.CLOSURE, step.argval))


def _paths(known: Known) -> tuple[Path, ...]:
    """The paths that a value comes from."""
    if isinstance(known, Loaded):
        return (known.path,)
    return known.paths if isinstance(known, Derived) else ()


def _is_method(function: Loaded | None, *names: str) -> TypeGuard[Loaded]:
    return function is not None and bool(function.path.steps) and function.path.steps[-1] in names


def _is_global(path: Path) -> bool:
    return path.scope is Scope.GLOBAL and not path.steps


def _global_item(container: Known, key: Known) -> Path | None:
    """The path that ``globals()["NAME"]`` is."""
    if container is _GLOBALS and isinstance(key, Constant) and isinstance(key.value, str):
        return Path(Scope.GLOBAL, key.value)
    return None


def _item(key: Known) -> Item:
    return Item(key.value) if isinstance(key, Constant) and type(key.value) in (str, int) else ANY


def _is_slice(key: Known) -> bool:
    return isinstance(key, Constant) and isinstance(key.value, slice)
