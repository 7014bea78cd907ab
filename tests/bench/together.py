"""One cold key, asked by 16 threads in each of 8 processes at once: how often is the model called?"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

from llm_memo.testing import model_server

from .contestants import named
from .run import Part, Run, answer_of
from .table import OURS, Goal, Row, one_each
from .work import Work

PROCESSES, THREADS = 8, 16
LATENCY = 0.5
"""Seconds that the model takes."""


def question(text: str) -> str:
    """A function that calls a model, with a client of its own."""
    from openai import OpenAI

    with OpenAI(base_url=os.environ["BENCH_MODEL"], api_key="none", max_retries=0) as client:
        return client.responses.create(model="gpt-5.2", input=text).output_text


ONE_KEY = Work("together", question, lambda number: ("Why is the sky blue?",), lambda number: "")


def together(run: Run) -> list[Row]:
    """Model calls per contestant."""
    asked = {}
    for name in [OURS] if run.quick else [OURS, "diskcache", "joblib"]:
        if name in {kind.name for kind in run.kinds}:
            with model_server() as server:
                server.latency = LATENCY
                os.environ["BENCH_MODEL"] = server.base_url
                _ask_together(run, name)
                asked[name] = float(server.requests)
    title = f"{PROCESSES} processes × {THREADS} threads, one cold key"
    return [Row("flight", title, "model calls", one_each(asked), (Goal(1),))]


def _ask_together(run: Run, name: str) -> None:
    processes = [run.start("ask", name, run.folder / "together" / name) for _ in range(PROCESSES)]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [answer for process in processes for answer in answer_of(process)]
    assert len(answers) == PROCESSES * THREADS
    assert len(set(answers)) == 1, "not all were told the same"


def ask(kind: str, folder: str) -> list[str]:
    """The answers that the threads of this process get, all asking when told to."""
    import openai  # noqa: F401 - before the word is given

    cached: Any = named(kind)(Path(folder)).cached(ONE_KEY)
    answers: list[str] = []
    at_once = threading.Barrier(THREADS)

    def one() -> None:
        at_once.wait()
        answers.append(cached(*ONE_KEY.question(0)))

    print("ready", flush=True)
    sys.stdin.readline()
    threads = [threading.Thread(target=one) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


PARTS: dict[str, Part] = {"flight": together}
