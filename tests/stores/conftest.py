"""Fixtures of the store's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from anew import forget

from llm_memo.stores.disk import Disk, disk


@pytest.fixture(autouse=True)
def _nothing_held() -> Iterator[None]:
    """Each test starts as a new process would."""
    forget()
    yield
    forget()


@pytest.fixture
def store(cache_dir: Path) -> Disk:
    """The store of this test's cache folder."""
    return disk(str(cache_dir))
