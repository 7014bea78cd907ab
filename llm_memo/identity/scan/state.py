"""What a scan has found so far, and what is left to look through.

The worklist holds what is to be done as a name with arguments: `llm_memo.identity.scan.scan` knows who does it. So
what a value leads to is found by modules that do not know each other.
"""

from __future__ import annotations

import abc
import functools
import hashlib
import re
import types
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from llm_memo.adapters.equipment import class_name
from llm_memo.identity.code import cells
from llm_memo.identity.code.digest import constant_bytes
from llm_memo.identity.code.names import Attribute, Step
from llm_memo.identity.code.uses import Given
from llm_memo.identity.forms import encoding
from llm_memo.identity.forms.witness import Witness
from llm_memo.identity.guards import Guards, is_fixed
from llm_memo.identity.local import is_own
from llm_memo.identity.preview import hidden_fields, is_secret, preview
from llm_memo.identity.quiet import MISSING, code_attribute, is_a
from llm_memo.identity.scan.followed import Followed
from llm_memo.identity.scan.own import ignored_of, is_cached_function, is_own_code, is_own_function, is_subject
from llm_memo.identity.scan.part import Part
from llm_memo.identity.scan.reached import Candidate, Place, Reached, is_container, mark_of
from llm_memo.settings import SCOPES


class Left(NamedTuple):
    """A value that has no form, so that only its class counts."""

    part: Part
    kind: str
    why: str


Arguments = list[tuple[Given, list[Reached]]]
"""What a call gives, and what each of it may be."""

_NAMES = re.compile(r"[\w-]+")
_SHOWN = frozenset({"builtins", "collections", "datetime", "decimal", "fractions", "numpy", "pathlib", "uuid"})
"""Modules of the types of which a value can be shown."""
_LONG = (str, list, tuple, dict)


class State(abc.ABC):
    """What a function depends on beside its arguments, or what is read of one argument.

    Args:
        ignored: Places that are left out.
    """

    def __init__(self, ignored: Mapping[Place, str] | None = None) -> None:
        self.ignored = ignored or {}
        self.guards = Guards()
        self.parts: dict[Part, bytes] = {}
        self.shown: dict[Part, Callable[[], str]] = {}
        """What a short text of a part is made by, for people."""
        self.long: dict[Part, object] = {}
        """Values whose text may be longer than that."""
        self.places: dict[Part, tuple[Place | None, int, bool]] = {}
        """Where the value of a part is kept, its identity, and whether it is an installed object."""
        self.holders: dict[int, dict[Place, None]] = {}
        """Identity of a value that a chain has led to → the places where it is kept."""
        self.left: list[Left] = []
        self.omitted: dict[str, None] = {}
        """Attributes that ``__memo_ignore__`` of a class leaves out, in the order in which they were met."""
        self.unseen: dict[str, str] = {}
        """What is reached in ways that cannot be seen → why."""
        self.candidates: list[Candidate] = []
        """Values that the call may make."""
        self.writes: dict[object, int] = {}
        """Places and identities of what the code writes to → the line; names, where the object is not known."""
        self.followed: dict[int, Followed] = {}
        self.classes: dict[type, set[str]] = {}
        """Classes of one's own → what of them was looked at."""
        self.built: list[type] = []
        """Classes that the code makes instances of: methods count whose names occur."""
        self.names: set[str] = set()
        """The names of attributes in all code that was reached."""
        self.named: list[tuple[Followed, str, str]] = []
        """Variables of the environment and modules that a parameter names: its function, which of both, and it."""
        self.redirected = False
        """Reached code redirects standard output, so what is printed may come back."""
        self.start_again: Callable[[Any], object] = lambda _: None
        """Starts another scan as this one was."""
        self.made: Any = MISSING
        """A value that a call has made, so that what makes it is no more to be done."""
        self.returned_by: set[int] = set()
        """The functions that return it."""
        self.read_results: set[int] = set()
        """The functions of one's own whose results are read whole, or go on to somewhere else."""
        self.pending: frozenset[object] = frozenset()
        """Lazily made values that are being compared."""
        self._hidden: set[Place] = set()
        """Places of fields that a class leaves out of its own ``repr``."""
        self._todo: deque[tuple[str, tuple[Any, ...]]] = deque()
        self._numbers: dict[int, tuple[int, object]] = {}
        self._labels: dict[int, str] = {}
        self._taken: set[str] = set()
        self._encoded: dict[int, tuple[object, bytes]] = {}
        self._guarded: set[tuple[str, object]] = set()
        self._alive: list[object] = []
        """What must not be collected: another value would get its identity."""
        configured = SCOPES.configured.get("own_packages")
        self.guards.checks.append(lambda: SCOPES.configured.get("own_packages") == configured)

    @abc.abstractmethod
    def run(self) -> None:
        """Work off the list, until nothing new is found."""

    def later(self, work: str, *args: Any) -> None:
        """Put work on the list."""
        self._todo.append((work, args))

    def another(self) -> State:
        """A scan of its own with the same settings."""
        return type(self)(self.ignored)

    # Parts ------------------------------------------------------------------------------------

    def part(
        self, owner: str, kind: str, name: str, data: bytes = b"", value: Any = MISSING, place: Place | None = None
    ) -> None:
        """Note a part that stands for ``data``; the second value of one name gets a number."""
        digest = hashlib.blake2b(data, digest_size=16).digest()
        name = cells.plain(name)
        part, number = Part(owner, kind, name), 1
        while self.parts.setdefault(part, digest) != digest:
            number += 1
            part = Part(owner, kind, f"{name} ({number})")
        if place is not None or (value is not None and value is not MISSING):
            self.keep_place(part, value, place)
        if type(value).__module__ in _SHOWN and not is_a(value, type) and place not in self._hidden:
            self.show(part, functools.partial(preview, value))
            if type(value) in _LONG and part in self.shown and len(value) > 0:
                self.long.setdefault(part, value)

    def keep_place(self, part: Part, value: Any, place: Place | None) -> None:
        """Note where the value of a part is kept."""
        installed = not is_container(value) and not is_fixed(value) and not is_own(type(value))
        self.places.setdefault(part, (place, id(value), installed))

    def hide(self, value: Any, name: str) -> None:
        """Show nothing of an attribute that the class of ``value`` leaves out of its own ``repr``."""
        if name in hidden_fields(type(value)):
            self._hidden.add((id(value), name))

    def show(self, part: tuple[str, str, str], text: Callable[[], str]) -> None:
        """Note what makes a short text of a part: owner, kind and name. Secrets and context variables have none."""
        if not part[2].endswith(".get()") and not any(map(is_secret, _NAMES.findall(part[2]))):
            self.shown.setdefault(Part(*part), text)

    def untracked(self, owner: str, kind: str, name: str, value: Any, problem: Exception | None = None) -> None:
        """Note a value that has no form."""
        why = getattr(problem, "why", "") or f"a {class_name(type(value))} has no canonical form"
        if isinstance(problem, RecursionError):
            why = "it is nested too deeply"
        self.left.append(Left(Part(owner, kind, name), class_name(type(value)), why))

    def untracked_name(
        self, owner: str, kind: str, name: str = "…", why: str = "its name is made while the code runs"
    ) -> None:
        """Note a variable of the environment, or an imported module, whose name is not known."""
        if kind == "environment" and "environ" not in name:
            name = f"os.environ[{name}]"
        self.left.append(Left(Part(owner, kind, name), f"a {'variable' if kind == 'environment' else 'module'}", why))

    def write_by_name(self, steps: tuple[Step, ...], line: int) -> None:
        """Note a write into what is not known, by the last attribute on the way: any object of that name may change."""
        for step in reversed(steps):
            if isinstance(step, Attribute):
                self.writes.setdefault(step.name, line)
                return

    def finish(self) -> bytes:
        """Work off the list; the digest of all parts."""
        self.run()
        for followed in self.followed.values():
            part = Part(followed.label, "code", "")
            if part in self.parts:
                self.parts[part] = followed.digest()
        owners: dict[str, int] = {}
        digest = hashlib.blake2b(digest_size=16)
        for (owner, kind, name), data in self.parts.items():
            number = owners.setdefault(owner, len(owners))
            digest.update(constant_bytes(f"{number} {kind} {name}") + data)
        return digest.digest()

    # Values -----------------------------------------------------------------------------------

    def encode(self, value: Any) -> bytes:
        """The canonical bytes of a value; code and instances of one's own in it are numbers, and followed."""
        known = self._encoded.get(id(value))
        if known is None:
            data = encoding.encode(value, self.subject)
            known = self._encoded[id(value)] = (value, data)
            if not is_fixed(value):
                self.guards.content(
                    value,
                    lambda: encoding.encode(value, self.subject),
                    data,
                    lambda: Witness(value, self.subject).check(),
                )
        return known[1]

    def content_of(self, value: Any) -> bytes:
        """The bytes of a value with all that it leads to; of one without a form, its class."""
        try:
            if not is_subject(value):
                return self.encode(value)
            self.number_of(value)
            return self.finish()
        except Exception:
            return class_name(type(value)).encode()

    def subject(self, value: Any) -> bytes | None:
        """What stands for code or an instance of one's own inside of a value; None: its class and its data do."""
        return b"#%d" % self.number_of(value) if is_subject(value) else None

    def number_of(self, value: Any) -> int:
        """The number of code or an instance that is met as a value; it is followed."""
        known = self._numbers.get(id(value))
        if known is None and type(value) is types.MethodType:  # made anew with each look
            known = next((each for each in self._numbers.values() if _is_same_method(each[1], value)), None)
        if known is None:
            known = self._numbers[id(value)] = (len(self._numbers), value)
            self.later("subject", value, f"value {len(self._numbers)}")
        return known[0]

    def is_ignored(self, place: Place | None) -> bool:
        """Whether the user leaves out what is kept at a place."""
        return bool(self.ignored) and place is not None and place in self.ignored

    def is_omitted(self, kind: type, name: str) -> bool:
        """Whether a class leaves an attribute out itself, by ``__memo_ignore__``; if so, that is noted."""
        if name not in ignored_of(kind):
            return False
        self.omitted[f"{kind.__name__}.{name}"] = None
        return True

    def name_of(self, thing: object, wanted: str) -> str:
        """What a function or an instance is called here; another of the same name gets a number."""
        label = self._labels.get(id(thing))
        if label is None:
            wanted = label = cells.plain(wanted)
            number = 1
            while label in self._taken:
                number += 1
                label = f"{wanted} ({number})"
            self._taken.add(label)
            self._labels[id(thing)] = label
            self._alive.append(thing)
        return label

    # Guards -----------------------------------------------------------------------------------

    def guard_names(self, names: Mapping[str, Any]) -> None:
        """Guard which names there are."""
        keys = tuple(names)
        self.guards.checks.append(lambda: tuple(names) == keys)

    def guard_class(self, kind: type, value: Any = MISSING) -> None:
        """Guard the bases and the name of a class, and that a value is still an instance of it."""
        if ("class", kind) not in self._guarded:
            self._guarded.add(("class", kind))
            mro, name = kind.__mro__, kind.__name__
            self.guards.checks.append(lambda: kind.__mro__ is mro and kind.__name__ == name)
        if value is not MISSING and not is_fixed(value) and ("instance", id(value)) not in self._guarded:
            self._guarded.add(("instance", id(value)))
            self._alive.append(value)
            self.guards.checks.append(lambda: type(value) is kind)

    def guard_length(self, value: Any) -> None:
        """Guard how much there is."""
        length = len(value)
        self.guards.checks.append(lambda: len(value) == length)

    # Functions --------------------------------------------------------------------------------

    def enter(
        self, function: Any, first: Reached | None = None, escapes: bool = False, root: bool = False
    ) -> Followed | None:
        """Follow a function of one's own, which is called with ``first`` as its first argument, or escapes."""
        if is_cached_function(function):
            return self.enter_cached(function, first, escapes)
        if not is_own_function(function) and not root:
            return None
        followed = self.followed.get(id(function))
        if followed is None:
            qualname = function.__code__.co_qualname.replace(".<locals>", "")
            label = "" if root else self.name_of(function, f"helper {qualname}")
            followed = self.followed[id(function)] = Followed(function, label, root)
            self._alive.append(function)
            self.guards.function(function)
            self.later("function", followed)
        if escapes and not followed.shown:
            followed.shown = True
            self.later("surface", followed)
        if first is not None and function.__code__.co_argcount:
            self.bind(followed, function.__code__.co_varnames[0], first)
        return followed

    def enter_cached(self, value: Any, first: Reached | None = None, escapes: bool = False) -> Followed | None:
        """Follow a cached function that another one calls; its ``version`` stands for it, if it has one."""
        function, version, holder, decorated = value.__llm_memo_function__()
        if version is not None:
            name = code_attribute(function, "__qualname__")
            self.part(self.name_of(function, f"helper {name}"), "version", "", constant_bytes(version))
            return None
        entered = self.enter(
            function, Reached(holder, "self") if first is None and holder is not None else first, escapes
        )
        if entered is not None:
            self.later("layers", entered.label, decorated, function)
        return entered

    def enter_getter(self, getter: Any, holder: Any, text: str) -> bool:
        """Follow the function of a property, bare or under decorators; False if it is not one's own."""
        if not is_own_code(getter):
            return False
        self.later("getter", getter, Reached(holder, text))
        return True

    def bind(self, followed: Followed, parameter: str, reached: Reached) -> None:
        """A call gives a parameter a value."""
        if reached.computed:
            followed.open.add(parameter)
            self.read_results.add(reached.origin)
            return
        bound = followed.bound.setdefault(parameter, {})
        mark = mark_of(reached.value), mark_of(reached.holder)
        if mark not in bound:
            bound[mark] = Reached(reached.value, parameter, reached.holder, reached.place)
            self._alive.append(reached.value)
            self.later("parameter", followed, parameter, bound[mark])

    def special(
        self, followed: Followed | None, at: Reached, name: str, given: Arguments | None = None, written: bool = False
    ) -> None:
        """Follow a method of what was reached, such as ``__getitem__``; see `llm_memo.identity.scan.calls`."""
        self.later("special", followed, at, name, given or [], written)


def _is_same_method(value: object, other: types.MethodType) -> bool:
    return type(value) is types.MethodType and value.__self__ is other.__self__ and value.__func__ is other.__func__
