"""What a function's code reads and writes outside of itself, found in its bytecode.

The bytecode is followed in a straight line with a stack of what is known: a value loaded from a
path, a constant, or nothing. Where ways meet, only what both agree on stays known. The operands of
an instruction that is not understood are taken to be handed on, which is the cautious reading: a
read too many costs a miss, a write too many a wrong answer.
"""

from __future__ import annotations

import dis
import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import CodeType

from llm_memo.identity.bytecode import (
    ATTR_TELLS_CALLS,
    ENDS,
    FIRST_INPLACE,
    HANDED_ON,
    LOOKED_AT,
    fast_actions,
    stored_names,
)  # fmt: skip
from llm_memo.identity.paths import ANY, Item, Path, Scope, Step, Use

Instruction = dis.Instruction


@dataclass(frozen=True, slots=True)
class Reads:
    """What a function reads, to what end, and what it writes."""

    read: Mapping[Path, Use]
    written: Collection[Path]
    """Assigned or deleted, as attribute, item or name."""


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
    return Reads(read, tuple(sorted(reader.written, key=str)))


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A value that a path led to; ``to_call`` if the instruction that loaded it says so."""

    path: Path
    to_call: bool = False


@dataclass(frozen=True, slots=True)
class _Constant:
    value: object


_Known = _Loaded | _Constant | None
_SLICE = _Constant(slice(None))
_MEASURES = {"len", "print", "bool", "isinstance", "id", "type", "sum", "min", "max", "any", "all", "hash"}
"""Builtins that tell something of a value, but let it go nowhere."""


class _Reader:
    """Follows one code object's instructions; below what is on its stack lies what nothing is known of."""

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.read: dict[Path, Use] = {}
        self.written: set[Path] = set()
        self.stack: list[_Known] = []
        self.goes_on = True
        """Whether the last instruction leads to the next one."""
        self.arriving: dict[int, list[_Known]] = {}
        """Offset → the stack that jumps bring there."""
        self.aliases: dict[str, Path] = {}
        """Local variables that are another name for a path."""
        stored = stored_names(code)
        self.local = {*stored, "__name__", "__annotations__"}
        self.aliasing = {name for name, times in stored.items() if times == 1}
        first = code.co_varnames[0] if code.co_argcount else None
        self.first = first if first is not None and stored[first] == 1 else None

    def include(self, inner: Reads) -> None:
        """Add what a nested code object reads and writes, as seen from here."""
        for path, use in inner.read.items():
            if (outer := self._outward(path)) is not None:
                self._note(outer, use)
        self.written.update(outer for path in inner.written if (outer := self._outward(path)) is not None)

    def _outward(self, path: Path) -> Path | None:
        if path.scope is Scope.CLOSURE:
            return self._cell(path.name, path.steps)
        return None if path.scope is Scope.SELF else path

    def _cell(self, name: str, steps: tuple[Step, ...] = ()) -> Path | None:
        if name in self.code.co_freevars:
            return Path(Scope.CLOSURE, name, steps)
        return Path(Scope.SELF, name, steps) if name == self.first else None

    def _note(self, path: Path, use: Use) -> None:
        self.read[path] = self.read.get(path, use) | use

    # The stack.

    def _push(self, *known: _Known) -> None:
        self.stack.extend(known)

    def _push_path(self, path: Path | None, to_call: bool = False) -> None:
        self._push(None if path is None else _Loaded(path, to_call))
        if to_call:
            self._push(None)  # what the method is bound to, or nothing

    def _pop(self) -> _Known:
        """Take the uppermost value; the caller says what becomes of it."""
        return self.stack.pop() if self.stack else None

    def _take(self, count: int, use: Use) -> None:
        for _ in range(count):
            self._use(self._pop(), use)

    def _use(self, known: _Known, use: Use) -> None:
        if isinstance(known, _Loaded):
            self._note(known.path, Use.CALLED if known.to_call else use)

    # The way through the code.

    def follow(self, step: Instruction) -> None:
        """Follow one instruction."""
        arriving = self.arriving.pop(step.offset, None)
        if not self.goes_on:
            self.stack = arriving or []
        elif arriving is not None:
            self.stack = self._agreed(self.stack, arriving)
        if step.opname.startswith("JUMP_IF"):  # keeps its operand where it jumps, and drops it where not
            self._jump(step)
        special = getattr(self, f"_{step.opname}", None)
        if special is not None:
            special(step)
        elif step.opname.startswith(("POP_JUMP", "JUMP_IF")):
            self._take(1, Use.LOOKED_AT)
        elif step.opname in LOOKED_AT:
            self._replace(step, LOOKED_AT[step.opname], Use.LOOKED_AT)
        elif step.opname in HANDED_ON:
            count = HANDED_ON[step.opname]
            self._replace(step, count if isinstance(count, int) else count(step.arg or 0), Use.HANDED_ON)
        else:
            self._take(len(self.stack), Use.HANDED_ON)
        if not step.opname.startswith("JUMP_IF"):
            self._jump(step)
        self.goes_on = step.opname not in ENDS
        if not self.goes_on and step.opname != "JUMP_FORWARD":
            self._take(len(self.stack), Use.HANDED_ON)

    def _replace(self, step: Instruction, count: int, use: Use) -> None:
        """Take ``count`` values and put back as many unknown ones as the instruction does."""
        self._take(count, use)
        self._push(*[None] * (count + dis.stack_effect(step.opcode, step.arg, jump=False)))

    def _jump(self, step: Instruction) -> None:
        if step.opcode in dis.hasjrel or step.opcode in dis.hasjabs:
            stack, arriving = list(self.stack), self.arriving.get(step.argval)
            self.arriving[step.argval] = stack if arriving is None else self._agreed(stack, arriving)

    def _agreed(self, one: list[_Known], other: list[_Known]) -> list[_Known]:
        """What two stacks agree on; of the rest nothing is known any more, so it counts as handed on."""
        common = min(len(one), len(other))
        for known in (*one[: len(one) - common], *other[: len(other) - common]):
            self._use(known, Use.HANDED_ON)
        agreed: list[_Known] = []
        for left, right in zip(one[len(one) - common :], other[len(other) - common :], strict=True):
            if left != right:
                self._use(left, Use.HANDED_ON)
                self._use(right, Use.HANDED_ON)
            agreed.append(left if left == right else None)
        return agreed

    # Instructions that load.

    def _LOAD_CONST(self, step: Instruction) -> None:
        self._push(_Constant(step.argval))

    def _LOAD_GLOBAL(self, step: Instruction) -> None:
        self._push_path(Path(Scope.GLOBAL, step.argval), to_call=bool((step.arg or 0) & 1))

    def _LOAD_NAME(self, step: Instruction) -> None:
        self._push_path(None if step.argval in self.local else Path(Scope.GLOBAL, step.argval))

    def _LOAD_FROM_DICT_OR_GLOBALS(self, step: Instruction) -> None:
        self._pop()
        self._LOAD_NAME(step)

    def _LOAD_DEREF(self, step: Instruction) -> None:
        self._push_path(self._cell(step.argval))

    _LOAD_CLASSDEREF = _LOAD_DEREF

    def _LOAD_FROM_DICT_OR_DEREF(self, step: Instruction) -> None:
        self._pop()
        self._LOAD_DEREF(step)

    def _fast(self, step: Instruction) -> None:
        for action, name in fast_actions(step):
            if action == "LOAD":
                self._push_path(self._local(name))
            else:
                self._store(name)

    _LOAD_FAST = _LOAD_FAST_CHECK = _LOAD_FAST_LOAD_FAST = _LOAD_FAST_BORROW = _fast
    _LOAD_FAST_BORROW_LOAD_FAST_BORROW = _LOAD_FAST_AND_CLEAR = _fast
    _STORE_FAST = _STORE_FAST_STORE_FAST = _STORE_FAST_LOAD_FAST = _STORE_FAST_MAYBE_NULL = _fast

    def _local(self, name: str) -> Path | None:
        if name in self.code.co_cellvars or name in self.code.co_freevars:
            return None  # the cell, on its way into a nested function
        return Path(Scope.SELF, name) if name == self.first else self.aliases.get(name)

    def _store(self, name: str) -> None:
        known = self._pop()
        if name in self.aliasing and isinstance(known, _Loaded) and not known.to_call:
            self.aliases[name] = known.path
        else:
            self._use(known, Use.HANDED_ON)

    def _LOAD_ATTR(self, step: Instruction) -> None:
        bound = step.opname == "LOAD_METHOD" or (ATTR_TELLS_CALLS and bool((step.arg or 0) & 1))
        known = self._pop()
        if isinstance(known, _Loaded):
            self._push_path(known.path.then(step.argval), to_call=bound)
        else:
            self._push(*[None] * (1 + bound))

    _LOAD_METHOD = _LOAD_ATTR

    def _IMPORT_NAME(self, step: Instruction) -> None:
        names, level = self._pop(), self._pop()
        dots = level.value if isinstance(level, _Constant) and isinstance(level.value, int) else 0
        module = step.argval
        if not (isinstance(names, _Constant) and names.value) and not dots:
            # `import a.b as c` takes the steps down with IMPORT_FROM.
            module = module.partition(".")[0]
        self._push_path(Path(Scope.IMPORT, "." * dots + module))

    def _IMPORT_FROM(self, step: Instruction) -> None:
        module = self.stack[-1] if self.stack else None
        self._push_path(module.path.then(step.argval) if isinstance(module, _Loaded) else None)

    # Instructions that move, call and work on values.

    def _POP_TOP(self, _: Instruction) -> None:
        self._pop()

    def _COPY(self, step: Instruction) -> None:
        self._reach(step.argval)
        self._push(self.stack[-step.argval])

    def _SWAP(self, step: Instruction) -> None:
        self._reach(step.argval)
        self.stack[-1], self.stack[-step.argval] = self.stack[-step.argval], self.stack[-1]

    def _reach(self, depth: int) -> None:
        """Make the stack at least that deep."""
        self.stack[:0] = [None] * (depth - len(self.stack))

    def _CALL(self, step: Instruction) -> None:
        self._call(step.argval)

    def _CALL_KW(self, step: Instruction) -> None:
        self._pop()  # the names
        self._call(step.argval)

    def _CALL_FUNCTION_EX(self, step: Instruction) -> None:
        self._call(-1 - dis.stack_effect(step.opcode, step.arg))

    def _call(self, count: int) -> None:
        self._reach(count + 2)
        arguments = [self._pop() for _ in range(count)][::-1]
        # The function and what it is bound to, in this order or the other.
        function = next((known for known in (self._pop(), self._pop()) if isinstance(known, _Loaded)), None)
        name = function.path.name if function and _is_global(function.path) else ""
        result: Path | None = None
        match arguments:
            case [_Loaded(path), _Constant(str() as attribute), *rest] if name == "getattr":
                result, arguments = path.then(attribute), rest
        for argument in arguments:
            self._use(argument, Use.LOOKED_AT if name in _MEASURES else Use.HANDED_ON)
        self._use(function, Use.CALLED)
        self._push_path(result)

    def _BINARY_OP(self, step: Instruction) -> None:
        if step.argrepr == "[]":  # from 3.14 on
            self._BINARY_SUBSCR(step)
            return
        self._take(1, Use.HANDED_ON)
        self._take(1, Use.LOOKED_AT if (step.arg or 0) >= FIRST_INPLACE else Use.HANDED_ON)
        self._push(None)

    def _BINARY_SUBSCR(self, step: Instruction) -> None:
        key, container = self._pop(), self._pop()
        self._use(key, Use.HANDED_ON)
        if not isinstance(container, _Loaded) or _is_slice(key):
            self._use(container, Use.HANDED_ON)
            self._push(None)
        else:
            self._push_path(container.path.then(_item(key)))

    def _BUILD_SLICE(self, step: Instruction) -> None:
        self._take(step.argval, Use.HANDED_ON)
        self._push(_SLICE)

    # Instructions that write.

    def _write(self, known: _Known, step: Step) -> None:
        if isinstance(known, _Loaded):
            self.written.add(known.path.then(step))

    def _STORE_ATTR(self, step: Instruction) -> None:
        self._write(self._pop(), step.argval)
        self._take(1, Use.HANDED_ON)

    def _DELETE_ATTR(self, step: Instruction) -> None:
        self._write(self._pop(), step.argval)

    def _STORE_SUBSCR(self, step: Instruction) -> None:
        self._DELETE_SUBSCR(step)
        self._take(1, Use.HANDED_ON)

    def _DELETE_SUBSCR(self, _: Instruction) -> None:
        key, container = self._pop(), self._pop()
        self._use(key, Use.HANDED_ON)
        self._write(container, _item(key))

    def _STORE_SLICE(self, _: Instruction) -> None:
        self._take(2, Use.HANDED_ON)
        self._write(self._pop(), ANY)
        self._take(1, Use.HANDED_ON)

    def _STORE_GLOBAL(self, step: Instruction) -> None:
        self._take(1, Use.HANDED_ON)
        self._DELETE_GLOBAL(step)

    def _DELETE_GLOBAL(self, step: Instruction) -> None:
        self.written.add(Path(Scope.GLOBAL, step.argval))

    def _STORE_DEREF(self, step: Instruction) -> None:
        self._take(1, Use.HANDED_ON)
        self._DELETE_DEREF(step)

    def _DELETE_DEREF(self, step: Instruction) -> None:
        if step.argval in self.code.co_freevars:
            self.written.add(Path(Scope.CLOSURE, step.argval))


def _is_global(path: Path) -> bool:
    return path.scope is Scope.GLOBAL and not path.steps


def _item(key: _Known) -> Item:
    return Item(key.value) if isinstance(key, _Constant) and type(key.value) in (str, int) else ANY


def _is_slice(key: _Known) -> bool:
    return isinstance(key, _Constant) and isinstance(key.value, slice)
