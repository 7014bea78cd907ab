"""Pairs of programs where something that matters changed: neither may get the answers of the other.

Here are functions, what they read and what they call; in `pairs_miss_values` are classes, clients and arguments.
"""

from __future__ import annotations

from pairs_hit import DECORATED, EXECUTED, HELPED, NOTEBOOK, PLAIN
from programs import Pair, edited


def other(name: str, program: str, *edits: tuple[str, str], changed: str) -> Pair:
    """A pair that must miss: a program, and the program with the edits made, which `explain` calls ``changed``."""
    return Pair(name, program, edited(program, *edits), False, changed=changed)


def asking(expression: str, head: str = "", files: str = "") -> str:
    """A program whose function asks with an expression."""
    function = f"@cached\ndef f(x):\n    return ask(x, {expression})\n"
    return f"from memo import ask, cached\n{head}\n{function}f(1)\nf(1)\n{files}"


def read(name: str, head: str, expression: str, edit: tuple[str, str], files: str = "", *, changed: str) -> Pair:
    """A pair that must miss: the function asks with an expression that reads what is edited."""
    return other(name, asking(expression, head, files), edit, changed=changed)


def code(name: str, expression: str, another: str) -> Pair:
    """A pair that must miss: the function asks with one expression, and with another."""
    return Pair(name, asking(expression), asking(another), False, changed="code changed")


MATCHING = """
from memo import ask, cached

@cached
def f(x):
    def g():
        return 1
    match x:
        case "a":
            x = g()
    return ask(x)

f("b")
f("b")
"""

CODE = [
    other("a prompt in the code is edited", PLAIN, ("Summarize: ", "Sum up: "), changed="code changed"),
    other("a blank in a prompt is added", PLAIN, ("Summarize: ", "Summarize:  "), changed="code changed"),
    other("a call in the code is edited", PLAIN, ("text.split()", "text.split(None)"), changed="code changed"),
    other("a statement is added", PLAIN, ("    words", "    text = text.lower()\n    words"), changed="code changed"),
    other("an operator is edited", PLAIN, ('"Summarize: " +', '"Summarize: %s" %'), changed="code changed"),
    other("a default that the call uses is edited", PLAIN, ("1000", "999"), changed="argument limit: 1000 → 999"),
    other("a pattern of a match is edited", MATCHING, ('case "a"', 'case "c"'), changed="code changed"),
    other("a nested function is edited", MATCHING, ("return 1", "return 2"), changed="code changed"),
    code("an int in the code becomes a bool", "1", "True"),
    code("an int in the code becomes a float", "1", "1.0"),
    code("a zero in the code gets a sign", "0.0", "-0.0"),
    code("a string in the code becomes bytes", "'a'", "b'a'"),
    code("a keyword argument of the model is renamed", "a=1", "b=1"),
    code("arguments of the model change places", "1, 2", "2, 1"),
    code("a condition is inverted", "1 if x else 2", "1 if not x else 2"),
    code("a format is edited", "f'{x:>3}'", "f'{x:>4}'"),
    code("a conversion is edited", "f'{x!r}'", "f'{x!a}'"),
    code("a comprehension is edited", "[y for y in 'ab']", "[y + y for y in 'ab']"),
    code("a lambda is edited", "(lambda: 1)()", "(lambda: 2)()"),
    other(
        "the second lambda on a line is edited",
        "from memo import ask, cached\ng, f = lambda x: ask(x, 0), lambda x: ask(x, 1)\nf = cached(f)\nf(1)\n",
        ("ask(x, 1)", "ask(x, 2)"),
        changed="code changed",
    ),
    other(
        "a coroutine is edited",
        "import asyncio\nfrom memo import ask, cached\n@cached\nasync def f(x):\n    return ask(x, 1)\n"
        "asyncio.run(f(1))\n",
        ("ask(x, 1)", "ask(x, 2)"),
        changed="code changed",
    ),
    other(
        "a generator is edited",
        "from memo import ask, cached\n@cached\ndef f(x):\n    yield ask(x, 1)\nlist(f(1))\n",
        ("ask(x, 1)", "ask(x, 2)"),
        changed="code changed",
    ),
    other(
        "a field of a response model inside the function is edited",
        "import pydantic\nfrom memo import ask, cached\n@cached\ndef f(x):\n    class A(pydantic.BaseModel):\n"
        "        city: str\n    return ask(x, A)\nf(1)\n",
        ("city: str", "city: int"),
        changed="code changed",
    ),
    other(
        "the docstring of a tool inside the function is edited",
        'from memo import ask, cached\n@cached\ndef f(x):\n    def tool(a):\n        """Add."""\n'
        "    return ask(x, tools=[tool])\nf(1)\n",
        ("Add.", "Add up."),
        changed="code changed",
    ),
    other(
        "the docstring is the prompt and is edited",
        'from memo import ask, cached\n@cached\ndef f(x):\n    """Be terse."""\n    return ask(x, f.__doc__)\nf(1)\n',
        ("Be terse.", "Be brief."),
        changed="global f.__doc__: 'Be terse.' → 'Be brief.'",
    ),
]

GLOBALS = [
    read(
        "a global prompt is edited",
        "SYSTEM = 'Be terse.'",
        "SYSTEM",
        ("terse", "brief"),
        changed="global SYSTEM: 'Be terse.' → 'Be brief.'",
    ),
    read(
        "a global prompt is edited by a statement below",
        "S = 'a'",
        "S",
        ("\nf(1)\nf(1)", "\nS = 'b'\nf(1)\nf(1)"),
        changed="global S: 'a' → 'b'",
    ),
    read(
        "a global list is appended to",
        "L = ['a']",
        "L",
        ("\nf(1)\nf(1)", "\nL.append('b')\nf(1)\nf(1)"),
        changed="global L: ['a'] → ['a', 'b']",
    ),
    read(
        "an item deep in a global is edited",
        "T = [{'a': {'b': [1, 2]}}]",
        "T",
        ("[1, 2]", "[1, 3]"),
        changed="global T: [{'a': {'b': [1, 2]}}] → [{'a': {'b': [1, 3]}}]",
    ),
    read("a global int becomes a bool", "N = 1", "N", ("N = 1", "N = True"), changed="global N: 1 → True"),
    read("a global tuple becomes a list", "N = (1,)", "N", ("(1,)", "[1]"), changed="global N: (1,) → [1]"),
    read(
        "an item of a global is edited",
        "S = {'model': 'small'}",
        "S['model']",
        ("small", "large"),
        changed="global S['model']: 'small' → 'large'",
    ),
    read(
        "an item found at run time is edited",
        "S = {1: 'small'}",
        "S[x]",
        ("small", "large"),
        changed="global S: {1: 'small'} → {1: 'large'}",
    ),
    read(
        "a global that a comprehension reads is edited",
        "L = ['a']",
        "[y for y in L]",
        ("'a'", "'b'"),
        changed="global L[0]: 'a' → 'b'",
    ),
    read(
        "a global that a lambda reads is edited",
        "S = 'a'",
        "(lambda: S)()",
        ("'a'", "'b'"),
        changed="global S: 'a' → 'b'",
    ),
    read(
        "a default that a global filled is edited",
        "S = 'a'\ndef g(y=S): return y",
        "g()",
        ("'a'", "'b'"),
        changed="helper g: default y: 'a' → 'b'",
    ),
    read(
        "a global that getattr reads is edited",
        "class C:\n    A = 1",
        "getattr(C, 'A')",
        ("A = 1", "A = 2"),
        changed="global C.A: 1 → 2",
    ),
    read(
        "the default of a context variable is edited",
        "import contextvars\nV = contextvars.ContextVar('V', default='a')",
        "V.get()",
        ("default='a'", "default='b'"),
        changed="global V.get() changed",
    ),
    read(
        "a context variable is set to another value",
        "import contextvars\nV = contextvars.ContextVar('V')\nV.set(['a'])",
        "V.get()",
        ("['a']", "['b']"),
        changed="global V.get() changed",
    ),
    read(
        "a context variable is set",
        "import contextvars\nV = contextvars.ContextVar('V')",
        "V.get('a')",
        ("ContextVar('V')", "ContextVar('V'); V.set('b')"),
        changed="global V.get() changed",  # there was none
    ),
    read(
        "a global that globals() is asked for is edited",
        "S = 'a'",
        "globals()['S']",
        ("'a'", "'b'"),
        changed="global S: 'a' → 'b'",
    ),
    read(
        "a global regular expression is edited",
        "import re\nP = re.compile('a')",
        "P.sub('', 'x')",
        ("'a'", "'b'"),
        changed="global P changed",
    ),
    read(
        "a global partial's argument is edited",
        "import functools\nP = functools.partial(max, 1)",
        "P(2)",
        ("max, 1", "max, 3"),
        changed="global P: 1 → 3",
    ),
    read(
        "a global partial's function is edited",
        "import functools\ndef g(a): return [a]\nP = functools.partial(g, 1)",
        "P()",
        ("[a]", "[-a]"),
        changed="helper g changed",
    ),
    read(
        "a global array is edited",
        "import numpy\nA = numpy.arange(3)",
        "A",
        ("arange(3)", "arange(4)"),
        changed="global A: ndarray 3 → ndarray 4",
    ),
    read(
        "a global is another of two functions",
        "def g(): return 1\ndef h(): return 2\na, b = g, h",
        "a() + 2 * b()",
        ("g, h", "h, g"),
        changed="helper h, helper g changed places",  # they changed places
    ),
    read(
        "a builtin is shadowed",
        "",
        "sorted([x])",
        ("@cached", "def sorted(y): return y\n@cached"),
        changed="helper sorted is new",
    ),
    read(
        "a method that is a global is edited",
        "class A:\n    def g(self): return 1\ng = A().g",
        "g()",
        ("return 1", "return 2"),
        changed="helper A.g changed",
    ),
    read(
        "a global next to a counter is edited",
        "S = {'n': 0, 'prompt': 'a'}\ndef count(): S['n'] += 1",
        "S['prompt'], count()",
        ("'a'", "'b'"),
        changed="global S['prompt']: 'a' → 'b'",
    ),
    other(
        "a chat's history, which the function keeps up and sends, has messages",
        "from memo import ask, cached\nH = []\n@cached\ndef f(x):\n    H.append(x)\n    return ask(messages=H)\nf(1)\n",
        ("H = []", "H = ['hello']"),
        changed="global H: [] → ['hello']",
    ),
    *(
        other(
            f"{kind}, to which the function adds, is edited",
            f"from memo import ask, cached\nH = [{before}]\n@cached\ndef f(x):\n    H.append(2)\n"
            f"    return ask({asked})\nf(1)\n",
            (f"H = [{before}]", f"H = [{after}]"),
            changed=changed,
        )
        for kind, before, after, asked, changed in (
            ("the first message of a chat's history", "'a'", "'b'", "H[0]", "global H[0]: 'a' → 'b'"),
            ("a history that is gone through", "'a'", "'b'", "[m for m in H]", "global H[0]: 'a' → 'b'"),
            ("a list of numbers that is asked about", "1", "3", "f'{H}'", "global H: [1] → [3]"),
            ("a list with a text", "1", "'b'", "H[0]", "global H[0]: 1 → 'b'"),
        )
    ),
    other(
        "the names in a dict of counters that is gone through are edited",
        "from memo import ask, cached\nS = {'a': 1}\n@cached\ndef f(x):\n    S[x] = S.get(x, 0) + 1\n"
        "    return ask([name for name in S])\nf(1)\n",
        ("{'a': 1}", "{'b': 1}"),
        changed="global S: {'a': 1} → {'b': 1}",
    ),
    other(
        "a number next to a counter that a dict is updated with is edited",
        "from memo import ask, cached\nS = {'n': 0, 'temperature': 0.2}\ndef count(): S.update(n=S['n'] + 1)\n"
        "@cached\ndef f(x):\n    count()\n    return ask(x, S['temperature'])\nf(1)\n",
        ("0.2", "0.9"),
        changed="global S['temperature']: 0.2 → 0.9",
    ),
    read(
        "a text in a context variable that is asked for without a default is edited",
        "import contextvars\nLANG = contextvars.ContextVar('LANG')\nLANG.set('en')",
        "LANG.get()",
        ("'en'", "'fr'"),
        changed="global LANG.get() changed",
    ),
    other(
        "a chat's history, which a method kept in a name writes to, has messages",
        "from memo import ask, cached\nH = []\nadd = H.append\n@cached\n"
        "def f(x):\n    add(x)\n    return ask(messages=H)\nf(1)\n",
        ("H = []", "H = ['hello']"),
        changed="global H: [] → ['hello']",
    ),
    other(
        "a method kept in a name is called and handed on, and its list is edited",
        "from memo import ask, cached\nadd = [].append\n@cached\ndef f(x):\n    add(x)\n    return ask(add)\nf(1)\n",
        ("[]", "['hello']"),
        changed="global add changed",
    ),
    read(
        "a global that another function writes is edited",
        "N = 1\ndef g():\n    global N\n    N += 1",
        "N",
        ("N = 1", "N = 2"),
        changed="global N: 1 → 2",
    ),
    read(
        "a global that a class body inside reads is edited",
        "S = 'a'\n",
        "type('A', (), {}), [S for _ in [1]]",
        ("'a'", "'b'"),
        changed="global S: 'a' → 'b'",
    ),
]

MODULES = [
    read(
        "a constant of a module is edited",
        "import prompts",
        "prompts.SYSTEM",
        ("'a'", "'b'"),
        "# file: prompts.py\nSYSTEM = 'a'\n",
        changed="global prompts.SYSTEM: 'a' → 'b'",
    ),
    read(
        "an imported constant is edited",
        "from prompts import SYSTEM",
        "SYSTEM",
        ("'a'", "'b'"),
        "# file: prompts.py\nSYSTEM = 'a'\n",
        changed="global SYSTEM: 'a' → 'b'",
    ),
    read(
        "what a module's __getattr__ reads is edited",
        "import prompts",
        "prompts.SYSTEM.upper()",
        ("'a'", "'b'"),
        "# file: prompts.py\nTEXTS = {'SYSTEM': 'a'}\ndef __getattr__(name): return TEXTS[name]\n",
        changed="helper __getattr__: global TEXTS: {'SYSTEM': 'a'} → {'SYSTEM': 'b'}",
    ),
    read(
        "a module's __getattr__ is edited",
        "import prompts",
        "prompts.SYSTEM, prompts.USER",
        ("return name", "return [name]"),
        "# file: prompts.py\ndef __getattr__(name): return name\n",
        changed="helper __getattr__ changed",
    ),
    read(
        "a constant imported by a star is edited",
        "from prompts import *",
        "SYSTEM",
        ("'a'", "'b'"),
        "# file: prompts.py\nSYSTEM = 'a'\n",
        changed="global SYSTEM: 'a' → 'b'",
    ),
    read(
        "a constant found by name is edited",
        "import prompts",
        "getattr(prompts, 'SYS' + 'TEM')",
        ("'a'", "'b'"),
        "# file: prompts.py\nSYSTEM = 'a'\n",
        changed="module prompts.SYSTEM: 'a' → 'b'",
    ),
    read(
        "a constant in a package is edited",
        "import app.prompts",
        "app.prompts.SYSTEM",
        ("'a'", "'b'"),
        "# file: app/__init__.py\n# file: app/prompts.py\nSYSTEM = 'a'\n",
        changed="global app.prompts.SYSTEM: 'a' → 'b'",
    ),
    read(
        "a constant that a package imports is edited",
        "import app",
        "app.SYSTEM",
        ("'a'", "'b'"),
        "# file: app/__init__.py\nfrom .prompts import SYSTEM\n# file: app/prompts.py\nSYSTEM = 'a'\n",
        changed="global app.SYSTEM: 'a' → 'b'",
    ),
    read(
        "a function of a module is edited",
        "import text",
        "text.clean(x)",
        ("return y", "return [y]"),
        "# file: text.py\ndef clean(y):\n    return y\n",
        changed="helper clean changed",
    ),
    read(
        "a helper's helper in another module is edited",
        "from one import g",
        "g(x)",
        ("return 2", "return 3"),
        "# file: one.py\nimport two\ndef g(y): return two.h()\n# file: two.py\ndef h(): return 2\n",
        changed="helper h changed",
    ),
    read(
        "a constant that two modules import is edited",
        "from prompts import SYSTEM\nfrom one import g",
        "SYSTEM + g()",
        ("'a'", "'b'"),
        "# file: one.py\nfrom prompts import SYSTEM\ndef g(): return SYSTEM\n# file: prompts.py\nSYSTEM = 'a'\n",
        changed="global SYSTEM: 'a' → 'b'",
    ),
    other(
        "a constant of a module that the function imports is edited",
        "from memo import ask, cached\n@cached\ndef f(x):\n    import prompts\n"
        "    return ask(x, prompts.SYSTEM)\nf(1)\nf(1)\n"
        "# file: prompts.py\nSYSTEM = 'a'\n",
        ("'a'", "'b'"),
        changed="global prompts.SYSTEM: 'a' → 'b'",
    ),
    other(
        "a constant that the function imports from its package is edited",
        "from app.core import f\nf(1)\nf(1)\n# file: app/__init__.py\n# file: app/prompts.py\nSYSTEM = 'a'\n"
        "# file: app/core.py\n"
        "from memo import ask, cached\n@cached\ndef f(x):\n    from .prompts import SYSTEM\n"
        "    return ask(x, SYSTEM)\n",
        ("'a'", "'b'"),
        changed="global .prompts.SYSTEM: 'a' → 'b'",
    ),
]

HELPERS = [
    other("a helper is edited", HELPED, ("text.split(sep)", "text.rsplit(sep)"), changed="helper clean changed"),
    other("a helper's helper is edited", HELPED, ("text.strip()", "text.lstrip()"), changed="helper tidy changed"),
    other(
        "a helper's default is edited",
        HELPED,
        ('SEPARATOR = ","', 'SEPARATOR = ";"'),
        changed="helper clean: default sep: ',' → ';'",
    ),
    read(
        "a helper's global is edited",
        "S = 'a'\ndef g(): return S",
        "g()",
        ("'a'", "'b'"),
        changed="helper g: global S: 'a' → 'b'",
    ),
    read(
        "one of two helpers that call each other is edited",
        "def a(n): return n and b(n - 1)\ndef b(n): return n and a(n - 1)",
        "a(x)",
        ("a(n - 1)", "a(n - 1.0)"),
        changed="helper b changed",
    ),
    read(
        "a recursive helper is edited",
        "def a(n): return n and a(n - 1)",
        "a(x)",
        ("n - 1", "n - 1.0"),
        changed="helper a changed",
    ),
    read(
        "a helper that is handed on is edited",
        "def key(y): return y",
        "sorted([x], key=key)",
        ("return y", "return -y"),
        changed="helper key changed",
    ),
    read(
        "a helper in a dict is edited",
        "def g(y): return y\nTOOLS = {1: g}",
        "TOOLS[x](x)",
        ("return y", "return -y"),
        changed="helper g changed",
    ),
    read(
        "a helper that is a lambda is edited",
        "g = lambda y: y",
        "g(x)",
        ("y: y", "y: -y"),
        changed="helper <lambda> changed",
    ),
    read(
        "a helper behind lru_cache is edited",
        "import functools\n@functools.lru_cache\ndef g(y): return y",
        "g(x)",
        ("return y", "return -y"),
        changed="helper g changed",
    ),
    read(
        "a helper behind contextmanager is edited",
        "import contextlib\n@contextlib.contextmanager\ndef g(y): yield y",
        "g(x).__enter__()",
        ("yield y", "yield -y"),
        changed="helper g changed",
    ),
    read(
        "a helper that is a cached function is edited",
        "@cached\ndef g(y): return y",
        "g(x)",
        ("return y", "return -y"),
        changed="helper g changed",
    ),
    read(
        "a tool's docstring is edited",
        'def tool(y):\n    """Add."""\n',
        "tools=[tool]",
        ("Add.", "Add up."),
        changed="helper tool: docstring: 'Add.' → 'Add up.'",
    ),
    read(
        "a tool's annotation is edited",
        "def tool(y: int): pass\n",
        "tools=[tool]",
        ("int", "str"),
        changed="helper tool: annotations: [('y', int)] → [('y', str)]",
    ),
    read(
        "a tool's name is edited",
        "def tool(y): pass\nTOOLS = [tool]",
        "tools=TOOLS",
        ("def tool(y): pass\nTOOLS = [tool]", "def hammer(y): pass\nTOOLS = [hammer]"),
        changed="helper tool is now helper hammer",
    ),
    read(
        "a tool's parameter is renamed",
        "def tool(y): pass\nTOOLS = [tool]",
        "tools=TOOLS",
        ("tool(y)", "tool(z)"),
        changed="helper tool changed",
    ),
    read(
        "a closure's value is edited",
        "def make(n):\n    def g(): return n\n    return g\ng = make(1)",
        "g()",
        ("make(1)", "make(2)"),
        changed="helper make.g: closure n: 1 → 2",
    ),
    other(
        "a value in the function's closure is edited",
        "from memo import ask, cached\ndef make(prompt):\n    @cached\n    def f(x): return ask(x, prompt)\n"
        "    return f\nmake('a')(1)\n",
        ("'a'", "'b'"),
        changed="closure prompt: 'a' → 'b'",
    ),
    other(
        "a function in the function's closure is edited",
        "from memo import ask, cached\ndef make():\n    def g(): return 1\n    @cached\n"
        "    def f(x): return ask(x, g())\n    return f\nmake()(1)\n",
        ("return 1", "return 2"),
        changed="helper make.g changed",
    ),
]

DECORATORS = [
    other(
        "a decorator in between is edited",
        DECORATED,
        ("return function(*args)", "return [function(*args)]"),
        changed="helper retry.decorate.again changed",
    ),
    other(
        "the argument of a decorator in between is edited",
        DECORATED,
        ("retry(3)", "retry(4)"),
        changed="helper retry.decorate.again: closure times: 3 → 4",
    ),
    other("a decorated function is edited", DECORATED, ("ask(half(x))", "ask(half(x), 1)"), changed="code changed"),
    other("a decorated helper is edited", DECORATED, ("n / 2", "n // 2"), changed="helper half changed"),
    other(
        "a function under a decorator that does not tell what it wraps is edited",
        edited(DECORATED, ("        @functools.wraps(function)\n", "")),
        ("ask(half(x))", "ask(half(x), 1)"),
        changed="helper f changed",
    ),
    other(
        "a function under two decorators is edited",
        edited(DECORATED, ("@retry(3)", "@retry(3)\n@retry(2)")),
        ("ask(half(x))", "ask(half(x), 1)"),
        changed="code changed",
    ),
    other(
        "the inner of two decorators has another argument",
        edited(DECORATED, ("@retry(3)", "@retry(3)\n@retry(2)")),
        ("retry(2)", "retry(1)"),
        changed="helper retry.decorate.again (2): closure times: 2 → 1",
    ),
    other(
        "the code of a decorator that is a class is edited",
        "from memo import ask, cached\nclass Retry:\n    def __init__(self, n): self.n = n\n"
        "    def __call__(self, g):\n"
        "        def again(x): return [g(x) for _ in range(self.n)]\n        return again\n@cached\n"
        "@Retry(1)\ndef f(x): return ask(x)\nf(1)\n",
        ("range(self.n)", "range(1 * self.n)"),
        changed="code changed",
    ),
    other(
        "a decorator that is a class has another argument",
        "from memo import ask, cached\nclass Retry:\n    def __init__(self, n): self.n = n\n"
        "    def __call__(self, g):\n"
        "        def again(x): return self.n, g(x)\n        return again\n@cached\n"
        "@Retry(1)\ndef f(x): return ask(x)\nf(1)\n",
        ("@Retry(1)", "@Retry(2)"),
        changed="closure self.n: 1 → 2",
    ),
    other(
        "a helper under a decorator of one's own is edited",
        edited(DECORATED, ("@functools.lru_cache\ndef half", "@retry(1)\ndef half")),
        ("n / 2", "n // 2"),
        changed="helper half changed",
    ),
    other(
        "a decorator that helpers have, too, is edited",
        edited(DECORATED, ("@functools.lru_cache\ndef half", "@retry(1)\ndef half")),
        ("return function(*args)", "return [function(*args)]"),
        changed="helper retry.decorate.again changed",
    ),
    other(
        "the argument of a helper's decorator is edited",
        edited(DECORATED, ("@functools.lru_cache\ndef half", "@retry(1)\ndef half")),
        ("retry(1)", "retry(2)"),
        changed="helper retry.decorate.again (2): closure times: 1 → 2",
    ),
    other(
        "an annotation that a validating decorator acts on is edited",
        "import pydantic\nfrom memo import ask, cached\n@cached\n@pydantic.validate_call\n"
        "def f(x: int): return ask(x)\nf(1)\n",
        ("x: int", "x: str | int"),
        changed="value 2: attribute __call__.__self__ changed; annotations: [('x', int)] → [('x', str | int)]",
    ),
    other(
        "a function under wrapt's decorator is edited",
        "import wrapt\nfrom memo import ask, cached\n@wrapt.decorator\n"
        "def same(wrapped, instance, args, kwargs): return wrapped(*args)\n"
        "@cached\n@same\ndef f(x): return ask(x, 1)\nf(1)\n",
        ("ask(x, 1)", "ask(x, 2)"),
        changed="code changed",
    ),
]

NOTEBOOKS = [
    other(
        "the prompt's cell is edited", NOTEBOOK, ("terse", "brief"), changed="global SYSTEM: 'Be terse.' → 'Be brief.'"
    ),
    other("the function's cell is edited", NOTEBOOK, ("ask(SYSTEM, x)", "ask(SYSTEM, x, 1)"), changed="code changed"),
    other(
        "the prompt is changed by a later cell",
        NOTEBOOK,
        ("# cell\nf(1)", "# cell\nSYSTEM = 'x'\n# cell\nf(1)"),
        changed="global SYSTEM: 'Be terse.' → 'x'",
    ),
    other(
        "a helper is edited and its module loaded again",
        "# file: text.py\ndef g(): return 1\n# cell\nfrom memo import ask, cached\nimport importlib, text\n"
        "@cached\ndef f(x): return ask(x, text.g())\n"
        "# cell\nimportlib.reload(text)\nf(1)\nf(1)\n",
        ("return 1", "return 2"),
        changed="helper g changed",
    ),
]

WITHOUT_SOURCE = [
    other("executed text is edited", EXECUTED, ("ask(SYSTEM, x)", "ask(SYSTEM, x, 1)"), changed="code changed"),
    other(
        "a constant in executed text is edited",
        edited(EXECUTED, ("ask(SYSTEM, x)", "ask(SYSTEM, x, 1)")),
        ("x, 1)", "x, True)"),
        changed="code changed",
    ),
    other(
        "a global of executed text is edited",
        EXECUTED,
        ("terse", "brief"),
        changed="global SYSTEM: 'Be terse.' → 'Be brief.'",
    ),
    other(
        "another branch of executed text is taken",
        edited(EXECUTED, ("ask(SYSTEM, x)", "ask(SYSTEM, x) if x else None or ask(x)")),
        ("if x else", "if x + 1 else"),
        changed="code changed",
    ),
]

MISSES = [*CODE, *GLOBALS, *MODULES, *HELPERS, *DECORATORS, *NOTEBOOKS, *WITHOUT_SOURCE]
"""All of them."""
