"""Is this a complete answer? One that was cut short, refused or left empty is worth another try."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from llm_memo.answers import wire
from llm_memo.answers.walk import walk
from llm_memo.codec.recording import Recording


def incomplete(value: object) -> str | None:
    """Why ``value`` is not a complete answer, in a few words; None if it is, or says nothing of the kind.

    A str is incomplete if it is blank. A completion, response, message, run, stream or job, or a dict that looks like
    one, also inside of lists, tuples and dicts, and wherever a framework keeps what the model sent, if it was cut
    short, filtered, refused, failed, left empty or is not done. Of a conversation the last message counts. So is an
    exception. None, [] and {} are answers.
    """
    kind = type(value)
    if kind is str:
        return None if value and not value.isspace() else "an empty answer"  # type: ignore[attr-defined]
    if kind in wire.PLAIN:
        return None
    if isinstance(value, Recording):
        return _within(value.returned) or _stream_fault(value)
    return _within(value)


def _within(value: Any, look: Callable[[Any], str | None] | None = None) -> str | None:
    return _first(walk(value, look or _fault, history=False))


def _fault(value: Any) -> str | None:
    """Why a record is no complete answer; "" if it is one; None if it is no answer at all."""
    if isinstance(value, BaseException):
        return f"an error: {type(value).__name__}"
    body = wire.body(value)
    if body is not None:
        return _within(body) or ""
    judge = _judge(value)
    if judge is not None:
        return judge(value) or ""
    return _end(value) or _silent(value)


def _part_fault(value: Any) -> str | None:
    """As `_fault`, for a record of a stream, which may be only a part of the answer."""
    judge = _judge(value)
    if judge is not None:
        return judge(value) or ""
    return _end(value)


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
    ended = _reason(choice)
    if ended is not None:
        return ended
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
    said = (item for name, item in wire.fields(message).items() if name not in _NO_ANSWER)
    return any(item.strip() if isinstance(item, str) else item for item in said)


_REASONS = ("finish_reason", "stop_reason", "done_reason", "finishReason")
_CUT = {
    *("length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded", "max_steps"),
    *("content_filter", "content_filtered", "safety", "refusal", "recitation", "blocklist", "prohibited_content"),
    *("spii", "image_safety", "image_prohibited_content", "image_recitation", "guardrail_intervened", "error_toxic"),
    *("pause_turn", "malformed_function_call", "unexpected_tool_call", "too_many_tool_calls", "error_limit"),
}
"""Why an answer ended that is not whole, in the words of all APIs."""
_CUT_MESSAGE = {"error", "other", "language", "timeout", "cancelled", "user_cancel", "load", "incomplete", "aborted"}
"""More of them, that are believed only beside what was said: they are words that data of one's own may have, too."""
_SAID = ("message", "delta", "content", "parts", "text")


def _reason(value: Any) -> str | None:
    """Why a choice, candidate, message or run ended, if that is why it is not whole."""
    for name in _REASONS:
        reason = wire.text(value, name)
        word = reason.lower().replace("-", "_")
        if word in _CUT or (word in _CUT_MESSAGE and any(wire.get(value, said) is not None for said in _SAID)):
            return f"{name} {reason}"
    return None


_STATES = {
    "processing_status": ("type", {"in_progress", "canceling"}),
    "status": ("run_id", {"error", "cancelled", "paused", "running", "pending"}),
    "state": ("steps", {"max_steps_error", "max_steps_reached", "error"}),
}
"""Where a run or job says that it is not done: field → what else it has, and the states."""


def _end(value: Any) -> str | None:
    """What a record says of its end, wherever it is from."""
    reason = _reason(value)
    if reason is not None:
        return reason
    for name, (beside, states) in _STATES.items():
        state = wire.text(value, name).lower()
        if state in states and wire.get(value, beside) is not None:
            return f"{name} {state}"
    state = wire.text(value, "state")
    if state.startswith("JOB_STATE_") and state not in ("JOB_STATE_SUCCEEDED", "JOB_STATE_PARTIALLY_SUCCEEDED"):
        return f"state {state}"
    feedback = wire.get(value, "prompt_feedback") or wire.get(value, "promptFeedback")
    blocked = wire.text(feedback, "block_reason") or wire.text(feedback, "blockReason")
    if blocked:
        return f"blocked: {blocked}"
    if wire.get(value, "__interrupt__") or (wire.get(value, "raw_responses") and wire.get(value, "interruptions")):
        return "it waits for an approval"
    return "a refusal" if wire.text(wire.get(value, "additional_kwargs"), "refusal") else None


def _silent(value: Any) -> str | None:
    """Whether a whole answer of Gemini, Ollama, Cohere or LangChain says nothing, or is not done."""
    candidates = wire.get(value, "candidates")
    if isinstance(candidates, list) and _has_any(value, "usage_metadata", "usageMetadata", "model_version"):
        contents = [wire.get(each, "content") for each in candidates]
        return None if any(map(_any_part, contents)) else "an empty answer"
    message = wire.get(value, "message")
    if _has_any(value, "done") and _has_any(value, "created_at"):
        if not wire.get(value, "done"):
            return "it is not done"
        said = _says_something(message) if wire.is_record(message) else wire.text(value, "response").strip()
        return None if said or not _has_any(value, "message", "response") else "an empty answer"
    if wire.text(value, "finish_reason") and wire.is_record(message):
        return None if _says_something(message) else "an empty answer"
    if wire.text(value, "type") == "ai" and _has_any(value, "response_metadata"):
        said = any(wire.get(value, name) for name in ("content", "tool_calls", "invalid_tool_calls"))
        return None if said or wire.get(value, "additional_kwargs") else "an empty answer"
    return None


def _has_any(value: Any, *names: str) -> bool:
    return any(wire.get(value, name) is not None for name in names)


def _any_part(content: Any) -> bool:
    return any(_says_something(part) for part in wire.records(content, "parts"))


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
    ended = _reason(value)
    if ended is not None:
        return ended
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
    """Why a stream is not complete: because of one of its items or, if all items are here, of all together."""
    items = recording.items
    if recording.returned is None and all(type(item) is str and not item.strip() for item in items):
        return "an empty answer"
    parts = list(filter(_is_part, items))
    fault = _first(map(_chunk_fault, parts))
    if fault is None and len(parts) < len(items):
        others = [item for item in items if type(item) is not str and not _is_part(item)]
        fault = _within(others, _part_fault)
    if fault is not None or not recording.whole:
        return fault
    return _unended_chat(parts) if parts else _unended_events(items)


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
        return _ENDED_EARLY
    return None if said else "an empty answer"


_LAST = {"message_start": "message_stop", "message-start": "message-end"}
"""The first event of a stream → the last."""


def _unended_events(items: list[Any]) -> str | None:
    """Why a stream of events, or of parts, is not complete: its last one is missing, or it says nothing."""
    said = [item for item in items if wire.is_record(item)]
    kinds = {wire.text(item, "type"): item for item in said}
    for first, last in _LAST.items():
        if first in kinds and last not in kinds:
            return _ENDED_EARLY
    if said and wire.get(said[-1], "done") is False:
        return _ENDED_EARLY
    reasons = [_has_any(each, *_REASONS) for item in said for each in wire.records(item, "candidates")]
    if reasons and not any(reasons):
        return _ENDED_EARLY
    return _unended_response(kinds)


def _unended_response(kinds: dict[str, Any]) -> str | None:
    if not any(kind.startswith("response.") for kind in kinds):
        return None
    if "response.completed" not in kinds:
        return _ENDED_EARLY
    response = wire.inner(kinds["response.completed"])
    said = wire.get(response, "output") or any(kind.startswith("response.output") for kind in kinds)
    return None if said else "an empty answer"


_ENDED_EARLY = "the stream ended before the answer did"
