"""Is this a complete answer? One that was cut short, refused or left empty is worth another try."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from llm_memo.answers import wire
from llm_memo.codec.recording import Recording

_DEPTH = 4


def incomplete(value: object) -> str | None:
    """Why ``value`` is not a complete answer, in a few words; None if it is, or says nothing of the kind.

    A str is incomplete if it is blank. A completion, response, stream or job, or a dict that looks like one,
    also inside of lists, tuples and dicts, if it was cut short, filtered, refused, failed, left empty or is
    not done. So is an exception. None, [] and {} are answers.
    """
    kind = type(value)
    if kind is str:
        return None if value and not value.isspace() else "an empty answer"  # type: ignore[attr-defined]
    return None if kind in wire.PLAIN else _fault(value, 0)


def _fault(value: Any, depth: int) -> str | None:
    if isinstance(value, BaseException):
        return f"an error: {type(value).__name__}"
    if isinstance(value, Recording):
        return _fault(value.returned, depth) or _stream_fault(value)
    body = wire.body(value)
    if body is not None:
        value = body
    if wire.is_record(value):
        judge = _judge(value)
        if judge is not None:
            return judge(value)
    if depth < _DEPTH and type(value) in (dict, list, tuple):
        return _first(
            _fault(item, depth + 1)
            for item in (value.values() if type(value) is dict else value)
            if type(item) is not str and type(item) not in wire.PLAIN
        )
    return None


def _first(faults: Iterable[str | None]) -> str | None:
    return next(filter(None, faults), None)


Judge = Callable[[Any], str | None]


def _judge(value: Any) -> Judge | None:
    """What tells whether a value of this look is complete; None if it does not look like an answer."""
    if wire.is_chunk(value):
        return _chunk_fault
    if wire.choices(value):
        return _completion_fault
    if wire.text(value, "object") == "chat.completion":
        return lambda _: "an empty answer"
    has_output = isinstance(wire.get(value, "output"), list)
    if wire.text(value, "status") and (wire.text(value, "object") or has_output):
        return _job_fault
    kind = wire.text(value, "type")
    if kind == "message" and wire.text(value, "stop_reason"):
        return _message_fault
    if kind in ("error", "chunk", "refusal.done") or kind.startswith("response."):
        return _event_fault
    return None


def _completion_fault(value: Any) -> str | None:
    return _first(_choice_fault(choice) or _silence(choice) for choice in wire.choices(value))


def _chunk_fault(value: Any) -> str | None:
    return _first(map(_choice_fault, wire.choices(value)))


def _choice_fault(choice: Any) -> str | None:
    reason = wire.text(choice, "finish_reason")
    if reason in ("length", "content_filter"):
        return f"finish_reason {reason}"
    said = wire.get(choice, "message") or wire.get(choice, "delta")
    return "a refusal" if wire.get(said, "refusal") else None


def _silence(choice: Any) -> str | None:
    if wire.get(choice, "delta") is not None:
        return None
    message = wire.get(choice, "message")
    said = _says_something(message) if wire.is_record(message) else wire.text(choice, "text").strip()
    return None if said else "an empty answer"


_NO_ANSWER = {"role", "refusal", "name", "annotations", "reasoning", "reasoning_content", "reasoning_details"}
"""Fields of a message that are not its answer."""


def _says_something(message: Any) -> bool:
    """Whether a message or delta has text, a tool call, audio, or anything else that its server gave it."""
    fields = message if type(message) is dict else {**vars(message), **(message.__pydantic_extra__ or {})}
    said = (item for name, item in fields.items() if name not in _NO_ANSWER)
    return any(item.strip() if isinstance(item, str) else item for item in said)


_UNDONE = {
    *("incomplete", "failed", "cancelled", "cancelling", "canceled", "expired"),
    *("queued", "in_progress", "running", "pending", "validating", "validating_files", "finalizing"),
    *("requires_action", "processing"),
}


def _job_fault(value: Any) -> str | None:
    """A response, a batch, a video, a run: whatever has an ``object`` and a ``status``."""
    status = wire.text(value, "status")
    if status in _UNDONE:
        reason = wire.text(wire.get(value, "incomplete_details"), "reason")
        return f"status {status}" + (f": {reason}" if reason else "")
    output = wire.get(value, "output")
    if not isinstance(output, list):
        return None
    return _refusal(output) or (None if any(map(_is_output, output)) else "an empty answer")


def _refusal(output: list[Any]) -> str | None:
    parts = (part for item in output for part in wire.records(item, "content"))
    return "a refusal" if any(wire.text(part, "type") == "refusal" for part in parts) else None


def _is_output(item: Any) -> bool:
    kind = wire.text(item, "type")
    if kind == "message":
        return any(wire.text(part, "text").strip() for part in wire.records(item, "content"))
    return kind != "reasoning"


def _message_fault(value: Any) -> str | None:
    """A message of Anthropic's."""
    reason = wire.text(value, "stop_reason")
    if reason in ("max_tokens", "refusal", "model_context_window_exceeded", "pause_turn"):
        return f"stop_reason {reason}"
    return None if wire.get(value, "content") else "an empty answer"


_ENDS = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")


def _event_fault(value: Any) -> str | None:
    """An event of a stream."""
    kind = wire.text(value, "type")
    if kind == "error":
        return "an error"
    if kind in ("refusal.done", "response.refusal.done"):
        return "a refusal"
    if kind == "chunk":
        return _chunk_fault(wire.inner(value))
    if kind in _ENDS:
        response = wire.inner(value)
        status = wire.text(response, "status") or kind.removeprefix("response.")
        # Some servers leave the output to the events of its items: none here is not yet an empty answer.
        output = wire.get(response, "output") or None
        details = wire.get(response, "incomplete_details")
        return _job_fault({"status": status, "incomplete_details": details, "output": output})
    return None


def _stream_fault(recording: Recording) -> str | None:
    """What is wrong with a stream: with an item of it, or, if all its items are here, with their sum."""
    items = recording.items
    if recording.returned is None and all(type(item) is str and not item.strip() for item in items):
        return "an empty answer"
    parts = list(filter(_is_part, items))
    fault = _first(map(_chunk_fault, parts))
    if fault is None and len(parts) < len(items):
        fault = _first(_fault(item, 0) for item in items if type(item) is not str and not _is_part(item))
    if fault is not None or not recording.whole:
        return fault
    return _unended_chat(parts) if parts else _unended_response(items)


def _is_part(item: Any) -> bool:
    return wire.is_chunk(item) or wire.text(item, "object") == "text_completion"


def _unended_chat(parts: list[Any]) -> str | None:
    ended: dict[Any, bool] = {}
    said = False
    for choice in (choice for part in parts for choice in wire.choices(part)):
        index = wire.get(choice, "index")
        ended[index] = ended.get(index, False) or bool(wire.get(choice, "finish_reason"))
        delta = wire.get(choice, "delta")
        said = said or bool(_says_something(delta) if wire.is_record(delta) else wire.text(choice, "text").strip())
    if not all(ended.values()):
        return "the stream ended before the answer did"
    return None if said else "an empty answer"


def _unended_response(items: list[Any]) -> str | None:
    kinds = {wire.text(item, "type"): item for item in items if wire.is_record(item)}
    if not any(kind.startswith("response.") for kind in kinds):
        return None
    if "response.completed" not in kinds:
        return "the stream ended before the answer did"
    response = wire.inner(kinds["response.completed"])
    said = wire.get(response, "output") or any(kind.startswith("response.output") for kind in kinds)
    return None if said else "an empty answer"
