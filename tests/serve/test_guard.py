"""What is not let in: targets, hosts, origins, framing, sizes, slow senders; by a socket, as an attacker has it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from speaking import answer_on, connected, eventually, received, spoken, status

from llm_memo.serve import CacheServer, cache_server, listener
from llm_memo.testing import ModelServer, model_server

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "attack"}]}).encode()
KEY = b"Authorization: Bearer sk-canary\r\n"


def post(
    target: bytes = b"/chat/completions",
    *,
    method: bytes = b"POST",
    host: bytes = b"Host: localhost\r\n",
    headers: bytes = b"",
    length: bytes = b"Content-Length: %d\r\n" % len(BODY),
    body: bytes = BODY,
) -> bytes:
    """A request, byte by byte."""
    head = b"%b %b HTTP/1.1\r\n" % (method, target)
    return head + host + KEY + headers + length + b"Content-Type: application/json\r\nConnection: close\r\n\r\n" + body


ATTACKS: dict[str, tuple[int, bytes]] = {
    # The target: where a request goes is not for it to say.
    "absolute": (400, post(b"http://evil.example/v1/chat/completions")),
    "absolute to this machine": (400, post(b"http://localhost/chat/completions")),
    "user": (400, post(b"@evil.example/chat/completions")),
    "two slashes": (400, post(b"//evil.example/chat/completions")),
    "three slashes": (400, post(b"///chat/completions")),
    "backslash": (400, post(b"/\\evil.example/chat/completions")),
    "encoded backslash": (400, post(b"/%5cevil.example/chat/completions")),
    "no slash": (400, post(b"chat/completions")),
    "asterisk": (400, post(b"*", method=b"OPTIONS")),
    "tunnel": (400, post(b"evil.example:443", method=b"CONNECT")),
    "dots": (400, post(b"/../admin/chat/completions")),
    "dots within": (400, post(b"/v1/../../admin/chat/completions")),
    "encoded dots": (400, post(b"/%2e%2e/chat/completions")),
    "half encoded dots": (400, post(b"/.%2E/chat/completions")),
    "dots encoded twice": (400, post(b"/%252e%252e/chat/completions")),
    "encoded slashes and dots": (400, post(b"/v1%2f..%2fchat/completions")),
    "one dot": (400, post(b"/./chat/completions")),
    "NUL": (400, post(b"/chat%00/completions")),
    "line break": (400, post(b"/chat%0d%0aHost:%20evil/completions")),
    "raw NUL": (400, post(b"/chat\x00/completions")),
    "space": (400, post(b"/chat completions")),
    "fragment": (400, post(b"/chat/completions#x")),
    "not ASCII": (400, post(b"/chat/\xff")),
    # The host: a page's own name may be resolved to this machine.
    "foreign host": (403, post(host=b"Host: evil.example\r\n")),
    "foreign host with our port": (403, post(host=b"Host: evil.example:8765\r\n")),
    "our name within": (403, post(host=b"Host: localhost.evil.example\r\n")),
    "empty host": (400, post(host=b"Host:\r\n")),
    "no host": (400, post(host=b"")),
    "two hosts": (400, post(host=b"Host: localhost\r\nHost: evil.example\r\n")),
    "host with a user": (400, post(host=b"Host: localhost@evil.example\r\n")),
    "host with a path": (400, post(host=b"Host: localhost/evil\r\n")),
    # Pages in a browser.
    "foreign page": (403, post(headers=b"Origin: https://evil.example\r\n")),
    "hidden page": (403, post(headers=b"Origin: null\r\n")),
    "own page, other port": (403, post(headers=b"Origin: http://localhost:3000\r\n")),
    "text/plain": (403, post(headers=b"Origin: https://evil.example\r\nContent-Type: text/plain\r\n")),
    "cross-site": (403, post(headers=b"Sec-Fetch-Site: cross-site\r\n")),
    "same-site": (403, post(headers=b"Sec-Fetch-Site: same-site\r\n")),
    "two sites": (403, post(headers=b"Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n")),
    "same-origin POST": (403, post(headers=b"Sec-Fetch-Site: same-origin\r\n")),
    "preflight": (403, post(method=b"OPTIONS", headers=b"Origin: https://evil.example\r\n")),
    "image": (403, post(b"/models", method=b"GET", headers=b"Sec-Fetch-Site: cross-site\r\n", length=b"", body=b"")),
    # Framing: where a request ends is for one to say.
    "two framings": (400, post(headers=b"Transfer-Encoding: chunked\r\n", body=b"0\r\n\r\n")),
    "two lengths": (400, post(headers=b"Content-Length: 5\r\n")),
    "negative length": (400, post(length=b"Content-Length: -1\r\n", body=b"")),
    "unknown coding": (501, post(length=b"Transfer-Encoding: gzip, chunked\r\n", body=b"0\r\n\r\n")),
    "bad chunk": (400, post(length=b"Transfer-Encoding: chunked\r\n", body=b"zz\r\n")),
    "space before the colon": (400, post(headers=b"X-A : b\r\n")),
    "no request": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    "HTTP/2": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "upgrade": (501, post(headers=b"Connection: Upgrade\r\nUpgrade: websocket\r\n")),
    # Sizes.
    "long header": (431, post(headers=b"X-A: " + b"a" * 70_000 + b"\r\n")),
    "many headers": (431, post(headers=b"".join(b"X-%d: %b\r\n" % (i, b"a" * 60) for i in range(1_000)))),
    "long target": (431, post(b"/" + b"a" * 70_000)),
    "endless header": (431, b"POST / HTTP/1.1\r\nX-A: " + b"a" * 300_000),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused(proxy: CacheServer, model: ModelServer, name: str) -> None:
    """Each with the status that says why; nothing reaches the upstream."""
    expected, request = ATTACKS[name]
    answer = spoken(proxy, request)
    assert expected == status(answer), answer[:200]
    assert b"sk-canary" not in answer
    assert b"server:" not in answer.lower()
    assert 0 == model.requests


def test_after_all_of_them_it_serves(proxy: CacheServer, model: ModelServer) -> None:
    """One after the other, and then a question."""
    for _, request in ATTACKS.values():
        spoken(proxy, request)
    assert 200 == status(spoken(proxy, post()))
    assert 1 == model.requests


def test_no_key_goes_elsewhere(proxy: CacheServer) -> None:
    """No header and no target sends a request, and the key in it, to another server."""
    with model_server() as second:
        elsewhere = second.base_url.removeprefix("http://").partition("/")[0].encode()
        for request in (
            post(b"http://" + elsewhere + b"/v1/chat/completions"),
            post(b"//" + elsewhere + b"/v1/chat/completions"),
            post(b"@" + elsewhere + b"/v1/chat/completions"),
            post(host=b"Host: " + elsewhere + b"\r\n"),
            post(headers=b"X-Forwarded-Host: " + elsewhere + b"\r\nForwarded: host=" + elsewhere + b"\r\n"),
            post(
                headers=b"X-Upstream: http://" + elsewhere + b"\r\nHelicone-Target-Url: http://" + elsewhere + b"\r\n"
            ),
            post(b"/chat/completions?upstream=http://" + elsewhere),
        ):
            spoken(proxy, request)
        assert 0 == second.requests
        assert 0 == second.open_connections


@pytest.fixture
def raw_upstream() -> Iterator[socket.socket]:
    """An upstream that shows what it is sent, byte by byte."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        yield listening


def test_what_is_of_one_connection_is_not_sent_on(raw_upstream: socket.socket, tmp_path: Path) -> None:
    """Hop-by-hop headers, those that ``Connection`` names, our own; and nothing is added that names the client."""
    port = raw_upstream.getsockname()[1]
    with cache_server(f"http://127.0.0.1:{port}/base", token="t0ken", cache_dir=tmp_path) as proxy:
        headers = (
            b"llm-memo-token: t0ken\r\nConnection: close, X-Secret\r\nX-Secret: a\r\nKeep-Alive: 1\r\nTE: trailers\r\n"
            b"Proxy-Authorization: b\r\nX-Kept: c\r\n"
        )
        request = post(b"/files?a=b%20c", headers=headers).replace(b"Connection: close\r\n\r\n", b"\r\n")
        with connected(proxy) as connection:
            connection.sendall(request)
            asked, _ = raw_upstream.accept()
            with asked:
                seen = received(asked, BODY)
                asked.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n"
                    b"Server: theirs\r\nSet-Cookie: a=b\r\nX-End: 2\r\n\r\nok"
                )
                answer = answer_on(connection)
    head = seen.partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(f"post /base/files?a=b%20c http/1.1\r\nhost: 127.0.0.1:{port}\r\n".encode())
    assert b"\r\nx-kept: c" in head
    assert b"\r\nauthorization: bearer sk-canary" in head
    for name in (b"llm-memo", b"x-secret", b"keep-alive", b"te:", b"proxy-", b"via:", b"forwarded", b"127.0.0.1\r\n"):
        assert b"\r\n" + name not in head
    answered = answer.partition(b"\r\n\r\n")[0].lower()
    assert b"x-end: 2" in answered
    assert b"x-hop" not in answered
    assert b"server" not in answered
    assert answer.endswith(b"\r\n\r\nok")


def test_a_redirect_is_handed_on(raw_upstream: socket.socket, tmp_path: Path) -> None:
    """Where an upstream points to is not followed: the key is for the upstream alone."""
    with (
        model_server() as second,
        cache_server(f"http://127.0.0.1:{raw_upstream.getsockname()[1]}", cache_dir=tmp_path) as proxy,
        connected(proxy) as connection,
    ):
        connection.sendall(post())
        asked, _ = raw_upstream.accept()
        with asked:
            asked.recv(65_536)
            location = second.base_url.encode()
            asked.sendall(b"HTTP/1.1 307 Moved\r\nContent-Length: 0\r\nLocation: %b\r\n\r\n" % location)
            assert 307 == status(answer_on(connection))
        assert 0 == second.requests


def test_the_token(model: ModelServer, tmp_path: Path) -> None:
    """With a token every request must say it; wrong or missing is 401, and nothing is sent."""
    with cache_server(model.base_url, token="s3cret", cache_dir=tmp_path) as proxy:
        for given in ({}, {"llm-memo-token": "wrong"}, {"authorization": "Bearer s3cret"}):
            answer = httpx.post(f"{proxy.base_url}/chat/completions", content=BODY, headers=given)
            assert (401, "bad_token") == (answer.status_code, answer.json()["error"]["code"])
            assert 401 == httpx.get(proxy.base_url, headers=given).status_code
        assert 0 == model.requests
        right = {"llm-memo-token": "s3cret", "content-type": "application/json"}
        assert 200 == httpx.post(f"{proxy.base_url}/chat/completions", content=BODY, headers=right).status_code
        assert 200 == httpx.get(f"{proxy.base_url}/healthz").status_code
    assert "llm-memo-token" not in model.log[0].headers


def test_what_is_allowed(model: ModelServer, tmp_path: Path) -> None:
    """A host and an origin that were named are let in, with the headers that a browser asks for."""
    origin = {"origin": "https://app.example", "host": "box.local:8765", "content-type": "application/json"}
    with cache_server(
        model.base_url, allow_hosts=["Box.Local"], allow_origins=["https://app.example/"], cache_dir=tmp_path
    ) as proxy:
        url = f"{proxy.base_url}/chat/completions"
        wanted = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
        before = httpx.options(url, headers=origin | wanted)
        answer = httpx.post(url, content=BODY, headers=origin | {"sec-fetch-site": "cross-site"})
        assert 403 == httpx.post(url, content=BODY, headers=origin | {"origin": "https://app.example.evil"}).status_code
        two = [*origin.items(), ("origin", "https://evil.example")]
        assert 403 == httpx.post(url, content=BODY, headers=two).status_code
    assert (204, "authorization") == (before.status_code, before.headers["access-control-allow-headers"])
    assert (200, "https://app.example") == (answer.status_code, answer.headers["access-control-allow-origin"])


def test_an_offer_of_http2_is_left_unheard(raw_upstream: socket.socket, tmp_path: Path) -> None:
    """Java's client makes it with each request: it is answered as if there were none, and goes no further."""
    offer = b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQBAAAAAAIAAAAA\r\n"
    port = raw_upstream.getsockname()[1]
    with cache_server(f"http://127.0.0.1:{port}", cache_dir=tmp_path) as proxy, connected(proxy) as connection:
        connection.sendall(post(b"/files", headers=offer))
        asked, _ = raw_upstream.accept()
        with asked:
            seen = received(asked, BODY)
            asked.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            assert 200 == status(answer_on(connection))
    assert [] == [name for name in (b"upgrade", b"http2", b"h2c") if name in seen.lower()]


def test_no_headers_for_pages_by_default(proxy: CacheServer) -> None:
    """Nothing tells a browser that pages may read an answer."""
    answer = httpx.post(f"{proxy.base_url}/chat/completions", content=BODY)
    assert [] == [name for name in answer.headers if name.startswith("access-control")]


def test_its_own_page_may_be_looked_at(proxy: CacheServer) -> None:
    """A browser that was given the address, and the page that loads itself again."""
    for site in ("none", "same-origin"):
        assert 200 == httpx.get(proxy.base_url, headers={"sec-fetch-site": site}).status_code
    assert 403 == httpx.get(proxy.base_url, headers={"sec-fetch-site": "cross-site"}).status_code


def test_slow_senders(proxy: CacheServer, model: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that is never whole, a body that stands still, a connection without a word: 408, and closed."""
    monkeypatch.setattr(listener, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(listener, "BODY_SECONDS", 0.2)
    assert 408 == status(spoken(proxy, b""))
    assert 408 == status(spoken(proxy, b"POST /chat/completions HTTP/1.1\r\nHost: localhost\r\n"))
    assert 408 == status(spoken(proxy, post(body=BODY[:-1])))
    assert 408 == status(spoken(proxy, post(b"/files", body=BODY[:-1])))
    assert 0 == model.requests


def test_a_drip_of_headers_does_not_help(proxy: CacheServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for a head is for all of it."""
    monkeypatch.setattr(listener, "HEAD_SECONDS", 0.3)
    with connected(proxy) as connection:
        connection.sendall(b"POST /chat/completions HTTP/1.1\r\n")
        connection.settimeout(0.02)
        answer = b""
        for _ in range(2_000):
            try:
                connection.sendall(b"X-A: b\r\n")
                answer += connection.recv(65_536)
            except TimeoutError:
                continue
            except OSError:
                break
            if answer:
                break
    assert 408 == status(answer)


def test_too_many_connections(proxy: CacheServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the answer is 503; when others have gone, it serves again."""
    monkeypatch.setattr(listener, "CONNECTIONS", 3)
    held = [connected(proxy) for _ in range(3)]
    try:
        for connection in held:
            connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        eventually(lambda: 503 == status(spoken(proxy, post())))
    finally:
        for connection in held:
            connection.close()
    eventually(lambda: 200 == status(spoken(proxy, post())))


def test_half_sent_connections_do_not_hold_it_up(proxy: CacheServer) -> None:
    """Two hundred heads that are never whole, and a question beside them."""
    held = [connected(proxy) for _ in range(200)]
    try:
        for connection in held:
            connection.sendall(b"POST /chat/completions HTTP/1.1\r\nHost: loc")
        assert 200 == status(spoken(proxy, post()))
    finally:
        for connection in held:
            connection.close()
