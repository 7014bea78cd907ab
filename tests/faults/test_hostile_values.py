"""Function names, arguments and answers that nobody would make on purpose, and somebody does."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anew import forget
from witness import leftovers

from llm_memo import Cache, NotStored, cached_completion

NAMES = [
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "a/b\\c",
    "C:\\con",
    "x" * 300,
    "x" * 299 + "y",
    "émile.グリーン",
    "émile.ブルー",
    "\ud800",
    "",
    " ",
    ".",
    ".hidden",
    ".gitignore",
    "CACHEDIR.TAG",
    "cachedir",
    "quarantine",
    "Quarantine",
    ".cleared-0123456789abcdef",
    "CON",
    "nul.txt",
    "aux",
    "a\0b",
    "new\nline",
    "a@b",
    '*?"<>|',
    "trailing.",
    "ab",
]


def test_every_name_has_a_folder_of_its_own(cache_dir: Path) -> None:
    """Functions of any name keep their answers apart, inside of the cache folder, and are cleared one by one."""
    functions = []
    for name in filter(None, NAMES):

        def ask(text: str, name: str = name) -> str:
            return f"{name}: {text}"

        functions.append(cached_completion(name=name)(ask))
        assert f"{name}: a" == functions[-1]("a")
    forget()
    assert len(functions) == Cache().info().functions == Cache().info().entries
    assert sorted(filter(None, NAMES)) == Cache().functions()
    assert [cache_dir] == [path for path in cache_dir.parent.iterdir() if path.name == "cache"]
    assert all(len(path.name) < 120 and path.name.isascii() for path in cache_dir.rglob("*"))
    for number, function in enumerate(functions, 1):
        assert 1 == function.cache_clear().entries
        assert len(functions) - number == Cache().info().entries


def nested(depth: int) -> Any:
    """A list in a list in a list…"""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


@cached_completion
def echo(value: Any) -> str:
    """A function that takes anything."""
    return type(value).__name__


@cached_completion
def give(name: str) -> Any:
    """A function that answers with anything."""
    return ANSWERS[name]()


class Raises:
    """Raises whatever is asked of it."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("eq")

    def __hash__(self) -> int:
        raise RuntimeError("hash")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"getattr {name}")

    def __bool__(self) -> bool:
        raise RuntimeError("bool")

    def __len__(self) -> int:
        raise RuntimeError("len")

    def __repr__(self) -> str:
        raise RuntimeError("repr")


ANSWERS: dict[str, Callable[[], Any]] = {"deep": lambda: nested(10_000), "raises": Raises}


@pytest.mark.slow
def test_an_argument_10_000_deep() -> None:
    """An argument nested 10,000 deep is an argument like another."""
    assert "list" == echo(nested(10_000))
    assert echo.is_cached(nested(10_000))
    assert not echo.is_cached(nested(9_999))


def test_an_argument_that_raises() -> None:
    """An argument whose methods raise is a question like another."""
    assert "Raises" == echo(Raises())
    assert echo.is_cached(Raises())
    assert "Raises()" == echo.entries()[0].arguments.removeprefix("value=")


@pytest.mark.slow
def test_an_argument_of_100_megabytes() -> None:
    """An argument of 100 MB is a hit the second time, and is not kept with the answer."""
    text = "x" * 100_000_000
    assert "str" == echo(text)
    assert echo.is_cached(text)
    assert not echo.is_cached(text + "x")
    assert Cache().info().bytes < 10_000


@pytest.mark.parametrize("name", ["deep", "raises"])
def test_a_hostile_answer(name: str) -> None:
    """An answer nested 10,000 deep, or whose methods raise, is returned; it is kept or told of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answer = give(name)
    assert type(ANSWERS[name]()) is type(answer)
    assert [NotStored] * (1 - Cache().info().entries) == [each.category for each in caught]
    assert [] == leftovers(Path(Cache().path))
    if not caught:
        assert type(answer) is type(give(name))
