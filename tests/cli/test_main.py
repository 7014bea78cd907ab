"""How a command ends: errors, warnings, Ctrl-C and closed pipes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_memo import Cache, StoreError
from llm_memo.cli import main


def test_errors_are_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """A folder that is a file, a bad environment, a disk that fails: one line each, and no traceback."""
    (tmp_path / "file").write_text("")
    assert 1 == main(["ls", "--cache-dir", str(tmp_path / "file")])
    assert "is a file" in capsys.readouterr().err
    monkeypatch.setenv("LLM_MEMO_TTL", "soon")
    assert 2 == main(["info"])
    assert "LLM_MEMO_TTL" in capsys.readouterr().err


def test_warnings_are_a_line(filled: Cache, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """A warning is said without the line of code that it came from."""
    import warnings

    def verify(self: Cache) -> Any:
        warnings.warn("the folder is odd", stacklevel=1)
        raise StoreError("no key")

    monkeypatch.setattr("llm_memo.cache.Cache.verify", verify)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert 1 == main(["verify"])
    assert "llm-memo: warning: the folder is odd\nllm-memo: no key\n" == capsys.readouterr().err


def test_an_interrupt_is_quiet(filled: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends a command with the exit code that shells expect."""
    monkeypatch.setattr("llm_memo.cache.Cache.verify", _raising(KeyboardInterrupt))
    assert 130 == main(["verify"])


def test_a_closed_pipe_is_quiet(filled: Cache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """When nobody reads any more the command ends, and Python's own flush at exit finds no pipe to complain of."""
    monkeypatch.setattr("llm_memo.cache.Cache.verify", _raising(BrokenPipeError))
    with open(tmp_path / "out", "w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert 0 == main(["verify"])
        assert os.fstat(out.fileno()).st_rdev == os.stat(os.devnull).st_rdev


def _raising(error: type[BaseException]) -> Callable[[Any], Any]:
    def fail(self: Any) -> Any:
        raise error

    return fail
