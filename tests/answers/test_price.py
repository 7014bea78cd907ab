"""What tokens cost: looked up offline, or said to be unknown."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from llm_memo.answers import price as module
from llm_memo.answers.price import price, unpriced
from llm_memo.answers.usage import Usage

MILLION = 1_000_000


@pytest.mark.parametrize(
    ("dollars", "usage"),
    [
        ("1.75", Usage("gpt-5.2", input_tokens=MILLION)),
        ("14", Usage("gpt-5.2-2025-12-11", output_tokens=MILLION, reasoning_tokens=MILLION)),
        ("0.9625", Usage("gpt-5.2", input_tokens=MILLION, cached_tokens=MILLION // 2)),
        ("0.02", Usage("text-embedding-3-small", input_tokens=MILLION)),
        ("1.75", Usage("gpt-5.2", "azure", input_tokens=MILLION)),
        ("1.77", Usage("gpt-5.2", input_tokens=MILLION) + Usage("text-embedding-3-small", input_tokens=MILLION)),
        ("10", Usage("gpt-image-1", input_tokens=MILLION, details={"input_image_tokens": MILLION})),
    ],
    ids=str,
)  # fmt: skip
def test_prices_looked_up_by_hand(dollars: str, usage: Usage) -> None:
    """Input, output, cached, reasoning and image tokens cost what the price list says, to the cent."""
    assert Decimal(dollars) == price(usage)
    assert unpriced(usage) is None


def test_the_service_tier_has_its_price() -> None:
    """The flex tier costs half, once the list has it."""
    usage = Usage("gpt-5.2", tier="flex", input_tokens=MILLION)
    assert Decimal("0.875") == price(usage, at=datetime(2026, 12, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("reason", "usage"),
    [
        ("genai-prices knows no price of my-own-model", Usage("my-own-model", input_tokens=1)),
        ("genai-prices knows no price of gpt-5.2", Usage("gpt-5.2", "nobody", input_tokens=1)),
        ("the model is not known", Usage(input_tokens=1)),
        ("whisper-1 is not priced by the token", Usage("whisper-1", input_tokens=1)),
        ("genai-prices knows no price of mine", Usage("gpt-5.2", input_tokens=1) + Usage("mine", input_tokens=1)),
    ],
    ids=lambda value: value if isinstance(value, str) else "usage",
)
def test_what_has_no_price_is_not_free(reason: str, usage: Usage) -> None:
    """A model without a price has None and a reason, never nought; so has a sum with one."""
    assert price(usage) is None
    assert reason == unpriced(usage)


def test_counts_that_contradict_each_other_have_no_price() -> None:
    """More cached tokens than tokens have no price, and raise nothing."""
    usage = Usage("gpt-5.2", input_tokens=1, cached_tokens=5)
    assert price(usage) is None
    assert str(unpriced(usage)).startswith("genai-prices cannot price these tokens")


def test_without_genai_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra is not installed, the reason says how to get it."""
    module._genai_prices.cache_clear()
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    assert "genai-prices is not installed: pip install 'llm_memo[cost]'" == unpriced(Usage("gpt-5.2", input_tokens=1))
    module._genai_prices.cache_clear()


def test_prices_are_loaded_when_asked_for_and_offline(run: Callable[..., str]) -> None:
    """genai-prices is loaded by the first look-up, which opens no connection."""
    printed = run(
        """
        import socket, sys
        from llm_memo.answers.price import price
        from llm_memo.answers.usage import Usage
        loaded = "genai_prices" in sys.modules
        socket.socket.connect = None
        print(loaded, price(Usage("gpt-5.2", input_tokens=1_000_000)))
        """
    )
    assert "False 1.750\n" == printed
