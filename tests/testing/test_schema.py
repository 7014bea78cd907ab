"""Values that fit a JSON schema."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, TypeAdapter

from llm_memo.testing.answer import seeded
from llm_memo.testing.schema import conforming
from testing.asking import Landmark


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Node(BaseModel):
    name: str
    children: list[Node]
    parent: Node | None


class Chain(BaseModel):
    rest: Chain | None = None


@dataclass
class Point:
    x: int
    y: float


@pytest.mark.parametrize(
    "kind",
    [
        Landmark,
        Node,
        Chain,
        Point,
        Colour,
        bool,
        None,
        list[int],
        dict[str, int],
        tuple[int, str, Colour],
        Point | Landmark,
        str | None,
        Decimal,
        UUID,
        datetime,
        timedelta,
        Annotated[int, Field(gt=3, lt=5)],
        Annotated[int, Field(ge=10, multiple_of=7)],
        Annotated[int, Field(le=-10)],
        Annotated[float, Field(gt=0, lt=0.1)],
        Annotated[str, Field(min_length=40)],
        Annotated[str, Field(max_length=3)],
        Annotated[list[str], Field(min_length=3, max_length=4)],
        Annotated[list[str], Field(max_length=1)],
    ],
)
def test_values_fit_the_schema(kind: Any) -> None:
    """What is made from a type's schema is valid for the type, whatever the seed."""
    adapter = TypeAdapter(kind)
    for seed in range(20):
        value = conforming(adapter.json_schema(), seeded({"seed": seed}))
        adapter.validate_json(json.dumps(value))


@pytest.mark.parametrize(
    ("schema", "kinds"),
    [
        ({"type": ["null", "integer"]}, {int}),
        ({"properties": {"a": True}}, {dict}),
        ({"allOf": [{"properties": {"a": True}}, {"$ref": "#/$defs/b~1c"}],
          "$defs": {"b/c": {"properties": {"b": {"const": 1}}, "required": ["b"]}}}, {dict}),
        ({"type": "integer", "minimum": 5, "maximum": 4}, {int}),
        (None, {str}),
    ],
)  # fmt: skip
def test_unusual_schemas_get_something(schema: Any, kinds: set[type]) -> None:
    """Schemas that pydantic does not write are understood as far as they make sense."""
    assert kinds == {type(conforming(schema, seeded({"seed": seed}))) for seed in range(5)}
