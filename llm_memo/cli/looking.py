"""The commands that look: ``ls``, ``show``, ``info``, ``export``, ``path``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from llm_memo.answers.text import answer_text
from llm_memo.cli.folder import Folder
from llm_memo.cli.talk import Stop, print_json, say
from llm_memo.display import amounts, plain
from llm_memo.display.sheet import Cell, Column, Span, Table
from llm_memo.entries import Entries, Entry, json_line
from llm_memo.selection import conditions
from llm_memo.views.contents import cache_sheet, entry_sheet
from llm_memo.views.folder import by_function

IN_TERMINAL = 50
"""How many entries ``ls`` lists in a terminal, unless -n or --all says otherwise."""
_KEY = 12
"""How many digits of a key are shown."""


def meant(options: argparse.Namespace) -> list[str] | None:
    """The functions that the command line names; None for all."""
    return options.function or None


def ls(options: argparse.Namespace) -> int:
    """List entries, the latest first."""
    folder = Folder(options.cache_dir)
    in_terminal = sys.stdout.isatty() and not options.json
    most = options.n if options.n is not None else IN_TERMINAL if in_terminal and not options.all else None
    wanted = {name: value for name, value in conditions(options).items() if value is not None and value is not False}
    if wanted:
        found = folder.entries(meant(options), **wanted)
        listed, count = list(found[:most]), len(found)
    else:
        listed, count = folder.latest(meant(options), most)
    folder.say_unread()
    if not count:
        raise Stop(f"no such entries in {folder.path}" if wanted else f"no entries in {folder.path}")
    if options.json:
        print_json(list(map(_as_data, listed)))
    elif in_terminal:
        _print_table(listed)
        if count > len(listed) == most:
            print(plain.Ink.of(sys.stdout)(Span(f"… {count - most:,} more: llm-memo ls --all", "dim")))
    else:
        for entry in listed:
            print("\t".join(map(plain.safe, _fields(entry))))
    return 0


def _print_table(entries: Iterable[Entry]) -> None:
    table = Table(_COLUMNS, tuple(map(_row, entries))).filled()
    for line in plain.aligned(table.columns, table.rows, plain.Ink.of(sys.stdout)):
        print(line)


_COLUMNS = (
    Column("key"),
    Column("age", right=True),
    Column("code"),
    Column("function", wide=True),
    Column("model", wide=True),
    Column("tokens", right=True),
    Column("size", right=True, spare=True),
    Column("arguments", wide=True),
)


def _row(entry: Entry) -> tuple[Cell, ...]:
    tokens = _tokens(entry)
    return (
        Span(entry.key[:_KEY], "strong"),
        amounts.age(entry.age),
        Span("earlier" if entry.stale_code else "", "dim"),
        entry.function,
        entry.model or "",
        "" if tokens is None else f"{tokens:,}",
        amounts.size(entry.size),
        entry.arguments,
    )


def _fields(entry: Entry) -> tuple[str, ...]:
    tokens = _tokens(entry)
    return (
        entry.key,
        entry.created.isoformat(timespec="seconds"),
        entry.function,
        entry.model or "",
        "" if tokens is None else str(tokens),
        str(entry.size),
        entry.arguments,
        "earlier code" if entry.stale_code else "",
    )


def _tokens(entry: Entry) -> int | None:
    return None if entry.input_tokens is None else entry.input_tokens + (entry.output_tokens or 0)


def show(options: argparse.Namespace) -> int:
    """One entry, with its answer."""
    folder = Folder(options.cache_dir)
    entry = folder.entry(options.key)
    if options.answer:
        print(plain.safe(entry.text, lines=True))
    elif options.json:
        answer, provenance = entry.data, entry.header.provenance
        shown = {"parts": provenance.parts, "previews": provenance.previews, "answer": answer}
        print_json({**_as_data(entry), **shown, "answer_text": answer_text(answer)})
    else:
        print(plain.rendered(entry_sheet(entry, whole=True), plain.Ink.of(sys.stdout)))
        print(f"  {plain.safe(entry.path)}")
    return 0


def info(options: argparse.Namespace) -> int:
    """A row for each function."""
    folder = Folder(options.cache_dir, slow=True)
    if not options.json:
        print(plain.rendered(cache_sheet(folder, most=None), plain.Ink.of(sys.stdout)))
        return 0
    rows = [
        {
            "function": name,
            "entries": found.entries,
            "bytes": found.bytes,
            "latest": datetime.fromtimestamp(found.latest).astimezone(),
            "seconds": found.seconds,
            "tokens": found.tokens,
            "dollars": None if found.money is None else float(found.money),
        }
        for name, found in by_function(folder).items()
    ]
    print_json({"path": folder.path, "functions": rows})
    return 0


def export(options: argparse.Namespace) -> int:
    """Entries with their arguments and answers, a JSON document a line."""
    folder = Folder(options.cache_dir, slow=True)
    found: Entries = folder.entries(meant(options), **conditions(options))
    folder.say_unread()
    if options.output is None:
        for record in found.records():
            print(json_line(record, sys.stdout.encoding))
    else:
        found.to_jsonl(options.output)
        say(f"wrote {amounts.count(len(found), 'entry')} to {options.output}")
    return 0


def functions(options: argparse.Namespace) -> int:
    """The names of the functions that have entries."""
    found = Folder(options.cache_dir).functions()
    if options.json:
        print_json(found)
    else:
        for name in found:
            print(plain.safe(name))
    return 0


def path(options: argparse.Namespace) -> int:
    """Where the folder is."""
    found = Folder(options.cache_dir).path
    if options.json:
        print_json({"path": found})
    else:
        print(found)
    return 0


def _as_data(entry: Entry) -> dict[str, Any]:
    data = asdict(entry)
    del data["header"]
    return data
