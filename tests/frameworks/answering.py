"""A local server that answers in the shapes of the providers' APIs: OpenAI, Anthropic, Gemini, Cohere, Ollama.

A question with ``CUT`` in it gets an answer that was cut off at its length. Every answer reports seven tokens of input
and three of output.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]

OPENAI = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
WORDS = {"input_tokens": 7, "output_tokens": 3}


def said(body: Body) -> str:
    """The answer to a request: a text, in the form that the prompt asks for."""
    asked = json.dumps(body)
    if "[[ ## answer ## ]]" in asked:  # DSPy's
        return "[[ ## answer ## ]]\nBecause.\n\n[[ ## completed ## ]]"
    return "Because of that."


def was_cut(body: Body) -> bool:
    """Whether the last question asks for an answer that is cut off."""
    return "CUT" in json.dumps(body.get("messages") or body.get("input") or body.get("contents"))


def _call(body: Body) -> Body | None:
    """The call of a tool that ends an agent's run, if the request offers one."""
    names = {tool["function"]["name"] for tool in body.get("tools") or () if "function" in tool}
    chosen = names & {"Answer", "final_answer", "final_result"}
    if not chosen or any(message["role"] == "tool" for message in body["messages"]):
        return None
    arguments = {"answer": "Because."} if "final_answer" in chosen else {"why": "Because."}
    return {"id": "call_1", "type": "function", "function": {"name": chosen.pop(), "arguments": json.dumps(arguments)}}


def chat(body: Body) -> Body:
    call = _call(body)
    message: Body = {"role": "assistant", "content": None if call else said(body)}
    if call:
        message["tool_calls"] = [call]
    reason = "length" if was_cut(body) else "tool_calls" if call else "stop"
    choice = {"index": 0, "finish_reason": reason, "message": message}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body["model"]}
    return {**head, "choices": [choice], "usage": OPENAI}


def chat_stream(body: Body) -> Iterator[Body]:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
    call = _call(body)
    deltas: list[Body] = [{"role": "assistant", "content": ""}]
    deltas += (
        [{"tool_calls": [{"index": 0, **call}]}] if call else [{"content": word} for word in said(body).split(" ")]
    )
    for delta in deltas:
        yield {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    reason = "length" if was_cut(body) else "tool_calls" if call else "stop"
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {**head, "choices": [], "usage": OPENAI}


def response(body: Body) -> Body:
    text = {"type": "output_text", "text": said(body), "annotations": []}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [text]}
    head = {"id": "resp_1", "object": "response", "created_at": 1, "model": body["model"], "output": [message]}
    counts = {
        **WORDS,
        "total_tokens": 10,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    }
    how: Body = {"status": "completed", "incomplete_details": None}
    if was_cut(body):
        how = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    rest = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "error": None, "instructions": None}
    return {**head, **how, **rest, "usage": counts}


def response_stream(body: Body) -> Iterator[Body]:
    made = response(body)
    begun = {**made, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    yield {"type": "response.created", "sequence_number": 0, "response": begun}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    item = made["output"][0]
    added = {**item, "content": [], "status": "in_progress"}
    yield {"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": added}
    part = {"type": "output_text", "text": "", "annotations": []}
    yield {"type": "response.content_part.added", "sequence_number": 2, **place, "part": part}
    delta = {"delta": said(body), "logprobs": []}
    yield {"type": "response.output_text.delta", "sequence_number": 3, **place, **delta}
    yield {"type": "response.output_item.done", "sequence_number": 4, "output_index": 0, "item": item}
    yield {"type": f"response.{made['status']}", "sequence_number": 5, "response": made}


def message(body: Body) -> Body:
    reason = "max_tokens" if was_cut(body) else "end_turn"
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"]}
    return {
        **head,
        "content": [{"type": "text", "text": said(body)}],
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": WORDS,
    }


def message_stream(body: Body) -> Iterator[Body]:
    made = message(body)
    begun = {**made, "content": [], "stop_reason": None, "usage": {"input_tokens": 7, "output_tokens": 1}}
    yield {"type": "message_start", "message": begun}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    for word in said(body).split(" "):
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
    yield {"type": "content_block_stop", "index": 0}
    delta = {"stop_reason": made["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 3}}
    yield {"type": "message_stop"}


def _candidate(text: str, reason: str | None) -> Body:
    ended = {"finishReason": reason} if reason else {}
    return {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0, **ended}


GEMINI = {"promptTokenCount": 7, "candidatesTokenCount": 3, "totalTokenCount": 10}


def gemini(body: Body) -> Body:
    reason = "MAX_TOKENS" if was_cut(body) else "STOP"
    head = {"modelVersion": "gemini-2.5-flash", "responseId": "r-1", "usageMetadata": GEMINI}
    return {"candidates": [_candidate(said(body), reason)], **head}


def gemini_stream(body: Body) -> Iterator[Body]:
    made = gemini(body)
    first, _, rest = said(body).partition(" ")
    yield {**made, "candidates": [_candidate(first, None)]}
    yield {**made, "candidates": [_candidate(rest, made["candidates"][0]["finishReason"])]}


def cohere(body: Body) -> Body:
    reason = "MAX_TOKENS" if was_cut(body) else "COMPLETE"
    usage = {"billed_units": WORDS, "tokens": WORDS}
    told = {"role": "assistant", "content": [{"type": "text", "text": said(body)}]}
    return {"id": "c-1", "finish_reason": reason, "message": told, "usage": usage}


def cohere_stream(body: Body) -> Iterator[Body]:
    made = cohere(body)
    yield {"type": "message-start", "id": "c-1", "delta": {"message": {"role": "assistant", "content": []}}}
    begun = {"message": {"content": {"type": "text", "text": ""}}}
    yield {"type": "content-start", "index": 0, "delta": begun}
    for word in said(body).split(" "):
        yield {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": word}}}}
    yield {"type": "content-end", "index": 0}
    yield {
        "type": "message-end",
        "id": "c-1",
        "delta": {"finish_reason": made["finish_reason"], "usage": made["usage"]},
    }


def ollama(body: Body) -> Body:
    head = {"model": body["model"], "created_at": "2026-01-01T00:00:00Z"}
    told = {"role": "assistant", "content": said(body)}
    reason = "length" if was_cut(body) else "stop"
    return {**head, "message": told, "done": True, "done_reason": reason, "prompt_eval_count": 7, "eval_count": 3}


def ollama_stream(body: Body) -> Iterator[Body]:
    made = ollama(body)
    for word in said(body).split(" "):
        begun = {"role": "assistant", "content": word}
        yield {"model": made["model"], "created_at": made["created_at"], "message": begun, "done": False}
    yield {**made, "message": {"role": "assistant", "content": ""}}


Whole = Callable[[Body], Body]
Parts = Callable[[Body], Iterator[Body]]

ROUTES: dict[str, tuple[Whole, Parts]] = {
    "/chat/completions": (chat, chat_stream),
    "/responses": (response, response_stream),
    "/v1/messages": (message, message_stream),
    "generateContent": (gemini, gemini_stream),
    "GenerateContent": (gemini, gemini_stream),
    "/v2/chat": (cohere, cohere_stream),
    "/api/chat": (ollama, ollama_stream),
}
"""End of a path → what answers it, at once and in parts."""


class Answering:
    """The server, how often it was asked, and what."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, Body]] = []
        answering = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                path = self.path.partition("?")[0]
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                answering.bodies.append((self.path, body))
                whole, parts = next(made for end, made in ROUTES.items() if path.endswith(end))
                if whole is gemini:
                    streams = "stream" in path.rpartition(":")[2]
                else:
                    streams = body.get("stream", whole is ollama)
                text = _events(path, parts(body)) if streams else json.dumps(whole(body))
                kind = "application/json" if not streams else _kind(path)
                self.send_response(200)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def asked(self) -> int:
        """How many requests came."""
        return len(self.bodies)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _kind(path: str) -> str:
    return "application/x-ndjson" if path.endswith("/api/chat") else "text/event-stream"


def _events(path: str, parts: Iterator[Body]) -> str:
    if path.endswith("/api/chat"):
        return "".join(json.dumps(part) + "\n" for part in parts)
    named = "".join(
        (f"event: {part['type']}\n" if "type" in part else "") + f"data: {json.dumps(part)}\n\n" for part in parts
    )
    return named + ("data: [DONE]\n\n" if path.endswith("/chat/completions") else "")
