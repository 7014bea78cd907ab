"""What an answer cost in tokens: read from what came back, or reported by the function."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from llm_memo.adapters.equipment import class_name
from llm_memo.answers import wire
from llm_memo.answers.walk import walk
from llm_memo.codec.recording import Recording
from llm_memo.errors import MemoWarning, warn
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
        """The usage as plain JSON; fields that are unknown or zero are left out."""
        plain = {name: item for name, item in vars(self).items() if item and name != "parts"}
        return {**plain, "parts": [part.to_dict() for part in self.parts]} if self.parts else plain

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Usage:
        """The usage that ``to_dict`` wrote; unknown fields, of a later version, are ignored."""
        known = {name: item for name, item in plain.items() if name in _FIELDS}
        return cls(**{**known, "parts": tuple(map(cls.from_dict, plain.get("parts", ())))})


_FIELDS = {each.name for each in dataclasses.fields(Usage)}


def merged(usages: Iterable[Usage]) -> tuple[Usage, ...]:
    """One usage for each model, provider and tier, in the order in which they first occur."""
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

    Completions, responses, messages, embeddings, streams and what frameworks make of them do, and dicts that look like
    one; lists, tuples and dicts of them are summed. What reports its own tokens is not looked through for more.
    """
    if type(value) is str or type(value) in wire.PLAIN:
        return None
    tally = _Tally(isinstance(value, Recording))
    for each in (value.items, value.returned) if isinstance(value, Recording) else (value,):
        for _ in walk(each, tally.look):
            pass
    return tally.usage()


def sum_of(usages: Iterable[Usage]) -> Usage | None:
    """All of them together; None if there are none."""
    parts = merged(part for usage in usages for part in usage.parts or (usage,))
    return _total(parts, parts=parts) if len(parts) > 1 else next(iter(parts), None)


class _Tally:
    """Reports of tokens, as a walk through an answer finds them: each answer once, of a stream the latest counts.

    Args:
        is_stream: Whether parts that do not say of which stream they are, are of one.
    """

    def __init__(self, is_stream: bool) -> None:
        self._is_stream = is_stream
        self._answers: list[tuple[str | None, str | None, dict[str, int]]] = []
        self._streams: dict[str, int] = {}
        self._begun = ""

    def look(self, value: Any) -> bool | None:
        """Note what a record reports; None if that is nothing, and its fields are to be looked through."""
        body = wire.body(value)
        if body is not None:
            return self._walk(body)
        event = wire.text(value, "type")
        about = wire.inner(value)
        if event == "message_start":
            about = wire.get(value, "message")
            self._begun = wire.text(about, "id") or str(len(self._answers))
        elif event == "message-end":  # Cohere's
            about = wire.get(value, "delta")
        part = value if about is None else about
        counts = _counts(part)
        if not counts:
            return None
        stream = self._stream_of(part, event) if about is None or event.startswith("message") else _id(part)
        self._add(stream, _model(part), wire.text(part, "service_tier"), counts)
        return True

    def _walk(self, value: Any) -> bool | None:
        return any(list(walk(value, self.look))) or None

    def _stream_of(self, part: Any, event: str) -> str:
        """The stream that a part is of, of which each may report the total so far; "" if it is no part."""
        if event in ("message_start", "message_delta"):
            return self._begun
        is_part = (
            wire.is_chunk(part)
            or type(part).__name__.endswith("Chunk")
            or any(wire.get(part, name) for name in ("candidates", "usageMetadata"))
        )
        return _id(part) or ("?" if self._is_stream else "") if is_part else ""

    def _add(self, stream: str, model: str | None, tier: str, counts: dict[str, int]) -> None:
        if stream in self._streams:
            known = self._answers[self._streams[stream]]
            known[2].update(counts)
            return
        if stream:
            self._streams[stream] = len(self._answers)
        self._answers.append((model, _tier(tier), counts))

    def usage(self) -> Usage | None:
        """All of them together; None if there are none."""
        return sum_of(_usage(*answer) for answer in self._answers)


def _usage(model: str | None, tier: str | None, counts: dict[str, int]) -> Usage:
    known: dict[str, Any] = {name: count for name, count in counts.items() if name in _COUNTS}
    details = {name: count for name, count in counts.items() if name not in _COUNTS}
    return Usage(model, None, tier, **known, details=details)


def _id(part: Any) -> str:
    return next(filter(None, (wire.text(part, name) for name in ("id", "response_id", "responseId"))), "")


_REPORTS = ("usage", "usage_metadata", "usageMetadata", "token_usage", "metrics", "models_usage", "_lm_usage", "tokens")
"""Fields in which an answer, or what a framework has made of it, reports its tokens; in the first that does."""
_MODELS = ("model", "model_name", "modelVersion", "model_version")
_BESIDE = ("response_metadata", "meta", "_meta", "raw", "message", "metadata")
"""Records of an answer that may name its model."""


def _counts(value: Any) -> dict[str, int]:
    """The tokens that a record reports; nothing if it reports none."""
    for name in _REPORTS:
        report = wire.get(value, name)
        if wire.is_record(report):
            inner = wire.get(report, "tokens")
            found = _counted(inner if wire.is_record(inner) else report)
            if found:
                return found
    return _counted(value) if wire.get(value, "prompt_eval_count") is not None else {}


def _counted(report: Any) -> dict[str, int]:
    counts = {name: _count(report, *ways) for name, ways in (*_WAYS.items(), *_DETAILS.items())}
    for name, ways in _ADDED.items():
        counts[name] += sum(_count(report, way) for way in ways)
    if not wire.get(report, "prompt_tokens"):
        counts["input_tokens"] += sum(_count(report, way) for way in _ANTHROPIC)
    counts = {name: count for name, count in counts.items() if count}
    return counts if "input_tokens" in counts or "output_tokens" in counts else {}


def _model(value: Any) -> str | None:
    """The model's name, as an answer, or what was said with it, gives it."""
    for record in (value, *(wire.get(value, name) for name in _BESIDE)):
        found = next(filter(None, (wire.text(record, name) for name in _MODELS)), None)
        if found is not None:
            return found
    return None


_WAYS = {
    "input_tokens": ("prompt_tokens", "input_tokens", "prompt_token_count", "promptTokenCount", "prompt_eval_count"),
    "cached_tokens": (
        "prompt_tokens_details.cached_tokens",
        "input_tokens_details.cached_tokens",
        "input_token_details.cache_read",  # LangChain's
        "cached_content_token_count",
        "cachedContentTokenCount",
        "cache_read_tokens",
        "cache_read_input_tokens",  # Anthropic's; not among its input_tokens, unlike OpenAI's
    ),
    "output_tokens": (
        "completion_tokens",
        "output_tokens",
        "candidates_token_count",
        "candidatesTokenCount",
        "eval_count",
    ),
    "reasoning_tokens": (
        "completion_tokens_details.reasoning_tokens",
        "output_tokens_details.reasoning_tokens",
        "output_token_details.reasoning",
        "thoughts_token_count",
        "thoughtsTokenCount",
        "reasoning_tokens",
        "details.reasoning_tokens",
    ),
}
_ADDED = {
    "input_tokens": ("tool_use_prompt_token_count", "toolUsePromptTokenCount"),
    "output_tokens": ("thoughts_token_count", "thoughtsTokenCount"),
}
"""What Gemini reports beside the count that it belongs to."""
_ANTHROPIC = ("cache_read_input_tokens", "cache_creation_input_tokens")
"""What Anthropic reports beside its input tokens."""
_DETAILS = {
    "cache_write_tokens": (
        "cache_creation_input_tokens",
        "prompt_tokens_details.cache_write_tokens",
        "input_tokens_details.cache_write_tokens",
        "input_token_details.cache_creation",
        "cache_write_tokens",
    ),
    "input_audio_tokens": (
        "prompt_tokens_details.audio_tokens",
        "input_token_details.audio_tokens",
        "input_token_details.audio",
        "input_audio_tokens",
    ),
    "input_image_tokens": ("input_tokens_details.image_tokens",),
    "output_audio_tokens": (
        "completion_tokens_details.audio_tokens",
        "output_token_details.audio",
        "output_audio_tokens",
    ),
}
"""Where in a report each count may be; the first that is there counts."""


def _count(report: Any, *ways: str) -> int:
    for way in ways:
        found = report
        for name in way.split("."):
            if found is None:
                break
            found = wire.get(found, name)
        if type(found) in (int, float) and found >= 1:  # Cohere counts in floats
            return int(found)
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
        reply: What the model's client returned, with its usage. One without is passed over, with a warning if no
            tokens are given either.
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
    elif reply is not None:
        warn(
            MemoWarning,
            f"completion_usage: no tokens are reported by this {class_name(type(reply))}; give it what the client "
            "returned, or input_tokens= and output_tokens=",
        )
