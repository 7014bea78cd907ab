"""The Nth file operation fails, for every N, in all that the store does."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from anew import forget
from failing_os import FailingOs
from witness import Counted, descriptors, leftovers

from llm_memo import Cache, NotStored, configure

ERRORS = [
    errno.EIO,
    *(pytest.param(error, marks=pytest.mark.long) for error in (errno.ENOSPC, errno.EACCES, errno.EMFILE)),
]
Fails = Callable[[], Iterator[FailingOs]]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("open_files")]


@pytest.fixture(params=ERRORS, ids=lambda error: errno.errorcode[error])
def error(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(params=[False, True], ids=["once", "for ever"])
def for_ever(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def failing(
    error: int, for_ever: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[Counted], None]], Iterator[tuple[FailingOs, Counted]]]:
    """Gives, for N = 1… until nothing fails any more, a new folder that was prepared, and fails there."""

    def each(prepare: Callable[[Counted], None]) -> Iterator[tuple[FailingOs, Counted]]:
        number, failed = 0, True
        while failed:
            number += 1
            folder = tmp_path / str(number)
            if prepare is nothing:  # not even a key is there
                monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
            with configure(cache_dir=folder / "cache"):
                monkeypatch.delenv("LLM_MEMO_DIR", raising=False)
                counted = Counted()
                prepare(counted)
                forget()
                counted.calls.clear()
                before = descriptors()
                with monkeypatch.context() as patch:
                    failing = FailingOs(number, error, for_ever=for_ever)
                    failing.install(patch)
                    yield failing, counted
                assert before == descriptors()
                failed = failing.failed
                forget()
                assert "A" == counted.ask("a")
                assert ((), (), ()) == Cache().verify()[1:4]
                if not for_ever:
                    assert [] == leftovers(folder, ".tmp")  # an empty lock file is no part of an answer
        assert number > 1

    return each


Failing = Callable[[Callable[[Counted], None]], Iterator[tuple[FailingOs, Counted]]]


def nothing(counted: Counted) -> None:
    """Prepare nothing."""


def one(counted: Counted) -> None:
    """Keep one answer."""
    counted.ask("a")


def many(counted: Counted) -> None:
    """Keep a few answers."""
    for text in "abc":
        counted.ask(text)


def test_a_miss(failing: Failing) -> None:
    """A miss whose Nth operation fails gives the answer, calls once, and warns at most once."""
    for _, counted in failing(nothing):
        warned = counted.warned("a")
        assert ["a"] == counted.calls
        assert counted.ask.cache_info().not_stored <= len(warned) <= 1


def test_a_hit_from_disk(failing: Failing) -> None:
    """A hit whose Nth operation fails gives the answer, from the model if need be, and warns at most once."""
    for _, counted in failing(one):
        warned = counted.warned("a")
        assert len(warned) <= 1
        assert len(counted.calls) <= len(warned)


def test_a_hit_from_memory(failing: Failing) -> None:
    """A hit at hand whose Nth operation fails gives the answer, and warns at most once."""
    for failing_os, counted in failing(one):
        failing_os.mended = True
        assert "A" == counted.ask("a")
        failing_os.mended = False
        warned = counted.warned("a")
        assert len(warned) <= 1
        assert len(counted.calls) <= len(warned)


def test_a_refresh(failing: Failing) -> None:
    """A refresh whose Nth operation fails gives the new answer, and leaves the old one or the new."""
    for _, counted in failing(one):
        counted.ask = counted.ask.with_options(policy="writeOnly")
        warned = counted.warned("a")
        assert ["a"] == counted.calls
        assert [NotStored] * counted.ask.cache_info().not_stored == warned
        counted.ask = counted.ask.with_options(policy="replay")  # what is asked for next must be there


@pytest.mark.parametrize("tidy", [Cache.clear, lambda cache: cache.prune(max_entries=0)], ids=["clear", "prune"])
def test_tidying_up(failing: Failing, tidy: Callable[[Cache], tuple[int, int]]) -> None:
    """A clear or prune whose Nth operation fails says so or does it all, and breaks nothing."""
    for failing_os, _ in failing(many):
        try:
            tidy(Cache())
            left = 0
        except OSError:
            left = 3
        failing_os.mended = True
        assert Cache().info().entries <= left
