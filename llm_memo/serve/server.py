"""The proxy in a thread of its own, for tests and notebooks."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Mapping
from typing import Any, Self

from llm_memo.options import TTL, seconds
from llm_memo.serve.application import App, app
from llm_memo.serve.listener import Listener, tcp_socket
from llm_memo.stats import CacheInfo

__all__ = ["CacheServer", "cache_server"]


def cache_server(upstream: str | Mapping[str, str], *, grace: TTL = "60s", **options: Any) -> CacheServer:
    """A local proxy that keeps the answers of a model API: ``with cache_server(url) as server: server.base_url``.

    It listens on a free port of 127.0.0.1, in a thread, from the beginning of the block to its end.

    Args:
        upstream: The address of a model API, ``https://api.openai.com/v1``; or several, as of `llm_memo.serve.app`.
        grace: How long answers that are under way at the end of the block may take.
        options: Those of `llm_memo.serve.app`.

    Raises:
        InvalidOption: A value is not one of its option's.
    """
    return CacheServer(app(upstream, **options), seconds(grace, "grace") or 0.0)


class CacheServer:
    """The proxy in a thread, as `cache_server` makes it.

    Args:
        app: What it serves.
        grace: How long answers that are under way at the end may take, in seconds.
    """

    def __init__(self, app: App, grace: float) -> None:
        self.app = app
        self._listener = Listener(app, grace)
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """What stands in the place of the upstream's address.

        Raises:
            RuntimeError: It does not serve.
        """
        if self._socket is None:
            raise RuntimeError("the server does not serve: use it in a with block")
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def info(self) -> CacheInfo:
        """What became of all requests that may be cached."""
        return self.app.info()

    def __enter__(self) -> Self:
        self._socket = tcp_socket("127.0.0.1", 0)
        self._thread = threading.Thread(target=self._serve, name="llm-memo serve", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.should_exit = True
        if self._thread is not None:
            self._thread.join()
        self._socket = None

    def _serve(self) -> None:
        asyncio.run(self._listener.serve(sockets=[self._socket]))  # type: ignore[list-item]
