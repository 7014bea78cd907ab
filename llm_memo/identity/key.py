"""From the arguments of a call to its key.

Arguments count whole; of instances and classes of one's own counts what the function reads of them.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from llm_memo.adapters.equipment import class_name
from llm_memo.errors import InvalidOption, UnkeyableArgument
from llm_memo.identity.binding import check_key, compile_binder
from llm_memo.identity.call_key import NO_SNAPSHOTS, SHORT, CallKey
from llm_memo.identity.fingerprint import Fingerprint, Snapshot, subject_snapshot
from llm_memo.identity.forms.encoding import NoCanonicalForm, encode
from llm_memo.identity.guards import is_plain
from llm_memo.identity.key_cache import KeyCache, key_cache, plain_bytes, plain_copy, stands_for
from llm_memo.identity.local import is_own
from llm_memo.identity.parts import Parts, short_digest
from llm_memo.identity.preview import is_secret, preview
from llm_memo.identity.quiet import MISSING, cell_value, class_has, code_attribute, is_a
from llm_memo.identity.scan.fakes import stand_ins
from llm_memo.identity.scan.part import Part
from llm_memo.identity.texts import texts_of
from llm_memo.identity.wrappers import bound_like, signature_of

SCHEME = 2
"""Goes up when the same call would get other bytes."""

_OF_PIECE = 50
"""About what the bytes of an argument take beside themselves, in bytes."""
_STAND_INS: dict[type, Any] = {
    str: "", int: 0, float: 0.0, bool: False, type(None): None, list: [], tuple: (), dict: {},
}  # fmt: skip
"""Plain values are no loggers, so one of a type tells what a function does with all of them."""

_FIXED = frozenset({str, int, float, bool, type(None), bytes})
"""Types of arguments that nobody can change."""


class KeyBuilder:
    """Turns the arguments of a function's calls into keys.

    Args:
        function: The function.
        name: What it is called; in the key only where ``version`` stands for the fingerprint.
        ignore: Parameters, and names that the code reads, left out of the key.
        key: ``key(*args, **kwargs)`` whose result stands for the arguments.
        version: Stands for the fingerprint.
        sample: Which of several independent answers is meant.
        fingerprint: The function's fingerprint, shared by all its builders that ignore the same names.

    Raises:
        InvalidOption: ``ignore`` names what exists nowhere, or ``key`` cannot take the function's arguments.
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
        self.signature = signature_of(function)
        parameters = tuple(self.signature.parameters)
        self._left_out = ignore
        self._names = tuple(each for each in ignore if each not in parameters)
        self.fingerprint = fingerprint if fingerprint.ignore == self._names else Fingerprint(function, self._names)
        self._check_names(late=False)
        self._unchecked = bool(self._names)
        if key is not None:
            check_key(key, name, self.signature)
        self._function = function
        self._innermost: Any = bound_like(function)
        self._bind = compile_binder(self.signature, name)
        self._defaults = self._defaults_now()
        counted = [(place, parameter) for place, parameter in enumerate(parameters) if parameter not in ignore]
        self._places = [place for place, _ in counted] if len(counted) < len(parameters) else None
        """Where among the arguments those are that count; None if all do."""
        self._keyed = [(parameter, encode(parameter)) for _, parameter in counted]
        """Of each value in the key: its name, and what comes before it."""
        if key is not None:  # where a parameter is a secret, it is shown as one
            self._keyed = [("key" if any(map(is_secret, parameters)) else "key()", b"")]
        self._known_head: tuple[Any, bytes] = (None, b"")
        """The function's snapshot, and the head that it gave."""
        self._waits = False
        """What is read depends on an argument, so equal arguments may be another question later."""

    def _check_names(self, late: bool) -> None:
        if self._names:
            from llm_memo.identity.ignored import check_names

            inner = self.fingerprint.inner
            if is_a(inner, types.FunctionType):
                check_names(inner, self.name, self._names, self.signature.parameters, late)
            elif self._names:
                raise InvalidOption(f"ignore={self._names[0]!r} is not a parameter of {self.name}{self.signature}")

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, calls: bool = True) -> tuple[Any, ...]:
        """What counts of a call: its arguments in the signature's order, defaults applied; or what ``key=`` returns.

        Args:
            args: The arguments, the instance first.
            kwargs: The keyword arguments.
            calls: Whether ``key=`` is called now; if not, and there is one, nothing.

        Raises:
            TypeError: They do not fit the signature, as the function itself would say.
        """
        now = self._innermost
        defaults, named = self._defaults
        if defaults is not getattr(now, "__defaults__", None) or named is not getattr(now, "__kwdefaults__", None):
            self._bind = compile_binder(signature_of(self._function), self.name)  # IPython's autoreload was here
            self._defaults = self._defaults_now()
        bound: tuple[Any, ...] = self._bind(*args, **kwargs)
        if self.key is not None:
            return (self.key(*args, **kwargs),) if calls else ()
        return bound if self._places is None else tuple([bound[place] for place in self._places])

    def _defaults_now(self) -> tuple[object, object]:
        now = self._innermost
        return getattr(now, "__defaults__", None), getattr(now, "__kwdefaults__", None)

    def key_of(self, values: tuple[Any, ...]) -> CallKey:
        """The key, as it is now, of the call of which ``values`` count: what `bind` gave.

        Raises:
            UnkeyableArgument: An argument has no canonical form.
            InvalidOption: ``ignore`` names what exists nowhere.
        """
        if self._unchecked:
            self._check_names(late=True)
            self._unchecked = False
        head = self.head()
        if self._waits or self.key is not None:
            return self._encoded(head, values)
        plain, mark = plain_bytes(values)
        call_key = KEYS.get(mark, head)
        if call_key is None:
            data = values if are_fixed(map(type, values)) or mark is not plain else plain_copy(plain)
            call_key = self._encoded(head, values if data is None else data)
            if mark is not None and data is not None and stands_for(mark, plain, values, call_key._pieces[2::2]):
                call_key = call_key.to_remember()
                KEYS.put(mark, head, call_key, call_key.size + _OF_PIECE * len(values))
            elif mark is None and call_key.size > SHORT:
                call_key = _known_long(call_key)
        return call_key

    def _encoded(self, head: bytes, values: tuple[Any, ...]) -> CallKey:
        """The key of a call: ``head``, and each of the ``values``."""
        pieces = [head]
        followed: dict[int, Snapshot] = {}
        inside: dict[int, list[Snapshot]] = {}
        name, value = "", None
        try:
            for number, ((name, tag), value) in enumerate(zip(self._keyed, values, strict=True)):
                pieces.append(tag)
                if type(value) in _FIXED and not self._waits:
                    pieces.append(encode(value))
                elif self.version is not None:
                    pieces.append(encode(value, _without_code))
                else:
                    snapshot = self._snapshot_of(name, value)
                    if snapshot is not None:
                        followed[number] = snapshot
                    pieces.append(self._with_code(number, value, snapshot, inside))
        except NoCanonicalForm as problem:
            raise self._unkeyable(name, value, problem) from problem.__cause__
        return CallKey(pieces, followed or NO_SNAPSHOTS, inside or NO_SNAPSHOTS)

    def _with_code(
        self, number: int, value: Any, snapshot: Snapshot | None, inside: dict[int, list[Snapshot]]
    ) -> bytes:
        """The bytes of an argument, with those of code and instances of one's own in it, which are noted."""
        looked = b"" if snapshot is None else b"$" + snapshot.digest
        if snapshot is not None and is_followed(value):
            return looked

        def subject(each: Any) -> bytes:
            found = subject_snapshot(each)
            inside.setdefault(number, []).append(found)
            return found.digest

        return looked + encode(value, subject)

    def _snapshot_of(self, name: str, value: Any) -> Snapshot | None:
        """What is read of an argument, if it is followed, or if statements depend on whether it is a logger."""
        if self.key is not None:
            return None
        base = self._known_head[0]
        if not is_followed(value) and not _has_memo_key(value) and not (self._waits and name in base.waiting):
            return None
        if self._names:
            self._check_attributes(name, value)
        return self.fingerprint.of_argument(name, _STAND_INS[type(value)] if is_plain(value) else value, base)

    def _check_attributes(self, name: str, value: Any) -> None:
        from llm_memo.identity.ignored import check_attribute

        for each in self._names:
            if each.partition(".")[0] == name and is_followed(value):
                check_attribute(self.name, each, value)

    def head(self) -> bytes:
        """What all keys of the function as it is now begin with; the same object as long as nothing changes."""
        if self.version is not None:
            return self._head_by_version()
        snapshot = self.fingerprint.state
        if snapshot is None or not snapshot.guards.hold():
            snapshot = self.fingerprint.current()
        known, head = self._known_head
        if known is not snapshot:
            head = encode((SCHEME, snapshot.digest, self.sample))
            self._waits = bool(snapshot.waiting)
            self._known_head = (snapshot, head)
        fakes = stand_ins()
        return encode((head, fakes)) if fakes else head

    def _head_by_version(self) -> bytes:
        cells = map(cell_value, getattr(self._innermost, "__closure__", None) or ())
        closure = [None if value is MISSING else value for value in cells]
        try:
            head = encode((SCHEME, self.name, self.version, closure, self.sample), _without_code)
        except NoCanonicalForm as problem:
            raise self._unkeyable("a closure value", problem.value, problem) from problem.__cause__
        if self._known_head[1] != head:
            self._known_head = None, head
        return self._known_head[1]

    def snapshots(self, call_key: CallKey) -> list[Snapshot]:
        """What the function, and those of its arguments that are followed, came to when this key was made of them."""
        if self.version is not None:
            return []
        return [self._snapshot(call_key), *call_key.followed.values()]

    def parts(self, call_key: CallKey, values: tuple[Any, ...], snapshots: Iterable[Snapshot]) -> Parts:
        """All that the call with this key, of which these ``values`` count, and these `snapshots` is made of."""
        arguments = {name: value for (name, _), value in zip(self._keyed, values, strict=True)}
        found = Parts()
        found.arguments, found.cut = texts_of(arguments)
        for number, (name, value) in enumerate(arguments.items()):
            if number not in call_key.followed or not is_followed(value):
                inside = call_key.inside.get(number, [])
                mixed = inside or number in call_key.followed
                digest = short_digest(encode(value, lambda _: b"")) if mixed else call_key.argument(number)
                found.add_argument(name, value, digest, inside)
        if self.sample:
            found.add(Part("", "sample", ""), str(self.sample), str(self.sample))
        if self.version is not None:
            found.add(Part("", "version", ""), short_digest(encode(self.version)), preview(self.version))
        for snapshot in snapshots:
            found.add_all(snapshot)
        return found

    def code(self, call_key: CallKey | None = None) -> str:
        """The fingerprint in hex that a key was made of, or the one of now; or the version that stands for it."""
        if self.version is not None:
            return f"version {self.version}"
        return self._snapshot(call_key).digest.hex()

    def _snapshot(self, call_key: CallKey | None) -> Snapshot:
        """What the function came to when a key was made of it; of no key, or one of before, what it comes to now."""
        snapshot, head = self._known_head
        return snapshot if call_key is not None and head == call_key.head else self.fingerprint.current()

    def untracked(self, call_key: CallKey) -> dict[str, str]:
        """What the code reads, or is given, and the key does not hold: name → why."""
        found: dict[str, str] = {}
        for snapshot in chain(self.snapshots(call_key), *call_key.inside.values()):
            found |= dict.fromkeys(snapshot.scan.omitted, "__memo_ignore__")
            found |= {each.part.text: each.why for each in snapshot.scan.left} | snapshot.scan.unseen
        return found | dict.fromkeys(self._left_out, "ignore=")

    def _unkeyable(self, name: str, argument: object, problem: NoCanonicalForm) -> UnkeyableArgument:
        kind = type(problem.value)
        owner = type(argument) if is_own(type(argument)) else kind
        why = problem.why or f"a {class_name(kind)} has no canonical form"
        what, left_out = f"argument {name}{''.join(problem.path)}", f"; if no answer depends on it: ignore=({name!r},)"
        if self.key is not None:
            what, left_out = "the value that key= returned", ""
        return UnkeyableArgument(
            f"{self.name}(): {what} cannot be part of the key: {why}. Make it inside of the function, pass the "
            f"settings that it is made of, give {owner.__name__} a __memo_key__() method that returns plain data, "
            f"or give key=lambda …: …{left_out}"
        )


KEYS: KeyCache[CallKey] = key_cache()
"""The keys of calls before, of all functions of the process."""


def _known_long(call_key: CallKey) -> CallKey:
    """The key of an equal call before, if that is at hand: its BLAKE2b, which takes longer than all else, is known."""
    if call_key.followed or call_key.inside:
        return call_key
    mark = call_key.key.encode()
    known = KEYS.get(mark, call_key.head)
    if known is None:
        KEYS.put(mark, call_key.head, call_key, call_key.size)
    return known if known is not None and known.same(call_key) else call_key


are_fixed = _FIXED.issuperset
"""Whether nobody can change arguments of these types."""


def is_followed(value: Any) -> bool:
    """Whether an argument is a module, or an instance or class of one's own, of which counts what the code reads."""
    if type(value) in _STAND_INS:
        return False
    from llm_memo.identity.scan.own import is_own_instance

    if is_a(value, types.ModuleType):
        return True
    return is_own(value) if is_a(value, type) else is_own_instance(value)


def _has_memo_key(value: Any) -> bool:
    """Whether an argument counts by its ``__memo_key__``, and by the code of its methods that the function calls."""
    return is_own(type(value)) and class_has(type(value), "__memo_key__")


def _without_code(value: Any) -> bytes | None:
    """With ``version=``, code stands for itself by its name, and an instance by its class's name and its data."""
    if is_a(value, (type, types.FunctionType, types.MethodType)) or class_has(type(value), "__llm_memo_function__"):
        return str(code_attribute(value, "__qualname__", type(value).__qualname__)).encode()
    return None
