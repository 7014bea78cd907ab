"""The key: what names a call.

A key is the xxh3-128 of the call's canonical bytes: the function's name, its fingerprint (or
``version``), the bound arguments (or ``key(...)``) and the sample. xxh3 is fast, not safe: anyone
can make two prompts that share a key, so it only names the file, and a BLAKE2b digest of the same
bytes, kept in the entry, decides.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import xxhash

from llm_memo.errors import InvalidOption, UnkeyableArgument
from llm_memo.identity import canonical
from llm_memo.identity.fingerprint import Fingerprint, KeptUp, parts_of_met
from llm_memo.identity.observe import observe
from llm_memo.identity.preview import preview
from llm_memo.identity.remembered import Remembered, plain_bytes, plain_copy
from llm_memo.identity.wrappers import bound_like, signature_of

SCHEME = 1
"""Goes up when the same call would get other bytes."""

_SHORT = 100_000

_Places = tuple[tuple[int, str, bytes], ...]
"""Of each value in the key: its place among the arguments, its name, and what comes before it."""
_OF_KEY: _Places = ((1, "key", b""),)


class CallKey:
    """What names one call, as bytes and by name.

    Args:
        pieces: Its canonical bytes, which are long if they are more than 100 kB.
    """

    __slots__ = ("_digest", "_pieces", "canonical", "key", "size")

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.size = sum(map(len, pieces))
        self.canonical = b""
        """All of them together; empty if they are long: a copy of a megabyte takes as long as a digest of it."""
        self._pieces: Sequence[bytes] = ()
        self._digest = ""
        if self.size <= _SHORT:
            self.canonical = b"".join(pieces)
            self.key: str = xxhash.xxh3_128_hexdigest(self.canonical)
        else:
            self._pieces = pieces
            self.key = _digest_of(pieces, xxhash.xxh3_128())

    @property
    def digest(self) -> str:
        """BLAKE2b-256 of the canonical bytes, in hex; looked for only when it is needed."""
        if not self._digest:
            self._digest = _digest_of(self._pieces or (self.canonical,), hashlib.blake2b(digest_size=32))
        return self._digest


def _digest_of(pieces: Sequence[bytes], algorithm: Any) -> str:
    for piece in pieces:
        algorithm.update(piece)
    return algorithm.hexdigest()  # type: ignore[no-any-return]


class KeyBuilder:
    """Turns the arguments of a function's calls into keys.

    Args:
        function: The function.
        name: Its identity.
        ignore: Parameters left out of the key.
        key: ``key(*args, **kwargs)`` whose result stands for the arguments.
        version: Stands for the fingerprint.
        sample: Which of several independent answers is meant.
        fingerprint: The function's fingerprint, shared by all its builders.

    Raises:
        InvalidOption: ``ignore`` names no parameter, or ``key`` cannot take the function's arguments.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        *,
        ignore: tuple[str, ...] = (),
        key: Callable[..., object] | None = None,
        version: str | None = None,
        sample: int = 0,
        fingerprint: Fingerprint,
    ) -> None:
        self.name = name
        self.key = key
        self.version = version
        self.sample = sample
        self.fingerprint = fingerprint
        self.signature = signature_of(function)
        parameters = tuple(self.signature.parameters)
        if unknown := [each for each in ignore if each not in parameters]:
            raise InvalidOption(
                f"ignore={unknown[0]!r} is not a parameter of {name}{self.signature}; "
                f"its parameters are {', '.join(parameters) or 'none'}"
            )
        if key is not None:
            _check_key(key, name, self.signature)
        self._function = function
        self._innermost: Any = bound_like(function)
        self._bind = compile_binder(self.signature, name)
        self._defaults = self._defaults_now()
        self._keyed = tuple(
            (place, parameter, canonical.encode(parameter))
            for place, parameter in enumerate(parameters)
            if parameter not in ignore
        )
        self._kept_up = KeptUp(function)
        self._known_head: tuple[object, bytes] = (None, b"")
        self._known_keys: Remembered[CallKey] = Remembered()

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """The arguments in the signature's order, defaults applied.

        Raises:
            TypeError: They do not fit the signature, as the function itself would say.
        """
        defaults, named = self._defaults
        now = self._innermost
        if defaults is not getattr(now, "__defaults__", None) or named is not getattr(now, "__kwdefaults__", None):
            self._bind = compile_binder(signature_of(self._function), self.name)  # IPython's autoreload was here
            self._defaults = self._defaults_now()
        return self._bind(*args, **kwargs)

    def _defaults_now(self) -> tuple[object, object]:
        now = self._innermost
        return getattr(now, "__defaults__", None), getattr(now, "__kwdefaults__", None)

    def key_of(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> CallKey:
        """The key of this call.

        Raises:
            TypeError: The arguments do not fit the signature, as the function itself would say.
            UnkeyableArgument: An argument has no canonical form.
        """
        head = self._head()
        bound = self.bind(args, kwargs)
        if self.key is not None:
            return CallKey(self._pieces(head, _OF_KEY, (self.key(*args, **kwargs),)))
        values = bound if len(bound) == len(self._keyed) else tuple([bound[place] for place, _, _ in self._keyed])
        plain = plain_bytes(values)
        call_key = self._known_keys.get(plain, head)
        if call_key is None:
            copy = plain_copy(plain)
            call_key = CallKey(self._pieces(head, self._keyed, values if copy is None else copy))
            if copy is not None:
                self._known_keys.put(plain, head, call_key, call_key.size)
        return call_key

    def _pieces(self, head: bytes, places: _Places, values: tuple[Any, ...]) -> list[bytes]:
        """The canonical bytes of a call: ``head``, and each of the ``values``."""
        pieces = [head]
        place, name, value = 0, "", None
        try:
            for (place, name, tag), value in zip(places, values, strict=True):  # noqa: B007 - they name the culprit
                pieces.append(tag)
                pieces.append(canonical.encode(value, () if place else self._kept_up.of(value)))
        except canonical.NoCanonicalForm as problem:
            raise self._unkeyable(name, value, problem) from problem.__cause__
        except RecursionError:
            raise self._unkeyable(name, value, canonical.NoCanonicalForm(value, _TOO_DEEP)) from None
        return pieces

    def _head(self) -> bytes:
        """What all keys of the function as it is now begin with."""
        if self.version is not None:
            code: object = self.version
        else:
            code = self.fingerprint.current().digest
        known, head = self._known_head
        if known is not code:
            head = canonical.encode((SCHEME, self.name, self.version is None, code, self.sample))
            self._known_head = (code, head)
        return head

    def arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, object]:
        """What the call is made of beside the code: parameter → value; with ``key=``, its result."""
        if self.key is not None:
            return {"key": self.key(*args, **kwargs)}
        bound = self.bind(args, kwargs)
        return {name: bound[place] for place, name, _ in self._keyed}

    def parts(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
        """Digests and previews of all that the call is made of, by name: ``"argument model"``, ``"code"``…"""
        digests: dict[str, str] = {}
        previews: dict[str, str] = {}
        inside: dict[str, str] = {}
        snapshot = self.fingerprint.current() if self.version is None else None
        first = next(iter(self.signature.parameters), None) if self.key is None else None
        for name, value in self.arguments(args, kwargs).items():
            left_out = self._kept_up.of(value) if name == first else frozenset[str]()
            observed = observe(value, left_out)
            digests[f"argument {name}"] = short_digest(observed.encoded)
            previews[f"argument {name}"] = preview(value, name, left_out=left_out)
            for part, (digest, shown) in parts_of_met(observed).items():
                inside[f"argument {name}: {part}"] = digest
                previews |= {f"argument {name}: {part}": shown} if shown else {}
        if self.sample:
            digests["sample"] = previews["sample"] = str(self.sample)
        if snapshot is None:
            digests["version"] = short_digest(canonical.encode(self.version))
            previews["version"] = preview(self.version)
        else:
            digests.update(snapshot.parts)
            previews.update(snapshot.previews)
        # The class of a method's instance has the method in it.
        digests.update((name, digest) for name, digest in inside.items() if digest != digests.get("code"))
        return digests, previews

    @property
    def code(self) -> str:
        """The fingerprint in hex, or the version that stands for it."""
        return self.fingerprint.current().digest.hex() if self.version is None else f"version {self.version}"

    def untracked(self) -> dict[str, str]:
        """What the code reads and the fingerprint leaves out: name → why."""
        return dict(self.fingerprint.current().untracked) if self.version is None else {}

    def _unkeyable(self, name: str, argument: object, problem: canonical.NoCanonicalForm) -> UnkeyableArgument:
        where = name + "".join(problem.path)
        kind = type(problem.value)
        owner = type(argument) if canonical.is_plain_object(type(argument)) else kind
        why = problem.why or f"a {kind.__module__}.{kind.__qualname__} has no canonical form"
        what = "the value that key= returned" if self.key is not None else f"argument {where}"
        return UnkeyableArgument(
            f"{self.name}(): {what} cannot be part of the key: {why}. Leave the parameter out with "
            f"ignore=({name!r},), say what the call depends on with key=lambda …: …, "
            f"or give {owner.__name__} a __memo_key__() method that returns plain data"
        )


_TOO_DEEP = "it is nested too deeply, or contains itself"


def short_digest(data: bytes) -> str:
    """A digest to tell one part from another: 8 bytes of BLAKE2b, in hex."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


_STARS: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def compile_binder(signature: inspect.Signature, name: str) -> Callable[..., tuple[Any, ...]]:
    """A function with this signature that returns its arguments, defaults applied, in order.

    Python's own binding is twenty times as fast as ``Signature.bind``, and its errors are the ones
    that the function itself would raise.
    """
    parameters = []
    defaults: dict[str, Any] = {}
    kinds = [parameter.kind for parameter in signature.parameters.values()]
    for place, parameter in enumerate(signature.parameters.values()):
        if parameter.kind is parameter.KEYWORD_ONLY and not {parameter.kind, parameter.VAR_POSITIONAL} & {
            *kinds[:place]
        }:
            parameters.append("*")
        text = _STARS.get(parameter.kind, "") + parameter.name
        if parameter.default is not parameter.empty:
            defaults[f"default of {parameter.name}"] = parameter.default
            text += f"=_defaults['default of {parameter.name}']"
        parameters.append(text)
        if parameter.kind is parameter.POSITIONAL_ONLY and kinds[place + 1 : place + 2] != [parameter.kind]:
            parameters.append("/")
    names = "".join(f"{parameter}, " for parameter in signature.parameters)
    binder = eval(f"lambda {', '.join(parameters)}: ({names})", {"_defaults": defaults})
    binder.__name__ = binder.__qualname__ = name.rpartition(".")[2]
    return binder  # type: ignore[no-any-return]


def _check_key(key: Callable[..., object], name: str, signature: inspect.Signature) -> None:
    try:
        takes = inspect.signature(key)
    except (TypeError, ValueError):
        return
    positional: list[None] = []
    named: dict[str, None] = {}
    for parameter in signature.parameters.values():
        if parameter.default is not parameter.empty:
            continue
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            positional.append(None)
        elif parameter.kind is parameter.KEYWORD_ONLY:
            named[parameter.name] = None
    try:
        takes.bind(*positional, **named)
    except TypeError as error:
        raise InvalidOption(
            f"key= for {name} takes {takes}, but is called with the arguments of {name}{signature}: {error}"
        ) from None
