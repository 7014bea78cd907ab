"""``llm-memo demo``: a few questions, each twice, over real HTTP, in a cache folder of its own.

With ``OPENAI_API_KEY`` or ``OPENAI_BASE_URL`` set it asks that model, else a server in this process.
What is printed as code is what runs, and what is claimed is checked: the exit code says so.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from llm_memo import Cache, CacheMiss, cache_policy, cached_completion, configure
from llm_memo.display import amounts
from llm_memo.display.plain import Ink, aligned, cut
from llm_memo.display.sheet import Cell, Column, Span

LATENCY = 0.4
"""Seconds that the local server takes to answer, as models do."""
_MODEL = "gpt-5.2"
_WIDTH = 80
_SOURCE = """\
SYSTEM = "Answer in one short sentence."

@cached_completion
def ask(question: str, *, model: str = "{model}"):
    return client.chat.completions.create(
        model=model,
        messages=[
            {{"role": "system", "content": SYSTEM}},
            {{"role": "user", "content": question}},
        ],
    )
"""
_QUESTIONS = ("Why is the sky blue?", "Why is the sea salt?", "Why do cats purr?")
_EDITED = "Answer in one short sentence, in rhyme."


def main(model: str | None = None) -> int:
    """Show it; returns 0 if everything was as it should be, else 1.

    Args:
        model: The model to ask; None for the first that ``OPENAI_BASE_URL`` offers, or a usual one.
    """
    import openai

    with contextlib.ExitStack() as stack:
        try:
            client, where = stack.enter_context(_client())
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="llm_memo-demo-"))
            stack.enter_context(configure(cache_dir=folder, policy="readWrite", ttl=None))
            return Demo(client, where, model or _offered(client)).run()
        except openai.OpenAIError as fault:
            print(f"\nThe model did not answer: {type(fault).__name__}: {fault}", file=sys.stderr)
            print("Without OPENAI_API_KEY and OPENAI_BASE_URL, the demo brings its own.", file=sys.stderr)
            return 1


@contextlib.contextmanager
def _client() -> Iterator[tuple[Any, tuple[str, str]]]:
    """A client, where it asks, and why there."""
    from openai import OpenAI

    key, url = os.environ.get("OPENAI_API_KEY"), os.environ.get("OPENAI_BASE_URL")
    if key or url:
        with OpenAI(api_key=key or "none") as client:
            yield client, (f"at {client.base_url.host}", "since OPENAI_API_KEY or OPENAI_BASE_URL is set")
        return
    from llm_memo.testing import model_server

    with model_server(latency=LATENCY) as server, OpenAI(base_url=server.base_url, api_key="demo") as client:
        yield client, ("on a small server in this process", "set OPENAI_API_KEY or OPENAI_BASE_URL for a real one")


def _offered(client: Any) -> str:
    """The model to ask: of a server of the user's own, the first that it has."""
    if not os.environ.get("OPENAI_BASE_URL"):
        return _MODEL
    return str(next(iter(client.models.list())).id)


class Demo:
    """The demo, step by step.

    Args:
        client: A client of OpenAI's SDK.
        where: Where it asks, and why there.
        model: The model.
    """

    def __init__(self, client: Any, where: tuple[str, str], model: str) -> None:
        self.where = where
        self.model = model
        self.source = _SOURCE.format(model=model)
        self.namespace: dict[str, Any] = {
            "__name__": "demo",
            "client": client,
            "cached_completion": cached_completion,
        }
        exec(self.source, self.namespace)
        self.ask = self.namespace["ask"]
        ink = Ink.of(sys.stdout)
        self.ink = Ink(min(ink.width or _WIDTH, _WIDTH), colour=ink.colour)
        self.wrong: list[str] = []

    def run(self) -> int:
        """Everything, in order."""
        self.say((Span("llm_memo", "strong"), Span(f" asks {self.model} {self.where[0]}")))
        self.say(Span(self.where[1], "dim"))
        print()
        for line in self.source.splitlines():
            self.say(Span(f"  {line}", "dim"))
        self.ask_twice()
        self.refresh_and_replay()
        self.edit_the_prompt()
        self.list_and_clear()
        return self.end()

    def ask_twice(self) -> None:
        """Misses, then hits."""
        self.step("Ask three questions, then the same again")
        first = [self.call(question, "miss") for question in _QUESTIONS]
        again = [self.call(question, "hit") for question in _QUESTIONS]
        self.expect("the second answers are the first ones", first == again)

    def refresh_and_replay(self) -> None:
        """Two policies at work."""
        self.step("Policies: writeOnly asks anew and keeps that; replay never asks")
        with cache_policy("writeOnly"):
            self.call(_QUESTIONS[0], "refresh")
        with cache_policy("replay"):
            self.call(_QUESTIONS[0], "hit")
            try:
                self.ask("Why do dogs bark?")
            except CacheMiss as miss:
                reason = str(miss).rpartition("argument question: ")[2]
                self.row("Why do dogs bark?", Span("CacheMiss", "bad"), "", "no request is sent")
                self.say(Span(f"     the nearest kept call: {reason}", "dim"))
            else:
                self.expect("replay raises CacheMiss", False)

    def edit_the_prompt(self) -> None:
        """The function reads SYSTEM, so another SYSTEM is another question."""
        self.step("Edit the prompt: another question. Take it back: the old answer")
        before = self.namespace["SYSTEM"]
        self.namespace["SYSTEM"] = _EDITED
        self.say(Span(f'   SYSTEM = "{_EDITED}"', "dim"))
        changed = [each.partition(":")[0] for each in self.ask.explain(_QUESTIONS[0]).differences]
        self.expect("explain names SYSTEM and nothing else", changed == ["global SYSTEM"])
        self.call(_QUESTIONS[0], "miss")
        self.say(Span(f"     explain: {', '.join(changed)} changed", "dim"))
        self.namespace["SYSTEM"] = before
        self.say(Span(f'   SYSTEM = "{before}"', "dim"))
        self.call(_QUESTIONS[0], "hit")

    def list_and_clear(self) -> None:
        """What is in the folder, then nothing."""
        entries = self.ask.entries()
        self.step(f"What is kept: {amounts.count(len(entries), 'entry')}, a file each")
        columns = (
            Column("key"),
            Column("code"),
            Column("arguments", wide=True),
            Column("took", right=True),
            Column("tokens", right=True),
            Column("size", right=True),
        )
        rows = tuple(
            (
                Span(entry.key[:8], "dim"),
                Span("earlier", "warn") if entry.stale_code else Span("present", "good"),
                entry.arguments.partition(", model=")[0],
                amounts.duration(entry.seconds),
                f"{(entry.input_tokens or 0) + (entry.output_tokens or 0):,}",
                amounts.size(entry.size),
            )
            for entry in entries
        )
        for line in aligned(columns, rows, self.ink, margin=3):
            print(f"   {line}")
        self.expect("four answers are kept", len(entries) == 4)
        self.info = self.ask.cache_info()
        went = Cache().clear(self.ask)
        self.say((Span("   cleared: "), Span(f"{amounts.count(went.entries, 'entry')}, {amounts.size(went.bytes)}")))
        self.expect("clearing leaves nothing", went.entries == 4 and not self.ask.entries())

    def end(self) -> int:
        """One line that sums it up; and what was not as it should be."""
        print()
        info = self.info
        saved = [amounts.duration(info.seconds_saved), amounts.count(info.tokens_saved, "token")]
        if info.money_saved:
            saved.append(f"{amounts.money(info.money_saved)} at {self.model} prices")
        hits = f"{info.hits} of {info.calls} calls were hits"
        self.say((Span(hits, "good"), Span(f": saved {', '.join(saved)}.")))
        for claim in self.wrong:
            print(f"Not as it should be: {claim}", file=sys.stderr)
        return 1 if self.wrong else 0

    # How it is said

    def call(self, question: str, outcome: str) -> str:
        """Ask, show what came of it, and check that it is ``outcome``."""
        before = self.ask.cache_info()
        started = time.perf_counter()
        reply = self.ask(question)
        took = time.perf_counter() - started
        after = self.ask.cache_info()
        counts = {"hit": "hits", "miss": "misses", "refresh": "refreshes"}
        came = [word for word, field in counts.items() if getattr(after, field) > getattr(before, field)]
        self.expect(f"{question} is a {outcome}", came == [outcome])
        tokens = amounts.count(reply.usage.total_tokens, "token") if reply.usage else ""
        tone = Span(outcome, "good" if outcome == "hit" else "warn")
        self.row(question, tone, amounts.duration(took), f"{tokens} saved" if outcome == "hit" else tokens)
        return str(reply.choices[0].message.content)

    def expect(self, claim: str, true: bool) -> None:
        """Note a claim that does not hold."""
        if not true:
            self.wrong.append(claim)

    def step(self, title: str) -> None:
        """Begin a part."""
        print()
        self.say(Span(title, "strong"))

    def row(self, question: str, outcome: Span, took: str, note: str) -> None:
        """One call, in columns."""
        padding = " " * (9 - len(outcome.text))
        self.say((Span(f"   {question:<24}  "), outcome, Span(f"{padding}  {took:>7}  "), Span(note, "dim")))

    def say(self, text: Cell) -> None:
        """One line, as long as the terminal is wide."""
        print(self.ink(cut(text, self.ink.width or _WIDTH)).rstrip(), flush=True)
