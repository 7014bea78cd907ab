"""Settings models of pydantic-settings that a call makes: the variables and files that they read count.

Where the SDKs are installed; which server a client goes to is among the programs of `corpus.strangers`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from llm_memo import cached_completion

settings = pytest.importorskip("pydantic_settings")


class Inner(BaseModel):
    end: str = "."


class Settings(settings.BaseSettings):
    model_config = settings.SettingsConfigDict(env_prefix="APP_", env_nested_delimiter="__", env_file="my.env")
    tone: str = "none"
    end: str = Field(".", validation_alias="THE_END")
    inner: Inner = Inner()
    kept: str = ""


@pytest.mark.parametrize("name", ["APP_TONE", "app_tone", "THE_END", "APP_INNER__END", "my.env"])
def test_what_a_settings_model_reads_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A variable that belongs to a field, by prefix, alias or nested, and the file of variables; no other variable."""
    monkeypatch.chdir(tmp_path)
    made = []

    @cached_completion
    def ask() -> str:
        found = Settings()
        text = f"{found.tone}{found.end}{found.inner.end}{found.kept}"
        made.append(text)
        return text

    ask()
    monkeypatch.setenv("OTHER", "x")
    ask()
    assert 1 == len(made)
    if name == "my.env":
        Path(name).write_text("APP_KEPT=new")
    else:
        monkeypatch.setenv(name, "new")
    assert "new" in ask()
    assert 2 == len(made)
