"""What the calls in a function do with values outside of it; builtins whose meaning is known have a method each."""

from __future__ import annotations

import ast

from llm_memo.identity.code.expressions import Expressions
from llm_memo.identity.code.names import CLASS, Attribute, Chain, Result, Root, Step
from llm_memo.identity.code.scopes import Function, body_of, parameters
from llm_memo.identity.code.uses import Given, Kind, Ref, Use
from llm_memo.identity.code.wording import text_of

_CAN_FAIL = frozenset({"remove", "pop", "popleft", "popitem"})
"""Mutators that fail by what is there."""
GLOBALS = Ref(Chain(Root("module", "globals()")))


class Calls(Expressions):
    """Goes through calls as well."""

    def begin(self) -> None:
        """Start from the first statement."""
        super().begin()
        self.depth = 0
        """0 in the outermost body, whose statements always run."""
        self.trying = False
        """A statement that fails is caught."""

    def call(self, node: ast.Call, statement: bool) -> list[Ref]:
        """A call: what it calls, what it is given, and what it may return."""
        found = self.known_call(node)
        if found is not None:
            return found
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if statement and isinstance(inner, ast.Call) and getattr(inner.func, "attr", "") == "setdefault":
            called = self.onward(self.call(inner, statement=True), Attribute(node.func.attr))  # type: ignore[attr-defined]
        else:
            called = self.value(node.func)
        given = self.given(node)
        self.passed += [ref.chain for each in given for ref in each.refs]
        self.inner_call(node, called, given, statement)
        if self.trying and statement and isinstance(node.func, ast.Attribute) and node.func.attr in _CAN_FAIL:
            self.use(Kind.KEYS, [Ref(Chain(chain.root, chain.steps[:-1]), unless) for chain, unless in called], node)
        self.uses += [Use(Kind.CALL, ref, node.lineno, tuple(given), statement) for ref in called]
        mode = next((str(each.constant) for each in given if each.place in (1, "mode") and each.constant), "")
        return self.onward(called, Result(mode))

    def given(self, node: ast.Call) -> list[Given]:
        """The arguments of a call."""
        given = []
        for place, each in enumerate(node.args):
            starred = isinstance(each, ast.Starred)
            value = each.value if isinstance(each, ast.Starred) else each
            if place == 0 and getattr(node.func, "id", "") == "open" and self.is_place(value):
                continue
            given.append(Given("*" if starred else place, tuple(self.value(value)), text_of(value)))
        for keyword in node.keywords:
            value = keyword.value
            if keyword.arg is None and isinstance(value, ast.Call) and getattr(value.func, "id", "") == "globals":
                self.builtins.add("globals")
                self.use(Kind.DATA, [GLOBALS], node)
                continue
            given.append(Given(keyword.arg or "*", tuple(self.value(value)), text_of(value)))
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        if any(isinstance(each, ast.GeneratorExp) or self.made_here(each) is not None for each in values):
            self.other_code_runs()
        return given

    # Functions that are made here -------------------------------------------------------------

    def inner_call(self, node: ast.Call, called: list[Ref], given: list[Given], statement: bool) -> None:
        """A call of what is no chain: an inner function takes what it is given, whatever else reads it."""
        local = self.made_here(node.func)
        for each in given if not called or local is not None else ():
            taken_by = None if local is None else parameter_at(local.args, each.place)
            if local is not None and taken_by is not None and not called:
                scope = self.scope_of(local, body_of(local), parameters(local.args), self.scope)
                for ref in each.refs:
                    self.stand_for(scope, taken_by, ref)
            if taken_by is None or called or not self.is_certain(node.func):
                self.use(Kind.READ, each.refs, node)
        if not called:
            self.uses.append(Use(Kind.CALL, Ref(Chain(Root("opaque", ""))), node.lineno, statement=statement))

    def is_certain(self, node: ast.expr) -> bool:
        """Whether the function that an expression is made here is no other one, too."""
        return not isinstance(node, ast.Name) or self.bindings[node.id] == 1

    def made_here(self, node: ast.expr) -> Function | None:
        """The inner function or lambda that an expression is."""
        if isinstance(node, ast.Name):
            owner = self.scope.owner(node.id)
            if owner is None:
                return None
            self.looked.add((id(owner), node.id))
            return owner.functions.get(node.id)
        return node if isinstance(node, ast.Lambda) else None

    # Calls whose meaning is known -------------------------------------------------------------

    def known_call(self, node: ast.Call) -> list[Ref] | None:
        """What a call of a builtin, ``value.get("a constant")`` or ``import_module("a constant")`` leads to."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if isinstance(node.func, ast.Name) and self.scope.owner(name) is None and name not in self.redefined:
            special = getattr(self, f"call_{name}", None)
            if special is not None and (found := special(node)) is not None:
                self.builtins.add(name)
                return found  # type: ignore[no-any-return]
        if name in ("import_module", "__import__"):
            return self.call_import(node, name)
        if isinstance(node.func, ast.Attribute) and name == "get" and not node.keywords and 1 <= len(node.args) <= 2:
            key, *default = node.args
            if not isinstance(key, (ast.Constant, ast.Name)):
                return None
            self.attributes.add("get")
            refs = self.value(node.func.value)
            if not refs:
                return None
            step = self.key(key)
            self.all(default)
            # What has a ``get`` of its own is called: the scan knows.
            return self.onward(refs, Attribute("get"), step)
        return None

    def call_import(self, node: ast.Call, name: str) -> list[Ref] | None:
        """An import by a call."""
        text = text_of(node.args[0]) if node.args else None
        if text is None:  # the scan may know it
            return None
        self.all(node.args[1:])
        return self.imported(text if name == "import_module" else text.partition(".")[0], node)

    def imported(self, name: str, node: ast.AST, *steps: Step) -> list[Ref]:
        """A module is imported, or a name from it."""
        always = self.depth == 0 and self.scope is self.outermost
        refs = [Ref(Chain(Root("import", name, always), steps))]
        self.use(Kind.IMPORT, refs, node)
        return refs

    def call_type(self, node: ast.Call) -> list[Ref] | None:
        """``type(x)``."""
        return self.onward(self.value(node.args[0]), CLASS) if len(node.args) == 1 else None

    def call_isinstance(self, node: ast.Call) -> list[Ref]:
        """``isinstance(x, kinds)``, ``issubclass(x, kinds)``."""
        subject, *others = node.args
        kinds = [part for each in others for part in (each.elts if isinstance(each, ast.Tuple) else [each])]
        given = tuple(Given(place, tuple(self.value(kind))) for place, kind in enumerate(kinds))
        self.uses += [Use(Kind.CLASS, ref, node.lineno, given) for ref in self.value(subject)]
        for each in given:
            self.use(Kind.CLASS, each.refs, node)
        return []

    call_issubclass = call_isinstance

    def call_callable(self, node: ast.Call) -> list[Ref]:
        """``callable(x)``."""
        for each in node.args:
            self.use(Kind.CLASS, self.value(each), node)
        return []

    def call_len(self, node: ast.Call) -> list[Ref]:
        """``len(x)``."""
        for each in node.args:
            self.use(Kind.LENGTH, self.value(each), node)
        return []

    def named(self, node: ast.Call) -> list[Ref] | None:
        """The attribute that ``getattr(x, "n", …)`` and its like name; None if its name is not constant."""
        if len(node.args) < 2 or (name := text_of(node.args[1])) is None:
            return None
        self.attributes.add(name)
        return self.onward(self.value(node.args[0]), CLASS if name == "__class__" else Attribute(name))

    def call_hasattr(self, node: ast.Call) -> list[Ref] | None:
        """``hasattr(x, "n")``."""
        refs = self.named(node)
        self.use(Kind.PRESENCE, refs or (), node)
        return None if refs is None else []

    def call_getattr(self, node: ast.Call) -> list[Ref] | None:
        """``getattr(x, "n")``."""
        refs = self.named(node)
        return None if refs is None else refs + [ref for each in node.args[2:] for ref in self.value(each)]

    def call_setattr(self, node: ast.Call) -> list[Ref] | None:
        """``setattr(x, "n", v)``."""
        refs = self.named(node)
        if refs is None:
            return None
        self.all(node.args[2:])
        self.use(Kind.WRITE, refs, node)
        return []

    def call_super(self, node: ast.Call) -> list[Ref]:
        """``super()``, and ``super(C, self)`` in a method of ``C``."""
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
        """``globals()``."""
        return [GLOBALS]

    def call_locals(self, node: ast.Call) -> list[Ref]:
        """``locals()``: all local variables are read, whatever they stand for."""
        for name in sorted(self.outermost.bound):
            self.use(Kind.READ, self.name(name), node)
        return []

    def call_vars(self, node: ast.Call) -> list[Ref]:
        """``vars(x)``, ``dir(x)``."""
        self.all(node.args)
        return [] if node.args else self.call_locals(node)

    call_dir = call_vars

    def call_eval(self, node: ast.Call) -> list[Ref]:
        """``eval(text)``, ``exec(text)``: whatever the text names is read."""
        self.all([*node.args, *(each.value for each in node.keywords)])
        self.call_locals(node)
        self.use(Kind.READ, [GLOBALS], node)
        return []

    call_exec = call_eval


def parameter_at(arguments: ast.arguments, place: int | str) -> str | None:
    """The parameter that takes an argument; None for one that ``*args`` or ``**kw`` takes."""
    positional = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    if isinstance(place, int):
        return positional[place] if place < len(positional) else None
    return place if place in (*positional, *(each.arg for each in arguments.kwonlyargs)) else None
