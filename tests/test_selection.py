"""Which entries are meant: by function, model, text, age, code, and whatever the user asks of them."""

from __future__ import annotations

import json
import re
import stat
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from llm_memo import (
    Cache,
    Entry,
    InvalidOption,
    MemoWarning,
    StoreError,
    cached_completion,
    clear_cache,
    completion_usage,
    configure,
)
from llm_memo.selection import Selection

SYSTEM = "plain"


@cached_completion(name="project.summarize")
def summarize(text: str, *, model: str = "gpt-5.2") -> str:
    """A function that reports which model it asked."""
    completion_usage(model=model, input_tokens=7, output_tokens=5)
    return f"{SYSTEM}: {text}"


@cached_completion(name="project.reports.draft")
def draft(topic: str) -> dict[str, Any]:
    """A function whose answers are data."""
    return {"topic": topic, "animal": "Fox"}


@cached_completion(name="other.draft")
def other(topic: str) -> Iterator[str]:
    """A function of the same last name, which is a generator."""
    yield from topic


@pytest.fixture
def filled() -> Cache:
    """Three answers of one function and one of each of two others."""
    for text in ("rain", "snow"):
        summarize(text)
    summarize("a fox in the wind", model="gpt-5.2-mini")
    draft("trade")
    list(other("sea"))
    return Cache()


def values(entries: list[Entry]) -> list[Any]:
    """The answers, sorted by their look."""
    return sorted((entry.value for entry in entries), key=repr)


NAMES: dict[str, tuple[Any, list[str]]] = {
    "a function": (summarize, ["project.summarize"]),
    "a name": ("project.summarize", ["project.summarize"]),
    "its last part": ("summarize", ["project.summarize"]),
    "its last parts": ("reports.draft", ["project.reports.draft"]),
    "its first part": ("project", ["project.reports.draft", "project.summarize"]),
    "its first parts": ("project.reports", ["project.reports.draft"]),
    "a pattern": ("project.*", ["project.reports.draft", "project.summarize"]),
    "a pattern of the last part": ("reports.*", ["project.reports.draft"]),
    "a pattern of one letter": ("other.draf?", ["other.draft"]),
    "several": ([summarize, "other.draft"], ["other.draft", "project.summarize"]),
    "several, one twice": (["summarize", summarize], ["project.summarize"]),
    "all of a name": ("*.draft", ["other.draft", "project.reports.draft"]),
    "none of several": ([], []),
    "all": (None, ["other.draft", "project.reports.draft", "project.summarize"]),
}


@pytest.mark.parametrize("what", NAMES)
def test_functions_are_named_in_many_ways(what: str, filled: Cache) -> None:
    """A cached function, a name, its last or first parts, a pattern or several mean the same to all methods."""
    function, names = NAMES[what]
    assert names == sorted({entry.function for entry in filled.entries(function)})
    count = len(filled.entries(function))
    assert (len(names), count) == filled.info(function)[1:3]
    assert count == filled.clear(function, dry_run=True).entries == filled.clear(function).entries
    assert set(names).isdisjoint(filled.functions())
    assert 5 - count == filled.info().entries


@pytest.mark.parametrize("method", [Cache.clear, Cache.entries, Cache.info])
@pytest.mark.parametrize("name", ["nosuch", "summar", "draft.project", "nosuch.*", "SUMMARIZE", ""])
def test_a_name_that_nothing_has_is_an_error(method: Callable[..., Any], name: str, filled: Cache) -> None:
    """Such a name is refused, and the message lists what there is; also one among several, before anything is done."""
    there = r"no entries of .*; there are entries of:\n  other\.draft\n  project\.reports\.draft\n  project\.summarize"
    for function in (name, ["summarize", name]):
        with pytest.raises(InvalidOption, match=there):
            method(filled, function)
    assert 5 == filled.info().entries


def test_a_name_that_several_have_is_an_error(filled: Cache) -> None:
    """The last part of several names is refused, and the message lists them."""
    with pytest.raises(InvalidOption, match=r"'draft' can be several functions:\n  other\.draft\n  project\.reports"):
        filled.clear("draft")
    assert 5 == filled.info().entries


def test_a_whole_name_is_meant_before_a_part(filled: Cache) -> None:
    """A function that is called as another's last part is the one that is meant."""
    cached_completion(name="draft")(lambda: 1)()
    assert ["draft"] == [entry.function for entry in filled.entries("draft")]


def test_many_functions_are_not_all_listed() -> None:
    """The message lists thirty names, and says how many more there are."""
    for number in range(33):
        cached_completion(name=f"f{number:02}")(lambda: 1)()
    with pytest.raises(InvalidOption, match=r"f29\n  … and 3 more$"):
        Cache().clear("nosuch")


def test_an_empty_folder_has_nothing_to_list() -> None:
    """Where nothing is kept at all, clearing by a name is no error, so that a script can run for the first time."""
    assert (0, 0) == Cache().clear("summarize")
    assert [] == Cache().entries("summarize")


def test_one_entry_is_cleared(filled: Cache) -> None:
    """An entry, or some, can be cleared as they were listed."""
    one, *more = summarize.entries()
    assert (1, one.size) == filled.clear(one)
    assert (0, 0) == filled.clear(one)
    assert 2 == filled.clear(more).entries
    assert 2 == filled.info().entries


def test_an_entry_of_another_folder_is_refused(filled: Cache, tmp_path: Path) -> None:
    """An entry of another folder is an error that names it."""
    summarize.with_options(cache_dir=tmp_path / "away")("rain")
    (entry,) = Cache(tmp_path / "away").entries()
    with pytest.raises(InvalidOption, match=f"{entry.key} is not in {filled.path}, but in {tmp_path / 'away'}"):
        filled.clear(entry)


def test_an_entry_is_found_by_the_beginning_of_its_key(filled: Cache) -> None:
    """entry() gives the one entry whose key begins so; none, or several, is an error."""
    (entry,) = draft.entries()
    assert entry == filled.entry(entry.key) == filled.entry(entry.key[:20].upper())
    with pytest.raises(InvalidOption, match=r"no readable entry .* begins with 'xyz'"):
        filled.entry("xyz")
    with pytest.raises(InvalidOption, match="the keys of 5 entries begin with ''"):
        filled.entry("")


CONDITIONS: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "model": ({"model": "gpt-5.2-mini"}, ["plain: a fox in the wind"]),
    "models": ({"model": "gpt-5*"}, ["plain: a fox in the wind", "plain: rain", "plain: snow"]),
    "no such model": ({"model": "gpt-6"}, []),
    "text in arguments and answers": (
        {"text": "fox"},
        ["plain: a fox in the wind", {"topic": "trade", "animal": "Fox"}],
    ),
    "text of a generator": ({"text": "SEA"}, [["s", "e", "a"]]),
    "text and model": ({"text": "fox", "model": "gpt*"}, ["plain: a fox in the wind"]),
    "where": ({"where": lambda entry: entry.function == "other.draft"}, [["s", "e", "a"]]),
    "where, of the text": ({"where": lambda entry: "rain" in entry.text}, ["plain: rain"]),
    "older": ({"older_than": "1h"}, []),
    "older than nothing": ({"older_than": 0, "text": "snow"}, ["plain: snow"]),
    "newer": ({"newer_than": "1h", "text": "snow"}, ["plain: snow"]),
    "newer than nothing": ({"newer_than": 0}, []),
    "older than ever": ({"older_than": "never"}, []),
    "newer than never": ({"newer_than": "never", "text": "snow"}, ["plain: snow"]),
}


@pytest.mark.parametrize("what", CONDITIONS)
def test_conditions(what: str, filled: Cache) -> None:
    """The same conditions list and clear the same entries."""
    conditions, answers = CONDITIONS[what]
    chosen = filled.entries(**conditions)
    assert answers == values(chosen)
    size = sum(entry.size for entry in chosen)
    assert (len(answers), size) == filled.clear(dry_run=True, **conditions) == filled.clear(**conditions)
    assert [] == filled.entries(**conditions)
    assert 5 - len(answers) == filled.info().entries


def test_newer_and_older(filled: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries between two ages can be meant."""
    now = time.time()
    for hours, text in ((2, "hail"), (4, "fog")):
        monkeypatch.setattr(time, "time", lambda hours=hours: now + hours * 3600)
        summarize(text)
    assert ["plain: hail"] == values(filled.entries(older_than="1h", newer_than="3h"))
    assert 5 == filled.clear(older_than="3h").entries
    assert ["plain: fog", "plain: hail"] == values(filled.entries())


@pytest.mark.parametrize(
    "condition",
    [{"model": 5}, {"model": ""}, {"text": b"fox"}, {"text": ""}, {"older_than": "soon"}, {"newer_than": -1}],
)
def test_conditions_that_are_none(condition: dict[str, Any], filled: Cache) -> None:
    """What is no condition is refused by name, and nothing is cleared."""
    for method in (filled.entries, filled.clear):
        with pytest.raises(InvalidOption, match=f"^{next(iter(condition))}="):
            method(**condition)
    assert 5 == filled.info().entries


def test_a_dry_run_says_that_it_is_one(filled: Cache) -> None:
    """What a dry run returns looks like what would go, is equal to what goes, and says "would"."""
    would = filled.clear(summarize, dry_run=True)
    assert f"WouldClear(entries=3, bytes={would.bytes})" == repr(would)
    assert str(would).startswith("would remove 3 entries, ")
    assert str(filled.prune(max_entries=4, dry_run=True)).startswith("would remove 1 entry, ")
    went = filled.clear(summarize)
    assert would == went
    assert f"Cleared(entries=3, bytes={would.bytes})" == repr(went)


def test_pruning_needs_a_limit(filled: Cache) -> None:
    """prune() without a limit is an error, not a silent nothing; sizes may be texts."""
    with pytest.raises(InvalidOption, match="max_bytes, max_entries or older_than"):
        filled.prune()
    assert 0 == filled.prune(max_bytes="1GB").entries
    assert 5 == filled.prune(max_bytes="1B").entries


def test_a_folder_that_does_not_exist_is_an_error(filled: Cache, tmp_path: Path) -> None:
    """A mistyped folder is an error that names the one in use and what is there; nothing is made."""
    cache = Cache(tmp_path / "cahce")
    message = f"no cache folder {tmp_path / 'cahce'}.*here is {filled.path}.*: other.draft, project.reports.draft, "
    looks: list[Callable[[], Any]] = [
        cache.functions,
        cache.entries,
        cache.info,
        cache.clear,
        cache.verify,
        lambda: cache.prune(max_entries=1),
        lambda: cache.clear("f"),
        lambda: cache.clear(dry_run=True),
        lambda: cache.entry("a"),
        lambda: clear_cache(tmp_path / "cahce"),
    ]
    for look in looks:
        with pytest.raises(StoreError, match=message) as raised:
            look()
        assert "Cache()" not in str(raised.value)
    assert not (tmp_path / "cahce").exists()


@pytest.mark.parametrize("name", ["draft", "project.summarize"])
def test_a_function_in_the_place_of_a_folder_is_told_where_to_go(name: str, filled: Cache) -> None:
    """clear_cache takes a folder; given the name of a function, its error has the call that was meant."""
    with pytest.raises(StoreError, match=re.escape(f"Cache().clear({name!r})")):
        clear_cache(name)


def test_folders_that_may_be_missing(tmp_path: Path) -> None:
    """The folder that calls use may not be there yet, nor one of which that is said, nor a function's own."""
    assert (0, 0) == Cache().clear() == clear_cache() == Cache(Cache().path).clear()
    with configure(cache_dir=tmp_path / "new"):
        assert (0, 0) == Cache(tmp_path / "new").clear()
    assert [] == Cache(tmp_path / "new", missing_ok=True).entries()
    mine = summarize.with_options(cache_dir=tmp_path / "mine")
    assert ([], (0, 0)) == (mine.entries(), mine.cache_clear())
    assert "not called yet" in mine._repr_html_()


def test_entries_of_earlier_code_are_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a cached function, stale_code says which entries its present code does not find, after a revert too."""
    summarize("rain")
    monkeypatch.setitem(globals(), "SYSTEM", "rhymes")
    summarize("rain")
    assert [("rhymes: rain", False), ("plain: rain", True)] == [
        (entry.value, entry.stale_code) for entry in summarize.entries()
    ]
    monkeypatch.setitem(globals(), "SYSTEM", "plain")
    assert [True, False] == [entry.stale_code for entry in summarize.entries()]
    assert [False, True] == [entry.stale_code for entry in Cache().entries("summarize")]
    assert ["rhymes: rain"] == values(Cache().entries(summarize, stale_code=True))
    seen = repr(summarize.entries())
    assert ("earlier code" in seen.splitlines()[2], "present code" in seen.splitlines()[3]) == (True, True)
    assert "earlier code, which no call finds now" in repr_of_sheet(summarize.entries()[0])
    assert 1 == Cache().clear(summarize, stale_code=True).entries
    assert ["plain: rain"] == values(summarize.entries())


def repr_of_sheet(entry: Entry) -> str:
    """What a notebook shows of an entry, as HTML."""
    return entry._repr_html_()


def test_lines_fit_eighty_columns(filled: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listings are as wide as the terminal, 80 columns without one: spare columns are left out, long texts cut."""
    monkeypatch.delenv("COLUMNS", raising=False)
    summarize("wind " * 100)
    monkeypatch.setitem(globals(), "SYSTEM", "rhymes " * 30)
    summarize("wind " * 100)
    for shown in (summarize.entries(), filled.entries(), filled.entries("project")):
        lines = repr(shown).splitlines()
        assert max(map(len, lines)) <= 80
        assert any("…" in line for line in lines)
        assert "model" not in lines[1]
    monkeypatch.setenv("COLUMNS", "160")
    assert 80 < max(map(len, repr(filled.entries()).splitlines())) <= 160
    assert "model" in repr(filled.entries()).splitlines()[1]


def test_an_entry_in_a_line(filled: Cache) -> None:
    """An entry's repr is its key, function and the beginning of its arguments."""
    entry = draft.entries()[0]
    assert f"<Entry {entry.key} of project.reports.draft, topic='trade'>" == repr(entry)
    assert len(repr(replace(entry, arguments="x" * 4_000))) < 170


# Arguments of which only a beginning is kept


def cut(entries: list[Entry]) -> list[Entry]:
    """The entries as they would be if the text of an argument went on."""
    return [replace(entry, cut=("text",)) for entry in entries]


def test_a_predicate_on_cut_text_is_told(filled: Cache) -> None:
    """Where a predicate looks at arguments that are cut, one warning says for how many entries."""
    selection = Selection(where=lambda entry: "fox" in entry.arguments)
    with pytest.warns(MemoWarning, match=r"where= looked at .* first 4,000 characters.* in 3 entries") as caught:
        assert 1 == len(list(selection.chosen(cut(summarize.entries()))))
    assert 1 == len(caught)
    with pytest.warns(MemoWarning, match="in 1 entry"):
        list(selection.chosen(cut(summarize.entries())[:1]))


def test_a_search_in_cut_text_is_told(filled: Cache) -> None:
    """A text that was not found is told where arguments are cut; one that was found needs no warning."""
    with pytest.warns(MemoWarning, match=r"text= looked at .* in 2 entries"):
        assert 1 == len(list(Selection(text="wind").chosen(cut(summarize.entries()))))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert 3 == len(list(Selection(text="plain").chosen(summarize.entries())))
        assert 1 == len(list(Selection(text="fox").chosen(cut(filled.entries(text="a fox")))))


def test_a_predicate_on_something_else_is_told_nothing(filled: Cache) -> None:
    """Where nobody looks at the arguments, and where nothing is cut, there is nothing to tell."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert 3 == len(list(Selection(where=lambda entry: entry.model).chosen(cut(summarize.entries()))))
        assert 3 == len(filled.entries(where=lambda entry: "text" in entry.arguments))


# As tables and files


def test_a_table_with_arguments_and_answers(filled: Cache) -> None:
    """to_pandas() has a column for each argument, the answer as data and as text, and what the entry says of itself."""
    table = filled.entries("project").to_pandas()
    assert isinstance(table, pd.DataFrame)
    assert ["function", "key", "created"] == list(table.columns[:3])
    row = table[table["function"] == "project.reports.draft"].iloc[0]
    assert ("'trade'", {"topic": "trade", "animal": "Fox"}) == (row["argument topic"], row["answer"])
    assert json.loads(row["answer_text"]) == row["answer"]
    assert {"plain: rain", "plain: snow", "plain: a fox in the wind"} == set(table["answer"][1:])
    assert [12.0] * 3 == list((table["input_tokens"] + table["output_tokens"]).dropna())


def test_a_file_of_lines(filled: Cache, tmp_path: Path) -> None:
    """to_jsonl() writes each entry as a line of JSON, for this user alone; what cannot be read has no answer."""
    entries = filled.entries()
    Path(entries[0].path).unlink()
    entries.to_jsonl(tmp_path / "out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert 0o600 == stat.S_IMODE((tmp_path / "out.jsonl").stat().st_mode)
    assert [entry.key for entry in entries] == [line["key"] for line in lines]
    assert (None, None) == (lines[0]["answer"], lines[0]["answer_text"])
    assert {"topic": "'trade'"} == lines[1]["arguments"]
    assert {"topic": "trade", "animal": "Fox"} == lines[1]["answer"]
    assert entries[1].created.isoformat(timespec="seconds") == lines[1]["created"]


def test_odd_answers_are_json_all_the_same(tmp_path: Path) -> None:
    """Numbers that JSON has not, times and objects become text or dicts."""
    cached_completion(name="odd")(lambda: {"a": float("nan"), "b": (1, {2})})()
    Cache().entries().to_jsonl(tmp_path / "out.jsonl")
    assert {"a": "nan", "b": [1, "{2}"]} == json.loads((tmp_path / "out.jsonl").read_text())["answer"]


def test_an_answer_that_json_has_no_form_for_ends_no_export(tmp_path: Path) -> None:
    """What contains itself, lone surrogates and very long numbers are written, and in a table, as far as can be."""

    @cached_completion(name="odd")
    def odd(kind: str) -> Any:
        if kind == "list":
            inner: list[Any] = [1]
            inner.append(inner)
            return inner
        outer: dict[str, Any] = {"kind": kind}
        return {**outer, "text": "\ud800"} if kind == "surrogate" else {**outer, "number": 16**5000}

    for kind in ("list", "surrogate", "number"):
        odd(kind)
    odd.entries().to_jsonl(tmp_path / "out.jsonl")
    lines = map(json.loads, (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines())
    answers = {line["arguments"]["kind"]: line["answer"] for line in lines}
    assert [1, "…"] == answers["'list'"]
    assert {"kind": "surrogate", "text": "\ud800"} == answers["'surrogate'"]
    assert hex(16**5000) == answers["'number'"]["number"]
    assert 3 == len(odd.entries().to_pandas())


def test_what_key_returns_is_shown_and_searched(cache_dir: Path) -> None:
    """The result of key= is no secret by its name: listings show it, and where= finds what is in it."""

    @cached_completion(key=lambda text: text.lower())
    def draft(text: str) -> str:
        return "kept"

    draft("HELLO")
    draft("X" * 300 + " FOX")
    assert {"key()='hello'", f"key()='{'x' * 300} fox'"} == {entry.arguments for entry in draft.entries()}
    assert "key()  'hello'" in str(draft.explain("Hello"))
    assert 1 == Cache().clear(draft, where=lambda entry: "fox" in entry.arguments).entries


def test_what_key_returns_of_a_secret_is_not_shown(cache_dir: Path) -> None:
    """Where a parameter is a secret by its name, so is what key= makes of it."""

    @cached_completion(key=lambda token, text: [token, text])
    def draft(token: str, text: str) -> str:
        return "kept"

    draft("hunter2", "Hello")
    assert ["key=‹redacted›"] == [entry.arguments for entry in draft.entries()]
    assert "hunter2" not in str(draft.explain("hunter2", "Hi"))
