"""Code without source (``exec``, an old REPL): every name counts, nothing is only written, code is its bytecode."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator
from types import CodeType

from llm_memo.identity.code.digest import constant_bytes
from llm_memo.identity.code.names import Attribute, Chain, Item, Root
from llm_memo.identity.code.uses import Kind, Reads, Ref, Use

_SHAPE = (
    inspect.CO_VARARGS
    | inspect.CO_VARKEYWORDS
    | inspect.CO_GENERATOR
    | inspect.CO_COROUTINE
    | inspect.CO_ASYNC_GENERATOR
)
"""The flags of a code object that make a difference to its caller."""

_OF_CLASS = "__classdict__"
"""The free variable by which an ``__annotate__`` that Python wrote looks names up in the body of its class."""


def bytecode_reads(code: CodeType) -> Reads:
    """All names of the code, each read whole: as a global, a closure value or a parameter."""
    names = list(dict.fromkeys(name for each in codes(code) for name in each.co_names))
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + _stars(code)]
    chains = [Chain(Root("parameter", name)) for name in parameters]
    chains += [Chain(Root("closure", name)) for name in code.co_freevars if name != _OF_CLASS]
    of_class = names if _OF_CLASS in code.co_freevars else ()
    chains += [Chain(Root("closure", _OF_CLASS), (Item(name, str),)) for name in of_class]
    chains += [Chain(Root("global", name)) for name in names]
    # ``module.name``: which attribute belongs to which name is not known.
    chains += [Chain(Root("global", name), (Attribute(other),)) for name in names for other in names if name != other]
    return Reads(tuple(Use(Kind.READ, Ref(chain)) for chain in chains), frozenset(names), frozenset())


def bytecode_digest(code: CodeType) -> bytes:
    """A digest of a code object, equal on one version of Python, whatever its file and lines."""
    return hashlib.blake2b(b"".join(_parts(code)), digest_size=16).digest()


def codes(code: CodeType) -> Iterator[CodeType]:
    """A code object and all that are inside of it."""
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from codes(const)


def _stars(code: CodeType) -> int:
    return sum(bool(code.co_flags & star) for star in (inspect.CO_VARARGS, inspect.CO_VARKEYWORDS))


def _parts(code: CodeType) -> Iterator[bytes]:
    shape = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & _SHAPE)
    for value in (shape, code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_exceptiontable):
        yield constant_bytes(value)
    for const in code.co_consts:
        yield from _parts(const) if isinstance(const, CodeType) else [_constant(const)]


def _constant(value: object) -> bytes:
    """A constant; the items of a frozen set have no order."""
    return constant_bytes(sorted(map(repr, value))) if isinstance(value, frozenset) else constant_bytes(value)
