"""A request to a model: whether it is cached, what it asks, and what it says to the cache itself.

A request is known by its parts: where it goes, the headers that change what the model does, and its body field
by field. Of headers and of a URL's query only what is known to be no secret is in the key, or on disk.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from llm_memo.identity.call_key import CallKey
from llm_memo.identity.forms.encoding import encode
from llm_memo.identity.key import SCHEME
from llm_memo.identity.parts import Parts, short_digest
from llm_memo.identity.preview import preview
from llm_memo.identity.scan.part import Part
from llm_memo.identity.texts import texts_of
from llm_memo.requests import multipart
from llm_memo.requests.endpoints import Endpoint, endpoint_of, has_state, model_in_path
from llm_memo.stores.seal import seal_key

__all__ = ["LARGEST_BODY", "ModelRequest", "RequestKeys", "may_be_cached", "read"]

LARGEST_BODY = 32 * 1024 * 1024
"""Bytes of a request's body, at most; larger ones pass."""


class RequestKeys:
    """What `llm_memo.call` asks of a function's keys, of one request."""

    version = ""
    """Nothing but the request is in its key."""

    def __init__(self, name: str, request: ModelRequest, call_key: CallKey, sample: int, ordinal: int) -> None:
        self.name = name
        self._request = request
        self._call_key = call_key
        self._turn = {"sample": sample, "ordinal": ordinal}

    def code(self, call_key: CallKey | None = None) -> str:
        """No code is in it."""
        return ""

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """No arguments: it is the request that counts."""
        return ()

    def key_of(self, values: tuple[Any, ...]) -> CallKey:
        """The key."""
        return self._call_key

    def parts(self, call_key: CallKey, values: tuple[Any, ...], snapshots: Iterable[Any]) -> Parts:
        """All that the key is made of."""
        found = self._request.described()
        start = "argument "  # a field of the request's body
        shown = {name.removeprefix(start): each for name, _, each in self._request.parts if name.startswith(start)}
        found.arguments, found.cut = texts_of(shown)
        for kind, number in self._turn.items():
            if number:
                found.add(Part("", kind, ""), str(number), str(number))
        return found

    def snapshots(self, call_key: CallKey) -> list[Any]:
        """Nothing that it was made of can change."""
        return []

    def untracked(self, call_key: CallKey) -> dict[str, str]:
        """Nothing."""
        return {}


_HEADERS = frozenset(
    {
        "anthropic-version", "anthropic-beta", "openai-beta", "openai-organization", "openai-project",
        # The routing of gateways: Portkey, Helicone, Cloudflare, LiteLLM, Hugging Face, Google.
        "x-portkey-config", "x-portkey-provider", "x-portkey-custom-host",
        "helicone-target-url", "helicone-target-provider", "helicone-fallbacks", "helicone-prompt-id",
        "cf-aig-custom-provider", "cf-aig-request-config",
        "x-litellm-model-group", "x-hf-provider", "x-goog-user-project",
    }
)  # fmt: skip
"""The headers that change what a model answers, or which one does."""

_SECRET_QUERY = frozenset({"key", "api_key", "access_token", "sig", "token", "subscription-key"})
_CREDENTIALS = ("authorization", "api-key", "x-api-key", "x-goog-api-key", "ocp-apim-subscription-key", "cookie")

_CHAIN_TTL = 29 * 86400.0
"""OpenAI forgets a stored response after 30 days, and what continues a forgotten one is an error there."""


@dataclass(slots=True, eq=False)
class ModelRequest:
    """One request to a model that is cached.

    Args:
        endpoint: What kind of endpoint it goes to.
        name: What its entries are listed under: ``POST host[:port]/path``.
        parts: What it asks, in order: the name of each part, its canonical bytes, and its value to show.
        body: Its JSON, or the fields of its form.
        streams: Whether the answer comes piece by piece.
        credentials: A digest of who sends it: an error that one user gets is not another's.
    """

    endpoint: Endpoint
    name: str
    parts: list[tuple[str, bytes, object]]
    body: dict[str, Any]
    streams: bool
    credentials: bytes

    def call_key(self, sample: int = 0, ordinal: int = 0) -> CallKey:
        """The key of the ``ordinal``-th of equal requests in one call, in the ``sample``-th sample.

        The first of the first is the bare question, the same wherever it is sent.
        """
        pieces = [_HEAD]
        for name, value, _ in self.parts:
            pieces.append(encode(name))
            pieces.append(encode(value))
        if sample or ordinal:
            pieces.append(encode((sample, ordinal)))
        return CallKey(pieces)

    def described(self) -> Parts:
        """The digest and the redacted preview of each part."""
        found = Parts()
        for text, value, shown in self.parts:
            kind, _, name = text.partition(" ")
            found.add(Part("", kind, name), short_digest(value), preview(shown, name or kind))
        return found

    @property
    def longest_ttl(self) -> float | None:
        """How old an answer may be that is of use, in seconds, whatever the user allows; None: any age."""
        continues = self.body.get("previous_response_id") is not None and self.body.get("store") is not False
        return _CHAIN_TTL if self.endpoint.kind == "responses" and continues else None


_HEAD = encode(("request", SCHEME))


def may_be_cached(request: Any, headers: Mapping[str, str]) -> Endpoint | None:
    """The endpoint of ``request`` by its first line and headers alone; None if it passes."""
    if request.method != "POST" or "content-encoding" in headers:
        return None
    return endpoint_of(request.url.path)


def read(
    request: Any,
    headers: Mapping[str, str],
    endpoint: Endpoint,
    content: bytes,
    named: Collection[str] = (),
    ignore: Collection[str] = (),
    *,
    apart: bool = False,
) -> ModelRequest | None:
    """What ``request`` asks of a model; None if it passes.

    Args:
        request: Of httpx or httpx2.
        headers: Its headers, by names in lower case.
        endpoint: Where it goes.
        content: Its body.
        named: Names of headers, in lower case, that count beside the known ones.
        ignore: Top-level fields of the body that do not count.
        apart: Whether who sends it counts.
    """
    url = request.url
    media = headers.get("content-type", "")
    found = _form(content, media) if media.lower().startswith("multipart/form-data") else _json(content)
    if found is None or len(content) > LARGEST_BODY:
        return None
    body, fields = found
    model = body.get("model")
    if not (isinstance(model, str) and model) and model_in_path(url.path) is None:
        return None
    if any(field not in body for field in endpoint.fields) or has_state(endpoint, body):
        return None
    name = f"POST {url.host}{'' if url.port is None else f':{url.port}'}{url.path}"
    parts = [*_address(url), *_headers(headers, named)]
    parts += [(f"argument {field}", value, shown) for field, value, shown in fields if field not in ignore]
    if apart:
        caller = _caller(url, headers)
        parts.append(("caller", caller, caller.hex()[:8]))
    streams = body.get("stream") is True or url.path.endswith(":streamGenerateContent")
    if endpoint.kind == "ollama":
        streams = body.get("stream") is not False
    return ModelRequest(endpoint, name, parts, body, streams, _credentials(url, headers))


def _address(url: Any) -> Iterator[tuple[str, bytes, object]]:
    where = f"{url.scheme}://{url.host}{'' if url.port is None else f':{url.port}'}{url.path}"
    yield "url", f"POST {where}".encode(), where
    query = sorted(pair for pair in _query(url) if pair[0].lower() not in _SECRET_QUERY)
    if query:
        yield "query", _encoded(query), dict(query)


def _query(url: Any) -> list[tuple[str, str]]:
    return url.params.multi_items() if url.query else []


def _headers(headers: Mapping[str, str], named: Collection[str]) -> Iterator[tuple[str, bytes, object]]:
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    yield "header content-type", media.encode(), media
    for name in sorted(headers.keys() & _HEADERS.union(named) - {"content-type"}):
        yield f"header {name}", headers[name].encode("utf-8", "surrogateescape"), headers[name]


_Fields = list[tuple[str, bytes, object]]


def _json(content: bytes) -> tuple[dict[str, Any], _Fields] | None:
    """The body, and its top-level fields, sorted: within them order counts, since models answer in a schema's order."""
    try:
        body = _parse(content)
        if type(body) is dict:
            return body, [(name, _encoded(body[name]), body[name]) for name in sorted(body)]
    except (ValueError, RecursionError):
        try:
            body = json.loads(content)  # with doubled keys: which of them counts is for the server to say
        except (ValueError, RecursionError):
            body = {}
    return (body if type(body) is dict else {}), [("body", content, content)]


class _Doubled(ValueError):
    """A key occurs twice in an object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Doubled
    return found


_decoder = json.JSONDecoder(object_pairs_hook=_once)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def _parse(content: bytes) -> Any:
    return _decoder.decode(content.decode())


def _encoded(value: Any) -> bytes:
    return _encode(value).encode("utf-8", "surrogatepass")


def _form(content: bytes, media: str) -> tuple[dict[str, Any], _Fields] | None:
    """A form's fields, in their order, each by its name, file name, type and content; the boundary does not count."""
    parts = multipart.parts(content, media)
    if parts is None:
        return None
    body: dict[str, Any] = {}
    fields: _Fields = []
    for part in parts:
        text = None if part.filename is not None else part.content.decode("utf-8", "replace")
        digest = hashlib.blake2b(part.content, digest_size=32).digest()
        value = encode((part.name, part.filename, part.media, digest))
        fields.append((part.name, value, text if text is not None else f"{part.filename}, {len(part.content):,} bytes"))
        body.setdefault(part.name, text)
    return body, fields


def _credentials(url: Any, headers: Mapping[str, str], key: bytes | None = None) -> bytes:
    """A digest of who sends a request; by default one that only this process can make."""
    credentials = [headers.get(name, "") for name in _CREDENTIALS]
    credentials += [value for name, value in _query(url) if name.lower() in _SECRET_QUERY]
    text = "\0".join(credentials).encode("utf-8", "surrogateescape")
    return hashlib.blake2b(text, digest_size=16, key=key or _PROCESS).digest()


def _caller(url: Any, headers: Mapping[str, str]) -> bytes:
    """The same in every process of a user, since it is made with the key that seals entries."""
    return _credentials(url, headers, hashlib.blake2b(seal_key(), person=b"llm_memo caller").digest())


_PROCESS = os.urandom(16)
"""So that the digest of a credential is of no use to anybody else."""
