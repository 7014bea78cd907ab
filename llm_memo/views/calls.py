"""The sheets of a cached function, of several, and of counts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from llm_memo.answers.price import NOT_INSTALLED, unpriced
from llm_memo.cache import Cache
from llm_memo.display import amounts
from llm_memo.display.sheet import Bar, Block, Cell, Column, Facts, Note, Sheet, Span, Table, joined
from llm_memo.display.shown import shows
from llm_memo.function import CachedFunction
from llm_memo.memo import Memo
from llm_memo.stats import CacheInfo
from llm_memo.views.folder import shown_path


@shows(CacheInfo)
def info_sheet(info: CacheInfo) -> Sheet:
    """The counts of a cached function: a bar, and what was spent beside what was saved."""
    return Sheet(joined([Span("CacheInfo", "strong"), _hit_rate(info.hits, info.calls)]), tuple(_counts(info)))


@shows(CachedFunction)
def function_sheet(function: Any) -> Sheet:
    """A cached function: its effective settings and where they come from, what it keeps, what it saved."""
    memo = memo_of(function)
    sources = memo.settings.sources()
    cache = Cache(sources["cache_dir"][0], missing_ok=True)
    kept = cache.info(function)
    facts: list[tuple[Cell, Cell]] = [("policy", _source(str(sources["policy"][0]), sources["policy"][1]))]
    ttl, scope = sources["ttl"]
    if ttl is not None:
        facts.append(("ttl", _source(amounts.age(ttl), scope)))
    facts += [(name, Span(_shown(value), "data")) for name, value in memo.options.given().items()]
    facts += [
        ("kept", joined([amounts.count(kept.entries, "entry"), amounts.size(kept.bytes)])),
        ("folder", _source(shown_path(cache.path), sources["cache_dir"][1])),
    ]
    info = function.cache_info()
    return Sheet(
        joined([Span(memo.name, "strong"), _hit_rate(info.hits, info.calls)]), (Facts(tuple(facts)), *_counts(info))
    )


def functions_sheet(functions: Mapping[str, Any]) -> Sheet:
    """A row for each of some cached functions: what it keeps, and what became of its calls here."""
    rows, hits, calls = [], 0, 0
    for name, function in functions.items():
        memo, info = memo_of(function), function.cache_info()
        settings = memo.settings.now()
        kept = Cache(settings.cache_dir, missing_ok=True).info(function)
        hits, calls = hits + info.hits, calls + info.calls
        rows.append(
            (
                Span(name, "data"),
                str(settings.policy),
                f"{kept.entries:,}",
                amounts.size(kept.bytes),
                f"{info.hits:,}",
                f"{info.calls - info.hits:,}",
                amounts.share(info.hits, info.calls),
                amounts.duration(info.seconds_saved) if info.hits else "",
                f"{info.tokens_saved:,}" if info.tokens_saved else "",
                amounts.money(info.money_saved),
            )
        )
    right = ("entries", "size", "hits", "calls paid", "hit rate", "time saved", "tokens saved", "saved")
    spare = ("size", "time saved", "tokens saved")
    columns = (
        Column("function", wide=True),
        Column("policy", spare=True),
        *(Column(name, right=True, spare=name in spare) for name in right),
    )
    title = joined([Span(amounts.count(len(rows), "cached function"), "strong"), _hit_rate(hits, calls)])
    if not rows:
        return Sheet(title, (Note("Decorate one with @cached_completion."),))
    return Sheet(title, (Table(columns, tuple(rows)),))


def memo_of(function: Any) -> Memo:
    """What all calls of a cached function share."""
    memo: Memo = function._self_memo
    return memo


def _counts(info: CacheInfo) -> list[Block]:
    if not info.calls and not info.errors:
        return [Note("not called yet in this process")]
    bar = Bar(
        (
            (amounts.count(info.hits, "hit"), info.hits, "good"),
            (amounts.count(info.misses, "miss"), info.misses, "warn"),
            (amounts.count(info.refreshes, "refresh"), info.refreshes, "strong"),
            (amounts.count(info.bypasses, "bypass"), info.bypasses, "dim"),
            (f"{info.stale:,} stale", info.stale, "bad"),
        )
    )
    paid = info.misses + info.refreshes + info.bypasses
    columns = (Column(""), *(Column(name, right=True) for name in ("calls", "time", "tokens", "cost")))
    rows = (
        ("saved", *_row(info.hits + info.stale, info.seconds_saved, info.tokens_saved, info.money_saved)),
        ("paid", *_row(paid, info.seconds_spent, info.tokens_spent, info.money_spent)),
    )
    notes = [
        f"{info.errors:,} raised" if info.errors else "",
        _not_stored(info),
        _unpriced(info),
    ]
    return [bar, Table(columns, rows), *([Note(joined(notes))] if any(notes) else [])]


def _not_stored(info: CacheInfo) -> str:
    """How many answers were not kept, and why; "" if all were."""
    if not info.not_stored:
        return ""
    reasons = ", ".join(
        reason if count == 1 else f"{reason} ({count:,} ×)" for reason, count in info.not_stored_because.items()
    )
    return f"{info.not_stored:,} not stored: {reasons}"


def _unpriced(info: CacheInfo) -> str:
    """Why not all has a price; "" if it has."""
    if not info.unpriced:
        return ""
    if NOT_INSTALLED in map(unpriced, (*info.spent, *info.saved)):
        return f"no costs: {NOT_INSTALLED}"
    return f"no price known of {', '.join(info.unpriced)}"


def _row(calls: int, seconds: float, tokens: int, money: Decimal | None) -> tuple[Cell, ...]:
    return (
        f"{calls:,}",
        amounts.duration(seconds) if seconds else "",
        f"{tokens:,}" if tokens else "",
        amounts.money(money),
    )


def _hit_rate(hits: int, calls: int) -> Cell:
    return f"{amounts.share(hits, calls)} of {amounts.count(calls, 'call')} hit" if calls else ""


def _source(value: str, scope: str) -> Cell:
    return joined([Span(value, "data"), Span(scope, "dim")])


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return getattr(value, "__qualname__", None) or str(value)
