"""Entries that somebody, or a disk, has changed: each is a miss, and none is unpickled."""

from __future__ import annotations

import os
import pickle
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import pytest
from anew import forget
from witness import Counted

from llm_memo import Cache, CorruptEntry, NotStored, UntrustedEntry
from llm_memo.stores import entry, seal

pytestmark = pytest.mark.usefixtures("open_files")


def answers_anyway(counted: Counted, path: Path, content: bytes) -> list[type[Warning]]:
    """Put ``content`` in the place of the entry of "a", ask for it, and tell what was warned of."""
    path.write_bytes(content)
    forget()
    counted.calls.clear()
    warned = counted.warned("a")
    assert ["a"] == counted.calls
    return warned


@pytest.fixture
def kept(counted: Counted) -> bytes:
    """What is in the entry of "a"."""
    counted.ask("a")
    return counted.path("a").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("flip", [0x01, 0xFF])
def test_every_byte_flipped(flip: int, counted: Counted, kept: bytes) -> None:
    """An entry of which any one byte is another is refused, with one warning, and the call is made."""
    path = counted.path("a")
    for place in range(len(kept)):
        altered = kept[:place] + bytes([kept[place] ^ flip]) + kept[place + 1 :]
        warned = answers_anyway(counted, path, altered)
        is_magic, is_format = place < 8, place == 8
        is_cut_short = is_format or int.from_bytes(altered[9:17], "big") > len(altered) - entry.HEAD
        if is_format and altered[place] > entry.FORMAT:
            assert [NotStored] == warned
            path.unlink()
        else:
            assert [CorruptEntry if is_magic or is_cut_short else UntrustedEntry] == warned


@pytest.mark.slow
def test_every_truncation(counted: Counted, kept: bytes) -> None:
    """An entry that is cut short anywhere is refused, with one warning, and the call is made."""
    for length in range(len(kept)):
        counted.path("a").write_bytes(kept[:length])
        forget()
        with pytest.warns(CorruptEntry, match="cut short") as caught:
            counted.ask("a")
        assert 1 == len(caught)
    assert ["a"] * (1 + len(kept)) == counted.calls


@pytest.mark.parametrize("more", [b"\0", b"\n" * 100, pickle.dumps("B")], ids=["a byte", "lines", "a pickle"])
def test_appended_bytes(more: bytes, counted: Counted, kept: bytes) -> None:
    """An entry to which anything was appended is refused, with one warning, and the call is made."""
    assert [UntrustedEntry] == answers_anyway(counted, counted.path("a"), kept + more)
    assert [UntrustedEntry] == answers_anyway(counted, counted.path("a"), kept + kept)


def test_an_entry_under_another_name(counted: Counted, kept: bytes) -> None:
    """An entry copied to another call's place is refused there, and stays good in its own."""
    counted.ask("b")
    counted.path("b").write_bytes(kept)
    forget()
    counted.calls.clear()
    assert [UntrustedEntry] == counted.warned("b")
    assert [] == counted.warned("a")
    assert ["b"] == counted.calls


def test_seals_swapped(counted: Counted, kept: bytes) -> None:
    """An entry with the seal of another is refused."""
    counted.ask("b")
    other = counted.path("b").read_bytes()
    swapped = kept[:17] + other[17 : entry.HEAD] + kept[entry.HEAD :]
    assert [UntrustedEntry] == answers_anyway(counted, counted.path("a"), swapped)


def test_what_was_refused_is_in_quarantine(counted: Counted, kept: bytes, cache_dir: Path) -> None:
    """A refused file is kept in quarantine as it was; none takes another's place there."""
    altered = [kept + bytes([number]) for number in range(3)]
    for content in altered:
        answers_anyway(counted, counted.path("a"), content)
    assert altered == sorted(path.read_bytes() for path in (cache_dir / "quarantine").iterdir())


def test_no_message_holds_a_seal_or_key(counted: Counted, kept: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning of a refused entry tells what to do, and neither the key nor the seal that was expected."""
    monkeypatch.setenv("LLM_MEMO_KEY", "correct horse battery staple")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(counted.path("a").parents[4] / "another user"))
    forget()
    with pytest.warns(UntrustedEntry, match="LLM_MEMO_KEY") as caught:
        counted.ask("a")
    message = str(caught[0].message)
    expected = counted.path("a").read_bytes()[17 : entry.HEAD]
    for secret in ("horse", kept[17 : entry.HEAD].hex(), expected.hex(), seal.seal_key().hex()):
        assert secret not in message


class Evil:
    """Runs code in whoever unpickles it."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.canary),)


def headed(good: bytes, evil: bytes) -> bytes:
    """What is in front of the seal of an entry of that much evil."""
    return good[:9] + len(evil).to_bytes(8, "big")


Plant = Callable[[bytes, bytes, str], bytes]
PLANTS: dict[str, Plant] = {
    "bare": lambda evil, good, name: evil,
    "behind our magic": lambda evil, good, name: headed(good, evil) + secrets.token_bytes(32) + evil,
    "behind a good seal": lambda evil, good, name: headed(good, evil) + good[17 : entry.HEAD] + evil,
    "after a good entry": lambda evil, good, name: good + evil,
    "sealed with another key": lambda evil, good, name: entry.seal_anew(name, evil, b"k" * 32) + evil,
    "sealed without a key": lambda evil, good, name: entry.seal_anew(name, evil, b"") + evil,
}


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """What the planted code would make."""
    canary = tmp_path / "canary"
    yield canary
    assert not canary.exists()


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_file_never_runs(plant: str, counted: Counted, kept: bytes, canary: Path, tmp_path: Path) -> None:
    """Code in a planted joblib file is run by nothing that looks at it."""
    joblib.dump(Evil(canary), tmp_path / "evil.joblib")
    path = counted.path("a")
    planted = PLANTS[plant]((tmp_path / "evil.joblib").read_bytes(), kept, path.stem)
    entries = counted.ask.entries()
    path.write_bytes(planted)
    forget()
    with pytest.raises(LookupError):
        assert entries[0].value
    assert [] == Cache().entries()
    assert 1 == Cache().info().entries
    assert ["ask"] == Cache().functions()
    assert "miss" == counted.ask.explain("z").outcome
    assert (0, 0) == Cache().clear(older_than=0)
    path.write_bytes(planted)
    assert [str(path)] == list(Cache().verify().quarantined)
    assert [] == list(Cache().verify().restored)
    path.write_bytes(planted)
    assert [CorruptEntry if plant == "bare" else UntrustedEntry] == answers_anyway(counted, path, planted)


def test_the_planted_file_would_have_run(tmp_path: Path) -> None:
    """The file that the other tests plant does run code in plain joblib: the canary is a good one."""
    joblib.dump(Evil(tmp_path / "canary"), tmp_path / "evil.joblib")
    joblib.load(tmp_path / "evil.joblib")
    assert (tmp_path / "canary").is_dir()


def test_a_folder_from_elsewhere_is_not_trusted(counted: Counted, kept: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole cache folder of another user, as in a cloned repository, is one of misses."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(counted.path("a").parents[4] / "another user"))
    assert [UntrustedEntry] == answers_anyway(counted, counted.path("a"), kept)
