"""A function of one's own that a scan follows."""

from __future__ import annotations

import builtins
import inspect
import types
from dataclasses import dataclass, field
from typing import Any

from llm_memo.identity.code.analysis import Analysis, analysis, private_names
from llm_memo.identity.code.uses import Group, Reads, Use
from llm_memo.identity.scan.reached import ORIGINALS, Reached

_NOTHING: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class Followed:
    """A function of one's own, with what its parameters are bound to."""

    function: types.FunctionType
    label: str
    """The owner of its parts."""
    is_root: bool = False
    """It is the cached function itself, whose parameters are known only when it is called."""
    analysis: Analysis = field(init=False)
    reads: Reads = field(init=False)
    bound: dict[str, dict[object, Reached]] = field(default_factory=dict)
    """Parameter → the values that calls give it, by identity; methods by that of what they are bound to as well."""
    constants: dict[str, set[str]] = field(default_factory=dict)
    """Parameter → the texts that calls give it."""
    given_by: dict[str, set[tuple[Followed, str]]] = field(default_factory=dict)
    """Parameter → functions that call this one, and the parameter of theirs that they pass on to it."""
    open: set[str] = field(default_factory=set)
    """Parameters that a call gives something of which nothing is known."""
    uses: list[Use] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    """Statements that only print or log, as far as is known yet."""
    itself: set[str] = field(default_factory=set)
    """The names by which it refers to itself."""
    shown: bool = False
    """It escapes, so its name, docstring, signature and annotations count."""

    def __post_init__(self) -> None:
        """Look up what its text says."""
        self.analysis = analysis(self.function)
        self.reads = self.analysis.reads(_NOTHING)
        known = {**vars(builtins), **self.function.__globals__}
        redefined = frozenset(name for name in self.reads.builtins if known.get(name) is not ORIGINALS[name])
        if redefined:
            self.reads = self.analysis.reads(redefined)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters, those that take the rest last."""
        code = self.function.__code__
        stars = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
        return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + stars]

    def is_first(self, parameter: str) -> bool:
        """Whether a parameter is the first, which ``super()`` stands for."""
        return self.function.__code__.co_varnames[:1] == (parameter,)

    @property
    def is_method(self) -> bool:
        """Whether its first parameter is an instance, whose methods are followed when it is known."""
        return bool(private_names(self.function.__code__))

    def sources(self, parameter: str) -> set[tuple[Followed, str]]:
        """The parameter, and those of the functions that pass theirs on to it."""
        found, todo = {(self, parameter)}, [(self, parameter)]
        while todo:
            followed, name = todo.pop()
            more = followed.given_by.get(name, set()) - found
            found |= more
            todo += more
        return found

    def texts(self, parameter: str) -> set[str]:
        """The texts that all calls give a parameter."""
        return {text for followed, name in self.sources(parameter) for text in followed.constants.get(name, ())}

    def is_open(self, parameter: str) -> bool:
        """Whether a call gives a parameter something of which nothing is known."""
        return any(followed.is_root or name in followed.open for followed, name in self.sources(parameter))

    def digest(self) -> bytes:
        """A digest of its code, less the statements that only print or log."""
        return self.analysis.digest([group.place for group in self.groups], self.itself)


def defaults_of(function: types.FunctionType) -> dict[str, Any]:
    """The parameters that have a default, and that."""
    code, defaults = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
    return dict(zip(names, defaults, strict=True)) | (function.__kwdefaults__ or {})
