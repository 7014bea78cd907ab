"""``llm-memo serve`` as a process: what it prints, how it stops, what is there after it was killed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from openai import OpenAI
from speaking import eventually

from llm_memo import Cache
from llm_memo.cli import main
from llm_memo.testing import ModelServer

pytestmark = pytest.mark.slow

QUESTION = {"model": "gpt-5.2", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}


class Serving:
    """A running command."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.printed: list[str] = []
        assert process.stdout is not None
        while not (self.printed and self.printed[-1].lstrip().startswith("curl")):
            line = process.stdout.readline()
            assert line, self.printed
            self.printed.append(line.rstrip())
        process.stdout.readline()
        found = re.search(r"http://[\w.:]+", self.printed[0])
        self.url = found[0] if found else ""
        self.base_url = next(line for line in self.printed if "OPENAI_BASE_URL" in line).partition("=")[2]

    def line(self) -> str:
        """The next line of its log."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip()


@contextmanager
def serving(model: ModelServer, folder: Path, *options: str) -> Iterator[Serving]:
    """The command before a model server, on a free port."""
    upstream = model.base_url.removesuffix("/v1")
    command = [sys.executable, "-m", "llm_memo", "serve", "--upstream", upstream, "--port", "0", *options]
    command += ["--cache-dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield Serving(process)
    finally:
        process.kill()
        process.communicate()


def post(url: str, **headers: str) -> httpx.Response:
    """The question, asked of a proxy."""
    return httpx.post(f"{url}/chat/completions", json=QUESTION, headers=headers, timeout=60)


def test_it_says_what_to_paste(model: ModelServer, tmp_path: Path) -> None:
    """Address, upstream, folder and policy; the two lines as they stand; a line for each request; an end in order."""
    with serving(model, tmp_path / "cache", "--policy", "readWrite", "--ttl", "1w") as server:
        banner = "\n".join(server.printed)
        for said in (server.url, model.base_url.removesuffix("/v1"), str(tmp_path / "cache"), "readWrite"):
            assert said in banner
        assert f"{server.url}/v1" == server.base_url
        with OpenAI(base_url=server.base_url, api_key="sk-canary", max_retries=0) as client:
            client.chat.completions.create(**QUESTION)  # type: ignore[call-overload]
            client.chat.completions.create(**QUESTION)  # type: ignore[call-overload]
            client.models.list(extra_query={"key": "canary-query"})
        lines = [server.line() for _ in range(3)]
        shape = r"\d\d:\d\d:\d\d  (GET|POST)  /v1/\S+  (miss|hit|pass)  200  [\d.]+ \w+"
        assert all(re.match(shape, line) for line in lines), lines
        assert re.search(r"  hit  200  .*  saved \d+ tokens", lines[1])
        assert [] == [line for line in lines if "canary" in line or "blue" in line]
        server.process.send_signal(signal.SIGINT)
        assert 0 == server.process.wait(60)


def test_no_secret_is_left(model: ModelServer, tmp_path: Path) -> None:
    """Neither folder nor page nor what the command prints has an API key, a cookie, ``?key=`` or the token in it."""
    secrets = {name: f"canary-{name}" for name in ("token", "key", "cookie", "query", "wrong")}
    headers = {
        "authorization": f"Bearer {secrets['key']}", "x-api-key": secrets["key"], "cookie": f"a={secrets['cookie']}",
        "llm-memo-token": secrets["token"],
    }  # fmt: skip
    model.fail(500, times=1)
    with serving(model, tmp_path / "cache", "--token", secrets["token"]) as server:
        url = f"{server.base_url}/chat/completions?key={secrets['query']}"
        refused = [{"origin": "https://a.example"}, {"llm-memo-token": secrets["wrong"]}, {"op-cache": "sometimes"}]
        given = [headers | more for more in ({}, {}, {}, {"op-cache": "replay"}, {"connection": "close"}, *refused)]
        answers = [httpx.post(url, json=QUESTION, headers=each, timeout=60) for each in given]
        files = f"{server.url}/v1/files?key={secrets['query']}"
        answers.append(httpx.post(files, content=b"{}", headers=headers, timeout=60))
        page = httpx.get(server.url, headers=headers, timeout=60)
        assert [500, 200, 200, 200, 200, 403, 401, 400, 404, 200] == [each.status_code for each in (*answers, page)]
        server.process.terminate()
        printed = "\n".join(server.printed) + server.process.communicate(timeout=60)[0]
    assert "  hit  200  " in printed
    kept = b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert b"sky blue" in kept
    said = kept.decode("latin-1") + page.text + printed
    assert [] == [name for name, secret in secrets.items() if secret in said]


POLICIES = {
    "readWrite": ["miss", "hit"], "readOnly": ["miss", "miss"], "writeOnly": ["refresh", "refresh"],
    "off": ["bypass", "bypass"],
}  # fmt: skip


@pytest.fixture(scope="module")
def server(model: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One running command for all that does not end it."""
    with serving(model, tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.mark.parametrize("policy", POLICIES)
def test_the_example_of_openpipe_by_curl(server: Serving, policy: str) -> None:
    """OpenPipe's cURL example, with only the address changed, with four policies, each twice."""
    body = QUESTION | {"temperature": 0, "messages": [{"role": "system", "content": f"count to 3, {policy}"}]}
    command = [
        shutil.which("curl") or pytest.fail("curl is not installed"), "--silent", "--include",
        "--request", "POST", "--url", f"{server.base_url}/chat/completions",
        "--header", "Authorization: Bearer sk-one", "--header", "Content-Type: application/json",
        "--header", f"op-cache: {policy}", "--data", json.dumps(body),
    ]  # fmt: skip
    outcomes = []
    for _ in range(2):
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        head, _, content = answer.partition("\n\n")
        assert json.loads(content)["choices"][0]["message"]["content"]
        outcomes.append(next(line.split(": ")[1] for line in head.splitlines() if line.startswith("x-llm-memo")))
    assert POLICIES[policy] == outcomes


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_running_answers_end_whole(model: ModelServer, tmp_path: Path, number: signal.Signals) -> None:
    """A signal in mid-stream: the stream is finished, kept, and then the process ends with 0."""
    begun, go_on = Event(), Event()

    def hold(chunk: int) -> None:
        if chunk == 3:
            begun.set()
            go_on.wait(60)

    model.before_chunk = hold
    with serving(model, tmp_path / "cache") as server:
        answers: list[httpx.Response] = []
        reader = Thread(
            target=lambda: answers.append(
                httpx.post(f"{server.base_url}/chat/completions", json=QUESTION | {"stream": True}, timeout=60)
            )
        )
        reader.start()
        assert begun.wait(60)
        server.process.send_signal(number)
        eventually(lambda: not accepts(server.url))
        go_on.set()
        reader.join(60)
        assert answers[0].text.endswith("data: [DONE]\n\n")
        assert 0 == server.process.wait(60)
    assert 1 == len(Cache(tmp_path / "cache").entries())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(model: ModelServer, tmp_path: Path, number: signal.Signals) -> None:
    """Nothing is waited for, and the exit code says which signal it was."""
    with serving(model, tmp_path / "cache") as server, stream_that_stands_still(model, server):
        server.process.send_signal(number)
        eventually(lambda: not accepts(server.url))
        server.process.send_signal(number)
        assert 128 + number == server.process.wait(60)


@contextmanager
def stream_that_stands_still(model: ModelServer, server: Serving) -> Iterator[None]:
    """A stream is asked for, and its first chunk is not sent before the end of the block."""
    begun, go_on = Event(), Event()
    model.before_chunk = lambda _: (begun.set(), go_on.wait(60))
    reader = Thread(target=left_alone, args=(server.base_url,))
    reader.start()
    try:
        assert begun.wait(60)
        yield
    finally:
        go_on.set()
        reader.join(60)


def left_alone(url: str) -> None:
    """Ask, and take no offence."""
    try:
        httpx.post(f"{url}/chat/completions", json=QUESTION | {"stream": True}, timeout=60)
    except httpx.TransportError:
        pass


def accepts(url: str) -> bool:
    """Whether a proxy takes connections."""
    host, _, port = url.removeprefix("http://").partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError:
        return False
    return True


def test_killed_in_mid_answer(model: ModelServer, tmp_path: Path) -> None:
    """After kill -9 there is no entry, and the next start serves."""
    with serving(model, tmp_path / "cache") as server, stream_that_stands_still(model, server):
        server.process.kill()
        server.process.wait(60)
    assert 0 == len(Cache(tmp_path / "cache").entries())
    with serving(model, tmp_path / "cache") as server:
        assert ["miss", "hit"] == [post(server.base_url).headers["x-llm-memo"] for _ in range(2)]


@pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")
def test_a_unix_socket_is_its_users_alone(
    model: ModelServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its mode is 0600, whatever the umask; one that was left behind is replaced, one in use is not."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    before = os.umask(0)
    try:
        with serving(model, tmp_path / "cache", "--uds", str(path)) as server:
            assert "0o600" == oct(stat.S_IMODE(path.stat().st_mode))
            with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as client:
                assert 200 == client.post("http://localhost/v1/chat/completions", json=QUESTION).status_code
            assert 1 == main(["serve", "--upstream", model.base_url, "--uds", str(path)])
            assert "another process listens there" in capsys.readouterr().err
            server.process.terminate()
            assert 0 == server.process.wait(60)
    finally:
        os.umask(before)
    assert not path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")
def test_within_a_process(model: ModelServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It serves until it gets a signal, and what handled signals before handles them again."""
    path = tmp_path / "s"
    answers: list[httpx.Response] = []

    def ask_and_end() -> None:
        eventually(path.exists)
        try:
            with httpx.Client(transport=httpx.HTTPTransport(uds=str(path), retries=5), timeout=60) as client:
                answers.append(client.get("http://localhost/healthz"))
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    handler = signal.getsignal(signal.SIGTERM)
    thread = Thread(target=ask_and_end)
    thread.start()
    upstreams = ["--upstream", f"one={model.base_url}", "--upstream", "two=https://two.example"]
    assert 0 == main(["serve", *upstreams, "--uds", str(path), "--token", "t", "--shared"])
    thread.join()
    assert [200] == [answer.status_code for answer in answers]
    assert handler is signal.getsignal(signal.SIGTERM)
    printed = capsys.readouterr().out
    assert f"curl --unix-socket {path} http://localhost/one/chat/completions -H 'llm-memo-token: …'" in printed
    assert "/two → https://two.example" in printed
    assert "shared by all callers" in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--upstream", "api.openai.com"], "is not the address of a model API"),
        (["--upstream", "https://user:secret@api.openai.com"], "without user"),
        (["--upstream", "https://a", "--upstream", "https://b"], "given twice"),
        (["--upstream", "https://a", "--policy", "sometimes"], "sometimes"),
        (["--upstream", "https://a", "--host", "0.0.0.0"], "give --token"),
        (["--upstream", "https://a", "--port", "70000"], "is not a port"),
        (["--upstream", "https://a", "--ca", "/nowhere"], "is not a file of certificates"),
        (["--upstream", "https://a", "--timeout", "soon"], "timeout='soon'"),
        (["--upstream", "https://a", "--token", ""], "token"),
        ([], "--upstream"),
    ],
)
def test_what_is_not_understood(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An option that is none is an error before anything is served; no secret is in it."""
    try:
        code: object = main(["serve", *arguments])
    except SystemExit as end:
        code = end.code
    printed = capsys.readouterr()
    assert (2, "") == (code, printed.out)
    assert said in printed.err
    assert "secret" not in printed.err


def test_a_port_in_use(model: ModelServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says where it cannot listen; a file in the place of a socket stays."""
    port = model.base_url.removesuffix("/v1").rpartition(":")[2]
    assert 1 == main(["serve", "--upstream", "https://a", "--port", port])
    assert f"cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err
    (tmp_path / "file").write_text("mine")
    assert 1 == main(["serve", "--upstream", "https://a", "--uds", str(tmp_path / "file")])
    assert "no socket" in capsys.readouterr().err
    assert "mine" == (tmp_path / "file").read_text()
