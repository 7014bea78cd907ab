"""What differs, marked."""

from __future__ import annotations

from llm_memo.display import html
from llm_memo.display.sheet import spans
from llm_memo.display.shown import text_of
from llm_memo.explain import Explanation, Part
from llm_memo.stores.entry import Header, Provenance
from llm_memo.views.explained import changes, explanation_sheet, marked

LONG = "'the same beginning of a prompt that goes on for longer than a preview can sho…"
KEPT = Header(
    function="f",
    created=0.0,
    _provenance=Provenance(
        parts={
            "argument a": "aa",
            "argument gone": "gg",
            "code": "c0c0c0c0c0",
            "global LONG": "1111",
            "global P": "pp",
        },
        previews={"argument a": "'one'", "argument gone": "1", "global LONG": LONG, "global P": "'You are terse.'"},
    ),
)
PARTS = (
    Part("argument a", "aa", "'one'"),
    Part("code", "d1d1d1d1d1", ""),
    Part("global LONG", "2222", LONG),
    Part("global P", "qq", "'You are verbose.'"),
    Part("helper clean", "hh", ""),
)


def test_the_words_that_differ_are_marked() -> None:
    """Two texts keep what they share, and mark what only one of them has."""
    old, new = marked("'You are terse.'", "'You are very verbose.'")
    assert [("'You are ", "data"), ("terse", "old"), (".'", "data")] == [(*span,) for span in spans(old)]
    assert [("'You are ", "data"), ("very verbose", "new"), (".'", "data")] == [(*span,) for span in spans(new)]
    assert ((), (("x", "new"),)) == marked("", "x")
    assert ((("one two", "old"), (" end", "data")), (("three four", "new"), (" end", "data"))) == marked(
        "one two end", "three four end"
    )


def test_every_part_stands_beside_the_kept_one() -> None:
    """Changed parts come first; what only one side has says so; same parts are quiet."""
    shown = {
        change.name: ["".join(span.text for span in spans(cell)) for cell in (change.kept, change.now)]
        for change in changes(PARTS, KEPT)
    }
    assert [
        ("code", ["c0c0c0c0", "d1d1d1d1"]),
        ("global LONG", [f"{LONG} 1111", f"{LONG} 2222"]),
        ("global P", ["'You are terse.'", "'You are verbose.'"]),
        ("helper clean", ["not there", "hh"]),
        ("argument gone", ["1", "gone"]),
        ("argument a", ["same", "'one'"]),
    ] == [(name, [text.strip() for text in pair]) for name, pair in shown.items()]


def test_what_is_not_tracked_is_listed() -> None:
    """A name that the key does not hold is shown with the reason."""
    explanation = Explanation("f", "00", "hit", PARTS, {"log": "a logger has no canonical form"}, None, ())
    assert text_of(explanation).endswith("not tracked: log, a logger has no canonical form")


def test_marks_are_more_than_colour() -> None:
    """In HTML, what went and what came are deleted and inserted text, each isolated."""
    explanation = Explanation("f", "00", "miss", PARTS, {}, KEPT, ("global P changed",))
    shown = html.rendered(explanation_sheet(explanation))
    assert '<del class="old"><bdi>terse</bdi></del>' in shown
    assert '<ins class="new"><bdi>verbose</bdi></ins>' in shown
