"""A project of 300 modules and 3,000 functions, of which one reaches 300; and its first call in a new process."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from .run import Part, Run
from .table import OURS, Goal, Row
from .timing import figure

MODULES, FUNCTIONS, REACHED = 300, 10, 300
"""Modules, functions in each, and how many of all these the cached function reaches."""

_HEAD = '''"""Module {number} of a project: what it does with texts."""

from __future__ import annotations

import json
import re
{imports}
PROMPT_{number} = "You are assistant {number}. Answer in plain words, and say so when you do not know."
SETTINGS_{number} = {{"model": "gpt-5.2", "temperature": 0.{number}, "stop": ["END", "STOP"]}}
BLANKS = re.compile(r"\\\\s+")

'''
_FUNCTION = '''
def step_{number}_{place}(text: str, limit: int = {place}) -> str:
    """Step {place} of module {number}."""
    words = [word for word in BLANKS.split(text.strip()) if word]
    if len(words) > limit and SETTINGS_{number}["temperature"] >= 0:
        words = words[:limit] + [str(len(words) - limit)]
    counts: dict[str, int] = {{}}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    try:
        found = json.dumps({{"prompt": PROMPT_{number}, "counts": sorted(counts.items())}}, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise RuntimeError(f"step {place} of {number}") from error
    return f"{{found}} {{len(words):>6}}" + {then}

'''
_MAIN = '''"""What is asked."""

from llm_memo import cached_completion
{imports}


@cached_completion
def ask(text: str) -> str:
    """Ask the model."""
    return {calls}
'''


def write(folder: Path, modules: int = MODULES) -> None:
    """Write the project: each module calls on into the next, ten of them deep; nine tenths of all are not reached."""
    package = folder / "app"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('"""An application."""\n')
    for number in range(modules):
        following = number % 10 != 9
        imports = f"\nfrom app import m{number + 1}\n" if following else ""
        text = _HEAD.format(number=number, imports=imports)
        for place in range(FUNCTIONS):
            then = f"m{number + 1}.step_{number + 1}_{place}(text)" if following else '""'
            text += _FUNCTION.format(number=number, place=place, then=then)
        (package / f"m{number}.py").write_text(text)
    heads = range(0, modules, 10)
    imports = "\n".join(f"from app import m{number}" for number in heads)
    calls = " + ".join(f"m{number}.step_{number}_0(text)" for number in heads)
    (package / "main.py").write_text(_MAIN.format(imports=imports, calls=calls))


def first_call(folder: str, cache: str) -> list[float]:
    """Seconds that the first call of the project's function takes in this process, and how many it reaches."""
    sys.path.insert(0, folder)
    from app import main  # type: ignore[import-not-found]

    from llm_memo import configure

    with configure(cache_dir=cache):
        begun = time.perf_counter()
        main.ask("A text of a few words.")
        taken = time.perf_counter() - begun
        snapshot = main.ask._self_memo.key_builder.fingerprint.current()
    return [taken, float(len(snapshot.code))]


def first_calls(run: Run) -> list[Row]:
    """The first call with an empty cache folder, and with one that earlier processes have used."""
    folder = run.folder / "project"
    write(folder)
    run.child("first_call", folder, run.folder / "project-warm-up")  # compiles the modules
    empty, known = [], []
    for number in range(run.rounds):
        cache = run.folder / f"project-cache-{number}"
        for taken in (empty, known):
            seconds, reached = run.child("first_call", folder, cache)
            assert reached == REACHED + 1, f"{reached:.0f} functions are reached"
            taken.append(seconds * 1e3)
    title = f"first call, {MODULES} modules, {MODULES * FUNCTIONS:,} functions, {REACHED} reached"
    return [
        Row("first-call", f"{title}: an empty folder", "ms", {OURS: figure(empty)}, (Goal(500),)),
        Row("first-call", f"{title}: the folder known", "ms", {OURS: figure(known)}, (Goal(150),)),
    ]


PARTS: dict[str, Part] = {"first-call": first_calls}
