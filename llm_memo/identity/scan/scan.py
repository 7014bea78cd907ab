"""The scan: one pass over all code that a function can reach and the values that this code reads.

A worklist: functions are followed, their uses applied to the values that names hold now. Everything
that is found adds a part; nothing takes one away. None of the user's code is run.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import pathlib
import re
import types
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from llm_memo.adapters.equipment import class_name
from llm_memo.identity.code import source
from llm_memo.identity.code.digest import constant_bytes, tree_digest
from llm_memo.identity.code.fallback import bytecode_digest, bytecode_reads
from llm_memo.identity.code.names import Function
from llm_memo.identity.code.reads import reads_of
from llm_memo.identity.code.uses import Given, Group, Kind, Reads, Use
from llm_memo.identity.forms import encoding
from llm_memo.identity.forms.code import annotations_of
from llm_memo.identity.guards import Guards, is_fixed
from llm_memo.identity.local import class_item, is_own
from llm_memo.identity.preview import hidden_fields, is_secret, preview
from llm_memo.identity.scan import classes, values
from llm_memo.identity.scan.lazily import Candidate
from llm_memo.identity.scan.modules import place_in_project
from llm_memo.identity.scan.part import Part
from llm_memo.identity.scan.reached import (
    MISSING,
    Fresh,
    Made,
    Method,
    Next,
    Place,
    Reached,
    is_container,
    opaque,
    own_dict,
)
from llm_memo.settings import SCOPES


class Left(NamedTuple):
    """A value that has no form, so that only its class counts."""

    part: Part
    kind: str
    why: str


_OF_FILES = frozenset(
    {"read_text", "read_bytes", "open", "exists", "is_file", "is_dir", "iterdir", "glob", "rglob", "stat"}
)
"""Methods of a path that go to the file, so that its place in the project says it all."""

_NAMES = re.compile(r"[\w-]+")
_SHOWN = frozenset({"builtins", "collections", "datetime", "decimal", "fractions", "numpy", "pathlib", "uuid"})
"""Modules of the types of which a value can be shown."""
_LONG = (str, list, tuple, dict)


class Followed:
    """A function of one's own that is followed, with what its parameters are bound to."""

    __slots__ = (
        "bound", "constants", "deferred", "free", "function", "is_root", "itself", "label", "open", "reads", "shown",
        "tree", "uses",
    )  # fmt: skip

    def __init__(self, function: types.FunctionType, label: str) -> None:
        self.function = function
        self.label = label
        self.tree, self.reads = analysed(function)
        self.bound: dict[str, dict[object, Reached]] = {}
        """Parameter → the values that calls give it, by identity; methods by that of what they are bound to as well."""
        self.constants: dict[str, set[str]] = {}
        self.open: set[str] = set()
        """Parameters that a call gives something of which nothing is known."""
        self.uses: list[Use] = []
        self.deferred: list[Group] = []
        """Statements that log if a parameter is a logger."""
        self.free: list[Group] = []
        """Statements that only print or log."""
        self.itself: set[str] = set()
        self.shown = False
        """The function escapes, so its name, docstring, signature and annotations count."""
        self.is_root = False

    def is_first(self, parameter: str) -> bool:
        """Whether a parameter is the first, which ``super()`` stands for."""
        return self.function.__code__.co_varnames[:1] == (parameter,)

    @property
    def is_method(self) -> bool:
        """Whether its first parameter is an instance, whose methods are followed when it is known."""
        return bool(private_names(self.function.__code__))

    def again(self) -> Followed:
        """The same function with nothing bound, as a root whose uses are decided."""
        other = Followed(self.function, self.label)
        other.uses, other.deferred, other.free, other.is_root = [*self.uses], [*self.deferred], [*self.free], True
        other.itself = self.itself
        return other


@functools.lru_cache(maxsize=8192)
def _analysed(code: types.CodeType, tree: Function | None, redefined: frozenset[str]) -> Reads:
    if tree is None:
        return bytecode_reads(code)
    return reads_of(tree, code.co_freevars, redefined, private_names(code))


def analysed(function: types.FunctionType) -> tuple[Function | None, Reads]:
    """The tree of a function, and what it reads and writes."""
    tree = source.tree_of(function)
    reads = _analysed(function.__code__, tree, frozenset())
    redefined = frozenset(name for name in reads.builtins if name in function.__globals__)
    return tree, _analysed(function.__code__, tree, redefined) if redefined else reads


def defaults_of(function: types.FunctionType) -> dict[str, Any]:
    """The parameters that have a default, and that."""
    code, defaults = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
    return dict(zip(names, defaults, strict=True)) | (function.__kwdefaults__ or {})


def private_names(code: types.CodeType) -> str:
    """The class whose name is put before private names such as ``__key`` in ``code``."""
    owner = code.co_qualname.rpartition(".")[0].rpartition(".")[2]
    return "" if owner == "<locals>" else owner.lstrip("_")


def _mark(value: Any) -> tuple[type, object]:
    """What tells a value from others, though what stands for it is made anew."""
    kind = type(value)
    return kind, value.name if kind is Method else id(
        value.kind if kind is Fresh else value.origin if kind is Made else value
    )


class Scan:
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
        self.hidden: set[Place] = set()
        """Places of fields that a class leaves out of its own ``repr``."""
        self.long: dict[Part, object] = {}
        """Values whose text may be longer than that."""
        self.left: list[Left] = []
        self.unseen: list[str] = []
        self.candidates: list[Candidate] = []
        self.writes: dict[object, int] = {}
        """Places and identities of what the code writes to → the line."""
        self.followed: dict[int, Followed] = {}
        self.classes: dict[type, set[str]] = {}
        self.built: list[type] = []
        self.variables: list[tuple[Followed, str, str]] = []
        self.prints: list[tuple[Followed, Group]] = []
        self.places: dict[Part, tuple[Place | None, int, bool]] = {}
        """Where the value of a part is kept, its identity, and whether it is an installed object."""
        self.redirected = False
        self.pending: frozenset[object] = frozenset()
        self._names: set[str] = set()
        self._guarded: set[tuple[str, object]] = set()
        configured = SCOPES.configured.get("own_packages")
        self.guards.checks.append(lambda: SCOPES.configured.get("own_packages") == configured)
        self._todo: deque[Callable[[], object]] = deque()
        self._numbers: dict[int, tuple[int, object]] = {}
        self._labels: dict[int, str] = {}
        self._taken: set[str] = set()
        self._encoded: dict[int, tuple[object, bytes]] = {}
        self._alive: list[object] = []

    def another(self) -> Scan:
        """A scan of its own with the same settings."""
        return Scan(self.ignored)

    # Where it starts --------------------------------------------------------------------------

    def start(self, function: Any, inner: Any) -> Followed | None:
        """Start from a cached function; decorators between it and its code are followed as well."""
        if type(inner) is not types.FunctionType:
            self.take("", "", inner, "function")
            return None
        if not self.is_own(inner):
            self.take("", "", function, "function")
            return None
        root = self.enter(inner, root=True)
        layer, seen = function, {id(inner)}
        while id(layer) not in seen:
            seen.add(id(layer))
            if type(layer) is types.FunctionType and self.is_own(layer):
                self.enter(layer)
            elif not isinstance(layer, (classmethod, staticmethod)):
                self.take("", "decorated", layer, "decorator")
            layer = getattr(layer, "__func__", None) or getattr(layer, "__wrapped__", inner)
        return root

    def start_argument(self, base: Followed | None, parameter: str, value: Any) -> Followed | None:
        """Start from what a parameter of the function is bound to; ``base`` is the function as it was followed."""
        if base is None or base.tree is None:
            self.take("", parameter, value, "argument")
            return None
        root = self.followed[id(base.function)] = base.again()
        self._names |= base.reads.attributes
        self._labels[id(base.function)] = ""
        self.bind(root, parameter, Reached(value, parameter))
        return root

    def waiting_for(self, root: Followed | None) -> set[str]:
        """Parameters of the function on which it depends whether a statement logs."""
        groups = [part for group in root.deferred for part in (group, *group.parts)] if root is not None else []
        return {
            use.ref.chain.root.name for group in groups for use in group.calls if use.ref.chain.root.kind == "parameter"
        }

    # What is found ----------------------------------------------------------------------------

    def part(
        self, owner: str, kind: str, name: str, data: bytes = b"", value: Any = MISSING, place: Place | None = None
    ) -> None:
        """Note a part that stands for ``data``; the second value of one name gets a number."""
        digest = hashlib.blake2b(data, digest_size=16).digest()
        part, number = Part(owner, kind, name), 1
        while self.parts.setdefault(part, digest) != digest:
            number += 1
            part = Part(owner, kind, f"{name} ({number})")
        if place is not None or (value is not None and value is not MISSING):
            installed = not is_container(value) and not is_fixed(value) and not self.is_own(type(value))
            self.places.setdefault(part, (place, id(value), installed))
        if type(value).__module__ in _SHOWN and not isinstance(value, type) and place not in self.hidden:
            self.show(part, functools.partial(preview, value))
            if type(value) in _LONG and part in self.shown and len(value) > 0:
                self.long.setdefault(part, value)

    def hide(self, value: Any, name: str) -> None:
        """Show nothing of an attribute that the class of ``value`` leaves out of its own ``repr``."""
        if name in hidden_fields(type(value)):
            self.hidden.add((id(value), name))

    def show(self, part: tuple[str, str, str], text: Callable[[], str]) -> None:
        """Note what makes a short text of a part: owner, kind and name. Secrets and context variables have none."""
        if not part[2].endswith(".get()") and not any(map(is_secret, _NAMES.findall(part[2]))):
            self.shown.setdefault(Part(*part), text)

    def part_of_module(self, name: str, digest: bytes) -> None:
        """Note an own module that is not loaded."""
        self.part("", "import", name, digest)

    def take(self, owner: str, name: str, value: Any, kind: str, place: Place | None = None) -> None:
        """Make a value part of the scan, whole."""
        values.take(self, owner, name, value, kind, place)

    def untracked(self, owner: str, kind: str, name: str, value: Any, problem: Exception) -> None:
        """Note a value that has no form."""
        why = getattr(problem, "why", "") or f"a {class_name(type(value))} has no canonical form"
        if isinstance(problem, RecursionError):
            why = "it is nested too deeply"
        self.left.append(Left(Part(owner, kind, name), class_name(type(value)), why))

    def encode(self, value: Any) -> bytes:
        """The canonical bytes of a value; code and instances of one's own in it are numbers, and followed."""
        known = self._encoded.get(id(value))
        if known is None:
            data = encoding.encode(value, self.subject)
            known = self._encoded[id(value)] = (value, data)
            if not is_fixed(value):
                self.guards.content(value, functools.partial(self._again, value), data)
        return known[1]

    def _again(self, value: Any) -> bytes:
        return encoding.encode(value, self._known_subject)

    def _known_subject(self, value: Any) -> bytes | None:
        if not values.is_subject(self, value):
            return None
        if type(value) is types.MethodType:
            return b"#%d" % self.number_of(value)
        return b"#%d" % self._numbers[id(value)][0]

    def subject(self, value: Any) -> bytes | None:
        """What stands for code or an instance of one's own inside of a value; None: its class and its data do."""
        return b"#%d" % self.number_of(value) if values.is_subject(self, value) else None

    def number_of(self, value: Any) -> int:
        """The number of code or an instance that is met as a value; it is followed."""
        known = self._numbers.get(id(value))
        if known is None:
            if type(value) is types.MethodType:  # made anew with each look
                for number, other in self._numbers.values():
                    if (
                        type(other) is types.MethodType
                        and other.__self__ is value.__self__
                        and other.__func__ is value.__func__
                    ):
                        return number
            known = self._numbers[id(value)] = (len(self._numbers), value)
            self.later(values.take_subject, self, value, f"value {len(self._numbers)}")
        return known[0]

    def content_of(self, value: Any) -> bytes:
        """The bytes of a value with all that it leads to; of one without a form, its class."""
        try:
            return self.encode(value) if not values.is_subject(self, value) else self._digest_of(value)
        except Exception:
            return class_name(type(value)).encode()

    def _digest_of(self, value: Any) -> bytes:
        self.number_of(value)
        return self.finish()

    # Names and places -------------------------------------------------------------------------

    def is_own(self, thing: Any) -> bool:
        """Whether a module, class or function is the user's own."""
        return is_own(thing)

    def is_cached_function(self, value: Any) -> bool:
        """Whether a value is a cached function, looked up or not."""
        return class_item(type(value), "__llm_memo_function__") is not None

    def is_ignored(self, place: Place | None) -> bool:
        """Whether the user leaves out what is kept at a place."""
        return bool(self.ignored) and place is not None and place in self.ignored

    def ignored_of(self, kind: type) -> tuple[str, ...]:
        """The attributes that a class leaves out of keys itself."""
        names = class_item(kind, "__memo_ignore__") or ()
        return (names,) if isinstance(names, str) else tuple(names)

    def guard_names(self, names: Mapping[str, Any]) -> None:
        """Guard which names there are."""
        keys = tuple(names)
        self.guards.checks.append(lambda: tuple(names) == keys)

    def guard_body(self, kind: type) -> None:
        """Guard which names there are in a class; what Python notes there when it is first looked at is none."""
        names = kind.__dict__
        keys = [tuple(names)]

        def same() -> bool:
            now = tuple(names)
            if now != keys[0]:
                if classes.telling(now) != classes.telling(keys[0]):
                    return False
                keys[0] = now
            return True

        self.guards.checks.append(same)

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

    def first(self, thing: object) -> bool:
        """Whether this scan meets a thing for the first time."""
        if id(thing) in self._labels:
            return False
        self._labels[id(thing)] = ""
        self._alive.append(thing)
        return True

    def name_of(self, thing: object, wanted: str) -> str:
        """What a function or an instance is called here; another of the same name gets a number."""
        label = self._labels.get(id(thing))
        if label is None:
            label, number = wanted, 1
            while label in self._taken:
                number += 1
                label = f"{wanted} ({number})"
            self._taken.add(label)
            self._labels[id(thing)] = label
            self._alive.append(thing)
        return label

    def drop_work(self) -> None:
        """Forget what is on the list."""
        self._todo.clear()

    def later(self, work: Callable[..., object], *args: Any) -> None:
        """Put work on the list."""
        self._todo.append(functools.partial(work, *args))

    # Functions --------------------------------------------------------------------------------

    def enter(
        self, function: Any, first: Reached | None = None, escapes: bool = False, root: bool = False
    ) -> Followed | None:
        """Follow a function of one's own, which is called with ``first`` as its first argument, or escapes."""
        if self.is_cached_function(function):
            return self.enter_cached(function, first, escapes)
        if type(function) is not types.FunctionType or not (root or self.is_own(function)):
            return None
        followed = self.followed.get(id(function))
        if followed is None:
            qualname = function.__code__.co_qualname.replace(".<locals>", "")
            label = "" if root else self.name_of(function, f"helper {qualname}")
            followed = self.followed[id(function)] = Followed(function, label)
            followed.is_root = root
            self._alive.append(function)
            self.guards.function(function)
            self.later(self._follow, followed)
        if escapes and not followed.shown:
            followed.shown = True
            self.later(self._show, followed)
        parameters = function.__code__.co_varnames[: function.__code__.co_argcount]
        if first is not None and parameters:
            self.bind(followed, parameters[0], first)
        return followed

    def enter_cached(self, value: Any, first: Reached | None = None, escapes: bool = False) -> Followed | None:
        """Follow a cached function that another one calls; its ``version`` stands for it, if it has one."""
        function, version, holder = value.__llm_memo_function__()
        if first is None and holder is not None:
            first = Reached(holder, "self")
        if version is not None:
            name = getattr(function, "__qualname__", "")
            self.part(self.name_of(function, f"helper {name}"), "version", "", constant_bytes(version))
            return None
        return self.enter(function, first, escapes)

    def call_attribute(
        self,
        followed: Followed | None,
        at: Reached,
        name: str,
        others: tuple[Reached, ...] = (),
        given: Any = (),
        written: bool = False,
    ) -> None:
        """Follow a method of what was reached, such as ``__getitem__``; one that is inherited from installed code
        gets the object whole, unless it only writes."""
        from llm_memo.identity.scan.calls import called
        from llm_memo.identity.scan.resolve import attribute

        for found in attribute(self, at, name, f"{at.text}.{name}") or ():
            if found.value is not MISSING and not found.computed:
                arguments = [(Given(place), [each]) for place, each in enumerate(others)]
                if not called(self, found, arguments + list(given), followed) and not written:
                    self.read_whole(at, followed)

    def read_whole(self, at: Reached, followed: Followed | None = None) -> None:
        """What was reached is read whole, or goes on to somewhere else."""
        value, label = at.value, followed.label if followed else ""
        if at.computed or isinstance(value, (Fresh, Made, Next)):
            return
        if isinstance(value, Method):
            if at.holder is not None:
                self.read_whole(Reached(at.holder, at.text.rpartition(".")[0]), followed)
            return
        if at.holder is not None and callable(value) and type(value) is not types.MethodType:
            self._read_method(at, followed)
            return
        self.take(label, at.text, value, self._kind_of(at.text, followed), at.place)

    @staticmethod
    def _kind_of(text: str, followed: Followed | None) -> str:
        """What a chain is to the function: ``global``, ``closure`` or ``argument``."""
        if followed is None:
            return "global"
        root = text.partition(".")[0].partition("[")[0].partition("(")[0]
        code = followed.function.__code__
        if root == "os" and text.startswith("os.environ"):
            return "environment"
        if root in code.co_freevars:
            return "closure"
        stars = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
        parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + stars]
        return "argument" if root in parameters else "global"

    def _read_method(self, at: Reached, followed: Followed | None) -> None:
        """A bound method is handed on: it counts as called."""
        entered = self.enter(at.value, first=Reached(at.holder, "self"), escapes=True)
        if entered is None and not isinstance(at.holder, Fresh):
            self.read_whole(Reached(at.holder, at.text.rpartition(".")[0]), followed)

    def read_called(self, at: Reached, followed: Followed) -> None:
        """Installed code is called: its name counts, and the object that it is a method of."""
        value = at.value
        relative = place_in_project(at.holder, followed.function) if isinstance(at.holder, pathlib.PurePath) else None
        if relative is not None and getattr(value, "__name__", "") in _OF_FILES:
            self.part(followed.label, "place", at.text.rpartition(".")[0], relative.encode())
        elif at.holder is not None and not isinstance(at.holder, (Fresh, type)):
            self.read_whole(Reached(at.holder, at.text.rpartition(".")[0]), followed)
        elif issubclass(type(value), types.BuiltinFunctionType) and not isinstance(
            value.__self__, (types.ModuleType, type(None))
        ):
            self.take(followed.label, at.text.rpartition(".")[0], value.__self__, self._kind_of(at.text, followed))
        elif issubclass(type(value), (type, types.FunctionType, types.BuiltinFunctionType)):  # a proxy claims to be one
            name = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"
            self.part(followed.label, "installed", name)
            if type(value) is types.FunctionType and (value.__closure__ or value.__dict__):
                self.number_of(value)
        else:
            self.take(followed.label, at.text, value, self._kind_of(at.text, followed), at.place)

    def take_descriptor(self, raw: Any, value: Any, text: str) -> None:
        """An installed descriptor: its own functions are followed with the object, the rest counts whole."""
        held = own_dict(raw) or {}
        for name, each in sorted(held.items()):
            if type(each) is types.FunctionType and self.is_own(each):
                self.enter(each, first=Reached(value, text))
            elif not name.startswith("__"):
                self.take("", f"{text}.{name}", each, "descriptor")

    def bind(self, followed: Followed, parameter: str, reached: Reached) -> None:
        """A call gives a parameter a value."""
        bound = followed.bound.setdefault(parameter, {})
        if reached.computed:
            followed.open.add(parameter)
            return
        mark = _mark(reached.value), _mark(reached.holder)
        if mark not in bound:
            bound[mark] = Reached(reached.value, parameter, reached.holder, reached.place)
            self._alive.append(reached.value)
            self.later(self._follow_parameter, followed, parameter, bound[mark])

    def _follow(self, followed: Followed) -> None:
        from llm_memo.identity.scan.uses import apply, group_uses

        function = followed.function
        self._names |= followed.reads.attributes
        if not followed.is_root:
            for name, value in defaults_of(function).items():
                self.take(followed.label, name, value, "default")
        if followed.tree is None and not function.__code__.co_filename.startswith("<attrs"):
            self.unseen.append(f"{followed.label or 'the function'} has no source: all its names count")
        self.part(followed.label, "code", "")
        for use in followed.reads.uses:
            for each in group_uses(self, followed, use):
                self.add_use(followed, each, apply)

    def add_use(self, followed: Followed, use: Use, apply: Callable[..., None]) -> None:
        """A use that counts: apply it to what its root is, and to what parameters are bound to."""
        followed.uses.append(use)
        if use.ref.chain.root.kind != "parameter":
            apply(self, followed, use)
            return
        for reached in list(followed.bound.get(use.ref.chain.root.name, {}).values()):
            apply(self, followed, use, reached)
        if followed.is_root and not (followed.is_first(use.ref.chain.root.name) and followed.is_method):
            self.hand_on(followed, use)

    def hand_on(self, followed: Followed, use: Use) -> None:
        """A method of an argument of which nothing is known reads what it is given: ``text.join(WORDS)``."""
        from llm_memo.identity.scan.calls import call

        if use.kind is Kind.CALL and use.given:
            call(self, followed, use, opaque(""))

    def _follow_parameter(self, followed: Followed, parameter: str, reached: Reached) -> None:
        from llm_memo.identity.scan.uses import apply, decide_deferred

        decide_deferred(self, followed, parameter)
        for use in list(followed.uses):
            if use.ref.chain.root == ("parameter", parameter, True):
                apply(self, followed, use, reached)
            elif use.ref.chain.root.kind == "super" and followed.is_first(parameter):
                apply(self, followed, use)
            elif any(ref.chain.root == ("parameter", parameter, True) for given in use.given for ref in given.refs):
                apply(self, followed, use, only=parameter)

    def _show(self, followed: Followed) -> None:
        """What others read of a function that escapes: name, docstring, signature and annotations."""
        function = followed.function
        self.take(followed.label, "", function.__name__, "name")
        self.take(followed.label, "", classes.docstring_of(function), "docstring")
        self.take(followed.label, "", annotations_of(function), "annotations")
        held = {name: value for name, value in (own_dict(function) or {}).items() if not name.startswith("__")}
        if held:
            self.take(followed.label, "attributes", held, "attribute")

    # The end ----------------------------------------------------------------------------------

    def run(self) -> None:
        """Work off the list, until nothing new is found."""
        from llm_memo.identity.scan.uses import decide_left

        while True:
            while self._todo:
                self._todo.popleft()()
            for kind in list(self.built):
                for name, function in classes.functions_of(kind):
                    if name in self._names and id(function) not in self.followed:
                        self.enter(function, first=Reached(Fresh(kind), ""))
            if not self._todo:
                decide_left(self)
            if not self._todo:
                return

    def finish(self) -> bytes:
        """Work off the list; the digest of all parts."""
        self.run()
        for followed in self.followed.values():
            part = Part(followed.label, "code", "")
            if part in self.parts:
                self.parts[part] = self._code_digest(followed)
        owners: dict[str, int] = {}
        digest = hashlib.blake2b(digest_size=16)
        for (owner, kind, name), data in self.parts.items():
            number = owners.setdefault(owner, len(owners))
            digest.update(constant_bytes(f"{number} {kind} {name}") + data)
        return digest.digest()

    def _code_digest(self, followed: Followed) -> bytes:
        if followed.tree is None:
            return bytecode_digest(followed.function.__code__)
        free = [group.statement for group in (*followed.free, *(followed.deferred if followed.is_root else ()))]
        return tree_digest(followed.tree, free, followed.itself)
