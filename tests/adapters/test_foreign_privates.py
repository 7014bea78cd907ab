"""The private names of other libraries that the adapters must use, each with what it is for.

None of them is promised by its library. When a new version has lost one, the test of that name says so, and what is
lost with it.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import inspect
import io
import linecache
import os
import sys
import unittest.mock
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx
import httpx2
import openai
import pydantic
import pytest
import wrapt
from openai import AsyncOpenAI, OpenAI
from sdk import http


class Private(NamedTuple):
    """A name that is needed, of an object that has it."""

    library: str
    name: str
    reason: str
    there: Callable[[], object]
    """Gives the object, or raises."""


class Model(pydantic.BaseModel):
    """A model with all that pydantic keeps beside the fields."""

    model_config = pydantic.ConfigDict(extra="allow")
    field: int = 1
    _private: int = pydantic.PrivateAttr(2)


class Decorated:
    @wrapt.decorator
    def plain(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        return wrapped(*args, **kwargs)

    @plain
    def method(self) -> None: ...


def _validated_call() -> Any:
    made: Any = pydantic.validate_call(_stream)
    held = inspect.getclosurevars(made).nonlocals["wrapper"]
    return getattr(held, "__self__", held)


def _stream(kind: Any, client: Any) -> Any:
    response = http.Response(200, content=b"data: [DONE]\n\n", request=http.Request("POST", "http://127.0.0.1/"))
    return kind(cast_to=object, response=response, client=client)


def _openai() -> Any:
    return OpenAI(api_key="test")


def _raw() -> Any:
    response = http.Response(200, content=b"{}", request=http.Request("POST", "http://127.0.0.1/"))
    options = importlib.import_module("openai._models").FinalRequestOptions.construct(method="post", url="/")
    return importlib.import_module("openai._legacy_response").LegacyAPIResponse(
        raw=response, cast_to=object, client=_openai(), stream=False, stream_cls=None, options=options
    )


def _animation() -> Any:
    import PIL.Image

    frames = [PIL.Image.new("L", (1, 1), color) for color in (0, 255)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return PIL.Image.open(file)


def _protocol() -> Any:
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol
    from uvicorn.server import ServerState

    loop = asyncio.new_event_loop()
    loop.close()
    return H11Protocol(uvicorn.Config(lambda: None, log_config=None), ServerState(), {}, loop)  # type: ignore[arg-type]


MISSING = object()
PRIVATES = [
    Private("openai", "_base_url", "a client's key is where it sends questions", _openai),
    Private("openai", "_client", "a resource's key is its client's; cached_client takes hold of it", _openai),
    Private("openai", "_client", "a resource's key is its client's", lambda: _openai().chat),
    Private(
        "openai",
        "_api_version",
        "the API's version is in the key of an Azure client",
        lambda: openai.AzureOpenAI(api_key="test", api_version="v1", azure_endpoint="http://127.0.0.1"),
    ),
    Private("openai", "_iterator", "a stream is recorded and replayed", lambda: _stream(openai.Stream, _openai())),
    Private(
        "openai",
        "_iterator",
        "a stream of the asynchronous client is recorded and replayed",
        lambda: _stream(openai.AsyncStream, AsyncOpenAI(api_key="test")),
    ),
    Private(
        "openai",
        "FinalRequestOptions",
        "a replayed stream has the request that it answers",
        lambda: importlib.import_module("openai._models"),
    ),
    Private("wrapt", "_self_parent", "a bound cached function finds the one it was made from", lambda: _bound()),
    Private("wrapt", "_self_instance", "a bound cached function finds its instance", lambda: _bound()),
    Private("wrapt", "_self_owner", "a bound cached function finds its class", lambda: _bound()),
    Private("wrapt", "_self_binding", "functions and methods are told apart", lambda: Decorated.method),
    Private("wrapt", "_self_wrapper", "what a decorator of wrapt's does is in the key", lambda: Decorated.method),
    Private("wrapt", "_self_enabled", "whether a decorator of wrapt's is on is in the key", lambda: Decorated.method),
    Private("pydantic", "__pydantic_fields__", "a model is keyed and kept by its fields", lambda: Model),
    Private("pydantic", "__pydantic_extra__", "fields that the class does not name are kept", Model),
    Private("pydantic", "__pydantic_private__", "private attributes are kept", Model),
    Private("pydantic", "__pydantic_fields_set__", "which fields were given is kept", Model),
    Private("pydantic", "__private_attributes__", "defaults of private attributes are in the key", lambda: Model),
    Private("pydantic", "__pydantic_complete__", "a class that is not complete is built first", lambda: Model),
    Private("pydantic", "__pydantic_validator__", "an answer is read without the class's own methods", lambda: Model),
    Private("pydantic", "__pydantic_serializer__", "an answer is written without the class's own methods", Model),
    Private("pydantic", "__pydantic_generic_metadata__", "a generic model is named with its arguments", lambda: Model),
    Private("pydantic", "_attributes_set", "a field is keyed by what was given", lambda: Model.model_fields["field"]),
    Private("pydantic", "_type", "a type adapter is keyed by its type", lambda: pydantic.TypeAdapter(int)),
    *(
        Private("pydantic", name, "what validate_call makes of arguments is in the key", lambda: _validated_call())
        for name in ("function", "validate_return", "ns_resolver", "config_wrapper")
    ),
    Private("pydantic", "_config", "a type adapter is keyed by its configuration", lambda: pydantic.TypeAdapter(int)),
    Private("openai", "_custom_query", "a query that was set on a client is in its key", _openai),
    Private("openai", "_custom_headers", "headers that were set on a client are in its key", _openai),
    Private("openai", "_strict_response_validation", "a kept raw response parses without a client", _openai),
    Private("openai", "_stream", "a raw response of a stream is not kept", _raw),
    Private("openai", "_cast_to", "a raw response is kept with what it parses to", _raw),
    Private("openai", "_parsed_by_type", "a kept raw response has what it was parsed to", _raw),
    *(
        Private(kind.__module__.partition(".")[0], name, reason, kind)
        for kind in (httpx.Client, httpx.AsyncClient, httpx2.Client, httpx2.AsyncClient)
        for name, reason in (
            ("_transport", "a client is keyed by who answers; cached_client takes hold of the transport"),
            ("_mounts", "a client is keyed by who answers; cached_client takes hold of the transports of proxies"),
        )
    ),
    *(
        Private(kind.__module__.partition(".")[0], "_pool", "a fake in the place of a pool is in the key", kind)
        for kind in (httpx.HTTPTransport, httpx.AsyncHTTPTransport, httpx2.HTTPTransport, httpx2.AsyncHTTPTransport)
    ),
    *(
        Private(
            kind.__module__.partition(".")[0],
            "_content",
            "a request is keyed by its content, if that was read",
            lambda kind=kind: kind("POST", "http://127.0.0.1/", content=b"{}"),  # type: ignore[misc]
        )
        for kind in (httpx.Request, httpx2.Request)
    ),
    Private("httpx2", "_transport_for_url", "configure(requests=True) reaches every client", lambda: httpx2.Client),
    Private(
        "httpx",
        "_transport_for_url",
        "the proxy sends through the transport for its upstream",
        lambda: httpx.AsyncClient,
    ),
    Private("pillow", "_fp", "an animation is keyed by all of its frames", _animation),
    Private("os", "_data", "whether a setting in the environment has changed is seen at once", lambda: os.environ),
    *(
        [Private("linecache", "_getlines_from_code", "what is typed at a prompt has its source", lambda: linecache)]
        if sys.version_info >= (3, 14)
        else []
    ),
    *(
        Private("uvicorn", name, "the proxy limits slow senders and their number", _protocol)
        for name in ("conn", "flow", "cycle", "connections", "transport", "loop", "logger", "access_log")
    ),
    *(
        Private("uvicorn", name, "the proxy limits slow senders and their number", lambda: type(_protocol()))
        for name in ("connection_made", "data_received", "connection_lost", "on_response_complete", "send_400_response")
    ),
    Private("unittest", "_mock_children", "a mock is keyed by how it was configured", unittest.mock.Mock),
    Private("unittest", "_mock_delegate", "a mock that stands for a function is one", unittest.mock.Mock),
    Private("unittest", "_mock_return_value", "what a mock answers is in its key", unittest.mock.Mock),
    Private("unittest", "_mock_side_effect", "what a mock does is in its key", unittest.mock.Mock),
    Private("unittest", "_mock_wraps", "what a mock hands on to is in its key", unittest.mock.Mock),
    Private("unittest", "_mock_new_parent", "a part of a mock is keyed by its parent", unittest.mock.Mock),
    Private("unittest", "_mock_new_name", "a part of a mock is keyed by its name", unittest.mock.Mock),
]


def _bound() -> Any:
    def hand_on(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        return wrapped(*args, **kwargs)

    def method(self: object) -> None: ...

    return wrapt.FunctionWrapper(method, hand_on).__get__(object(), object)


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clients that a test makes end with it."""
    made: list[Any] = []
    for kind in (httpx.Client, httpx.AsyncClient, httpx2.Client, httpx2.AsyncClient):
        real = kind.__init__
        monkeypatch.setattr(
            kind, "__init__", lambda self, *args, real=real, **kw: (made.append(self), real(self, *args, **kw))[1]
        )
    yield
    for client in made:
        asyncio.run(client.aclose()) if hasattr(client, "aclose") else client.close()


@pytest.mark.parametrize("private", PRIVATES, ids=[f"{each.library} {each.name}" for each in PRIVATES])
def test_it_is_there(private: Private) -> None:
    """The installed version has the name."""
    is_pythons = private.library in sys.stdlib_module_names
    version = "of Python" if is_pythons else importlib.metadata.version(private.library)
    thing = private.there()
    assert inspect.getattr_static(thing, private.name, MISSING) is not MISSING, (
        f"{private.library} {version} has no {private.name} any more, and so it is not true that {private.reason}"
    )
