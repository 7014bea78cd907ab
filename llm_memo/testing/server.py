"""The model server: its settings, its log and its life."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from llm_memo.testing.answer import Body
from llm_memo.testing.connection import Listener
from llm_memo.testing.exchange import Failure, Mode, answer

_CREDENTIALS = frozenset({"authorization", "api-key", "x-api-key", "cookie"})


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One model request: its path, its body, and its headers (names in lower case) without credentials."""

    path: str
    body: Body
    headers: dict[str, str]


@dataclass(kw_only=True, eq=False, repr=False)
class ModelServer:
    """An OpenAI-compatible server on a free port of 127.0.0.1, serving between `start()` and `close()`.

    Use it in a `with` block, or call the two. Every setting may be given at construction and changed at any
    time. Equal questions get equal text, in every process; ids and times differ. A token is a word, and text
    that is longer than `max_tokens` and the like allow ends there.
    """

    latency: float = 0.0
    """Seconds before each answer."""
    chunk_delay: float = 0.0
    """Seconds between the chunks of a stream."""
    finish_reason: str | None = None
    """Why answers end. "length" and "content_filter" halve the text and make responses incomplete."""
    refusal: str | None = None
    """What every answer refuses with."""
    reply: Callable[[Body], str] | None = None
    """Writes the text of each answer, given the body of the request; what it raises becomes an error 500."""
    before_chunk: Callable[[int], object] | None = None
    """Called with 0, 1, 2… before that chunk of a stream leaves; the chunk waits until it returns."""
    compress: bool = False
    """Whether answers and streams are compressed with gzip, for clients that accept it."""

    log: list[RecordedRequest] = field(default_factory=list, init=False)
    """The model requests received, failed ones too; not those that made no sense or only listed models."""
    chunks_sent: int = field(default=0, init=False)
    """How many chunks of streams have left."""

    _failures: deque[Failure] = field(default_factory=deque, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _listener: Listener | None = field(default=None, init=False)

    def start(self) -> Self:
        """Begin to serve, on a port that is free; nothing if it serves already."""
        if self._listener is None:
            self._listener = Listener(lambda connection, content: answer(connection, content, self))
        return self

    def close(self) -> None:
        """Close every socket and end every thread, at once; nothing if it does not serve. The log stays."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ModelServer {self.base_url if self._listener else 'closed'}, requests={self.requests}>"

    @property
    def base_url(self) -> str:
        """What to give to a client as `base_url`.

        Raises:
            RuntimeError: the server does not serve.
        """
        if self._listener is None:
            raise RuntimeError("The model server does not serve: use it in a with block, or call start().")
        return f"http://127.0.0.1:{self._listener.port}/v1"

    @property
    def requests(self) -> int:
        """How many model requests have been received."""
        return len(self.log)

    @property
    def open_connections(self) -> int:
        """How many sockets to clients are open now."""
        return self._listener.open_connections if self._listener else 0

    def fail(self, status: int | Mode = 500, times: int = 1, *, after_chunks: int | None = None) -> None:
        """Make the next model requests fail, after the failures asked for before.

        Args:
            status: the HTTP status of an error; "drop" to close the connection without an answer; "cut" to end the
                answer too early, as if it were whole: a stream after its first chunk, half of any other answer.
            times: how many requests fail.
            after_chunks: for streams, how many chunks go out before the failure (an error is then the last event).
                An answer in one piece fails at once.

        Raises:
            ValueError: there is no such failure.
        """
        if status not in ("drop", "cut", *range(400, 600)):
            raise ValueError(f'A failure is a status from 400 to 599, "drop" or "cut", not {status!r}.')
        with self._lock:
            self._failures.extend([Failure(status, after_chunks)] * times)

    def reset(self) -> None:
        """Forget the log, the counters and the failures still to come; settings stay."""
        with self._lock:
            self.log.clear()
            self.chunks_sent = 0
            self._failures.clear()

    def _record(self, path: str, headers: dict[str, str], body: Body) -> Failure | None:
        """Log a request, and return how it is to fail."""
        headers = {name: value for name, value in headers.items() if name not in _CREDENTIALS}
        with self._lock:
            self.log.append(RecordedRequest(path, body, headers))
            return self._failures.popleft() if self._failures else None

    def _let_go(self, number: int) -> None:
        """Wait until a chunk may leave, and count it."""
        if self.before_chunk is not None:
            self.before_chunk(number)
        with self._lock:
            self.chunks_sent += 1
