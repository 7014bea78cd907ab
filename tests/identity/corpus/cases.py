"""What a program of the corpus is, and what is right.

A program is text. It starts after ``from memo import ask, cached``: the model, which answers ``ask("p")`` with
``"<p>"``, and the decorator. ``# file: prompts.py`` starts another file of it. It prints the answers that it got, so
that a wrong hit is seen in what is printed, and a needless miss in the number of calls.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from programs import edited

PRELUDE = "from memo import ask, cached\n"

MODEL = '''
calls = 0

def ask(p):
    """The model: answers with what it is asked, and counts."""
    global calls
    calls += 1
    return "<" + p + ">"
'''

Run = Callable[..., dict[str, Any]]
"""`programs.Lab.run`."""


def whole(text: str) -> str:
    """The text of a program with its first line."""
    return PRELUDE + textwrap.dedent(text).lstrip("\n")


def words(text: str) -> str:
    """What was printed, each run of blanks and line ends as one blank."""
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class Program:
    """One program, run without a cache, with an empty one, and once more in another process."""

    name: str
    text: str
    right: str
    """What it prints, but for blanks."""
    warns: tuple[str, ...] = ()
    """The warnings, by class, one each; one that warns `SelfChanging` may ask and print otherwise when run again."""
    calls: int | None = None
    """How often the model is called; None: once for each different answer."""
    again: int = 0
    """How often the model is called when the same program runs once more, in another process."""
    off: str | None = None
    """What it prints without a cache; None: what is right; ``"*"``: that is another matter."""
    second: str | None = None
    """What it prints in a second process, if it is something else."""
    says: tuple[str, ...] = ()
    """What the warnings say, among others."""

    def __str__(self) -> str:
        return self.name

    def verdict(self, run: Run) -> str:
        """What is wrong with what becomes of it; nothing if all is right."""
        text, cache = whole(self.text), self.name.replace("/", " ")
        right = self.right if self.second is None else self.second
        expected = len(set(re.findall("<[^<>]*>", self.right))) if self.calls is None else self.calls
        off = self.right if self.off is None else self.off
        uncached = words(run(text, cache, LLM_MEMO_POLICY="off")["output"])
        first, second = run(text, cache), run(text, cache)
        said = " ".join(message for _, message in first["warned"])
        wrong = [
            *differs("without a cache it prints", uncached, uncached if off == "*" else off),
            *differs("it prints", words(first["output"]), self.right),
            *differs("calls", first["calls"], expected),
            *differs("warnings", sorted(kind for kind, _ in first["warned"]), sorted(self.warns)),
        ]
        if "SelfChanging" in self.warns:
            wrong += differs("SelfChanging in a second process", "SelfChanging" in dict(second["warned"]), True)
        else:
            wrong += differs("calls in a second process", second["calls"], self.again)
            wrong += differs("in a second process it prints", words(second["output"]), right)
        wrong += [f"no warning says {text!r}, but {said!r}" for text in self.says if text not in said]
        return "; ".join(wrong)


@dataclass(frozen=True, slots=True)
class Edit:
    """A program and the program after an edit, run in processes of their own over one cache folder."""

    name: str
    before: str
    after: str
    hit: bool
    """Whether the second may use what the first was answered."""
    elsewhere: bool = False
    """The second one runs in another folder."""

    def __str__(self) -> str:
        return self.name

    def verdict(self, run: Run) -> str:
        """What is wrong with what becomes of it; nothing if all is right."""
        before, after, cache = whole(self.before), whole(self.after), self.name.replace("/", " ")
        there = "elsewhere" if self.elsewhere else "project"
        right = words(run(after, cache, there, LLM_MEMO_POLICY="off")["output"])
        first, second, back = run(before, cache), run(after, cache, there), run(before, cache)
        wrong = [
            *differs("after the edit it prints", words(second["output"]), right),
            *differs("when the edit is taken back, calls", back["calls"], 0),
            *differs("warnings", [kind for kind, _ in first["warned"] + second["warned"]], []),
        ]
        if first["calls"] == 0:
            wrong.append("the model was not called at all")
        if self.hit and second["calls"]:
            wrong.append(f"{second['calls']} calls after the edit, though nothing that counts has changed")
        if not self.hit and not second["calls"]:
            wrong.append("a hit after the edit, though something that counts has changed")
        return "; ".join(wrong)


Case = Program | Edit


def differs(what: str, got: object, right: object) -> list[str]:
    """One line if a value is not what is right."""
    return [] if got == right else [f"{what}: {got!r}, right: {right!r}"]


def hit(name: str, text: str, *edits: tuple[str, str], elsewhere: bool = False) -> Edit:
    """Edits that cost nothing."""
    return Edit(name, text, edited(text, *edits), True, elsewhere)


def miss(name: str, text: str, *edits: tuple[str, str]) -> Edit:
    """Edits by which the question is another one."""
    return Edit(name, text, edited(text, *edits), False)


def asking(head: str, expression: str, change: str, body: str) -> str:
    """A program whose function is called before and after a change."""
    body = textwrap.indent(textwrap.dedent(body).strip("\n") + "\n", "    ") if body else ""
    function = f"@cached\ndef f(q):\n{body}    return ask({expression} + q)\n"
    return f"{textwrap.dedent(head)}\n{function}print(f('q'))\n{textwrap.dedent(change)}\nprint(f('q'))\n"


def reads(name: str, head: str, expression: str, change: str, body: str = "", **more: Any) -> Program:
    """A program whose function asks with an expression that is ``"terse "``, and after the change ``"rude "``."""
    return Program(name, asking(head, expression, change, body), "<terse q> <rude q>", **more)


def skips(name: str, head: str, expression: str, change: str, body: str = "", **more: Any) -> Program:
    """A program whose function asks with an expression that is ``"terse "``; the change is of nothing that counts."""
    return Program(name, asking(head, expression, change, body), "<terse q> <terse q>", **more)


def writes(name: str, head: str, statement: str, **more: Any) -> Program:
    """A program whose function only writes something: its second call is a hit."""
    text = f"{textwrap.dedent(head)}\n@cached\ndef f(q):\n{textwrap.indent(textwrap.dedent(statement), '    ')}\n"
    return Program(name, text + "    return ask(q)\nprint(f('q'), f('p'), f('q'))\n", "<q> <p> <q>", **more)
