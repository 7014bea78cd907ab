"""Programs as people write them, each of which found a fault once."""

from __future__ import annotations

from corpus.cases import Case, Program

QUIET: list[Case] = [
    Program(
        "no code of a class is run by a look at its instances",
        """
        import functools
        ran = []
        class Lazy:
            tone = "terse "
            @property
            def __class__(self): ran.append("__class__"); return str
            def __getattr__(self, name): ran.append(name); raise AttributeError(name)
        class Strict:
            def __getattribute__(self, name): ran.append(name); return object.__getattribute__(self, name)
        class Meta(type):
            def __getattr__(cls, name): ran.append(name); raise AttributeError(name)
            def __instancecheck__(cls, instance): ran.append("isinstance"); return True
        class Made(metaclass=Meta): pass
        LAZY, STRICT, MADE, PART = Lazy(), Strict(), Made(), functools.partial(max, Lazy())
        class Holder:
            lazy = LAZY
            def go(self): return self.lazy
        HOLDER = Holder()
        @cached
        def f(q, given=None):
            if q == "never":
                str(LAZY), LAZY("x"), print(LAZY), LAZY["a"], isinstance(MADE, Made), isinstance(LAZY, Strict)
                STRICT.foo(1), STRICT["a"], HOLDER.go(), HOLDER.lazy.other, PART(1), MADE.x, given.tone, str(given)
                STRICT += 1
            return ask(q)
        for given in (None, LAZY, STRICT, MADE, Made, HOLDER, [LAZY, STRICT, Made]):
            f.cache_key("q", given); f.explain("q", given)
        print(f("q"), ran)
        """,
        "<q> []",
    ),
]

CASES: list[Case] = QUIET
