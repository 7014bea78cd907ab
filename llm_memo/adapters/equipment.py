"""Equipment, which objects work with and no answer depends on, by type; secrets, by type or name."""

from __future__ import annotations

import functools
from typing import Any

_EQUIPMENT = frozenset({
    # locks and limiters
    "_thread.lock", "_thread.RLock", "threading.Condition", "threading.Semaphore", "threading.Barrier",
    "asyncio.locks.Lock", "asyncio.locks.Condition", "asyncio.locks.Semaphore", "asyncio.locks.Barrier",
    "asyncio.locks.Event", "multiprocessing.synchronize.SemLock", "anyio.Lock", "anyio.Semaphore",
    "anyio._core._synchronization.Lock", "anyio._core._synchronization.Semaphore",
    "anyio._core._synchronization.CapacityLimiter", "anyio._core._synchronization.Event",
    "filelock._api.BaseFileLock", "aiolimiter.leakybucket.AsyncLimiter", "limits.strategies.RateLimiter",
    "pyrate_limiter.limiter.Limiter", "ratelimit.decorators.RateLimitDecorator", "slowapi.extension.Limiter",
    # loggers, tracers, metrics
    "logging.Filterer", "logging.LoggerAdapter", "logging.Handler", "loguru._logger.Logger",
    "structlog._config.BoundLoggerLazyProxy", "structlog._base.BoundLoggerBase",
    "structlog._native.BoundLoggerFilteringAtNotset", "opentelemetry.trace.Tracer", "opentelemetry.trace.span.Span",
    "opentelemetry.metrics._internal.Meter", "opentelemetry.trace.TracerProvider",
    "opentelemetry.metrics._internal.instrument.Instrument", "prometheus_client.metrics.MetricWrapperBase",
    "langfuse._client.client.Langfuse", "langsmith.client.Client", "wandb.sdk.wandb_run.Run",
    "mlflow.tracking.client.MlflowClient",
    # threads, tasks, pools, processes
    "threading.Thread", "_thread._local", "_thread.local", "concurrent.futures._base.Executor",
    "concurrent.futures._base.Future", "multiprocessing.pool.Pool", "multiprocessing.process.BaseProcess",
    "multiprocessing.managers.BaseManager", "joblib.parallel.Parallel", "subprocess.Popen",
    "asyncio.events.AbstractEventLoop", "asyncio.events.Handle", "_asyncio.Future", "_asyncio.Task",
    "asyncio.futures.Future", "_thread._ThreadHandle",
    # sockets, connections, files, consoles
    "socket.socket", "_socket.socket", "ssl.SSLContext", "_ssl._SSLContext", "ssl.SSLSocket", "sqlite3.Connection",
    "sqlite3.Cursor", "_io._IOBase", "tempfile._TemporaryFileWrapper", "tempfile.TemporaryDirectory",
    "tempfile._TemporaryFileCloser", "psycopg._connection_base.BaseConnection", "psycopg_pool.base.BasePool",
    "redis.client.Redis", "redis.asyncio.client.Redis", "redis.connection.ConnectionPool",
    "redis.asyncio.connection.ConnectionPool", "sqlalchemy.engine.base.Engine", "sqlalchemy.engine.base.Connection",
    "sqlalchemy.pool.base.Pool", "urllib3.poolmanager.PoolManager", "urllib3.connectionpool.ConnectionPool",
    "requests.adapters.BaseAdapter", "httpx._transports.base.BaseTransport",
    "httpx._transports.base.AsyncBaseTransport", "httpx2._transports.base.BaseTransport",
    "httpx2._transports.base.AsyncBaseTransport", "httpcore._sync.interfaces.RequestInterface",
    "httpcore._async.interfaces.AsyncRequestInterface", "aiohttp.connector.BaseConnector", "grpc.Channel",
    "grpc.aio._base_channel.Channel", "tqdm.std.tqdm", "rich.console.Console", "rich.progress.Progress",
    "rich.live.Live", "selectors.BaseSelector",
    # caches and statistics of retries
    "diskcache.core.Cache", "cachetools.Cache", "joblib.memory.Memory", "joblib.memory.MemorizedFunc",
    "tenacity.RetryCallState", "cachetools.keys._HashedTuple", "http.cookiejar.CookieJar",
    "concurrent.futures.thread._WorkItem",
})  # fmt: skip
"""Classes, by name; their subclasses are of that kind."""

CACHES = ("aiocache.", "async_lru.", "asyncstdlib._lrucache.", "cachetools.", "cachier.")
"""Packages and modules with decorators that remember answers, as `functools.lru_cache` does."""

RETRIES = ("backoff.", "ratelimit.", "retrying.", "stamina.", "tenacity.")
"""Packages with decorators that call the function inside with what they are given, again or later."""

_DATA = frozenset({"_io.BytesIO", "_io.StringIO"})
"""Classes that would be equipment by their base, and hold data."""

_SECRETS = frozenset({
    "pydantic.types._SecretBase", "pydantic.types.Secret", "pydantic.types.SecretStr", "pydantic.types.SecretBytes",
    "pydantic.v1.types.SecretStr", "pydantic.v1.types.SecretBytes", "starlette.datastructures.Secret",
    "haystack.utils.auth.Secret", "azure.core.credentials.AzureKeyCredential", "google.auth.credentials.Credentials",
    "botocore.credentials.Credentials", "msrest.authentication.Authentication", "http.cookiejar.Cookie",
    "httpx._auth.Auth", "httpx2._auth.Auth", "requests.auth.AuthBase", "aiohttp.helpers.BasicAuth",
})  # fmt: skip
"""Classes whose instances are credentials."""

_CREDENTIALS = frozenset({
    "api_key", "apikey", "api_token", "api_secret", "access_token", "auth_token", "refresh_token", "bearer_token",
    "id_token", "secret", "secret_key", "client_secret", "app_secret", "access_key", "access_key_id",
    "secret_access_key", "aws_access_key", "aws_access_key_id", "aws_secret_key", "aws_secret_access_key",
    "aws_session_token", "session_token", "azure_ad_token", "azure_ad_token_provider", "api_key_provider",
    "credential", "credentials", "password", "passwd", "private_key", "webhook_secret", "admin_api_key",
    "auth_headers", "hf_token", "huggingfacehub_api_token",
})  # fmt: skip
"""Fields of installed objects that are credentials, by their exact names, less leading underscores."""


@functools.lru_cache(4096)
def is_credential(name: str) -> bool:
    """Whether a field of an installed object is a credential by its name."""
    bare = name.lstrip("_").lower()
    return bare in _CREDENTIALS or bare.endswith(("_api_key", "_secret_key"))


def class_name(kind: type) -> str:
    """The name that an installed class is known by in every process."""
    return f"{kind.__module__}.{kind.__qualname__}"


@functools.lru_cache(2048)
def _names(kind: Any) -> frozenset[str]:
    return frozenset(map(class_name, kind.__mro__))


def is_equipment(value: object) -> bool:
    """Whether a value is a lock, a logger, a pool, a connection, a file, …: no answer is made of it."""
    kind: Any = type(value)
    return is_equipment_class(kind)


@functools.lru_cache(2048)
def is_equipment_class(kind: Any) -> bool:
    """Whether the instances of a class are equipment."""
    names = _names(kind)
    return not names.isdisjoint(_EQUIPMENT) and names.isdisjoint(_DATA)


@functools.lru_cache(2048)
def is_secret_class(kind: Any) -> bool:
    """Whether the instances of a class are credentials."""
    return not _names(kind).isdisjoint(_SECRETS)
