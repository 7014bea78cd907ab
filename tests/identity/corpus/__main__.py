"""Runs the programs of the corpus whose names match, and says what is wrong with each.

``python -m corpus [--uncached] [PATTERN]``, in the folder ``tests/identity``.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from programs import Lab

from corpus import CASES
from corpus.cases import MODEL, Case, Program, differs, whole, words


def uncached(case: Case, lab: Lab) -> str:
    """What is wrong with a program itself."""
    texts = [case.text] if isinstance(case, Program) else [case.before, case.after]
    printed = [words(lab.run(whole(text), "none", LLM_MEMO_POLICY="off")["output"]) for text in texts]
    if isinstance(case, Program):
        return "; ".join(differs("it prints", printed[0], case.off or case.right)) if case.off != "*" else ""
    return "" if case.hit <= (printed[0] == printed[1]) else f"a hit that prints {printed[1]!r} as {printed[0]!r}"


def main() -> None:
    """Run them on two processes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--uncached", action="store_true", help="run the programs without a cache, to check them")
    parser.add_argument("pattern", nargs="?", default="")
    options = parser.parse_args()
    cases = [case for case in CASES if re.search(options.pattern, case.name)]

    def work(number: int) -> int:
        wrong = 0
        with tempfile.TemporaryDirectory() as folder, Lab(Path(folder), model=MODEL) as lab:
            for case in cases[number::2]:
                try:
                    said = uncached(case, lab) if options.uncached else case.verdict(lab.run)
                except AssertionError as error:
                    said = f"it ends with {str(error).strip().splitlines()[-1]}"
                if said:
                    wrong += 1
                    print(f"{case.name}: {said}", flush=True)
        return wrong

    with ThreadPoolExecutor(2) as pool:
        print(f"{sum(pool.map(work, range(2)))} of {len(cases)} are wrong")


if __name__ == "__main__":
    main()
