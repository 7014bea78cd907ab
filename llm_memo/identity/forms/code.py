"""Forms of code and types that are values: one's own by the subject hook, installed ones by name."""

from __future__ import annotations

import functools
import inspect
import sys
import types
import typing
from typing import Any

from llm_memo.adapters.equipment import CACHES
from llm_memo.adapters.frameworks import NEVER_SENT
from llm_memo.adapters.mocks import is_mock
from llm_memo.identity.forms.encoding import Attributes, Form, Maker, NoCanonicalForm, Subject
from llm_memo.identity.local import is_own, is_own_module
from llm_memo.identity.quiet import MISSING, closure_of, is_a, is_c_class, wrapped_by


def _function(value: Any, subject: Subject) -> Form | bytes:
    if is_mock(mock := vars(value).get("mock")):  # what `create_autospec` makes of a function
        return "mock function", mock
    if is_own(value):
        return by_subject(value, subject)
    if (inside := behind_cache(value)) is not None:
        return "cache", inside
    code, module = value.__code__, value.__globals__.get("__name__")
    if value.__closure__ is None and "<locals>" not in code.co_qualname:
        return "installed", _public(module, code.co_qualname, value)
    if not is_own_module(value.__module__ or "") and is_found(value.__module__, value.__qualname__, value):
        return "installed", _public(value.__module__, value.__qualname__, value)
    cells = {name: None if item is MISSING else item for name, item in closure_of(value).items()}
    name, omitted = f"{module}.{code.co_qualname}", never_sent_of(value)
    held = Attributes(sorted((each, item) for each, item in {**vars(value), **cells}.items() if each not in omitted))
    return "wrapper", name, held, value.__defaults__, value.__kwdefaults__


def never_sent_of(function: types.FunctionType) -> frozenset[str]:
    """Cells and attributes of a function that an installed decorator made, of which no answer is made."""
    name = f"{function.__globals__.get('__name__')}.{function.__code__.co_qualname}"
    return NEVER_SENT.get(name, frozenset())


def behind_cache(value: Any) -> Any:
    """The function behind a decorator that remembers answers, of an installed library's; None for anything else.

    What such a cache filled earlier cannot be looked into, as that of `functools.lru_cache` cannot: the function inside
    stands for it.
    """
    module = value.__globals__.get("__name__") if is_a(value, types.FunctionType) else type(value).__module__
    return wrapped_by(value) if f"{module}.".startswith(CACHES) else None


def by_subject(value: Any, subject: Subject) -> bytes:
    """The bytes of code that only the subject hook can tell."""
    own = subject(value)
    if own is None:
        raise NoCanonicalForm(value, f"nothing stands for the code of {getattr(value, '__qualname__', value)}")
    return b"$%d:%b" % (len(own), own)


def _public(module: object, path: str, thing: object) -> str:
    """The name of installed code: by the outermost package that offers it, since private modules come and go."""
    parts = str(module).split(".")
    for length in range(1, len(parts)):
        if parts[length].startswith("_") and is_found(".".join(parts[:length]), path, thing):
            return ".".join([*parts[:length], path])
    return f"{module}.{path}"


def is_found(module: object, path: str, thing: object) -> bool:
    """Whether a name leads to ``thing``: then the name stands for it."""
    found: Any = sys.modules.get(module) if is_a(module, str) else None
    for name in path.split("."):
        found = getattr(found, "__dict__", {}).get(name)
    return found is thing


def _method(value: Any, subject: Subject) -> Form | bytes:
    function, owner = value.__func__, value.__self__
    kind = owner if is_a(owner, type) else type(owner)
    if is_own(kind) or (is_a(function, types.FunctionType) and is_own(function)):
        own = subject(value)
        if own is not None:
            return b"$%d:%b" % (len(own), own)
    return "method", function, owner


def _built_in(value: Any, subject: Subject) -> Form:
    owner = getattr(value, "__self__", getattr(value, "__objclass__", None))
    return "built in", value.__qualname__, owner.__name__ if is_a(owner, types.ModuleType) else owner


def _cached(value: Any, subject: Subject) -> Form:
    """`functools.lru_cache`: what it filled earlier cannot be looked into."""
    return "lru cache", value.__wrapped__, value.cache_parameters()


def _module(value: Any, subject: Subject) -> Form | bytes:
    return by_subject(value, subject) if is_own(value) else ("installed", value.__name__)


def class_form(value: Any, subject: Subject) -> Form | bytes:
    """A class of the user's own by the subject hook; an installed one by its name, or what it was made of."""
    if is_own(value):
        return by_subject(value, subject)
    name = _public(value.__module__, value.__qualname__, value)
    if "<locals>" not in name and (is_found(value.__module__, value.__qualname__, value) or is_c_class(value)):
        return "installed", name
    return "made class", name, value.__bases__, Attributes(_body(value)), annotations_of(value)


def _body(value: Any) -> list[tuple[str, object]]:
    said = {"__doc__", "__total__", "__required_keys__", "__optional_keys__"}
    plumbing = (types.GetSetDescriptorType, types.MemberDescriptorType)
    return sorted(
        (name, item)
        for name, item in vars(value).items()
        if (name in said or not name.startswith("_")) and not is_a(item, plumbing)
    )


def annotations_of(subject: Any) -> object:
    """The annotations of a function or in the body of a class, as data; names that cannot be resolved as text."""
    try:
        found = _annotations(subject)
    except Exception:
        return "unreadable"
    return [(name, annotation_form(value)) for name, value in found.items()]


if sys.version_info >= (3, 14):  # pragma: no cover - they are evaluated when they are needed
    import annotationlib

    _annotations = functools.partial(annotationlib.get_annotations, format=annotationlib.Format.FORWARDREF)
else:
    _annotations = inspect.get_annotations


def annotation_form(value: Any) -> object:
    """An annotation; one that is text, as under ``from __future__ import annotations``, by its text."""
    text = getattr(value, "__forward_arg__", value)
    return " ".join(text.split()) if isinstance(text, str) else value


def _alias(value: Any, subject: Subject) -> Form:
    """``list[Answer]``, ``Literal["a", "b"]``, ``str | None``."""
    origin = typing.get_origin(value)
    if origin is typing.Union or origin is types.UnionType:
        return "union", list(typing.get_args(value))
    return "type", origin, list(typing.get_args(value))


def _special(value: Any, subject: Subject) -> Form:
    return "installed", str(value)


def _variable(value: Any, subject: Subject) -> Form:
    return "type variable", str(value), getattr(value, "__bound__", None), getattr(value, "__constraints__", ())


def _type_alias(value: Any, subject: Subject) -> Form:
    return "type alias", value.__name__, value.__value__


def _reference(value: Any, subject: Subject) -> Form:
    return "forward reference", value.__forward_arg__


def _property(value: Any, subject: Subject) -> Form:
    return "property", value.fget, value.fset, value.fdel


def _wrapped(tag: str) -> Maker:
    return lambda value, subject: (tag, value.__func__)


MAKERS: dict[Any, Maker] = {
    types.FunctionType: _function,
    types.MethodType: _method,
    types.BuiltinFunctionType: _built_in,
    types.MethodDescriptorType: _built_in,
    types.WrapperDescriptorType: _built_in,
    types.MethodWrapperType: _built_in,
    types.ClassMethodDescriptorType: _built_in,
    types.ModuleType: _module,
    type(functools.lru_cache(len)): _cached,
    property: _property,
    staticmethod: _wrapped("static method"),
    classmethod: _wrapped("class method"),
    types.GenericAlias: _alias,
    types.UnionType: _alias,
    type(typing.Union[int, str]): _alias,  # noqa: UP007
    type(typing.List[int]): _alias,  # noqa: UP006
    type(typing.Literal[0]): _alias,
    type(typing.Annotated[int, 0]): _alias,
    type(typing.Callable[[], int]): _alias,
    type(typing.Callable): _special,
    type(typing.List): _special,  # noqa: UP006
    type(typing.Tuple): _special,  # noqa: UP006
    type(typing.ClassVar): _special,
    type(typing.Optional): _special,
    typing.TypeVar: _variable,
    typing.ParamSpec: _variable,
    typing.TypeVarTuple: _variable,
    typing.ForwardRef: _reference,
    type(type): class_form,
}
"""What makes the form of each kind of code and type; the nearest base of a class decides."""

if hasattr(typing, "TypeAliasType"):
    MAKERS[typing.TypeAliasType] = _type_alias
