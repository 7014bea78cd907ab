"""`/v1/responses`: an answer as a response and as the events that build it."""

import time
from collections.abc import Iterator
from secrets import token_hex
from typing import Any

from llm_memo.testing.answer import Answer, Body, Script, answers, seeded, usage
from llm_memo.testing.prose import pieces, scores, sentences

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_ECHOED: Body = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
}


def response(body: Body, script: Script) -> Body:
    """The body of a `Response`."""
    [answer] = answers(body, script)
    now = time.time()
    reason = _INCOMPLETE.get(answer.finish_reason)
    status = "incomplete" if reason else "completed"
    return {
        "id": f"resp_{token_hex(24)}",
        "object": "response",
        "created_at": int(now),
        "completed_at": None if reason else int(now),
        "status": status,
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "model": body["model"],
        "service_tier": "default",
        **{name: usual if body.get(name) is None else body[name] for name, usual in _ECHOED.items()},
        "output": [*_reasoning(body), _item(body, answer, status)],
        "usage": _usage(body, answer),
    }


def events(body: Body, script: Script) -> Iterator[Body]:
    """The bodies of the events of the same response, in the order the API sends them."""
    return _numbered(_events(response(body, script)))


def _numbered(events: Iterator[Body]) -> Iterator[Body]:
    for number, event in enumerate(events):
        yield {**event, "sequence_number": number}


def _events(final: Body) -> Iterator[Body]:
    begun = {**final, "status": "in_progress", "completed_at": None, "output": [], "usage": None}
    begun["incomplete_details"] = None
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, item in enumerate(final["output"]):
        place = {"output_index": index, "item_id": item["id"]}
        build, empty = _BUILDERS[item["type"]]
        bare = {**item, **empty, "status": "in_progress"}
        yield {"type": "response.output_item.added", "output_index": index, "item": bare}
        for event in build(item):
            yield {**place, **event}
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    yield {"type": f"response.{final['status']}", "response": final}


def _message_events(item: Body) -> Iterator[Body]:
    for index, part in enumerate(item["content"]):
        for event in _part_events(part):
            yield {"content_index": index, **event}


def _part_events(part: Body) -> Iterator[Body]:
    if part["type"] == "refusal":
        yield {"type": "response.content_part.added", "part": {**part, "refusal": ""}}
        for word in pieces(part["refusal"]):
            yield {"type": "response.refusal.delta", "delta": word}
        yield {"type": "response.refusal.done", "refusal": part["refusal"]}
    else:
        text, scored = part["text"], part["logprobs"]
        yield {"type": "response.content_part.added", "part": {**part, "text": "", "logprobs": []}}
        for number, word in enumerate(pieces(text)):
            scores = scored[number : number + 1]
            yield {"type": "response.output_text.delta", "delta": word, "logprobs": scores}
        yield {"type": "response.output_text.done", "text": text, "logprobs": scored}
    yield {"type": "response.content_part.done", "part": part}


def _function_call_events(item: Body) -> Iterator[Body]:
    kind = "response.function_call_arguments"
    for word in pieces(item["arguments"]):
        yield {"type": f"{kind}.delta", "delta": word}
    yield {"type": f"{kind}.done", "arguments": item["arguments"]}


def _reasoning_events(item: Body) -> Iterator[Body]:
    for index, part in enumerate(item["summary"]):
        place = {"summary_index": index}
        yield {**place, "type": "response.reasoning_summary_part.added", "part": {**part, "text": ""}}
        for word in pieces(part["text"]):
            yield {**place, "type": "response.reasoning_summary_text.delta", "delta": word}
        yield {**place, "type": "response.reasoning_summary_text.done", "text": part["text"]}
        yield {**place, "type": "response.reasoning_summary_part.done", "part": part}


_BUILDERS: dict[str, tuple[Any, Body]] = {
    "message": (_message_events, {"content": []}),
    "function_call": (_function_call_events, {"arguments": ""}),
    "reasoning": (_reasoning_events, {"summary": []}),
}


def _reasoning(body: Body) -> list[Body]:
    asked = body.get("reasoning")
    if asked is None or asked.get("effort") == "none":
        return []
    thoughts = sentences(seeded(body, "reasoning"), 1 if asked.get("summary") else 0)
    summary = [{"type": "summary_text", "text": thought} for thought in thoughts]
    return [{"id": f"rs_{token_hex(24)}", "type": "reasoning", "summary": summary}]


def _item(body: Body, answer: Answer, status: str) -> Body:
    if answer.tool_call is not None:
        return {
            "id": f"fc_{token_hex(24)}",
            "type": "function_call",
            "status": status,
            "call_id": f"call_{token_hex(12)}",
            "name": answer.tool_call.name,
            "arguments": answer.tool_call.arguments,
        }
    return {
        "id": f"msg_{token_hex(24)}",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": [_part(body, answer)],
    }


def _part(body: Body, answer: Answer) -> Body:
    if answer.text is None:
        return {"type": "refusal", "refusal": answer.refusal}
    scored = "message.output_text.logprobs" in (body.get("include") or ())
    found = scores(pieces(answer.text), body.get("top_logprobs") or 0) if scored else []
    return {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": found}


def _usage(body: Body, answer: Answer) -> Body:
    used = usage(body, [answer])
    return {
        "input_tokens": used.prompt,
        "input_tokens_details": {"cached_tokens": used.cached, "cache_write_tokens": 0},
        "output_tokens": used.output,
        "output_tokens_details": {"reasoning_tokens": used.reasoning},
        "total_tokens": used.prompt + used.output,
    }
