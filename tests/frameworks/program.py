"""Functions that ask one SDK or framework, in each way that a function can reach it.

As a program it reads a kept answer in a process of its own, and prints what it is.
"""

from __future__ import annotations

import enum
import json
import sys
import warnings
from collections.abc import AsyncIterable, Mapping
from typing import Any

from cases import CASES
from cases.case import LOOP

from llm_memo import cached_completion

MADE: Any = None
make: Any = None
ask: Any = None
stream: Any = None
url = ""


def hold(name: str, at: str) -> None:
    """Try this case, at this server, from now on."""
    global make, ask, stream, url
    case = CASES[name]
    make, ask, stream, url = case.make, case.ask, case.stream, at


def put(made: Any) -> None:
    """Make this the global that `by_global` and `streamed` read."""
    global MADE
    MADE = made


@cached_completion
def inside(text: str) -> Any:
    return ask(make(url), text)


@cached_completion
def by_global(text: str) -> Any:
    return ask(MADE, text)


@cached_completion
def by_argument(made: Any, text: str) -> Any:
    return ask(made, text)


class Asker:
    def __init__(self, made: Any) -> None:
        self.made = made

    @cached_completion
    def by_self(self, text: str) -> Any:
        return ask(self.made, text)


@cached_completion
def streamed(text: str) -> Any:
    return stream(MADE, text)


def portrait(value: Any, depth: int = 0) -> Any:
    """The classes and data of a value, as JSON that is the same in every process."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, enum.Enum):
        return [kind, value.name]
    if depth > 12 or isinstance(value, type) or callable(value):
        return kind
    if isinstance(value, Mapping) and type(value) is dict:
        return {str(key): portrait(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [kind, *(portrait(item, depth + 1) for item in value)]
    held = {**getattr(value, "__dict__", {}), **(getattr(value, "__pydantic_extra__", None) or {})}
    state = value.__getstate__()
    if isinstance(state, dict) and state.keys() < held.keys():  # what its class leaves out of its state, so may we
        held = state
    if isinstance(value, str):
        held["text"] = str(value)
    elif not held:
        held["repr"] = repr(value)
    return [kind, {name: portrait(item, depth + 1) for name, item in sorted(held.items())}]


def items(stream: Any) -> list[Any]:
    """What a stream gives, as portraits."""
    return LOOP.run_until_complete(_awaited(stream)) if hasattr(stream, "__aiter__") else [*map(portrait, stream)]


async def _awaited(stream: AsyncIterable[Any]) -> list[Any]:
    return [portrait(item) async for item in stream]


def main(name: str, at: str, text: str) -> None:
    """Print the portrait of the kept answer."""
    warnings.simplefilter("ignore")
    hold(name, at)
    make(url)
    print("\n" + json.dumps(portrait(inside.with_options(policy="replay")(text))))


if __name__ == "__main__":
    main(*sys.argv[1:])
