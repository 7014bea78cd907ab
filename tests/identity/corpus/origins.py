"""Own code is followed, installed code is its name; names and places are not in the key; `version=` replaces it."""

from __future__ import annotations

from corpus.cases import Case, Edit, Program, hit, miss

INSTALLED = """
import sys
sys.path.append("lib/site-packages")
import prompts
@cached
def f(q): return ask(prompts.tidy(q) + str(prompts.TONE))
print(f("q"))
# file: lib/site-packages/prompts.py
TONE = "terse"
OTHER = 1
def tidy(text): return text.strip()
"""

DIST = """# file: lib/site-packages/prompts-1.0.dist-info/METADATA
Metadata-Version: 2.1
Name: prompts
Version: 1.0
# file: lib/site-packages/prompts-1.0.dist-info/RECORD
prompts.py,,
prompts-1.0.dist-info/METADATA,,
prompts-1.0.dist-info/RECORD,,
# file: lib/site-packages/prompts-1.0.dist-info/top_level.txt
prompts
# file: lib/site-packages/prompts-1.0.dist-info/direct_url.json
"""
LOCAL = '{"url": "file:///home/ann/prompts", "dir_info": {}}\n'
EDITABLE = '{"url": "file:///home/ann/prompts", "dir_info": {"editable": true}}\n'
ARCHIVE = '{"url": "https://example.org/prompts-1.0.tar.gz", "archive_info": {}}\n'
OWN = "from llm_memo import configure; configure(own_packages=('prompts',))\n"
REWRITTEN = ("text.strip()", "str(text).strip()")

APPLICATION = """
import sys
sys.path.append("lib/site-packages")
from app.core import f
print(f("q"))
# file: lib/site-packages/app/__init__.py
# file: lib/site-packages/app/text.py
def tidy(text): return text.strip()
# file: lib/site-packages/app/core.py
from memo import ask, cached
from .text import tidy
@cached
def f(q): return ask(tidy(q))
"""

OWNERS: list[Case] = [
    hit("code that is installed is edited", INSTALLED, REWRITTEN),
    miss("a constant of installed code that is read", INSTALLED, ('"terse"', '"rude"')),
    hit("a constant of installed code that is not read", INSTALLED, ("OTHER = 1", "OTHER = 2")),
    miss("code that is installed and named in own_packages is edited", OWN + INSTALLED, REWRITTEN),
    miss("code that is installed from a local folder is edited", INSTALLED + DIST + LOCAL, REWRITTEN),
    miss("code that is installed editable is edited", INSTALLED + DIST + EDITABLE, REWRITTEN),
    hit("code that is installed from an archive is edited", INSTALLED + DIST + ARCHIVE, REWRITTEN),
    miss("the code of an application that is installed and applies the decorator is edited", APPLICATION, REWRITTEN),
    hit("an installed function that is decorated is edited",
        "import sys\nsys.path.append('lib/site-packages')\nimport prompts\nf = cached(prompts.tidy)\nprint(f('q'))\n"
        "# file: lib/site-packages/prompts.py\nfrom memo import ask\ndef tidy(text): return ask(text.strip())\n",
        REWRITTEN),
    Program(
        "an installed function that is decorated",
        """
        import textwrap
        f = cached(textwrap.indent)
        print(f("a", "> "), f("a", prefix="> "), f("a", "| "), f.cache_info().hits)
        """,
        "> a > a | a 1",
        calls=0,
        second="> a > a | a 3",
        off="*",
    ),
    Program(
        "an installed function as a value is its name",
        """
        import json, pickle
        LOAD = json.dumps
        @cached
        def f(q): return ask(LOAD("a").__class__.__name__ + q)
        print(f("q")); LOAD = pickle.dumps; print(f("q")); LOAD = json.dumps; print(f("q"))
        """,
        "<strq> <bytesq> <strq>",
    ),
    Program(
        "an attribute of an installed module that is read",
        """
        import openai
        @cached
        def f(q): return ask(str(openai.base_url) + q)
        openai.base_url = "http://a"
        print(f("q")); openai.base_url = "http://b"; print(f("q"))
        """,
        "<http://aq> <http://bq>",
    ),
    Program(
        "what an installed decorator holds",
        """
        import functools, sys
        sys.path.append("lib/site-packages")
        from again import prompted
        @cached
        @prompted("terse ")
        def f(q): return ask(q)
        @cached
        @prompted("rude ")
        def g(q): return ask(q)
        print(f("q"), g("q"))
        # file: lib/site-packages/again.py
        import functools
        def prompted(tone):
            def decorate(function):
                @functools.wraps(function)
                def inner(q): return function(tone + q)
                return inner
            return decorate
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "what an installed decorator that is an object holds",
        """
        import functools, sys
        sys.path.append("lib/site-packages")
        from again import Prompted
        @cached
        @Prompted("terse ")
        def f(q): return ask(q)
        @cached
        @Prompted("rude ")
        def g(q): return ask(q)
        print(f("q"), g("q"))
        # file: lib/site-packages/again.py
        import functools
        class Prompted:
            def __init__(self, tone): self.tone = tone
            def __call__(self, function):
                @functools.wraps(function)
                def inner(q): return function(self.tone + q)
                return inner
        """,
        "<terse q> <rude q>",
    ),
    miss("a function under an installed decorator is edited",
         "import sys\nsys.path.append('lib/site-packages')\nfrom again import twice\n@cached\n@twice\n"
         "def f(q): return ask('terse ' + q)\nprint(f('q'))\n# file: lib/site-packages/again.py\nimport functools\n"
         "def twice(function):\n    @functools.wraps(function)\n    def inner(q): return function(q)\n"
         "    return inner\n", ("'terse '", "'rude '")),
    miss("a helper under an installed decorator is edited",
         "import sys\nsys.path.append('lib/site-packages')\nfrom again import twice\n@twice\n"
         "def g(): return 'terse '\n@cached\n"
         "def f(q): return ask(g() + q)\nprint(f('q'))\n# file: lib/site-packages/again.py\nimport functools\n"
         "def twice(function):\n    @functools.wraps(function)\n    def inner(): return function()\n    return inner\n",
         ("'terse '", "'rude '")),
]  # fmt: skip

TOLD = """
T = "terse "
def tone(): return T
@cached
def f(q): return ask(tone() + q)
print(f("q"))
"""
IMPORTED = """
from bot import f
print(f("q"))
# file: bot.py
from memo import ask, cached
T = "terse "
def tone(): return T
@cached
def f(q): return ask(tone() + q)
"""

NAMES: list[Case] = [
    hit("the function is renamed", TOLD, ("def f(q)", "def asked(q)"), ("print(f(", "print(asked(")),
    miss("a helper is renamed", TOLD, ("tone()", "mood()")),
    miss("a local variable is renamed", "@cached\ndef f(q):\n    a = q\n    return ask(a)\nprint(f('q'))\n",
         ("a = q", "b = q"), ("ask(a)", "ask(b)")),
    hit("the module is renamed", IMPORTED, ("from bot", "from robot"), ("file: bot.py", "file: robot.py")),
    hit("the module moves into a package", IMPORTED, ("from bot", "from app.bot"),
        ("# file: bot.py", "# file: app/__init__.py\n# file: app/bot.py")),
    Edit("a module becomes the script", IMPORTED, TOLD, True),
    Edit("the script becomes a module", TOLD, IMPORTED, True),
    hit("the project is run elsewhere", IMPORTED, elsewhere=True),
    hit("a project that reads its own place is run elsewhere",
        "from pathlib import Path\nROOT = Path(__file__).parent\n"
        "def prompt(): return (ROOT / 'prompt.txt').read_text()\n@cached\ndef f(q): return ask(prompt() + q)\n"
        "print(f('q'))\n" "# file: prompt.txt\nterse \n", elsewhere=True),
    hit("a function that calls itself is renamed",
        "@cached\ndef f(n): return ask(str(n)) if n < 2 else f(n - 1)\nprint(f(2))\n",
        ("def f(", "def g("), ("else f(", "else g("), ("print(f(", "print(g(")),
    hit("the class of a method is renamed",
        "class Bot:\n    t = 'terse '\n    @cached\n    def ask(self, q): return ask(self.t + q)\n"
        "print(Bot().ask('q'))\n", ("class Bot", "class Robot"), ("print(Bot", "print(Robot")),
    hit("the name that a function is listed under", TOLD, ("@cached\n", "@cached(name='asked')\n")),
    Program(
        "the same code that reads the same values shares answers",
        """
        T = "terse "
        @cached
        def f(q): return ask(T + q)
        @cached
        def g(q):
            "The same."
            return ask(T + q)
        h = cached(lambda q: ask(T + q))
        print(f("q"), g("q"), g("p"), f("p"))
        """,
        "<terse q> <terse q> <terse p> <terse p>",
    ),
    Program(
        "the same code that reads other values shares nothing",
        """
        def make(t):
            @cached
            def f(q): return ask(t + q)
            return f
        f, g = make("terse "), make("rude ")
        print(f("q"), g("q"), f("q"), g("q"))
        """,
        "<terse q> <rude q> <terse q> <rude q>",
    ),
    Program(
        "a function that is defined anew shares answers",
        """
        for _ in range(3):
            @cached
            def f(q): return ask(q)
            print(f("q"))
        """,
        "<q> <q> <q>",
    ),
    Program(
        "the same code of another kind shares nothing",
        """
        import asyncio
        @cached
        def f(q): return ask(q)
        @cached
        async def g(q): return ask(q)
        print(f("q"), asyncio.run(g("q")))
        """,
        "<q> <q>",
        calls=2,
    ),
    Program(
        "the same names that hold other functions share nothing",
        """
        def make(g):
            @cached
            def f(q): return ask(g() + q)
            return f
        print(make(lambda: "terse ")("q"), make(lambda: "rude ")("q"))
        """,
        "<terse q> <rude q>",
    ),
    Program(
        "an answer that another function has is not taken after a clear",
        """
        @cached
        def f(q): return ask(q)
        @cached
        def g(q): return ask(q)
        print(f("q"), g("q")); g.cache_clear(); print(f("q"), g("q"))
        """,
        "<q> <q> <q> <q>",
        calls=2,
        again=1,
    ),
]  # fmt: skip

VERSIONED = """
T = "terse"
@cached(version="1")
def f(q): return ask(q.strip())
print(f("q"))
"""

VERSIONS: list[Case] = [
    hit("code under a version is edited", VERSIONED, ("q.strip()", "str(q).strip()")),
    miss("the version is edited", VERSIONED, ('"1"', '"2"')),
    miss("a function with a version is renamed", VERSIONED, ("def f(", "def g("), ("print(f(", "print(g(")),
    hit("a project with a version is run elsewhere", VERSIONED, elsewhere=True),
    miss("a version is given", VERSIONED.replace('(version="1")', ""), ("@cached\n", '@cached(version="1")\n')),
    miss("an argument of a function with a version", VERSIONED, ('f("q")', 'f("p")')),
    Program(
        "globals do not count where there is a version",
        """
        from llm_memo import cached_completion
        T = "terse "
        @cached_completion(version="1")
        def f(q): return ask(T + q)
        print(f("q")); T = "rude "; print(f("q"))
        """,
        "<terse q> <terse q>",
        off="<terse q> <rude q>",
    ),
    Program(
        "closure values count where there is a version",
        """
        from llm_memo import cached_completion
        def make(t):
            @cached_completion(version="1")
            def f(q): return ask(t + q)
            return f
        print(make("terse ")("q"), make("rude ")("q"), make("terse ")("q"))
        """,
        "<terse q> <rude q> <terse q>",
    ),
    Program(
        "self counts whole where there is a version",
        """
        from llm_memo import cached_completion
        class A:
            def __init__(self, tone, other): self.tone, self.other = tone, other
            @cached_completion(version="1")
            def ask(self, q): return ask(self.tone + q)
        print(A("terse ", 1).ask("q"), A("terse ", 2).ask("q"), A("terse ", 1).ask("q"))
        """,
        "<terse q> <terse q> <terse q>",
        calls=2,
    ),
    Program(
        "two functions with one version share nothing",
        """
        from llm_memo import cached_completion
        @cached_completion(version="1")
        def f(q): return ask(q)
        @cached_completion(version="1")
        def g(q): return ask(q)
        print(f("q"), g("q"))
        """,
        "<q> <q>",
        calls=2,
    ),
]

CASES: list[Case] = [*OWNERS, *NAMES, *VERSIONS]
