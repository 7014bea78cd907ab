"""A cached function passes for the function: for inspect, for classes of any kind, for frameworks that read types."""

from __future__ import annotations

import abc
import asyncio
import dataclasses
import enum
import functools
import inspect
import pickle
import pydoc
import sys
import types
import typing
from typing import Any, NamedTuple, Protocol
from unittest import mock

import attrs
import cloudpickle
import pydantic
import pytest

from llm_memo import CachedFunction, cached_completion


@cached_completion
def ask(text: str, n: int = 1) -> list[str]:
    """Asks it."""
    return [text] * n


@cached_completion
async def ask_later(text: str) -> str:
    return text


class Plain:
    def __init__(self, name: str = "") -> None:
        self.name = name

    @cached_completion
    def method(self, text: str, n: int = 1) -> str:
        return self.name + text * n

    @cached_completion
    @classmethod
    def of_class(cls, text: str) -> str:
        return cls.__name__ + text

    @classmethod
    @cached_completion
    def of_class_too(cls, text: str) -> str:
        return cls.__name__ + text

    @cached_completion
    @staticmethod
    def static(text: str) -> str:
        return text

    @staticmethod
    @cached_completion
    def static_too(text: str) -> str:
        return text


METHODS = ("method", "of_class", "of_class_too", "static", "static_too")


def test_its_class_is_a_functions_and_ours() -> None:
    """isinstance, inspect.isfunction and inspect.ismethod say of it what they say of the function."""
    assert isinstance(ask, types.FunctionType)
    assert isinstance(ask, CachedFunction)
    assert inspect.isfunction(ask)
    assert inspect.isfunction(Plain.method)
    assert [True, True, True, False, False] == [inspect.ismethod(getattr(Plain(), name)) for name in METHODS]
    assert [False, True, True, False, False] == [inspect.ismethod(getattr(Plain, name)) for name in METHODS]
    assert isinstance(Plain().method, CachedFunction)
    assert "method" in dict(inspect.getmembers(Plain, inspect.isfunction))
    assert {"ask", "ask_later"} <= dict(inspect.getmembers(sys.modules[__name__], inspect.isfunction)).keys()
    assert [inspect.iscoroutinefunction(ask_later), inspect.iscoroutinefunction(ask)] == [True, False]


def test_its_annotations_and_signature() -> None:
    """Annotations, type hints and signature are the function's, also of methods of either kind, bound or not."""
    hints = {"text": str, "n": int, "return": list[str]}
    assert ask.__wrapped__.__annotations__ == ask.__annotations__
    assert hints == typing.get_type_hints(ask) == inspect.get_annotations(ask, eval_str=True)
    for holder in (Plain, Plain()):
        for name in METHODS:
            method = getattr(holder, name)
            assert str is typing.get_type_hints(method)["text"]
            expected = ["text", "n"] if name == "method" else ["text"]
            assert expected == [each for each in inspect.signature(method).parameters if each != "self"]
    other: Any = cached_completion(lambda x: x)
    other.__annotations__ = {"x": int}
    assert {"x": int} == other.__annotations__ == other.__wrapped__.__annotations__


@pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are deferred since Python 3.14")
def test_deferred_annotations() -> None:
    """Every form of annotationlib's is that of the function, also where a name is not there yet."""
    import annotationlib

    namespace: dict[str, Any] = {"cached_completion": cached_completion, "__name__": "later"}
    text = "@cached_completion\ndef later(text: str, model: Model) -> Model: ..."
    exec(compile(text, "later.py", "exec", dont_inherit=True), namespace)
    later = namespace["later"]
    assert {"text": "str", "model": "Model", "return": "Model"} == annotationlib.get_annotations(
        later, format=annotationlib.Format.STRING
    )
    forward = annotationlib.get_annotations(later, format=annotationlib.Format.FORWARDREF)
    assert "Model" == forward["model"].__forward_arg__
    with pytest.raises(NameError):
        annotationlib.get_annotations(later)
    namespace["Model"] = Plain
    assert {"text": str, "model": Plain, "return": Plain} == annotationlib.get_annotations(later)


def test_dir_and_help() -> None:
    """dir, and so completion, offers all that a cached function has; help shows the function's own text."""
    offered = {"cache_info", "cache_clear", "map", "samples", "explain", "with_options", "__wrapped__"}
    for function in (ask, Plain().method, Plain.of_class, Plain.static):
        assert offered <= set(dir(function))
        assert [] == [name for name in dir(function) if not hasattr(function, name)]
    shown = pydoc.render_doc(ask, renderer=pydoc.plaintext).replace("'", "")  # type: ignore[attr-defined]
    assert "ask(text: str, n: int = 1) -> list[str]" in shown
    assert "Asks it." in shown
    shown = pydoc.render_doc(Plain, renderer=pydoc.plaintext).replace("'", "")  # type: ignore[attr-defined]
    assert "method(self, text: str, n: int = 1)" in shown


def test_a_method_of_a_class_holds_the_cached_function() -> None:
    """What is taken from a method by ``__func__`` and bound again is still cached."""
    method: Any = Plain("x").method
    again = types.MethodType(method.__func__, Plain("y"))
    assert ["ya", "ya"] == [again("a"), Plain("y").method("a")]
    assert 1 == ask_info(method).hits
    assert "of_class" == Plain.of_class.__func__.__name__  # type: ignore[attr-defined]


def ask_info(function: Any) -> Any:
    return function.cache_info()


def test_pickling_keeps_the_cache() -> None:
    """Though it says that it is a function, cloudpickle takes it along with its cache."""

    @cached_completion(ttl=7)
    def local(text: str) -> str:
        return text

    for dumps in (pickle.dumps, cloudpickle.dumps):
        for function in (local, ask, Plain("x").method, Plain.static, Plain.of_class):
            copy = pickle.loads(dumps(function))
            assert isinstance(copy, CachedFunction)
            assert function.cache_parameters() == copy.cache_parameters()


class Record(pydantic.BaseModel):
    name: str = "a"

    @cached_completion
    def method(self, text: str) -> str:
        return self.name + text

    @cached_completion
    async def later(self, text: str) -> str:
        return self.name + text

    @cached_completion
    @classmethod
    def of_class(cls, text: str) -> str:
        return text

    @classmethod
    @cached_completion
    def of_class_too(cls, text: str) -> str:
        return text

    @cached_completion
    @staticmethod
    def static(text: str) -> str:
        return text

    @staticmethod
    @cached_completion
    def static_too(text: str) -> str:
        return text

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    @cached_completion
    def score(self) -> int:
        return len(self.name)

    @pydantic.field_validator("name")
    @classmethod
    @cached_completion
    def checked(cls, name: str) -> str:
        return name.strip()

    @pydantic.field_serializer("name")
    @cached_completion
    def shown(self, name: str) -> str:
        return name.upper()


def test_the_body_of_a_pydantic_model() -> None:
    """In a model's body a cached method is a method and no field, over and under class and static methods."""
    record = Record(name=" b ")
    assert ("bx", "bx") == (record.method("x"), asyncio.run(record.later("x")))
    assert ["x"] * 8 == [
        getattr(each, name)("x")
        for each in (Record, record)
        for name in ("of_class", "of_class_too", "static", "static_too")
    ]
    assert {"name": "B", "score": 1} == record.model_dump()
    assert ["name"] == [*Record.model_fields]


@dataclasses.dataclass
class Data:
    name: str = "a"

    @cached_completion
    def method(self, text: str) -> str:
        return self.name + text

    @cached_completion
    @staticmethod
    def static(text: str) -> str:
        return text


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    name: str = "a"

    @cached_completion
    def method(self, text: str) -> str:
        return self.name + text


@attrs.define
class Attrs:
    name: str = "a"

    @cached_completion
    def method(self, text: str) -> str:
        return self.name + text


class Row(NamedTuple):
    name: str = "a"

    @cached_completion
    def method(self, text: str) -> str:
        return self.name + text


class Colour(enum.Enum):
    a = 1

    @cached_completion
    def method(self, text: str) -> str:
        return self.name + text

    @cached_completion
    @classmethod
    def of_class(cls, text: str) -> str:
        return text


@typing.runtime_checkable
class Asks(Protocol):
    @cached_completion
    def method(self, text: str) -> str:
        return "a" + text


class Asking(Asks):
    pass


class Base(abc.ABC):
    @cached_completion
    @abc.abstractmethod
    def method(self, text: str) -> str: ...

    @abc.abstractmethod
    @cached_completion
    def other(self, text: str) -> str: ...

    @cached_completion
    @classmethod
    @abc.abstractmethod
    def of_class(cls, text: str) -> str: ...


@pytest.mark.parametrize(
    "made", [Data(), Slotted(), Attrs(), Row(), Colour.a, Asking()], ids=lambda made: type(made).__name__
)
def test_the_bodies_of_other_classes(made: Any) -> None:
    """In the body of any kind of class a cached method is a method."""
    assert ["ax", "ax"] == [made.method("x"), made.method("x")]
    assert 1 == made.method.cache_info().hits
    made.method.cache_clear()


def test_what_kinds_of_classes_make_of_it() -> None:
    """It is no field, no member, and it is abstract where the function is."""
    assert ["name"] == [field.name for field in dataclasses.fields(Data)] == [*Row._fields]
    assert [Colour.a] == list(Colour)
    assert "x" == Data.static("x") == Colour.of_class("x")
    assert isinstance(Data(), Asks)
    with pytest.raises(TypeError, match=r"abstract methods '?method'?, '?of_class'?, '?other'?"):
        Base()  # type: ignore[abstract]


def test_singledispatch() -> None:
    """It is registered by its annotation, as a function and as a method."""

    @functools.singledispatch
    def kind(value: object) -> str:
        return "any"

    @kind.register
    @cached_completion
    def _(value: int) -> str:
        return "int"

    class Kinds:
        @functools.singledispatchmethod
        def kind(self, value: object) -> str:
            return "any"

        @kind.register
        @cached_completion
        def _(self, value: int) -> str:
            return "int"

    assert ["int", "any"] == [kind(1), kind("a")] == [Kinds().kind(1), Kinds().kind("a")]


@pytest.mark.filterwarnings("ignore::llm_memo.Untracked")  # what pydantic's wrapper holds of this module
def test_validate_call() -> None:
    """pydantic's validate_call takes it, and is taken by it: arguments are made what their types say."""
    above: Any = pydantic.validate_call(ask)
    assert ["a", "a"] == above("a", "2")

    @cached_completion
    @pydantic.validate_call
    def below(text: str, n: int) -> str:
        return text * n

    assert ["aa", "aa"] == [below("a", "2"), below("a", "2")]  # type: ignore[arg-type]
    assert 1 == below.cache_info().hits


def test_mocks_with_its_signature() -> None:
    """``patch(autospec=True)`` and create_autospec refuse arguments that the function would refuse."""
    module = sys.modules[__name__]
    with mock.patch.object(module, "ask", autospec=True) as replaced:
        ask("a", 2)
        replaced.assert_called_once_with("a", 2)
        with pytest.raises(TypeError):
            ask("a", m=2)  # type: ignore[call-arg]
    with mock.patch.object(module, "Plain", autospec=True):
        for name in METHODS:
            for holder in (Plain, Plain()) if name != "method" else (Plain(),):
                getattr(holder, name)("a")
                with pytest.raises(TypeError):
                    getattr(holder, name)("a", m=2)
    with mock.patch.object(Plain, "method", autospec=True), pytest.raises(TypeError):
        Plain().method()  # type: ignore[call-arg]
    mocked = mock.create_autospec(ask_later, return_value="mocked")
    assert "mocked" == asyncio.run(mocked("a"))


def test_decorators_above_it() -> None:
    """Decorators of the standard library take it as they take a function."""
    counted = functools.lru_cache(ask)
    assert ["a"] == counted("a") == functools.partial(ask, "a")()

    class Model:
        @cached_completion
        def twice(self, text: str, n: int) -> str:
            return text * n

        double = functools.partialmethod(twice, n=2)

        @functools.cached_property
        @cached_completion
        def name(self) -> str:
            return "model"

        @cached_completion
        def __call__(self, text: str) -> str:
            return text

        @cached_completion
        def __getitem__(self, text: str) -> str:
            return text

    assert ("aa", "model", "a", "a") == (Model().double("a"), Model().name, Model()("a"), Model()["a"])


def test_the_schemas_of_tools() -> None:
    """What makes a schema of a signature and a docstring, as frameworks for agents do, makes the same of it."""

    def schema_of(function: Any) -> Any:
        hints = typing.get_type_hints(function)
        fields: Any = {
            name: (hints[name], ... if each.default is each.empty else each.default)
            for name, each in inspect.signature(function).parameters.items()
        }
        return pydantic.create_model(function.__name__, __doc__=function.__doc__, **fields).model_json_schema()

    assert schema_of(ask.__wrapped__) == schema_of(ask)
    assert {"text": {"title": "Text", "type": "string"}} == schema_of(Plain().static)["properties"]
    assert pydantic.TypeAdapter(ask.__wrapped__).json_schema() == pydantic.TypeAdapter(ask).json_schema()
