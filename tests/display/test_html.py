"""The HTML forms: well-formed, escaped, cut, and about the right thing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest
from looked_at import NASTY

from llm_memo import Cache, cached_completion
from llm_memo.display import html
from llm_memo.display.sheet import Note, Sheet, Table
from llm_memo.display.shown import html_of
from llm_memo.views.contents import cache_sheet

KINDS = [
    "a cached function",
    "a bound cached function",
    "counts",
    "counts of nothing",
    "a folder",
    "an entry",
    "entries of one function",
    "entries of several",
    "no entries",
    "a hit explained",
    "a miss explained",
    "a miss of the first kind explained",
]
TAGS = {"div", "style", "header", "table", "thead", "tbody", "tr", "th", "td", "b", "bdi", "del", "ins", "span"}
TAGS |= {"svg", "rect", "title"}


class Reader(HTMLParser):
    """Reads HTML strictly: each tag closed in its turn, and the text that a reader sees."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.seen = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert [] == self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.seen += data


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_form_is_plain_html(things: dict[str, Any], kind: str) -> None:
    """A form is well-formed, of a few tags, without script, handlers or links, and below 40 kB for any prompt."""
    shown = things[kind]._repr_html_()
    reader = Reader(shown)
    assert reader.tags <= TAGS
    assert not {name for name in reader.attributes if name.startswith("on") or name in ("href", "src")}
    assert len(shown) < 40_000


@pytest.mark.parametrize("kind", ["an entry", "entries of one function", "a miss explained"])
def test_a_nasty_prompt_is_shown_as_text(things: dict[str, Any], kind: str) -> None:
    """Markup, quotes, emoji and right-to-left text are there to be read; control characters are not."""
    shown = things[kind]._repr_html_()
    seen = Reader(shown).seen
    assert '<script>alert("x")</script>' in seen or "<script>alert(" in seen
    assert "🎉" in seen
    assert "שלום" in seen
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", shown.replace("\n", ""))


def test_right_to_left_text_is_isolated(things: dict[str, Any]) -> None:
    """Texts of the user's own stand in an element that keeps their direction to themselves."""
    shown = things["an entry"]._repr_html_()
    assert re.search(r"<bdi[^>]*>[^<]*שלום", shown)
    assert re.search(r'dir="auto">[^<]*שלום', shown)


def test_what_is_no_character_is_replaced() -> None:
    """Half a surrogate pair, which no page can hold, becomes a mark."""
    assert "a?b" == html.escaped("a\ud800b")
    assert "a\N{REPLACEMENT CHARACTER}b\n\t" == html.escaped("a\x00b\n\t")


def test_what_turns_text_around_is_written_out() -> None:
    """An override of direction, which would make a name read backwards, is shown as what it is."""
    assert "\\u202egnp.exe" == html.escaped("\u202egnp.exe")


def test_the_style_leaves_texts_the_colour_of_their_page() -> None:
    """No rule colours a text or asks for the browser's theme, and grounds let the page's own through."""
    assert {"inherit"} == set(re.findall(r"[;{]color:([^;}]*)", html.STYLE))
    assert "@media" not in html.STYLE
    grounds = re.findall(r"background:([^;}]*)", html.STYLE)
    assert {4, 8} >= {len(ground.removeprefix("#")) for ground in grounds if ground != "none"}
    rules = re.findall(r"(?:^|[{}])([^{}@]+)\{", html.STYLE)
    assert [] == [rule for rule in rules if ".llm-memo" not in rule]


def test_a_cached_function_tells_where_its_policy_is_from(looked: Any) -> None:
    """Name, policy, ttl and folder with their scopes, entries, hit rate, and what was saved and paid."""
    seen = Reader(looked.summarize._repr_html_()).seen
    for text in ("looked.summarize", "readWrite · default", "1 w · decorator", "cache · environment"):
        assert text in seen
    assert "25% of 4 calls hit" in seen
    assert "3 entries" in seen
    assert "no price known of unheard-of-7" in seen


def test_options_that_are_not_their_defaults_are_shown() -> None:
    """Options are shown by name, functions among them by theirs."""
    function = cached_completion(name="looked.options", ignore=["text"], cache_if=bool, version="3")(_echo)
    seen = Reader(html_of(function)).seen
    assert "ignoretext" in seen
    assert "version3" in seen
    assert "cache_ifbool" in seen
    assert "not called yet in this process" in seen


def _echo(text: str) -> str:
    return text


def test_counts_have_a_bar(looked: Any) -> None:
    """The bar's parts are as wide as their counts, and say what they are."""
    shown = looked.summarize.cache_info()._repr_html_()
    assert ["50.00", "150.00"] == re.findall(r'<rect [^>]*width="([\d.]+)"', shown)
    assert 'aria-label="1 hit, 3 misses"' in shown


def test_every_outcome_is_counted() -> None:
    """Refreshes, bypasses, errors and answers not stored are shown where there are any."""

    @cached_completion(name="looked.outcomes", cache_if=lambda answer: answer != "no")
    def f(text: str) -> str:
        if text == "raise":
            raise ValueError
        return text

    f("no")
    f.with_options(policy="writeOnly")("a")
    f.with_options(policy="off")("a")
    with pytest.raises(ValueError):
        f("raise")
    seen = Reader(f.cache_info()._repr_html_()).seen
    for text in ("1 miss", "1 refresh", "1 bypass", "1 raised", "1 not stored"):
        assert text in seen


def test_a_folder_has_a_row_for_each_function(looked: Any) -> None:
    """Functions with their entries, and the sums of all."""
    seen = Reader(looked.cache._repr_html_()).seen
    assert "4 entries" in seen
    assert seen.index("looked.draft") < seen.index("looked.summarize")


def test_a_folder_of_many_functions_is_cut() -> None:
    """More than fifty functions are counted, not shown."""
    for number in range(52):
        cached_completion(name=f"looked.f{number}")(_echo)("a")
    assert "… and 2 more functions" in Reader(html_of(Cache())).seen


def test_a_folder_of_very_many_entries_is_counted_not_read(looked: Any) -> None:
    """A form that would take seconds leaves out what only the entries themselves tell, and says where it is told."""
    few, many = cache_sheet(looked.cache), cache_sheet(looked.cache, most=3)
    assert "tokens paid" in html.rendered(few)
    shown = Reader(html.rendered(many)).seen
    assert "looked.summarize3" in shown
    assert "what they cost: llm-memo info" in shown
    assert "tokens paid" not in shown


def test_entries_tell_fresh_from_expired(looked: Any) -> None:
    """With a ttl in force, each row says whether a call would still read it."""
    assert 3 == looked.summarize.entries()._repr_html_().count(">fresh<")
    assert 3 == looked.summarize.with_options(ttl=0).entries()._repr_html_().count(">expired<")
    assert "fresh" not in looked.draft.entries()._repr_html_()


def test_entries_are_cut_to_fifty_rows() -> None:
    """A long list shows its beginning, and how many more there are."""
    function = cached_completion(name="looked.many")(_echo)
    for number in range(53):
        function(str(number))
    entries = function.entries()
    assert "… and 3 more entries" in Reader(html_of(entries)).seen
    assert "… and" not in Reader(html_of(entries[:50])).seen


def test_entries_feed_pandas_as_they_are(looked: Any) -> None:
    """A table of the entries has their fields as columns, and a row each."""
    table = pd.DataFrame(looked.cache.entries())
    assert 4 == len(table)
    assert {"function", "created", "arguments", "model", "seconds", "size"} <= set(table.columns)


def test_samples_are_told_apart(looked: Any) -> None:
    """An entry that is not the first answer to its question says which it is."""
    looked.summarize.with_options(sample=2)("Why is the sky blue?")
    entries = looked.summarize.entries()
    assert "sample 2" in Reader(html_of(entries)).seen
    assert "sample2" in Reader(html_of(entries[0])).seen


def test_an_entry_shows_prompt_beside_answer_and_what_its_key_is_made_of(looked: Any) -> None:
    """Arguments, answer, tokens, cost and the parts beside the arguments, with their digests."""
    entry = next(each for each in looked.summarize.entries() if "sky" in each.arguments)
    shown = entry._repr_html_()
    seen = Reader(shown).seen
    for text in ("text'Why is the sky blue?'", "You are terse. Why is the sky blue?", "5 in, 5 out", "$"):
        assert text in seen
    assert entry.header.provenance.parts["global SYSTEM"] in seen
    assert "argument" not in seen


def test_an_entry_that_is_gone_says_so(looked: Any) -> None:
    """An entry cleared meanwhile still shows what its header said."""
    entries = looked.draft.entries()
    looked.draft.cache_clear()
    assert "(it cannot be read)" in Reader(html_of(entries)).seen


def test_a_large_answer_is_not_read_for_a_look() -> None:
    """In a table, an answer of more than a megabyte is shown by its type and size."""
    function = cached_completion(name="looked.large")(lambda count: "x" * count)
    function(2_000_000)
    assert "(builtins.str of 2.0 MB)" in Reader(html_of(function.entries())).seen
    assert "xxx…" in Reader(html_of(function.entries()[0])).seen


def test_what_has_no_form_is_an_error() -> None:
    """Only the library's own things, and lists of entries, have a form."""
    with pytest.raises(TypeError, match="a dict has no form to show"):
        html_of({})


def test_a_table_without_rows_is_nothing() -> None:
    """Neither a head without rows, nor a column without a text, is shown."""
    assert "<table" not in html.rendered(Sheet("empty", (Table((), ()), Note("quiet"))))


def test_a_block_of_another_kind_is_an_error() -> None:
    """The forms know every kind of block; a new one has to be taught."""
    with pytest.raises(NotImplementedError):
        html.rendered(Sheet("", ("text",)))  # type: ignore[arg-type]


def test_nasty_prompt_fixture_is_nasty() -> None:
    """The prompt that the forms are tried with holds what it is said to hold."""
    assert {"<", '"', "🎉", "ש", "\u202e", "\x1b", "\x00"} <= set(NASTY)
