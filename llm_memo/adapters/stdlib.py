"""Forms of the standard library's value types: exact, and the same on every Python."""

from __future__ import annotations

import array
import collections
import contextvars
import datetime
import functools
import os
import pathlib
import re
import sys
import types
import weakref
from collections.abc import Callable
from typing import Any

from llm_memo.adapters.equipment import class_name
from llm_memo.identity.forms.encoding import Attributes, Buffer, Form, NoCanonicalForm


def _moment(tag: str) -> Callable[[Any], Form]:
    """A date and time, or a time: as it is read, the fold, and the zone as the value that it is."""
    return lambda value: (tag, value.replace(tzinfo=None).isoformat(), value.fold, value.tzinfo)


def _zone(value: Any) -> Form:
    if value.key is None:
        raise NoCanonicalForm(value, "a zone that was read from a file and has no key is like any other")
    return "zone", value.key


def _path(value: Any) -> Form:
    native = pathlib.PureWindowsPath if os.name == "nt" else pathlib.PurePosixPath
    return "path", value.as_posix() if isinstance(value, native) else (str(value),)


def _buffer_of(value: Any) -> Form:
    if value.closed:
        raise NoCanonicalForm(value, "it is closed")
    return type(value).__name__, value.getvalue(), value.tell()


def _array(value: Any) -> Form:
    data = value if sys.byteorder == "little" else value[:]
    if data is not value:  # pragma: no cover - no such machine here
        data.byteswap()
    return "array", value.typecode, value.itemsize, len(value), Buffer(data)


def _exception(value: Any) -> Form:
    """An exception is its class and what it was made with; where it was raised does not count."""
    reduced = (
        value.__reduce__() if isinstance(type(value).__reduce__, types.MethodDescriptorType) else (None, value.args)
    )
    return "exception", type(value), reduced[1], Attributes(sorted(vars(value).items())), value.__cause__


def _context_variable(value: Any) -> Form:
    try:
        return "context variable", value.name, (value.get(),)
    except LookupError:
        return "context variable", value.name, ()


def _config(value: Any) -> Form:
    sections = [(name, dict(value.items(name, raw=True))) for name in value.sections()]
    return "config", type(value), sections, dict(value.defaults()), type(value._interpolation).__name__


FORMS: dict[type, Callable[[Any], Form]] = {
    bytearray: lambda value: ("bytearray", Buffer(bytes(value))),
    memoryview: lambda value: ("memoryview", value.format, value.shape, Buffer(value.tobytes())),
    complex: lambda value: ("complex", value.real, value.imag),
    range: lambda value: ("range", value.start, value.stop, value.step),
    slice: lambda value: ("slice", value.start, value.stop, value.step),
    type(Ellipsis): lambda _: ("ellipsis",),
    type(NotImplemented): lambda _: ("not implemented",),
    BaseException: _exception,
    datetime.datetime: _moment("datetime"),
    datetime.date: lambda value: ("date", value.isoformat()),
    datetime.time: _moment("time"),
    datetime.timedelta: lambda value: ("timedelta", value.days, value.seconds, value.microseconds),
    datetime.timezone: lambda value: ("timezone", *value.__getinitargs__()),
    pathlib.PurePath: _path,
    re.Pattern: lambda value: ("pattern", value.pattern, value.flags),
    re.Match: lambda value: ("match", value.re, value.string, value.pos, value.endpos, value.regs, value.lastindex),
    array.array: _array,
    collections.deque: lambda value: ("deque", list(value), value.maxlen),
    collections.OrderedDict: lambda value: ("ordered dict", dict(value)),
    collections.defaultdict: lambda value: ("default dict", value.default_factory, dict(value)),
    collections.Counter: lambda value: ("counter", dict(value)),
    collections.ChainMap: lambda value: ("chain map", value.maps),
    collections.UserDict: lambda value: ("user dict", value.data),
    collections.UserList: lambda value: ("user list", value.data),
    collections.UserString: lambda value: ("user string", value.data),
    types.MappingProxyType: lambda value: ("mapping proxy", dict(value)),
    types.SimpleNamespace: lambda value: ("namespace", vars(value)),
    type({}.keys()): lambda value: ("dict keys", list(value)),
    type({}.values()): lambda value: ("dict values", list(value)),
    type({}.items()): lambda value: ("dict items", list(value)),
    functools.partial: lambda value: ("partial", value.func, value.args, value.keywords),
    contextvars.ContextVar: _context_variable,
    weakref.ref: lambda value: ("weak reference", value()),
    weakref.ProxyType: lambda value: ("weak reference", value.__reduce_ex__.__self__),
    weakref.CallableProxyType: lambda value: ("weak reference", value.__reduce_ex__.__self__),
}
"""What stands for the values of a class, and of its subclasses as far as they are that."""

BY_NAME: dict[str, Callable[[Any], Form]] = {
    "zoneinfo.ZoneInfo": _zone,
    "decimal.Decimal": lambda value: ("decimal", str(value)),
    "fractions.Fraction": lambda value: ("fraction", value.numerator, value.denominator),
    "uuid.UUID": lambda value: ("uuid", value.bytes),
    "_struct.Struct": lambda value: ("struct", value.format),
    "ipaddress._IPAddressBase": lambda value: ("address", class_name(type(value)), str(value)),
    "_io.BytesIO": _buffer_of,
    "_io.StringIO": _buffer_of,
    "configparser.RawConfigParser": _config,
    "typing.NewType": lambda value: ("new type", value.__name__, value.__supertype__),
    "inspect.Signature": lambda value: ("signature", list(value.parameters.items()), value.return_annotation),
    "pytz.tzinfo.BaseTzInfo": lambda value: (
        "zone of pytz", value.zone, *(getattr(value, name, None) for name in ("_utcoffset", "_dst", "_tzname"))
    ),
    "pytz._FixedOffset": lambda value: ("offset of pytz", value._minutes),
    "pytz.UTC": lambda value: ("zone of pytz", "UTC"),
}  # fmt: skip
"""More of them, whose modules need not be loaded for that."""

HELD: dict[str, frozenset[str]] = {
    "collections.ChainMap": frozenset({"maps"}),
    "collections.UserDict": frozenset({"data"}),
    "collections.UserList": frozenset({"data"}),
    "collections.UserString": frozenset({"data"}),
}
"""Attributes that the form of a class has said, so that subclasses need not say them again."""
