"""What a class of the user's own is made of: its code and its data, without what machinery adds."""

from __future__ import annotations

import dataclasses
import enum
import functools
import inspect
import types
import typing
from collections.abc import Iterator
from typing import Any

from llm_memo.identity.chains import is_local

_CODE = (types.FunctionType, classmethod, staticmethod, property, functools.cached_property, functools.partialmethod)
_GENERATED = "__create_fn__.<locals>."
"""Where `dataclasses` defines the methods that it writes."""


def code_of(kind: type) -> Iterator[tuple[str, Any]]:
    """The functions in the body of a class, by name; what a property consists of, one by one."""
    for name, value in sorted(vars(kind).items()):
        for suffix, function in _functions(value):
            if not _is_generated(function) and (is_local(function) or not name.startswith("_")):
                yield name + suffix, function


def _is_generated(function: Any) -> bool:
    """Whether `dataclasses` or attrs wrote a function; the fields that it was written from say it all."""
    inner = vars(function).get("__wrapped__", function) if hasattr(function, "__dict__") else function
    code = getattr(inner, "__code__", None)
    return code is not None and (
        code.co_qualname.startswith(_GENERATED) or code.co_filename.startswith("<attrs generated")
    )


def _functions(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, property):
        accessors = {"": value.fget, ".setter": value.fset, ".deleter": value.fdel}
        yield from ((suffix, function) for suffix, function in accessors.items() if function is not None)
    elif isinstance(value, (functools.cached_property, functools.partialmethod)):
        yield "", value.func
    elif isinstance(value, _CODE):
        yield "", value


def data_of(kind: type) -> Iterator[tuple[str, object]]:
    """The values in the body of a class, by name: constants and the definitions of fields."""
    defaults = {field.name: field.default for field in dataclasses.fields(kind)} if _is_dataclass(kind) else {}
    for name, value in sorted(vars(kind).items()):
        internal = name.startswith("_abc_") or (name.startswith("__") and name.endswith("__"))
        if internal and name != "__slots__":
            continue
        if isinstance(value, (*_CODE, types.MemberDescriptorType)) or _is_machinery(kind, name, value):
            continue
        if defaults.get(name, dataclasses.MISSING) is value:
            continue  # the field tells it
        yield name, value
    if _is_dataclass(kind):
        yield from _dataclass_fields(kind)
    for name, private in sorted((vars(kind).get("__private_attributes__") or {}).items()):
        yield name, private.default if private.default_factory is None else private.default_factory
    for attribute in vars(kind).get("__attrs_attrs__", ()):
        default = getattr(attribute.default, "factory", attribute.default)
        yield f"{attribute.name}: field", (attribute.init, attribute.kw_only, default)
        if attribute.converter is not None or attribute.validator is not None:
            yield f"{attribute.name}: code", (attribute.converter, attribute.validator)
        if attribute.metadata:
            yield f"{attribute.name}: metadata", dict(attribute.metadata)


def members_of(kind: type) -> Iterator[tuple[str, object]]:
    """The members of an enum: name and value."""
    if issubclass(kind, enum.Enum):
        yield "members", tuple(kind.__members__)
        yield from ((name, member.value) for name, member in sorted(kind.__members__.items()))


def _is_machinery(kind: type, name: str, value: object) -> bool:
    """Whether a value is a descriptor of an installed package, or part of an enum's own bookkeeping."""
    if issubclass(kind, enum.Enum):
        return name.startswith("_") or name in kind.__members__
    return hasattr(type(value), "__get__") and not hasattr(value, "__wrapped__")


def _dataclass_fields(kind: type) -> Iterator[tuple[str, object]]:
    parameters = vars(kind).get("__dataclass_params__")
    yield "__dataclass_params__", str(parameters)
    yield "fields", tuple(field.name for field in dataclasses.fields(kind))
    for field in dataclasses.fields(kind):
        name = f"fields.{field.name}"
        if field.default is not dataclasses.MISSING:
            yield name, field.default
        if field.default_factory is not dataclasses.MISSING:
            yield f"{name}: default_factory", field.default_factory
        settings = {"init": field.init, "kw_only": field.kw_only, "compare": field.compare}
        settings |= {} if field.repr else {"repr": False}
        yield f"{name}: settings", {**settings, "metadata": dict(field.metadata)}


def surface_of(subject: Any) -> Iterator[tuple[str, object]]:
    """What others may read of a function or a class, by aspect: a tool's description, a model's schema.

    What is made of something else that counts is left out, so that an edit is seen in one place.
    """
    about = subject.__name__, subject.__doc__
    if "__pydantic_validator__" in vars(subject):
        from pydantic import TypeAdapter

        make = getattr(subject, "model_json_schema", None) or TypeAdapter(subject).json_schema
        try:
            schema = make()
        except Exception:  # a field of a type that JSON does not have
            yield ": docstring", about
            yield ".fields", dict(vars(subject).get("__pydantic_fields__") or {})
        else:
            yield ": schema", (about, schema)  # the docstring is its description
    elif _is_dataclass(subject):
        generated = subject.__name__ + str(inspect.signature(subject)).replace(" -> None", "")
        yield ": docstring", about if subject.__doc__ != generated else about[:1]
        inherited = {field.name: field.type for field in dataclasses.fields(subject)}
        for name, annotation in {**inherited, **inspect.get_annotations(subject)}.items():
            yield f".fields.{name}: type", annotation
    else:
        yield ": docstring", about
        yield ": annotations", inspect.get_annotations(subject)
        if isinstance(required := vars(subject).get("__required_keys__"), frozenset):
            yield ": required", required  # of a TypedDict


def _is_dataclass(kind: Any) -> bool:
    """Whether `dataclasses` made this very class."""
    return "__dataclass_fields__" in vars(kind)


def code_of_fields(kind: type) -> Iterator[tuple[str, Any]]:
    """What the fields of a pydantic model name: the classes of nested models, and validating functions."""
    for name, field in (vars(kind).get("__pydantic_fields__") or {}).items():
        for named in (field.annotation, *field.metadata):
            yield from ((name, found) for found in named_in(named))
        if field.default_factory is not None:
            yield name, field.default_factory


def named_in(annotation: Any) -> Iterator[Any]:
    """The classes and validating functions in a type, as deep as they may be."""
    if isinstance(annotation, type) and not typing.get_args(annotation):
        yield annotation
    elif callable(function := getattr(annotation, "func", None)):
        yield function
    for argument in typing.get_args(annotation):
        yield from named_in(argument)
