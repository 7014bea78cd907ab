"""Entries to put in a shard, by number."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from llm_memo.codec.frozen import Frozen
from llm_memo.settings import Settings
from llm_memo.stores.disk import Disk
from llm_memo.stores.entry import Header, StoredEntry
from llm_memo.stores.folder import Owner
from llm_memo.stores.slot import Slot

HOLD = 1 << 20


def key(number: int) -> str:
    """A key, in a shard of its own for every number."""
    return f"{number % 256:02x}{number:030x}"


def kept(answer: str = "answer", **header: Any) -> StoredEntry:
    """A kept text."""
    return StoredEntry(
        Header(**{"function": "ask", "created": round(time.time()), **header}), Frozen("text", answer.encode())
    )


def write(store: Disk, number: int, answer: str = "answer", used: float | None = None, **header: Any) -> Path:
    """Keep an entry of ``ask``, last used ``used`` seconds ago."""
    stored = kept(answer, **header)
    of = stored.header.provenance
    path = store.path("ask", key(number))
    owner = Owner(stored.header.function, of.program, of.code)
    Slot(store, path, owner).write(stored, Settings(cache_dir=store.root))
    if used is not None:
        then = time.time() - used
        os.utime(path, (then, then))
    return Path(path)


def read(store: Disk, number: int) -> str | None:
    """The answer that was kept, as a call would read it."""
    found = store.read(store.path("ask", key(number)), key(number), HOLD)
    return None if found is None else found.frozen.payload.decode()


def pruners() -> list[threading.Thread]:
    """The threads that prune in the background."""
    return [thread for thread in threading.enumerate() if thread.name == "llm_memo prune"]
