"""Which requests are cached, and what names them."""

from __future__ import annotations

import io
import json

import httpx2
import pytest
from asking import post

from llm_memo.requests import multipart
from llm_memo.requests.request import ModelRequest, may_be_cached, read

BODY = {"model": "m", "messages": [{"role": "user", "content": "a"}], "max_tokens": 9, "input": "a"}


def parsed(request: httpx2.Request, headers: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> ModelRequest | None:
    """What a request asks of a model; None if it passes."""
    plain = dict(request.headers.items())
    endpoint = may_be_cached(request, plain)
    return endpoint and read(request, plain, endpoint, request.read(), headers, ignore)


def key(request: httpx2.Request, **options: tuple[str, ...]) -> str:
    found = parsed(request, **options)
    assert found is not None
    return found.call_key().digest


@pytest.mark.parametrize(
    "path",
    [
        "v1/chat/completions",
        "openai/v1/chat/completions",
        "api/v1/chat/completions",
        "openai/deployments/d/chat/completions",
        "v1/completions",
        "v1/fim/completions",
        "v1/responses",
        "v1/embeddings",
        "v1/moderations",
        "v1/images/generations",
        "v1/audio/speech",
        "v1/messages",
        "v1/messages/count_tokens",
        "v1beta/models/gemini-3:generateContent",
        "v1beta/models/gemini-3:streamGenerateContent",
        "v1beta/models/e:embedContent",
        "v1beta/models/e:batchEmbedContents",
        "v1beta/models/gemini-3:countTokens",
        "api/chat",
        "api/generate",
        "api/embed",
        "v2/chat",
        "v2/embed",
        "v2/rerank",
        "v1/ocr",
    ],
)
def test_requests_to_stateless_endpoints_are_cached(path: str) -> None:
    """A POST whose path ends in a known endpoint, and that names a model, is cached."""
    found = parsed(post(BODY, f"https://example.com/{path}"))
    assert found is not None
    assert f"POST example.com/{path}" == found.name


@pytest.mark.parametrize(
    "path",
    [
        "v1/files",
        "v1/uploads",
        "v1/batches",
        "v1/messages/batches",
        "v1/fine_tuning/jobs",
        "v1/vector_stores",
        "v1/containers",
        "v1/threads/t/messages",
        "v1/threads/t/runs",
        "v1/conversations",
        "v1/videos",
        "v1/realtime/sessions",
        "v1/responses/resp_1",
        "v1/responses/resp_1/cancel",
        "v1/models/m:batchGenerateContent",
        "v1/channels/c/messages",
        "v1/unknown",
        "",
    ],
)
def test_all_other_paths_pass(path: str) -> None:
    """What keeps something on the server, and what is not known, passes."""
    assert parsed(post(BODY, f"https://example.com/{path}")) is None


def test_other_methods_pass() -> None:
    """A GET of an endpoint's path is no question."""
    assert parsed(httpx2.Request("GET", "https://example.com/v1/chat/completions")) is None


@pytest.mark.parametrize("body", [{"messages": []}, {"model": ""}, {"model": 3}, ["model"], "model"])
def test_a_body_must_name_a_model(body: object) -> None:
    """A body without a model's name passes, unless the path has it."""
    assert parsed(post(body)) is None
    assert parsed(post(body, "https://example.com/openai/deployments/d/chat/completions")) is not None


def test_a_message_of_a_chat_service_passes() -> None:
    """Only a body that Anthropic would take is one of Anthropic's."""
    assert parsed(post({"text": "hi", "model": "m"}, "https://chat.example.com/v1/messages")) is None


@pytest.mark.parametrize(
    "more",
    [
        {"conversation": "c"},
        {"background": True},
        {"prompt": {"id": "p"}},
        {"container": "c"},
        {"mcp_servers": [{"url": "https://example.com"}]},
        {"tools": [{"type": "mcp", "server_label": "s"}]},
        {"tools": [{"type": "computer_use_preview"}]},
        {"tools": [{"type": "computer_20250124", "name": "computer"}]},
        {"tools": [{"type": "local_shell"}]},
        {"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}]},
    ],
)
@pytest.mark.parametrize("path", ["responses", "messages"])
def test_what_has_state_passes(more: dict[str, object], path: str) -> None:
    """A response or message that leans on something on the server passes."""
    assert parsed(post(BODY | more, f"https://example.com/v1/{path}")) is None


@pytest.mark.parametrize(
    "more",
    [
        {"background": False},
        {"prompt": {"id": "p", "version": "3"}},
        {"tools": [{"type": "function", "name": "computer"}]},
        {"previous_response_id": "r"},
        {"conversation": None},
    ],
)
def test_what_has_none_does_not(more: dict[str, object]) -> None:
    """What looks similar and leans on nothing is cached."""
    assert parsed(post(BODY | more, "https://example.com/v1/responses")) is not None


def test_a_continued_response_is_of_use_for_29_days() -> None:
    """OpenAI forgets what it stored after 30 days; what was not stored was never there."""
    body = {"model": "m", "input": "a", "previous_response_id": "r"}
    ages = [
        found and found.longest_ttl
        for found in (parsed(post(body | more, "https://example.com/v1/responses")) for more in ({}, {"store": False}))
    ]
    assert [29 * 86400, None] == ages


@pytest.mark.slow
def test_a_large_body_passes() -> None:
    """A body of more than 32 MiB passes."""
    assert parsed(post({"model": "m", "messages": "a" * 2**25})) is None


def test_a_compressed_body_passes() -> None:
    """A body in a content encoding is not looked into."""
    assert parsed(post(headers={"content-encoding": "gzip"})) is None


A, B = {"model": "m", "messages": ["a"], "temperature": 0}, {"temperature": 0, "messages": ["a"], "model": "m"}


def test_the_order_of_top_level_fields_is_free() -> None:
    """SDKs differ in it, and models do not see it."""
    assert key(post(A)) == key(post(B))


def test_white_space_and_escapes_are_free() -> None:
    """The body counts by what it says."""
    text = json.dumps(A | {"messages": ["ä"]}, indent=3)
    assert key(post(A | {"messages": ["ä"]})) == key(
        httpx2.Request("POST", post().url, content=text, headers={"content-type": "application/json; charset=utf-8"})
    )


@pytest.mark.parametrize(
    "other",
    [
        A | {"temperature": 1},
        A | {"temperature": 0.0},
        A | {"messages": ["b"]},
        A | {"unheard_of": None},
        A | {"model": "n"},
        {"model": "m", "messages": ["a"]},
    ],
)
def test_every_field_counts(other: object) -> None:
    """Each field of the body counts, also those that nobody knows."""
    assert key(post(A)) != key(post(other))


def test_the_order_within_fields_counts() -> None:
    """A model answers in the order of a schema."""
    one = A | {"response_format": {"properties": {"why": {}, "answer": {}}}}
    other = A | {"response_format": {"properties": {"answer": {}, "why": {}}}}
    assert key(post(one)) != key(post(other))


def test_a_body_with_doubled_keys_counts_by_its_bytes() -> None:
    """Which of two values counts is for the server to say."""
    bodies = ['{"model": "m", "n": 1, "n": 2}', '{"model": "m", "n": 2, "n": 1}', '{"model": "m", "n": 1}']
    headers = {"content-type": "application/json"}
    assert 3 == len({key(httpx2.Request("POST", post().url, content=body, headers=headers)) for body in bodies})


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/v1/chat/completions",
        "https://api.example.com:444/v1/chat/completions",
        "https://api.example.org/v1/chat/completions",
        "https://api.example.com/v2/chat/completions",
        "https://api.example.com/v1/chat/completions?api-version=1",
    ],
)
def test_where_a_request_goes_counts(url: str) -> None:
    """Scheme, host, port, path and query count."""
    assert key(post(A)) != key(post(A, url))


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com:443/v1/chat/completions",
        "https://API.example.com/v1/chat/completions",
        "https://me:secret@api.example.com/v1/chat/completions",
        *(
            f"https://api.example.com/v1/chat/completions?{name}=s3cret"
            for name in ("key", "api_key", "access_token", "sig", "token", "subscription-key")
        ),
    ],
)
def test_what_is_secret_in_a_url_does_not_count(url: str) -> None:
    """Credentials in a URL are neither in the key nor in what is shown of it."""
    assert key(post(A)) == key(post(A, url))
    assert "s3cret" not in str(parsed(post(A, url)))


def test_the_query_is_sorted() -> None:
    """The order of a query's parameters is free."""
    url = "https://api.example.com/v1/chat/completions?"
    assert key(post(A, url + "a=1&b=2")) == key(post(A, url + "b=2&a=1"))


def test_headers_count_by_a_list() -> None:
    """Those that change what a model does count, those that are named too, all others do not."""
    counting = ("anthropic-version", "anthropic-beta", "openai-beta", "openai-organization", "openai-project")
    plain = key(post(A))
    for name in (*counting, "x-portkey-config"):
        assert plain != key(post(A, headers={name: "x"})), name
    for name in ("authorization", "x-api-key", "cookie", "user-agent", "idempotency-key", "x-stainless-retry-count"):
        assert plain == key(post(A, headers={name: "x"})), name
    assert plain != key(post(A, headers={"X-Mine": "x"}), headers=("x-mine",))


def test_ignored_fields_do_not_count() -> None:
    """``ignore=`` names top-level fields of the body."""
    assert key(post(A)) == key(post(A | {"metadata": {"run": 7}}), ignore=("metadata",))


def test_sample_and_ordinal_count_unless_they_are_the_first() -> None:
    """The first answer of the first sample is the bare question's."""
    found = parsed(post(A))
    assert found is not None
    keys = [found.call_key(sample, ordinal).digest for sample in (0, 1) for ordinal in (0, 1)]
    assert 4 == len(set(keys))
    assert found.call_key().digest == keys[0]


SPEECH = "https://api.example.com/v1/audio/transcriptions"


def form(**files: object) -> httpx2.Request:
    return httpx2.Request("POST", SPEECH, data={"model": "whisper-1"}, files=files)  # type: ignore[arg-type]


def test_a_form_counts_by_its_parts() -> None:
    """The boundary, which is drawn anew each time, is free; names, types and contents count."""
    plain = key(form(file=("a.wav", b"sound", "audio/wav")))
    assert plain == key(form(file=("a.wav", io.BytesIO(b"sound"), "audio/wav")))
    for other in [("b.wav", b"sound", "audio/wav"), ("a.wav", b"noise", "audio/wav"), ("a.wav", b"sound", "audio/mp3")]:
        assert plain != key(form(file=other))


def test_a_form_can_be_sent_after_it_was_read() -> None:
    """What was read for the key is what is sent."""
    request = form(file=("a.wav", io.BytesIO(b"\r\n--sound"), "audio/wav"))
    assert multipart.is_repeatable(request.stream)
    body = request.read()
    assert body == b"".join(request.stream)  # type: ignore[arg-type]
    parts = multipart.parts(body, request.headers["content-type"])
    assert parts is not None
    assert [b"whisper-1", b"\r\n--sound"] == [part.content for part in parts]


def test_a_file_that_is_read_once_is_not_read() -> None:
    """A body from a pipe, or from a generator, passes unread."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    class Odd:
        def read(self, size: int = -1) -> bytes:
            return b""

    assert not multipart.is_repeatable(form(file=("a.wav", Pipe(b"sound"), "audio/wav")).stream)
    assert not multipart.is_repeatable(form(file=("a.wav", Odd(), "audio/wav")).stream)
    assert not multipart.is_repeatable(httpx2.Request("POST", SPEECH, content=iter([b"a"])).stream)


@pytest.mark.parametrize("body", [b"", b"--b\r\nno head", b"--b\r\n\r\nno name\r\n--b--", b"--b\r\n\r\ncut"])
def test_what_is_no_form_passes(body: bytes) -> None:
    """A body that is not the form that it says it is passes."""
    headers = {"content-type": "multipart/form-data; boundary=b"}
    assert parsed(httpx2.Request("POST", SPEECH, content=body, headers=headers)) is None
    headers = {"content-type": "multipart/form-data"}
    assert parsed(httpx2.Request("POST", SPEECH, content=body, headers=headers)) is None


def test_previews_hide_secrets() -> None:
    """What is shown of a request is redacted."""
    found = parsed(post(A | {"user_token": "s3cret", "messages": ["sk-abcdef"]}))
    assert found is not None
    parts = found.described()
    assert parts.digests.keys() == parts.previews.keys()
    previews = {part.text: text for part, text in parts.previews.items()}
    assert "s3cret" not in str(previews)
    assert "sk-abcdef" not in str(previews)
    assert "0" == previews["argument temperature"]
