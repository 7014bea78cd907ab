"""The command line as it is understood, and its help."""

from __future__ import annotations

import sys

import pytest

from cli.commands import started
from llm_memo.cli import main


def test_help_teaches() -> None:
    """--help lists the commands with examples; each command explains itself; 80 columns are enough."""
    shown = started("--help").stdout
    for text in ("llm-memo demo", "--stale-code", "exit codes", "clear", "prune", "verify"):
        assert text in shown
    assert max(map(len, shown.splitlines())) <= 80
    for command in ("ls", "show", "info", "clear", "prune", "verify", "path", "demo"):
        with pytest.raises(SystemExit) as end:
            main([command, "--help"])
        assert 0 == end.value.code


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bogus"], "invalid choice: bogus\nSee llm-memo --help"),
        (["lss"], "invalid choice: lss; did you mean ls?"),
        (["delete"], "invalid choice: delete; did you mean forget?"),
        (["ls", "--al1"], "unrecognized arguments: --al1; did you mean --all?\nSee llm-memo ls --help"),
        (["--cachedir", "x", "ls"], "unrecognized arguments: --cachedir; did you mean --cache-dir?"),
        (["--cachedir", "ls", "info"], "unrecognized arguments: --cachedir; did you mean --cache-dir?"),
        (["--cachedir=x", "lss"], "unrecognized arguments: --cachedir; did you mean --cache-dir?"),
        (["--cache", "x", "lss"], "invalid choice: lss; did you mean ls?"),
        (["--cache-dir", "x", "lss"], "invalid choice: lss; did you mean ls?"),
        (["clear", "--olderthan", "3d"], "did you mean --older-than?"),
        (["ls", "--search", "fox"], "did you mean --text?"),
        (["completion", "bsh"], "did you mean bash?"),
        (["prune"], "give --max-bytes, --max-entries or --older-than"),
        (["prune", "--max-bytes", "1XB"], "it is like '500MB'"),
        (["prune", "--max-entries", "-1"], "--max-entries"),
        (["ls", "-n", "few"], "not a whole number"),
        (["clear", "--older-than", "soon"], "is not a duration"),
        (["show"], "KEY"),
    ],
)
def test_what_is_not_understood_is_exit_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake on the command line says what would have been right."""
    try:
        code: object = main(arguments)
    except SystemExit as end:
        code = end.code
    assert 2 == code
    assert message in capsys.readouterr().err


def test_python_m_is_the_same(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m llm_memo` is `llm-memo`, and --version tells which."""
    import runpy

    import llm_memo

    monkeypatch.setattr(sys, "argv", ["llm-memo", "--version"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("llm_memo", run_name="__main__")
    assert (0, f"llm-memo {llm_memo.__version__}\n") == (end.value.code, capsys.readouterr().out)


def test_no_command_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Without arguments there is help, on standard output, and nothing is wrong."""
    with pytest.raises(SystemExit) as end:
        main([])
    assert 0 == end.value.code
    shown = capsys.readouterr()
    assert "llm-memo ls summarize -n 5" in shown.out
    assert "" == shown.err
