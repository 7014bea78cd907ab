"""Fixtures of the fault tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from anew import forget
from witness import Counted, descriptors


@pytest.fixture
def counted() -> Counted:
    """A cached function."""
    return Counted()


@pytest.fixture(autouse=True)
def _nothing_held() -> Iterator[None]:
    """Each test starts as a new process would."""
    forget()
    yield
    forget()


@pytest.fixture
def open_files() -> Iterator[None]:
    """As many files are open after the test as before."""
    before = len(descriptors())
    yield
    assert before == len(descriptors())
