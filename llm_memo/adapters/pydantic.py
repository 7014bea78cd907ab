"""pydantic models, in keys and as answers."""

from __future__ import annotations

import json
import sys
import types
import typing
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from llm_memo.adapters.equipment import class_name
from llm_memo.codec import losses, pickled
from llm_memo.codec.frozen import Frozen, Thawer, Unfreezable, UnknownClass
from llm_memo.codec.references import Place, places, reference, resolve, unchanged
from llm_memo.identity.forms.code import is_found
from llm_memo.identity.forms.objects import attributes, counted
from llm_memo.identity.local import is_own_module


def canonical_form(value: Any) -> tuple[str, object] | None:
    """A model is its class and fields with defaults applied, private and extra ones; an installed class its schema.

    A model class of the user's own is its fingerprint, as every class is. A type adapter is its type, a field what it
    was given, a URL its text.
    """
    import pydantic
    from pydantic.fields import FieldInfo
    from pydantic_core import MultiHostUrl, PydanticUndefined, Url

    kind = type(value)
    if isinstance(value, type):
        return _of_class(value) if issubclass(value, pydantic.BaseModel) else None
    if isinstance(value, pydantic.BaseModel):
        return "model", _held(value)
    if isinstance(value, pydantic.TypeAdapter):
        return "type adapter", (value._type, [*_named_in_schema(value.core_schema)], value._config)
    if isinstance(value, FieldInfo):
        given = {name: None if each is PydanticUndefined else (each,) for name, each in value._attributes_set.items()}
        return "field", (given, [_constraint(each) for each in value.metadata])
    if isinstance(value, Url | MultiHostUrl) or "_BaseUrl" in {base.__name__ for base in kind.__mro__}:
        return "url", (kind.__name__, str(value))
    if kind.__name__ == "ValidateCallWrapper" and hasattr(value, "function"):
        return "validated call", _validated(value)
    return ("undefined", None) if value is PydanticUndefined else None


def _validated(call: Any) -> tuple[object, ...]:
    """What `validate_call` makes of arguments: by the function's types, as they are now, and the configuration."""
    names, local = getattr(getattr(call, "ns_resolver", None), "types_namespace", None) or (None, None)
    try:
        types_of_names: object = typing.get_type_hints(call.function, names, local, include_extras=True)
    except Exception:  # a name that is not there yet
        types_of_names = None
    config = getattr(getattr(call, "config_wrapper", None), "config_dict", None)
    return call.function, types_of_names, getattr(call, "validate_return", None), config


def _of_class(kind: Any) -> tuple[str, object] | None:
    """An installed model class that is made at run time, perhaps with a class of the user's own."""
    if is_own_module(kind.__module__) or is_found(kind.__module__, kind.__qualname__, kind):
        return None
    try:
        schema = kind.model_json_schema()
    except Exception:  # a field of a type that JSON does not have
        schema = {name: field.annotation for name, field in kind.model_fields.items()}
    return "model class", (class_name(kind), kind.__doc__, schema)


def _held(model: Any) -> tuple[object, ...]:
    kind = type(model)
    held = attributes(model)
    fields = {name: held.pop(name) for name in model.__dict__ if name in kind.__pydantic_fields__ and name in held}
    private = held.pop("__pydantic_private__", None) or {}
    extra = held.pop("__pydantic_extra__", None) or {}
    held.pop("__pydantic_fields_set__", None)
    return kind, fields, extra, counted(private, kind), held


def _constraint(value: Any) -> object:
    """Constraints that pydantic has no class for, such as ``pattern``, are a dict."""
    return vars(value) if type(value).__name__ == "_PydanticGeneralMetadata" else value


def _named_in_schema(core_schema: Any) -> Iterator[Any]:
    """The user's own classes and functions in a core schema, also those that a forward reference leads to."""
    todo, seen = [core_schema], set()
    while todo:
        schema = todo.pop()
        if id(schema) in seen:
            continue
        seen.add(id(schema))
        if isinstance(schema, dict):
            for key, value in schema.items():
                if key in ("cls", "function", "discriminator") and callable(value):
                    if is_own_module(getattr(value, "__module__", None) or ""):
                        yield value
                elif key != "metadata":
                    todo.append(value)
        elif isinstance(schema, (list, tuple)):
            todo += schema


def freeze(value: Any) -> Frozen | None:
    """A model is its JSON, and whatever that alone does not give back to the letter.

    None where neither validation nor, for an SDK's models, construction makes such a model of the JSON.
    """
    import pydantic

    if not isinstance(value, pydantic.BaseModel):
        if type(value).__module__ == "pydantic.types" and type(value).__name__.startswith("Secret"):
            raise Unfreezable(f"it holds a {type(value).__name__}")
        return None
    try:
        name = reference(type(value))
    except Unfreezable:
        if remade(type(value)) is None:
            raise
        return None  # pickle makes its class, too
    try:
        text, copy = _as_json(value)
    except Exception:
        return None  # a validator of the user's own, a field without JSON: pickle knows better
    lost = losses.find(value, copy)
    if lost is None:
        return None
    return Frozen(f"pydantic {name}", pickled.dumps((text, lost)) if lost else text)


def remade(kind: Any) -> tuple[Callable[..., Any], tuple[object, ...]] | None:
    """What makes a class again that ``create_model`` made at run time, as DSPy does of a text; None of any other.

    A class that was written, or has functions of its own, is more than its base and its fields.
    """
    fields = vars(kind).get("__pydantic_fields__")
    if fields is None or "<locals>" in kind.__qualname__:
        return None
    written = getattr(sys.modules.get(kind.__module__), kind.__qualname__, None)
    if written is not None and written not in kind.__bases__:
        return (
            None  # it was written there, and then anew; Instructor gives the class that it makes the user's for a base
        )
    if any(isinstance(item, types.FunctionType) for name, item in vars(kind).items() if not name.startswith("__")):
        return None
    known: dict[str, Any] = {}
    for base in reversed(kind.__bases__):
        known |= getattr(base, "__pydantic_fields__", {})
    own = {name: (field.annotation, field) for name, field in fields.items() if known.get(name) is not field}
    return _made, (kind.__name__, kind.__bases__, kind.__module__, kind.__doc__, own)


def _made(name: str, bases: tuple[Any, ...], module: str, doc: str | None, fields: dict[str, Any]) -> Any:
    import pydantic

    return pydantic.create_model(name, __base__=bases, __module__=module, __doc__=doc, **fields)


def thawer(codec: str) -> Thawer:
    """The thawer of ``pydantic ‹class›``: validates, or constructs what an SDK would not validate.

    A class that was defined again, as in a notebook or when its module was imported again, is resolved again.
    """
    name = codec.partition(" ")[2]
    read: Callable[[bytes], Any]
    resolved: tuple[Place, ...] = ()

    def thaw_model(payload: bytes) -> Any:
        nonlocal read, resolved
        if not (resolved and unchanged(resolved)):
            read = _reader(resolve(name))
            resolved = places(name)
        try:
            if payload[0] != _PICKLE:
                return read(payload)
            text, lost = pickled.loads(payload)
            model = read(text)
            losses.restore(model, lost)
        except UnknownClass:
            raise
        except Exception as error:
            raise UnknownClass(f"{name}, as it is now, has no place for what was kept") from error
        return model

    return thaw_model


_PICKLE = 0x80
"""The first byte of a pickle, and of no JSON."""


def _reader(kind: Any) -> Callable[[bytes], Any]:
    if not kind.__pydantic_complete__:
        kind.model_rebuild()
    validate: Callable[[bytes], Any] = kind.__pydantic_validator__.validate_json
    construct = _constructor(kind)
    if construct is None:
        return validate

    def validate_or_construct(text: bytes) -> Any:
        try:
            return validate(text)
        except ValueError:
            return construct(**json.loads(text))

    return validate_or_construct


def _constructor(kind: Any) -> Callable[..., Any] | None:
    """The ``construct`` that OpenAI's SDK, and those of the same generator, build their models with."""
    for base in kind.__mro__:
        if base.__name__ == "BaseModel" and base.__module__ != "pydantic.main" and "construct" in vars(base):
            constructor: Callable[..., Any] = kind.construct
            return constructor
    return None


def _as_json(value: Any) -> tuple[bytes, Any]:
    """The JSON of ``value`` and what it gives back, if possible by validation, which is quicker."""
    kind = type(value)
    read = _reader(kind)
    text = value.__pydantic_serializer__.to_json(
        value, by_alias=True, exclude_unset=True, round_trip=True, warnings=False
    )
    wide = list(_wide_lists(value))
    if wide:
        text = _replaced(text, wide, [])
    try:
        return text, kind.__pydantic_validator__.validate_json(text)
    except ValueError as error:
        misfits = [fault["loc"] for fault in error.errors(include_url=False)]  # type: ignore[attr-defined]
    without = _replaced(text, misfits, None)
    try:
        return without, kind.__pydantic_validator__.validate_json(without)
    except ValueError:
        return text, read(text)


def _replaced(text: bytes, places: list[tuple[Any, ...]], by: object) -> bytes:
    """``text`` with ``by`` in each of ``places``; places that are not there are passed over."""
    data = json.loads(text)
    for *way, last in places:
        target = data
        try:
            for step in way:
                target = target[step]
            target[last]
        except (LookupError, TypeError):
            continue
        target[last] = by
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


_WIDE = 4
"""How many models a list's items may choose among before validation, trying them all, is the slow way."""


def _wide_lists(model: Any) -> Iterator[tuple[str, ...]]:
    """Where in the JSON of ``model`` are lists of wide unions, such as a response's output and tools."""
    kind = type(model)
    aliases = _WIDE_FIELDS.get(kind)
    if aliases is None:
        aliases = _WIDE_FIELDS[kind] = _wide_fields(kind)
    for name, item in vars(model).items():
        if type(item) is list:
            if item and name in aliases:
                yield (aliases[name],)
        elif hasattr(item, "__pydantic_fields_set__") and name in kind.__pydantic_fields__:
            for way in _wide_lists(item):
                yield (_alias(name, kind.__pydantic_fields__[name]), *way)


_WIDE_FIELDS: weakref.WeakKeyDictionary[type, dict[str, str]] = weakref.WeakKeyDictionary()
"""Class → its fields that are lists of wide unions, and what they are called in JSON."""


def _wide_fields(kind: Any) -> dict[str, str]:
    fields = kind.__pydantic_fields__.items()
    return {name: _alias(name, field) for name, field in fields if _width(field.annotation) >= _WIDE}


def _alias(name: str, field: Any) -> str:
    alias: str = field.serialization_alias or field.alias or name
    return alias


def _width(annotation: Any) -> int:
    """How many types the items of a list with this annotation may have; 0 if it is no list."""
    annotation = _plain(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is list:
        return len(typing.get_args(_plain(arguments[0])))
    if origin is typing.Union or origin is types.UnionType:
        return max(map(_width, arguments))
    return 0


def _plain(annotation: Any) -> Any:
    """``annotation`` without alias and metadata."""
    annotation = getattr(annotation, "__value__", annotation)
    return typing.get_args(annotation)[0] if typing.get_origin(annotation) is typing.Annotated else annotation
