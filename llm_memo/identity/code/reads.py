"""What a function reads and writes outside of itself, found in its syntax tree.

Statements are gone through in their order. A local variable that is set to a bare chain stands for
that chain, whichever assignment it was: the walk is repeated until no variable stands for more.
Whatever is not understood is read whole: a read too many costs a miss, one too few a wrong answer.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable

from llm_memo.identity.code.names import (
    ANY,
    CLASS,
    EACH,
    MODULE,
    Attribute,
    Chain,
    Function,
    Item,
    Named,
    Result,
    Root,
    Scope,
    Step,
    bound_names,
    declared_global,
    parameters,
)
from llm_memo.identity.code.uses import Given, Group, Kind, Reads, Ref, Unless, Use
from llm_memo.identity.code.walk import children, walk
from llm_memo.identity.code.wording import is_handed_on, is_text_of, long_form

_CAN_FAIL = frozenset({"remove", "pop", "popleft", "popitem"})
"""Mutators that fail by what is there."""
_LONGEST = 16
"""Steps of a chain; a longer one, as a loop through a linked list makes them, is read whole."""


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
        known = reader.stands_for_count()
        reader.begin()
        if reader.stands_for_count() == known:
            return Reads(tuple(reader.uses), frozenset(reader.attributes), frozenset(reader.builtins))


class _Reader:
    def __init__(self, function: Function, free: frozenset[str], redefined: frozenset[str], owner: str) -> None:
        self.function = function
        self.owner = owner
        self.free = free
        self.redefined = redefined
        self.parameters = parameters(function.args)
        self.stands_for: dict[tuple[int, str], dict[Chain, Ref]] = {}
        """What local variables stand for."""
        self.scopes: dict[ast.AST, Scope] = {}
        self.bindings = binding_counts(function)

    def stands_for_count(self) -> int:
        return sum(map(len, self.stands_for.values()))

    def begin(self) -> None:
        """Go through the function once."""
        self.uses: list[Use] = []
        self.attributes: set[str] = set()
        self.builtins: set[str] = set()
        self.was_set: dict[Chain, int] = {}
        """Chains that the function has set for sure, and how much had been handed on then."""
        self.handed: list[Chain] = []
        self.depth = 0
        """0 in the outermost body, whose statements always run."""
        self.trying = False
        body = self.function.body if isinstance(self.function.body, list) else [self.function.body]
        self.scope = self.outermost = self.scope_of(self.function, [*body], self.parameters, None)
        if isinstance(self.function, ast.Lambda):
            self.read(self.function.body)
        else:
            self.block(self.function.body, deeper=False)

    def scope_of(
        self, node: ast.AST, body: list[ast.AST], names: Iterable[str], parent: Scope | None, is_class: bool = False
    ) -> Scope:
        scope = self.scopes.get(node)
        if scope is None:
            scope = self.scopes[node] = Scope({*names, *bound_names(body)}, parent, is_class)
            scope.globals = declared_global(body)
        return scope

    # Chains -----------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> list[Ref]:
        """The chains that an expression may be, not read yet; what is inside of it is."""
        match node:
            case ast.Name(id=name):
                return self.name(name)
            case ast.Attribute(value=inner, attr=name):
                name = self.mangled(name)
                self.attributes.add(name)
                refs = self.value(inner) if self.goes_on_from(inner) is None else []
                if name == "__dict__":
                    self.use(Kind.READ, refs, node)
                    return []
                return self.onward(refs, CLASS if name == "__class__" else Attribute(name))
            case ast.Subscript(value=inner, slice=key):
                refs = self.value(inner)
                return self.onward(refs, self.key(key))
            case ast.Call():
                return self.call(node, statement=False)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.read(test)
                return self.value(body) + self.value(orelse)
            case ast.NamedExpr(target=target, value=inner):
                refs = self.value(inner)
                self.let(target.id, refs)
                return refs
            case ast.Await(value=inner):
                self.read(inner)
                self.other_code_runs()
                return []
        self.inside(node)
        return []

    def goes_on_from(self, node: ast.expr) -> ast.expr | None:
        """Read ``ROOT`` of ``ROOT / "prompts" / name`` as a place, if that is a chain; what is added is read."""
        first, added = node, []
        while isinstance(first, ast.BinOp) and isinstance(first.op, ast.Div):
            added.append(first.right)
            first = first.left
        if not added or not isinstance(first, (ast.Name, ast.Attribute)):
            return None
        self.use(Kind.PLACE, self.value(first), first)
        self.all(reversed(added))
        return first

    def mangled(self, name: str) -> str:
        """A private name as the class has it."""
        private = self.owner and name.startswith("__") and not name.endswith("__")
        return f"_{self.owner}{name}" if private else name

    def key(self, node: ast.expr) -> Step:
        """The step into ``value[node]``."""
        match node:
            case ast.Constant(value=key) if not isinstance(key, (tuple, frozenset)):
                return Item(key, type(key))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(key))):
                return Item(-key, int)
            case ast.Name(id=name) if self.is_parameter(name):
                self.read(node)
                return Named(name)
            case ast.Name(id="__name__") if self.scope.owner("__name__") is None:
                return MODULE
        self.read(node)
        return ANY

    def is_parameter(self, name: str) -> bool:
        return self.scope.owner(name) is self.outermost and name in self.parameters

    def name(self, name: str) -> list[Ref]:
        """What a name stands for."""
        owner = self.scope.owner(name)
        if owner is not None:
            refs = list(self.stands_for.get((id(owner), name), {}).values())
            if owner is self.outermost and name in self.parameters:
                refs.append(Ref(Chain(Root("parameter", name))))
            if not owner.is_class or refs:
                return refs
        kind = "closure" if name in self.free and not self.scope.is_global(name) else "global"
        return self.onward([Ref(Chain(Root(kind, name)))])

    def onward(self, refs: list[Ref], *steps: Step) -> list[Ref]:
        """The same some steps further, and whether the function has set what is there itself."""
        found = []
        for chain, unless in refs:
            chain = chain.then(*steps)
            if len(chain.steps) > _LONGEST:
                self.uses.append(Use(Kind.READ, Ref(Chain(chain.root, chain.steps[:_LONGEST]), unless)))
                continue
            if unless is None and chain in self.was_set:
                unless = Unless(chain, tuple(dict.fromkeys(self.handed[self.was_set[chain] :])))
            found.append(Ref(chain, unless))
        return found

    def let(self, name: str, refs: list[Ref]) -> None:
        """A local variable is set to a bare chain."""
        owner = self.scope.owner(name)
        if owner is None:  # ``global name``: it is stored in something that lives on
            self.uses += [Use(Kind.READ, ref) for ref in refs]
            self.uses += [Use(Kind.WRITE, Ref(ref.chain)) for ref in self.name(name)]
            return
        known = self.stands_for.setdefault((id(owner), name), {})
        for ref in refs:
            grows = any(
                other.root == ref.chain.root and ref.chain.steps[: len(other.steps)] == other.steps != ref.chain.steps
                for other in known
            )
            if grows and len(ref.chain.steps) > 3:  # ``node = node.next``
                self.uses.append(Use(Kind.READ, ref))
            else:
                known.setdefault(ref.chain, ref)

    # Uses -------------------------------------------------------------------------------------

    def use(self, kind: Kind, refs: Iterable[Ref], node: ast.AST) -> None:
        line = getattr(node, "lineno", 0)
        self.uses += [Use(kind, ref, line) for ref in refs]

    def read(self, node: ast.expr | None) -> None:
        """An expression whose value is read whole."""
        if node is not None:
            self.use(Kind.READ, self.value(node), node)

    def all(self, nodes: Iterable[ast.expr | None]) -> None:
        for node in nodes:
            self.read(node)

    def other_code_runs(self) -> None:
        """Anything may be set by somebody else now."""
        self.was_set.clear()

    def inside(self, node: ast.AST) -> None:
        """What an expression that is no chain itself does."""
        match node:
            case ast.Lambda():
                self.nested(node, [node.body])
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self.comprehension(node)
            case ast.Compare():
                self.compare(node)
            case ast.Yield(value=value):
                self.read(value)
                self.other_code_runs()
            case ast.YieldFrom(value=value):
                self.read(value)
                self.other_code_runs()
            case ast.expr():
                for child in children(node):
                    if isinstance(child, ast.expr):
                        self.read(child)
                    elif not isinstance(child, (ast.expr_context, ast.operator, ast.boolop, ast.unaryop)):
                        self.inside(child)
            case _:
                self.all(child for child in children(node) if isinstance(child, ast.expr))

    def compare(self, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        refs = [self.value(side) for side in sides]
        only_is = all(isinstance(each, (ast.Is, ast.IsNot)) for each in node.ops)
        if (
            len(sides) == 2
            and isinstance(node.ops[0], (ast.In, ast.NotIn))
            and (text := text_of(node.left)) is not None
        ):
            self.uses += [Use(Kind.MEMBER, ref, node.lineno, (Given(0, (), text),)) for ref in refs[1]]
            return
        constant = any(isinstance(side, ast.Constant) for side in sides)
        for found, side in zip(refs, sides, strict=True):
            of_class = found and all(ref.chain.steps[-1:] == (CLASS,) for ref in found)
            kind = Kind.IDENTITY if only_is and constant else Kind.CLASS if of_class else Kind.READ
            self.use(kind, found, side)

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        was_set = dict(self.was_set)
        first, *others = node.generators
        displayed = isinstance(first.iter, (ast.Tuple, ast.List))
        refs = [] if displayed else self.value(first.iter)
        targets = [each.target for each in node.generators]
        outer, self.scope = self.scope, self.scope_of(node, [*targets], (), self.scope)
        if isinstance(node, ast.GeneratorExp):
            self.was_set = {}
        self.loop(first.target, self.items(first.target, first.iter) if displayed else refs, first)
        self.all(first.ifs)
        for each in others:
            self.loop(each.target, self.items(each.target, each.iter), each)
            self.all(each.ifs)
        self.all([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        self.scope = outer
        if isinstance(node, ast.GeneratorExp):
            self.was_set = was_set
        if any(each.is_async for each in node.generators):
            self.other_code_runs()

    def items(self, target: ast.expr, node: ast.expr) -> list[Ref]:
        """What a loop goes through; in ``for x in (A, B)`` the variable stands for each of them."""
        if (
            isinstance(target, ast.Name)
            and isinstance(node, (ast.Tuple, ast.List))
            and not any(isinstance(each, ast.Starred) for each in node.elts)
        ):
            for each in node.elts:
                self.let(target.id, self.value(each))
            return []
        return self.value(node)

    def loop(self, target: ast.expr, refs: list[Ref], node: ast.AST) -> None:
        """A variable that takes the items of what ``refs`` lead to."""
        if isinstance(target, ast.Name) and not getattr(node, "is_async", isinstance(node, ast.AsyncFor)):
            self.use(Kind.ITERATE, refs, target)
            self.let(target.id, self.onward(refs, EACH))
        else:
            self.use(Kind.READ, refs, target)
            self.target(target)

    # Calls ------------------------------------------------------------------------------------

    def call(self, node: ast.Call, statement: bool) -> list[Ref]:
        """A call: what it calls, what it is given, and what it may return."""
        if isinstance(node.func, ast.Name) and self.scope.owner(node.func.id) is None:
            name = node.func.id
            special = getattr(self, f"call_{name}", None) if name not in self.redefined else None
            if special is not None and (found := special(node)) is not None:
                self.builtins.add(name)
                return found  # type: ignore[no-any-return]
        if (found := self.constant_call(node)) is not None:
            return found
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if statement and isinstance(inner, ast.Call) and getattr(inner.func, "attr", "") == "setdefault":
            called = self.onward(self.call(inner, statement=True), Attribute(node.func.attr))  # type: ignore[attr-defined]
        else:
            called = self.value(node.func)
        given, escaping = self.arguments(node)
        self.handed += [ref.chain for each in given for ref in each.refs]
        if escaping:
            self.other_code_runs()
        local = self.function_made_here(node.func)
        if local is not None and (called or not self.is_certain(node.func)):
            for each in given:
                self.use(Kind.READ, each.refs, node)
        if not called:
            for each in given:
                taken_by = None if local is None else parameter_at(local.args, each.place)
                if local is not None and taken_by is not None:
                    self.let_parameter(local, taken_by, list(each.refs))
                else:
                    self.use(Kind.READ, each.refs, node)
            self.uses.append(Use(Kind.CALL, Ref(Chain(Root("opaque", ""))), node.lineno, statement=statement))
        if self.trying and statement and isinstance(node.func, ast.Attribute) and node.func.attr in _CAN_FAIL:
            self.use(Kind.KEYS, [Ref(Chain(chain.root, chain.steps[:-1]), unless) for chain, unless in called], node)
        self.uses += [Use(Kind.CALL, ref, node.lineno, tuple(given), statement) for ref in called]
        mode = next((str(each.constant) for each in given if each.place in (1, "mode") and each.constant), "")
        return self.onward(called, Result(mode))

    def arguments(self, node: ast.Call) -> tuple[list[Given], bool]:
        """The arguments of a call, and whether a function that is made here is among them."""
        given = []
        for place, each in enumerate(node.args):
            starred = isinstance(each, ast.Starred)
            value = each.value if isinstance(each, ast.Starred) else each
            if place == 0 and getattr(node.func, "id", "") == "open" and self.goes_on_from(value) is not None:
                continue
            given.append(Given("*" if starred else place, tuple(self.value(value)), text_of(value)))
        for keyword in node.keywords:
            if is_globals(keyword.value) and keyword.arg is None:
                self.builtins.add("globals")
                self.use(Kind.DATA, [Ref(Chain(Root("module", "globals()")))], node)
                continue
            given.append(Given(keyword.arg or "*", tuple(self.value(keyword.value)), text_of(keyword.value)))
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        return given, any(map(self.is_function_made_here, values))

    def is_function_made_here(self, node: ast.expr) -> bool:
        return isinstance(node, ast.GeneratorExp) or self.function_made_here(node) is not None

    def function_made_here(self, node: ast.expr) -> Function | None:
        """The inner function or lambda that an expression is."""
        if isinstance(node, ast.Name):
            owner = self.scope.owner(node.id)
            return None if owner is None else owner.functions.get(node.id)
        return node if isinstance(node, ast.Lambda) else None

    def is_certain(self, node: ast.expr) -> bool:
        """Whether a name of an inner function can be no other one, and no decorator is around it."""
        return not isinstance(node, ast.Name) or self.bindings[node.id] == 1

    def let_parameter(self, function: Function, name: str, refs: list[Ref]) -> None:
        """A parameter of an inner function is given a bare chain."""
        body = function.body if isinstance(function.body, list) else [function.body]
        scope = self.scope_of(function, [*body], parameters(function.args), self.scope)
        known = self.stands_for.setdefault((id(scope), name), {})
        for ref in refs:
            known.setdefault(ref.chain, ref)

    def constant_call(self, node: ast.Call) -> list[Ref] | None:
        """``value.get("a constant")`` leads to an item, ``import_module("a constant")`` to a module."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in ("import_module", "__import__"):
            text = text_of(node.args[0]) if node.args else None
            if text is None:
                self.use(Kind.UNSEEN, [Ref(Chain(Root("import", "…")))], node)
                return None
            self.all(node.args[1:])
            return self.imported(text if name == "import_module" else text.partition(".")[0], node)
        if name != "get" or not isinstance(node.func, ast.Attribute) or node.keywords or not 1 <= len(node.args) <= 2:
            return None
        if not isinstance(node.args[0], (ast.Constant, ast.Name)):
            return None
        self.attributes.add("get")
        refs = self.value(node.func.value)
        if not refs:
            return None
        step = self.key(node.args[0])
        self.all(node.args[1:])
        # What has a ``get`` of its own is asked by it: the scan tells.
        return self.onward(refs, Attribute("get"), step)

    def call_type(self, node: ast.Call) -> list[Ref] | None:
        return self.onward(self.value(node.args[0]), CLASS) if len(node.args) == 1 else None

    def call_isinstance(self, node: ast.Call) -> list[Ref]:
        subject, *others = node.args
        kinds = [part for each in others for part in (each.elts if isinstance(each, ast.Tuple) else [each])]
        given = tuple(Given(place, tuple(self.value(kind))) for place, kind in enumerate(kinds))
        self.uses += [Use(Kind.CLASS, ref, node.lineno, given) for ref in self.value(subject)]
        for each in given:
            self.use(Kind.CLASS, each.refs, node)
        return []

    call_issubclass = call_isinstance

    def call_callable(self, node: ast.Call) -> list[Ref]:
        for each in node.args:
            self.use(Kind.CLASS, self.value(each), node)
        return []

    def call_len(self, node: ast.Call) -> list[Ref]:
        for each in node.args:
            self.use(Kind.LENGTH, self.value(each), node)
        return []

    def call_hasattr(self, node: ast.Call) -> list[Ref] | None:
        if len(node.args) != 2 or (name := text_of(node.args[1])) is None:
            return None
        self.attributes.add(name)
        self.use(Kind.PRESENCE, self.onward(self.value(node.args[0]), Attribute(name)), node)
        return []

    def call_getattr(self, node: ast.Call) -> list[Ref] | None:
        if len(node.args) < 2 or (name := text_of(node.args[1])) is None:
            return None
        self.attributes.add(name)
        refs = self.onward(self.value(node.args[0]), CLASS if name == "__class__" else Attribute(name))
        return refs + [ref for each in node.args[2:] for ref in self.value(each)]

    def call_setattr(self, node: ast.Call) -> list[Ref] | None:
        if len(node.args) != 3 or (name := text_of(node.args[1])) is None:
            return None
        self.read(node.args[2])
        self.use(Kind.WRITE, self.onward(self.value(node.args[0]), Attribute(name)), node)
        return []

    def call_super(self, node: ast.Call) -> list[Ref]:
        first = next(iter([*self.function.args.posonlyargs, *self.function.args.args]), None)
        match node.args:
            case [ast.Name(id=owner), ast.Name(id=name)] if (
                owner.lstrip("_") == self.owner and first is not None and name == first.arg
            ):
                self.all(node.args[:1])
            case _:  # as seen from another class, or of another object
                self.all(node.args)
        return [Ref(Chain(Root("super", "super()")))]

    def call_globals(self, node: ast.Call) -> list[Ref]:
        return [Ref(Chain(Root("module", "globals()")))]

    def call_vars(self, node: ast.Call) -> list[Ref]:
        for each in node.args:
            self.read(each)
        if not node.args:
            self.call_locals(node)
        return []

    def call_locals(self, node: ast.Call) -> list[Ref]:
        """All local variables are read, whatever they stand for."""
        for name in sorted(self.outermost.bound):
            self.use(Kind.READ, self.name(name), node)
        return []

    call_dir = call_vars

    def call_eval(self, node: ast.Call) -> list[Ref]:
        """Whatever the text names is read."""
        self.all([*node.args, *(each.value for each in node.keywords)])
        self.call_locals(node)
        self.use(Kind.READ, [Ref(Chain(Root("module", "globals()")))], node)
        return []

    call_exec = call_eval

    # Statements -------------------------------------------------------------------------------

    def block(self, body: list[ast.stmt], deeper: bool = True) -> None:
        self.depth += deeper
        for each in body:
            self.statement(each)
        self.depth -= deeper

    def statement(self, node: ast.stmt) -> None:
        found = self.group(node)
        if found is not None:
            self.uses.append(Use(Kind.GROUP, Ref(Chain(Root("opaque", ""))), node.lineno, group=found))
            return
        match node:
            case ast.Expr(value=ast.Call() as call):
                self.call(call, statement=True)
            case ast.Expr(value=value) | ast.Return(value=value):
                self.read(value)
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
            case ast.If():
                self.condition(node)
            case ast.While(test=test):
                self.begins_loop(node)
                self.read(test)
                self.block(node.body)
                self.block(node.orelse)
            case ast.For() | ast.AsyncFor():
                refs = self.items(node.target, node.iter)
                self.begins_loop(node)
                self.loop(node.target, refs, node)
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
                    top = alias.name if alias.asname else alias.name.partition(".")[0]
                    refs = self.imported(alias.name, node)
                    self.let(alias.asname or top, refs if alias.asname else self.imported(top, node))
            case ast.ImportFrom():
                self.import_from(node)
            case ast.Match():
                self.read(node.subject)
                for case in node.cases:
                    self.inside_pattern(case.pattern)
                    self.read(case.guard)
                    self.block(case.body)
            case ast.Global() | ast.Nonlocal() | ast.Pass() | ast.Break() | ast.Continue():
                pass
            case _:  # raise, assert, type aliases, and what later versions add
                self.all(child for child in children(node) if isinstance(child, ast.expr))

    def group(self, node: ast.stmt) -> Group | None:
        """The statement as one that may only print or log, or None if it does more for sure."""
        match node:
            case ast.Expr(value=ast.Call() as call):
                if any(isinstance(each, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)) for each in walk(call)):
                    return None
                uses, self.uses = self.uses, []
                self.call(call, statement=True)
                mine, self.uses = self.uses, uses
                calls = [use for use in mine if use.kind is Kind.CALL and use.statement]
                return Group(node, calls, [use for use in mine if not any(use is each for each in calls)])
            case ast.If(test=test, body=body, orelse=orelse):
                if not all(map(may_only_log, (*body, *orelse))) or not may_only_log(node):
                    return None
                uses, self.uses = self.uses, []
                self.read(test)
                inside, self.uses = self.uses, uses
                self.depth += 1
                parts = [part for part in map(self.group, (*body, *orelse)) if part is not None]
                self.depth -= 1
                return Group(node, [], inside, parts)
        return None

    def assign(self, node: ast.stmt, targets: list[ast.expr], value: ast.expr) -> None:
        if len(targets) == 1:
            lazily = lazy_or(targets[0], value)
            if lazily is not None:
                self.lazy(targets[0], lazily, node)
                return
            added = long_form(targets[0], value)
            if added is not None:
                self.all(added)
                self.change(targets[0])
                return
        if len(targets) == 1 and isinstance(targets[0], (ast.Tuple, ast.List)) and isinstance(value, ast.Tuple):
            pairs = list(zip(targets[0].elts, value.elts, strict=False))
            if len(value.elts) == len(targets[0].elts) and not any(
                isinstance(each, ast.Starred) for pair in pairs for each in pair
            ):
                each_refs = [self.value(each) for each in value.elts]
                for (target, each), found in zip(pairs, each_refs, strict=True):
                    self.set(target, found, each)
                return
        refs = self.value(value)
        for target in targets:
            self.set(target, refs, value)

    def set(self, target: ast.expr, refs: list[Ref], value: ast.expr) -> None:
        """A target is set to a value: what is stored in something that lives on is read."""
        match target:
            case ast.Name(id=name) if self.scope.owner(name) is not None:
                self.let(name, refs)
                if self.scope.is_class:
                    self.use(Kind.READ, refs, value)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                self.use(Kind.READ, refs, value)
                always = self.depth == 0 and self.scope is self.outermost and self.is_one_thing(target)
                for chain, unless in self.written(target):
                    self.uses.append(Use(Kind.WRITE, Ref(chain, unless), target.lineno))
                    if always and ANY not in chain.steps:
                        self.was_set[chain] = len(self.handed)
            case _:
                self.use(Kind.READ, refs, value)
                self.target(target)

    def is_one_thing(self, node: ast.expr) -> bool:
        """Whether a chain starts from a name that stands for one thing all along: no local variable."""
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        if not isinstance(node, ast.Name):
            return False
        return self.scope.owner(node.id) is None or (self.is_parameter(node.id) and self.bindings[node.id] == 1)

    def target(self, target: ast.expr) -> None:
        """A target that is set to something of which nothing is known."""
        match target:
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self.target(part)
            case ast.Starred(value=inner):
                self.target(inner)
            case ast.Name(id=name) if self.scope.owner(name) is not None:
                pass
            case _:
                self.use(Kind.WRITE, self.written(target), target)

    def change(self, target: ast.expr) -> None:
        """A target is changed by ``+=`` or deleted: it is only written."""
        deleted = isinstance(getattr(target, "ctx", None), ast.Del)
        refs = self.written(target)
        self.uses += [Use(Kind.WRITE, ref, target.lineno, statement=not deleted) for ref in refs]
        if self.trying:
            self.use(Kind.PRESENCE, refs, target)
        for ref in refs if deleted else ():
            self.was_set.pop(ref.chain, None)

    def written(self, target: ast.expr) -> list[Ref]:
        """The chain of a target, with whatever leads to it."""
        match target:
            case ast.Attribute(value=inner, attr=name):
                name = self.mangled(name)
                self.attributes.add(name)
                return [Ref(chain.then(Attribute(name)), unless) for chain, unless in self.value(inner)]
            case ast.Subscript(value=inner, slice=key):
                refs = self.value(inner)
                step = self.key(key)
                return [Ref(chain.then(ANY if isinstance(step, Named) else step), unless) for chain, unless in refs]
            case ast.Name(id=name):
                return [Ref(chain) for chain, _ in self.name(name)]
            case ast.Tuple() | ast.List() | ast.Starred():
                self.target(target)
        return []

    def condition(self, node: ast.If) -> None:
        lazily = lazy_if(node)
        if lazily is not None:
            self.lazy(*lazily, node)
            return
        self.read(node.test)
        self.block(node.body)
        self.block(node.orelse)

    def lazy(self, target: ast.expr, value: ast.expr, node: ast.stmt) -> None:
        """``if X is None: X = E`` or ``X = X or E``."""
        chains = [] if isinstance(target, ast.Name) and self.scope.owner(target.id) else self.value(target)
        before = len(self.uses)
        refs = self.value(value)
        self.use(Kind.READ, refs, value)
        made = tuple(self.uses[before:])
        if not chains:
            if isinstance(target, ast.Name):
                self.read(ast.copy_location(ast.Name(target.id, ast.Load()), target))
                self.let(target.id, refs)
            return
        self.use(Kind.WRITE, self.written(target), target)
        kind = Kind.LAZY if self.is_made_from_outside(value, target) else Kind.READ
        self.uses += [Use(kind, ref, node.lineno, made=made) for ref in chains]

    def is_made_from_outside(self, value: ast.expr, target: ast.expr) -> bool:
        """Whether an expression depends on no argument or local variable but the object that keeps its value."""
        while isinstance(target, (ast.Attribute, ast.Subscript)):
            target = target.value
        names = [each for each in walk(value) if isinstance(each, ast.Name)]
        inside = {each.id for each in names if isinstance(each.ctx, ast.Store)}
        inside |= {each.arg for each in walk(value) if isinstance(each, ast.arg)}
        if isinstance(target, ast.Name) and self.is_one_thing(target):
            inside.add(target.id)
        return all(each.id in inside or self.scope.owner(each.id) is None for each in names)

    def begins_loop(self, node: ast.stmt) -> None:
        """What a later turn of a loop does comes before what an earlier line of it reads."""
        inner = list(walk(node))
        if any(isinstance(each, (ast.Await, ast.Yield, ast.YieldFrom, ast.AsyncFor, ast.AsyncWith)) for each in inner):
            self.other_code_runs()

    def enter(self, node: ast.With | ast.AsyncWith) -> None:
        trying = self.trying
        for item in node.items:
            match item.context_expr:
                case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress")):
                    self.trying = True
            refs = self.value(item.context_expr)
            self.use(Kind.ENTER, refs, item.context_expr)
            made = [ref for ref in refs if any(isinstance(step, Result) for step in ref.chain.steps)]
            if isinstance(item.optional_vars, ast.Name):
                self.let(item.optional_vars.id, made)
            elif item.optional_vars is not None:
                self.target(item.optional_vars)
        if isinstance(node, ast.AsyncWith):
            self.other_code_runs()
        self.block(node.body)
        self.trying = trying

    def attempt(self, node: ast.Try | ast.TryStar) -> None:
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
        owner = self.scope.owner(node.name)
        if owner is not None:
            owner.functions[node.name] = node
        for decorator in node.decorator_list:
            self.uses += [Use(Kind.CALL, ref, decorator.lineno) for ref in self.value(decorator)]
        if node.decorator_list or is_handed_on(node.name, self.function):
            arguments = [
                *node.args.posonlyargs,
                *node.args.args,
                *node.args.kwonlyargs,
                node.args.vararg,
                node.args.kwarg,
            ]
            self.all([each.annotation for each in arguments if each is not None] + [node.returns])
        self.nested(node, node.body)
        if owner is None:  # ``global f``
            self.set(ast.copy_location(ast.Name(node.name, ast.Store()), node), [], ast.Constant(None))

    def nested(self, node: Function, body: list[ast.stmt] | list[ast.expr]) -> None:
        """A function inside: it runs later, or elsewhere."""
        self.all([*node.args.defaults, *node.args.kw_defaults])
        saved = self.scope, self.was_set, self.depth, self.trying
        self.scope = self.scope_of(node, list(body), parameters(node.args), self.scope)
        self.was_set, self.depth, self.trying = {}, 1, False
        for each in body:
            if isinstance(each, ast.stmt):
                self.statement(each)
            else:
                self.read(each)
        self.scope, self.was_set, self.depth, self.trying = saved

    def class_body(self, node: ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self.uses += [Use(Kind.CALL, ref, decorator.lineno) for ref in self.value(decorator)]
        self.all([*node.bases, *(each.value for each in node.keywords)])
        saved = self.scope, self.depth
        self.scope = self.scope_of(node, list(node.body), (), self.scope, is_class=True)
        self.block(node.body)
        self.scope, self.depth = saved

    def imported(self, name: str, node: ast.AST, *steps: Step) -> list[Ref]:
        always = self.depth == 0 and self.scope is self.outermost
        refs = [Ref(Chain(Root("import", name, always), steps))]
        self.use(Kind.IMPORT, refs, node)
        return refs

    def import_from(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            refs = self.imported(module, node, Attribute(alias.name))
            self.let(alias.asname or alias.name, refs)

    def inside_pattern(self, pattern: ast.pattern) -> None:
        for node in walk(pattern):
            match node:
                case ast.MatchValue(value=value):
                    self.read(value)
                case ast.MatchClass(cls=kind):
                    self.read(kind)
                case ast.MatchMapping(keys=keys):
                    self.all(keys)


def binding_counts(function: Function) -> Counter[str]:
    """How often a function binds each name, those inside of it too; a decorated definition binds twice."""
    counts: Counter[str] = Counter()
    for node in walk(function):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                counts[name] += 1
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if node is not function:
                counts[node.name] += 2 if node.decorator_list else 1
            case ast.alias(name=name, asname=asname):
                counts[asname or name.partition(".")[0]] += 1
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                counts[name] += 1
            case ast.MatchMapping(rest=str(name)):
                counts[name] += 1
    return counts


def parameter_at(arguments: ast.arguments, place: int | str) -> str | None:
    """The parameter that takes an argument; None for one that ``*args`` or ``**kw`` takes."""
    positional = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    if isinstance(place, int):
        return positional[place] if place < len(positional) else None
    return place if place in (*positional, *(each.arg for each in arguments.kwonlyargs)) else None


def text_of(node: ast.expr) -> str | None:
    """The text that an expression is, if it is one."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def is_globals(node: ast.expr) -> bool:
    """``globals()``."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "globals"


def may_only_log(node: ast.stmt) -> bool:
    """Whether a statement is a call, or an ``if`` of such, that may be free."""
    if isinstance(node, ast.If):
        if not all(map(may_only_log, (*node.body, *node.orelse))):
            return False
        node = ast.Expr(node.test)
    elif isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return True
    elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    return not any(isinstance(each, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)) for each in walk(node))


def lazy_or(target: ast.expr, value: ast.expr) -> ast.expr | None:
    """``E`` in ``x = x or E``."""
    match value:
        case ast.BoolOp(op=ast.Or(), values=[first, second]) if is_text_of(first, target):
            return second
    return None


def lazy_if(node: ast.If) -> tuple[ast.expr, ast.expr] | None:
    """``x`` and ``E`` in ``if x is None: x = E``."""
    match node:
        case ast.If(test=test, body=[ast.Assign(targets=[target], value=value)], orelse=[]):
            pass
        case ast.If(test=test, body=[ast.AnnAssign(target=target, value=ast.expr() as value)], orelse=[]):
            pass
        case _:
            return None
    match test:
        case ast.Compare(left=subject, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            pass
        case ast.UnaryOp(
            op=ast.Not(),
            operand=ast.Call(func=ast.Name(id="hasattr"), args=[holder, ast.Constant(value=str(name))]),
        ):
            subject = ast.Attribute(holder, name, ast.Load())
        case ast.UnaryOp(op=ast.Not(), operand=subject):
            pass
        case _:
            return None
    return (target, value) if is_text_of(subject, target) else None
