"""Answers of classes that were defined again: their module was imported anew, or their cell run anew."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_memo import NotStored
from llm_memo.cli import main

MODELS = """
import dataclasses, enum, pydantic

class City(pydantic.BaseModel):
    name: str

class Page(pydantic.BaseModel):
    cities: list[City]

@dataclasses.dataclass
class Town:
    name: str

class Size(enum.Enum):
    SMALL = "small"

def shout(text):
    return text.upper()
"""
APP = """
from llm_memo import cached_completion
from memo_models import City, Page, Town, Size, shout

paid = []

@cached_completion
def city(text):
    paid.append(text)
    return City(name=text)

@cached_completion
def page(text):
    paid.append(text)
    return Page(cities=[City(name=text)])

@cached_completion
def town(text):
    paid.append(text)
    return [Town(name=text)]

@cached_completion
def tagged(text):
    paid.append(text)
    return (City(name=text), Size.SMALL)

@cached_completion
def kinds(text):
    paid.append(text)
    return (City, shout)

@cached_completion
def words(text):
    paid.append(text)
    yield City(name=text)
"""
Sees = Callable[[Any, Any], bool]
FUNCTIONS: dict[str, Sees] = {
    "city": lambda answer, models: type(answer) is models.City,
    "page": lambda answer, models: type(answer.cities[0]) is models.City,
    "town": lambda answer, models: type(answer[0]) is models.Town,
    "tagged": lambda answer, models: type(answer[0]) is models.City and answer[1] is models.Size.SMALL,
    "kinds": lambda answer, models: answer == (models.City, models.shout),
    "words": lambda answer, models: [models.City] == list(map(type, answer)),
}
"""Function → whether its answer is of the classes of this module."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with two modules, one of which has the models of the other's functions."""
    (tmp_path / "memo_models.py").write_text(MODELS)
    (tmp_path / "memo_app.py").write_text(APP)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # an edit within a second would not be seen
    yield tmp_path
    for name in ("memo_models", "memo_app"):
        sys.modules.pop(name, None)


def imported_anew(*names: str) -> list[Any]:
    """The modules, imported again after they were forgotten, as Streamlit does it."""
    importlib.invalidate_caches()
    for name in names:
        sys.modules.pop(name, None)
    return [importlib.import_module(name) for name in names]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_all_modules_imported_anew(project: Path, name: str) -> None:
    """After all of the project was imported again, a hit is of the new classes, however often that happens."""
    models, app = imported_anew("memo_models", "memo_app")
    list(getattr(app, name)("a"))
    for _ in range(3):
        models, app = imported_anew("memo_models", "memo_app")
        for _ in range(2):
            assert FUNCTIONS[name](getattr(app, name)("a"), models)
        assert [] == app.paid


@pytest.mark.parametrize("name", FUNCTIONS)
def test_only_the_module_of_the_classes_imported_anew(project: Path, name: str) -> None:
    """Where only the class's own module was imported again, unchanged, answers are kept; hits are of the new class."""
    _, app = imported_anew("memo_models", "memo_app")
    (models,) = imported_anew("memo_models")
    list(getattr(app, name)("a"))
    for _ in range(2):
        assert FUNCTIONS[name](getattr(app, name)("a"), models)
    assert ["a"] == app.paid


def test_reload_is_an_import_anew(project: Path) -> None:
    """importlib.reload() of the class's module is the same."""
    models, app = imported_anew("memo_models", "memo_app")
    importlib.reload(models)
    assert [type(app.city("a")) is models.City for _ in range(3)] == [False, True, True]
    assert ["a"] == app.paid


def test_a_module_that_is_only_forgotten(project: Path) -> None:
    """A module that was forgotten and not imported again is not imported by a hit: the class that is in use stays."""
    _, app = imported_anew("memo_models", "memo_app")
    app.city("a")
    app.city("a")
    del sys.modules["memo_models"]
    assert type(app.city("a")) is app.City
    assert "memo_models" not in sys.modules


def test_a_class_that_was_edited_meanwhile(project: Path) -> None:
    """Where the new class is another one, an answer of the earlier is not kept, and the warning says what to do."""
    _, app = imported_anew("memo_models", "memo_app")
    (project / "memo_models.py").write_text(MODELS.replace("name: str", "name: str\n    country: str = 'France'"))
    (models,) = imported_anew("memo_models")
    for name in ("city", "town", "kinds"):
        with pytest.warns(NotStored, match=r"as it was before memo_models was imported, .* anew: import anew what"):
            getattr(app, name)("a")
    (app,) = imported_anew("memo_app")
    assert "France" == app.city("a").country
    assert type(app.city("a")) is models.City
    assert ["a"] == app.paid


def test_a_function_that_was_edited_meanwhile(project: Path) -> None:
    """A function in an answer is one of code: after an edit the earlier one is not kept as the new."""
    _, app = imported_anew("memo_models", "memo_app")
    (project / "memo_models.py").write_text(MODELS.replace("upper", "lower"))
    imported_anew("memo_models")
    with pytest.warns(NotStored, match="it needs shout as it was before"):
        app.kinds("a")


def test_an_answer_of_an_earlier_class_can_be_shown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was kept of a class that was replaced then is shown like any other."""
    _, app = imported_anew("memo_models", "memo_app")
    imported_anew("memo_models")
    app.town("Lyon")
    (entry,) = app.town.entries()
    assert 0 == main(["show", entry.key, "--answer"])
    assert '"name": "Lyon"' in capsys.readouterr().out


def test_a_class_of_the_same_name_that_is_another(project: Path) -> None:
    """Two classes of one name in one module are two: what only has the name of the other is not kept in its place."""
    models, app = imported_anew("memo_models", "memo_app")
    earlier = models.Town
    models.Town = type("Town", (), {"__module__": "memo_models", "say": lambda self: "hello"})
    assert app.Town is earlier
    with pytest.warns(NotStored, match="it needs Town as it was before"):
        app.town("a")


SCRIPT = """
import dataclasses, pydantic
from llm_memo import cached_completion

class City(pydantic.BaseModel):
    name: str

@dataclasses.dataclass
class Town:
    name: str

paid = []

@cached_completion(ignore=("paid",))
def city(text):
    paid.append(text)
    return City(name=text)

@cached_completion(ignore=("paid",))
def town(text):
    paid.append(text)
    return Town(name=text)
"""


def test_a_script_that_another_script_runs(run: Callable[..., str], tmp_path: Path) -> None:
    """After runpy has put its own ``__main__`` back, answers are kept, and are of the classes of that very run."""
    (tmp_path / "inner.py").write_text(SCRIPT)
    printed = run("""
        import runpy
        for _ in range(2):
            names = runpy.run_path("inner.py", run_name="__main__")
            for text in "aabb":
                assert type(names["city"](text)) is names["City"]
                assert type(names["town"](text)) is names["Town"]
            print(len(names["paid"]))
        print(names["city"].cache_info().misses, names["city"].cache_info().hits)
    """)
    assert ["4", "0", "2 6"] == printed.splitlines()


def test_a_page_that_is_run_anew_at_each_click(run: Callable[..., str], tmp_path: Path) -> None:
    """As Streamlit does it, in threads of its own, for several visitors: each run has answers of its own classes."""
    (tmp_path / "page.py").write_text(SCRIPT + 'seen = city("a"), town("a")\n')
    printed = run("""
        import pathlib, sys, threading, types
        code = compile(pathlib.Path("page.py").read_text(), "page.py", "exec")
        runs = []

        def click():
            page = types.ModuleType("__main__")
            page.__file__ = "page.py"
            sys.modules["__main__"] = page
            exec(code, vars(page))
            runs.append(page)

        def visitor():
            for _ in range(5):
                click()

        click()
        visitors = [threading.Thread(target=visitor) for _ in range(3)]
        [each.start() for each in visitors], [each.join() for each in visitors]
        for page in runs:  # whichever ran last
            assert (page.City, page.Town) == tuple(map(type, page.seen))
            assert (page.City, page.Town) == (type(page.city("a")), type(page.town("a")))
        print(len(runs), sum(len(page.paid) for page in runs))
    """)
    assert "16 2" == printed.strip()


def test_a_function_decorated_twice_has_two_counts(project: Path) -> None:
    """Counts go on in a new run of a file; two cached functions of one function in one run have each their own."""
    from llm_memo import cached_completion

    models, _ = imported_anew("memo_models", "memo_app")
    one, other = cached_completion(models.shout), cached_completion(models.shout)
    one("a")
    assert (1, 0) == (one.cache_info().calls, other.cache_info().calls)
