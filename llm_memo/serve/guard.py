"""Which requests are let in: judged by their first line and their headers, before anything is read or sent.

The proxy sees other people's API keys, and any page in a browser can send requests to a local port. So a request
must name this machine as its host (or a page could reach it by a name of its own, which then is resolved to
127.0.0.1), and must not come from a page (a form or a ``text/plain`` POST needs nobody's leave).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from llm_memo.serve.faults import Refused

__all__ = ["TOKEN", "Guard", "Headers", "header", "is_loopback"]

Headers = list[tuple[bytes, bytes]]
"""Names in lower case, and values, as ASGI has them."""

TOKEN = b"llm-memo-token"
LONGEST_HEAD = 64 * 1024
"""Bytes of a request's first line and headers."""

_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})
_TARGET = re.compile(rb"/(?:[!$-;=?-\[\]_a-z~|][!$-;=?-\[\]_a-z~|]*)?(?:\?[!$-;=?-\[\]_a-z~|]*)?")
"""All that h11 lets through, except ``\\ # < > " ^ ` { }``."""
_CONTROL = re.compile(rb"[\x00-\x1f\x7f\\]")
_NO_PAGES = "pages in a browser are not let in; --allow-origin names those that are"
_OWN_PAGE = (b"/", b"/healthz")


def header(headers: Headers, name: bytes) -> bytes | None:
    """The value of a header; of several the first."""
    return next((value for key, value in headers if key == name), None)


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own alone."""
    return address in ("localhost", "::1", "[::1]") or re.fullmatch(r"127(\.\d{1,3}){3}", address) is not None


@dataclass(frozen=True)
class Guard:
    """Lets requests in, or not.

    Args:
        token: What the header ``llm-memo-token`` must say; None if nothing needs to be said.
        hosts: Names that a request may have in ``Host``, beside those of this machine.
        origins: Pages that may send requests: ``https://app.example``.
    """

    token: str | None = None
    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()

    @classmethod
    def of(cls, token: str | None, hosts: Iterable[str], origins: Iterable[str]) -> Guard:
        """A guard with names as users write them."""
        return cls(token, frozenset(host.lower() for host in hosts), frozenset(each.rstrip("/") for each in origins))

    def check(self, method: str, target: bytes, headers: Headers) -> None:
        """Let a request in.

        Args:
            method: Its method.
            target: Its path with its query, as they came.
            headers: Its headers.

        Raises:
            Refused: Why it is not.
        """
        if sum(len(name) + len(value) + 4 for name, value in headers) + len(target) > LONGEST_HEAD:
            raise Refused(431, "headers_too_large", "the headers are longer than 64 KiB")
        _check_target(target)
        self._check_host([value for name, value in headers if name == b"host"])
        self._check_origin(method, target, headers)
        _check_framing(headers)
        if target != b"/healthz":
            self._check_token(headers)

    def _check_host(self, hosts: list[bytes]) -> None:
        named = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if named is None:
            raise Refused(400, "bad_host", "the request must have one Host header, with a name and a port")
        host = named[1].decode("latin-1").lower()
        if host not in _THIS_MACHINE and host not in self.hosts:
            raise Refused(403, "foreign_host", f"host {host} is not this machine; --allow-host {host} lets it in")

    def _check_origin(self, method: str, target: bytes, headers: Headers) -> None:
        origins = {value.decode("latin-1") for name, value in headers if name == b"origin"}
        if origins:
            if not origins <= self.origins:
                raise Refused(403, "foreign_origin", _NO_PAGES)
            return
        sites = {value for name, value in headers if name == b"sec-fetch-site"} - {b"none"}
        if sites and not (sites == {b"same-origin"} and method == "GET" and target in _OWN_PAGE):
            raise Refused(403, "foreign_origin", _NO_PAGES)

    def _check_token(self, headers: Headers) -> None:
        if self.token is None:
            return
        given = [value for name, value in headers if name == TOKEN]
        if len(given) != 1 or not hmac.compare_digest(given[0], self.token.encode()):
            raise Refused(401, "bad_token", "the header llm-memo-token is missing or wrong")


def _check_target(target: bytes) -> None:
    """One that begins with exactly one slash, and means the same to whoever reads it."""
    if _TARGET.fullmatch(target) is None or target.startswith(b"//"):
        raise _bad_target()
    path = target.partition(b"?")[0]
    for _ in range(3):  # encoded, and encoded once more
        if _CONTROL.search(path) or not {b".", b".."}.isdisjoint(path.split(b"/")):
            raise _bad_target()
        decoded = unquote_to_bytes(path)
        if decoded == path:
            return
        path = decoded
    raise _bad_target()


def _bad_target() -> Refused:
    return Refused(400, "bad_target", "the request's target must be a plain path: /v1/…")


def _check_framing(headers: Headers) -> None:
    names = [name for name, _ in headers]
    if b"transfer-encoding" in names and b"content-length" in names:
        raise Refused(400, "bad_framing", "a request has a Content-Length or a Transfer-Encoding, not both")
    if names.count(b"content-length") > 1 or names.count(b"transfer-encoding") > 1:
        raise Refused(400, "bad_framing", "a request has one Content-Length or Transfer-Encoding")
    upgrade = header(headers, b"upgrade")
    if upgrade is not None and upgrade.lower().strip() != b"h2c":  # RFC 9110, 7.8: it may be ignored; Java always asks
        raise Refused(501, "no_upgrade", "connections cannot be upgraded here: realtime APIs are called directly")
