"""``%llm_memo``: the cached functions of a notebook, listed, cleared, explained and watched.

::

    %llm_memo                               the cached functions here, and the folder
    %llm_memo info [FUNCTION]               one function: settings, entries, counts; none: the folder
    %llm_memo entries [FUNCTION]            its kept answers; none: all of the folder [--text fox]
                                            [--model gpt-5*] [--older-than 7d] [--newer-than 1h] [--stale-code]
    %llm_memo clear FUNCTION | --all        remove them; the same conditions, and [--dry-run]
    %llm_memo policy [POLICY]               the effective policy; with one, make it so
    %llm_memo explain FUNCTION(ARGUMENTS)   why this call would hit or miss
    %llm_memo watch on|off                  under each cell, what became of its calls
    %llm_memo help                          this, as ?, --help and %llm_memo? do

    %%llm_memo POLICY [FUNCTION …]          for one cell; %%llm_memo writeOnly refreshes what it calls
"""

from __future__ import annotations

import argparse
import ast
import re
import shlex
import textwrap
from collections.abc import Callable
from typing import Any, NoReturn

from IPython.core.error import UsageError

from llm_memo.cache import Cache
from llm_memo.display import amounts, plain
from llm_memo.display.sheet import Cell, Note, Sheet, Span, joined
from llm_memo.display.shown import Shown, shows
from llm_memo.entries import Entries
from llm_memo.errors import MemoError
from llm_memo.notebook.live import cached_functions, is_cached_function
from llm_memo.notebook.watch import Watch
from llm_memo.policies import CachePolicy
from llm_memo.selection import conditions
from llm_memo.settings import EffectiveSettings, cache_policy, configure
from llm_memo.views.calls import functions_sheet, memo_of
from llm_memo.views.folder import shown_path

_COMMANDS = ("info", "entries", "clear", "policy", "explain", "watch", "help")
_CONDITIONS = ("--text", "--model", "--older-than", "--newer-than", "--stale-code")
_POLICIES = tuple(map(str, CachePolicy))
_HELPS = ("help", "?", "--help", "-h")
_HELP = textwrap.dedent(str(__doc__).partition("::\n\n")[2]).rstrip()
_CELL = re.compile(r"%%llm_memo\b(.*)")


def load(ipython: Any) -> None:
    """Give IPython the magic; once is enough."""
    if _loaded(ipython) is None:
        Magic(ipython).install()


def unload(ipython: Any) -> None:
    """Take it away again."""
    magic = _loaded(ipython)
    if magic is not None:
        magic.remove()


def _loaded(ipython: Any) -> Magic | None:
    found = ipython.find_line_magic("llm_memo")
    owner = getattr(found, "__self__", None)
    return owner if isinstance(owner, Magic) else None


class Overview(Shown):
    """The cached functions of a namespace, and the folder that calls use here.

    Args:
        functions: The functions, by the names that reach them.
        cache: The folder.
    """

    def __init__(self, functions: dict[str, Any], cache: Cache) -> None:
        self.functions = functions
        self.cache = cache

    def __repr__(self) -> str:
        return plain.rendered(overview_sheet(self))


@shows(Overview)
def overview_sheet(overview: Overview) -> Sheet:
    """A row for each function, and a line about the folder."""
    sheet = functions_sheet(overview.functions)
    _, functions, entries, size = overview.cache.info()
    folder: list[Cell] = [
        Span("folder"),
        Span(shown_path(overview.cache.path), "data"),
        amounts.count(functions, "function"),
        amounts.count(entries, "entry"),
        amounts.size(size),
    ]
    return Sheet(sheet.title, (*sheet.blocks, Note(joined(folder))))


class Magic:
    """The magic of one IPython.

    Args:
        ipython: The shell.
    """

    def __init__(self, ipython: Any) -> None:
        self.ipython = ipython
        self.watch = Watch(ipython)
        self._blocks: list[cache_policy] = []

    def install(self) -> None:
        """Begin to listen."""
        self.ipython.register_magic_function(self.run, "line_cell", "llm_memo")
        self.ipython.input_transformers_cleanup.append(self.transform)
        self.ipython.events.register("post_execute", self.end_cell)
        for key in ("%llm_memo", "%%llm_memo"):
            self.ipython.set_hook("complete_command", self.complete, str_key=key)

    def remove(self) -> None:
        """Listen no more."""
        self.watch.off()
        self.end_cell()
        self.ipython.input_transformers_cleanup.remove(self.transform)
        self.ipython.events.unregister("post_execute", self.end_cell)
        for kind in ("line", "cell"):
            del self.ipython.magics_manager.magics[kind]["llm_memo"]

    def run(self, line: str, cell: str | None = None) -> Any:
        """What the magic does with a line, and with a cell that another magic passes on."""
        command, _, rest = line.strip().partition(" ")
        if cell is None and (command in _HELPS or rest.strip() in _HELPS):
            print(_HELP)
            return None
        try:
            if cell is not None:
                with self._block(line):
                    self.ipython.ex(self.ipython.transform_cell(cell))
                return None
            do = getattr(self, f"do_{command or 'overview'}", None)
            if do is None:
                raise UsageError(f"%llm_memo {command}: no such command; there are {', '.join(_COMMANDS)}")
            return do(rest.strip())
        except (MemoError, OSError) as fault:
            magic = f"%llm_memo {command}".rstrip() if cell is None and command != "cell" else "%%llm_memo"
            raise UsageError(f"{magic}: {fault}") from None

    # For one cell

    def transform(self, lines: list[str]) -> list[str]:
        """Make ``%%llm_memo POLICY`` a first line that opens a block, so that the cell can ``await``."""
        match = _CELL.match(lines[0]) if len(lines) > 1 else None
        if match is None:
            return lines
        return [f"get_ipython().run_line_magic('llm_memo', {'cell ' + match[1].strip()!r})\n", *lines[1:]]

    def do_cell(self, rest: str) -> None:
        """Open a block that ends with the cell."""
        block = self._block(rest)
        block.__enter__()
        self._blocks.append(block)

    def end_cell(self) -> None:
        """Close the blocks that the cell has opened."""
        while self._blocks:
            self._blocks.pop().__exit__(None, None, None)

    def _block(self, line: str) -> cache_policy:
        policy, *functions = line.split() or [""]
        return cache_policy(CachePolicy(policy), *map(self._function, functions))

    run.__doc__ = _HELP

    # The commands

    def do_overview(self, rest: str) -> Overview:
        """The cached functions here, and the folder."""
        return Overview(self._functions(), Cache())

    def do_info(self, rest: str) -> Any:
        """A function, or the folder; its form says it all."""
        return self._function(rest) if rest else Cache()

    def do_entries(self, rest: str) -> Any:
        """The kept answers of a function, or of all."""
        parser = _Parser("%llm_memo entries")
        parser.add_argument("function", nargs="?")
        options = parser.parse_args(_words(rest))
        return self._chosen(options.function, lambda cache, function: _entries(cache, function, options))

    def do_clear(self, rest: str) -> None:
        """Remove entries, and say how many went."""
        parser = _Parser("%llm_memo clear")
        parser.add_argument("function", nargs="?")
        parser.add_argument("--all", action="store_true")
        parser.add_argument("--dry-run", action="store_true")
        options = parser.parse_args(_words(rest))
        if (options.function is None) != options.all:
            raise UsageError("%llm_memo clear: name a function, or say --all for every function in the folder")
        went = self._chosen(
            options.function,
            lambda cache, function: cache.clear(function, **conditions(options), dry_run=options.dry_run),
        )
        count, size = amounts.count(went.entries, "entry"), amounts.size(went.bytes)
        print(f"would remove {count}, {size}" if options.dry_run else f"{count} cleared, {size}")

    def _chosen(self, name: str | None, do: Callable[[Cache, Any], Any]) -> Any:
        """``do(folder, function)`` of the named function or, without a name, of the folder that calls use here."""
        if name is None:
            return do(Cache(), None)
        function = self._function(name)
        return do(Cache(memo_of(function).settings.now().cache_dir, missing_ok=True), function)

    def do_policy(self, rest: str) -> None:
        """Give a policy to the whole process, and say which is."""
        if rest:
            configure(policy=CachePolicy(rest))
        policy, scope = EffectiveSettings({}, None, {}).sources()["policy"]
        print(f"policy {policy}, from {scope}" if scope != "default" else f"policy {policy}, the default")

    def do_explain(self, rest: str) -> Any:
        """Why a call would hit or miss; ``rest`` is the call as Python."""
        try:
            call = ast.parse(rest, mode="eval").body
        except SyntaxError:
            call = None
        if not isinstance(call, ast.Call):
            raise UsageError('%llm_memo explain: write the call, such as %llm_memo explain summarize("text")')
        function = self._evaluated(call.func)
        if not is_cached_function(function):
            raise UsageError(f"%llm_memo explain: {ast.unparse(call.func)} is not a cached function")
        call.func = ast.Attribute(call.func, "explain", ast.Load())
        return self._evaluated(call)

    def do_watch(self, rest: str) -> None:
        """Begin or end to say under each cell what became of its calls."""
        if rest not in ("on", "off"):
            raise UsageError("%llm_memo watch: say on or off")
        (self.watch.on if rest == "on" else self.watch.off)()

    # Names

    def complete(self, _: Any, event: Any) -> list[str]:
        """Commands, then what they take; nothing once the magic is gone."""
        if _loaded(self.ipython) is not self:
            return []
        first, *words = event.text_until_cursor.split()
        if not event.text_until_cursor.endswith(" "):
            words = words[:-1]
        if first == "%%llm_memo":
            return [*(self._functions() if words else _POLICIES)]
        if not words:
            return list(_COMMANDS)
        after: dict[str, Callable[[], list[str]]] = {
            "policy": lambda: list(_POLICIES),
            "watch": lambda: ["on", "off"],
            "explain": lambda: [f"{name}(" for name in self._functions()],
            "entries": lambda: [*self._functions(), *_CONDITIONS],
            "clear": lambda: [*self._functions(), "--all", *_CONDITIONS, "--dry-run"],
        }
        return after.get(words[0], lambda: list(self._functions()))()

    def _functions(self) -> dict[str, Any]:
        return cached_functions(self.ipython.user_ns)

    def _function(self, name: str) -> Any:
        functions = self._functions()
        if name in functions:
            return functions[name]
        for function in functions.values():
            if memo_of(function).name == name:
                return function
        if all(map(str.isidentifier, name.split("."))):  # an instance's method, for example
            try:
                function = self._evaluated(ast.parse(name, mode="eval").body)
            except UsageError:
                function = None
            if is_cached_function(function):
                return function
        raise UsageError(f"{name!r} is not a cached function; there are {', '.join(functions) or 'none yet'}")

    def _evaluated(self, expression: ast.expr) -> Any:
        code = compile(ast.fix_missing_locations(ast.Expression(expression)), "<%llm_memo>", "eval")
        try:
            return eval(code, self.ipython.user_global_ns, self.ipython.user_ns)
        except Exception as fault:
            raise UsageError(f"{type(fault).__name__}: {fault}") from None


class _Parser(argparse.ArgumentParser):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, add_help=False, allow_abbrev=False)
        for option in _CONDITIONS[:-1]:
            self.add_argument(option)
        self.add_argument(_CONDITIONS[-1], action="store_true")

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}")


def _entries(cache: Cache, function: Any, options: argparse.Namespace) -> Entries:
    found = cache.entries(function, **conditions(options))
    return found if function is None else Entries(found, memo_of(function).settings.now().ttl)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as fault:
        raise UsageError(f"%llm_memo: {fault}") from None
