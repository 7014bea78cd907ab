"""Models whose class was made at run time, by its base and fields, as DSPy and instructor make them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pydantic
import pytest

from llm_memo.codec.codec import Unfreezable, freeze, thaw


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
