"""Where a cache lives."""

from __future__ import annotations

import functools
import os

from llm_memo.errors import StoreError

_FOLDER = ".llm_memo"
_MARKERS = (".git", "pyproject.toml", "setup.cfg")


def folder(given: str | None) -> str:
    """The absolute path of the cache folder ``given``, or of the default one.

    The default is ``.llm_memo`` in the nearest parent of the working directory that holds ``.git``,
    ``pyproject.toml`` or ``setup.cfg``; outside of any project, the user's cache folder.

    Raises:
        StoreError: A file is in its place.
    """
    here = working_directory()
    found = os.path.join(here or os.sep, given) if given else _default_folder(here)
    found = os.path.normpath(found)
    if os.path.exists(found) and not os.path.isdir(found):
        raise StoreError(f"cache_dir {found} is a file; give the path of a folder, or remove the file")
    return found


def working_directory() -> str | None:
    """The working directory; None when it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return None


@functools.lru_cache(maxsize=256)
def _default_folder(here: str | None) -> str:
    place = here
    while place:
        if any(os.path.exists(os.path.join(place, marker)) for marker in _MARKERS):
            return os.path.join(place, _FOLDER)
        parent = os.path.dirname(place)
        place = parent if parent != place else None
    import platformdirs

    return platformdirs.user_cache_dir("llm_memo", appauthor=False)
