"""`clear`, `forget`, `prune` and `verify`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from cli.commands import in_terminal, started
from llm_memo import Cache
from llm_memo.cli import main


@pytest.mark.slow
def test_clear_asks_nobody_and_removes_nothing(filled: Cache) -> None:
    """Without a terminal and without --yes, nothing is removed, and exit code 2 says so."""
    for arguments in (["clear"], ["prune", "--max-entries", "0"]):
        done = started(*arguments, stdin=subprocess.DEVNULL)
        assert (2, "") == (done.returncode, done.stdout)
        assert "Remove 4 entries" in done.stderr
        assert "say --yes" in done.stderr
        assert 2 == main(arguments)
    assert 4 == filled.info().entries


@pytest.mark.slow
@pytest.mark.parametrize(("typed", "code", "left"), [("y\n", 0, 1), ("YES\n", 0, 1), ("\n", 1, 4), ("n\n", 1, 4)])
def test_clear_asks_in_a_terminal(filled: Cache, typed: str, code: int, left: int) -> None:
    """What would go is said; only yes removes it."""
    ended, shown = in_terminal("clear", "summarize", typed=typed)
    assert "Remove 3 entries of project.summarize" in shown
    assert ("3 entries of project.summarize removed" if code == 0 else "nothing was removed") in shown
    assert (code, left) == (ended, filled.info().entries)


def test_clear_with_yes(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """--yes removes at once, one function or all; clearing nothing is fine."""
    assert 0 == main(["clear", "summarize", "--yes"])
    assert capsys.readouterr().out.startswith("3 entries of project.summarize removed, ")
    assert 0 == main(["clear", "--yes", "--json"])
    assert [1, False] == [(went := json.loads(capsys.readouterr().out))["entries"], went["dry_run"]]
    assert 0 == main(["clear"])
    assert "0 entries removed, 0 B\n" == capsys.readouterr().out


def test_dry_run_removes_nothing(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """--dry-run counts what would go, for all filters."""
    for arguments, count in (
        (["clear"], 4),
        (["clear", "--older-than", "7d"], 0),
        (["clear", "--older-than", "0s"], 4),
        (["clear", "summarize", "--stale-code"], 0),
        (["prune", "--max-bytes", "0"], 4),
        (["prune", "--max-entries", "3"], 1),
        (["prune", "--older-than", "1w"], 0),
    ):
        assert 0 == main([*arguments, "--dry-run", "--json"])
        went = json.loads(capsys.readouterr().out)
        assert (count, True) == (went["entries"], went["dry_run"])
    assert 4 == filled.info().entries
    assert 0 == main(["clear", "--dry-run"])
    assert capsys.readouterr().out.startswith("would remove 4 entries, ")
    assert 0 == main(["clear", "summarize", "--dry-run"])
    assert capsys.readouterr().out.startswith("would remove 3 entries of project.summarize, ")


def test_prune_keeps_what_was_used_last(filled: Cache) -> None:
    """The entries used longest ago go first."""
    assert 0 == main(["prune", "--max-entries", "1", "--yes"])
    assert 1 == filled.info().entries


def test_verify(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """Whole entries are counted; what is damaged is put into quarantine, named, and exit code 1."""
    assert 0 == main(["verify"])
    assert "4 entries whole and sealed with your key\n" == capsys.readouterr().out
    damaged = Path(filled.entries()[0].path)
    damaged.write_bytes(b"damaged")
    assert 1 == main(["verify"])
    assert f"damaged or not yours, now in quarantine: {damaged}" in capsys.readouterr().out
    assert 0 == main(["verify", "--json"])
    assert {"entries": 3, "quarantined": [], "newer": []} == {
        name: item
        for name, item in json.loads(capsys.readouterr().out).items()
        if name in ("entries", "quarantined", "newer")
    }


def test_verify_leaves_what_it_does_not_know(
    filled: Cache, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files of a later version stay; what came back and what the disk would not give are named."""
    from llm_memo.cache import Verified

    found = Verified(1, (), ("newer",), ("unread",), ("restored",))
    monkeypatch.setattr("llm_memo.cache.Cache.verify", lambda self: found)
    assert 1 == main(["verify"])
    told = capsys.readouterr().out
    for line in (
        "of a later version, left in place: newer",
        "not readable, left in place: unread",
        "yours after all, out of quarantine: restored",
    ):
        assert line in told


def test_ages_without_end_clear_nothing(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """What is older than for ever is nothing, not everything."""
    assert 0 == main(["clear", "--older-than", "never", "--yes"])
    assert 0 == main(["prune", "--older-than", "never", "--yes"])
    assert 4 == filled.info().entries


@pytest.mark.slow
def test_single_entries_are_forgotten(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """forget, or rm, removes entries by their keys; a key that is none's removes nothing."""
    one, two, three, _ = filled.entries()
    assert 0 == main(["forget", one.key[:12], two.key, "--dry-run"])
    assert capsys.readouterr().out.startswith("would remove 2 entries of project.reports.draft, project.summarize, ")
    assert 1 == main(["forget", one.key, "zz", "--yes"])
    assert 4 == filled.info().entries
    assert 0 == main(["forget", one.key, two.key, "--yes"])
    assert 0 == main(["rm", three.key, "--yes"])
    assert 1 == filled.info().entries
    assert 2 == started("forget", filled.entries()[0].key, stdin=subprocess.DEVNULL).returncode
