"""What can be shown, and the forms of it: HTML for notebooks, a renderable for rich, plain text, a picture.

The packages above fill two registries with what they know to show. They are imported when somebody
looks for the first time. This is the one import of llm_memo that points upward.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from llm_memo.display.sheet import Sheet

if TYPE_CHECKING:
    from rich.console import RenderableType

_Maker = TypeVar("_Maker", bound=Callable[..., Any])

_SHEETS: dict[type, Callable[[Any], Sheet]] = {}
_PICTURES: dict[type, Callable[..., Any]] = {}

SHEETS = "llm_memo.views"
PICTURES = "llm_memo.notebook.plot"
"""The modules that fill the registries."""


def shows(kind: type) -> Callable[[_Maker], _Maker]:
    """Register what makes the sheet of a ``kind`` of thing."""
    return _registering(_SHEETS, kind)


def draws(kind: type) -> Callable[[_Maker], _Maker]:
    """Register what makes the picture of a ``kind`` of thing."""
    return _registering(_PICTURES, kind)


def _registering(registry: dict[type, Any], kind: type) -> Callable[[_Maker], _Maker]:
    def register(make: _Maker) -> _Maker:
        registry[kind] = make
        return make

    return register


def sheet_of(thing: object) -> Sheet:
    """The sheet of a cached function, counts, a folder, an entry, entries or an explanation.

    Raises:
        TypeError: Any other thing has none.
    """
    importlib.import_module(SHEETS)
    return _maker(_SHEETS, thing)(thing)  # type: ignore[no-any-return]


def picture_of(thing: object, *details: Any) -> Any:
    """The picture of a folder.

    Raises:
        ImportError: matplotlib is not installed.
        TypeError: Any other thing has none.
    """
    importlib.import_module(PICTURES)
    return _maker(_PICTURES, thing)(thing, *details)


def _maker(registry: dict[type, Callable[..., Any]], thing: object) -> Callable[..., Any]:
    for kind in type(thing).__mro__:
        if kind in registry:
            return registry[kind]
    raise TypeError(f"a {type(thing).__name__} has no form to show")


def html_of(thing: object) -> str:
    """The HTML form of a thing that has a sheet."""
    from llm_memo.display import html

    return html.rendered(sheet_of(thing))


def rich_of(thing: object) -> RenderableType:
    """The form for rich of a thing that has a sheet.

    Raises:
        ImportError: rich is not installed.
    """
    from llm_memo.display import rich

    return rich.rendered(sheet_of(thing))


def text_of(thing: object) -> str:
    """The plain form of a thing that has a sheet, no wider than the terminal, or than 80 columns without one."""
    import shutil

    from llm_memo.display import plain

    return plain.rendered(sheet_of(thing), plain.Ink(shutil.get_terminal_size().columns))


class Shown:
    """A thing with an HTML form and a form for rich."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return html_of(self)

    def __rich__(self) -> Any:
        return rich_of(self)
