"""The README's code runs, in its order, as it stands."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from llm_memo.settings import SCOPES
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


def test_our_lines_of_the_migration_table_run(tmp_path: Path) -> None:
    """Each option and method that the migration table names on our side works as it stands there."""
    from llm_memo import cache_policy, cached_completion, configure

    table = README.read_text().partition("| there | here |")[2].partition("\n\n")[0]
    ours = " ".join(row.split("|")[2] for row in table.strip().splitlines()[1:])

    def plain(text: str, client: object = None) -> str:
        return text

    for option in re.findall(r"@cached_completion\(([^)]*)\)", ours):
        function = eval(f"cached_completion({option.replace('…', str(tmp_path))})", vars() | globals())(plain)
        assert "a" == function("a")
    function = cached_completion(cache_dir=tmp_path / "theirs", ignore=["client"])(plain)
    function("a")
    assert function.is_cached("a", client=object())
    for option in ('policy="writeOnly"', 'policy="readOnly"', "ttl=60"):
        assert option in ours
        assert "a" == eval(f"function.with_options({option})('a')")
    with cache_policy("readOnly"), configure(cache_dir=tmp_path):
        assert "a" == function("a")
    assert 0 < function.cache_info().hits
    assert 1 == function.cache_clear().entries
    assert plain is function.__wrapped__
