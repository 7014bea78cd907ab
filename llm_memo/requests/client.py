"""`cached_client` and `requests_info`: the requests of a client, kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from llm_memo.errors import InvalidOption
from llm_memo.options import INHERIT, TTL, Inherit, Options, parsed
from llm_memo.policies import PolicyLike
from llm_memo.requests.site import ALL
from llm_memo.stats import CacheInfo

__all__ = ["cached_client", "requests_info"]

C = TypeVar("C")


def cached_client(
    client: C,
    *,
    policy: PolicyLike | Inherit = INHERIT,
    ttl: TTL | Inherit | None = INHERIT,
    cache_dir: str | os.PathLike[str] | Inherit = INHERIT,
    sample: int | Inherit = INHERIT,
    cache_if: Callable[[Any], object] | Inherit | None = INHERIT,
    stale_if_error: bool | Inherit = INHERIT,
    ignore: str | Iterable[str] | Inherit = INHERIT,
    headers: str | Iterable[str] | Inherit = INHERIT,
    name: str | Inherit | None = INHERIT,
) -> C:
    """Keep the answers to a client's requests, and answer the same request from them; returns ``client`` itself.

    The client may be of OpenAI, Azure, Anthropic, Groq, Mistral, Cohere, google-genai, Ollama or Instructor, a
    model of LangChain, pydantic-ai or agno, or a bare client of httpx or httpx2. Its HTTP transport is wrapped
    where it is, so that its proxies, limits, time-outs and retries stay. Requests to a model that leave nothing
    on the server are cached, all others pass. ``response.headers["x-llm-memo"]`` says what became of one.

    Called again, or with another client over the same HTTP client, it changes the options that are given.

    Args:
        client: The client.
        policy: Whether requests read, send and write, where neither the request, nor a block, nor the cached
            function around it gives one: a `CachePolicy`, its name, True or False.
        ttl: How old an answer may be when it is read.
        cache_dir: The folder that entries live in.
        sample: Ask for the ``sample``-th independent answer; part of the key.
        cache_if: ``cache_if(answer)``, where the answer is the JSON document, or the list of a stream's
            events; false: it is returned and not kept. By default an answer is kept that is proven complete.
            Answers with an error status, and streams that were cut, are never kept.
        stale_if_error: Where the server answers with an error, or not at all, and an expired answer is kept,
            return that, with a `StaleAnswer` warning.
        ignore: Top-level fields of the body that are left out of the key.
        headers: Names of headers that are part of the key, beside those that are known to change answers.
        name: What its entries are listed under, in place of ``POST host/path``.

    Raises:
        InvalidOption: There is no HTTP transport to take hold of, or what the client sends goes partly through
            something else; it is closed; or a value is not one of its option's.
    """
    from llm_memo.requests.clients import http_clients
    from llm_memo.requests.hold import take_hold, take_hold_of_made

    settings = parsed(policy=policy, ttl=ttl, cache_dir=cache_dir)
    options = {"sample": sample, "cache_if": cache_if, "stale_if_error": stale_if_error, "ignore": ignore, "name": name}
    Options().changed(**options)
    named = None if isinstance(headers, Inherit) else _names(headers)
    senders, makers = http_clients(client)
    sites = [take_hold(each) for each in senders]
    for maker in makers:
        take_hold_of_made(maker)
    for site in sites:
        site.give(settings)
        site.options = site.options.changed(**options)
        site.headers = site.headers if named is None else named
    return client


def _names(headers: str | Iterable[str]) -> tuple[str, ...]:
    names = (headers,) if isinstance(headers, str) else tuple(headers)
    if not all(isinstance(name, str) and name for name in names):
        raise InvalidOption(f"headers={headers!r} is not a header's name, or several")
    return tuple(name.lower() for name in names)


def requests_info(client: object = None) -> CacheInfo:
    """What became of the requests of one client in this process; without one, of all requests.

    Args:
        client: What was given to `cached_client`, or another object over the same HTTP client.

    Raises:
        InvalidOption: The client is not a cached one.
    """
    if client is None:
        return ALL.info()
    from llm_memo.requests.clients import http_clients
    from llm_memo.requests.hold import site_of

    infos = {}
    for each in http_clients(client)[0]:
        site = site_of(each)
        if site is None:
            raise InvalidOption(f"requests_info({type(client).__qualname__}): not a client given to cached_client")
        infos[id(site)] = site.counters.info()
    return CacheInfo.sum(infos.values())
