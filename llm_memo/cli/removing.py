"""The commands that remove, and ask first: ``clear``, ``forget``, ``prune``; and ``verify``, which puts aside."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from llm_memo.cache import Cleared
from llm_memo.cli.folder import Folder
from llm_memo.cli.looking import meant
from llm_memo.cli.talk import Stop, ask, print_json
from llm_memo.display import amounts
from llm_memo.selection import conditions


def clear(options: argparse.Namespace) -> int:
    """Remove the entries of some functions, or all."""
    folder = Folder(options.cache_dir, slow=True)
    return _remove(
        options,
        folder,
        lambda dry_run: folder.clear(meant(options), **conditions(options), dry_run=dry_run),
        folder.names(meant(options)),
    )


def forget(options: argparse.Namespace) -> int:
    """Remove single entries."""
    folder = Folder(options.cache_dir)
    entries = [folder.entry(key) for key in options.key]
    functions = sorted({entry.function for entry in entries})
    return _remove(options, folder, lambda dry_run: folder.clear(entries, dry_run=dry_run), functions)


def prune(options: argparse.Namespace) -> int:
    """Remove what was used least recently."""
    limits = options.max_bytes, options.max_entries, options.older_than
    if limits == (None, None, None):
        raise Stop("prune: give --max-bytes, --max-entries or --older-than", 2)
    folder = Folder(options.cache_dir, slow=True)
    return _remove(options, folder, lambda dry_run: folder.prune(*limits, dry_run=dry_run))


def _remove(
    options: argparse.Namespace, folder: Folder, remove: Callable[[bool], Cleared], functions: Sequence[str] = ()
) -> int:
    """Count what would go, ask, and remove it; ``functions`` are those that the entries are of."""
    went = remove(True)
    whose = f" of {', '.join(functions)}" if functions else ""
    if went.entries and not options.dry_run:
        if not options.yes:
            ask(
                f"Remove {amounts.count(went.entries, 'entry')}{whose}, {amounts.size(went.bytes)}, from {folder.path}?"
            )
        went = remove(False)
    if options.json:
        print_json({**went._asdict(), "dry_run": options.dry_run})
    else:
        what = f"{amounts.count(went.entries, 'entry')}{whose}"
        size = amounts.size(went.bytes)
        print(f"would remove {what}, {size}" if options.dry_run else f"{what} removed, {size}")
    return 0


def verify(options: argparse.Namespace) -> int:
    """Check every entry; 1 if something is wrong with any."""
    found = Folder(options.cache_dir, slow=True).verify()
    if options.json:
        print_json(found._asdict())
    else:
        print(f"{amounts.count(found.entries, 'entry')} whole and sealed with your key")
        for path in found.quarantined:
            print(f"damaged or not yours, now in quarantine: {path}")
        for path in found.restored:
            print(f"yours after all, out of quarantine: {path}")
        for path in found.unread:
            print(f"not readable, left in place: {path}")
        for path in found.newer:
            print(f"of a later version, left in place: {path}")
    return 1 if found.quarantined or found.unread else 0
