"""What a class of one's own is made of: its functions, its data and the definitions of its fields."""

from __future__ import annotations

import dataclasses
import enum
import functools
import operator
import types
from collections.abc import Iterable, Iterator
from typing import Any

from llm_memo.adapters import variables
from llm_memo.identity.forms.code import annotation_form, annotations_of
from llm_memo.identity.local import is_own
from llm_memo.identity.preview import preview, redacted
from llm_memo.identity.quiet import class_has, is_a, wrapped_by
from llm_memo.identity.scan.own import is_cached_function, is_own_function
from llm_memo.identity.scan.reached import Fresh, Reached
from llm_memo.identity.scan.state import State
from llm_memo.identity.scan.values import take, take_variables

_MACHINERY = frozenset({
    "__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__annotations__", "__annotate__",
    "__annotate_func__", "__annotations_cache__", "__conditional_annotations__", "__firstlineno__",
    "__static_attributes__", "__classcell__", "__classdictcell__", "__orig_bases__", "__parameters__",
    "__type_params__", "__abstractmethods__",
    "__hash__", "__dataclass_params__", "__dataclass_fields__", "__attrs_attrs__", "__attrs_props__",
    "__attrs_own_setattr__", "__slots__", "__class_vars__", "__private_attributes__", "__signature__", "__new_member__",
    "_abc_impl", "_fields", "_field_defaults", "__getnewargs__", "__total__", "__required_keys__", "__optional_keys__",
    "__readonly_keys__", "__mutable_keys__", "__closed__", "__extra_items__", "_is_protocol", "_is_runtime_protocol",
    "__protocol_attrs__", "__non_callable_proto_members__", "__memo_ignore__", "model_fields", "model_computed_fields",
    "__final__", "__slotnames__",
})  # fmt: skip
"""What Python and libraries note in a class of what stands elsewhere in it."""

_GENERATED = ("__create_fn__.<locals>.", "namedtuple.<locals>", "NamedTuple")
"""Where the standard library defines the methods that it writes."""

_MISSING = type(dataclasses.MISSING)  # what cloudpickle brought by value has a MISSING of its own


def take_class(scan: State, kind: type, *aspects: str) -> None:
    """Make a class of one's own part of the scan.

    Args:
        scan: The scan.
        kind: The class.
        aspects: ``data``: bases, values, properties, descriptors and fields; ``methods``: all of its own;
            ``built``: special methods, and those whose names occur; ``surface``: what others read of it.
    """
    done = scan.classes.setdefault(kind, set())
    maker = type(kind)
    if maker is not type and is_own(maker) and "surface" in aspects and kind is not maker:
        for _, function in functions_of(maker):
            scan.enter(function, first=Reached(kind, ""))
    for aspect in aspects:
        if aspect not in done:
            done.add(aspect)
            scan.later("class", kind, aspect)
            for base in kind.__bases__:
                if base is not object and is_own(base):
                    take_class(scan, base, aspect)


def take_aspect(scan: State, kind: type, aspect: str) -> None:
    """Look at one side of a class."""
    _TAKE[aspect](scan, kind, f"class {kind.__name__}")


def build(scan: State, kind: type) -> None:
    """The code makes an instance of a class of one's own."""
    installed = [base for base in kind.__mro__[:-1] if not is_own(base)]  # which calls methods by itself
    take_class(scan, kind, "data", "methods" if installed and not issubclass(kind, enum.Enum) else "built")
    for base in installed:
        take_variables(scan, f"class {kind.__name__}", base)
    if variables.is_settings(kind):
        get = functools.partial(variables.of_settings, kind)
        scan.guards.same(get, get())
        take(scan, f"class {kind.__name__}", "os.environ", get(), "environment")


def _take_data(scan: State, kind: type, owner: str) -> None:
    names = kind.__dict__
    bases = [base.__name__ if is_own(base) else f"{base.__module__}.{base.__qualname__}" for base in kind.__bases__]
    scan.part(owner, "bases", "", repr(bases).encode())
    _guard_body(scan, kind)
    scan.guard_class(kind)
    for name, value in members_of(kind):
        take(scan, owner, name, value, "member")
    for name, value in sorted(names.items()):
        ignored = scan.is_omitted(kind, name) or scan.is_ignored((id(kind), name))
        if not ignored and not is_machinery(kind, name, value):
            scan.guards.name(names, name, value)
            _take_item(scan, kind, owner, name, value)
    for name, value in fields_of(kind):
        scan.show((owner, "field", name), functools.partial(_field_text, kind, name, value))
        take(scan, owner, name, value, "field")


def _guard_body(scan: State, kind: type) -> None:
    """Guard which names there are in a class, and its code; what Python notes there when it is looked at is none."""
    known = tuple(kind.__dict__)
    code = {name: value for name, value in kind.__dict__.items() if _is_code(value) or accessors(value)}

    def same() -> bool:
        nonlocal known
        now = tuple(kind.__dict__)
        if now != known and _own_names(now) == _own_names(known):
            known = now
        return now == known and all(map(operator.is_, map(kind.__dict__.get, code), code.values()))

    scan.guards.checks.append(same)


def _is_code(value: Any) -> bool:
    return is_a(value, (types.FunctionType, classmethod, staticmethod)) or is_cached_function(value)


def _own_names(names: Iterable[str]) -> list[str]:
    return [name for name in names if name not in _MACHINERY]


def _take_item(scan: State, kind: type, owner: str, name: str, value: Any) -> None:
    if _is_code(value):
        return
    functions = accessors(value)
    for function in functions:
        scan.enter_getter(function, Fresh(kind), name)
    if functions:
        return
    if is_a(value, (types.MemberDescriptorType, types.GetSetDescriptorType)):
        return
    take(scan, owner, name, value, "attribute", place=(id(kind), name))


def _take_methods(scan: State, kind: type, owner: str) -> None:
    names = {name for name, _ in functions_of(kind)} | {name for name, each in kind.__dict__.items() if accessors(each)}
    scan.part(owner, "methods", "", repr(sorted(names)).encode())  # one may be looked up by a name that is made
    for name, function in functions_of(kind):
        scan.enter(function, first=Reached(Fresh(kind), ""))
        if type(value := kind.__dict__[name]) is types.FunctionType and value is not function:
            take(scan, owner, name, value, "decorator")


def _take_built(scan: State, kind: type, owner: str) -> None:
    """Special methods now; others when their names occur in code that is reached."""
    for name, function in functions_of(kind):
        if name[0] == name[-1] == "_":  # those of an enum have one: ``_missing_``
            scan.enter(function, first=Reached(Fresh(kind), ""))
    scan.built.append(kind)


def _take_surface(scan: State, kind: type, owner: str) -> None:
    """What a model may see of a class: its name, its docstring and the annotations in its body."""
    take(scan, owner, "", kind.__name__, "name")
    take(scan, owner, "", docstring_of(kind), "docstring")
    if not class_has(kind, "__pydantic_fields__"):
        take(scan, owner, "", annotations_of(kind), "annotations")


_TAKE = {"data": _take_data, "methods": _take_methods, "built": _take_built, "surface": _take_surface}


def functions_of(kind: type) -> Iterator[tuple[str, Any]]:
    """The functions in the body of a class, by name; those that a library wrote count by the fields."""
    for name, value in sorted(kind.__dict__.items()):
        inner = value.__func__ if is_a(value, (classmethod, staticmethod)) else value
        for _ in range(8):
            if is_own_function(inner) or (wrapped := wrapped_by(inner)) is None:
                break
            inner = wrapped
        if type(inner) is types.FunctionType and not is_generated(inner):
            yield name, inner


def own_functions_of(kind: type) -> Iterator[tuple[str, Any]]:
    """The same of a class and of its bases, those of one's own, and the functions of their properties."""
    for base in filter(is_own, kind.__mro__):
        yield from functions_of(base)
        yield from ((name, each) for name, value in sorted(base.__dict__.items()) for each in accessors(value))


def follow_methods(scan: State, value: Any) -> None:
    """Follow all methods of an instance of one's own."""
    for name, function in own_functions_of(type(value)):
        if value is not scan.made or name not in ("__init__", "__new__", "__post_init__"):
            scan.enter(function, first=Reached(value, "self"))


def accessors(value: Any) -> list[Any]:
    """The functions that a property consists of."""
    if is_a(value, property):
        return [each for each in (value.fget, value.fset, value.fdel) if each is not None]
    if is_a(value, (functools.cached_property, functools.partialmethod, functools.singledispatchmethod)):
        return [value.func]
    return []


def is_generated(function: types.FunctionType) -> bool:
    """Whether a library wrote a function: the fields that it was written from say it all."""
    code = function.__code__
    return (
        code.co_qualname.startswith(_GENERATED)
        or (code.co_filename.startswith(("<attrs generated", "<string>")) and code.co_name.startswith("__"))
        or code.co_name == "__annotate__"
    )


def is_machinery(kind: type, name: str, value: object) -> bool:
    """Whether a name in a class is there for Python's or a library's own sake."""
    if name == "__match_args__":
        return any(each in kind.__dict__ for each in ("__dataclass_fields__", "__attrs_attrs__", "_fields"))
    if name in _MACHINERY or name.startswith(("_abc_", "__pydantic_", "__attrs_", "_sunder_")):
        return True
    if issubclass(kind, enum.Enum):
        return name.startswith("_") or name in kind.__members__
    fields = kind.__dict__.get("__dataclass_fields__")
    if fields is not None and name in fields:
        return fields[name].default is value or is_a(value, types.MemberDescriptorType)  # the field tells it
    return (
        type(value).__module__ in ("builtins", "collections", "_collections")
        and class_has(type(value), "__get__")
        and (not is_a(value, (types.FunctionType, property, classmethod, staticmethod)))
    )


def members_of(kind: type) -> Iterator[tuple[str, object]]:
    """The members of an enum: their names in order, and the value of each."""
    if issubclass(kind, enum.Enum):
        yield "members", tuple(kind.__members__)
        yield from ((name, member.value) for name, member in sorted(kind.__members__.items()))


def fields_of(kind: Any) -> Iterator[tuple[str, object]]:
    """The definitions of the fields of a dataclass, a pydantic or attrs class, a named tuple or a typed dict."""
    names = kind.__dict__
    if "__dataclass_fields__" in names:
        for field in names["__dataclass_fields__"].values():  # those of an ``InitVar`` too
            factory = None if is_a(field.default_factory, _MISSING) else field.default_factory
            default = None if is_a(field.default, _MISSING) else (field.default,)
            settings = (field.init, bool(field.kw_only), field.repr, field.compare, dict(field.metadata))
            yield field.name, (default, factory, settings, annotation_form(field.type))
    for name, field in (names.get("__pydantic_fields__") or {}).items():
        yield name, field
    for name, private in sorted((names.get("__private_attributes__") or {}).items()):
        yield name, (private.default_factory,) if private.default_factory else private.default
    for field in names.get("__attrs_attrs__", ()):
        default = getattr(field.default, "factory", field.default)
        default = None if type(default).__name__ == "_Nothing" or str(default) == "NOTHING" else (default,)
        yield field.name, (default, field.init, field.kw_only, field.converter, field.validator, dict(field.metadata))
    if "_field_defaults" in names and "_fields" in names:
        yield "fields", (names["_fields"], list(names["_field_defaults"].items()))
    if isinstance(names.get("__required_keys__"), frozenset):
        yield "required", names["__required_keys__"]


def _field_text(kind: Any, name: str, value: Any) -> str:
    """The definition of a field as its class's body has it, more or less."""
    if type(value).__name__ == "FieldInfo":
        return redacted(repr(value)[:2000])[:400].removeprefix("FieldInfo(annotation=").removesuffix(")")
    if "__dataclass_fields__" not in kind.__dict__ or type(value) is not tuple:
        return preview(value, name)
    default, factory, (init, kw_only, shown, compared, metadata), annotation = value
    text = annotation.__qualname__ if is_a(annotation, type) else str(annotation)
    text += f" = {preview(default[0], name)}" if default else ""
    others: dict[str, tuple[Any, Any]] = {
        "default_factory": (None, factory),
        "init": (True, init),
        "kw_only": (False, kw_only),
    }
    others |= {"repr": (True, shown), "compare": (True, compared), "metadata": ({}, metadata)}
    return ", ".join([text, *(f"{each}={preview(now)}" for each, (usual, now) in others.items() if now != usual)])


def docstring_of(subject: Any) -> str | None:
    """The docstring; one that `dataclasses` wrote counts by the fields: its words differ between versions."""
    text = subject.__doc__
    if is_a(subject, type) and "__dataclass_fields__" in vars(subject) and str(text).startswith(f"{subject.__name__}("):
        return None
    return text if is_a(text, str) else None
