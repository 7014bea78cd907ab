"""Values: order, cycles, objects of installed classes, fakes, secrets."""

from __future__ import annotations

from corpus.cases import Case, Program, hit, miss, reads, skips

ORDER: list[Case] = [
    reads("the order of a dict", "import json\nD = {'terse ': 1, 'rude ': 2}", "next(iter(D))",
          "D = {'rude ': 2, 'terse ': 1}"),
    miss("the order of a dict that is sent",
         "import json\nD = {'a': 1, 'b': 2}\n@cached\ndef f(q): return ask(json.dumps(D) + q)\nprint(f('q'))\n",
         ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}")),
    miss("the order of fields of an own object that is sent",
         "import json\nclass A: pass\na = A(); a.x, a.y = 1, 2\n@cached\n"
         "def f(q): return ask(json.dumps(vars(a)) + q)\nprint(f('q'))\n", ("a.x, a.y = 1, 2", "a.y, a.x = 2, 1")),
    hit("the order of a set",
        "S = {'a', 'b', 'c'}\n@cached\ndef f(q): return ask(' '.join(sorted(S)) + q)\nprint(f('q'))\n",
        ("{'a', 'b', 'c'}", "set('cba')")),
    hit("the order of a frozenset in a dict",
        "D = {'s': frozenset('abc')}\n@cached\ndef f(q): return ask(' '.join(sorted(D['s'])) + q)\nprint(f('q'))\n",
        ("frozenset('abc')", "frozenset('cba')")),
    hit("a part that is shared or a copy",
        "import json\na = [1]\nL = [a, a]\n@cached\ndef f(q): return ask(json.dumps(L) + q)\nprint(f('q'))\n",
        ("[a, a]", "[a, [1]]")),
    hit("a value that is computed in another way",
        "T = 'terse '\n@cached\ndef f(q): return ask(T + q)\nprint(f('q'))\n", ("'terse '", "' '.join(['terse', ''])")),
]  # fmt: skip

CYCLES: list[Case] = [
    reads("a list that holds itself", "L = ['terse ']\nL.append(L)", "L[1][1][0]", "L[0] = 'rude '"),
    reads("a list that holds itself and is sent", "L = [1]\nL.append(L)",
          "('terse ' if repr(L) == '[1, [...]]' else 'rude ')", "L[0] = 2"),
    reads("a dict that holds itself", "D = {'t': 'terse '}\nD['d'] = D", "list(D['d'].values())[0]",
          "D['t'] = 'rude '"),
    reads("two objects that hold each other", "class A: pass\na, b = A(), A(); a.b, b.a, a.t = b, a, 'terse '",
          "a.b.a.t", "a.t = 'rude '"),
    reads("two objects that hold each other and are copied",
          "import copy\nclass A: pass\na, b = A(), A(); a.b, b.a, a.t = b, a, 'terse '", "copy.deepcopy(b).a.t",
          "a.t = 'rude '"),
    reads("a class that is its own attribute", "class A: t = 'terse '\nA.A = A", "A.A.A.t", "A.t = 'rude '"),
    reads("helpers that call each other", "T = 'terse '\ndef even(n): return T if n == 0 else odd(n - 1)\n"
          "def odd(n): return '' if n == 0 else even(n - 1)", "even(4)", "T = 'rude '"),
    reads("a helper that calls itself", "T = 'terse '\ndef g(n): return T if n == 0 else g(n - 1)", "g(4)",
          "T = 'rude '"),
    reads("a helper that calls the function", "T = 'terse '\ndef g(n): return T if n else f('')", "g(1)",
          "T = 'rude '"),
    reads("parents and children",
          "class N:\n    def __init__(self, t, up=None):\n        self.t, self.up, self.kids = t, up, []\n"
          "        if up: up.kids.append(self)\n    def root(self): return self.up.root() if self.up else self\n"
          "top = N('terse '); leaf = N('x', top)", "leaf.root().t", "top.t = 'rude '"),
    Program(
        "forty levels of shared parts",
        """
        x = ["a"]
        for _ in range(40): x = [x, x]
        def leaf(x): return leaf(x[0]) if isinstance(x, list) else x
        @cached
        def f(q): return ask(leaf(x) + q)
        print(f("q"), f("q"))
        """,
        "<aq> <aq>",
    ),
    Program(
        "ten thousand levels",
        """
        x = "a"
        for _ in range(10_000): x = [x]
        @cached
        def f(q): return ask(str(type(x[0]) is list) + q)
        try: print(f("q"), f("q"))
        except TypeError as error: print("x" in str(error))
        """,
        "<Trueq> <Trueq>",
    ),
]  # fmt: skip

INSTALLED: list[Case] = [
    *(
        reads(f"{kind} that a global holds", f"{head}\nX = {made.format('terse ')}", expression,
              f"X = {made.format('rude ')}")
        for kind, head, made, expression in (
            ("a SimpleNamespace", "from types import SimpleNamespace as S", "S(t='{}')", "X.t"),
            ("an argparse.Namespace", "from argparse import Namespace as N", "N(t='{}')", "X.t"),
            ("a deque", "from collections import deque", "deque(['{}'])", "X[0]"),
            ("a Counter", "from collections import Counter", "Counter(['{}'])", "list(X)[0]"),
            ("a defaultdict", "from collections import defaultdict as D", "D(str, t='{}')", "X['t']"),
            ("a defaultdict's factory", "from collections import defaultdict as D", "D(lambda: '{}')",
             "X.default_factory()"),
            ("a UserDict", "from collections import UserDict", "UserDict(t='{}')", "X['t']"),
            ("a ChainMap", "from collections import ChainMap", "ChainMap({{}}, {{'t': '{}'}})", "X['t']"),
            ("a read-only view", "from types import MappingProxyType as M", "M({{'t': '{}'}})", "X['t']"),
            ("a pattern", "import re", "re.compile('{}')", "X.pattern"),
            ("a template", "import string", "string.Template('{}')", "X.substitute()"),
            ("a partial", "from functools import partial", "partial('{}'.replace, 'x', 'y')", "X()"),
            ("a path", "from pathlib import Path", "Path('{}')", "str(X)"),
            ("bytes", "", "b'{}'", "X.decode()"),
            ("a bytearray", "", "bytearray(b'{}')", "X.decode()"),
            ("a memoryview", "", "memoryview(b'{}')", "bytes(X).decode()"),
            ("a slice", "", "slice('{}')", "X.stop"),
            ("an exception", "", "ValueError('{}')", "str(X)"),
            ("a StringIO", "import io", "io.StringIO('{}')", "X.getvalue()"),
            ("a BytesIO", "import io", "io.BytesIO(b'{}')", "X.getvalue().decode()"),
            ("a ConfigParser", "import configparser",
             "configparser.ConfigParser(defaults={{'t': '{}.'}})", "X['DEFAULT']['t'].replace('.', '')"),
            ("an email message", "from email.message import EmailMessage\ndef make(t):\n    m = EmailMessage()\n"
             "    m.set_content(t)\n    return m", "make('{}.')", "X.get_content().strip().replace('.', '')"),
            ("an itemgetter", "import operator", "operator.itemgetter('{}')",
             "X({'terse ': 'terse ', 'rude ': 'rude '})"),
            ("an array of numpy", "import numpy", "numpy.array(['{}'])", "str(X[0])"),
            ("a frame of pandas", "import pandas", "pandas.DataFrame({{'t': ['{}']}})", "X['t'][0]"),
            ("a series of pandas", "import pandas", "pandas.Series(['{}'])", "X[0]"),
            ("a template of jinja2", "import jinja2", "jinja2.Template('{}{{{{x}}}}')", "X.render(x='')"),
            ("a client's address", "import openai", "openai.OpenAI(api_key='x', base_url='http://a/{}'.strip())",
             "str(X.base_url)[9:].strip('/') + ' '"),
            ("a simple queue of values",
             "import queue\ndef make(t):\n    x = queue.Queue()\n    x.put(t)\n    return x", "make('{}')",
             "X.queue[0]"),
            ("a shelf of ordered values", "from collections import OrderedDict as O", "O(t='{}')", "X['t']"),
            ("a hash of an ElementTree", "import xml.etree.ElementTree as E", "E.fromstring('<a>{}</a>')", "X.text"),
            ("a type alias", "import typing", "typing.Literal['{}']", "typing.get_args(X)[0]"),
            ("a TypeAdapter", "import pydantic, typing", "pydantic.TypeAdapter(typing.Literal['{}'])",
             "X.json_schema()['const']"),
        )
    ),
    *(
        reads(f"{kind} that a global holds, in numbers", f"{head}\nX = {one}",
              f"('terse ' if {expression} else 'rude ')", f"X = {two}")
        for kind, head, one, two, expression in (
            ("a decimal", "from decimal import Decimal as D", "D('1.0')", "D('1.00')", "str(X) == '1.0'"),
            ("a fraction", "from fractions import Fraction as F", "F(1, 2)", "F(1, 3)", "X.denominator == 2"),
            ("a date", "from datetime import date as D", "D(2026, 1, 1)", "D(2026, 1, 2)", "X.day == 1"),
            ("a time with a zone", "from datetime import datetime as D, timezone as Z, timedelta as T",
             "D(2026, 1, 1, tzinfo=Z.utc)", "D(2026, 1, 1, tzinfo=Z(T(hours=1)))", "X.utcoffset() == T(0)"),
            ("a duration", "from datetime import timedelta as T", "T(1)", "T(2)", "X.days == 1"),
            ("a UUID", "from uuid import UUID as U", "U(int=1)", "U(int=2)", "X.int == 1"),
            ("an address", "from ipaddress import ip_address as A", "A('1.1.1.1')", "A('1.1.1.2')",
             "str(X)[-1] == '1'"),
            ("a range", "", "range(2)", "range(3)", "len(X) == 2"),
            ("a complex number", "", "1j", "2j", "X.imag == 1"),
            ("a float that is no number", "", "float('inf')", "float('nan')", "X == X"),
            ("a zero with a sign", "", "0.0", "-0.0", "str(X) == '0.0'"),
            ("a bool", "", "1", "True", "str(X) == '1'"),
            ("an array", "import array", "array.array('i', [1])", "array.array('i', [2])", "X[0] == 1"),
            ("an array of another type", "import numpy", "numpy.arange(3.0)", "numpy.arange(3.0, dtype='f4')",
             "X.itemsize == 8"),
            ("an array of another shape", "import numpy", "numpy.zeros((2, 3))", "numpy.zeros((3, 2))", "len(X) == 2"),
            ("a random generator", "import random", "random.Random(1)", "random.Random(2)",
             "X.getstate()[1][1] == random.Random(1).getstate()[1][1]"),
            ("a semantic version", "from packaging.version import Version as V", "V('1.0')", "V('1.1')",
             "X.minor == 0"),
        )
    ),
    reads("a thread's own attributes", "import threading\nC = threading.local(); C.t = 'terse '", "C.t",
          "C.t = 'rude '"),
    reads("a context variable", "import contextvars\nV = contextvars.ContextVar('V'); V.set('terse ')", "V.get()",
          "V.set('rude ')"),
    reads("a context variable's default", "import contextvars\nV = contextvars.ContextVar('V', default='terse ')",
          "V.get()", "V.set('rude ')"),
    reads("an attribute of an object in a context variable",
          "import contextvars, types\nV = contextvars.ContextVar('V'); V.set(types.SimpleNamespace(t='terse '))",
          "V.get().t", "V.get().t = 'rude '"),
    reads("a context variable that a helper reads",
          "import contextvars\nV = contextvars.ContextVar('V'); V.set('terse ')\ndef g(): return V.get()", "g()",
          "V.set('rude ')"),
    Program(
        "what lies beside the items of an installed class of list",
        """
        import sys
        sys.path.append("lib/site-packages")
        from prompts import Prompts
        P = Prompts(["x"]); P.tone = "terse "
        @cached
        def f(q): return ask(P.text() + q)
        print(f("q")); P.tone = "rude "; print(f("q"))
        # file: lib/site-packages/prompts.py
        class Prompts(list):
            def text(self): return self.tone
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "every attribute of an object of an installed class, private ones and slots too",
        """
        import sys
        sys.path.append("lib/site-packages")
        from agents import Agent
        A = Agent()
        @cached
        def f(q): return ask(A.text() + q)
        print(f("q")); A._tone = "rude "; print(f("q")); A.slot = "!"; print(f("q"))
        A._Agent__deep = ["?"]; print(f("q"))
        # file: lib/site-packages/agents.py
        class Base: __slots__ = ("slot", "unset", "__dict__")
        class Agent(Base):
            def __init__(self): self._tone, self.slot, self.__deep = "terse ", "", [""]
            def text(self): return self._tone + self.__deep[0] + self.slot
        """,
        "<terse q> <rude q> <rude !q> <rude ?!q>",
    ),
    Program(
        "an object of an installed class as an argument, a global and an attribute alike",
        """
        import sys
        sys.path.append("lib/site-packages")
        from agents import Agent
        class Team:
            def __init__(self, agent): self.agent = agent
            @cached
            def ask(self, q): return ask(self.agent.text() + q)
        @cached
        def f(agent, q): return ask(agent.text() + q)
        a, b = Agent("terse "), Agent("rude ")
        print(f(a, "q"), f(b, "q"), f(Agent("terse "), "q"))
        print(Team(a).ask("p"), Team(b).ask("p"), Team(Agent("terse ")).ask("p"))
        # file: lib/site-packages/agents.py
        import threading
        class Agent:
            def __init__(self, tone): self.tone, self.lock = tone, threading.Lock()
            def text(self): return self.tone
        """,
        "<terse q> <rude q> <terse q> <terse p> <rude p> <terse p>",
    ),
    Program(
        "an object that holds what has no form is warned of once",
        """
        class A: pass
        import operator
        X = (n for n in [1])
        @cached
        def f(q): return ask(str(type(X).__name__) + str(len(list(zip(X, [])))) + q)
        print(f("q"))
        """,
        "<generator0q>",
        ("Untracked",),
        says=("X", "ignore"),
    ),
]  # fmt: skip

FAKES: list[Case] = [
    Program(
        "a mock that is configured anew",
        """
        from unittest.mock import Mock
        M = Mock(return_value="terse ")
        @cached
        def f(q): return ask(M() + q)
        print(f("q"), f("q")); M.return_value = "rude "; print(f("q"))
        """,
        "<terse q> <terse q> <rude q>",
        again=2,
    ),
    Program(
        "a mock in the place of an installed function, and the real one again",
        """
        import textwrap
        from unittest import mock
        @cached
        def f(q): return ask(textwrap.dedent("real ") + q)
        with mock.patch("textwrap.dedent", return_value="fake "): print(f("q"))
        print(f("q"))
        """,
        "<fake q> <real q>",
        again=1,
    ),
    Program(
        "two mocks in one place",
        """
        import textwrap
        from unittest import mock
        @cached
        def f(q): return ask(textwrap.dedent("") + q)
        with mock.patch("textwrap.dedent", return_value="terse "): print(f("q"))
        with mock.patch("textwrap.dedent", return_value="rude "): print(f("q"))
        """,
        "<terse q> <rude q>",
        again=2,
    ),
    Program(
        "a mock in the place of a method of an own class",
        """
        from unittest import mock
        class A:
            def g(self): return "real "
        a = A()
        @cached
        def f(q): return ask(a.g() + q)
        with mock.patch.object(A, "g", return_value="fake "): print(f("q"))
        print(f("q"))
        """,
        "<fake q> <real q>",
        again=1,
    ),
    Program(
        "own code in the place of an installed function",
        """
        import textwrap
        @cached
        def f(q): return ask(textwrap.dedent("real ") + q)
        real = textwrap.dedent
        print(f("q"))
        textwrap.dedent = lambda text: "terse "; print(f("q"))
        textwrap.dedent = lambda text: "rude "; print(f("q"))
        textwrap.dedent = real; print(f("q"))
        """,
        "<real q> <terse q> <rude q> <real q>",
    ),
    Program(
        "own code in the place of an installed method",
        """
        import string
        P = string.Template("real ")
        @cached
        def f(q): return ask(P.substitute() + q)
        real = string.Template.substitute
        print(f("q"))
        string.Template.substitute = lambda self: "fake "; print(f("q"))
        string.Template.substitute = real; print(f("q"))
        """,
        "<real q> <fake q> <real q>",
    ),
    Program(
        "a mock as an argument",
        """
        from unittest.mock import Mock
        @cached
        def f(client, q): return ask(client.tone() + q)
        a, b = Mock(), Mock(); a.tone.return_value, b.tone.return_value = "terse ", "rude "
        print(f(a, "q"), f(b, "q"))
        """,
        "<terse q> <rude q>",
        again=2,
    ),
    Program(
        "a variable that a test has set in the environment",
        """
        import os
        from unittest import mock
        @cached
        def f(q): return ask(os.environ.get("TONE", "terse ") + q)
        with mock.patch.dict(os.environ, {"TONE": "rude "}): print(f("q"))
        print(f("q"))
        """,
        "<rude q> <terse q>",
    ),
]

SECRETS: list[Case] = [
    skips("a secret of pydantic", "from pydantic import SecretStr\nclass C: key, t = SecretStr('a'), 'terse '",
          "C.t", "C.key = SecretStr('b')", "len(C.key.get_secret_value())"),
    skips("a secret in a dict that is sent",
          "from pydantic import SecretStr\nD = {'key': SecretStr('a'), 't': 'terse '}", "t",
          "D['key'] = SecretStr('b')", "t = {**D}['t']"),
    skips("a client's key", "import openai\nX = openai.OpenAI(api_key='a', base_url='http://a')", "t",
          "X = openai.OpenAI(api_key='b', base_url='http://a')", "t = 'terse ' if X.responses.create else ''"),
    reads("an attribute of one's own that is called like a secret", "class C: api_key = 'terse '", "C.api_key",
          "C.api_key = 'rude '"),
    reads("a global that is called like a secret", "token = 'terse '", "token", "token = 'rude '"),
    reads("an item that is called like a secret", "D = {'password': 'terse '}", "D['password']",
          "D['password'] = 'rude '"),
    Program(
        "a credential of an object of an installed class does not count, its signature does",
        """
        import sys
        sys.path.append("lib/site-packages")
        from agents import Agent
        A = Agent("a", "terse ")
        @cached
        def f(q): return ask(A.text() + q)
        print(f("q")); A.api_key = "b"; print(f("q")); A.signature = "rude "; print(f("q"))
        # file: lib/site-packages/agents.py
        class Agent:
            def __init__(self, api_key, signature): self.api_key, self.signature = api_key, signature
            def text(self): return self.signature
        """,
        "<terse q> <terse q> <rude q>",
    ),
]  # fmt: skip

CASES: list[Case] = [*ORDER, *CYCLES, *INSTALLED, *FAKES, *SECRETS]
