"""Whose code it is: what an installer put somewhere counts by its name, wherever that is."""

from __future__ import annotations

import importlib
import json
import re
import types
from pathlib import Path

import numpy
import pytest

from llm_memo import cached_completion, configure
from llm_memo.identity.local import is_own, is_own_module

MODULE = "def speak(text):\n    return text + '.'\n"


class Unreadable:
    """An object that does not tell where it comes from."""

    @property
    def __module__(self) -> str:  # type: ignore[override]
        raise RuntimeError


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
    assert own == any(part.owner.startswith("helper") for part in ask.explain("Hello").parts)


def test_what_was_installed_from_a_local_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``pip install .`` leaves a note (PEP 610) by which a project's own packages are its own."""
    folder = tmp_path / "site-packages"
    for name, note in (
        ("ours", '{"url": "file:///p", "dir_info": {}}'),
        ("theirs", '{"url": "https://h"}'),
        ("odd", "{"),
    ):
        (folder / f"local_{name}").mkdir(parents=True)
        (folder / f"local_{name}" / "__init__.py").write_text(MODULE)
        (folder / f"{name}-1.0.dist-info").mkdir()
        (folder / f"{name}-1.0.dist-info" / "RECORD").write_text(f"local_{name}/__init__.py,,\n")
        (folder / f"{name}-1.0.dist-info" / "direct_url.json").write_text(note)
    monkeypatch.syspath_prepend(folder)
    names = ("local_ours", "local_theirs", "local_odd")
    assert [True, False, False] == [is_own_module(importlib.import_module(name).__name__) for name in names]


@pytest.mark.usefixtures("target")
def test_packages_that_the_user_calls_his_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """``configure(own_packages=…)`` counts wherever a package lies, for all functions at once."""
    import installed_one  # type: ignore[import-not-found]

    assert not is_own(installed_one.speak)
    with configure(own_packages=("installed_one",)):
        assert is_own(installed_one.speak)
        assert is_own(installed_one)
    assert not is_own(installed_one)


@pytest.mark.parametrize(
    ("own", "thing"),
    [
        (False, json),
        (False, json.dumps),
        (False, json.JSONEncoder),
        (False, type(iter([]))),
        (False, re.compile("a")),
        (False, cached_completion),
        (False, numpy.random.Generator),
        (False, type(numpy.random.Generator.__dict__["normal"])),
        (False, Unreadable()),
        (True, test_whose_code_it_is),
        (True, types.ModuleType("a_cell")),
        (True, type("Made", (), {"__module__": "a_cell", "upper": str.upper})),
    ],
)
def test_the_users_own_code(own: bool, thing: object) -> None:
    """The standard library, what is installed, code in C and llm_memo are not the user's own; a cell is."""
    assert own == is_own(thing)


@pytest.mark.parametrize(
    ("own", "name"), [(True, "__main__"), (True, "__mp_main__"), (True, "nowhere"), (False, "sys"), (False, "llm_memo")]
)
def test_modules_by_their_names(own: bool, name: str) -> None:
    """A script is the user's own, and so is a module of which nothing is known."""
    assert own == is_own_module(name)
