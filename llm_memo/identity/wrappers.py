"""Wrappers: whose signature the calls of a decorated function are bound to, and whose answers they give.

A decorator's wrapper takes ``*args, **kwargs``, and `functools.wraps` leaves the function inside in its
``__wrapped__``. Only a wrapper that passes on just what it was given may be taken for the function inside. One
that adds an argument (a client, a mock) or changes one (``kwargs.setdefault``) is a function of its own: if it
were bound like the one inside, calls that it tells apart would share a key. In doubt it is one of its own.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from wrapt import FunctionWrapper

from llm_memo.identity.code.scopes import Function
from llm_memo.identity.code.source import tree_of
from llm_memo.identity.quiet import closure_of

_LRU_CACHE = type(functools.lru_cache(lambda: None))
_ANYTHING = inspect.signature(lambda *args, **kwargs: None)


def bound_like(function: Any) -> Any:
    """The function, ``function`` or one inside of it, to whose signature its calls are bound."""
    while True:
        if isinstance(function, functools.partial):
            return functools.partial(bound_like(function.func), *function.args, **function.keywords)
        if type(function) is types.MethodType:
            return types.MethodType(bound_like(function.__func__), function.__self__)
        if not _passing(function).arguments:
            return function
        function = function.__wrapped__


def answers_like(function: Any) -> Any:
    """The function, ``function`` or one inside of it, whose answers it gives as they are."""
    function = function.__func__ if type(function) is types.MethodType else function
    while _passing(function).answer:
        function = function.__wrapped__
    return function


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """What calls of ``function`` may be given; anything, where that is not known, as of some builtins."""
    function = bound_like(function)
    if _is_wrapt(function):  # it shows the signature of the function inside as its own
        return _ANYTHING
    try:
        return read_signature(function, follow_wrapped=False)
    except ValueError:
        return _ANYTHING


def read_signature(function: Callable[..., Any], *, follow_wrapped: bool = True) -> inspect.Signature:
    """As `inspect.signature`; names in annotations may be those of classes that are defined later.

    Raises:
        TypeError, ValueError: There is none.
    """
    if sys.version_info >= (3, 14):  # they are evaluated when they are needed
        from annotationlib import Format

        return inspect.signature(function, follow_wrapped=follow_wrapped, annotation_format=Format.STRING)
    return inspect.signature(function, follow_wrapped=follow_wrapped)


class _Passing(NamedTuple):
    """What a wrapper passes on as it is."""

    arguments: bool
    """All calls of the function inside are given just what the wrapper was given."""
    answer: bool
    """And what they return is what the wrapper returns."""


_NOTHING = _Passing(False, False)


def _passing(wrapper: Any) -> _Passing:
    wrapped = getattr(wrapper, "__wrapped__", None)
    if not callable(wrapped) or isinstance(wrapper, type):
        return _NOTHING
    if isinstance(wrapper, _LRU_CACHE):
        return _Passing(True, True)
    if _is_wrapt(wrapper):
        code = wrapper._self_wrapper
    else:
        code = (
            wrapper if type(wrapper) is types.FunctionType else inspect.getattr_static(type(wrapper), "__call__", None)
        )
    tree = tree_of(code) if type(code) is types.FunctionType else None
    return _NOTHING if tree is None else _Wrapper(tree, code, wrapper, wrapped).passing()


def _is_wrapt(function: object) -> bool:
    return issubclass(type(function), FunctionWrapper)


class _Wrapper:
    """A wrapper's code, and what its names stand for.

    Args:
        tree: The code's syntax tree.
        code: The function that it is the tree of.
        wrapper: The wrapper: the function itself, or an object of which it is the ``__call__``.
        wrapped: The function inside.
    """

    def __init__(self, tree: Function, code: types.FunctionType, wrapper: Any, wrapped: Any) -> None:
        self._tree = tree
        self._wrapped = wrapped
        self._values = {**vars(builtins), **code.__globals__, **closure_of(code)}
        self._nodes = list(_inside(tree, nested=True))
        self._parents = {child: node for node in self._nodes for child in ast.iter_child_nodes(node)}
        given = tree.args
        positional = [each.arg for each in (*given.posonlyargs, *given.args)]
        star, stars = (each.arg if each else "" for each in (given.vararg, given.kwarg))
        if _is_wrapt(wrapper):  # its code is called as wrapper(wrapped, instance, args, kwargs)
            self._values[positional[0]] = wrapped
            star, stars, positional = *positional[2:4], []
        elif wrapper is not code:
            self._values[positional.pop(0)] = wrapper
        self._stars = stars
        self._passed = [*positional, *([f"*{star}"] if star else [])]
        self._named = {each.arg: each.arg for each in given.kwonlyargs} | ({None: stars} if stars else {})
        self._parameters = {*positional, *self._named.values(), star} - {""}
        self._takes_anything = bool(star or stars)

    def passing(self) -> _Passing:
        """What is passed on, as far as that is known."""
        calls = [node for node in self._nodes if isinstance(node, ast.Call) and self._concerns_wrapped(node)]
        if not self._takes_anything or not calls or self._changes_arguments():
            return _NOTHING
        if not all(map(self._is_given_all, calls)):
            return _NOTHING
        return _Passing(True, self._returns_just({call for call in calls if self._value(call.func) is self._wrapped}))

    def _concerns_wrapped(self, call: ast.Call) -> bool:
        """Whether a call is one of the function inside, or is given it: ``retry(function, *args, **kwargs)``."""
        if self._only_looks(call):
            return False
        given = (*call.args, *(keyword.value for keyword in call.keywords))
        return any(self._value(node) is self._wrapped for node in (call.func, *given))

    def _is_given_all(self, call: ast.Call) -> bool:
        """Whether the function inside gets just what the wrapper was given."""
        nodes = [call.func, *call.args]
        while nodes and self._value(nodes.pop(0)) is not self._wrapped:
            pass
        named = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        return self._passed == [*map(ast.unparse, nodes)] and self._named == named

    def _returns_just(self, calls: set[ast.Call]) -> bool:
        """Whether what is returned is always what one of these calls returned."""
        tree = self._tree
        if isinstance(tree, ast.Lambda):
            return tree.body in calls
        own = list(_inside(tree, nested=False))
        last = tree.body[-1]
        while isinstance(last, (ast.With, ast.Try)):
            last = last.body[-1]
        returned = [node.value for node in own if isinstance(node, ast.Return)]
        return isinstance(tree, ast.FunctionDef) and isinstance(last, ast.Return) and calls.issuperset(returned)

    def _changes_arguments(self) -> bool:
        """Whether the wrapper may give its parameters other values, or change its dict of named arguments."""
        for node in self._nodes:
            if isinstance(node, ast.arg) and node.arg in self._parameters:
                return True  # of a function inside of it
            if isinstance(node, ast.Name) and node.id in self._parameters:
                if not isinstance(node.ctx, ast.Load):
                    return True
                if node.id == self._stars and not self._is_only_read(node):
                    return True
        return False

    def _is_only_read(self, node: ast.AST) -> bool:
        """Whether the expression around a dict neither changes it nor hands it on."""
        around = self._parents.get(node)
        match around:
            case ast.keyword(arg=None) | ast.Compare() | ast.FormattedValue() | ast.Starred():
                return True
            case ast.Attribute(attr="keys" | "items" | "values" | "get" | "copy"):
                return True
            case ast.Subscript(ctx=ast.Load()) | ast.UnaryOp(op=ast.Not()) | ast.BinOp(left=ast.Constant()):
                return True
            case ast.If(test=read) | ast.IfExp(test=read) | ast.For(iter=read) | ast.comprehension(iter=read):
                return read is node
            case ast.Dict(keys=keys, values=values):
                return keys[values.index(node)] is None  # type: ignore[arg-type]
            case ast.Call():
                return self._only_looks(around)
            case ast.keyword() | ast.Tuple() | ast.BoolOp():
                return self._is_only_read(around)
        return False

    def _only_looks(self, call: ast.Call) -> bool:
        """Whether a call neither changes what it is given nor calls it: ``len``, a logger's, ``inspect.isfunction``."""
        function = self._value(call.func)
        if isinstance(call.func, ast.Attribute) and _is_logger(self._value(call.func.value)):
            return True
        return any(function is each for each in _LOOK) or getattr(function, "__module__", None) == "inspect"

    def _value(self, node: ast.AST) -> Any:
        """What a name, or an attribute of what one stands for, is; None where that is not known."""
        if isinstance(node, ast.Name):
            return None if node.id in self._parameters else self._values.get(node.id)
        if isinstance(node, ast.Attribute):
            return getattr(self._value(node.value), "__dict__", {}).get(node.attr)
        return None


_LOOK: tuple[Any, ...] = (
    *(all, any, bool, callable, dict, enumerate, frozenset, getattr, hasattr, hash, id, isinstance, iter, len, list),
    *(max, min, print, repr, set, sorted, str, tuple, type),
)
"""Builtins that neither change nor call what they are given."""


def _is_logger(value: object) -> bool:
    return any(kind.__module__.partition(".")[0] in ("logging", "loguru", "structlog") for kind in type(value).__mro__)


def _inside(tree: Function, *, nested: bool) -> Iterator[ast.AST]:
    """All nodes of a function's body; those of functions in it only if ``nested``."""
    todo: list[ast.AST] = list(tree.body) if isinstance(tree.body, list) else [tree.body]
    while todo:
        node = todo.pop()
        yield node
        if nested or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            todo += ast.iter_child_nodes(node)
