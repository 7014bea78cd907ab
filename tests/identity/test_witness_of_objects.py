"""Objects of installed classes are looked at part by part: each edit of what counts is another question."""

from __future__ import annotations

import collections
import functools
import gc
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import pydantic
import pytest
import tenacity
from openai import OpenAI

from llm_memo import cached_completion
from llm_memo.identity.forms import encoding
from llm_memo.identity.forms.witness import Witness

INSTALLED = tenacity.__name__
"""A package that is installed here: classes that say they are of it are nobody's own."""

Edit = Callable[[Any], Callable[[], object]]
"""Edits an object in place, and returns what undoes it."""


class Settings(pydantic.BaseModel):
    """A model of a framework's."""

    __module__ = INSTALLED
    model_config = pydantic.ConfigDict(extra="allow", arbitrary_types_allowed=True)

    model: str = "a"
    temperature: float = 0.0
    seed: Any = 1
    api_key: str = "one"
    tags: list[Any] = ["x", {"deep": [1, [2]]}]
    _memory: list[Any] = pydantic.PrivateAttr(default_factory=lambda: ["hello", {"role": "user"}])


class Slotted:
    """What has no ``__dict__``."""

    __module__ = INSTALLED
    __slots__ = ("__weakref__", "limits", "unset")

    def __init__(self) -> None:
        self.limits = {"tokens": 10}


class Other(Slotted):
    """Another class with the same slots."""

    __module__ = INSTALLED
    __slots__ = ()


class Opener:
    """What merely holds a client, in a class that says it is of the client's SDK."""

    __module__ = "openai"

    def __init__(self, client: OpenAI) -> None:
        self._client = client
        self.voices = ["alloy"]


class Model:
    """The base of agno's models."""

    __module__ = "agno.models.base"


class Chat(Model):
    """A model of agno's."""

    __module__ = INSTALLED

    def __init__(self) -> None:
        self.id = "gpt"
        self.base_url = "http://127.0.0.1:9/v1"
        self.request_params = {"top_p": [1.0]}
        self.client: Any = None


class Reference(weakref.ref[Any]):
    """A weak reference of a framework's."""

    __module__ = INSTALLED


def made_class() -> Any:
    """A class that a framework makes at run time."""

    class Signature:
        __module__ = INSTALLED
        instructions = "Be brief."

    return Signature


class Agent:
    """An object of a framework's."""

    __module__ = INSTALLED

    def __init__(self) -> None:
        self.settings = Settings(colour={"name": "red"})
        self.slotted = Slotted()
        self.client = OpenAI(base_url="http://127.0.0.1:9/v1", api_key="none")
        self.instructions = ["Be brief.", "Be kind."]
        self.options = {"a": {"b": [1, 2, {"c": None}]}, "z": (1, [2])}
        self.records = [{"id": n, "tags": [n]} for n in range(100)]
        self.headers = {"X-Team": "a"}
        self.tools = [tool]
        self.hook = self.settings.model_dump
        self.partial = functools.partial(print, "a", sep={"x": 1})
        self.queue = collections.deque([1, {"a": 1}])
        self.names = {"a", "b"}
        self.ordered = collections.OrderedDict(a=1, b=[2])
        self.counts = collections.Counter("aab")
        self.space = types.SimpleNamespace(a=[1])
        self.lock = threading.Lock()
        self.keyed = {("a", 1): "x"}
        self.itself = self
        self.made = made_class()()
        self.opener = Opener(self.client)
        self.model = Chat()


def tool(city: str) -> str:
    """The weather."""
    return city


def other_tool(city: str) -> str:
    """The weather there."""
    return city


agent: Any = None


@cached_completion
def ask(text: str) -> object:
    """Hands an object to its framework."""
    return functools.partial(agent, text)


def attribute(*path: str, value: Any) -> Edit:
    """Set an attribute of what a path leads to."""

    def edit(each: Any) -> Callable[[], object]:
        for name in path[:-1]:
            each = getattr(each, name)
        before = getattr(each, path[-1])
        setattr(each, path[-1], value)
        return lambda: setattr(each, path[-1], before)

    return edit


def item(find: Callable[[Any], Any], key: Any, value: Any) -> Edit:
    """Put an item into a container."""

    def edit(each: Any) -> Callable[[], object]:
        container = find(each)
        before = container[key]
        container[key] = value
        return lambda: container.__setitem__(key, before)

    return edit


def appended(find: Callable[[Any], Any]) -> Edit:
    """Append to a list."""

    def edit(each: Any) -> Callable[[], object]:
        find(each).append("more")
        return lambda: find(each).pop()

    return edit


def again(find: Callable[[Any], Any], key: Any) -> Edit:
    """Move an item of a dict to its end."""

    def edit(each: Any) -> Callable[[], object]:
        container = find(each)
        before = dict(container)
        container[key] = container.pop(key)

        def undo() -> None:
            container.clear()
            container.update(before)

        return undo

    return edit


def renamed(find: Callable[[Any], Any], key: Any, new: Any) -> Edit:
    """Give an item of a dict another key, at the same place."""

    def edit(each: Any) -> Callable[[], object]:
        container = find(each)
        before = dict(container)

        def fill(items: Any) -> None:
            container.clear()
            container.update(items)

        fill({new if name == key else name: value for name, value in before.items()})
        return lambda: fill(before)

    return edit


EDITS: dict[str, Edit] = {
    "a field": attribute("settings", "model", value="b"),
    "a field, equal but of another type": attribute("settings", "seed", value=1.0),
    "a field, true for one": attribute("settings", "seed", value=True),
    "a field, minus zero": attribute("settings", "temperature", value=-0.0),
    "a nested list of a field": appended(lambda each: each.settings.tags),
    "a deep list of a field": appended(lambda each: each.settings.tags[1]["deep"][1]),
    "the first item": item(lambda each: each.settings.tags, 0, "y"),
    "an extra field": item(lambda each: each.settings.__pydantic_extra__, "colour", "blue"),
    "inside of an extra field": item(lambda each: each.settings.__pydantic_extra__["colour"], "name", "blue"),
    "a private attribute": attribute("settings", "_memory", value=[]),
    "a private attribute in place": appended(lambda each: each.settings._memory),
    "inside of a private attribute": item(lambda each: each.settings._memory[1], "role", "system"),
    "all of the model": attribute("settings", value=Settings(model="b")),
    "the dict of the model": attribute("settings", "__dict__", value={"model": "b"}),
    "a slot": attribute("slotted", "limits", value={"tokens": 11}),
    "inside of a slot": item(lambda each: each.slotted.limits, "tokens", 11),
    "a class": attribute("slotted", "__class__", value=Other),
    "a text in a list": item(lambda each: each.instructions, 1, "Be rude."),
    "the order of a list": attribute("instructions", value=["Be kind.", "Be brief."]),
    "a list, grown": appended(lambda each: each.instructions),
    "the order of a dict": again(lambda each: each.options, "a"),
    "the order of an inner dict": again(lambda each: each.__dict__["settings"].__dict__, "model"),
    "the name of a key": renamed(lambda each: each.options, "a", "A"),
    "a key of another type": renamed(lambda each: each.keyed, ("a", 1), ("a", True)),
    "deep in a dict": item(lambda each: each.options["a"]["b"][2], "c", 0),
    "a list in a tuple": appended(lambda each: each.options["z"][1]),
    "one of many records": item(lambda each: each.records[50], "id", 51),
    "inside of the last record": appended(lambda each: each.records[99]["tags"]),
    "a header": item(lambda each: each.headers, "X-Team", "b"),
    "a tool": item(lambda each: each.tools, 0, other_tool),
    "a tool's code": attribute("tools", value=[other_tool]),
    "a bound method": attribute("hook", value=Settings().model_dump),
    "what a method is bound to": attribute("hook", value=Settings(model="b").model_dump),
    "a partial": attribute("partial", value=functools.partial(print, "b", sep={"x": 1})),
    "keywords of a partial": item(lambda each: each.partial.keywords["sep"], "x", 2),
    "a deque": appended(lambda each: each.queue),
    "inside of a deque": item(lambda each: each.queue[1], "a", 2),
    "a set": attribute("names", value={"a", "c"}),
    "an ordered dict": appended(lambda each: each.ordered["b"]),
    "a counter": item(lambda each: each.counts, "a", 3),
    "a namespace": appended(lambda each: each.space.a),
    "a client's destination": attribute("client", "base_url", value="http://127.0.0.1:8/v1/"),
    "a client's header": attribute("client", "_custom_headers", value={"X-Team": "b"}),
    "what merely holds a client": item(lambda each: each.opener.voices, 0, "echo"),
    "the class of a part, made at run time": lambda each: attribute("instructions", value="Be rude.")(type(each.made)),
    "a setting of a model": attribute("model", "id", value="other"),
    "inside of a setting of a model": appended(lambda each: each.model.request_params["top_p"]),
    "a client of a model that goes elsewhere": lambda each: attribute(
        "model", "client", value=OpenAI(base_url="http://x", api_key="none")
    )(each),
    "no lock any more": attribute("lock", value="open"),
    "not itself any more": attribute("itself", value=None),
}


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent of its own for each test."""
    monkeypatch.setitem(globals(), "agent", Agent())


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_edit_in_place(edit: Edit) -> None:
    """After a warm key an edit makes another one, and undone, the first again."""
    key = ask.cache_key("x")
    assert [key] * 3 == [ask.cache_key("x") for _ in range(3)]
    undo = edit(agent)
    assert key != ask.cache_key("x")
    assert key != ask.cache_key("x")
    undo()
    assert [key] * 3 == [ask.cache_key("x") for _ in range(3)]


def test_the_client_that_a_model_makes_of_its_settings() -> None:
    """It is the same question with it as before; another setting is another question then too."""
    key = ask.cache_key("x")
    assert key == ask.cache_key("x")
    agent.model.client = OpenAI(base_url=agent.model.base_url, api_key="none")
    assert [key] * 3 == [ask.cache_key("x") for _ in range(3)]
    agent.model.client.base_url = "http://x"
    assert key != ask.cache_key("x")
    agent.model.base_url = "http://x"
    assert key != ask.cache_key("x")


@pytest.mark.parametrize("path", [("settings", "api_key"), ("client", "api_key"), ("lock",)], ids=".".join)
def test_what_does_not_count(path: tuple[str, ...]) -> None:
    """A credential, or another lock, is the same question."""
    key = ask.cache_key("x")
    assert key == ask.cache_key("x")
    attribute(*path, value=threading.Lock() if path == ("lock",) else "two")(agent)
    assert [key] * 3 == [ask.cache_key("x") for _ in range(3)]


def test_raw_memory() -> None:
    """Where an object has raw memory inside, all of it is encoded at each look, and an edit is another question."""
    agent.raw = bytearray(b"abc")
    key = ask.cache_key("x")
    assert key == ask.cache_key("x")
    agent.raw[0] = 98
    assert key != ask.cache_key("x")
    agent.raw[0] = 97
    assert [key] * 2 == [ask.cache_key("x") for _ in range(2)]


def test_a_dict_of_attributes_of_another_class() -> None:
    """Where the attributes of an object are in an ordered dict, an edit is another question."""
    agent.slotted = Agent.__new__(Agent)
    agent.slotted.__dict__ = collections.OrderedDict(tokens=10)
    key = ask.cache_key("x")
    assert key == ask.cache_key("x")
    agent.slotted.tokens = 11
    assert key != ask.cache_key("x")
    agent.slotted.tokens = 10
    assert [key] * 2 == [ask.cache_key("x") for _ in range(2)]


def test_what_only_weak_references_hold() -> None:
    """What a weak reference of a framework's leads to is not kept alive by a look."""
    prompt = Slotted()
    agent.reference = Reference(prompt)
    assert ask.cache_key("x") == ask.cache_key("x")
    del prompt
    gc.collect()
    assert None is agent.reference()


def test_equal_parts_that_are_others() -> None:
    """Parts that are replaced by equal ones are the same question, and are looked at from then on."""
    key = ask.cache_key("x")
    agent.options = {"a": {"b": [1, 2, {"c": None}]}, "z": (1, [2])}
    assert [key] * 3 == [ask.cache_key("x") for _ in range(3)]
    agent.options["z"][1].append(3)
    assert key != ask.cache_key("x")


def test_what_stands_in_the_place_of_a_part_of_a_client() -> None:
    """A fake in the place of a client's part, or of a method of a part, is another question, in the agent or alone."""
    for alone in (False, True):
        globals()["agent"] = OpenAI(base_url="http://127.0.0.1:9/v1", api_key="none") if alone else Agent()
        client = agent if alone else agent.client
        key = ask.cache_key("x")
        assert key == ask.cache_key("x")
        client.chat.completions.create  # noqa: B018 - a part that the library makes itself
        assert [key] * 3 == [ask.cache_key("x") for _ in range(3)]
        with mock.patch.object(client.chat.completions, "create"):
            assert key != ask.cache_key("x")
        assert key == ask.cache_key("x")
        client.responses = tool
        assert key != ask.cache_key("x")
        del client.responses
        assert key == ask.cache_key("x")


@pytest.mark.parametrize("path", ["", "_transport", "_transport._pool"])
@pytest.mark.parametrize("warm", [False, True])
def test_what_stands_in_the_way_of_a_request(path: str, warm: bool) -> None:
    """A fake on the HTTP client inside of a client, on its transport or the pool of that, is another question."""
    part = functools.reduce(getattr, filter(None, path.split(".")), agent.client._client)
    key = ask.cache_key("x")
    for _ in range(3 * warm):
        assert key == ask.cache_key("x")
    name = "handle_request" if path else "send"
    with mock.patch.object(part, name):
        assert key != ask.cache_key("x")
    assert [key] * 2 == [ask.cache_key("x") for _ in range(2)]
    setattr(part, name, tool)
    assert key != ask.cache_key("x")
    delattr(part, name)
    assert key == ask.cache_key("x")


def _nothing(_: object) -> bytes:
    return b""


def test_nothing_is_encoded_anew_while_nothing_changes() -> None:
    """From the second look on, an object that nobody has edited is not encoded."""
    key = ask.cache_key("x")
    assert key == ask.cache_key("x")
    with mock.patch.object(encoding, "encode", wraps=encoding.encode) as encode:
        assert key == ask.cache_key("x")
        assert 0 == encode.call_count
        agent.settings._memory.append("more")
        assert key != ask.cache_key("x")
        assert 0 < encode.call_count


@pytest.mark.parametrize(
    "value", [np.zeros(3), weakref.ref(ask), [[n] for n in range(30_000)]], ids=["memory", "reference", "much"]
)
def test_what_has_no_witness(value: object) -> None:
    """Raw memory, a weak reference, and what has too many parts that are no plain data are encoded each time."""
    with pytest.raises(ValueError, match=r"raw memory, or too much|a weak reference"):
        Witness([value, object] if type(value) is not list else [*value, object], _nothing)
