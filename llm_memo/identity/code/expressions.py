"""What the expressions of a function do with values outside of it.

Whatever is not understood is read whole: a read too many costs a miss, one too few a wrong answer.
"""

from __future__ import annotations

import abc
import ast
import functools
from collections import Counter
from collections.abc import Iterable
from typing import Any

from llm_memo.identity.code.names import ANY, CLASS, EACH, MODULE, Attribute, Chain, Item, Named, Root, Step
from llm_memo.identity.code.scopes import (
    Function,
    Scope,
    binding_counts,
    body_of,
    bound_names,
    declared_global,
    parameters,
)
from llm_memo.identity.code.uses import Given, Kind, Ref, Unless, Use
from llm_memo.identity.code.walk import children
from llm_memo.identity.code.wording import text_of

OF_FILES = frozenset({
    "read_text", "read_bytes", "open", "exists", "is_file", "is_dir", "iterdir", "glob", "rglob", "stat", "name",
    "stem", "suffix",
})  # fmt: skip
"""What goes to the file that a path names, or tells no folder of it, so that its place in the project says it all."""
Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


class Expressions(abc.ABC):
    """Goes through expressions and notes the uses of chains.

    Args:
        function: The tree of the function.
        free: Names that come from the functions around it.
        redefined: Names of builtins that mean something else in its module.
        owner: The class that it is a method of, whose name Python puts before private names.
    """

    def __init__(self, function: Function, free: frozenset[str], redefined: frozenset[str], owner: str) -> None:
        self.function = function
        self.free = free
        self.redefined = redefined
        self.owner = owner
        self.parameters = parameters(function.args)
        self.scopes: dict[ast.AST, Scope] = {}
        self.stands_for: dict[tuple[int, str], dict[Chain, Ref]] = {}
        """What local variables stand for."""
        self.begin()

    @functools.cached_property
    def bindings(self) -> Counter[str]:
        """How often each name is bound."""
        return binding_counts(self.function)

    def begin(self) -> None:
        """Start from the first statement; what local variables stand for is known from the last time."""
        self.uses: list[Use] = []
        self.attributes: set[str] = set()
        self.builtins: set[str] = set()
        self.was_set: dict[Chain, int] = {}
        """Chains that the function has set for sure, and how much had been passed on then."""
        self.passed: list[Chain] = []
        """What was given to calls."""
        self.looked: set[tuple[int, str]] = set()
        """Local variables that were looked up in this walk."""
        self.has_grown = self.too_late = self.defined_late = False
        self.scope = self.outermost = self.scope_of(self.function, body_of(self.function), self.parameters, None)

    @abc.abstractmethod
    def call(self, node: ast.Call, statement: bool) -> list[Ref]:
        """A call: what it may return."""

    def scope_of(
        self, node: ast.AST, body: list[Any], names: Iterable[str], parent: Scope | None, is_class: bool = False
    ) -> Scope:
        """The scope that a node opens."""
        if node not in self.scopes:
            scope = self.scopes[node] = Scope({*names, *bound_names(body)}, parent, is_class)
            scope.globals = declared_global(body)
        return self.scopes[node]

    # Chains -----------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> list[Ref]:
        """The chains that an expression may be, not read yet; what is inside of it is."""
        match node:
            case ast.Name(id=name):
                return self.name(name)
            case ast.Attribute(value=inner, attr=name):
                name = self.mangled(name)
                self.attributes.add(name)
                refs = [] if name in OF_FILES and self.is_place(inner) else self.value(inner)
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
        self.inside(node)
        return []

    def is_place(self, node: ast.expr) -> bool:
        """Read the chain ``ROOT`` of ``(ROOT / name).resolve()`` as a place, and what is added; False for others."""
        first, added = node, list[ast.expr]()
        while True:
            match first:
                case ast.BinOp(left=inner, op=ast.Div(), right=right):
                    added.insert(0, right)
                case ast.Call(func=ast.Attribute(value=inner, attr="joinpath"), args=args, keywords=[]):
                    added[:0] = args
                case ast.Call(func=ast.Attribute(value=inner, attr="resolve" | "absolute"), args=[], keywords=[]):
                    pass
                case _:
                    break
            first = inner
        if not added or not isinstance(first, (ast.Name, ast.Attribute)):
            return False
        self.use(Kind.PLACE, self.value(first), first)
        self.all(added)
        return True

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
            case ast.Name(id="__name__") if self.scope.owner("__name__") is None:
                return MODULE
        self.read(node)
        return Named(node.id) if isinstance(node, ast.Name) and self.is_parameter(node.id) else ANY

    def is_parameter(self, name: str) -> bool:
        """Whether a name is, here, a parameter of the function itself."""
        return self.scope.owner(name) is self.outermost and name in self.parameters

    def name(self, name: str) -> list[Ref]:
        """What a name stands for."""
        owner = self.scope.owner(name)
        if owner is not None:
            refs = self.looked_up(owner, name)
            if owner is self.outermost and name in self.parameters:
                refs.append(Ref(Chain(Root("parameter", name))))
            if not owner.is_class or refs:
                return refs
        kind = "closure" if name in self.free and not self.scope.is_global(name) else "global"
        return self.onward([Ref(Chain(Root(kind, name)))])

    def looked_up(self, owner: Scope, name: str) -> list[Ref]:
        """What a local variable stands for, as far as it is known."""
        place = (id(owner), name)
        self.looked.add(place)
        return list(self.stands_for.get(place, {}).values())

    def stand_for(self, owner: Scope, name: str, ref: Ref) -> None:
        """A local variable stands for one chain more."""
        place = (id(owner), name)
        known = self.stands_for.setdefault(place, {})
        if ref.chain not in known:
            known[ref.chain] = ref
            self.has_grown = True
            self.too_late |= place in self.looked or len(known) > 1

    @property
    def is_done(self) -> bool:
        """Whether another walk would find the same: nothing was looked up before it was known."""
        return not self.too_late and not (self.has_grown and self.defined_late)

    def onward(self, refs: list[Ref], *steps: Step) -> list[Ref]:
        """The same some steps further, and whether the function has set what is there itself."""
        found = []
        for chain, unless in refs:
            chain = chain.then(*steps)
            if unless is None and chain in self.was_set:
                unless = Unless(chain, tuple(dict.fromkeys(self.passed[self.was_set[chain] :])))
            found.append(Ref(chain, unless))
        return found

    def let(self, name: str, refs: list[Ref]) -> None:
        """A variable is set to a bare chain."""
        owner = self.scope.owner(name)
        if owner is None:  # ``global name``: it is stored in something that lives on
            self.uses += [Use(Kind.READ, ref) for ref in refs]
            self.uses += [Use(Kind.WRITE, Ref(ref.chain)) for ref in self.name(name)]
            return
        known = self.stands_for.setdefault((id(owner), name), {})
        for ref in refs:
            steps = ref.chain.steps
            grows = any(
                other.root == ref.chain.root and steps[: len(other.steps)] == other.steps != steps for other in known
            )
            if grows and len(steps) > 3:  # ``node = node.next``
                self.uses.append(Use(Kind.READ, ref))
            else:
                self.stand_for(owner, name, ref)

    # Uses -------------------------------------------------------------------------------------

    def use(self, kind: Kind, refs: Iterable[Ref], node: ast.AST) -> None:
        """Note a use of each chain."""
        line = getattr(node, "lineno", 0)
        self.uses += [Use(kind, ref, line) for ref in refs]

    def read(self, node: ast.expr | None) -> None:
        """An expression whose value is read whole."""
        if node is not None:
            self.use(Kind.READ, self.value(node), node)

    def all(self, nodes: Iterable[ast.expr | None]) -> None:
        """Expressions whose values are read whole."""
        for node in nodes:
            self.read(node)

    def other_code_runs(self) -> None:
        """Anything may be set by somebody else now."""
        self.was_set.clear()

    def inside(self, node: ast.AST) -> None:
        """What an expression that is no chain itself does."""
        match node:
            case ast.Lambda():
                self.nested(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self.comprehension(node)
            case ast.Compare():
                self.compare(node)
            case _:
                for child in children(node):
                    self.read(child) if isinstance(child, ast.expr) else self.inside(child)
        if isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom)):
            self.other_code_runs()

    def compare(self, node: ast.Compare) -> None:
        """A comparison: with ``is`` of identities, with ``in`` of a constant, of classes, or of values."""
        sides = [node.left, *node.comparators]
        refs = [self.value(side) for side in sides]
        text = text_of(node.left)
        if len(sides) == 2 and isinstance(node.ops[0], (ast.In, ast.NotIn)) and text is not None:
            self.uses += [Use(Kind.MEMBER, ref, node.lineno, (Given(0, (), text),)) for ref in refs[1]]
            return
        only_is = all(isinstance(each, (ast.Is, ast.IsNot)) for each in node.ops)
        constant = any(isinstance(side, ast.Constant) for side in sides)
        for found, side in zip(refs, sides, strict=True):
            of_class = found and all(ref.chain.steps[-1:] == (CLASS,) for ref in found)
            kind = Kind.IDENTITY if only_is and constant else Kind.CLASS if of_class else Kind.READ
            self.use(kind, found, side)

    def comprehension(self, node: Comprehension) -> None:
        """A comprehension; a generator expression may run later, when what was set is set anew."""
        was_set, outer = self.was_set, self.scope
        inner = self.scope_of(node, [each.target for each in node.generators], (), self.scope)
        for number, each in enumerate(node.generators):
            refs = self.items(each.target, each.iter, inner)
            self.scope = inner
            if number == 0 and isinstance(node, ast.GeneratorExp):
                self.was_set = {}
            self.loop(each.target, refs, bool(each.is_async))
            self.all(each.ifs)
        self.all([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        self.scope, self.was_set = outer, was_set
        if any(each.is_async for each in node.generators):
            self.other_code_runs()

    def items(self, target: ast.expr, node: ast.expr, scope: Scope) -> list[Ref]:
        """What a loop goes through; in ``for x in (A, B)`` the variable of ``scope`` stands for each of them."""
        if not isinstance(target, ast.Name) or not isinstance(node, (ast.Tuple, ast.List)):
            return self.value(node)
        for each in node.elts:
            if isinstance(each, ast.Starred):
                self.read(each)
                continue
            refs, outer = self.value(each), self.scope
            self.scope = scope
            self.let(target.id, refs)
            self.scope = outer
        return []

    def loop(self, target: ast.expr, refs: list[Ref], is_async: bool) -> None:
        """A variable that takes the items of what ``refs`` lead to."""
        if isinstance(target, ast.Name) and not is_async:
            self.use(Kind.ITERATE, refs, target)
            self.let(target.id, self.onward(refs, EACH))
        else:
            self.use(Kind.READ, refs, target)
            self.target(target)

    def nested(self, node: Function) -> None:
        """A function inside: it runs later, or elsewhere."""
        self.all([*node.args.defaults, *node.args.kw_defaults])
        scope, was_set = self.scope, self.was_set
        self.scope, self.was_set = self.scope_of(node, body_of(node), parameters(node.args), scope), {}
        self.body(node)
        self.scope, self.was_set = scope, was_set

    @abc.abstractmethod
    def body(self, node: Function) -> None:
        """The body of a function, in its own scope."""

    # Targets ----------------------------------------------------------------------------------

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

    def written(self, target: ast.expr) -> list[Ref]:
        """The chain of a target, with whatever leads to it."""
        match target:
            case ast.Attribute(value=inner, attr=name):
                self.attributes.add(self.mangled(name))
                step: Step = Attribute(self.mangled(name))
                refs = self.value(inner)
            case ast.Subscript(
                value=ast.Attribute(value=inner, attr="__dict__") | ast.Call(func=ast.Name(id="vars"), args=[inner]),
                slice=key,
            ):
                refs, attribute = self.value(inner), text_of(key)
                self.read(key)
                step = ANY if attribute is None else Attribute(attribute)
            case ast.Subscript(value=inner, slice=key):
                refs, step = self.value(inner), self.key(key)
                step = ANY if isinstance(step, Named) else step
            case ast.Name(id=name):
                return [Ref(chain) for chain, _ in self.name(name)]
            case _:
                self.target(target)
                return []
        return [Ref(chain.then(step), unless) for chain, unless in refs]

    def is_one_thing(self, node: ast.expr) -> bool:
        """Whether a chain starts from a name that stands for one thing all along: no local variable."""
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        if not isinstance(node, ast.Name):
            return False
        return self.scope.owner(node.id) is None or (self.is_parameter(node.id) and self.bindings[node.id] == 1)
