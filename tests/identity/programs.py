"""Pairs of small programs, and the laboratory that runs them.

A program is text. ``# file: prompts.py`` starts another file of it, ``# cell`` a notebook cell; what
comes first is ``program.py``. Every program imports ``ask``, the model, and ``cached``, the
decorator, from ``memo``, which the laboratory provides: so the same pairs run against any cache.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

DECORATORS = {
    "llm_memo": "from llm_memo import cached_completion as cached",
    "joblib": "import os, joblib\ncached = joblib.Memory(os.environ['LLM_MEMO_DIR'], verbose=0).cache",
    "cachier": "import os, cachier\ncached = cachier.cachier(cache_dir=os.environ['LLM_MEMO_DIR'])",
    "diskcache": "import os, diskcache\ncached = diskcache.Cache(os.environ['LLM_MEMO_DIR']).memoize()",
    "emboss": "import os, emboss\ncached = emboss.cached(emboss.SqliteCache(os.environ['LLM_MEMO_DIR']))",
    "cachau": "import os, cachau\ncached = cachau.cache(persist=os.environ['LLM_MEMO_DIR'])",
}
"""How ``memo`` comes by its decorator, for this cache and its peers."""

MODEL = '''
calls = 0

def ask(*args, **kwargs):
    """The model: is sent all that it is given, and counts what it is asked."""
    global calls
    calls += 1
    return repr((args, kwargs))
'''


@dataclass(frozen=True, slots=True)
class Pair:
    """Two programs, and whether the second may use the answers of the first, and the first the second's."""

    name: str
    before: str
    after: str
    hit: bool
    elsewhere: bool = False
    """The second one runs in another folder."""
    changed: str = ""
    """What `explain` has to say about the second where the first one's answer is kept: what was edited."""

    def __str__(self) -> str:
        return self.name


def edited(program: str, *edits: tuple[str, str]) -> str:
    """``program`` with each ``(old, new)`` replaced; every old text must be in it."""
    for old, new in edits:
        assert old in program, old
        program = program.replace(old, new)
    return program


def files_of(program: str) -> dict[str, str]:
    """The files that a program consists of: name → text."""
    parts = re.split(r"^# (file: .+|cell.*)\n", textwrap.dedent(program), flags=re.MULTILINE)
    files = {"program.py": parts[0]} if parts[0].strip() else {}
    for number, (head, text) in enumerate(zip(parts[1::2], parts[2::2], strict=True)):
        name = head.removeprefix("file: ") if head.startswith("file: ") else f"cell_{number:02}.py"
        files[name] = text
    return files


class Lab:
    """Two warm interpreters with different hash seeds, that run programs over a cache folder.

    Args:
        folder: Where programs and caches are written.
        decorator: The line of ``memo`` that imports the decorator as ``cached``.
        model: The model.
    """

    def __init__(self, folder: Path, decorator: str = DECORATORS["llm_memo"], model: str = MODEL) -> None:
        self.folder = folder
        self.memo = folder / "memo"
        self.memo.mkdir(parents=True)
        (self.memo / "memo.py").write_text(f"{decorator}\n{model}")
        self.interpreters = [self._interpreter(seed) for seed in ("1", "2")]
        self.runs = 0

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        for interpreter in self.interpreters:
            interpreter.communicate()

    def _interpreter(self, seed: str) -> subprocess.Popen[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LLM_MEMO")}
        environment |= {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
        environment |= {"XDG_CONFIG_HOME": str(self.folder), "IPYTHONDIR": str(self.folder / "ipython")}
        return subprocess.Popen(
            [sys.executable, str(HERE / "zygote.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def calls(self, program: str, cache: str, folder: str = "project") -> int:
        """How often ``program``, written to ``folder`` and run there, calls the model.

        Args:
            program: The text.
            cache: The name of the cache folder that it shares with others.
            folder: The folder; what another program left there goes.
        """
        return int(self.run(program, cache, folder)["calls"])

    def changed(self, pair: Pair) -> str:
        """What `explain` says that is changed, when the second program asks where the first one's answer is kept."""
        cache = f"{pair.name.replace(' ', '-')}-explained"
        self.calls(pair.before, cache)
        return "; ".join(self.run(pair.after, cache, "project", explain=True)["differences"])

    def run(
        self, program: str, cache: str, folder: str = "project", explain: bool = False, **variables: str
    ) -> dict[str, Any]:
        """What becomes of ``program``, written to ``folder`` and run there: calls, output, and warnings.

        Args:
            program: The text.
            cache: The name of the cache folder that it shares with others.
            folder: The folder; what another program left there goes.
            explain: Whether its first call is explained instead of made.
            **variables: Environment variables that are set for it.
        """
        home = self.folder / folder
        shutil.rmtree(home, ignore_errors=True)
        for name, text in files_of(program).items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(text)
        order: dict[str, Any] = {
            "folder": str(home),
            "cwd": str(home),
            "path": [str(home), str(self.memo)],
            "env": {"LLM_MEMO_DIR": str(self.folder / cache), **variables},
            "explain": explain,
        }
        interpreter = self.interpreters[self.runs % len(self.interpreters)]
        self.runs += 1
        assert interpreter.stdin is not None
        assert interpreter.stdout is not None
        interpreter.stdin.write(json.dumps(order) + "\n")
        interpreter.stdin.flush()
        line = interpreter.stdout.readline()
        assert line.strip(), "the process of the program died"
        answer: dict[str, Any] = json.loads(line)
        assert answer["error"] == "", answer["error"]
        return answer

    def verdict(self, pair: Pair, revert: bool = True) -> str:
        """What a cache does wrong with a pair, in both directions; nothing if it does as it should.

        Args:
            pair: Two programs.
            revert: Whether it should find the old answers again when an edit is taken back.
        """
        other = "elsewhere" if pair.elsewhere else "project"
        wrong = []
        for way, first, second in (("forth", pair.before, pair.after), ("back", pair.after, pair.before)):
            cache = f"{pair.name.replace(' ', '-')}-{way}"
            alone = self.calls(first, cache)
            calls = self.calls(second, cache, other)
            if alone != 1:
                wrong.append(f"{way}: {alone} calls at first, not one")
            if pair.hit and calls:
                wrong.append(f"{way}: {calls} calls where there should be a hit")
            if not pair.hit and not calls:
                wrong.append(f"{way}: a hit where there should be a call")
            if revert and not pair.hit and way == "forth" and (again := self.calls(first, cache)):
                wrong.append(f"reverted: {again} calls where there should be a hit")
        return "; ".join(wrong)
