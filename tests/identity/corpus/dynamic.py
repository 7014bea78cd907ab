"""What cannot be told counts more: names made at run time, the environment, and imports inside functions."""

from __future__ import annotations

from corpus.cases import Case, Program, hit, miss, reads, skips

SPACE = "class C: tone, other = 'terse ', 1"

NAMES = [
    reads("getattr with a name that is made", SPACE, "getattr(C, 'to' + 'ne'.lower())", "C.tone = 'rude '"),
    reads("getattr with a name of the call", "class C: q = 'terse '", "getattr(C, q)", "C.q = 'rude '"),
    reads("getattr with a constant name", SPACE, "getattr(C, 'tone')", "C.tone = 'rude '"),
    skips("getattr with a constant name, and what is next to it", SPACE, "getattr(C, 'tone')", "C.other = 2"),
    reads("getattr with a default", "class C: pass", "getattr(C, 'tone', 'terse ')", "C.tone = 'rude '"),
    reads("vars", SPACE + "\nc = C(); c.tone = 'terse '", "vars(c)['tone']", "c.tone = 'rude '"),
    reads("__dict__", SPACE + "\nc = C(); c.tone = 'terse '", "c.__dict__['tone']", "c.tone = 'rude '"),
    Program(
        "dir",
        """
        class C: pass
        @cached
        def f(q): return ask(("rude " if "x" in dir(C) else "terse ") + q)
        print(f("q")); C.x = 1; print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
    reads("globals() with a constant name", "T = 'terse '", "globals()['T']", "T = 'rude '"),
    skips("globals() with a constant name, and another global", "T, U = 'terse ', 1", "globals()['T']", "U = 2"),
    reads("globals() with a name that is made", "T = 'terse '", "globals()['t'.upper()]", "T = 'rude '"),
    reads("globals() with get", "T = 'terse '", "globals().get('T')", "T = 'rude '"),
    reads("globals() with get and a name that is made", "T = 'terse '", "globals().get('t'.upper())", "T = 'rude '"),
    reads("globals() with a local name", "T = 'terse '", "g['T']", "T = 'rude '", "g = globals()"),
    reads("a function of globals() with a name that is made", "T = 'terse '\ndef g(): return T",
          "globals()['G'.lower()]()", "T = 'rude '"),
    reads("globals() as keywords", "T = 'terse '", "'{T}'.format(**globals())", "T = 'rude '"),
    reads("globals() for a format", "T = 'terse '", "'{T}'.format_map(globals())", "T = 'rude '"),
    reads("eval", "T = 'terse '", "eval('T')", "T = 'rude '"),
    reads("eval of a helper's name", "T = 'terse '\ndef g(): return T", "eval('g()')", "T = 'rude '"),
    reads("exec", "T = 'terse '", "d['t']", "T = 'rude '", "d = {}\nexec('t = T', globals(), d)"),
    reads("vars of a module", "import sys\nT = 'terse '", "vars(sys.modules[__name__])['T']", "T = 'rude '"),
    Program(
        "getattr of an own module with a name that is made",
        """
        import prompts
        @cached
        def f(q): return ask(getattr(prompts, "t".upper()) + q)
        print(f("q")); prompts.T = "rude "; print(f("q"))
        # file: prompts.py
        T = "terse "
        """,
        "<terse q> <rude q>",
    ),
    reads("attrgetter", "import operator\n" + SPACE, "operator.attrgetter('tone')(C)", "C.tone = 'rude '"),
    reads("itemgetter", "import operator\nD = {'t': 'terse '}", "operator.itemgetter('t')(D)", "D['t'] = 'rude '"),
    reads("methodcaller", "import operator\nclass A:\n    t = 'terse '\n    def g(self): return self.t\na = A()",
          "operator.methodcaller('g')(a)", "a.t = 'rude '"),
    reads("a chain of names by reduce", "import functools\nclass C:\n    class D: t = 'terse '",
          "functools.reduce(getattr, ['D', 't'], C)", "C.D.t = 'rude '"),
    reads("__getattribute__", SPACE + "\nc = C(); c.tone = 'terse '", "c.__getattribute__('tone')", "c.tone = 'rude '"),
    reads("subclasses", "class P: pass\nclass A(P): t = 'terse '", "P.__subclasses__()[0].t", "A.t = 'rude '"),
    reads("a subclass that is new", "class P: pass\nclass A(P): t = 'terse '", "P.__subclasses__()[-1].t",
          "class B(P): t = 'rude '"),
    reads("a function by a registry", "T, R = 'terse ', {}\ndef tool(g): R[g.__name__] = g; return g\n"
          "@tool\ndef q(): return T", "R[q]()", "T = 'rude '"),
    reads("locals()", "T = 'terse '", "locals()['t']", "T = 'rude '", "t = T"),
    reads("a method by a name that is made", "class A:\n    t = 'terse '\n    def go_q(self): return self.t\na = A()",
          "getattr(a, 'go_' + q)()", "a.t = 'rude '"),
]  # fmt: skip

ENVIRON = [
    *(
        Program(
            f"the environment by {expression}",
            f"""
            import os
            from os import environ, getenv
            os.environ["TONE"], os.environ["OTHER"] = "terse ", "1"
            def env(name): return os.environ[name]
            def named(name, default=None): return os.getenv(name, default)
            @cached
            def f(q): return ask({expression} + q)
            print(f("q")); os.environ["OTHER"] = "2"; print(f("q")); os.environ["TONE"] = "rude "; print(f("q"))
            """,
            "<terse q> <terse q> <rude q>",
        )
        for expression in (
            "os.environ['TONE']",
            "os.environ.get('TONE')",
            "os.environ.get('TONE', 'x')",
            "os.getenv('TONE')",
            "os.getenv('TONE', default='x')",
            "environ['TONE']",
            "getenv('TONE')",
            "env('TONE')",
            "env(name='TONE')",
            "named('TONE', 'x')",
        )
    ),
    reads("a variable that is not set yet", "import os", "os.environ.get('TONE', 'terse ')",
          "os.environ['TONE'] = 'rude '"),
    reads("whether a variable is set", "import os", "('rude ' if 'TONE' in os.environ else 'terse ')",
          "os.environ['TONE'] = ''"),
    reads("a variable that goes", "import os\nos.environ['TONE'] = '1'",
          "('terse ' if os.getenv('TONE') else 'rude ')", "del os.environ['TONE']"),
    Program(
        "a variable whose name cannot be told is told to the user",
        """
        import os
        os.environ["TONE"] = "terse "
        @cached
        def f(name): return ask(os.environ[name])
        print(f("TONE"))
        """,
        "<terse >",
        ("Untracked",),
    ),
]  # fmt: skip

PROMPTS = "\n# file: prompts.py\nT = 'terse '\nU = 1\n"


def importing(statement: str, expression: str) -> str:
    """A program whose function imports."""
    return f"@cached\ndef f(q):\n    {statement}\n    return ask({expression} + q)\nprint(f('q'))\n" + PROMPTS


PACKAGE = """
from app.core import f
print(f("q"))
# file: app/__init__.py
# file: app/prompts.py
T = "terse "
U = 1
# file: app/core.py
from memo import ask, cached
@cached
def f(q):
    {}
    return ask({} + q)
"""

IMPORTS: list[Case] = [
    *(
        edit(f"{what}, by {statement.splitlines()[0]}", importing(statement, expression), change)
        for statement, expression in (
            ("import prompts", "prompts.T"),
            ("import prompts as p", "p.T"),
            ("from prompts import T", "T"),
            ("from prompts import T as t", "t"),
            ("import importlib; prompts = importlib.import_module('prompts')", "prompts.T"),
            ("from importlib import import_module; p = import_module('prompts')", "p.T"),
        )
        for edit, what, change in (
            (miss, "what an import inside a function leads to", ("'terse '", "'rude '")),
            (hit, "what an import inside a function does not lead to", ("U = 1", "U = 2")),
        )
    ),
    *(
        edit(f"{what}, by {statement}", PACKAGE.format(statement, expression), change)
        for statement, expression in (
            ("from . import prompts", "prompts.T"),
            ("from .prompts import T", "T"),
            ("from app import prompts", "prompts.T"),
            ("import app.prompts", "app.prompts.T"),
            ("import app.prompts as p", "p.T"),
        )
        for edit, what, change in (
            (miss, "what an import in a package leads to", ('"terse "', '"rude "')),
            (hit, "what an import in a package does not lead to", ("U = 1", "U = 2")),
        )
    ),
    miss("what an import in a helper leads to",
         "def g():\n    import prompts\n    return prompts.T\n@cached\ndef f(q): return ask(g() + q)\nprint(f('q'))\n"
         + PROMPTS, ("'terse '", "'rude '")),
    miss("what an import under a condition leads to", importing("if q:\n        import prompts", "prompts.T"),
         ("'terse '", "'rude '")),
    miss("what an import in a try leads to", importing("try: import prompts\n    except ImportError: prompts = None",
                                                       "prompts.T"), ("'terse '", "'rude '")),
    miss("what an import under a condition leads to, in another file",
         "@cached\ndef f(q):\n    if q:\n        import prompts\n    return ask(prompts.T + q)\nprint(f('q'))\n"
         "# file: prompts.py\nfrom words import T\n# file: words.py\nT = 'terse '\n", ("'terse '", "'rude '")),
    miss("a module that was not there",
         "@cached\ndef f(q):\n    try: from extra import T\n    except ImportError: T = 'terse '\n"
         "    return ask(T + q)\n" "print(f('q'))\n", ("print(f('q'))\n",
                                                       "print(f('q'))\n# file: extra.py\nT = 'rude '\n")),
    miss("a function of a module that is imported inside",
         "@cached\ndef f(q):\n    from text import tidy\n    return ask(tidy(q))\nprint(f('q'))\n"
         "# file: text.py\ndef tidy(t): return t.strip()\n", ("t.strip()", "t.upper()")),
    Program(
        "what is set in a module that the function imports",
        """
        @cached
        def f(q):
            import prompts
            return ask(prompts.T + q)
        print(f("q"))
        import prompts
        prompts.T = "rude "
        print(f("q"))
        # file: prompts.py
        T = "terse "
        """,
        "<terse q> <rude q>",
    ),
]  # fmt: skip

CASES: list[Case] = [*NAMES, *ENVIRON, *IMPORTS]
