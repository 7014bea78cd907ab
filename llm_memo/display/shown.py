"""The forms in which notebooks and rich show a thing, made in `llm_memo.views` when somebody looks."""

from __future__ import annotations

from typing import Any


class Shown:
    """A thing with an HTML form and a form for rich."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from llm_memo.views import html_of

        return html_of(self)

    def __rich__(self) -> Any:
        from llm_memo.views import rich_of

        return rich_of(self)
