"""Any answer as a text that a person can read: what the model said, without what it came in."""

from __future__ import annotations

import json
import sys
from typing import Any

from llm_memo.answers.wire import choices, get, is_record, records, text
from llm_memo.codec.legible import Items
from llm_memo.identity.preview import preview


def answer_text(answer: object, most: int = sys.maxsize) -> str:
    """At most ``most`` characters of what an answer says.

    Known by their look are the answers of OpenAI's API (completions, responses, embeddings) and streams
    of their pieces; anything else is shown as JSON where it has such a form.

    Args:
        answer: The answer as plain data, as `llm_memo.codec.legible` gives it.
        most: How long the text may be.
    """
    said = answer if isinstance(answer, str) else _said(answer)
    if not said:
        said = _json(answer)
    return said if len(said) <= most else said[: most - 1] + "…"


def _said(answer: Any) -> str:
    """What a model's answer, or a piece of one, says; "" if it is none."""
    if isinstance(answer, Items):
        return "".join(item if isinstance(item, str) else _piece(item) for item in answer)
    if found := choices(answer):
        return "\n\n".join(map(_choice, found))
    if found := records(answer, "candidates"):  # Gemini's
        return "\n\n".join(_parts(get(each, "content"), "parts") for each in found)
    if get(answer, "done") is not None:  # Ollama's
        return text(get(answer, "message"), "content") or text(answer, "response")
    if found := records(answer, "content"):  # Anthropic's, and Cohere's message
        return _parts(answer, "content")
    if is_record(get(answer, "message")):
        return _said(get(answer, "message"))
    if found := records(answer, "output"):
        return "\n".join(filter(None, map(_output, found)))
    vectors = [get(item, "embedding") for item in records(answer, "data")]
    return f"{len(vectors)} × {len(vectors[0])} numbers" if vectors and isinstance(vectors[0], list) else ""


def _piece(item: Any) -> str:
    if text(item, "type").startswith("response."):
        return text(item, "delta") if text(item, "type") == "response.output_text.delta" else ""
    if text(item, "type").startswith(("content_block_", "content-")):  # Anthropic's, Cohere's
        delta = get(item, "delta")
        return text(delta, "text") or text(get(get(delta, "message"), "content"), "text")
    return "" if text(item, "type").startswith("message") else _said(item)


def _parts(value: Any, name: str) -> str:
    return "".join(text(part, "text") or _use(part) for part in records(value, name))


def _use(part: Any) -> str:
    """A call of a tool, as Anthropic and Gemini have it."""
    call = get(part, "functionCall") or (part if text(part, "type") == "tool_use" else None)
    arguments = get(call, "input") or get(call, "args") or {}
    return "" if call is None else f"{text(call, 'name')}({json.dumps(arguments, ensure_ascii=False)})"


def _choice(choice: Any) -> str:
    message = get(choice, "message") or get(choice, "delta")
    if message is None:
        return text(choice, "text")
    calls = [_call(get(each, "function")) for each in records(message, "tool_calls")]
    return "\n".join(filter(None, (text(message, "content"), text(message, "refusal"), *calls)))


def _output(item: Any) -> str:
    if text(item, "type") == "function_call":
        return _call(item)
    return "".join(text(part, "text") or text(part, "refusal") for part in records(item, "content"))


def _call(function: Any) -> str:
    return f"{text(function, 'name')}({text(function, 'arguments')})"


def _json(answer: Any) -> str:
    plain = isinstance(answer, (dict, list, tuple)) or hasattr(answer, "__dict__")
    if plain and not hasattr(answer, "shape"):
        try:
            return json.dumps(answer, ensure_ascii=False, indent=2, default=_plain)
        except (TypeError, ValueError, RecursionError):
            pass
    return preview(answer, length=1_000)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes) or hasattr(value, "shape") or not hasattr(value, "__dict__"):
        return preview(value)
    return {type(value).__name__: vars(value)}
