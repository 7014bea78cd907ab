"""Every error and warning of llm_memo.

Each error is also the builtin that a caller would expect::

    MemoError
    ├── UnkeyableArgument (TypeError)    an argument has no canonical form: nothing can name the call
    ├── CacheMiss (LookupError)          policy "replay" found no kept answer
    ├── InvalidOption (ValueError)       an option's value is not one of its values
    └── StoreError (OSError)             the cache folder cannot be used as given

    MemoWarning (UserWarning)            something the user can mend; said at the line that called
    ├── NotStored                        the answer was returned, but could not be kept
    ├── UntrustedEntry                   a file not sealed by this user's key was refused
    ├── CorruptEntry                     a file that is damaged, or cannot be read, was of no use
    ├── StaleAnswer                      the call failed, an expired answer was returned instead
    ├── SelfChanging                     a call changes what its own key is made of
    └── Untracked                        the answer depends on something that the key cannot hold

No message holds a secret: arguments appear as redacted previews, seals and keys never.
"""

from __future__ import annotations

import sys
import warnings
from contextvars import Context, ContextVar, copy_context
from types import FrameType, TracebackType
from typing import Any, NamedTuple


class MemoError(Exception):
    """Root of all errors that llm_memo raises itself."""


class UnkeyableArgument(MemoError, TypeError):
    """An argument has no canonical form, so nothing could name the call.

    The message names the function, the parameter, the path inside it and the ways out.
    """


class CacheMiss(MemoError, LookupError):
    """Policy ``replay`` found no kept answer.

    Attributes:
        explanation: What ``explain()`` says of the call, with the nearest kept entry; None where
            there was nothing to compare with.
    """

    explanation: object = None


class InvalidOption(MemoError, ValueError):
    """An option was given a value that is not one of its values."""


class StoreError(MemoError, OSError):
    """A cache folder cannot be used as given, for example because a file is in its place."""


class MemoWarning(UserWarning):
    """Root of all warnings of llm_memo."""


class NotStored(MemoWarning):
    """The answer was returned, but could not be kept; the message gives the cause."""


class UntrustedEntry(MemoWarning):
    """A file in the cache folder is not sealed by this user's key and was refused."""


class CorruptEntry(MemoWarning):
    """A file in the cache folder is damaged, or cannot be read, and was of no use."""


class StaleAnswer(MemoWarning):
    """The call failed and an expired answer was returned instead (``stale_if_error``)."""


class SelfChanging(MemoWarning):
    """A call changed what its own key is made of: a global, ``self`` or a mutable argument.

    Calls after it have other keys, and a hit does not make the change. The message names the value
    and the ``ignore=`` that leaves it out of the key.
    """


class Untracked(MemoWarning):
    """The answer depends on a value that the key cannot hold, such as an object without any form.

    It counts by its class alone, and a variable of the environment whose name is made while the code runs not at all.
    The message names the value and the way out.
    """


class Place(NamedTuple):
    """A line of the user's, as `warnings.warn_explicit` takes it."""

    filename: str
    line: int
    module: str
    registry: dict[Any, Any]


_PLACE: ContextVar[Place | None] = ContextVar("llm_memo_place", default=None)
_MACHINERY = {"llm_memo", "wrapt", "asyncio", "threading", "concurrent", "contextlib", "contextvars"}


def warn(category: type[MemoWarning], message: str) -> None:
    """Warn of ``message`` at the user's own line, so that Python's filters say it once per place."""
    place = _place()
    if place is None:
        warnings.warn(message, category, stacklevel=2)
    else:
        warnings.warn_explicit(message, category, *place)


def leave_out_ours(error: BaseException) -> None:
    """Take our frames out of an error's traceback, so that it reads as it would without a cache.

    Those at its end stay, where the error arose, if it is none of llm_memo's own: what went wrong there must be found.
    """
    frames: list[TracebackType] = []
    at = error.__traceback__
    while at is not None:
        frames.append(at)
        at = at.tb_next
    end = len(frames)
    while end and not isinstance(error, MemoError) and _is_ours(frames[end - 1]):
        end -= 1
    wanted = [frame for frame in frames[:end] if not _is_ours(frame)] + frames[end:]
    after: TracebackType | None = None
    for frame in reversed(wanted):
        frame.tb_next = after
        after = frame
    error.__traceback__ = after


def _is_ours(traceback: TracebackType) -> bool:
    return str(traceback.tb_frame.f_globals.get("__name__")).partition(".")[0] == "llm_memo"


def from_here() -> Context:
    """A copy of this context, in which a thread of ours warns at the line that the user is at now."""
    context = copy_context()
    context.run(_PLACE.set, _place())
    return context


def _place() -> Place | None:
    """The innermost line that is neither ours nor machinery's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.partition(".")[0] not in _MACHINERY:
            registry = frame.f_globals.setdefault("__warningregistry__", {})
            return Place(frame.f_code.co_filename, frame.f_lineno, module, registry)
        frame = frame.f_back
    return _PLACE.get()
