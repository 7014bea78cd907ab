"""A client is checked by a look at what its form is made of: whatever changes there is another question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from openai import AsyncOpenAI, OpenAI

from llm_memo import cached_completion
from llm_memo.adapters.openai import watched, witness

client: Any = None


@cached_completion
def ask(text: str) -> str:
    """Asks a client."""
    return str(client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}]))


def made(**more: Any) -> Any:
    """A client that talks to nobody."""
    return OpenAI(base_url="http://127.0.0.1:9/v1", api_key="none", **more)


class Transport(httpx.HTTPTransport):
    """One of somebody's own."""

    model = "a"


def _set(holder: Callable[[], Any], name: str, value: Callable[[Any], Any]) -> Callable[[], Callable[[], object]]:
    def edit() -> Callable[[], object]:
        before = getattr(holder(), name)
        setattr(holder(), name, value(before))
        return lambda: setattr(holder(), name, before)

    return edit


EDITS = {
    "base URL": _set(lambda: client, "base_url", lambda _: "http://127.0.0.1:8/v1/"),
    "organization": _set(lambda: client, "organization", lambda _: "other"),
    "project": _set(lambda: client, "project", lambda _: "other"),
    "headers": _set(lambda: client, "_custom_headers", lambda _: {"X-Team": "b"}),
    "query": _set(lambda: client, "_custom_query", lambda _: {"version": "2"}),
    "query of another type": _set(lambda: client, "_custom_query", lambda _: {"version": 1}),
    "headers of the HTTP client": _set(lambda: client._client, "headers", lambda old: {**old, "X-Team": "b"}),
    "query of the HTTP client": _set(lambda: client._client, "params", lambda _: {"version": "2"}),
    "the HTTP client": _set(lambda: client, "_client", lambda _: httpx.Client(headers={"X-Team": "c"})),
    "the transport": _set(lambda: client._client, "_transport", lambda _: Transport()),
    "a mounted transport": _set(
        lambda: client._client, "_mounts", lambda _: {httpx.URL("http://x"): httpx.MockTransport(print)}
    ),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_edit_of_a_client(edit: Callable[[], Callable[[], object]], monkeypatch: pytest.MonkeyPatch) -> None:
    """After a warm key, an edit of a client makes another, and undone the first again."""
    monkeypatch.setitem(globals(), "client", made(default_headers={"X-Team": "a"}, default_query={"version": "1"}))
    key = ask.cache_key("x")
    assert None is not witness(client)
    assert key == ask.cache_key("x")
    undo = edit()
    assert key != ask.cache_key("x")
    undo()
    assert key == ask.cache_key("x")


def test_a_header_set_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A header that is set in place, on the client or the HTTP client inside, is another question."""
    monkeypatch.setitem(globals(), "client", made(default_headers={"X-Team": "a"}))
    keys = {ask.cache_key("x")}
    client._custom_headers["X-Team"] = "b"
    keys.add(ask.cache_key("x"))
    client._client.headers["X-Other"] = "c"
    assert 3 == len(keys | {ask.cache_key("x")})


def test_clients_that_take_more_than_a_look() -> None:
    """A client with hooks, odd headers or somebody else's transport has no witness."""
    hooked = made()
    hooked._client.event_hooks = {"request": [print]}
    odd = made()
    odd._custom_query["version"] = 1
    own = made(http_client=httpx.Client(transport=Transport()))
    own.__class__ = type("Own", (OpenAI,), {"organization": "mine"})
    assert [None, None] == [witness(each) for each in (hooked, odd)]
    assert None is witness(own)
    assert None is witness(made(http_client=httpx.Client(transport=Transport())))
    asynchronous = AsyncOpenAI(base_url="http://127.0.0.1:9/v1", api_key="none")
    assert asynchronous in (watched(asynchronous.chat.completions) or ())
    assert asynchronous in (witness(asynchronous) or ())
