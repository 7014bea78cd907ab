"""Names and chains: how code names a value outside of itself, such as ``prompts.SYSTEM`` or ``CFG["model"]``."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from llm_memo.identity.code.walk import children, walk

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
"""The tree of a function."""


class Root(NamedTuple):
    """Where a chain starts."""

    kind: str
    """``global``, ``closure``, ``parameter``, ``import``, ``super`` (the next class of the first parameter), ``module``
    (the globals of the function's module as a dict) or ``opaque`` (a value that is made during the call)."""
    name: str
    always: bool = True
    """Of an import: its statement runs in every call."""


class Attribute(NamedTuple):
    """The step to ``value.name``."""

    name: str


class Item(NamedTuple):
    """The step to ``value[key]`` with a constant key."""

    key: object
    kind: type  # 1, True and 1.0 are three keys to a reader, and one to a dict

    def __repr__(self) -> str:
        return f"[{self.key!r}]"


class Named(NamedTuple):
    """The step to ``value[parameter]``: the key is a parameter of the function."""

    parameter: str


class Result(NamedTuple):
    """The step to what a call returns; nothing is known of it but what returned it."""

    mode: str = ""
    """The text that was given as second argument or as ``mode``, which tells a file that is only written."""


class Mark(NamedTuple):
    """A step without a name: `CLASS`, `EACH` or `ANY`."""

    text: str


CLASS = Mark(".__class__")
"""The step to the class of a value."""
EACH = Mark("[each]")
"""The step to every item, in a loop."""
ANY = Mark("[…]")
"""The step to an item whose key is known only when the code runs."""

MODULE = Mark("[__name__]")
"""The step to the item whose key is the name of the function's module."""

Step = Attribute | Item | Named | Result | Mark


class Chain(NamedTuple):
    """A name and the steps that lead on from it."""

    root: Root
    steps: tuple[Step, ...] = ()

    def then(self, *steps: Step) -> Chain:
        """Some steps further."""
        return Chain(self.root, (*self.steps, *steps))


def step_text(step: Step) -> str:
    """A step as it stands in code: ``.prompt``, ``['calls']``, ``[…]``."""
    match step:
        case Attribute(name):
            return f".{name}"
        case Named(parameter):
            return f"[{parameter}]"
        case Result():
            return "()"
        case Mark(text):
            return text
    return repr(step)


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


def bound_names(body: Iterable[ast.AST]) -> set[str]:
    """Names that statements bind in their own scope."""
    bound: set[str] = set()
    outer: set[str] = set()
    for node in own_nodes(body):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                bound.update(each.asname or each.name.partition(".")[0] for each in names)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                bound.add(name)
            case ast.MatchMapping(rest=str(name)):
                bound.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                outer.update(names)
    return bound - outer


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


def declared_global(body: Iterable[ast.AST]) -> set[str]:
    """Names that are declared ``global``."""
    return {name for node in own_nodes(body) if isinstance(node, ast.Global) for name in node.names}
