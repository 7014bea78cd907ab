"""Whose code is this: one's own, which is followed, or an installed package's, which counts by its name only."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import site
import sys
import types
from typing import Any

from llm_memo.identity.quiet import class_has, code_attribute, is_a, is_c_class
from llm_memo.settings import SCOPES

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_own: set[str] = set()
"""Top-level packages that are the user's own wherever they lie."""


def add_own(package: str) -> None:
    """Count a top-level package as the user's own: its code applies the decorator, or the user says so."""
    top = package.partition(".")[0]
    if top and top != "llm_memo":
        _own.add(top)


def is_own(thing: Any) -> bool:
    """Whether a module, a function or a class is the user's own."""
    if is_a(thing, types.FunctionType):  # its __module__ may be that of a function that it wraps
        name = thing.__globals__.get("__name__", "")
    elif is_a(thing, types.ModuleType):
        name = vars(thing).get("__name__")
    elif is_a(thing, type):
        name = type.__getattribute__(thing, "__module__")
        if name == "types" and vars(types).get(thing.__name__) is not thing:
            return True  # of `types.new_class` and what calls it: they name no module
        if not isinstance(name, str) or not is_own_module(name):
            return False
        # Its C code may name no module, or one that only Cython knows.
        return getattr(sys.modules.get(name), "__file__", None) is not None or not is_c_class(thing)
    elif class_has(type(thing), "__llm_memo_function__"):
        return is_own(thing.__llm_memo_function__()[0])
    else:
        name = code_attribute(thing, "__module__", type.__getattribute__(type(thing), "__module__"))
    return isinstance(name, str) and is_own_module(name)


def is_own_module(name: str) -> bool:
    """Whether the module ``name`` is the user's own: a script, a notebook, a project's package.

    Installed are the standard library, everything under a ``site-packages``, what an installer put elsewhere (``pip
    install --target``) and llm_memo itself. A distribution that was installed from a local folder (PEP 610), a package
    that applies the decorator or that ``configure(own_packages=…)`` names, and a module without a file (a cell,
    ``exec``) are the user's own.
    """
    if name == "builtins":  # the module of most values
        return False
    top = name.partition(".")[0]
    if top in _own or top in SCOPES.configured.get("own_packages", ()) or name in ("__main__", "__mp_main__"):
        return True  # also under ``python -m``, where an installed tool runs the user's code
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None and top in sys.stdlib_module_names:
        return False  # built in
    return is_own_file(file)


@functools.lru_cache(maxsize=4096)
def is_own_file(path: str | None) -> bool:
    """Whether the code in the file ``path`` is the user's own; None, for no file, is."""
    if path is None or path.startswith("<"):
        return True
    path = os.path.abspath(path)
    if path.startswith(_installed_folders()) or not _PACKAGES.isdisjoint(path.split(os.sep)):
        return _is_from_a_local_folder(path)
    folders = [folder for folder in _import_folders(*sys.path) if path.startswith(folder)]
    return not any(path[len(folder) :].replace(os.sep, "/") in _installed_in(folder) for folder in folders)


_PACKAGES = {"site-packages", "dist-packages"}


def _is_from_a_local_folder(path: str) -> bool:
    """Whether a file under ``site-packages`` came from a folder of the user's (``pip install .``, see PEP 610)."""
    for name in _PACKAGES:
        folder, found, rest = path.rpartition(f"{os.sep}{name}{os.sep}")
        if found:
            top = rest.split(os.sep)[0].removesuffix(".py")
            return top != "llm_memo" and top in _local_packages(os.path.join(folder, name))
    return False


@functools.lru_cache(maxsize=64)
def _local_packages(folder: str) -> frozenset[str]:
    """The top-level packages in a ``site-packages`` that were installed from a local folder."""
    found: set[str] = set()
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            url = os.path.join(folder, name, "direct_url.json")
            if name.endswith(".dist-info") and os.path.exists(url):
                with contextlib.suppress(OSError, ValueError), open(url, encoding="utf-8") as file:
                    if "dir_info" in json.load(file):
                        files = _files_of(os.path.join(folder, name, "RECORD"))
                        found.update(each.split("/")[0].removesuffix(".py") for each in files)
    return frozenset(found)


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
    from llm_memo.runtime import python

    known = (*python.STANDARD_LIBRARY, *python.PACKAGES)
    packages = (*site.getsitepackages(), site.getusersitepackages(), _PACKAGE)
    return tuple(
        os.path.join(real, "")
        for folder in (*known, *packages)
        if folder
        for real in {os.path.abspath(folder), os.path.realpath(folder)}
    )
