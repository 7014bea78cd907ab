"""The functions whose answers the commands find, and `llm-memo` as a process, in a pipe and in a terminal."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from llm_memo import cached_completion, completion_usage

ROOT = Path(__file__).parent.parent.parent


@cached_completion(name="project.summarize")
def summarize(text: str, *, model: str = "gpt-5.2") -> str:
    completion_usage(model=model, input_tokens=7, output_tokens=5)
    return f"A summary of {text}"


@cached_completion(name="project.reports.draft")
def draft(topic: str) -> dict[str, Any]:
    return {"topic": topic, "lines": (1, 2)}


def started(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """What a process of its own did, all warnings being errors."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "llm_memo", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )


def in_terminal(*arguments: str, typed: str = "", columns: int = 80, script: str | None = None) -> tuple[int, str]:
    """The exit code, and what a terminal showed."""
    pty = pytest.importorskip("pty")
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    how = ["-c", script] if script else ["-m", "llm_memo"]
    process = subprocess.Popen(
        [sys.executable, "-W", "error", *how, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "NO_COLOR": ""},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    if typed:
        os.write(ours, typed.encode())
    shown = b""
    with contextlib.suppress(OSError):  # Linux's way to say that the other side is gone
        while chunk := os.read(ours, 65536):
            shown += chunk
    os.close(ours)
    return process.wait(), shown.decode().replace("\r\n", "\n")
