"""How the outcome of a call comes back from a worker process: an answer or an exception as data.

A worker that came by its classes by value has other ones than the process that sent the call, and many exceptions
do not unpickle, since their ``__init__`` wants more than ``args``; a pool of processes does not outlive that.
"""

from __future__ import annotations

import pickle
import traceback
from dataclasses import dataclass
from typing import Any

from llm_memo.codec import codec, pickled
from llm_memo.codec.references import reference, resolve
from llm_memo.errors import MemoError
from llm_memo.singleflight import Failure


@dataclass(frozen=True, slots=True)
class Answered:
    """A frozen answer."""

    frozen: codec.Frozen


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception: whole as pickle if that can be read back, and in parts."""

    whole: bytes | None
    name: str
    """As `llm_memo.codec.references` has it; empty if nothing finds the class by a name."""
    args: tuple[bytes, ...]
    state: dict[str, bytes]
    summary: str
    """Its class, its message and, of an answer by HTTP, its status."""
    traceback: str


def packed(outcome: Any) -> Any:
    """An answer, or a `Failure`, as what every process can read; an answer that has no such form as it is."""
    if isinstance(outcome, Failure):
        return _raised(outcome.error)
    try:
        return Answered(codec.freeze(outcome))
    except codec.Unfreezable:
        return outcome


def unpacked(outcome: Any) -> Any:
    """What was `packed`, in the process that sent the call."""
    if isinstance(outcome, Answered):
        return codec.thaw(outcome.frozen)
    return Failure(_error(outcome)) if isinstance(outcome, Raised) else outcome


def _raised(error: BaseException) -> Raised:
    kind = type(error)
    try:
        name = reference(kind)
    except codec.Unfreezable:
        name = ""
    status = getattr(error, "status_code", None)
    return Raised(
        whole=_bytes(error),
        name=name,
        args=tuple(_bytes(each) or pickle.dumps(repr(each)) for each in error.args),
        state={key: data for key, value in vars(error).items() if (data := _bytes(value)) is not None},
        summary=f"{kind.__module__}.{kind.__qualname__}: {error}" + (f" (status {status})" if status else ""),
        traceback="".join(traceback.format_exception(error)),
    )


def _bytes(value: Any) -> bytes | None:
    """A value as bytes that pickle can read back to one of its class; None if there are none."""
    for dumps in (pickle.dumps, pickled.dumps):
        try:
            data = dumps(value)
            if type(pickle.loads(data)) is type(value):
                return data
        except Exception:
            continue
    return None


def _error(raised: Raised) -> BaseException:
    """The exception itself or, where it cannot be had, one that says what it was."""
    try:
        error: BaseException = pickle.loads(raised.whole) if raised.whole else _from_parts(raised)
        str(error)
    except Exception:
        error = MemoError(f"{raised.summary} was raised in a worker process, and cannot be had as itself here")
    error.add_note(f"In the worker process:\n{raised.traceback.rstrip()}")
    return error


def _from_parts(raised: Raised) -> BaseException:
    """The exception without a call of its ``__init__``."""
    kind = resolve(raised.name)
    args = [pickle.loads(each) for each in raised.args]
    error: BaseException = kind.__new__(kind, *args)
    vars(error).update({key: pickle.loads(data) for key, data in raised.state.items()})
    return error
