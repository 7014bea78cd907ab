"""Pairs of programs where nothing that matters changed: each must find the answers of the other."""

from __future__ import annotations

from programs import Pair, edited


def same(name: str, program: str, *edits: tuple[str, str], elsewhere: bool = False) -> Pair:
    """A pair that must hit: a program, and the program with the edits made."""
    return Pair(name, program, edited(program, *edits), True, elsewhere)


PLAIN = '''
from memo import ask, cached

@cached
def summarize(text, limit=1000):
    """Make it short."""
    words = text.split()[:limit]
    return ask("Summarize: " + " ".join(words))

summarize("a b c")
summarize("a b c")
'''

HELPED = '''
from memo import ask, cached

SEPARATOR = ","

def tidy(text):
    """Take the blanks off."""
    return text.strip()

def clean(text, sep=SEPARATOR):
    return [tidy(part) for part in text.split(sep)]

@cached
def classify(text):
    return ask(clean(text))

classify(" a, b")
classify(" a, b")
'''

WRITING = [
    same("a comment is added", PLAIN, ("    words", "    # not too long\n    words")),
    same("the docstring is edited", PLAIN, ("Make it short.", "Make it shorter.\n\n    Much.\n    ")),
    same("the docstring is taken out", PLAIN, ('    """Make it short."""\n', "")),
    same("annotations are added", PLAIN, ("(text, limit=1000)", "(text: str, limit: int = 1000) -> str")),
    same("a local variable is annotated", PLAIN, ("words =", "words: list[str] =")),
    same("a bare annotation is added", PLAIN, ("    words", "    found: str\n    words")),
    same("a long line is broken", PLAIN, ('"Summarize: " + ', '\n        "Summarize: "\n        + ')),
    same("other quotes are used", PLAIN, ('"Summarize: "', "'Summarize: '")),
    same("a string is written in two pieces", PLAIN, ('"Summarize: "', '"Summa" "rize: "')),
    same("a number is written in another way", PLAIN, ("1000", "1_000")),
    same("a trailing comma is added", PLAIN, ("limit=1000)", "limit=1000,)"), ("words))", "words),)")),
    same("a pass and a bare string are added", PLAIN, ("    words", '    pass\n    "words"\n    words')),
    same("the function moves down in its file", PLAIN, ("\n@cached", "\n\nOTHER = 1\n\n\n@cached")),
    same("another function of the file is edited", PLAIN + "\ndef other(): return 1\n", ("return 1", "return 2")),
    same("a global that the function does not read is edited", "A = 1\n" + PLAIN, ("A = 1", "A = 2")),
    same("an import that the function does not use is added", PLAIN, ("from memo", "import json\nfrom memo")),
    same(
        "annotations become strings by a future import",
        edited(PLAIN, ("(text,", "(text: str,")),
        ("\nfrom memo", "from __future__ import annotations\nfrom memo"),
    ),
    same(
        "an f-string is broken in two",
        edited(PLAIN, ('"Summarize: " + " ".join(words)', 'f"Summarize {words} now"')),
        ('f"Summarize {words} now"', 'f"Summarize {words}" f" now"'),
    ),
    same(
        "an elif is written as else and if",
        edited(
            PLAIN, ("    words", '    if text == "x":\n        pass\n    elif limit:\n        text = text\n    words')
        ),
        ("    elif limit:\n        text = text", "    else:\n        if limit:\n            text = text"),
    ),
    same(
        "a nested function that is called gets a docstring",
        edited(PLAIN, ("    words", "    def cut(x):\n        return x\n    words"), ("text.split", "cut(text).split")),
        ("def cut(x):", 'def cut(x):\n        """Leave it."""'),
    ),
    same(
        "a lambda is put on a line of its own",
        "from memo import ask, cached\nask_it = cached(lambda text: ask(text, 1)); other = lambda text: 2\nask_it('a')",
        ("; other", "\nother"),
    ),
    same("a comment in a helper is added", HELPED, ("    return text", "    # left and right\n    return text")),
    same("a helper's docstring is edited", HELPED, ("Take the blanks off.", "Strip.")),
    same("a helper is annotated", HELPED, ("def tidy(text):", "def tidy(text: str) -> str:")),
    same("a helper is reformatted", HELPED, ("[tidy(part) for", "[\n        tidy(part)\n        for")),
    same("a helper moves to another place", HELPED, ("\ndef clean", "\n\n\n# ---\n\n\ndef clean")),
    same(
        "a helper moves to a module of its own",
        HELPED,
        ('def tidy(text):\n    """Take the blanks off."""\n    return text.strip()\n', "from text import tidy\n"),
        (
            'classify(" a, b")\nclassify(" a, b")\n',
            'classify(" a, b")\n# file: text.py\ndef tidy(text):\n    return text.strip()\n',
        ),
    ),
    same(
        "a prompt moves to a module of its own",
        "from memo import ask, cached\nSYSTEM = 'Be terse.'\n@cached\ndef f(x):\n    return ask(SYSTEM, x)\nf(1)\n",
        ("SYSTEM = 'Be terse.'", "from prompts import SYSTEM"),
        ("f(1)\n", "f(1)\n# file: prompts.py\nSYSTEM = 'Be terse.'\n"),
    ),
    same("a global is computed in another way", HELPED, ('SEPARATOR = ","', "SEPARATOR = chr(44)")),
]

ARGUMENTS = [
    same("an argument is passed by name", PLAIN, ('summarize("a b c")', 'summarize(text="a b c")')),
    same("a default is passed", PLAIN, ('summarize("a b c")', 'summarize("a b c", 1000)')),
]


def called(name: str, before: str, after: str, head: str = "") -> Pair:
    """A pair that must hit: the same function is called with one argument and with another."""
    program = (
        f"from memo import ask, cached\n{head}\n@cached\ndef f(x=None, *args, **kwargs):\n    return ask(x, *args)\n"
    )
    return Pair(name, f"{program}f({before})\n", f"{program}f({after})\n", True)


ARGUMENTS += [
    called("a set is built in another order", "{'a', 'b', 'c', 'd'}", "set('dcba')"),
    called("a list is shared or copied", "[A, A]", "[A, list(A)]", "A = ['x']"),
    called("an array is a view or a copy", "A[::2]", "A[::2].copy()", "import numpy\nA = numpy.arange(10)"),
    called(
        "an equal dataclass is made anew",
        "P('a')",
        "P(x='a', y=1)",
        "import dataclasses\n@dataclasses.dataclass\nclass P:\n    x: str\n    y: int = 1",
    ),
    called(
        "a model's default is given",
        "M(a=1)",
        "M(a=1, b='x')",
        "import pydantic\nclass M(pydantic.BaseModel):\n    a: int\n    b: str = 'x'",
    ),
    called("a string is built at run time", "'ab'", "''.join(['a', 'b'])"),
    called("a path is put together in another way", "P('a/b')", "P('a') / 'b'", "from pathlib import Path as P"),
    called("an enum's member is found by value", "E.A", "E(1)", "import enum\nclass E(enum.Enum):\n    A = 1"),
    called("a partial is made anew", "p(g, 1)", "p(g, *[1])", "from functools import partial as p\ndef g(x): return x"),
    called("a function's comment is edited", "g", "h", "def g(x):\n    return x\nh = g  # the same"),
]

CLIENT = """
import openai
from memo import ask, cached

client = openai.OpenAI(api_key="sk-one", base_url="http://localhost:1/v1")

@cached
def f(x):
    return ask(x, client.responses.create)

f(1)
f(1)
"""

SETTINGS = '''
import dataclasses, enum, logging, types
from memo import ask, cached

log = logging.getLogger("app")

class Config:
    """How to ask."""
    MODEL = "small"
    THEME = "dark"

@dataclasses.dataclass
class Options:
    model: str = "small"
    theme: str = "dark"

class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"

options = Options()
space = types.SimpleNamespace(model="small", theme="dark")
SETTINGS = {"model": "small", "theme": "dark"}

@cached
def f(x):
    log.info("asked")
    return ask(x, Config.MODEL, options.model, space.model, SETTINGS["model"], Color.RED.value)

f(1)
f(1)
'''

VALUES = [
    same("the client has another key", CLIENT, ("sk-one", "sk-two")),
    same("the client has another time-out", CLIENT, ('key="sk-one"', 'key="sk-one", timeout=3')),
    same("an attribute of a class that is not read is edited", SETTINGS, ('THEME = "dark"', 'THEME = "light"')),
    same("an attribute of an object that is not read is edited", SETTINGS, ("Options()", 'Options(theme="light")')),
    same("an attribute of a namespace that is not read is edited", SETTINGS, ('theme="dark")', 'theme="light")')),
    same("an item that is not read is edited", SETTINGS, ('"theme": "dark"', '"theme": "light"')),
    same("a member of an enum is added", SETTINGS, ('BLUE = "blue"', 'BLUE = "blue"\n    GREEN = "green"')),
    same("the docstring of a class is edited", SETTINGS, ("How to ask.", "Ways to ask.")),
    same(
        "a logger's level is set",
        SETTINGS,
        ('log = logging.getLogger("app")', 'log = logging.getLogger("app")\nlog.setLevel(30)'),
    ),
    same(
        "a constant of a module that is not read is edited",
        "import prompts\nfrom memo import ask, cached\n@cached\ndef f(x):\n    return ask(x, prompts.SYSTEM)\nf(1)\n"
        "# file: prompts.py\nSYSTEM = 'Be terse.'\nOTHER = 1\n",
        ("OTHER = 1", "OTHER = 2"),
    ),
    same(
        "a constant of a module is edited of which only a function is called",
        "import prompts\nfrom memo import ask, cached\n@cached\ndef f(x):\n"
        "    return ask(x, prompts.render(x))\nf(1)\n"
        "# file: prompts.py\ndef render(x):\n    return [x]\nOTHER = 1\n",
        ("OTHER = 1", "OTHER = 2"),
    ),
    same(
        "a method moves in its class",
        "from memo import ask, cached\nclass A:\n    def one(self): return 1\n    def two(self): return 2\n"
        "a = A()\n@cached\ndef f(x):\n    return ask(x, a.one())\nf(1)\n",
        (
            "    def one(self): return 1\n    def two(self): return 2\n",
            "    def two(self): return 2\n    def one(self): return 1\n",
        ),
    ),
    same(
        "helpers that call each other get comments",
        "from memo import ask, cached\ndef even(n): return n == 0 or odd(n - 1)\n"
        "def odd(n): return n != 0 and even(n - 1)\n"
        "@cached\ndef f(x):\n    return ask(even(x))\nf(4)\n",
        ("def odd(n): return", "def odd(n):\n    # the other one\n    return"),
    ),
    same("the project is run elsewhere", HELPED, elsewhere=True),
    same(
        "a package is run elsewhere",
        "from app.core import f\nf(1)\n# file: app/__init__.py\n# file: app/prompts.py\nSYSTEM = 'x'\n"
        "# file: app/core.py\n"
        "from memo import ask, cached\nfrom . import prompts\n@cached\ndef f(x):\n"
        "    return ask(prompts.SYSTEM, x)\n",
        elsewhere=True,
    ),
]


def counting(name: str, head: str, line: str, start: tuple[str, str]) -> Pair:
    """A pair that must hit: the function keeps something up that starts from another value."""
    program = f"from memo import ask, cached\n{head}\n@cached\ndef f(x):\n    {line}\n    return ask(x)\nf(1)\nf(1)\n"
    return same(name, program, start)


KEPT_UP = [
    counting("a counter starts elsewhere", "N = 0", "global N; N += 1", ("N = 0", "N = 7")),
    counting("a counter in globals() starts elsewhere", "N = 0", "globals()['N'] += 1", ("N = 0", "N = 7")),
    counting("a log has entries", "LOG = []", "LOG.append(x); print(len(LOG))", ("LOG = []", "LOG = ['x']")),
    counting("a counter in a dict starts elsewhere", "S = {'n': 0}", "S['n'] += 1", ("'n': 0", "'n': 7")),
    counting(
        "counters by name start elsewhere", "S = {}", "S[str(x)] = S.get(str(x), 0) + 1", ("S = {}", "S = {'1': 7}")
    ),
    counting(
        "logs by name have entries",
        "import collections\nS = collections.defaultdict(list)",
        "S[str(x)].append(x)",
        ("(list)", "(list, a=[1])"),
    ),
    counting(
        "an object's counter starts elsewhere",
        "class State: pass\nstate = State(); state.n = 0",
        "state.n += 1",
        ("state.n = 0", "state.n = 7"),
    ),
    counting("a class's counter starts elsewhere", "class S:\n    n = 0", "S.n += 1", ("n = 0", "n = 7")),
    counting(
        "a counter in a module starts elsewhere",
        "import state",
        "state.n += 1",
        ("import state\n", "import state; state.n = 7\n"),
    ),
    counting(
        "an object that counts its own calls has been called",
        "class Tracker:\n    def __init__(self): self.n = 0; self.seen = []\n"
        "    def track(self, x):\n        self._count()\n        self.seen.append(x)\n"
        "    def _count(self): self.n += 1\nt = Tracker()",
        "t.track(x)",
        ("t = Tracker()", "t = Tracker(); t.track(0)"),
    ),
    counting(
        "a helper's counter starts elsewhere",
        "N = 0\ndef count():\n    global N\n    N += 1",
        "count()",
        ("N = 0", "N = 7"),
    ),
    counting("a log is reached by another name", "LOG = []", "log = LOG; log.append(x)", ("LOG = []", "LOG = [1]")),
    counting(
        "a log that is passed to a helper has entries", "L = []\ndef g(log, x): log.append(x)", "g(L, x)", ("[]", "[1]")
    ),
    counting(
        "a rate limiter was used before",
        "import time\nclass Limit:\n    last = 0\n    def __enter__(self): self.last = time.time()\n"
        "    def __exit__(self, *error): pass\nlimit = Limit()",
        "\n    with limit: pass",
        ("limit = Limit()", "limit = Limit()\nwith limit: pass"),
    ),
    counting(
        "a log in a context variable has entries",
        "import contextvars\nLOG = contextvars.ContextVar('LOG')\nLOG.set([])",
        "LOG.get().append(x)",
        ("set([])", "set([1])"),
    ),
    counting(
        "a counter on an object in a context variable starts elsewhere",
        "import contextvars\nclass Usage: n = 0\nUSAGE = contextvars.ContextVar('USAGE')\nUSAGE.set(Usage())",
        "\n    usage = USAGE.get()\n    usage.n += 1",
        ("USAGE.set(Usage())", "USAGE.set(Usage()); USAGE.get().n = 7"),
    ),
    counting(
        "a log is written to by a method kept in a name",
        "log = [].append",
        "log(x)",
        ("log = [].append", "log = [1].append"),
    ),
    same(
        "a closure's counter starts elsewhere",
        "from memo import ask, cached\ndef make():\n    n = 0\n    @cached\n    def f(x):\n"
        "        nonlocal n\n        n += 1\n"
        "        return ask(x)\n    return f\nf = make()\nf(1)\nf(1)\n",
        ("n = 0", "n = 7"),
    ),
    same(
        "a client that counts its calls has been called",
        "from memo import ask, cached\nclass Responses:\n    def __init__(self, client): self.client = client\n"
        "    def create(self, x):\n        self.client.calls += 1\n        return ask(x)\n"
        "class Client:\n    def __init__(self):\n        self.calls = 0\n        self.responses = Responses(self)\n"
        "client = Client()\n@cached\ndef f(x):\n    return client.responses.create(x)\nf(1)\nf(1)\n",
        ("client = Client()", "client = Client(); client.calls = 7"),
    ),
]
KEPT_UP = [
    Pair(pair.name, *(text + "# file: state.py\nn = 0\n" for text in (pair.before, pair.after)), pair.hit)
    for pair in KEPT_UP
]

DECORATED = '''
import functools
from memo import ask, cached

def retry(times):
    def decorate(function):
        @functools.wraps(function)
        def again(*args):
            for _ in range(times):
                return function(*args)
        return again
    return decorate

@functools.lru_cache
def half(n):
    """Divide."""
    return n / 2

@cached
@retry(3)
def f(x):
    """Ask."""
    return ask(half(x))

f(1)
f(1)
'''

DECORATORS = [
    same(
        "a decorator in between gets a comment", DECORATED, ("            for", "            # again\n            for")
    ),
    same("the docstring of a decorated function is edited", DECORATED, ("Ask.", "Ask it.")),
    same("the docstring of a decorated helper is edited", DECORATED, ("Divide.", "Halve.")),
]

NOTEBOOK = '''
# cell
from memo import ask, cached
# cell
SYSTEM = "Be terse."
# cell
@cached
def f(x):
    """Ask."""
    return ask(SYSTEM, x)
# cell
f(1)
f(1)
'''

NOTEBOOKS = [
    Pair("the kernel is restarted and the notebook run again", NOTEBOOK, NOTEBOOK, True),
    same("a cell moves down", NOTEBOOK, ("# cell\nSYSTEM", "# cell\nx = 1\n# cell\n%time\n# cell\nSYSTEM")),
    same("cells become one", NOTEBOOK, ("# cell\nSYSTEM", "SYSTEM"), ("# cell\n@cached", "@cached")),
    same("a cell is formatted", NOTEBOOK, ("ask(SYSTEM, x)", "ask(\n        SYSTEM,\n        x,\n    )")),
    same("a comment in a cell is added", NOTEBOOK, ("    return", "    # now\n    return")),
    same(
        "a cell is run twice",
        NOTEBOOK,
        ("# cell\nf(1)", "# cell\n@cached\ndef f(x):\n    return ask(SYSTEM, x)\n# cell\nf(1)"),
    ),
    same("a cell with a magic is run", NOTEBOOK, ("SYSTEM =", "%config InlineBackend.x = 1\nSYSTEM =")),
    Pair(
        "a cell that awaits is formatted",
        NOTEBOOK
        + "# cell\nimport asyncio\nawait asyncio.sleep(0)\ng = cached(lambda x: ask(x, 2))\ng(2)\n".replace(
            "g(2)", "g(2) if 0 else None"
        ),
        NOTEBOOK + "# cell\nimport asyncio\nawait asyncio.sleep( 0 )\n",
        True,
    ),
]

EXECUTED = '''
from memo import ask, cached
TEXT = """
def f(x):
    return ask(SYSTEM, x)
"""
namespace = {"ask": ask, "SYSTEM": "Be terse.", "__name__": "made"}
exec(TEXT, namespace)
f = cached(namespace["f"])
f(1)
f(1)
'''

WITHOUT_SOURCE = [
    same("executed text gets a comment", EXECUTED, ("    return", "    # now\n    return")),
    same("executed text moves down", EXECUTED, ('"""\ndef', '"""\n\n\n\ndef')),
    same("executed text gets annotations", EXECUTED, ("def f(x):", "def f(x: int) -> str:")),
]

HITS = [*WRITING, *ARGUMENTS, *VALUES, *KEPT_UP, *DECORATORS, *NOTEBOOKS, *WITHOUT_SOURCE]
"""All of them."""
