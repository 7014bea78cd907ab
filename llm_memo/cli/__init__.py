"""``llm-memo``: a cache folder from the terminal.

In a terminal, tables fit its width; in a pipe, ``ls`` writes every entry in full, and ``--json``
gives the same as data. Looking at entries neither runs nor imports the user's code.
"""

from __future__ import annotations

import os
import sys
import warnings

from llm_memo.cli.arguments import parse
from llm_memo.cli.talk import Stop, say
from llm_memo.errors import InvalidOption, MemoError
from llm_memo.selection import NotHere


def main(argv: list[str] | None = None) -> int:
    """Do what the command line says.

    Args:
        argv: The command line after the program's name; None for this process's own.

    Returns:
        0: done; 1: nothing found, or something is wrong; 2: not understood, or nobody there to confirm;
        130: interrupted.
    """
    options = parse(argv)
    for stream in (sys.stdout, sys.stderr):
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: say(f"warning: {message}")
            code: int = options.run(options)
            sys.stdout.flush()
            return code
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print(file=sys.stderr)  # the shell's prompt begins a line of its own
        return 130
    except Stop as stop:
        say(str(stop))
        return stop.code
    except InvalidOption as fault:
        say(str(fault))
        return 1 if isinstance(fault, NotHere) else 2
    except (MemoError, OSError) as fault:
        say(str(fault))
        return 1
