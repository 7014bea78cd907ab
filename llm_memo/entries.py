"""Kept answers as people and programs look at them: `Entry`, and `Entries` to make a table or a file of."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from llm_memo.answers.text import answer_text
from llm_memo.codec.legible import as_json, legible
from llm_memo.codec.streams import items
from llm_memo.display.shown import Shown, text_of
from llm_memo.stores.disk import disk
from llm_memo.stores.entry import Header, StoredEntry
from llm_memo.stores.folder import EntryFile

if TYPE_CHECKING:
    import pandas as pd

_IN_REPR = 80
"""Characters of the arguments in an entry's ``repr``."""


@dataclass(frozen=True, repr=False)
class Entry(Shown):
    """One kept answer. ``pandas.DataFrame(entries)`` makes a table of them as they are."""

    function: str
    key: str
    created: datetime
    """When the answer came, in local time."""
    arguments: str
    """The arguments by name, as text: redacted, and each up to 4,000 characters."""
    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    seconds: float
    """How long the call took."""
    type: str
    """The answer's type, by name."""
    sample: int
    """Which of several independent answers to the question this is."""
    size: int
    """Bytes on disk."""
    path: str
    header: Header = field(compare=False)
    stale_code: bool = field(default=False, compare=False)
    """Whether it is of earlier code, which no call finds now: of a cached function's entries, those whose code is
    not its present code; of others, those whose code is not that of the latest entry that the function has from the
    same program: a script, a notebook, a REPL."""
    cut: tuple[str, ...] = field(default=(), compare=False)
    """The names of the arguments that are longer than their text here."""

    @property
    def age(self) -> float:
        """Seconds since the answer came."""
        return max(time.time() - self.header.created, 0.0)

    @property
    def value(self) -> Any:
        """The answer, thawed anew each time; of a generator, the list of what it yielded.

        Of a request, what the response says: a JSON document, or the list of a stream's events.

        Raises:
            LookupError: The entry has been cleared or replaced by something unreadable.
        """
        return self._read(lambda stored: items(stored.thaw()))

    @property
    def data(self) -> Any:
        """The answer as plain data, without a class of the user's being imported: a model is its JSON.

        Raises:
            LookupError: As `value`.
        """
        return self._read(lambda stored: legible(stored.frozen))

    @property
    def text(self) -> str:
        """What the answer says, whole: of a model's answer what the model said, of other data its JSON.

        Raises:
            LookupError: As `value`.
        """
        return answer_text(self.data)

    def _read(self, take: Callable[[StoredEntry], Any]) -> Any:
        root = os.path.dirname(os.path.dirname(os.path.dirname(self.path)))
        try:
            return take(disk(root).load(self.path, self.key))
        except Exception as error:
            raise LookupError(f"the entry {self.key} of {self.function} cannot be read: {error}") from error

    def __repr__(self) -> str:
        arguments = self.arguments
        if len(arguments) > _IN_REPR:
            arguments = arguments[: _IN_REPR - 1] + "…"
        return f"<Entry {self.key} of {self.function}, {arguments}>"


def entry_of(file: EntryFile, function: str, header: Header, code: str | None = None) -> Entry:
    """The entry in a file.

    Args:
        file: The file.
        function: The name of the function in whose folder it is: one that was renamed has entries of its old name.
        header: What it says of itself.
        code: The code that entries of its function should be of; None: any.
    """
    usage = header.usage or {}
    return Entry(
        function=function,
        key=file.key,
        created=datetime.fromtimestamp(header.created).astimezone(),
        arguments=", ".join(f"{name}={text}" for name, text in header.provenance.arguments.items()),
        model=usage.get("model"),
        input_tokens=usage.get("input_tokens"),
        output_tokens=usage.get("output_tokens"),
        seconds=header.seconds,
        type=header.type,
        sample=header.sample,
        size=file.size,
        path=file.path,
        header=header,
        stale_code=code is not None and code != header.provenance.code,
        cut=tuple(header.provenance.cut),
    )


class Entries(list[Entry], Shown):
    """Some entries: a list, with a form for notebooks and terminals.

    Args:
        entries: The entries.
        ttl: How old an answer may be when it is read, in seconds; None: never too old.
    """

    def __init__(self, entries: Iterable[Entry] = (), ttl: float | None = None) -> None:
        super().__init__(entries)
        self.ttl = ttl

    @overload
    def __getitem__(self, place: SupportsIndex, /) -> Entry: ...
    @overload
    def __getitem__(self, place: slice, /) -> Entries: ...
    def __getitem__(self, place: SupportsIndex | slice, /) -> Entry | Entries:
        found = super().__getitem__(place)
        return Entries(found, self.ttl) if isinstance(found, list) else found

    def records(self) -> Iterator[dict[str, Any]]:
        """Each entry as a dict, with all that is kept of its arguments, by name, and its answer whole.

        ``answer`` is the answer as plain data, ``answer_text`` what it says; None where it cannot be read.
        """
        for entry in self:
            try:
                answer = entry.data
                text = answer_text(answer)
            except LookupError:
                answer = text = None
            yield {
                "function": entry.function,
                "key": entry.key,
                "created": entry.created,
                "arguments": entry.header.provenance.arguments,
                "cut": list(entry.cut),
                "answer": answer,
                "answer_text": text,
                "model": entry.model,
                "input_tokens": entry.input_tokens,
                "output_tokens": entry.output_tokens,
                "seconds": entry.seconds,
                "type": entry.type,
                "sample": entry.sample,
                "stale_code": entry.stale_code,
                "size": entry.size,
                "path": entry.path,
            }

    def to_pandas(self) -> pd.DataFrame:
        """A table of `records`: a row for each entry, a column ``argument …`` for each name of an argument.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "to_pandas() makes a table of pandas, which is not installed: pip install pandas"
            ) from error
        rows = []
        for record in self.records():
            arguments = record.pop("arguments")
            first = {name: record.pop(name) for name in ("function", "key", "created")}
            rows.append({**first, **{f"argument {name}": text for name, text in arguments.items()}, **record})
        try:
            return pd.DataFrame(rows)
        except UnicodeEncodeError:  # a lone surrogate, which the texts of pandas 3 cannot have
            return pd.DataFrame(rows, dtype=object)

    def to_jsonl(self, path: str | os.PathLike[str]) -> None:
        """Write `records` to a file, a JSON document a line, readable for this user alone.

        Raises:
            OSError: It cannot be written.
        """
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.writelines(f"{json_line(record)}\n" for record in self.records())

    def __repr__(self) -> str:
        return text_of(self)


def json_line(record: dict[str, Any], encoding: str = "utf-8") -> str:
    """A record as one line of JSON, with escapes where an encoding has not all of its characters."""
    data = as_json(record)
    line = json.dumps(data, ensure_ascii=False, default=str)
    try:
        line.encode(encoding)
    except UnicodeEncodeError:
        return json.dumps(data, default=str)
    return line
