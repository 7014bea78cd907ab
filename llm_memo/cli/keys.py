"""The command about the key that seals entries: where it is, a new one, and a folder that is sealed anew."""

from __future__ import annotations

import argparse

from llm_memo.cli.folder import Folder
from llm_memo.cli.talk import print_json, say
from llm_memo.display import amounts
from llm_memo.stores import resealing, seal
from llm_memo.stores.disk import disk

ACTIONS = ("show", "new", "seal")


def key(options: argparse.Namespace) -> int:
    """Show the keys, print a new one, or seal a folder anew; 1 if an entry could not be."""
    actions = {"show": _show, "new": _new, "seal": _seal}
    return actions[options.action](options)


def _show(options: argparse.Namespace) -> int:
    path = Folder(options.cache_dir).path
    keys = seal.seal_keys()
    found = resealing.count(disk(path))
    if options.json:
        known = [{"source": each.source, "name": each.name} for each in keys]
        print_json({"keys": known, "path": path, **found._asdict()})
        return 0
    for number, each in enumerate(keys):
        print(f"{'also reads with' if number else 'seals with':<16} {each.name}  {each.source}")
    print(f"{'folder':<16} {path}")
    print(f"{'':<16} {amounts.count(found.already, 'entry')} sealed with this key")
    if found.anew:
        print(f"{'':<16} {amounts.count(found.anew, 'entry')} sealed with another of yours: llm-memo key seal")
    if found.refused:
        print(f"{'':<16} {amounts.count(len(found.refused), 'entry')} not sealed with any of yours, or not readable")
    return 0


def _new(options: argparse.Namespace) -> int:
    text = seal.new_text()
    print_json({"LLM_MEMO_KEY": text}) if options.json else print(text)
    say(
        "keep it as you keep a password, and give it as LLM_MEMO_KEY wherever the same answers are to be read. "
        "What is sealed with your present key is read as long as that is still there, or in LLM_MEMO_OLD_KEYS; "
        "llm-memo key seal seals it with the new one"
    )
    return 0


def _seal(options: argparse.Namespace) -> int:
    path = Folder(options.cache_dir).path
    done = resealing.seal_anew(disk(path))
    if options.json:
        print_json({"path": path, **done._asdict()})
    else:
        print(f"{amounts.count(done.anew, 'entry')} sealed anew, {done.already:,} were already, in {path}")
        for each in done.refused:
            print(f"not sealed with any of your keys, or not readable, left as it was: {each}")
    return 1 if done.refused else 0
