"""A check written as one expression.

``type(a) is b and c["d"] is e and …`` runs in a third of the time that a loop over the same comparisons takes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from types import CodeType
from typing import Any


class Check:
    """Comparisons of what there is now with what was there, which is kept alive; added one by one, made at the end."""

    def __init__(self) -> None:
        self._terms: list[str] = []
        self._names: dict[str, Any] = {}
        self._known: dict[int, str] = {}
        self._compared: set[tuple[str, int]] = set()

    def attributes(self, value: Any) -> dict[str, Any]:
        """Compare the class of an object, and which attributes it has; returns its ``__dict__``."""
        held: dict[str, Any] = vars(value)
        if self._first("attributes", value):
            self._add("type({}) is {}", value, type(value))
            self._add("{}.__dict__ is {}", value, held)
            self._keys(held)
        return held

    def attribute(self, value: Any, name: str, item: object) -> None:
        """Compare an attribute, which is looked up as code does it, with what it was."""
        if self._first(f".{name}", value):
            self._add(f"{{}}.{name} is {{}}", value, item)

    def items(self, container: list[Any] | dict[str, Any], keys: Iterable[Any]) -> list[Any]:
        """Compare some items of a list or dict; returns them."""
        found = []
        for key in keys:
            found.append(container[key])
            if self._first(f"[{key!r}]", container):
                self._add("{}[{}] is {}", container, key, found[-1])
        return found

    def content(self, container: list[Any] | dict[str, Any]) -> list[Any]:
        """Compare how many items a list has, or the texts that are the keys of a dict, and all items; returns them."""
        if type(container) is dict:
            self._keys(container)
            return self.items(container, [*container])
        if self._first("length", container):
            self._add(*("len({}) == {}", container, len(container)) if container else ("not {}", container))
        return self.items(container, range(len(container)))

    def made(self) -> Callable[[], bool]:
        """The check; it raises where something is not there at all any more."""
        check: Callable[[], bool] = eval(_compiled(f"lambda: {' and '.join(self._terms) or True}"), self._names)
        return check

    def _keys(self, container: dict[str, Any]) -> None:
        if self._first("keys", container):
            names = tuple(container)
            self._add(*("tuple({}) == {}", container, names) if names else ("not {}", container))

    def _first(self, what: str, value: Any) -> bool:
        """Whether it is the first time that this is compared."""
        mark = (what, id(value))
        is_new = mark not in self._compared
        self._compared.add(mark)
        return is_new

    def _add(self, term: str, *values: Any) -> None:
        self._terms.append(term.format(*map(self._name, values)))

    def _name(self, value: Any) -> str:
        name = self._known.get(id(value))
        if name is None:
            name = self._known[id(value)] = f"value{len(self._known)}"
            self._names[name] = value
        return name


@functools.lru_cache(256)
def _compiled(text: str) -> CodeType:
    return compile(text, "<llm_memo>", "eval")
