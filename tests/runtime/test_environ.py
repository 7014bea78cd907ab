"""Environment variables: those that are ours, and those that only look so."""

from __future__ import annotations

import pytest

from llm_memo import MemoWarning, cached_completion
from llm_memo.runtime import environ


@pytest.fixture(autouse=True)
def _nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environ, "_warned", set())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("LLM_MEMO_TLL", "did you mean LLM_MEMO_TTL"),
        ("LLM_MEMO_VERBOSITY_OF_LOGS", "there are LLM_MEMO_DIR, LLM_MEMO_POLICY"),
    ],
)
def test_a_mistyped_variable_is_told_once(name: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that begins as ours and is none is one warning in a process, which says what was meant."""
    monkeypatch.setenv(name, "7d")
    ask = cached_completion(str.upper)
    with pytest.warns(MemoWarning, match=f"{name} .*{said}") as caught:
        assert "A" == ask("a")
    monkeypatch.setenv("LLM_MEMO_TTL", "8d")
    assert "B" == ask("b")
    assert 1 == len(caught)


def test_our_own_are_no_surprise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the variables that we read, and of others' variables, nothing is said."""
    for name, value in [("LLM_MEMO_POLICY", "readOnly"), ("LLM_MEMO_OLD_KEYS", "sixteen letters!"), ("LLM_M", "1")]:
        monkeypatch.setenv(name, value)
    assert "A" == cached_completion(str.upper)("a")
