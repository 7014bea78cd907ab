"""What stands in the place of an SDK's method or of an HTTP transport's end point: a test's fake, a recorder, a tracer.

So caching can be tested with mocks, respx, responses, vcrpy: an answer of a fake is never found in a real one's place.
"""

from __future__ import annotations

import itertools
import os
import sys
import types
from typing import Any

from llm_memo.adapters import places
from llm_memo.adapters.mocks import is_mock
from llm_memo.identity.checks import Check
from llm_memo.identity.quiet import is_a

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep
_MISSING = object()


class _Place:
    """An attribute of a class or module, and what is found there when nobody has put something else in its place."""

    __slots__ = ("folder", "is_end_point", "name", "original", "owner", "path")

    def __init__(self, module: types.ModuleType, path: str, is_end_point: bool) -> None:
        kind, _, self.name = path.rpartition(".")
        self.path = f"{module.__name__}.{path}"
        self.is_end_point = is_end_point
        self.owner: Any = vars(module)[kind] if kind else module
        self.folder = _folder(module)
        self.original: object = _MISSING


def _folder(module: types.ModuleType) -> str:
    """The folder of a module's package; the file of a module that is none of a package."""
    top = sys.modules.get(module.__name__.partition(".")[0], module)
    file = getattr(top, "__file__", None) or ""
    return os.path.dirname(file) + os.sep if os.path.basename(file) == "__init__.py" else file


def _belongs(item: object, folder: str) -> bool:
    """Whether what is found at a place is code of the package that it is in, or this library's."""
    if is_a(item, type):
        item = next((each for each in vars(item).values() if is_a(each, types.FunctionType)), None)
    if not is_a(item, types.FunctionType):
        return False
    return item.__code__.co_filename.startswith((folder, _PACKAGE))


_PROCESS = os.urandom(16)
_numbers = itertools.count()
_tokens: dict[int, tuple[object, bytes]] = {}


def _token(item: object) -> bytes:
    """What stands in this process for whatever answers in the place of a transport."""
    known = _tokens.get(id(item))
    if known is None:  # the item is kept: no other gets its id
        known = _tokens[id(item)] = item, b"%b%d:%d" % (_PROCESS, os.getpid(), next(_numbers))
    return known[1]


_places: dict[str, _Place] = {}
_loaded = 0


def _unchanged() -> bool:
    """Whether all places hold what belongs there; compiled anew by `_compile`, since it runs with each call."""
    return False


def _look_for_places() -> None:
    """Note the places in modules that have been imported meanwhile."""
    for table, is_end_point in ((places.METHODS, False), (places.END_POINTS, True)):
        for name, paths in table.items():
            module = sys.modules.get(name)
            if module is None or getattr(module.__spec__, "_initializing", False):
                continue
            for path in paths:
                if f"{name}.{path}" not in _places and path.partition(".")[0] in vars(module):
                    place = _Place(module, path, is_end_point)
                    if hasattr(place.owner, place.name):
                        _places[place.path] = place


def _compile() -> None:
    global _unchanged
    check = Check()
    for place in _places.values():
        check.attribute(place.owner, place.name, place.original)
    _unchanged = check.made()


def stand_ins() -> tuple[tuple[str, object], ...]:
    """What stands now in the place of SDKs' methods and transports' end points, with the place; nothing in life.

    A method is given as the value that it is: a mock, a function. In the place of an end point it is a token of this
    process, whoever wrote what stands there.
    """
    global _loaded
    if len(sys.modules) != _loaded:
        _loaded = len(sys.modules)
        _look_for_places()
    else:
        try:
            if _unchanged():
                return ()
        except AttributeError:  # taken away
            pass
    found: list[tuple[str, object]] = []
    changed = False
    for place in _places.values():
        item = getattr(place.owner, place.name, _MISSING)
        if item is place.original:
            continue
        if _belongs(item, place.folder):
            place.original = item
            changed = True
        elif item is not _MISSING:
            found.append((place.path, _token(item) if place.is_end_point and not is_mock(item) else item))
    if changed:
        _compile()
    return tuple(found)
