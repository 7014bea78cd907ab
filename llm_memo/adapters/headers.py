"""Which headers of a request are part of a question: all but credentials, tracing and the SDK's own."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

_NOT_COUNTED = re.compile(
    r"auth|api-?key|token$|secret|cookie|password|credential|signature|"  # who asks
    r"^(user-agent|accept|accept-encoding|connection|host|content-length|date|x-stainless-.*|x-goog-api-client)$|"
    r"^(traceparent|tracestate|baggage|sentry-trace|b3|x-b3-.*|x-datadog-.*|x-amzn-trace-id|x-cloud-trace-context)$|"
    r"(request|trace|correlation|span|idempotency)[-_](id|key)$",
    re.IGNORECASE,
)


def counting(
    headers: Iterable[tuple[object, object]], usual: Collection[tuple[object, object]] = ()
) -> list[tuple[str, str]]:
    """The headers that count, their names in lower case, in order of their names; less those that are ``usual``."""
    texts = ((_text(name), _text(item), (name, item) in usual) for name, item in headers)
    counted = ((name.lower(), item) for name, item, is_usual in texts if not is_usual and not _NOT_COUNTED.search(name))
    return sorted(counted, key=lambda pair: pair[0])


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
