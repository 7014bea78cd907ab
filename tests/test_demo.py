"""``llm-memo demo``: what it shows is so, or its exit code says otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from llm_memo import CachePolicy, cached_completion, demo
from llm_memo.cli import main
from llm_memo.settings import SCOPES
from llm_memo.testing import ModelServer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local server answers at once."""
    monkeypatch.setattr(demo, "LATENCY", 0.0)


def test_without_a_key_it_brings_its_own_model() -> None:
    """A fresh process with nothing set: misses, hits, policies, an edited prompt, entries, and a summary; exit 0."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "llm_memo", "demo"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (0, "") == (done.returncode, done.stderr)
    lines = done.stdout.splitlines()
    assert "llm_memo asks gpt-5.2 on a small server in this process" == lines[0]
    assert [4, 5, 1] == [sum(f"  {outcome} " in line for line in lines) for outcome in ("miss", "hit", "refresh")]
    assert any("CacheMiss" in line for line in lines)
    assert any("explain: global SYSTEM changed" in line for line in lines)
    assert "What is kept: 4 entries, a file each" in lines
    assert any(line.startswith("   cleared: 4 entries") for line in lines)
    assert lines[-1].startswith("5 of 10 calls were hits: saved ")
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in done.stdout


def test_with_a_server_of_ones_own_it_asks_that(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """OPENAI_BASE_URL is asked, for the first model that it has; four questions and a refresh are paid."""
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    assert 0 == main(["demo"])
    shown = capsys.readouterr().out
    assert "at 127.0.0.1" in shown
    assert "OPENAI_BASE_URL is set" in shown
    assert 5 == server.requests
    assert {str(server.log[0].body["model"])} == {request.body["model"] for request in server.log}


def test_the_model_can_be_named(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """--model is the model that is asked."""
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "test")
    assert 0 == main(["demo", "--model", "tiny"])
    assert {"tiny"} == {request.body["model"] for request in server.log}


def test_a_model_that_does_not_answer_is_a_line(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error of the model's is told with what to do without it; exit 1."""
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    server.fail(401)
    assert 1 == main(["demo"])
    told = capsys.readouterr().err
    assert "The model did not answer: AuthenticationError" in told
    assert "the demo brings its own" in told


def test_nothing_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cache_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its folder is its own and goes with it; settings of the user's neither disturb it nor are changed."""
    monkeypatch.setenv("LLM_MEMO_POLICY", "off")
    monkeypatch.setenv("LLM_MEMO_TTL", "0")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = SCOPES.configured
    assert 0 == demo.main()
    assert before == SCOPES.configured
    assert [] == [path.name for path in tmp_path.iterdir() if path.name.startswith("llm_memo-demo-")]
    assert not cache_dir.exists()
    assert CachePolicy.OFF == cached_completion(len).cache_parameters()["policy"]


def test_a_claim_that_does_not_hold_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """If the cache did not do what is shown, the demo says what and exits with 1."""

    def uncached(function: Any) -> Any:
        return cached_completion(function).with_options(policy="off")

    monkeypatch.setattr(demo, "cached_completion", uncached)
    assert 1 == demo.main()
    told = capsys.readouterr().err
    assert "Not as it should be: Why is the sky blue? is a hit" in told
    assert "Not as it should be: replay raises CacheMiss" in told
    assert "Not as it should be: four answers are kept" in told
