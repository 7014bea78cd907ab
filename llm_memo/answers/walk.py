"""One walk through an answer to the records that may be a model's reply, wherever a framework puts it.

Records are dicts, models, dataclasses and other objects with attributes. Of dicts, lists and tuples all items are
visited; of other records only the fields in which SDKs and frameworks hold replies. Nothing is called and no property
is read. Depth and width are bounded, so that a long answer takes no longer than a short one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from llm_memo.answers import wire

Found = TypeVar("Found")

HISTORY = ("messages", "message_history", "raw_responses", "new_messages", "steps")
"""Fields that hold what was said before the reply, too."""

_FIELDS = (
    *("choices", "candidates", "message", "delta", "chat_message", "data", "chunk", "response"),  # parts of a reply
    *("response_metadata", "additional_kwargs", "meta", "_meta", "generation_info"),  # what is said of it
    *("raw", "_raw_response", "raw_response", "_state"),  # what a framework has made it from
    *("replies", "generations", "model_output_message"),
    *HISTORY,
)
"""Fields of records that are followed."""

_DEPTH = 4
"""How many containers deep."""
_STEPS = 8
"""How many containers and records deep."""
_WIDTH = 1_000
"""How many items of a long list are visited at either end."""
_MOST = 10_000
"""How many records and containers are visited in all."""


def walk(value: Any, look: Callable[[Any], Found | None], *, history: bool = True) -> Iterator[Found]:
    """What ``look`` finds in the records of an answer, in order; a record in which it finds something is not entered.

    Args:
        value: The answer.
        look: Takes a record; gives what it finds, or None.
        history: Whether to visit all messages of a conversation; otherwise only the last.
    """
    budget = _MOST
    todo = [(value, 0, 0)]
    while todo and budget:
        value, depth, steps = todo.pop()
        budget -= 1
        if wire.is_record(value):
            found = look(value)
            if found is not None:
                yield found
                continue
        if steps < _STEPS:
            inner = _items(value, history)
            depth += isinstance(value, _CONTAINERS)
            if depth <= _DEPTH:
                todo += [(item, depth, steps + 1) for item in reversed(inner)]


_CONTAINERS = (dict, list, tuple)


def _items(value: Any, history: bool) -> list[Any]:
    """The items of a container and the fields of a record that may be or hold records."""
    if isinstance(value, dict):
        found = [_last(item) if not history and name in HISTORY else item for name, item in value.items()]
    elif isinstance(value, (list, tuple)):
        found = list(value) if len(value) <= 2 * _WIDTH else [*value[:_WIDTH], *value[-_WIDTH:]]
    else:
        held = [(name, wire.get(value, name)) for name in _FIELDS]
        found = [_last(item) if not history and name in HISTORY else item for name, item in held]
    return [item for item in found if type(item) is not str and type(item) not in wire.PLAIN]


def _last(messages: Any) -> Any:
    return messages[-1:] if isinstance(messages, (list, tuple)) else messages
