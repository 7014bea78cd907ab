"""A function of 100,000 entries; `tests/bench/many.py` has the times, and those of a million."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from anew import forget
from witness import Counted

from llm_memo import Cache
from llm_memo.stores import files

COUNT = 100_000
LINKS = 20_000
"""How many names a file may have, with room to spare."""


@pytest.fixture
def many(counted: Counted, cache_dir: Path) -> Counted:
    """One entry that is asked for, among others that only look like it."""
    counted.ask("a")
    source = counted.path("a")
    for number in range(COUNT - 1):
        if number % LINKS == 0:
            content = source.read_bytes()
            source = cache_dir / f"source {number}"
            source.write_bytes(content)
            os.utime(source, (1e9, 1e9))
        name = f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"
        shard = cache_dir / "ask" / name[:2]
        shard.mkdir(exist_ok=True)
        os.link(source, shard / f"{name}.joblib")
    forget()
    return counted


@pytest.mark.long
def test_100_000_entries(many: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    """With very many entries a hit reads its own, a listing of functions one, info none, and clear moves one folder."""
    opened = []
    renamed = []
    real_open, real_rename, real_unlink = os.open, os.rename, files.unlink

    def open_(path: str, *args: Any, **options: Any) -> int:
        opened.extend([path] if path.endswith(".joblib") else [])
        return real_open(path, *args, **options)

    def rename(source: str, target: str) -> None:
        renamed.append(source)
        real_rename(source, target)

    def unlink(path: str) -> bool:
        assert not many.path("a").exists()
        return real_unlink(path)

    monkeypatch.setattr(os, "open", open_)
    monkeypatch.setattr(os, "rename", rename)
    assert [] == many.warned("a")
    assert [str(many.path("a"))] == opened
    opened.clear()
    cache = Cache()
    assert ["ask"] == cache.functions()
    assert len(opened) <= 8
    opened.clear()
    assert COUNT == cache.info().entries
    assert 1_000 == cache.prune(max_entries=COUNT - 1_000).entries
    assert [] == many.warned("a")
    assert ["a"] == many.calls
    opened.clear()
    opened_before: list[int] = []
    monkeypatch.setattr(os, "rename", lambda *paths: (opened_before.append(len(opened)), rename(*paths)))
    monkeypatch.setattr(files, "unlink", unlink)
    assert COUNT - 1_000 == cache.clear().entries
    assert [many.path("a").parents[1]] == [Path(path) for path in renamed]
    assert [0] == opened_before  # what is in it is looked at when it is out of the way
