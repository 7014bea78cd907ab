"""A cached function that counts its calls, and an eye on what is left behind."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

from llm_memo import MemoWarning, cached_completion


class Counted:
    """A cached function that answers in capitals, and the calls that it was really run for."""

    def __init__(self, **options: Any) -> None:
        self.calls: list[str] = []
        calls = self.calls

        @cached_completion(name="ask", **options)
        def ask(text: str) -> str:
            calls.append(text)
            return text.upper()

        self.ask = ask

    def path(self, text: str) -> Path:
        """Where the entry of a call is, or would be."""
        key = self.ask.cache_key(text)
        return Path(self.ask.cache_parameters()["cache_dir"], "ask", key[:2], f"{key}.joblib")

    def warned(self, text: str) -> list[type[Warning]]:
        """The warnings of a call that must give the right answer."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert text.upper() == self.ask(text)
        assert [] == [each.message for each in caught if not issubclass(each.category, MemoWarning)]
        return [each.category for each in caught]


def descriptors() -> set[str]:
    """The open file descriptors of this process."""
    return set(os.listdir("/proc/self/fd"))


def leftovers(folder: Path, *suffixes: str) -> list[str]:
    """Files that should not be there when nothing is under way."""
    return sorted(
        path.name
        for path in folder.rglob("*")
        if path.name.endswith(suffixes or (".tmp", ".lock")) or path.name.startswith(".cleared")
    )
