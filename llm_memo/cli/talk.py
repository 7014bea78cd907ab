"""How the commands talk: answers on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys

from llm_memo.codec.legible import as_json
from llm_memo.display import plain


class Stop(Exception):
    """The command ends here, with a message and an exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def say(message: str) -> None:
    """A line for whoever started the command."""
    print(f"llm-memo: {plain.safe(message, lines=True)}", file=sys.stderr)


def ask(question: str) -> None:
    """Go on only if somebody says yes.

    Raises:
        Stop: They do not, or nobody is there to answer.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Stop(
            f"{question} There is no terminal to ask in: say --yes, or --dry-run to see what would go. "
            "Nothing was removed",
            2,
        )
    print(f"{plain.safe(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):  # ^D
        print(file=sys.stderr)
    if answer.strip().lower() not in ("y", "yes"):
        raise Stop("nothing was removed")


def print_json(data: object) -> None:
    """Data as one JSON document."""
    print(json.dumps(as_json(data), indent=2, default=str))
