"""Canonical bytes: one value, one byte string, in every process, on every machine.

The bytes are type-tagged and length-framed, so that no two different values share them. The order of
dict items counts, that of sets does not; that a part is shared or a copy does not. Nothing is ever
keyed by ``repr`` or ``id``. What has no canonical form raises `NoCanonicalForm` with the path to it.

The layout, ``‹…›`` being a nested encoding, lengths decimal, those of text in characters::

    None N   True T   False F   int i<hex>;   float f<8 bytes>   str s<length>:<utf-8>
    bytes b<length>:<bytes>   list l<count>:‹item›…   tuple t<count>:‹item›…
    dict d<count>:‹key›‹value›…   attributes a<count>:‹name›‹value›… sorted by name
    set u<count>:‹item›… sorted   frozenset z<count>:‹item›… sorted
    any other kind @‹tag›<count>:‹part›…   code of the user's own $<length>:<what the subject hook returned>
    a large buffer x<length>:<xxh3-128>   many plain values or records m<length>:<marshal>

A nested part of more than `_INLINE` bytes is replaced by ``#`` and its BLAKE2b-256, so that 40 levels
of ``[x, x]`` take 40 steps. A value that refers back to one that is being encoded is ``^<distance>;``:
how many values on the way ago that one was begun. Once a cycle is complete, other ways into it are ``&``,
the number of the value within the cycle, and the cycle's bytes.
"""

from __future__ import annotations

import functools
import itertools
import marshal
import operator
import struct
import weakref
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any

import xxhash

from llm_memo.adapters.equipment import is_equipment

Subject = Callable[[Any], "bytes | None"]
"""Returns the bytes that stand for code or an object of the user's own; None: its class and its data stand for it."""

Form = tuple[Any, ...]
"""A tag that names the kind, and the parts that stand for the value."""

Maker = Callable[[Any, Subject], "Form | bytes"]

find_maker: Callable[[type], Maker] | None = None
"""What finds the maker of a class's forms; `llm_memo.identity.fingerprint` sets it, as it does `default_subject`."""
default_subject: Subject | None = None
"""What `encode` uses when it is given no subject hook; the scan puts it here."""

_INLINE = 4096
"""Bytes of a nested part, above which its digest stands for it."""

_REMEMBERED = 512
"""Bytes of a part, above which it is not encoded again when it comes again."""

_BUFFER = 65_536
"""Bytes of a buffer, above which its xxh3 stands for it."""


class NoCanonicalForm(Exception):
    """A value has no canonical bytes.

    Attributes:
        value: The culprit.
        why: A reason better than "its kind is unknown", or "".
        path: Steps from the encoded value down to the culprit, such as ``["[2]", ".content"]``.
    """

    def __init__(self, value: object, why: str = "") -> None:
        super().__init__(value, why)
        self.value = value
        self.why = why
        self.path: list[str] = []


class Attributes(dict[str, Any]):
    """Attributes of an object, by name; their order does not count."""


class Buffer:
    """Raw memory as part of a form: ``data`` is anything with a contiguous buffer."""

    __slots__ = ("data",)

    def __init__(self, data: Any) -> None:
        self.data = data


def encode(value: object, subject: Subject | None = None) -> bytes:
    """The canonical bytes of ``value``.

    Args:
        value: Anything. Of objects of the user's own, no code is run but ``__memo_key__``.
        subject: Called for each function, class, bound method and instance of the user's own that is found inside;
            returns the bytes that stand for it. By default `default_subject`.

    Raises:
        NoCanonicalForm: The value, or something inside it, has none; or it is equipment, such as a lock.
    """
    if type(value) is str:
        return _str(value)
    quick = _ATOMS.get(type(value)) or _SMALL.get(type(value))
    if quick is not None and (encoded := quick(value)) and encoded[:1] != b"#":
        return encoded
    return _encode(value, subject or default_subject or _no_subject)


def _no_subject(thing: object) -> bytes | None:
    return None


def _str(value: str) -> bytes:
    return f"s{len(value)}:{value}".encode("utf-8", "surrogatepass")


_name = functools.lru_cache(maxsize=4096)(_str)


def _float(value: float) -> bytes:
    return b"f" + _pack_double(value if value == value else _NAN)


_pack_double = struct.Struct(">d").pack
_NAN = float("nan")


def encode_buffer(value: Buffer) -> bytes:
    """The bytes of a buffer, or what stands for it if it is large."""
    data = memoryview(value.data).cast("B") if not isinstance(value.data, bytes) else value.data
    if len(data) <= _BUFFER:
        return b"b%d:%b" % (len(data), bytes(data))
    return b"x%d:%b" % (len(data), xxhash.xxh3_128_digest(data))


_ATOMS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"N",
    bool: lambda value: b"T" if value else b"F",
    int: lambda value: b"i%x;" % value,
    float: _float,
    str: _str,
    bytes: lambda value: b"b%d:%b" % (len(value), value),
    Buffer: encode_buffer,
}
"""Values that hold no others, to the letter: no subclasses."""


class _Frame:
    """A value that holds others, while its parts are encoded."""

    __slots__ = ("items", "low", "parts", "place", "scan", "value")

    def __init__(self, value: Any, parts: list[bytes], items: Iterator[Any], scan: _Scan, place: int) -> None:
        self.value = value
        self.parts = parts
        self.items = items
        self.scan = scan
        self.place = place
        self.low = place
        """The earliest place that is referred back to from here."""


def _encode(root: Any, subject: Subject) -> bytes:
    """Depth first, without recursion: values may be nested as deeply as they like.

    `opened` holds the values that may still be referred back to, in the order in which they were begun: those that are
    being encoded, and those that are part of a cycle which is not complete (Tarjan's stack, 1972).
    """
    if type(root) not in _COUNTED and is_equipment(root):
        raise NoCanonicalForm(root)
    known: dict[int, tuple[Any, bytes]] = {}
    open_at: dict[int, int] = {}
    opened: list[Any] = []
    frames: list[_Frame] = []
    makers: dict[type, Maker] = {}
    value = root
    parts: list[bytes] = []
    try:
        while True:
            parts, items, scan = _begin(value, makers, subject)
            inner = scan(parts, items)
            if inner is not _END:
                frame = _Frame(value, parts, items, scan, len(opened))
                frames.append(frame)
                open_at[id(value)] = len(opened)
                opened.append(value)
            else:  # it holds no others
                if scan is _scan_members:
                    parts[1:] = sorted(parts[1:])
                encoded = b"".join(parts)
                if not frames:
                    return encoded
                if len(encoded) > _REMEMBERED:
                    encoded = _shortened(encoded)
                    known[id(value)] = value, encoded
                frame = frames[-1]
                frame.parts.append(encoded)
                inner = frame.scan(frame.parts, frame.items)
            # Go on with the innermost value, until one is found in it that is to be begun.
            while True:
                if inner is _END:
                    if frame.scan is _scan_members:
                        frame.parts[1:] = sorted(frame.parts[1:])
                    encoded = b"".join(frame.parts)
                    frames.pop()
                    if not frames:
                        return encoded
                    remember = len(encoded) > _REMEMBERED
                    if remember:
                        encoded = _shortened(encoded)
                    if frame.low < frame.place:  # part of a cycle that is not complete
                        frames[-1].low = min(frames[-1].low, frame.low)
                    else:
                        if remember:
                            known[id(frame.value)] = frame.value, encoded
                        del open_at[id(frame.value)]
                        if len(opened) > frame.place + 1:
                            whole = blake2b(encoded, digest_size=32).digest()
                            for number, member in enumerate(opened[frame.place + 1 :]):
                                known[id(member)] = member, b"&%d:%b" % (number, whole)
                                del open_at[id(member)]
                        del opened[frame.place :]
                    frame = frames[-1]
                    frame.parts.append(encoded)
                elif type(inner) is _OddKey:
                    frame.items, frame.scan = (
                        itertools.chain(inner, itertools.chain.from_iterable(frame.items)),
                        _scan_items,
                    )
                elif (found := known.get(id(inner))) is not None:
                    frame.parts.append(found[1])
                elif (at := open_at.get(id(inner))) is not None:
                    frame.parts.append(b"^%d;" % (frame.place - at))
                    frame.low = min(frame.low, at)
                else:
                    value = inner
                    break
                inner = frame.scan(frame.parts, frame.items)
    except NoCanonicalForm as problem:
        problem.path[:0] = itertools.chain.from_iterable(_steps(frame) for frame in frames)
        raise


_Scan = Callable[[list[bytes], Iterator[Any]], Any]
_END = object()
_COUNTED: dict[type, bytes] = {list: b"l", tuple: b"t", dict: b"d", set: b"u", frozenset: b"z", Attributes: b"a"}


class _OddKey(tuple[Any, Any]):
    """A key that holds other values, and its item."""


def _begin(value: Any, makers: dict[type, Maker], subject: Subject) -> tuple[list[bytes], Iterator[Any], _Scan]:
    """The first bytes of a value, its parts, and what goes through them."""
    kind = type(value)
    tag = _COUNTED.get(kind)
    if kind in _CONTAINERS and len(value) >= MANY and (written := _records(value, kind)):
        return [written], iter(()), _scan_items
    if kind is dict:
        return [b"d%d:" % len(value)], iter([*value.items()]), _scan_pairs
    if tag is not None:
        if kind is Attributes:
            return [b"a%d:" % len(value)], iter([*value.items()]), _scan_pairs
        return [b"%b%d:" % (tag, len(value))], iter((*value,)), _scan_members if tag in b"uz" else _scan_items
    maker = makers.get(kind)
    if maker is None:
        maker = makers[kind] = maker_of(kind)
    form = _made(maker, value, subject)
    if type(form) is bytes:
        return [form], iter(()), _scan_items
    return [b"@%b%d:" % (_name(form[0]), len(form) - 1)], iter(form[1:]), _scan_items


MANY = 32
"""Items of a list, tuple or dict, from which on it is encoded at once if it is plain data."""

_LEVELS, _WIDE = 4, 64
"""How deep and, below the first level, how wide it may be then."""

_PLAIN = frozenset({str, int, float, bool, bytes, type(None), list, tuple, dict})
_KEYS = frozenset({str, int})


def _records(value: Any, kind: type) -> bytes:
    """Many numbers, texts or small records of such, as `marshal` writes them; nothing for any other value.

    Version 2 of its format, which is that of Python 2.5 and fixed, writes types exactly and does not see sharing.
    All here are loops in C.
    """
    lists, dicts = ([], [value]) if kind is dict else ([value], [])
    for level in range(_LEVELS):
        items = [*itertools.chain.from_iterable(lists), *itertools.chain.from_iterable(map(dict.values, dicts))]
        kinds = set(map(type, items))
        if not kinds <= _PLAIN or not set(map(type, itertools.chain.from_iterable(dicts))) <= _KEYS:
            return b""
        if float in kinds and any(map(operator.ne, items, items)):
            return b""  # not a number has many bit patterns
        if kinds.isdisjoint(_CONTAINERS):
            break
        dicts = [item for item in items if type(item) is dict]
        lists = [item for item in items if type(item) is list or type(item) is tuple]
        if level == _LEVELS - 1 or max(map(len, dicts + lists)) > _WIDE or len(items) > _WIDE * len(value):
            return b""
    try:
        written = marshal.dumps(value, 2)
    except ValueError:  # pragma: no cover - a text of more than 2 GB, which its format cannot tell
        return b""
    return b"m%d:%b" % (len(written), written)


_CONTAINERS = frozenset({list, tuple, dict})


def marshalled(encoded: bytes) -> bytes | None:
    """The bytes of `marshal` in the canonical bytes of many plain values or records; None in those of other values."""
    return encoded[encoded.index(b":") + 1 :] if encoded[:1] == b"m" else None


def _scan_pairs(parts: list[bytes], items: Iterator[Any]) -> Any:
    """Encode keys and items up to the first that holds others; return that one."""
    for key, item in items:
        if type(key) is str:
            parts.append(_name(key))
        elif (atom := _ATOMS.get(type(key))) is not None:
            parts.append(atom(key))
        else:
            return _OddKey((key, item))
        if type(item) is str:
            parts.append(f"s{len(item)}:{item}".encode("utf-8", "surrogatepass"))
        elif (atom := _ATOMS.get(type(item)) or _SMALL.get(type(item))) is not None and (small := atom(item)):
            parts.append(small)
        else:
            return item
    return _END


def _scan_items(parts: list[bytes], items: Iterator[Any]) -> Any:
    """Encode items up to the first that holds others; return that one."""
    for item in items:
        if type(item) is str:
            parts.append(f"s{len(item)}:{item}".encode("utf-8", "surrogatepass"))
        elif (atom := _ATOMS.get(type(item)) or _SMALL.get(type(item))) is not None and (small := atom(item)):
            parts.append(small)
        else:
            return item
    return _END


_Small = Callable[[Any], bytes]


def _small_dict(inside: dict[type, _Small]) -> _Small:
    """Encodes a small dict without a frame of its own; returns nothing for any other."""

    def encode_small(value: dict[Any, Any]) -> bytes:
        if len(value) > _FEW:
            return b""
        parts = [b"d%d:" % len(value)]
        for key, item in [*value.items()]:  # another thread may change it
            if type(key) is not str:
                return b""
            parts.append(_name(key))
            if type(item) is str and len(item) <= _SHORT:
                parts.append(f"s{len(item)}:{item}".encode("utf-8", "surrogatepass"))
            elif (quick := inside.get(type(item))) is not None and (encoded := quick(item)):
                parts.append(encoded)
            else:
                return b""
        return _shortened(b"".join(parts))

    return encode_small


def _small_sequence(tag: bytes, inside: dict[type, _Small]) -> _Small:
    """The same for a list or tuple."""

    def encode_small(value: Any) -> bytes:
        if len(value) > _FEW:
            return b""
        parts = [b"%b%d:" % (tag, len(value))]
        for item in value:
            if type(item) is str and len(item) <= _SHORT:
                parts.append(f"s{len(item)}:{item}".encode("utf-8", "surrogatepass"))
            elif (quick := inside.get(type(item))) is not None and (encoded := quick(item)):
                parts.append(encoded)
            else:
                return b""
        return _shortened(b"".join(parts))

    return encode_small


def _small(inside: dict[type, _Small]) -> dict[type, _Small]:
    return {dict: _small_dict(inside), list: _small_sequence(b"l", inside), tuple: _small_sequence(b"t", inside)}


_FEW, _SHORT = 8, 400
"""The most items of a small container, and characters of a text in it: its encoding is not worth remembering."""

_NUMBERS: dict[type, _Small] = {kind: _ATOMS[kind] for kind in (type(None), bool, int, float)}
_SMALL = _small({**_NUMBERS, **_small(_NUMBERS)})
"""Two levels of them."""


def _scan_members(parts: list[bytes], items: Iterator[Any]) -> Any:
    """The same for a set, whose parts are sorted once all are there."""
    return _scan_items(parts, items)


def _shortened(encoded: bytes) -> bytes:
    return b"#" + blake2b(encoded, digest_size=32).digest() if len(encoded) > _INLINE else encoded


def _steps(frame: _Frame) -> Iterator[str]:
    """How a path goes on from a value to the part of it that is being encoded."""
    kind, number = type(frame.value), len(frame.parts) - 1
    if kind is dict or kind is Attributes:
        key = [*frame.value][number // 2]
        if type(key) not in (str, int) or (frame.scan is _scan_items and number % 2 == 0):
            yield f"[a {type(key).__name__}]"
        else:
            yield f".{key}" if kind is Attributes else f"[{key!r}]"
    elif kind in _COUNTED:
        yield f"[{number}]" if kind is list or kind is tuple else "{…}"


def _made(maker: Maker, value: Any, subject: Subject) -> Form | bytes:
    try:
        return maker(value, subject)
    except (NoCanonicalForm, MemoryError, RecursionError):
        raise
    except Exception as error:  # whatever a foreign class does when it is read
        raise NoCanonicalForm(value, f"reading it raised {type(error).__name__}: {error}") from error


_MAKERS: weakref.WeakKeyDictionary[type, Maker] = weakref.WeakKeyDictionary()


def maker_of(kind: type) -> Maker:
    """What makes the form of values of a kind, looked for once per class."""
    found = _MAKERS.get(kind)
    if found is None:
        assert find_maker is not None
        found = _MAKERS[kind] = find_maker(kind)
    return found
