"""What a value is to the letter, as plain data that ``==`` tells the truth about."""

from __future__ import annotations

import math
from typing import Any

from pydantic import BaseModel


def portrait(value: Any) -> Any:
    """The types, fields, extra fields, fields set and private attributes of ``value``, all the way down."""
    kind = type(value)
    if isinstance(value, BaseModel):
        return (
            kind,
            portrait(vars(value)),
            portrait(value.__pydantic_extra__),
            portrait(value.__pydantic_private__),
            sorted(value.model_fields_set),
        )
    if isinstance(value, dict):
        return kind, [(portrait(key), portrait(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return kind, [portrait(item) for item in value]
    if isinstance(value, float) and math.isnan(value):
        return kind, "nan"
    return kind, value if not isinstance(value, float) else math.copysign(1, value), value
