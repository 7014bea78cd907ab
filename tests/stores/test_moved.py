"""Renamed and moved functions find their answers: in the folders of others with the same code."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anew import forget

from llm_memo import Cache, CacheMiss, cached_completion
from llm_memo.stores import moved

Run = Callable[..., str]
CALLS: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_called() -> None:
    CALLS.clear()


def named(name: str, **options: Any) -> Any:
    """One and the same function under this name."""

    @cached_completion(name=name, **options)
    def ask(text: str) -> str:
        called(text)
        return text.upper()

    return ask


def called(text: str) -> None:
    """Count a call."""
    CALLS.append(text)


def entries(cache_dir: Path, name: str) -> list[Path]:
    """The files of a function's entries."""
    return sorted((cache_dir / name).glob("??/*.joblib"))


def test_a_renamed_function_finds_its_answers(cache_dir: Path) -> None:
    """Under a new name a question that was asked under the old one is a hit, and is listed under the new one, too."""
    assert "A" == named("old")("a")
    new = named("new")
    assert ("A", ["a"], 1) == (new("a"), CALLS, new.cache_info().hits)
    (mine,), (theirs,) = entries(cache_dir, "new"), entries(cache_dir, "old")
    assert mine.samefile(theirs)
    assert 1 == len(new.entries())
    forget()
    assert "A" == new("a")
    assert ["a"] == CALLS


def test_other_code_finds_nothing(cache_dir: Path) -> None:
    """A function of other code asks for itself, whatever it is called."""

    @cached_completion(name="other")
    def other(text: str) -> str:
        called(text)
        return text.lower()

    named("old")("A")
    assert "a" == other("A")
    assert ["A", "A"] == CALLS


@pytest.mark.parametrize("policy", ["readOnly", "replay"])
def test_who_only_reads_links_nothing(policy: str, cache_dir: Path) -> None:
    """readOnly, replay, is_cached and explain find the answer of the old name, and leave the folder as it is."""
    named("old")("a")
    before = sorted(cache_dir.rglob("*"))
    new = named("new", policy=policy)
    assert new.is_cached("a")
    assert "hit" == new.explain("a").outcome
    assert "A" == new("a")
    assert ["a"] == CALLS
    assert before == sorted(cache_dir.rglob("*"))


def test_replay_of_what_nobody_asked(cache_dir: Path) -> None:
    """In replay a question that no function has asked is still a CacheMiss."""
    named("old")("a")
    with pytest.raises(CacheMiss):
        named("new", policy="replay")("b")


def test_a_clear_of_one_takes_none_of_the_others(cache_dir: Path) -> None:
    """Clearing one of two names leaves the other's answers, and does not bring its own back."""
    old, new = named("old"), named("new")
    old("a")
    new("a")
    assert 1 == new.cache_clear().entries
    assert (False, True) == (new.is_cached("a"), old.is_cached("a"))
    forget()
    assert "A" == new("a")
    assert ["a", "a"] == CALLS
    assert "A" == old("a")
    assert new.is_cached("a")
    assert ["a", "a"] == CALLS


def test_what_came_after_the_clear_is_taken_over(cache_dir: Path) -> None:
    """After a clear only answers that are younger than it are taken over."""
    old, new = named("old"), named("new")
    old("before")
    new.cache_clear()
    old("after")
    assert (False, True) == (new.is_cached("before"), new.is_cached("after"))


def test_a_clear_of_everything_leaves_nothing_to_come_back(cache_dir: Path) -> None:
    """After Cache().clear() there is neither an entry nor anything that was noted of one."""
    old, new = named("old"), named("new")
    old("a")
    new("a")
    new.cache_clear()
    Cache().clear()
    assert {".gitignore", "CACHEDIR.TAG"} == set(os.listdir(cache_dir))
    assert not old.is_cached("a")


@pytest.mark.parametrize("linked", [True, False])
def test_a_forgotten_answer_stays_forgotten(linked: bool, cache_dir: Path) -> None:
    """After forget() the next call asks again, though another name still has the answer; others are untouched."""
    old, new = named("old"), named("new")
    for text in "ab":
        old(text)
    if linked:
        new("a")
    assert new.forget("a")
    assert not new.forget("a")
    assert (False, True, True) == (new.is_cached("a"), new.is_cached("b"), old.is_cached("a"))
    assert "A" == new("a")
    assert ["a", "b", "a"] == CALLS
    assert new.is_cached("a")


def test_an_expired_answer_is_not_made_young(cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is taken over is as old as it was."""
    named("old")("a")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 100)
    assert not named("new", ttl=50).is_cached("a")
    assert named("new", ttl=200).is_cached("a")
    named("new", ttl=50)("a")
    assert ["a", "a"] == CALLS


def test_a_version_is_bound_to_its_name(cache_dir: Path) -> None:
    """With version= the name is part of the question, and nothing is taken over."""
    named("old", version="1")("a")
    assert not (cache_dir / ".code").exists()


@pytest.mark.parametrize("error", [errno.EPERM, errno.EXDEV, errno.EMLINK, errno.EOPNOTSUPP])
def test_where_links_cannot_be_made_it_is_a_copy(error: int, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where hard links are impossible the answer is copied, byte for byte."""
    named("old")("a")

    def link(*paths: str, **options: object) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "link", link)
    assert "A" == named("new")("a")
    (mine,), (theirs,) = entries(cache_dir, "new"), entries(cache_dir, "old")
    assert mine.read_bytes() == theirs.read_bytes()
    assert not mine.samefile(theirs)
    assert ["a"] == CALLS


def test_an_answer_that_cannot_be_linked_is_an_answer(cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither a link nor a copy can be made the answer is a hit all the same, in silence."""
    named("old")("a")

    def refuse(*parts: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(moved.files, "write_whole", refuse)
    assert "A" == named("new")("a")
    assert ["a"] == CALLS


def test_a_bad_entry_of_another_is_no_answer(cache_dir: Path) -> None:
    """What is not sealed in another's folder is refused there, as it would be if the other had met it."""
    named("old")("a")
    (theirs,) = entries(cache_dir, "old")
    theirs.write_bytes(theirs.read_bytes() + b"?")
    forget()
    with pytest.warns(UserWarning, match="an entry of old.*not sealed"):
        assert "A" == named("new")("a")
    assert ["a", "a"] == CALLS


def test_a_link_planted_in_anothers_folder_is_not_followed(cache_dir: Path, tmp_path: Path) -> None:
    """A symbolic link in another's folder is refused, and not taken along."""
    named("old")("a")
    (theirs,) = entries(cache_dir, "old")
    theirs.rename(tmp_path / "elsewhere")
    theirs.symlink_to(tmp_path / "elsewhere")
    forget()
    with pytest.warns(UserWarning, match="link"):
        assert "A" == named("new")("a")
    assert not entries(cache_dir, "new")[0].is_symlink()


def test_a_clear_while_it_is_linked(cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the function is cleared while an answer is linked, the link does not stay."""
    named("old")("a")
    new = named("new")
    real = os.link

    def link(source: str, target: str, **options: Any) -> None:
        real(source, target, **options)
        new.cache_clear()
        Path(target).parent.mkdir(parents=True)
        real(source, target, **options)

    monkeypatch.setattr(os, "link", link)
    new("a")
    assert [] == entries(cache_dir, "new")


def test_a_folder_that_is_cleared_while_it_is_linked_is_made_again(
    cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the shard goes away before the link is made, it is made again."""
    named("old")("a")
    real = os.link
    tries = []

    def link(source: str, target: str, **options: Any) -> None:
        tries.append(target)
        if len(tries) == 1:
            os.rmdir(os.path.dirname(target))
        real(source, target, **options)

    monkeypatch.setattr(os, "link", link)
    named("new")("a")
    assert 2 == len(tries)
    assert 1 == len(entries(cache_dir, "new"))


def test_what_is_noted_of_folders_that_are_gone_is_swept_up(cache_dir: Path) -> None:
    """A folder that was removed by hand is passed over, and prune forgets it."""
    named("old")("a")
    named("new")("a")
    (noted,) = (cache_dir / ".code").iterdir()
    assert {"old", "new"} == set(os.listdir(noted))
    for path in (cache_dir / "old").rglob("*"):
        path.unlink() if path.is_file() else None
    (cache_dir / "old" / entries(cache_dir, "new")[0].parent.name).rmdir()
    (cache_dir / "old").rmdir()
    assert named("third").is_cached("a")
    Cache().prune(max_entries=10)
    assert ["new"] == os.listdir(noted)


def test_links_count_once_in_what_a_folder_may_hold(cache_dir: Path) -> None:
    """A folder with linked answers is as large as its files are, however often they are linked."""
    old, new = named("old"), named("new")
    for text in "abcd":
        old(text)
        new(text)
    size = sum(path.stat().st_size for path in entries(cache_dir, "old"))
    assert (0, 0) == Cache().prune(max_bytes=size)
    assert 4 == len(entries(cache_dir, "old")) == len(entries(cache_dir, "new"))
    Cache().prune(max_bytes=size // 2)
    assert entries(cache_dir, "old")
    assert [path.name for path in entries(cache_dir, "old")] == [path.name for path in entries(cache_dir, "new")]


LINKING = """
    import os, random, signal, sys, time
    from llm_memo import Cache, cached_completion
    from llm_memo.stores import moved
    from llm_memo.stores.disk import disk
    from llm_memo.stores.folder import Owner
    from llm_memo.stores.slot import Slot

    @cached_completion(name="old")
    def ask(text):
        return text.upper()

    for number in range(NUMBER):
        ask(f"question {number}")
    code, keys = ask._self_memo.owner().code, [entry.key for entry in ask.entries()]
    copies = sys.argv[1] == "copies"

    def link_all(name):
        if copies:
            def refuse(*paths, **options):
                raise OSError(1, "Operation not permitted")
            os.link = refuse
        store = disk(os.environ["LLM_MEMO_DIR"])
        for key in keys:
            slot = Slot(store, store.path(name, key), Owner(name, "", code))
            found = moved.find(slot, lambda each: True, 1 << 20, link=True)
            assert found is not None and found.thaw().startswith("QUESTION")

    def started(name):
        child = os.fork()
        if not child:
            link_all(name)
            os._exit(0)
        return child
"""


@pytest.mark.parametrize("how", ["links", "copies"])
def test_many_processes_link_at_once(how: str, run: Run, cache_dir: Path) -> None:
    """Processes that take over the same answers at the same time all have them, whole, and leave nothing behind."""
    text = LINKING.replace("NUMBER", "200") + (
        """
    children = [started("new") for _ in range(4)]
    assert [0] * 4 == [os.waitpid(child, 0)[1] for child in children]
    print(*Cache().verify(), Cache().info("new").entries)
"""
    )
    assert "400 () () () () 200\n" == run(text, how)
    assert [] == [path for path in cache_dir.rglob("*") if path.name.endswith((".tmp", ".lock"))]


@pytest.mark.parametrize("how", ["links", "copies"])
def test_a_process_that_is_killed_while_it_links(how: str, run: Run, cache_dir: Path) -> None:
    """Of processes that are killed in the middle of linking, what is there is whole, and the next one goes on."""
    text = LINKING.replace("NUMBER", "60") + (
        """
    dice = random.Random(1)
    for kill in range(60):
        child = started(f"new{kill % 5}")
        time.sleep(dice.uniform(0.0005, 0.01))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    found = Cache().verify()
    assert found[1:] == ((), (), (), ()), found
    for name in range(5):
        link_all(f"new{name}")
    print(*Cache().verify()[:2])
"""
    )
    assert "360 ()\n" == run(text, how)


@pytest.mark.parametrize("same", [True, False], ids=["of the same code", "of other code"])
def test_other_functions_cost_a_miss_a_look_each_if_their_code_is_the_same(
    same: bool, cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A miss looks into the folder of each function of the same code, and of no other, however many there are."""
    looks = []
    ask = named("ask")
    ask("a")
    (code,) = (cache_dir / ".code").iterdir()
    for number in range(200):
        there = code if same else code.with_name(f"{number:032x}")
        there.mkdir(exist_ok=True)
        (there / f"function{number}").touch()
    with monkeypatch.context() as patch:
        for name in ("listdir", "scandir", "lstat", "open"):
            real = getattr(os, name)
            patch.setattr(os, name, lambda path, *rest, real=real: (looks.append(str(path)), real(path, *rest))[1])
        assert not ask.is_cached("b")
    looks = [path for path in looks if path.startswith(str(cache_dir))]  # whoever measures coverage looks around too
    assert 200 * same == len([path for path in looks if "/function" in path])
    assert len(looks) < 200 * same + 10


def test_a_folder_with_an_answer_may_be_gone(cache_dir: Path) -> None:
    """Of several folders with an answer any may be cleared: the others are found."""
    for name in ("one", "two", "three"):
        named(name)("a")
    assert ["a"] == CALLS
    named("three").cache_clear()
    named("one").cache_clear()
    assert "A" == named("four")("a")
    assert ["a"] == CALLS
    assert not named("three").is_cached("a")


def test_what_is_no_folders_name_is_passed_over(cache_dir: Path) -> None:
    """What somebody has put among the names of folders leads nowhere outside of the cache folder."""
    named("old")("a")
    (code,) = (cache_dir / ".code").iterdir()
    (code / ".hidden").touch()
    assert named("new").is_cached("a")
    (code / "old").rename(code / ".old")
    assert not named("new").is_cached("a")


@pytest.mark.parametrize(
    ("name", "old", "new", "functions"),
    [("renamed.py", "", "", 2), ("old.py", "def ask", "def inquire", 2), ("sub/old.py", "", "", 1)],
    ids=["file", "function", "folder"],
)
def test_a_program_that_was_renamed_pays_nothing(
    name: str, old: str, new: str, functions: int, run: Run, tmp_path: Path, cache_dir: Path
) -> None:
    """A script, its function or its folder under another name finds what it asked before, and lists it as its own."""
    text = """
        from llm_memo import Cache, cached_completion

        @cached_completion
        def ask(text):
            print("called")
            return text.upper()

        print(ASK("a"), ASK.cache_info().hits, len(ASK.entries()), len(Cache().functions()))
    """
    (tmp_path / "sub").mkdir()
    assert "called\nA 0 1 1\n" == run(text.replace("ASK", "ask"), name="old.py")
    assert f"A 1 1 {functions}\n" == run(
        text.replace(old, new).replace("ASK", new.removeprefix("def ") or "ask"), name=name
    )
