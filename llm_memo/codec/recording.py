"""The items of a generator or stream, frozen one by one as they are passed on; what an awaitable gave."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterable
from typing import Any

from llm_memo.codec.codec import freeze
from llm_memo.codec.frozen import Frozen, Payload, Unfreezable, register, thaw


class Recording:
    """What a generator yielded, in order, and what it returned.

    Args:
        items: What was yielded. They are frozen when the recording is; with `add`, at once.
        returned: What the generator returned.
    """

    type_name = "generator"
    """What a header says that the answer was."""
    whole = False
    """Whether all that the model sent is among the items, as in a stream of an SDK."""

    def __init__(self, items: Iterable[Any] = (), returned: Any = None) -> None:
        self.items = list(items)
        self.returned = returned
        self._frozen: list[tuple[str, Payload]] = []
        self._fault: Unfreezable | None = None

    @property
    def ended(self) -> bool:
        """Whether the items are all there, though whoever reads them may leave before the generator has ended."""
        return False

    def said(self) -> Any:
        """The answer, for whoever is to judge or to see it."""
        return list(self.items)

    def add(self, item: Any) -> None:
        """Record one more item as it is now, whatever the caller does to it later.

        One that cannot be kept makes the recording `Unfreezable`, of which freezing it tells the reason.
        """
        self.items.append(item)
        if self._fault is None:
            try:
                self._frozen.append(_plain(freeze(item)))
            except Unfreezable as fault:
                self._fault = fault

    def answered_back(self) -> None:
        """Note that the reader sent or threw something in: what follows answers that, which no key holds."""
        if self._fault is None:
            self._fault = Unfreezable("its reader sent something into it, and that is no part of the key")

    def frozen_items(self) -> list[tuple[str, Payload]]:
        """The items, each frozen.

        Raises:
            Unfreezable: One of them cannot be kept.
        """
        if self._fault is not None:
            raise self._fault
        given = self.items[: len(self.items) - len(self._frozen)]
        return [_plain(freeze(item)) for item in given] + self._frozen

    def __memo_freeze__(self) -> Frozen:
        state = self.frozen_items(), _plain(freeze(self.returned))
        return Frozen("recording", pickle.dumps(state, protocol=5))


class Awaited:
    """What an awaitable gave, where a plain function returned one: kept so, a hit is an awaitable again."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __memo_freeze__(self) -> Frozen:
        return Frozen("awaited", pickle.dumps(_plain(freeze(self.value)), protocol=5))


def _thaw_recording(payload: bytes) -> Recording:
    items, returned = pickle.loads(payload)
    return Recording(map(thaw, items), thaw(returned))


def _thaw_awaited(payload: bytes) -> Awaited:
    return Awaited(thaw(pickle.loads(payload)))


def _plain(frozen: Frozen) -> tuple[str, Payload]:
    # Interned, so that pickle writes the name of a codec once for all items.
    return sys.intern(frozen.codec), frozen.payload


register("recording", _thaw_recording)
register("awaited", _thaw_awaited)
