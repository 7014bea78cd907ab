"""Scopes: which function, class body or comprehension a name belongs to."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator

from llm_memo.identity.code.walk import children, walk

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
"""The tree of a function."""


class Scope:
    """The names of one function, class body or comprehension.

    Args:
        bound: Names that are bound in it.
        parent: The scope around it; None for the outermost function.
        is_class: Names of a class body are not seen by the functions in it.
    """

    def __init__(self, bound: Iterable[str], parent: Scope | None, is_class: bool = False) -> None:
        self.bound = set(bound)
        self.parent = parent
        self.is_class = is_class
        self.globals: set[str] = set()
        """Names that are declared ``global``."""
        self.functions: dict[str, Function] = {}
        """Functions that are defined here, by name."""

    def owner(self, name: str) -> Scope | None:
        """The scope that binds ``name``, seen from here; None if it is a global or comes from around the function."""
        scope: Scope | None = self
        while scope is not None and name not in scope.globals:
            if name in scope.bound and (scope is self or not scope.is_class):
                return scope
            scope = scope.parent
        return None

    def is_global(self, name: str) -> bool:
        """Whether a name that no scope binds is declared ``global`` on the way out."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.globals:
                return True
            scope = scope.parent
        return False


def parameters(arguments: ast.arguments) -> list[str]:
    """The names of all parameters, in the order of a code object's variables."""
    named = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return named + [each.arg for each in (arguments.vararg, arguments.kwarg) if each is not None]


def body_of(function: Function) -> list[ast.AST]:
    """The statements of a function, or the expression of a lambda."""
    return [*function.body] if isinstance(function.body, list) else [function.body]


def bound_names(body: Iterable[ast.AST]) -> set[str]:
    """Names that statements bind in their own scope."""
    nodes = list(own_nodes(body))
    outer = {name for node in nodes if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names}
    return {name for node in nodes for name in _bound_by(node)} - outer


def declared_global(body: Iterable[ast.AST]) -> set[str]:
    """Names that are declared ``global``."""
    return {name for node in own_nodes(body) if isinstance(node, ast.Global) for name in node.names}


def binding_counts(function: Function) -> Counter[str]:
    """How often a function binds each name, those inside of it too; a decorated definition binds twice."""
    counts: Counter[str] = Counter()
    for node in walk(function):
        if node is not function:
            for name in _bound_by(node):
                counts[name] += 2 if getattr(node, "decorator_list", ()) else 1
        if isinstance(node, ast.arg):
            counts[node.arg] += 1
    return counts


def _bound_by(node: ast.AST) -> list[str]:
    """The names that a node binds."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return [each.asname or each.name.partition(".")[0] for each in names]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return [name]
        case ast.MatchMapping(rest=str(name)):
            return [name]
    return []


def own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of a scope, but for what is inside of functions and classes that it defines.

    Of a comprehension, which is a scope of its own, only what a walrus binds around it.
    """
    stack = list(body)
    while stack:
        node = stack.pop()
        yield node
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                stack += [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
            case ast.Lambda():
                stack += [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            case ast.ClassDef():
                stack += [*node.decorator_list, *node.bases, *node.keywords]
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                stack += [each.target for each in walk(node) if isinstance(each, ast.NamedExpr)]
            case _:
                stack += children(node)
