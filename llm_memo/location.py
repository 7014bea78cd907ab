"""Where answers live when nobody says, and where the user's own files are.

The default folder is decided once per process, so that ``os.chdir`` moves nothing::

    the project of the script that was started          python train.py, python -m project.train
      └ no script, or an installed launcher             a REPL, pytest, a kernel, celery, uvicorn
          → the project of the working directory at first use
    a process without a script that gets a pickled function: the folder of the process that sent it

A project is the nearest parent folder with ``.git``, ``pyproject.toml`` or ``setup.cfg``. Outside of
any, or where nothing can be made in it, the user's cache folder serves, and without a home folder
one in the temporary directory.
"""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import stat
import sys
from collections.abc import Callable
from typing import Any, Literal

from llm_memo.errors import InvalidOption, StoreError

PROCESS = secrets.token_hex(8)
"""Tells this process, and those that it forks, from every other."""
_FOLDER = ".llm_memo"
_MARKERS = (".git", "pyproject.toml", "setup.cfg")
_IDE_RUNNERS = ("_jb_", "pydevconsole", "pydevd", "vscode_pytest")
"""How the files begin with which PyCharm and VS Code start tests and consoles; they lie in the IDE's own folder."""


class _Decided:
    """What is decided once in this process."""

    default: str | None = None
    """The default folder."""
    variable: tuple[str, str] = ("", "")
    """What ``LLM_MEMO_DIR`` was when it was last looked at, and the absolute path that it stood for then."""


def folder(given: str | None, default: str | None = None) -> str:
    """The absolute path of the cache folder ``given``, or of the default one.

    Args:
        given: An absolute path; None if nobody gave one.
        default: The default folder of the process that a function came from; None: this process's own.

    Raises:
        StoreError: A file is in its place.
    """
    found = os.path.normpath(given or default or default_folder())
    try:
        is_file = not stat.S_ISDIR(os.stat(found).st_mode)
    except (OSError, ValueError):
        is_file = False
    if is_file:
        raise StoreError(f"cache_dir {found} is a file; give the path of a folder, or remove the file")
    return found


def absolute(given: str) -> str:
    """The path ``given``, ``~`` expanded, against the working directory of this moment.

    Raises:
        InvalidOption: There is no home folder for ``~``, or no working directory for a relative path.
    """
    path = os.path.expanduser(given)
    if path.startswith("~") and not os.path.lexists(path):
        raise InvalidOption(f"cache_dir={given!r}: there is no such home folder; give an absolute path")
    try:
        return os.path.abspath(path)
    except OSError:
        raise InvalidOption(
            f"cache_dir={given!r} is relative, and the working directory is gone; give an absolute path"
        ) from None


def from_variable(given: str) -> str:
    """The absolute path that ``LLM_MEMO_DIR`` stands for: it is ``given`` when it is first seen.

    Raises:
        InvalidOption: As `absolute`.
    """
    if _Decided.variable[0] != given:
        _Decided.variable = given, absolute(given)
    return _Decided.variable[1]


def default_folder() -> str:
    """The default folder of this process, decided when it is first needed."""
    if _Decided.default is None:
        _Decided.default = _decided()
    return _Decided.default


def adopt(default: str) -> None:
    """Make another process's default folder this one's, if this has neither decided nor a script of its own."""
    if _Decided.default is None and _script() is None:
        _Decided.default = default


def _decided() -> str:
    script = _script()
    project = project_of(os.path.dirname(script) if script else working_directory())
    if project is not None:
        inside = os.path.join(project, _FOLDER)
        if os.path.isdir(inside) or os.access(project, os.W_OK):
            return inside
    return user_folder("cache")


def working_directory() -> str | None:
    """The working directory; None when it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return None


def project_of(place: str | None) -> str | None:
    """The project that a folder is in: the nearest parent folder with one of the markers; None if there is none."""
    while place:
        if any(os.path.exists(os.path.join(place, marker)) for marker in _MARKERS):
            return place
        parent = os.path.dirname(place)
        place = parent if parent != place else None
    return None


def _script() -> str | None:
    """The user's script or module that this process was started with; None for none, or a launcher."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    if not isinstance(file, str) or not os.path.isabs(file):
        return None
    path = os.path.realpath(file)
    if os.path.basename(path).startswith(_IDE_RUNNERS) or path.startswith(_installed_folders()):
        return None
    return None if {"site-packages", "dist-packages"} & {*path.split(os.sep)} else path


def _installed_folders() -> tuple[str, ...]:
    """Where the interpreter, its library and the launchers of installed packages are, ours among them."""
    from llm_memo.runtime import python

    folders = {*python.STANDARD_LIBRARY, *python.LAUNCHERS}
    if os.name == "posix" and sys.executable:  # on Windows a whole tree of folders is below it
        folders.add(os.path.dirname(sys.executable))
    folders.add(os.path.dirname(__file__))  # python -m llm_memo, also where that is a clone
    return tuple(os.path.join(os.path.realpath(each), "") for each in folders if each)


def program(function: Callable[..., Any]) -> str:
    """The file of the module, script or notebook that a function is in; of a REPL, what stands for this process."""
    names = getattr(function, "__globals__", None)
    if names is None:
        names = vars(sys.modules.get(getattr(function, "__module__", None) or "", object))
    path = names.get("__file__") or names.get("__vsc_ipynb_file__")  # set by VS Code in a notebook's kernel
    if not path and names.get("__name__") in ("__main__", "__mp_main__"):
        path = os.environ.get("JPY_SESSION_NAME")  # set by Jupyter's server for a notebook's kernel
    return _real_path(path) if isinstance(path, str) and os.path.isabs(path) else f"process {PROCESS}"


@functools.lru_cache(maxsize=1024)
def _real_path(path: str) -> str:
    return os.path.realpath(path)


def user_folder(kind: Literal["cache", "config"]) -> str:
    """The user's own cache or config folder of llm_memo; where there can be none, a temporary one."""
    import platformdirs

    try:
        found = getattr(platformdirs, f"user_{kind}_dir")("llm_memo", appauthor=False)
    except (RuntimeError, KeyError, OSError):  # platforms differ in how they miss a home
        found = ""
    return found if os.path.isabs(found) and _can_be_made(found) else temporary_folder(kind)


def temporary_folder(kind: Literal["cache", "config"]) -> str:
    """What stands for `user_folder` where there is no home folder that can be written to."""
    import tempfile

    try:
        place = tempfile.gettempdir()
    except OSError:
        place = os.path.join(os.sep, "tmp")
    user = os.geteuid() if hasattr(os, "geteuid") else os.environ.get("USERNAME", "user")
    return os.path.join(place, f"llm_memo-{user}" + "-config" * (kind == "config"))


def _can_be_made(path: str) -> bool:
    """Whether a folder is there, or the nearest one above it can be written to."""
    if os.path.isdir(path):
        return True
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    return os.path.isdir(path) and os.access(path, os.W_OK | os.X_OK)


with contextlib.suppress(InvalidOption):  # a relative path counts from where the program was started
    from_variable(os.environ.get("LLM_MEMO_DIR") or os.sep)
