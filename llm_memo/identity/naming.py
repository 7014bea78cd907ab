"""What a function is called: the same name for the same function in every process."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Any

from llm_memo.identity.code import cells

MAIN = frozenset({"__main__", "__mp_main__"})
"""The module that was started; `multiprocessing` has another name for it in the processes that it spawns."""


def function_name(function: Callable[..., Any]) -> str:
    """``module.qualname``; in a script or a notebook, its file's name stands for the module.

    So ``__main__`` of ``train.py`` is ``train``, as if it were imported, and functions of the same
    name in two notebooks are two functions.
    """
    while isinstance(function, functools.partial):
        function = function.func
    kind = type(function)
    qualname = getattr(function, "__qualname__", None) or kind.__qualname__
    module = getattr(function, "__module__", None) or kind.__module__
    if module in MAIN:
        module = main_name(getattr(function, "__globals__", {}))
    return f"{module}.{cells.plain(qualname)}"


def main_name(namespace: dict[str, Any]) -> str:
    """What the module of a script or notebook is called where it is imported; ``__main__`` where it has no file."""
    spec = namespace.get("__spec__")
    if spec is not None:
        return str(spec.name).removesuffix(".__main__")  # python -m package.module
    path = (
        namespace.get("__file__")
        or namespace.get("__vsc_ipynb_file__")  # set by VS Code in a notebook's kernel
        or os.environ.get("JPY_SESSION_NAME")  # set by Jupyter's server for a notebook's kernel
        or getattr(sys.modules.get("__main__"), "__file__", None)
    )
    if not path or os.path.basename(path).startswith(("ipykernel_launcher", "<")):
        return "__main__"
    return os.path.splitext(os.path.basename(path))[0]
