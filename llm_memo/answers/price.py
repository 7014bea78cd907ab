"""What tokens cost, looked up offline in genai-prices (extra ``[cost]``) whenever it is needed."""

from __future__ import annotations

import functools
from datetime import datetime
from decimal import Decimal
from typing import Any

from llm_memo.answers.usage import Usage

NOT_INSTALLED = "genai-prices is not installed: pip install 'llm_memo[cost]'"
"""Why nothing has a price where the extra is not there."""


def price(usage: Usage, at: datetime | None = None) -> Decimal | None:
    """The price of ``usage`` in US dollars, at today's prices or those of ``at``.

    None where it is not known, of which `unpriced` tells the reason; never a nought in its place.
    """
    found = _look_up(usage, at)
    return found if isinstance(found, Decimal) else None


def unpriced(usage: Usage) -> str | None:
    """Why ``usage`` has no price; None if it has one."""
    found = _look_up(usage, None)
    return None if isinstance(found, Decimal) else found


def _look_up(usage: Usage, at: datetime | None) -> Decimal | str:
    if usage.parts:
        total = Decimal(0)
        for part in usage.parts:
            found = _look_up(part, at)
            if isinstance(found, str):
                return found
            total += found
        return total
    if usage.model is None:
        return "the model is not known"
    prices_of = _genai_prices()
    if prices_of is None:
        return NOT_INSTALLED
    return _calculated(prices_of, usage, at)


def _calculated(genai_prices: Any, usage: Usage, at: datetime | None) -> Decimal | str:
    tokens = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cached_tokens,
        output_tokens=usage.output_tokens,
        **usage.details,
    )
    context: dict[str, Any] = {"price_context": {"service_tier": usage.tier}} if usage.tier else {}
    # Without a provider the model's name decides; not all of OpenAI's do, those of embedding models for one.
    for provider in (usage.provider,) if usage.provider else (None, "openai"):
        try:
            found = genai_prices.calc_price(
                tokens, usage.model, provider_id=provider, genai_request_timestamp=at, **context
            )
        except LookupError:
            continue
        except ValueError as error:
            return f"genai-prices cannot price these tokens: {error}"
        if not {"input_mtok", "output_mtok"} & vars(found.model_price).keys():
            return f"{usage.model} is not priced by the token"
        total: Decimal = found.total_price
        return total
    return f"genai-prices knows no price of {usage.model}"


@functools.cache
def _genai_prices() -> Any:
    """The library, loaded when first needed (a fifth of a second); None if it is not there."""
    try:
        import genai_prices
    except ImportError:
        return None
    return genai_prices
