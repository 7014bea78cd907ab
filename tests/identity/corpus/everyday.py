"""Programs as people write them, each of which found a fault once."""

from __future__ import annotations

from corpus.cases import Case, Program, hit, miss

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

READ: list[Case] = [
    Program(
        "a member of an enum whose value is set",
        """
        import enum
        class Tone(enum.Enum): A = "terse "
        @cached
        def f(q): return ask(Tone.A.value + q)
        print(f("q")); Tone.A._value_ = "rude "; print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "a variable of the environment whose name goes through two helpers",
        """
        import os
        os.environ |= {"TONE": "terse ", "OTHER": "1"}
        def variable(name, default=None): return os.environ.get(name, default)
        def setting(name): return variable(name) or "none"
        @cached
        def f(q): return ask(setting("TONE") + q)
        print(f("q")); os.environ["OTHER"] = "2"; print(f("q")); os.environ["TONE"] = "rude "; print(f("q"))
        """,
        "<terse q> <terse q> <rude q>",
    ),
]

DECORATED = """
import functools
def deco(p):
    def around(fn):
        @functools.wraps(fn)
        def wrapper(*args, **kwargs): return p + fn(*args, **kwargs)
        return wrapper
    return around
class A:
    tone = "terse "
    @cached
    @deco("[")
    def method(self, q): return ask(self.tone + q)
    @property
    @cached
    def prompt(self): return ask("p " + self.tone)
    @property
    @functools.lru_cache
    def head(self): return "h " + self.tone
@cached
@deco("(")
def inner(q): return ask("i " + q)
X = A()
@cached
def f(q): return ask(X.method(q) + X.prompt + X.head + inner(q))
print(f("q"))
"""

KEYED = """
WORDS = ["a"]
class A:
    def __init__(self, tone): self.tone, self.noise = tone, 1
    def __memo_key__(self): return self.tone
    def join(self, words, q): return self.tone.join(words) + HEAD + q
    @cached
    def run(self, q): return ask(self.join(WORDS, q))
HEAD = "head "
@cached
def f(a, q): return ask("f " + a.join(["b"], q))
print(A("t").run("q"), f(A("t"), "q"))
"""

CHECKED = """
import abc, functools
WORDS = ["a"]
class Slotted:
    __slots__ = ("__wrapped__",)
    def __init__(self, function): self.__wrapped__ = function
    def __get__(self, instance, owner): return functools.partial(self.__wrapped__, instance)
def with_tone(tone, self): return tone
def of_words(self, words): return str(words)
class Hooked(abc.ABC):
    @classmethod
    def __subclasshook__(cls, kind): return hasattr(kind, "hooked")
class Meta(type):
    def __instancecheck__(cls, instance): return instance.size > 5
class Large(metaclass=Meta): pass
class A:
    hooked = 1
    size = 6
    tone = property(functools.partial(with_tone, "terse "))
    words = functools.partialmethod(of_words, WORDS)
    shown = functools.partialmethod(getattr, "size")
    @Slotted
    def late(self): return "late"
X = A()
@cached
def f(q):
    return ask(f"{isinstance(X, Hooked)} {isinstance(X, Large)} {X.tone}{X.words()} {X.shown()} {X.late()} {q}")
print(f("q"))
"""

SEEN: list[Case] = [
    *(
        miss(f"checks, and functions that are called by other ways: {old}", CHECKED, (old, new))
        for old, new in (
            ("    hooked = 1", "    other = 1"),
            ("> 5", "> 6"),
            ("size = 6", "size = 7"),
            ('"terse "', '"rude "'),
            ('["a"]', '["b"]'),
            ('"late"', '"early"'),
            ('(kind, "hooked")', '(kind, "other")'),
        )
    ),
    *(
        miss(f"decorators below a cached function that another one calls: {old}", DECORATED, (old, new))
        for old, new in (('"["', '"<"'), ('"("', '"<"'), ('"p "', '"r "'), ('"h "', '"g "'), ('"terse "', '"rude "'))
    ),
    *(
        miss(f"what is read by the methods of an instance with a __memo_key__: {old}", KEYED, (old, new))
        for old, new in (('["a"]', '["b", "c"]'), ('"head "', '"feet "'), ("HEAD + q", "HEAD + q + q"), ('"t"', '"u"'))
    ),
    hit("an attribute that is not in its __memo_key__", KEYED, ("tone, 1", "tone, 2")),
    Program(
        "a class that is registered later",
        """
        import abc
        class Proto(abc.ABC): pass
        class A: pass
        X = A()
        def kind(x):
            match x:
                case Proto(): return "yes "
            return "no "
        @cached
        def f(q): return ask(("yes " if isinstance(X, Proto) else "no ") + q)
        @cached
        def g(x, q): return ask(("yes " if isinstance(x, Proto) else "no ") + q)
        @cached
        def h(q): return ask(kind(X) + q)
        print(f("f"), g(X, "g"), h("h")); Proto.register(A); print(f("f"), g(X, "g"), h("h"))
        """,
        "<no f> <no g> <no h> <yes f> <yes g> <yes h>",
    ),
    *(
        Program(
            f"a variable of the environment by a name that is made, {way}",
            f"""
        import os
        os.environ["APP_TONE"] = "terse "
        def variable(name): return {way}
        @cached
        def f(q): return ask(variable("TONE") + q)
        print(f("q"))
        """,
            "<terse q>",
            ("Untracked",),
        )
        for way in ('os.environ["APP_" + name]', 'os.environ.get("APP_" + name, "")', 'os.getenv("APP_" + name)')
    ),
    Program(
        "a default, and keys, that are equal and another value",
        """
        D = {1: "a", 0: "b"}
        def g(n=1): return str(n)
        @cached
        def f(q): return ask(str(g.__defaults__[0]) + "".join(str(each) for each in D) + q)
        print(f(" q")); g.__defaults__ = (True,); print(f(" q"))
        D.clear(); D.update({True: "a", False: "b"}); print(f(" q"))
        """,
        "<110 q> <True10 q> <TrueTrueFalse q>",
    ),
    Program(
        "an argument of a thousand lists in each other",
        """
        deep = []
        for _ in range(700): deep = [deep]
        @cached
        def f(x, q): return ask(q)
        print(f(deep, "q"), f(deep, "q"))
        """,
        "<q> <q>",
    ),
]

CASES: list[Case] = [*QUIET, *READ, *SEEN]
