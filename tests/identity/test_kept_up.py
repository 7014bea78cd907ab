"""What code only keeps up is left out of a key; what it depends on is not, and programs say what they say uncached."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest

from llm_memo import cached_completion

PROGRAMS = {
    "a helper sets what is tested": """
class Agent:
    def __init__(self, mode): self.mode = mode
    def switch(self, mode): self.mode = mode
    @cached
    def ask(self, q):
        if q.startswith("/long"): self.switch("long")
        return ("Be brief. " if self.mode == "short" else "Be long. ") + q
out = [Agent("short").ask("q"), Agent("long").ask("q")]
""",
    "a helper sets what another chooses by": """
class Fallback:
    def __init__(self, small=False): self.small = small
    def trip(self): self.small = True
    def model(self): return "small" if self.small else "big"
    @cached
    def ask(self, q):
        try: return q + self.model()
        except OSError: self.trip(); return q
out = [Fallback().ask("q"), Fallback(True).ask("q")]
""",
    "a helper counts what is measured": """
class Agent:
    def __init__(self, *seen): self.seen = list(seen)
    def mark(self, q): self.seen.append(q)
    @cached
    def ask(self, q):
        known = "hello" in self.seen
        self.mark(q)
        return q + str(known) + str(len(self.seen) == 1)
out = [Agent().ask("q"), Agent("hello").ask("q")]
""",
    "a property reads the history": """
class Chat:
    def __init__(self, *h): self.messages = list(h)
    def remember(self, q): self.messages.append(q)
    @property
    def prompt(self): return "|".join(self.messages)
    @cached
    def ask(self, q): self.remember(q); return self.prompt
    @cached
    def ask_own(self, q): self.messages.append(q); return self.prompt
out = [getattr(Chat(*h), name)("q") for name in ("ask", "ask_own") for h in ((), ("I am Bob",))]
""",
    "a function is given the object": """
import functools
def render(chat): return "|".join(chat.messages)
class Chat:
    def __init__(self, *h): self.messages = list(h)
    def __str__(self): return "|".join(self.messages)
    def __iter__(self): return iter(self.messages)
    def complete(self): return render(self)
    partly = functools.partialmethod(render)
    @cached
    def ask_partly(self, q): self.messages.append(q); return self.partly()
    @cached
    def ask(self, q): self.messages.append(q); return render(self)
    @cached
    def ask_text(self, q): self.messages.append(q); return f"{self}"
    @cached
    def ask_items(self, q): self.messages.append(q); return "|".join(self)
    @cached
    def ask_passed(self, q): self.messages.append(q); return (lambda f: f())(self.complete)
class Child(Chat):
    @cached
    def ask_super(self, q): self.messages.append(q); return super().complete()
names = ("ask", "ask_partly", "ask_text", "ask_items", "ask_passed", "ask_super")
out = [getattr(Child(*h), name)("q") for name in names for h in ((), ("I am Bob",))]
""",
    "a schedule": """
class Bot:
    def __init__(self, temperature): self.temperature = temperature
    def _cool(self): self.temperature *= 0.5
    @property
    def params(self): return {"temperature": self.temperature}
    @cached
    def ask(self, q):
        reply = f"{q} {self.params}"
        self._cool()
        return reply
out = [Bot(1.0).ask("q"), Bot(0.2).ask("q")]
""",
    "an object whose get() gives a dict that is edited": """
class Config:
    def __init__(self, system): self.system = system
    def get(self): return {"system": self.system}
CONFIG = Config("terse")
@cached
def ask(q):
    params = CONFIG.get()
    params["input"] = q
    return str(params)
class Agent:
    def __init__(self, system): self.config = Config(system)
    @cached
    def ask(self, q):
        params = self.config.get()
        params["input"] = q
        return str(params)
out = [ask("q")]
CONFIG.system = "rude"
out += [ask("q"), Agent("terse").ask("q"), Agent("rude").ask("q")]
""",
    "settings beside a counter": """
class Agent:
    def __init__(self, model): self.options = {"model": model, "calls": 0}
    def bump(self): self.options["calls"] += 1
    @cached
    def ask(self, q):
        self.bump()
        return q + self.options.get("model")
out = [Agent("small").ask("q"), Agent("big").ask("q")]
""",
    "settings beside a counter of one's own": """
class Agent:
    def __init__(self, model): self.options = {"model": model, "calls": 0}
    @cached
    def ask(self, q):
        self.options["calls"] += 1
        return q + self.options.get("model")
OPTIONS = {"model": "small"}
@cached
def ask(q):
    OPTIONS[q] = q
    return q + OPTIONS.get("model")
out = [Agent("small").ask("q"), Agent("big").ask("q"), ask("q")]
OPTIONS["model"] = "big"
out += [ask("q")]
""",
    "the names in a dict of counters": """
TOOLS = {"search": 0}
@cached
def ask(q):
    for tool in TOOLS:
        q += " " + tool
        TOOLS[tool] += 1
    return q
out = [ask("q")]
TOOLS["web"] = 0
out += [ask("q")]
""",
    "a board of numbers": """
BOARD = [0, 0, 0]
@cached
def ask(place):
    BOARD[place] = 1
    return "".join(".XO"[cell] for cell in BOARD)
out = [ask(0)]
BOARD[:] = [0, 2, 2]
out += [ask(0)]
""",
    "numbers that are taken one by one": """
LEVELS = [0.2, 0.9]
@cached
def ask(q):
    reply = f"{q} {LEVELS[0]}"
    LEVELS.pop(0)
    return reply
out = [ask("q")]
out += [ask("q")]
WEIGHTS = {"a": 1.0}
@cached
def weigh(q):
    WEIGHTS.update({"b": 2.0})
    return " ".join(str(weight) for weight in WEIGHTS.values())
out += [weigh("q")]
WEIGHTS.update(a=3.0)
out += [weigh("q")]
""",
    "items by number": """
H = ["a", "b", "c"]
@cached
def ask(q):
    H.append(q)
    for n in range(2): q += H[n]
    return q
class Chat:
    def __init__(self, *h): self.messages = list(h)
    def last(self, n): return self.messages[n]
    @cached
    def ask(self, q): self.messages.append(q); return self.last(0)
out = [ask("q")]
H[:] = ["x", "y", "b"]
out += [ask("q"), Chat("a").ask("q"), Chat("b").ask("q")]
""",
    "names that are joined": """
NAMED = {"a": 1}
@cached
def names(q): NAMED[q] = 1; return ", ".join(NAMED.keys())
out = [names("q")]
NAMED["z"] = 1
out += [names("q")]
""",
    "histories by user": """
HISTORIES = {"bob": []}
@cached
def ask(user, q):
    HISTORIES[user].append(q)
    return "|".join(HISTORIES[user])
@cached
def ask_set(user, q):
    messages = HISTORIES.setdefault(user, [])
    messages.append(q)
    return f"{messages}"
class Sessions:
    def __init__(self, *h): self.held = {"bob": list(h)}
    @cached
    def ask(self, user, q):
        messages = self.held.setdefault(user, [])
        messages.append(q)
        return str(messages)
    @cached
    def ask_item(self, user, q):
        self.held[user].append(q)
        return "|".join(self.held[user])
out = [ask("bob", "q")]
HISTORIES["bob"] = ["I am allergic to nuts"]
out += [ask("bob", "q")]
HISTORIES["bob"] = []
out += [ask_set("bob", "q")]
HISTORIES["bob"] = ["I am allergic to nuts"]
out += [ask_set("bob", "q")]
out += [getattr(Sessions(*h), name)("bob", "q") for name in ("ask", "ask_item") for h in ((), ("I am allergic",))]
""",
    "a memory with methods of its own": """
class Memory:
    def __init__(self, *h): self.held = list(h)
    def add(self, q): self.held.append(q)
    def get(self): return "|".join(self.held)
class Agent:
    def __init__(self, *h): self.memory = Memory(*h)
    @cached
    def ask(self, q): self.memory.add(q); return self.memory.get()
out = [Agent().ask("q"), Agent("I am Bob").ask("q")]
""",
    "a global chat that is handed on as a whole": """
class Chat:
    def __init__(self): self.messages = []
    def __str__(self): return "|".join(self.messages)
    def __iter__(self): return iter(self.messages)
CHAT = Chat()
@cached
def ask(q): CHAT.messages.append(q); return f"{CHAT}"
@cached
def ask_items(q): CHAT.messages.append(q); return "|".join(CHAT)
@cached
def ask_each(q): CHAT.messages.append(q); return str([m for m in CHAT])
out = []
for f in (ask, ask_items, ask_each):
    CHAT.messages[:] = []
    out += [f("q")]
    CHAT.messages[:] = ["I am Bob"]
    out += [f("q")]
""",
}
"""What is asked for is a different question each time; ``out`` is what was answered."""


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_depended_on_counts(name: str) -> None:
    """With the cache a program says what it says without."""
    assert said(name, lambda function: function) == said(name, cached_completion)


def said(name: str, cached: Any) -> Any:
    """What a program says, as a module of the user's own."""
    module = types.ModuleType("kept_up_program")
    sys.modules[module.__name__] = module
    vars(module)["cached"] = cached
    exec(compile(PROGRAMS[name], "<program>", "exec", dont_inherit=True), vars(module))
    return vars(module)["out"]


ONLY_KEPT_UP = {
    "a count and a log by helpers": """
class Agent:
    def __init__(self): self.total = 0; self.log = []; self.last = None
    @cached
    def ask(self, q): return self._go(q)
    def _go(self, q):
        self.total += 1
        self.log.append(q)
        self.last = q
        return answer(q)
ask = Agent().ask
""",
    "a tool that the function is given": """
class Model:
    def __init__(self): self.total = 0
    def complete(self, q): self.total += 1; return answer(q)
model = Model()
@cached
def summarize(model, q): return model.complete(q)
ask = lambda q: summarize(model, q)
""",
    "windows by model": """
import collections, time
WINDOWS = collections.defaultdict(collections.deque)
@cached
def ask(q):
    window = WINDOWS["m"]
    now = time.time()
    while window and now - window[0] > 60: window.popleft()
    window.append(now)
    return answer(q)
""",
    "a memo of one's own": """
MEMO = {}
@cached
def ask(q):
    if q in MEMO: return MEMO[q]
    MEMO[q] = answer(q)
    return MEMO[q]
""",
    "names that take turns": """
NAMES = ["one", "two"]
@cached
def ask(q):
    name = NAMES.pop(0)
    NAMES.append(name)
    return answer(q) if name else q
""",
    "locks and loggers": """
import asyncio, logging, threading
class Agent:
    def __init__(self):
        self.lock, self.log, self.gate = threading.Lock(), logging.getLogger("a"), asyncio.Semaphore(3)
    @cached
    def ask(self, q):
        with self.lock:
            self.log.debug(q)
            return answer(q)
ask = Agent().ask
""",
}


@pytest.mark.parametrize("name", ONLY_KEPT_UP)
def test_what_is_only_kept_up_does_not_count(name: str) -> None:
    """What a function and its helpers only keep up makes no call a miss."""
    answered: list[str] = []
    module = types.ModuleType("kept_up_program")
    sys.modules[module.__name__] = module
    vars(module).update(cached=cached_completion(name=name), answer=Answer(answered))
    exec(compile(ONLY_KEPT_UP[name], "<program>", "exec", dont_inherit=True), vars(module))
    assert list("abab") == [vars(module)["ask"](q) for q in "abab"]
    assert ["a", "b"] == answered


class Answer:
    """A model that notes what it was asked."""

    def __init__(self, answered: list[str]) -> None:
        self.answered = answered

    def __call__(self, q: str) -> str:
        self.answered.append(q)
        return q

    def __memo_key__(self) -> str:
        return "a model"


def test_sums_of_sums_are_soon_followed() -> None:
    """A value that is computed from itself over and over takes no longer to follow each time."""
    steps = "\n".join(f"    x{n + 1} = x{n} + x{n}" for n in range(200))
    names: dict[str, Any] = {"__name__": "__main__", "T": [0]}
    exec(f"def ask(text):\n    x0 = T[0]\n{steps}\n    return text + str(x200)\n", names)
    assert "a0" == cached_completion(names["ask"])("a")
