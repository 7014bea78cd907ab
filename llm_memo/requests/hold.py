"""Taking hold of an HTTP client: its transports are wrapped where they are, as are those of clients made later."""

from __future__ import annotations

from types import MethodType
from typing import Any

from llm_memo.errors import InvalidOption
from llm_memo.requests.clients import Maker, http_clients
from llm_memo.requests.site import Site
from llm_memo.requests.transport import Transport, wrapped

__all__ = ["site_of", "take_hold", "take_hold_of_made"]


def site_of(client: Any) -> Site | None:
    """What was given for the requests of an HTTP client; None if they are not cached."""
    transport = getattr(client, "_transport", None)
    return transport._llm_memo_site if isinstance(transport, Transport) else None


def take_hold(client: Any) -> Site:
    """Wrap the transports of an HTTP client where they are; returns what was given for its requests, to be changed.

    Raises:
        InvalidOption: It has none, or is closed.
    """
    if client.is_closed:
        raise InvalidOption(f"cached_client: the {type(client).__qualname__} is closed; make a new one")
    if getattr(client, "_transport", None) is None or not isinstance(getattr(client, "_mounts", None), dict):
        raise InvalidOption(
            f"cached_client: the {type(client).__qualname__} has no transport to take hold of; "
            "pass another, or cache what all clients send: configure(requests=True)"
        )
    site = site_of(client) or Site()
    _wrap(client, site)
    return site


def take_hold_of_made(maker: Maker) -> None:
    """Have the HTTP clients that ``maker`` will make share what was given for the one that they replace."""
    make = getattr(maker.owner, maker.attribute)
    site = site_of(http_clients(maker.like)[0][0])
    if getattr(make, "site", None) is site:
        return
    method = make.__func__ if isinstance(make, MethodType) else None
    original = method or make

    def made(*args: Any, **kwargs: Any) -> Any:
        client = original(*args, **kwargs)
        for each in http_clients(client)[0]:
            _wrap(each, site)
        return client

    made.__name__ = maker.attribute  # a pickled model finds its class's own
    made.site = site  # type: ignore[attr-defined]
    # A method stays one, so that of a deep copy of the owner it is the copy's.
    setattr(maker.owner, maker.attribute, made if method is None else MethodType(made, maker.owner))


def _wrap(client: Any, site: Site | None) -> Any:
    if site is not None:
        client._transport = wrapped(client._transport, site)
        client._mounts.update({key: each and wrapped(each, site) for key, each in client._mounts.items()})
    return client
