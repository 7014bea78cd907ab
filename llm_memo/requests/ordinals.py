"""Equal requests of one call: the i-th is a question of its own, as voting and retries mean it.

The first is the bare question, whose answer it shares with everybody who asks it. A call that raised, or whose
answer was not kept, has used up the answers that it got: when it is tried again, its requests are sent anew.
The next process, with code that may be mended, is given them again, in order.
"""

from __future__ import annotations

import threading

from llm_memo.answers.usage import Usage
from llm_memo.runtime.context import Running
from llm_memo.runtime.fork import renewed_in_child

__all__ = ["Requests", "Turn"]

_lock = threading.Lock()
_used_up: dict[str, int] = {}
"""The digest of a bare question, in its folder → how many of its answers calls of this process have used up."""


@renewed_in_child
def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


class Requests:
    """The requests that one running call has made."""

    __slots__ = ("_first", "_refused", "_taken", "_to_use_up", "seconds", "usages")

    def __init__(self) -> None:
        self._first: dict[str, int] = {}
        self._taken: dict[str, set[int]] = {}
        self._to_use_up: dict[str, int] = {}
        self._refused = False
        self.usages: list[Usage] = []
        """What their answers used, hits too."""
        self.seconds = 0.0
        """How long they took."""

    def take(self, digest: str) -> int:
        """The ordinal of one more request of the bare question with this digest."""
        with _lock:
            first = self._first.setdefault(digest, _used_up.get(digest, 0))
            taken = self._taken.setdefault(digest, set())
            ordinal = first
            while ordinal in taken:
                ordinal += 1
            taken.add(ordinal)
            return ordinal

    def served(self, digest: str, ordinal: int, writes: bool) -> None:
        """Note that a request has an answer that is kept."""
        with _lock:
            self._refused = False
            if writes:
                self._to_use_up[digest] = max(self._to_use_up.get(digest, 0), ordinal + 1)

    def released(self, digest: str, ordinal: int) -> None:
        """Note that a request got no answer: the next one takes its place."""
        with _lock:
            self._refused = True
            self._taken[digest].discard(ordinal)

    def use_up(self) -> None:
        """Note that the call did not come to an answer that is kept.

        If the last of its requests was refused, it is not their answers that were at fault.
        """
        with _lock:
            if not self._refused:
                for digest, count in self._to_use_up.items():
                    _used_up[digest] = max(_used_up.get(digest, 0), count)


class Turn:
    """One request's place among the equal ones of the call that it is a part of.

    Args:
        running: The call; None outside of cached functions, where equal is equal.
        digest: The digest of the bare question, in its folder.
    """

    __slots__ = ("_digest", "_open", "_requests", "ordinal")

    def __init__(self, running: Running | None, digest: str) -> None:
        self._requests: Requests | None = None
        self._digest = digest
        self._open = running is not None
        self.ordinal = 0
        if running is not None:
            with _lock:
                if running.requests is None:
                    running.requests = Requests()
            self._requests = running.requests
            self.ordinal = self._requests.take(digest)

    def served(self, seconds: float, usage: Usage | None, writes: bool) -> None:
        """Note that the request has an answer that is kept, which took ``seconds`` and used ``usage``."""
        if self._open and self._requests is not None:
            self._open = False
            self._requests.served(self._digest, self.ordinal, writes)
        self.counted(seconds, usage)

    def counted(self, seconds: float, usage: Usage | None) -> None:
        """Count here what the request took, so that the call does not count it once more."""
        if self._requests is not None:
            with _lock:
                self._requests.seconds += seconds
                if usage is not None:
                    self._requests.usages.append(usage)

    def released(self) -> None:
        """Note that the request has no answer that is kept."""
        if self._open and self._requests is not None:
            self._open = False
            self._requests.released(self._digest, self.ordinal)
