"""A client is checked by a look at what its form is made of: whatever changes there is another question."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from openai import AsyncOpenAI, OpenAI

from llm_memo import cached_completion
from llm_memo.adapters.openai import watch
from llm_memo.identity.checks import Check

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


def _put(holder: Callable[[], Any], name: str) -> Callable[[], Callable[[], object]]:
    """Something of one's own in the place of a method."""

    def edit() -> Callable[[], object]:
        setattr(holder(), name, fake)
        return lambda: delattr(holder(), name)

    return edit


def _item(container: Callable[[], Any], key: str, value: object) -> Callable[[], Callable[[], object]]:
    def edit() -> Callable[[], object]:
        container()[key] = value
        return lambda: container().__delitem__(key)

    return edit


def _hook() -> Callable[[], object]:
    client._client.event_hooks["request"].append(fake)
    return lambda: client._client.event_hooks["request"].remove(fake)


def fake(*_: object, **__: object) -> str:
    """What answers in the place of a model."""
    return "fake"


class Other(OpenAI):
    """A client of one's own."""


EDITS = {
    "base URL": _set(lambda: client, "base_url", lambda _: "http://127.0.0.1:8/v1/"),
    "organization": _set(lambda: client, "organization", lambda _: "other"),
    "project": _set(lambda: client, "project", lambda _: "other"),
    "headers": _set(lambda: client, "_custom_headers", lambda _: {"X-Team": "b"}),
    "query": _set(lambda: client, "_custom_query", lambda _: {"version": "2"}),
    "query of another type": _set(lambda: client, "_custom_query", lambda _: {"version": 1}),
    "headers of the HTTP client": _set(lambda: client._client, "headers", lambda old: {**old, "X-Team": "b"}),
    "query of the HTTP client": _set(lambda: client._client, "params", lambda _: {"version": "2"}),
    "a header in place": _item(lambda: client._custom_headers, "X-Other", "b"),
    "a text of the query in place": _item(lambda: client._custom_query, "other", "b"),
    "a header of the HTTP client in place": _item(lambda: client._client.headers, "X-Other", "b"),
    "a hook": _hook,
    "hooks": _set(lambda: client._client, "event_hooks", lambda _: {"response": [fake]}),
    "a method": _put(lambda: client, "post"),
    "a method of the HTTP client": _put(lambda: client._client, "send"),
    "a method of the transport": _put(lambda: client._client._transport, "handle_request"),
    "a method of the pool": _put(lambda: client._client._transport._pool, "handle_request"),
    "a method of a part": _put(lambda: client.responses, "create"),
    "a method of a part of a part": _put(lambda: client.chat.completions, "create"),
    "a part": _put(lambda: client, "embeddings"),
    "a part that was there": _set(lambda: client, "chat", lambda _: fake),
    "a part of a part that was there": _set(lambda: client.chat, "completions", lambda _: fake),
    "the class": _set(lambda: client, "__class__", lambda _: Other),
    "all attributes": _set(lambda: client, "__dict__", lambda old: {**old, "organization": "other"}),
    "all attributes of the HTTP client": _set(
        lambda: client._client, "__dict__", lambda old: {**old, "_params": httpx.QueryParams(version="2")}
    ),
    "where the class says that it sends": _set(lambda: OpenAI, "base_url", lambda _: property(lambda _: "http://x/")),
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
    client.chat.completions  # noqa: B018 - a part that the library makes itself
    key = ask.cache_key("x")
    assert watch(client, Check())
    assert key == ask.cache_key("x")
    undo = edit()
    assert key != ask.cache_key("x")
    assert key != ask.cache_key("x")
    undo()
    assert [key] * 3 == [ask.cache_key("x") for _ in range(3)]


def test_a_header_set_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A header that is set in place, on the client or the HTTP client inside, is another question."""
    monkeypatch.setitem(globals(), "client", made(default_headers={"X-Team": "a"}))
    keys = {ask.cache_key("x")}
    client._custom_headers["X-Team"] = "b"
    keys.add(ask.cache_key("x"))
    client._client.headers["X-Other"] = "c"
    assert 3 == len(keys | {ask.cache_key("x")})


def test_a_client_whose_class_has_a_part_called_organization(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of a client with the name of a setting, such as Anthropic's, takes a look; another is a question."""
    monkeypatch.setitem(globals(), "client", made())
    kin = {"__module__": "openai", "organization": functools.cached_property(lambda self: self.chat)}
    client.__class__ = type("Kin", (OpenAI,), kin)
    del client.organization
    key = ask.cache_key("x")
    assert [key] * 3 == [ask.cache_key("x") for _ in range(3)]
    assert watch(client, Check())
    client.organization = "other"
    assert key != ask.cache_key("x")
    del client.organization
    assert [key] * 3 == [ask.cache_key("x") for _ in range(3)]


def test_clients_that_take_more_than_a_look() -> None:
    """A client with hooks, odd headers or somebody else's transport has no witness."""
    hooked = made()
    hooked._client.event_hooks = {"request": [print]}
    odd = made()
    odd._custom_query["version"] = 1
    own = made(http_client=httpx.Client(transport=Transport()))
    own.__class__ = type("Own", (OpenAI,), {"organization": "mine"})
    transported = made(http_client=httpx.Client(transport=Transport()))
    assert [False] * 4 == [watch(each, Check()) for each in (hooked, odd, own, transported)]
    asynchronous = AsyncOpenAI(base_url="http://127.0.0.1:9/v1", api_key="none")
    assert [True, True] == [watch(each, Check()) for each in (asynchronous, asynchronous.chat.completions)]
