"""How the commands talk: answers on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

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
        Stop: They do not, or nobody is there to be asked.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Stop(
            f"{question} There is no terminal to ask in: say --yes, or --dry-run to see what would go. "
            "Nothing was removed",
            2,
        )
    print(f"{plain.safe(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Stop("nothing was removed")


def print_json(data: object) -> None:
    """Data as one JSON document."""
    print(json.dumps(_plain(data), indent=2, default=str))


def _plain(data: Any) -> Any:
    """``data`` with what JSON does not know made of what it does."""
    if isinstance(data, dict):
        return {str(name): _plain(item) for name, item in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(item) for item in data]
    if isinstance(data, datetime):
        return data.isoformat(timespec="seconds")
    return _plain(vars(data)) if hasattr(data, "__dict__") else data
