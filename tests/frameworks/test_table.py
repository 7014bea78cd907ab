"""Each SDK and framework, in each way it is used: a cell of the table of notebooks/frameworks.md is a test."""

from __future__ import annotations

import importlib
import os

import program
import pytest
from answering import Answering
from cases import CASES, COLUMNS
from columns import SHOWN

GROUP = os.environ.get("FRAMEWORKS")
"""The group of requires/ that is installed, see ``run``; without it nothing is tried."""


def _cells() -> list[object]:
    cells = []
    for case in CASES.values():
        if GROUP != case.group:
            continue
        for column in COLUMNS:
            reason = case.reasons.get(column)
            marks = () if reason is None else pytest.mark.xfail(reason=reason, strict=True, raises=AssertionError)
            cells.append(pytest.param(case.name, column, id=f"{case.name}-{column}", marks=marks))
    return cells


@pytest.mark.filterwarnings("default")  # what the SDKs warn of is theirs to mend
@pytest.mark.parametrize(("name", "column"), _cells())
def test_a_cell_of_the_table(name: str, column: str, answering: Answering) -> None:
    """What the table says of an SDK or framework holds; what it gives a reason for does not."""
    case = CASES[name]
    importlib.import_module(case.module)
    program.hold(name, answering.url)
    case.make(answering.url)  # from here on its modules are loaded, as in a program that imports them at its top
    SHOWN[column](case, answering)
