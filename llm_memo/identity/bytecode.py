"""Facts about CPython's instructions, 3.11 to 3.14: what they take from the stack and do with names."""

from __future__ import annotations

import dis
import inspect
import sys
from collections.abc import Callable, Iterator
from types import CodeType

Instruction = dis.Instruction

FIRST_INPLACE = 13
"""The first of the in-place operators of ``BINARY_OP``."""

NULL_BELOW = sys.version_info < (3, 13)
"""Whether the empty place that goes with a function to be called lies below it, not above."""

ATTR_TELLS_CALLS = sys.version_info >= (3, 12)
"""Whether ``LOAD_ATTR`` has a bit for a method that is about to be called."""

LOOKED_AT: dict[str, int] = {
    "UNARY_NOT": 1, "TO_BOOL": 1, "COMPARE_OP": 2, "IS_OP": 2, "CONTAINS_OP": 2,
    "LOAD_SUPER_ATTR": 3,
}  # fmt: skip
HANDED_ON: dict[str, int | Callable[[int], int]] = {
    "BUILD_TUPLE": int, "BUILD_LIST": int, "BUILD_SET": int, "BUILD_STRING": int, "RAISE_VARARGS": int,
    "BUILD_MAP": lambda count: 2 * count, "BUILD_CONST_KEY_MAP": lambda count: count + 1,
    "FORMAT_VALUE": lambda flags: 2 if flags & 4 else 1, "FORMAT_SIMPLE": 1, "FORMAT_WITH_SPEC": 2,
    "CONVERT_VALUE": 1, "LIST_APPEND": 1, "LIST_EXTEND": 1, "SET_ADD": 1, "SET_UPDATE": 1, "MAP_ADD": 2,
    "DICT_UPDATE": 1, "DICT_MERGE": 1, "UNARY_NEGATIVE": 1, "UNARY_INVERT": 1, "BINARY_SLICE": 3,
    "MAKE_FUNCTION": lambda flags: 1 + (flags & 15).bit_count(), "UNPACK_SEQUENCE": 1,
    "RETURN_VALUE": 1, "CALL_INTRINSIC_1": 1, "SET_FUNCTION_ATTRIBUTE": 2,
    "RESUME": 0, "NOP": 0, "CACHE": 0, "EXTENDED_ARG": 0, "MAKE_CELL": 0, "COPY_FREE_VARS": 0,
    "PRECALL": 0, "JUMP_FORWARD": 0, "LOAD_CLOSURE": 0, "PUSH_NULL": 0,
    "LOAD_BUILD_CLASS": 0, "LOAD_ASSERTION_ERROR": 0, "LOAD_LOCALS": 0,
}  # fmt: skip
"""Instructions that only take values from the stack, and how many; those on the left let go of none."""

ENDS = {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD"}
ENDS |= {"JUMP_BACKWARD_NO_INTERRUPT"}


def fast_actions(step: Instruction) -> Iterator[tuple[str, str]]:
    """What an instruction such as ``STORE_FAST_LOAD_FAST`` does: load or store, and which local variable."""
    names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
    actions = step.opname.replace("_BORROW", "").split("_FAST")
    return zip((action.strip("_") for action in actions), names, strict=False)


def parameters(code: CodeType) -> tuple[str, ...]:
    """The names of a function's parameters, the first ones by position."""
    stars = sum(bool(code.co_flags & flag) for flag in (inspect.CO_VARARGS, inspect.CO_VARKEYWORDS))
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + stars]


def stored_names(code: CodeType) -> dict[str, int]:
    """How often each local name is given a value; once more if it may be read before that."""
    stored = dict.fromkeys(parameters(code), 1)
    loaded: set[str] = set()
    for step in dis.get_instructions(code):
        if "_FAST" in step.opname:
            for action, name in fast_actions(step):
                if action == "LOAD":
                    loaded.add(name)
                else:
                    stored[name] = stored.get(name, 0) + 1 + (name in loaded)
        elif step.opname in ("STORE_DEREF", "DELETE_DEREF", "STORE_NAME"):
            stored[step.argval] = stored.get(step.argval, 0) + 1
    return stored
