"""What the sheets of cached functions, counts, folders, entries and explanations say.

The classes of the library open this package from their ``_repr_html_`` and ``__rich__`` alone, so that
nothing of it is loaded before somebody looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType


def html_of(thing: object) -> str:
    """The HTML form of a cached function, counts, a folder, an entry, entries or an explanation."""
    from llm_memo.display import html
    from llm_memo.views.sheets import sheet_of

    return html.rendered(sheet_of(thing))


def rich_of(thing: object) -> RenderableType:
    """The form for rich of the same things.

    Raises:
        ImportError: rich is not installed.
    """
    from llm_memo.display import rich
    from llm_memo.views.sheets import sheet_of

    return rich.rendered(sheet_of(thing))


def text_of(thing: object) -> str:
    """The plain form of the same things: several lines, as wide as they are."""
    from llm_memo.display import plain
    from llm_memo.views.sheets import sheet_of

    return plain.rendered(sheet_of(thing))
