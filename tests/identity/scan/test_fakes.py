"""Mocks, and what tests put in the place of SDKs' methods and of transports."""

from __future__ import annotations

import functools
import subprocess
import sys
from types import SimpleNamespace
from typing import Any
from unittest import mock

import httpx2
import openai
import pytest
import requests
from hooks import encoded
from openai.resources.chat.completions import Completions
from sdk import http

from llm_memo import cached_completion
from llm_memo.identity.scan.fakes import stand_ins


def fake(*args: Any, **kwargs: Any) -> Any:
    return None


def test_nothing_stands_in_a_place_in_life() -> None:
    """Without fakes there is nothing to add to a key."""
    assert () == stand_ins()


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (httpx2.HTTPTransport, "handle_request"),
        (requests.Session, "send"),
        (requests.adapters.HTTPAdapter, "send"),
        (requests.sessions.Session, "get_adapter"),
    ],
)
def test_what_stands_in_the_place_of_an_end_point(owner: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a token of this process, another one for another fake, and gone with the fake."""
    found = []
    for replacement in (fake, lambda *args: None, mock.Mock()):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, replacement)
            ((place, item),) = stand_ins()
            assert stand_ins() == ((place, item),)
            found.append(encoded(item))
        assert () == stand_ins()
        assert place.endswith(f"{owner.__name__}.{name}")
    assert 3 == len(set(found))
    assert [] == [each for each in found if b"fake" in each]


def test_what_stands_in_the_place_of_a_method(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given as the value that it is: code of one's own, a mock."""
    monkeypatch.setattr(Completions, "create", fake)
    assert (("openai.resources.chat.completions.completions.Completions.create", fake),) == stand_ins()
    monkeypatch.undo()
    with mock.patch.object(Completions, "create") as create:
        assert [create] == [item for _, item in stand_ins()]
    with mock.patch.object(Completions, "create", autospec=True) as create:
        assert encoded(create) != encoded([item for _, item in stand_ins()])
        assert encoded([create]) == encoded([item for _, item in stand_ins()])
    monkeypatch.delattr(Completions, "create")
    assert () == stand_ins()


@pytest.mark.slow
def test_a_mock_is_a_token_of_this_process() -> None:
    """Two mocks are two; another process has others."""
    one, other = mock.Mock(), mock.MagicMock()
    assert encoded(one) == encoded(one) != encoded(other)
    program = (
        "from unittest import mock; from llm_memo.identity.forms.encoding import encode; print(encode(mock.Mock()))"
    )
    results = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout for _ in range(2)
    ]
    assert 2 == len(set(results))


def configured(value: Any) -> list[Any]:
    """Ways to configure a mock anew."""

    def given() -> None:
        value.return_value = "a"

    def given_another() -> None:
        value.return_value = "b"

    def raising() -> None:
        value.side_effect = ValueError("a")

    def deep() -> None:
        value.chat.completions.create.return_value.text = "a"

    def deep_again() -> None:
        value.chat.completions.create.return_value.text = "b"

    def attribute() -> None:
        value.model = ["m"]

    def inside() -> None:
        value.model.append("n")

    def many() -> None:
        value.side_effect = ["a", "b"]

    def many_again() -> None:
        value.side_effect = ["a", "b"]

    return [given, given_another, raising, deep, deep_again, attribute, inside, many, many_again]


@pytest.mark.parametrize("kind", [mock.Mock, mock.MagicMock, mock.AsyncMock])
def test_a_mock_configured_anew_has_another_token(kind: Any) -> None:
    """Each configuration is another token, deep inside too; using the mock is none."""
    value = kind()
    found = [encoded(value)]
    for configure in configured(value):
        configure()
        found.append(encoded(value))
        assert found[-1] == encoded(value)
    assert len(found) == len(set(found))


def test_using_a_mock_does_not_configure_it() -> None:
    """Calls, attributes that are made by looking at them, and what is recorded leave the token as it was."""
    value = mock.MagicMock()
    value.ask.return_value = "a"
    before = encoded(value), encoded(value.ask), encoded(value.other.deep)
    for _ in range(3):
        value.ask("x")
        value.other.deep(1).more.than()
        value.items()["a"]
    value.ask.assert_called()
    assert before == (encoded(value), encoded(value.ask), encoded(value.other.deep))
    assert 3 == len(set(before))


def test_a_client_over_a_fake_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client whose transport is a test's is not the client that asks a model."""

    def respond(request: Any) -> Any:
        return http.Response(200)

    def client(**given: Any) -> openai.OpenAI:
        return openai.OpenAI(api_key="k", base_url="http://a/v1", **given)

    real = client(http_client=http.Client())
    faked = client(http_client=http.Client(transport=http.MockTransport(respond)))
    assert encoded(real) != encoded(faked)
    assert encoded(client()) == encoded(real)


@pytest.mark.parametrize("put", ["a mock", "a function", "a function that wraps it", "a part", "a mock of a part"])
def test_what_a_test_puts_on_a_client(put: str) -> None:
    """A fake on a client, or on a part of it, makes another key in its time, also if it is put there later."""
    client = openai.OpenAI(base_url="http://127.0.0.1:9/v1", api_key="x")

    @cached_completion
    def ask(text: str) -> Any:
        return client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}])

    def wrapping(*args: Any, **kwargs: Any) -> Any:
        return None

    real = ask.cache_key("a")
    completions = client.chat.completions
    assert real == ask.cache_key("a")
    functools.update_wrapper(wrapping, completions.create)
    fakes: dict[str, Any] = {
        "a mock": (completions, "create", mock.DEFAULT),
        "a function": (completions, "create", fake),
        "a function that wraps it": (completions, "create", wrapping),
        "a part": (client.chat, "completions", SimpleNamespace(create=fake)),
        "a mock of a part": (client, "chat", mock.DEFAULT),
    }
    owner, name, replacement = fakes[put]
    with mock.patch.object(owner, name, replacement):
        assert real != ask.cache_key("a")
    assert real == ask.cache_key("a")


def test_what_a_test_puts_on_a_client_that_is_an_argument() -> None:
    """A client, or a part of it, that is given to the function is another argument while a fake is on it."""
    client = openai.OpenAI(base_url="http://127.0.0.1:9/v1", api_key="x")

    @cached_completion
    def ask(where: Any) -> Any:
        return where.completions.create(model="m", messages=[])

    @cached_completion
    def first(clients: list[Any]) -> Any:
        return clients[0].chat.completions.create(model="m", messages=[])

    def keys() -> tuple[str, str]:
        return ask.cache_key(client.chat), first.cache_key([client])

    real = keys()
    with mock.patch.object(client.chat.completions, "create"):
        assert {*real}.isdisjoint(keys())
    assert real == keys()


def test_what_a_client_makes_of_itself_is_no_fake() -> None:
    """Raw responses, other options and parts that a client makes when they are used leave the key as it is."""
    client = openai.OpenAI(base_url="http://127.0.0.1:9/v1", api_key="x")

    @cached_completion
    def ask(text: str) -> Any:
        return client.chat.completions.with_raw_response.create(model="m", messages=[])

    real = ask.cache_key("a")
    assert client.chat.completions.with_raw_response.create is not None
    assert client.chat.with_streaming_response is not None
    assert real == ask.cache_key("a")
