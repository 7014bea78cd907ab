"""Runs programs, each in a process of its own that is forked off a warm one.

Reads one JSON order a line, ``{"folder", "cwd", "path", "env", "explain"}``, and answers each with a
line ``{"calls", "output", "warned", "differences", "error"}``. Run by `programs.Lab`; starting an interpreter
and importing numpy for each of hundreds of programs would take minutes.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import resource
import runpy
import sys
import tempfile
import traceback
import warnings
from types import CodeType
from typing import Any

import pydantic

WARM = (
    "joblib", "llm_memo", "llm_memo.adapters.openai", "llm_memo.adapters.pydantic", "llm_memo.adapters.numpy",
    "platformdirs", "filelock", "pydantic", "openai", "IPython.core.interactiveshell", "diskcache", "cachier",
)  # fmt: skip
"""What a program may import, if it is installed."""


SECONDS = 20
"""A program ends after so much time of the processor: a random one may go on for ever."""


class Explained(BaseException):
    """What `explain` says of the first call that a program was about to make; the program ends here."""


def explain_instead() -> None:
    """Have the calls of cached functions explained instead of made."""
    from llm_memo.function import Bound, Unbound

    def explained(function: Any, *args: Any, **kwargs: Any) -> None:
        raise Explained(function.explain(*args, **kwargs).differences)

    for kind in (Unbound, Bound):
        kind.__call__ = explained


def run(order: dict[str, Any]) -> dict[str, Any]:
    """Do what the order says; in the forked process."""
    if order["explain"]:
        explain_instead()
        try:
            run_program(order)
        except Explained as explained:
            return {"differences": explained.args[0], "error": ""}
    warned: list[tuple[str, str]] = []
    warnings.showwarning = lambda message, category, *place: warned.append((category.__name__, str(message)))
    with tempfile.TemporaryFile("w+") as printed:
        os.dup2(printed.fileno(), 1)  # what the program prints is not the answer, but a part of it
        run_program(order)
        sys.stdout.flush()
        printed.seek(0)
        output = printed.read()
    return {"calls": importlib.import_module("memo").calls, "output": output, "warned": warned, "error": ""}


def run_program(order: dict[str, Any]) -> None:
    """Run it as a script, or its cells as a notebook."""
    sys.dont_write_bytecode = True
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    sys.path[:0] = order["path"]
    program = os.path.join(order["folder"], "program.py")
    if os.path.exists(program):
        sys.argv = [program]
        runpy.run_path(program, run_name="__main__")
    else:
        run_cells(order["folder"])


def run_cells(folder: str) -> None:
    """Run ``cell_00.py`` and so on as a notebook would."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance(history_load_length=0)
    shell.history_manager.enabled = False
    for name in sorted(os.listdir(folder)):
        if name.startswith("cell_"):
            with open(os.path.join(folder, name)) as file:
                shell.run_cell(file.read(), store_history=True).raise_error()


class Lines:
    """The lines of the package that forked programs run, told to coverage once by the process that forks them.

    A program that saved for itself would write a file with the name of each module, for 13 ms.
    """

    def __init__(self, measuring: Any) -> None:
        self.measuring = measuring
        self.known: dict[str, set[int]] = {}
        self.new: dict[str, set[int]] = {}
        measuring.stop()
        measuring.save()  # nothing is left then for the children to write
        package = os.path.dirname(importlib.import_module("llm_memo").__file__ or "") + os.sep
        watch = sys.monitoring
        tool, events = watch.COVERAGE_ID, watch.events

        def starts(code: CodeType, _: int) -> object:
            if code.co_filename.startswith(package):
                watch.set_local_events(tool, code, events.LINE)
            return watch.DISABLE

        def runs(code: CodeType, line: int) -> object:
            if line not in self.known.get(code.co_filename, ()):
                self.new.setdefault(code.co_filename, set()).add(line)
            return watch.DISABLE

        watch.use_tool_id(tool, "zygote")
        watch.register_callback(tool, events.PY_START, starts)
        watch.register_callback(tool, events.LINE, runs)
        watch.set_events(tool, events.PY_START)
        watch.restart_events()  # what coverage has seen start is looked at again

    def told(self, lines: dict[str, list[int]]) -> None:
        """Know of what a program ran."""
        for name, numbers in lines.items():
            self.known.setdefault(name, set()).update(numbers)

    def save(self) -> None:
        """Tell coverage of all."""
        self.measuring.get_data().add_lines(self.known)


def forked(order: dict[str, Any], lines: Lines | None) -> str:
    """The answer of a process that does what the order says."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(reading)
        os.dup2(2, 1)
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        try:
            answer = run(order)
        except BaseException:
            answer = {"calls": -1, "error": traceback.format_exc()}
        if lines:
            answer["lines"] = {name: [*numbers] for name, numbers in dict(lines.new).items()}
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answered = pipe.read()
    os.wait()
    if lines and answered:
        lines.told(json.loads(answered).pop("lines"))
    return answered


def warm_up() -> None:
    """Do once what any first call does, as far as it is the same in each process."""
    importlib.import_module("importlib.resources.readers")
    importlib.import_module("llm_memo.identity.local").is_own_file(pydantic.__file__)  # reads what is installed
    importlib.import_module("llm_memo.identity.code.analysis").analysis(main)  # and what it itself is
    preview = importlib.import_module("llm_memo.identity.preview")
    preview.is_secret("a name")
    preview.redacted("https://a.example/?q=a")


def main() -> None:
    """Serve until the orders end."""
    for name in WARM:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    for name in ("identity", "stores", "codec"):  # what is imported late would be in each process anew
        package = importlib.import_module(f"llm_memo.{name}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    warm_up()
    measuring = sys.modules["coverage"].Coverage.current() if "coverage" in sys.modules else None
    lines = Lines(measuring) if measuring and sys.version_info >= (3, 12) else None
    gc.collect()
    gc.freeze()  # else a collection in the child copies all of it
    for line in sys.stdin:
        print(forked(json.loads(line), lines), flush=True)
    if lines:
        lines.save()


if __name__ == "__main__":
    main()
