"""Two pieces of code compared by their text."""

from __future__ import annotations

import ast

from llm_memo.identity.code.names import Function


def is_text_of(node: ast.AST, other: ast.AST) -> bool:
    """Whether two expressions have the same text."""
    return ast.unparse(node) == ast.unparse(other)


def long_form(target: ast.expr, value: ast.expr) -> list[ast.expr] | None:
    """What ``x = x + v`` or ``d[k] = d.get(k, 0) + v`` adds, the long forms of ``x += v``; None if it is none."""
    if isinstance(target, (ast.Tuple, ast.List, ast.Starred)) or not isinstance(value, ast.BinOp):
        return None
    added = []
    first: ast.expr = value
    while isinstance(first, ast.BinOp):
        added.append(first.right)
        first = first.left
    if is_text_of(first, target):
        defaults: list[ast.expr] = []
    elif _gets(first, target):
        defaults = first.args[1:]  # type: ignore[attr-defined]
    else:
        return None
    text = ast.unparse(target)
    owner = ast.unparse(target.value) if isinstance(target, ast.Subscript) else text
    if any(
        ast.unparse(node) in (text, owner) for each in added for node in ast.walk(each) if isinstance(node, ast.expr)
    ):
        return None
    return [*defaults, *reversed(added)]


def _gets(node: ast.expr, target: ast.expr) -> bool:
    """Whether ``node`` is ``d.get(k)`` or ``d.get(k, E)`` for the target ``d[k]``."""
    match node, target:
        case (
            ast.Call(func=ast.Attribute(value=holder, attr="get"), args=[key, *defaults], keywords=[]),
            ast.Subscript(value=owner, slice=wanted),
        ):
            return len(defaults) <= 1 and is_text_of(holder, owner) and is_text_of(key, wanted)
    return False


def is_handed_on(name: str, function: Function) -> bool:
    """Whether a name is used other than by calling it."""
    nodes = list(ast.walk(function))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load) and id(node) not in called
        for node in nodes
    )
