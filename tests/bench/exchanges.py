"""The second tier: what a hit of a request adds to the same call of the same client without it.

Beside peers that keep HTTP answers, where they are installed (no extra has them), each in its own usual way: VCR.py
with a cassette that is open; requests-cache, which cannot take hold of the OpenAI client, with a session of requests
that posts the same body. Hishel 2 has no way to do it: it sends every POST on.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
from openai import OpenAI

from llm_memo import cached_client

from .run import Part, Run
from .table import OURS, Goal, Row
from .timing import figure

MESSAGE = {"role": "assistant", "content": "yes " * 200}
ANSWER = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5.2",
    "choices": [{"index": 0, "finish_reason": "stop", "message": MESSAGE}],
}
QUESTION: Any = {
    "model": "gpt-5.2",
    "messages": [{"role": "user", "content": "Why is the sky blue?"}],
    "temperature": 0,
}
URL = "http://api.example.com/v1"

Call = Callable[[], object]


class Instant(httpx2.BaseTransport):
    """A server that answers at once; to the question of a cache, once."""

    def __init__(self, *, once: bool = False) -> None:
        self._left = 1 if once else sys.maxsize

    def take(self) -> dict[str, Any]:
        """The answer."""
        self._left -= 1
        assert self._left >= 0, "a call that should be a hit was sent"
        return ANSWER

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=self.take())


def client(transport: httpx2.BaseTransport) -> OpenAI:
    """A client that sends through ``transport``."""
    return OpenAI(base_url=URL, api_key="none", http_client=httpx2.Client(transport=transport))


def call(client: OpenAI) -> Call:
    """The question, asked by a client."""
    return lambda: client.chat.completions.create(**QUESTION)


def memo(folder: Path, stack: ExitStack) -> tuple[Call, Call]:
    """``cached_client``."""
    return call(client(Instant())), call(cached_client(client(Instant(once=True)), cache_dir=folder / "requests"))


def vcr(folder: Path, stack: ExitStack) -> tuple[Call, Call]:
    """It takes the place of the transports that it knows, of `httpx2.MockTransport` for one, for all of the process."""
    from vcr import VCR

    tape = VCR(match_on=("method", "uri", "body"))
    stack.enter_context(tape.use_cassette(folder / "cassette.yaml", allow_playback_repeats=True))
    known = httpx2.MockTransport(Instant(once=True).handle_request)
    return call(client(Instant())), call(client(known))


def requests_cache(folder: Path, stack: ExitStack) -> tuple[Call, Call]:
    """A session of requests."""
    import requests
    from requests.adapters import BaseAdapter, HTTPAdapter
    from requests_cache import CachedSession
    from urllib3 import HTTPResponse

    class AtOnce(BaseAdapter):
        def __init__(self, server: Instant) -> None:
            super().__init__()
            self.server = server

        def send(self, request: Any, *args: object, **options: object) -> Any:
            body = io.BytesIO(json.dumps(self.server.take()).encode())
            raw = HTTPResponse(body, {"content-type": "application/json"}, 200, preload_content=False)
            return HTTPAdapter().build_response(request, raw)

        def close(self) -> None:
            """Nothing is open."""

    plain, cached = requests.Session(), CachedSession(folder / "requests-cache", allowable_methods=["POST"])

    def ask(session: Any, server: Instant) -> Call:
        session.mount("http://", AtOnce(server))
        stack.callback(session.close)
        return lambda: session.post(f"{URL}/chat/completions", json=QUESTION).json()

    return ask(plain, Instant()), ask(cached, Instant(once=True))


PEERS: dict[str, tuple[str, Callable[[Path, ExitStack], tuple[Call, Call]]]] = {
    OURS: ("", memo),
    "vcrpy": ("vcr", vcr),
    "requests-cache": ("requests_cache", requests_cache),
}
"""Distribution → its module, and what makes the call without it and the same as a hit."""


def requests(run: Run) -> list[Row]:
    """Hits of all, each less the same call without, in turns: whoever comes first has cold caches of the processor."""
    there = {name: make for name, (module, make) in PEERS.items() if not module or importlib.util.find_spec(module)}
    with ExitStack() as stack:
        calls = {name: make(run.folder, stack) for name, make in there.items()}
        for call in itertools.chain(*calls.values()):
            call()
        taken: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in calls}
        until = time.perf_counter() + run.seconds * len(calls)
        for first in itertools.cycle((0, 1)):
            for name, pair in calls.items():
                for which in (first, 1 - first):
                    started = time.perf_counter()
                    pair[which]()
                    taken[name][which].append((time.perf_counter() - started) * 1e3)
            if time.perf_counter() > until:
                break
    figures = {name: figure(hits).less(statistics.median(plain)) for name, (plain, hits) in taken.items()}
    plain, hit = map(statistics.median, taken[OURS])
    note = f"the call {plain:.2f} ms, as a hit {hit:.2f} ms: {len(json.dumps(ANSWER)):,} bytes of an answer"
    versions = [f"{name} {importlib.metadata.version(name)}" for name in there if name != OURS]
    note = "; beside ".join([note, *filter(None, [", ".join(versions)])])
    title = "a request's hit, beside a server that answers at once"
    return [Row("requests", title, "ms", figures, (Goal(0.4),), note)]


PARTS: dict[str, Part] = {"requests": requests}
