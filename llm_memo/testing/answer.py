"""What the model says to a question, whatever the API that asks it."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from llm_memo.testing.prose import compose, pieces, tokens
from llm_memo.testing.schema import conforming_json

Body = dict[str, Any]

_DELIVERY = frozenset({"stream", "stream_options", "n"})
_REASONING = {"none": 0, "minimal": 16, "low": 64, "medium": 256, "high": 1024, "xhigh": 2048, "max": 4096}


class Script(Protocol):
    """What a test has said the model should do; `None` leaves it to the model."""

    finish_reason: str | None
    refusal: str | None
    reply: Callable[[Body], str] | None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function that the model wants called, with its arguments as JSON."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer: exactly one of `text`, `refusal` and `tool_call` is there."""

    text: str | None = None
    refusal: str | None = None
    tool_call: ToolCall | None = None
    finish_reason: str

    @property
    def spoken(self) -> str:
        """The words of it, whichever kind it is."""
        return self.tool_call.arguments if self.tool_call else self.text or self.refusal or ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, a word each; `output` includes `reasoning`, and `prompt` includes `cached`."""

    prompt: int
    cached: int
    output: int
    reasoning: int


def seeded(body: Body, *salt: object) -> Random:
    """Random choices that are the same for the same question, in every process."""
    asked = {name: value for name, value in body.items() if name not in _DELIVERY}
    question = json.dumps([asked, salt], sort_keys=True, default=bytes.hex)
    return Random(hashlib.blake2b(question.encode()).digest())


def answers(body: Body, script: Script) -> list[Answer]:
    """The `n` answers to `body`: the first is the same whatever `n` is, and whether streamed or not."""
    return [_answer(body, script, seeded(body, index)) for index in range(body.get("n") or 1)]


def usage(body: Body, given: list[Answer]) -> Usage:
    """What `given` answers cost.

    The prompt is the text of all messages; from 1024 tokens on, its whole blocks of 128 count as cached.
    """
    prompt = sum(tokens(text) for _, text in conversation(body))
    cached = prompt // 128 * 128 if prompt >= 1024 else 0
    reasoning = _reasoning_tokens(body) * len(given)
    output = sum(tokens(answer.spoken) for answer in given)
    return Usage(prompt, cached, output + reasoning, reasoning)


def conversation(body: Body) -> list[tuple[str, str]]:
    """The role and the text of each thing the model is given to read, oldest first."""
    asked = body.get("messages") or body.get("input") or []
    turns = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
    instructions = {"role": "system", "content": body.get("instructions")}
    return [(turn.get("role", ""), _text(turn.get("content", turn.get("output")))) for turn in [instructions, *turns]]


def topic(body: Body) -> str:
    """The text of the last user message."""
    return next((text for role, text in reversed(conversation(body)) if role == "user"), "")


def _answer(body: Body, script: Script, rng: Random) -> Answer:
    reason = script.finish_reason
    if script.refusal is not None:
        return Answer(refusal=script.refusal, finish_reason=reason or "stop")
    if (tool := _wanted_tool(body)) is not None:
        arguments = conforming_json(tool.get("parameters") or {"type": "object"}, rng)
        return Answer(tool_call=ToolCall(tool["name"], arguments), finish_reason=reason or "tool_calls")
    if script.reply is not None:
        return Answer(text=script.reply(body), finish_reason=reason or "stop")
    return _written(body, rng, reason)


def _written(body: Body, rng: Random, reason: str | None) -> Answer:
    words = pieces(_compose(body, rng))
    limit = body.get("max_completion_tokens") or body.get("max_tokens") or body.get("max_output_tokens")
    if limit is not None and limit < len(words):
        return Answer(text="".join(words[:limit]), finish_reason=reason or "length")
    if reason in ("length", "content_filter"):
        words = words[: len(words) // 2]
    return Answer(text="".join(words), finish_reason=reason or "stop")


def _compose(body: Body, rng: Random) -> str:
    form: Body = body.get("response_format") or (body.get("text") or {}).get("format") or {}
    if form.get("type") == "json_schema":
        return conforming_json(form.get("json_schema", form).get("schema"), rng)
    text = compose(rng, topic(body))
    return json.dumps({"answer": text}, ensure_ascii=False) if form.get("type") == "json_object" else text


def _wanted_tool(body: Body) -> Body | None:
    functions = [tool.get("function", tool) for tool in body.get("tools") or () if tool["type"] == "function"]
    choice = body.get("tool_choice")
    if isinstance(choice, dict):
        wanted = choice.get("function", choice).get("name")
        functions = [function for function in functions if function["name"] == wanted]
    return functions[0] if functions and choice not in (None, "auto", "none") else None


def _reasoning_tokens(body: Body) -> int:
    if "reasoning_effort" in body:
        return _REASONING[body["reasoning_effort"] or "none"]
    reasoning = body.get("reasoning")
    return 0 if reasoning is None else _REASONING[reasoning.get("effort") or "medium"]


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return " ".join(part["text"] for part in content or () if part.get("text"))
