"""Where a cache lives when nobody says."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_memo import Cache


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLM_MEMO_DIR")


@pytest.mark.parametrize("marker", [".git", "pyproject.toml", "setup.cfg"])
def test_the_nearest_project_holds_the_folder(marker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is .llm_memo in the nearest parent that looks like a project."""
    (tmp_path / "setup.cfg").touch()
    inner = tmp_path / "inner"
    deep = inner / "a" / "b"
    deep.mkdir(parents=True)
    (inner / marker).touch()
    monkeypatch.chdir(deep)
    assert str(inner / ".llm_memo") == Cache().path
    monkeypatch.chdir(tmp_path)
    assert str(tmp_path / ".llm_memo") == Cache().path


def test_outside_of_projects_it_is_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of any project the folder is in the user's cache folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("llm_memo.location._MARKERS", ())
    assert str(tmp_path / "user-cache" / "llm_memo") == Cache().path


def test_relative_and_home_paths_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path counts from the working directory, ~ is the home folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert str(tmp_path / "here") == Cache("here").path
    assert str(tmp_path / "home" / "there") == Cache("~/there").path


def test_a_working_directory_that_is_gone_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a working directory that was removed the user's cache folder serves."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert str(tmp_path / "user-cache" / "llm_memo") == Cache().path
