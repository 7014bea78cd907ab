"""What code means: bytes of a syntax tree and of a code object, blind to how the code was written.

Comments, formatting, docstrings, annotations and positions are no part of a meaning. The bytes of a
tree are the same in every Python version; those of a code object, for code that has no source, only
in one. Annotations and docstrings do count where something reads them: in the body of a class that
has bases or decorators (a response model), and on a nested function that is handed on (a tool).
"""

from __future__ import annotations

import ast
import bisect
import dis
import inspect
from collections.abc import Iterator
from types import CodeType

from llm_memo.identity.bytecode import fast_actions
from llm_memo.identity.canonical import encode

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
"""The tree of a function."""

_Field = tuple[str, object, bool]
"""A node's field: its name, its value, and whether somebody reads the annotations directly in it."""

_NO_MEANING = {"ctx", "kind", "type_comment", "type_params", "type_ignores"}


def tree_bytes(function: Function) -> bytes:
    """Bytes that two functions share when they do the same with their arguments and surroundings.

    The function's own name, decorators and defaults are left out: they act when it is defined, and
    what came of them is looked at as a value.
    """
    handed_on = _handed_on(function)
    parts: list[bytes] = []
    # A stack of our own: a sum of a thousand terms is a tree of that depth.
    stack: list[tuple[object, bool]] = _opened(type(function).__name__, _own_fields(function))
    while stack:
        item, read = stack.pop()
        if type(item) is bytes:
            parts.append(item)
        elif isinstance(item, ast.Constant):
            parts.append(b"=" + encode(item.value))
        elif isinstance(item, ast.AST):
            stack.extend(_opened(_kind(item), _fields(item, read, handed_on)))
        elif isinstance(item, list):
            parts.append(b"[%d:" % len(item))
            stack.extend((each, read) for each in reversed(item))
        else:
            parts.append(encode(item))
    return b"".join(parts)


def _opened(kind: str, fields: Iterator[_Field]) -> list[tuple[object, bool]]:
    """A node as stack items, the first on top: ``(Kind .field value … )``, empty fields left out."""
    items: list[tuple[object, bool]] = [(f"({kind}".encode(), False)]
    for name, value, read in fields:
        if value is not None and value != []:
            items += [(f".{name}".encode(), False), (value, read)]
    items.append((b")", False))
    return items[::-1]


def _kind(node: ast.AST) -> str:
    return "Assign" if isinstance(node, ast.AnnAssign) and node.value is not None else type(node).__name__


def _own_fields(function: Function) -> Iterator[_Field]:
    for name in ("posonlyargs", "args", "vararg", "kwonlyargs", "kwarg"):
        yield name, getattr(function.args, name), False
    body = function.body
    yield "body", body if isinstance(body, ast.expr) else _statements(body, False), False


def _fields(node: ast.AST, read: bool, handed_on: set[str]) -> Iterator[_Field]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            read = node.name in handed_on or bool(node.decorator_list)
            yield from (("name", node.name, False), ("decorator_list", node.decorator_list, False))
            yield from (("args", node.args, read), ("returns", node.returns if read else None, False))
            yield "body", _statements(node.body, read), False
        case ast.ClassDef():
            read = bool(node.bases or node.keywords or node.decorator_list)
            for name in ("name", "bases", "keywords", "decorator_list"):
                yield name, getattr(node, name), False
            yield "body", _statements(node.body, read), read
        case ast.arg():
            yield "arg", node.arg, False
            yield "annotation", node.annotation if read else None, False
        case ast.AnnAssign():
            yield "targets", [node.target], False
            yield "value", node.value, False
            yield "annotation", node.annotation if read else None, False
        case ast.JoinedStr():
            # Python 3.12 has empty texts where other versions have none.
            yield "values", [each for each in node.values if getattr(each, "value", None) != ""], False
        case _:
            read = read and isinstance(node, (ast.arguments, ast.stmt))
            for name, value in ast.iter_fields(node):
                if name not in _NO_MEANING:
                    yield name, _statements(value, read) if _is_block(value) else value, read


def _is_block(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], ast.stmt)


def _statements(body: list[ast.stmt], read: bool) -> list[ast.stmt]:
    """The statements that do something; bare strings and annotations do where they are read."""
    documented = read and ast.get_docstring(ast.Module(body, []), clean=False) is not None
    return [
        each
        for place, each in enumerate(body)
        if (documented and place == 0)
        or not (
            isinstance(each, ast.Pass)
            or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
            or (isinstance(each, ast.AnnAssign) and each.value is None and not read)
        )
    ]


def _handed_on(function: Function) -> set[str]:
    """Names that are used other than by calling them."""
    nodes = list(ast.walk(function))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    return {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in called}


_SHAPE = (
    inspect.CO_VARARGS | inspect.CO_VARKEYWORDS | inspect.CO_GENERATOR | inspect.CO_COROUTINE
    | inspect.CO_ASYNC_GENERATOR | inspect.CO_ITERABLE_COROUTINE
)  # fmt: skip
"""The flags of a code object that make a difference to its caller."""

_NOISE = {"NOP", "CACHE", "RESUME", "EXTENDED_ARG"}
_ABOUT_ITSELF = {"__module__", "__qualname__", "__firstlineno__", "__static_attributes__"}
"""What a class body notes of where it stands."""


def code_bytes(code: CodeType) -> bytes:
    """Bytes that two code objects of one Python version share when they do the same.

    Blind to names of files and functions, line numbers and the outermost docstring.
    """
    return encode(_summary(code))


def _summary(code: CodeType) -> tuple[object, ...]:
    steps = [step for step in dis.get_instructions(code) if step.opname not in _NOISE]
    if not code.co_flags & inspect.CO_OPTIMIZED:
        steps = _class_body(steps)
    offsets = [step.offset for step in steps]
    stars = sum(bool(code.co_flags & star) for star in (inspect.CO_VARARGS, inspect.CO_VARKEYWORDS))
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + stars]
    return (
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & _SHAPE),
        parameters,
        tuple(part for step in steps for part in _parts(step, code, offsets)),
        code.co_exceptiontable,
    )


def _class_body(steps: list[dis.Instruction]) -> list[dis.Instruction]:
    """A class body's instructions without those that note its name, its module and its place."""
    noting = {place for place, step in enumerate(steps) if step.opname == "STORE_NAME" and step.argval in _ABOUT_ITSELF}
    return [step for place, step in enumerate(steps) if not {place, place + 1} & noting]


def _parts(step: dis.Instruction, code: CodeType, offsets: list[int]) -> Iterator[tuple[str, object]]:
    """An instruction and its operand; one that does two things, because they stand on one line, as two."""
    if isinstance(step.argval, tuple) and "_FAST_" in step.opname:  # pragma: no cover  (from 3.13 on)
        yield from fast_actions(step)
    else:
        yield step.opname.removesuffix("_FAST"), _operand(step, code, offsets)


def _operand(step: dis.Instruction, code: CodeType, offsets: list[int]) -> object:
    if step.opcode in dis.hasjrel or step.opcode in dis.hasjabs:
        return bisect.bisect_left(offsets, step.argval)
    if step.opcode in dis.hasconst:
        const = code.co_consts[step.arg or 0]
        return (_documentation(const), _summary(const)) if isinstance(const, CodeType) else const
    by_name = (dis.hasname, dis.haslocal, dis.hasfree)
    return step.argval if any(step.opcode in kind for kind in by_name) else step.arg


def _documentation(code: CodeType) -> object:
    """The docstring of a nested function, which may be a tool's description; code alone does not tell."""
    first = code.co_consts[0] if code.co_consts else None
    return first if code.co_flags & inspect.CO_OPTIMIZED and isinstance(first, str) else None
