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


def forked(order: dict[str, Any]) -> str:
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
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answered = pipe.read()
    os.wait()
    return answered


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
    importlib.import_module("llm_memo.identity.local").is_own_file(pydantic.__file__)  # and reads what is installed
    if "coverage" in sys.modules and (measuring := sys.modules["coverage"].Coverage.current()):
        measuring.save()  # else each child writes the lines of all these imports again
    gc.collect()
    gc.freeze()  # else a collection in the child copies all of it
    for line in sys.stdin:
        print(forked(json.loads(line)), flush=True)


if __name__ == "__main__":
    main()
