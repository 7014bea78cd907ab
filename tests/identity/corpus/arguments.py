"""Arguments count whole, as they are bound; of ``self``, ``cls`` and instances of own classes what is read."""

from __future__ import annotations

from corpus.cases import Program, hit, miss

PERSON = """
class Person:
    def __init__(self, name, note): self.name, self.note = name, note
"""

CASES = [
    Program(
        "an argument by position and by name is the same",
        """
        @cached
        def f(x, y): return ask(x + y)
        print(f("a", "b"), f("a", y="b"), f(y="b", x="a"))
        """,
        "<ab> <ab> <ab>",
    ),
    Program(
        "a default that is given is the default",
        """
        @cached
        def f(q, tone="terse "): return ask(tone + q)
        print(f("q"), f("q", "terse "), f("q", tone="rude "))
        """,
        "<terse q> <terse q> <rude q>",
    ),
    miss(
        "a default that the call uses is edited",
        """
        @cached
        def f(q, tone="terse "): return ask(tone + q)
        print(f("q"))
        """,
        ("terse", "rude"),
    ),
    hit(
        "a default that the call does not use is edited",
        """
        @cached
        def f(q, tone="terse "): return ask(tone + q)
        print(f("q", "calm "))
        """,
        ("terse", "rude"),
    ),
    Program(
        "the order of keywords counts",
        """
        @cached
        def f(**kw): return ask(str(list(kw)))
        print(f(a=1, b=2), f(b=2, a=1), f(a=1, b=2))
        """,
        "<['a', 'b']> <['b', 'a']> <['a', 'b']>",
    ),
    Program(
        "arguments by position only and by name only",
        """
        @cached
        def f(a, /, b, *, c): return ask(a + b + c)
        print(f("a", "b", c="c"), f("a", c="c", b="b"), f("a", "b", c="d"))
        """,
        "<abc> <abc> <abd>",
    ),
    Program(
        "further arguments by position count in their order",
        """
        @cached
        def f(*parts): return ask(" ".join(parts))
        print(f("a", "b"), f("b", "a"), f("a b"), f("a", "b"))
        """,
        "<a b> <b a> <a b> <a b>",
        calls=3,
    ),
    Program(
        "an argument that the code does not use counts",
        """
        @cached
        def f(q, user): return ask(q)
        print(f("q", "ann"), f("q", "bob"), f("q", "ann"))
        """,
        "<q> <q> <q>",
        calls=2,
    ),
    Program(
        "an argument counts whatever it is called",
        """
        @cached
        def f(token, api_key="x"): return ask("define " + token + api_key)
        print(f("cat"), f("dog"), f("dog", api_key="y"))
        """,
        "<define catx> <define dogx> <define dogy>",
    ),
    Program(
        "the order of a dict that is given counts",
        """
        import json
        @cached
        def f(d): return ask(json.dumps(d))
        print(f({"a": 1, "b": 2}), f({"b": 2, "a": 1}))
        """,
        '<{"a": 1, "b": 2}> <{"b": 2, "a": 1}>',
    ),
    Program(
        "the order of a set that is given does not count",
        """
        @cached
        def f(s): return ask(" ".join(sorted(s)))
        print(f({"a", "b", "c", "d"}), f(set("dcba")))
        """,
        "<a b c d> <a b c d>",
    ),
    Program(
        "equal numbers of other types are other arguments",
        """
        @cached
        def f(n): return ask(repr(n))
        print(f(1), f(True), f(1.0), f(1))
        """,
        "<1> <True> <1.0> <1>",
    ),
    Program(
        "a list that is given is what it holds now",
        """
        @cached
        def f(texts): return ask(" ".join(texts))
        texts = ["a"]
        print(f(texts)); texts.append("b"); print(f(texts)); print(f(["a"]))
        """,
        "<a> <a b> <a>",
    ),
    Program(
        "None is not the same as nothing given",
        """
        @cached
        def f(q, tone="terse "): return ask((tone or "rude ") + q)
        print(f("q"), f("q", None))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "an argument of an own class counts by what is read of it",
        PERSON
        + """
@cached
def f(p): return ask(p.name)
print(f(Person("ann", 1)), f(Person("ann", 2)), f(Person("bob", 1)))
""",
        "<ann> <ann> <bob>",
    ),
    Program(
        "an argument of an own dataclass counts by what is read of it",
        """
        from dataclasses import dataclass
        @dataclass
        class Person:
            name: str
            note: int
        @cached
        def f(p): return ask(p.name)
        print(f(Person("ann", 1)), f(Person("ann", 2)), f(Person("bob", 1)))
        """,
        "<ann> <ann> <bob>",
    ),
    Program(
        "an argument of an own class that is given to installed code counts whole",
        "import json\n"
        + PERSON
        + """
@cached
def f(p): return ask(json.dumps(vars(p)))
print(f(Person("ann", 1)), f(Person("ann", 2)), f(Person("ann", 1)))
""",
        '<{"name": "ann", "note": 1}> <{"name": "ann", "note": 2}> <{"name": "ann", "note": 1}>',
    ),
    Program(
        "an argument of an own class counts by the method that is called of it",
        PERSON
        + """
class Polite(Person):
    def text(self): return "dear " + self.name
class Rude(Person):
    def text(self): return "hey " + self.name
@cached
def f(p): return ask(p.text())
print(f(Polite("ann", 1)), f(Rude("ann", 1)), f(Polite("ann", 2)))
""",
        "<dear ann> <hey ann> <dear ann>",
    ),
    Program(
        "an argument of an installed class counts whole",
        """
        from types import SimpleNamespace as S
        @cached
        def f(p): return ask(p.name)
        print(f(S(name="ann", note=1)), f(S(name="ann", note=2)), f(S(name="ann", note=1)))
        """,
        "<ann> <ann> <ann>",
        calls=2,
    ),
    Program(
        "of cls what is read",
        """
        class A:
            tone, other = "terse ", 1
            @classmethod
            @cached
            def ask(cls, q): return ask(cls.tone + q)
        class B(A): tone = "rude "
        class C(A): other = 2
        print(A.ask("q"), B.ask("q"), C.ask("q"))
        """,
        "<terse q> <rude q> <terse q>",
    ),
    Program(
        "of self what is read",
        """
        class A:
            def __init__(self, tone, other): self.tone, self.other = tone, other
            @cached
            def ask(self, q): return ask(self.tone + q)
        print(A("terse ", 1).ask("q"), A("terse ", 2).ask("q"), A("rude ", 1).ask("q"))
        """,
        "<terse q> <terse q> <rude q>",
    ),
    Program(
        "a list that is given and sent is changed by the call",
        """
        @cached
        def f(h, q):
            h.append(q)
            return ask(str(h))
        H = ["a"]
        print(f(H, "x"), f(H, "x"))
        """,
        "<['a', 'x']> <['a', 'x', 'x']>",
        ("SelfChanging",),
    ),
    Program(
        "a list that is given counts whole, though the code only writes to it",
        """
        @cached
        def f(log, q):
            log.append(q)
            return ask(q)
        L = []
        print(f(L, "q"), f(L, "q"))
        """,
        "<q> <q>",
        ("SelfChanging",),
        calls=2,
    ),
    Program(
        "a list that is given and only written to can be ignored",
        """
        from llm_memo import cached_completion
        @cached_completion(ignore=("log",))
        def f(log, q):
            log.append(q)
            return ask(q)
        L = []
        print(f(L, "q"), f(L, "q"))
        """,
        "<q> <q>",
    ),
    Program(
        "a function that is given counts by its code",
        """
        @cached
        def f(tone, q): return ask(tone() + q)
        print(f(lambda: "terse ", "q"), f(lambda: "rude ", "q"), f(lambda: "terse ", "q"))
        """,
        "<terse q> <rude q> <terse q>",
    ),
    Program(
        "a function that is given counts by what it reads",
        """
        T = "terse "
        def tone(): return T
        @cached
        def f(tone, q): return ask(tone() + q)
        print(f(tone, "q")); T = "rude "; print(f(tone, "q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a closure that is given counts by its values",
        """
        def make(t):
            def tone(): return t
            return tone
        @cached
        def f(tone, q): return ask(tone() + q)
        print(f(make("terse "), "q"), f(make("rude "), "q"), f(make("terse "), "q"))
        """,
        "<terse q> <rude q> <terse q>",
    ),
    Program(
        "a class that is given counts by its data",
        """
        class A: tone = "terse "
        class B: tone = "rude "
        @cached
        def f(c, q): return ask(c.tone + q)
        print(f(A, "q"), f(B, "q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a bound method that is given counts by its object",
        """
        class A:
            def __init__(self, tone): self.t = tone
            def tone(self): return self.t
        @cached
        def f(tone, q): return ask(tone() + q)
        print(f(A("terse ").tone, "q"), f(A("rude ").tone, "q"), f(A("terse ").tone, "q"))
        """,
        "<terse q> <rude q> <terse q>",
    ),
    *(
        Program(
            f"{kind} as an argument is an error that names the ways out",
            f"""
            {head}
            from llm_memo import UnkeyableArgument
            @cached
            def f(x, q): return ask(q)
            try: f({made}, "q")
            except UnkeyableArgument as error: print("x" in str(error), "ignore" in str(error))
            """,
            "True True",
            calls=0,
            off="*",
        )
        for kind, head, made in (
            ("a lock", "import threading", "threading.Lock()"),
            ("a generator", "", "(c for c in 'ab')"),
            ("an open file", "import os", "open(os.devnull, 'w')"),
        )
    ),
    *(
        Program(
            f"{kind} is told from another as an argument",
            f"""
            {head}
            @cached
            def f(x): return ask(str(x))
            print(f({one}), f({two}), f({one}))
            """,
            right,
        )
        for kind, head, one, two, right in (
            ("a path", "from pathlib import Path as P", "P('a')", "P('b')", "<a> <b> <a>"),
            ("a date", "from datetime import date as D", "D(2026, 1, 1)", "D(2026, 1, 2)",
             "<2026-01-01> <2026-01-02> <2026-01-01>"),
            ("a decimal", "from decimal import Decimal as D", "D('1.0')", "D('1.00')", "<1.0> <1.00> <1.0>"),
            ("a fraction", "from fractions import Fraction as F", "F(1, 2)", "F(1, 3)", "<1/2> <1/3> <1/2>"),
            ("bytes", "", "b'a'", "'a'", "<b'a'> <a> <b'a'>"),
            ("a range", "", "range(2)", "range(3)", "<range(0, 2)> <range(0, 3)> <range(0, 2)>"),
            ("a zero with a sign", "", "0.0", "-0.0", "<0.0> <-0.0> <0.0>"),
            ("a tuple", "", "(1,)", "[1]", "<(1,)> <[1]> <(1,)>"),
            ("a complex number", "", "1j", "2j", "<1j> <2j> <1j>"),
            ("an enum's member", "import enum\n            class E(enum.Enum): A, B = 1, 2", "E.A", "E.B",
             "<E.A> <E.B> <E.A>"),
            ("a UUID", "from uuid import UUID as U", "U(int=1).int", "U(int=2).int", "<1> <2> <1>"),
        )
    ),
]  # fmt: skip
