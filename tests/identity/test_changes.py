"""The fingerprint follows every change at once, but for what the code itself only keeps up."""

from __future__ import annotations

import contextvars
import sys
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from cells import Cell, asking

from llm_memo.adapters.openai import steady
from llm_memo.identity import survey
from llm_memo.identity.fingerprint import Fingerprint, KeptUp

CHANGES = [
    ("S", "S = 1", "S = 2", "S = 1"),
    ("S", "S = 1", "del S", "S = 1"),
    ("S", "S = 1", "S = True", "S = 1"),
    ("S", "", "S = 1", "del S"),
    ("len(x)", "", "len = 1", "del len"),
    ("L", "L = [1]", "L.append(2)", "L.pop()"),
    ("L", "L = [{'a': [1]}]", "L[0]['a'][0] = 2", "L[0]['a'][0] = 1"),
    ("L", "L = ({'a': 1},)", "L[0]['a'] = 2", "L[0]['a'] = 1"),
    ("L", "L = [b'a', {1}]", "L[1].add(2)", "L[1].discard(2)"),
    ("D['a']", "D = {'a': 1}", "D['a'] = 2", "D['a'] = 1"),
    ("D['a']", "D = {}", "D['a'] = 2", "del D['a']"),
    ("L[1]", "L = [1]", "L.append(2)", "L.pop()"),
    ("(L.append(1), L[0])", "L = [1]", "L[0] = 'a'", "L[0] = 1"),
    ("(L.append(1), L[0])", "L = []", "L.append('a')", "L.clear()"),
    ("(L.append(1), [m for m in L])", "L = [1]", "L.append(2)", "L.pop()"),
    ("(L.append(1), sorted(L))", "L = [1]", "L.append(2)", "L.pop()"),
    ("(L.append(1), heapq.nsmallest(1, L))", "import heapq\nL = [1]", "L.append(2)", "L.pop()"),
    ("(L.append(1), chr(L[0] + 1))", "L = [1]", "L[0] = 2", "L[0] = 1"),
    ("(L.append(1), [m for m in L])", "L = [1.7e9]", "L.append('a')", "L.pop()"),
    ("(L.append(1), [m for m in L])", "L = []", "L.append('a')", "L.pop()"),
    ("(L.append(1), L[0])", "L = [1]", "L[0] = 2", "L[0] = 1"),
    ("(L.append(1), L[0] + 1)", "L = [1]", "L[0] = 2", "L[0] = 1"),
    ("C.A", "class C: A = 1", "C.A = 2", "C.A = 1"),
    ("C.A", "class B: A = 1\nclass C(B): pass", "C.A = 2", "del C.A"),
    ("C()", "class C: A = 1", "C.B = 2", "del C.B"),
    ("C()", "class C: A = [1]", "C.A.append(2)", "C.A.pop()"),
    ("a.n", "class A: n = 0\na = A(); a.n = 1", "a.n = 2", "a.n = 1"),
    ("a.n", "class A: n = 0\na = A()", "a.n = 2", "del a.n"),
    ("a", "class A: pass\na = A()", "a.n = 2", "del a.n"),
    ("a", "class A: pass\na = A(); a.b = A()", "a.b.n = 2", "del a.b.n"),
    ("a.n", "class A: __slots__ = 'n'\na = A(); a.n = 1", "a.n = 2", "a.n = 1"),
    ("a", "class A: __slots__ = 'n'\na = A(); a.n = 1", "a.n = 2", "a.n = 1"),
    ("a.n", "class A: __slots__ = 'n'\na = A()", "a.n = 2", "del a.n"),
    ("[a]", "class A: pass\na = A(); L = [a]", "L[0].n = 2", "del L[0].n"),
    ("L", "class A: pass\nL = [A()]", "L[0].n = 2", "del L[0].n"),
    ("a.g()", "class A:\n def g(self): return 1\na = A()", "A.h = A.g; A.g = lambda self: 2", "A.g = A.h; del A.h"),
    ("g()", "def g(): return 1\nold = g.__code__", "g.__code__ = (lambda: 2).__code__", "g.__code__ = old"),
    ("g()", "def g(x=1): return x", "g.__defaults__ = (2,)", "g.__defaults__ = (1,)"),
    ("g()", "def g(*, x=1): return x", "g.__kwdefaults__ = {'x': 2}", "g.__kwdefaults__ = {'x': 1}"),
    ("g()", "def g(): return 1\nold = g", "g = lambda: 1 + 1", "g = old"),
    ("g.__doc__", "def g(): 'a'", "g.__doc__ = 'b'", "g.__doc__ = 'a'"),
    ("g.n", "def g(): pass\ng.n = 1", "g.n = 2", "g.n = 1"),
    ("T", "def g(): return 1\ndef h(): return 2\nT = [g]", "T[0] = h", "T[0] = g"),
    ("T", "def g(): return S\nS = 1\nT = {'g': g}", "S = 2", "S = 1"),
    (
        "E.A.value",
        "import enum\nclass E(enum.Enum): A = 1",
        "old = E.A\nE._member_map_['A'] = 3",
        "E._member_map_['A'] = old",
    ),
    ("m.S", "import types\nm = types.ModuleType('m'); m.S = 1", "m.S = 2", "m.S = 1"),
    ("m.S", "import types\nm = types.ModuleType('m'); m.S = 1", "del m.S", "m.S = 1"),
    ("[m]", "import types\nm = types.ModuleType('m'); m.S = 1", "m.T = 2", "del m.T"),
    ("N", "import types\nN = types.SimpleNamespace(a=1)", "N.a = 2", "N.a = 1"),
    ("D", "D = {'a': 1, 'lock': object()}", "D['a'] = 2", "D['a'] = 1"),
    ("D", "D = [1, object()]", "D[0] = 2", "D[0] = 1"),
    ("a.n", "import argparse\na = argparse.Namespace(n=1, o=object())", "a.n = 2", "a.n = 1"),
    ("a.n, a.m", "import argparse\na = argparse.Namespace(m=1, n=1, o=object())", "a.m = 2", "a.m = 1"),
    (
        "c",
        "import openai\nc = openai.OpenAI(api_key='k')",
        "old = c.base_url; c.base_url = 'http://x'",
        "c.base_url = old",
    ),
]
"""An expression, what stands before it, a change and how it is taken back."""


class TestChanges:
    """Values are looked at on each call, whatever way they change."""

    @pytest.mark.parametrize(("expression", "head", "change", "back"), CHANGES)
    def test_there_and_back(self, expression: str, head: str, change: str, back: str) -> None:
        """A change makes another fingerprint at once, and taken back the first again."""
        cell = Cell(asking(expression, head))
        before = cell.now()
        assert before is cell.now()
        cell.run(change)
        changed = cell.now()
        assert before.digest != changed.digest
        assert changed is cell.now()
        cell.run(back)
        assert before.digest == cell.now().digest
        assert before.parts == cell.now().parts

    def test_a_closure(self) -> None:
        """Values in closures are looked at too, also before there are any."""
        text = (
            "def make():\n def f(): return n\n def change(x):\n  nonlocal n\n  n = x\n"
            " if 0: n = 0\n return f, change\nf, change = make()"
        )
        cell = Cell(text)
        empty = cell.now()
        cell.run("change(1)")
        one = cell.now()
        cell.run("change(2)")
        assert 3 == len({empty.digest, one.digest, cell.now().digest})

    def test_modules_that_the_function_imports(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """They count before the function has ever run, and when another takes their place."""
        monkeypatch.syspath_prepend(str(tmp_path))
        (tmp_path / "lazy_prompts.py").write_text("SYSTEM = 1\n")
        (tmp_path / "lazy_broken.py").write_text("1 / 0\n")
        monkeypatch.setitem(sys.modules, "lazy_hand", types.ModuleType("lazy_hand"))
        sys.modules["lazy_hand"].__path__ = []
        cell = Cell(
            "def f():\n import lazy_prompts, lazy_broken, json, lazy_hand.made\n"
            " return lazy_prompts.SYSTEM, lazy_broken.A, lazy_hand.made.B, json.C"
        )
        before = cell.now()
        names = {"lazy_prompts.SYSTEM", "lazy_broken", "lazy_hand.made", "json"}
        assert {"code", *(f"module {name}" for name in names)} == before.parts.keys()
        other = types.ModuleType("lazy_prompts")
        other.SYSTEM = 2  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "lazy_prompts", other)
        assert before.digest != cell.now().digest

    def test_installed_modules_that_a_helper_imports(self) -> None:
        """They are their names, before and after they are loaded."""
        sys.modules.pop("colorsys", None)
        cell = Cell(asking("g()", "def g():\n import colorsys\n return colorsys.rgb_to_hsv(1, 1, 1)"))
        before = cell.now()
        cell.run("g()")
        assert before.parts == cell.now().parts

    def test_a_package_that_the_function_imports(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A module in it is imported when a path leads there."""
        monkeypatch.syspath_prepend(str(tmp_path))
        (tmp_path / "lazy_package").mkdir()
        (tmp_path / "lazy_package" / "__init__.py").touch()
        (tmp_path / "lazy_package" / "prompts.py").write_text("SYSTEM = 1\n")
        cell = Cell("def f():\n from lazy_package import prompts\n from ..x import y\n return prompts.SYSTEM, y")
        assert {"code", "module lazy_package.prompts.SYSTEM"} == cell.now().parts.keys()

    @pytest.mark.parametrize("kind", ["OpenAI", "AsyncOpenAI", "Named"])
    def test_every_setting_of_a_client_is_watched(self, kind: str) -> None:
        """A client whose settings change in place is another one, and so are its resources."""
        head = (
            "import openai\nfrom openai import OpenAI, AsyncOpenAI\n"
            "class Named(OpenAI):\n    where = 'a'\n    @property\n    def organization(self): return self.where\n"
            "    @organization.setter\n    def organization(self, value): pass\n"
            f"c, d = [{kind}(api_key='k') for _ in 'ab']\nr = d.responses"
        )
        cell = Cell(asking("c, r", head))
        seen = [cell.now()]
        assert seen[-1] is cell.now()
        for change in (
            "c.base_url = 'http://x'",
            "d.base_url = 'http://x'",
            "c.where = 'b'" if kind == "Named" else "c.organization = 'b'",
            "c.project = 'c'",
            "c._api_version = '1'",
            "r._client = c",
        ):
            cell.run(change)
            assert cell.now().digest not in {each.digest for each in seen}
            seen.append(cell.now())
            assert seen[-1] is cell.now()
        assert (kind == "Named") == (steady(cell.names["c"]) is None)

    def test_a_module_that_makes_its_names(self) -> None:
        """Its ``__getattr__`` is a helper, until the name is there."""
        module = Cell("TEXT = 'a'\ndef __getattr__(name): return TEXT + name\ndef f(): pass")
        cell = Cell(asking("m.A"))
        cell.names["m"] = sys.modules[module.names["__name__"]]
        before = cell.now()
        assert f"helper {module.names['__name__']}.__getattr__: global TEXT" in before.parts
        module.run("TEXT = 'b'")
        changed = cell.now()
        assert before.digest != changed.digest
        module.run("A = 1")
        assert {"code", "module m.A"} == cell.now().parts.keys()

    def test_a_context_variable(self) -> None:
        """It has the value of the context that asks, and what is in that is watched."""
        cell = Cell(asking("V.get()", "import contextvars\nV = contextvars.ContextVar('V', default=1)"))
        before = cell.now()
        assert before is cell.now()
        context = contextvars.copy_context()
        context.run(cell.run, "V.set([])")
        other = context.run(cell.now)
        assert before.digest != other.digest
        assert other is context.run(cell.now)
        context.run(cell.run, "V.get().append(1)")
        assert other.digest != context.run(cell.now).digest
        assert before.digest == cell.now().digest

    @pytest.mark.parametrize("kind", ["list[A]", "typing.Annotated[A, pydantic.Field(description='x')]"])
    def test_a_type_adapter(self, kind: str) -> None:
        """It is watched for a model in it that is defined anew, not for its schema."""
        head = f"import pydantic, typing\nclass A(pydantic.BaseModel):\n a: int\nT = pydantic.TypeAdapter({kind})"
        cell = Cell(asking("T.validate_python(x)", head))
        before = cell.now()
        assert {"code", "global T", "class A", "class A: schema", "class A.model_config"} == before.parts.keys()
        assert before is cell.now()
        cell.run("A.model_rebuild(force=True)")
        assert before.digest == cell.now().digest
        cell.run(head.replace("int", "str"))
        assert before.digest != cell.now().digest

    def test_who_keeps_no_settings_of_a_clients_is_not_one(self) -> None:
        """What is no client, or keeps its URL in a place of its own, is looked at anew each time."""
        by_hand = type("BaseClient", (), {"base_url": "http://a"})
        assert [None, None] == [steady(openai.NOT_GIVEN), steady(by_hand())]

    def test_nothing_is_looked_at_before_it_is_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Decorating costs nothing."""
        monkeypatch.setattr(survey, "survey", lambda *_: pytest.fail("looked"))
        Fingerprint(test_cost)

    def test_threads(self) -> None:
        """Many threads may ask while values change."""
        cell = Cell(asking("S, L, g()", "S = 0; L = []\ndef g(): return S"))
        wrong: list[BaseException] = []

        def ask() -> None:
            try:
                for _ in range(200):
                    cell.now()
            except BaseException as error:
                wrong.append(error)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for number in range(300):
            cell.names["S"] = number
            cell.names["L"].append(number)
        for thread in threads:
            thread.join()
        assert [] == wrong
        last = cell.now()
        fresh = Fingerprint(cell.names["f"]).current()
        assert fresh.digest == last.digest


def test_cost() -> None:
    """With twenty globals read, twenty checks are made and nothing is encoded."""
    names = [f"N{number}" for number in range(20)]
    cell = Cell(asking(", ".join(names), "\n".join(f"{name} = 'x'" for name in names)))
    cell.now()
    state = cell.fingerprint._state
    assert state is not None
    watch, _ = state
    assert (20, 1, 0) == (len(watch.names), len(watch.functions), len(watch.others))


class Own:
    """An object of the user's own."""


def holding(value: Any) -> Any:
    """The object, with attributes such as methods keep up."""
    vars(value).update(calls=0, log=[], stats={"n": 0}, history=[], name="", prompt=None)
    return value


KEPT_UP = [
    ("global N; N += 1", "N = 0", "N = 5", "global N"),
    ("L.append(1); len(L)", "L = []", "L.append(2)", "global L"),
    ("L.append(1); L[0] > 2", "L = [1]", "L[0] = 3", "global L[0]"),
    ("L.append(1); L[0] > 2", "L = []", "L.append(3)", "global L[0]"),
    (
        "L.append(1); wait = 60 - (7 - L[0])\n if wait > 0: sleep(wait)",
        "L = []\nsleep = print",
        "L.append(3)",
        "global L[0]",
    ),
    ("L.append(1); L[0] > 2", "L = [1]", "L.clear()", "global L[0]"),
    ("heapq.heappush(L, 1)", "import heapq\nL = []", "L.append(2)", "global L"),
    ("insort(L, 1)", "from bisect import insort\nL = []", "L.append(2)", "global L"),
    ("L.append((1.7e9, 3)); sum(n for t, n in L)", "L = []", "L.append((1.8e9, 4))", "global L"),
    ("L.append(1.7e9); [n for n in L]", "L = []", "L.append(1.8e9)", "global L"),
    ("S.update(n=1); S['n'] > 2", "S = {}", "S['n'] = 7", "global S['n']"),
    (
        "V.get().append(1)",
        "import contextvars\nV = contextvars.ContextVar('V')\nV.set([])",
        "V.get().append(3)",
        "global V.get()",
    ),
    ("L.append(g(L)) if 0 else L.append(1)", "L = []\ndef g(x): return len(x)", "L.append(2)", "global L"),
    ("S['n'] += 1", "S = {'n': 0}", "S['n'] = 7", "global S['n']"),
    ("S['n'] += 1; print(S)", "S = {'n': 0, 'a': 1}", "S['n'] = 7", "global S['n']"),
    ("S[x] = 1; x in S", "S = {}", "S[3] = 4", "global S"),
    ("S[x].append(1)", "S = {}", "S[3] = []", "global S"),
    ("A.n += 1", "class A: n = 0", "A.n = 7", "class A.n"),
    ("A().g()", "class A:\n n = 0\n def g(self): A.n += 1", "A.n = 7", "class A.n"),
    ("a.n += 1", "class A: n = 0\na = A()", "a.n = 7", "global a.n"),
    ("a.n += 1; print(a)", "class A: pass\na = A(); a.n = 0", "a.n = 7", "global a.n"),
    ("a.g()", "class A:\n def g(self): self.n += 1\na = A(); a.n = 0", "a.n = 7", "global a.n"),
    ("a.g()", "class A:\n def g(self): self.h()\n def h(self): self.n += 1\na = A(); a.n = 0", "a.n = 7", "global a.n"),
    ("a.g()", "class A:\n def g(self): self.b.n += 1\na = A(); a.b = A(); a.b.n = 0", "a.b.n = 7", "global a.b.n"),
    ("a()", "class A:\n def __call__(self): self.n += 1\na = A(); a.n = 0", "a.n = 7", "global a.n"),
    (
        "\n with a: pass",
        "class A:\n def __enter__(self): self.n += 1\n def __exit__(self, *e): pass\na = A(); a.n = 0",
        "a.n = 7",
        "global a.n",
    ),
    ("A.g()", "class A:\n n = 0\n @classmethod\n def g(cls): cls.n += 1", "A.n = 7", "class A.n"),
    ("g(L)", "L = []\ndef g(log): log.append(1)", "L.append(2)", "global L"),
    ("g(log=L)", "L = []\ndef g(log): log.append(1)", "L.append(2)", "global L"),
    ("g(L)", "L = []\ndef g(log): h(1, log)\ndef h(x, log): log.append(1)", "L.append(2)", "global L"),
    ("t.g(L)", "L = []\nclass A:\n def g(self, log): log.append(1)\nt = A()", "L.append(2)", "global L"),
    ("g(a)", "class A:\n def h(self): self.n += 1\na = A(); a.n = 0\ndef g(b): b.h()", "a.n = 7", "global a.n"),
    ("g(1)", "def g(x): g.n += 1\ng.n = 0", "g.n = 7", "helper g: global g.n"),
    (
        "import m_state; m_state.n += 1",
        "import sys, types\nsys.modules['m_state'] = m = types.ModuleType('m_state'); m.n = 0",
        "m.n = 7",
        "module m_state.n",
    ),
    ("T[0](1)", "N = 0\ndef g(x):\n global N\n N += 1\nT = [g]", "N = 7", "helper T[0]: global N"),
    ("A.g(L)", "L = []\nclass A:\n @staticmethod\n def g(log): log.append(1)", "L.append(2)", "global L"),
    ("A.g(L)", "L = []\nclass A:\n @classmethod\n def g(cls, log): log.append(1)", "L.append(2)", "global L"),
]
"""What a function does, what stands before it, a change of what it keeps up, and how that is called."""

DEPENDED_ON = [
    ("L.append(1); return g(L)", "L = []\ndef g(x): return x", "L.append(2)"),
    ("L.append(1); return g(x=L)", "L = []\ndef g(**x): return x", "L.append(2)"),
    ("L.append(1); return sorted(L)", "L = []", "L.append(2)"),
    ("L.append(1); return L[-2:]", "L = []", "L.append(2)"),
    ("L.append(1); return [*L]", "L = []", "L.append(2)"),
    ("L.append(1); return L.copy()", "L = []", "L.append(2)"),
    ("L.append(1); return ask(1, L)", "import json as ask\nask = ask.dumps\nL = []", "L.append(2)"),
    ("S['n'] += 1; return S['a']", "S = {'n': 0, 'a': 1}", "S['a'] = 2"),
    ("S['n'] += 1; return S", "S = {'n': 0, 'a': 1}", "S['a'] = 2"),
    ("a.n += 1; return a.b", "class A: pass\na = A(); a.n = 0; a.b = 1", "a.b = 2"),
    (
        "m.append(1)",
        "import types\nm = types.ModuleType('m')\ndef g(x): return 1\nm.append = g",
        "m.append = lambda x: 2",
    ),
    ("C.add(1)", "class C:\n A = 1\n @classmethod\n def add(cls, x): return cls.A", "C.A = 2"),
    ("a.add(1)", "class C:\n def add(self, x): return self.p\na = C(); a.p = 1", "a.p = 2"),
    ("return N.append(1) if N else M", "N = M = None", "M = 1"),
]
"""What a function does, what stands before it, and a change of what it depends on all the same."""


class TestKeptUp:
    """What is written is not read, unless it is."""

    @pytest.mark.parametrize(("body", "head", "change", "name"), KEPT_UP)
    def test_counters_and_logs(self, body: str, head: str, change: str, name: str) -> None:
        """What the code only keeps up may change as it likes, and is listed as left out."""
        cell = Cell(f"{head}\ndef f(x=None):\n {body}\n return 1\n")
        before = cell.now()
        assert "written by the function" == before.untracked.get(name, dict(before.untracked))
        cell.run(change)
        assert before.digest == cell.now().digest

    @pytest.mark.parametrize(("body", "head", "change"), DEPENDED_ON)
    def test_what_goes_somewhere(self, body: str, head: str, change: str) -> None:
        """What it hands on as well is depended on, and so is everything beside what it keeps up."""
        cell = Cell(f"{head}\ndef f(x=None):\n {body}\n")
        before = cell.now()
        cell.run(change)
        assert before.digest != cell.now().digest

    def test_of_oneself(self) -> None:
        """Of a method, the attributes of its object that it only keeps up are told."""

        class A:
            def f(self, x: Any) -> Any:
                self.calls += 1  # type: ignore[attr-defined]
                self.log.append(x)  # type: ignore[attr-defined]
                self.stats["n"] += 1  # type: ignore[attr-defined]
                self.history.append(x)  # type: ignore[attr-defined]
                return str(self.history) + self.name  # type: ignore[attr-defined]

        assert {"calls", "log", "stats"} == KeptUp(A.f).of(holding(A()))

    def test_by_ones_methods(self) -> None:
        """What the methods that are called on the object keep up is told, but for what one sets and another uses."""

        class A:
            def f(self, x: Any) -> Any:
                self._open()
                return self._ask(x) + self.prompt  # type: ignore[attr-defined]

            def _open(self) -> None:
                if self.prompt is None:  # type: ignore[has-type]
                    self.prompt = "be terse"

            def _ask(self, x: Any) -> Any:
                self.calls += 1  # type: ignore[attr-defined]
                self._note(x)
                return x

            def _note(self, x: Any) -> None:
                self.log.append(x)  # type: ignore[attr-defined]
                self._note(x)

            def reset(self) -> None:
                self.name = ""

        assert {"calls", "log"} == KeptUp(A.f).of(holding(A()))

    @pytest.mark.parametrize("subject", [lambda: 1, len])
    def test_of_nobody(self, subject: Callable[..., Any]) -> None:
        """A function without parameters keeps nothing up, nor does one without code."""
        assert frozenset() == KeptUp(subject).of(Own()) == KeptUp(subject).of("a")
