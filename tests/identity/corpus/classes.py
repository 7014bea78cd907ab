"""Classes: bases, data, properties, descriptors, enums, models and their defaults, metaclasses, own `__getattr__`."""

from __future__ import annotations

from corpus.cases import Case, Program, hit, miss, reads, skips

DATA = [
    reads("data of a class", "class A: t = 'terse '", "A.t", "A.t = 'rude '"),
    skips("data of a class that is not read", "class A: t, u = 'terse ', 1", "A.t", "A.u = 2"),
    reads("data of a base", "class B: t = 'terse '\nclass A(B): pass", "A.t", "B.t = 'rude '"),
    reads("data over that of a base", "class B: t = 'terse '\nclass A(B): pass", "A.t", "A.t = 'rude '"),
    reads("data of a base's base, by an instance",
          "class C: t = 'terse '\nclass B(C): pass\nclass A(B): pass\na = A()", "a.t", "C.t = 'rude '"),
    reads("an attribute over the class's data", "class A: t = 'terse '\na = A()", "a.t", "a.t = 'rude '"),
    reads("the first of two bases", "class B: t = 'terse '\nclass C: t = 'rude '\nclass A(B, C): pass", "A.t",
          "del B.t"),
    reads("the bases", "class B: t = 'terse '\nclass C: t = 'rude '\nclass A(B): pass", "A.t", "A.__bases__ = (C,)"),
    reads("the class of an object", "class B: t = 'terse '\nclass C: t = 'rude '\na = B()", "a.t", "a.__class__ = C"),
    reads("data by the class of an object", "class A: t = 'terse '\na = A()", "type(a).t", "A.t = 'rude '"),
    reads("data by __class__", "class A: t = 'terse '\na = A()", "a.__class__.t", "A.t = 'rude '"),
    reads("data of a nested class", "class A:\n    class B: t = 'terse '", "A.B.t", "A.B.t = 'rude '"),
    reads("data in a dict of a class", "class A: d = {'t': 'terse '}", "A.d['t']", "A.d['t'] = 'rude '"),
    reads("data that a loop goes through", "class A: l = ['terse ']", "t", "A.l[0] = 'rude '", "for t in A.l: pass"),
    reads("a data descriptor over an attribute", "class P:\n    def __get__(self, o, c): return 'terse '\n"
          "    def __set__(self, o, v): pass\nclass A: t = P()\na = A(); a.__dict__['t'] = 'rude '", "a.t", "del A.t"),
    reads("the name of a class", "class A: pass", "A.__name__.replace('A', 'terse ')", "A.__name__ = 'rude '"),
    reads("the order of bases", "class B: t = 'terse '\nclass C: t = 'rude '\nclass A(B, C): pass", "A.__mro__[1].t",
          "A.__bases__ = (C, B)"),
]  # fmt: skip

METHODS = [
    reads("a method that is replaced", "class A:\n    def g(self): return 'terse '\na = A()", "a.g()",
          "A.g = lambda self: 'rude '"),
    reads("a method that is replaced on the object", "class A:\n    def g(self): return 'terse '\na = A()", "a.g()",
          "a.g = lambda: 'rude '"),
    reads("a method of a base that is replaced",
          "class B:\n    def g(self): return 'terse '\nclass A(B): pass\na = A()", "a.g()",
          "B.g = lambda self: 'rude '"),
    reads("a method that a subclass defines and a base's method calls",
          "class B:\n    def f(self): return self.g()\nclass A(B):\n    def g(self): return 'terse '\na = A()", "a.f()",
          "A.g = lambda self: 'rude '"),
    skips("a method that is not called", "class A:\n    t = 'terse '\n    def g(self): return 1\na = A()", "a.t",
          "A.g = lambda self: 2"),
    reads("what a static method reads", "T = 'terse '\nclass A:\n    @staticmethod\n    def g(): return T", "A.g()",
          "T = 'rude '"),
    reads("what a class method reads of the class",
          "class A:\n    t = 'terse '\n    @classmethod\n    def g(cls): return cls.t", "A.g()", "A.t = 'rude '"),
    reads("what a class method reads of a subclass",
          "class B:\n    t = 'x'\n    @classmethod\n    def g(cls): return cls.t\n" "class A(B): t = 'terse '",
          "A.g()", "A.t = 'rude '"),
    reads("what a property reads", "class A:\n    def __init__(self): self.t = 'terse '\n    @property\n"
          "    def g(self): return self.t\na = A()", "a.g", "a.t = 'rude '"),
    reads("a property that is replaced", "class A:\n    @property\n    def g(self): return 'terse '\na = A()", "a.g",
          "A.g = property(lambda self: 'rude ')"),
    reads("what super().g() reads", "class B:\n    t = 'terse '\n    def g(self): return self.t\n"
          "class A(B):\n    def g(self): return super().g()\na = A()", "a.g()", "a.t = 'rude '"),
    reads("a base's method behind super()", "class B:\n    def g(self): return 'terse '\n"
          "class A(B):\n    def g(self): return super().g()\na = A()", "a.g()", "B.g = lambda self: 'rude '"),
    reads("a base's method behind super(A, self)", "class B:\n    def g(self): return 'terse '\n"
          "class A(B):\n    def g(self): return super(A, self).g()\na = A()", "a.g()", "B.g = lambda self: 'rude '"),
    reads("a base's method by its name", "class B:\n    def g(self): return 'terse '\n"
          "class A(B):\n    def g(self): return B.g(self)\na = A()", "a.g()", "B.g = lambda self: 'rude '"),
    reads("a base's data behind super()",
          "class B: t = 'terse '\nclass A(B):\n    t = 'x'\n    def g(self): return super().t\na = A()", "a.g()",
          "B.t = 'rude '"),
    reads("a base's property behind super()",
          "class B:\n    t = 'terse '\n    @property\n    def g(self): return self.t\n"
          "class A(B):\n    @property\n    def g(self): return super().g\na = A()", "a.g", "a.t = 'rude '"),
    reads("a sibling's method behind super()", "class C:\n    def g(self): return 'terse '\nclass B(C):\n"
          "    def g(self): return super().g()\nclass D(C):\n    def g(self): return T\nclass A(B, D): pass\n"
          "T, a = 'terse ', A()", "a.g()", "T = 'rude '"),
    reads("a class method behind super()",
          "class B:\n    t = 'x'\n    @classmethod\n    def g(cls): return cls.t\nclass A(B):\n"
          "    t = 'terse '\n    @classmethod\n    def g(cls): return super().g()", "A.g()", "A.t = 'rude '"),
    reads("__init__ of a class that is built", "T = 'terse '\nclass A:\n    def __init__(self): self.t = T", "A().t",
          "T = 'rude '"),
    reads("__new__ of a class that is built",
          "T = 'terse '\nclass A:\n    def __new__(cls):\n        a = super().__new__(cls)\n"
          "        a.t = T\n        return a", "A().t", "T = 'rude '"),
    reads("a base's __init__ of a class that is built", "T = 'terse '\nclass B:\n    def __init__(self): self.t = T\n"
          "class A(B): pass", "A().t", "T = 'rude '"),
    reads("a method of a class that is built", "T = 'terse '\nclass A:\n    def g(self): return T", "A().g()",
          "T = 'rude '"),
    reads("a method of a class that is built and has a name", "T = 'terse '\nclass A:\n    def g(self): return T",
          "a.g()", "T = 'rude '", "a = A()"),
    reads("a special method of a class that is built", "T = 'terse '\nclass A:\n    def __str__(self): return T",
          "str(A())", "T = 'rude '"),
    reads("a method of a class that a helper builds",
          "T = 'terse '\nclass A:\n    def g(self): return T\ndef make(): return A()", "make().g()", "T = 'rude '"),
    reads("a class method that builds", "T = 'terse '\nclass A:\n    @classmethod\n    def make(cls): return cls()\n"
          "    def g(self): return T", "A.make().g()", "T = 'rude '"),
    reads("__call__ of a metaclass",
          "T = 'terse '\nclass M(type):\n    def __call__(cls): return T\nclass A(metaclass=M): pass", "A()",
          "T = 'rude '"),
    reads("__class_getitem__", "T = 'terse '\nclass A:\n    def __class_getitem__(cls, key): return T", "A['x']",
          "T = 'rude '"),
    reads("a property of a metaclass", "T = 'terse '\nclass M(type):\n    @property\n    def t(cls): return T\n"
          "class A(metaclass=M): pass", "A.t", "T = 'rude '"),
    reads("data of a metaclass", "class M(type): t = 'terse '\nclass A(metaclass=M): pass", "A.t", "M.t = 'rude '"),
    reads("__getattr__ of a metaclass", "T = 'terse '\nclass M(type):\n    def __getattr__(cls, name): return T\n"
          "class A(metaclass=M): pass", "A.anything", "T = 'rude '"),
    reads("__iter__ of a metaclass",
          "T = 'terse '\nclass M(type):\n    def __iter__(cls): yield T\nclass A(metaclass=M): pass",
          "[t for t in A][0]", "T = 'rude '"),
    reads("a registry that a metaclass fills", "class M(type):\n    reg = {}\n    def __init__(cls, *a):\n"
          "        M.reg[cls.__name__] = cls\nclass q(metaclass=M): t = 'terse '", "M.reg[q].t",
          "globals()['q'].t = 'rude '"),
    reads("a registry that __init_subclass__ fills", "class P:\n    reg = {}\n"
          "    def __init_subclass__(cls): P.reg[cls.__name__] = cls\nclass q(P): t = 'terse '", "P.reg[q].t",
          "globals()['q'].t = 'rude '"),
    reads("a class decorator's registry", "R = {}\ndef plugin(c):\n    R[c.__name__] = c\n    return c\n"
          "@plugin\nclass q: t = 'terse '", "R[q].t", "globals()['q'].t = 'rude '"),
    reads("__getattr__", "T = 'terse '\nclass A:\n    def __getattr__(self, name): return T\na = A()", "a.anything",
          "T = 'rude '"),
    reads("what __getattr__ reads of the object", "class A:\n    def __init__(self): self.d = {'t': 'terse '}\n"
          "    def __getattr__(self, name): return self.d[name]\na = A()", "a.t", "a.d['t'] = 'rude '"),
    reads("what __getattribute__ reads",
          "T = 'terse '\nclass A:\n    def __getattribute__(self, name): return T\na = A()", "a.t", "T = 'rude '"),
    reads("a wrapper that hands attributes on",
          "class In: t = 'terse '\nclass A:\n    def __init__(self, x): self.__dict__['x'] = x\n"
          "    def __getattr__(self, name): return getattr(self.x, name)\na = A(In())", "a.t", "In.t = 'rude '"),
    Program(
        "__getattr__ of an own module",
        """
        import prompts
        @cached
        def f(q): return ask(prompts.TONE + q)
        print(f("q")); prompts.TEXTS["TONE"] = "rude "; print(f("q"))
        # file: prompts.py
        TEXTS = {"TONE": "terse "}
        def __getattr__(name): return TEXTS[name]
        """,
        "<terse q> <rude q>",
    ),
]  # fmt: skip

DESCRIPTORS = [
    reads("a descriptor's own data",
          "class P:\n    def __init__(self, t): self.t = t\n    def __get__(self, o, c): return self.t\n"
          "class A: g = P('terse ')\na = A()", "a.g", "A.__dict__['g'].t = 'rude '"),
    reads("a descriptor that is replaced",
          "class P:\n    def __init__(self, t): self.t = t\n    def __get__(self, o, c): return self.t\n"
          "class A: g = P('terse ')\na = A()", "a.g", "A.g = P('rude ')"),
    reads("what a descriptor reads",
          "T = 'terse '\nclass P:\n    def __get__(self, o, c): return T\nclass A: g = P()\na = A()", "a.g",
          "T = 'rude '"),
    reads("what a descriptor reads of the object", "class P:\n    def __get__(self, o, c): return o.t\n"
          "class A:\n    t = 'terse '\n    g = P()\na = A()", "a.g", "a.t = 'rude '"),
    reads("what a descriptor reads of the class", "class P:\n    def __get__(self, o, c): return c.t\n"
          "class A:\n    t = 'terse '\n    g = P()", "A.g", "A.t = 'rude '"),
    reads("what a descriptor was given",
          "class P:\n    def __init__(self, g): self.g = g\n    def __get__(self, o, c): return self.g(o)\n"
          "T = 'terse '\nclass A:\n    @P\n    def g(self): return T\na = A()", "a.g", "T = 'rude '"),
    reads("a descriptor that knows its name", "class P:\n    def __set_name__(self, c, name): self.name = name\n"
          "    def __get__(self, o, c): return o.d[self.name]\nclass A:\n    g = P()\na = A(); a.d = {'g': 'terse '}",
          "a.g", "a.d['g'] = 'rude '"),
    reads("a descriptor of a base", "T = 'terse '\nclass P:\n    def __get__(self, o, c): return T\nclass B: g = P()\n"
          "class A(B): pass\na = A()", "a.g", "T = 'rude '"),
    reads("a lazy property of one's own", "T = 'terse '\nclass lazy:\n    def __init__(self, g): self.g = g\n"
          "    def __get__(self, o, c): return self.g(o)\nclass A:\n    @lazy\n    def g(self): return self.h()\n"
          "    def h(self): return T\na = A()", "a.g", "T = 'rude '"),
    reads("a partialmethod",
          "import functools\nclass A:\n    def h(self, t): return t\n    g = functools.partialmethod(h, 'terse ')\n"
          "a = A()", "a.g()", "A.g = functools.partialmethod(A.h, 'rude ')"),
    reads("what the function of a partialmethod reads",
          "import functools\nT = 'terse '\nclass A:\n    def h(self, x): return T\n"
          "    g = functools.partialmethod(h, 1)\na = A()", "a.g()", "T = 'rude '"),
    reads("a slot", "class A: __slots__ = ('t',)\na = A(); a.t = 'terse '", "a.t", "a.t = 'rude '"),
    reads("a slot of a base", "class B: __slots__ = ('t',)\nclass A(B): __slots__ = ()\na = A(); a.t = 'terse '",
          "a.t", "a.t = 'rude '"),
    reads("a slot that is not set", "class A: __slots__ = ('t',)\na = A()", "getattr(a, 't', 'terse ')",
          "a.t = 'rude '"),
    reads("a weak reference", "import weakref\nclass A: t = 'terse '\na = A()\nW = weakref.ref(a)", "W().t",
          "a.t = 'rude '"),
    reads("a singledispatchmethod", "import functools\nT = 'terse '\nclass A:\n    @functools.singledispatchmethod\n"
          "    def g(self, x): return 'x'\n    @g.register\n    def _(self, x: int): return T\na = A()", "a.g(1)",
          "T = 'rude '"),
]  # fmt: skip


def redefined(name: str, head: str, definition: str, expression: str) -> Program:
    """A program that defines a class once more with ``rude `` in the place of ``terse ``."""
    return reads(name, f"{head}\n{definition}", expression, definition.replace("terse ", "rude "))


MODELS = [
    redefined("a member of an enum", "from enum import Enum", "class E(Enum): A = 'terse '", "E.A.value"),
    redefined("a member of an enum by its name", "from enum import Enum", "class E(Enum): q = 'terse '", "E[q].value"),
    redefined("a member of an enum by its constant name", "from enum import Enum", "class E(Enum): A = 'terse '",
              "E['A'].value"),
    redefined("members of an enum that a loop goes through", "from enum import Enum", "class E(Enum): A = 'terse '",
              "[e.value for e in E][0]"),
    redefined("a member of a text enum", "from enum import StrEnum", "class E(StrEnum): A = 'terse '",
              "E.A.upper().lower()"),
    redefined("an enum's member found by value", "from enum import Enum", "class E(Enum):\n    A = 1\n    @property\n"
              "    def t(self): return 'terse '", "E(1).t"),
    redefined("what an enum's method says", "from enum import Enum",
              "class E(Enum):\n    A = 1\n    def t(self): return 'terse '", "E.A.t()"),
    redefined("a member of an enum that a global holds", "from enum import Enum",
              "class E(Enum): A = 'terse '\nX = E.A", "X.value"),
    redefined("the default of a dataclass that is built", "from dataclasses import dataclass",
              "@dataclass\nclass P:\n    t: str = 'terse '", "P().t"),
    redefined("the default factory of a dataclass that is built", "from dataclasses import dataclass, field",
              "@dataclass\nclass P:\n    t: list = field(default_factory=lambda: ['terse '])", "P().t[0]"),
    redefined("__post_init__ of a dataclass that is built", "from dataclasses import dataclass",
              "@dataclass\nclass P:\n    t: str = ''\n    def __post_init__(self): self.t = 'terse '", "P().t"),
    redefined("the default of a frozen dataclass with slots", "from dataclasses import dataclass",
              "@dataclass(frozen=True, slots=True)\nclass P:\n    t: str = 'terse '", "P().t"),
    redefined("the default of a dataclass's base", "from dataclasses import dataclass",
              "@dataclass\nclass B:\n    t: str = 'terse '\n@dataclass\nclass P(B):\n    u: int = 1", "P().t"),
    redefined("the default of a pydantic model that is built", "from pydantic import BaseModel",
              "class P(BaseModel):\n    t: str = 'terse '", "P().t"),
    redefined("the default in a Field of a pydantic model", "from pydantic import BaseModel, Field",
              "class P(BaseModel):\n    t: str = Field('terse ')", "P().t"),
    redefined("the default factory of a pydantic model", "from pydantic import BaseModel, Field",
              "class P(BaseModel):\n    t: str = Field(default_factory=lambda: 'terse ')", "P().t"),
    redefined("the default of a base of a pydantic model", "from pydantic import BaseModel",
              "class B(BaseModel):\n    t: str = 'terse '\nclass P(B): pass", "P().t"),
    redefined("a computed field of a pydantic model", "from pydantic import BaseModel, computed_field",
              "class P(BaseModel):\n    @computed_field\n    @property\n    def t(self) -> str: return 'terse '",
              "P().t"),
    redefined("a validator of a pydantic model that is built", "from pydantic import BaseModel, field_validator",
              "class P(BaseModel):\n    t: str\n    @field_validator('t')\n    @classmethod\n"
              "    def c(cls, v): return 'terse '", "P(t='x').t"),
    redefined("a model that a dump is made of", "from pydantic import BaseModel",
              "class P(BaseModel):\n    t: str = 'terse '", "P().model_dump()['t']"),
    redefined("a model inside a model", "from pydantic import BaseModel",
              "class I(BaseModel):\n    t: str = 'terse '\nclass P(BaseModel):\n    i: I = I()", "P().i.t"),
    redefined("the default of an attrs class", "import attrs", "@attrs.define\nclass P:\n    t: str = 'terse '",
              "P().t"),
    redefined("the default factory of an attrs class", "import attrs",
              "@attrs.define\nclass P:\n    t: str = attrs.field(factory=lambda: 'terse ')", "P().t"),
    redefined("the converter of an attrs class", "import attrs",
              "@attrs.define\nclass P:\n    t: str = attrs.field(converter=lambda v: 'terse ')", "P('x').t"),
    redefined("the default of a named tuple", "from typing import NamedTuple",
              "class P(NamedTuple):\n    t: str = 'terse '", "P().t"),
    redefined("the default of a namedtuple", "from collections import namedtuple",
              "P = namedtuple('P', 't', defaults=['terse '])", "P().t"),
    redefined("the fields of a namedtuple that a global holds",
              "from collections import namedtuple\nN = namedtuple('N', 't u')", "C = N('terse ', 1)", "C.t"),
    redefined("a pydantic model that a global holds", "from pydantic import BaseModel",
              "class P(BaseModel):\n    t: str = 'terse '\nC = P()", "C.t"),
    redefined("a private attribute of a pydantic model", "from pydantic import BaseModel, PrivateAttr",
              "class P(BaseModel):\n    _t: str = PrivateAttr('terse ')\nC = P()", "C._t"),
    redefined("an extra field of a pydantic model", "from pydantic import BaseModel, ConfigDict",
              "class P(BaseModel):\n    model_config = ConfigDict(extra='allow')\nC = P(t='terse ')", "C.t"),
    redefined("the annotation of a class body", "", "class P: t: 'terse '", "P.__annotations__['t']"),
    redefined("the keys of a typed dict", "from typing import TypedDict", "class P(TypedDict):\n    t: 'terse '",
              "P.__annotations__['t'].__forward_arg__"),
    redefined("the members of a literal", "from typing import Literal, get_args", "P = Literal['terse ']",
              "get_args(P)[0]"),
    redefined("a class that type() makes", "", "P = type('P', (), {'t': 'terse '})", "P.t"),
    redefined("an own abstract class's implementation",
              "import abc\nclass B(abc.ABC):\n    @abc.abstractmethod\n    def t(self): ...",
              "class P(B):\n    def t(self): return 'terse '", "P().t()"),
    skips("a field of a dataclass that is not read",
          "from dataclasses import dataclass\n@dataclass\nclass P:\n    t: str = 'terse '\n    u: int = 1\nC = P()",
          "C.t", "C.u = 2"),
    skips("a field of a pydantic model that is not read",
          "from pydantic import BaseModel\nclass P(BaseModel):\n    t: str = 'terse '\n    u: int = 1\nC = P()", "C.t",
          "C.u = 2"),
]  # fmt: skip

EDITS: list[Case] = [
    hit("a method that is not reached is edited",
        "class A:\n    t = 'terse '\n    def unused(self): return 1\n    @cached\n"
        "    def ask(self, q): return ask(self.t + q)\n" "print(A().ask('q'))\n", ("return 1", "return 2")),
    hit("a method is added",
        "class A:\n    t = 'terse '\n    @cached\n    def ask(self, q): return ask(self.t + q)\nprint(A().ask('q'))\n",
        ("    @cached", "    def more(self): return 1\n    @cached")),
    hit("a class is documented",
        "class A:\n    t = 'terse '\n    @cached\n    def ask(self, q): return ask(self.t + q)\nprint(A().ask('q'))\n",
        ("    t =", "    'What asks.'\n    t =")),
    hit("methods change places",
        "class A:\n    def a(self): return 'a'\n    def b(self): return 'b'\na = A()\n@cached\n"
        "def f(q): return ask(a.a() + q)\nprint(f('q'))\n",
        ("    def a(self): return 'a'\n    def b(self): return 'b'\n",
         "    def b(self): return 'b'\n    def a(self): return 'a'\n")),
    miss("a method that is reached is edited",
         "class A:\n    def g(self): return 'terse '\n    @cached\n    def ask(self, q): return ask(self.g() + q)\n"
         "print(A().ask('q'))\n", ("terse", "rude")),
    miss("a method that a reached method calls is edited",
         "class A:\n    def g(self): return self.h()\n    def h(self): return 'terse '\n    @cached\n"
         "    def ask(self, q): return ask(self.g() + q)\nprint(A().ask('q'))\n", ("terse", "rude")),
    hit("__init__ of self is edited, and what is read stays",
        "class A:\n    def __init__(self): self.t = 'terse '\n    @cached\n"
        "    def ask(self, q): return ask(self.t + q)\nprint(A().ask('q'))\n", ("self.t = 'terse '",
          "self.t = 'Terse '.lower()")),
    miss("a __getattr__ of one's own is edited",
         "class A:\n    def __getattr__(self, name): return 'terse '\na = A()\n@cached\n"
         "def f(q): return ask(a.x + q)\nprint(f('q'))\n", ("terse", "rude")),
    miss("a descriptor's code is edited",
         "class P:\n    def __get__(self, o, c): return 'terse '\nclass A: g = P()\n@cached\n"
         "def f(q): return ask(A().g + q)\nprint(f('q'))\n", ("terse", "rude")),
    miss("the default of a dataclass",
         "from dataclasses import dataclass\n@dataclass\nclass P:\n    t: str = 'terse '\n@cached\n"
         "def f(q): return ask(P().t + q)\nprint(f('q'))\n", ("terse", "rude")),
    hit("a comment in a dataclass",
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    t: str = 'terse '\n@cached\n"
        "def f(q): return ask(P().t + q)\nprint(f('q'))\n", ("    t:", "    # how\n    t:")),
    miss("the annotation of a dataclass's field",
         "from dataclasses import dataclass\n@dataclass\nclass P:\n    t: str = 'terse '\n@cached\n"
         "def f(q): return ask(P().t + q)\nprint(f('q'))\n", ("t: str", "t: object")),
]  # fmt: skip

CASES: list[Case] = [*DATA, *METHODS, *DESCRIPTORS, *MODELS, *EDITS]
