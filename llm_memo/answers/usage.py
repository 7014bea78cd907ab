"""What an answer cost in tokens: read from what came back, or reported by the function."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from llm_memo.answers import wire
from llm_memo.codec.recording import Recording
from llm_memo.runtime.context import innermost


@dataclass(frozen=True)
class Usage:
    """Tokens of one call, or the sum of several."""

    model: str | None = None
    """The model as it named itself; None if it is not known, or if there were several."""
    provider: str | None = None
    """Who served it, as genai-prices names providers; None to go by the model's name."""
    tier: str | None = None
    """The service tier that was billed, such as ``"flex"``; None for the ordinary one."""
    input_tokens: int = 0
    """Tokens of the prompt, those from the provider's cache included."""
    cached_tokens: int = 0
    """How many of the input tokens came from the provider's cache."""
    output_tokens: int = 0
    """Tokens of the answer, those of its reasoning included."""
    reasoning_tokens: int = 0
    """How many of the output tokens were reasoning."""
    details: dict[str, int] = field(default_factory=dict, hash=False)
    """Those that have a price of their own, as genai-prices names them: ``input_audio_tokens``…"""
    parts: tuple[Usage, ...] = ()
    """When models, providers or tiers were mixed: the usage of each."""

    def __add__(self, other: Usage) -> Usage:
        if not isinstance(other, Usage):
            return NotImplemented
        parts = merged((*(self.parts or (self,)), *(other.parts or (other,))))
        return parts[0] if len(parts) == 1 else _total(parts, parts=parts)

    @property
    def total_tokens(self) -> int:
        """Input and output tokens."""
        return self.input_tokens + self.output_tokens

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, without what is not known or nought."""
        plain = {name: item for name, item in vars(self).items() if item and name != "parts"}
        return {**plain, "parts": [part.to_dict() for part in self.parts]} if self.parts else plain

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Usage:
        """What ``to_dict`` wrote, here or in a later version: what is not known here is passed over."""
        known = {name: item for name, item in plain.items() if name in _FIELDS}
        return cls(**{**known, "parts": tuple(map(cls.from_dict, plain.get("parts", ())))})


_FIELDS = {each.name for each in dataclasses.fields(Usage)}


def merged(usages: Iterable[Usage]) -> tuple[Usage, ...]:
    """One usage for each model, provider and tier, in the order of their coming."""
    billed: dict[tuple[str | None, ...], list[Usage]] = {}
    for usage in usages:
        billed.setdefault((usage.model, usage.provider, usage.tier), []).append(usage)
    return tuple(
        _total(same, model=model, provider=provider, tier=tier) for (model, provider, tier), same in billed.items()
    )


def _total(usages: Iterable[Usage], **known: Any) -> Usage:
    usages = tuple(usages)
    details = sorted({name for usage in usages for name in usage.details})
    return Usage(
        **known,
        **{name: sum(getattr(usage, name) for usage in usages) for name in _COUNTS},
        details={name: sum(usage.details.get(name, 0) for usage in usages) for name in details},
    )


_COUNTS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")


def usage_of(value: object) -> Usage | None:
    """The tokens that ``value`` reports; None if it reports none.

    Completions, responses, embeddings and streams do, and dicts that look like one; lists, tuples and
    dicts of them are summed.
    """
    if type(value) is str or type(value) in wire.PLAIN:
        return None
    return sum_of(_reports(value, 0))


def sum_of(usages: Iterable[Usage]) -> Usage | None:
    """All of them together; None if there are none."""
    parts = merged(part for usage in usages for part in usage.parts or (usage,))
    return _total(parts, parts=parts) if len(parts) > 1 else next(iter(parts), None)


_DEPTH = 4


def _reports(value: Any, depth: int) -> Iterator[Usage]:
    if isinstance(value, Recording):
        yield from _streamed([*value.items, value.returned], depth)
        return
    body = wire.body(value)
    if body is not None:
        value = body
    if wire.is_record(value):
        found = _usage(value) or _usage(wire.inner(value))
        if found is not None:
            yield found
            return
    if depth < _DEPTH and type(value) in (dict, list, tuple):
        yield from _streamed(value.values() if type(value) is dict else value, depth)


def _streamed(items: Iterable[Any], depth: int) -> Iterator[Usage]:
    """Of a stream's parts the last report counts, since some servers report the running total in each."""
    running: dict[str, Usage] = {}
    for item in items:
        if type(item) is str or type(item) in wire.PLAIN:
            continue
        part = item if wire.is_chunk(item) else wire.inner(item)
        if part is None:
            yield from _reports(item, depth + 1)
        elif (found := _usage(part)) is not None:
            running[wire.text(part, "id")] = found
    yield from running.values()


def _usage(value: Any) -> Usage | None:
    """What ``value.usage`` says, in the words of chat completions, of responses or of Anthropic."""
    report = wire.get(value, "usage")
    if not wire.is_record(report):
        return None
    counts = {name: _count(report, *ways) for name, ways in _WAYS.items()}
    beside = _count(report, "cache_read_input_tokens") + _count(report, "cache_creation_input_tokens")
    usage = Usage(
        model=wire.text(value, "model") or None,
        tier=_tier(wire.text(value, "service_tier")),
        input_tokens=counts["input_tokens"] + beside,
        cached_tokens=counts["cached_tokens"],
        output_tokens=counts["output_tokens"],
        reasoning_tokens=counts["reasoning_tokens"],
        details={name: count for name, ways in _DETAILS.items() if (count := _count(report, *ways))},
    )
    return usage if usage.total_tokens else None


_WAYS = {
    "input_tokens": ("prompt_tokens", "input_tokens"),
    "cached_tokens": (
        "prompt_tokens_details.cached_tokens",
        "input_tokens_details.cached_tokens",
        "cache_read_input_tokens",  # Anthropic's; not among its input_tokens, unlike OpenAI's
    ),
    "output_tokens": ("completion_tokens", "output_tokens"),
    "reasoning_tokens": (
        "completion_tokens_details.reasoning_tokens",
        "output_tokens_details.reasoning_tokens",
    ),
}
_DETAILS = {
    "cache_write_tokens": (
        "cache_creation_input_tokens",
        "prompt_tokens_details.cache_write_tokens",
        "input_tokens_details.cache_write_tokens",
    ),
    "input_audio_tokens": ("prompt_tokens_details.audio_tokens", "input_token_details.audio_tokens"),
    "input_image_tokens": ("input_tokens_details.image_tokens",),
    "output_audio_tokens": ("completion_tokens_details.audio_tokens",),
}
"""Where in a report each count may be; the first that is there counts."""


def _count(report: Any, *ways: str) -> int:
    for way in ways:
        found = report
        for name in way.split("."):
            if found is None:
                break
            found = wire.get(found, name)
        if type(found) is int and found > 0:
            return found
    return 0


def _tier(name: str) -> str | None:
    return None if name in ("", "auto", "default", "standard") else name


def completion_usage(
    reply: object = None,
    /,
    *,
    model: str | None = None,
    provider: str | None = None,
    input_tokens: int = 0,
    cached_tokens: int = 0,
    output_tokens: int = 0,
    reasoning_tokens: int = 0,
) -> None:
    """Report, from inside a cached function, what the model call just made has used.

    For functions that return only a part of the model's reply, such as its text. Reported several times, it adds
    up. Outside of a cached call, and where the cached call is a hit, it does nothing. Threads that the
    function starts are outside, unless they run in a copy of its context, as tasks do.

    Args:
        reply: What the model's client returned, with its usage; one without is passed over.
        model: The model's name; read from ``reply`` if not given.
        provider: Who served it, as genai-prices names providers.
        input_tokens: Tokens of the prompt, cached ones included.
        cached_tokens: How many of these came from the provider's cache.
        output_tokens: Tokens of the answer, reasoning included.
        reasoning_tokens: How many of these were reasoning.
    """
    running = innermost()
    if running is None:
        return
    usage = usage_of(reply)
    if usage is None:
        usage = Usage(None, None, None, input_tokens, cached_tokens, output_tokens, reasoning_tokens)
    if model is not None or provider is not None:
        usage = dataclasses.replace(usage, model=model or usage.model, provider=provider or usage.provider)
    if usage.total_tokens:
        running.usages.append(usage)
