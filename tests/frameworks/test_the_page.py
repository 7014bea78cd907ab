"""The page on frameworks says what the tests show."""

from __future__ import annotations

import page
from cases import COLUMNS
from columns import SHOWN


def test_the_page_has_the_table() -> None:
    """It is made from the cases that are tried; ``python tests/frameworks/page.py`` writes it."""
    assert page.written() == page.PAGE.read_text()


def test_each_column_is_shown() -> None:
    """There is a test for each column of the table."""
    assert [*COLUMNS] == [*SHOWN]
