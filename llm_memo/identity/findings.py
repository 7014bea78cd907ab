"""What a survey finds, and how it is called."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from llm_memo.identity import canonical
from llm_memo.identity.paths import Step, written
from llm_memo.identity.preview import REDACTED, is_secret, preview
from llm_memo.identity.watch import Watch

_STEPS = re.compile(r"[^\w-]+")
_PREVIEWED = frozenset({str, int, float, bool, type(None), bytes, list, tuple, dict, set, frozenset})


@dataclass(frozen=True, slots=True)
class Where:
    """How a value is called: ``helper clean: global SYSTEM``."""

    prefix: str
    noun: str
    text: str

    def __str__(self) -> str:
        return f"{self.prefix}{self.noun} {self.text}"

    def then(self, step: Step) -> Where:
        """One step further."""
        return Where(self.prefix, self.noun, self.text + written(step))


class Findings:
    """The parts of a fingerprint, and what is left out of it."""

    def __init__(self) -> None:
        self.parts: dict[str, bytes] = {}
        self.previews: dict[str, str] = {}
        self.untracked: dict[str, str] = {}
        self.watch = Watch()
        self._names: dict[int, str] = {}
        self._alive: list[object] = []

    def digest(self) -> bytes:
        """One digest over all parts."""
        return digest(canonical.encode(self.parts))

    def part(self, name: object, form: object) -> None:
        """Note a part that stands for ``form``, which has canonical bytes."""
        self.parts[str(name)] = digest(canonical.encode(form))

    def value(self, where: Where, value: object, encoded: bytes) -> None:
        """Note a value by its canonical bytes."""
        self.parts[str(where)] = digest(encoded)
        names = _STEPS.split(where.text)
        # A context variable is where a request's own tokens are, whatever it is called.
        if type(value) in _PREVIEWED and "()" not in where.text and not any(map(is_secret, names)):
            text = preview(value)
            if REDACTED not in text:
                self.previews[str(where)] = text

    def named(self, subject: object, wanted: str) -> tuple[str, bool]:
        """What a function or class is called here, and whether it is met for the first time."""
        known = self._names.get(id(subject))
        if known is not None:
            return known, False
        taken, name, count = set(self._names.values()), wanted, 1
        while name in taken:
            count += 1
            name = f"{wanted} ({count})"
        self._names[id(subject)] = name
        self._alive.append(subject)
        return name, True


def digest(data: bytes) -> bytes:
    """A digest that nobody can make two texts for."""
    return hashlib.blake2b(data, digest_size=16).digest()
