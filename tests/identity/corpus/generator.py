"""Random programs: globals, closures, helpers, classes, instances and containers, read and written at random.

A program is the same for the same seed. It prints the answers of one cached function, which it calls several times
and between whose calls it changes values. Everything that it reads is a short text such as ``'e17'``, and each stands
there once, so that an edit is a text in the place of another. What is made lazily is made of constants: a hit does not
make it, so that made of what changes it would be another value later, which is no fault.
"""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

HEAD = """\
import asyncio, collections, contextlib, copy, dataclasses, enum, functools, json, logging, os, types
OUT, log = open(os.devnull, 'w'), logging.getLogger('app')
W0, W1 = [], {}
os.environ['TONE0'] = #
NAME = 'b'
G0 = #
G1 = #
L0 = [#, #]
D0 = {'k': #, 'm': {'k': #, 'l': #}, 'n': #}
N0 = types.SimpleNamespace(a=#, l=[#], n=0)
P0 = collections.namedtuple('P', 't u')(#, #)
class E0(enum.Enum): A, B = #, #
@dataclasses.dataclass
class C0:
    t: str = #
    u: list = dataclasses.field(default_factory=lambda: [#])
"""

CHAINS = (
    "G0", "G1", "L0[0]", "L0[-1]", "D0['k']", "D0['m']['k']", "N0.a", "N0.l[0]", "P0.t", "E0.A.value",
    "E0['B'].value", "C0().t", "C0().u[0]", "K0.c", "K1.c", "K0.d['k']", "O0.a", "O0.b", "O0.l[0]", "O0.c", "O1.a",
    "O0.o.a", "type(O1).c", "O1.d['k']",
)  # fmt: skip
LOOKS = (
    "os.environ['TONE0']", "os.getenv('TONE1', '-')", "str(len(L0))", "''.join(L0)", "json.dumps(D0)", "max(L0)",
    "str(sorted(D0['m']))", "('y' if G0 < 'f' else 'n')", "('y' if 'z' in D0 else 'n')", "str(isinstance(G0, str))",
    "D0.get('n', '-')", "D0.get('z', '-')", "getattr(O0, 'a')", "getattr(O0, 'zz', '-')", "getattr(O0, NAME)",
    "vars(O0)['a']", "O0.__dict__['b']", "globals()['G1']", "f'{G0}{O0.a}'", "[x for x in L0][0]", "(lambda: G1)()",
    "next(x for x in L0)", "json.dumps(vars(N0))", "copy.copy(O0).a", "str(hasattr(O0, 'zz'))", "'%s' % G1",
    "'{a}'.format(**vars(N0))", "(G0 if D0['k'] else G1)", "''.join([*L0, G0])", "{**D0}['k']", "(z := G1)",
    "str(type(O1).__name__)", "str([k for k in D0])", "str(L0[:1])", "D0['m'].get('l')", "str(O0.o is O1)",
    "''.join(v for v in D0['m'].values())", "dataclasses.asdict(C0())['t']", "str(callable(G0))",
)  # fmt: skip
OWN = (
    "self.a", "self.b", "self.l[0]", "self.c", "self.d['k']", "type(self).c", "getattr(self, 'b')", "vars(self)['a']",
)  # fmt: skip
MARKS = (
    "W0.append({})", "W1[{}] = 1", "W1.setdefault({}, []).append(1)", "N0.n += 1", "O0.w = {}", "O0.log.append({})",
    "K0.n += 1", "W1['n'] = W1.get('n', 0) + 1", "O1.n = O1.n + 1", "print({}, file=OUT)", "log.debug({})",
    "log.info('%s', {})", "if G0: print({}, file=OUT)", "count()", "O1.mark({})",
)  # fmt: skip
"""Statements that only write, print or log."""
WRITES = (
    "G0 += 'x'", "G1 = {}", "G0 = G0 + 'x'", "D0['k'] = {}", "D0['k'] += 'x'", "D0['z'] = {}", "L0.append({})",
    "L0[0] = {}", "N0.a = {}", "O0.a = {}", "O0.a += 'x'", "O0.l.append({})", "O1.a = {}", "K0.c = {}",
    "D0.pop('z', None)", "O0.b, G1 = G1, {}", "L0.sort()", "t += L0.pop() if len(L0) > 1 else '-'", "O0.d['k'] = {}",
    "O0.m0 = lambda x='': {}",
)  # fmt: skip
"""Statements that write what is read elsewhere."""
TURNS = (
    "t += {}", "t += {}", "t += {}", "u = {}\nt += u", "o = O0\nt += o.a", "o = O0 if {} else O1\nt += o.b",
    "for x in L0: t += x", "for k0, v0 in D0['m'].items(): t += k0 + v0", "if {} > 'h': t += {}",
    "def inner(y={}): return y + {}\nt += inner()", "with contextlib.suppress(KeyError): t += D0['z']",
    "try: t += D0['z']\nexcept KeyError: t += {}", "match {}:\n    case 'e9': t += {}\n    case s: t += s",
    "class In:\n    i = {}\n    def m(self): return self.i + {}\nt += In().m()", "while len(t) < 3: t += {}",
    "a, *rest = [{}, {}]\nt += a + ''.join(rest)", "if O0.lazy is None: O0.lazy = 'e0'\nt += O0.lazy",
    "t += (lambda y: y + {})({})", "x = [y + {} for y in L0]\nt += x[0]", "h = O1.m0\nt += h()",
    "N0.last = {}\nt += N0.last", "t += ''.join(map(lambda y: y + {}, L0))", "d = D0['m']\nt += d['l']",
    "t += sorted(L0, key=lambda y: {})[0]",
)  # fmt: skip
CHANGES = (
    "G0 = #", "G1 = #", "L0[0] = #", "L0.append(#)", "D0['k'] = #", "D0['m']['k'] = #", "D0['z'] = #",
    "D0 = {**D0}", "N0.a = #", "N0.l[0] = #", "P0 = P0._replace(t=#)", "O0.a = #", "O0.b = #", "O0.l[0] = #",
    "O0.zz = #", "O1.a = #", "O0.o.a = #", "K0.c = #", "K1.c = #", "K0.d['k'] = #", "NAME = 'a'",
    "os.environ['TONE0'] = #", "os.environ['TONE1'] = #", "W0.append(#)", "O0.w = #", "O0, O1 = O1, O0", "O0.lazy = #",
    "K0.m0 = lambda self, x='': #", "O1.m0 = lambda x='': #", "C0.__init__.__defaults__ = (#,)", "del K1.c",
    "K1.c0 = classmethod(lambda cls: #)", "O0 = K1()", "D0['m'] = {'l': #, 'k': #}", "L0.reverse()",
    "def g0(x=''): return #", "h0 = make(#)", "O0.__class__ = K1", "E0.A._value_ = #",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Programs:
    """A program, and the same after an edit."""

    before: str
    after: str


class Generator:
    """Makes the programs of one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.texts = 0
        self.callables: list[str] = []
        """Calls that give a text; what is defined later may use those that were defined earlier."""
        self.writing = self.random.random() < 0.3
        """Whether anything is written that is also read."""

    def text(self) -> str:
        """A text that stands nowhere else in the program."""
        self.texts += 1
        return f"'{self.random.choice('aegkpz')}{self.texts}'"

    def filled(self, template: str) -> str:
        """The template with a text of its own for each ``#``."""
        return re.sub("#", lambda _: self.text(), template)

    def expression(self, own: bool = False, calls: bool = True) -> str:
        """An expression that gives a text."""
        pools: list[tuple[str, ...]] = [CHAINS, CHAINS, LOOKS, (self.text(),)]
        pools += [OWN, OWN] if own else []
        pools += [tuple(self.callables)] * 2 if calls and self.callables else []
        chosen = self.random.choice(self.random.choice(pools))
        return f"{chosen} + {self.expression(own, calls)}" if self.random.random() < 0.2 else chosen

    def statements(self, count: int, own: bool = False) -> list[str]:
        """Statements of a function's body; they add to the local variable ``t``."""
        pools = [MARKS, WRITES, TURNS] if self.writing else [MARKS, TURNS, TURNS]
        return [self.statement(self.random.choice(self.random.choice(pools)), own) for _ in range(count)]

    def statement(self, template: str, own: bool) -> str:
        """One statement, now and then under a condition."""
        text = re.sub(r"\{\}", lambda _: self.expression(own), template)
        return "if G0 < 'm':\n" + textwrap.indent(text, "    ") if self.random.random() < 0.1 else text

    def function(self, head: str, count: int, own: bool = False) -> str:
        """A function of one's own that gives a text."""
        body = ["global G0, G1", "t = ''", *self.statements(self.random.randint(0, count), own)]
        body.append(f"return t + {self.expression(own)}")
        return f"{head}\n" + textwrap.indent("\n".join(body), "    ")

    def definitions(self) -> str:
        """Helpers and classes."""
        plain = lambda: self.expression(calls=False)  # noqa: E731
        own = lambda: self.expression(own=True, calls=False)  # noqa: E731
        parts = [self.filled(HEAD), "def count():\n    W1['c'] = W1.get('c', 0) + 1"]
        klass = [
            self.filled("class K0:\n    c, n, d, lazy = #, 0, {'k': #}, None"),
            self.filled("    def __init__(self): self.a, self.b, self.l, self.log, self.o = #, #, [#], [], None"),
            "    def mark(self, x):\n        self.n += 1\n        self.log.append(x)",
            textwrap.indent(self.function("def m0(self, x=''):", 2, own=True), "    "),
            f"    @property\n    def p0(self): return {own()}",
            f"    @classmethod\n    def c0(cls): return cls.c + {plain()}",
            f"    @staticmethod\n    def s0(): return {plain()}",
            f"    def __getitem__(self, key): return {own()}",
            f"    def __str__(self): return {own()}",
            f"    def __call__(self, x=''): return {own()}",
            f"    @functools.cached_property\n    def y0(self): return {self.text()}",
            "    def __getattr__(self, name):\n"
            "        if name.startswith('__') or name == 'zz': raise AttributeError(name)\n"
            f"        return {self.text()}",
        ]
        parts.append("\n".join(klass))
        parts.append(
            self.filled("class K1(K0):\n    c = #") + f"\n    def m0(self, x=''): return super().m0(x) + {own()}"
        )
        parts.append("O0, O1 = K0(), K1()\nO0.o = O1")
        self.callables += [
            "O0.m0()", "O1.m0()", "O0.p0", "K0.c0()", "K1.c0()", "O0.s0()", "O0['i']", "str(O0)", "O1()", "f'{O1}'",
            "O0.y0", "O1.anything", "''.join(map(O0.m0, L0))", "functools.partial(O0, 'w')()",
        ]  # fmt: skip
        parts.append(self.function("def g0(x=''):", 2))
        self.callables += [
            "g0()",
            "g0(x='w')",
            "''.join(map(g0, L0))",
            "functools.partial(g0, 'w')()",
            "{'g': g0}['g']()",
        ]
        parts.append(f"def g1(o): return o.a + {self.expression()}")
        self.callables += ["g1(O0)", "g1(o=O1)", "g1(N0)"]
        inner = self.function("def h():", 1).replace("global G0, G1", "global G0, G1, W0")
        parts.append(
            f"def make(v):\n{textwrap.indent(inner, '    ')} + v\n    return h\n" + self.filled("h0 = make(#)")
        )
        self.callables += ["h0()", "(lambda: h0())()"]
        return "\n".join(parts)

    def cached(self) -> str:
        """The cached function, of one of several shapes, and how it is called."""
        shape = self.random.choice(("function", "coroutine", "generator", "method", "closure"))
        own = shape == "method"
        body = self.statements(self.random.randint(1, 4), own)
        after = self.statements(1, own) if self.random.random() < 0.3 else []
        if shape == "coroutine":
            body.insert(self.random.randint(0, len(body)), "await asyncio.sleep(0)")
        body = [
            "global G0, G1",
            "t = ''",
            *body,
            "r = ask(t + q)",
            *after,
            "yield r" if shape == "generator" else "return r",
        ]
        head = {"coroutine": "async def f(q):", "method": "def f(self, q):"}.get(shape, "def f(q):")
        text = "@cached\n" + head + "\n" + textwrap.indent("\n".join(body), "    ")
        if shape == "method":
            text = "class Bot(K1):\n" + textwrap.indent(text, "    ") + "\nbot = Bot()"
        if shape == "closure":
            text = "def outer(v):\n" + textwrap.indent(text.replace("t = ''", "t = v"), "    ")
            text += "\n    return f\n" + self.filled("f = outer(#)")
        call = {"coroutine": "asyncio.run(f(q))", "method": "bot.f(q)", "generator": "*f(q)"}.get(shape, "f(q)")
        return (
            f"{text}\ndef call(q):\n    try: print({call})\n    except Exception as error: print(type(error).__name__)"
        )

    def additions(self, program: str) -> Iterator[tuple[str, str]]:
        """The program with something that never runs, and what that is."""
        helper = f"def unused():\n    return {self.expression()}\n"
        yield "a helper", program.replace("@dataclasses.dataclass\n", f"{helper}@dataclasses.dataclass\n")
        method = f"    def unused(self): return {self.expression(own=True)}\n"
        yield "a method", program.replace("    def mark(self, x):\n", f"{method}    def mark(self, x):\n")
        line = next(line for line in program.split("\n") if line.lstrip().startswith("r = ask("))
        indent = line[: -len(line.lstrip())]
        for pool in (MARKS, WRITES, TURNS):
            statement = "if not q:\n" + textwrap.indent(self.statement(self.random.choice(pool), False), "    ")
            yield f"a statement, {statement!r}", program.replace(line, f"{textwrap.indent(statement, indent)}\n{line}")

    def programs(self) -> Programs:
        """A program, and the same after an edit."""
        parts = [self.definitions(), self.cached()]
        read = [change for change in CHANGES if re.findall(r"[\w.]+", change.removeprefix("def "))[0] in parts[1]]
        changes = [*self.random.sample(read, min(len(read), 2)), *self.random.sample(CHANGES, 2)]
        for change in dict.fromkeys(changes):
            parts.append(f"call({self.random.choice('qqp')!r})")
            if self.random.random() < 0.8:
                parts.append(self.filled(change))
        parts.append("call('q')")
        before = "\n".join(parts) + "\n"
        return Programs(before, self.edited(before))

    def edited(self, program: str) -> str:
        """The program with another text in the place of one, or with a comment."""
        if self.random.random() < 0.1:
            return program.replace("return r\n", "return r  # done\n").replace("yield r\n", "yield r  # done\n")
        found = self.random.choice(list(re.finditer(r"'[a-z]\d+'", program)))
        return program[: found.start()] + "'new'" + program[found.end() :]
