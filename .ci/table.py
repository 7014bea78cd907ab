"""The table at the end of `.ci/run`: for each step what passed, failed and was skipped, why, and in how many minutes.

Reads lines of ``name, exit code or what is missing, seconds, pytest's JUnit file or nothing``, separated by tabs. Exits
with 1 unless every step passed.
"""

from __future__ import annotations

import argparse
import collections
import sys
import xml.etree.ElementTree as ET
from pathlib import Path


class Step:
    """One line of the table."""

    def __init__(self, name: str, code: str, seconds: str, junit: str) -> None:
        self.name = name
        self.minutes = f"{int(seconds) / 60:.1f}"
        self.failed = code != "0"
        self.counts = ["", "", ""]
        self.red: list[str] = []
        self.reasons: collections.Counter[str] = collections.Counter()
        self.said = "ok" if code == "0" else "timed out" if code in ("124", "137") else code
        self.said = f"exit {code}" if code.isdigit() and self.said == code else self.said
        if junit:
            self.read(Path(junit))

    def read(self, junit: Path) -> None:
        """Count the cases of a JUnit file."""
        cases = ET.parse(junit).getroot().iter("testcase") if junit.exists() else ()
        outcomes: collections.Counter[str] = collections.Counter()
        for case in cases:
            kinds = {child.tag: child for child in case}
            if "failure" in kinds or "error" in kinds:
                outcomes["failed"] += 1
                self.red.append(f"{case.get('classname')}::{case.get('name')}")
            elif "skipped" in kinds:
                outcomes["skipped"] += 1
                self.reasons[kinds["skipped"].get("message", "no reason given")] += 1
            else:
                outcomes["passed"] += 1
        if not outcomes:
            self.failed, self.said = True, f"{self.said}: no test was run"
        self.counts = [str(outcomes[outcome]) for outcome in ("passed", "failed", "skipped")]


def main() -> int:
    """Print the table; 1 unless all passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("steps", type=Path)
    given = parser.parse_args()
    lines = given.steps.read_text().splitlines() if given.steps.exists() else []
    steps = [Step(*line.split("\t")) for line in lines]
    widths = [max([len(step.name) for step in steps] + [4]), 7, 7, 7, 7]
    heads = map(str.rjust, ["passed", "failed", "skipped", "minutes"], widths[1:])
    print("\n== " + " ".join(["what".ljust(widths[0]), *heads]))
    for step in steps:
        cells = map(str.rjust, [*step.counts, step.minutes], widths[1:])
        print("   " + " ".join([step.name.ljust(widths[0]), *cells, "", step.said]))
    for step in steps:
        for reason, times in step.reasons.items():
            print(f"   {step.name} skipped {times}: {reason}")
        for name in step.red:
            print(f"   {step.name} failed: {name}")
    wrong = [step.name for step in steps if step.failed]
    print(f"\n== {'all passed' if steps and not wrong else 'FAILED: ' + (', '.join(wrong) or 'nothing was run')}")
    return 1 if wrong or not steps else 0


if __name__ == "__main__":
    sys.exit(main())
