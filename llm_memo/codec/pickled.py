"""Everything without a codec of its own, by pickle, less what must not or cannot come back.

Models and arrays inside, at any depth, go the way they go by themselves, so that a tuple, a dict or a
dataclass of completions survives an SDK upgrade as a completion does. Pickle, not joblib: its C pickler
reads an object graph fifty times as fast, and the entry's own ``joblib.dump`` then sees bytes.
"""

from __future__ import annotations

import inspect
import io
import pickle
import re
import types
from typing import Any

from llm_memo import adapters
from llm_memo.codec.frozen import Frozen, Unfreezable, UnknownClass, register, thaw
from llm_memo.codec.references import is_replaced, reference, resolve
from llm_memo.identity.naming import MAIN


def dumps(value: object) -> bytes:
    """``value`` as pickle.

    Raises:
        Unfreezable: It, or something in it, cannot be kept.
    """
    buffer = io.BytesIO()
    try:
        _Pickler(buffer, protocol=5).dump(value)
    except Unfreezable:
        raise
    except RecursionError:
        raise Unfreezable("it is nested too deeply") from None
    except Exception as error:
        raise Unfreezable(_reason(error)) from error
    return buffer.getvalue()


def loads(payload: bytes) -> Any:
    """What ``dumps`` wrote.

    Raises:
        UnknownClass: A class that it needs is gone.
    """
    try:
        return pickle.loads(payload)
    except (ImportError, AttributeError):
        return _Unpickler(io.BytesIO(payload)).load()


def frozen_by_adapter(value: object) -> Frozen | None:
    """``value`` as the adapter of its library freezes it; None if none does."""
    own = getattr(type(value), "__memo_freeze__", None)
    if own is not None:
        frozen: Frozen = own(value)
        return frozen
    for adapter in adapters.adapters_of(type(value)):
        freeze = getattr(adapter, "freeze", None)
        found: Frozen | None = freeze and freeze(value)
        if found is not None:
            return found
    return None


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, (type, types.FunctionType, types.GenericAlias)):
            try:
                name = reference(value)
            except Unfreezable:
                remade = adapters.offering(value, "remade") if isinstance(value, type) else None
                found = remade and remade(value)
                if not found:
                    raise
                return found
            # pickle itself would refuse what is replaced, or came by value, and write a name of this process's
            by_name = "[" in name or is_replaced(value) or value.__module__ in MAIN
            return (resolve, (name,)) if by_name else NotImplemented
        frozen = frozen_by_adapter(value)
        if frozen is not None and isinstance(frozen.payload, bytes):
            return thaw, (tuple(frozen),)
        _refuse(value)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    """Says which class is gone."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return super().find_class(module, name)
        except Exception as error:
            raise UnknownClass(f"{module}.{name} is gone") from error


_WIRE = {"httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3", "aiohttp", "http"}
"""Packages whose requests, responses and connections carry keys, cookies and sockets."""


def _refuse(value: Any) -> None:
    """Raise `Unfreezable` for what pickle would take, but should not be kept."""
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    if kind.__module__.partition(".")[0] in _WIRE and not isinstance(value, int):
        raise Unfreezable(f"it holds a {name}, which may carry keys: return what the model said")
    if inspect.isawaitable(value):
        raise Unfreezable(f"it holds a {name}, which must be awaited first")
    if hasattr(kind, "__anext__") or (hasattr(kind, "__next__") and not isinstance(value, io.IOBase)):
        raise Unfreezable(f"it holds a {name}, which can be read only once: return a list of its items")


def _reason(error: Exception) -> str:
    held = re.match(r"cannot pickle '?([\w.]+)'?", str(error))
    if held:
        return f"it holds a {held[1]}, which lives in this process only"
    return f"pickle refuses it: {type(error).__name__}"


register("pickle", loads)
