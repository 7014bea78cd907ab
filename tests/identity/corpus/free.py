"""Free in code: comments, format, prints, docstrings, annotations; but not where something reads them."""

from __future__ import annotations

from corpus.cases import Case, Program, hit, miss

PLAIN = '''
import logging, sys
log = logging.getLogger("app")
DEBUG = False
def tidy(text):
    """Take the blanks off."""
    return text.strip()
@cached
def f(q, n=3):
    """Ask."""
    # what is asked
    words = tidy(q)[:n]
    log.info("asked %s", words)
    return ask("Sum up: " + words)
print(f("q"))
'''

VALIDATED = """
import pydantic
@cached
@pydantic.validate_call
def f(q: str, n: int = 1): return ask(q * n)
print(f("q"))
"""

FREE = [
    hit("a comment is edited", PLAIN, ("# what is asked", "# what the model is asked")),
    hit("blank lines", PLAIN, ("    words", "\n\n    words")),
    hit("a line is broken", PLAIN, ('ask("Sum up: " + words)', 'ask(\n        "Sum up: "\n        + words\n    )')),
    hit("quotes", PLAIN, ('"Sum up: "', "'Sum up: '")),
    hit("a docstring is edited", PLAIN, ("Ask.", "Ask the model.")),
    hit("a docstring goes", PLAIN, ('    """Ask."""\n', "")),
    hit("a helper's docstring is edited", PLAIN, ("Take the blanks off.", "Strip.")),
    hit("annotations", PLAIN, ("def f(q, n=3):", "def f(q: str, n: int = 3) -> str:")),
    hit("a helper's annotations", PLAIN, ("def tidy(text):", "def tidy(text: str) -> str:")),
    hit("a local variable's annotation", PLAIN, ("    words =", "    words: str =")),
    hit("a bare annotation", PLAIN, ("    words =", "    words: str\n    words =")),
    hit("a pass", PLAIN, ("    words =", "    pass\n    words =")),
    hit("a bare text", PLAIN, ("    words =", '    "for later"\n    words =')),
    hit("an ellipsis", PLAIN, ("    words =", "    ...\n    words =")),
    hit("a print is added", PLAIN, ("    words =", "    print(q, file=sys.stderr)\n    words =")),
    hit("a print is added to a helper", PLAIN, ("    return text.strip()",
                                                "    print(text, file=sys.stderr)\n    return text.strip()")),
    hit("a log is edited", PLAIN, ("asked %s", "asked about %s")),
    hit("a log goes", PLAIN, ('    log.info("asked %s", words)\n', "")),
    hit("a log of another level", PLAIN, ("log.info", "log.debug")),
    hit("an if of prints is added", PLAIN, ("    words =",
                                            "    if DEBUG:\n        print(q, file=sys.stderr)\n    words =")),
    hit("an if of prints and else is added", PLAIN, ("    words =",
                                                     "    if DEBUG:\n        print(q, file=sys.stderr)\n    else:\n"
                                                     "        log.info(q)\n    words =")),
    hit("options of our own decorator", PLAIN, ("@cached\n", "@cached(ttl='1w', single_flight=False)\n")),
    hit("the function moves", PLAIN, ("@cached", "\n\nOTHER = 1\n\n\n@cached")),
    hit("a global that is not read is edited", PLAIN, ("DEBUG = False", "DEBUG = True")),
    hit("another function", PLAIN, ("@cached", "def other(): return 2\n@cached")),
    hit("a future import", PLAIN.replace("def f(q, n=3)", "def f(q: 'str', n: 'int' = 3)"), ("Ask.", "Ask it.")),
    hit("an import only for type checkers", PLAIN, ("import logging, sys",
        "import logging, sys\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING: from decimal import Decimal")),
    hit("a nested function's docstring", PLAIN.replace("words = tidy(q)",
        'def g(x):\n        """Cut."""\n        return x\n    words = g(q)'),
        ("Cut.", "Cut it.")),
    hit("a nested class's docstring", PLAIN.replace("words = tidy(q)",
        'class G:\n        """Cut."""\n        def cut(self, x): return x\n    words = G().cut(q)'),
        ("Cut.", "Cut it.")),
    hit("a number is written in another way", PLAIN, ("n=3", "n=0x3")),
    hit("a text is written in two pieces", PLAIN, ('"Sum up: "', '"Sum " "up: "')),
    hit("parentheses", PLAIN, ("tidy(q)[:n]", "(tidy(q))[:n]")),
    hit("else and if for elif", PLAIN.replace("    log.info",
                                              "    if q == 'a': q = 'b'\n    elif q: q = q\n    log.info"),
        ("    elif q: q = q\n", "    else:\n        if q: q = q\n")),
]  # fmt: skip

COUNTED: list[Case] = [
    miss("a prompt in the code", PLAIN, ("Sum up", "Summarize")),
    miss("a statement is added", PLAIN, ("    words =", "    q = q.upper()\n    words =")),
    miss("a walrus in a print is added", PLAIN.replace("    log.info",
                                                       "    t = 'a'\n    print((t, 1), file=sys.stderr)\n"
                                                       "    words = t + words\n    log.info"), ("print((t, 1)",
          "print((t := 'b', 1)")),
    miss("a print becomes a value", PLAIN, ("    words =",
                                            "    if print(q, file=sys.stderr) is None: q = q + '!'\n    words =")),
    miss("the docstring is read",
         "@cached\ndef f(q):\n    'Be terse. '\n    return ask(f.__doc__ + q)\nprint(f('q'))\n", ("terse", "rude")),
    miss("a helper's docstring is read",
         "def g(): 'terse '\n@cached\ndef f(q): return ask(g.__doc__ + q)\nprint(f('q'))\n", ("terse", "rude")),
    miss("the name is read",
         "def make(f): return f\n@cached\ndef terse(q): return ask(terse.__name__ + q)\nF = terse\nprint(F('q'))\n",
         ("def terse", "def rude"), ("(terse.", "(rude."), ("= terse", "= rude")),
    miss("a helper's name is read",
         "def terse(): pass\nG = terse\n@cached\ndef f(q): return ask(G.__name__ + q)\nprint(f('q'))\n", ("def terse",
          "def rude"), ("= terse", "= rude")),
    miss("annotations are read",
         "def g(x: 'terse '): pass\n@cached\ndef f(q): return ask(g.__annotations__['x'] + q)\nprint(f('q'))\n",
         ("'terse '", "'rude '")),
    miss("a signature is read",
         "import inspect\ndef g(x=1): pass\n@cached\ndef f(q): return ask(str(inspect.signature(g)) + q)\n"
         "print(f('q'))\n", ("x=1", "x=2")),
    miss("a function's source is read", "import inspect\ndef g(): return 1  # terse\n@cached\n"
         "def f(q): return ask(inspect.getsource(g) + q)\nprint(f('q'))\n", ("# terse", "# rude")),
    miss("annotations under a validating decorator", VALIDATED, ("n: int = 1", "n: float = 1")),
    miss("the docstring of a class is read",
         "class A: 'terse '\n@cached\ndef f(q): return ask(A.__doc__ + q)\nprint(f('q'))\n", ("terse", "rude")),
    miss("annotations of a class are read",
         "class A: x: 'terse '\n@cached\ndef f(q): return ask(A.__annotations__['x'] + q)\nprint(f('q'))\n", ("terse",
          "rude")),
    miss("an annotation in a nested class",
         "import pydantic\n@cached\ndef f(q):\n    class A(pydantic.BaseModel):\n        n: int = 1\n"
         "    return ask(str(A.model_json_schema()) + q)\nprint(f('q'))\n", ("n: int", "n: float")),
    miss("the docstring of a nested tool", "import inspect\n@cached\ndef f(q):\n    def g():\n        'terse'\n"
         "    return ask(inspect.getdoc(g) + q)\nprint(f('q'))\n", ("terse", "rude")),
    miss("a print while stdout is redirected", "import contextlib, io\n@cached\ndef f(q):\n"
         "    with contextlib.redirect_stdout(io.StringIO()) as b: print('terse')\n    return ask(b.getvalue() + q)\n"
         "print(f('q'))\n", ("terse", "rude")),
    miss("a constant's type", PLAIN, ("n=3", "n=3"), ('"Sum up: "', 'str(1)'), ("str(1)", "str(True)")),
    miss("an operator", PLAIN, ("[:n]", "[-n:]")),
    miss("an order", PLAIN, ('"Sum up: " + words', 'words + "Sum up: "')),
    miss("a helper's code", PLAIN, ("text.strip()", "text.lstrip()")),
    miss("a condition", "@cached\ndef f(q): return ask('a' if q else 'b')\nprint(f('q'))\n", ("if q", "if not q")),
    miss("a format", "@cached\ndef f(q): return ask(f'{q:>3}')\nprint(f('q'))\n", (":>3", ":>4")),
    miss("a conversion", "@cached\ndef f(q): return ask(f'{q!r}')\nprint(f('q'))\n", ("!r", "!s")),
    miss("a keyword", "@cached\ndef f(q): return ask(str(dict(a=q)))\nprint(f('q'))\n", ("a=q", "b=q")),
    miss("an exception that is caught",
         "@cached\ndef f(q):\n    try: int(q)\n    except (ValueError, KeyError): q = 'x'\n    return ask(q)\n"
         "print(f('q'))\n", ("(ValueError, KeyError)", "(ValueError, TypeError)")),
    Program(
        "a docstring that changes while it is read",
        """
        def g(): "terse "
        @cached
        def f(q): return ask(g.__doc__ + q)
        print(f("q")); g.__doc__ = "rude "; print(f("q"))
        """,
        "<terse q> <rude q>",
    ),
]  # fmt: skip

CASES: list[Case] = [*FREE, *COUNTED]
