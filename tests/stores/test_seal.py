"""The key that entries are sealed with: made once, for this user alone."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from anew import forget

from llm_memo import Cache, InvalidOption, MemoWarning, StoreError, UntrustedEntry, cached_completion
from llm_memo.stores import seal

Run = Callable[..., str]
ONE, TWO, THREE = "a long random text", "another long random text", "a third long random text"


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config folder of this test's own, which does not exist yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "llm_memo"


def test_the_key_is_made_on_first_use(config: Path) -> None:
    """The key is 32 random bytes, in a file and folder for this user alone, and stays the same."""
    key = seal.seal_key()
    assert 32 == len(key)
    assert [config / "seal.key"] == list(config.iterdir())
    assert key == (config / "seal.key").read_bytes()
    assert 0o600 == stat.S_IMODE((config / "seal.key").stat().st_mode)
    assert 0o700 == stat.S_IMODE(config.stat().st_mode)
    forget()
    assert key == seal.seal_key()


def test_every_user_has_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two config folders have two keys."""
    one = seal.seal_key()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "other"))
    assert one != seal.seal_key()


def test_the_variable_comes_first(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With LLM_MEMO_KEY there is no file; each text is a key of its own, and an empty one is none."""
    monkeypatch.setenv("LLM_MEMO_KEY", ONE)
    one = seal.seal_key()
    monkeypatch.setenv("LLM_MEMO_KEY", f" {ONE}\n")
    assert one == seal.seal_key()
    monkeypatch.setenv("LLM_MEMO_KEY", TWO)
    assert one != seal.seal_key()
    assert not config.exists()
    monkeypatch.setenv("LLM_MEMO_KEY", "")
    assert (seal.seal_key(), True) == ((config / "seal.key").read_bytes(), config.exists())


def test_reading_takes_every_key(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries are read with the variable's key, the old ones and the key file; they are sealed with the first."""
    file = seal.seal_key()
    monkeypatch.setenv("LLM_MEMO_KEY", ONE)
    one = seal.seal_key()
    monkeypatch.setenv("LLM_MEMO_KEY", TWO)
    monkeypatch.setenv("LLM_MEMO_OLD_KEYS", f"{ONE} , {THREE},")
    keys = seal.seal_keys()
    assert [seal.seal_key(), one, file] == [keys[0].secret, keys[1].secret, keys[3].secret]
    assert ["LLM_MEMO_KEY", "LLM_MEMO_OLD_KEYS", "LLM_MEMO_OLD_KEYS", str(config / "seal.key")] == [
        each.source for each in keys
    ]
    assert 4 == len({each.name for each in keys})
    monkeypatch.delenv("LLM_MEMO_KEY")
    assert [file, one] == [each.secret for each in seal.seal_keys()][:2]


def test_a_key_file_of_no_use_is_passed_over_where_a_key_is_given(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With LLM_MEMO_KEY nobody needs the file, so that a bad one is no fault."""
    seal.seal_key()
    (config / "seal.key").chmod(0o644)
    monkeypatch.setenv("LLM_MEMO_KEY", ONE)
    assert ["LLM_MEMO_KEY"] == [each.source for each in seal.seal_keys()]


def test_setting_a_key_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers stay hits when LLM_MEMO_KEY is set, replaced by another, and taken away, as far as it is still known."""
    calls = []

    @cached_completion
    def ask(text: str) -> str:
        calls.append(text)
        return text.upper()

    ask("file")
    for new, old in [(ONE, ""), (TWO, ONE), ("", f"{TWO},{ONE}")]:
        monkeypatch.setenv("LLM_MEMO_KEY", new)
        monkeypatch.setenv("LLM_MEMO_OLD_KEYS", old)
        ask(f"new {new}")
        forget()
        for text in list(calls):
            ask(text)
        assert ((), ()) == Cache().verify()[1:3]
    assert ["file", f"new {ONE}", f"new {TWO}", "new "] == calls


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("LLM_MEMO_KEY", "abc", "3 characters is too short; it has at least 16"),
        ("LLM_MEMO_KEY", "fifteen letters", "15 characters"),
        ("LLM_MEMO_OLD_KEYS", f"{'x' * 16},abc", "3 characters"),
        ("LLM_MEMO_KEY", "sixteen, and a comma", "no commas"),
    ],
)
def test_a_key_that_is_none_is_refused_before_money_is_spent(
    variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short key is an error of the call that names the variable and not the key; the function is not called."""
    calls = []

    @cached_completion
    def ask(text: str) -> str:
        calls.append(text)
        return text

    ask.cache_parameters()
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidOption, match=f"{variable}.*{said}") as caught:
        ask("a")
    assert "abc" not in str(caught.value)
    assert [] == calls
    monkeypatch.setenv("LLM_MEMO_KEY", "sixteen letters.")
    monkeypatch.delenv("LLM_MEMO_OLD_KEYS", raising=False)
    assert "a" == ask("a")


def test_many_processes_make_one_key(config: Path, run: Run) -> None:
    """Processes that need the key at the same time get the same."""
    text = "from llm_memo.stores.seal import seal_key; print(seal_key().hex())"
    with ThreadPoolExecutor(6) as pool:
        keys = set(pool.map(lambda number: run(text, name=f"{number}.py"), range(6)))
    assert {f"{(config / 'seal.key').read_bytes().hex()}\n"} == keys
    assert 1 == len(list(config.iterdir()))


def test_a_second_maker_takes_the_first_ones_key(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes second with a new key throws it away."""
    real = os.link

    def slower(source: str, target: str) -> None:
        Path(target).write_bytes(b"1" * 32)
        Path(target).chmod(0o600)
        real(source, target)

    monkeypatch.setattr(os, "link", slower)
    assert b"1" * 32 == seal.seal_key()
    assert 1 == len(list(config.iterdir()))


def test_a_file_system_without_links(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where files cannot be linked the key is made all the same."""

    def link(source: str, target: str) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    assert seal.seal_key() == (config / "seal.key").read_bytes()
    assert 1 == len(list(config.iterdir()))


def readable(path: Path) -> None:
    """Let others read it."""
    path.chmod(0o640)


def short(path: Path) -> None:
    """Cut it short."""
    path.write_bytes(b"1" * 31)


def long(path: Path) -> None:
    """Make it longer."""
    path.write_bytes(b"1" * 33)


def linked(path: Path) -> None:
    """Put a link in its place."""
    path.rename(path.with_name("other"))
    path.symlink_to(path.with_name("other"))


def pipe(path: Path) -> None:
    """Put a pipe in its place."""
    path.unlink()
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize("change", [readable, short, long, linked, pipe], ids=lambda change: change.__name__)
def test_a_key_that_is_not_ours_alone_is_refused(change: Callable[[Path], None], config: Path) -> None:
    """A key file that others can read, that is damaged or is a link is an error that says what to do."""
    key = seal.seal_key()
    change(config / "seal.key")
    forget()
    with pytest.raises(StoreError, match=r"seal\.key") as caught:
        seal.seal_key()
    assert key.hex() not in str(caught.value)
    assert any(way in str(caught.value) for way in ("remove it", "LLM_MEMO_KEY"))
    config.joinpath("seal.key").unlink()
    assert key != seal.seal_key()


def test_a_key_of_another_user_is_refused(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key file that another user owns is an error."""
    seal.seal_key()
    forget()
    owner = os.geteuid()
    monkeypatch.setattr(seal.os, "geteuid", lambda: owner + 1)
    with pytest.raises(StoreError, match="belongs to another user"):
        seal.seal_key()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary directory of this test's own, and the key's folder in it."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return place / f"llm_memo-{os.geteuid()}-config"


def test_a_config_folder_that_cannot_be_made(config: Path, temporary: Path) -> None:
    """Where the config folder cannot be made the key is in the temporary directory, and the way out is said."""
    config.parent.write_text("mine")
    with pytest.warns(MemoWarning, match=r"llm_memo-\d+-config.*LLM_MEMO_KEY"):
        key = seal.seal_key()
    assert (temporary / "seal.key").read_bytes() == key
    assert 0o700 == stat.S_IMODE(temporary.stat().st_mode)
    forget()
    assert key == seal.seal_key()


def folder_of_others(place: Path) -> None:
    """A folder that others can look into."""
    place.mkdir(mode=0o755)


def link(place: Path) -> None:
    """A link to a folder."""
    place.with_name("elsewhere").mkdir(mode=0o700)
    place.symlink_to(place.with_name("elsewhere"))


@pytest.mark.parametrize("plant", [folder_of_others, link])
def test_a_temporary_folder_that_was_planted(plant: Callable[[Path], None], config: Path, temporary: Path) -> None:
    """What others may have put in the temporary folder's place holds no key of ours."""
    config.parent.write_text("mine")
    plant(temporary)
    with pytest.raises(StoreError, match="LLM_MEMO_KEY"):
        seal.seal_key()
    assert [] == list(temporary.iterdir())


def test_without_a_key_calls_are_made_and_not_kept(config: Path) -> None:
    """Without a usable key an entry is neither read nor refused nor replaced, with one warning in each call."""

    @cached_completion
    def ask(text: str) -> str:
        return text.upper()

    ask("a")
    before = {path: path.read_bytes() for path in Path(ask.entries()[0].path).parents[1].rglob("*.joblib")}
    (config / "seal.key").chmod(0o644)
    forget()
    with pytest.warns(UntrustedEntry, match=r"seal\.key") as caught:
        assert "A" == ask("a")
    assert 1 == len(caught)
    with pytest.raises(StoreError):
        ask.entries()
    assert before == {path: path.read_bytes() for path in before}
    (config / "seal.key").chmod(0o600)
    assert ask.is_cached("a")
    assert 0 == ask.cache_info().hits


def test_a_config_folder_for_reading_only(config: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a config folder that cannot be written to a key that is there is read, and none is made."""
    config.mkdir(parents=True)
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != str(config) and real(path, mode))
    with pytest.warns(MemoWarning, match="LLM_MEMO_KEY"):
        seal.seal_key()
    assert (temporary / "seal.key").exists()
    (config / "seal.key").write_bytes(b"k" * 32)
    (config / "seal.key").chmod(0o600)
    forget()
    assert b"k" * 32 == seal.seal_key()
