"""Only prints or logs: what is printed, logged or measured does not count, unless somebody reads it back."""

from __future__ import annotations

from corpus.cases import Program, reads, skips

LOG = "import logging\nlog = logging.getLogger('app')\nN = 1"
RICH = "import io\nfrom rich.console import Console\nN = 1\n"

CASES = [
    *(
        skips(f"printed or logged: {statement}", f"{head}\nN = 1", "'terse '", "N = 2", statement)
        for head, statement in (
            ("import sys", "print(N, file=sys.stderr)"),
            ("import sys", "print(f'{N} of {N + 1}', file=sys.stderr)"),
            ("import sys", "sys.stderr.write(str(N))"),
            ("import sys", "sys.stdout.write(str(N)[:0])"),
            ("import logging", "logging.info(N)"),
            ("import logging", "logging.getLogger('app').debug('%s', N)"),
            ("import logging\nlog = logging.getLogger('app')", "log.info('%s', N)"),
            ("import logging\nlog = logging.getLogger('app')", "log.info('asked', extra={'n': N})"),
            ("import logging\nlog = logging.getLogger('app')", "log.log(logging.INFO, N)"),
            ("import warnings\nwarnings.simplefilter('ignore')", "warnings.warn(str(N))"),
            ("import os\nLOG = open(os.devnull, 'w')", "print(N, file=LOG)"),
            ("import os\nLOG = open(os.devnull, 'a')", "LOG.write(str(N))"),
            ("from rich.console import Console\nc = Console(stderr=True)", "c.print(N)"),
            ("from rich.console import Console\nc = Console(stderr=True)", "c.log('asked', N)"),
            ("import io\nfrom tqdm import tqdm\nbar = tqdm(total=9, file=io.StringIO())", "bar.update(N)"),
            ("import io\nfrom tqdm import tqdm\nbar = tqdm(total=9, file=io.StringIO())",
             "bar.set_description(str(N))"),
            ("import io\nfrom tqdm import tqdm\nOUT = io.StringIO()",
             "tqdm.write('asked', file=__import__('sys').stderr)"),
            ("import sys\nVERBOSE = False", "if VERBOSE: print(N, file=sys.stderr)"),
            ("import sys", "if q: print(N, file=sys.stderr)\nelse: print(N + 1, file=sys.stderr)"),
            ("import sys", "for c in q: print(c, N, file=sys.stderr)"),
            ("import sys", "try: print(N, file=sys.stderr)\nfinally: pass"),
        )
    ),
    skips("a switch that only prints hang on", "import sys\nVERBOSE = False", "'terse '", "VERBOSE = True",
          "if VERBOSE: print(q, file=sys.stderr)"),
    skips("a helper that prints", "import sys\nN = 1\ndef note(q): print(N, q, file=sys.stderr)", "'terse '", "N = 2",
          "note(q)"),
    skips("a logger's level", LOG, "'terse '", "log.setLevel(10)", "log.info(N)"),
    Program(
        "a metric that a tracing library is given",
        """
        import sys
        sys.path.append("lib/site-packages")
        import wandb
        N = 1
        @cached
        def f(q):
            wandb.log({"n": N})
            return ask("terse " + q)
        print(f("q")); N = 2; print(f("q"))
        # file: lib/site-packages/wandb.py
        def log(x): pass
        """,
        "<terse q> <terse q>",
    ),
    Program(
        "what is printed is not printed by a hit",
        """
        N = 1
        @cached
        def f(q):
            print("asked", N)
            return ask(q)
        print(f("q")); N = 2; print(f("q"))
        """,
        "asked 1 <q> <q>",
        off="asked 1 <q> asked 2 <q>",
        second="<q> <q>",
    ),
    Program(
        "what is printed to a buffer that is read is read",
        """
        import io
        H = []
        @cached
        def f(q):
            out = io.StringIO(); print(H, end="", file=out); H.append(q)
            return ask(out.getvalue() + q)
        print(f("q"), f("q"))
        """,
        "<[]q> <['q']q>",
        ("SelfChanging",),
    ),
    reads("printed to a buffer", "import io\nT = 'terse '", "b.getvalue()", "T = 'rude '",
          "b = io.StringIO()\nprint(T, end='', file=b)"),
    reads("printed to a buffer that a helper makes", "import io\nT = 'terse '\ndef make(): return io.StringIO()",
          "b.getvalue()", "T = 'rude '", "b = make()\nprint(T, end='', file=b)"),
    reads("printed to a buffer that a helper is given",
          "import io\nT = 'terse '\ndef say(b): print(T, end='', file=b)", "b.getvalue()", "T = 'rude '",
          "b = io.StringIO()\nsay(b)"),
    reads("written to a buffer", "import io\nT = 'terse '", "b.getvalue()", "T = 'rude '",
          "b = io.StringIO()\nb.write(T)"),
    reads("printed while stdout is redirected", "import contextlib, io\nT = 'terse '", "b.getvalue()", "T = 'rude '",
          "with contextlib.redirect_stdout(io.StringIO()) as b: print(T, end='')"),
    reads("printed by a helper while stdout is redirected",
          "import contextlib, io\nT = 'terse '\ndef say(): print(T, end='')", "b.getvalue()", "T = 'rude '",
          "with contextlib.redirect_stdout(io.StringIO()) as b: say()"),
    reads("printed while a helper redirects stdout",
          "import contextlib, io\nT = 'terse '\n@contextlib.contextmanager\ndef caught():\n    b = io.StringIO()\n"
          "    with contextlib.redirect_stdout(b): yield b", "b.getvalue()", "T = 'rude '",
          "with caught() as b: print(T, end='')"),
    reads("printed while sys.stdout is another", "import io, sys\nT = 'terse '", "b.getvalue()", "T = 'rude '",
          "b, old = io.StringIO(), sys.stdout\nsys.stdout = b\nprint(T, end='')\nsys.stdout = old"),
    reads("logged while stderr is redirected", "import contextlib, io, sys\nT = 'terse '", "b.getvalue()",
          "T = 'rude '", "with contextlib.redirect_stderr(io.StringIO()) as b: print(T, end='', file=sys.stderr)"),
    reads("a walrus in a print", "import sys\nT = 'terse '", "t", "T = 'rude '", "print(t := T, file=sys.stderr)"),
    reads("an own call in a print",
          "import sys, types\nT, C = 'terse ', types.SimpleNamespace()\ndef note():\n    C.t = T\n    return 1",
          "C.t", "T = 'rude '", "print(note(), file=sys.stderr)", warns=("SelfChanging",)),
    reads("a walrus in an if of prints", "import sys\nT = 'terse '", "t", "T = 'rude '",
          "if (t := T): print('asked', file=sys.stderr)"),
    reads("a value that is printed and sent", "import sys\nT = 'terse '", "T", "T = 'rude '",
          "print(T, file=sys.stderr)"),
    reads("what a recording console is given", RICH + "c = Console(file=io.StringIO(), record=True)\nT = 'terse'",
          "c.export_text().strip() + ' '", "T = 'rude'", "c.print(T)"),
    reads("what a console prints to a buffer that is read", RICH + "T = 'terse'", "b.getvalue().strip() + ' '",
          "T = 'rude'", "b = io.StringIO()\nConsole(file=b).print(T)"),
    reads("what a console captures", RICH + "c = Console(file=io.StringIO())\nT = 'terse'",
          "x.get().strip() + ' '", "T = 'rude'", "with c.capture() as x: c.print(T)"),
    reads("what is gone through with a progress bar", "from tqdm import tqdm\nL = ['terse ']", "t", "L[0] = 'rude '",
          "for t in tqdm(L, disable=True): pass"),
    reads("what a print of one's own does", "T, OUT = 'terse ', []\ndef print_it(x): OUT.append(x)",
          "OUT[-1]", "T = 'rude '", "print_it(T)", warns=("SelfChanging",)),
    Program(
        "print that is an own function",
        """
        import builtins, types
        T, C = "terse ", types.SimpleNamespace(t="")
        def print(x): C.t = x
        @cached
        def f(q):
            print(T)
            return ask(C.t + q)
        builtins.print(f("q")); T = "rude "; builtins.print(f("q"))
        """,
        "<terse q> <rude q>",
        ("SelfChanging",),
    ),
    reads("what an own logger keeps", "class Log:\n    def info(self, x): self.last = x\nlog, T = Log(), 'terse '",
          "log.last", "T = 'rude '", "log.info(T)", warns=("SelfChanging",)),
    Program(
        "an await in a print",
        """
        import asyncio, sys, types
        T, C = "terse ", types.SimpleNamespace(t="")
        async def note(): C.t = T
        @cached
        async def f(q):
            print(await note(), file=sys.stderr)
            return ask(C.t + q)
        print(asyncio.run(f("q"))); T = "rude "; print(asyncio.run(f("q")))
        """,
        "<terse q> <rude q>",
        ("SelfChanging",),
    ),
]  # fmt: skip
