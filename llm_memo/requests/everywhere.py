"""`configure(requests=True)`: the requests of every client of httpx and httpx2 in this process.

For frameworks whose client one cannot reach. Clients made before are covered as are those made later, since what
is changed is where a client looks up its transport for a URL.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

from llm_memo.errors import InvalidOption
from llm_memo.requests.site import Site
from llm_memo.runtime import environ
from llm_memo.settings import SCOPES

if TYPE_CHECKING:

    def register_post_import_hook(hook: Any, name: str) -> None: ...

else:
    from wrapt import register_post_import_hook

__all__ = ["install", "is_on", "register"]

_SITE = Site()
_VARIABLE = "LLM_MEMO_REQUESTS"
_SWITCH = dict.fromkeys(("", "0", "false", "no", "off"), False) | dict.fromkeys(("1", "true", "yes", "on"), True)
_variable = environ.reader(_VARIABLE)
_known: tuple[object, bool] = (None, False)


def is_on() -> bool:
    """Whether the requests of all clients are cached now.

    Raises:
        InvalidOption: The environment variable says neither yes nor no.
    """
    configured = SCOPES.configured.get("requests")
    return _environment() if configured is None else bool(configured)


def _environment() -> bool:
    global _known
    now = _variable()
    if _known[0] != now:
        value = os.environ.get(_VARIABLE, "")
        if value.strip().lower() not in _SWITCH:
            raise InvalidOption(f"environment variable {_VARIABLE}: {value!r} is neither 1 nor 0")
        _known = (now, _SWITCH[value.strip().lower()])
    return _known[1]


def register() -> None:
    """Have `install` called when it is first needed: now, if the environment says so."""
    SCOPES.on_requests.append(install)
    if os.environ.get(_VARIABLE):
        install()


@functools.cache
def install() -> None:
    """Have every client, of libraries that are imported later too, ask `is_on` for each request."""
    for library in ("httpx", "httpx2"):
        register_post_import_hook(_change, library)


def _change(library: Any) -> None:
    for kind in (library.Client, library.AsyncClient):
        kind._transport_for_url = _looked_up(kind._transport_for_url)


def _looked_up(transport_for_url: Any) -> Any:
    @functools.wraps(transport_for_url)
    def look_up(self: Any, url: Any) -> Any:
        transport = transport_for_url(self, url)
        if not is_on():
            return transport
        from llm_memo.requests.transport import wrapped

        return wrapped(transport, _SITE)

    return look_up
