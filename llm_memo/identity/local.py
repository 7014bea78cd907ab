"""Whose code is this: the user's own, or an installed package's, which counts by its name only."""

from __future__ import annotations

import functools
import os
import site
import sys
import sysconfig

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def is_local_module(name: str) -> bool:
    """Whether the module ``name`` is the user's own: a script, a notebook, a project's package.

    The standard library, everything under a ``site-packages`` and llm_memo itself are installed;
    a module without a file (a cell, ``exec``) is the user's own.
    """
    if name.partition(".")[0] in sys.stdlib_module_names:
        return name == "__main__"
    module = sys.modules.get(name)
    return is_local_file(getattr(module, "__file__", None))


@functools.lru_cache(maxsize=4096)
def is_local_file(path: str | None) -> bool:
    """Whether the code in the file ``path`` is the user's own; None, for no file, is."""
    if path is None or path.startswith("<"):
        return True
    if path.startswith("/") is False and path.startswith("frozen"):
        return False
    return not os.path.abspath(path).startswith(_installed_folders())


@functools.cache
def _installed_folders() -> tuple[str, ...]:
    schemes = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    packages = (*site.getsitepackages(), site.getusersitepackages(), _PACKAGE)
    return tuple(
        os.path.join(real, "")
        for folder in (*schemes, *packages)
        if folder
        for real in {os.path.abspath(folder), os.path.realpath(folder)}
    )
