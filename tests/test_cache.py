"""A whole cache folder, seen from Python."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openai import OpenAI

from llm_memo import Cache, Entry, InvalidOption, StoreError, UntrustedEntry, cached_completion, clear_cache, configure
from llm_memo.stores.disk import disk
from llm_memo.testing import ModelServer

Run = Callable[..., str]
HOUR = 3600.0


@cached_completion(name="shout")
def shout(text: str, loud: int = 1) -> str:
    """A function."""
    return text.upper() + "!" * loud


@cached_completion(name="a helper/of ours")
def whisper(text: str) -> str:
    """A function whose folder has another name."""
    return text.lower()


@pytest.fixture
def filled(cache_dir: Path) -> Cache:
    """Three answers of one function, then two of another."""
    for text in "abc":
        shout(text)
    for text in "AB":
        whisper(text)
    return Cache()


def test_the_folder_is_that_of_calls(cache_dir: Path, tmp_path: Path) -> None:
    """Without a path it is the folder that calls use here and now."""
    assert str(cache_dir) == Cache().path
    assert str(tmp_path / "other") == Cache(tmp_path / "other").path
    with configure(cache_dir=tmp_path / "third"):
        assert str(tmp_path / "third") == Cache().path
    assert f"Cache({str(cache_dir)!r})" == repr(Cache())


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """A file in the folder's place is an error at once."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="is a file"):
        Cache(tmp_path / "file")


def test_an_empty_folder(cache_dir: Path) -> None:
    """A folder that is not there has nothing in it, and looking does not make it."""
    cache = Cache()
    assert ([], []) == (cache.functions(), cache.entries())
    assert (str(cache_dir), 0, 0, 0) == cache.info()
    assert (0, 0) == cache.clear() == cache.clear(shout) == cache.prune(max_entries=0)
    assert (0, (), (), (), ()) == cache.verify()
    assert not cache_dir.exists()


def test_functions_are_listed_by_name(filled: Cache) -> None:
    """Functions are listed by their own names, whatever their folders are called."""
    assert ["a helper/of ours", "shout"] == filled.functions()


def test_listing_functions_reads_no_entry(filled: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listing functions reads no entry: a folder says whose it is."""
    monkeypatch.setattr(disk(filled.path), "load", None)
    for path in Path(filled.path).glob("*/*/*.joblib"):
        path.write_text("damaged")
    assert ["a helper/of ours", "shout"] == filled.functions()


def test_a_folder_that_does_not_say_whose_it_is(filled: Cache) -> None:
    """A function is known by its folder's name where what says its own name is damaged."""
    (label,) = Path(whisper.entries()[0].path).parents[1].glob("*.function")
    label.write_text("{")
    assert ["a_helper_of_ours-", "shout"] == [name.rstrip("0123456789abcdef") for name in filled.functions()]


def test_entries_are_the_latest_first(filled: Cache) -> None:
    """Entries are listed the latest first, of a function, its name, or all."""
    assert ["text='B'", "text='A'"] == [entry.arguments for entry in filled.entries(whisper)]
    assert filled.entries(whisper) == filled.entries("a helper/of ours") == whisper.entries()
    assert ["a helper/of ours"] * 2 + ["shout"] * 3 == [entry.function for entry in filled.entries()]


def test_entries_can_be_chosen(filled: Cache) -> None:
    """Entries are listed for which a question is answered with yes."""
    assert ["B!"] == [entry.value for entry in filled.entries(where=lambda entry: "'b'" in entry.arguments)]


def test_what_an_entry_tells(server: ModelServer, client: OpenAI) -> None:
    """An entry tells of the call that it is from, and gives its answer anew each time."""

    @cached_completion(name="ask")
    def ask(text: str, *, api_key: str) -> Any:
        return client.responses.create(model="gpt-5.2", input=text)

    before = datetime.now().astimezone()
    answer = ask.with_options(sample=2)("Why?", api_key="sk-secret-secret")
    (entry,) = ask.entries()
    assert ("ask", 2, "gpt-5.2") == (entry.function, entry.sample, entry.model)
    assert "text='Why?'" in entry.arguments
    assert "secret" not in entry.arguments
    assert answer.usage.input_tokens == entry.input_tokens
    assert answer.usage.output_tokens == entry.output_tokens
    assert before <= entry.created <= datetime.now().astimezone()
    assert 0 < entry.seconds < 20
    assert 0 <= entry.age < 20
    assert entry.type.endswith("Response")
    assert Path(entry.path).stat().st_size == entry.size
    assert entry.path.endswith(f"{entry.key[:2]}/{entry.key}.joblib")
    assert answer == entry.value
    assert entry.value is not entry.value


def test_an_entry_without_usage() -> None:
    """An answer that tells no tokens has an entry without."""
    shout("a")
    (entry,) = shout.entries()
    assert (None, None, None) == (entry.model, entry.input_tokens, entry.output_tokens)


def test_the_value_of_an_entry_that_is_gone(filled: Cache) -> None:
    """The value of an entry that was cleared is a LookupError, and so is that of one that was damaged."""
    one, two, _ = shout.entries()
    Path(one.path).unlink()
    Path(two.path).write_text("damaged")
    for entry in (one, two):
        with pytest.raises(LookupError, match="of shout cannot be read"):
            assert entry.value


def test_entries_make_a_table(filled: Cache) -> None:
    """pandas makes a table of entries as they are."""
    table = pd.DataFrame(filled.entries())
    assert [2, 3] == sorted(table.groupby("function").size())
    assert {"function", "key", "created", "arguments", "model", "size", "path"} <= set(table.columns)


def test_info_counts(filled: Cache) -> None:
    """Info gives the number of functions, entries and bytes, of one function or all."""
    sizes = {function: [entry.size for entry in function.entries()] for function in (shout, whisper)}
    assert (filled.path, 2, 5, sum(map(sum, sizes.values()))) == filled.info()
    assert (filled.path, 1, 2, sum(sizes[whisper])) == filled.info(whisper) == filled.info("a helper/of ours")


def test_info_reads_no_entry(filled: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Info opens no file."""

    def opened(*args: Any) -> int:
        raise AssertionError(args)

    monkeypatch.setattr("llm_memo.stores.files.os.open", opened)
    assert 5 == filled.info().entries


@pytest.mark.parametrize("function", [1, len, shout.__wrapped__])
def test_what_is_no_cached_function(function: object, filled: Cache) -> None:
    """What is neither a cached function nor a name is refused, before anything is done."""
    for method in (filled.entries, filled.info, filled.clear):
        with pytest.raises(InvalidOption, match="neither a cached function nor the name of one"):
            method(function)
    assert 5 == filled.info().entries


Clear = Callable[[Cache, bool], Any]
CLEARS: dict[str, tuple[Clear, int]] = {
    "all": (lambda cache, dry: cache.clear(dry_run=dry), 0),
    "a function": (lambda cache, dry: cache.clear(whisper, dry_run=dry), 3),
    "a name": (lambda cache, dry: cache.clear("shout", dry_run=dry), 2),
    "where": (lambda cache, dry: cache.clear(where=lambda entry: entry.value in ("a", "A!"), dry_run=dry), 3),
    "where, of a function": (lambda cache, dry: cache.clear(shout, where=lambda entry: True, dry_run=dry), 2),
    "older": (lambda cache, dry: cache.clear(older_than="1h", dry_run=dry), 5),
    "older than nothing": (lambda cache, dry: cache.clear(older_than=0, dry_run=dry), 0),
    "older than ever": (lambda cache, dry: cache.clear(older_than="never", dry_run=dry), 5),
    "older than infinity": (lambda cache, dry: cache.clear(older_than=math.inf, dry_run=dry), 5),
    "older than a timedelta": (lambda cache, dry: cache.clear(older_than=timedelta(0), dry_run=dry), 0),
}


@pytest.mark.parametrize("clear", CLEARS)
def test_clearing(clear: str, filled: Cache) -> None:
    """Clear removes what was asked for and tells how much; a dry run tells the same and removes nothing."""
    do, left = CLEARS[clear]
    before = filled.info()
    would = do(filled, True)
    assert before == filled.info()
    went = do(filled, False)
    assert would == went
    assert (5 - left, before.bytes - filled.info().bytes) == went
    assert left == filled.info().entries


def test_clearing_by_age(filled: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers go by when they came."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 2 * HOUR)
    shout("new")
    assert 5 == filled.clear(older_than="1h").entries
    assert ["NEW!"] == [entry.value for entry in filled.entries()]


def test_clearing_with_a_question_that_raises(filled: Cache) -> None:
    """A question that raises removes nothing."""
    with pytest.raises(ZeroDivisionError):
        filled.clear(where=lambda entry: 1 // 0)
    assert 5 == filled.info().entries


@pytest.mark.parametrize("clear", [Cache.clear, Cache.prune])
@pytest.mark.parametrize("age", ["soon", -1, "1 fortnight", True])
def test_ages_that_are_none(clear: Callable[..., Any], age: Any, filled: Cache) -> None:
    """What is no duration is refused by name."""
    with pytest.raises(InvalidOption, match="older_than="):
        clear(filled, older_than=age)
    assert 5 == filled.info().entries


@pytest.mark.parametrize("limit", ["max_bytes", "max_entries"])
@pytest.mark.parametrize("value", [-1, 1.5, "much", True])
def test_limits_that_are_none(limit: str, value: Any, filled: Cache) -> None:
    """What is no number of bytes or entries is refused by name."""
    with pytest.raises(InvalidOption, match=limit):
        filled.prune(**{limit: value})
    assert 5 == filled.info().entries


def version(number: int, name: str = "versioned") -> Any:
    """One of several versions of a function."""

    @cached_completion(name=name)
    def versioned(text: str) -> str:
        return f"{text}{number}"

    return versioned


def test_clearing_what_earlier_code_answered(filled: Cache) -> None:
    """Entries of earlier code go: of a function, by its code as it is now; of a name, by its latest entry."""
    one, two = version(1), version(2)
    for text in "ab":
        one(text)
    for text in "abc":
        two(text)
    assert 3 == filled.clear(one, stale_code=True, dry_run=True).entries
    assert 2 == filled.clear(two, stale_code=True, dry_run=True).entries
    assert 2 == filled.clear("versioned", stale_code=True, dry_run=True).entries
    assert 2 == filled.clear(stale_code=True, dry_run=True).entries
    assert 1 == filled.clear(stale_code=True, dry_run=True, where=lambda entry: "'a'" in entry.arguments).entries
    assert 0 == filled.clear(stale_code=True, older_than="1h").entries
    assert 2 == filled.clear(two, stale_code=True).entries
    assert ["a2", "b2", "c2"] == sorted(entry.value for entry in filled.entries("versioned"))
    assert 5 == filled.info().entries - 3


@pytest.mark.slow
def test_clearing_earlier_code_looks_at_all_entries_for_the_latest(filled: Cache) -> None:
    """The latest entry of a name is the latest of all its entries, not of those that were chosen."""
    version(1)("a")
    version(2)("b")
    chosen = filled.clear("versioned", stale_code=True, where=lambda entry: entry.value == "a1")
    assert 1 == chosen.entries
    assert ["b2"] == [entry.value for entry in filled.entries("versioned")]


PROGRAM = """
from llm_memo import Cache, cached_completion

@cached_completion(name="main.ask")
def ask(text):
    return text + "CODE"

print(ask("a"), ask("b"))
"""


def test_two_programs_with_a_function_of_one_name(run: Run, tmp_path: Path, cache_dir: Path) -> None:
    """stale_code, entries() and cache_clear() of a function leave those of its namesake in another program alone."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    assert "a1 b1\n" == run(PROGRAM.replace("CODE", "1"), name="one/main.py")
    assert "a2 b2\n" == run(PROGRAM.replace("CODE", "2"), name="two/main.py")
    assert 4 == len(Cache().entries("main.ask"))
    more = "print(len(ask.entries()), *Cache().clear(ask, stale_code=True), Cache().clear(ask, dry_run=True).entries)"
    assert "a3 b3\n4 2 " in run(PROGRAM.replace("CODE", "3") + more, name="two/main.py")
    assert {"a1", "b1", "a3", "b3"} == {entry.value for entry in Cache().entries("main.ask")}
    assert (0, 0) == Cache().clear("main.ask", stale_code=True)
    more = "print(ask.cache_clear().entries, len(ask.entries()), ask.is_cached('a'))"
    assert "a3 b3\n2 0 False\n" == run(PROGRAM.replace("CODE", "3") + more, name="two/main.py")
    assert {"a1", "b1"} == {entry.value for entry in Cache().entries("main.ask")}
    more = "print(Cache().info().entries, ask.cache_clear().entries)"
    assert "a1 b1\n2 2\n" == run(PROGRAM.replace("CODE", "1") + more, name="one/main.py")


def test_a_folder_that_moves_with_its_project_keeps_its_programs(run: Run, tmp_path: Path) -> None:
    """Where the cache lies in the project, a moved project's functions still know their entries for theirs."""
    for folder in ("old/.llm_memo", "old/.git"):
        (tmp_path / folder).mkdir(parents=True)
    place = {"LLM_MEMO_DIR": str(tmp_path / "old" / ".llm_memo")}
    assert "a1 b1\n" == run(PROGRAM.replace("CODE", "1"), name="old/main.py", **place)
    (tmp_path / "old").rename(tmp_path / "new")
    place = {"LLM_MEMO_DIR": str(tmp_path / "new" / ".llm_memo")}
    more = "print(len(ask.entries()), ask.cache_clear().entries)"
    assert "a2 b2\n4 4\n" == run(PROGRAM.replace("CODE", "2") + more, name="new/main.py", **place)


@pytest.mark.slow
def test_two_repls(tmp_path: Path, cache_dir: Path) -> None:
    """A session leaves the entries of other sessions alone, but for those of the code that it has itself."""
    text = PROGRAM.replace('name="main.ask"', 'name="ask"')

    def session(code: str, more: str) -> str:
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", text.replace("CODE", code) + more],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    assert "a1 b1\n" == session("1", "")
    assert "a2 b2\n2 0\n" == session("2", "print(len(ask.entries()), Cache().clear(ask, stale_code=True).entries)")
    assert "a1 b1\n2 2\n" == session("1", "print(len(ask.entries()), ask.cache_clear().entries)")
    assert {"a2", "b2"} == {entry.value for entry in Cache().entries("ask")}


def test_pruning_tells_what_went(filled: Cache) -> None:
    """Prune leaves what was asked for, and a dry run tells what would go."""
    before = filled.info()
    would = filled.prune(max_entries=2, dry_run=True)
    assert before == filled.info()
    assert would == filled.prune(max_entries=2)
    assert (3, before.bytes - filled.info().bytes) == would
    assert 0 == filled.prune(older_than="1h").entries
    assert 2 == filled.prune(older_than=0).entries


def test_verify_sorts(filled: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verify counts what is whole, and names what it refused, what is newer and what could not be read."""
    paths = sorted(Path(entry.path) for entry in filled.entries())
    damaged, newer, unread, linked = paths[:4]
    damaged.write_text("damaged")
    newer.write_bytes(b"llm_memo\xff" + newer.read_bytes()[9:])
    linked.rename(linked.with_suffix(".bak"))
    linked.symlink_to(linked.with_suffix(".bak"))
    gone = damaged.parent / f"{damaged.parent.name}{'0' * 30}.joblib"
    gone.touch()
    real = disk(filled.path).check

    def check(path: str, key: str) -> None:
        if path == str(gone):
            gone.unlink()
        if path == str(unread):
            raise OSError(5, "Input/output error", path)
        real(path, key)

    monkeypatch.setattr(disk(filled.path), "check", check)
    found = filled.verify()
    assert 1 == found.entries
    assert {str(damaged), str(linked)} == set(found.quarantined)
    assert ((str(newer),), (str(unread),), ()) == found[2:]
    assert not damaged.exists()
    assert newer.exists()
    assert unread.exists()


def test_verify_without_a_key_refuses_nothing(filled: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no key to check with, verify is an error and every entry stays where it is."""
    key = tmp_path / "other" / "llm_memo" / "seal.key"
    key.parent.mkdir(parents=True)
    key.write_bytes(b"k" * 32)
    key.chmod(0o644)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "other"))
    for look in (filled.verify, filled.entries):
        with pytest.raises(StoreError, match="can be read by others"):
            look()
    assert 5 == filled.info().entries


def test_what_is_in_quarantine_counts_as_nothing(filled: Cache) -> None:
    """Refused files are no entries, and go when the folder is cleared."""
    for entry in shout.entries():
        Path(entry.path).write_text("damaged")
    assert 3 == len(filled.verify().quarantined)
    assert ["a helper/of ours"] == filled.functions()
    assert 2 == filled.info().entries
    assert 2 == filled.clear().entries
    assert not Path(filled.path, "quarantine").exists()


def test_clear_cache_clears_a_folder(filled: Cache, tmp_path: Path) -> None:
    """clear_cache() is Cache().clear(), here or in another folder."""
    shout.with_options(cache_dir=tmp_path / "other")("a")
    assert 1 == clear_cache(tmp_path / "other").entries
    assert 5 == clear_cache().entries
    assert 0 == filled.info().entries


def test_an_entry_that_is_damaged_is_not_listed(filled: Cache) -> None:
    """Entries that are of no use are not listed, and are told of when they are asked for."""
    entry: Entry = shout.entries()[0]
    Path(entry.path).write_bytes(Path(entry.path).read_bytes() + b"?")
    assert 2 == len(shout.entries())
    with pytest.warns(UntrustedEntry):
        assert "C!" == shout("c")
    assert 3 == len(shout.entries())
