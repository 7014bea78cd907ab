"""Programs as strangers write them: services, evaluations, plugins. One of each kind that found a fault."""

from __future__ import annotations

from corpus.cases import Case, Program, hit, miss

LANGUAGES = """
# file: en.py
S = "en "
OTHER = "x"
def say(q): return S + q
# file: de.py
S = "de "
def say(q): return S + q
# file: program.py
from memo import ask, cached
import en, de
ALL = {{"en": en, "de": de}}
class A:
    def __init__(self, m): self.m = m
    def run(self, q): return self.m.say(q)
@cached
def f(x, q): return ask({way} + q)
print(f({first}, "q"), f({second}, "q"))
"""

MODULES: list[Case] = [
    Program(f"modules that a call is given, as {way}", LANGUAGES.format(way=way, first=first, second=second),
            right)
    for way, first, second, right in (
        ("x.S", "en", "de", "<en q> <de q>"),
        ("x[0].S", "[en]", "[de]", "<en q> <de q>"),
        ("ALL[x].say('')", "'en'", "'de'", "<en q> <de q>"),
        ("x.run('')", "A(en)", "A(de)", "<en q> <de q>"),
    )
] + [
    miss(f"what a module holds that a call is given, as {way}", LANGUAGES.format(way=way, first=first, second=first),
         ('S = "en "', 'S = "english "'))
    for way, first in (("x.S", "en"), ("x.say('')", "en"), ("x[0].S", "[en]"), ("ALL[x].say('')", "'en'"))
]  # fmt: skip

DEFAULTS: list[Case] = [
    miss("a default that a decorator looks up in the signature of the function inside", """
         import functools, inspect
         def prompt(fn):
             @functools.wraps(fn)
             def wrapper(*args, **kwargs):
                 bound = inspect.signature(fn).bind(*args, **kwargs)
                 bound.apply_defaults()
                 return ask(fn.__doc__.format(**bound.arguments))
             return wrapper
         @cached
         @prompt
         def f(q, tone="nice"):
             "Be {tone}: {q}"
         print(f("q"))
         """, ('"nice"', '"terse"')),
    miss("a default below a decorator that changes what the function is given", """
         import functools
         def shout(fn):
             @functools.wraps(fn)
             def wrapper(q, **kwargs): return fn(q.upper(), **kwargs)
             return wrapper
         @cached
         @shout
         def f(q, tone="nice"): return ask(tone + q)
         print(f("q"))
         """, ('"nice"', '"terse"')),
]  # fmt: skip

MADE = """
import dataclasses, types
D = dataclasses.make_dataclass("D", [("a", str, "x ")], namespace={"say": lambda self: "say " + self.a})
K = types.new_class("K", (), {}, lambda names: names.update(tone="k "))
HELD = [D("y ")]
@cached
def f(q): return ask(D().say() + HELD[0].say() + K().tone + q)
print(f("q"))
"""

CLASSES: list[Case] = [
    *(
        miss(f"a class that the library makes from {what}", MADE, (old, new))
        for what, old, new in (
            ("a default", '"x "', '"z "'),
            ("a method", '"say "', '"says "'),
            ("names", '"k "', '"kk "'),
        )
    ),
    Program("a cached_property that is made from another one", """
            import functools
            class A:
                base = "b "
                @functools.cached_property
                def one(self): return self.base + "one "
                @functools.cached_property
                def two(self): return self.one + "two "
                @cached
                def f(self, q): return ask(self.two + q)
            a = A()
            print(a.f("q"), a.f("q"), A().f("q"))
            """, "<b one two q> <b one two q> <b one two q>"),
]  # fmt: skip

NAMED = """
# file: prompts_en.py
S = "en "
# file: program.py
from memo import ask, cached
import importlib
NAME = "prompts_en"
def load(name): return importlib.import_module(name)
class A:
    name = "prompts_en"
    def load(self): return load(self.name)
@cached
def f(q): return ask({way}.S + q)
print(f("q"))
"""

IMPORTED: list[Case] = [
    miss(f"a module that is imported by a name, as {way}", NAMED.replace("{way}", way), ('"en "', '"english "'))
    for way in ("importlib.import_module(NAME)", "load('prompts_en')", "A().load()", "__import__(NAME)")
] + [
    Program(f"a module that is imported by a name which is made, as {way}",
            NAMED.replace("{way}", way).replace('"q"', '"en"'), "<en en>", ("Untracked",), says=("Name the module by",))
    for way in ("importlib.import_module('prompts_' + q)", "load(f'prompts_{q}')")
]  # fmt: skip

CLIENT = """
import functools, os
os.environ |= {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://a.example/v1"}
import openai
class Mine(openai.OpenAI): pass
make, client = functools.partial(openai.OpenAI, timeout=3), openai.OpenAI()
@cached
def f(q): return ask(str({way}.base_url) + q)
print(f("q"))
os.environ["OPENAI_BASE_URL"] = "http://b.example/v1"
print(f("q"))
"""
A, B = "<http://a.example/v1/q>", "<http://b.example/v1/q>"

ENVIRONMENT: list[Case] = [
    *(
        Program(f"which server a client asks that is {way}", CLIENT.replace("{way}", way), f"{A} {second}")
        for way, second in (("openai.OpenAI()", B), ("make()", B), ("Mine()", B), ("client", A))
    ),
]

REPLACED = """
class Base:
    @property
    def p(self): return "p"
    @classmethod
    def c(cls): return "c"
    @staticmethod
    def s(): return "s"
    def m(self): return "m"
class A(Base): pass
X = [A()]
@cached
def f(q): return ask("".join(x.p + x.c() + x.s() + x.m() for x in sorted(X, key=id)) + q)
print(f("q"))
{change}
print(f("q"))
"""

SPOKEN = """
import contextlib, functools
@functools.singledispatch
def told(x): return "any "
@told.register
def _(x: str): return "text "
@contextlib.contextmanager
def entered(x): yield "entered "
def around(x):
    with entered(x) as text: return text
X = [told, around]
@cached
def f(q): return ask("".join(each("x") for each in list(X)) + q)
@cached
def g(each, q): return ask(each("x") + q)
print(f("q"), g(told, "q"))
"""

WHOLE: list[Case] = [
    *(
        Program(f"code that is put into a class of which an instance counts whole: {change}",
                REPLACED.format(change=change), f"<pcsmq> <{second}q>")
        for change, second in (
            ("Base.p = property(lambda self: 'P')", "Pcsm"),
            ("Base.c = classmethod(lambda cls: 'C')", "pCsm"),
            ("Base.s = staticmethod(lambda: 'S')", "pcSm"),
            ("Base.m = lambda self: 'M'", "pcsM"),
            ("A.m = lambda self: 'M'", "pcsM"),
        )
    ),
    *(
        miss(f"code under a decorator of the library that is a value: {old}", SPOKEN, (old, new))
        for old, new in (('"text "', '"texts "'), ('"entered "', '"enters "'))
    ),
    Program("a cached_property that is computed on what a list holds", """
            import functools
            class A:
                tone = "terse "
                @functools.cached_property
                def text(self): return self.tone
            X = [A()]
            @cached
            def f(q): return ask("".join(x.text for x in sorted(X, key=id)) + q)
            print(f("q"), f("q"))
            X[0].text = "rude "
            print(f("q"))
            """, "<terse q> <terse q> <rude q>"),
]  # fmt: skip

RETRIED = """
import tenacity, threading
again = tenacity.retry(stop=tenacity.stop_after_attempt(2))
class Client:
    def __init__(self): self.sent, self.lock, self.tone, self.unused = 0, threading.Lock(), "terse ", "u"
    @again
    def send(self, q):
        with self.lock: self.sent += 1
        return ask(self.tone + q)
    @cached
    def f(self, q): return self.send(q)
@again
def send(client, q): return client.send(q)
CLIENT = Client()
@cached
def g(q): return send(CLIENT, q)
print(CLIENT.f("q"), CLIENT.f("q"), g("p"), g("p"))
"""

CALLED_AGAIN: list[Case] = [
    Program("methods that are tried again, and count", RETRIED, "<terse q> <terse q> <terse p> <terse p>"),
    hit("what a method that is tried again does not read", RETRIED, ('"u"', '"v"')),
    miss("what a method that is tried again reads", RETRIED, ('"terse "', '"rude "')),
    miss("how often a method is tried", RETRIED, ("attempt(2)", "attempt(3)")),
]

HELD = """
import contextlib, tenacity
class A:
    tone = "tone "
    @tenacity.retry(stop=tenacity.stop_after_attempt(2))
    def run(self, q): return self.tone + "run " + q
    @contextlib.contextmanager
    def entered(self): yield "entered "
HELD = [A()]
@cached
def f(q):
    texts = []
    for each in list(HELD):
        with each.entered() as text: texts.append(text + each.run(q) + "".join(map(HELD[0].run, "x")))
    return ask("".join(texts))
@cached
def g(each, q): return ask("".join(map(each.run, [q])))
print(f("q"), g(HELD[0], "q"))
"""

LIBRARY = """
import json
json.prefix = "p "
@cached
def f(module, q): return ask(module.prefix + q)
print(f(json, "q"))
"""

DECORATED: list[Case] = [
    *(
        miss(f"a method under a decorator of a library, of an instance that counts whole: {old}", HELD, (old, new))
        for old, new in (('"tone "', '"TONE "'), ('"run "', '"RUN "'), ('"entered "', '"ENTERED "'))
    ),
    miss("what somebody has put into an installed module that the call is given", LIBRARY, ('"p "', '"r "')),
]

CASES: list[Case] = [*WHOLE, *DECORATED, *CALLED_AGAIN, *MODULES, *DEFAULTS, *CLASSES, *IMPORTED, *ENVIRONMENT]
