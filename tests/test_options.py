"""One table of options: what accepts them, parses them, shows them and describes them agrees with it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import llm_memo
from llm_memo import CachedFunction, InvalidOption, cached_completion
from llm_memo.options import INHERIT, OPTIONS, Options
from llm_memo.runtime import environ
from llm_memo.settings import Settings

PLACES: dict[str, Callable[..., object]] = {
    "cached_completion": cached_completion,
    "with_options": CachedFunction.with_options,
    "cache_policy": llm_memo.cache_policy,
    "configure": llm_memo.configure,
    "cached_client": llm_memo.cached_client,
}
BESIDE = {"cached_completion": {"function"}, "cache_policy": {"functions"}, "cached_client": {"client", "headers"}}
"""Parameters that are no options."""
README = (Path(__file__).parent.parent / "README.md").read_text()


def parameters(place: str) -> dict[str, inspect.Parameter]:
    """The parameters of a place that are options."""
    found = inspect.signature(PLACES[place]).parameters
    return {name: each for name, each in found.items() if name not in BESIDE.get(place, set()) | {"self"}}


def options(place: str) -> set[str]:
    """What the table says may be given there."""
    return {name for name, option in OPTIONS.items() if place in option.places.split()}


@pytest.mark.parametrize("place", PLACES)
def test_each_place_takes_the_options_of_the_table(place: str) -> None:
    """Its parameters are those that the table has for it, and its docstring says what each is."""
    assert options(place) == set(parameters(place))
    documented = inspect.getdoc(PLACES[place]) or ""
    assert [] == [name for name in options(place) if not re.search(rf"^    {name}: ", documented, re.MULTILINE)]


@pytest.mark.parametrize("place", PLACES)
def test_what_is_not_given_is_inherited_or_the_default(place: str) -> None:
    """A parameter's default is that of the table, or leaves the decision to the next scope."""
    for name, parameter in parameters(place).items():
        assert parameter.default is INHERIT or parameter.default == OPTIONS[name].default


def test_defaults_are_written_once() -> None:
    """The defaults of the settings and of a function's options are those of the table."""
    for kind in (Settings, Options):
        for name, field in kind.__dataclass_fields__.items():
            assert (OPTIONS[name].default or "") == (field.default or ""), name


def test_cache_parameters_has_every_option_of_a_function() -> None:
    """`cache_parameters()` has whatever may be given to a function."""
    assert options("with_options") == set(cached_completion(str.upper).cache_parameters())


VALUES: dict[str, Any] = {
    "policy": "readOnly", "ttl": 60.0, "ignore": ("text",), "key": len, "version": "2", "cache_if": bool,
    "stale_if_error": True, "single_flight": False, "sample": 3, "replay_delay": 0.5,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(options("with_options") - {"name", "cache_dir"}))
def test_an_option_that_is_accepted_is_shown(name: str) -> None:
    """What was given is in `cache_parameters()` and in the `repr`."""

    def ask(text: str) -> str:
        return text

    cached = cached_completion(ask).with_options(**{name: VALUES[name]})
    assert VALUES[name] == cached.cache_parameters()[name]
    assert f"{name}=" in repr(cached)


@pytest.mark.parametrize("name", OPTIONS)
def test_a_value_that_is_none_names_the_option(name: str) -> None:
    """A wrong value is an error that begins with the option's name."""
    with pytest.raises(InvalidOption, match=f"^{name}="):
        OPTIONS[name].parse(name, object())


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("memory_bytes", None, "0 for none"),
        ("own_packages", "ours.prompts", "top-level package"),
        ("own_packages", ["ours", 1], "is not a name"),
    ],
)
def test_a_value_that_an_option_cannot_mean_says_what_it_can(option: str, value: object, told: str) -> None:
    """The error has the value, and what is right."""
    with pytest.raises(InvalidOption, match=f"{re.escape(repr(value))}.*{told}"):
        OPTIONS[option].parse(option, value)


def test_every_variable_is_read() -> None:
    """The variables of the table are among those that are ours, and what they give is in force."""
    assert {option.variable for option in OPTIONS.values() if option.variable} <= set(environ.NAMES)


def test_the_readme_has_every_option_of_a_function() -> None:
    """The README's table has a row for each option that the decorator or `with_options` takes."""
    rows = set(re.findall(r"^\| `(\w+)`", README, re.MULTILINE))
    assert options("with_options") <= rows
