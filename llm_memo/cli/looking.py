"""The commands that look: ``ls``, ``show``, ``info``, ``path``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from datetime import datetime
from typing import Any

from llm_memo.cache import Entry
from llm_memo.cli.folder import Folder
from llm_memo.cli.talk import Stop, print_json
from llm_memo.display import amounts, plain
from llm_memo.display.sheet import Cell, Column, Span, Table
from llm_memo.views.answers import answer_text
from llm_memo.views.contents import cache_sheet, entry_sheet
from llm_memo.views.folder import by_function
from llm_memo.views.legible import answer_of

IN_TERMINAL = 50
"""So many entries ``ls`` lists in a terminal, unless -n or --all says otherwise."""
_KEY = 12
"""So many digits of a key are shown."""


def ls(options: argparse.Namespace) -> int:
    """List entries, the latest first."""
    folder = Folder(options.cache_dir)
    found = folder.files(folder.named(options.function))
    if not found:
        raise Stop(f"no entries in {folder.path}")
    in_terminal = sys.stdout.isatty() and not options.json
    most = options.n if options.n is not None else IN_TERMINAL if in_terminal and not options.all else None
    listed = folder.read(found[:most])
    if options.json:
        print_json(list(map(_as_data, listed)))
    elif in_terminal:
        ink = plain.Ink.of(sys.stdout)
        table = Table(_COLUMNS, tuple(map(_row, listed))).filled()
        for line in plain.aligned(table.columns, table.rows, ink):
            print(line)
        if most is not None and len(found) > most:
            print(ink(Span(f"… {len(found) - most:,} more: llm-memo ls --all", "dim")))
    else:
        for entry in listed:
            print("\t".join(map(plain.safe, _fields(entry))))
    return 0


_COLUMNS = (
    Column("key"),
    Column("age", right=True),
    Column("function", wide=True),
    Column("model"),
    Column("tokens", right=True),
    Column("size", right=True),
    Column("arguments", wide=True),
)


def _row(entry: Entry) -> tuple[Cell, ...]:
    tokens = _tokens(entry)
    return (
        Span(entry.key[:_KEY], "strong"),
        amounts.age(entry.age),
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
    )


def _tokens(entry: Entry) -> int | None:
    return None if entry.input_tokens is None else entry.input_tokens + (entry.output_tokens or 0)


def show(options: argparse.Namespace) -> int:
    """One entry, with its answer."""
    folder = Folder(options.cache_dir)
    key = options.key.lower()
    found = [each for each in folder.files() if each.key.startswith(key)]
    if len(found) > 1:
        some = "".join(f"\n  {each.key}  {each.function}" for each in found[:10])
        raise Stop(f"the keys of {len(found):,} entries begin with {key!r}:{some}")
    entry = next(folder.read(found), None)
    if entry is None:
        raise Stop(f"no readable entry in {folder.path} has a key that begins with {key!r}; see llm-memo ls")
    if options.answer:
        print(plain.safe(answer_text(answer_of(entry), sys.maxsize), lines=True))
    elif options.json:
        answer, header = answer_of(entry), entry.header
        shown = {"parts": header.provenance.parts, "previews": header.provenance.previews, "answer": answer}
        print_json({**_as_data(entry), **shown, "answer_text": answer_text(answer, sys.maxsize)})
    else:
        print(plain.rendered(entry_sheet(entry), plain.Ink.of(sys.stdout)))
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
