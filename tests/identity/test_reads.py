"""What code reads and writes, found in its bytecode."""

# ruff: noqa: F821, F841
# mypy: disable-error-code="name-defined, used-before-def"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llm_memo.identity.paths import Scope, Use
from llm_memo.identity.reads import reads_of

CALLED, LOOKED_AT, UPDATED = Use.CALLED, Use.LOOKED_AT, Use.UPDATED
PASSED, HANDED_ON = Use.PASSED, Use.HANDED_ON


def read(function: Callable[..., Any]) -> dict[str, Use]:
    """What a function reads, by path, but for its bare parameters."""
    found = reads_of(function.__code__).read.items()
    return {str(path): use for path, use in found if path.steps or path.scope is not Scope.PARAMETER}


def scopes(function: Callable[..., Any]) -> dict[str, str]:
    """Where the paths that a function reads start."""
    return {str(path): path.scope.value for path in reads_of(function.__code__).read}


def written(function: Callable[..., Any]) -> list[str]:
    """What a function writes, by path."""
    return [str(path) for path in reads_of(function.__code__).written]


def compiled(text: str) -> Callable[..., Any]:
    """The function ``f`` that a text defines."""
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    return namespace["f"]  # type: ignore[no-any-return]


def test_names_and_chains() -> None:
    """A global is read by its name, an attribute by the chain that leads to it."""

    def f() -> Any:
        return [A, B.c, D.e.f]

    assert {"A": HANDED_ON, "B.c": HANDED_ON, "D.e.f": HANDED_ON} == read(f)


def test_calls() -> None:
    """What is called is told from what is passed to it."""

    def f(x: Any) -> Any:
        return g(A, m.h(B), x.k(C))

    found = read(f)
    assert (CALLED, CALLED) == (found["g"], found["m.h"])
    assert (PASSED, PASSED, PASSED) == (found["A"], found["B"], found["C"])
    assert "parameter" == scopes(f)["x.k"]


def test_what_is_passed_where() -> None:
    """A call tells which argument is which path, by place and by name."""

    def f(x: Any) -> Any:
        return g(A, 1, b=B, c=x)

    (call,) = reads_of(f.__code__).calls
    assert "g" == str(call.function)
    assert {0: "A", "b": "B", "c": "x"} == {place: str(path) for place, path in call.passed.items()}


def test_stars() -> None:
    """What is spread over arguments is handed on."""

    def f() -> Any:
        return g(*A, **B)

    assert {"A": HANDED_ON, "B": HANDED_ON, "g": CALLED} == read(f)


def test_measures() -> None:
    """What is measured, compared or tested goes nowhere."""

    def f(x: Any) -> Any:
        return len(A) > 3 and x in B and not C and D is None

    found = read(f)
    assert {LOOKED_AT} == {found[name] for name in "ABCD"}


def test_items() -> None:
    """An item is a step when its key is a constant, and any item else."""

    def f(x: Any) -> Any:
        return A["b"], A["c"]["d"], B[0], C[x], D[1:2]

    assert {"A['b']", "A['c']['d']", "B[0]", "C[…]", "D"} == read(f).keys()


def test_closures_and_parameters() -> None:
    """A variable of an enclosing function is read from the closure, one's own parameter is a parameter's."""
    n = 1

    def f(self: Any) -> Any:
        return self.a, [n for _ in ()]

    assert {"n": "closure", "self.a": "parameter"} == scopes(f)


def test_inner_functions() -> None:
    """What inner functions read of the outside, the function reads; what they read of it, nobody sees."""

    def f(self: Any) -> Any:
        local = 1

        def inner(other: Any) -> Any:
            nonlocal local
            local = 2
            return local, other.a, self.b, G

        return [inner, lambda: H.i, {j + 1 for j in K}]

    found = scopes(f)
    assert {"self.b": "parameter", "G": "global", "H.i": "global", "K": "global"} == found
    assert [] == written(f)


def test_a_variable_of_the_second_outer_function_is_closed_over_twice() -> None:
    """A cell that is handed through is still the closure's."""
    n = 1

    def f() -> Any:
        return lambda: lambda: n

    assert {"n": "closure"} == scopes(f)


def test_class_bodies() -> None:
    """A class inside reads what its body does and its methods do, but for its own names."""

    def f() -> Any:
        class A(B):
            c = C
            d = c

            def method(self) -> Any:
                return D

        return A

    assert {"B", "C", "D"} == read(f).keys()


def test_a_class_body_reads_the_closure() -> None:
    """Also what only the body of a class reads of the enclosing functions."""
    n = 1

    def f() -> Any:
        class A:
            c = n

        return A

    assert {"n": "closure"} == scopes(f)


def test_imports() -> None:
    """A module that is imported inside is where a path starts, by whatever name it goes."""

    def f() -> Any:
        import a
        import b.c
        import d.e as e
        from g import h
        from g.i import j as k

        return a.x, b.c.x, e.x, h, k.x

    assert {"a.x", "b.c.x", "d.e.x", "g.h", "g.i.j.x"} == read(f).keys()
    assert {"import"} == set(scopes(f).values())


def test_relative_imports() -> None:
    """Dots say how far up a module is."""
    f = compiled("def f():\n from . import a\n from ..b import c\n return a, c")
    assert {".": ("a",), "..b": ("c",)} == {path.name: path.steps for path in reads_of(f.__code__).read}


def test_aliases() -> None:
    """A local name that is given once is another name for a path; one that is given twice is not."""

    def f(x: Any) -> Any:
        once = A
        twice = B
        twice = twice.c
        x = x or C
        return once.d, twice.e, x.f

    assert {"A.d": HANDED_ON, "B": HANDED_ON, "C": HANDED_ON} == {
        path: use for path, use in read(f).items() if path[0] in "ABC"
    }


def test_a_loop_may_use_a_name_before_it_is_given() -> None:
    """Then the name is no other name for a path, and the path is read whole."""

    def f(items: Any) -> Any:
        for item in items:
            if item:
                print(last.x)  # type: ignore[used-before-def]
            last = A

    assert HANDED_ON == read(f)["A"]


def test_globals_with_a_constant() -> None:
    """A constant name in ``globals()`` is that global, read or written; any other is not known."""

    def f(name: str) -> Any:
        globals()["A"] += globals()["B"].c
        return globals()[name], globals().get("D")

    found = read(f)
    assert {"A", "B.c", "globals"} == found.keys()
    assert ["A"] == written(f)


def test_getattr_with_a_constant() -> None:
    """A constant name given to getattr is a step; any other leaves the whole."""

    def f(name: str) -> Any:
        return getattr(A, "b"), getattr(C, "d", E), getattr(F, name)  # noqa: B009

    assert {"A.b", "C.d", "E", "F", "getattr"} <= read(f).keys()
    assert "A" not in read(f)


def test_writes() -> None:
    """Assigned and deleted names, attributes and items are written."""
    n = 1

    def f(self: Any, x: Any) -> None:
        nonlocal n
        global A, B
        n = 2
        A = B = 1
        del B
        C.d = 1
        del C.e
        D["f"] = D[x] = 1
        del E[x]
        F[1:2] = [1]
        self.g = 1
        C.h.i["j"] = 1

    assert {"n", "A", "B", "C.d", "C.e", "D['f']", "D[…]", "E[…]", "F[…]", "self.g", "C.h.i['j']"} == set(written(f))
    assert {} == read(f)


def test_a_deleted_variable_of_the_closure_is_written() -> None:
    """Deleting is writing."""
    n = 1

    def f() -> None:
        nonlocal n
        del n

    assert ["n"] == written(f)


def test_updates_in_place() -> None:
    """What is updated in place is written, and read only to that end."""

    def f(x: Any) -> None:
        global A
        A += B
        C.d += 1
        E["f"] += 1
        G[x] = G[x] + 1

    assert ["A", "C.d", "E['f']", "G[…]"] == written(f)
    seen = LOOKED_AT | HANDED_ON
    assert {"A": UPDATED, "B": seen, "C.d": UPDATED, "E['f']": UPDATED, "G[…]": seen} == read(f)


def test_what_is_known_survives_a_condition() -> None:
    """A value that waits on the stack while ways part and meet is still known."""

    def f(x: Any) -> None:
        A[B if x else C] = D or E
        g(x if x else 1, F)

    assert ["A[…]"] == written(f)
    found = read(f)
    assert (CALLED, PASSED) == (found["g"], found["F"])
    assert {HANDED_ON} == {found[name] & HANDED_ON for name in "BCE"}


def test_ways_that_part_with_different_values() -> None:
    """Where ways meet with different values on top, both are handed on."""

    def f(x: Any) -> Any:
        return (A if x else B).c

    assert {"A": HANDED_ON, "B": HANDED_ON} == {path[0]: use for path, use in read(f).items() if path[0] in "AB"}


def test_items_and_attributes_that_are_called() -> None:
    """What is called may be at the end of a path."""

    def f() -> Any:
        return A[0](B.c.d(1))

    assert {"A[0]": CALLED, "B.c.d": CALLED} == read(f)


def test_with_statements() -> None:
    """A manager's two methods are called."""

    def f() -> None:
        with A, B():
            pass

    assert {"A.__enter__": CALLED, "A.__exit__": CALLED, "B": CALLED} == read(f)


def test_coroutines() -> None:
    """What is awaited and iterated asynchronously is read like anything else."""

    async def f() -> Any:
        async with A, B.c(await D(E)):
            return [item async for item in F.g()]

    assert {"A.__aenter__", "A.__aexit__", "B.c", "D", "E", "F.g"} == read(f).keys()


def test_everything_else_is_handed_on() -> None:
    """Whatever the instruction, what is on the stack is read."""

    def f(x: Any) -> Any:
        try:
            match x:
                case A():
                    raise B from C
                case {"d": D.e, **rest}:
                    a, *b = F
                    assert G, H
                    yield f"{I!r:>{J}}"
        except K as error:
            yield from L
            return -M, [*N], {**O, "p": P}, Q @ R, {S: T}, {U}, rest, a, b, error
        for _ in V:
            while W:
                del x
        print(X, "ab", sep=Y)

    assert set("ABCFGHIJKLMNOPQRSTUVWXY") <= read(f).keys()
    assert "D.e" in read(f)


def test_super_is_not_followed() -> None:
    """``super()`` is how a class reaches its bases, which are looked at with the class."""

    class A:
        def f(self) -> Any:
            return super().f(B)  # type: ignore[misc]

    assert "B" in read(A.f)


def test_a_call_of_something_inner_hands_on() -> None:
    """What an inner function passes to one of the outer function's own values is handed on."""

    def f() -> Any:
        def g(x: Any) -> Any:
            return x

        return lambda: g(A)

    assert HANDED_ON in read(f)["A"]


def test_calls_inside() -> None:
    """What an inner function passes on is passed on from here."""

    def f(x: Any) -> Any:
        return lambda y: g(x, y, A)

    (call,) = reads_of(f.__code__).calls
    assert {0: "x", 2: "A"} == {place: str(path) for place, path in call.passed.items()}


def test_annotations_inside_are_not_read() -> None:
    """A local annotation is not evaluated, and so not read."""
    f = compiled("def f():\n x: A = B\n return x")
    assert {"B": HANDED_ON} == read(f)
