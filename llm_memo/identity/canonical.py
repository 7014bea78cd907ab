"""Canonical bytes: one value, one byte string, in every process, on every machine.

The bytes are type-tagged and length-framed, so that no two different values share them, and blind
to what does not change a question: the order of dicts and sets, object sharing, the hash seed.
Nothing is ever keyed by ``repr``, ``id`` or pickle. What has no canonical form raises
`NoCanonicalForm`, which carries the path to the culprit.

The layout, ``‹…›`` being a nested encoding lengths decimal, those of text in characters::

    None N   True T   False F   int i<hex>;   float f<8 bytes>   str s<length>:<utf-8>
    bytes b<length>:<bytes>   list l<count>:‹item›…   tuple t<count>:‹item›…
    dict d<count>:‹key›‹value›… sorted   set u<count>:‹item›… sorted   frozenset z<count>:…
    any other kind F… form: @‹tag›‹payload›
"""

from __future__ import annotations

import array
import collections
import datetime
import enum
import functools
import os
import pathlib
import re
import struct
import types
import weakref
from collections.abc import Callable, Collection
from typing import Any

from llm_memo import adapters
from llm_memo.identity.forms.encoding import Attributes, Buffer, encode_buffer
from llm_memo.identity.local import is_local_module

Encoder = Callable[[Any], bytes]
Form = tuple[str, object]
"""A tag that names the kind, and a payload made of values that have canonical bytes."""


class NoCanonicalForm(Exception):
    """A value has no canonical bytes.

    Attributes:
        value: The culprit.
        path: Steps from the encoded value down to the culprit, such as ``["[2]", ".content"]``.
        why: A reason better than "its kind is unknown", or "".
    """

    def __init__(self, value: object, why: str = "") -> None:
        super().__init__(value, why)
        self.value = value
        self.why = why
        self.path: list[str] = []

    def inside(self, step: str) -> NoCanonicalForm:
        """The same, seen from one level further out."""
        self.path.insert(0, step)
        return self


def encode(value: object, left_out: Collection[str] = ()) -> bytes:
    """The canonical bytes of ``value``, less the attributes ``left_out`` if it is an object of the user's own.

    Raises:
        NoCanonicalForm: The value, or something inside it, has none.
        RecursionError: The value is nested too deeply, or contains itself.
    """
    kind = value.__class__
    encoder = _EXACT.get(kind)
    if encoder is None:
        encoder = _encoder_of(type(value))
        if left_out and encoder is _instance:
            return _instance(value, left_out)
    return encoder(value)


def register(kind: type, form: Callable[[Any], Form]) -> None:
    """Teach the encoder one more kind (and its subclasses): ``form(value)`` is what stands for it."""
    _FORMS[kind] = form
    _OPEN.add(kind)


def _str(value: str) -> bytes:
    return f"s{len(value)}:{value}".encode("utf-8", "surrogatepass")


_name = functools.lru_cache(maxsize=4096)(_str)


def _float(value: float) -> bytes:
    return b"f" + _pack_double(value if value == value else _NAN)


_pack_double = struct.Struct(">d").pack
_NAN = float("nan")


def _sequence(tag: bytes) -> Encoder:
    def encode_sequence(value: Any) -> bytes:
        parts = [b"%b%d:" % (tag, len(value))]
        try:
            for item in value:
                parts.append(_str(item) if item.__class__ is str else encode(item))
        except NoCanonicalForm as problem:
            raise problem.inside(f"[{len(parts) - 1}]") from None
        return b"".join(parts)

    return encode_sequence


def _set(tag: bytes) -> Encoder:
    def encode_set(value: Any) -> bytes:
        try:
            parts = sorted(map(encode, value))
        except NoCanonicalForm as problem:
            raise problem.inside("{…}") from None
        return b"%b%d:%b" % (tag, len(parts), b"".join(parts))

    return encode_set


def _dict(value: dict[Any, Any]) -> bytes:
    parts = []
    key: object = None
    try:
        for key, item in value.items():
            name = _name(key) if key.__class__ is str else encode(key)
            parts.append(name + (_str(item) if item.__class__ is str else encode(item)))
    except NoCanonicalForm as problem:
        raise problem.inside(step_to(key)) from None
    parts.sort()
    return b"d%d:%b" % (len(parts), b"".join(parts))


def step_to(key: object) -> str:
    """How a path goes down to ``key``: ``.name``, ``['a name']``, ``[3]``."""
    if isinstance(key, str):
        return f".{key}" if key.isidentifier() else f"[{str(key)!r}]"
    return f"[{key}]" if type(key) is int else f"[a {type(key).__name__}]"


_EXACT: dict[type, Encoder] = {
    type(None): lambda _: b"N",
    bool: lambda value: b"T" if value else b"F",
    int: lambda value: b"i%x;" % value,
    float: _float,
    str: _str,
    bytes: lambda value: b"b%d:%b" % (len(value), value),
    list: _sequence(b"l"),
    tuple: _sequence(b"t"),
    dict: _dict,
    set: _set(b"u"),
    frozenset: _set(b"z"),
    Attributes: _dict,
    Buffer: encode_buffer,
}
"""The quick way: builtins to the letter, no subclass of theirs."""


def encode_form(form: Form) -> bytes:
    """The canonical bytes of a value that ``form`` stands for."""
    tag, payload = form
    return b"@%b%b" % (_name(tag), encode(payload))


def _encoder_of(kind: type) -> Encoder:
    """The encoder of a kind that is not a plain builtin, found once per class."""
    found = _FOUND.get(kind)
    if found is None:
        found = _FOUND[kind] = _find_encoder(kind)
    return found


def is_plain_object(kind: type) -> bool:
    """Whether the instances of a class are encoded as its code and their attributes."""
    return kind not in _EXACT and _encoder_of(kind) is _instance


_FOUND: weakref.WeakKeyDictionary[type, Encoder] = weakref.WeakKeyDictionary()


def _find_encoder(kind: type) -> Encoder:
    if hasattr(kind, "__memo_key__"):
        return lambda value: encode_form(("memo key", (class_name(kind), _memo_key(value))))
    forms = [adapter.canonical_form for adapter in adapters.adapters_of(kind) if hasattr(adapter, "canonical_form")]
    return _through_rooms(forms, kind) if forms else _plain_encoder(kind)


def _memo_key(value: Any) -> object:
    try:
        return value.__memo_key__()
    except Exception as error:
        raise NoCanonicalForm(value, f"its __memo_key__() raised {type(error).__name__}: {error}") from error


def _through_rooms(forms: list[Callable[[Any], Form | None]], kind: type) -> Encoder:
    def encode_foreign(value: Any) -> bytes:
        for form in forms:
            if (found := form(value)) is not None:
                return encode_form(found)
        return _plain_encoder(kind)(value)

    return encode_foreign


def _plain_encoder(kind: type) -> Encoder:
    if issubclass(kind, enum.Enum):
        return lambda value: encode_form(("enum", (*_class(type(value)), value.name, value.value)))
    for base in kind.__mro__:
        if named := _NAMED_FORMS.get(class_name(base)):
            return _formed(named)
        form = _FORMS.get(base) or _FORMS_BY_NAME.get(class_name(base))
        if form is not None:
            encode_base = _formed(form)
            return encode_base if base is kind or base in _OPEN else _builtin_subclass(encode_base)
        if base in _EXACT:
            return _builtin_subclass(_EXACT[base])
    if hasattr(kind, "__dataclass_fields__") or is_local_module(kind.__module__):
        return _instance
    return _unknown


def _formed(form: Callable[[Any], Form]) -> Encoder:
    return lambda value: encode_form(form(value))


def _unknown(value: object) -> bytes:
    raise NoCanonicalForm(value)


def _builtin_subclass(encode_base: Encoder) -> Encoder:
    """``class Prompt(str)``, a named tuple, a ``dict`` with methods: the class, the plain value, attributes."""

    def encode_subclass(value: Any) -> bytes:
        return encode_form(("subclass", _class(type(value)))) + encode_base(value) + encode(attributes(value))

    return encode_subclass


def _instance(value: object, left_out: Collection[str] = ()) -> bytes:
    """An object of a class of the user's own, a dataclass, an attrs class: its class and its attributes."""
    held = {
        name: item for name, item in attributes(value).items() if name not in left_out and not _is_equipment(type(item))
    }
    return encode_form(("instance", _class(type(value)))) + encode(held)


_EQUIPMENT = frozenset({
    "_thread.lock", "_thread.RLock", "threading.Condition", "threading.Semaphore", "threading.BoundedSemaphore",
    "asyncio.locks.Lock", "asyncio.locks.Condition", "asyncio.locks.Semaphore", "asyncio.locks.BoundedSemaphore",
    "logging.Logger", "logging.RootLogger", "concurrent.futures.thread.ThreadPoolExecutor",
    "concurrent.futures.process.ProcessPoolExecutor",
})  # fmt: skip
"""Classes of what an object works with, and of what no answer is made."""


_is_equipment: Callable[[type], bool] = functools.lru_cache(512)(lambda kind: class_name(kind) in _EQUIPMENT)


def attributes(value: object) -> dict[str, object]:
    """What ``value`` itself holds, in its ``__dict__`` and slots, less what a ``cached_property`` left."""
    kind = type(value)
    held = dict(getattr(value, "__dict__", None) or {})
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            name = f"_{base.__name__.lstrip('_')}{slot}" if _is_mangled(slot) else slot
            if slot not in ("__dict__", "__weakref__") and hasattr(value, name):
                held[name] = getattr(value, name)
    return {
        name: item
        for name, item in held.items()
        if not isinstance(getattr(kind, name, None), functools.cached_property)
    }


def _is_mangled(slot: str) -> bool:
    return slot.startswith("__") and not slot.endswith("__")


def class_name(kind: type) -> str:
    """The name that a class is known by in every process."""
    return f"{kind.__module__}.{kind.__qualname__}"


def _class(kind: type) -> tuple[str, bytes]:
    """What stands for the class of an instance: its name and, for a class of the user's own, its code."""
    return class_name(kind), class_digest(kind)  # noqa: F821


class_digest: Callable[[type], bytes]
"""The fingerprint of a class; `llm_memo.identity.fingerprint` puts it here."""


def _pairs(value: Any) -> list[tuple[object, object]]:
    return list(value.items())


def _moment(value: Any) -> object:
    zone = value.tzinfo
    zones = {class_name(base) for base in type(zone).__mro__}
    return value.isoformat(), value.fold, zone.key if "zoneinfo.ZoneInfo" in zones else None


_FORMS: dict[type, Callable[[Any], Form]] = {
    bytearray: lambda value: ("bytearray", bytes(value)),
    memoryview: lambda value: ("memoryview", (value.format, value.shape, value.tobytes())),
    complex: lambda value: ("complex", (value.real, value.imag)),
    range: lambda value: ("range", (value.start, value.stop, value.step)),
    slice: lambda value: ("slice", (value.start, value.stop, value.step)),
    type(Ellipsis): lambda _: ("ellipsis", None),
    datetime.datetime: lambda value: ("datetime", _moment(value)),
    datetime.date: lambda value: ("date", value.isoformat()),
    datetime.time: lambda value: ("time", _moment(value)),
    datetime.timedelta: lambda value: ("timedelta", (value.days, value.seconds, value.microseconds)),
    datetime.timezone: lambda value: ("timezone", str(value)),
    pathlib.PurePath: lambda value: ("path", value.as_posix()),
    re.Pattern: lambda value: ("pattern", (value.pattern, value.flags)),
    array.array: lambda value: ("array", (value.typecode, value.tolist())),
    collections.deque: lambda value: ("deque", (list(value), value.maxlen)),
    collections.OrderedDict: lambda value: ("ordered dict", _pairs(value)),
    collections.defaultdict: lambda value: ("default dict", (value.default_factory, dict(value))),
    collections.Counter: lambda value: ("counter", dict(value)),
    collections.ChainMap: lambda value: ("chain map", value.maps),
    types.MappingProxyType: lambda value: ("mapping proxy", dict(value)),
    types.SimpleNamespace: lambda value: ("namespace", vars(value)),
}
"""The standard library's value types, and what stands for each."""

_FORMS_BY_NAME: dict[str, Callable[[Any], Form]] = {
    "zoneinfo.ZoneInfo": lambda value: ("zone", value.key),
    "decimal.Decimal": lambda value: ("decimal", str(value)),
    "fractions.Fraction": lambda value: ("fraction", (value.numerator, value.denominator)),
    "uuid.UUID": lambda value: ("uuid", value.bytes),
}
"""More of them, whose modules need not be loaded for that."""

_NAMED_FORMS: dict[str, Callable[[Any], Form]] = {
    "unittest.mock.NonCallableMock": lambda value: ("mock", value.__dict__.setdefault("_llm_memo", os.urandom(16))),
    "argparse.Namespace": lambda value: ("arguments", vars(value)),
    "string.Template": lambda value: ("template", (class_name(type(value)), value.template, value.delimiter)),
    "configparser.RawConfigParser": lambda value: ("config", {name: dict(value[name]) for name in value}),
}
"""Kinds whose subclasses are the same kind, by name."""

_OPEN: set[type] = {pathlib.PurePath}
"""Kinds whose subclasses are the same kind: the platform's ``PosixPath`` is a path."""
