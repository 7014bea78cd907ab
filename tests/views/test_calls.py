"""What is said where a price is not known."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from llm_memo import cached_completion, completion_usage
from llm_memo.answers import price


@cached_completion(name="priced")
def ask(model: str) -> str:
    """A function that reports which model it asked."""
    completion_usage(model=model, input_tokens=200, output_tokens=65)
    return model


@pytest.fixture
def _without_prices(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without the extra."""
    price._genai_prices.cache_clear()
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    yield
    price._genai_prices.cache_clear()


def test_a_model_without_a_price_is_named() -> None:
    """Only a model that has no price is called so."""
    ask.cache_clear()
    ask("gpt-5.2"), ask("unheard-of-7")
    assert "no price known of unheard-of-7<" in ask._repr_html_()


@pytest.mark.usefixtures("_without_prices")
def test_without_the_extra_it_says_what_to_install() -> None:
    """Without genai-prices no model is said to have no price: the way to know is."""
    ask.cache_clear()
    ask("gpt-5.2")
    shown = ask._repr_html_()
    assert "pip install &#x27;llm_memo[cost]&#x27;" in shown
    assert "no price known" not in shown
