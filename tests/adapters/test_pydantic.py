"""pydantic models as answers: the user's own, and those that an SDK builds without validation."""

from __future__ import annotations

import datetime
import decimal
import enum
import functools
import json
import math
import sys
import threading
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, Union

import pydantic
import pydantic.dataclasses
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import Embedding
from openai.types.chat import ChatCompletion
from openai.types.responses import Response, ResponseCompletedEvent
from portraits import portrait
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, RootModel, SecretStr, ValidationInfo

from llm_memo.answers.complete import incomplete
from llm_memo.answers.usage import usage_of
from llm_memo.codec import references
from llm_memo.codec.codec import Frozen, Unfreezable, UnknownClass, freeze, thaw
from llm_memo.codec.pickled import loads

T = TypeVar("T")


class Mood(enum.Enum):
    GOOD = "good"


class Person(BaseModel):
    name: str
    age: int | None = None


class Friend(Person):
    nickname: str


class Page(BaseModel, Generic[T]):
    items: list[T]


class Rich(BaseModel):
    """Fields of all kinds."""

    when: datetime.datetime
    price: decimal.Decimal
    mood: Mood
    pair: tuple[int, str]
    tags: frozenset[str]
    raw: bytes
    numbers: list[float]
    by_id: dict[int, Person]
    anything: Any


class Aliased(BaseModel):
    class_: str = Field(alias="class")
    _seen: int = PrivateAttr(default=0)

    @functools.cached_property
    def shout(self) -> str:
        return self.class_.upper()


class OneWay(BaseModel):
    """Its JSON has another name for the field than it reads."""

    text: str = Field(serialization_alias="out", validation_alias="in")


class Twice(BaseModel):
    """Its validation is not idempotent."""

    text: str

    @pydantic.field_validator("text")
    @classmethod
    def _exclaim(cls, text: str) -> str:
        return text + "!"


class Exclusive(BaseModel):
    shown: str = ""
    hidden: list[int] = Field(default_factory=list, exclude=True)
    made: float = Field(default_factory=lambda: next(ticks))


ticks = iter(map(float, range(1000)))


class Dated(BaseModel):
    at: float = Field(default_factory=lambda: clock[0])
    _at: float = PrivateAttr(default_factory=lambda: clock[0])


clock = [1.0]


class Frozen2(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")
    text: str


class Raw(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    thing: Any


class Opaque:
    """No JSON is known for it."""

    def __init__(self, held: Any) -> None:
        self.held = held


class Secretive(BaseModel):
    key: SecretStr


class Contextual(BaseModel):
    text: str

    @pydantic.model_validator(mode="after")
    def _needs_context(self, info: ValidationInfo) -> Contextual:
        if not info.context:
            raise RuntimeError("no context")
        return self


def same(value: Any) -> Frozen:
    """Check that ``value`` comes back to the letter; what it was frozen to."""
    frozen = freeze(value)
    assert portrait(value) == portrait(thaw(frozen))
    return frozen


# --- the user's own models


@pytest.mark.parametrize(
    "value",
    [
        Person(name="Ada"),
        Person(name="Ada", age=None),
        Friend(name="Ada", nickname="A"),
        Page[Person](items=[Person(name="Ada")]),
        Page[Friend](items=[]),
        Page[Page[int]](items=[Page[int](items=[1])]),
        Page[int | None](items=[1, None]),
        Page[None](items=[None]),
        Page[dict[str, Person]](items=[{"a": Person(name="Ada")}]),
        RootModel[list[int]]([1, 2]),
        Frozen2(text="a", extra=[{"b": 1}]),
        Exclusive(shown="a", hidden=[1]),
        Twice(text="a"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_model_is_its_class_and_its_json(value: Any) -> None:
    """A model is kept by the name of its class and as JSON; fields set, extras and defaults come back."""
    frozen = same(value)
    assert f"pydantic {references.reference(type(value))}" == frozen.codec


def test_plain_json_where_nothing_is_lost() -> None:
    """Where validation gives back the same model, the payload is its JSON and nothing else."""
    assert b'{"name":"Ada"}' == freeze(Person(name="Ada")).payload


RICH = st.builds(
    Rich,
    price=st.decimals(allow_nan=False, allow_infinity=False),
    by_id=st.dictionaries(st.integers(), st.builds(Person)),
    anything=st.floats() | st.text(),
)


@pytest.mark.slow
@given(RICH)
def test_fields_of_all_kinds_come_back(value: Rich) -> None:
    """Dates, decimals, enums, tuples, sets, bytes, NaN: what JSON cannot tell is kept beside it."""
    same(value)


def test_time_zones_keep_their_class() -> None:
    """A time zone comes back as the class that it was, not as what pydantic reads."""
    rich = Rich(
        when=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        price=decimal.Decimal("1.50"),
        mood=Mood.GOOD,
        pair=(1, "a"),
        tags=frozenset("ab"),
        raw=b"\xff",
        numbers=[math.nan, 1.0],
        by_id={},
        anything=Person(name="Ada"),
    )
    assert datetime.UTC is thaw(freeze(rich)).when.tzinfo
    assert Person is type(thaw(freeze(rich)).anything)


def test_a_default_of_the_moment_comes_back() -> None:
    """What a factory gave when the model was made is what it says later, when the factory gives another."""
    value = Dated()
    frozen = freeze(value)
    clock[0] = 2.0
    assert portrait(value) == portrait(thaw(frozen))


def test_aliases_private_attributes_and_cached_properties() -> None:
    """Aliases and private attributes come back; what a cached property left is computed again."""
    value = Aliased(**{"class": "first"})
    value._seen = 7
    assert "FIRST" == value.shout
    copy = thaw(freeze(value))
    assert ("first", 7, "FIRST") == (copy.class_, copy._seen, copy.shout)
    assert b'"class":"first"' in freeze(value).payload


def test_a_model_that_its_json_does_not_make_is_pickled() -> None:
    """A model that does not validate from its own JSON is pickled; models in it are not."""
    value = OneWay(**{"in": "a"})
    assert "pickle" == same(value).codec
    assert "pickle" == same(Contextual.model_construct(text="a")).codec
    odd = Raw(thing=Opaque(Person(name="Ada")))
    assert "pickle" == freeze(odd).codec
    assert b"pydantic test_pydantic:Person" in freeze(odd).payload
    assert odd.thing.held == thaw(freeze(odd)).thing.held


def test_unvalidated_fields_come_back() -> None:
    """A model made without validation keeps its values and their types, wrong as they are."""
    same(Person.model_construct(name=5, age="old"))
    same(Person.model_construct(age=[Person(name="Ada")]))
    same(Page[int].model_construct(items="none"))
    short = Person.model_construct(name="Ada")
    del short.age
    assert portrait(short) == portrait(thaw(freeze(short)))


def test_lists_tuples_and_dicts_of_models() -> None:
    """Models inside other values go by class name and JSON, never by pickle."""
    for value in ([Person(name="Ada")] * 2, (Person(name="Ada"), None), {"who": Friend(name="a", nickname="b")}):
        frozen = same(value)
        assert "pickle" == frozen.codec
        assert b'{"name":"' in frozen.payload
        assert b"pydantic_fields_set" not in frozen.payload


@pytest.mark.parametrize("slots", [False, True])
def test_a_pydantic_dataclass_is_kept(slots: bool) -> None:
    """An answer that is a dataclass of pydantic's is complete, kept, and has no usage of its own."""
    kind = pydantic.dataclasses.dataclass(slots=slots)(type("Note", (), {"__annotations__": {"text": str}}))
    assert None is incomplete(kind(text="a"))
    assert None is usage_of(kind(text="a"))


def test_secrets_and_locks_in_models_are_refused() -> None:
    """A model that holds a secret or a lock is not kept."""
    with pytest.raises(Unfreezable, match="it holds a SecretStr"):
        freeze(Secretive(key=SecretStr("sk-CANARY")))
    with pytest.raises(Unfreezable, match="lock"):
        freeze(Raw(thing=threading.Lock()))


def test_a_model_of_a_function_is_refused() -> None:
    """A class that was made in a function cannot be found again, nor can a generic of it."""

    class Local(BaseModel):
        text: str

    for value in (Local(text="a"), Page[Local](items=[]), [Local(text="a")]):
        with pytest.raises(Unfreezable, match="Local, which nobody finds again"):
            freeze(value)


# --- models that an SDK built

COMPLETION: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1767225600,
    "model": "gpt-5.2",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Blue.", "refusal": None}}
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


def built(**changes: Any) -> ChatCompletion:
    """A completion as the SDK builds it of what a server sent."""
    completion = ChatCompletion.construct(**json.loads(json.dumps({**COMPLETION, **changes})))
    completion._request_id = "req_1"
    return completion


def choice(**changes: Any) -> list[Any]:
    return [{**COMPLETION["choices"][0], **changes}]


@pytest.mark.parametrize(
    "completion",
    [
        built(),
        built(provider="someone", choices=choice(message={"role": "assistant", "reasoning_content": "hm"}, x=[1])),
        built(service_tier="on_demand"),
        built(created="yesterday"),
        built(created=1767225600.5),
        built(choices=choice(finish_reason="eos")),
        built(choices=choice(finish_reason=None, message=None)),
        built(choices=None, usage="much"),
        built(usage={"prompt_tokens": "1", "completion_tokens": 2.0, "total_tokens": 3}),
        built(choices=choice(message={"role": "assistant", "content": [{"type": "text", "text": "Blue."}]})),
        built(choices=choice(message={"role": "assistant", "content": "\ud83d"})),
        ChatCompletion.construct(id="chatcmpl-1"),
    ],
    ids=range(12),
)
def test_what_a_server_sent_comes_back(completion: ChatCompletion) -> None:
    """Extra fields, values that do not validate, fields left out: the hit is the miss to the letter."""
    same(completion)


def test_a_field_that_does_not_validate_is_put_back() -> None:
    """Such a field is left out of the JSON and put back, so that the rest is read the quick way."""
    frozen = freeze(built(service_tier="on_demand"))
    text, _ = loads(frozen.payload)
    assert ChatCompletion.model_validate_json(text).service_tier is None
    assert "on_demand" == thaw(frozen).service_tier


RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1.5,
    "model": "gpt-5.2",
    "status": "completed",
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": []},
    ],
    "tools": [{"type": "function", "name": "f", "parameters": {}, "strict": True}],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "store": True,
}


def test_wide_unions_are_read_by_class() -> None:
    """The items of a response's output and tools are kept by class, which spares trying thirty of them."""
    newer = {"type": "brand_new_call", "id": "new_1", "depth": 3}
    frozen = same(Response.construct(**{**RESPONSE, "output": [*RESPONSE["output"], newer]}))
    text, _ = loads(frozen.payload)
    assert ([], []) == (json.loads(text)["output"], json.loads(text)["tools"])
    same(ResponseCompletedEvent.construct(type="response.completed", response=RESPONSE))


def test_an_item_needs_its_class() -> None:
    """An entry is a miss when the class of an item in it is gone."""
    thought = {**RESPONSE["output"][0], "status": "pondered"}
    misplaced = Response.construct(**{**RESPONSE, "user": None})
    misplaced.user = Response.construct(**RESPONSE).output[0]  # type: ignore[assignment]
    for value in (Response.construct(**{**RESPONSE, "output": [thought]}), misplaced):
        frozen = freeze(value)
        renamed = frozen.payload.replace(b":ResponseReasoningItem", b":Reasoning2004Thought_")
        with pytest.raises(UnknownClass, match="Reasoning2004Thought_"):
            thaw(Frozen(frozen.codec, renamed))


# --- other versions


def test_a_field_that_is_new_has_its_default() -> None:
    """An entry of an SDK without a field reads with the field's default."""
    frozen = freeze(built())
    text, losses = loads(frozen.payload)
    older = json.loads(text)
    del older["created"], older["choices"][0]["finish_reason"]
    for payload in (json.dumps(older).encode(), pickle_of(older, losses)):
        completion = thaw(Frozen(frozen.codec, payload))
        assert ("Blue.", None) == (completion.choices[0].message.content, completion.created)


def test_a_field_that_is_no_more_is_an_extra() -> None:
    """An entry of an SDK with more fields reads with them as extra ones."""
    frozen = freeze(built())
    text, losses = loads(frozen.payload)
    newer = {**json.loads(text), "mood": {"now": "good"}}
    completion = thaw(Frozen(frozen.codec, pickle_of(newer, losses)))
    assert ({"now": "good"}, "req_1") == (completion.mood, completion._request_id)


def pickle_of(data: Any, losses: Any) -> bytes:
    import pickle

    return pickle.dumps((json.dumps(data).encode(), losses))


def test_a_class_that_is_gone_is_unknown() -> None:
    """A class or module that is gone is told by name, as itself, as a part, as an argument of a generic."""
    for name in ("openai.types.chat:Gone", "gone.module:Thing", "test_pydantic:Page[test_pydantic:Gone]"):
        with pytest.raises(UnknownClass, match=r"Gone|gone\.module"):
            thaw(Frozen(f"pydantic {name}", b"{}"))
    whole = freeze([Person(name="Ada")])
    with pytest.raises(UnknownClass, match=r"test_pydantic\.Nobody"):
        thaw(Frozen("pickle", whole.payload.replace(b"test_pydantic:Person", b"test_pydantic:Nobody")))
    for wrong in ("test_pydantic:Person[builtins:int]", "test_pydantic:Page[", "typing:Union[]"):
        with pytest.raises(UnknownClass):
            thaw(Frozen(f"pydantic {wrong}", b"{}"))


def test_a_module_that_does_not_import_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that raises on import has lost its classes, whatever it raises."""
    (tmp_path / "broken_module.py").write_text("raise RuntimeError('later')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UnknownClass, match=r"broken_module\.Thing"):
        thaw(Frozen("pydantic broken_module:Thing", b"{}"))


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Runs cells in a module of their own, which stands in for a notebook's."""
    module = types.ModuleType("notebook_main")
    monkeypatch.setitem(sys.modules, "notebook_main", module)

    def run_cell(text: str) -> Any:
        exec(text, vars(module))
        return vars(module)

    vars(module).update(BaseModel=BaseModel, Page=Page)
    return run_cell


def test_a_class_defined_again_is_the_one_that_is_used(notebook: Callable[[str], Any]) -> None:
    """A cell that is run again defines a new class: hits are of that one, if it has a place for what was kept."""
    cell = "class Answer(BaseModel):\n    text: str\nanswer = Answer(text='a')\npage = Page[Answer](items=[answer])"
    first = notebook(cell)
    old, frozen, frozen_page = first["Answer"], freeze(first["answer"]), freeze(first["page"])
    assert old is type(thaw(frozen))
    assert old is type(thaw(frozen_page).items[0])

    second = notebook(cell.replace("text: str", "text: str\n    mood: str = 'good'"))
    assert second["Answer"] is not old
    assert (second["Answer"], "good") == (type(thaw(frozen)), thaw(frozen).mood)
    assert second["Answer"] is type(thaw(frozen_page).items[0])

    notebook(cell.replace("text", "number").replace("str", "int").replace("'a'", "1"))
    with pytest.raises(UnknownClass, match=r"notebook_main:Answer, as it is now, has no place"):
        thaw(frozen)


def test_a_class_that_nobody_has_finished(notebook: Callable[[str], Any]) -> None:
    """A class with a forward reference is finished when it is first read."""
    cells = notebook("class Outer(BaseModel):\n    inner: 'Inner'\nclass Inner(BaseModel):\n    text: str")
    assert not cells["Outer"].__pydantic_complete__
    value = cells["Outer"].model_construct(inner=cells["Inner"](text="a"))
    assert portrait(value) == portrait(thaw(freeze(value)))


def test_losses_without_a_place_are_a_class_that_changed() -> None:
    """What was kept beside the JSON and finds no place any more is a miss."""
    lost = [((("__dict__", "choices"), ("", 5), ("__dict__", "message")), "hello")]
    with pytest.raises(UnknownClass, match="has no place"):
        thaw(Frozen("pydantic openai.types.chat:ChatCompletion", pickle_of(COMPLETION, lost)))


# --- names


_UNION = "typing:Union" if sys.version_info >= (3, 14) else "types:UnionType"


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (Person, "test_pydantic:Person"),
        (Page[Person], "test_pydantic:Page[test_pydantic:Person]"),
        (dict[str, list[int]], "builtins:dict[builtins:str,builtins:list[builtins:int]]"),
        (int | None, f"{_UNION}[builtins:int,types:NoneType]"),
        (Union[int, None], "typing:Union[builtins:int,types:NoneType]"),  # noqa: UP007 - the old form
        (T, "test_pydantic:T"),
        (type(None), "types:NoneType"),
        (functools.partial.__call__, None),
        (Literal["a"], None),
    ],
    ids=str,
)
def test_classes_have_names(thing: Any, name: str | None) -> None:
    """A class, generic or type variable has a name that leads back to it; what has none is refused."""
    if name is None:
        with pytest.raises(Unfreezable):
            references.reference(thing)
    else:
        assert name == references.reference(thing)
        assert thing == references.resolve(name)


def test_embeddings_come_back_to_the_bit() -> None:
    """Long lists of floats come back to the last bit, NaN and all."""
    for vector in ([math.pi * number for number in range(500)], [math.nan, -0.0, 1e308, 5e-324], [1, 2.0, True]):
        same(Embedding.construct(object="embedding", index=0, embedding=vector))


class Signature(pydantic.BaseModel):
    """A base that is found again."""

    model_config = pydantic.ConfigDict(extra="forbid")
    kind: str = "signature"


def made(**more: Any) -> Any:
    fields: Any = {"question": (str, pydantic.Field(description="What is asked.")), "score": (int, 3), **more}
    return pydantic.create_model("Made", __base__=Signature, __doc__="Be kind.", __module__=__name__, **fields)


@dataclass
class Prediction:
    """What holds such a class, as DSPy's predictions do."""

    signature: type
    value: Any


def test_a_model_of_such_a_class_comes_back() -> None:
    """With a class of the same name, base, docstring and schema, and equal data."""
    value = made()(question="Why?")
    again = thaw(freeze(value))
    kind = type(again)
    assert ("Made", (Signature,), "Be kind.") == (kind.__name__, kind.__bases__, kind.__doc__)
    assert type(value).model_json_schema() == kind.model_json_schema()
    assert value.model_dump() == again.model_dump()
    assert value.model_fields_set == again.model_fields_set


def test_such_a_class_comes_back_inside_of_a_value() -> None:
    """Once: what is made of it is of that class."""
    kind = made()
    again = thaw(freeze(Prediction(kind, kind(question="Why?"))))
    assert again.signature is type(again.value)
    assert kind.model_json_schema() == again.signature.model_json_schema()


def test_a_class_with_functions_of_its_own_is_not_made_again() -> None:
    """They would be lost."""
    kind = made()
    kind.shout = lambda self: self.question.upper()
    for value in (kind(question="Why?"), Prediction(kind, 1)):
        with pytest.raises(Unfreezable, match="it needs Made, which nobody finds again"):
            freeze(value)


def test_a_class_that_was_written_is_not_made_again() -> None:
    """A local class is more than its fields."""

    class Local(pydantic.BaseModel):
        a: int = 1

    with pytest.raises(Unfreezable, match="Local"):
        freeze([Local()])
