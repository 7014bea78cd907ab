"""One run of the bench: who takes part, for how long, in which folder; and its child processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .contestant import Cached, Contestant
from .table import Row
from .work import Work

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Run:
    """What all parts of a run share."""

    kinds: tuple[type[Contestant], ...]
    """The contestants, ours first."""
    folder: Path
    """An empty folder, deleted afterwards."""
    quick: bool = False
    full: bool = False

    @property
    def seconds(self) -> float:
        """How long one row is measured."""
        return 0.7 if self.quick else 4.0

    @property
    def rounds(self) -> int:
        """How many processes of each contestant are started, where each is one measurement."""
        return 2 if self.quick else 5

    def only(self, wanted: Callable[[type[Contestant]], bool]) -> list[type[Contestant]]:
        """Some of the contestants."""
        return [kind for kind in self.kinds if wanted(kind)]

    @contextmanager
    def opened(self, work: Work, label: str) -> Iterator[dict[str, Cached]]:
        """The cached function of each contestant that has a way to do the work, over folders of their own."""
        contestants = [kind(self.folder / label / kind.name) for kind in self.kinds]
        try:
            made = {each.name: each.cached(work) for each in contestants}
            yield {name: cached for name, cached in made.items() if cached is not None}
        finally:
            for each in contestants:
                each.close()

    def start(self, task: str, *arguments: object) -> subprocess.Popen[str]:
        """A child process that does a task of `child`."""
        return subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.child", task, *map(str, arguments)],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def child(self, task: str, *arguments: object) -> Any:
        """What a child process says, as JSON, when it has done a task of `child`."""
        return answer_of(self.start(task, *arguments))


def answer_of(process: subprocess.Popen[str]) -> Any:
    """What a child says at its end.

    Raises:
        RuntimeError: It failed; what it wrote to stderr has been seen.
    """
    out, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{process.args} ended with {process.returncode}")
    return json.loads(out.splitlines()[-1])


def of_our_own(folder: Path) -> None:
    """Let nothing of the user's own take part, and leave nothing in the user's folders."""
    for variable in list(os.environ):
        if variable.startswith(("LLM_MEMO_", "OPENAI_", "LANGSMITH_", "LANGCHAIN_")):
            del os.environ[variable]
    os.environ["XDG_CONFIG_HOME"] = str(folder / "config")
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody's modules are to be compiled at each import
    os.environ["DSPY_CACHEDIR"] = str(folder / "dspy")


Part = Callable[[Run], list[Row]]
"""Measures some rows."""
