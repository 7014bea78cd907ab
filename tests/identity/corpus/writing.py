"""Only writes: counters, logs and marks do not count; what is also read does, and `SelfChanging` says so."""

from __future__ import annotations

from corpus.cases import Program, reads, skips, writes

SPACE = "from types import SimpleNamespace as S\n"
COLLECTIONS = "from collections import Counter, OrderedDict, defaultdict, deque\n"

COUNTS = [
    writes("a global is counted up", "N = 0", "global N; N += 1"),
    writes("a global is counted up in the long form", "N = 0", "global N; N = N + 1"),
    writes("a text is added to", "LOG = ''", "global LOG; LOG += q"),
    writes("a text is added to in the long form", "LOG = ''", "global LOG; LOG = LOG + q + ';'"),
    writes("a global is counted up by globals()", "N = 0", "globals()['N'] += 1"),
    writes("a global is set", "LAST = ''", "global LAST; LAST = q"),
    writes("an item is counted up", "D = {'n': 0}", "D['n'] += 1"),
    writes("an item is counted up in the long form", "D = {'n': 0}", "D['n'] = D['n'] + 1"),
    writes("an item is counted up by get", "D = {}", "D['n'] = D.get('n', 0) + 1"),
    writes("an item by name is counted up by get", "D = {}", "D[q] = D.get(q, 0) + 1"),
    writes("an item of an item is counted up", "D = {'a': {'n': 0}}", "D['a']['n'] += 1"),
    writes("an item is set", "D = {}", "D[q] = 1"),
    writes("an item is deleted", "D = {'a': 1}", "D['a'] = 1; del D['a']"),
    writes("a slice is set", "L = [1]", "L[:] = [q]"),
    writes("a slice is deleted", "L = [1, 2]", "del L[1:]"),
    writes("an attribute is counted up", SPACE + "C = S(n=0)", "C.n += 1"),
    writes("an attribute is counted up in the long form", SPACE + "C = S(n=0)", "C.n = C.n + 1"),
    writes("an attribute of an attribute is counted up", SPACE + "C = S(s=S(n=0))", "C.s.n += 1"),
    writes("an attribute is set", SPACE + "C = S(last='')", "C.last = q"),
    writes("an attribute is made", "class A: pass\na = A()", "a.last = q"),
    writes("an attribute is made and deleted", "class A: pass\na = A()", "a.last = q; del a.last"),
    writes("an attribute of a class is counted up", "class A: n = 0", "A.n += 1"),
    writes("a counter is counted up", COLLECTIONS + "D = Counter()", "D[q] += 1"),
    writes("an item that is made is counted up", COLLECTIONS + "D = defaultdict(int)", "D[q] += 1"),
    writes("an attribute of an own module is counted up", "import state", "state.n += 1"),
    writes("a counter is multiplied", "N = 1", "global N; N *= 2"),
    writes("two counters are counted up", "N, M = 0, 0", "global N, M; N += 1; M += 1"),
    writes("a counter is counted up by what another call costs", "N = 0\ndef cost(q): return len(q)",
           "global N; N += cost(q)"),
    writes("the time of the last call is kept", "import time\nLAST = 0", "global LAST; LAST = time.time()"),
    Program(
        "a counter of a closure is counted up",
        """
        def make():
            n = 0
            @cached
            def f(q):
                nonlocal n
                n += 1
                return ask(q)
            return f
        f = make(); print(f("q"), f("p"), f("q"))
        """,
        "<q> <p> <q>",
    ),
    *(
        Program(
            f"a method counts: {statement}",
            f"""
            import collections, types
            class A:
                n = 0
                def __init__(self):
                    self.stats, self.d, self.log = types.SimpleNamespace(n=0), {{"n": 0}}, []
                    self.by = collections.defaultdict(list)
                @cached
                def ask(self, q):
                    {statement}
                    return ask(q)
            a = A(); print(a.ask("q"), a.ask("p"), a.ask("q"))
            """,
            "<q> <p> <q>",
        )
        for statement in (
            "self.n += 1",
            "self.n = self.n + 1",
            "self.stats.n += 1",
            "type(self).n += 1",
            "self.__class__.n += 1",
            "A.n += 1",
            "self.d['n'] += 1",
            "self.log.append(q)",
            "self.by[q].append(q)",
            "self.last = q",
        )
    ),
]  # fmt: skip
COUNTS = [
    Program(one.name, one.text + "# file: state.py\nn = 0\n", one.right) if "import state" in one.text else one
    for one in COUNTS
]

MUTATORS = [
    *(
        writes(f"as a statement, of {made}: {statement}", COLLECTIONS + f"X = {made}", statement)
        for made, statement in (
            ("[]", "X.append(q)"),
            ("[]", "X.extend([q, q])"),
            ("[]", "X.insert(0, q)"),
            ("[]", "global X; X += [q]"),
            ("[1]", "X.clear()"),
            ("[2, 1]", "X.sort()"),
            ("[2, 1]", "X.reverse()"),
            ("[1] * 9", "X.pop()"),
            ("set()", "X.add(q)"),
            ("{'q'}", "X.discard(q)"),
            ("set()", "X.update([q])"),
            ("set()", "global X; X |= {q}"),
            ("{}", "X.update({q: 1})"),
            ("{}", "X.update(last=q)"),
            ("{}", "global X; X |= {q: 1}"),
            ("{}", "X.setdefault(q, 1)"),
            ("{}", "X.setdefault(q, []).append(q)"),
            ("{'q': 1}", "X.pop(q, None)"),
            ("{'q': []}", "X['q'].append(q)"),
            ("{'q': set()}", "X['q'].add(q)"),
            ("deque()", "X.append(q)"),
            ("deque()", "X.appendleft(q)"),
            ("deque([1, 2])", "X.rotate(1)"),
            ("Counter()", "X.update([q])"),
            ("defaultdict(list)", "X[q].append(q)"),
            ("defaultdict(set)", "X[q].add(q)"),
            ("OrderedDict(a=1, b=2)", "X.move_to_end('a')"),
            ("bytearray()", "X.extend(b'q')"),
        )
    ),
    writes("a helper appends to a log", "LOG = []\ndef note(q): LOG.append(q)", "note(q)"),
    writes("a helper counts up", "N = 0\ndef count():\n    global N\n    N += 1", "count()"),
    writes("a helper appends to what it is given", "LOG = []\ndef note(log, q): log.append(q)", "note(LOG, q)"),
    writes("an own object counts its calls",
           "class Tracker:\n    def __init__(self): self.n, self.seen = 0, []\n"
           "    def track(self, q):\n        self._count()\n        self.seen.append(q)\n"
           "    def _count(self): self.n += 1\nt = Tracker()", "t.track(q)"),
    writes("an own class of list is appended to by its own method",
           "class Log(list):\n    def note(self, q): self.last = q\nLOG = Log()", "LOG.note(q)"),
    writes("an own context manager counts", "class Timer:\n    n = 0\n    def __enter__(self): self.n += 1\n"
           "    def __exit__(self, *error): pass\nt = Timer()", "with t: pass"),
    writes("a write in a try with finally", "LOG = []", "try: LOG.append(q)\nfinally: pass"),
    reads("what is appended is read", "T, LOG = 'terse ', []", "T", "T = 'rude '", "LOG.append(T)"),
    skips("a log that is emptied elsewhere", "LOG = []", "'terse '", "LOG.clear()", "LOG.append(q)"),
    skips("a counter that is set elsewhere", "N = 0", "'terse '", "N = 7", "global N; N += 1"),
    reads("an attribute next to a counter", SPACE + "C = S(n=0, tone='terse ')", "C.tone", "C.tone = 'rude '",
          "C.n += 1"),
    reads("an item next to a counter", "D = {'n': 0, 'tone': 'terse '}", "D['tone']", "D['tone'] = 'rude '",
          "D['n'] += 1"),
    reads("what an own append reads",
          "T = 'terse '\nclass Log(list):\n    def append(self, q): self.t = T\nLOG = Log()", "LOG.t", "T = 'rude '",
          "LOG.append(q)", warns=("SelfChanging",)),
    reads("the first value of a log that is a prompt", "L = ['terse ']", "L[0]", "L[0] = 'rude '", "L.append(q)"),
]  # fmt: skip


def changes(name: str, head: str, body: str, right: str, **more: object) -> Program:
    """A program whose function writes what it reads, called twice with the same."""
    lines = "\n".join("    " + line for line in body.split("\n"))
    text = f"{head}\n@cached\ndef f(q):\n{lines}\nprint(f('q'), f('q'))\n"
    return Program(name, text, right, ("SelfChanging",), **more)  # type: ignore[arg-type]


BOTH = [
    changes("a count is written and sent", "N = 0", "global N; N += 1\nreturn ask(str(N))", "<1> <2>"),
    changes("a history is written and sent", "H = []", "H.append(q)\nreturn ask(str(H))", "<['q']> <['q', 'q']>"),
    changes("a history is sent and then written", "H = []", "r = ask(str(H))\nH.append(q)\nreturn r", "<[]> <['q']>"),
    changes("a count is written and compared", "N = 0",
            "global N\nN += 1\nreturn ask('first' if N < 2 else 'next')", "<first> <next>"),
    changes("a queue is popped and sent", "L = ['a', 'b']", "return ask(L.pop(0))", "<a> <b>"),
    changes("a deque is popped and sent", "from collections import deque\nL = deque('ab')", "return ask(L.popleft())",
            "<a> <b>"),
    changes("a set's length is sent", "S = set()", "n = len(S)\nS.add(n)\nreturn ask(str(n))", "<0> <1>"),
    changes("what has been seen is asked for", "S = set()",
            "r = ask('again' if q in S else 'new')\nS.add(q)\nreturn r", "<new> <again>"),
    changes("amounts are written and summed up", "D = {}",
            "D[q] = D.get(q, 0) + 1\nreturn ask(str(sum(D.values())))", "<1> <2>"),
    changes("a counter is added to itself", "N = 1", "global N\nr = ask(str(N))\nN = N + N\nreturn r", "<1> <2>"),
    changes("what setdefault gives is used", "D = {}", "l = D.setdefault('a', [])\nl.append(q)\nreturn ask(str(l))",
            "<['q']> <['q', 'q']>"),
    changes("a stage goes on", "import types\nC = types.SimpleNamespace(stage='ask')",
            "r = ask(C.stage)\nC.stage = 'answer'\nreturn r", "<ask> <answer>"),
    changes("a rate limiter of one's own", "T = []", "T.append(1)\nif len(T) > 9: T.clear()\nreturn ask(q)", "<q> <q>",
            calls=2),
    changes("a cache of one's own", "M = {}", "if q not in M: M[q] = 1\nreturn ask(q)", "<q> <q>", calls=2),
    changes("a history in an attribute of a class", "class A: h = ()",
            "r = ask(str(len(A.h)))\nA.h = A.h + (q,)\nreturn r", "<0> <1>"),
    changes("a global that a helper writes and another reads",
            "L = []\ndef add(q): L.append(q)\ndef text(): return str(L)", "add(q)\nreturn ask(text())",
            "<['q']> <['q', 'q']>"),
    changes("a turn of a conversation in a loop", "H = []",
            "H.append(q)\nreturn ask(' '.join(m for m in H))", "<q> <q q>"),
    Program(
        "what is there is read by a write in a try that can fail by it",
        """
        D = {}
        @cached
        def f(q):
            try: D["n"] += 1
            except KeyError: D["n"] = 1
            return ask(q)
        print(f("q"), f("q"))
        """,
        "<q> <q>",
        ("SelfChanging",),
        calls=2,
    ),
    Program(
        "what a write in a try fails by makes another question",
        """
        D = {}
        @cached
        def f(q):
            try: del D["quiet"]
            except KeyError: return ask("terse " + q)
            return ask("rude " + q)
        print(f("q")); D["quiet"] = 1; print(f("q"))
        """,
        "<terse q> <rude q>",
        ("SelfChanging",),
    ),
    Program(
        "a removal in a try that fails by what is there",
        """
        L = []
        @cached
        def f(q):
            try: L.remove("quiet")
            except ValueError: return ask("terse " + q)
            return ask("rude " + q)
        print(f("q")); L.append("quiet"); print(f("q"))
        """,
        "<terse q> <rude q>",
        ("SelfChanging",),
    ),
    Program(
        "a write under suppress that fails by what is there",
        """
        import contextlib
        D = {}
        @cached
        def f(q):
            t = "terse "
            with contextlib.suppress(KeyError):
                del D["quiet"]
                t = "rude "
            return ask(t + q)
        print(f("q")); D["quiet"] = 1; print(f("q"))
        """,
        "<terse q> <rude q>",
        ("SelfChanging",),
    ),
    Program(
        "a chat's summary is read and written",
        """
        class Chat:
            def __init__(self, summary=""): self.summary = summary
            @cached
            def ask(self, q):
                r = ask(self.summary + q); self.summary = "sum(" + self.summary + q + r + ")"; return r
        print(Chat().ask("who am I?"), Chat("I am Bob. ").ask("who am I?"))
        """,
        "<who am I?> <I am Bob. who am I?>",
        ("SelfChanging",),
    ),
    Program(
        "a profile is sent and added to",
        """
        P = {"ann": "likes tea"}
        @cached
        def chat(u, q):
            r = ask(P[u] + q); P[u] = P[u] + "; " + q; return r
        print(chat("ann", "?")); P["ann"] = "likes beer"; print(chat("ann", "?"))
        """,
        "<likes tea?> <likes beer?>",
        ("SelfChanging",),
    ),
    Program(
        "a log that is written and handed on",
        """
        import io, json
        L = []
        @cached
        def f(q):
            r = ask(q); L.append(r)
            json.dump(L, io.StringIO())
            return r
        print(f("q"), f("q"))
        """,
        "<q> <q>",
        ("SelfChanging",),
        calls=2,
    ),
    Program(
        "a log that is written and returned",
        """
        L = []
        @cached
        def f(q):
            L.append(ask(q))
            return L
        print(*f("q")); print(*f("q"))
        """,
        "<q> <q> <q>",
        ("SelfChanging",),
        calls=2,
    ),
]  # fmt: skip

CASES = [*COUNTS, *MUTATORS, *BOTH]
