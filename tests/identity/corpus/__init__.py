"""The corpus: several hundred small programs, by the bullet of the contract that they test, and what is right."""

from __future__ import annotations

from corpus import (
    arguments,
    changing,
    classes,
    dynamic,
    escaping,
    everyday,
    found,
    free,
    ignoring,
    instances,
    kinds,
    made,
    origins,
    printing,
    reading,
    shapes,
    strangers,
    tried,
    values,
    writing,
)
from corpus.cases import Case

CASES: list[Case] = [
    case
    for module in (
        arguments, reading, writing, printing, escaping, dynamic, free, changing, ignoring, origins, classes, instances,
        values, shapes, kinds, found, everyday, made,
        tried, strangers,
    )
    for case in module.CASES
]  # fmt: skip
"""All of them."""
