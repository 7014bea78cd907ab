"""What comes back through the proxy: the real client, real HTTP, one question asked twice."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import aiohttp
import httpx
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from speaking import eventually

from llm_memo import Cache, cached_client
from llm_memo.errors import StaleAnswer
from llm_memo.serve import CacheServer, cache_server
from llm_memo.serve.log import Record
from llm_memo.testing import ModelServer


def ask(client: OpenAI, text: str, **options: Any) -> Any:
    """The raw response to one question of a chat."""
    return client.chat.completions.with_raw_response.create(
        model="gpt-5.2", messages=[{"role": "user", "content": text}], **options
    )


def outcomes(client: OpenAI, text: str, *policies: str) -> list[str]:
    """What became of one question with each of these policies."""
    return [ask(client, text, extra_headers={"op-cache": policy}).headers["x-llm-memo"] for policy in policies]


def test_the_second_time_is_free(client: OpenAI, model: ModelServer) -> None:
    """An equal request is answered from the cache, byte for byte, and says so."""
    first, second = ask(client, "twice"), ask(client, "twice")
    assert first.content == second.content
    assert ("miss", "hit") == (first.headers["x-llm-memo"], second.headers["x-llm-memo"])
    assert "application/json" == second.headers["content-type"]
    assert second.headers["age"].isdecimal()
    assert 1 == model.requests


def test_streams_come_live_and_again(client: OpenAI, model: ModelServer) -> None:
    """The first token is there before the last was sent; the second time all are, and nobody is asked."""
    seen: list[int] = []
    model.before_chunk = lambda number: seen.append(number)
    streams = []
    for _ in range(2):
        stream = client.chat.completions.create(
            model="gpt-5.2", messages=[{"role": "user", "content": "stream"}], stream=True
        )
        assert "no-cache, no-transform" == stream.response.headers["cache-control"]
        assert "no" == stream.response.headers["x-accel-buffering"]
        streams.append([chunk.model_dump() for chunk in stream])
    assert streams[0] == streams[1]
    assert 1 == model.requests


async def test_the_asynchronous_client_shares_answers(proxy: CacheServer, client: OpenAI, model: ModelServer) -> None:
    """Which client asks does not matter."""
    ask(client, "either")
    async with AsyncOpenAI(base_url=proxy.base_url, api_key="sk-one", max_retries=0) as other:
        answer = await other.chat.completions.with_raw_response.create(
            model="gpt-5.2", messages=[{"role": "user", "content": "either"}]
        )
    assert "hit" == answer.headers["x-llm-memo"]
    assert 1 == model.requests


async def test_what_aiohttp_sends(proxy: CacheServer, client: OpenAI, model: ModelServer) -> None:
    """Another library than httpx, which `cached_client` cannot take hold of (LiteLLM's asynchronous default)."""
    ask(client, "aiohttp")
    body = {"model": "gpt-5.2", "messages": [{"role": "user", "content": "aiohttp"}]}
    async with (
        aiohttp.ClientSession(headers={"authorization": "Bearer sk-one"}) as session,
        session.post(f"{proxy.base_url}/chat/completions", json=body) as answer,
    ):
        assert "hit" == answer.headers["x-llm-memo"]
        assert "chat.completion" == (await answer.json())["object"]
    assert 1 == model.requests


def test_a_request_says_its_policy(client: OpenAI, model: ModelServer) -> None:
    """Each of the policies by header ``op-cache``, as OpenPipe's clients send it."""
    policies = ("readOnly", "readWrite", "readWrite", "writeOnly", "off", "true", "false", "replay")
    assert ["miss", "miss", "hit", "refresh", "bypass", "hit", "bypass", "hit"] == outcomes(client, "how", *policies)
    assert 5 == model.requests
    assert all("op-cache" not in request.headers for request in model.log)


def test_the_body_says_it_too(client: OpenAI, model: ModelServer) -> None:
    """``openpipe`` in the body is taken out before the key and the upstream."""
    ask(client, "in the body")
    assert "hit" == ask(client, "in the body", extra_body={"openpipe": {"cache": "readOnly"}}).headers["x-llm-memo"]
    assert "bypass" == ask(client, "in the body", extra_body={"openpipe": {"cache": "off"}}).headers["x-llm-memo"]
    assert [False, False] == ["openpipe" in request.body for request in model.log]


@pytest.mark.parametrize("header", ["op-cache", "llm-memo-ttl", "llm-memo-sample"])
def test_a_bad_value_is_a_bad_request(client: OpenAI, model: ModelServer, header: str) -> None:
    """A value that is none is an error of the caller's, in OpenAI's shape, before anything is sent."""
    with pytest.raises(openai.BadRequestError, match=header) as error:
        ask(client, "bad", extra_headers={header: "sometimes"})
    assert "invalid_option" == error.value.code
    assert 0 == model.requests


def test_replay_without_an_answer(client: OpenAI, model: ModelServer) -> None:
    """Status 412, which no SDK tries again; of what is kept for others nothing is said."""
    ask(client, "known")
    with pytest.raises(openai.APIStatusError) as error:
        ask(client, "unknown", extra_headers={"op-cache": "replay"})
    assert (412, "cache_miss") == (error.value.status_code, error.value.code)
    assert "false" == error.value.response.headers["x-should-retry"]
    assert "known" not in error.value.message.replace("unknown", "")
    assert 1 == model.requests


def test_errors_in_the_shape_of_the_api(proxy: CacheServer) -> None:
    """Anthropic's SDK finds its own shape."""
    body = {"model": "m", "max_tokens": 9, "messages": []}
    answer = httpx.post(f"{proxy.base_url}/v1/messages", json=body, headers={"op-cache": "never"})
    assert 400 == answer.status_code
    assert ("error", "invalid_request_error") == (answer.json()["type"], answer.json()["error"]["type"])


def test_samples_and_ages(client: OpenAI, model: ModelServer) -> None:
    """Another sample is another question; an answer that is older than allowed is asked for anew."""
    ask(client, "sampled")
    assert "miss" == ask(client, "sampled", extra_headers={"llm-memo-sample": "1"}).headers["x-llm-memo"]
    assert "miss" == ask(client, "sampled", extra_headers={"llm-memo-ttl": "0s"}).headers["x-llm-memo"]
    assert 3 == model.requests


def test_what_is_no_question_passes(client: OpenAI, proxy: CacheServer, model: ModelServer) -> None:
    """A request that is not cached is answered by the upstream, and not marked."""
    answer = client.models.with_raw_response.list()
    assert "x-llm-memo" not in answer.headers
    assert answer.parse().data
    assert 404 == httpx.get(f"{proxy.base_url}/nothing").status_code


def test_callers_do_not_share(proxy: CacheServer, model: ModelServer) -> None:
    """Two API keys are two callers, whose answers never meet, in both directions."""
    for key in ("sk-a", "sk-b"):
        with OpenAI(base_url=proxy.base_url, api_key=key, max_retries=0) as caller:
            assert ["miss", "hit"] == outcomes(caller, "mine", "readWrite", "readWrite")
    assert 2 == model.requests


@pytest.mark.slow
@pytest.mark.parametrize(
    "credentials",
    [
        {"x-api-key": "a"}, {"api-key": "a"}, {"x-goog-api-key": "a"}, {"cookie": "a=b"}, {"authorization": "Basic a"},
    ],
    ids=lambda each: next(iter(each)),
)  # fmt: skip
def test_all_that_names_a_caller(proxy: CacheServer, model: ModelServer, credentials: dict[str, str]) -> None:
    """Every kind of credential tells callers apart."""
    body = {"model": "m", "messages": [{"role": "user", "content": str(credentials)}]}
    for headers, outcome in (({}, "miss"), (credentials, "miss"), (credentials, "hit"), ({}, "hit")):
        answer = httpx.post(f"{proxy.base_url}/chat/completions", json=body, headers=headers)
        assert outcome == answer.headers["x-llm-memo"]


def test_a_key_in_the_query_names_a_caller(proxy: CacheServer) -> None:
    """So does Gemini's ``?key=``."""
    body = {"model": "m", "messages": [{"role": "user", "content": "query"}]}
    for key, outcome in (("a", "miss"), ("b", "miss"), ("a", "hit")):
        answer = httpx.post(f"{proxy.base_url}/chat/completions?key={key}", json=body)
        assert outcome == answer.headers["x-llm-memo"]


def test_errors_are_not_kept_or_shared(client: OpenAI, model: ModelServer) -> None:
    """An error is handed on as it came, and the next request asks again."""
    model.fail(429)
    with pytest.raises(openai.RateLimitError):
        ask(client, "limited")
    assert "miss" == ask(client, "limited").headers["x-llm-memo"]


class Strict(BaseHTTPRequestHandler):
    """An upstream that takes one API key alone, and takes its time."""

    disable_nagle_algorithm = True
    seen: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        key = self.headers["authorization"].removeprefix("Bearer ")
        self.seen.append(key)
        time.sleep(0.3)
        said = (
            {"choices": [{"finish_reason": "stop", "message": {"content": "yes"}}]}
            if key == "good" else {"error": {"message": "a wrong key"}}
        )  # fmt: skip
        self.send_response(200 if key == "good" else 401)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.mark.slow
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("leads", ["good", "bad"])
def test_whose_error_it_is(tmp_path: Path, leads: str, shared: bool) -> None:
    """8 callers with a wrong key and 8 with a right one, one question at once: an error is that of its key alone."""
    Strict.seen.clear()
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Strict)
    Thread(target=upstream.serve_forever, daemon=True).start()
    body = {"model": "m", "messages": [{"role": "user", "content": "whose?"}]}
    with (
        cache_server(f"http://127.0.0.1:{upstream.server_port}", shared=shared, cache_dir=tmp_path) as proxy,
        ThreadPoolExecutor(16) as pool,
    ):

        def ask(key: str) -> tuple[str, int]:
            headers = {"authorization": f"Bearer {key}"}
            url = f"{proxy.base_url}/v1/chat/completions"
            return key, httpx.post(url, json=body, headers=headers, timeout=60).status_code

        keys = [leads, *["good", "bad"] * 7, {"good": "bad", "bad": "good"}[leads]]
        running = [pool.submit(ask, keys[0])]
        eventually(lambda: Strict.seen)
        running += [pool.submit(ask, key) for key in keys[1:]]
        found = [each.result() for each in running]
    upstream.shutdown()
    upstream.server_close()
    assert [200] * 8 == [status for key, status in found if key == "good"]
    if not shared:
        assert [401] * 8 == [status for key, status in found if key == "bad"]
    assert 1 == Strict.seen.count("good")


def test_shared_with_the_client(model: ModelServer, tmp_path: Path) -> None:
    """With ``shared``, a request by proxy and the same by `cached_client`, for whoever's key, are one entry."""
    with (
        cache_server(model.base_url, shared=True, cache_dir=tmp_path) as proxy,
        OpenAI(base_url=proxy.base_url, api_key="sk-a", max_retries=0) as by_proxy,
        OpenAI(base_url=model.base_url, api_key="sk-b", max_retries=0) as direct,
    ):
        assert "miss" == ask(by_proxy, "ours").headers["x-llm-memo"]
        assert "hit" == ask(cached_client(direct, cache_dir=tmp_path), "ours").headers["x-llm-memo"]
        assert 1 == proxy.info().misses
    assert 1 == model.requests
    assert 1 == len(Cache(tmp_path).entries())


def test_several_upstreams(model: ModelServer, tmp_path: Path) -> None:
    """The first part of the path says which; without a default, another is an error that names them."""
    with cache_server({"local": model.base_url, "other": "http://127.0.0.1:9"}, cache_dir=tmp_path) as proxy:
        with OpenAI(base_url=f"{proxy.base_url}/local", api_key="k", max_retries=0) as client:
            assert "miss" == ask(client, "by name").headers["x-llm-memo"]
        answer = httpx.post(f"{proxy.base_url}/v1/chat/completions", json={})
        assert (404, "unknown_upstream") == (answer.status_code, answer.json()["error"]["code"])
        assert "/local, /other" in answer.json()["error"]["message"]
        assert 502 == httpx.post(f"{proxy.base_url}/other/v1/chat/completions", json={}).status_code


def test_a_silent_upstream(model: ModelServer, tmp_path: Path) -> None:
    """One that does not answer in time is an error 504."""
    model.latency = 5.0
    with cache_server(model.base_url, timeout=0.05, cache_dir=tmp_path) as proxy:
        answer = httpx.post(f"{proxy.base_url}/chat/completions", json={"model": "m", "messages": []})
    assert (504, "upstream_timeout") == (answer.status_code, answer.json()["error"]["code"])


def test_an_expired_answer_in_place_of_an_error(model: ModelServer, tmp_path: Path) -> None:
    """With ``stale_if_error`` an upstream that fails is answered for by an old answer."""
    with (
        cache_server(model.base_url, ttl=0, stale_if_error=True, cache_dir=tmp_path) as proxy,
        OpenAI(base_url=proxy.base_url, api_key="k", max_retries=0) as client,
    ):
        first = ask(client, "stale")
        model.fail(500)
        with pytest.warns(StaleAnswer):
            second = ask(client, "stale")
    assert "stale" == second.headers["x-llm-memo"]
    assert first.content == second.content


def test_the_page_and_the_record(client: OpenAI, proxy: CacheServer, records: list[Record]) -> None:
    """What was saved, and the latest requests, without their texts."""
    ask(client, "a private question")
    ask(client, "a private question")
    eventually(lambda: len(records) == 2)
    assert ["miss", "hit"] == [record.outcome for record in records]
    assert [False, True] == [" saved " in record.line() for record in records[:2]]
    assert records[0].tokens == records[1].tokens > 0
    page = httpx.get(proxy.base_url)
    assert records[0].key in page.text
    assert "private" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert {"status": "ok"} == httpx.get(f"{proxy.base_url}/healthz").json()


def test_no_secret_is_left(proxy: CacheServer, records: list[Record], folder: Path) -> None:
    """Neither entries nor records nor the page have a key, a cookie or a query in them."""
    body = {"model": "m", "messages": [{"role": "user", "content": "canary"}]}
    headers = {"authorization": "Bearer canary-header", "cookie": "a=canary-cookie"}
    for _ in range(2):
        httpx.post(f"{proxy.base_url}/chat/completions?key=canary-query", json=body, headers=headers)
    page = httpx.get(proxy.base_url).text
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"canary" in kept
    said = kept + page.encode() + "\n".join(record.line() for record in records).encode()
    assert [] == [word for word in (b"canary-header", b"canary-cookie", b"canary-query") if word in said]


def test_bodies_pass_verbatim(client: OpenAI, proxy: CacheServer, model: ModelServer) -> None:
    """What the client wrote is what the upstream reads."""
    content = b'{ "messages": [{"role": "user", "content": "\\u00e4 \xc3\xa4"}],  "model": "m" }'
    answer = httpx.post(
        f"{proxy.base_url}/chat/completions", content=content, headers={"content-type": "application/json"}
    )
    assert 200 == answer.status_code
    assert json.loads(content) == model.log[0].body


class Balanced(BaseHTTPRequestHandler):
    """An upstream behind a load balancer, which sets a cookie with each response."""

    questions: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["content-length"]))
        self.questions.append(asked.decode())
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "yes"}}
        self.answer(json.dumps({"object": "chat.completion", "choices": [choice]}).encode())

    def do_GET(self) -> None:
        self.answer(b"{}")

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        for name, value in (("content-type", "application/json"), ("content-length", str(len(body)))):
            self.send_header(name, value)
        self.send_header("set-cookie", f"AWSALB={len(self.questions)}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_cookie_that_comes_with_an_answer_makes_nobody_another_caller(tmp_path: Path) -> None:
    """A client that keeps cookies, as SDKs' do, finds its answers; what is no question has its cookies."""
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Balanced)
    thread = Thread(target=upstream.serve_forever)
    thread.start()
    try:
        with (
            cache_server(f"http://127.0.0.1:{upstream.server_port}/v1", cache_dir=tmp_path) as running,
            httpx.Client(base_url=running.base_url) as caller,
        ):
            body = {"model": "m", "messages": [{"role": "user", "content": "Is it?"}]}
            answers = [caller.post("/chat/completions", json=body) for _ in range(3)]
            assert ["miss", "hit", "hit"] == [answer.headers["x-llm-memo"] for answer in answers]
            assert "AWSALB=1" == caller.get("/models").headers["set-cookie"]
    finally:
        upstream.shutdown()
        upstream.server_close()
        thread.join()
    assert 1 == len(Balanced.questions)
