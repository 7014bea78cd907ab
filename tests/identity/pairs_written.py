"""Pairs that hit by the rules of the first edition and miss by the two sentences; each says which sentence decides."""

from __future__ import annotations

from pairs_hit import EXECUTED
from pairs_miss import other
from programs import Pair

ORDER = "The order of dict items counts."
KEYWORDS = "The order of named parameters is free; a **kw dict keeps its order, since the code sees it."
READ = "A value that is written and read otherwise (compared, popped, sent) counts, and so does a limiter of one's own."
RIGHT = "The right side, the key and the arguments of a write are reads of their own."
ESCAPES = "A value that is given to installed code counts whole, only-written parts too."
BYTECODE = "Where there is no source, code counts by its bytecode."
CONTAINERS = "Only writes are those of what now is a container of builtins or collections."


def keeping(name: str, head: str, line: str, start: tuple[str, str], changed: str) -> Pair:
    """A pair that must miss: the function reads what it writes, and that starts from another value."""
    program = f"from memo import ask, cached\n{head}\n@cached\ndef f(x):\n    {line}\n    return ask(x)\nf(1)\n"
    return other(name, program, start, changed=changed)


def called(name: str, before: str, after: str, changed: str) -> Pair:
    """A pair that must miss: the same function is called with one argument and with another."""
    program = "from memo import ask, cached\n@cached\ndef f(x=None, **kwargs):\n    return ask(x, **kwargs)\n"
    return Pair(name, f"{program}f({before})\n", f"{program}f({after})\n", False, changed=changed)


LIMITER = """\
import collections, time
class Limit:
    def __init__(self): self.times = {}
    def wait(self):
        now = time.time()
        while self.times and now - self.times[0] > 60: self.times.{}
        if len(self.times) > 9: time.sleep(60 - (now - self.times[0]))
        self.times.append(now)
limit = Limit()"""
TIMES = "import bisect, collections, datetime, heapq, time\nT = {}"
CONTEXT = "import contextvars\n"

BY_SENTENCE: dict[str, list[Pair]] = {
    ORDER: [
        called(
            "a dict's order differs",
            "{'a': 1, 'b': [2]}",
            "{'b': [2], 'a': 1}",
            "argument x: {'a': 1, 'b': [2]} → {'b': [2], 'a': 1}",
        ),
        other(
            "a global dict's order differs",
            "from memo import ask, cached\nD = {'a': 1, 'b': 2}\n@cached\ndef f(x):\n    return ask(x, D)\nf(1)\n",
            ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}"),
            changed="global D: {'a': 1, 'b': 2} → {'b': 2, 'a': 1}",
        ),
    ],
    KEYWORDS: [
        called(
            "keyword arguments come in another order",
            "1, a=1, b=2",
            "1, b=2, a=1",
            "argument kwargs: {'a': 1, 'b': 2} → {'b': 2, 'a': 1}",
        ),
    ],
    READ: [
        keeping(
            "a memo has entries",
            "M = {}",
            "M[x] = x if x in M else 1",
            ("M = {}", "M = {2: 2}"),
            "global M: {} → {2: 2}",
        ),
        keeping(
            "amounts by name, which are summed up, start elsewhere",
            "S = {}",
            "S[str(x)] = S.get(str(x), 0) + 1; sum(S.values())",
            ("S = {}", "S = {'1': 7}"),
            "global S: {} → {'1': 7}",
        ),
        *(
            keeping(
                f"a rate limiter with a {kind} of times was used before",
                LIMITER.format(made, shift),
                "limit.wait()",
                ("limit = Limit()", "limit = Limit(); limit.times.append(1.5)"),
                f"helper Limit.wait: argument self.times: {before} → {after}",
            )
            for kind, made, shift, before, after in (
                ("list", "[]", "pop(0)", "[]", "[1.5]"),
                ("deque", "collections.deque()", "popleft()", "deque([])", "deque([1.5])"),
            )
        ),
        keeping(
            "a global deque of the times of calls has one",
            TIMES.format("collections.deque()"),
            "\n    now = time.time()\n    while T and now - T[0] > 60: T.popleft()\n    T.append(now)",
            ("T = collections.deque()", "T = collections.deque([1.5])"),
            "global T: deque([]) → deque([1.5])",
        ),
        keeping(
            "a global list, looked at from its end, of the times of calls has one",
            TIMES.format("[]"),
            "T.append(time.time()); T[-1] > 60",
            ("T = []", "T = [1.5]"),
            "global T[-1]: not there → 1.5",
        ),
        keeping(
            "a global list, gone through, of the times of calls has one",
            TIMES.format("[]"),
            "T[:] = [t for t in T if time.time() - t < 60]; T.append(time.time())",
            ("T = []", "T = [1.7e9]"),
            "length T: 0 → 1",
        ),
        keeping(
            "a global list of times and tokens of the times of calls has one",
            TIMES.format("[]"),
            "T.append((datetime.datetime.now(), 3)); T[0][1] > 60; sum(n for t, n in T)",
            ("T = []", "T = [(datetime.datetime(2026, 1, 1), 9)]"),
            "global T: [] → [(datetime.datetime(2026, 1, 1, 0, 0), 9)]",
        ),
    ],
    RIGHT: [
        keeping(
            "a counter that a dict is updated with starts elsewhere",
            "S = {'n': 0}",
            "S.update(n=S['n'] + 1)",
            ("'n': 0", "'n': 7"),
            "global S['n']: 0 → 7",
        ),
    ],
    ESCAPES: [
        keeping(
            f"a global {kind} of the times of calls has one",
            TIMES.format("[]"),
            line,
            ("T = []", "T = [1.5]"),
            "global T: [] → [1.5]",
        )
        for kind, line in (("heap", "heapq.heappush(T, time.time())"), ("sorted list", "bisect.insort(T, time.time())"))
    ],
    CONTAINERS: [
        keeping(
            "a context variable that the function sets starts elsewhere",
            CONTEXT + "V = contextvars.ContextVar('V', default=0)",
            "V.set(V.get() + 1)",
            ("default=0", "default=7"),
            "global V.get() changed",
        ),
    ],
    BYTECODE: [
        other(
            "executed text gets a docstring", EXECUTED, ("    return", '    "Ask."\n    return'), changed="code changed"
        ),
    ],
}
WRITTEN = [pair for pairs in BY_SENTENCE.values() for pair in pairs]
"""All of them."""
