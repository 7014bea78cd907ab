"""The table: pairs of programs, each run in its own process over one cache folder, in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue

import pytest
from pairs_hit import HITS
from pairs_miss import MISSES
from pairs_miss_values import VALUE_MISSES
from programs import Lab, Pair

Verdicts = dict[str, Future[str]]


@pytest.fixture(scope="module")
def verdicts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verdicts]:
    """What becomes of the selected pairs: two laboratories work them off while the tests wait."""
    labs: SimpleQueue[Lab] = SimpleQueue()

    def verdict(pair: Pair) -> str:
        lab = labs.get()
        try:
            return lab.verdict(pair)
        finally:
            labs.put(lab)

    with Lab(tmp_path_factory.mktemp("lab")) as one, Lab(tmp_path_factory.mktemp("lab")) as two:
        labs.put(one)
        labs.put(two)
        with ThreadPoolExecutor(2) as pool:
            pairs = [
                item.callspec.params["pair"] for item in request.session.items if item.originalname == "test_pairs"
            ]
            yield {pair.name: pool.submit(verdict, pair) for pair in pairs}


@pytest.mark.parametrize("pair", [*HITS, *MISSES, *VALUE_MISSES], ids=str)
def test_pairs(verdicts: Verdicts, pair: Pair) -> None:
    """A cached function asks again when something that matters changed, and only then."""
    assert "" == verdicts[pair.name].result()


def test_the_table_is_large_enough() -> None:
    """No pair stands there twice, and there are many of both kinds."""
    names = [pair.name for pair in (*HITS, *MISSES, *VALUE_MISSES)]
    assert len(names) == len(set(names))
    assert min(len(HITS), len(MISSES)) >= 80
