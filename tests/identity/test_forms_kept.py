"""Canonical bytes that never change: the same on every Python and every system, made once on 3.11."""

from __future__ import annotations

import argparse
import array
import collections
import collections.abc
import configparser
import contextvars
import datetime
import decimal
import fractions
import functools
import hashlib
import io
import ipaddress
import math
import operator
import pathlib
import re
import string
import threading
import types
import typing
import uuid
import zoneinfo
from typing import Any

import pytest

from llm_memo.identity.forms.encoding import encode

MODULES: dict[str, Any] = {
    module.__name__: module
    for module in (
        argparse,
        array,
        collections,
        configparser,
        contextvars,
        datetime,
        decimal,
        fractions,
        functools,
        io,
        ipaddress,
        math,
        operator,
        pathlib,
        re,
        string,
        threading,
        types,
        typing,
        uuid,
        zoneinfo,
    )
}

KEPT = {
    '[{"id": i, "t": "é\\ud800", "f": i / 3, "n": None, "d": [(1, {"a": 2})]} for i in range(50)]': "d6a09f89a11c",
    '["a" * 5] * 40': "7bf8e7bc2a61",
    '{1, (2, "x"), frozenset({3})}': "36823077bbd0",
    '{"a": [1, {2: 3}], "b": "x" * 5000}': "94ad61f9792d",
    "[10**40, -1.5, math.nan, -0.0, True]": "0fc9f17f9b5c",
    "[10**30] * 40": "9844dda29c74",
    'datetime.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris"))': "b4d1f213d55b",
    'datetime.timezone(datetime.timedelta(hours=1), "X")': "274af15422e8",
    'decimal.Decimal("1.10")': "fcecf9719fd0",
    "uuid.UUID(int=3)": "e992e84e86f6",
    "fractions.Fraction(1, 3)": "514a13eb160d",
    'ipaddress.ip_network("10.0.0.0/8")': "791deb2faa9d",
    "collections.OrderedDict(a=1)": "313c163f666a",
    'collections.defaultdict(int, {"a": 1})': "2d5cc436dbf4",
    "collections.deque([1], 3)": "f4c2a112f3fe",
    'collections.Counter("aab")': "05bdb7a105df",
    "collections.ChainMap({})": "fcd5415673f2",
    "collections.UserDict(a=1)": "df705bf192ef",
    're.compile("a", re.IGNORECASE)': "f6142f2452d7",
    'array.array("i", [1])': "937fc2cfb8e2",
    'pathlib.Path("a/b")': "032c7f339110",
    'io.BytesIO(b"a")': "3a3d9513b9bc",
    'contextvars.ContextVar("V")': "4003ed0f15d4",
    "argparse.Namespace(a=1)": "7ca5f554dd39",
    'string.Template("$x")': "03e1a67ce8f6",
    "configparser.ConfigParser()": "da99f2dfb980",
    "operator.itemgetter(1, 2)": "91a5457e1bda",
    'operator.attrgetter("a")': "387de80201b0",
    'operator.methodcaller("a", 1, b=2)': "cae4c101a868",
    "functools.partial(int, base=2)": "1db743a7c6e0",
    "list[int]": "6a3c30f05306",
    "int | None": "7bcb58da8431",
    "typing.Union[int, str]": "b582f9e89f81",
    "typing.List[int]": "6a3c30f05306",
    'typing.Literal["a", 1]': "1112b6cce280",
    "typing.Callable[[int], str]": "0d41a06b8ca4",
    "collections.abc.Callable[..., str]": "fe9e6c7161c1",
    'typing.Annotated[int, "x"]': "1b8ac3cbcb0c",
    "typing.Any": "f272f83d6055",
    "typing.Dict": "96b3de4c9ba4",
    "typing.ClassVar": "132a7e03e2fc",
    'typing.NewType("A", int)': "d7ef05e8e23c",
    "[int, type(None), Exception, collections.abc.Mapping, pathlib.PurePath]": "c996d69ce700",
    '[print, len, "".join, [].append, dict.get, math.sin]': "24e85910b7e9",
    "[threading, re.sub, datetime.datetime.now, operator.add]": "4b7901e69f28",
    '[ValueError("a", 1), OSError(2, "a"), KeyError("x"), StopIteration(1)]': "aec037f6ca10",
    'ExceptionGroup("a", [ValueError(1)])': "083b439fcf86",
    '[slice(1, 2), range(3), memoryview(b"abc"), {}.keys(), NotImplemented, ..., 1j]': "ab98015176f0",
    '[types.SimpleNamespace(a=1), types.MappingProxyType({"a": 1})]': "a7e0ad9100f8",
    "threading.Event()": "0e904c04c838",
    '[typing.TypeVar("T"), typing.ForwardRef("X")]': "7eaf616766cb",
    "functools.lru_cache(len)": "1d84e6047773",
}
"""A value and the first digits of the digest of its bytes."""


@pytest.mark.parametrize("expression", KEPT)
def test_the_bytes_of_a_value_never_change(expression: str) -> None:
    """A change of them would lose all that is kept."""
    encoded = encode(eval(expression, dict(MODULES)))
    assert KEPT[expression] == hashlib.blake2b(encoded, digest_size=6).hexdigest()
