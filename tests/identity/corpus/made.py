"""Values made when first needed and then written to, attributes of functions, and methods of built-in types."""

from __future__ import annotations

from corpus.cases import Case, Program, reads, writes

CLIENT = """
import functools
URL = "u "
class Base:
    def __init__(self, url): self.url, self.calls, self.log = url, 0, []
    def complete(self, p): self.calls += 1; self.log.append(p); return ask(self.url + p + self.tail())
    def tail(self): return ""
class Client(Base): pass
class Counting(Base):
    def tail(self): return str(self.calls)
"""
"""A client of one's own that counts its calls, and one that sends the count."""

PROPERTY = """
    _client = None
    @property
    def client(self):
        if self._client is None: self._client = Client(URL)
        return self._client
"""
WAYS = {
    "a property": ("client", PROPERTY),
    "a cached_property": ("client", "    @functools.cached_property\n    def client(self): return Client(URL)\n"),
    "a method": ("get()", PROPERTY.replace("    @property\n", "").replace("def client", "def get")),
}
TWICE = """
a, b = A(), A()
print(a.ask("p"), a.ask("q"), a.ask("p"), a.ask("q"), b.ask("q"), a.ask("r"), b.ask("p"), b.ask("r"))
"""


def agent(client: str, made: str) -> str:
    """A program whose agent makes its client when it is first needed."""
    return f"{CLIENT}class A:\n{made}\n    @cached\n    def ask(self, q): return self.{client}.complete(q)\n"


HITS = "<u p> <u q> <u p> <u q> <u q> <u r> <u p> <u r>"

LAZY: list[Case] = [
    *(
        Program(f"a client that counts its calls, made by {way}", agent(client, made) + TWICE, HITS)
        for way, (client, made) in WAYS.items()
    ),
    *(
        Program(
            f"a client that counts its calls, made by {statement}",
            f"{CLIENT}class A:\n    {first}\n    @cached\n    def ask(self, q):\n        {statement}\n"
            f"        return self._client.complete(q)\n{TWICE}",
            HITS,
        )
        for first, statement in (
            ("_client = None", "self._client = self._client or Client(URL)"),
            ("_client = None", "if not self._client: self._client = Client(URL)"),
            ("pass", "if not hasattr(self, '_client'): self._client = Client(URL)"),
        )
    ),
    *(
        Program(
            f"a client that sends how often it was called, made by {way}",
            agent(client, made.replace("Client(", "Counting(")) + 'a = A()\nprint(a.ask("p"), a.ask("p"), a.ask("p"))',
            "<u p1> <u p2> <u p3>",
            ("SelfChanging",) * (2 if way == "a cached_property" else 3),
        )
        for way, (client, made) in WAYS.items()
    ),
    Program(
        "a client whose count somebody else reads, made by a property",
        agent("client", PROPERTY).replace("complete(q)\n", 'complete(f"{q}{self.client.calls}")\n')
        + 'a = A()\nprint(a.ask("p"), a.ask("p"), a.ask("p"))',
        "<u p0> <u p1> <u p2>",
        ("SelfChanging",) * 3,
    ),
    *(
        Program(
            f"a list that the call makes, and appends to{', and reads' if read else ''}",
            f"""
            class A:
                _seen = None
                @cached
                def ask(self, q):
                    if self._seen is None: self._seen = []
                    self._seen.append(q)
                    return ask({"''.join(self._seen)" if read else "q"})
            a = A()
            print(a.ask("p"), a.ask("q"), a.ask("q"), a.ask("p"))
            """,
            "<p> <pq> <pqq> <pqqp>" if read else "<p> <q> <q> <p>",
            ("SelfChanging",) if read else (),
        )
        for read in (False, True)
    ),
]

OF_FUNCTIONS: list[Case] = [
    writes("a count on a function", "def h(): pass\nh.n = 0", "h.n += 1"),
    Program(
        "a count on the cached function itself",
        """
        @cached
        def f(q):
            f.calls += 1
            return ask(q)
        f.calls = 0
        print(f("q"), f("p"), f("q"))
        """,
        "<q> <p> <q>",
    ),
    Program(
        "an attribute of a function that is an argument",
        """
        def tool(): pass
        tool.text = "terse "
        @cached
        def f(t, q): return ask(vars(t)["text"] + q)
        print(f(tool, "q")); tool.text = "rude "; print(f(tool, "q"))
        """,
        "<terse q> <rude q>",
    ),
    *(
        reads(f"{what} of a function in a list", "def tool(): pass\ntool.text = 'terse '\nTOOLS = [tool]", got, change)
        for what, got, change in (
            ("an attribute", "[vars(t) for t in TOOLS][0]['text']", "tool.text = 'rude '"),
            ("a new attribute", "[*vars(TOOLS[0]).values()][-1]", "tool.other = 'rude '"),
        )
    ),
    Program(
        "an object of one's own that += changes, in a class and in a namespace",
        """
        import types
        SIGN = "a"
        class Total:
            def __init__(self): self.s = ""
            def __iadd__(self, other): self.s = SIGN; return self
        class C: total = Total()
        N = types.SimpleNamespace(total=Total())
        @cached
        def f(q):
            C.total += 1
            return ask(C.total.s + q)
        @cached
        def g(q):
            N.total += 1
            return ask("g" + N.total.s + q)
        f("q"), g("q"); SIGN = "b"; print(f("q"), g("q"))
        """,
        "<bq> <gbq>",
        ("SelfChanging", "SelfChanging"),
        calls=4,
    ),
    Program(
        "a value that is stored in something that lives on, and read there",
        """
        L = ["terse "]
        class H: pass
        h = H()
        def get(): return h.x[0]
        @cached
        def f(q):
            h.x = L
            return ask(get() + q)
        print(f("q"), f("q")); L[0] = "rude "; print(f("q"))
        """,
        "<terse q> <terse q> <rude q>",
        ("SelfChanging",),
        calls=3,
    ),
]

OF_TYPES: list[Case] = [
    *(
        reads(f"a dict whose __getattr__ is {getter}", f"class D(dict): __getattr__ = {getter}\n{made}", got, change)
        for getter, made, got, change in (
            ("dict.__getitem__", "D0 = D(tone='terse ')", "D0.tone", "D0['tone'] = 'rude '"),
            ("dict.get", "D0 = D(llm=D(tone='terse '))", "D0.llm.tone", "D0['llm']['tone'] = 'rude '"),
        )
    ),
    reads(
        "a method that is one of list",
        "class L(list): at = list.__getitem__\nL0 = L(['terse '])",
        "L0.at(0)",
        "L0[0] = 'rude '",
    ),
]

RANDOM: list[Case] = [
    Program(
        f"a retry that waits a while drawn by {call}",
        f"""
        import random, secrets, time
        from random import uniform
        def patiently(ask, q):
            for attempt in range(3):
                try: return ask(q)
                except ValueError: time.sleep({call})
        @cached
        def f(q): return patiently(ask, q)
        print(f("q"), f("q")); random.random(); print(f("q"))
        """,
        "<q> <q> <q>",
    )
    for call in ("random.random()", "uniform(0, attempt)", "random.choice([1, 2])", "secrets.choice([1, 2])")
]

CASES: list[Case] = [*RANDOM, *LAZY, *OF_FUNCTIONS, *OF_TYPES]
