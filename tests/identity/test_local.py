"""Whose code it is: what an installer put somewhere counts by its name, wherever that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_memo import cached_completion

MODULE = "def speak(text):\n    return text + '.'\n"


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as ``pip install --target`` leaves it, with the user's own code beside what was installed."""
    for name in ("installed_one", "installed_module", "own_one"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(MODULE)
    (tmp_path / "installed_module.py").write_text(MODULE)
    (tmp_path / "installed_one" / "own_part.py").write_text(MODULE)
    (tmp_path / "installed_module" / "__init__.py").unlink()
    (tmp_path / "installed_one-1.0.dist-info").mkdir()
    (tmp_path / "installed_one-1.0.dist-info" / "RECORD").write_text(
        'installed_one/__init__.py,sha256=0,41\n"installed_module.py",sha256=0,41\n"../bin/a, b",,\n'
    )
    (tmp_path / "no_record-1.0.dist-info").mkdir()
    (tmp_path / "overlay" / "site-packages" / "overlaid").mkdir(parents=True)
    (tmp_path / "overlay" / "site-packages" / "overlaid" / "__init__.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path / "overlay" / "site-packages")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("own_one", True),
        ("installed_one.own_part", True),
        ("installed_one", False),
        ("installed_module", False),
        ("overlaid", False),
    ],
)
@pytest.mark.usefixtures("target")
def test_whose_code_it_is(name: str, own: bool) -> None:
    """Code that is installed is left out of a key, also in another folder than this interpreter's."""
    names: dict[str, object] = {"__name__": "__main__"}
    exec(f"import {name}\ndef ask(text):\n    return {name}.speak(text)\n", names)
    ask = cached_completion(names["ask"])  # type: ignore[call-overload]
    assert own == any(part.name.startswith("helper") for part in ask.explain("Hello").parts)
