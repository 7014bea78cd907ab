"""What is kept of texts for later processes is a shortcut: without it, or with a bad one, keys are the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_memo.identity.code.analysis import code_digest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

PROJECT = """
import logging
from llm_memo import cached_completion
log = logging.getLogger("m")
PROMPT, WORDS = "Be brief.", {"a", "b", "c"}

def clean(text, count=2):
    log.info("cleaning %s", text)
    if text in {"x", "y", "z"}:
        print("short")
        text = text.strip()
    return [word for word in text.split() if word not in WORDS][:count]

PARTS = ["one", "two"]

class Bot:
    tone = "mild"
    def __init__(self): self.style = "kind"
    def say(self, text):
        parts = [part for part in PARTS] + [PARTS[len(text) % 2], type(self).tone, __name__]
        return PROMPT + self.style + str(clean(text)) + str(parts) + str({"m": 1}[__name__])

@cached_completion
def ask(text, bot=None): return (bot or Bot()).say(text)
"""


PROCESS = """
import sys, warnings
warnings.simplefilter("error")
import ast, json, importlib
import m
if len(sys.argv) > 2:
    importlib.import_module("pathlib").Path(m.__file__).write_text(sys.argv[2])
if sys.argv[1] == "call":
    m.ask("a b")
parsed = []
def note(event, what):
    if event == "compile" and what[1] == "<llm_memo>":
        parsed.append(what)
sys.addaudithook(note)
print(m.ask.cache_key("a b"), len(parsed))
"""


def process(folder: Path, *arguments: str, text: str | None = PROJECT, **environ: str) -> tuple[str, int]:
    """The key of the project's function in a new process, and how many texts were parsed to find it."""
    folder.mkdir(exist_ok=True)
    if text is not None:
        (folder / "m.py").write_text(text)
    (folder / "process.py").write_text(PROCESS)
    found = subprocess.run(
        [sys.executable, "-B", "process.py", *(arguments or ("look",))],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LLM_MEMO_DIR": str(folder / "cache"), **environ},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert "" == found.stderr
    key, parsed = found.stdout.split()
    return key, int(parsed)


def kept(folder: Path) -> Path:
    """The one file that they are kept in."""
    (file,) = (file for file in (folder / "cache" / ".analyses").rglob("*") if file.is_file())
    return file


def test_a_later_process_parses_nothing_and_makes_the_same_key(tmp_path: Path) -> None:
    """What the first call found is there for the next process, also of functions whose sets have another order."""
    alone, parsed = process(tmp_path)
    assert parsed > 0
    assert not (tmp_path / "cache").exists(), "nothing is made before the first answer is kept"
    process(tmp_path, "call")
    assert (alone, 0) == process(tmp_path)


def test_an_edit_parses_what_it_changed(tmp_path: Path) -> None:
    """Another text is parsed, and makes the key that it makes in an empty folder; the old text has its own again."""
    edited = PROJECT.replace("text.strip()", "text.lower()")
    key, _ = process(tmp_path, "call")
    other, parsed = process(tmp_path, text=edited)
    assert parsed > 0
    assert key != other
    assert other == process(tmp_path / "empty", text=edited)[0]
    assert key == process(tmp_path)[0]


def _flipped(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])


def _foreign(file: Path) -> None:
    file.unlink()
    process(file.parents[3], LLM_MEMO_KEY="the key of somebody else")
    assert file.exists()


BAD: dict[str, Callable[[Path], object]] = {
    "one bit": _flipped,
    "cut": lambda file: file.write_bytes(file.read_bytes()[:100]),
    "empty": lambda file: file.write_bytes(b""),
    "sealed by somebody else": _foreign,
    "no pickle at all": lambda file: file.write_bytes(b"\0" * file.stat().st_size),
}


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD)
def test_a_bad_file_costs_time_and_never_a_wrong_key(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    """A file that is not what we wrote is as good as none, is reported to nobody, and is written anew."""
    key, _ = process(tmp_path, "call")
    spoil(kept(tmp_path))
    again, parsed = process(tmp_path)
    assert key == again
    assert parsed > 0
    assert (key, 0) == process(tmp_path)


def test_code_that_the_text_does_not_compile_to_is_not_taken_for_it(tmp_path: Path) -> None:
    """A function whose file was edited after its import is not what an earlier process knows of that text."""
    key, _ = process(tmp_path, "call")
    assert key != process(tmp_path, "look", PROJECT, text=PROJECT.replace("text.strip()", "text.lower()"))[0]


def test_code_of_two_places_has_two_digests() -> None:
    """All of a code object tells it from others, but the name of its file."""

    def code(text: str, file: str = "a.py") -> bytes:
        names: dict[str, Any] = {}
        exec(compile(text, file, "exec"), names)
        return code_digest(names["f"].__code__)

    assert code("f = lambda: 1", "b.py") == code("f = lambda: 1")
    others = {"\nf = lambda: 1", "f = lambda: True", "f = lambda: 1.0", "def f(): return 1"}
    assert len(others) + 1 == len({code(text) for text in (*others, "f = lambda: 1")})
