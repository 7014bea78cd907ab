"""The stack of a function that is read, not run: what is known of each value on it.

Known is the path that a value was loaded from, the paths that it was computed from, or that it is a constant; of all
others nothing is.
Where ways through the code meet, only what both agree on stays known. The operands of an
instruction that is not understood are taken to be handed on, which is the cautious reading.
"""

from __future__ import annotations

import dis
from dataclasses import dataclass

from llm_memo.identity.bytecode import ENDS, HANDED_ON, LOOKED_AT, Instruction
from llm_memo.identity.paths import Path, Use


@dataclass(frozen=True, slots=True)
class Loaded:
    """A value that a path led to; ``to_call`` if the instruction that loaded it says so."""

    path: Path
    to_call: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands in the code."""

    value: object


@dataclass(frozen=True, slots=True)
class Derived:
    """A value that was computed from what the paths led to: where it goes they go."""

    paths: tuple[Path, ...]


Known = Loaded | Constant | Derived | None


class Stack:
    """Follows the instructions of one code object; below what is on the stack lies what nothing is known of.

    A subclass has a method ``_OPNAME`` for each instruction that does more than take values.
    """

    def __init__(self) -> None:
        self.read: dict[Path, Use] = {}
        self.stack: list[Known] = []
        self._goes_on = True
        """Whether the last instruction leads to the next one."""
        self._arriving: dict[int, list[Known]] = {}
        """Offset → the stack that jumps bring there."""

    def note(self, path: Path, use: Use) -> None:
        """Note that what is at ``path`` is read, and to what end."""
        self.read[path] = self.read.get(path, use) | use

    def push(self, *known: Known) -> None:
        """Put values on the stack."""
        self.stack.extend(known)

    def push_path(self, path: Path | None) -> None:
        """Put the value that ``path`` leads to on the stack."""
        self.push(None if path is None else Loaded(path))

    def pop(self) -> Known:
        """Take the uppermost value; the caller says what becomes of it."""
        return self.stack.pop() if self.stack else None

    def take(self, count: int, use: Use) -> None:
        """Take values from the stack, to this use."""
        for _ in range(count):
            self.use(self.pop(), use)

    def use(self, known: Known, use: Use) -> None:
        """Note what becomes of a value that was taken."""
        if isinstance(known, Loaded):
            self.note(known.path, Use.CALLED if known.to_call else use)
        elif isinstance(known, Derived):
            for path in known.paths:
                self.note(path, use)

    def reach(self, depth: int) -> None:
        """Make the stack at least that deep."""
        self.stack[:0] = [None] * (depth - len(self.stack))

    def follow(self, step: Instruction) -> None:
        """Follow one instruction."""
        arriving = self._arriving.pop(step.offset, None)
        if not self._goes_on:
            self.stack = arriving or []
        elif arriving is not None:
            self.stack = self._agreed(self.stack, arriving)
        if step.opname.startswith("JUMP_IF"):  # keeps its operand where it jumps, and drops it where not
            self._jump(step)
        self._act(step)
        if not step.opname.startswith("JUMP_IF"):
            self._jump(step)
        self._goes_on = step.opname not in ENDS
        if not self._goes_on and step.opname != "JUMP_FORWARD":
            self.take(len(self.stack), Use.HANDED_ON)

    def _act(self, step: Instruction) -> None:
        special = getattr(self, f"_{step.opname}", None)
        if special is not None:
            special(step)
        elif step.opname.startswith(("POP_JUMP", "JUMP_IF")):
            self.take(1, Use.LOOKED_AT)
        elif step.opname in LOOKED_AT:
            self._replace(step, LOOKED_AT[step.opname], Use.LOOKED_AT)
        elif step.opname in HANDED_ON:
            count = HANDED_ON[step.opname]
            self._replace(step, count if isinstance(count, int) else count(step.arg or 0), Use.HANDED_ON)
        else:
            self.take(len(self.stack), Use.HANDED_ON)

    def _replace(self, step: Instruction, count: int, use: Use) -> None:
        """Take ``count`` values and put back as many unknown ones as the instruction does."""
        self.take(count, use)
        self.push(*[None] * (count + dis.stack_effect(step.opcode, step.arg, jump=False)))

    def _jump(self, step: Instruction) -> None:
        if step.opcode in dis.hasjrel or step.opcode in dis.hasjabs:
            stack, arriving = list(self.stack), self._arriving.get(step.argval)
            self._arriving[step.argval] = stack if arriving is None else self._agreed(stack, arriving)

    def _agreed(self, one: list[Known], other: list[Known]) -> list[Known]:
        """What two stacks agree on; of the rest nothing is known any more, so it counts as handed on."""
        common = min(len(one), len(other))
        agreed: list[Known] = []
        for known in (*one[: len(one) - common], *other[: len(other) - common]):
            self.use(known, Use.HANDED_ON)
        for left, right in zip(one[len(one) - common :], other[len(other) - common :], strict=True):
            if left != right:
                self.use(left, Use.HANDED_ON)
                self.use(right, Use.HANDED_ON)
            agreed.append(left if left == right else None)
        return agreed
