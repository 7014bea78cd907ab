"""The scan: one pass over all code that a function can reach and the values that this code reads.

A worklist: functions are followed, their uses applied to the values that names hold now. Everything that is found
adds a part; nothing takes one away. None of the user's code is run.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from llm_memo.identity.code.fallback import codes
from llm_memo.identity.forms.code import annotations_of, never_sent_of
from llm_memo.identity.quiet import is_a, own_dict
from llm_memo.identity.scan import classes, logs, modules, resolve, uses
from llm_memo.identity.scan.calls import call_getter, call_special, take_named
from llm_memo.identity.scan.followed import Followed, defaults_of
from llm_memo.identity.scan.own import is_own_function
from llm_memo.identity.scan.reached import Fresh, Reached
from llm_memo.identity.scan.state import State
from llm_memo.identity.scan.subjects import take_subject
from llm_memo.identity.scan.values import take
from llm_memo.identity.wrappers import bound_like

_TELL_OF_CODE = frozenset({
    "__doc__", "__annotations__", "getdoc", "getmembers", "signature", "get_type_hints", "get_annotations",
})  # fmt: skip
"""Attributes by which code may read docstrings and annotations of methods that it comes by in any way."""


class Scan(State):
    """What a function depends on beside its arguments, or what is read of one argument."""

    def start(self, function: Any, inner: Any) -> Followed | None:
        """Start from a cached function; decorators between it and its code are followed as well."""
        self.start_again = lambda other: other.start(function, inner)
        if not is_own_function(inner):
            take(self, "", "", function if type(inner) is types.FunctionType else inner, "function")
            return None
        root = self.enter(inner, root=True)
        called = bound_like(function)
        if getattr(called, "__func__", called) is not inner:  # its defaults are not among the arguments
            for name, value in defaults_of(inner).items():
                take(self, "", name, value, "default")
        _enter_layers(self, "", function, inner)
        return root

    def start_argument(self, base: Followed | None, parameter: str, value: Any) -> None:
        """Start from what a parameter of the function is bound to; ``base`` is the function as it was followed."""
        self.start_again = lambda other: other.start_argument(base, parameter, value)
        if base is None or not base.analysis.has_tree:
            take(self, "", parameter, value, "argument")
            return
        root = self.followed[id(base.function)] = Followed(base.function, "", is_root=True)
        root.uses, root.groups, root.itself = [*base.uses], [*base.groups], base.itself
        self.names |= base.reads.attributes
        self._labels[id(base.function)] = ""
        self.bind(root, parameter, Reached(value, parameter))

    def run(self) -> None:
        """Work off the list, until nothing new is found."""
        while True:
            while self._todo:
                work, arguments = self._todo.popleft()
                _WORK[work](self, *arguments)
            for kind in list(self.built):
                for name, function in classes.functions_of(kind):
                    if name in self.names and id(function) not in self.followed:
                        self.enter(function, first=Reached(Fresh(kind), ""))
            if not self.names.isdisjoint(_TELL_OF_CODE):
                for kind in [kind for kind, aspects in self.classes.items() if "methods" in aspects]:
                    for _, function in classes.functions_of(kind):
                        self.enter(function, escapes=True)
            if not self._todo:
                logs.decide(self)
            if not self._todo:
                _leave(self)
            if not self._todo:
                return


def _follow(scan: State, followed: Followed) -> None:
    """What the code of a function reads."""
    function = followed.function
    scan.names |= followed.reads.attributes
    for name in followed.reads.builtins:
        resolve.global_name(scan, function.__globals__, name)
    if not followed.is_root:
        for name, value in defaults_of(function).items():
            take(scan, followed.label, name, value, "default")
    if not followed.analysis.has_tree and not function.__code__.co_filename.startswith("<attrs"):
        source = f"source of {followed.label or 'the function'}"
        scan.unseen[source] = "not found: it is keyed without, by its bytecode and all names in it"
        _take_variables(scan, followed)
    scan.part(followed.label, "code", "")
    for use in followed.reads.uses:
        uses.add(scan, followed, use)


def _take_variables(scan: State, followed: Followed) -> None:
    """Take, where a function without source uses the environment, what each text in it names there."""
    if followed.reads.attributes.isdisjoint(("environ", "getenv")):
        return
    constants = {const for each in codes(followed.function.__code__) for const in each.co_consts if type(const) is str}
    for name in sorted(const for const in constants if const and const.isprintable() and " " not in const):
        at = modules.variable(scan, name)
        take(scan, followed.label, at.text, at.value, "environment", at.place)


def _enter_layers(scan: State, owner: str, layer: Any, inner: Any) -> None:
    """Follow the decorators between what was decorated and the function inside."""
    seen = {id(inner)}
    while id(layer) not in seen:
        seen.add(id(layer))
        if is_own_function(layer):
            scan.enter(layer)
        elif not is_a(layer, (classmethod, staticmethod)):
            take(scan, owner, "decorated", layer, "decorator")
        layer = getattr(layer, "__func__", None) or getattr(layer, "__wrapped__", inner)


def _show(scan: State, followed: Followed) -> None:
    """What others read of a function that escapes: name, docstring, signature and annotations."""
    function = followed.function
    take(scan, followed.label, "", function.__name__, "name")
    take(scan, followed.label, "", classes.docstring_of(function), "docstring")
    take(scan, followed.label, "", annotations_of(function), "annotations")
    held = own_dict(function) or {}
    scan.guard_names(held)
    inner = held.get("__wrapped__")  # `functools.wraps` copies what that holds
    omitted = never_sent_of(inner) if type(inner) is types.FunctionType else ()
    for name in sorted(held):
        if not name.startswith("__") and name not in omitted:
            scan.guards.name(held, name, held[name])
            take(scan, followed.label, name, held[name], "attribute", (id(function), name))


def _leave(scan: State) -> None:
    """No call has said what a parameter is: what depends on it counts."""
    for followed in [each for each in scan.followed.values() if not each.is_root]:
        for use in followed.uses:
            kind, name, _ = use.ref.chain.root
            known = followed.bound.get(name) and name not in followed.constants
            if kind == "parameter" and not (known and not followed.is_open(name)):
                uses.pass_on(scan, followed, use)
    named, scan.named = scan.named, []
    for followed, kind, parameter in named:
        names = followed.texts(parameter)
        for name in sorted(names):
            take_named(scan, followed, kind, name)
        if followed.is_open(parameter) or not names:
            scan.untracked_name(followed.label, kind, parameter)


_WORK: dict[str, Callable[..., object]] = {
    "function": _follow,
    "parameter": uses.bound,
    "use": uses.add,
    "surface": _show,
    "subject": take_subject,
    "class": classes.take_aspect,
    "special": call_special,
    "getter": call_getter,
    "layers": _enter_layers,
}
"""Who does what stands on the list."""
