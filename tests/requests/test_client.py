"""The drop-in: a client whose requests are kept, over real HTTP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from anew import forget
from asking import TEXT, ask, outcome
from openai import APIConnectionError, AsyncOpenAI, OpenAI
from pydantic import BaseModel

from llm_memo import (
    Cache,
    CacheMiss,
    InvalidOption,
    NotStored,
    cache_policy,
    cached_client,
    cached_completion,
    configure,
    requests_info,
)
from llm_memo.testing import ModelServer


def test_the_second_request_sends_nothing(cached: OpenAI, server: ModelServer) -> None:
    """An identical request is the identical answer; another temperature is another question."""
    first = ask(cached)
    forget()
    assert first == ask(cached)
    assert 1 == server.requests
    ask(cached, temperature=1)
    assert 2 == server.requests


def test_the_client_itself_is_returned(client: OpenAI) -> None:
    """It is the same object, with its own HTTP client, and wrapped once."""
    http = client._client
    transport = http._transport
    assert client is cached_client(client) is cached_client(client)
    assert http is client._client
    assert transport is http._transport._llm_memo_inner  # type: ignore[attr-defined]


def test_hits_and_misses_are_told_in_a_header(cached: OpenAI) -> None:
    """``x-llm-memo`` says what became of a request, ``age`` how old the answer is."""
    assert ["miss", "hit"] == [outcome(cached), outcome(cached)]
    raw = cached.chat.completions.with_raw_response.create(
        model="gpt-5.2", messages=[{"role": "user", "content": TEXT}]
    )
    assert "0" == raw.headers["age"]
    assert "HTTP/1.1" == raw.http_response.http_version


def test_what_passes_is_not_marked(cached: OpenAI, server: ModelServer) -> None:
    """Requests that are not cached are neither marked nor counted."""
    raw = cached.models.with_raw_response.list()
    assert "x-llm-memo" not in raw.headers
    assert 0 == requests_info().calls


def test_another_process_finds_the_answer(cached: OpenAI, server: ModelServer, run: Callable[..., str]) -> None:
    """What one process has paid for, the next one has."""
    text = ask(cached).choices[0].message.content
    printed = run(
        """
        import sys
        from openai import OpenAI
        from llm_memo import cached_client
        client = cached_client(OpenAI(base_url=sys.argv[1], api_key="another"))
        messages = [{"role": "user", "content": "Why is the sky blue?"}]
        print(client.chat.completions.create(model="gpt-5.2", messages=messages).choices[0].message.content)
        """,
        server.base_url,
    )
    assert f"{text}\n" == printed
    assert 1 == server.requests


class Answer(BaseModel):
    """What is parsed."""

    why: str
    sure: bool


def test_every_resource_of_the_client(cached: OpenAI, server: ModelServer) -> None:
    """Parsed answers, responses, embeddings, moderations, images, sound: each is paid once."""
    image = {"model": "gpt-image-1", "prompt": "a cat", "response_format": "b64_json"}
    parse = getattr(cached.chat.completions, "parse", None) or cached.beta.chat.completions.parse
    calls: list[Callable[[], object]] = [
        lambda: parse(model="gpt-5.2", messages=[{"role": "user", "content": TEXT}], response_format=Answer),
        lambda: cached.responses.create(model="gpt-5.2", input=TEXT),
        lambda: cached.responses.parse(model="gpt-5.2", input=TEXT, text_format=Answer),
        lambda: cached.embeddings.create(model="e", input=["a", "b"]),
        lambda: cached.moderations.create(model="m", input="a"),
        lambda: cached.images.generate(**image),  # type: ignore[call-overload]
        lambda: cached.audio.speech.create(model="tts", voice="alloy", input="a").content,
        lambda: cached.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"RIFF")),
    ]
    for number, call in enumerate(calls, start=1):
        assert call() == call()
        assert number == server.requests


def test_streams_are_kept(cached: OpenAI, server: ModelServer) -> None:
    """A stream plays again, event by event."""
    chats = [list(ask(cached, stream=True)) for _ in range(2)]
    responses = [list(cached.responses.create(model="gpt-5.2", input=TEXT, stream=True)) for _ in range(2)]
    assert chats[0] == chats[1]
    assert responses[0] == responses[1]
    assert 2 == server.requests
    assert (2, 2) == (requests_info(cached).hits, requests_info(cached).misses)


async def test_an_asynchronous_client(server: ModelServer) -> None:
    """Awaited requests and streams are kept as well, and share the entries of the others."""
    async with AsyncOpenAI(base_url=server.base_url, api_key="test", max_retries=0) as client:
        cached_client(client)
        messages: Any = [{"role": "user", "content": TEXT}]
        answers = [await client.chat.completions.create(model="gpt-5.2", messages=messages) for _ in range(2)]
        assert answers[0] == answers[1]
        streams = []
        for _ in range(2):
            stream = await client.chat.completions.create(model="gpt-5.2", messages=messages, stream=True)
            streams.append([chunk async for chunk in stream])
        assert streams[0] == streams[1]
    with OpenAI(base_url=server.base_url, api_key="test") as other:
        assert answers[0] == ask(cached_client(other))
    assert 2 == server.requests


def test_options_are_changed_the_second_time(client: OpenAI, server: ModelServer) -> None:
    """Options belong to the HTTP client: what is given later counts, the rest stays, for all who share it."""
    cached_client(client, policy="off", ttl="1h")
    assert "bypass" == outcome(client)
    cached_client(client.with_options(timeout=9), policy="readWrite")
    assert ["miss", "hit"] == [outcome(client.with_options(max_retries=1)), outcome(client.copy())]


def test_headers_and_fields_of_ones_own(client: OpenAI) -> None:
    """``headers=`` adds to the key, ``ignore=`` takes a field of the body out."""
    cached_client(client, headers="X-Mine", ignore="metadata")
    assert "miss" == outcome(client, metadata={"run": "1"})
    assert "hit" == outcome(client, metadata={"run": "2"})
    assert "miss" == outcome(client, extra_headers={"x-mine": "other"})


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("policy", "never"),
        ("ttl", "soon"),
        ("cache_dir", 3),
        ("sample", -1),
        ("cache_if", "yes"),
        ("stale_if_error", 1),
        ("ignore", 3),
        ("headers", [3]),
        ("name", ""),
    ],
)
def test_a_bad_option_changes_nothing(client: OpenAI, option: str, value: object) -> None:
    """A value that is none is an error that names its option, and the client is as it was."""
    with pytest.raises(InvalidOption, match=option):
        cached_client(client, **{option: value})  # type: ignore[arg-type]
    assert outcome(client) is None


# What goes on in a cached function


def test_an_edit_around_a_call_costs_nothing(cached: OpenAI, server: ModelServer) -> None:
    """The function's code is another, the request is the same: a miss of the function, a hit of the request."""

    @cached_completion(name="f")
    def before(text: str) -> str | None:
        return ask(cached, text).choices[0].message.content

    @cached_completion(name="f")
    def after(text: str) -> str:
        return str(ask(cached, text).choices[0].message.content).strip().upper()

    assert str(before("a")).upper() == after("a")
    assert 1 == after.cache_info().misses
    assert 1 == server.requests


def test_an_edit_of_one_of_three_prompts_costs_one(cached: OpenAI, server: ModelServer) -> None:
    """Only requests that changed are paid."""

    def ask_all(prompts: list[str]) -> list[str | None]:
        return [ask(cached, prompt).choices[0].message.content for prompt in prompts]

    answers = cached_completion(ask_all)
    answers(["a", "b", "c"])
    answers(["a", "B", "c"])
    assert 4 == server.requests


def test_tokens_are_counted_once(cached: OpenAI, server: ModelServer) -> None:
    """What a request used is counted where it was answered: of a function's hit, the requests in it are not."""

    @cached_completion
    def f(text: str) -> str | None:
        return ask(cached, text).choices[0].message.content

    f("a")
    spent = requests_info(cached).tokens_spent
    assert spent > 0
    assert 0 == f.cache_info().tokens_spent
    f("a")
    assert (1, 0) == (requests_info(cached).calls, requests_info(cached).tokens_saved)
    assert spent == f.cache_info().tokens_saved


def voting(client: OpenAI) -> Any:
    @cached_completion(name="vote")
    def vote(text: str, fails: bool = False) -> list[str]:
        answers = [ask(client, text).id for _ in range(3)]
        if fails:
            raise ValueError
        return answers

    return vote


def test_equal_requests_of_a_call_are_questions_of_their_own(cached: OpenAI, server: ModelServer) -> None:
    """Three votes are three answers, replayed in order; the first is the bare question's; outside equal is equal."""
    votes = voting(cached)("a")
    assert 3 == len(set(votes))
    Cache().clear("vote")
    assert votes == voting(cached)("a")
    assert {votes[0]} == {ask(cached, "a").id for _ in range(3)}
    assert 3 == server.requests


def test_votes_at_the_same_time(server: ModelServer) -> None:
    """Equal requests that a call sends at once are as many questions."""
    url = server.base_url

    @cached_completion
    async def vote(text: str) -> set[str]:
        async with cached_client(AsyncOpenAI(base_url=url, api_key="test")) as client:
            create = client.chat.completions.create
            answers = [create(model="gpt-5.2", messages=[{"role": "user", "content": text}]) for _ in range(3)]
            return {answer.id for answer in await asyncio.gather(*answers)}

    assert 3 == len(asyncio.run(vote("a")))
    assert 3 == server.requests


def test_a_call_that_raised_asks_anew(cached: OpenAI, server: ModelServer) -> None:
    """It has used up its answers for this process."""
    vote = voting(cached)
    with pytest.raises(ValueError):
        vote("a", fails=True)
    assert 3 == server.requests
    with pytest.raises(ValueError):
        vote("a", fails=True)
    assert 6 == server.requests
    ask(cached, "a")
    assert 6 == server.requests


def test_a_call_that_raised_has_used_up_nothing_of_another_folder(
    cached: OpenAI, server: ModelServer, tmp_path: Path
) -> None:
    """In another folder the first of equal requests is the bare question, as ever."""
    vote = voting(cached)
    with pytest.raises(ValueError):
        vote("a", fails=True)
    votes = vote.with_options(cache_dir=tmp_path / "other")("a")

    @cached_completion(cache_dir=tmp_path / "other")
    def once(text: str) -> str:
        return ask(cached, text).id

    assert votes[0] == once("a")
    assert 6 == server.requests


RETRY = """
    import pathlib, sys
    from openai import OpenAI
    from llm_memo import cached_client, cached_completion
    client = cached_client(OpenAI(base_url=sys.argv[1], api_key="test"))
    if sys.argv[2] == "fails":
        pathlib.Path("fails").touch()

    @cached_completion(version=1)
    def f(text):
        messages = [{"role": "user", "content": text}]
        answer = client.chat.completions.create(model="gpt-5.2", messages=messages).id
        if pathlib.Path("fails").exists():
            pathlib.Path("fails").unlink()
            raise ValueError
        return answer

    while True:
        try:
            print(f("a"))
            break
        except ValueError:
            pass
    """


def test_the_next_process_replays_them_in_order(server: ModelServer, run: Callable[..., str]) -> None:
    """With code that is mended, a later process is given the answers that an earlier one could not use."""
    second = run(RETRY, server.base_url, "fails")
    assert 2 == server.requests
    Cache().clear("program.f")
    assert second == run(RETRY, server.base_url, "fails")
    Cache().clear("program.f")
    first = run(RETRY, server.base_url, "is mended")
    assert 2 == server.requests
    assert first != second


def test_a_rejected_answer_asks_anew(cached: OpenAI, server: ModelServer) -> None:
    """So has a call whose answer was not kept."""

    @cached_completion(cache_if=lambda answer: False)
    def f(text: str) -> str:
        return ask(cached, text).id

    assert f("a") != f("a")
    assert 2 == server.requests


def test_a_failing_request_uses_up_nothing(cached: OpenAI, server: ModelServer) -> None:
    """Where it was the server that failed, the answers so far are good: they are not bought twice."""

    @cached_completion
    def f(text: str) -> list[str]:
        return [ask(cached, text + str(step)).id for step in range(3)]

    ask(cached, "a0")
    ask(cached, "a1")
    server.fail(500)
    with pytest.raises(Exception, match="500"):
        f("a")
    assert 3 == len(f("a"))
    assert 4 == server.requests


def test_an_attempt_that_was_not_kept_does_not_count(server: ModelServer) -> None:
    """A 429 that the SDK repeats takes nobody's turn."""
    with cached_client(OpenAI(base_url=server.base_url, api_key="test", max_retries=2)) as client:
        server.fail(429)
        votes = voting(client)("a")
        assert 4 == server.requests
        assert votes[0] == ask(client, "a").id


@pytest.mark.parametrize(
    ("policy", "sent"),
    [("readWrite", [1, 1, 1]), ("readOnly", [1, 2, 2]), ("writeOnly", [1, 2, 3]), ("off", [1, 2, 3])],
)
def test_the_policy_of_the_call_is_the_requests(
    cached: OpenAI, server: ModelServer, policy: Any, sent: list[int]
) -> None:
    """Inside of a call, requests take its policy: decorated, in a block, or with options."""

    def f(text: str) -> str:
        return ask(cached, text).id

    seen = []
    cached_completion(policy=policy)(f)("a")
    seen.append(server.requests)
    with cache_policy(policy):
        cached_completion(name="g")(f)("a")
    seen.append(server.requests)
    cached_completion(name="h")(f).with_options(policy=policy)("a")
    seen.append(server.requests)
    if policy == "readOnly":
        sent = [1, 2, 3]  # nothing was kept by the first
    assert sent == seen


def test_replay_runs_no_function(cached: OpenAI, server: ModelServer) -> None:
    """A call with nothing kept is a `CacheMiss`, though its requests are."""

    @cached_completion(policy="replay")
    def f(text: str) -> str:
        return ask(cached, text).id

    ask(cached, "a")
    with pytest.raises(CacheMiss):
        f("a")


def test_samples_of_a_call_are_samples_of_its_requests(cached: OpenAI, server: ModelServer) -> None:
    """``samples(3)`` means three independent answers, also of the model."""

    @cached_completion
    def f(text: str) -> str:
        return ask(cached, text).id

    assert 3 == len(set(f.samples(3, "a")))
    assert 3 == server.requests
    assert ask(cached, "a").id == f("a")
    assert "hit" == outcome(cached_client(cached, sample=2), "a")
    assert 3 == server.requests


def test_the_ttl_of_a_call_is_its_requests(cached: OpenAI, server: ModelServer) -> None:
    """A call that wants a fresh answer gets one from the model."""

    @cached_completion
    def f(text: str) -> str:
        return ask(cached, text).id

    first = f("a")
    assert first != f.with_options(ttl=0)("a")
    assert 2 == server.requests


def test_the_nearest_setting_wins(client: OpenAI, server: ModelServer) -> None:
    """Request › block inside the call › the call › client › configure."""

    @cached_completion(policy="readWrite")
    def f(text: str, inner: str | None, header: str | None) -> str | None:
        told = {"extra_headers": {"op-cache": header}} if header else {}
        if inner is None:
            return outcome(client, text, **told)
        with cache_policy(inner):  # type: ignore[arg-type]
            return outcome(client, text, **told)

    cached_client(client, policy="off")
    assert "bypass" == outcome(client)
    assert "miss" == f("a", None, None)
    assert "refresh" == f("a", "writeOnly", None)
    assert "bypass" == f("a", "writeOnly", "off")
    with cache_policy("writeOnly"):
        assert "refresh" == outcome(client, "a")
    with configure(policy="writeOnly"):
        assert "bypass" == outcome(client)


def test_threads_and_tasks_of_a_call_are_inside(cached: OpenAI, server: ModelServer) -> None:
    """A copy of the context is what carries a call."""
    import contextvars

    @cached_completion(policy="off")
    def f(text: str) -> list[str | None]:
        seen: list[str | None] = []
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(lambda: seen.append(outcome(cached, text)),))
        thread.start()
        thread.join()
        return seen

    assert ["bypass"] == f("a")


# What a request says itself


@pytest.mark.parametrize(
    ("value", "outcomes"),
    [
        ("readWrite", ["miss", "hit"]),
        ("true", ["miss", "hit"]),
        ("readOnly", ["miss", "miss"]),
        ("writeOnly", ["refresh", "refresh"]),
        ("off", ["bypass", "bypass"]),
        ("false", ["bypass", "bypass"]),
    ],
)
def test_a_request_says_its_policy(cached: OpenAI, server: ModelServer, value: str, outcomes: list[str]) -> None:
    """By header, or in OpenPipe's field of the body; neither leaves the process."""
    assert outcomes == [outcome(cached, "a", extra_headers={"op-cache": value}) for _ in range(2)]
    assert outcomes == [outcome(cached, "b", extra_body={"openpipe": {"cache": value}}) for _ in range(2)]
    assert all("op-cache" not in request.headers and "openpipe" not in request.body for request in server.log)


def test_a_request_says_its_age_and_sample(cached: OpenAI, server: ModelServer) -> None:
    """``llm-memo-ttl`` and ``llm-memo-sample`` are read and taken out."""
    assert "miss" == outcome(cached)
    assert "miss" == outcome(cached, extra_headers={"llm-memo-ttl": "0"})
    assert "hit" == outcome(cached, extra_headers={"llm-memo-ttl": "1h"})
    assert "miss" == outcome(cached, extra_headers={"llm-memo-sample": "1"})
    assert not [name for request in server.log for name in request.headers if name.startswith("llm-memo")]


def test_they_never_leave_on_paths_that_pass(cached: OpenAI, server: ModelServer) -> None:
    """Also where nothing is cached."""
    cached.responses.create(model="m", input="a", extra_body={"background": True}, extra_headers={"op-cache": "off"})
    cached.responses.create(model="m", input="a", extra_body={"background": True, "openpipe": {"cache": True, "x": 1}})
    assert [None, None] == [request.headers.get("op-cache") for request in server.log]
    assert {"x": 1} == server.log[-1].body["openpipe"]


@pytest.mark.parametrize(
    "headers",
    [{"op-cache": "perhaps"}, {"op-cache": ""}, {"llm-memo-ttl": "soon"}, {"llm-memo-sample": "-1"}],
)
def test_a_bad_value_raises_before_anything_is_sent(
    cached: OpenAI, server: ModelServer, headers: dict[str, str]
) -> None:
    """At once, and without the SDK's own retries."""
    with pytest.raises(InvalidOption, match=next(iter(headers))):
        ask(cached.with_options(max_retries=2), extra_headers=headers)
    with pytest.raises(InvalidOption, match=next(iter(headers))):
        cached.with_options(max_retries=2).models.list(extra_headers=headers)
    assert 0 == server.requests


@pytest.mark.parametrize("value", ["perhaps", "", 3])
def test_a_bad_value_in_the_body_raises_too(cached: OpenAI, server: ModelServer, value: object) -> None:
    """OpenPipe's field is checked as the header is."""
    with pytest.raises(InvalidOption, match="policy"):
        ask(cached, extra_body={"openpipe": {"cache": value}})
    assert 0 == server.requests


def test_replay_with_nothing_kept(cached: OpenAI, server: ModelServer) -> None:
    """`CacheMiss` reaches the user at once, and says what differs; no retry, no pause."""
    ask(cached, temperature=0)
    patient = cached.with_options(max_retries=5)
    with cache_policy("replay"):
        ask(patient, temperature=0)
        with pytest.raises(CacheMiss, match="temperature: 0 → 1"):
            ask(patient, temperature=1)
        with pytest.raises(CacheMiss):
            ask(patient, "b", stream=True)
    assert 1 == server.requests


async def test_replay_with_nothing_kept_awaited(server: ModelServer) -> None:
    """As for a client that waits."""
    async with cached_client(AsyncOpenAI(base_url=server.base_url, api_key="test"), policy="replay") as client:
        with pytest.raises(CacheMiss):
            await client.responses.create(model="m", input="a")
    assert 0 == server.requests


# Bare clients


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_bare_client(library: Any, server: ModelServer) -> None:
    """httpx and httpx2 alike, with bytes that are equal, hit or miss."""
    body = {"model": "m", "messages": [{"role": "user", "content": "a"}]}
    with cached_client(library.Client(base_url=server.base_url)) as client:
        one, two = (client.post("chat/completions", json=body) for _ in range(2))
    assert ("miss", "hit") == (one.headers["x-llm-memo"], two.headers["x-llm-memo"])
    assert one.content == two.content
    assert len(one.content) == int(one.headers["content-length"]) == int(two.headers["content-length"])
    assert (one.http_version, one.reason_phrase) == (two.http_version, two.reason_phrase)
    assert 1 == server.requests


@pytest.mark.parametrize("library", [httpx, httpx2])
async def test_a_bare_asynchronous_client(library: Any, server: ModelServer) -> None:
    """The same, awaited."""
    body = {"model": "m", "messages": [{"role": "user", "content": "a"}]}
    async with cached_client(library.AsyncClient(base_url=server.base_url)) as client:
        one, two = [await client.post("chat/completions", json=body) for _ in range(2)]
    assert one.content == two.content
    assert 1 == server.requests


def test_an_answer_that_was_cut_short_is_not_kept(cached: OpenAI, server: ModelServer) -> None:
    """The one warning names the option that would have it kept."""
    server.finish_reason = "length"
    with pytest.warns(NotStored, match="length.*cache_if"):
        ask(cached)
    cached_client(cached, cache_if=lambda answer: answer["choices"][0]["finish_reason"] == "length")
    assert ["miss", "hit"] == [outcome(cached), outcome(cached)]
    assert 2 == server.requests


def test_an_error_is_handed_on(cached: OpenAI, server: ModelServer) -> None:
    """It is not kept, whatever ``cache_if`` says."""
    cached_client(cached, cache_if=lambda answer: True)
    server.fail(500)
    with pytest.raises(Exception, match="500"):
        ask(cached)
    server.fail("drop")
    with pytest.raises(APIConnectionError):
        ask(cached)
    assert "miss" == outcome(cached)
    assert 3 == server.requests


def test_entries_are_as_everywhere(cached: OpenAI, server: ModelServer) -> None:
    """Listed by method, host and path, with model and tokens; or by the name that was given."""
    ask(cached)
    list(ask(cached, stream=True, stream_options={"include_usage": True}))
    ask(cached_client(cached, name="chats"), "b")
    entries = Cache().entries()
    name = "POST " + server.base_url.removeprefix("http://") + "/chat/completions"
    assert ["chats", name, name] == [entry.function for entry in entries]
    assert ["gpt-5.2"] * 3 == [entry.model for entry in entries]
    assert all(entry.output_tokens for entry in entries)
    assert isinstance(entries[1].value, list)
    assert "chat.completion" == entries[2].value["object"]
    assert 2 == Cache().clear(name).entries


def test_counts_of_a_client_that_is_not_cached(client: OpenAI) -> None:
    """There are none."""
    with pytest.raises(InvalidOption, match="cached_client"):
        requests_info(client)


def test_limits_and_time_outs_are_those_of_the_client(server: ModelServer) -> None:
    """The time-out is the same object, and a pool of one connection is still one of one."""
    limits = httpx2.Limits(max_connections=1)
    with httpx2.Client(limits=limits, timeout=httpx2.Timeout(30, pool=0.01), base_url=server.base_url) as client:
        before = client.timeout
        assert cached_client(client).timeout is before
        body = {"model": "m", "messages": [], "stream": True}
        with client.stream("POST", "/chat/completions", json=body), pytest.raises(httpx2.PoolTimeout):
            client.post("/chat/completions", json=body | {"model": "n"})
