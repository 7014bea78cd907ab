"""``python -m tests.bench.soak``: the proxy under load for a while. Is its memory flat, does it lose descriptors?

By default 200,000 requests, within 20 minutes at most: nine hits of ten, and a miss. Prints its resident memory, its
open descriptors and its requests a second at ten points. Memory grows until the tier of answers at hand is full, at
32 MiB. Then, alone: hits a second, and the median of a miss with and without the proxy.

``--litellm PYTHON`` asks LiteLLM's proxy with its cache for the same hits, on the same machine: the interpreter of an
environment of its own that has ``litellm[proxy]``.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llm_memo.testing import ModelServer, model_server

THREADS = 4
POINTS = 10
HITS = 3_000
MISSES = 500


class Asker:
    """A connection that is kept.

    Args:
        port: Of the server.
    """

    def __init__(self, port: int) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port))
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, text: str) -> tuple[float, str]:
        """One question; how long it took, in seconds, and what became of it."""
        body = json.dumps({"model": "gpt-5.2", "messages": [{"role": "user", "content": text * 100}]}).encode()
        head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        head += f"Authorization: Bearer sk-soak\r\nContent-Length: {len(body)}\r\n\r\n"
        started = time.perf_counter()
        self._connection.sendall(head.encode() + body)
        answer = self._received()
        while b"\r\n\r\n" not in answer:
            answer += self._received()
        said, _, rest = answer.partition(b"\r\n\r\n")
        first, *lines = said.decode().split("\r\n")
        if " 200 " not in first + " ":
            raise RuntimeError(f"{first}: {rest[:500]!r}")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        left = int(headers["content-length"]) - len(rest)
        while left > 0:
            left -= len(self._received())
        return time.perf_counter() - started, headers.get("x-llm-memo", "")

    def _received(self) -> bytes:
        received = self._connection.recv(65_536)
        if not received:
            raise ConnectionError("the server has closed the connection")
        return received


def resident(process: int) -> float:
    """Memory of a process, in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1e3


def processor(process: int) -> float:
    """Seconds that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=__doc__)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--litellm", metavar="PYTHON", help="ask LiteLLM's proxy too")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, model_server() as model:
        upstream = model.base_url.removesuffix("/v1")
        with ours(folder, upstream) as (process, port):
            soak(told.requests, told.minutes * 60, process, port)
            took = alone("a miss alone, proxy", port)
            bare = alone("a miss alone, bare upstream", int(upstream.rpartition(":")[2]))
            print(f"a miss: {(took - bare) * 1e3:.2f} ms added")
            mine = hits("llm_memo serve", process, port, model)
        if told.litellm:
            with litellm(folder, told.litellm, model.base_url) as (process, port):
                theirs = hits("LiteLLM's proxy", process, port, model)
            print(f"hits: {mine[0] / theirs[0]:.1f} × LiteLLM's a second, {mine[1] / theirs[1]:.1f} × a CPU second")


@contextmanager
def ours(folder: str, upstream: str) -> Iterator[tuple[int, int]]:
    """The proxy: its process and its port."""
    command = [sys.executable, "-m", "llm_memo", "serve", "--upstream", upstream, "--port", "0"]
    environment = {**os.environ, "XDG_CONFIG_HOME": folder, "LLM_MEMO_DIR": f"{folder}/cache"}
    log = Path(folder, "log")
    with open(log, "w") as out, subprocess.Popen(command, stdout=out, env=environment) as proxy:
        try:
            while "curl" not in log.read_text():
                time.sleep(0.05)
            yield proxy.pid, int(log.read_text().split("http://127.0.0.1:")[-1].split("/")[0])
        finally:
            proxy.terminate()
    print(f"llm_memo serve ended with {proxy.returncode}")


@contextmanager
def litellm(folder: str, python: str, upstream: str) -> Iterator[tuple[int, int]]:
    """LiteLLM's, with its cache in memory."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    parameters = {"model": "openai/gpt-5.2", "api_base": upstream, "api_key": "sk-soak"}
    settings = {
        "model_list": [{"model_name": "gpt-5.2", "litellm_params": parameters}],
        "litellm_settings": {"cache": True, "cache_params": {"type": "local"}},
    }
    config = Path(folder, "litellm.yaml")
    config.write_text(json.dumps(settings))
    command = [str(Path(python).with_name("litellm")), "--config", str(config), "--port", str(port)]
    environment = {
        **os.environ,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "LITELLM_MASTER_KEY": "sk-soak",
    }
    with (
        open(f"{folder}/litellm.log", "w") as out,
        subprocess.Popen([*command, "--host", "127.0.0.1"], stdout=out, stderr=out, env=environment) as proxy,
    ):
        try:
            while not _listens(port):
                if proxy.poll() is not None:
                    raise RuntimeError(Path(folder, "litellm.log").read_text()[-2_000:])
                time.sleep(0.2)
            yield proxy.pid, port
        finally:
            proxy.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def soak(requests: int, seconds: float, process: int, port: int) -> None:
    """Ask, and watch the process."""
    done: list[tuple[float, str]] = []
    begun = time.monotonic()
    until = begun + seconds

    def work(number: int) -> None:
        asker = Asker(port)
        for index in range(requests // THREADS):
            if time.monotonic() > until:
                return
            done.append(asker.ask(f"{number} {index}" if index % 10 == 0 else f"again {index % 7}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    print("requests  a second  resident MB  descriptors")
    counted, then = 0, begun
    for point in range(1, POINTS + 1):
        while any(map(threading.Thread.is_alive, threads)):
            if len(done) >= requests * point // POINTS or time.monotonic() > begun + seconds * point / POINTS:
                break
            time.sleep(0.05)
        now, count = time.monotonic(), len(done)
        descriptors = len(os.listdir(f"/proc/{process}/fd"))
        rate = (count - counted) / (now - then)
        print(f"{count:8,}  {rate:8.0f}  {resident(process):11.1f}  {descriptors:11}", flush=True)
        counted, then = count, now
    for thread in threads:
        thread.join()
    for outcome in ("hit", "miss"):
        taken = [seconds for seconds, what in done if what == outcome]
        print(f"{outcome}: {len(taken):,}, median {statistics.median(taken) * 1e3:.2f} ms")


def alone(name: str, port: int) -> float:
    """The median of a question that is new, in seconds."""
    asker = Asker(port)
    taken = [asker.ask(f"{name} {index}")[0] for index in range(MISSES)]
    median = statistics.median(taken)
    print(f"{name}: median {median * 1e3:.2f} ms, least {min(taken) * 1e3:.2f} ms")
    return median


def hits(name: str, process: int, port: int, model: ModelServer) -> tuple[float, float]:
    """Hits a second, and a second of the server's processor, of one connection."""
    asker = Asker(port)
    for _ in range(20):
        asker.ask("a hit")
    asked = model.requests
    used, begun = processor(process), time.perf_counter()
    for _ in range(HITS):
        asker.ask("a hit")
    took, used = time.perf_counter() - begun, processor(process) - used
    if model.requests != asked:
        raise RuntimeError(f"{name}: {model.requests - asked} were no hits")
    print(f"hits alone, {name}: {HITS / took:,.0f} a second, {HITS / used:,.0f} a CPU second of the server")
    return HITS / took, HITS / used


if __name__ == "__main__":
    main()
