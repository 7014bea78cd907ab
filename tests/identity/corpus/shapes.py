"""Every shape of a call, and every form of Python by which a name can be read."""

from __future__ import annotations

from corpus.cases import Program, reads, skips

T = "T = 'terse '"
C = "class C: t, u = 'terse ', 1"


def shaped(name: str, function: str, call: str, head: str = "") -> Program:
    """A program with a function of another shape, which reads the global ``T`` and the attribute ``C.t``."""
    text = f"import asyncio\nclass C: t, u = 'terse ', 1\n{head}\n{function}\n"
    text += f"print({call}, {call})\nC.u = 2\nprint({call})\nC.t = 'rude '\nprint({call})\n"
    return Program(name, text, "<terse q> <terse q> <terse q> <rude q>")


SHAPES = [
    shaped("a function", "@cached\ndef f(q): return ask(C.t + q)", "f('q')"),
    shaped("a coroutine", "@cached\nasync def f(q): return ask(C.t + q)", "asyncio.run(f('q'))"),
    shaped("a generator", "@cached\ndef f(q): yield ask(C.t + q)", "*f('q')"),
    shaped("an asynchronous generator",
           "@cached\nasync def f(q): yield ask(C.t + q)\nasync def all(q): return [a async for a in f(q)]",
           "*asyncio.run(all('q'))"),
    shaped("a method", "class A:\n    @cached\n    def f(self, q): return ask(C.t + q)", "A().f('q')"),
    shaped("a class method", "class A:\n    @classmethod\n    @cached\n    def f(cls, q): return ask(C.t + q)",
           "A.f('q')"),
    shaped("a class method, decorated outside",
           "class A:\n    @cached\n    @classmethod\n    def f(cls, q): return ask(C.t + q)", "A.f('q')"),
    shaped("a static method", "class A:\n    @staticmethod\n    @cached\n    def f(q): return ask(C.t + q)",
           "A.f('q')"),
    shaped("a static method, decorated outside",
           "class A:\n    @cached\n    @staticmethod\n    def f(q): return ask(C.t + q)", "A.f('q')"),
    shaped("a coroutine that is a method", "class A:\n    @cached\n    async def f(self, q): return ask(C.t + q)",
           "asyncio.run(A().f('q'))"),
    shaped("a generator that is a method", "class A:\n    @cached\n    def f(self, q): yield ask(C.t + q)",
           "*A().f('q')"),
    shaped("a lambda", "f = cached(lambda q: ask(C.t + q))", "f('q')"),
    shaped("one of two lambdas on a line", "g, f = (lambda q: ask('x')), cached(lambda q: ask(C.t + q))", "f('q')"),
    shaped("a lambda in a comprehension", "f = [cached(lambda q: ask(C.t + q)) for _ in [1]][0]", "f('q')"),
    shaped("a nested function",
           "def make():\n    @cached\n    def f(q): return ask(C.t + q)\n    return f\nf = make()", "f('q')"),
    shaped("a method of a nested class",
           "def make():\n    class A:\n        @cached\n        def f(self, q): return ask(C.t + q)\n    return A()\n"
           "a = make()", "a.f('q')"),
    shaped("a callable object", "class A:\n    @cached\n    def __call__(self, q): return ask(C.t + q)\na = A()",
           "a('q')"),
    shaped("a method of a dataclass",
           "from dataclasses import dataclass\n@dataclass\nclass A:\n    n: int = 1\n    @cached\n"
           "    def f(self, q): return ask(C.t + q)", "A().f('q')"),
    shaped("a method of a pydantic model",
           "from pydantic import BaseModel\nclass A(BaseModel):\n    n: int = 1\n    @cached\n"
           "    def f(self, q): return ask(C.t + q)", "A().f('q')"),
    shaped("a method of a base", "class B:\n    @cached\n    def f(self, q): return ask(C.t + q)\nclass A(B): pass",
           "A().f('q')"),
    shaped("a method under super()",
           "class B:\n    @cached\n    def f(self, q): return ask(C.t + q)\nclass A(B):\n"
           "    def f(self, q): return super().f(q)", "A().f('q')"),
    shaped("a function under an own decorator",
           "import functools\ndef again(g):\n    @functools.wraps(g)\n    def inner(*args): return g(*args)\n"
           "    return inner\n" "@cached\n@again\ndef f(q): return ask(C.t + q)", "f('q')"),
    shaped("a function under an own decorator with arguments",
           "import functools\ndef again(n):\n    def decorate(g):\n        @functools.wraps(g)\n"
           "        def inner(*args):\n            for _ in range(n): r = g(*args)\n"
           "            return r\n        return inner\n    return decorate\n@cached\n@again(1)\n"
           "def f(q): return ask(C.t + q)", "f('q')"),
    shaped("a function under a decorator that is a class",
           "class Again:\n    def __init__(self, g): self.g = g\n    def __call__(self, q): return self.g(q)\n"
           "@Again\ndef g(q): return ask(C.t + q)\n@cached\ndef f(q): return g(q)", "f('q')"),
    shaped("a function above our decorator",
           "def again(g):\n    def inner(q): return g(q)\n    return inner\n@again\n@cached\n"
           "def f(q): return ask(C.t + q)", "f('q')"),
    shaped("a cached function that calls another",
           "@cached\ndef g(q): return ask(C.t + q)\n@cached\ndef f(q): return g(q)", "f('q')"),
    Program(
        "a function that exec made",
        """
        class C: t = "terse "
        exec("def f(q): return ask(C.t + q)")
        f = cached(f)
        print(f("q"), f("q")); C.t = "rude "; print(f("q"))
        """,
        "<terse q> <terse q> <rude q>",
    ),
    shaped("a partial of a cached function",
           "import functools\n@cached\ndef g(x, q): return ask(C.t + q)\nf = functools.partial(g, 1)", "f('q')"),
    shaped("a coroutine that gathers",
           "async def one(q): return C.t + q\n@cached\nasync def f(q): return ask((await asyncio.gather(one(q)))[0])",
           "asyncio.run(f('q'))"),
    shaped("a function that yields from", "def g(q): yield ask(C.t + q)\n@cached\ndef f(q): yield from g(q)",
           "*f('q')"),
]  # fmt: skip

FORMS = [
    reads(f"a global, in {name}", f"{head}\n{T}", expression, "T = 'rude '", body)
    for name, head, expression, body in (
        ("a list comprehension", "", "[T for _ in [1]][0]", ""),
        ("a set comprehension", "", "list({T for _ in [1]})[0]", ""),
        ("a dict comprehension", "", "{1: T for _ in [1]}[1]", ""),
        ("the key of a dict comprehension", "", "list({T: 1 for _ in [1]})[0]", ""),
        ("a generator expression", "", "next(T for _ in [1])", ""),
        ("the condition of a comprehension", "", "[t for t in ['terse ', 'rude '] if t == T][0]", ""),
        ("the iterable of a comprehension", "", "''.join([c for c in T])", ""),
        ("a nested comprehension", "", "[[T for _ in [1]] for _ in [1]][0][0]", ""),
        ("a lambda", "", "(lambda: T)()", ""),
        ("the default of a lambda", "", "(lambda t=T: t)()", ""),
        ("a nested function", "", "g()", "def g(): return T"),
        ("the default of a nested function", "", "g()", "def g(t=T): return t"),
        ("the keyword default of a nested function", "", "g()", "def g(*, t=T): return t"),
        ("the decorator of a nested function", "def with_(t): return lambda g: lambda: t", "g()",
         "@with_(T)\ndef g(): pass"),
        ("the body of a nested class", "", "A.t", "class A: t = T"),
        ("a method of a nested class", "", "A().g()", "class A:\n    def g(self): return T"),
        ("the base of a nested class", "def base(t): return type('B', (), {'t': t})", "A.t", "class A(base(T)): pass"),
        ("the keyword of a nested class", "class B:\n    def __init_subclass__(cls, t): cls.t = t", "A.t",
         "class A(B, t=T): pass"),
        ("the subject of a match", "", "t", "match T:\n    case 'terse ': t = 'terse '\n    case _: t = 'rude '"),
        ("a guard of a match", "", "t", "match q:\n    case _ if T == 'terse ': t = 'terse '\n    case _: t = 'rude '"),
        ("a body of a match", "", "t", "match q:\n    case 'q': t = T"),
        ("a walrus", "", "(t := T)", ""),
        ("a walrus in a condition", "", "t", "if (t := T): pass"),
        ("a walrus in a comprehension", "", "[t for _ in [1] if (t := T)][0]", ""),
        ("a loop", "", "t", "t = ''\nfor c in T: t += c"),
        ("the else of a loop", "", "t", "for _ in []: pass\nelse: t = T"),
        ("the condition of a while", "", "t", "t = ''\nwhile len(t) < len(T): t = T"),
        ("an unpacking", "", "t", "t, _ = T, 1"),
        ("an unpacking with a star", "", "t[0]", "*t, _ = T, 1"),
        ("an unpacking of a text", "", "''.join([a, *b])", "a, *b = T"),
        ("a with", "import contextlib", "t", "with contextlib.nullcontext(T) as t: pass"),
        ("a try", "", "t", "try: t = T\nfinally: pass"),
        ("an except", "", "t", "try: int('x')\nexcept ValueError: t = T"),
        ("what is caught", "", "t", "try: raise ValueError(T)\nexcept ValueError as e: t = str(e)"),
        ("a finally", "", "t", "try: pass\nfinally: t = T"),
        ("an assert that catches", "", "t", "try:\n    assert not q, T\nexcept AssertionError as e: t = str(e)"),
        ("an f-string", "", "f'{T}'", ""),
        ("a conversion", "", "eval(f'{T!r}')", ""),
        ("a nested format", "W = 6", "f'{T:{W}}'", ""),
        ("a format of an f-string", "",
         "format('', f'{T[:1]}<{len(T)}').replace('t' * 6, 'terse ').replace('r' * 5, 'rude ')", ""),
        ("a star-call", "", "''.join(*[[T]])", ""),
        ("the arguments of a star-call", "def g(*a): return a[0]", "g(*[T])", ""),
        ("the keywords of a star-call", "def g(**k): return k['t']", "g(**{'t': T})", ""),
        ("a conditional expression", "", "(T if q else '')", ""),
        ("an or", "", "('' or T)", ""),
        ("an and", "", "(q and T)", ""),
        ("a chained comparison", "", "('terse ' if 's' < T < 'u' else 'rude ')", ""),
        ("an in", "", "('terse ' if 's' in T else 'rude ')", ""),
        ("a subscript", "D = {'terse ': 'terse ', 'rude ': 'rude '}", "D[T]", ""),
        ("a slice", "", "T[0:][:9]", ""),
        ("the bound of a slice", "", "'terse rude '[(0 if T == 'terse ' else 6):(6 if T == 'terse ' else 11)]", ""),
        ("a method's argument", "", "''.join([T])", ""),
        ("a method of it", "", "T.lower()", ""),
        ("a format with a percent sign", "", "'%s' % T", ""),
        ("a display", "", "[T][0]", ""),
        ("a set display", "", "list({T})[0]", ""),
        ("a dict display", "", "{1: T}[1]", ""),
        ("an augmented assignment of a local variable", "", "t", "t = ''\nt += T"),
        ("an annotated assignment", "", "t", "t: str = T"),
        ("a chain of assignments", "", "b", "a = b = T"),
        ("a local variable that is deleted", "", "t", "x = T\nt = x\ndel x"),
        ("a return in a loop", "", "g()", "def g():\n    for _ in [1]: return T"),
        ("a nested generator", "", "next(g())", "def g(): yield T"),
        ("a yield from", "", "next(g())", "def h(): yield T\ndef g(): yield from h()"),
        ("a nested coroutine", "import asyncio", "asyncio.run(g())", "async def g(): return T"),
        ("an await", "import asyncio", "asyncio.run(g())", "async def h(): return T\nasync def g(): return await h()"),
        ("an asynchronous comprehension", "import asyncio", "asyncio.run(g())",
         "async def h(): yield T\nasync def g(): return [t async for t in h()][0]"),
        ("a nonlocal", "", "t", "t = ''\ndef g():\n    nonlocal t\n    t = T\ng()"),
        ("a nested function that is called by another", "", "h()", "def g(): return T\ndef h(): return g()"),
        ("a nested function that calls itself", "", "g(2)", "def g(n): return g(n - 1) if n else T"),
        ("a closure over a loop", "", "gs[0]()", "gs = [lambda t=t: t for t in [T]]"),
        ("a starred display", "", "[*[T]][0]", ""),
        ("a double-starred display", "", "{**{1: T}}[1]", ""),
        ("an exception group", "", "t",
         "try: raise ExceptionGroup(T, [ValueError()])\nexcept* ValueError as e: t = e.message"),
        ("a type()", "", "type('A', (), {'t': T}).t", ""),
        ("a global that is declared", "", "T", "global T"),
    )
]  # fmt: skip

CHAINS = [
    reads(f"an attribute, in {name}", f"{head}\n{C}", expression, "C.t = 'rude '", body)
    for name, head, expression, body in (
        ("a value pattern", "", "t", "match 'terse ':\n    case C.t: t = 'terse '\n    case _: t = 'rude '"),
        ("a class pattern", "class K:\n    __match_args__ = ('t',)\n    t = property(lambda self: C.t)", "t",
         "match K():\n    case K(x): t = x"),
        ("a mapping pattern", "", "t", "match {'t': C.t}:\n    case {'t': t}: pass"),
        ("a sequence pattern", "", "t", "match [C.t]:\n    case [t]: pass"),
        ("getattr with a constant name", "", "getattr(C, 't')", ""),
        ("an f-string", "", "f'{C.t}'", ""),
        ("a comprehension over classes", "", "[c.t for c in [C]][0]", ""),
        ("a loop over classes", "", "t", "for c in (C,): t = c.t"),
        ("an unpacking of classes", "", "c.t", "c, d = C, 1"),
        ("an unpacking of a pair of attributes", "", "t", "t, u = C.t, C.u"),
        ("a with that gives a class", "import contextlib", "c.t", "with contextlib.nullcontext(C) as c: pass"),
        ("a walrus of a class", "", "(c := C).t", ""),
        ("a conditional of classes", "class D: t = 'x'", "(C if q else D).t", ""),
        ("a default that is a class", "", "(lambda c=C: c.t)()", ""),
        ("a nested function that is given a class", "", "g(C)", "def g(c): return c.t"),
        ("a lambda that is given a class", "", "(lambda c: c.t)(C)", ""),
        ("an instance", "", "C().t", ""),
        ("an instance with a local name", "", "c.t", "c = C()"),
        ("a subclass in the function", "", "D.t", "class D(C): pass"),
        ("an item of a list of classes", "", "[C][0].t", ""),
        ("an item of a dict of classes", "", "{1: C}[1].t", ""),
        ("what a nested function returns", "", "g().t", "def g(): return C"),
        ("a star-call with a class", "def g(*c): return c[0].t", "g(*[C])", ""),
        ("a keyword with a class", "def g(*, c): return c.t", "g(c=C)", ""),
        ("a local variable that is set in a loop", "", "c.t", "c = None\nfor _ in range(2): c = C"),
        ("a local variable that is set in a nested function", "", "c.t",
         "c = None\ndef g():\n    nonlocal c\n    c = C\ng()"),
    )
]  # fmt: skip

SELF = [
    Program(
        f"an attribute of self, in {name}",
        f"""
        class B:
            t = "terse "
            def tone(self): return self.t
            @property
            def mood(self): return self.t
            @classmethod
            def of(cls): return cls.t
        class A(B):
            @cached
            def ask(self, q):
                {body or "pass"}
                return ask({expression} + q)
        a = A(); print(a.ask("q"), a.ask("q")); A.t = "rude "; print(a.ask("q"))
        """,
        "<terse q> <terse q> <rude q>",
    )
    for name, expression, body in (
        ("self.t", "self.t", ""),
        ("type(self).t", "type(self).t", ""),
        ("self.__class__.t", "self.__class__.t", ""),
        ("A.t", "A.t", ""),
        ("getattr(self, 't')", "getattr(self, 't')", ""),
        ("super().tone()", "super().tone()", ""),
        ("super(A, self).tone()", "super(A, self).tone()", ""),
        ("super().mood", "super().mood", ""),
        ("super().of()", "super().of()", ""),
        ("B.tone(self)", "B.tone(self)", ""),
        ("self.tone()", "self.tone()", ""),
        ("self.of()", "self.of()", ""),
        ("type(self).of()", "type(self).of()", ""),
        ("a local name of self", "me.t", "me = self"),
        ("a local name of a method", "g()", "g = self.tone"),
        ("a nested function", "g()", "def g(): return self.t"),
        ("a nested class", "G().g()", "class G:\n                    def g(me): return self.t"),
        ("a lambda", "(lambda: self.t)()", ""),
        ("a comprehension", "[self.t for _ in [1]][0]", ""),
        ("a generator", "next(self.t for _ in [1])", ""),
        ("super() with a name", "s.tone()", "s = super()"),
        ("an f-string", "f'{self.t}'", ""),
        ("__dict__ of the class", "(type(self).__dict__.get('t') or 'terse ')", ""),
    )
]  # fmt: skip

NOT_READ = [
    skips(f"what is next to an attribute, in {name}", f"{head}\n{C}", expression, "C.u = 2", body)
    for name, head, expression, body in (
        ("a loop over classes", "", "t", "for c in (C,): t = c.t"),
        ("a nested function that is given a class", "", "g(C)", "def g(c): return c.t"),
        ("a conditional of classes", "class D: t = 'x'", "(C if q else D).t", ""),
        ("a lambda that is given a class", "", "(lambda c: c.t)(C)", ""),
        ("an f-string", "", "f'{C.t}'", ""),
        ("a match", "", "t", "match C.t:\n    case t: pass"),
        ("a walrus of the attribute", "", "(t := C.t)", ""),
    )
]  # fmt: skip

CASES = [*SHAPES, *FORMS, *CHAINS, *SELF, *NOT_READ]
