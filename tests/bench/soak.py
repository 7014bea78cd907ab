"""``python -m tests.bench.soak``: the proxy under load for a while. Is its memory flat, does it lose descriptors?

By default 200,000 requests, within 20 minutes at most: nine hits of ten, and a miss. Prints its resident memory, its
open descriptors and its hits a second as it goes; at the end the median of a miss with and without the proxy.
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
from pathlib import Path

from llm_memo.testing import model_server

THREADS = 4


class Asker:
    """A connection that is kept.

    Args:
        port: Of the server.
        path: What is asked.
    """

    def __init__(self, port: int, path: str) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port))
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._path = path

    def ask(self, text: str) -> tuple[float, str]:
        """One question; how long it took, in seconds, and what became of it."""
        body = json.dumps({"model": "gpt-5.2", "messages": [{"role": "user", "content": text * 100}]}).encode()
        head = f"POST {self._path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        started = time.perf_counter()
        self._connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = self._connection.recv(65_536)
        while b"\r\n\r\n" not in answer:
            answer += self._connection.recv(65_536)
        said, _, rest = answer.partition(b"\r\n\r\n")
        headers = dict(line.lower().split(": ", 1) for line in said.decode().split("\r\n")[1:])
        left = int(headers["content-length"]) - len(rest)
        while left > 0:
            left -= len(self._connection.recv(65_536))
        return time.perf_counter() - started, headers.get("x-llm-memo", "")


def resident(process: int) -> float:
    """Memory of a process, in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1e3


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=__doc__)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--minutes", type=float, default=20)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, model_server() as model:
        command = [sys.executable, "-m", "llm_memo", "serve", "--upstream", model.base_url.removesuffix("/v1")]
        environment = {**os.environ, "XDG_CONFIG_HOME": folder, "LLM_MEMO_DIR": f"{folder}/cache"}
        with (
            open(f"{folder}/log", "w") as log,
            subprocess.Popen([*command, "--port", "0"], stdout=log, env=environment) as proxy,
        ):
            try:
                soak(told, proxy.pid, _port(Path(f"{folder}/log")), int(model.base_url.split(":")[2].split("/")[0]))
            finally:
                proxy.terminate()
        print(f"ended with {proxy.returncode}")


def _port(log: Path) -> int:
    while "OPENAI_BASE_URL" not in log.read_text():
        time.sleep(0.05)
    return int(log.read_text().split("http://127.0.0.1:")[1].split()[0])


def soak(told: argparse.Namespace, process: int, port: int, upstream: int) -> None:
    """Ask, and watch the process."""
    done: list[tuple[float, str]] = []
    until = time.monotonic() + told.minutes * 60
    each = told.requests // THREADS

    def work(number: int) -> None:
        asker = Asker(port, "/v1/chat/completions")
        for index in range(each):
            if time.monotonic() > until:
                return
            done.append(asker.ask(f"{number} {index}" if index % 10 == 0 else f"again {index % 7}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    counted, then = 0, time.monotonic()
    print("requests  a second  MB  descriptors")
    while any(thread.is_alive() for thread in threads):
        threads[0].join(max(told.minutes * 6, 1))
        now, count = time.monotonic(), len(done)
        open_now = len(os.listdir(f"/proc/{process}/fd"))
        print(f"{count:8,}  {(count - counted) / (now - then):8.0f}  {resident(process):.0f}  {open_now}", flush=True)
        counted, then = count, now
    for outcome in ("hit", "miss"):
        taken = [seconds for seconds, what in done if what == outcome]
        print(f"{outcome}: {len(taken):,}, median {statistics.median(taken) * 1e3:.2f} ms")
    for name, where in (("proxy", port), ("bare upstream", upstream)):
        asker = Asker(where, "/v1/chat/completions")
        alone = [asker.ask(f"{name} {index}")[0] for index in range(200)]
        print(f"a miss alone, {name}: median {statistics.median(alone) * 1e3:.2f} ms")
    asker = Asker(port, "/v1/chat/completions")
    alone = [asker.ask("again 0")[0] for _ in range(2_000)]
    print(f"a hit alone: median {statistics.median(alone) * 1e3:.2f} ms, {len(alone) / sum(alone):.0f} a second")


if __name__ == "__main__":
    main()
