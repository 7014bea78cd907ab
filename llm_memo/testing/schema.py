"""Values that fit a JSON schema."""

import json
from random import Random
from typing import Any
from uuid import UUID

from llm_memo.testing.prose import phrase

_DEEP = 4
_FORMATS = {
    "date": "2026-02-14",
    "time": "09:30:00Z",
    "date-time": "2026-02-14T09:30:00Z",
    "duration": "P3D",
    "email": "reader@example.org",
    "hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.org/",
}


def conforming(schema: Any, rng: Random) -> Any:
    """A value, picked by `rng`, that fits `schema`.

    Follows local `$ref`s. Of alternatives it takes the first that is not null, but from four levels down null
    and nothing optional, so that recursive schemas end. `pattern`, `uniqueItems`, `not` and `if` go unread.
    """
    return _value(schema, rng, schema, 0)


def conforming_json(schema: Any, rng: Random) -> str:
    """The JSON text of a value that fits `schema`."""
    return json.dumps(conforming(schema, rng), ensure_ascii=False)


def _value(schema: Any, rng: Random, root: Any, depth: int) -> Any:
    if not isinstance(schema, dict):
        return phrase(rng)
    if "$ref" in schema:
        return _value(_resolve(schema["$ref"], root), rng, root, depth)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return rng.choice(schema["enum"])
    for alternatives in ("anyOf", "oneOf"):
        if alternatives in schema:
            return _value(_first(schema[alternatives], {"type": "null"}, depth), rng, root, depth)
    if "allOf" in schema:
        return _value(_merged(schema, root), rng, root, depth)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = _first(kind, "null", depth)
    match kind:
        case "object":
            return _object(schema, rng, root, depth)
        case "array":
            return _array(schema, rng, root, depth)
        case "integer" | "number":
            return _number(schema, rng, whole=kind == "integer")
        case "boolean":
            return rng.random() < 0.5
        case "null":
            return None
        case _:
            return _string(schema, rng)


def _resolve(ref: str, root: Any) -> Any:
    target = root
    for step in ref.split("/")[1:]:
        target = target[step.replace("~1", "/").replace("~0", "~")]
    return target


def _first(alternatives: list[Any], null: Any, depth: int) -> Any:
    if depth >= _DEEP and null in alternatives:
        return null
    return next((each for each in alternatives if each != null), null)


def _merged(schema: dict[str, Any], root: Any) -> dict[str, Any]:
    merged = {name: value for name, value in schema.items() if name != "allOf"}
    for part in schema["allOf"]:
        while "$ref" in part:
            part = _resolve(part["$ref"], root)
        merged = {
            **merged,
            **part,
            "properties": {**merged.get("properties", {}), **part.get("properties", {})},
            "required": [*merged.get("required", ()), *part.get("required", ())],
        }
    return merged


def _object(schema: dict[str, Any], rng: Random, root: Any, depth: int) -> dict[str, Any]:
    required = schema.get("required", ())
    properties = schema.get("properties", {})
    filled = {
        name: _value(each, rng, root, depth + 1)
        for name, each in properties.items()
        if name in required or depth < _DEEP
    }
    if not properties and isinstance(schema.get("additionalProperties"), dict):
        filled["example"] = _value(schema["additionalProperties"], rng, root, depth + 1)
    return filled


def _array(schema: dict[str, Any], rng: Random, root: Any, depth: int) -> list[Any]:
    prefix = schema.get("prefixItems", [])
    usual = len(prefix) or (2 if depth < _DEEP else 0)
    length = max(schema.get("minItems", 0), min(usual, schema.get("maxItems", usual)))
    items = [*prefix, *[schema.get("items")] * length][:length]
    return [_value(each, rng, root, depth + 1) for each in items]


def _number(schema: dict[str, Any], rng: Random, *, whole: bool) -> int | float:
    step = schema.get("multipleOf", 1 if whole else 0.25)
    low, high = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + (1 if whole else 1e-3)
    if "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - (1 if whole else 1e-3)
    if low is None:
        low = min(0, high) if high is not None else 0
    if high is None:
        high = low + 100 * step
    first, last = -(-low // step), high // step
    if first > last:
        return low
    number = rng.randint(int(first), int(last)) * step
    return int(number) if whole else number


def _string(schema: dict[str, Any], rng: Random) -> str:
    if schema.get("format") == "uuid":
        return str(UUID(int=rng.getrandbits(128), version=4))
    text = _FORMATS.get(schema.get("format", "")) or phrase(rng)
    return text.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]
