"""The fingerprint: what it is made of, and that it follows every change at once."""

from __future__ import annotations

import functools
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cells import Cell, asking, parts, untracked

from llm_memo.identity import canonical
from llm_memo.identity.fingerprint import Fingerprint, class_digest, function_digest
from llm_memo.identity.paths import Use

ROOT = Path(__file__).parent.parent.parent


class TestParts:
    """What a fingerprint is made of, by name."""

    @pytest.mark.parametrize(
        ("expression", "head", "expected"),
        [
            ("S", "S = 1", {"global S"}),
            ("len([])", "", set()),
            ("__name__", "", set()),
            ("missing", "", {"global missing"}),
            ("C.A", "class C: A = 1; B = 2", {"class C.A"}),
            ("D['a'], D['b']", "D = {'a': 1, 'b': 2, 'c': 3}", {"global D['a']", "global D['b']"}),
            ("D['z']", "D = {}", {"global D['z']"}),
            ("L[0], L[9]", "L = [1, 2]", {"global L[0]", "global L[9]"}),
            ("N.a.b", "from types import SimpleNamespace as S\nN = S(a=S(b=1, c=2))", {"global N.a.b"}),
            ("json.dumps, j", "import json\nfrom json import dumps as j", {"module json", "global j"}),
            ("g(1)", "def g(x): return S\nS = 1", {"helper g", "helper g: global S"}),
            (
                "g(h)",
                "def g(x): return x()\ndef h(): pass",
                {"helper g", "helper h", "helper h: docstring", "helper h: annotations"},
            ),
            (
                "T",
                "def g(): pass\nT = [g, g]",
                {"global T", "helper g", "helper g: docstring", "helper g: annotations"},
            ),
            ("a.g()", "class A:\n g = staticmethod(lambda: 1)\na = A()", {"global a", "class A", "class A.g"}),
            (
                "A.g",
                "class A:\n g = property(lambda self: 1)",
                {"class A", "class A.g", "class A: docstring", "class A: annotations"},
            ),
            (
                "[g], a",
                "def g(): pass\na = g",
                {"helper a", "global g", "helper a: docstring", "helper a: annotations"},
            ),
            ("A(), B()", "class A: pass\nB = A", {"class A", "class B"}),
            ("g.unknown", "def g(): pass", {"helper g", "helper g: docstring", "helper g: annotations"}),
            (
                "a(), b()",
                "import functools\n@functools.cache\ndef a(): pass\nb = a",
                {"global a", "global b", "helper a"},
            ),
            ("g(1)", "def g(x, y=2, *, z=3): return x", {"helper g", "helper g: default y", "helper g: default z"}),
            ("g()", "def g(): return h()\ndef h(): return g()", {"helper g", "helper h"}),
            ("f", "", {"global f", "code: docstring", "code: annotations"}),
            ("g", "def g(): pass", {"helper g", "helper g: docstring", "helper g: annotations"}),
            ("a(), b()", "def a(): pass\nb = a", {"helper a", "global b"}),
            ("p(1)", "import functools\ndef g(x): pass\np = functools.partial(g)", {"global p", "helper g"}),
            (
                "m()",
                "class A:\n def g(self): pass\nm = A().g",
                {"helper m", "global m.__self__", "class A", "class A.g"},
            ),
            ("max(1), 'x'.join, m(1)", "m = [].append", {"global m"}),
            ("m(1), m", "m = [].append", {"global m", "global m.__self__"}),
            ("V.get()", "import contextvars\nV = contextvars.ContextVar('V')", {"global V.get()"}),
            ("V.get(), V.set(1)", "import contextvars\nV = contextvars.ContextVar('V')", set()),
            (
                "T.json_schema()",
                "import pydantic, typing\nT = pydantic.TypeAdapter(typing.Annotated[int, pydantic.Field(gt=1)])",
                {"global T"},
            ),
            ("E.A.value", "import enum\nclass E(enum.Enum): A = 1; B = 2", {"class E", "class E.A"}),
            (
                "E(1)",
                "import enum\nclass E(enum.Enum): A = 1; B = 2",
                {"class E", "class E.A", "class E.B", "class E.members"},
            ),
            (
                "a.b()",
                "class A:\n n = 1\n def __init__(self): self.c = 2\n def b(self): return self.c\na = A()",
                {"global a", "global a.c", "class A", "class A.b", "class A.__init__", "class A.n"},
            ),
            (
                "[a, b]",
                "class A: pass\na = A(); b = A(); a.other = b; b.other = a",
                {"global a", "global a.other", "global b", "global b.other", "class A"},
            ),
            (
                "A()",
                "class B:\n @property\n def p(self): pass\n @p.setter\n def p(self, x): pass\n"
                "class A(B):\n import functools\n @functools.cached_property\n def c(self): pass\n",
                {"class A", "class B", "class B.p", "class B.p.setter", "class A.c", "class A.functools"},
            ),
            (
                "A()",
                "import dataclasses\n@dataclasses.dataclass\nclass A:\n a: int = 1\n"
                " b: list = dataclasses.field(default_factory=list)\n",
                {
                    "class A",
                    "class A.__dataclass_params__",
                    "class A.fields",
                    "class A.fields.a",
                    "class A.fields.a: settings",
                    "class A.fields.b: default_factory",
                    "class A.fields.b: settings",
                },
            ),
            (
                "A()",
                "import attrs\n@attrs.define\nclass A:\n a: int = 1\n b: list = attrs.Factory(list)\n",
                {"class A", "class A.__slots__", "class A.a: field", "class A.b: field"},
            ),
            (
                "g(1)",
                "import functools\n@functools.cache\ndef g(x): pass",
                {"global g", "helper g"},
            ),
        ],
    )
    def test_names(self, expression: str, head: str, expected: set[str]) -> None:
        """Every part is named after what the code reads."""
        assert expected == parts(expression, head)

    def test_two_helpers_of_one_name(self) -> None:
        """The second one met has a number."""
        head = "def make(n):\n    def g(): return n\n    return g\nTOOLS = [make(1), make(2)]"
        names = {"helper make.g", "helper make.g (2)"}
        assert names <= parts("TOOLS", head)

    def test_a_local_decorator(self) -> None:
        """A decorator in between is a part, and so are the values that it closes over."""
        text = (
            "import functools\ndef retry(n):\n def d(g):\n  @functools.wraps(g)\n  def again(): return g(), n\n"
            "  return again\n return d\n@retry(3)\ndef f(): return 1"
        )
        name = "decorator retry.d.again"
        assert {"code", name, f"{name}: closure g", f"{name}: closure n"} == Cell(text).now().parts.keys()

    def test_an_installed_decorator(self) -> None:
        """An installed decorator is its name; what it holds of the user's own is looked at."""
        text = "import contextlib\n@contextlib.contextmanager\ndef f(): yield S\nS = 1"
        found = Cell(text).now().parts
        assert {"code", "global S"} < found.keys()
        assert not any("docstring" in name for name in found)

    def test_an_installed_decorator_that_may_read_docstrings(self) -> None:
        """Then docstring and annotations count as well."""
        text = "import pydantic\n@pydantic.validate_call\ndef f(x: int): return x"
        assert {"code", "code: docstring", "code: annotations"} < Cell(text).now().parts.keys()

    def test_settings_of_an_installed_decorator(self) -> None:
        """The plain values that an installed decorator keeps are parts."""
        cell = Cell(asking("g()"))
        cell.names["g"] = installed_wrapper(3)
        assert {"code", "global g", "global g.times", "helper g.function"} == cell.now().parts.keys()

    def test_a_class_as_a_decorator(self) -> None:
        """An object of the user's own that wraps the function is looked at, its own copies of names are not."""
        text = (
            "import functools\nclass Retry:\n"
            " def __init__(self, g): functools.update_wrapper(self, g); self.g = g; self.n = 3\n"
            " def __call__(self): return self.g()\n@Retry\ndef f(): return 1"
        )
        found = Cell(text).now().parts
        assert {"code", "decorator Retry.n", "decorator Retry.g", "class Retry.__call__"} < found.keys()
        assert not any("__name__" in name for name in found)

    def test_another_cached_function(self) -> None:
        """A cached function is a helper like any other."""
        head = "from llm_memo import cached_completion\n@cached_completion\ndef g(): return S\nS = 1"
        assert {"global g", "helper g", "helper g: global S"} == parts("g()", head)

    def test_a_version_stands_for_the_code(self) -> None:
        """Where another cached function has a version, its code does not count."""
        head = "from llm_memo import cached_completion\n@cached_completion(version=7)\ndef g(): return 1"
        assert {"global g"} == parts("g()", head)

    def test_a_function_of_an_installed_package(self) -> None:
        """Its own package is the user's own, wherever it is installed; others are their names."""
        from packaging.version import parse

        found = Fingerprint(parse).current().parts
        assert "class Version" in found
        assert found["code"]

    @pytest.mark.parametrize(
        "subject", [len, int, max, "x".join, functools.partial(max, 1), str.upper, property(lambda self: 1)]
    )
    def test_whatever_can_be_called(self, subject: Any) -> None:
        """Built-ins, classes and partials have a fingerprint too."""
        assert Fingerprint(subject).current().parts

    def test_previews(self) -> None:
        """Plain values have a short preview, secrets none."""
        head = "S = 'Be terse.'; API_KEY = 'abc'; T = 'sk-12345678'; L = ['x' * 200]; O = object; F = 1.5"
        previews = Cell(asking("S, API_KEY, T, L, O, F", head)).now().previews
        assert {"global S", "global L", "global F"} == previews.keys()
        assert "'Be terse.'" == previews["global S"]
        assert len(previews["global L"]) <= 80


def installed_wrapper(times: int) -> Callable[..., Any]:
    """What a decorator of an installed package would make of a function."""
    names: dict[str, Any] = {"__name__": "wrapt.decorators"}
    exec(
        "def make(function, times, client):\n    def again(): return function(), times, client\n    return again",
        names,
    )
    return names["make"](lambda: 1, times, object())  # type: ignore[no-any-return]


class Hostile:
    """An object that is not to be looked at."""

    def __getattribute__(self, name: str) -> Any:
        raise ValueError(name)


class HostileClass(type):
    """A class that is not to be looked at."""

    def __getattr__(cls, name: str) -> Any:
        raise ValueError(name)


def hostile_instance() -> Any:
    """An object of a class that is not to be looked at."""
    instance = HostileClass("A", (), {})()
    instance.n = 1
    return instance


class TestUntracked:
    """What has no canonical form is left out and said."""

    @pytest.mark.parametrize(
        ("head", "expected"),
        [
            ("import logging\nX = logging.getLogger('a')", {"global X": "a logging.Logger has no canonical form"}),
            ("X = object()", {"global X": "a builtins.object has no canonical form"}),
            ("X = {'a': 1, 'b': object()}", {"global X['b']": "a builtins.object has no canonical form"}),
            ("X = [1, object()]", {"global X[1]": "a builtins.object has no canonical form"}),
            ("X = [object()] * 101", {"global X": "a builtins.object has no canonical form"}),
            ("X = {1.5: object()}", {"global X": "a builtins.object has no canonical form"}),
            (
                "class A: pass\nX = A(); X.a = 1; X.b = object()",
                {"global X.b": "a builtins.object has no canonical form"},
            ),
            (
                "import threading\nclass A(threading.Thread): pass\nX = A(); X.lock = object()",
                {"global X.lock": "a builtins.object has no canonical form"},
            ),
        ],
    )
    def test_reasons(self, head: str, expected: dict[str, str]) -> None:
        """What can be tracked beside it is."""
        found = untracked("X", head)
        assert expected.items() <= found.items()

    def test_containers_that_hold_themselves(self) -> None:
        """They are taken apart as far as it goes."""
        assert parts("X", "X = []; X.append(X)")

    def test_containers_too_deep(self) -> None:
        """And no further than a few levels."""
        found = untracked("X", "X = []\nfor _ in range(5000): X = [X]")
        assert {"it is nested too deeply, or contains itself"} == set(found.values())

    def test_adapters_and_signatures_that_say_nothing(self) -> None:
        """An adapter counts by its type; without a form of that it is told, as is a bad signature."""
        head = "from pydantic import TypeAdapter\nfrom typing import Annotated\n"
        told = {"global T": "a builtins.object has no canonical form"}
        assert told == untracked("T", f"{head}T = TypeAdapter(Annotated[int, object()])")
        head = "import dataclasses\n@dataclasses.dataclass\nclass A: a: int\nA.__signature__ = 1"
        assert {"class A: annotations"} == untracked("[A]", head).keys()

    def test_annotations_that_cannot_be_had(self) -> None:
        """A tool's annotations may be anything."""
        found = untracked("[g]", "def g(x: object()): pass")
        assert {"helper g: annotations.x": "a builtins.object has no canonical form"} == found

    @pytest.mark.parametrize("expression", ["X", "X.a", "X.a.b()", "X()", "X[1]", "g(X)", "print(X)"])
    @pytest.mark.parametrize("make", [Hostile, lambda: HostileClass("A", (), {}), hostile_instance])
    def test_hostile_values(self, expression: str, make: Callable[[], Any]) -> None:
        """Whatever a value does when it is looked at, the fingerprint is had, and stays."""
        cell = Cell(asking(expression, "def g(x): return x.a"))
        cell.names["X"] = make()
        before = cell.now()
        assert before.digest == cell.now().digest
        cell.names["X"] = 1
        assert before.digest != cell.now().digest

    def test_values_that_begin_to_object(self) -> None:
        """A value that cannot be looked at any more is another value."""
        cell = Cell(
            asking(
                "X",
                "class A(dict):\n bad = False\n def items(self):\n  if A.bad: raise ValueError\n"
                "  return dict.items(self)\nX = A()",
            )
        )
        before = cell.now()
        cell.run("A.bad = True")
        assert before.digest != cell.now().digest


class TestValues:
    """Functions and classes as arguments."""

    def test_functions(self) -> None:
        """A function that is an argument is its code, its name, its description and what it reads."""
        texts = [
            "def f(x): return x",
            "def f(x): return x + 1",
            "def f(x=1): return x",
            "def f(x: int): return x",
            "def f(x):\n 'doc'\n return x",
            "def g(x): return x\nf = g",
        ]
        digests = {function_digest(Cell(text).names["f"]) for text in texts}
        assert len(texts) == len(digests)
        assert function_digest(Cell(texts[0]).names["f"]) in digests

    def test_functions_that_read(self) -> None:
        """What an argument reads is looked at on each call."""
        cell = Cell("S = 1\ndef f(): return S")
        one = canonical.encode([cell.names["f"]])
        assert one == canonical.encode([cell.names["f"]])
        cell.run("S = 2")
        assert one != canonical.encode([cell.names["f"]])

    def test_classes(self) -> None:
        """The class of an instance is its code; an installed one only its name."""
        texts = ["class A: n = 1", "class A: n = 2", "class A:\n def g(self): pass"]
        kinds = [Cell(f"{text}\nf = A").names["A"] for text in texts]
        assert 3 == len(set(map(class_digest, kinds)))
        assert b"" == class_digest(dict)
        assert canonical.encode(dict) != canonical.encode(list)

    def test_an_argument_that_reads_itself(self) -> None:
        """Functions and classes may know each other in a circle."""
        cell = Cell("def f(): return T, A\nT = [f]\nclass A:\n me = T\n def g(self): return A")
        assert canonical.encode([cell.names["f"], cell.names["A"], cell.names["A"]()])

    @pytest.mark.parametrize(
        ("one", "two"),
        [
            ("functools.partial(max, 1)", "functools.partial(max, 2)"),
            ("functools.partial(max, 1)", "functools.partial(min, 1)"),
            ("'a'.join", "'b'.join"),
            ("len", "max"),
            ("str.upper", "str.lower"),
            ("A(1).g", "A(2).g"),
            ("list[int]", "list[str]"),
            ("Literal['a']", "Literal['b']"),
            ("int | None", "int | str"),
            ("Any", "TypeVar('T')"),
            ("json", "functools"),
            ("[f, g, f]", "[f, g, g]"),
            ("{1: f, 2: g}", "{2: f, 1: g}"),
        ],
    )
    def test_what_holds_code(self, one: str, two: str) -> None:
        """Partials, methods, generic types and modules tell what is in them."""
        cell = Cell(
            "import functools, json\nfrom typing import *\nclass A:\n def __init__(self, n): self.n = n\n"
            " def g(self): pass\n"
            "def f(): return 1\ndef g(): return 2"
        )
        assert canonical.encode(eval(one, cell.names)) == canonical.encode(eval(one, cell.names))
        assert canonical.encode(eval(one, cell.names)) != canonical.encode(eval(two, cell.names))

    def test_functions_that_change_places(self) -> None:
        """Which of two functions is where makes a difference, also when they have one name."""
        head = "def make(n):\n def g(): return n\n return g\na, b = make(1), make(2)\nX = {'a': a, 'b': b}"
        cell = Cell(asking("X", head))
        before = cell.now()
        cell.run("X = {'b': a, 'a': b}")
        assert before.digest != cell.now().digest

    def test_a_module_of_ones_own(self) -> None:
        """It is no argument."""
        with pytest.raises(canonical.NoCanonicalForm):
            canonical.encode(types.ModuleType("own"))

    def test_handed_on(self) -> None:
        """The same function called and handed on are two things."""
        function = Cell("def f(): pass").names["f"]
        assert Fingerprint(function).current().digest != Fingerprint(function, Use.HANDED_ON).current().digest


def test_every_process_says_the_same() -> None:
    """Whatever the hash seed, and in whatever order things are looked at."""
    program = (
        "from llm_memo.identity.fingerprint import Fingerprint\n"
        "names = {'__name__': '__main__'}\n"
        "exec('''class A:\\n a = {1, 2, 3}\\n def g(self): return h, k\\ndef h(): return X\\n"
        "def k(): return A().g()\\n"
        'X = {"a": {1, 2}, "b": h}\\ndef f(): return [A(), h, k, X, missing]\'\'\', names)\n'
        "print(Fingerprint(names['f']).current().digest.hex())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert 1 == len(said)
