"""One program of each kind of fault that the first edition had."""

from __future__ import annotations

from corpus.cases import Program

CASES = [
    Program(
        "__init_subclass__ writes to a registry that is read",
        """
        class Plugin:
            reg = {}
            def __init_subclass__(cls): Plugin.reg[cls.__name__] = cls
        class Terse(Plugin): text = "terse "
        @cached
        def f(n, q): return ask(Plugin.reg[n].text + q)
        print(f("Terse", "q")); Terse.text = "rude "; print(f("Terse", "q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a default of a pydantic model that the code builds",
        """
        from pydantic import BaseModel
        class P(BaseModel): tone: str = "terse "
        @cached
        def f(q): return ask(P().tone + q)
        print(f("q"))
        class P(BaseModel): tone: str = "rude "
        print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a member of an enum that is looked up by name",
        """
        from enum import Enum
        class T(Enum): A = "terse "
        @cached
        def f(n, q): return ask(T[n].value + q)
        print(f("A", "q"))
        class T(Enum): A = "rude "
        print(f("A", "q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a descriptor in a class",
        """
        class P:
            def __init__(self, t): self.t = t
            def __get__(self, o, c): return self.t
        class A:
            system = P("terse ")
            @cached
            def ask(self, q): return ask(self.system + q)
        print(A().ask("q")); A.system = P("rude "); print(A().ask("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a count of a closure that is written and compared",
        """
        def make(tone):
            n = 0
            @cached
            def f(q):
                nonlocal n
                n += 1
                return ask((tone if n < 2 else "tired ") + q)
            return f
        f = make("terse "); print(f("q"), f("q"))
        """,
        "<terse q> <tired q>",
        ("SelfChanging",),
        says=('ignore=("n",)',),
    ),
    Program(
        "a field of a named tuple",
        """
        from collections import namedtuple
        N = namedtuple("N", "tone end")
        C = N("terse ", ".")
        @cached
        def f(q): return ask(C.tone + q)
        print(f("q")); C = N("rude ", "."); print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a log that is written to a file as a whole",
        """
        import json, os
        L = []
        @cached
        def f(q):
            r = ask(q); L.append(r)
            with open(os.devnull, "w") as fh: json.dump(L, fh)
            return r
        [f("q") for _ in range(4)]; print(f.cache_info().hits, "hits of 3")
        """,
        "0 hits of 3",
        ("SelfChanging",),
        calls=4,
        second="4 hits of 3",
        off="0 hits of 3",
    ),
    Program(
        "a log that is written to a file as a whole, and ignored",
        """
        import json, os
        from llm_memo import cached_completion
        L = []
        @cached_completion(ignore=("L",))
        def f(q):
            r = ask(q); L.append(r)
            with open(os.devnull, "w") as fh: json.dump(L, fh)
            return r
        [f("q") for _ in range(4)]; print(f.cache_info().hits, "hits of 3")
        """,
        "3 hits of 3",
        calls=1,
        second="4 hits of 3",
        off="0 hits of 3",
    ),
]
