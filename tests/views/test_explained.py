"""What differs, marked, and what counts, on one screen."""

from __future__ import annotations

from llm_memo.differences import Difference
from llm_memo.display import html
from llm_memo.display.sheet import spans
from llm_memo.display.shown import text_of
from llm_memo.explain import Explanation, Part
from llm_memo.stores.entry import Header
from llm_memo.views.explained import explanation_sheet, marked

KEPT = Header(function="f", created=0.0)
PARTS = (
    Part("", "argument", "a", "aa", "'one'"),
    Part("", "code", "", "d1d1d1d1d1", ""),
    Part("", "global", "P", "qq", "'You are verbose.'"),
    Part("", "global", "TABLE", "tt", ""),
    Part("helper clean", "code", "", "hh", ""),
    Part("helper clean", "annotations", "", "ha", ""),
    Part("helper tidy", "code", "", "ht", ""),
    Part("", "installed", "json.dumps", "ii", ""),
)
CHANGES = (
    Difference("global P", "changed", "'You are terse.'", "'You are verbose.'"),
    Difference("code", "changed", lines=("-    return 1", "+    return 2")),
    Difference("helper tidy", "is new"),
)


def explanation(changes: tuple[Difference, ...] = (), **untracked: str) -> Explanation:
    """A miss with these changes, or a hit without."""
    return Explanation("f", "00", "miss" if changes else "hit", PARTS, untracked, KEPT if changes else None, changes)


def test_the_words_that_differ_are_marked() -> None:
    """Two texts keep what they share, and mark what only one of them has."""
    old, new = marked("'You are terse.'", "'You are very verbose.'")
    assert [("'You are ", "data"), ("terse", "old"), (".'", "data")] == [(*span,) for span in spans(old)]
    assert [("'You are ", "data"), ("very verbose", "new"), (".'", "data")] == [(*span,) for span in spans(new)]
    assert ((), (("x", "new"),)) == marked("", "x")
    assert ((("one two", "old"), (" end", "data")), (("three four", "new"), (" end", "data"))) == marked(
        "one two end", "three four end"
    )


def test_differences_come_first_then_what_counts() -> None:
    """What differs, lines of changed code, then arguments, settings and code; the rest is counted."""
    lines = [line.split() for line in str(explanation(CHANGES)).splitlines()]
    assert [
        ["f:", "miss"],
        ["key", "00"],
        ["changed", "nearest", "kept", "call,"],
        ["global", "P", "'You", "are"],
        ["helper", "tidy", "is", "new"],
        ["code", "changed"],
        ["-", "return", "1"],
        ["+", "return", "2"],
        ["part", "value", "digest"],
        ["argument", "a", "'one'", "aa"],
        ["and", "1", "prompt", "or"],
        ["installed,", "counts", "by", "its"],
    ] == [line[:4] for line in lines]
    assert "and 1 prompt or setting, 1 helper, 1 installed function" in str(explanation(CHANGES))


def test_changed_code_has_one_heading() -> None:
    """The name of changed code stands over its lines and nowhere else; where no value differs, without a table."""
    code = Difference("helper tidy", "changed", lines=("-    return 1", "+    return 2"))
    lines = [line.split() for line in str(explanation((code,))).splitlines()]
    assert ["helper", "tidy", "changed"] == lines[2]
    assert ["-", "return", "1"] == lines[3]
    assert 1 == str(lines).count("tidy")


def test_much_is_folded_into_one_screen() -> None:
    """However much differs and counts, an explanation has at most 40 lines and says how much more there is."""
    changes = tuple(Difference(f"global G{n}", "changed", "1", "2", ("-a", "+b") * 20) for n in range(50))
    parts = tuple(Part("", "argument", f"a{n}", "aa", "1") for n in range(100))
    untracked = {f"global U{n}": "a Thing has no canonical form" for n in range(20)}
    many = Explanation("f", "00", "miss", (*PARTS, *parts), untracked, KEPT, changes)
    assert len(str(many).splitlines()) <= 40
    assert "and 44 more: global G6," in str(many)
    assert "and 93 arguments, 2 prompts and settings" in str(many)
    assert "not tracked: 16 more" in str(many)


def test_what_is_left_out_is_listed() -> None:
    """A name that the key does not hold is shown with the reason; installed code with its name."""
    shown = text_of(explanation(log="a logger has no canonical form"))
    assert "not tracked: log, a logger has no canonical form" in shown
    assert shown.endswith("installed, counts by its name: json.dumps")


def test_marks_are_more_than_colour() -> None:
    """In HTML, what went and what came are deleted and inserted text, each isolated; so are lines of code."""
    shown = html.rendered(explanation_sheet(explanation(CHANGES)))
    assert '<del class="old"><bdi>terse</bdi></del>' in shown
    assert '<ins class="new"><bdi>verbose</bdi></ins>' in shown
    assert '<del class="old"><bdi>-    return 1</bdi></del>' in shown
