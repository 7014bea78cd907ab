"""The command line: its commands, their options, and what ``--help`` teaches."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from llm_memo import __version__
from llm_memo.cli import looking, removing
from llm_memo.display.amounts import parse_size
from llm_memo.errors import InvalidOption
from llm_memo.settings import seconds

_ABOUT = """\
See, check and clear the answers that cached functions have kept.

The folder is the one that your calls use: --cache-dir, or LLM_MEMO_DIR, or
.llm_memo in the project around the working directory; `llm-memo path` tells.
"""
_EXAMPLES = """\
examples:
  llm-memo demo                          see what it does, without a key
  llm-memo ls                            the latest answers
  llm-memo ls summarize -n 5             the latest five of one function
  llm-memo show 3f2a                     one of them, by its key's beginning
  llm-memo show 3f2a --answer | less     only what the model said
  llm-memo info                          what each function keeps and cost
  llm-memo clear summarize --stale-code  drop what earlier code was answered
  llm-memo prune --max-bytes 1GB         drop what was used longest ago
  llm-memo ls --json | jq '.[].model'    everything as data

exit codes: 0 done; 1 nothing found, or something is wrong; 2 not understood,
or nobody there to confirm.
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(
        prog="llm-memo", description=_ABOUT, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    root.add_argument("--version", action="version", version=f"llm-memo {__version__}")
    root.add_argument("--cache-dir", metavar="DIR", help="the folder, instead of the one that calls use here")
    commands = root.add_subparsers(title="commands", metavar="COMMAND", required=True)

    ls = _command(commands, "ls", looking.ls, "list entries, the latest first", _LS)
    ls.add_argument("function", nargs="?", metavar="FUNCTION", help=_FUNCTION)
    ls.add_argument("-n", type=_number, metavar="N", help="at most N entries")
    ls.add_argument("--all", action="store_true", help=f"all, also in a terminal (else {looking.IN_TERMINAL})")

    show = _command(commands, "show", looking.show, "show one entry, with its answer", _SHOW)
    show.add_argument("key", metavar="KEY", help="its key, or enough of the beginning to tell it from others")
    show.add_argument("--answer", action="store_true", help="print the answer's text and nothing else")

    _command(commands, "info", looking.info, "what each function keeps, and what it cost")

    clear = _command(commands, "clear", removing.clear, "remove entries", _CLEAR)
    clear.add_argument("function", nargs="?", metavar="FUNCTION", help=_FUNCTION)
    clear.add_argument(
        "--older-than", type=_duration, metavar="AGE", help="only those of this age: 90s, 15m, 12h, 7d, 1w"
    )
    clear.add_argument("--stale-code", action="store_true", help="only those of other code than each function's latest")
    _confirmed(clear)

    prune = _command(commands, "prune", removing.prune, "remove what was used longest ago", _PRUNE)
    prune.add_argument("--max-bytes", type=_size, metavar="SIZE", help="keep at most this much: 500MB, 1GB")
    prune.add_argument("--max-entries", type=_number, metavar="N", help="keep at most N entries")
    prune.add_argument("--older-than", type=_duration, metavar="AGE", help="remove what was last used this long ago")
    _confirmed(prune)

    _command(commands, "verify", removing.verify, "check every entry's seal", _VERIFY)
    _command(commands, "path", looking.path, "print where the folder is")

    demo = commands.add_parser("demo", help="see what it does, on a real model or a local one", description=_DEMO)
    demo.add_argument("--model", metavar="NAME", help="the model to ask")
    demo.set_defaults(run=_demo)
    return root


_FUNCTION = "its name, or the last parts of it (summarize for project.summarize); default: all"
_LS = """\
List entries, the latest first. In a terminal: a table. In a pipe: a line an
entry, in full, with tabs between key, time, function, model, tokens, bytes
and arguments.
"""
_SHOW = "Show one entry: its arguments, its answer, what it cost, and what its key is made of."
_CLEAR = """\
Remove entries: of one function or of all, all of them or only some. They are
gone for every process at once. Asks before it removes, unless --yes.
"""
_PRUNE = """\
Remove entries until the folder fits, those used longest ago first, and what
dead writers left behind. Asks before it removes, unless --yes.
"""
_VERIFY = """\
Check the seal of every entry. What is damaged or not sealed with your key is
put into the folder's quarantine, and the exit code is 1.
"""
_DEMO = """\
Ask a few questions twice. With OPENAI_API_KEY or OPENAI_BASE_URL set, asks that
model; else a small server in this process. Uses a cache folder of its own,
which goes away with it.
"""


def _command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], description: str, more: str | None = None
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=description,
        description=more or f"{description[0].upper()}{description[1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    command.add_argument("--cache-dir", metavar="DIR", default=argparse.SUPPRESS, help="the folder")
    command.add_argument("--json", action="store_true", help="print JSON")
    return command


def _confirmed(command: argparse.ArgumentParser) -> None:
    command.add_argument("--dry-run", action="store_true", help="remove nothing, tell what would go")
    command.add_argument("-y", "--yes", action="store_true", help="do not ask")


def _demo(options: argparse.Namespace) -> int:
    from llm_memo import demo

    return demo.main(options.model)


def _checked(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    def checked(text: str) -> Any:
        try:
            return parse(text)
        except InvalidOption as fault:
            raise argparse.ArgumentTypeError(str(fault)) from None

    return checked


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise InvalidOption(f"{text!r} is not a whole number of at least 0")
    return int(text)


_size = _checked(parse_size)
_number = _checked(_whole)
_duration = _checked(lambda text: seconds(text, "AGE"))
