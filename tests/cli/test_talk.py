"""What a command asks and prints."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

from cli.commands import summarize
from llm_memo import Cache, cached_completion
from llm_memo.cli import main


class Odd:
    def __init__(self) -> None:
        self.numbers = {1}


def test_json_of_what_json_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    """Objects are their attributes, and anything else a text."""

    made = cached_completion(name="project.object")(lambda: Odd())
    made()
    assert 0 == main(["show", "--json", made.entries()[0].key])
    assert {"numbers": "{1}"} == json.loads(capsys.readouterr().out)["answer"]


@pytest.mark.parametrize(("typed", "code", "left"), [("yes\n", 0, 0), ("", 1, 4)])
def test_no_answer_is_no(
    filled: Cache, monkeypatch: pytest.MonkeyPatch, capsys: Any, typed: str, code: int, left: int
) -> None:
    """The question goes to standard error, so that output can be redirected; an end of input is a no."""
    keyboard = io.StringIO(typed)
    monkeypatch.setattr(keyboard, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stdin", keyboard)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert code == main(["clear"])
    told = capsys.readouterr()
    assert "Remove 4 entries" in told.err
    assert "Remove" not in told.out
    assert left == filled.info().entries


def test_an_interrupt_ends_the_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """After ^C the shell's prompt begins a line of its own, and so it does after an end of input at a question."""

    def interrupted(*_: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("llm_memo.cli.looking.Folder.functions", interrupted)
    assert 130 == main(["functions"])
    assert "\n" == capsys.readouterr().err
    summarize("rain")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert 1 == main(["clear"])
    assert "[y/N] \nllm-memo: nothing was removed\n" in capsys.readouterr().err
