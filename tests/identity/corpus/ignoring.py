"""`ignore=` in all its forms, and `__memo_ignore__`."""

from __future__ import annotations

from corpus.cases import Program

SAME = "<terse q> <terse q>"
REALLY = "<terse q> <rude q>"


def ignoring(name: str, ignore: str, head: str, expression: str, change: str, body: str = "") -> Program:
    """A program that leaves out what it reads: its second call is a hit though the answer would be another one."""
    text = (
        f"from llm_memo import cached_completion\n{head}\n@cached_completion(ignore={ignore})\ndef f(q):\n"
        f"    {body or 'pass'}\n    return ask({expression} + q)\nprint(f('q'))\n{change}\nprint(f('q'))\n"
    )
    return Program(name, text, SAME, off=REALLY)


def invalid(name: str, ignore: str, head: str = "", call: str = "f('q')") -> Program:
    """A program whose `ignore=` names nothing: an error at decoration, or at the first call."""
    text = (
        "from llm_memo import InvalidOption, cached_completion\n"
        f"{head}\ntry:\n    @cached_completion(ignore={ignore})\n    def f(q): return ask(q)\n    {call}\n"
        "except InvalidOption as error: print('invalid')\n"
    )
    return Program(name, text, "invalid", calls=0, off="*")


CASES = [
    ignoring("an ignored global", "('T',)", "T = 'terse '", "T", "T = 'rude '"),
    ignoring("a list of names", "['T']", "T = 'terse '", "T", "T = 'rude '"),
    ignoring("a global that a helper of the module reads", "('T',)", "T = 'terse '\ndef g(): return T", "g()",
             "T = 'rude '"),
    ignoring("an attribute of a global", "('C.t',)", "class C: t = 'terse '", "C.t", "C.t = 'rude '"),
    ignoring("what lies below a global", "('C',)", "class C: t = 'terse '", "C.t", "C.t = 'rude '"),
    ignoring("what lies below an attribute", "('C.d',)", "class C: d = {'t': 'terse '}", "C.d['t']",
             "C.d['t'] = 'rude '"),
    ignoring("an attribute of an object that a helper reads", "('c.t',)",
             "class C: t = 'terse '\nc = C()\ndef g(): return c.t", "g()", "c.t = 'rude '"),
    ignoring("an attribute that a method reads of a global", "('c.t',)",
             "class C:\n    t = 'terse '\n    def g(self): return self.t\nc = C()", "c.g()", "c.t = 'rude '"),
    ignoring("one of several", "('U', 'T')", "T, U = 'terse ', 1", "T", "T = 'rude '"),
    Program(
        "what is next to an ignored attribute counts",
        """
        from llm_memo import cached_completion
        class C: run_id, tone = 1, "terse "
        @cached_completion(ignore=("C.run_id",))
        def f(q): return ask(C.tone + str(C.run_id) + q)
        print(f("q")); C.run_id = 2; print(f("q")); C.tone = "rude "; print(f("q"))
        """,
        "<terse 1q> <terse 1q> <rude 2q>",
        off="<terse 1q> <terse 2q> <rude 2q>",
    ),
    Program(
        "a global that is ignored and one whose name starts like it",
        """
        from llm_memo import cached_completion
        T, TT = "terse ", "x"
        @cached_completion(ignore=("T",))
        def f(q): return ask(TT + q)
        print(f("q")); TT = "y"; print(f("q"))
        """,
        "<xq> <yq>",
    ),
    Program(
        "a parameter",
        """
        from llm_memo import cached_completion
        @cached_completion(ignore=("n",))
        def f(q, n): return ask(q)
        print(f("q", 1), f("q", 2), f("p", n=3))
        """,
        "<q> <q> <p>",
    ),
    Program(
        "a parameter comes before a global of its name",
        """
        from llm_memo import cached_completion
        n = "a"
        def g(): return n
        @cached_completion(ignore=("n",))
        def f(q, n): return ask(g() + q)
        print(f("q", 1), f("q", 2)); n = "b"; print(f("q", 3))
        """,
        "<aq> <aq> <bq>",
    ),
    Program(
        "an ignored value of a closure",
        """
        from llm_memo import cached_completion
        def make(t):
            @cached_completion(ignore=("t",))
            def f(q): return ask(t + q)
            return f
        print(make("terse ")("q"), make("rude ")("q"))
        """,
        SAME,
        off=REALLY,
    ),
    Program(
        "a count of a closure that is compared",
        """
        from llm_memo import cached_completion
        def make(tone):
            n = 0
            @cached_completion(ignore=("n",))
            def f(q):
                nonlocal n
                n += 1
                return ask((tone if n < 2 else "tired ") + q)
            return f
        f = make("terse "); print(f("q"), f("q"))
        """,
        SAME,
        off="<terse q> <tired q>",
    ),
    Program(
        "an attribute of self",
        """
        from llm_memo import cached_completion
        class A:
            def __init__(self): self.tone, self.stats = "terse ", [0]
            @cached_completion(ignore=("self.stats",))
            def ask(self, q):
                self.stats[0] += 1
                return ask(self.tone + str(len(self.stats)) + q)
        a = A(); print(a.ask("q")); a.stats.append(1); print(a.ask("q")); a.tone = "rude "; print(a.ask("q"))
        """,
        "<terse 1q> <terse 1q> <rude 2q>",
        off="<terse 1q> <terse 2q> <rude 2q>",
    ),
    Program(
        "an attribute of self that another method reads",
        """
        from llm_memo import cached_completion
        class A:
            def __init__(self): self.t = "terse "
            def tone(self): return self.t
            @cached_completion(ignore=("self.t",))
            def ask(self, q): return ask(self.tone() + q)
        a = A(); print(a.ask("q")); a.t = "rude "; print(a.ask("q"))
        """,
        SAME,
        off=REALLY,
    ),
    Program(
        "an attribute of an attribute of self",
        """
        from llm_memo import cached_completion
        class C: pass
        class A:
            def __init__(self): self.c = C(); self.c.run, self.c.tone = 1, "terse "
            @cached_completion(ignore=("self.c.run",))
            def ask(self, q): return ask(self.c.tone + str(self.c.run) + q)
        a = A(); print(a.ask("q")); a.c.run = 2; print(a.ask("q")); a.c.tone = "rude "; print(a.ask("q"))
        """,
        "<terse 1q> <terse 1q> <rude 2q>",
        off="<terse 1q> <terse 2q> <rude 2q>",
    ),
    Program(
        "an attribute of self where self is called otherwise",
        """
        from llm_memo import cached_completion
        class A:
            t = "terse "
            @cached_completion(ignore=("this.t",))
            def ask(this, q): return ask(this.t + q)
        a = A(); print(a.ask("q")); a.t = "rude "; print(a.ask("q"))
        """,
        SAME,
        off=REALLY,
    ),
    Program(
        "an attribute of cls",
        """
        from llm_memo import cached_completion
        class A:
            t = "terse "
            @classmethod
            @cached_completion(ignore=("cls.t",))
            def ask(cls, q): return ask(cls.t + q)
        print(A.ask("q")); A.t = "rude "; print(A.ask("q"))
        """,
        SAME,
        off=REALLY,
    ),
    Program(
        "an attribute of a parameter",
        """
        from llm_memo import cached_completion
        class C:
            def __init__(self, tone, run): self.tone, self.run = tone, run
        @cached_completion(ignore=("cfg.run",))
        def f(cfg, q): return ask(cfg.tone + str(cfg.run) + q)
        print(f(C("terse ", 1), "q"), f(C("terse ", 2), "q"), f(C("rude ", 2), "q"))
        """,
        "<terse 1q> <terse 1q> <rude 2q>",
        off="<terse 1q> <terse 2q> <rude 2q>",
    ),
    Program(
        "a global of another module",
        """
        from llm_memo import cached_completion
        import app.settings
        @cached_completion(ignore=("app.settings:RUN",))
        def f(q): return ask(app.settings.text() + q)
        print(f("q")); app.settings.RUN = 2; print(f("q")); app.settings.TONE = "rude "; print(f("q"))
        # file: app/__init__.py
        # file: app/settings.py
        RUN, TONE = 1, "terse "
        def text(): return TONE + str(RUN)
        """,
        "<terse 1q> <terse 1q> <rude 2q>",
        off="<terse 1q> <terse 2q> <rude 2q>",
    ),
    Program(
        "an attribute of a global of another module",
        """
        from llm_memo import cached_completion
        import settings
        @cached_completion(ignore=("settings:CFG.run",))
        def f(q): return ask(settings.text() + q)
        print(f("q")); settings.CFG.run = 2; print(f("q"))
        # file: settings.py
        class CFG: run, tone = 1, "terse "
        def text(): return CFG.tone + str(CFG.run)
        """,
        "<terse 1q> <terse 1q>",
        off="<terse 1q> <terse 2q>",
    ),
    Program(
        "a global of the function's module and not of a helper's",
        """
        from llm_memo import cached_completion
        import settings
        T = "a"
        @cached_completion(ignore=("T",))
        def f(q): return ask(T + settings.text() + q)
        print(f("q")); T = "b"; print(f("q")); settings.T = "rude "; print(f("q"))
        # file: settings.py
        T = "terse "
        def text(): return T
        """,
        "<aterse q> <aterse q> <brude q>",
        off="<aterse q> <bterse q> <brude q>",
    ),
    Program(
        "names given to with_options",
        """
        T = "terse "
        @cached
        def f(q): return ask(T + q)
        g = f.with_options(ignore=("T",))
        print(g("q")); T = "rude "; print(g("q"), f("q"))
        """,
        "<terse q> <terse q> <rude q>",
        off="<terse q> <rude q> <rude q>",
    ),
    Program(
        "what is ignored is shown among the function's options",
        """
        from llm_memo import cached_completion
        T = "terse "
        @cached_completion(ignore=("T",))
        def f(q): return ask(T + q)
        print("T" in str(f.cache_parameters()), "T" in repr(f))
        """,
        "True True",
        calls=0,
    ),
    Program(
        "a name that exists and is not read is no error",
        """
        from llm_memo import cached_completion
        T = 1
        class C: pass
        @cached_completion(ignore=("T", "C.nothing"))
        def f(q): return ask(q)
        print(f("q"), f("q"))
        """,
        "<q> <q>",
    ),
    Program(
        "a global that is there only when the function is called is no error",
        """
        from llm_memo import cached_completion
        @cached_completion(ignore=("T",))
        def f(q): return ask(T + q)
        T = "terse "
        print(f("q")); T = "rude "; print(f("q"))
        """,
        SAME,
        off=REALLY,
    ),
    invalid("a name that exists nowhere is an error", "('NOTHING',)"),
    invalid("a chain whose root exists nowhere is an error", "('NOTHING.run',)"),
    invalid("a module that exists nowhere is an error", "('nowhere_at_all:T',)"),
    invalid("a name that another module does not have is an error", "('json:NOTHING',)", "import json"),
    invalid("a name that is no text is an error", "(1,)"),
    invalid("a name that is no name is an error", "('a b',)"),
    Program(
        "an attribute that the code of the class does not name is an error",
        """
        from llm_memo import InvalidOption, cached_completion
        try:
            class A:
                def __init__(self): self.stats = 0
                @cached_completion(ignore=("self.statz",))
                def ask(self, q): return ask(q)
            A().ask("q")
        except InvalidOption as error: print("statz" in str(error))
        """,
        "True",
        calls=0,
        off="*",
    ),
    Program(
        "an attribute that only a base class names is none",
        """
        from llm_memo import cached_completion
        class Base:
            def __init__(self): self.stats, self.tone = 0, "terse "
        class A(Base):
            @cached_completion(ignore=("self.stats",))
            def ask(self, q): return ask(self.tone + q)
        a, b = A(), A(); b.stats = 1; print(a.ask("q"), b.ask("q"))
        """,
        SAME,
    ),
    Program(
        "a class names what is left out of its instances",
        """
        class Limiter:
            __memo_ignore__ = ("times",)
            def __init__(self): self.times, self.tone = [], "terse "
            def wait(self):
                self.times.append(1)
                return self.tone if len(self.times) < 99 else ""
        L = Limiter()
        @cached
        def f(q): return ask(L.wait() + q)
        print(f("q"), f("q")); L.tone = "rude "; print(f("q"))
        """,
        "<terse q> <terse q> <rude q>",
    ),
    Program(
        "a subclass leaves out what its base names",
        """
        class Base: __memo_ignore__ = ("run",)
        class A(Base):
            def __init__(self, run, tone): self.run, self.tone = run, tone
            @cached
            def ask(self, q): return ask(self.tone + str(self.run) + q)
        print(A(1, "terse ").ask("q"), A(2, "terse ").ask("q"), A(2, "rude ").ask("q"))
        """,
        "<terse 1q> <terse 1q> <rude 2q>",
        off="<terse 1q> <terse 2q> <rude 2q>",
    ),
    Program(
        "what a class leaves out is left out where the instance counts whole",
        """
        import json
        class C:
            __memo_ignore__ = ("run",)
            def __init__(self, run, tone): self.run, self.tone = run, tone
        c = C(1, "terse ")
        @cached
        def f(q): return ask(json.dumps(vars(c)) + q)
        print(f("q")); c.run = 2; print(f("q")); c.tone = "rude "; print(f("q"))
        """,
        '<{"run": 1, "tone": "terse "}q> <{"run": 1, "tone": "terse "}q> <{"run": 2, "tone": "rude "}q>',
        off='<{"run": 1, "tone": "terse "}q> <{"run": 2, "tone": "terse "}q> <{"run": 2, "tone": "rude "}q>',
    ),
    Program(
        "what a class leaves out is left out of an argument, too",
        """
        class C:
            __memo_ignore__ = ("run",)
            def __init__(self, run, tone): self.run, self.tone = run, tone
        @cached
        def f(c, q): return ask(c.tone + str(c.run) + q)
        print(f(C(1, "terse "), "q"), f(C(2, "terse "), "q"), f(C(1, "rude "), "q"))
        """,
        "<terse 1q> <terse 1q> <rude 1q>",
        off="<terse 1q> <terse 2q> <rude 1q>",
    ),
    Program(
        "what a class leaves out is left out with what lies below",
        """
        class C:
            __memo_ignore__ = ("stats",)
            def __init__(self): self.stats = {"n": 0}
        c = C()
        @cached
        def f(q):
            c.stats["n"] += 1
            return ask(q if c.stats["n"] < 99 else "")
        print(f("q"), f("q"))
        """,
        "<q> <q>",
    ),
]  # fmt: skip

WHOLE = {
    "a namespace": "cfg = types.SimpleNamespace(run_id=1, tone='t')",
    "a namespace of argparse": "cfg = argparse.Namespace(run_id=1, tone='t')",
    "a pydantic model": "class C(pydantic.BaseModel):\n    run_id: int = 1\n    tone: str = 't'\ncfg = C()",
    "a dataclass": "@dataclasses.dataclass\nclass C:\n    run_id: int = 1\n    tone: str = 't'\ncfg = C()",
    "an installed class": "cfg = optparse.Values({'run_id': 1, 'tone': 't'})",
    "a dict": "class C(dict): __getattr__, __setattr__ = dict.get, dict.__setitem__\ncfg = C(run_id=1, tone='t')",
}
"""A configuration with a field that no answer depends on."""

CASES += [
    Program(
        f"an ignored attribute of {what} that escapes",
        f"""import argparse, dataclasses, optparse, types
import pydantic
{head}
def show(config): return repr(config)[:0]
@cached(ignore=("cfg.run_id",))
def f(q): return ask(show(cfg) + q)
print(f("q")); cfg.run_id = 2; print(f("q")); cfg.tone = "u"; print(f("q"))
""",
        "<q> <q> <q>",
        calls=2,
    )
    for what, head in WHOLE.items()
]

BESIDE = {
    "a list": ("class C(list): pass\ncfg = C(['t']); cfg.run_id = 1", "cfg[0] = 'u'"),
    "a text": ("class C(str): pass\ncfg = C('t'); cfg.run_id = 1", "cfg = C('u'); cfg.run_id = 2"),
    "a deque": ("class C(collections.deque): pass\ncfg = C(['t']); cfg.run_id = 1", "cfg[0] = 'u'"),
    "a builtin in C": (
        "class C(datetime.date): pass\ncfg = C(1, 1, 1); cfg.run_id = 1",
        "cfg = C(2, 2, 2); cfg.run_id = 1",
    ),
    "an installed class with slots": ("cfg = inspect.Parameter('t', 0); run_id = 1", "cfg._name = 'u'"),
}
"""What holds more than attributes, and a change of that."""

CASES += [
    Program(
        f"{what} of which an attribute is ignored",
        f"""import collections, datetime, inspect
{head}
def show(config): return repr(config)[:0]
@cached(ignore=("cfg.{"_kind" if "inspect" in head else "run_id"}",))
def f(q): return ask(show(cfg) + q)
print(f("q")); {change}; print(f("q"))
""",
        "<q> <q>",
        calls=2,
    )
    for what, (head, change) in BESIDE.items()
]

CASES += [
    Program(
        f"a dict that is changed in place, beside an ignored {what}",
        f"""
D={{"tone": "t", "run": 1}}; RUN=0
def show(config): return repr(config)[:0]
@cached(ignore=("{name}",))
def f(q): return ask(show(D) + show(RUN) + q)
print(f("q")); {change}; print(f("q")); D["tone"]="u"; print(f("q"))
""",
        "<q> <q> <q>",
        calls=2,
    )
    for what, name, change in (("global", "RUN", "RUN=1"), ("item", "D.run", 'D["run"]=2'))
]
