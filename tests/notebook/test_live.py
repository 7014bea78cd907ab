"""Which cached functions are alive."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from llm_memo import cached_completion
from llm_memo.notebook.live import cached_functions, is_cached_function


def plain(text: str) -> str:
    return text


class Lazy:
    """A proxy that would load something if it were asked for its class."""

    @property
    def __class__(self) -> Any:
        raise RuntimeError("loaded")


class Helper:
    @cached_completion
    def method(self, text: str) -> str:
        return text

    @classmethod
    @cached_completion
    def inside(cls, text: str) -> str:
        return text

    @cached_completion
    @classmethod
    def outside(cls, text: str) -> str:
        return text

    @cached_completion
    @staticmethod
    def static(text: str) -> str:
        return text


@pytest.fixture(autouse=True)
def _no_local_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test gives is alive."""
    monkeypatch.setattr("llm_memo.notebook.live.is_own_module", lambda name: name == "helpers_of_mine")


def test_functions_of_a_namespace_by_the_names_that_reach_them() -> None:
    """Functions, and those of classes: methods, class and static methods; nothing is asked for its class."""
    one = cached_completion(plain)
    namespace = {"one": one, "Helper": Helper, "plain": plain, "lazy": Lazy(), "number": 1}
    assert ["one", "Helper.method", "Helper.inside", "Helper.outside", "Helper.static"] == list(
        cached_functions(namespace)
    )


def test_a_function_is_listed_once() -> None:
    """What shares its counts is the same function; what IPython keeps of its history is not listed."""
    one, other = cached_completion(plain), cached_completion(plain)
    namespace = {"_": other, "_7": other, "__": other, "one": one, "same": one.with_options(ttl=5), "_two": other}
    assert {"one": one, "_two": other} == cached_functions(namespace)


def test_functions_of_imported_local_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of the user's own is looked into, wherever it was imported."""
    module = ModuleType("helpers_of_mine")
    module.ask = cached_completion(plain)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "helpers_of_mine", module)
    assert ["helpers_of_mine.ask"] == list(cached_functions({}))


def test_bound_functions_are_cached_functions_too() -> None:
    """A method looked up on an instance is one; a plain function is none."""
    assert is_cached_function(Helper().method)
    assert is_cached_function(Helper.outside)
    assert not is_cached_function(plain)
