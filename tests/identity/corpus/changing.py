"""`SelfChanging`: once per function and value, with the `ignore=` to paste; lazy values count as not yet made."""

from __future__ import annotations

from corpus.cases import Case, Program, hit, miss

WARNING: list[Case] = [
    Program(
        "the warning names the value and what would leave it out",
        """
        H = []
        @cached
        def f(q):
            H.append(q)
            return ask(str(H))
        print(f("a"), f("b"), f("c"))
        """,
        "<['a']> <['a', 'b']> <['a', 'b', 'c']>",
        ("SelfChanging",),
        says=("H", 'ignore=("H",)'),
    ),
    Program(
        "an attribute of self is named as the user writes it",
        """
        class Chat:
            def __init__(self): self.history = []
            @cached
            def ask(self, q):
                self.history.append(q)
                return ask(str(self.history))
        c = Chat(); print(c.ask("a"), c.ask("b"))
        """,
        "<['a']> <['a', 'b']>",
        ("SelfChanging",),
        says=('ignore=("self.history",)',),
    ),
    Program(
        "two values are two warnings",
        """
        H, N = [], 0
        @cached
        def f(q):
            global N
            H.append(q)
            N += 1
            return ask(str(H) + str(N))
        print(f("a"), f("b"))
        """,
        "<['a']1> <['a', 'b']2>",
        ("SelfChanging", "SelfChanging"),
        says=('"H"', '"N"'),
    ),
    Program(
        "two functions that change one value are two warnings",
        """
        H = []
        @cached
        def f(q):
            H.append(q)
            return ask("f" + str(H))
        @cached
        def g(q):
            H.append(q)
            return ask("g" + str(H))
        print(f("a"), g("b"))
        """,
        "<f['a']> <g['a', 'b']>",
        ("SelfChanging", "SelfChanging"),
    ),
    Program(
        "what is ignored is not warned of",
        """
        from llm_memo import cached_completion
        H = []
        @cached_completion(ignore=("H",))
        def f(q):
            H.append(q)
            return ask(str(len(H)) + q)
        print(f("a"), f("b"), f("a"))
        """,
        "<1a> <2b> <1a>",
        off="<1a> <2b> <3a>",
    ),
    Program(
        "the answer is kept before the warning",
        """
        import warnings
        N = 0
        @cached
        def f(q):
            global N
            N += 1
            return ask(str(N))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try: f("q")
            except UserWarning: pass
        N = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            print(f("q"))
        """,
        "<1>",
    ),
    Program(
        "a call that raises and has changed what it reads",
        """
        N = 0
        @cached
        def f(q):
            global N
            N += 1
            if N == 1: raise ValueError
            return ask(str(N))
        try: f("q")
        except ValueError: print("raised")
        print(f("q"))
        """,
        "raised <2>",
        ("SelfChanging",),
    ),
    Program(
        "a call that sets what it reads to what it was",
        """
        N = 0
        @cached
        def f(q):
            global N
            r = ask(str(N))
            N = N + N
            return r
        print(f("q"), f("q"))
        """,
        "<0> <0>",
    ),
    Program(
        "a change by somebody else between two calls is none of the call's",
        """
        N = 0
        @cached
        def f(q): return ask(str(N))
        print(f("q")); N = 1; print(f("q")); N = 0; print(f("q"))
        """,
        "<0> <1> <0>",
    ),
    Program(
        "a helper that changes what the function reads",
        """
        H = []
        def turn(q): H.append(q)
        @cached
        def f(q):
            turn(q)
            return ask(str(H))
        print(f("a"), f("b"))
        """,
        "<['a']> <['a', 'b']>",
        ("SelfChanging",),
        says=('ignore=("H",)',),
    ),
    Program(
        "a coroutine that changes what it reads",
        """
        import asyncio
        H = []
        @cached
        async def f(q):
            H.append(q)
            await asyncio.sleep(0)
            return ask(str(H))
        async def main(): print(await f("a"), await f("b"))
        asyncio.run(main())
        """,
        "<['a']> <['a', 'b']>",
        ("SelfChanging",),
    ),
    Program(
        "a generator that changes what it reads",
        """
        H = []
        @cached
        def f(q):
            H.append(q)
            yield ask(str(H))
        print(*f("a"), *f("b"))
        """,
        "<['a']> <['a', 'b']>",
        ("SelfChanging",),
    ),
    Program(
        "a context variable that the call sets and reads",
        """
        import contextvars
        V = contextvars.ContextVar("V", default=0)
        @cached
        def f(q):
            n = V.get()
            V.set(n + 1)
            return ask(str(n))
        print(f("q"), f("q"))
        """,
        "<0> <1>",
        ("SelfChanging",),
    ),
    Program(
        "an argument of an own class that the call changes",
        """
        class State: turn = 0
        @cached
        def f(s):
            s.turn += 1
            return ask(str(s.turn))
        s = State(); print(f(s), f(s))
        """,
        "<1> <2>",
        ("SelfChanging",),
    ),
    Program(
        "an argument of an own class that the call only writes to",
        """
        class State: turn = 0
        @cached
        def f(s, q):
            s.turn += 1
            return ask(q)
        s = State(); print(f(s, "q"), f(s, "q"))
        """,
        "<q> <q>",
    ),
]

LAZY: list[Case] = [
    Program(
        "a cached_property that a call has computed counts as not yet computed",
        """
        from functools import cached_property
        class Bot:
            tone = "terse "
            @cached_property
            def system(self): return "Be " + self.tone
            @cached
            def ask(self, q): return ask(self.system + q)
        a, b = Bot(), Bot(); print(a.ask("p"), a.ask("q"), b.ask("q"), b.ask("p"))
        """,
        "<Be terse p> <Be terse q> <Be terse q> <Be terse p>",
    ),
    Program(
        "what is assigned over a cached_property is what the code reads",
        """
        from functools import cached_property
        class A:
            @cached_property
            def system(self): return "terse "
            @cached
            def ask(self, q): return ask(self.system + q)
        a, b = A(), A(); b.system = "rude "; print(a.ask("q"), b.ask("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a cached_property that was computed elsewhere counts by its value",
        """
        from functools import cached_property
        class Bot:
            tone = "terse "
            @cached_property
            def system(self): return self.tone
            @cached
            def ask(self, q): return ask(self.system + q)
        a, b = Bot(), Bot()
        b.tone = "rude "; b.system; b.tone = "terse "
        print(a.ask("q"), b.ask("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a cached_property that was computed and is assigned later",
        """
        from functools import cached_property
        class Bot:
            @cached_property
            def system(self): return "terse "
            @cached
            def ask(self, q): return ask(self.system + q)
        a = Bot(); print(a.ask("q")); a.system = "rude "; print(a.ask("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a cached_property whose value is changed later",
        """
        from functools import cached_property
        class Bot:
            @cached_property
            def parts(self): return ["terse "]
            @cached
            def ask(self, q): return ask("".join(self.parts) + q)
        a = Bot(); print(a.ask("q")); a.parts[0] = "rude "; print(a.ask("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a cached_property whose source is changed after it was computed",
        """
        from functools import cached_property
        class Bot:
            tone = "terse "
            @cached_property
            def system(self): return self.tone
            @cached
            def ask(self, q): return ask(self.system + q)
        a = Bot(); print(a.ask("q")); a.tone = "rude "; print(a.ask("q")); print(Bot().ask("q"))
        b = Bot(); b.tone = "rude "; print(b.ask("q"))
        """,
        "<terse q> <terse q> <terse q> <rude q>",
        calls=3,
        second="<terse q> <rude q> <terse q> <rude q>",  # a hit computes nothing
    ),
    Program(
        "the code of a cached_property",
        """
        from functools import cached_property
        class A:
            @cached_property
            def system(self): return "terse "
            @cached
            def ask(self, q): return ask(self.system + q)
        class B:
            @cached_property
            def system(self): return "rude "
            ask = A.ask
        print(A().ask("q"), B().ask("q"))
        """,
        "<terse q> <rude q>",
    ),
    miss(
        "the code of a cached_property is edited",
        "from functools import cached_property\nclass A:\n    @cached_property\n    def system(self): return 'terse '\n"
        "    @cached\n    def ask(self, q): return ask(self.system + q)\nprint(A().ask('q'))\n",
        ("terse", "rude"),
    ),
    hit(
        "a cached_property that nobody reads is edited",
        "from functools import cached_property\nclass A:\n    @cached_property\n    def system(self): return 'terse '\n"
        "    @cached\n    def ask(self, q): return ask(q)\nprint(A().ask('q'))\n",
        ("terse", "rude"),
    ),
    *(
        Program(
            f"a value that is made lazily: {statement.splitlines()[0]}",
            f"""
            class Bot:
                _system = None
                def system(self):
                    {statement}
                    return self._system
                @cached
                def ask(self, q): return ask(self.system() + q)
            a, b = Bot(), Bot(); print(a.ask("q"), a.ask("q"), b.ask("q"))
            """,
            "<terse q> <terse q> <terse q>",
        )
        for statement in (
            "if self._system is None: self._system = 'terse '",
            "if not self._system: self._system = 'terse '",
            "self._system = self._system or 'terse '",
        )
    ),
    Program(
        "a global that is made lazily",
        """
        _system = None
        def system():
            global _system
            if _system is None: _system = "terse "
            return _system
        @cached
        def f(q): return ask(system() + q)
        print(f("q"), f("q"))
        """,
        "<terse q> <terse q>",
    ),
    Program(
        "a value that is made lazily and was made elsewhere counts by its value",
        """
        class Bot:
            _system = None
            @cached
            def ask(self, q):
                if self._system is None: self._system = "terse "
                return ask(self._system + q)
        a, b = Bot(), Bot(); b._system = "rude "; print(a.ask("q"), b.ask("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a value that was made lazily and is replaced later",
        """
        class Bot:
            _system = None
            @cached
            def ask(self, q):
                if self._system is None: self._system = "terse "
                return ask(self._system + q)
        a = Bot(); print(a.ask("q")); a._system = "rude "; print(a.ask("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a value that is made lazily from something that changed",
        """
        T = "terse "
        class Bot:
            _system = None
            @cached
            def ask(self, q):
                if self._system is None: self._system = T
                return ask(self._system + q)
        a = Bot(); print(a.ask("q")); T = "rude "; print(a.ask("q"), Bot().ask("q"))
        """,
        "<terse q> <terse q> <rude q>",
        calls=3,
        second="<terse q> <rude q> <rude q>",  # a hit makes nothing
    ),
    Program(
        "a value that is made with something beside it is not lazy",
        """
        class Bot:
            _system, n = None, 0
            @cached
            def ask(self, q):
                if self._system is None:
                    self.n += 1
                    self._system = "terse "
                return ask(self._system + q)
        a = Bot(); print(a.ask("q"), a.ask("q"))
        """,
        "<terse q> <terse q>",
        ("SelfChanging",),
        calls=2,
    ),
    Program(
        "what an lru_cache filled earlier is not seen, what it reads now is",
        """
        from functools import lru_cache
        T = "terse "
        @lru_cache
        def system(): return T
        @cached
        def f(q): return ask(system() + q)
        print(f("q")); T = "rude "; system.cache_clear(); print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    miss(
        "the code under an lru_cache is edited",
        "from functools import lru_cache\n@lru_cache\ndef g(): return 'terse '\n@cached\n"
        "def f(q): return ask(g() + q)\nprint(f('q'))\n",
        ("terse", "rude"),
    ),
    Program(
        "an lru_cache that a call fills changes no key",
        """
        from functools import lru_cache
        @lru_cache
        def half(q): return q[:1]
        @cached
        def f(q): return ask(half(q))
        print(f("ab"), f("ab"), f("cd"), f("ab"))
        """,
        "<a> <a> <c> <a>",
    ),
]

CASES: list[Case] = [*WARNING, *LAZY]
