"""The README's code runs, in its order, as it stands."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from llm_memo.policy import SCOPES
from llm_memo.testing import ModelServer

README = Path(__file__).parent.parent / "README.md"


def blocks(language: str) -> list[str]:
    """The README's code blocks in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)


def test_every_block_runs(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Python blocks run one after the other in one namespace, against the test server."""
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "test")
    before = SCOPES.configured
    monkeypatch.setitem(sys.modules, "readme", module := ModuleType("readme"))
    namespace = vars(module)
    try:
        for number, block in enumerate(blocks("python")):
            exec(compile(block, f"README.md, block {number}", "exec"), namespace)
        namespace["test_summarize_asks_once"](tmp_path / "tested")
    finally:
        SCOPES.configured = before
        namespace["client"].close()
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == printed[1]
    assert "1" == printed[2]


def test_there_are_two_commands() -> None:
    """The README has two shell commands, each of one line: the demo and the tests."""
    demo, tests = (block.strip() for block in blocks("sh"))
    assert "\n" not in demo + tests
    assert demo.endswith("llm-memo demo")
    assert "pytest" in tests
