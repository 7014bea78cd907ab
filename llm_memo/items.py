"""The items of a `map`, and the call that each of them stands for.

One rule: an item that is exactly a ``tuple`` holds the positional arguments of a call, one that is
exactly a ``dict`` its keyword arguments. Anything else is the one argument: a text, a list, a model,
a namedtuple, an ``OrderedDict``.
"""

from __future__ import annotations

from collections import UserString
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any

from llm_memo.errors import InvalidOption
from llm_memo.identity.preview import preview

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
"""The positional and the keyword arguments of a call."""


def arguments_of(item: Any) -> Arguments:
    """The arguments that an item stands for."""
    if type(item) is tuple:
        return item, {}
    if type(item) is dict:
        return (), item
    return (item,), {}


def listed(items: Any, function: str) -> list[Any]:
    """The items, in a list.

    Args:
        items: What `map` was given.
        function: The name of the cached function, as the user would write it.

    Raises:
        InvalidOption: It is one thing rather than several, or Python would take it apart in another way
            than is meant; the message says what to write instead.
    """
    mistake = _mistake(items, function)
    if mistake is not None:
        raise InvalidOption(f"{function}.map({type(items).__name__}): {mistake}. No call was made")
    return list(items)


def _mistake(items: Any, function: str) -> str | None:
    """What is wrong with the items, and what to write instead."""
    shown = preview(items)
    one = f"for one call write {function}.map([{shown}])"
    if isinstance(items, (str, UserString)):
        return f"a text is one item, and Python would take it apart into characters; {one}"
    if isinstance(items, (bytes, bytearray, memoryview)):
        return f"bytes are one item, and Python would take them apart into numbers; for one call: {function}.map([b…])"
    if isinstance(items, Mapping):
        return (
            f"Python would take only the keys of a mapping; for one call with it as keyword arguments write "
            f"{function}.map([{shown}]), for a call for each value {function}.map(….values())"
        )
    if hasattr(type(items), "_fields") or hasattr(type(items), "model_fields"):
        kind = type(items).__name__
        return (
            f"a record is one item, and Python would take it apart into its fields; for one call write "
            f"{function}.map([{kind}(…)])"
        )
    if len(getattr(items, "shape", ("one",))) != 1 and hasattr(type(items), "__array__"):
        return _table(items, function)
    if hasattr(type(items), "collect_schema"):  # a lazy frame of polars, or of what is like it
        return f"its rows are not there yet; for a call for each row write {function}.map(….collect().to_dicts())"
    if isinstance(items, AsyncIterable):
        return f"it is asynchronous; write {function}.map([item async for item in …])"
    if not isinstance(items, Iterable) and not hasattr(type(items), "__getitem__"):
        return f"it cannot be iterated over; {one}"
    return None


_RECORDS = {
    "to_dicts": ".to_dicts()",  # polars
    "to_pylist": ".to_pylist()",  # pyarrow
    "to_dict": '.to_dict("records")',  # pandas
}
"""A method that only tables of one library have → how it gives a dict for each row."""


def _table(items: Any, function: str) -> str:
    """What to write for a table, or an array of other than one dimension."""
    for method, records in _RECORDS.items():
        if hasattr(items, method):
            return (
                "Python would take a table apart into its columns; for a call for each value of one column write "
                f'{function}.map(…["column"]), for a call for each row {function}.map(…{records})'
            )
    if not items.shape:
        return f"it has no dimension; for one call write {function}.map([{preview(items)}])"
    return (
        f"it has {len(items.shape)} dimensions; for a call for each row write {function}.map(list(…)), "
        f"for each number {function}.map(….ravel())"
    )
