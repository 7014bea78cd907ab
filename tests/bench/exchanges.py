"""The second tier: what a hit of a request adds to the same call of the same client without it."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

import httpx2
from openai import OpenAI

from llm_memo import cached_client

from .run import Part, Run
from .table import OURS, Goal, Row, one_each

MESSAGE = {"role": "assistant", "content": "yes " * 200}
ANSWER = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5.2",
    "choices": [{"index": 0, "finish_reason": "stop", "message": MESSAGE}],
}


def client() -> OpenAI:
    """A client whose server answers at once."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=ANSWER)

    return OpenAI(api_key="none", http_client=httpx2.Client(transport=httpx2.MockTransport(answer)))


def requests(run: Run) -> list[Row]:
    """A hit beside the same call without the second tier, in turns."""
    plain, cached = client(), cached_client(client(), cache_dir=run.folder / "requests")
    calls: list[Callable[[], object]] = [_call(plain), _call(cached)]
    seconds: list[list[float]] = [[], []]
    until = time.perf_counter() + run.seconds
    for call in calls:
        call()
    while time.perf_counter() < until:
        for call, found in zip(calls, seconds, strict=True):
            started = time.perf_counter()
            call()
            found.append(time.perf_counter() - started)
    without, hit = (statistics.median(found) * 1e3 for found in seconds)
    note = f"the call {without:.2f} ms, as a hit {hit:.2f} ms: {len(json.dumps(ANSWER)):,} bytes of an answer"
    figures = one_each({OURS: hit - without})
    return [Row("requests", "a request's hit, beside a server that answers at once", "ms", figures, (Goal(0.4),), note)]


def _call(client: OpenAI) -> Callable[[], object]:
    return lambda: client.chat.completions.create(
        model="gpt-5.2", messages=[{"role": "user", "content": "Why is the sky blue?"}], temperature=0
    )


PARTS: dict[str, Part] = {"requests": requests}
