"""Escapes and whole objects: what is returned, kept or handed to a library counts whole; special methods are calls."""

from __future__ import annotations

from corpus.cases import Case, Program, hit, miss, reads, skips

SPECIAL = (
    # the expression on an object `a`, the head of the special method, what comes before its value, its line
    ("a['x']", "__getitem__(self, key)"),
    ("f'{a}'", "__format__(self, spec)"),
    ("f'{a!s}'", "__str__(self)"),
    ("f'{a!r}'", "__repr__(self)"),
    ("str(a)", "__str__(self)"),
    ("repr(a)", "__repr__(self)"),
    ("'%s' % a", "__str__(self)"),
    ("'{}'.format(a)", "__format__(self, spec)"),
    ("format(a, 'x')", "__format__(self, spec)"),
    ("a()", "__call__(self)"),
    ("a + ''", "__add__(self, other)"),
    ("(1 + a)", "__radd__(self, other)"),
    ("(-a)", "__neg__(self)"),
    ("(a @ 1)", "__matmul__(self, other)"),
    ("(a | 1)", "__or__(self, other)"),
    ("a.anything", "__getattr__(self, name)"),
    ("(a < 1)", "__lt__(self, other)"),
    ("(a == 1)", "__eq__(self, other)"),
    ("a[0:1]", "__getitem__(self, key)"),
)
"""Expressions, and the special method of an own class that gives their value."""

SAYING = (
    ("('terse ' if a else 'rude ')", "def __bool__(self): return {} == 'terse '"),
    ("('terse ' if 1 in a else 'rude ')", "def __contains__(self, x): return {} == 'terse '"),
    ("('terse ' if len(a) == 6 else 'rude ')", "def __len__(self): return len({})"),
    ("next(iter(a))", "def __iter__(self): return iter([{}])"),
    ("[t for t in a][0]", "def __iter__(self): yield {}"),
    ("{**a}['t']", "def keys(self): return ['t']\n    def __getitem__(self, key): return {}"),
    ("[*a][0]", "def __iter__(self): return iter([{}])"),
    ("list(a)[0]", "def __iter__(self): return iter([{}])"),
    ("''.join(a)", "def __iter__(self): return iter([{}])"),
    ("next(a)", "def __next__(self): return {}"),
    ("sorted([a, a])[0].text()", "def __lt__(self, other): return False\n    def text(self): return {}"),
)
"""Expressions, and the method behind them with a place for the value."""

CLASS = "class A:\n    def __init__(self): self.t = 'terse '\n    {}\na = A()"

OPERATORS: list[Case] = [
    *(
        reads(f"{expression} by what {method.split('(')[0]} reads of {of}",
              CLASS.format(f"def {method}: return {value}") + "\nT = 'terse '", expression, change)
        for expression, method in SPECIAL
        for of, value, change in (("self", "self.t", "a.t = 'rude '"), ("a global", "T", "T = 'rude '"))
    ),
    *(
        reads(f"{expression} by what is behind it", CLASS.format(method.format("self.t")), expression, "a.t = 'rude '")
        for expression, method in SAYING
    ),
    *(
        reads(f"{statement} by what is behind it", CLASS.format(method), "t", "a.t = 'rude '", f"{statement}")
        for statement, method in (
            ("with a as t: pass", "def __enter__(self): return self.t\n    def __exit__(self, *error): pass"),
            ("for t in a: pass", "def __iter__(self): yield self.t"),
            ("t, = a", "def __iter__(self): yield self.t"),
            ("for t in a: break", "def __getitem__(self, n): return self.t"),
        )
    ),
    *(
        Program(
            f"{kind} by what is behind it",
            f"""
            import asyncio
            class A:
                def __init__(self): self.t = "terse "
                {method}
            a = A()
            @cached
            async def f(q):
                {statement}
                return ask(t + q)
            print(asyncio.run(f("q"))); a.t = "rude "; print(asyncio.run(f("q")))
            """,
            "<terse q> <rude q>",
        )
        for kind, statement, method in (
            ("async with", "async with a as t: pass",
             "async def __aenter__(self): return self.t\n                async def __aexit__(self, *error): pass"),
            ("async for", "async for t in a: pass", "async def __aiter__(self): yield self.t"),
            ("await", "t = await a",
             "def __await__(self):\n                    yield from ()\n                    return self.t"),
        )
    ),
    reads("a descriptor's __set__",
          "import types\nT, OUT = 'terse ', types.SimpleNamespace(t='')\nclass P:\n"
          "    def __get__(self, o, c): return ''\n    def __set__(self, o, value): OUT.t = T\n"
          "class A: p = P()\na = A()", "OUT.t", "T = 'rude '", "a.p = 1", warns=("SelfChanging",)),
]  # fmt: skip

HANDED = [
    reads("a dict that is given to installed code", "import json\nD = {'t': 'terse '}",
          "json.loads(json.dumps(D))['t']", "D['t'] = 'rude '"),
    reads("an own object whose attributes are given to installed code",
          "import json\nclass A: pass\na = A(); a.t = 'terse '", "json.loads(json.dumps(vars(a)))['t']",
          "a.t = 'rude '"),
    reads("an own object that is copied", "import copy\nclass A: pass\na = A(); a.t = 'terse '", "copy.copy(a).t",
          "a.t = 'rude '"),
    reads("an own dataclass that is taken apart",
          "import dataclasses\n@dataclasses.dataclass\nclass A: t: str\na = A('terse ')", "dataclasses.asdict(a)['t']",
          "a.t = 'rude '"),
    reads("a function that is given to installed code", "T = 'terse '\ndef g(x): return T", "list(map(g, [1]))[0]",
          "T = 'rude '"),
    reads("a lambda that is given to installed code", "T = 'terse '", "list(map(lambda x: T, [1]))[0]", "T = 'rude '"),
    reads("a partial of an own function", "import functools\nT = 'terse '\ndef g(x): return T",
          "functools.partial(g, 1)()", "T = 'rude '"),
    reads("an own function in a partial that a global holds",
          "import functools\nT = 'terse '\ndef g(x): return T\nP = functools.partial(g, 1)", "P()", "T = 'rude '"),
    reads("a bound method that is given to installed code",
          "class A:\n    t = 'terse '\n    def g(self, x): return self.t\na = A()", "list(map(a.g, [1]))[0]",
          "a.t = 'rude '"),
    reads("a bound method with a local name",
          "class A:\n    t = 'terse '\n    def g(self): return self.t\na = A()", "g()", "a.t = 'rude '", "g = a.g"),
    reads("a bound method that a global holds",
          "class A:\n    t = 'terse '\n    def g(self): return self.t\na = A()\ng = a.g", "g()", "a.t = 'rude '"),
    reads("a bound method in a partial",
          "import functools\nclass A:\n    t = 'terse '\n    def g(self, x): return self.t\na = A()",
          "functools.partial(a.g, 1)()", "a.t = 'rude '"),
    reads("a bound method as a key", "class A:\n    ts = {'terse ': 1, 'rude ': 2}\n"
          "    def key(self, x): return self.ts[x]\na = A()", "min(['terse ', 'rude '], key=a.key)",
          "a.ts['terse '] = 3"),
    reads("a bound method in a list", "class A:\n    t = 'terse '\n    def g(self): return self.t\na = A()\nL = [a.g]",
          "L[0]()", "a.t = 'rude '"),
    reads("a method that is given as a function", "class A:\n    t = 'terse '\n    def g(self): return self.t\na = A()",
          "list(map(A.g, [a]))[0]", "a.t = 'rude '"),
    reads("a function in a dict of functions", "T = 'terse '\ndef g(): return T\nD = {'g': g}", "D['g']()",
          "T = 'rude '"),
    reads("a function in a dict, by a key of the call", "T = 'terse '\ndef g(): return T\nD = {'q': g}", "D[q]()",
          "T = 'rude '"),
    reads("an own object that installed code calls",
          "class A:\n    t = 'terse '\n    def __call__(self, x): return self.t\na = A()", "list(map(a, [1]))[0]",
          "a.t = 'rude '"),
    reads("the method of an own class with an installed base", "import threading\nT, OUT = 'terse ', []\n"
          "class Work(threading.Thread):\n    def run(self): self.out = T", "w.out", "T = 'rude '",
          "w = Work()\nw.start()\nw.join()"),
    reads("the template of an inherited installed method",
          "import string\nclass P(string.Template): pass\np = P('terse $x')", "p.substitute(x='')",
          "p.template = 'rude $x'"),
    reads("the data of an own class of an installed container",
          "import collections\nclass Bag(collections.UserDict): pass\n" "b = Bag(t='terse ')", "b['t']",
          "b['t'] = 'rude '"),
    reads("the data of an own class of list", "class L(list): pass\nl = L(['terse '])", "''.join(l)", "l[0] = 'rude '"),
    reads("the data of an own class of str", "class P(str): pass\np = P('terse ')", "p.lower()", "p = P('rude ')"),
    reads("an attribute of an own class of str", "class P(str): pass\np = P('x'); p.t = 'terse '", "p.t",
          "p.t = 'rude '"),
    reads("what a generator that is handed on reads", "T = 'terse '", "''.join(T for _ in [1])", "T = 'rude '"),
    reads("what an own generator function reads", "T = 'terse '\ndef g(): yield T", "next(g())", "T = 'rude '"),
    reads("a callback that installed code keeps", "import functools\nT = 'terse '\n"
          "@functools.singledispatch\ndef g(x): return 'x'\n@g.register\ndef _(x: int): return T", "g(1)",
          "T = 'rude '"),
    reads("what is stored in something that lives on", "T, D = 'terse ', {}", "T", "T = 'rude '", "D['t'] = T"),
    skips("what a helper does not read of what it is given",
          "class A: t, u = 'terse ', 1\na = A()\ndef g(a): return a.t", "g(a)", "a.u = 2"),
    Program(
        "a bound method that is handed on counts as called: of self what it reads, not its lock and count",
        """
        from concurrent.futures import ThreadPoolExecutor
        from threading import Lock
        class Bot:
            def __init__(self): self.system, self.lock, self.calls = "terse ", Lock(), 0
            def one(self, q):
                with self.lock: self.calls += 1
                return ask(self.system + q)
            @cached
            def all(self, qs):
                with ThreadPoolExecutor(2) as pool: return list(pool.map(self.one, qs))
        b = Bot(); print(*b.all(["p", "q"])); print(*b.all(["p", "q"]))
        """,
        "<terse p> <terse q> <terse p> <terse q>",
    ),
    Program(
        "a dict that is returned counts whole",
        """
        D = {"n": 0}
        @cached
        def f(q):
            D["n"] = D["n"] + 1
            return {"answer": ask(q), "usage": dict(D)}
        print(f("q")["usage"], f("q")["usage"])
        """,
        "{'n': 1} {'n': 2}",
        ("SelfChanging",),
        calls=2,
    ),
    Program(
        "a count that is only written counts where its object goes to installed code",
        """
        import json
        class A: pass
        a = A(); a.n = 0
        @cached
        def f(q):
            a.n += 1
            return ask(json.dumps(vars(a)))
        print(f("q"), f("q"))
        """,
        '<{"n": 1}> <{"n": 2}>',
        ("SelfChanging",),
    ),
]  # fmt: skip

TOOL = '''
import inspect
T = "terse "
def tool(x: int = 1) -> int:
    """Add."""
    return x
{}
@cached
def f(q): return ask({} + q)
print(f("q"))
'''
GIVEN = TOOL.format(
    "TOOLS = [tool]", "str([inspect.getdoc(t) + t.__name__ + str(inspect.signature(t)) for t in TOOLS])"
)
CALLED = TOOL.format("", "str(tool(1))")
MODEL = '''
import pydantic
class Place(pydantic.BaseModel):
    """A place."""
    name: str
    people: int = pydantic.Field(default=0, description="How many")
    def text(self): return self.name
@cached
def f(q): return ask(str(Place.model_json_schema()) + q)
print(f("q"))
'''

TOOLS: list[Case] = [
    miss("the docstring of a tool", GIVEN, ("Add.", "Add up.")),
    miss("the annotation of a tool", GIVEN, ("x: int", "x: float")),
    miss("the default of a tool", GIVEN, ("= 1)", "= 2)")),
    miss("the name of a tool", GIVEN, ("def tool", "def hammer"), ("[tool]", "[hammer]")),
    miss("the parameter of a tool", GIVEN, ("x: int", "y: int"), ("return x", "return y")),
    miss("the code of a tool", GIVEN, ("return x", "return x + 1")),
    hit("a comment in a tool", GIVEN, ("    return x", "    # now\n    return x")),
    hit("the docstring of a helper that is only called", CALLED, ("Add.", "Add up.")),
    hit("the annotation of a helper that is only called", CALLED, ("x: int", "x: float")),
    miss("the default of a helper that is only called", CALLED, ("= 1)", "= 2)")),
    miss("the code of a helper that is only called", CALLED, ("return x", "return x + 1")),
    miss("the docstring of a response model", MODEL, ("A place.", "A place on Earth.")),
    miss("the type of a field of a response model", MODEL, ("name: str", "name: int")),
    miss("the name of a field of a response model", MODEL, ("name: str", "title: str"), ("self.name", "self.title")),
    miss("the description of a field of a response model", MODEL, ("How many", "How many of them")),
    miss("the default of a field of a response model", MODEL, ("default=0", "default=1")),
    miss("a field is added to a response model", MODEL, ("    name: str", "    name: str\n    zip: str = ''")),
    miss("the name of a response model", MODEL, ("class Place", "class Town"), ("str(Place.", "str(Town.")),
    miss("a validator of a response model", MODEL.replace("def text(self): return self.name",
         '@pydantic.field_validator("people")\n    @classmethod\n    def check(cls, value): return max(value, 0)'),
         ("max(value, 0)", "max(value, 1)")),
    hit("a comment in a response model", MODEL, ("    name: str", "    # of it\n    name: str")),
    miss("a method of an own object that escapes",
         "import copy\nclass A:\n    t = 'terse '\n    def g(self): return self.t\na = A()\n"
         "@cached\ndef f(q): return ask(getattr(copy.copy(a), 'g')() + q)\nprint(f('q'))\n",
         ("return self.t", "return self.t.upper()")),
    hit("a method of an own object that nobody calls",
        "class A:\n    t = 'terse '\n    def g(self): return self.t\na = A()\n"
        "@cached\ndef f(q): return ask(a.t + q)\nprint(f('q'))\n", ("return self.t", "return self.t.upper()")),
    hit("a method of a class that is built in the code, and that nobody calls",
        "class A:\n    def __init__(self, t): self.t = t\n    def zig(self): return self.t\n"
        "@cached\ndef f(q): return ask(A('terse ').t + q)\nprint(f('q'))\n", ("return self.t",
          "return self.t.upper()")),
    miss("the __init__ of a class that is built in the code",
         "class A:\n    def __init__(self, t): self.t = t\n"
         "@cached\ndef f(q): return ask(A('terse ').t + q)\nprint(f('q'))\n", ("self.t = t", "self.t = t.upper()")),
]  # fmt: skip

CASES: list[Case] = [*OPERATORS, *HANDED, *TOOLS]
