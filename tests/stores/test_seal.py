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

from llm_memo import StoreError, UntrustedEntry, cached_completion
from llm_memo.stores import seal

Run = Callable[..., str]


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
    monkeypatch.setenv("LLM_MEMO_KEY", "a long random text")
    one = seal.seal_key()
    monkeypatch.setenv("LLM_MEMO_KEY", "another")
    assert one != seal.seal_key()
    assert not config.exists()
    monkeypatch.setenv("LLM_MEMO_KEY", "")
    assert (seal.seal_key(), True) == ((config / "seal.key").read_bytes(), config.exists())


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


def test_a_config_folder_that_cannot_be_made(config: Path) -> None:
    """Without a place for the key there is none, and the error says what to do."""
    config.parent.write_text("mine")
    with pytest.raises(StoreError, match=r"no key to seal entries with.*LLM_MEMO_KEY"):
        seal.seal_key()


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
