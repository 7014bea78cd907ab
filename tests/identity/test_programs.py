"""The corpus: what the key of a call is made of, program by program, as the two sentences say."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from corpus import CASES
from corpus.cases import MODEL, Case
from corpus.scan import SCAN_IS_THERE
from programs import Lab

if not SCAN_IS_THERE:
    pytest.skip("the scan that these programs specify is not there yet", allow_module_level=True)


@pytest.fixture(scope="module")
def verdicts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[str]]]:
    """What becomes of each program that is going to be tested; two laboratories work them off while the tests wait."""
    cases = [item.callspec.params["case"] for item in request.session.items if "verdicts" in item.fixturenames]

    def work(number: int) -> None:
        with Lab(tmp_path_factory.mktemp("lab"), model=MODEL) as lab:
            for case in cases[number::2]:
                try:
                    found[case.name].set_result(case.verdict(lab.run))
                except Exception as error:
                    found[case.name].set_exception(error)

    found: dict[str, Future[str]] = {case.name: Future() for case in cases}
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(work, number) for number in range(2)]
        yield found
        for one in done:
            one.result()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_programs(verdicts: dict[str, Future[str]], case: Case) -> None:
    """What is read counts, what is only written, printed or logged does not."""
    assert "" == verdicts[case.name].result(timeout=600)


def test_the_corpus_is_large_enough() -> None:
    """No program stands there twice, and there are many."""
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
    assert len(names) >= 300
