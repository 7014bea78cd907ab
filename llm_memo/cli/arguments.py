"""The command line: its commands, their options, and what ``--help`` teaches."""

from __future__ import annotations

import argparse
import difflib
import itertools
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from llm_memo import __version__
from llm_memo.cli import completion, keys, looking, removing, serving
from llm_memo.errors import InvalidOption
from llm_memo.options import byte_count
from llm_memo.selection import age

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
  llm-memo ls --text fox                 those with a fox in question or answer
  llm-memo show 3f2a                     one of them, by its key's beginning
  llm-memo show 3f2a --answer | less     only what the model said
  llm-memo info                          what each function keeps and cost
  llm-memo clear summarize --stale-code  drop what earlier code was answered
  llm-memo forget 3f2a                   drop one of them
  llm-memo prune --max-bytes 1GB         drop what was used longest ago
  llm-memo export summarize > out.jsonl  questions and answers, a line each
  llm-memo key                           where the key is that seals answers
  llm-memo serve --upstream https://api.openai.com   cache cURL, NodeJS, …
  llm-memo ls --json | jq '.[].model'    everything as data
  eval "$(llm-memo completion bash)"     Tab knows commands and functions

exit codes: 0 done; 1 nothing found, or something is wrong; 2 not understood,
or nobody there to confirm.
"""


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """What the command line says; ``run`` is the command.

    Without a command, and for ``--help``, help is printed and the process ends; so it does with the exit code
    2, and what may have been meant, if it is not understood.
    """
    argv = sys.argv[1:] if argv is None else argv
    root = parser()
    if not argv:
        root.print_help()
        root.exit()
    before = itertools.takewhile(lambda word: word not in root.commands, argv)
    names = (word.partition("=")[0] for word in before if word.startswith("--"))
    root.mistyped = next((name for name in names if not any(each.startswith(name) for each in root.words)), "")
    options, unknown = root.parse_known_args(argv)
    if unknown:
        command: _Parser = options.parser
        command.error(f"unrecognized arguments: {' '.join(unknown)}")
    return options


class _Parser(argparse.ArgumentParser):
    """Knows its words, and says which may have been meant by one that it does not know."""

    def __init__(self, **options: Any) -> None:
        self.commands: dict[str, _Parser] = {}
        self.takes_functions = False
        self.words: dict[str, str] = {}
        """The options, or of the whole command line the commands, and what they do."""
        self.mistyped = ""
        """An option that there is not, before the command, the value of which is no command."""
        super().__init__(**options)

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        """Add an argument as ever, and note an option's names."""
        self.words.update((name, options.get("help", "")) for name in names if name.startswith("-"))
        return super().add_argument(*names, **options)

    def error(self, message: str) -> NoReturn:
        if self.mistyped:
            message = f"unrecognized arguments: {self.mistyped}"
        unknown = re.search(r"(invalid choice|unrecognized arguments): '?([\w-]+)", message)
        if unknown is not None:
            what, word = unknown.groups()
            close = difflib.get_close_matches(word, self.words, n=1)
            meant = _OTHER_WORDS.get(word) or (close[0] if close else "")
            message = f"{what}: {word}" + f"; did you mean {meant}?" * bool(meant) + f"\nSee {self.prog} --help"
        self.exit(2, f"llm-memo: {message}\n")


_OTHER_WORDS = {
    "list": "ls", "search": "ls --text", "find": "ls --text", "grep": "ls --text", "get": "show", "cat": "show",
    "view": "show", "stats": "info", "status": "info", "remove": "forget", "delete": "forget", "del": "forget",
    "gc": "prune", "check": "verify", "where": "path", "dump": "export", "--limit": "-n", "--search": "--text",
    "--force": "--yes", "-f": "--yes", "--stale": "--stale-code",
}  # fmt: skip
"""What other programs call it → what it is called here."""


def parser() -> _Parser:
    """The whole command line."""
    root = _Parser(
        prog="llm-memo", description=_ABOUT, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    root.add_argument("--version", action="version", version=f"llm-memo {__version__}")
    root.add_argument("--cache-dir", metavar="DIR", help="the folder, instead of the one that calls use here")
    commands = root.add_subparsers(title="commands", metavar="COMMAND", required=True)

    ls = _command(commands, "ls", looking.ls, "list entries, the latest first", _LS)
    _selecting(ls)
    ls.add_argument("-n", type=_number, metavar="N", help="at most N entries")
    ls.add_argument("--all", action="store_true", help=f"all, also in a terminal (else {looking.IN_TERMINAL})")

    show = _command(commands, "show", looking.show, "show one entry, with its answer", _SHOW)
    show.add_argument("key", metavar="KEY", help=_KEY)
    show.add_argument("--answer", action="store_true", help="print the answer's text and nothing else")

    _command(commands, "info", looking.info, "what each function keeps, and what it cost")

    export = _command(commands, "export", looking.export, "questions and answers as JSON lines", _EXPORT)
    _selecting(export)
    export.add_argument("-o", "--output", metavar="FILE", help="write to this file; default: print")

    clear = _command(commands, "clear", removing.clear, "remove entries", _CLEAR)
    _selecting(clear)
    _confirmed(clear)

    forget = _command(commands, "forget", removing.forget, "remove single entries", _FORGET, aliases=["rm"])
    forget.add_argument("key", metavar="KEY", nargs="+", help=_KEY)
    _confirmed(forget)

    prune = _command(commands, "prune", removing.prune, "remove what was used longest ago", _PRUNE)
    prune.add_argument("--max-bytes", type=_size, metavar="SIZE", help="keep at most this much: 500MB, 1GB")
    prune.add_argument("--max-entries", type=_number, metavar="N", help="keep at most N entries")
    prune.add_argument("--older-than", type=_age, metavar="AGE", help="remove what was last used this long ago")
    _confirmed(prune)

    _command(commands, "verify", removing.verify, "check every entry's seal", _VERIFY)
    key = _command(commands, "key", keys.key, "the key that seals entries", _SEAL_KEY)
    key.add_argument("action", nargs="?", choices=keys.ACTIONS, default="show", help="what to do; default: show")
    key.words.update(dict.fromkeys(keys.ACTIONS, ""))
    _command(commands, "path", looking.path, "print where the folder is")
    _command(commands, "functions", looking.functions, "print the names of the functions with entries")

    shell = commands.add_parser("completion", help="print what makes Tab work in a shell", description=_COMPLETION)
    shell.add_argument("shell", choices=sorted(completion.SHELLS), help="the shell")
    shell.words.update(dict.fromkeys(completion.SHELLS, ""))
    shell.set_defaults(run=_completion, parser=shell)

    _serving(commands)

    demo = commands.add_parser("demo", help="see what it does, on a real model or a local one", description=_DEMO)
    demo.add_argument("--model", metavar="NAME", help="the model to ask")
    demo.set_defaults(run=_demo, parser=demo)

    root.commands = {name: command for name, command in commands.choices.items() if name != "rm"}
    root.words.update(dict.fromkeys(root.commands, ""))
    return root


_FUNCTION = "a name, its last parts or its first (summarize, project), or a pattern ('project.*'); default: all"
_KEY = "its key, or enough of the beginning to tell it from others"
_LS = """\
List entries, the latest first. In a terminal: a table. In a pipe: a line an
entry, in full, with tabs between key, time, function, model, tokens, bytes,
arguments, and "earlier code" where a function has entries of later code.
"""
_SHOW = "Show one entry: its arguments, its answer, what it cost, and what its key is made of."
_EXPORT = """\
Print entries as JSON, a document a line: function, arguments (up to 4,000
characters each), the answer as data and as text, model, tokens and more.
"""
_FORGET = "Remove single entries. Asks before it removes, unless --yes."
_COMPLETION = """\
Print a script that makes Tab complete commands, options and functions:
eval "$(llm-memo completion bash)" in ~/.bashrc, the same with zsh in ~/.zshrc;
llm-memo completion fish > ~/.config/fish/completions/llm-memo.fish
"""
_CLEAR = """\
Remove entries: of some functions or of all, all of them or only some. They are
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
_SEAL_KEY = """\
Entries are sealed with LLM_MEMO_KEY, or with a key file in your config folder,
and read with these and with those in LLM_MEMO_OLD_KEYS (separated by commas).

  llm-memo key         which keys there are, and what of the folder they read
  llm-memo key new     print a new one, for LLM_MEMO_KEY
  llm-memo key seal    seal the folder anew, with the key that is now the first

Before a folder moves to another machine or container, or is shared:
  export LLM_MEMO_KEY=$(llm-memo key new); llm-memo key seal
"""
_SERVE = """\
A local proxy before a model API: point a client at it, and the same request is
answered from the cache. A line is printed for each. http://127.0.0.1:8765/ shows
what was saved. Needs: pip install 'llm_memo[serve]'
"""
_SERVE_MORE = """\
A request may say op-cache: readWrite|readOnly|writeOnly|off|replay|true|false,
llm-memo-ttl: 1w, llm-memo-sample: 2, or in its body "openpipe": {"cache": …}.
The answer says x-llm-memo: hit|miss|refresh|bypass|stale, and age in seconds.
What is no request to a model passes. API keys pass, and are nowhere kept; each
has its own answers, unless --shared. Ctrl-C finishes the answers under way, a
second one ends at once.

  llm-memo serve --upstream https://api.openai.com --ttl 1w
  llm-memo serve --upstream openai=https://api.openai.com \\
                 --upstream anthropic=https://api.anthropic.com
"""
_DEMO = """\
Ask a few questions twice. With OPENAI_API_KEY or OPENAI_BASE_URL set, asks that
model; else a small server in this process. Uses a cache folder of its own,
which goes away with it.
"""


def _command(
    commands: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    more: str | None = None,
    aliases: Iterable[str] = (),
) -> _Parser:
    command: _Parser = commands.add_parser(
        name,
        help=summary,
        description=more or f"{summary[0].upper()}{summary[1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        aliases=aliases,
    )
    command.set_defaults(run=run, parser=command)
    command.add_argument("--cache-dir", metavar="DIR", default=argparse.SUPPRESS, help="the folder")
    command.add_argument("--json", action="store_true", help="print JSON")
    return command


def _selecting(command: _Parser) -> None:
    """Let a command take functions, and conditions for entries."""
    command.takes_functions = True
    command.add_argument("function", nargs="*", metavar="FUNCTION", help=_FUNCTION)
    command.add_argument("--text", metavar="TEXT", help="only those with this text in the arguments or the answer")
    command.add_argument("--model", metavar="NAME", help="only those of this model, or of a pattern: 'gpt-5*'")
    command.add_argument(
        "--older-than", type=_age, metavar="AGE", help="only those of at least this age: 90s, 15m, 12h, 7d, 1w"
    )
    command.add_argument("--newer-than", type=_age, metavar="AGE", help="only those that are younger")
    command.add_argument(
        "--stale-code", action="store_true", help="only those of other code than each function's latest"
    )


def _serving(commands: Any) -> None:
    serve: _Parser = commands.add_parser(
        "serve",
        help="a local proxy that caches requests to models",
        description=_SERVE,
        epilog=_SERVE_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    serve.set_defaults(run=serving.serve, parser=serve)
    add = serve.add_argument
    add("--upstream", metavar="[NAME=]URL", action="append", required=True, help="a model API; NAME: the paths /NAME/…")
    add("--policy", metavar="POLICY", help="readWrite, readOnly, writeOnly, off or replay")
    add("--ttl", metavar="AGE", help="how old an answer may be: 12h, 7d, 1w; default: any age")
    add("--host", metavar="ADDRESS", default="127.0.0.1", help="where to listen; default: 127.0.0.1")
    add("--port", metavar="PORT", type=_port, default=8765, help="default: 8765; 0: one that is free")
    add("--uds", metavar="PATH", help="listen on a Unix socket instead, of mode 0600")
    add("--token", metavar="TOKEN", help="what every request must say in the header llm-memo-token")
    add("--shared", action="store_true", help="let callers with different API keys share answers")
    add("--allow-host", metavar="NAME", action="append", default=[], help="let in requests with this Host, too")
    add("--allow-origin", metavar="ORIGIN", action="append", default=[], help="let in pages of https://…, too")
    add("--cache-dir", metavar="DIR", default=argparse.SUPPRESS, help="the folder")
    add("--ca", metavar="FILE", help="the certificates to trust, instead of the known ones")
    add("--timeout", metavar="AGE", default="600s", help="how long the upstream may be silent: then 504; default: 600s")
    add("--stale-if-error", action="store_true", help="answer with an expired answer where the upstream fails")
    add("--grace", metavar="AGE", default="60s", help="how long answers may take once it is to stop; default: 60s")


def _confirmed(command: _Parser) -> None:
    command.add_argument("--dry-run", action="store_true", help="remove nothing, tell what would go")
    command.add_argument("-y", "--yes", action="store_true", help="do not ask")


def _completion(options: argparse.Namespace) -> int:
    commands = {
        name: completion.Command(str(command.description).partition("\n")[0], command.words, command.takes_functions)
        for name, command in parser().commands.items()
    }
    print(completion.SHELLS[options.shell](commands), end="")
    return 0


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


def _port_number(text: str) -> int:
    port = _whole(text)
    if port > 65_535:
        raise InvalidOption(f"{text} is not a port: 0 to 65535")
    return port


_port = _checked(_port_number)
_size = _checked(lambda text: byte_count("SIZE", text))
_number = _checked(_whole)
_age = _checked(lambda text: age("AGE", text))
