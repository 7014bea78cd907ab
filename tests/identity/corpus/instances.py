"""Instances, `self` among them: only what is read of them; the scan runs no code of the user's."""

from __future__ import annotations

from corpus.cases import Case, Program, hit, miss, reads, skips


def holding(what: str, head: str, made: str) -> Program:
    """A program whose object holds something that has no canonical form, and that the method does not read."""
    return Program(
        f"an object that holds {what} and does not read it",
        f"""
        {head}
        class Bot:
            def __init__(self, tone): self.tone, self.other = tone, {made}
            @cached
            def ask(self, q): return ask(self.tone + q)
        print(Bot("terse ").ask("q"), Bot("terse ").ask("q"), Bot("rude ").ask("q"))
        """,
        "<terse q> <terse q> <rude q>",
    )


HELD = [
    holding("a lock", "import threading", "threading.Lock()"),
    holding("a generator", "", "(c for c in 'ab')"),
    holding("an open file", "import os", "open(os.devnull, 'w')"),
    holding("a console", "from rich.console import Console", "Console()"),
    holding("a thread", "import threading", "threading.Thread(target=print)"),
    holding("a pool", "from concurrent.futures import ThreadPoolExecutor", "ThreadPoolExecutor(1)"),
    holding(
        "an object whose __getattr__ raises",
        "class Bad:\n            def __getattr__(self, name): raise RuntimeError(name)",
        "Bad()",
    ),
    holding(
        "an object whose __eq__ raises",
        "class Bad:\n            __hash__ = None\n            def __eq__(self, other): raise RuntimeError",
        "Bad()",
    ),
    holding(
        "an object whose __repr__ raises", "class Bad:\n            def __repr__(self): raise RuntimeError", "Bad()"
    ),
    holding(
        "an object whose __reduce_ex__ raises",
        "class Bad:\n            def __reduce_ex__(self, version): raise RuntimeError",
        "Bad()",
    ),
    holding(
        "an object whose class says it is another",
        "class Bad:\n            @property\n            def __class__(self): raise RuntimeError",
        "Bad()",
    ),
    holding("a module", "import json", "json"),
    holding("itself", "", "self"),
]

CHAINS = [
    skips("an attribute that is not read", "class A: pass\na = A(); a.t, a.u = 'terse ', 1", "a.t", "a.u = 2"),
    reads("an attribute two objects away", "class A: pass\na = A(); a.b = A(); a.b.t = 'terse '", "a.b.t",
          "a.b.t = 'rude '"),
    skips("an attribute next to one two objects away", "class A: pass\na = A(); a.b = A(); a.b.t, a.b.u = 'terse ', 1",
          "a.b.t", "a.b.u = 2"),
    reads("an object in the place of another",
          "class A:\n    def __init__(self, t): self.t = t\na = A(1); a.b = A('terse ')", "a.b.t", "a.b = A('rude ')"),
    reads("an object in a list", "class A:\n    def __init__(self, t): self.t = t\nL = [A('terse ')]", "L[0].t",
          "L[0].t = 'rude '"),
    reads("objects that a loop goes through", "class A:\n    def __init__(self, t): self.t = t\nL = [A('terse ')]",
          "''.join(a.t for a in L)", "L[0].t = 'rude '"),
    reads("objects in a dict by a key of the call",
          "class A:\n    def __init__(self, t): self.t = t\nD = {'q': A('terse ')}", "D[q].t", "D['q'].t = 'rude '"),
    reads("a method of an object in a list", "class A:\n    t = 'terse '\n    def g(self): return self.t\nL = [A()]",
          "L[0].g()", "L[0].t = 'rude '"),
    reads("a method of objects that a loop goes through",
          "class A:\n    t = 'terse '\n    def g(self): return self.t\nL = [A()]", "t", "L[0].t = 'rude '",
          "for a in L: t = a.g()"),
    reads("a method of an attribute",
          "class B:\n    t = 'terse '\n    def g(self): return self.t\nclass A: b = B()\na = A()", "a.b.g()",
          "a.b.t = 'rude '"),
    reads("an attribute that a method sets and another reads",
          "class A:\n    def __init__(self): self.t = T\n    def g(self): return self.t\nT = 'terse '\na = A()",
          "a.g()", "a.t = 'rude '"),
    reads("an attribute of self through an own function",
          "class A:\n    t = 'terse '\n    def g(self): return tone(self)\ndef tone(a): return a.t\na = A()", "a.g()",
          "a.t = 'rude '"),
    skips("an attribute that an own function does not read of self",
          "class A:\n    t, u = 'terse ', 1\n    def g(self): return tone(self)\ndef tone(a): return a.t\na = A()",
          "a.g()", "a.u = 2"),
    reads("an attribute of self with a local name",
          "class A:\n    t = 'terse '\n    def g(self):\n        me = self\n        return me.t\na = A()", "a.g()",
          "a.t = 'rude '"),
    reads("an attribute of self in a nested function",
          "class A:\n    t = 'terse '\n    def g(self):\n        def h(): return self.t\n"
          "        return h()\na = A()", "a.g()", "a.t = 'rude '"),
    reads("an attribute of self in a lambda that is handed on",
          "class A:\n    t = 'terse '\n    def g(self): return list(map(lambda x: self.t, [1]))[0]\na = A()", "a.g()",
          "a.t = 'rude '"),
    reads("an attribute of self in a comprehension",
          "class A:\n    t = 'terse '\n    def g(self): return [self.t for _ in [1]][0]\na = A()", "a.g()",
          "a.t = 'rude '"),
    reads("an attribute of an object of which there are two",
          "class A: pass\na, b = A(), A(); a.t, b.t = 'terse ', 'x'", "(a if q else b).t", "a.t = 'rude '"),
    reads("an attribute of an object that self holds and hands on",
          "import json\nclass A:\n    def __init__(self): self.d = {'t': 'terse '}\n"
          "    def g(self): return json.loads(json.dumps(self.d))['t']\na = A()", "a.g()", "a.d['t'] = 'rude '"),
    reads("the data of self that is handed on whole",
          "import copy\nclass A:\n    t = 'x'\n    def g(self): return copy.copy(self).t\na = A(); a.t = 'terse '",
          "a.g()", "a.t = 'rude '"),
    reads("what a callback that self holds reads",
          "T = 'terse '\ndef tone(): return T\nclass A:\n    def __init__(self, g): self.g = g\na = A(tone)", "a.g()",
          "T = 'rude '"),
    reads("a callback that self holds", "class A:\n    def __init__(self, g): self.g = g\na = A(lambda: 'terse ')",
          "a.g()", "a.g = lambda: 'rude '"),
    reads("an object that two lead to", "class A: pass\na, b = A(), A(); a.x = b.x = A(); a.x.t = 'terse '", "b.x.t",
          "a.x.t = 'rude '"),
    reads("a tree of own objects", "class N:\n    def __init__(self, t, *kids): self.t, self.kids = t, kids\n"
          "    def text(self): return self.t + ''.join(k.text() for k in self.kids)\nn = N('', N('terse '))",
          "n.text()", "n.kids[0].t = 'rude '"),
]  # fmt: skip

QUIET: list[Case] = [
    Program(
        "a property is not run by the scan",
        """
        ran = []
        class A:
            @property
            def tone(self):
                ran.append(1)
                return "terse "
        a = A()
        @cached
        def f(q): return ask(a.tone + q)
        print(f("q"), f("q"), len(ran))
        """,
        "<terse q> <terse q> 1",
        off="<terse q> <terse q> 2",
        second="<terse q> <terse q> 0",
    ),
    Program(
        "__getattr__ is not run by the scan",
        """
        ran = []
        class A:
            def __getattr__(self, name):
                ran.append(name)
                return "terse "
        a = A()
        @cached
        def f(q): return ask(a.tone + q)
        print(f("q"), f("q"), ran)
        """,
        "<terse q> <terse q> ['tone']",
        off="<terse q> <terse q> ['tone', 'tone']",
        second="<terse q> <terse q> []",
    ),
    Program(
        "a cached_property is not computed by the scan",
        """
        from functools import cached_property
        ran = []
        class A:
            @cached_property
            def tone(self):
                ran.append(1)
                return "terse "
        a, b = A(), A()
        @cached
        def f(a, q): return ask(a.tone + q)
        print(f(a, "q"), f(b, "q"), len(ran), "tone" in vars(b))
        """,
        "<terse q> <terse q> 1 False",
        off="<terse q> <terse q> 2 True",
        second="<terse q> <terse q> 0 False",
    ),
    Program(
        "special methods are not run by the scan",
        """
        ran = []
        class A:
            tone = "terse "
            def __eq__(self, other): ran.append("eq"); return True
            def __hash__(self): ran.append("hash"); return 1
            def __repr__(self): ran.append("repr"); return ""
            def __bool__(self): ran.append("bool"); return True
            def __len__(self): ran.append("len"); return 1
            def __iter__(self): ran.append("iter"); return iter(())
            def __getstate__(self): ran.append("state"); return {}
            def __reduce_ex__(self, n): ran.append("reduce"); return (A, ())
        a = A()
        @cached
        def f(a, q): return ask(a.tone + q)
        print(f(a, "q"), f(a, "q"), ran)
        """,
        "<terse q> <terse q> []",
    ),
    Program(
        "a property that raises",
        """
        class A:
            tone = "terse "
            @property
            def bad(self): raise AttributeError
            def g(self): return self.tone if not hasattr(self, "bad") else ""
        a = A()
        @cached
        def f(q): return ask(a.g() + q)
        print(f("q"), f("q"))
        """,
        "<terse q> <terse q>",
    ),
    Program(
        "a __getattr__ that calls itself",
        """
        class A:
            def __init__(self): self.tone = "terse "
            def __getattr__(self, name): return getattr(self, name)
        a = A()
        @cached
        def f(q): return ask(a.tone + q)
        print(f("q"), f("q"))
        """,
        "<terse q> <terse q>",
    ),
    Program(
        "a __memo_key__ says what counts",
        """
        class A:
            def __init__(self, tone, run): self.tone, self.run = tone, run
            def __memo_key__(self): return self.tone
            def text(self): return self.tone + str(self.run)
        @cached
        def f(a, q): return ask(a.text() + q)
        print(f(A("terse ", 1), "q"), f(A("terse ", 2), "q"), f(A("rude ", 2), "q"))
        """,
        "<terse 1q> <terse 1q> <rude 2q>",
        off="<terse 1q> <terse 2q> <rude 2q>",
    ),
    hit("what is not read of an object is made otherwise",
        "class A:\n    def __init__(self): self.t, self.u = 'terse ', 1\na = A()\n@cached\n"
        "def f(q): return ask(a.t + q)\nprint(f('q'))\n", ("'terse ', 1", "'terse ', 2")),
    miss("what is read of an object is made otherwise",
         "class A:\n    def __init__(self): self.t, self.u = 'terse ', 1\na = A()\n@cached\n"
         "def f(q): return ask(a.t + q)\nprint(f('q'))\n", ("'terse '", "'rude '")),
]  # fmt: skip

CASES: list[Case] = [*HELD, *CHAINS, *QUIET]
