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
    if name in ("__main__", "__mp_main__"):
        return True  # also under ``python -m``, where an installed tool runs the user's code
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None and str(name).partition(".")[0] in sys.stdlib_module_names:
        return False  # built in
    return is_local_file(file)


@functools.lru_cache(maxsize=4096)
def is_local_file(path: str | None) -> bool:
    """Whether the code in the file ``path`` is the user's own; None, for no file, is."""
    if path is None or path.startswith("<"):
        return True
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
