"""The assertions in tests/typing hold for both type checkers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TYPING = ROOT / "tests" / "typing"


@pytest.mark.long
@pytest.mark.xdist_group("mypy")
def test_mypy_agrees(mypy: list[str]) -> None:
    """mypy, as strict as it can be, finds no error in what is shown to be right, and each that is shown to be one."""
    done = subprocess.run([*mypy, *map(str, TYPING.glob("*.py"))], capture_output=True, text=True, cwd=ROOT)
    assert (0, "") == (done.returncode, done.stderr), done.stdout


@pytest.mark.node
def test_pyright_agrees() -> None:
    """So does pyright."""
    command = ["npx", "--yes", "pyright@1.1.411", "--pythonpath", sys.executable, str(TYPING)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert 0 == done.returncode, done.stdout
