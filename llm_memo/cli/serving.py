"""The command ``serve``: the proxy of `llm_memo.serve`, in the foreground."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

from llm_memo.cli.folder import Folder
from llm_memo.cli.talk import Stop
from llm_memo.errors import InvalidOption
from llm_memo.options import INHERIT, seconds

if TYPE_CHECKING:
    from llm_memo.serve.application import App
    from llm_memo.serve.log import Record

__all__ = ["serve"]


def serve(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    try:
        from llm_memo.serve import app
        from llm_memo.serve.guard import is_loopback
        from llm_memo.serve.listener import Listener, tcp_socket, unix_socket
    except ImportError as fault:
        raise Stop(f"{fault.name} is not installed: pip install 'llm_memo[serve]'", 2) from None
    if options.uds is None and not is_loopback(options.host) and options.token is None:
        raise InvalidOption(
            f"--host {options.host} lets other machines in: give --token, which their requests must say in the header "
            "llm-memo-token"
        )
    grace = seconds(options.grace, "grace") or 0.0
    cache_dir = INHERIT if options.cache_dir is None else options.cache_dir
    hosts = options.allow_host if is_loopback(options.host) else [*options.allow_host, options.host]
    made = app(
        _upstreams(options.upstream),
        policy=INHERIT if options.policy is None else options.policy,
        ttl=INHERIT if options.ttl is None else options.ttl,
        cache_dir=cache_dir,
        stale_if_error=options.stale_if_error,
        shared=options.shared,
        token=options.token,
        allow_hosts=hosts,
        allow_origins=options.allow_origin,
        ca=options.ca,
        timeout=options.timeout,
        log=_print,
    )
    try:
        listening = tcp_socket(options.host, options.port) if options.uds is None else unix_socket(options.uds)
    except OSError as fault:
        where = options.uds or f"{options.host}:{options.port}"
        raise Stop(f"cannot listen on {where}: {fault.strerror or fault}") from None
    listener = Listener(made, grace)
    try:
        _raise_limit()
        print(_banner(made, listening, options), flush=True)
        with _signals(listener):
            asyncio.run(listener.serve(sockets=[listening]))
    finally:
        listening.close()
        if options.uds is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(options.uds)
    return 0


def _upstreams(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        name, mark, address = each.partition("=")
        named = (name, address) if mark and "/" not in name else ("", each)
        if named[0] in found:
            what = f"the name {named[0]}" if named[0] else "an upstream without a name"
            raise InvalidOption(f"--upstream: {what} is given twice; name them: --upstream anthropic=https://…")
        found[named[0]] = named[1]
    return found


def _raise_limit() -> None:
    """A thousand connections, and one to the upstream for each, are more descriptors than most shells allow."""
    try:
        import resource
    except ImportError:  # pragma: no cover - Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4_096 if hard == resource.RLIM_INFINITY else min(hard, 4_096)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _banner(made: App, listening: socket.socket, options: argparse.Namespace) -> str:
    from llm_memo.serve.upstream import shown

    if options.uds is None:
        host, port = listening.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        curl = f"curl {address}"
    else:
        address = "http://localhost"
        curl = f"curl --unix-socket {options.uds} {address}"
    lines = [f"llm-memo serve on {options.uds or address}"]
    lines += [f"  upstream  {each}" for each in shown(made.upstreams)]
    lines.append(f"  folder    {Folder(options.cache_dir).path}")
    lines.append(f"  policy    {made.policy}{', shared by all callers' if options.shared else ''}")
    name, first = next(iter(made.upstreams.items()))
    path = (f"/{name}" if name else "") + ("" if first.url.path.strip("/") else "/v1")
    token = " -H 'llm-memo-token: …'" if options.token is not None else ""
    lines.append(f"\n  export OPENAI_BASE_URL={address}{path}")
    lines.append(
        f"  {curl}{path}/chat/completions{token} -H 'Content-Type: application/json' "
        """-H "Authorization: Bearer $OPENAI_API_KEY" """
        """-d '{"model": "gpt-5.2", "messages": [{"role": "user", "content": "Hello"}]}'\n"""
    )
    return "\n".join(lines)


def _print(record: Record) -> None:
    with contextlib.suppress(OSError):  # whoever read the output has gone; what is served goes on
        print(record.line(), flush=True)


@contextlib.contextmanager
def _signals(listener: Any) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM ends it in order, a second one at once."""

    def stop(number: int, _: FrameType | None) -> None:
        if listener.should_exit:
            sys.stdout.flush()
            os._exit(128 + number)
        listener.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
