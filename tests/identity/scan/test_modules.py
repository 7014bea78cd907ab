"""Modules that a function imports or reads from: those that cannot be found, loaded or parsed, too."""

from __future__ import annotations

import pathlib
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Project = Callable[..., Any]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """Writes files of a package called ``inner`` into a folder that is imported from; gives its module ``asking``."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)

    def written(body: str, head: str = "", options: str = "", **files: str) -> Any:
        (tmp_path / "inner").mkdir()
        (tmp_path / "inner/__init__.py").write_text("")
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        (tmp_path / "inner/asking.py").write_text(
            f"from llm_memo import cached_completion\n{head}\ncalls = []\n"
            f"@cached_completion({options})\ndef f(x):\n calls.append(x)\n {body}\n"
        )
        __import__("inner.asking")
        return sys.modules["inner.asking"]

    yield written
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("inner", "odd", "broken", "unlike", "settings"):
            del sys.modules[name]


def test_an_import_that_leads_out_of_its_package(project: Project) -> None:
    """There is nothing that it could mean; the function handles it as it always does, once."""
    asking = project("try:\n  from ...outer import TEXT\n except ImportError:\n  TEXT = 'none '\n return TEXT + x")
    assert ["none a", "none a"] == [asking.f("a"), asking.f("a")]
    assert ["a"] == asking.calls


def test_a_module_that_fails_when_it_is_imported(project: Project, tmp_path: Path) -> None:
    """Its error is the call's, and is not kept; once it is mended, the call is made."""
    asking = project("import broken\n return broken.TEXT + x", broken="raise RuntimeError('not yet')")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="not yet"):
            asking.f("a")
    (tmp_path / "broken.py").write_text("TEXT = 'a longer text: '\n")
    assert "a longer text: a" == asking.f("a")


def test_a_module_that_nobody_can_find(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of a module without a spec is found by the call, or not; what is there then is asked anew."""
    monkeypatch.setitem(sys.modules, "odd", types.ModuleType("odd"))
    asking = project("import odd.part\n return odd.part.TEXT + x")
    with pytest.raises(ModuleNotFoundError):
        asking.f("a")
    part = types.ModuleType("odd.part")
    vars(part)["TEXT"] = "found "
    monkeypatch.setitem(sys.modules, "odd.part", part)
    monkeypatch.setattr(sys.modules["odd"], "part", part, raising=False)
    assert "found a" == asking.f("a")


def test_a_module_that_is_no_python(project: Project) -> None:
    """Imported only sometimes and never yet, it costs no answer."""
    asking = project("if x == 'b':\n  import unlike\n return x", unlike="this is no Python")
    assert ["a", "a"] == [asking.f("a"), asking.f("a")]
    assert ["a"] == asking.calls
    with pytest.raises(SyntaxError):
        asking.f("b")


def test_a_variable_of_a_module_that_is_ignored(project: Project) -> None:
    """What ``ignore=`` names in a module makes no other question; the rest of it does."""
    asking = project(
        "return settings.TEXT + x if settings.LEVEL else x", "import settings", "ignore='settings.LEVEL'",
        settings="LEVEL = 1\nTEXT = 'text '\n",
    )  # fmt: skip
    assert "text a" == asking.f("a")
    asking.settings.LEVEL = 2
    assert "text a" == asking.f("a")
    assert ["a"] == asking.calls
    asking.settings.TEXT = "other "
    assert "other a" == asking.f("a")


def test_a_name_that_an_installed_module_makes_when_it_is_asked(project: Project) -> None:
    """It counts as installed: the second call is a hit."""
    asking = project("return x if x == 'a' else numpy.never_there", "import numpy")
    assert ["a", "a"] == [asking.f("a"), asking.f("a")]
    assert ["a"] == asking.calls


def test_a_variable_of_the_environment_that_can_have_no_name(project: Project) -> None:
    """It costs no answer: the call finds out, if it comes so far."""
    asking = project("return x if x == 'a' else os.environ[1]", "import os")
    assert ["a", "a"] == [asking.f("a"), asking.f("a")]
    assert ["a"] == asking.calls
    with pytest.raises(TypeError):
        asking.f("b")


@pytest.mark.parametrize(
    "head", ["DATA = Path('/one/two')", "DATA = Path('two')", "DATA = Path(__file__)\ndel __file__"]
)
def test_what_lies_in_a_folder_outside_of_the_project(project: Project, head: str) -> None:
    """A folder that is in no project counts by its name: another one is another question."""
    asking = project("return open(DATA / x).read() if x == 'b' else f'{DATA}/{x}'", f"from pathlib import Path\n{head}")
    first = asking.f("a")
    assert first == asking.f("a")
    asking.DATA = pathlib.Path("/one/three")
    assert "/one/three/a" == asking.f("a")
    assert ["a", "a"] == asking.calls
