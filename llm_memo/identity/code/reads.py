"""What a function reads and writes outside of itself, found in its syntax tree.

Statements are gone through in their order. A local variable that is set to a bare chain stands for that chain,
whichever assignment it was: the walk is repeated while a variable was looked up too early.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from llm_memo.identity.code.calls import Calls
from llm_memo.identity.code.names import ANY, Attribute, Chain, Result, Root
from llm_memo.identity.code.scopes import Function
from llm_memo.identity.code.uses import Given, Group, Kind, Reads, Ref, Use
from llm_memo.identity.code.walk import children, walk
from llm_memo.identity.code.wording import is_passed_on, lazy_if, lazy_or, long_form, may_only_log


def reads_of(
    function: Function, free: Iterable[str] = (), redefined: frozenset[str] = frozenset(), owner: str = ""
) -> Reads:
    """What the function with this tree does with values outside of itself.

    Args:
        function: The tree.
        free: Names that come from the functions around it.
        redefined: Names of builtins that mean something else in its module.
        owner: The class that it is a method of, whose name Python puts before private names.
    """
    reader = _Reader(function, frozenset(free), redefined, owner)
    while True:
        reader.begin()
        reader.body(function, depth=0)
        if reader.is_done:
            return Reads(_once(reader.uses), frozenset(reader.attributes), frozenset(reader.builtins))


def _once(uses: list[Use]) -> tuple[Use, ...]:
    """The uses, less those that say in another line what one before them says: more is not found by them.

    One that depends on what the function has set, or been given, by then is left as it is.
    """
    found: dict[object, Use] = {}
    for use in uses:
        refs = [use.ref, *(ref for given in use.given for ref in given.refs)]
        depends = use.group is not None or use.made or any(ref.unless is not None for ref in refs)
        found.setdefault(id(use) if depends else use._replace(line=0), use)
    return tuple(found.values())


class _Reader(Calls):
    """Goes through statements."""

    def body(self, node: Function, depth: int = 1) -> None:
        """The body of a function, in its own scope."""
        saved = self.depth, self.trying
        self.depth, self.trying = depth, False
        if isinstance(node, ast.Lambda):
            self.read(node.body)
        else:
            self.block(node.body, deeper=False)
        self.depth, self.trying = saved

    def block(self, body: list[ast.stmt], deeper: bool = True) -> None:
        """Statements in their order."""
        self.depth += deeper
        for each in body:
            self.statement(each)
        self.depth -= deeper

    def statement(self, node: ast.stmt) -> None:
        """One statement, with those that are inside of it."""
        group = self.group(node)
        if group is not None:
            self.uses.append(Use(Kind.GROUP, Ref(Chain(Root("opaque", ""))), node.lineno, group=group))
            return
        match node:
            case ast.Expr(value=ast.Call() as call):
                self.call(call, statement=True)
            case ast.Assign(targets=targets, value=value):
                self.assign(node, targets, value)
            case ast.AnnAssign(target=target, value=value):
                if self.scope.is_class:
                    self.read(node.annotation)
                if value is not None:
                    self.assign(node, [target], value)
            case ast.AugAssign(target=target, value=value):
                self.read(value)
                self.change(target)
            case ast.Delete(targets=targets):
                for each in targets:
                    self.change(each)
            case ast.If(test=test):
                lazily = lazy_if(node)
                if lazily is None or not self.lazy(*lazily, node):
                    self.read(test)
                    self.block(node.body)
                    self.block(node.orelse)
            case ast.While(test=test):
                self.begin_loop(node)
                self.read(test)
                self.block(node.body)
                self.block(node.orelse)
            case ast.For() | ast.AsyncFor():
                refs = self.items(node.target, node.iter, self.scope)
                self.begin_loop(node)
                self.loop(node.target, refs, isinstance(node, ast.AsyncFor))
                self.block(node.body)
                self.block(node.orelse)
            case ast.With() | ast.AsyncWith():
                self.enter(node)
            case ast.Try() | ast.TryStar():
                self.attempt(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.define(node)
            case ast.ClassDef():
                self.class_body(node)
            case ast.Import(names=names):
                for alias in names:
                    top = alias.name.partition(".")[0]
                    refs = self.imported(alias.name, node)
                    self.let(alias.asname or top, refs if alias.asname else self.imported(top, node))
            case ast.ImportFrom(names=names):
                for alias in names:
                    module = "." * node.level + (node.module or "")
                    self.let(alias.asname or alias.name, self.imported(module, node, Attribute(alias.name)))
            case ast.Match():
                subject = self.value(node.subject)
                self.use(Kind.READ, subject, node)
                for case in node.cases:
                    self.classes_in(case.pattern, subject)
                    self.inside(case.pattern)
                    self.read(case.guard)
                    self.block(case.body)
            case ast.Return(value=ast.expr() as value) if self.scope is self.outermost:
                self.use(Kind.RETURN, self.value(value), node)
            case _:  # expressions, raise, assert, type aliases, and what later versions add
                self.all(child for child in children(node) if isinstance(child, ast.expr))

    def classes_in(self, pattern: ast.pattern, subject: list[Ref]) -> None:
        """A pattern ``Kind(…)`` is a use of `isinstance`."""
        for node in walk(pattern):
            if isinstance(node, ast.MatchClass):
                given = (Given(0, tuple(self.value(node.cls))),)
                self.uses += [Use(Kind.CLASS, ref, node.lineno, given) for ref in subject]

    def group(self, node: ast.stmt) -> Group | None:
        """The statement as one that may only print or log, or None if it does more for sure."""
        if not may_only_log(node):
            return None
        match node:
            case ast.Expr(value=ast.Call() as call):
                uses = self.uses_of(lambda: self.call(call, statement=True))
                calls = [use for use in uses if use.kind is Kind.CALL and use.statement]
                return Group(
                    (node.lineno, node.col_offset),
                    calls,
                    [use for use in uses if not any(use is each for each in calls)],
                )
            case ast.If(test=test, body=body, orelse=orelse):
                inside = self.uses_of(lambda: self.read(test))
                self.depth += 1
                parts = [part for part in map(self.group, (*body, *orelse)) if part is not None]
                self.depth -= 1
                return Group((node.lineno, node.col_offset), [], inside, parts)
        return None

    def uses_of(self, look: Callable[[], Any]) -> list[Use]:
        """The uses that are found meanwhile, kept apart from all others."""
        uses, self.uses = self.uses, []
        look()
        mine, self.uses = self.uses, uses
        return mine

    def begin_loop(self, node: ast.stmt) -> None:
        """What a later turn of a loop does comes before what an earlier line of it reads."""
        waits = (ast.Await, ast.Yield, ast.YieldFrom, ast.AsyncFor, ast.AsyncWith)
        if any(isinstance(each, waits) for each in walk(node)):
            self.other_code_runs()

    # Assignments ------------------------------------------------------------------------------

    def assign(self, node: ast.stmt, targets: list[ast.expr], value: ast.expr) -> None:
        """``target = value``, and its forms that mean something else."""
        if len(targets) == 1:
            lazily, added = lazy_or(targets[0], value), long_form(targets[0], value)
            if lazily is not None and self.lazy(targets[0], lazily, node):
                return
            if added is not None:
                self.all(added)
                self.change(targets[0])
                return
        match targets, value:
            case [ast.Tuple(elts=parts) | ast.List(elts=parts)], ast.Tuple(elts=values) if len(parts) == len(
                values
            ) and not any(isinstance(each, ast.Starred) for each in (*parts, *values)):
                found = [self.value(each) for each in values]
                for target, refs, each in zip(parts, found, values, strict=True):
                    self.set(target, refs, each)
            case _:
                refs = self.value(value)
                for target in targets:
                    self.set(target, refs, value)

    def set(self, target: ast.expr, refs: list[Ref], value: ast.expr) -> None:
        """A target is set to a value: what is stored in something that lives on is read."""
        if isinstance(target, ast.Name) and self.scope.owner(target.id) is not None:
            self.let(target.id, refs)
            if self.scope.is_class:
                self.use(Kind.READ, refs, value)
            return
        self.use(Kind.READ, refs, value)
        if not isinstance(target, (ast.Name, ast.Attribute, ast.Subscript)):
            self.target(target)
            return
        always = self.depth == 0 and self.scope is self.outermost and self.is_one_thing(target)
        for ref in self.written(target):
            self.use(Kind.WRITE, [ref], target)
            if always and ANY not in ref.chain.steps:
                self.was_set[ref.chain] = len(self.passed)

    def change(self, target: ast.expr) -> None:
        """A target is changed by ``+=`` or deleted: it is only written."""
        deleted = isinstance(getattr(target, "ctx", None), ast.Del)
        refs = self.written(target)
        self.uses += [Use(Kind.WRITE, ref, target.lineno, statement=not deleted) for ref in refs]
        for chain, unless in refs if self.trying else ():
            by_key = chain.steps[-1:] == (ANY,)
            at = Ref(Chain(chain.root, chain.steps[:-1]), unless) if by_key else Ref(chain, unless)
            self.use(Kind.KEYS if by_key else Kind.PRESENCE, [at], target)
        for ref in refs if deleted else ():
            self.was_set.pop(ref.chain, None)

    def lazy(self, target: ast.expr, value: ast.expr, node: ast.stmt) -> bool:
        """``if X is None: X = E`` or ``X = X or E``; False if ``X`` is local, or ``E`` depends on an argument."""
        if (isinstance(target, ast.Name) and self.scope.owner(target.id)) or not self.is_made_outside(value, target):
            return False
        refs = self.value(target)
        made = self.uses_of(lambda: self.read(value))
        self.uses += made
        self.use(Kind.WRITE, self.written(target), target)
        self.uses += [Use(Kind.LAZY, ref, node.lineno, made=tuple(made)) for ref in refs]
        return True

    def is_made_outside(self, value: ast.expr, target: ast.expr) -> bool:
        """Whether an expression depends on no argument or local variable but the object that keeps its value."""
        while isinstance(target, (ast.Attribute, ast.Subscript)):
            target = target.value
        names = [each for each in walk(value) if isinstance(each, ast.Name)]
        inside = {each.id for each in names if isinstance(each.ctx, ast.Store)}
        inside |= {each.arg for each in walk(value) if isinstance(each, ast.arg)}
        if isinstance(target, ast.Name) and self.is_one_thing(target):
            inside.add(target.id)
        return all(each.id in inside or self.scope.owner(each.id) is None for each in names)

    # Blocks -----------------------------------------------------------------------------------

    def enter(self, node: ast.With | ast.AsyncWith) -> None:
        """``with``: what is entered, and what its name stands for if a call made it."""
        trying = self.trying
        for item in node.items:
            match item.context_expr:
                case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress")):
                    self.trying = True
            refs = self.value(item.context_expr)
            self.use(Kind.ENTER, refs, item.context_expr)
            if isinstance(item.optional_vars, ast.Name):
                made = [ref for ref in refs if any(isinstance(step, Result) for step in ref.chain.steps)]
                self.let(item.optional_vars.id, made)
            elif item.optional_vars is not None:
                self.target(item.optional_vars)
        if isinstance(node, ast.AsyncWith):
            self.other_code_runs()
        self.block(node.body)
        self.trying = trying

    def attempt(self, node: ast.Try | ast.TryStar) -> None:
        """``try``: a handler reads only the classes that it catches."""
        trying, self.trying = self.trying, True
        self.block(node.body)
        self.trying = trying
        for handler in node.handlers:
            for each in handler.type.elts if isinstance(handler.type, ast.Tuple) else filter(None, [handler.type]):
                self.use(Kind.CLASS, self.value(each), each)
            self.block(handler.body)
        self.block(node.orelse)
        self.block(node.finalbody)

    # Definitions ------------------------------------------------------------------------------

    def define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """A function inside; its annotations are read where it is passed on."""
        owner = self.scope.owner(node.name)
        if owner is not None:
            known = owner.functions.get(node.name, node)
            self.defined_late |= known is not node or (id(owner), node.name) in self.looked
            owner.functions[node.name] = node
        self.decorate(node)
        if node.decorator_list or is_passed_on(node.name, self.function):
            arguments = [each for each in walk(node.args) if isinstance(each, ast.arg)]
            self.all([*(each.annotation for each in arguments), node.returns])
        self.nested(node)
        if owner is None:  # ``global f``
            self.set(ast.copy_location(ast.Name(node.name, ast.Store()), node), [], ast.Constant(None))

    def class_body(self, node: ast.ClassDef) -> None:
        """A class inside, whose body runs here."""
        self.decorate(node)
        self.all([*node.bases, *(each.value for each in node.keywords)])
        outer = self.scope
        self.scope = self.scope_of(node, node.body, (), self.scope, is_class=True)
        self.block(node.body)
        self.scope = outer

    def decorate(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        """Decorators are called."""
        for decorator in node.decorator_list:
            self.use(Kind.CALL, self.value(decorator), decorator)
