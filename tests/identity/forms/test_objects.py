"""Canonical forms of objects of installed classes: one form, wherever they are met."""

from __future__ import annotations

import array
import collections.abc
import dataclasses
import functools
import importlib.util
import json
import logging
import queue
import random
import sys
import threading
import types
from pathlib import Path
from typing import Any
from unittest import mock

import aiohttp
import attrs
import httpx
import httpx2
import multidict
import openai
import pydantic
import pytest
import requests
import wrapt
import yarl
from hooks import encoded
from sdk import http

from llm_memo import cached_completion
from llm_memo.adapters.equipment import is_credential, is_equipment
from llm_memo.identity.forms import encoding
from llm_memo.identity.forms.encoding import NoCanonicalForm, encode

SOURCE = """
import attrs, collections, collections.abc, dataclasses, enum, functools, pydantic, threading, typing, weakref, wrapt

class Plain:
    def __init__(self, **held): self.__dict__.update(held)

class Slotted:
    __slots__ = ("x", "_Slotted__y")
    def __init__(self, x, y): self.x = x; self._Slotted__y = y

@dataclasses.dataclass
class Data:
    x: object = 1
    api_key: str = "sk-1"

@attrs.define
class Attrs:
    x: object = 1
    password: str = "p"

class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow", arbitrary_types_allowed=True)
    x: object = 1
    api_key: str = "sk-1"
    secret: pydantic.SecretStr = pydantic.SecretStr("s")
    _private: object = pydantic.PrivateAttr(None)
    @functools.cached_property
    def computed(self): return 1

class Shelf(collections.abc.Mapping):
    def __init__(self, held, name): self.get_it = lambda: held; self.name = name
    def __getitem__(self, key): return self.get_it()[key]
    def __iter__(self): return iter(self.get_it())
    def __len__(self): return len(self.get_it())

class Items(collections.abc.Sequence):
    def __init__(self, *held): self.held = held
    def __getitem__(self, place): return self.held[place]
    def __len__(self): return len(self.held)

class Broken(collections.abc.Sequence):
    def __init__(self, name): self.name = name
    def __getitem__(self, place): raise OSError
    def __len__(self): raise OSError

class Bag(collections.abc.Set):
    def __init__(self, *held): self.held = held
    def __contains__(self, item): return item in self.held
    def __iter__(self): return iter(self.held)
    def __len__(self): return len(self.held)

class Table(dict):
    pass

class Text(str):
    pass

class Level(enum.Enum):
    LOW = 1
    HIGH = 2

Pair = collections.namedtuple("Pair", "x y")

def make(text, default=1):
    def inner(x, y=default): return text + x
    return inner

def decorator(settings):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args): return function(*args), settings
        wrapper.settings = settings
        return wrapper
    return decorate

def plain(x): return x

def proxied(note):
    @wrapt.decorator
    def wrapper(wrapped, instance, args, kwargs): return note, wrapped(*args, **kwargs)
    return wrapper

class Deep:
    class Inner: pass

class Hidden(BaseException):
    pass

Late = None
def late():
    global Late
    class Made: field = 1
    return Made

kind = lambda name, **body: type(name, (), body)

def typed(kind):
    class Typed: field: kind
    return Typed
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A package as if it were installed."""
    folder = tmp_path_factory.mktemp("env") / "site-packages"
    folder.mkdir()
    (folder / "foreign.py").write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("foreign", folder / "foreign.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["foreign"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["foreign"]


def changed(value: Any, **held: Any) -> Any:
    for name, item in held.items():
        setattr(value, name, item)
    return value


def differ(*values: Any) -> None:
    found = [encoded(value) for value in values]
    assert [] == [number for number, each in enumerate(found) if each in found[:number]]


def agree(*values: Any) -> None:
    assert 1 == len({encoded(value) for value in values})


def test_every_attribute_counts(package: Any) -> None:
    """Attributes in __dict__ and slots, private ones too, whatever else was set on a record, and the class."""
    p = package
    differ(p.Plain(a=1), p.Plain(a=2), p.Plain(b=1), p.Plain(), p.Plain(_a=1), p.Plain(__a=1))
    differ(p.Slotted(1, 2), p.Slotted(2, 2), p.Slotted(1, 3))
    differ(p.Data(), p.Data(2), changed(p.Data(), more=1), p.Plain(x=1))
    differ(p.Attrs(), p.Attrs(2))
    differ(p.Table(a=1), p.Table(a=2), {"a": 1}, changed(p.Table(a=1), note="x"))
    differ(p.Text("a"), p.Text("b"), "a", changed(p.Text("a"), note="x"))
    differ(p.Level.LOW, p.Level.HIGH, 1)
    differ(p.Pair(1, 2), (1, 2), p.Pair(2, 2))
    differ(p.Hidden("a"), p.Hidden("b"), changed(p.Hidden("a"), note=1))
    agree(p.Plain(a=1, b=2), p.Plain(b=2, a=1))


def test_fields_extra_and_private_parts_of_a_model(package: Any) -> None:
    """A model counts by its fields with defaults, extra and private ones, not by which of them were given."""
    model = package.Model
    differ(model(), model(x=2), model(y=1), model(y=1, z=2), model(z=2, y=1), changed(model(), _private=[1]))
    agree(model(), model(x=1), model(api_key="sk-2"), model(secret="t"))
    computed = model()
    assert 1 == computed.computed
    agree(model(), computed)


def test_items_count_and_what_else_lies_there(package: Any) -> None:
    """Mappings and sequences by items, in order; sets in any; attributes beside them; items that raise are left."""
    p = package
    differ(
        p.Shelf({"a": 1, "b": 2}, "n"), p.Shelf({"b": 2, "a": 1}, "n"), p.Shelf({"a": 1, "b": 2}, "m"), p.Shelf({}, "n")
    )
    differ(p.Items(1, 2), p.Items(2, 1), p.Items())
    agree(p.Bag(), p.Bag())
    differ(p.Bag(1, 2), p.Bag(1, 3))
    differ(p.Broken("a"), p.Broken("b"))


def test_credentials_are_not_part_of_it(package: Any) -> None:
    """Fields of installed objects with a credential's exact name, and SecretStr anywhere; what is one's own counts."""
    agree(package.Data(), package.Data(api_key="sk-2"))
    agree(package.Attrs(), package.Attrs(password="q"))
    agree(package.Plain(_api_key=1, openai_api_key=2), package.Plain(_api_key=3, openai_api_key=4))
    differ(package.Plain(signature="a"), package.Plain(signature="b"))
    differ(package.Plain(tokens=1), package.Plain(tokens=2))
    agree([pydantic.SecretStr("a")], [pydantic.SecretStr("b")])
    differ({"api_key": "a"}, {"api_key": "b"})
    for name in ("signature", "key", "token_count", "max_tokens", "keys", "secrets_of_success", "author"):
        assert not is_credential(name)


def test_the_canary_is_nowhere(package: Any) -> None:
    """A secret is not in the bytes."""
    held = [package.Data(api_key="sk-canary"), package.Model(secret="sk-canary"), openai.OpenAI(api_key="sk-canary")]
    assert b"canary" not in encode(held)


def test_equipment_is_as_if_it_were_not_there(package: Any) -> None:
    """Locks, loggers, pools and clients' connections of an object, made early or late, leave it what it is."""
    agree(*(package.Plain(a=1, tool=tool) for tool in (None, threading.Lock(), logging.getLogger("x"), sys.stdout)))
    agree(queue.Queue(3), queue.Queue(3))
    full = queue.Queue[int](3)
    full.put(1)
    differ(queue.Queue(3), full)
    stopped = threading.Event()
    stopped.set()
    differ(threading.Event(), stopped)


def test_installed_code_is_its_name(package: Any) -> None:
    """Functions, classes and modules are never looked through; a class is not what is set on it."""
    assert b"@s9:installed1:s13:foreign.plain" == encoded(package.plain)
    assert b"@s9:installed1:s13:foreign.Plain" == encoded(package.Plain)
    assert b"@s9:installed1:s18:foreign.Deep.Inner" == encoded(package.Deep.Inner)
    assert b"@s9:installed1:s7:foreign" == encoded(package)
    assert b"@s9:installed1:s10:json.dumps" == encoded(json.dumps)
    differ(package.Plain(a=1).__init__, package.Plain(a=2).__init__)


def test_what_an_installed_decorator_holds_is_a_value(package: Any) -> None:
    """Closure cells, defaults and attributes of functions that are made at run time count."""
    p = package
    differ(p.make("a"), p.make("b"), p.make("a", 2), p.plain)
    agree(p.make("a"), p.make("a"))

    def own(x: Any) -> Any:
        return x

    def other(x: Any) -> Any:
        return x

    differ(p.decorator(1)(own), p.decorator(2)(own), p.decorator(1)(other), own)
    differ(changed(p.decorator(1)(own), retry=1), changed(p.decorator(1)(own), retry=2))
    differ(p.proxied("a")(own), p.proxied("b")(own), p.proxied("a")(other), own)
    differ(functools.lru_cache(own), functools.lru_cache(3)(own), functools.lru_cache(other))
    unset = types.FunctionType(p.make("a").__code__, vars(p), closure=(types.CellType(),))
    differ(unset, p.make("a"))


def test_a_class_that_is_made_at_run_time_counts_by_what_it_was_made_of(package: Any) -> None:
    """By its bases and its body; a model by its schema."""
    differ(package.kind("A", x=1), package.kind("A", x=2), package.kind("B", x=1), package.late())
    agree(package.late(), package.late())
    differ(package.typed(int), package.typed(str), package.kind("Typed"))
    make = functools.partial(pydantic.create_model, "Made", __module__="foreign")
    differ(make(a=(int, 1)), make(a=(int, 2)), make(a=(str, "")), package.Model)
    agree(make(a=(int, 1)), make(a=(int, 1)))
    differ(make(a=(Any, 1))(a=threading.RLock), make(a=(Any, 1))(a=1))


@dataclasses.dataclass
class Own:
    api_key: str


def test_what_is_ones_own_counts_whatever_it_is_called() -> None:
    """A field of one's own class may be called api_key and be a question."""
    differ(Own("a"), Own("b"))


def test_one_form_wherever_it_is_met(package: Any) -> None:
    """The same as an argument, in a list, as an attribute."""
    value = package.Plain(a=[1, package.Data()])
    assert encoded([value]) == b"l1:" + encoded(value)
    assert encoded({"v": value}) == b"d1:s1:v" + encoded(value)


def client(**given: Any) -> openai.OpenAI:
    return openai.OpenAI(**{"api_key": "k", "base_url": "http://a/v1", **given})


@pytest.mark.slow
def test_a_client_counts_by_its_destination_and_what_was_set_on_it() -> None:
    """Base URL, organisation, query, headers and hooks count; key, time-outs, retries and tracing do not."""
    azure = {"api_key": "k", "azure_endpoint": "http://a", "api_version": "1"}
    differ(
        client(),
        client(base_url="http://b/v1"),
        client(organization="o"),
        client(project="p"),
        client(default_query={"a": "b"}),
        client(default_headers={"x-route": "b"}),
        client(http_client=http.Client(headers={"x-route": "b"})),
        client(http_client=http.Client(params={"a": "b"})),
        client(http_client=http.Client(event_hooks={"request": [print]})),
        openai.AsyncOpenAI(api_key="k", base_url="http://a/v1"),
        openai.AzureOpenAI(**azure),
        openai.AzureOpenAI(**{**azure, "api_version": "2"}),
        openai.AzureOpenAI(**azure, azure_deployment="d"),
        client().chat.completions,
        client().responses,
    )
    agree(
        client(),
        client(api_key="other"),
        client(timeout=3, max_retries=9),
        client(base_url="http://user:word@a/v1"),
        client(default_headers={"Authorization": "Bearer x", "traceparent": "1", "x-request-id": "2"}),
        client().with_options(timeout=3),
    )
    agree(client().chat.completions.create, client().chat.completions.create)
    differ(client().chat.completions.create, client(base_url="http://b").chat.completions.create)


def session(**headers: str) -> requests.Session:
    made = requests.Session()
    made.headers.update(headers)
    return made


@pytest.mark.slow
def test_http_clients_count_by_what_was_set_on_them() -> None:
    """httpx and requests alike."""
    for library in (httpx, httpx2):
        make: Any = library.Client
        differ(make(), make(base_url="http://a"), make(headers={"x": "1"}), make(params={"x": "1"}))
        differ(make(), make(transport=library.MockTransport(print)), make(mounts={"all://": mock.Mock()}))
        agree(make(), make(headers={"authorization": "x"}), make(timeout=3), make(cookies={"a": "b"}))
        differ(library.URL("http://a"), library.URL("http://b"), "http://a")
        differ(library.Timeout(1), library.Timeout(2), library.Timeout(None))
        differ(library.QueryParams(a=1), library.QueryParams(a=2))
        differ(library.Headers({"a": "1"}), library.Headers({"a": "2"}))
        differ(library.Request("GET", "http://a"), library.Request("POST", "http://a", content=b"x"))
    differ(session(), session(x="1"), changed(session(), params={"a": 1}))
    agree(session(), session(authorization="x"), changed(session(), auth=("a", "b")))


async def test_sessions_of_aiohttp() -> None:
    """By base URL and headers."""
    async with (
        aiohttp.ClientSession() as one,
        aiohttp.ClientSession("http://a") as other,
        aiohttp.ClientSession(headers={"x": "1"}) as third,
        aiohttp.ClientSession(headers={"authorization": "1"}) as fourth,
    ):
        differ(one, other, third)
        agree(one, fourth)
        differ(third.headers, fourth.headers)


class Fields(pydantic.BaseModel):
    url: pydantic.HttpUrl


def test_values_of_pydantic() -> None:
    """URLs, secrets, adapters, fields, constraints and errors."""
    adapters = [int, list[int], list[Own], "Own"]
    differ(*(pydantic.TypeAdapter(kind) for kind in adapters[:3]))
    differ(Fields(url="http://a").url, Fields(url="http://b").url, "http://a/")
    differ(pydantic.Field(gt=1), pydantic.Field(gt=2), pydantic.Field(pattern="a"), pydantic.Field(pattern="b"))
    found = []
    for text in ("{}", '{"url": 1}'):
        with pytest.raises(pydantic.ValidationError) as error:
            Fields.model_validate_json(text)
        found.append(error.value)
    differ(*found)


@pytest.mark.slow
def test_a_url_of_pydantic_needs_no_model() -> None:
    """A URL has a form in a process that never made a model."""
    import subprocess

    text = "import pydantic_core; from llm_memo.identity.forms.encoding import encode\nprint(encode(pydantic_core.Url('http://a')))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, check=True, cwd=Path(__file__).parent)
    assert b"http://a/" in done.stdout


def test_types_that_are_written_in_c() -> None:
    """They count by what they tell pickle; without that they have no form."""
    differ(collections.abc.Mapping, collections.abc.Set)
    agree(types.SimpleNamespace(a=1), types.SimpleNamespace(a=1))
    for value in ((x for x in ()), iter([1]), sys._getframe()):
        with pytest.raises(NoCanonicalForm):
            encoded(value)
    assert is_equipment(threading.Lock())


@attrs.define
class Memo:
    x: int
    times: list[int] = attrs.field(factory=list)
    __memo_ignore__ = "times"


def test_what_a_class_says_is_to_be_ignored() -> None:
    """__memo_ignore__ is a name or several."""
    agree(Memo(1), Memo(1, [2]))
    differ(Memo(1), Memo(2))


def of_library(module: str, name: str, **held: Any) -> Any:
    """An object as if its class were that of a library."""
    return changed(type(name, (), {"__module__": module})(), **held)


def test_a_model_of_agno_before_and_after_its_first_request() -> None:
    """A client that it made itself says nothing more; one that leads elsewhere, or adds to requests, does."""

    def model(**held: Any) -> Any:
        settings = {"base_url": "http://a/v1", "organization": None, "default_query": None, "default_headers": None}
        return of_library("agno.models.base", "Model", **{**settings, "client": None, **held})

    agree(model(), model(client=client()), model(async_client=client()))
    others = [client(base_url="http://b/v1"), client(default_query={"a": "b"}), client(default_headers={"x": "1"})]
    differ(model(), *(model(client=each) for each in others), model(client=client(organization="o")), model(client=1))
    agree(model(default_headers={"x": "1"}), model(default_headers={"x": "1"}, client=others[2]))


def test_a_client_of_aws_counts_by_its_service_and_region() -> None:
    """Where requests go, and nothing of what it works with."""

    def made(region: str, url: str) -> Any:
        service = types.SimpleNamespace(service_name="bedrock-runtime", api_version="2023-09-30")
        meta = types.SimpleNamespace(region_name=region, endpoint_url=url, service_model=service)
        return of_library("botocore.client", "BaseClient", meta=meta, tool=object())

    differ(made("eu", "http://a"), made("us", "http://a"), made("eu", "http://b"))
    agree(made("eu", "http://a"), made("eu", "http://a"))
    differ(of_library("botocore.config", "Config", a=1), of_library("botocore.config", "Config", a=2))


def test_headers_that_an_object_holds(package: Any) -> None:
    """Those that count, less credentials; what else a library's maps of headers and queries hold."""
    differ(package.Plain(default_headers={"x": "1"}), package.Plain(default_headers={"x": "2"}))
    agree(package.Plain(default_headers={"x-api-key": "1"}), package.Plain(default_headers={"x-api-key": "2"}))
    cases = requests.structures.CaseInsensitiveDict
    differ(
        cases({"a": "1"}), cases({"a": "2"}), requests.Request("GET", "http://a"), requests.Request("GET", "http://b")
    )
    differ(multidict.MultiDict({"a": "1"}), multidict.MultiDict({"a": "2"}), yarl.URL("http://a"), yarl.URL("http://b"))
    differ(httpx.Limits(max_connections=1), httpx.Limits(max_connections=2))
    app = httpx.ASGITransport(print)
    differ(httpx.AsyncClient(), httpx.AsyncClient(transport=app))


class Dice(random.Random):
    def __reduce__(self) -> Any:
        raise ValueError


def test_code_and_objects_that_python_cannot_see_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """State that C keeps counts by what the library tells pickle; one's own pickling is not run."""
    differ(random.Random(1), random.Random(2))
    agree(random.Random(1), random.Random(1))
    for value in (Dice(1), iter(array.array("i", [1]))):
        with pytest.raises(NoCanonicalForm):
            encoded(value)
    released = memoryview(b"a")
    released.release()
    with pytest.raises(NoCanonicalForm, match="released"):
        encoded([released])
    differ(property(len), property(abs), staticmethod(len), classmethod(len))
    assert b"l1:$1:x" == encode([cached_completion(client)], lambda _: b"x")
    monkeypatch.setattr(encoding, "default_subject", None)
    with pytest.raises(NoCanonicalForm):
        encode([client])


def test_jinja_and_wrapt_are_known() -> None:
    """A bound proxy counts by its instance."""

    @wrapt.decorator
    def through(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        return wrapped(*args)

    class Kind:
        def __init__(self, x: int) -> None:
            self.x = x

        @through
        def ask(self) -> int:
            return self.x

    differ(Kind(1).ask, Kind(2).ask)
