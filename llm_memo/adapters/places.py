"""Where tests put fakes: the methods of SDKs that ask a model, and the end points of HTTP transports.

Module → ``"Class.method"``, or the name of a function or class in the module itself.
"""

from __future__ import annotations

_CREATES = ("create", "parse", "stream")


def _methods(names: tuple[str, ...], *kinds: str) -> tuple[str, ...]:
    return tuple(f"{kind}.{name}" for kind in kinds for name in names)


METHODS: dict[str, tuple[str, ...]] = {
    "openai._base_client": _methods(("request", "post", "get"), "SyncAPIClient", "AsyncAPIClient"),
    "openai.resources.chat.completions.completions": _methods(_CREATES, "Completions", "AsyncCompletions"),
    "openai.resources.responses.responses": _methods(_CREATES, "Responses", "AsyncResponses"),
    "openai.resources.completions": _methods(("create",), "Completions", "AsyncCompletions"),
    "openai.resources.embeddings": _methods(("create",), "Embeddings", "AsyncEmbeddings"),
    "openai.resources.images": _methods(("generate", "edit"), "Images", "AsyncImages"),
    "openai.resources.audio.transcriptions": _methods(("create",), "Transcriptions", "AsyncTranscriptions"),
    "openai.resources.moderations": _methods(("create",), "Moderations", "AsyncModerations"),
    "anthropic._base_client": _methods(("request", "post"), "SyncAPIClient", "AsyncAPIClient"),
    "anthropic.resources.messages.messages": _methods(
        ("create", "stream", "count_tokens"), "Messages", "AsyncMessages"
    ),
    "groq.resources.chat.completions": _methods(("create",), "Completions", "AsyncCompletions"),
    "mistralai.chat": _methods(("complete", "stream", "complete_async", "stream_async"), "Chat"),
    "mistralai.client.chat": _methods(("complete", "stream", "complete_async", "stream_async"), "Chat"),
    "cohere.client": _methods(("chat", "embed", "generate"), "Client", "AsyncClient"),
    "cohere.client_v2": _methods(("chat", "embed"), "ClientV2", "AsyncClientV2"),
    "google.genai.models": _methods(("generate_content", "generate_content_stream"), "Models", "AsyncModels"),
    "ollama._client": _methods(("chat", "generate", "embed"), "Client", "AsyncClient"),
    "litellm": ("completion", "acompletion", "embedding", "aembedding", "responses", "aresponses"),
    "botocore.client": ("BaseClient._make_api_call",),
    "langchain_core.language_models.chat_models": _methods(
        ("invoke", "ainvoke", "generate", "stream"), "BaseChatModel"
    ),
}
"""What asks a model."""

END_POINTS: dict[str, tuple[str, ...]] = {
    "httpx": ("HTTPTransport.handle_request", "AsyncHTTPTransport.handle_async_request"),
    "httpx2": ("HTTPTransport.handle_request", "AsyncHTTPTransport.handle_async_request"),
    "httpx._client": _methods(("send",), "Client", "AsyncClient"),
    "httpx2._client": _methods(("send",), "Client", "AsyncClient"),
    **{
        module: (f"ConnectionPool.{name}", f"HTTPConnection.{name}", f"HTTPProxy.{name}")
        for module, name in (("httpcore", "handle_request"), ("httpcore2", "handle_request"))
    },
    "httpcore._async": ("AsyncConnectionPool.handle_async_request", "AsyncHTTPConnection.handle_async_request"),
    "httpcore2._async": ("AsyncConnectionPool.handle_async_request", "AsyncHTTPConnection.handle_async_request"),
    "urllib3.connectionpool": (
        *_methods(("urlopen", "_make_request"), "HTTPConnectionPool"),
        *_methods(("ConnectionCls",), "HTTPConnectionPool", "HTTPSConnectionPool"),
    ),
    "requests.adapters": ("HTTPAdapter.send",),
    "requests.sessions": _methods(("send", "request", "get_adapter"), "Session"),
    "aiohttp.client": ("ClientSession._request",),
    "http.client": _methods(("request", "getresponse", "connect"), "HTTPConnection"),
    "urllib.request": ("urlopen", "OpenerDirector.open"),
}
"""Where requests leave the process."""
