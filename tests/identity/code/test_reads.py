"""What functions do with what is outside of them, from their trees alone."""

from __future__ import annotations

import pytest
from cells import tree, uses

from llm_memo.identity.code.reads import reads_of

USES = [
    # Names and chains.
    ("return A", ["read A"]),
    ("return x", ["read x"]),
    ("return A.b.c", ["read A.b.c"]),
    ("return A['k'][0][-1]", ["read A['k'][0][-1]"]),
    ("return A[x]", ["read x", "read A[x]"]),
    ("y = x\n return A[y]", ["read x", "read A[…]"]),
    ("return A[B]", ["read B", "read A[…]"]),
    ("return A[__name__]", ["read A[__name__]"]),
    ("return A.get('k')", ["read A.get['k']"]),
    ("return A.get('k', B)", ["read B", "read A.get['k']"]),
    ("return A.get(k='k')", ["call A.get", "read A.get()"]),
    ("return A.__dict__", ["read A"]),
    ("return A.__class__", ["read A.__class__"]),
    ("return A if B else C", ["read B", "read A", "read C"]),
    ("return (a := A).b + a.c", ["read A.b", "read A.c"]),
    ("return f'{A} {B:{C}}'", ["read A", "read B", "read C"]),
    ("return A[B:C]", ["read B", "read C", "read A[…]"]),
    ("return {A: B}", ["read A", "read B"]),
    ("return -A + B * 2", ["read A", "read B"]),
    ("return open(ROOT / 'a' / x)", ["place ROOT", "read x", "call open", "read open()"]),
    ("return (ROOT / 'a').read_text()", ["place ROOT", "call "]),
    # Local variables stand for chains.
    ("a = A\n return a.b", ["read A.b"]),
    ("a, b = A, B\n return a.c, b.d", ["read A.c", "read B.d"]),
    ("a = A\n if x: a = B\n return a.c", ["read x", "read A.c", "read B.c"]),
    ("for i in x:\n  a.c\n  a = A", ["iterate x", "read A.c"]),
    ("a, b = A\n return a", ["read A"]),
    ("a, *b = A, B\n return a", ["read A", "read B"]),
    ("node = A\n while node: node = node.next", ["read A", *(f"read A{'.next' * n}" for n in range(1, 5))]),
    # Loops and comprehensions.
    ("for i in A: i.b", ["iterate A", "read A[each].b"]),
    ("for i in (A, B): i.c", ["read A.c", "read B.c"]),
    ("for i, j in A: pass", ["read A"]),
    ("for A.b in x: pass", ["read x", "write A.b"]),
    ("return [i.b for i in A if C]", ["iterate A", "read C", "read A[each].b"]),
    ("return {i: j for i in A for j in B}", ["iterate A", "iterate B", "read A[each]", "read B[each]"]),
    ("return [i.c for i in (A, B)]", ["read A.c", "read B.c"]),
    ("return list(i for i in A)", ["iterate A", "read A[each]", "call list", "read list()"]),
    # Calls.
    ("return A(B, c=C)", ["call A given B, C", "read A()"]),
    ("return A(*B, **C)", ["call A given B, C", "read A()"]),
    ("return (lambda y: y.b)(A)", ["read A.b", "call "]),
    ("def g(y): return y.b\n return g(A)", ["read A.b", "call "]),
    ("return len(A)", ["length A"]),
    ("return isinstance(A, (B, C))", ["class A given B, C", "class B", "class C"]),
    ("return issubclass(A, B)", ["class A given B", "class B"]),
    ("return callable(A)", ["class A"]),
    ("return type(A).b", ["read A.__class__.b"]),
    ("return type('A', (), {})", ["call type", "read type()"]),
    ("return hasattr(A, 'b')", ["presence A.b"]),
    ("return hasattr(A, x)", ["call hasattr given A, x", "read hasattr()"]),
    ("return getattr(A, 'b', C)", ["read A.b", "read C"]),
    ("return getattr(A, '__class__')", ["read A.__class__"]),
    ("return getattr(A, x)", ["call getattr given A, x", "read getattr()"]),
    ("return super().go()", ["call super().go", "read super().go()"]),
    ("return globals()['A']", ["read globals()['A']"]),
    ("return A(**globals())", ["data globals()", "call A", "read A()"]),
    ("a = A\n return locals()", ["read A", "read x"]),
    ("return vars(A), dir(B)", ["read A", "read B"]),
    ("a = A\n return vars()", ["read A", "read x"]),
    ("return eval('A', B)", ["read B", "read x", "read globals()"]),
    ("import importlib\n return importlib.import_module('m').A",
     ["import importlib", "import m", "read m.A"]),
    ("return __import__('m.n')", ["import m", "read m"]),
    ("return __import__(x)", ["call __import__ given x", "read __import__()"]),
    # Comparisons.
    ("return A is None", ["identity A"]),
    ("return A is B", ["read A", "read B"]),
    ("return A == B", ["read A", "read B"]),
    ("return type(A) is B", ["class A.__class__", "read B"]),
    ("return 'k' in A", ["member A"]),
    ("return x in A", ["read x", "read A"]),
    ("inner(A), known(A)", ["call inner given A", "read inner()", "call known given A", "read known()"]),
    # Writes.
    ("A.b = x", ["read x", "write A.b"]),
    ("A['k'] = B", ["read B", "write A['k']"]),
    ("A.b += B", ["read B", "write A.b"]),
    ("A.b = A.b + B", ["read B", "write A.b"]),
    ("A['k'] = A.get('k', 0) + 1", ["write A['k']"]),
    ("del A.b, A['k']", ["write A.b", "write A['k']"]),
    ("try: del A['k']\n except KeyError: pass", ["write A['k']", "presence A['k']", "class KeyError"]),
    ("A.b, A.c = x", ["read x", "write A.b", "write A.c"]),
    ("A.b = 1\n return A.b", ["write A.b", "read A.b unless set"]),
    ("A.b = 1\n go(lambda: 0)\n return A.b", ["write A.b", "group: call go", "read A.b"]),
    ("if x: A.b = 1\n return A.b", ["read x", "write A.b", "read A.b"]),
    ("setattr(A, 'b', x)", ["group: read x", "group: write A.b"]),
    ("global A\n A = x", ["read x", "write A"]),
    # What is made lazily.
    ("global A\n if A is None: A = B", ["read B", "write A", "lazy A"]),
    ("global A\n if not A: A = B", ["read B", "write A", "lazy A"]),
    ("global A\n A = A or B", ["read B", "write A", "lazy A"]),
    ("if not hasattr(A, 'b'): A.b = C", ["read C", "write A.b", "lazy A.b"]),
    ("if not x: x = A\n return x.b", ["read A", "read x", "read A.b", "read x.b"]),
    # Statements.
    ("with A as a: a.b", ["enter A"]),
    ("with A() as a: return a.b", ["call A", "enter A()", "read A().b"]),
    ("with A as (a, b): pass", ["enter A"]),
    ("with suppress(KeyError): A.pop('k')",
     ["call suppress given KeyError", "enter suppress()", "group: call A.pop", "group: keys A"]),
    ("try: pass\n except (A, B): C\n else: D\n finally: E", ["class A", "class B", "read C", "read D", "read E"]),
    ("raise A from B", ["read A", "read B"]),
    ("assert A, B", ["read A", "read B"]),
    ("match x:\n  case A.b: pass\n  case C(): pass\n  case {D.e: 1} if F: pass",
     ["read x", "read A.b", "class x given C", "read C", "read D.e", "read F"]),
    ("while A: B\n else: C", ["read A", "read B", "read C"]),
    ("import a.b as c\n return c.d", ["import a.b", "read a.b.d"]),
    ("import a.b\n return a.d", ["import a.b", "import a", "read a.d"]),
    ("from .a import b as c\n return c.d", ["import .a.b", "read .a.b.d"]),
    ("global b\n from a import b", ["import a.b", "read a.b", "write b"]),
    ("yield A", ["read A"]),
    ("yield from A", ["read A"]),
    # Functions and classes inside.
    ("def g(y=A): return B\n return g", ["read A", "read B"]),
    ("@A\n def g(y: C) -> D: return B", ["call A", "read C", "read D", "read B"]),
    ("class K(A, k=B):\n  y: C = D\n  def m(self): return E", ["read A", "read B", "read C", "read D", "read E"]),
    ("class K:\n  y = A\n  z = y", ["read A"]),
    # Once, however often; steps and keys that only look equal are others.
    ("return A.b + A.b + B(A.b) + B(A.b)", ["read A.b", "call B given A.b", "read B()"]),
    ("return A.x + A[x] + A[1] + A[True]", ["read A.x", "read x", "read A[x]", "read A[1]", "read A[True]"]),
    ("@A\n class K: pass", ["call A"]),
    ("global g\n def g(): pass", ["write g"]),
    ("g = lambda y=A: B.c", ["read A", "read B.c"]),
    # Statements that may only log.
    ("A.info(x)", ["group: call A.info given x"]),
    ("if x: A.info(B)", ["group: read x", "group: call A.info given B"]),
    ("A.info((y := B))", ["call A.info given B"]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), USES, ids=[row[0].splitlines()[0] for row in USES])
def test_uses(body: str, expected: list[str]) -> None:
    """Each use of what is outside is one of these kinds, in the order of the code."""
    assert expected == uses(f"def f(x):\n {body}\n")


def test_what_is_returned() -> None:
    """A function's own caller gets what it returns; what is returned inside of it, or with something, is read."""
    reads = reads_of(tree("def f(x):\n def g(): return A\n if x: return B\n return g(), C"))
    kinds = {use.ref.chain.root.name: use.kind.value for use in reads.uses}
    assert {"A": "read", "B": "return", "C": "read"} == {name: kinds[name] for name in "ABC"}


def test_a_private_name_has_its_class_before_it() -> None:
    """``self.__k`` in a class ``C`` is ``self._C__k``, ``self.__k__`` is itself."""
    assert ["read self._C__k", "read self.__k__"] == uses("def f(self): return self.__k, self.__k__", owner="C")


def test_what_comes_from_around_is_no_global() -> None:
    """A free name is a closure value, unless it is declared global."""
    reads = reads_of(tree("def f():\n def g():\n  global c\n  return c\n return c, G, g()"), ("c",))
    assert ["global", "closure", "global"] == [use.ref.chain.root.kind for use in reads.uses if use.ref.chain.root.name]


def test_names_of_attributes_and_builtins() -> None:
    """All attributes that code names are told, and the builtins that it takes for what they are."""
    reads = reads_of(tree("def f(x): return len(x.a), getattr(x, 'b'), hasattr(x, 'c'), x.d.get('k')"))
    assert {"a", "b", "c", "d", "get"} == reads.attributes
    assert {"len", "getattr", "hasattr"} == reads.builtins


@pytest.mark.parametrize("name", ["inner", "import_", "special", "body"])
def test_a_call_of_a_name_that_means_nothing(name: str) -> None:
    """A function of the user's may have any name: only builtins are told apart by theirs."""
    assert [f"call {name} given A", f"read {name}()"] == uses(f"def f(x): return {name}(A)")


def test_a_builtin_that_means_something_else() -> None:
    """A module that has a ``len`` of its own is asked for that."""
    reads = reads_of(tree("def f(x): return len(A)"), redefined=frozenset({"len"}))
    assert "call" == reads.uses[0].kind.value


def test_a_module_that_a_call_imports_always_or_not() -> None:
    """An import in the outermost body runs in every call, one under a condition may not."""
    reads = reads_of(tree("def f(x):\n import a\n if x: import b"))
    roots = [use.ref.chain.root for use in reads.uses]
    assert {("a", True), ("b", False)} == {(root.name, root.always) for root in roots if root.kind == "import"}
