"""What every test starts from: a cache folder, a seal key and settings of its own."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from looked_at import looked, things
from openai import AsyncOpenAI, OpenAI
from sdk import CANARY

from llm_memo.testing import ModelServer, model_server

__all__ = ["looked", "things"]  # fixtures

ROOT = Path(__file__).parent.parent

settings.register_profile("unhurried", deadline=None)  # a busy machine is no fault
settings.load_profile("unhurried")


SLOWER = ("long", "pairs", "node", "browser", "root", "users")
LIBRARIES = (
    "adapters/", "codec/", "identity/forms/", "notebook/", "requests/", "serve/", "behaviour/test_answers",
    "behaviour/test_processes", "test_batch", "test_outcome", "test_singleflight",
)  # fmt: skip
"""Where tests say whether a library does what it did."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """``-m quick`` is every test with none of `SLOWER`; ``-m smoke`` the quick ones that start no process.

    ``-m libraries`` are the quick ones in `LIBRARIES`.
    """
    for item in items:
        if not any(map(item.get_closest_marker, SLOWER)):
            item.add_marker("quick")
            if item.nodeid.removeprefix("tests/").startswith(LIBRARIES):
                item.add_marker("libraries")
            if not item.get_closest_marker("slow") and "run" not in getattr(item, "fixturenames", ()):
                item.add_marker("smoke")


def pytest_collection_finish() -> None:
    """What was imported so far stays; a collection of garbage need not look at it in each of thousands of tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing of the user's own takes part in a test."""
    for variable in list(os.environ):
        if variable.startswith(("LLM_MEMO_", "OPENAI_", "JPY_", "PYTEST_ADD")) or variable in ("COLUMNS", "LINES"):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("LLM_MEMO_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    """The cache folder that calls of this test use; it does not exist yet."""
    return tmp_path / "cache"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """A model server of this test's own."""
    with model_server() as running:
        yield running


@pytest.fixture
def client(server: ModelServer) -> Iterator[OpenAI]:
    """The real client, asking `server`."""
    with OpenAI(base_url=server.base_url, api_key=CANARY, max_retries=0) as ready:
        yield ready


@pytest.fixture
async def aclient(server: ModelServer) -> AsyncIterator[AsyncOpenAI]:
    """The same for coroutines."""
    async with AsyncOpenAI(base_url=server.base_url, api_key=CANARY, max_retries=0) as ready:
        yield ready


@pytest.fixture(scope="session")
def mypy(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """mypy as strict as it can be, without a configuration; what it finds out of libraries serves all tests."""
    cache = tmp_path_factory.mktemp("mypy")
    return [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}"]


Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs Python text as a script in a process of its own; returns what it printed."""

    def run_program(text: str, *args: str, name: str = "program.py", **env: str) -> str:
        script = tmp_path / name
        script.write_text(textwrap.dedent(text))
        done = subprocess.run(
            [sys.executable, "-W", "error", str(script), *args],
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=250,
        )
        assert (0, "") == (done.returncode, done.stderr)
        return done.stdout

    return run_program
