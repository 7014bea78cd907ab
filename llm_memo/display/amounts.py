"""Amounts as people read them: bytes, durations, money, counts."""

from __future__ import annotations

from decimal import Decimal

_BYTES = ("B", "kB", "MB", "GB", "TB", "PB")
_AGES = (("w", 604_800.0), ("d", 86_400.0), ("h", 3_600.0), ("min", 60.0), ("s", 1.0))


def size(count: float) -> str:
    """Bytes, in powers of 1000: ``"812 B"``, ``"1.2 kB"``, ``"34 MB"``."""
    amount = float(count)
    for unit in _BYTES:
        if amount < 999.5 or unit == _BYTES[-1]:
            break
        amount /= 1000
    return f"{amount:.1f} {unit}" if unit != "B" and amount < 9.95 else f"{amount:,.0f} {unit}"


def age(seconds: float) -> str:
    """An age in whole units: ``"now"`` up to a second, ``"12 s"``, ``"3 min"``, ``"5 h"``, ``"2 d"``, ``"9 w"``."""
    for unit, length in _AGES:
        if seconds >= length:
            return f"{int(seconds // length):,} {unit}"
    return "now"


def ago(seconds: float) -> str:
    """``"3 min ago"``; ``"just now"`` up to a second."""
    return f"{age(seconds)} ago" if seconds >= 1 else "just now"


def duration(seconds: float) -> str:
    """How long something took, to two or three digits: ``"4 µs"``, ``"12 ms"``, ``"0.42 s"``, ``"3 min 20 s"``."""
    if seconds < 0.000_999_5:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 0.099_5:
        return f"{seconds * 1e3:.{0 if seconds >= 0.009_95 else 1}f} ms"
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60:,} h {minutes % 60} min"


def money(dollars: Decimal | None) -> str:
    """US dollars, to the cent or to two digits of a cent's parts: ``"$12.40"``, ``"$0.0012"``; "" for None."""
    if dollars is None:
        return ""
    if dollars == 0 or dollars >= Decimal("0.1"):
        return f"${dollars:,.2f}"
    places = 1 - dollars.adjusted()
    return f"${dollars:.{places}f}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``"1 entry"``, ``"1,200 entries"``."""
    if number == 1:
        return f"1 {noun}"
    if plural is None:
        plural = f"{noun[:-1]}ies" if noun.endswith("y") else noun + ("es" if noun.endswith(("s", "sh")) else "s")
    return f"{number:,} {plural}"


def share(part: int, whole: int) -> str:
    """``"67%"``; "–" of nothing. Only all is 100%, and only none 0%."""
    if not whole:
        return "–"
    percent = min(max(round(100 * part / whole), 1 if part else 0), 100 if part == whole else 99)
    return f"{percent}%"
