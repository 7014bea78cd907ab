"""The texts of arguments that an entry keeps."""

from __future__ import annotations

from typing import Any

import pytest

from llm_memo import Cache, MemoWarning, cached_completion
from llm_memo.identity.texts import LENGTH, texts_of


@pytest.mark.parametrize(
    "value",
    [
        "x" * 3_900 + " a fox",
        [{"role": "user", "content": f"message {number}"} for number in range(30)] + [{"content": "a fox"}],
        {f"key {number}": number for number in range(50)} | {"last": ("a fox",)},
    ],
    ids=["text", "messages", "dict"],
)
def test_a_text_is_kept_to_its_end(value: object) -> None:
    """What has up to 4,000 characters is kept whole, however many items it has."""
    texts, cut = texts_of({"question": value})
    assert "a fox" in texts["question"]
    assert [] == cut
    assert repr(value) == texts["question"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("x" * 9_000 + "fox", "9,003 characters"),
        (["word"] * 5_000 + ["fox"], "5,001 items"),
        ([["x" * 9_000, "fox"]], "1 items"),
    ],
)
def test_what_is_cut_says_so(value: Any, said: str) -> None:
    """A longer one ends with how long it is, and is named."""
    texts, cut = texts_of({"question": value, "other": 1})
    assert ["question"] == cut
    assert texts["question"].endswith(f"… (cut: {said})")
    assert "fox" not in texts["question"]
    assert len(texts["question"]) < LENGTH + 100


def test_secrets_are_redacted_wherever_they_are() -> None:
    """What is named or looks like a secret is not in the text, also where the text is cut."""
    key = "sk-" + "a1b2" * 12
    texts, _ = texts_of(
        {
            "api_key": "hunter2",
            "headers": {"authorization": "open sesame"},
            "text": "x" * (LENGTH - 10) + " " + key,
            "deep": [{"note": f"use {key}"}],
        }
    )
    for secret in ("hunter2", "sesame", "a1b2"):
        assert secret not in str(texts)


def test_a_value_that_raises_is_named_by_its_class() -> None:
    """A value whose own methods raise is known by its class."""

    class Bad:
        @property
        def shape(self) -> int:
            raise ValueError

    assert ({"a": "Bad()"}, []) == texts_of({"a": Bad()})


def test_search_reaches_the_end_of_an_argument() -> None:
    """where= and text= find what stands at the end of an argument; of what is cut, they tell that it is."""

    @cached_completion(name="ask")
    def ask(text: str) -> str:
        return "answer"

    ask("x" * 3_000 + " a fox")
    ask("no such animal")
    assert 1 == Cache().clear(ask, where=lambda entry: "fox" in entry.arguments).entries
    ask("x" * 9_000 + " a fox")
    with pytest.warns(MemoWarning, match="only the first 4,000 characters are kept"):
        assert (0, 0) == Cache().clear(ask, where=lambda entry: "fox" in entry.arguments)
    assert [("text",), ()] == [entry.cut for entry in ask.entries()]


def test_the_key_function_is_not_called_for_its_text() -> None:
    """With key= the text is of what it returned, and it is not called once more."""
    calls = []

    @cached_completion(name="ask", key=lambda text: calls.append(text) or text[:3])
    def ask(text: str) -> str:
        return "answer"

    ask("abcdef")
    before = len(calls)
    assert ask.entries()[0].arguments.startswith("key()=")
    assert before == len(calls)
    assert ["abcdef"] * before == calls


def test_a_dict_that_changes_while_it_is_looked_through() -> None:
    """A value that another thread changes meanwhile is known by its class."""
    value: dict[str, Any] = {}

    class Grows:
        __module__ = "decimal"  # the ``shape`` of one's own is not looked at

        @property
        def shape(self) -> None:
            value["more"] = 1

    value.update(first=Grows(), second=2)
    assert ({"a": "dict"}, []) == texts_of({"a": value})
