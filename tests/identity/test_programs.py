"""The corpus: what the key of a call is made of, program by program, as the two sentences say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from corpus import CASES
from corpus.cases import MODEL, Case
from programs import Lab

pytestmark = pytest.mark.pairs


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Two warm interpreters that run the programs."""
    with Lab(tmp_path_factory.mktemp("lab"), model=MODEL) as lab:
        yield lab


@pytest.mark.parametrize("case", CASES, ids=str)
def test_programs(lab: Lab, case: Case) -> None:
    """What is read counts, what is only written, printed or logged does not."""
    assert "" == case.verdict(lab.run)


def test_the_corpus_is_large_enough() -> None:
    """No program stands there twice, and there are many."""
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
    assert len(names) >= 300
