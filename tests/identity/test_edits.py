"""Edits deep inside of what is read or handed on: each makes another question."""

from __future__ import annotations

import pytest
from cells import Cell, asking

MODELS = """
import collections, dataclasses, typing, attrs, pydantic
from typing import Annotated, Callable, List, Literal, TypedDict
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, TypeAdapter
"""

EDITS = [
    # What a method that is kept in a name gives out of its container counts, also beside one that only fills it.
    ("L = collections.deque(['a', 'b'])\nnext_one = L.popleft", "'a'", "'c'", "next_one()"),
    ("L = {'p': 'a'}\nget = L.setdefault", "'a'", "'c'", "get('p', 'z')"),
    ("L = ['a']\nlog, copy = L.append, L.copy", "'a'", "'c'", "(log('b'), copy())"),
    ("L = {'p': 'a'}\nput, get = L.update, L.get", "'a'", "'c'", "(put({'q': 1}), get('p'))"),
    # Types of a dataclass's fields, its bases' too, and those with what pydantic says of them.
    ("@dataclasses.dataclass\nclass B: z: int\n@dataclasses.dataclass\nclass A(B): y: int", "z: int", "z: str", "[A]"),
    ("@dataclasses.dataclass\nclass A:\n z: Annotated[int, Field(description='d')]\n y: int", "'d'", "'e'", "[A]"),
    (
        "@dataclasses.dataclass\nclass A:\n z: Annotated[int, Field(description='d')]\n y: int",
        "y: int",
        "y: str",
        "[A]",
    ),
    ("@dataclasses.dataclass\nclass A:\n z: int = dataclasses.field(repr=True)", "True", "False", "[A]"),
    # A tool's description, as its annotations give it.
    ("def tool(z: Annotated[int, Field(description='d')], y: str): pass", "'d'", "'e'", "[tool]"),
    ("def tool(z: Annotated[int, Field(description='d')], y: str): pass", "y: str", "y: int", "[tool]"),
    ("def tool(z: Annotated[str, Field(pattern='a+')]): pass", "'a+'", "'b+'", "[tool]"),
    ("class A(TypedDict):\n z: Annotated[int, Field(description='d')]\n y: str", "y: str", "y: int", "[A]"),
    ("class A(TypedDict, total=True):\n y: str", "True", "False", "[A]"),
    # Models with a field of a type that JSON does not have, and what a schema does not tell.
    ("class A(BaseModel):\n a: int = Field(1, description='d')\n c: Callable = None", "'d'", "'e'", "[A]"),
    ("class A(BaseModel):\n a: int = Field(1, description='d')\n c: Callable = None", "(1", "(2", "[A]"),
    ("class A(BaseModel):\n a: list = Field(default_factory=lambda: ['a'])", "['a']", "['b']", "A().a"),
    ("class A(BaseModel):\n _a: str = PrivateAttr('a')", "'a'", "'b'", "A()._a"),
    ("class A(BaseModel):\n _a: list = PrivateAttr(default_factory=lambda: ['a'])", "['a']", "['b']", "A()._a"),
    # What an adapter is made of, wherever it names it.
    ("class A(BaseModel): a: int\nT = TypeAdapter(List['A'])", "a: int", "a: str", "T"),
    ("T = TypeAdapter(str, config=ConfigDict(str_to_lower=True))", "True", "False", "T"),
    ("class A(BaseModel):\n a: int\n c: Callable = None\nT = TypeAdapter(A)", "a: int", "a: str", "T"),
    ("T = TypeAdapter(Annotated[int, Field(gt=1)])", "gt=1", "gt=2", "T"),
    ("T = TypeAdapter(Annotated[Callable, Field(description='d')])", "'d'", "'e'", "T"),
    # What attrs does with a value.
    ("@attrs.define\nclass A:\n a: int = attrs.field(converter=lambda x: x + 1)", "+ 1", "+ 2", "[A]"),
    ("@attrs.define\nclass A:\n a: int = attrs.field(metadata={'a': 1})", "1}", "2}", "[A]"),
]


@pytest.mark.parametrize(("head", "old", "new", "expression"), EDITS, ids=range(len(EDITS)))
def test_an_edit_that_counts(head: str, old: str, new: str, expression: str) -> None:
    """What the answer depends on is edited somewhere deep inside: the fingerprint is another one, and back again."""
    assert old in head
    before, after, again = (
        Cell(asking(expression, MODELS + text), "edited").now() for text in (head, head.replace(old, new, 1), head)
    )
    assert before.digest != after.digest
    assert before.digest == again.digest
