"""The forms for rich."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from llm_memo.display import rich
from llm_memo.display.sheet import Bar, Sheet


def printed(thing: Any, width: int = 100) -> str:
    """What rich prints of it."""
    console = Console(width=width, record=True, file=io.StringIO(), color_system=None)
    console.print(thing)
    return console.export_text()


def test_every_thing_has_a_rich_form(things: dict[str, Any]) -> None:
    """rich prints each thing within the console's width, markup in prompts as text, control characters written out."""
    for thing in things.values():
        text = printed(thing)
        assert text.replace("\n", "").isprintable()
        assert max(map(len, text.splitlines())) <= 100


def test_an_entry(looked: Any) -> None:
    """An entry shows its arguments beside its answer."""
    entry = looked.draft.entries()[0]
    text = printed(entry)
    line = next(line for line in text.splitlines() if "topic  'rain'" in line)
    assert "answer" in line
    assert '"topic": "rain"' in text


def test_entries_are_a_line_each(looked: Any) -> None:
    """In a table of entries long texts are cut, not wrapped."""
    assert 2 + len(looked.cache.entries()) == len(printed(looked.cache.entries()).rstrip().splitlines())


def test_an_explanation_has_a_line_for_each_part(looked: Any) -> None:
    """The parts that differ come first."""
    lines = printed(looked.summarize.explain("Why is the sky so blue?")).splitlines()
    assert "looked.summarize · miss" in lines[0]
    assert "argument text" in lines[2]
    assert "this call" in lines[1]


def test_a_bar_can_be_read_without_colour() -> None:
    """The first part is dark, the others light."""
    sheet = Sheet("", (Bar((("1 hit", 1, "good"), ("1 miss", 1, "warn"), ("1 refresh", 1, "strong"))),))
    assert "████████░░░░░░░░░░░░░░░░  1 hit, 1 miss, 1 refresh" in printed(rich.rendered(sheet))


def test_a_block_of_another_kind_is_an_error() -> None:
    """The form knows every kind of block; a new one has to be taught."""
    with pytest.raises(NotImplementedError):
        rich.rendered(Sheet("", ("text",)))  # type: ignore[arg-type]
