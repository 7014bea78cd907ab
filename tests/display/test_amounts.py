"""Amounts as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from llm_memo.display import amounts


@pytest.mark.parametrize(
    ("shown", "count"),
    [
        ("0 B", 0),
        ("999 B", 999),
        ("1.0 kB", 1000),
        ("9.9 kB", 9_940),
        ("10 kB", 9_960),
        ("1.0 MB", 999_600),
        ("23 MB", 23_050_063),
        ("5.0 PB", 5e15),
        ("5,000 PB", 5e18),
    ],
)
def test_bytes_have_two_digits_or_more(shown: str, count: float) -> None:
    """Bytes are shown in powers of 1000, with two digits where there is a unit above."""
    assert shown == amounts.size(count)


@pytest.mark.parametrize(
    ("shown", "seconds"),
    [("now", 0.9), ("1 s", 1), ("59 s", 59.9), ("3 min", 200), ("5 h", 18_100), ("2 d", 200_000), ("9 w", 5_500_000)],
)
def test_an_age_has_one_unit(shown: str, seconds: float) -> None:
    """Ages are whole numbers of their largest unit."""
    assert shown == amounts.age(seconds)


def test_ago() -> None:
    """What is younger than a second was just now."""
    assert ["just now", "3 min ago"] == [amounts.ago(0.2), amounts.ago(200)]


@pytest.mark.parametrize(
    ("shown", "seconds"),
    [
        ("0 µs", 0),
        ("4 µs", 4e-6),
        ("1.0 ms", 0.000_999_6),
        ("9.9 ms", 0.009_94),
        ("12 ms", 0.012),
        ("0.42 s", 0.42),
        ("9.99 s", 9.99),
        ("12.3 s", 12.3),
        ("1 min 40 s", 100),
        ("1 h 0 min", 3_600),
        ("2,000 h 5 min", 7_200_300),
    ],
)
def test_durations_have_two_or_three_digits(shown: str, seconds: float) -> None:
    """Durations are as exact as one cares to read."""
    assert shown == amounts.duration(seconds)


@pytest.mark.parametrize(
    ("shown", "dollars"),
    [
        ("", None),
        ("$0.00", "0"),
        ("$12.40", "12.4"),
        ("$1,234.50", "1234.5"),
        ("$0.0012", "0.00123"),
        ("$0.050", "0.05"),
    ],
)
def test_small_money_keeps_two_digits(shown: str, dollars: str | None) -> None:
    """Money is shown to the cent, and below ten cents with two digits that count."""
    assert shown == amounts.money(None if dollars is None else Decimal(dollars))


def test_nouns_follow_their_number() -> None:
    """One is singular, all else is plural."""
    assert ["1 entry", "2 entries", "0 hits", "3 misses", "2 refreshes", "1,200 calls", "2 more"] == [
        amounts.count(1, "entry"),
        amounts.count(2, "entry"),
        amounts.count(0, "hit"),
        amounts.count(3, "miss"),
        amounts.count(2, "refresh"),
        amounts.count(1200, "call"),
        amounts.count(2, "one", "more"),
    ]


@pytest.mark.parametrize(
    ("shown", "part", "whole"), [("–", 0, 0), ("0%", 0, 9), ("1%", 1, 900), ("99%", 899, 900), ("100%", 9, 9)]
)
def test_only_all_is_all(shown: str, part: int, whole: int) -> None:
    """A share is 100% only when nothing is missing, and 0% only when nothing is there."""
    assert shown == amounts.share(part, whole)
