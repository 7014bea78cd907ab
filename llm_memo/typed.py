"""What type checkers see of wrapt's proxies, and of what is bound to an instance or a class."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypedDict, TypeVar

from llm_memo.memo import Memo
from llm_memo.progress import Progress
from llm_memo.shapes import Wrapper

Q = ParamSpec("Q")
S_contra = TypeVar("S_contra", contravariant=True)
T_co = TypeVar("T_co", covariant=True)

if TYPE_CHECKING:

    class Attributes:
        """Those of a proxy of wrapt's. No class that exists when the code runs may annotate them: the proxy would show
        that class's ``__annotations__`` in place of its function's."""

        __name__: str
        __qualname__: str
        _self_memo: Memo
        _self_instance: Any
        _self_owner: Any
        _self_binding: str
        _self_parent: Any

    class FunctionWrapper:
        """wrapt's, which before its version 2 has no types."""

        def __init__(self, wrapped: Callable[..., Any], wrapper: Wrapper) -> None: ...

    ANNOTATIONS: Any

    class BoundFunctionWrapper(FunctionWrapper):
        """wrapt's, too."""

else:
    from wrapt import BoundFunctionWrapper, FunctionWrapper

    # Up to Python 3.13 reading the annotations of a class puts an empty dict into it, which would hide these.
    ANNOTATIONS = next(
        vars(kind)["__annotations__"] for kind in FunctionWrapper.__mro__ if "__annotations__" in vars(kind)
    )

    class Attributes:
        """See above."""

        __slots__ = ()


__all__ = ["Attributes", "BoundFunctionWrapper", "ClassMethod", "FunctionWrapper", "MapOptions", "Method"]


class Method(Protocol[S_contra, Q, T_co]):
    """A function whose first parameter takes an instance.

    A protocol, since mypy compares that parameter then; of ``CachedFunction[Concatenate[S, Q], T]`` it does not.
    """

    def __call__(self, instance: S_contra, /, *args: Q.args, **kwargs: Q.kwargs) -> T_co: ...  # noqa: D102


class ClassMethod(Protocol[S_contra, Q, T_co]):
    """A function whose first parameter takes a class."""

    def __call__(self, cls: type[S_contra], /, *args: Q.args, **kwargs: Q.kwargs) -> T_co: ...  # noqa: D102


class MapOptions(TypedDict, total=False):
    """The options of `CachedFunction.map`."""

    max_workers: int
    progress: Progress
    return_exceptions: bool
    backend: str | None
