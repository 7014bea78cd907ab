"""`/v1/chat/completions`: answers as chat completions and as chunks of them."""

import base64
import time
from collections.abc import Iterator
from secrets import token_hex
from typing import Any

from llm_memo.testing.answer import Answer, Body, Script, answers, usage
from llm_memo.testing.media import tone
from llm_memo.testing.prose import pieces, scores

_AUDIO_LIFETIME = 3600


def completion(body: Body, script: Script) -> Body:
    """The body of a `ChatCompletion`."""
    given = answers(body, script)
    choices = [
        {
            "index": index,
            "message": _message(body, answer),
            "logprobs": _logprobs(body, answer, pieces(answer.spoken)),
            "finish_reason": answer.finish_reason,
        }
        for index, answer in enumerate(given)
    ]
    return {**_head(body, "chat.completion"), "choices": choices, "usage": _usage(body, given)}


def chunks(body: Body, script: Script) -> Iterator[Body]:
    """The bodies of the `ChatCompletionChunk`s that make up the same answers, a word each."""
    return _chunks(body, answers(body, script))


def _chunks(body: Body, given: list[Answer]) -> Iterator[Body]:
    head = _head(body, "chat.completion.chunk")
    counted = bool((body.get("stream_options") or {}).get("include_usage"))
    if counted:
        head["usage"] = None

    def chunk(index: int, delta: Body, **rest: Any) -> Body:
        return {**head, "choices": [{"index": index, "delta": delta, "finish_reason": None, **rest}]}

    for index, answer in enumerate(given):
        written = answer.text is not None and not _aloud(body)
        yield chunk(index, {"role": "assistant", "content": "" if written else None})
    for index, answer in enumerate(given):
        for delta, words in _deltas(body, answer):
            yield chunk(index, delta, logprobs=_logprobs(body, answer, words))
        yield chunk(index, {}, finish_reason=answer.finish_reason)
    if counted:
        yield {**head, "choices": [], "usage": _usage(body, given)}


def _deltas(body: Body, answer: Answer) -> Iterator[tuple[Body, list[str]]]:
    """Each delta with the words that it adds."""
    words = pieces(answer.spoken)
    if answer.tool_call is not None:
        call = {"index": 0, "id": f"call_{token_hex(12)}", "type": "function"}
        yield {"tool_calls": [{**call, "function": {"name": answer.tool_call.name, "arguments": ""}}]}, []
        for word in words:
            yield {"tool_calls": [{"index": 0, "function": {"arguments": word}}]}, []
    elif answer.text is not None and _aloud(body):
        audio = _audio(answer.text)
        yield {"audio": {"id": audio["id"]}}, []
        for word in words:
            yield {"audio": {"transcript": word}}, []
        yield {"audio": {"data": audio["data"]}}, []
        yield {"audio": {"expires_at": audio["expires_at"]}}, []
    else:
        kind = "content" if answer.text is not None else "refusal"
        for word in words:
            yield {kind: word}, [word]


def _head(body: Body, kind: str) -> Body:
    return {
        "id": f"chatcmpl-{token_hex(12)}",
        "object": kind,
        "created": int(time.time()),
        "model": body["model"],
        "service_tier": "default",
        "system_fingerprint": "fp_llm_memo",
    }


def _message(body: Body, answer: Answer) -> Body:
    message: Body = {
        "role": "assistant",
        "content": answer.text,
        "refusal": answer.refusal,
        "annotations": [],
    }
    if answer.tool_call is not None:
        function = {"name": answer.tool_call.name, "arguments": answer.tool_call.arguments}
        message["tool_calls"] = [{"id": f"call_{token_hex(12)}", "type": "function", "function": function}]
    if answer.text is not None and _aloud(body):
        message |= {"content": None, "audio": _audio(answer.text)}
    return message


def _aloud(body: Body) -> bool:
    return "audio" in (body.get("modalities") or ())


def _audio(text: str) -> Body:
    return {
        "id": f"audio_{token_hex(12)}",
        "data": base64.b64encode(tone(text)).decode(),
        "expires_at": int(time.time()) + _AUDIO_LIFETIME,
        "transcript": text,
    }


def _logprobs(body: Body, answer: Answer, words: list[str]) -> Body | None:
    if not body.get("logprobs") or not words or answer.tool_call is not None:
        return None
    scored = scores(words, body.get("top_logprobs") or 0)
    kind = "content" if answer.text is not None else "refusal"
    return {"content": None, "refusal": None, kind: scored}


def _usage(body: Body, given: list[Answer]) -> Body:
    used = usage(body, given)
    return {
        "prompt_tokens": used.prompt,
        "completion_tokens": used.output,
        "total_tokens": used.prompt + used.output,
        "prompt_tokens_details": {"cached_tokens": used.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": used.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
