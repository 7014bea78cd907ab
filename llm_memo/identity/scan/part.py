"""One thing that an answer depends on, by its owner, its kind and its name."""

from __future__ import annotations

import functools
from typing import NamedTuple


class Part(NamedTuple):
    """One thing that an answer depends on."""

    owner: str
    """The function, class or instance that reads or holds it: ``""`` for the cached function, ``helper clean``."""
    kind: str
    """``code``, ``global``, ``closure``, ``argument``, ``attribute``, ``environment``, ``installed``, …"""
    name: str
    """The chain that leads to it, ``CFG['model']``; empty for the owner's own code."""

    @property
    def text(self) -> str:
        """The part for people: ``code``, ``global CFG['model']``, ``helper clean: global PATTERN``, ``class Bot.t``."""
        if self.kind == "code" and not self.name:
            return self.owner or "code"
        holder = self.owner.rpartition(": ")[2]
        if holder.startswith(("class ", "instance ", "module ")) and self.kind in _OF_OWNER:
            return f"{self.owner}.{self.name}" if self.name else f"{self.owner}: {self.kind}"
        text = f"{self.kind} {self.name}".rstrip()
        return f"{self.owner}: {text}" if self.owner else text

    def numbered(self, number: int) -> Part:
        """Another of the same name."""
        if self.name:
            return self._replace(name=f"{self.name} ({number})")
        return self._replace(owner=f"{self.owner or self.kind} ({number})")


Kept = tuple[dict[str, str], dict[str, str], dict[str, str]]
"""What an entry keeps of parts, by their texts: digests, short texts, and source and long texts."""

text_of = functools.lru_cache(maxsize=65_536)(lambda part: part.text)
"""A part's text, remembered: with each miss a function's parts are the same."""

_OF_OWNER = frozenset(
    {"attribute", "member", "field", "global", "bases", "name", "docstring", "annotations", "class", "value"}
)
"""Kinds of parts that are called by their owner and their name."""

ASPECTS = frozenset({"length", "keys", "presence", "identity", "value"})
"""Kinds of parts that are one side of a value."""
_KINDS = ASPECTS | {
    "argument", "global", "closure", "default", "environment", "installed", "annotations", "docstring", "name", "place",
    "statement", "decorated", "import", "class", "attribute",
}  # fmt: skip


def parsed(text: str) -> Part:
    """A part of a kept call, of which only the text is known, as far as that tells."""
    owner, _, rest = text.rpartition(": ")
    kind, _, name = rest.partition(" ")
    return Part(owner, kind, name) if kind in _KINDS else Part(text, "code", "")
