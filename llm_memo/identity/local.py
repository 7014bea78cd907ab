"""Whose code is this: the user's own, or an installed package's, which counts by its name only."""

from __future__ import annotations

import contextlib
import functools
import os
import site
import sys
import sysconfig

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def is_local_module(name: str) -> bool:
    """Whether the module ``name`` is the user's own: a script, a notebook, a project's package.

    The standard library, everything under a ``site-packages``, what an installer put elsewhere (``pip install
    --target``) and llm_memo itself are installed; a module without a file (a cell, ``exec``) is the user's own.
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
    path = os.path.abspath(path)
    if path.startswith(_installed_folders()) or not _PACKAGES.isdisjoint(path.split(os.sep)):
        return False
    folders = [folder for folder in _import_folders(*sys.path) if path.startswith(folder)]
    return not any(path[len(folder) :].replace(os.sep, "/") in _installed_in(folder) for folder in folders)


_PACKAGES = {"site-packages", "dist-packages"}


@functools.lru_cache(maxsize=8)
def _import_folders(*entries: str) -> list[str]:
    return [os.path.join(os.path.abspath(entry), "") for entry in entries]


@functools.lru_cache(maxsize=256)
def _installed_in(folder: str) -> frozenset[str]:
    """The files that an installer put into a folder of its own choice, by their paths in it.

    Each package that is installed there has a list of its files, ``<name>.dist-info/RECORD`` (PEP 376).
    """
    names: set[str] = set()
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if name.endswith(".dist-info"):
                names.update(_files_of(os.path.join(folder, name, "RECORD")))
    return frozenset(names)


def _files_of(record: str) -> list[str]:
    import csv

    try:
        with open(record, encoding="utf-8", errors="replace", newline="") as lines:
            return [line[0] for line in csv.reader(lines) if line]
    except OSError:
        return []


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
