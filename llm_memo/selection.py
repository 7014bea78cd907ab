"""Which entries are meant: by age, model, text, code, and whatever the user asks of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from llm_memo.entries import Entry
from llm_memo.errors import InvalidOption, MemoWarning, warn
from llm_memo.options import TTL, seconds


class NotHere(InvalidOption, LookupError):
    """No function or entry in the folder has this name or key."""


def conditions(options: object) -> dict[str, Any]:
    """The conditions that a command line gives, as `Cache.entries` and `Cache.clear` take them."""
    names = ("model", "text", "older_than", "newer_than", "stale_code")
    return {name: getattr(options, name) for name in names}


class Selection:
    """Conditions for entries, all of which must hold.

    Args:
        where: Is true for the entry.
        model: The model's name, or a pattern of it (``"gpt-5*"``).
        text: Is found in the arguments or in what the answer says, in upper or lower case.
        older_than: The answer is at least this old.
        newer_than: The answer is younger than this.
        stale_code: The entry is of earlier code, see `Entry.stale_code`.

    Raises:
        InvalidOption: A value that is not one of its option's.
    """

    def __init__(
        self,
        *,
        where: Callable[[Entry], object] | None = None,
        model: str | None = None,
        text: str | None = None,
        older_than: TTL | None = None,
        newer_than: TTL | None = None,
        stale_code: bool = False,
    ) -> None:
        self._where = where
        self._model = _text("model", model)
        self._words = _text("text", text)
        self._at_least = age("older_than", older_than)
        self._at_most = age("newer_than", newer_than)
        self._stale_code = stale_code
        self.is_all = (where, model, text, older_than, newer_than) == (None,) * 5 and not stale_code
        """Whether there is no condition."""

    def chosen(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries for which all conditions hold.

        One warning tells, at the end, for how many the text of an argument was looked at, or searched in
        vain, of which only a beginning is kept.
        """
        unseen = 0
        for entry in entries:
            watched = _Watched(**vars(entry)) if entry.cut else entry
            holds = self._holds(watched)
            unseen += isinstance(watched, _Watched) and watched.looked_at and not (holds and self._where is None)
            if holds:
                yield entry
        if unseen:
            what = "where=" if self._where is not None else "text="
            warn(
                MemoWarning,
                f"{what} looked at arguments of which only the first 4,000 characters are kept, in "
                f"{unseen:,} {'entry' if unseen == 1 else 'entries'}: what comes after them was not seen. Entry.cut "
                "names these arguments; Entry.text, what the answer says, is whole",
            )

    def _holds(self, entry: Entry) -> bool:
        if self._stale_code and not entry.stale_code:
            return False
        if self._at_least is not None and entry.age < self._at_least:
            return False
        if self._at_most is not None and entry.age >= self._at_most:
            return False
        if self._model is not None and not fnmatchcase(entry.model or "", self._model):
            return False
        if self._words is not None and not _says(entry, self._words.casefold()):
            return False
        return self._where is None or bool(self._where(entry))


class _Watched(Entry):
    """An entry that notes whether its arguments were looked at."""

    looked_at = False

    def __getattribute__(self, name: str) -> Any:
        if name == "arguments":
            object.__setattr__(self, "looked_at", True)
        return super().__getattribute__(name)


def _says(entry: Entry, words: str) -> bool:
    if words in entry.arguments.casefold():
        return True
    try:
        return words in entry.text.casefold()
    except LookupError:
        return False


def age(option: str, value: TTL | None) -> float | None:
    """An age in seconds, which may be infinite; None if none is given.

    Raises:
        InvalidOption: It is no duration.
    """
    if value is None:
        return None
    found = seconds(value, option)
    return math.inf if found is None else found


def functions_called(name: str, functions: Sequence[str]) -> list[str]:
    """The functions that ``name`` means, of those that there are.

    A pattern (``*``, ``?``, ``[…]``) means all that it fits, whole or by their last parts. Else it is the name
    of one, or the last parts of one's (``"summarize"`` for ``"project.summarize"``), or what several begin
    with (``"project"``).

    Raises:
        NotHere: It is none of these, or the last parts of several.
    """
    if any(sign in name for sign in "*?["):
        found = [each for each in functions if fnmatchcase(each, name) or fnmatchcase(each, f"*.{name}")]
    else:
        found = [each for each in functions if each == name or each.endswith(f".{name}")]
        if len(found) > 1 and name not in found:
            raise NotHere(f"{name!r} can be several functions:{_lines(found)}")
        found = [name] if name in found else found or [each for each in functions if each.startswith(f"{name}.")]
    if not found:
        there = _lines(functions) if functions else " nothing"
        raise NotHere(f"no entries of {name!r}; there are entries of:{there}")
    return found


def _lines(functions: Sequence[str]) -> str:
    more = f"\n  … and {len(functions) - _NAMED:,} more" if len(functions) > _NAMED else ""
    return "".join(f"\n  {each}" for each in functions[:_NAMED]) + more


_NAMED = 30
"""How many of the functions that there are a message names."""


def _text(option: str, value: object) -> str | None:
    if value is None or (isinstance(value, str) and value):
        return value
    raise InvalidOption(f"{option}={value!r} is not a text")
