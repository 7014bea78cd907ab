"""Guards: a fingerprint is looked for once, and again when something that it is made of has changed."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from cells import Cell, asking

from llm_memo.identity.guards import Guards, is_fixed, is_plain

HEAD = """
import array, collections, contextvars, dataclasses, datetime, decimal, enum, fractions, functools, logging, math
import operator, os, pathlib, random, re, string, sys, threading, types, typing, uuid, weakref
"""

STAYS = [
    # Values of builtin types, whose attributes code in C makes anew each time.
    ("V = 1000 + 5j", "V.real"),
    ("V = datetime.date(2026, 1, 1)", "V.year"),
    ("V = datetime.datetime(2026, 1, 1, 1, 1, 1, 9999, tzinfo=datetime.timezone.utc)", "V.microsecond, V.tzinfo"),
    ("V = datetime.timedelta(days=999)", "V.days, V.total_seconds()"),
    ("V = decimal.Decimal('1.5')", "V.real"),
    ("V = fractions.Fraction(1000, 3)", "V.numerator"),
    ("V = pathlib.PurePosixPath('/a/b')", "V.name, V.parent / 'x'"),
    ("V = uuid.UUID(int=1 << 90)", "V.hex"),
    ("V = slice(1000, 2000)", "V.start"),
    ("V = range(1000, 2000)", "V.start"),
    ("V = re.compile('a(?P<x>b)')", "V.pattern, V.flags, V.groupindex, V.sub('', x)"),
    ("V = bytearray(b'abc')", "V[0], len(V)"),
    ("V = memoryview(b'abc' * 1000)", "V[0], V.nbytes, V.shape"),
    ("V = array.array('d', [1000.0])", "V.typecode, V[0]"),
    ("V = float('nan')", "V"),
    ("V = [float('nan'), {1, 2}]", "V"),
    ("V = {'a', 'b'}", "V, 'a' in V"),
    ("V = ValueError(1000, 2)", "V.args"),
    ("V = {'a': 1}.items()", "list(V)"),
    ("V = types.MappingProxyType({'a': 1000})", "V['a'], dict(V)"),
    ("V = types.SimpleNamespace(a=types.SimpleNamespace(b=1000))", "V.a.b"),
    ("V = collections.deque([1], maxlen=1000)", "V.maxlen, list(V)"),
    ("V = collections.defaultdict(list, a=1)", "V.default_factory, V['a']"),
    ("V = collections.Counter('abc')", "V.most_common(1), V['a']"),
    ("V = collections.ChainMap({'a': 1})", "V['a'], V.maps"),
    ("V = collections.namedtuple('N', 'a b')(1000, 2000.5)", "V.a, V[0], V"),
    ("V = string.Template('$a')", "V.substitute(x), V.template"),
    ("V = random.Random(1)", "V.random()"),
    # Callables, bound ones among them.
    ("V = re.compile('a').sub", "V('', x)"),
    ("V = 'abc'.format", "V(x)"),
    ("V = [1].index", "V(x)"),
    ("V = {'a': 1}.get", "V(x)"),
    ("V = operator.itemgetter('a', 'b')", "V(x)"),
    ("V = functools.partial(int, base=1000)", "V(x), V.keywords, V.args, V.func"),
    ("def g(x, y): return x + y\nV = functools.partial(g, y=1000)", "V(x)"),
    ("@functools.lru_cache\ndef V(x): return x", "V(x), V.cache_info()"),
    ("@functools.singledispatch\ndef V(x): return x\n@V.register\ndef _(x: int): return 2", "V(x)"),
    ("def V(a=1000): 'doc'", "V.__doc__, V.__name__, V.__defaults__, V.__code__"),
    ("def d(g):\n @functools.wraps(g)\n def w(*a): return g(*a)\n return w\n@d\ndef V(x): return x", "V(x)"),
    ("class S:\n def go(self, x): return x\nV = S().go", "V(x)"),
    ("class S:\n def go(self, x): return x\nV = [S().go]", "sorted(V), [v(x) for v in V]"),
    ("class S:\n @classmethod\n def go(cls, x): return x\nV = [S.go]", "max(V)"),
    # What lives elsewhere.
    ("V = contextvars.ContextVar('v', default=[1])", "V.get(), V.name"),
    ("V = contextvars.ContextVar('v')", "V.get()"),
    ("V = threading.local()\nV.a = 1000", "V.a, V.b"),
    ("V = threading.Lock()", "V.acquire()"),
    ("V = logging.getLogger('a')", "V.info(x), V.level"),
    ("class S: pass\ns = S()\nV = weakref.ref(s)", "V(), [V]"),
    ("V = os", "V.environ['HOME'], V.getenv('PATH'), V.environ.get('NOPE'), V.environ.setdefault('HOME', '')"),
    ("V = sys", "V.argv, V.platform, V.version_info >= (3, 12), V.path, V.maxsize, V.flags.optimize, V.stderr.name"),
    ("V = math", "V.pi, V.__name__, V.__doc__"),
    # Classes and instances of one's own.
    ("class V(enum.Enum):\n A = 1\n @property\n def up(self): return 1", "V.A.value, V['A'], V(1), list(V), V.A.up"),
    ("class V(enum.IntEnum): A = 1000", "V.A + 1, V.A.real"),
    ("class V(enum.Flag):\n A = 1\n B = 2", "V.A | V.B"),
    ("class S:\n __slots__ = ('a', 'b')\n def __init__(self): self.a = 1000\nV = S()", "V.a, V.b, str(V)"),
    ("@dataclasses.dataclass\nclass S:\n a: int = 1000\n b: list = dataclasses.field(default_factory=list)\nV = S()",
     "V.a, str(V)"),
    ("@dataclasses.dataclass(slots=True)\nclass S: a: int = 1000\nV = S()", "V.a, str(V)"),
    ("class N(typing.NamedTuple):\n a: int\n b: int = 3\nV = N(1000)", "V.a, V[0], V"),
    ("class S:\n @functools.cached_property\n def a(self): return 1000\nV = S()", "V.a"),
    ("class S:\n @property\n def a(self): return 1000\nV = S()", "V.a"),
    ("class S:\n def __getattr__(self, name): return 1000\nV = S()", "V.a"),
    ("class D:\n def __get__(self, a, b): return 1000\nclass S: a = D()\nV = S()", "V.a"),
    ("class M(type):\n a = 1000\n def __getitem__(cls, k): return 1\nclass V(metaclass=M): b: int", "V.a, V['x']"),
    ("class V:\n 'doc'\n a: int = 1000", "V.a, V.__doc__, V.__name__, V.__annotations__, V.__mro__"),
    ("class B:\n def a(self): return 1\nclass S(B):\n def a(self): return super().a()\nV = S()", "V.a()"),
    ("class S(dict): x = 1000\nV = S(a=1000)", "V['a'], V.x"),
    ("class S(list): pass\nV = S([1000])", "V[0], list(V)"),
    ("class S(str): pass\nV = S('abc')", "V.upper()"),
    ("class S(Exception): pass\nV = S(1000)", "V.args, str(V)"),
    ("class S(datetime.datetime): pass\nV = S(2026, 1, 1)", "V.year"),
    # Libraries.
    ("import numpy as np\nV = np.arange(1000.0)", "V.sum(), V.shape, V.T, V[0], V.dtype, V.size, V.flat"),
    ("import numpy as np\nV = np.float64('nan')", "V.real, V.T"),
    ("import numpy as np\nV = np.dtype([('a', 'i4')])", "V.itemsize, V.name, V.names"),
    ("import numpy as np\nV = np.random.default_rng(1)", "V.normal()"),
    ("import numpy as np\nclass S(np.ndarray): pass\nV = np.arange(1000.0).view(S)", "V.shape"),
    ("import pandas as pd\nV = pd.DataFrame({'a': [1, 2]})", "V['a'], V.a, V.to_json(), V.columns, V.shape, V.loc[0]"),
    ("import pandas as pd\nV = pd.Series([1, 2])", "V.mean(), V.values, V.index"),
    ("import attrs\n@attrs.define\nclass S: a: int = 1000\nV = S()", "V.a, str(V)"),
    ("import pydantic\nclass S(pydantic.BaseModel):\n a: int = 1000\n b: list[int] = [1000]\nV = S(a=2)",
     "V.a, V.model_dump(), str(V), V.model_fields_set, V.model_extra, S.model_json_schema(), S.model_fields"),
    ("import openai\nV = openai.OpenAI(api_key='k', base_url='http://127.0.0.1:1')",
     "V.chat.completions.create(model='m', messages=x), V.base_url, V.timeout, V.max_retries, repr(V)"),
    ("import httpx\nV = httpx.Client(headers={'a': 'b'})", "V.post(x), V.headers, V.base_url"),
    ("import unittest.mock\nV = unittest.mock.MagicMock()", "V.a.b(x)"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "expression"), STAYS, ids=[row[0].splitlines()[0] for row in STAYS])
def test_nothing_is_looked_at_twice(head: str, expression: str) -> None:
    """As long as nothing changes, a fingerprint is the same object, so that a call costs no scan."""
    cell = Cell(asking(expression, HEAD + head))
    assert cell.now() is cell.now()
    assert 1 < len(cell.now().parts)


def test_what_python_notes_in_a_class_is_no_change() -> None:
    """A class whose annotations were read, or whose instance was pickled, is what it was; a new name is a change."""
    cell = Cell(asking("sorted([V])", "class V:\n a: int = 1"))
    kind, before = cell.names["V"], cell.now()
    copy.copy(kind())
    assert "__slotnames__" in vars(kind)
    assert {"a": int} == kind.__annotations__
    assert before is cell.now()
    kind.b = 1
    assert before.digest != cell.now().digest


CHANGES = [
    ("V = 1", "V", "V = 1.0"),
    ("V = 1", "V", "V = True"),
    ("V = [1, {'a': 2}]", "V", "V[1]['a'] = 3"),
    ("V = {'a': 1, 'b': 2}", "V", "V['a'] = V.pop('a')"),
    ("V = {'a': {'b': 1}}", "V['a']['b']", "V['a']['b'] = 2"),
    ("V = {'a': 1}", "V['z']", "V['z'] = 2"),
    ("V = ['a']", "len(V)", "V.append('b')"),
    ("V = collections.deque(['a'])", "[v for v in V]", "V[0] = 'b'"),
    ("V = datetime.date(2026, 1, 1)", "V.year", "V = datetime.date(2027, 1, 1)"),
    ("V = contextvars.ContextVar('v', default=1)", "V.get()", "V.set(2)"),
    ("V = threading.local()", "V.a", "V.a = 1"),
    ("V = types.SimpleNamespace(a=1)", "V.a", "V.a = 2"),
    ("class V: a = 1", "V.a", "V.a = 2"),
    ("class B: a = 1\nclass V(B): pass", "V.a", "V.a = 2"),
    ("class S: a = 1\nV = S()", "V.a", "V.a = 2"),
    ("class S:\n __slots__ = ('a',)\nV = S()", "V.a", "V.a = 2"),
    ("class S: pass\nclass T: pass\nV = S()", "isinstance(V, S)", "V.__class__ = T"),
    ("class V(enum.Enum): A = 1", "V.A", "class V(enum.Enum): A = 2"),
    ("def V(x, y=1): return y", "V(x)", "V.__defaults__ = (2,)"),
    ("def V(x, *, y=1): return y", "V(x)", "V.__kwdefaults__ = {'y': 2}"),
    ("def V(x): return 1\ndef W(x): return 2", "V(x)", "V.__code__ = W.__code__"),
    ("def V(x): return 1", "V(x)", "def V(x): return 2"),
    ("def V(x): return 1", "V.kind", "V.kind = 2"),
    ("@functools.singledispatch\ndef V(x): return x", "V(x)", "@V.register\ndef _(x: int): return 2"),
    ("V = None", "len", "len = abs"),
    ("V = os", "V.environ.get('LLM_MEMO_NOTHING')", "os.environ['LLM_MEMO_NOTHING'] = 'a'"),
    ("import numpy as np\nV = np.arange(9.0)", "V.sum()", "V[0] = 5"),
    ("import numpy as np\nV = np.arange(9.0)", "V.shape", "V.resize(8, refcheck=False)"),
    ("import numpy as np\nV = np.arange(9.0)", "V.T", "V[0] = 5"),
    ("import pandas as pd\nV = pd.DataFrame({'a': [1, 2]})", "V.a", "V.loc[0, 'a'] = 5"),
    ("import numpy as np\nV = np.random.default_rng(1)", "V.normal()", "V = np.random.default_rng(2)"),
    ("import numpy as np\nV = np.random.default_rng(1)", "V.normal()", "V.normal()"),
    ("import numpy as np\nV = np.random.default_rng(1).normal", "V()", "V = np.random.default_rng(2).normal"),
    ("V = re.compile('a').sub", "V('', x)", "V = re.compile('b').sub"),
    ("V = 'abc'.format", "V(x)", "V = 'b'.format"),
    ("V = [1].index", "V(x)", "V = [2].index"),
    ("V = operator.itemgetter('a')", "V(x)", "V = operator.itemgetter('b')"),
    ("V = random.Random(1)", "V.random()", "V.random()"),
    ("class S(dict): pass\nV = S(a=1)", "V['a']", "V['a'] = 2"),
    ("class S:\n pass\nV = [S()]", "sorted(V)", "V[0].a = 2"),
]


@pytest.mark.parametrize(("head", "expression", "change"), CHANGES, ids=[row[2] for row in CHANGES])
def test_a_change_is_seen(head: str, expression: str, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read changes in place or is set anew: the next look gives another digest, which stays."""
    monkeypatch.setenv("LLM_MEMO_NOTHING", "")
    monkeypatch.delenv("LLM_MEMO_NOTHING")
    cell = Cell(asking(expression, HEAD + head))
    before = cell.now().digest
    cell.run(change)
    assert before != cell.now().digest
    assert cell.now() is cell.now()


class Box:
    """Something to refer to."""


box, names = Box(), {"a": 1}

GUARDED: list[tuple[Callable[[Guards, Any], None], Callable[[Any], object]]] = [
    (lambda guards, it: guards.name(it, "a", it["a"]), lambda it: it.update(a=2)),
    (lambda guards, it: guards.name(it, "a", it["a"]), lambda it: it.pop("a")),
    (lambda guards, it: guards.no_name(it, "b"), lambda it: it.update(b=1)),
    (lambda guards, it: guards.got(lambda: it.get("a"), it["a"]), lambda it: it.update(a="b")),
    (lambda guards, it: guards.same(lambda: list(it), ["a"]), lambda it: it.update(b=1)),
    (lambda guards, it: guards.content(it, dict, None), lambda it: it.update(a=1.0)),
    (lambda guards, it: guards.content(it.keys(), lambda: set(it), {"a"}), lambda it: it.update(b=1)),
]


@pytest.mark.parametrize(("guard", "change"), GUARDED)
def test_a_guard_holds_until_the_change(guard: Callable[[Guards, Any], None], change: Callable[[Any], object]) -> None:
    """Each kind of guard holds for what it has seen, and no longer after the change that it is for."""
    guards, subject = Guards(), {"a": 1}
    guard(guards, subject)
    assert guards.hold()
    change(subject)
    assert not guards.hold()


def test_a_look_that_fails_is_no_look() -> None:
    """A value that does not want to be looked at again is looked for anew."""
    guards = Guards()
    guards.same(lambda: [][0], None)
    assert not guards.hold()


def test_the_same_guard_is_kept_once() -> None:
    """What is read often is guarded once; ``1`` and ``True`` are two keys."""
    guards = Guards()
    for key in (1, 1, True):
        guards.name(names, key, None)
        guards.no_name(names, key)
        guards.content(names, dict, None)
        guards.function(test_the_same_guard_is_kept_once)  # type: ignore[arg-type]
    assert (2, 2, 1, 1) == (len(guards.names), len(guards.absent), len(guards.checks), len(guards.functions))


def deep() -> list[Any]:
    """A list that holds itself."""
    made: list[Any] = []
    made.append(made)
    return made


@pytest.mark.parametrize(
    ("fixed", "plain", "value"),
    [
        (True, True, 1),
        (True, True, "a"),
        (True, True, (1, ("a", None))),
        (False, True, (1, ["a"])),
        (False, True, {"a": [1.0]}),
        (False, False, {"a": {1}}),
        (True, False, frozenset({1})),
        (True, False, b"a"),
        (False, False, box),
        (False, False, (1, box)),
        (False, False, weakref.ref(box)),
    ],
)
def test_what_never_changes_and_what_is_plain(fixed: bool, plain: bool, value: object) -> None:
    """Values that never change are known by identity, plain ones by marshal's bytes."""
    assert (fixed, plain) == (is_fixed(value), is_plain(value))


def test_a_list_that_holds_itself_is_guarded() -> None:
    """A value that is nested without end is looked at by what looked at it first."""
    guards, value = Guards(), deep()
    guards.content(value, lambda: len(value), 1)
    assert guards.hold()
    value.append(1)
    assert not guards.hold()
