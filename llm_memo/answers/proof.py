"""Proof that a model's answer, as it came over HTTP, is the whole answer: what is not proven is not kept.

`llm_memo.answers.complete` tells answers that say of themselves that they are none. That is enough for what a
function returns. Of a response it has to be the other way round: a connection that ends early looks like the
end of an answer, so each kind of endpoint has something that must be there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llm_memo.answers.complete import incomplete

__all__ = ["unproven"]

_ENDS = frozenset(
    {
        "stop", "tool_calls", "function_call", "eos",  # OpenAI and what follows it
        "end_turn", "stop_sequence", "tool_use",  # Anthropic
        "STOP", "COMPLETE", "STOP_SEQUENCE", "TOOL_CALL",  # Gemini, Cohere
    }
)  # fmt: skip
"""Why an answer ended, where it ended by itself; no other reason proves it."""

_CUT = "the answer has no end"

Proof = Callable[[dict[str, Any], Any], str | None]
"""Takes a request's body and its answer; gives what is missing, or None."""


def unproven(kind: str, body: dict[str, Any], answer: Any, last_event: bool) -> str | None:
    """Why it is not proven that ``answer`` is the whole one, in a few words; None if it is.

    Args:
        kind: The kind of its endpoint, as `llm_memo.requests.endpoints` has them.
        body: The body of the request.
        answer: A JSON document; of a stream, the list of its events' documents; text or bytes of another body.
        last_event: Whether the event came after which nothing follows.
    """
    if isinstance(answer, dict) and answer.get("error"):
        return "an error"
    if isinstance(answer, list):
        if any(map(_is_error, answer)):
            return "an error"
        proof = _STREAMS.get(kind)
        if kind != "gemini" and not last_event:
            return "the stream ended before its last event"
    else:
        proof = _WHOLE.get(kind)
    if proof is None:
        return f"nothing is known that would prove an answer of this kind ({kind}) complete"
    return proof(body, answer)


def _is_error(event: Any) -> bool:
    return isinstance(event, dict) and (bool(event.get("error")) or event.get("type") == "error")


def _records(value: Any, name: str) -> list[dict[str, Any]]:
    found = value.get(name) if isinstance(value, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _reasons(answer: Any, field: str, items: list[dict[str, Any]]) -> str | None:
    """What is wrong with the reasons for which each of ``items`` ended."""
    if not items:
        return _CUT
    for item in items:
        if item.get(field) not in _ENDS:
            return f"{field} {item[field]}" if item.get(field) else _CUT
    return incomplete(answer)


def _chat(body: dict[str, Any], answer: Any) -> str | None:
    return _reasons(answer, "finish_reason", _records(answer, "choices"))


def _chat_stream(body: dict[str, Any], events: list[Any]) -> str | None:
    reasons: dict[Any, Any] = {}
    for choice in (choice for event in events for choice in _records(event, "choices")):
        reasons[choice.get("index")] = choice.get("finish_reason") or reasons.get(choice.get("index"))
    return _reasons(events, "finish_reason", [{"finish_reason": reason} for reason in reasons.values()])


def _responses(body: dict[str, Any], answer: Any) -> str | None:
    status = answer.get("status") if isinstance(answer, dict) else None
    return incomplete(answer) if status == "completed" else f"status {status}"


def _responses_stream(body: dict[str, Any], events: list[Any]) -> str | None:
    for event in events:
        if isinstance(event, dict) and event.get("type") == "response.completed":
            return incomplete(events)
    return _CUT


def _messages(body: dict[str, Any], answer: Any) -> str | None:
    return _reasons(answer, "stop_reason", [answer] if isinstance(answer, dict) else [])


def _messages_stream(body: dict[str, Any], events: list[Any]) -> str | None:
    deltas = [event.get("delta") or {} for event in events if isinstance(event, dict)]
    return _reasons(None, "stop_reason", [delta for delta in deltas if delta.get("stop_reason")])


def _gemini(body: dict[str, Any], answer: Any) -> str | None:
    return _gemini_stream(body, [answer])


def _gemini_stream(body: dict[str, Any], events: list[Any]) -> str | None:
    reasons: dict[Any, Any] = {}
    for event in events:
        blocked = event.get("promptFeedback") if isinstance(event, dict) else None
        if isinstance(blocked, dict) and blocked.get("blockReason"):
            return f"blockReason {blocked['blockReason']}"
        for candidate in _records(event, "candidates"):
            index = candidate.get("index", 0)
            reasons[index] = candidate.get("finishReason") or reasons.get(index)
    return _reasons(None, "finishReason", [{"finishReason": reason} for reason in reasons.values()])


def _ollama(body: dict[str, Any], answer: Any) -> str | None:
    if not isinstance(answer, dict) or answer.get("done") is not True:
        return _CUT
    return None if answer.get("done_reason", "stop") == "stop" else f"done_reason {answer['done_reason']}"


def _ollama_stream(body: dict[str, Any], events: list[Any]) -> str | None:
    return _ollama(body, events[-1]) if events else _CUT


def _cohere(body: dict[str, Any], answer: Any) -> str | None:
    return _reasons(None, "finish_reason", [answer] if isinstance(answer, dict) else [])


def _cohere_stream(body: dict[str, Any], events: list[Any]) -> str | None:
    ends = [event for event in events if isinstance(event, dict) and event.get("type") == "message-end"]
    return _reasons(None, "finish_reason", [end.get("delta") or {} for end in ends])


def _one_for_each(field: str) -> Proof:
    def proof(body: dict[str, Any], answer: Any) -> str | None:
        wanted, given = _inputs(body.get("input")), len(_records(answer, field))
        return None if given == wanted else f"{given} results for {wanted} inputs"

    return proof


def _inputs(wanted: Any) -> int:
    """How many inputs a request has: a list of numbers is one text as tokens, one of parts is one message."""
    if not isinstance(wanted, list):
        return 1
    return 1 if wanted and isinstance(wanted[0], (int, dict)) else len(wanted)


def _vectors(body: dict[str, Any], answer: Any) -> str | None:
    found = isinstance(answer, dict) and any(answer.get(field) for field in ("embeddings", "embedding"))
    return None if found else "no embeddings"


def _tokens(body: dict[str, Any], answer: Any) -> str | None:
    counts = [answer.get(field) for field in ("input_tokens", "totalTokens")] if isinstance(answer, dict) else []
    return None if any(type(count) is int for count in counts) else "no number of tokens"


def _listed(field: str) -> Proof:
    return lambda body, answer: None if _records(answer, field) else f"no {field}"


def _images(body: dict[str, Any], answer: Any) -> str | None:
    images = _records(answer, "data")
    if not all(image.get("b64_json") for image in images):
        return "an image as a link, which will not last"  # it dies within the hour
    return _all_images(body, len(images))


def _images_stream(body: dict[str, Any], events: list[Any]) -> str | None:
    done = [event for event in events if str(event.get("type")).endswith(".completed") and event.get("b64_json")]
    return _all_images(body, len(done))


def _all_images(body: dict[str, Any], given: int) -> str | None:
    wanted = str(body.get("n") or 1)  # a text in a form
    return None if str(given) == wanted else f"{given} of {wanted} images"


def _transcription(body: dict[str, Any], answer: Any) -> str | None:
    text = answer.get("text") if isinstance(answer, dict) else answer
    return None if isinstance(text, str) and text.strip() else "no text"


def _speech(body: dict[str, Any], answer: Any) -> str | None:
    return None if isinstance(answer, bytes) and answer else "no sound"


def _last_event(body: dict[str, Any], events: list[Any]) -> str | None:
    return None


_WHOLE: dict[str, Proof] = {
    "chat": _chat,
    "responses": _responses,
    "messages": _messages,
    "gemini": _gemini,
    "ollama": _ollama,
    "cohere": _cohere,
    "embeddings": _one_for_each("data"),
    "moderations": _one_for_each("results"),
    "vectors": _vectors,
    "tokens": _tokens,
    "rerank": _listed("results"),
    "ocr": _listed("pages"),
    "images": _images,
    "transcription": _transcription,
    "speech": _speech,
}
_STREAMS: dict[str, Proof] = {
    "chat": _chat_stream,
    "responses": _responses_stream,
    "messages": _messages_stream,
    "gemini": _gemini_stream,
    "ollama": _ollama_stream,
    "cohere": _cohere_stream,
    "images": _images_stream,
    "transcription": _last_event,
    "speech": _last_event,
}
"""The kind of an endpoint → what proves its answer complete, in one piece and as events."""
