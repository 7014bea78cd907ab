"""A process that has read, written and decided nothing yet."""

from __future__ import annotations

from llm_memo import location
from llm_memo.stores import seal
from llm_memo.stores.disk import disk
from llm_memo.stores.memory import MEMORY


def forget() -> None:
    """Make this process one that has read, written and decided nothing yet."""
    for path in list(MEMORY._held):
        MEMORY.drop(path)
    disk.cache_clear()
    seal._seal_keys.cache_clear()
    location._Decided.default = None
    location._Decided.variable = ("", "")
