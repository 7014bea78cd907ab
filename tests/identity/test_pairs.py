"""The table: pairs of programs, each run in its own process over one cache folder, in both directions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue

import pytest
from pairs_hit import HITS
from pairs_miss import MISSES
from pairs_miss_values import VALUE_MISSES
from pairs_written import WRITTEN
from programs import Lab, Pair

pytestmark = [pytest.mark.pairs, pytest.mark.xdist_group("pairs")]  # the laboratories are this module's

Results = dict[str, Future[str]]
Work = Callable[[Lab, Pair], str]


@pytest.fixture(scope="module")
def do(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Work, Pair], Future[str]]]:
    """Has something done with a pair: two laboratories work it all off while the tests wait."""
    labs: SimpleQueue[Lab] = SimpleQueue()

    def done(work: Work, pair: Pair) -> str:
        lab = labs.get()
        try:
            return work(lab, pair)
        finally:
            labs.put(lab)

    with Lab(tmp_path_factory.mktemp("lab")) as one, Lab(tmp_path_factory.mktemp("lab")) as two:
        labs.put(one)
        labs.put(two)
        with ThreadPoolExecutor(2) as pool:
            yield lambda work, pair: pool.submit(done, work, pair)


def selected(request: pytest.FixtureRequest, test: str) -> list[Pair]:
    """The pairs that a test is going to be run with."""
    return [item.callspec.params["pair"] for item in request.session.items if item.originalname == test]


@pytest.fixture(scope="module")
def verdicts(request: pytest.FixtureRequest, do: Callable[[Work, Pair], Future[str]]) -> Results:
    """What becomes of each pair."""
    return {pair.name: do(Lab.verdict, pair) for pair in selected(request, "test_pairs")}


@pytest.fixture(scope="module")
def changes(request: pytest.FixtureRequest, do: Callable[[Work, Pair], Future[str]]) -> Results:
    """What `explain` says of each pair."""
    return {pair.name: do(Lab.changed, pair) for pair in selected(request, "test_explain_names_what_was_changed")}


@pytest.mark.parametrize("pair", [*HITS, *MISSES, *VALUE_MISSES, *WRITTEN], ids=str)
def test_pairs(verdicts: Results, pair: Pair) -> None:
    """A cached function asks again when something that matters changed, and only then."""
    assert "" == verdicts[pair.name].result()


@pytest.mark.long
@pytest.mark.parametrize("pair", [*MISSES, *VALUE_MISSES, *WRITTEN], ids=str)
def test_explain_names_what_was_changed(changes: Results, pair: Pair) -> None:
    """Asked in a new process, before the call, `explain` names the one thing that was edited, and nothing else."""
    assert pair.changed == changes[pair.name].result()


def test_the_table_is_large_enough() -> None:
    """No pair stands there twice, and there are many of both kinds."""
    names = [pair.name for pair in (*HITS, *MISSES, *VALUE_MISSES, *WRITTEN)]
    assert len(names) == len(set(names))
    assert min(len(HITS), len(MISSES)) >= 80
