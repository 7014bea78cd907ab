"""The commands that remove, and ask first: ``clear`` and ``prune``; and ``verify``, which puts aside."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from llm_memo.cache import Cleared
from llm_memo.cli.folder import Folder
from llm_memo.cli.talk import Stop, ask, print_json
from llm_memo.display import amounts


def clear(options: argparse.Namespace) -> int:
    """Remove the entries of one function, or all."""
    folder = Folder(options.cache_dir, slow=True)
    function = folder.named(options.function)
    return _remove(
        options,
        folder,
        "" if function is None else f" of {function}",
        lambda dry_run: folder.clear(
            function, older_than=options.older_than, stale_code=options.stale_code, dry_run=dry_run
        ),
    )


def prune(options: argparse.Namespace) -> int:
    """Remove what was used least recently."""
    if options.max_bytes is options.max_entries is options.older_than is None:
        raise Stop("prune: give --max-bytes, --max-entries or --older-than", 2)
    folder = Folder(options.cache_dir, slow=True)
    return _remove(
        options,
        folder,
        "",
        lambda dry_run: folder.prune(options.max_bytes, options.max_entries, options.older_than, dry_run=dry_run),
    )


def _remove(options: argparse.Namespace, folder: Folder, whose: str, remove: Callable[[bool], Cleared]) -> int:
    """Count what would go, ask, and remove it; ``whose`` is said after the count."""
    went = remove(True)
    if went.entries and not options.dry_run:
        if not options.yes:
            ask(
                f"Remove {amounts.count(went.entries, 'entry')}{whose}, {amounts.size(went.bytes)}, from {folder.path}?"
            )
        went = remove(False)
    if options.json:
        print_json({**went._asdict(), "dry_run": options.dry_run})
    else:
        verb = "would be removed" if options.dry_run else "removed"
        print(f"{amounts.count(went.entries, 'entry')}{whose} {verb}, {amounts.size(went.bytes)}")
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
