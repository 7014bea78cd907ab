"""Tab in a shell: the scripts that ``llm-memo completion`` prints, run by the shells themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from llm_memo import cached_completion
from llm_memo.cli import main

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def shell_env(tmp_path: Path) -> dict[str, str]:
    """An environment in which ``llm-memo`` is this tree's, and a folder with entries of two functions."""
    for name in ("project.summarize", "project.draft"):
        cached_completion(name=name)(lambda: 1)()
    command = tmp_path / "bin" / "llm-memo"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m llm_memo "$@"\n')
    command.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
    }


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The script for a shell."""
    assert 0 == main(["completion", shell])
    return capsys.readouterr().out


TABS = {
    "l": {"ls"},
    "": {
        "ls",
        "show",
        "info",
        "export",
        "clear",
        "forget",
        "prune",
        "verify",
        "path",
        "functions",
        "completion",
        "demo",
    },
    "ls --te": {"--text"},
    "ls --": {"--text", "--model", "--older-than", "--newer-than", "--stale-code", "--all", "--json", "--cache-dir"},
    "clear pro": {"project.summarize", "project.draft"},
    "export project.s": {"project.summarize"},
    "show --an": {"--answer"},
    "completion f": {"fish"},
}
"""What was typed → what Tab offers, at least."""


@pytest.mark.slow
@pytest.mark.parametrize("typed", TABS)
def test_bash(typed: str, shell_env: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """bash completes commands, their options, and names of functions."""
    words = ["llm-memo", *typed.split(" ")]
    line = " ".join(f"'{word}'" for word in words)
    program = f"""{script("bash", capsys)}
COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _llm_memo; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", program], env=shell_env, capture_output=True, text=True, timeout=60)
    assert "" == done.stderr
    offered = set(done.stdout.split())
    assert TABS[typed] <= offered
    assert all(word.startswith(words[-1]) for word in offered)


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize("typed", TABS)
def test_fish(typed: str, shell_env: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """fish completes the same, with what each does beside it."""
    program = f"{script('fish', capsys)}complete -C 'llm-memo {typed}'\n"
    done = subprocess.run(
        ["fish", "--no-config", "-c", program], env=shell_env, capture_output=True, text=True, timeout=60
    )
    assert "" == done.stderr
    offered = {line.split("\t")[0] for line in done.stdout.splitlines()}
    assert TABS[typed] <= offered


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh(shell_env: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """zsh takes bash's function, which works in it as well."""
    program = f"""{script("zsh", capsys)}
emulate bash; COMP_WORDS=(llm-memo clear pro); COMP_CWORD=2; _llm_memo; printf '%s\\n' "${{COMPREPLY[@]}}"
whence -w _bash_complete; print ${{_comps[llm-memo]}}
"""
    done = subprocess.run(["zsh", "-f", "-c", program], env=shell_env, capture_output=True, text=True, timeout=60)
    assert "" == done.stderr
    assert {"project.summarize", "project.draft"} <= set(done.stdout.split())
    assert "_bash_complete -o default -F _llm_memo" in done.stdout


def test_all_options_have_a_help_in_fish(capsys: pytest.CaptureFixture[str]) -> None:
    """Quotes in helps do not end them."""
    lines = script("fish", capsys).splitlines()
    assert any("\\'" in line for line in lines)
    assert all(line.startswith("complete -c llm-memo -") for line in lines)
