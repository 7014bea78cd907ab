"""The effective settings of one request: the nearest of the places where each can be given."""

from __future__ import annotations

from collections.abc import Iterator

from llm_memo.runtime.context import Running
from llm_memo.settings import SCOPES, EffectiveSettings, PartialSettings, Settings

__all__ = ["RequestSettings"]


class RequestSettings(EffectiveSettings):
    """Decides the settings of one request; read once, when it is made.

    Args:
        request: What the request itself gives.
        client: What was given to `llm_memo.cached_client`.
        running: The cached function's call that the request is a part of, if it is.
    """

    __slots__ = ("_running",)

    def __init__(self, request: PartialSettings, client: PartialSettings, running: Running | None) -> None:
        super().__init__(request, None, client)
        self._running = running

    def now(self) -> Settings:
        """The effective settings at this moment, here.

        Raises:
            InvalidOption: The environment gives a value that is none.
            StoreError: The cache folder is a file.
        """
        return Settings(**{name: value for name, (value, _) in self.sources().items()})

    def _nearest(self) -> Iterator[tuple[str, PartialSettings]]:
        yield "request", self.call
        running = self._running
        around = () if running is None else running.blocks
        for block in reversed(SCOPES.blocks.get()):
            if not block.functions and not any(block is outer for outer in around):
                yield "cache_policy", block.settings
        if running is not None:
            yield from running.memo.settings.of_call(around)
        yield "client", self.decorated
