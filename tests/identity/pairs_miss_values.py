"""Pairs of programs where something that matters changed in classes, response models, clients and arguments."""

from __future__ import annotations

from pairs_hit import CLIENT, SETTINGS
from pairs_miss import other, read
from programs import Pair

CLASSES = [
    other(
        "a constant of a class is edited",
        SETTINGS,
        ('MODEL = "small"', 'MODEL = "large"'),
        changed="global Config.MODEL: 'small' → 'large'",
    ),
    other(
        "a field of a dataclass is edited",
        SETTINGS,
        ("Options()", 'Options(model="large")'),
        changed="global options.model: 'small' → 'large'",
    ),
    other(
        "a default of a dataclass is edited",
        SETTINGS,
        ('model: str = "small"', 'model: str = "large"'),
        changed="global options.model: 'small' → 'large'",
    ),
    other(
        "an attribute of a namespace is edited",
        SETTINGS,
        ('SimpleNamespace(model="small"', 'SimpleNamespace(model="large"'),
        changed="global space.model: 'small' → 'large'",
    ),
    other(
        "the value of an enum's member is edited",
        SETTINGS,
        ('"red"', '"rot"'),
        changed="global Color.RED.value: 'red' → 'rot'",
    ),
    read(
        "a constant of a base class is edited",
        "class A:\n    N = 1\nclass B(A): pass",
        "B.N",
        ("N = 1", "N = 2"),
        changed="global B.N: 1 → 2",
    ),
    read(
        "a class method is edited",
        "class A:\n    @classmethod\n    def g(cls): return 1",
        "A.g()",
        ("return 1", "return 2"),
        changed="helper A.g changed",
    ),
    read(
        "a constant that a class method reads is edited",
        "class A:\n    N = 1\n    @classmethod\n    def g(cls): return cls.N",
        "A.g()",
        ("N = 1", "N = 2"),
        changed="helper A.g: argument cls.N: 1 → 2",
    ),
    read(
        "a static method is edited",
        "class A:\n    @staticmethod\n    def g(): return 1",
        "A.g()",
        ("return 1", "return 2"),
        changed="helper A.g changed",
    ),
    read(
        "a method of a global object is edited",
        "class A:\n    def g(self): return 1\na = A()",
        "a.g()",
        ("return 1", "return 2"),
        changed="helper A.g changed",
    ),
    read(
        "a method that a method calls is edited",
        "class A:\n    def g(self): return self.h()\n    def h(self): return 1\na = A()",
        "a.g()",
        ("return 1", "return 2"),
        changed="helper A.h changed",
    ),
    read(
        "a base's method is edited",
        "class A:\n    def g(self): return 1\nclass B(A): pass\nb = B()",
        "b.g()",
        ("return 1", "return 2"),
        changed="helper A.g changed",
    ),
    read(
        "a property of a global object is edited",
        "class A:\n    @property\n    def g(self): return 1\na = A()",
        "a.g",
        ("return 1", "return 2"),
        changed="helper A.g changed",
    ),
    read(
        "an attribute that a property reads is edited",
        "class A:\n    def __init__(self): self.n = 1\n    @property\n    def g(self): return self.n\na = A()",
        "a.g",
        ("n = 1", "n = 2"),
        # The class has other code, and the object, which may have been made elsewhere, holds another value.
        changed="helper A.g: argument self.n: 1 → 2",
    ),
    read(
        "an attribute in a slot is edited",
        "class A:\n    __slots__ = ('n',)\na = A(); a.n = 1",
        "a.n",
        ("n = 1", "n = 2"),
        changed="global a.n: 1 → 2",
    ),
    read(
        "an attribute of an object that is called is edited",
        "class A:\n    def __init__(self, n): self.n = n\n    def __call__(self): return self.n\na = A(1)",
        "a()",
        ("A(1)", "A(2)"),
        changed="helper A.__call__: argument self.n: 1 → 2",
    ),
    read(
        "an attribute two objects away is edited",
        "class A: pass\na = A(); a.b = A(); a.b.n = 1",
        "a",
        ("n = 1", "n = 2"),
        changed="instance A (2).n: 1 → 2",
    ),
    read(
        "an attribute of an object in a list is edited",
        "class A:\n    def __init__(self, n): self.n = n\nL = [A(1)]",
        "L",
        ("A(1)", "A(2)"),
        changed="instance A.n: 1 → 2",
    ),
    read(
        "a method of a class that is made on the way is edited",
        "class A:\n    def g(self): return 1",
        "A().g()",
        ("return 1", "return 2"),
        changed="helper A.g changed",
    ),
    read(
        "a named tuple's field is edited",
        "import collections\nP = collections.namedtuple('P', 'a')\np = P(1)",
        "p",
        ("P(1)", "P(2)"),
        changed="instance P: value: (1,) → (2,)",
    ),
    read(
        "a global that a method reads is edited",
        "S = 'a'\nclass A:\n    def g(self): return S\na = A()",
        "a.g()",
        ("'a'", "'b'"),
        changed="helper A.g: global S: 'a' → 'b'",
    ),
    other(
        "a constant that the method reads of itself is edited",
        "from memo import ask, cached\nclass A:\n    N = 1\n    @cached\n"
        "    def f(self, x): return ask(x, self.N)\nA().f(1)\n",
        ("N = 1", "N = 2"),
        changed="argument self.N: 1 → 2",
    ),
    other(
        "an attribute of the method's object is edited",
        "from memo import ask, cached\nclass A:\n    def __init__(self, n): self.n = n\n    @cached\n"
        "    def f(self, x): return ask(x, self.n)\nA(1).f(1)\n",
        ("A(1)", "A(2)"),
        changed="argument self.n: 1 → 2",
    ),
    other(
        "the method itself is edited",
        "from memo import ask, cached\nS = 'a'\nclass A:\n    @cached\n"
        "    def f(self, x): return ask(x, S)\nA().f(1)\n",
        ("ask(x, S)", "ask(S, x)"),
        changed="code changed",
    ),
    other(
        "a global that the method reads is edited",
        "from memo import ask, cached\nS = 'a'\nclass A:\n    @cached\n"
        "    def f(self, x): return ask(x, S)\nA().f(1)\n",
        ("'a'", "'b'"),
        changed="global S: 'a' → 'b'",
    ),
    other(
        "a method that the method calls is edited",
        "from memo import ask, cached\nclass A:\n    def g(self): return 1\n    @cached\n"
        "    def f(self, x): return ask(x, self.g())\nA().f(1)\n",
        ("return 1", "return 2"),
        changed="helper A.g changed",
    ),
]

MODEL = '''
import pydantic
from typing import Literal
from memo import ask, cached

class City(pydantic.BaseModel):
    name: str

class Answer(pydantic.BaseModel):
    """A place."""
    city: City
    kind: Literal["town", "city"] = "town"
    people: int = pydantic.Field(default=0, description="How many")

    @pydantic.field_validator("people")
    @classmethod
    def check(cls, value):
        return max(value, 0)

@cached
def f(x):
    return ask(x, response_format=Answer)

f(1)
f(1)
'''

MODELS = [
    other(
        "a field of a response model is added",
        MODEL,
        ("    city: City", "    city: City\n    country: str"),
        changed="class Answer.country is new",
    ),
    other(
        "a description in a response model is edited",
        MODEL,
        ("How many", "How many of them"),
        changed=(
            "class Answer.people: int, required=False, default=0, description='How many'"
            " → int, required=False, default=0, description='How many of them'"
        ),
    ),
    other(
        "a type in a response model is edited",
        MODEL,
        ("people: int", "people: float"),
        changed=(
            "class Answer.people: int, required=False, default=0, description='How many'"
            " → float, required=False, default=0, description='How many'"
        ),
    ),
    other(
        "an allowed value in a response model is edited",
        MODEL,
        ('"town", "city"]', '"town", "village"]'),
        changed=(
            "class Answer.kind: Literal['town', 'city'], required=False, default='town'"
            " → Literal['town', 'village'], required=False, default='town'"
        ),
    ),
    other(
        "a model inside a response model is edited",
        MODEL,
        ("name: str", "name: str\n    zip: str"),
        changed="class City.zip is new",
    ),
    other(
        "the docstring of a response model is edited",
        MODEL,
        ("A place.", "A place on Earth."),
        changed="class Answer: docstring: 'A place.' → 'A place on Earth.'",
    ),
    other(
        "a validator of a response model is edited",
        MODEL,
        ("max(value, 0)", "max(value, 1)"),
        changed="helper Answer.check changed",
    ),
    read(
        "a dataclass that is handed on gets a field",
        "import dataclasses\n@dataclasses.dataclass\nclass A:\n    a: int",
        "A",
        ("a: int", "a: int\n    b: int = 1"),
        changed="class A.b is new",
    ),
    read(
        "the default of a dataclass that is handed on is edited",
        "import dataclasses\n@dataclasses.dataclass\nclass A:\n    a: int = 1",
        "A",
        ("= 1", "= 2"),
        changed="class A.a: int = 1 → int = 2",
    ),
    read(
        "a constant that a dataclass holds is set to another value",
        "import dataclasses\n@dataclasses.dataclass\nclass A:\n    a: int = 1\nA.a = 2\ndef g(x): return x.a",
        "g(A)",
        ("A.a = 2", "A.a = 3"),
        changed="helper g: argument x.a: 2 → 3",
    ),
    read(
        "the type of a dataclass that is handed on is edited",
        "import dataclasses\n@dataclasses.dataclass\nclass A:\n    a: int",
        "A",
        ("a: int", "a: str"),
        changed="class A.a: int → str",
    ),
    read(
        "the docstring of a dataclass that is handed on is edited",
        'import dataclasses\n@dataclasses.dataclass\nclass A:\n    """Add."""\n    a: int',
        "A",
        ("Add.", "Add up."),
        changed="class A: docstring: 'Add.' → 'Add up.'",
    ),
    read(
        "the type of a pydantic dataclass that is handed on is edited",
        "import pydantic.dataclasses\n@pydantic.dataclasses.dataclass\nclass A:\n    a: int",
        "A",
        ("a: int", "a: str"),
        changed="class A.a: int → str",
    ),
    read(
        "the type of a typed dict that is handed on is edited",
        "import typing\nclass A(typing.TypedDict):\n    a: int",
        "A",
        ("a: int", "a: str"),
        changed="class A: annotations: [('a', int)] → [('a', str)]",
    ),
    read(
        "a model that a type adapter is made of is edited",
        "import pydantic\nclass A(pydantic.BaseModel):\n    a: int\nT = pydantic.TypeAdapter(list[A])",
        "T.validate_python([])",
        ("a: int", "a: str"),
        changed="class A.a: int, required=True → str, required=True",
    ),
    read(
        "the constraint of a type adapter is edited",
        "import pydantic, typing\nT = pydantic.TypeAdapter(typing.Annotated[int, pydantic.Field(gt=1)])",
        "T.json_schema()",
        ("gt=1", "gt=2"),
        changed="global T changed",
    ),
    read(
        "a validator of a type adapter is edited",
        "import pydantic, typing\ndef check(y): return y\n"
        "T = pydantic.TypeAdapter(list[typing.Annotated[int, pydantic.AfterValidator(check)]])",
        "T.validate_python([x])",
        ("return y", "return -y"),
        changed="helper check changed",
    ),
    read(
        "a list of models that is handed on is of other models",
        "import pydantic\nclass A(pydantic.BaseModel):\n    a: int\nL = list[A]",
        "L",
        ("a: int", "a: str"),
        changed="class A.a: int, required=True → str, required=True",
    ),
]

CLIENTS = [
    other("the client has another address", CLIENT, ("localhost:1", "localhost:2"), changed="global client changed"),
    other(
        "the client sends other headers",
        CLIENT,
        ('key="sk-one"', 'key="sk-one", default_headers={"a": "b"}'),
        changed="global client changed",
    ),
    other(
        "the client has another organisation",
        CLIENT,
        ('key="sk-one"', 'key="sk-one", organization="o"'),
        changed="global client changed",
    ),
    other(
        "the client has another project",
        CLIENT,
        ('key="sk-one"', 'key="sk-one", project="p"'),
        changed="global client changed",
    ),
]


def calling(arguments: str, head: str = "") -> str:
    """A program that calls its function with arguments."""
    function = "@cached\ndef f(*args, **kwargs):\n    return ask(*args)\n"
    return f"from memo import ask, cached\n{head}\n{function}f({arguments})\n"


def called(name: str, before: str, after: str, head: str = "", *, changed: str) -> Pair:
    """A pair that must miss: the same function is called with one argument and with another."""
    return Pair(name, calling(before, head), calling(after, head), False, changed=changed)


ARGUMENTS = [
    called("an int is a bool", "1", "True", changed="argument args: (1,) → (True,)"),
    called("an int is a float", "1", "1.0", changed="argument args: (1,) → (1.0,)"),
    called("an int is a string", "1", "'1'", changed="argument args: (1,) → ('1',)"),
    called(
        "strings are cut at another place", "'a', 'bc'", "'ab', 'c'", changed="argument args: ('a', 'bc') → ('ab', 'c')"
    ),
    called("a string is bytes", "'a'", "b'a'", changed="argument args: ('a',) → (1 bytes,)"),
    called("a tuple is a list", "(1,)", "[1]", changed="argument args: ((1,),) → ([1],)"),
    called("a zero has a sign", "0.0", "-0.0", changed="argument args: (0.0,) → (-0.0,)"),
    called("a key of a dict is an int", "{1: 2}", "{'1': 2}", changed="argument args: ({1: 2},) → ({'1': 2},)"),
    called(
        "an array has another type",
        "A",
        "A.astype('float32')",
        "import numpy\nA = numpy.arange(3.0)",
        changed="argument args changed",
    ),
    called(
        "an array has another shape",
        "A",
        "A.reshape(3, 2)",
        "import numpy\nA = numpy.arange(6).reshape(2, 3)",
        changed="argument args: (ndarray 2×3,) → (ndarray 3×2,)",
    ),
    called(
        "a partial has another argument",
        "p(max, 1)",
        "p(max, 2)",
        "from functools import partial as p",
        changed="argument args changed",
    ),
    other(
        "a function that is passed is edited",
        calling("g", "def g(x): return x"),
        ("return x", "return -x"),
        changed="argument args: helper g changed",
    ),
    other(
        "the class of an object that is passed is edited",
        calling("A()", "class A:\n    def g(self): return 1"),
        ("return 1", "return 2"),
        changed="argument args: helper A.g changed",
    ),
    other(
        "a model class that is passed is edited",
        calling("A", "import pydantic\nclass A(pydantic.BaseModel):\n    a: int"),
        ("a: int", "a: str"),
        changed="argument args: class A.a: int, required=True → str, required=True",
    ),
]

VALUE_MISSES = [*CLASSES, *MODELS, *CLIENTS, *ARGUMENTS]
"""All of them."""
