"""What a piece of code is by its text: a long form of ``+=``, a value that is made lazily, a statement that may log."""

from __future__ import annotations

import ast

from llm_memo.identity.code.scopes import Function
from llm_memo.identity.code.walk import walk


def is_text_of(node: ast.AST, other: ast.AST) -> bool:
    """Whether two expressions have the same text."""
    return ast.unparse(node) == ast.unparse(other)


def text_of(node: ast.expr) -> str | None:
    """The text that an expression is, if it is one."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def long_form(target: ast.expr, value: ast.expr) -> list[ast.expr] | None:
    """What ``x = x + v`` or ``d[k] = d.get(k, 0) + v`` adds, the long forms of ``x += v``; None if it is none."""
    if isinstance(target, (ast.Tuple, ast.List, ast.Starred)) or not isinstance(value, ast.BinOp):
        return None
    added: list[ast.expr] = []
    first: ast.expr = value
    while isinstance(first, ast.BinOp):
        added.insert(0, first.right)
        first = first.left
    match first, target:
        case (
            ast.Call(func=ast.Attribute(value=holder, attr="get"), args=[key, *defaults], keywords=[]),
            ast.Subscript(value=owner, slice=wanted),
        ) if len(defaults) <= 1 and is_text_of(holder, owner) and is_text_of(key, wanted):
            added = [*defaults, *added]
        case _ if not is_text_of(first, target):
            return None
    texts = {ast.unparse(target), ast.unparse(target.value if isinstance(target, ast.Subscript) else target)}
    nodes = [node for each in added for node in walk(each) if isinstance(node, ast.expr)]
    return None if any(ast.unparse(node) in texts for node in nodes) else added


def lazy_or(target: ast.expr, value: ast.expr) -> ast.expr | None:
    """``E`` in ``x = x or E``."""
    match value:
        case ast.BoolOp(op=ast.Or(), values=[first, second]) if is_text_of(first, target):
            return second
    return None


def lazy_if(node: ast.If) -> tuple[ast.expr, ast.expr] | None:
    """``x`` and ``E`` in ``if x is None: x = E``, ``if not x: x = E`` and ``if not hasattr(o, "n"): o.n = E``."""
    match node.body, node.orelse:
        case [ast.Assign(targets=[target], value=value)], []:
            pass
        case [ast.AnnAssign(target=target, value=ast.expr() as value)], []:
            pass
        case _:
            return None
    match node.test:
        case ast.Compare(left=subject, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            pass
        case ast.UnaryOp(
            op=ast.Not(), operand=ast.Call(func=ast.Name(id="hasattr"), args=[holder, ast.Constant(value=str(name))])
        ):
            subject = ast.Attribute(holder, name, ast.Load())
        case ast.UnaryOp(op=ast.Not(), operand=subject):
            pass
        case _:
            return None
    return (target, value) if is_text_of(subject, target) else None


def may_only_log(node: ast.stmt) -> bool:
    """Whether a statement is a call, or an ``if`` of such, without a walrus, ``await`` or ``yield``."""
    match node:
        case ast.If(test=looked_at):
            if not all(map(may_only_log, (*node.body, *node.orelse))):
                return False
        case ast.Expr(value=ast.Call() as looked_at):
            pass
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case _:
            return False
    others = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
    return not any(isinstance(each, others) for each in walk(looked_at))


def is_passed_on(name: str, function: Function) -> bool:
    """Whether a name is used other than by calling it."""
    nodes = list(walk(function))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load) and id(node) not in called
        for node in nodes
    )
