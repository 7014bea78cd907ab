"""The code of the README, and of the guide that goes on from it, runs in its order, as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from llm_memo.settings import SCOPES
from llm_memo.testing import ModelServer

README = Path(__file__).parent.parent / "README.md"
GUIDE = README.parent / "notebooks" / "guide.md"


def blocks(language: str) -> list[str]:
    """The code blocks in one language, of the README and then of the guide."""
    text = README.read_text() + GUIDE.read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.mark.slow
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


TYPED = """
from typing import assert_type

assert_type(summarize("a"), str)
assert_type(extract("a"), City | None)
assert_type(words("a"), Iterator[str])
assert_type(fresh, str)
assert_type(answers, list[str])
assert_type(three, list[str])
"""


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """A folder with the README's examples, and one that is called llm_memo and is no package, as a clone may be."""
    (tmp_path / "llm_memo").mkdir()
    (tmp_path / "examples.py").write_text("\n\n".join(blocks("python")) + TYPED)
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "reportUnusedExpression": false}')
    return tmp_path


def checked(folder: Path, *command: str) -> str:
    """What a type checker prints of the examples."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_script_beside_the_clone_imports_it(beside: Path) -> None:
    """Installed from a clone, the library is found by scripts in the folder that the clone lies in."""
    (beside / "script.py").write_text("from llm_memo import cached_completion")
    assert "" == checked(beside, sys.executable, "script.py")


@pytest.mark.long
@pytest.mark.xdist_group("mypy")
def test_mypy_knows_the_types_of_the_examples(beside: Path, mypy: list[str]) -> None:
    """mypy --strict has nothing to say of the examples, and knows what the cached functions return."""
    assert "Success: no issues found in 1 source file\n" == checked(beside, *mypy, "examples.py")


@pytest.mark.node
def test_pyright_knows_the_types_of_the_examples(beside: Path) -> None:
    """Pyright says the same, in strict mode, in which nothing is of an unknown type."""
    command = ("npx", "--yes", "pyright@1.1.414", "--pythonpath", sys.executable, "examples.py")
    assert "0 errors" in checked(beside, *command)


def test_there_are_two_commands() -> None:
    """The README has two shell commands, each of one line: the demo and the tests."""
    demo, tests = (block.strip() for block in blocks("sh"))
    assert "\n" not in demo + tests
    assert demo.endswith("llm-memo demo")
    assert "pytest" in tests


def test_our_lines_of_the_migration_table_run(tmp_path: Path) -> None:
    """Each option and method that the migration table names on our side works as it stands there."""
    from llm_memo import cache_policy, cached_completion, configure

    table = GUIDE.read_text().partition("| there | here |")[2].partition("\n\n")[0]
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


def test_the_readme_is_short() -> None:
    """Whoever opens it has read it in five minutes; what is longer is in the guide."""
    assert len(README.read_text().splitlines()) < 250


def test_links_lead_somewhere() -> None:
    """Every link of the README and of the guide to a file of this repository finds it, and its heading."""
    for page in (README, GUIDE):
        for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text()):
            path, _, heading = target.partition("#")
            file = page.parent / path if path else page
            assert file.exists(), target
            if heading:
                titles = re.findall(r"^## (.+)$", file.read_text(), re.MULTILINE)
                assert heading in [re.sub(r"[^\w-]", "", title.lower().replace(" ", "-")) for title in titles], target
