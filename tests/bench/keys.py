"""The key alone: bound, fingerprint of a function with 20 globals checked, encoded, hashed."""

from __future__ import annotations

import itertools
import re
from typing import Any

import joblib
from openai import OpenAI
from pydantic import BaseModel

from llm_memo import cached_completion

from .run import Part, Run
from .table import OURS, Row
from .timing import Task, in_turn
from .work import CHAT, LARGE, TEXT, TOOLS


class Answer(BaseModel):
    """A response model, as a function reads one."""

    text: str
    score: float = 0.0


SYSTEM, STYLE, TONE, AUDIENCE = "You are terse.", "In plain words.", "Friendly.", "For engineers."
MODEL, FALLBACK, REGION, LANGUAGE = "gpt-5.2", "gpt-5.2-mini", "eu", "en"
TEMPERATURE, TOP_P, SEED, LIMIT, RETRIES = 0.0, 1.0, 7, 1_000, 3
STRICT, EXTRA = True, None
STOP = ("END", "STOP")
SETTINGS = {"verbosity": "low", "reasoning": {"effort": "minimal"}}
EXAMPLES = ["one", "two", "three"]
BLANKS = re.compile(r"\s+")
client = OpenAI(base_url="http://127.0.0.1:9/v1", api_key="none")


def reads(*question: Any) -> tuple[Any, ...]:
    """A function that reads 20 globals: texts, numbers, containers, a pattern, a model class, a client."""
    return (
        *(SYSTEM, STYLE, TONE, AUDIENCE, MODEL, FALLBACK, LANGUAGE, TEMPERATURE, TOP_P, SEED),
        *(LIMIT, RETRIES, STRICT, EXTRA, STOP, SETTINGS, EXAMPLES, BLANKS.pattern, Answer, client),
        question,
    )


def _key(work: Any, name: str, title: str) -> Part:
    def measure(run: Run) -> list[Row]:
        cached = cached_completion(reads)
        most = 50 if work is LARGE else 2_000

        numbers = itertools.count()  # no question is asked twice

        def arguments(calls: int) -> list[tuple[Any, ...]]:
            return work.questions(itertools.islice(numbers, calls))

        tasks = {
            OURS: Task(cached.cache_key, arguments, most),
            "joblib": Task(lambda *question: joblib.hash(question), arguments, most),
        }
        found = in_turn(tasks, run.seconds / 2)
        return [Row(name, title, "µs", {each: figure.scaled(1e6) for each, figure in found.items()})]

    return measure


PARTS: dict[str, Part] = {
    f"key-{work.name}": _key(work, f"key-{work.name}", f"key and 20 globals, beside joblib.hash: {what}")
    for work, what in (
        (TEXT, "a short str"),
        (CHAT, "2 messages"),
        (TOOLS, "20 messages, tools"),
        (LARGE, "1 MB prompt"),
    )
}
