"""The plain forms: for pipes, and for terminals of any width."""

from __future__ import annotations

import io
import os
from typing import Any

import pytest
from looked_at import NASTY

from llm_memo.display import plain
from llm_memo.display.plain import Ink
from llm_memo.display.sheet import Bar, Beside, Column, Facts, Note, Passage, Sheet, Span, Table
from llm_memo.display.shown import text_of


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nothing_in_a_text_can_steer_the_terminal() -> None:
    """Control and direction characters are written out; emoji with joiners stay whole."""
    assert "\\x1b[31m\\x00\\u202e\\n" == plain.safe("\x1b[31m\x00\u202e\n")
    assert "a\n\tb" == plain.safe("a\n\tb", lines=True)
    assert "👩\u200d🚀 שלום" == plain.safe("👩\u200d🚀 שלום")


def test_width_is_that_of_the_terminal() -> None:
    """East Asian characters and emoji take two columns, combining ones none."""
    assert [3, 4, 2, 1] == [plain.width(text) for text in ("abc", "你好", "🎉", "e\u0301")]


@pytest.mark.parametrize(
    ("cell", "room", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("你好世界", 6, "你好…"),
        ((Span("ab", "old"), Span("cdef", "new")), 4, "abc…"),
        ((Span("ab"), Span("cd"), Span("ef")), 3, "ab…"),
    ],
)
def test_what_is_cut_ends_in_an_ellipsis(cell: Any, room: int, shown: str) -> None:
    """A cell takes no more columns than there are, and says so when something is left out."""
    assert shown == "".join(span.text for span in plain.cut(cell, room))


def test_a_table_fits_the_terminal() -> None:
    """Wide columns are cut, the widest first, never below a dozen characters; others are left whole."""
    columns = (Column("key"), Column("n", right=True), Column("text", wide=True), Column("more", wide=True))
    rows = (("abc", "7", "x" * 50, "y" * 20), ("a", "1,000", "z", ""))
    assert [
        "key      n  text               more",
        "abc      7  xxxxxxxxxxxxxxxx…  yyyyyyyyyyyyyyyy…",
        "a    1,000  z",
    ] == list(plain.aligned(columns, rows, Ink(48)))
    narrow = list(plain.aligned(columns, rows, Ink(10)))
    assert "abc      7  xxxxxxxxxxx…  yyyyyyyyyyy…" == narrow[1]
    assert "x" * 50 in list(plain.aligned(columns, rows, Ink()))[1]


def test_colour_only_in_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal has colour and a width, unless NO_COLOR is set or it is dumb; a pipe has neither."""
    monkeypatch.setenv("COLUMNS", "72")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert (None, False) == _seen(io.StringIO())
    assert (72, True) == _seen(Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert (72, False) == _seen(Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert (72, False) == _seen(Terminal())


def _seen(stream: Any) -> tuple[int | None, bool]:
    ink = Ink.of(stream)
    return ink.width, ink.colour


def test_a_sheet_in_colour() -> None:
    """Tones become ANSI escapes; a text without one has none."""
    sheet = Sheet((Span("title", "strong"), Span(" quiet")), (Bar((("1 hit", 1, "good"), ("3 misses", 3, "warn"))),))
    assert (
        "\x1b[1mtitle\x1b[0m quiet\n  \x1b[32m██████\x1b[0m\x1b[33m░░░░░░░░░░░░░░░░░░\x1b[0m  1 hit, 3 misses"
    ) == plain.rendered(sheet, Ink(80, colour=True))


def test_every_kind_of_block() -> None:
    """Facts are aligned, passages wrapped, what is side by side elsewhere stands one below the other."""
    sheet = Sheet(
        "title",
        (
            Beside((Facts((("a", "1"), ("long", "2"))),), (Passage("said", "one two three\n\nfour"),)),
            Note("quiet"),
            Bar((("0 hits", 0, "good"), ("2 misses", 2, "warn"))),
        ),
    )
    assert [
        "title",
        "  a     1",
        "  long  2",
        "  said",
        "  one two",
        "  three",
        "  ",
        "  four",
        "  quiet",
        "  ░░░░░░░░░░░░░░░░░░░░░░░░  2 misses",
    ] == plain.rendered(sheet, Ink(12)).split("\n")


def test_a_part_that_is_there_is_seen() -> None:
    """In a bar, one of a thousand takes a character all the same, and none of none takes none."""
    assert [24, 1] == Bar((("999 hits", 999, "good"), ("1 miss", 1, "warn"))).widths(24)
    assert [0, 0] == Bar((("0 hits", 0, "good"), ("0 misses", 0, "warn"))).widths(24)


def test_a_block_of_another_kind_is_an_error() -> None:
    """The form knows every kind of block; a new one has to be taught."""
    with pytest.raises(NotImplementedError):
        plain.rendered(Sheet("", ("text",)))  # type: ignore[arg-type]
    assert "title" == plain.rendered(Sheet("title", (Table((), ()),)))


def test_every_thing_has_a_plain_form(things: dict[str, Any]) -> None:
    """Forms are a few lines, without control characters, for any prompt."""
    for thing in things.values():
        shown = text_of(thing)
        assert shown.replace("\n", "").replace("\u200d", "").isprintable()
        assert len(shown) < 12_000


def test_the_plain_form_of_entries_is_what_a_shell_shows(looked: Any) -> None:
    """A list of entries shows itself as a table."""
    assert text_of(looked.draft.entries()) == repr(looked.draft.entries())
    assert "topic='rain'" in repr(looked.draft.entries())
    assert NASTY not in repr(looked.cache.entries())


def test_paths_are_as_short_as_can_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """A folder below the working directory is told from there, one below home from ~, others in full."""
    from llm_memo.views.folder import shown_path

    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert ["cache", f"~{os.sep}a", f"{os.sep}else"] == [
        shown_path(str(tmp_path / "cache")),
        shown_path(os.path.join(os.path.expanduser("~"), "a")).replace("home", "~", 1),
        shown_path(f"{os.sep}else"),
    ]
    monkeypatch.chdir("/")
    monkeypatch.setattr("llm_memo.views.folder.working_directory", lambda: None)
    assert f"~{os.sep}a" == shown_path(str(tmp_path / "home" / "a"))
