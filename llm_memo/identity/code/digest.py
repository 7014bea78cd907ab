"""A syntax tree as bytes: equal for two functions that do the same with their arguments and what is around them.

The fields of each node stand in a written table, so that the bytes are equal on every version of
Python. Positions, comments, formatting, docstrings and annotations of functions are left out, as are
statements that only print or log. Annotations and docstrings count where something reads them: in
class bodies, and on inner functions that are decorated or passed on.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from llm_memo.identity.code import cells
from llm_memo.identity.code.scopes import Function
from llm_memo.identity.code.uses import Place
from llm_memo.identity.code.walk import walk
from llm_memo.identity.code.wording import is_passed_on

FIELDS: dict[str, str] = {
    "AnnAssign": "target annotation value", "Assert": "test msg", "Assign": "targets value",
    "AsyncFor": "target iter body orelse", "AsyncFunctionDef": "name decorator_list args returns body",
    "AsyncWith": "items body", "Attribute": "value attr", "AugAssign": "target op value", "Await": "value",
    "BinOp": "left op right", "BoolOp": "op values", "Call": "func args keywords",
    "ClassDef": "name bases keywords decorator_list type_params body", "Compare": "left ops comparators",
    "Constant": "value", "Delete": "targets", "Dict": "keys values", "DictComp": "key value generators",
    "ExceptHandler": "type name body", "Expr": "value", "For": "target iter body orelse",
    "FormattedValue": "value conversion format_spec", "FunctionDef": "name decorator_list args returns body",
    "GeneratorExp": "elt generators", "Global": "names", "If": "test body orelse", "IfExp": "test body orelse",
    "Import": "names", "ImportFrom": "module names level", "Interpolation": "value str conversion format_spec",
    "JoinedStr": "values", "Lambda": "args body", "List": "elts", "ListComp": "elt generators",
    "Match": "subject cases", "MatchAs": "pattern name", "MatchClass": "cls patterns kwd_attrs kwd_patterns",
    "MatchMapping": "keys patterns rest", "MatchOr": "patterns", "MatchSequence": "patterns",
    "MatchSingleton": "value", "MatchStar": "name", "MatchValue": "value", "Name": "id", "NamedExpr": "target value",
    "Nonlocal": "names", "ParamSpec": "name default_value", "Raise": "exc cause", "Return": "value",
    "Set": "elts", "SetComp": "elt generators", "Slice": "lower upper step", "Starred": "value",
    "Subscript": "value slice", "TemplateStr": "values", "Try": "body handlers orelse finalbody",
    "TryStar": "body handlers orelse finalbody", "Tuple": "elts", "TypeAlias": "name type_params value",
    "TypeVar": "name bound default_value", "TypeVarTuple": "name default_value", "UnaryOp": "op operand",
    "While": "test body orelse", "With": "items body", "Yield": "value", "YieldFrom": "value",
    "alias": "name asname", "arg": "arg annotation",
    "arguments": "posonlyargs args vararg kwonlyargs kw_defaults kwarg defaults",
    "comprehension": "target iter ifs is_async", "keyword": "arg value", "match_case": "pattern guard body",
    "withitem": "context_expr optional_vars",
}  # fmt: skip
"""Node → the fields that count, in the order in which they are written."""

_FIELDS = {kind: names.split() for kind, names in FIELDS.items()}


class _Plain(NamedTuple):
    """How a node is written all of whose fields are, and none of which holds statements."""

    opening: bytes
    fields: tuple[tuple[str, bytes], ...]
    """Each with its mark, the last one first."""


_EXPRESSIONS = (ast.expr, ast.keyword, ast.comprehension)
_PLAIN = {
    node: _Plain(b"(" + kind.encode(), tuple((name, b"." + name.encode()) for name in reversed(names)))
    for kind, names in _FIELDS.items()
    if issubclass(node := getattr(ast, kind, type), _EXPRESSIONS)
    and kind not in ("Constant", "JoinedStr", "TemplateStr")
}
_ITSELF = "\0itself"


def tree_digest(function: Function, free: Collection[Place] = (), itself: Collection[str] = ()) -> bytes:
    """A digest of a function's tree; its own name, decorators, defaults, docstring and annotations are left out.

    Args:
        function: The tree.
        free: Where statements are that only print or log.
        itself: Names by which the function calls itself.
    """
    parts: list[bytes] = []
    stack: list[object] = [*_opened(_outermost(function, free), function)]
    while stack:  # a stack of our own: a sum of a thousand terms is a tree of that depth
        item = stack.pop()
        if isinstance(item, bytes):
            parts.append(item)
        elif isinstance(item, ast.Name) and item.id in itself:
            parts.append(constant_bytes(_ITSELF))
        elif isinstance(item, _Read):
            stack.extend(_opened(_fields(item.node, function, free, read=True), item.node))
        elif isinstance(item, ast.AST):
            if (plain := _PLAIN.get(type(item))) is None:
                stack.extend(_opened(_fields(item, function, free), item))
            else:
                parts.append(plain.opening)
                stack.append(b")")
                for name, mark in plain.fields:
                    value = getattr(item, name, None)
                    if value is not None and value != []:
                        stack += (cells.plain(value) if type(value) is str else value, mark)
        elif isinstance(item, list):
            parts.append(b"[%d" % len(item))
            stack.extend(reversed(item))
        else:
            parts.append(constant_bytes(item))
    return hashlib.blake2b(b"".join(parts), digest_size=16).digest()


def statement_digest(function: Function, place: Place) -> bytes:
    """A digest of the one statement of a function that begins at ``place``."""
    found = next(
        each for each in walk(function) if isinstance(each, ast.stmt) and (each.lineno, each.col_offset) == place
    )
    nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    return tree_digest(ast.FunctionDef(name="", args=nothing, body=[found], decorator_list=[]))


def constant_bytes(value: object) -> bytes:
    """A constant with its type, as bytes."""
    kind = type(value).__name__
    text = value if isinstance(value, str) else repr(value)
    data = value if isinstance(value, bytes) else text.encode("utf-8", "surrogatepass")
    return b"=%b %d:%b" % (kind.encode(), len(data), data)


class _Read:
    """A node of a signature whose annotations are read."""

    def __init__(self, node: ast.AST) -> None:
        self.node = node


_Fields = Iterator[tuple[str, object]]


def _opened(fields: _Fields, node: ast.AST) -> list[object]:
    """A node as items of the stack, the first on top; empty fields are left out."""
    # An annotation in a function is no code: ``x: int = 1`` is ``x = 1``.
    kind = "Assign" if isinstance(node, ast.AnnAssign) else type(node).__name__
    items: list[object] = [b"(" + kind.encode()]
    for name, value in fields:
        if value is not None and value != []:
            items += [b"." + name.encode(), value]
    items.append(b")")
    return items[::-1]


def _outermost(function: Function, free: Collection[Place]) -> _Fields:
    for name in ("posonlyargs", "args", "vararg", "kwonlyargs", "kwarg"):
        yield name, getattr(function.args, name)
    yield "body", _body(function.body, free) if isinstance(function.body, list) else function.body


def _fields(node: ast.AST, function: Function, free: Collection[Place], read: bool = False) -> _Fields:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            shown = bool(node.decorator_list) or is_passed_on(node.name, function)
            yield from (("name", cells.plain(node.name)), ("decorators", node.decorator_list))
            yield "args", _Read(node.args) if shown else node.args
            yield "returns", node.returns if shown else None
            yield "body", _body(node.body, free, documented=shown)
        case ast.ClassDef():
            for name in ("name", "bases", "keywords", "decorator_list", "type_params"):
                yield name, cells.plain(node.name) if name == "name" else getattr(node, name, None)
            shown = bool(node.bases or node.keywords or node.decorator_list) or is_passed_on(node.name, function)
            yield (
                "body",
                [
                    _Read(each) if isinstance(each, ast.AnnAssign) else each
                    for each in _body(node.body, free, shown, True)
                ],
            )
        case ast.arguments() if read:
            for name in FIELDS["arguments"].split():
                value = getattr(node, name)
                is_arg = name not in ("defaults", "kw_defaults")
                wrapped = [_Read(each) for each in value] if isinstance(value, list) else value and _Read(value)
                yield name, wrapped if is_arg else value
        case ast.arg():
            yield "arg", node.arg
            yield "annotation", node.annotation if read else None
        case ast.AnnAssign():
            yield from (("targets", [node.target]), ("value", node.value))
            yield "annotation", node.annotation if read else None
        case _ if type(node).__name__ in ("JoinedStr", "TemplateStr"):
            yield "values", _joined(node.values)  # type: ignore[attr-defined]
        case _:
            kind = type(node).__name__
            names = _FIELDS.get(kind) or [name for name in node._fields if name != "ctx"]
            for name in names:
                field: Any = getattr(node, name, None)
                if isinstance(field, str) and kind != "Constant":
                    field = cells.plain(field)
                is_body = isinstance(field, list) and bool(field) and isinstance(field[0], ast.stmt)
                yield name, _body(field, free) if is_body else field


def _joined(values: list[ast.expr]) -> list[object]:
    """The parts of an f-string; versions of Python differ in where they cut its texts."""
    found: list[object] = []
    for each in values:
        text = each.value if isinstance(each, ast.Constant) else None
        if isinstance(text, str) and found and isinstance(found[-1], str):
            found[-1] += text
        elif text != "":
            found.append(text if isinstance(text, str) else each)
    return found


def _body(
    body: list[ast.stmt], free: Collection[Place], documented: bool = False, annotated: bool = False
) -> list[ast.stmt]:
    """The statements that do something, and a docstring where it is read."""
    return [
        each
        for place, each in enumerate(body)
        if not (free and (each.lineno, each.col_offset) in free)
        and not isinstance(each, ast.Pass)
        and not (isinstance(each, ast.AnnAssign) and each.value is None and not annotated)
        and (not _is_bare(each) or (documented and place == 0))
    ]


def _is_bare(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
