"""Where this Python is, also for several threads at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FIRST_USES = """
import sys, threading
from llm_memo import Cache

Cache("given").path
barrier, paths = threading.Barrier(8), []

def first():
    barrier.wait()
    paths.append(Cache().path)

threads = [threading.Thread(target=first) for _ in range(8)]
sys.setswitchinterval(1e-6)
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(paths), *set(paths))
"""


@pytest.mark.slow
def test_the_first_uses_in_a_process_may_be_of_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is looked for but once is found half made by another thread."""
    monkeypatch.delenv("LLM_MEMO_DIR", raising=False)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "main.py").write_text(FIRST_USES)
    for _ in range(6):  # about every second one met it
        done = subprocess.run([sys.executable, "main.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert (f"8 {tmp_path / '.llm_memo'}\n", "") == (done.stdout, done.stderr)
