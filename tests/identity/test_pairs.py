"""The table: pairs of programs, each run in its own process over one cache folder, in both directions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pairs_hit import HITS
from programs import Lab, Pair


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A laboratory for all pairs."""
    with Lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.mark.parametrize("pair", HITS, ids=str)
def test_pairs(lab: Lab, pair: Pair) -> None:
    """A cached function asks again when something that matters changed, and only then."""
    assert "" == lab.verdict(pair)
