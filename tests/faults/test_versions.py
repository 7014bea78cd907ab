"""Several versions of the user's code, of llm_memo and of the key on one folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from anew import forget
from witness import Counted

from llm_memo import Cache, NotStored, UntrustedEntry, cached_completion
from llm_memo.stores import entry

Run = Callable[..., str]


def test_two_versions_of_a_function(cache_dir: Path) -> None:
    """Two versions of a function's code that are used in turn each keep their own entries."""
    calls = []

    @cached_completion(name="ask")
    def first(text: str) -> str:
        calls.append(1)
        return text + "1"

    @cached_completion(name="ask")
    def second(text: str) -> str:
        calls.append(2)
        return text + "2"

    for _ in range(3):
        assert ["a1", "a2"] == [first("a"), second("a")]
    assert [1, 2] == calls
    assert 2 == Cache().info("ask").entries


def test_two_versions_in_two_processes(run: Run, cache_dir: Path) -> None:
    """A script that is edited back and forth between its runs calls once for each version."""
    text = """
        from llm_memo import Cache, cached_completion

        @cached_completion(name="ask")
        def ask(text):
            print("called", end=" ")
            return text + "VERSION"

        print(ask("a"), Cache().info().entries)
    """
    assert "called a1 1\n" == run(text.replace("VERSION", "1"))
    assert "called a2 2\n" == run(text.replace("VERSION", "2"))
    assert "a1 2\n" == run(text.replace("VERSION", "1"))
    assert "a2 2\n" == run(text.replace("VERSION", "2"))


@pytest.fixture
def newer(counted: Counted) -> bytes:
    """The entry of "a", in a format that a later version has written."""
    counted.ask("a")
    path = counted.path("a")
    content = path.read_bytes()
    path.write_bytes(content[:8] + bytes([entry.FORMAT + 1]) + content[9:])
    forget()
    counted.calls.clear()
    return path.read_bytes()


def test_an_entry_of_a_later_version_is_left_alone(counted: Counted, newer: bytes) -> None:
    """An entry of a later version is a miss, and stays as it is: the answer is returned and not kept."""
    for _ in range(2):
        assert [NotStored] == counted.warned("a")
    assert ["a", "a"] == counted.calls
    assert newer == counted.path("a").read_bytes()
    with pytest.warns(NotStored, match="later version.*update llm_memo"):
        counted.ask.with_options(policy="writeOnly")("a")
    assert newer == counted.path("a").read_bytes()


def test_an_entry_of_a_later_version_is_listed_as_such(counted: Counted, newer: bytes) -> None:
    """Verify names entries of a later version and leaves them; they are counted, and only removed when all are."""
    path = counted.path("a")
    assert (0, (), (str(path),), (), ()) == Cache().verify()
    assert [] == Cache().entries()
    assert (0, 0) == Cache().clear(older_than=0)
    assert 1 == Cache().info().entries
    assert newer == path.read_bytes()
    assert counted.ask.forget("a")
    assert [] == counted.warned("a")


def test_another_key_for_a_while(counted: Counted, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries that were refused while the key was another come back with verify, under their own key."""
    for text in "abc":
        counted.ask(text)
    own = os.environ["XDG_CONFIG_HOME"]
    monkeypatch.setenv("XDG_CONFIG_HOME", str(cache_dir.parent / "another"))
    forget()
    assert [UntrustedEntry] == counted.warned("a")
    assert 2 == len(Cache().verify().quarantined)
    assert 1 == Cache().verify().entries
    monkeypatch.setenv("XDG_CONFIG_HOME", own)
    forget()
    found = Cache().verify()
    assert {str(counted.path("b")), str(counted.path("c"))} == set(found.restored)
    assert (2, (str(counted.path("a")),)) == found[:2]
    assert {str(counted.path("a"))} == set(Cache().verify().restored)
    counted.calls.clear()
    for text in "abc":
        assert [] == counted.warned(text)
    assert [] == counted.calls


def test_an_entry_that_was_bought_again_stays(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was refused and has been replaced since stays in quarantine."""
    counted.ask("a")
    path = counted.path("a")
    content = path.read_bytes()
    path.write_bytes(content + b"?")
    forget()
    assert [UntrustedEntry] == counted.warned("a")
    refused = next((path.parents[2] / "quarantine").iterdir())
    refused.write_bytes(content)
    assert () == Cache().verify().restored
    assert refused.exists()
