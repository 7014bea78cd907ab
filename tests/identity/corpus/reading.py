"""Reads: globals, closure values, attributes, items with constant keys, aliases, and what the function has set."""

from __future__ import annotations

from corpus.cases import Program, reads, skips

SPACE = "from types import SimpleNamespace as S\nC = S(tone='terse ', other=1)"

NAMES = [
    reads("a global", "T = 'terse '", "T", "T = 'rude '"),
    reads("a global that a helper reads", "T = 'terse '\ndef g(): return T", "g()", "T = 'rude '"),
    reads("a global that a helper's helper reads", "T = 'terse '\ndef h(): return T\ndef g(): return h()", "g()",
          "T = 'rude '"),
    reads("a global that is read in one branch", "T = 'terse '", "(T if q else 'x')", "T = 'rude '"),
    skips("a global that is not read", "T = 1", "'terse '", "T = 2"),
    skips("a global with the name of a local variable", "t = 1", "t", "t = 2", "t = 'terse '"),
    skips("a global with the name of a parameter", "q = 1", "'terse '", "q = 2"),
    reads("a global that appears later", "", "t", "T = 'rude '", "try: t = T\nexcept NameError: t = 'terse '"),
    reads("a global that goes", "T = 'terse '", "t", "del T", "try: t = T\nexcept NameError: t = 'rude '"),
    reads("a builtin that is shadowed", "", "str('terse ')", "def str(x): return 'rude '"),
    reads("a helper that is replaced", "def g(): return 'terse '", "g()", "def g(): return 'rude '"),
    reads("a helper's default", "def g(t='terse '): return t", "g()", "g.__defaults__ = ('rude ',)"),
    reads("a helper's keyword default", "def g(*, t='terse '): return t", "g()", "g.__kwdefaults__ = {'t': 'rude '}"),
    reads("an attribute of a function", "def g(): pass\ng.tone = 'terse '", "g.tone", "g.tone = 'rude '"),
    reads("a global that is compared", "N = 1", "('terse ' if N < 2 else 'rude ')", "N = 3"),
    reads("a global that is tested", "N = []", "('rude ' if N else 'terse ')", "N = [1]"),
    Program(
        "an attribute of an own module, and one that is not read",
        """
        import prompts
        @cached
        def f(q): return ask(prompts.T + q)
        print(f("q")); prompts.U = 2; print(f("q")); prompts.T = "rude "; print(f("q"))
        # file: prompts.py
        T, U = "terse ", 1
        """,
        "<terse q> <terse q> <rude q>",
    ),
    Program(
        "a closure's value",
        """
        def make(tone):
            @cached
            def f(q): return ask(tone + q)
            return f
        print(make("terse ")("q"), make("rude ")("q"), make("terse ")("q"))
        """,
        "<terse q> <rude q> <terse q>",
    ),
    Program(
        "a closure's value that is set later",
        """
        def make():
            tone = "terse "
            @cached
            def f(q): return ask(tone + q)
            def be(t):
                nonlocal tone
                tone = t
            return f, be
        f, be = make(); print(f("q")); be("rude "); print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a closure's value that is not read",
        """
        def make(tone, other):
            def g(): return other
            @cached
            def f(q): return ask(tone + q)
            return f
        print(make("terse ", 1)("q"), make("terse ", 2)("q"))
        """,
        "<terse q> <terse q>",
    ),
]  # fmt: skip

ITEMS = [
    reads("an item", "D = {'a': 'terse '}", "D['a']", "D['a'] = 'rude '"),
    skips("an item next to it", "D = {'a': 'terse ', 'b': 1}", "D['a']", "D['b'] = 2"),
    reads("an item of an item", "D = {'a': {'b': 'terse '}}", "D['a']['b']", "D['a']['b'] = 'rude '"),
    skips("an item next to an item of an item", "D = {'a': {'b': 'terse ', 'c': 1}}", "D['a']['b']", "D['a']['c'] = 2"),
    reads("an item of a tuple", "T = ('terse ', 1)", "T[0]", "T = ('rude ', 1)"),
    reads("the last item", "T = [1, 'terse ']", "T[-1]", "T.append('rude ')"),
    reads("an item by a key of the call", "D = {'q': 'terse '}", "D[q]", "D['q'] = 'rude '"),
    reads("an item by a key that is a global", "K = 'a'\nD = {'a': 'terse ', 'b': 'rude '}", "D[K]", "K = 'b'"),
    reads("an item that is asked for by get", "D = {'a': 'terse '}", "D.get('a')", "D['a'] = 'rude '"),
    reads("an item that is not there yet", "D = {}", "D.get('a', 'terse ')", "D['a'] = 'rude '"),
    reads("an item that goes", "D = {'a': 'terse '}", "t", "del D['a']",
          "try: t = D['a']\nexcept KeyError: t = 'rude '"),
    reads("a slice", "L = ['terse ', 1]", "L[:1][0]", "L[0] = 'rude '"),
    reads("whether a key is there", "D = {}", "('rude ' if 'a' in D else 'terse ')", "D['a'] = 1"),
    reads("the keys", "D = {'terse ': 1}", "list(D)[0]", "D = {'rude ': 1}"),
    reads("a dict in a display", "D = {'a': 'terse '}", "{**D}['a']", "D['a'] = 'rude '"),
    reads("a dict that is joined to another", "D = {'a': 'terse '}", "({} | D)['a']", "D['a'] = 'rude '"),
    reads("an item of a dict that makes items", "from collections import defaultdict\n"
          "D = defaultdict(lambda: 'terse ')", "D['a']", "D['a'] = 'rude '", calls=2, again=0,
          warns=("SelfChanging",)),
    reads("an item of an own class of dict", "class D(dict):\n    def __missing__(self, key): return T\n"
          "T, d = 'terse ', D()", "d['a']", "T = 'rude '"),
    reads("an item of an own class", "class D:\n    def __getitem__(self, key): return T\nT, d = 'terse ', D()",
          "d['a']", "T = 'rude '"),
    reads("an item of an ordered dict", "from collections import OrderedDict as O\nD = O(a='terse ')", "D['a']",
          "D['a'] = 'rude '"),
    reads("an item of a chain of maps",
          "from collections import ChainMap as M\nA, B = {}, {'a': 'terse '}\nD = M(A, B)", "D['a']",
          "A['a'] = 'rude '"),
    reads("an item of a read-only view", "from types import MappingProxyType as M\nA = {'a': 'terse '}\nD = M(A)",
          "D['a']", "A['a'] = 'rude '"),
    reads("an attribute of an item", "from types import SimpleNamespace as S\nD = {'a': S(t='terse ')}", "D['a'].t",
          "D['a'].t = 'rude '"),
    reads("an item of an attribute", "from types import SimpleNamespace as S\nC = S(d={'t': 'terse '})", "C.d['t']",
          "C.d['t'] = 'rude '"),
    skips("an item next to that of an attribute", "from types import SimpleNamespace as S\n"
          "C = S(d={'t': 'terse ', 'u': 1})", "C.d['t']", "C.d['u'] = 2"),
    reads("an item by a key that is not a text", "D = {1: 'terse ', None: 2}", "D[1]", "D[1] = 'rude '"),
    reads("an item by a key that equals another", "D = {1: 'terse '}", "D[True]", "D[1] = 'rude '"),
]  # fmt: skip

LOOKS = [
    reads("an attribute", SPACE, "C.tone", "C.tone = 'rude '"),
    skips("an attribute next to it", SPACE, "C.tone", "C.other = 2"),
    reads("an attribute that appears later", SPACE, "getattr(C, 'late', 'terse ')", "C.late = 'rude '"),
    reads("a length", "L = [1]", "('terse ' if len(L) == 1 else 'rude ')", "L.append(2)"),
    skips("a content of which only the length is read", "L = [1]", "('terse ' if len(L) == 1 else 'rude ')",
          "L[0] = 2"),
    reads("a class that is asked for", "X = 'a'", "('terse ' if isinstance(X, str) else 'rude ')", "X = 1"),
    skips("a value of which only the class is asked for", "X = 'a'", "('terse ' if isinstance(X, str) else 'rude ')",
          "X = 'b'"),
    reads("a type", "X = 'a'", "('terse ' if type(X) is str else 'rude ')", "X = 1"),
    skips("a value of which only the type is read", "X = 'a'", "('terse ' if type(X) is str else 'rude ')", "X = 'b'"),
    reads("the name of a type", "class terse: pass\nclass rude: pass\nX = terse()", "type(X).__name__ + ' '",
          "X = rude()"),
    reads("whether something is None", "X = 'a'", "('rude ' if X is None else 'terse ')", "X = None"),
    skips("a value that is only compared with None", "X = 'a'", "('rude ' if X is None else 'terse ')", "X = 'b'"),
    reads("whether something is another thing", "A, B = ['a'], ['b']\nX = A",
          "('terse ' if X is A else 'rude ')", "X = B"),
    reads("whether something can be called", "X = len", "('terse ' if callable(X) else 'rude ')", "X = 1"),
    skips("a function that is only asked whether it can be called", "def X(): return 1",
          "('terse ' if callable(X) else 'rude ')", "def X(): return 2"),
    reads("whether an attribute is there", SPACE, "('terse ' if hasattr(C, 'other') else 'rude ')", "del C.other"),
    skips("an attribute that is only asked for", SPACE, "('terse ' if hasattr(C, 'other') else 'rude ')",
          "C.other = 2"),
    reads("whether an own class has an attribute", "class A: pass\na = A()",
          "('rude ' if hasattr(a, 'x') else 'terse ')", "A.x = 1"),
]  # fmt: skip

ALIASES = [
    reads("a local name of a chain", SPACE, "t", "C.tone = 'rude '", "t = C.tone"),
    skips("what is next to a chain with a local name", SPACE, "t", "C.other = 2", "t = C.tone"),
    reads("a local name of an object", SPACE, "c.tone", "C.tone = 'rude '", "c = C"),
    skips("an attribute of an object with a local name", SPACE, "c.tone", "C.other = 2", "c = C"),
    reads("a local name of a local name", SPACE, "b.tone", "C.tone = 'rude '", "a = C\nb = a"),
    reads("a local name of one of two", SPACE + "\nD = S(tone='x')", "c.tone", "C.tone = 'rude '", "c = C if q else D"),
    reads("a local name that is set in branches", SPACE + "\nD = S(tone='x')", "c.tone", "C.tone = 'rude '",
          "if q: c = C\nelse: c = D"),
    reads("a local name that is set twice", SPACE + "\nD = S(tone='x')", "c.tone", "C.tone = 'rude '", "c = D\nc = C"),
    reads("a local name of an item", "D = {'a': {'t': 'terse '}}", "d['t']", "D['a']['t'] = 'rude '", "d = D['a']"),
    skips("an item next to one with a local name", "D = {'a': {'t': 'terse ', 'u': 1}}", "d['t']", "D['a']['u'] = 2",
          "d = D['a']"),
    reads("a parameter of an own function", SPACE + "\ndef g(c): return c.tone", "g(C)", "C.tone = 'rude '"),
    skips("what a parameter of an own function is not read of", SPACE + "\ndef g(c): return c.tone", "g(C)",
          "C.other = 2"),
    reads("a parameter by name", SPACE + "\ndef g(x, *, c): return c.tone", "g(1, c=C)", "C.tone = 'rude '"),
    reads("a parameter among further ones", SPACE + "\ndef g(*cs): return cs[0].tone", "g(C)", "C.tone = 'rude '"),
    reads("a parameter among further ones by name", SPACE + "\ndef g(**kw): return kw['c'].tone", "g(c=C)",
          "C.tone = 'rude '"),
    reads("a parameter of a parameter's function", SPACE + "\ndef h(c): return c.tone\ndef g(c): return h(c)", "g(C)",
          "C.tone = 'rude '"),
    reads("an item of what is given to an own function", "D = {'t': 'terse '}\ndef g(d): return d['t']", "g(D)",
          "D['t'] = 'rude '"),
    skips("an item next to one that an own function reads", "D = {'t': 'terse ', 'u': 1}\ndef g(d): return d['t']",
          "g(D)", "D['u'] = 2"),
    reads("what a helper returns of a global", SPACE + "\ndef get(): return C", "get().tone", "C.tone = 'rude '"),
    reads("what a helper keeps in a local name and returns", SPACE + "\ndef get():\n    c = C\n    return c",
          "get().tone", "C.tone = 'rude '"),
    reads("items that a loop goes through", "L = ['terse ']", "t", "L[0] = 'rude '", "for t in L: pass"),
    reads("attributes of items that a loop goes through", "from types import SimpleNamespace as S\nL = [S(t='terse ')]",
          "x.t", "L[0].t = 'rude '", "for x in L: pass"),
    reads("values that a loop goes through", "D = {'a': 'terse '}", "t", "D['a'] = 'rude '",
          "for k, t in D.items(): pass"),
    Program(
        "a local name stands for the value that was there",
        SPACE
        + """
@cached
def f(q):
    t = C.tone
    C.tone = "rude "
    return ask(t + q)
print(f("q"), f("q"))
""",
        "<terse q> <rude q>",
        ("SelfChanging",),
    ),
    Program(
        "a log with a local name is only written",
        """
        from types import SimpleNamespace as S
        C = S(log=[])
        @cached
        def f(q):
            log = C.log
            log.append(q)
            return ask(q)
        print(f("q"), f("p"), f("q"))
        """,
        "<q> <p> <q>",
    ),
    Program(
        "a history with a local name is written and sent",
        """
        from types import SimpleNamespace as S
        C = S(log=[])
        @cached
        def f(q):
            log = C.log
            log.append(q)
            return ask(str(C.log))
        print(f("q"), f("q"))
        """,
        "<['q']> <['q', 'q']>",
        ("SelfChanging",),
    ),
]  # fmt: skip

SET_BEFORE = [
    Program(
        "an attribute that the method has set before is not read from outside",
        """
        class Bot:
            last = ""
            @cached
            def ask(self, q): self.last = "Q: " + q; return ask(self.last)
        b = Bot(); print(b.ask("p"), b.ask("q"), b.ask("p"), b.ask("q"))
        """,
        "<Q: p> <Q: q> <Q: p> <Q: q>",
    ),
    Program(
        "a global that the function has set before is not read from outside",
        """
        @cached
        def f(q):
            global last
            last = "Q: " + q
            return ask(last)
        print(f("p"), f("q"), f("p"))
        """,
        "<Q: p> <Q: q> <Q: p>",
    ),
    Program(
        "a closure's value that the function has set before is not read from outside",
        """
        def make():
            last = ""
            @cached
            def f(q):
                nonlocal last
                last = "Q: " + q
                return ask(last)
            return f
        f = make(); print(f("p"), f("q"), f("p"))
        """,
        "<Q: p> <Q: q> <Q: p>",
    ),
    reads("what is on the right side is read", SPACE, "C.last", "C.tone = 'rude '", "C.last = C.tone"),
    Program(
        "what is set under a condition is read",
        """
        last = "terse "
        @cached
        def f(q):
            global last
            if q == "set": last = "rude "
            return ask(last + q)
        print(f("q"), f("set"), f("q"))
        """,
        "<terse q> <rude set> <rude q>",
        ("SelfChanging",),
    ),
    Program(
        "what is set in a loop is read",
        """
        last = "terse "
        @cached
        def f(q):
            global last
            for last in q.split(): pass
            return ask(last)
        print(f("")); last = "rude "; print(f(""))
        """,
        "<terse > <rude >",
    ),
    Program(
        "what is set in a try is read",
        """
        last = "terse "
        @cached
        def f(q):
            global last
            try:
                int(q)
                last = "a number "
            except ValueError: pass
            return ask(last + q)
        print(f("q")); last = "rude "; print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "what is set after it was read is read",
        """
        last = "terse "
        @cached
        def f(q):
            global last
            r = ask(last + q)
            last = "rude "
            return r
        print(f("q"), f("q"))
        """,
        "<terse q> <rude q>",
        ("SelfChanging",),
    ),
    Program(
        "what is set before an await is read after it",
        """
        import asyncio
        from types import SimpleNamespace as S
        C = S(last="")
        @cached
        async def f(q):
            C.last = q
            await asyncio.sleep(0)
            return ask(C.last)
        print(asyncio.run(f("q")), asyncio.run(f("q")))
        """,
        "<q> <q>",
        ("SelfChanging",),
        calls=2,
    ),
    Program(
        "what is set before a yield is read after it",
        """
        from types import SimpleNamespace as S
        C = S(last="")
        @cached
        def f(q):
            C.last = q
            yield "a"
            yield ask(C.last)
        print(*f("q"), *f("q"))
        """,
        "a <q> a <q>",
        ("SelfChanging",),
        calls=2,
    ),
    Program(
        "what is set before a function is handed on is read after it",
        """
        from types import SimpleNamespace as S
        C, T = S(last=""), "terse "
        def g(x):
            C.last = T
            return x
        @cached
        def f(q):
            C.last = q
            sorted([1, 2], key=g)
            return ask(C.last + q)
        print(f("q")); T = "rude "; print(f("q"))
        """,
        "<terse q> <rude q>",
        ("SelfChanging",),
    ),
    Program(
        "what is set and then set again by a helper is read in the helper",
        """
        from types import SimpleNamespace as S
        C, T = S(last=""), "terse "
        def g(): C.last = T
        @cached
        def f(q):
            C.last = q
            g()
            return ask(C.last + q)
        print(f("q")); T = "rude "; print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a setter is followed",
        """
        T = "terse "
        class Bot:
            @property
            def tone(self): return self.t
            @tone.setter
            def tone(self, value): self.t = T
            @cached
            def ask(self, q): self.tone = 1; return ask(self.tone + q)
        b = Bot(); print(b.ask("q")); T = "rude "; print(b.ask("q"))
        """,
        "<terse q> <rude q>",
        ("SelfChanging",),
    ),
    Program(
        "an own __setattr__ is followed",
        """
        T = "terse "
        class Bot:
            def __setattr__(self, name, value): self.__dict__[name] = T
            @cached
            def ask(self, q): self.tone = q; return ask(self.tone + q)
        b = Bot(); print(b.ask("q")); T = "rude "; print(b.ask("q"))
        """,
        "<terse q> <rude q>",
        ("SelfChanging",),
    ),
    Program(
        "what is set of one object is read of another",
        """
        from types import SimpleNamespace as S
        A, B = S(t=""), S(t="terse ")
        @cached
        def f(q):
            A.t = q
            return ask(B.t + q)
        print(f("q")); B.t = "rude "; print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "what is set of an object is read by its other name",
        """
        from types import SimpleNamespace as S
        A = S(t="")
        B = A
        @cached
        def f(q):
            A.t = q
            return ask(B.t)
        print(f("q"), f("q"))
        """,
        "<q> <q>",
        ("SelfChanging",),
        calls=2,
    ),
    Program(
        "what is set in a nested function that may not run is read",
        """
        last = "terse "
        @cached
        def f(q):
            def g():
                global last
                last = "x"
            return ask(last + q)
        print(f("q")); last = "rude "; print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "what is set before a return that comes first is read",
        """
        last = "terse "
        @cached
        def f(q):
            global last
            if q == "q": return ask(last + q)
            last = q
            return ask(last)
        print(f("q")); last = "rude "; print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
]

CASES = [*NAMES, *ITEMS, *LOOKS, *ALIASES, *SET_BEFORE]
