"""Programs that were tried as strangers might write them: each kind found a wrong hit or a needless miss."""

from __future__ import annotations

from programs import edited

from corpus.cases import Case, Edit, Program, hit, miss

KINDS = """
class Base: ...
class A(Base): ...
KINDS = (int,)
OBJ = A()
@cached
def f(q): return ask(("k " if isinstance({subject}, KINDS) else "o ") + q)
print(f("q"))
"""

CAUGHT = """
RETRY = (ValueError,)
@cached
def f(q):
    try: raise KeyError(q)
    except RETRY: tone = "retry "
    except Exception: tone = "other "
    return ask(tone + q)
print(f("q"))
"""

MATCHED = """
class P:
    __match_args__ = ("x", "y")
    def __init__(self): self.x, self.y = "terse ", "rude "
OBJ = P()
@cached
def f(q):
    match OBJ:
        case P(a, _): tone = a
    return ask(tone + q)
print(f("q"))
"""

CLASSES: list[Case] = [
    *(
        miss(f"classes that a variable holds are compared with: {new}", KINDS.replace("{subject}", subject), (old, new))
        for subject, old, new in (
            ("q", "(int,)", "(int, str)"),
            ("q", "(int,)", "int | str"),
            ("q", "(int,)", "((int, bytes), str)"),
            ("OBJ", "(int,)", "(int, Base)"),
        )
    ),
    miss("the bases of the class of what is tested", KINDS.replace("{subject}", "OBJ").replace("(int,)", "Base"),
         ("A(Base)", "A")),
    miss("errors that a variable holds are caught", CAUGHT, ("(ValueError,)", "(KeyError,)")),
    miss("the order of what a class pattern takes", MATCHED, ('("x", "y")', '("y", "x")')),
    miss("the order of what a class pattern takes of what is made", MATCHED.replace("match OBJ", "match P()"),
         ('("x", "y")', '("y", "x")')),
    miss("the call of an inherited metaclass", """
         class M(type):
             def __call__(cls):
                 made = super().__call__()
                 made.tone = "terse "
                 return made
         class N(M): ...
         class A(metaclass=N): ...
         @cached
         def f(q): return ask(A().tone + q)
         print(f("q"))
         """, ("terse", "rude")),
    miss("what an enum makes of an unknown value", """
         import enum
         class Tone(enum.Enum):
             A, B = "a ", "b "
             @classmethod
             def _missing_(cls, value): return cls.A
         @cached
         def f(q): return ask(Tone(q).value + q)
         print(f("q"))
         """, ("cls.A", "cls.B")),
    *(
        miss(f"the name of a method or property that is looked up by {look}", f"""
             import typing
             @typing.runtime_checkable
             class Says(typing.Protocol):
                 def say(self): ...
             class A:
                 def say(self): return "a "
             NAME, OBJ = "say", A()
             @cached
             def f(q): return ask(("yes " if {look} else "no ") + q)
             print(f("q"))
             """, ("def say(self): return", "def tell(self): return"))
        for look in ("isinstance(OBJ, Says)", "hasattr(OBJ, NAME)", "getattr(OBJ, NAME, None)")
    ),
    *(
        miss(f"the docstring of a method that is come by with {way}", f"""
             import inspect
             class A:
                 def say(self): "Says."
             OBJ = A()
             @cached
             def f(q): return ask({way} + q)
             print(f("q"))
             """, ("Says.", "Tells."))
        for way in (
            "str([each.__doc__ for _, each in inspect.getmembers(OBJ, inspect.ismethod)])",
            "str([getattr(OBJ, name).__doc__ for name in dir(OBJ) if name == 'say'])",
            "''.join(inspect.getdoc(each) for name, each in vars(A).items() if name == 'say')",
        )
    ),
    miss("the default of an InitVar", """
         import dataclasses
         @dataclasses.dataclass(slots=True)
         class Request:
             mode: dataclasses.InitVar[str] = "terse "
             text: str = dataclasses.field(init=False)
             def __post_init__(self, mode): self.text = mode
         @cached
         def f(q): return ask(Request().text + q)
         print(f("q"))
         """, ("terse", "rude")),
]  # fmt: skip

COUNTING = """
import copy, dataclasses, functools
@dataclasses.dataclass
class Client:
    tone: str = "terse "
    n: int = 0
    def send(self, q):
        self.n += 1
        return self.tone + q
class Bot:
    _client = None
    @property
    def first(self):
        if self._client is None: self._client = Client()
        return self._client
    @functools.cached_property
    def second(self): return Client()
    @cached
    def f(self, q):
        c = self.CLIENT
        text = c.send(q)
        return ask(text + SENT)
B = Bot()
print(B.f("q"), B.f("q"), B.f("p"))
"""

MADE: list[Case] = [
    Program(
        f"a client that is made when it is needed, and whose count is sent by {sent} of a {client} property",
        COUNTING.replace("CLIENT", client).replace("SENT", sent),
        "<terse q1> <terse q2> <terse p3>",
        ("SelfChanging",) * 2,
    )
    for client in ("first", "second")
    for sent in (
        "str(copy.copy(c).n)",
        "str(dataclasses.astuple(c)[1])",
        "str(list(c.__dict__.values())[1])",
        "'{0.n}'.format(c)",
    )
]

ENVIRONMENT: list[Case] = [
    Program(
        f"the environment as a whole, {way}",
        f"""
        import os
        os.environ["TONE"] = "terse "
        @cached
        def f(q): return ask({way} + q)
        print(f("q")); os.environ["OTHER"] = str(os.getpid()); print(f("q"))
        """,
        "<terse q> <terse q>",
        ("Untracked",),
    )
    for way in (
        "dict(os.environ)['TONE']", "os.environ.copy()['TONE']", "(os.environ | {})['TONE']",
        "'{TONE}'.format(**os.environ)",
    )
] + [
    Program(
        "a variable of the environment, by setdefault()",
        """
        import os
        os.environ["TONE"] = "terse "
        @cached
        def f(q):
            os.environ.setdefault("OTHER", q)
            os.environ.update(LAST=q)
            return ask(os.environ.setdefault("TONE", "none ") + q)
        print(f("q")); os.environ["OTHER"] = str(os.getpid()); print(f("q"))
        os.environ["TONE"] = "rude "; print(f("q"))
        """,
        "<terse q> <terse q> <rude q>",
    ),
]  # fmt: skip

WRITTEN: list[Case] = [
    *(
        Program(
            f"an attribute that is read and set by {statement}",
            f"""
            class A:
                last, tone = "", "terse "
                @cached
                def f(self, q):
                    last = self.last
                    {statement}
                    return ask(self.tone + last + q)
            a = A()
            print(a.f("q"), a.f("q"))
            """,
            "<terse q> <terse xq>",
            ("SelfChanging",),
        )
        for statement in (
            "self.__dict__['last'] = 'x'", "vars(self)['last'] = 'x'", "setattr(self, 'la' + 'st', 'x')",
            "object.__setattr__(self, 'last', 'x')", "super().__setattr__('last', 'x')",
        )
    ),
    *(
        Program(
            f"a list that is read and changed by {statement}",
            f"""
            import random
            L = ["a"]
            @cached
            def f(q):
                text = "".join(L)
                {statement}
                return ask(text + q)
            print(f("q"), f("q"))
            """,
            "<aq> <azq>",
            ("SelfChanging",),
        )
        for statement in ("list.append(L, 'z')", "any(map(L.append, 'z'))")
    ),
    Program(
        "what a defaultdict gives for a key that is not there",
        """
        import collections
        def made(): return T
        T, D = "terse ", collections.defaultdict(made)
        @cached
        def f(q): return ask(D["t"] + q)
        print(f("q")); T = "rude "; D.clear(); print(f("q"))
        """,
        "<terse q> <rude q>",
        ("SelfChanging",),
    ),
]  # fmt: skip

PATCHED = """
import builtins, operator, os, string, threading
{head}
@cached
def f(q): return ask({way} + q)
import sys
sys.stdout.write(f("q"))
"""

REPLACED: list[Case] = [
    miss(f"what stands in the place of {name}", edited(PATCHED, ("{head}", head), ("{way}", way)), ("terse", "rude"))
    for name, head, way in (
        ("a builtin", "builtins.input = lambda _: 'terse '", "input('?')"),
        ("a builtin whose meaning is known", "builtins.dir = lambda _: ['terse ']", "dir(q)[0]"),
        ("print", "L = []\nbuiltins.print = lambda _: 'terse '", "print(q)"),
        ("a method of a class of the library", "string.Template.substitute = lambda self, **k: 'terse '",
         "string.Template('$q').substitute(q=q)"),
        ("a method that its name calls", "class A:\n    def t(self, q): return 'terse ' + q",
         "operator.methodcaller('t', q)(A())"),
        ("a method that a made name calls",
         "class A:\n    def go(self, k): return getattr(self, 'on_' + k)()\n    def on_q(self): return 'terse '",
         "A().go(q)"),
        ("what a class of threading.local makes",
         "class L(threading.local):\n    def __init__(self): self.t = 'terse '\nl = L()",
         "l.t"),
        ("a variable in a text", "os.environ['TONE'] = 'terse '", "os.path.expandvars('${TONE}')"),
        ("a variable in a text that a variable holds", "os.environ['TONE'] = 'terse '\nT = '$TONE!'",
         "os.path.expandvars(T)"),
    )
] + [
    Program("a builtin that is replaced between two calls", edited(PATCHED, ("{head}", ""), ("{way}", "input('?')"),
            ("import sys\nsys.stdout.write(f(\"q\"))", "for each in ('a ', 'b '):\n"
             "    builtins.input = lambda _, each=each: each\n    print(f('q'))")),
            "<a q> <b q>"),
    Program("a known builtin that the module redefines between two calls",
            "@cached\ndef f(q): return ask(str(len(q)) + q)\nprint(f('q'))\n"
            "def len(x): return 7\nprint(f('q'))", "<1q> <7q>"),
    Program("a file that a mock of open gives", """
            from unittest import mock
            @cached
            def f(q):
                with open("p.txt") as file: return ask(file.read() + q)
            with mock.patch("builtins.open", lambda *a, **k: mock.mock_open(read_data="terse ")()): print(f("q"))
            """, "<terse q>"),
    hit("an unused method of what is put into a list", """
        class M:
            def __init__(self, text): self.text = text
            def shown(self): return "a"
        @cached
        def f(q): return ask("".join(each.text for each in [M(q)]))
        print(f("q"))
        """, ("a\"", "b\"")),
]  # fmt: skip

PLACE = """
import pathlib
ROOT = pathlib.Path(__file__).parent
@cached
def f(q): return ask({way} + q)
print(f("q"))
# file: p.txt
hello
"""

MOVED: list[Case] = [
    Edit(
        f"a project that is moved, and reads {way}",
        PLACE.replace("{way}", way),
        PLACE.replace("{way}", way),
        free,
        True,
    )
    for way, free in (
        ("(ROOT / 'p.txt').read_text()", True),
        ("open(ROOT / 'p.txt').read()", True),
        ("(ROOT / 'p.txt').stem", True),
        ("(ROOT / 'p.txt').resolve().read_text()", True),
        ("ROOT.joinpath('p.txt').absolute().read_text()", True),
        ("str((ROOT / 'p.txt').resolve())", False),
        ("str(ROOT.joinpath('p.txt'))", False),
        ("(ROOT / 'p.txt').as_posix()", False),
        ("str((ROOT / 'p.txt').parent)", False),
        ("str((ROOT / 'p.txt').with_suffix('.md'))", False),
    )
]

CASES: list[Case] = [*MOVED, *REPLACED, *CLASSES, *MADE, *ENVIRONMENT, *WRITTEN]
