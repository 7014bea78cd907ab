"""Keys from the terminal, and folders that are sealed anew."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from anew import forget

from llm_memo import Cache, UntrustedEntry, cached_completion
from llm_memo.cli import main
from llm_memo.runtime.environ import KEY_LENGTH
from llm_memo.stores import seal

ONE, TWO = "a long random text", "another long random text"


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config folder of this test's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "llm_memo"


@cached_completion(name="ask")
def ask(text: str) -> str:
    """A function."""
    return text.upper()


def paths() -> list[Path]:
    """The files of all entries."""
    return list(Path(Cache().path).glob("*/*/*.joblib"))


def test_a_folder_is_sealed_anew(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """After llm-memo key seal the new key alone reads all entries; times and answers are as they were."""
    for text in "abc":
        ask(text)
    for number, path in enumerate(paths()):
        os.utime(path, (1e9 + number, 2e9 + number))
    before = {path: (path.stat().st_atime, path.stat().st_mtime) for path in paths()}
    monkeypatch.setenv("LLM_MEMO_KEY", ONE)
    assert 0 == main(["key"])
    assert "3 entries sealed with another of yours: llm-memo key seal" in capsys.readouterr().out
    assert 0 == main(["key", "seal"])
    assert capsys.readouterr().out.startswith("3 entries sealed anew, 0 were already, in ")
    assert 0 == main(["key", "seal"])
    assert capsys.readouterr().out.startswith("0 entries sealed anew, 3 were already")
    assert before == {path: (path.stat().st_atime, path.stat().st_mtime) for path in paths()}
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")
    forget()
    assert (3, (), ()) == Cache().verify()[:3]


def test_what_was_refused_is_sealed_anew_too(monkeypatch: pytest.MonkeyPatch, config: Path) -> None:
    """What is in quarantine and sealed with an old key comes back when the folder is sealed anew."""
    ask("a")
    own = os.environ["XDG_CONFIG_HOME"]
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config / "another"))
    forget()
    with pytest.warns(UntrustedEntry):
        assert not ask.is_cached("a")
    monkeypatch.setenv("XDG_CONFIG_HOME", own)
    monkeypatch.setenv("LLM_MEMO_KEY", ONE)
    assert 0 == main(["key", "seal"])
    assert ask.is_cached("a")


def test_links_stay_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries that are one file under two names are one file afterwards."""
    ask("a")
    (path,) = paths()
    twin = path.parents[2] / "twin" / path.parent.name / path.name
    cached_completion(name="twin")(str.lower)("b")
    twin.parent.mkdir(exist_ok=True)
    os.link(path, twin)
    monkeypatch.setenv("LLM_MEMO_KEY", ONE)
    assert 0 == main(["key", "seal"])
    assert path.samefile(twin)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")
    forget()
    assert (3, (), ()) == Cache().verify()[:3]


def test_what_is_nobodys_is_left(
    monkeypatch: pytest.MonkeyPatch, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An entry that is sealed with none of the user's keys stays as it is, is named, and the exit code is 1."""
    ask("a")
    (path,) = paths()
    content = path.read_bytes()
    (config / "seal.key").unlink()
    monkeypatch.setenv("LLM_MEMO_KEY", ONE)
    assert 1 == main(["key", "seal"])
    assert str(path) in capsys.readouterr().out
    assert 0 == main(["key"])
    assert "1 entry not sealed with any of yours" in capsys.readouterr().out
    assert content == path.read_bytes()


def test_a_group_folder_gets_its_rights(monkeypatch: pytest.MonkeyPatch, cache_dir: Path) -> None:
    """What was made before the folder was a group's gets the group's rights when it is sealed anew."""
    monkeypatch.setenv("LLM_MEMO_KEY", ONE)
    ask("a")
    cache_dir.chmod(0o2770)
    assert 0 == main(["key", "seal"])
    (path,) = paths()
    assert [0o2770, 0o2770, 0o660] == [
        stat.S_IMODE(each.stat().st_mode) for each in (path.parents[1], path.parent, path)
    ]


def test_keys_are_shown_by_name(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """llm-memo key shows where each key is from and a name for it, and never the key."""
    ask("a")
    monkeypatch.setenv("LLM_MEMO_KEY", TWO)
    monkeypatch.setenv("LLM_MEMO_OLD_KEYS", ONE)
    assert 0 == main(["key", "--json"])
    shown = capsys.readouterr().out
    found = json.loads(shown)
    assert ["LLM_MEMO_KEY", "LLM_MEMO_OLD_KEYS", seal.key_file()] == [each["source"] for each in found["keys"]]
    assert (1, 0, []) == (found["anew"], found["already"], found["refused"])
    assert 0 == main(["key"])
    shown += capsys.readouterr().out
    for each in seal.seal_keys():
        assert each.name in shown
        assert each.secret.hex() not in shown
    assert ONE not in shown
    assert TWO not in shown
    assert 0 == main(["key", "seal", "--json"])
    assert 1 == json.loads(capsys.readouterr().out)["anew"]


def test_a_new_key_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """llm-memo key new prints a key alone on standard output, another each time, also where the present one is bad."""
    monkeypatch.setenv("LLM_MEMO_KEY", "abc")
    keys = []
    for _ in range(2):
        assert 0 == main(["key", "new"])
        out, err = capsys.readouterr()
        keys.append(out.strip())
        assert "LLM_MEMO_KEY" in err
    assert 0 == main(["key", "new", "--json"])
    keys.append(json.loads(capsys.readouterr().out)["LLM_MEMO_KEY"])
    assert 3 == len(set(keys))
    assert all(len(key) > 2 * KEY_LENGTH and "," not in key for key in keys)
    assert 2 == main(["key"])
    assert "too short" in capsys.readouterr().err


def test_what_is_anothers_in_a_group_folder_is_theirs_to_mend(monkeypatch: pytest.MonkeyPatch, cache_dir: Path) -> None:
    """Folders whose rights cannot be changed are passed over, and the entries in them sealed."""
    monkeypatch.setenv("LLM_MEMO_KEY", ONE)
    ask("a")
    cache_dir.chmod(0o2770)
    monkeypatch.setenv("LLM_MEMO_KEY", TWO)
    monkeypatch.setenv("LLM_MEMO_OLD_KEYS", ONE)
    real = os.chmod

    def chmod(path: str | int, mode: int) -> None:
        if isinstance(path, str):
            raise PermissionError(1, "Operation not permitted")
        real(path, mode)

    monkeypatch.setattr(os, "chmod", chmod)
    assert 0 == main(["key", "seal"])
    monkeypatch.delenv("LLM_MEMO_OLD_KEYS")
    forget()
    assert (1, ()) == Cache().verify()[:2]
